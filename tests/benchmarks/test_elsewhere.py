"""The chapters run on clothes, and what the book says of digits is decided there."""

import json

import pytest

from benchmarks import elsewhere
from bookbuild import claims
from helpers import results

LEDGER = {
    "metrics": {
        "deep": {"bce": {"least": 0.28, "most": 0.29}},
        "simple": {"bce": {"least": 0.281, "most": 0.284}},
    }
}


@pytest.fixture
def lists(tmp_path, monkeypatch):
    """Write the claims of one page, beside a ledger of clothes."""
    (tmp_path / "fashion").mkdir()
    (tmp_path / "fashion" / "seeds.json").write_text(json.dumps(LEDGER))
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(claims, "LISTS", tmp_path)

    def write(*entries):
        (tmp_path / "across.yml").write_text(json.dumps(entries))

    return write


def claim(*holds, basis="seeds", **more):
    return {"says": "deep is ahead of simple", "basis": basis, "holds": list(holds)} | more


AHEAD = "seeds:deep.bce.most < seeds:simple.bce.least"
BEHIND = "seeds:deep.bce.most > seeds:simple.bce.least"


def test_a_comparison_is_decided_by_what_was_measured_on_clothes(lists):
    lists(claim(AHEAD), claim(BEHIND), claim(BEHIND, AHEAD))
    assert [entry["true"] for entry in elsewhere.decided()] == [False, True, False]
    assert elsewhere.decided()[0] == {
        "page": "across",
        "says": "deep is ahead of simple",
        "basis": "seeds",
        "holds": [AHEAD],
        "shown": ["0.29 < 0.281"],
        "true": False,
    }


@pytest.mark.parametrize(
    "entry",
    [
        claim(AHEAD, "seeds:deep.bce.most < 0.3"),  # a bound for digits
        claim("seeds:deep.bce.most < seeds:wide.bce.least"),  # not measured there
        claim(AHEAD, "anomalies:a < anomalies:b"),  # heartbeats
        claim(AHEAD, basis="exact"),
    ],
)
def test_what_clothes_cannot_decide_is_left_out(lists, entry):
    lists(entry)
    assert elsewhere.decided() == []


def test_a_factor_is_no_bound(lists):
    lists(claim("0.9 * seeds:deep.bce.most < seeds:simple.bce.least"))
    assert [entry["shown"] for entry in elsewhere.decided()] == [["0.9 * 0.29 < 0.281"]]


def test_a_chapter_runs_after_those_that_it_reads():
    names = elsewhere.names()
    assert names.index("judging") < names.index("inventing")
    assert names.index("diffusion") < names.index("inventing")
    assert names[0] == "simple" and names[-1] == "scoreboard"
    assert "documents" not in names and len(set(names)) == len(names)


def test_a_chapter_without_digits_is_told(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["elsewhere", "documents"])
    with pytest.raises(SystemExit):
        elsewhere.main()
    assert "no digits in documents; there are: ['simple', " in capsys.readouterr().err


def test_a_chapter_that_fails_does_not_stop_the_others(tmp_path, monkeypatch, capsys):
    """The first run of all: none of the folders is there."""
    ran = []

    def run(chapter, instead, place):
        ran.append((chapter, instead, place))
        if chapter == "judging":
            raise SystemExit("judging: a cell failed")
        return None, {f"results/{chapter}.json": b"{}", f"weights/{chapter}.npz": b"1"}

    monkeypatch.setattr(elsewhere.chapters, "run", run)
    monkeypatch.setattr(elsewhere, "FOLDER", tmp_path / "book" / "fashion")
    monkeypatch.setattr(elsewhere, "decided", lambda: [{"true": True}, {"true": False}])
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["elsewhere", "simple", "judging", "deep"])
    with pytest.raises(SystemExit, match="judging: a cell failed"):
        elsewhere.main()
    assert [chapter for chapter, *_ in ran] == ["simple", "judging", "deep"]
    assert all("data.digits = data.fashion" in instead for _, instead, _ in ran)
    kept = sorted(path.name for path in (tmp_path / "book" / "fashion").iterdir())
    assert kept == ["claims.json", "deep.json", "simple.json"]
    assert (tmp_path / "_build" / "fashion" / "weights" / "deep.npz").read_bytes() == b"1"
    assert "1 of 2 comparisons hold on clothes" in capsys.readouterr().out
