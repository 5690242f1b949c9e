"""What becomes of measured curves: metrics, the stored file, and the page that shows them."""

import ast
import json
import re
import sys

import numpy as np
import pytest

from benchmarks import growth, lighthouse, page, pytorch, sources, store
from bookbuild import book, markers
from bookbuild.book import ROOT
from helpers import results


def curve(*test, each=2.0, memory=1000):
    """A training whose epochs take `each` seconds."""
    seconds = [each * (i + 1) for i in range(len(test))]
    return {"seconds": seconds, "test": list(test), "peak_memory_mb": memory}


# The sources


def test_the_book_is_compared_where_it_is_as_good_as_the_source_at_its_end():
    source = [curve(0.3, 0.2, 0.11, 0.1, each=10)] * 3
    book = [curve(0.12, 0.09, 0.08), curve(0.12, 0.11, 0.1, 0.09), curve(0.09, 0.08)]
    found = sources.summary("simple", source, book)
    assert (found["source_test"], found["source_seconds"], found["source_epochs"]) == (0.1, 40, 4)
    assert (found["book_epochs_to_source"], found["book_seconds_to_source"]) == (2, 4)
    assert [found[f"speedup{end}"] for end in ("", "_lowest", "_highest")] == [10, 40 / 6, 20]
    assert found["source_epochs_published"] == 50
    assert found["source_curve"] == {10: 0.3, 20: 0.2, 30: 0.11, 40: 0.1}


def test_a_short_run_of_the_source_counts_by_its_last_epochs_speed():
    """Its first epoch also compiles, so it says nothing about the others."""
    short = {"seconds": [7.0, 8.0], "test": [0.3, 0.2], "peak_memory_mb": 900}
    book = [curve(0.1, each=1)] * 3
    found = sources.summary("conv", [curve(0.3, 0.2, 0.15, 0.1, each=1), short, short], book)
    assert found["source_seconds"] == 7 + 3 * 1
    assert found["source_test"] == 0.1, "of a short run, the error is no end"
    assert found["source_whole_runs"] == 1
    assert found["source_epochs"] == 4
    assert found["source_memory_mb"] == 1000


def test_a_book_recipe_that_never_gets_there_is_no_result():
    book = [curve(0.05), curve(0.12, 0.11), curve(0.05)]
    with pytest.raises(SystemExit, match="simple: the book's recipe never reached 0.1000"):
        sources.summary("simple", [curve(0.2, 0.1)] * 3, book)


# PyTorch


def test_the_first_epoch_stands_apart_and_repetitions_are_paired():
    def run(first, later, count=4):
        seconds = [first + later * i for i in range(count)]
        return {
            "seconds": seconds,
            "train": [0.3 - 0.01 * i for i in range(count)],
            "test": 0.1,
            "version": {"major": 2, "minor": 15},
        }

    book = [run(5, 1.0, 10), run(5, 1.2), run(7, 1.1)]
    torch = [run(2, 2.0, 10), run(2, 2.0), run(2, 1.1)]
    found = pytorch.summary(book, torch)
    assert found["book_epoch_seconds"] == pytest.approx(1.1)
    assert found["book_first_seconds"] == 5
    assert found["ratio"] == pytest.approx(0.6)
    assert (found["ratio_lowest"], found["ratio_highest"]) == pytest.approx((0.5, 1.0))
    assert found["whole_ratio"] == pytest.approx((5 + 9) / (2 + 18))
    assert found["epochs"] == 10


def test_pytorch_has_the_way_that_is_fastest():
    assert pytorch.best({"index": 5.0, "loader": 9.0}) == {}
    assert pytorch.best({"index": 5.0, "loader": 4.0}) == {"way": "loader"}
    assert pytorch.best({"index": 5.0, "loader": 9.0, "channels_last": 3.0}) == {
        "channels_last": True
    }


def test_the_other_side_has_all_networks():
    """It cannot be imported here, without PyTorch."""
    tree = ast.parse((ROOT / "benchmarks" / "torch_side.py").read_text())
    (given,) = [
        [key.value for key in node.value.keys]
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "NETWORKS"
    ]
    assert tuple(given) == pytorch.NAMES


def test_a_process_gets_as_many_cores_as_threads(monkeypatch):
    calls = []
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    monkeypatch.setattr("os.sched_setaffinity", lambda _, c: calls.append(set(c)), raising=False)
    with pytest.raises(RuntimeError), pytorch.cores(2):
        raise RuntimeError
    assert calls == [{5, 7}, {3, 5, 7}], "given back, whatever happens"


# Growth


def test_a_straight_line_is_found():
    def run(images, peak):
        seen = -(-images // 256) * 256
        took = 3 + 50e-6 * seen
        return {"images": seen, "seconds": took, "peak_mb": peak, "start_mb": 500, "loss": 0.1}

    runs = {size: [run(size, peak) for peak in (690, 700, 720)] for size in growth.SIZES}
    found = growth.summary(runs)
    assert found["line_us"] == pytest.approx(50)
    assert found["line_start"] == pytest.approx(3)
    assert found["line_r2"] == pytest.approx(1)
    assert 0.7 < found["exponent"] < 1
    assert found["memory_ratio"] == 1
    assert found["above_start_mb"][600_000] == 200
    assert found["us_per_image"][600_000] == pytest.approx(55, abs=0.1)


def test_only_what_fits_is_held_in_memory():
    assert growth.sizes("stream") == list(growth.SIZES)
    assert growth.sizes("memory") == [10_000, 30_000, 100_000, 300_000]


def test_the_stream_is_the_one_of_scaling_out():
    def functions(text):
        return {
            node.name: ast.dump(node)
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef) and node.name in ("bend", "stream")
        }

    chapter = book.text("scaling-out").read_text()
    (cell,) = re.findall(r"^```\{code-cell\}[^\n]*\n(def bend.*?)^```$", chapter, re.S | re.M)
    ours = functions((ROOT / "benchmarks" / "growth.py").read_text())
    assert functions(cell) == ours and len(ours) == 2


# The stored file


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Where `keep` writes, in place of the published file."""
    monkeypatch.setattr(store, "RESULTS", tmp_path / "results.json")
    return store.RESULTS


@pytest.fixture
def real(monkeypatch):
    digits = type("Digits", (), {"real": True, "source": "BOOK_DATA", "sha256": "0" * 64})
    monkeypatch.setattr(store.data, "digits", digits)


def test_keep_replaces_what_has_the_name_and_keeps_the_rest(stored, real):
    store.keep(sources={"simple": {"speedup": 20.0, "old": 1}, "deep": {"speedup": 9.0}})
    store.keep(growth={"stream_1": {"line_us": 50.123456789}})
    store.keep(sources={"simple": {"speedup": 25.0}})
    entry = json.loads(stored.read_text())
    assert entry["metrics"] == {
        "sources": {"simple": {"speedup": 25}, "deep": {"speedup": 9}},
        "growth": {"stream_1": {"line_us": 50.1235}},
    }
    assert entry["machine"] and entry["date"] and not entry.keys() & {"seconds", "peak_memory_mb"}
    assert [*stored.parent.iterdir()] == [stored], "no draft is left"


def test_stand_in_digits_are_no_benchmark(stored, monkeypatch):
    monkeypatch.setenv("BOOK_DATA", "embedded")
    with pytest.raises(SystemExit, match="BOOK_DATA"):
        store.keep(sources={"simple": {"speedup": 1.0}})
    assert not stored.exists()


# The page


def one(**values):
    """Metrics of one comparison: each number with its extremes."""
    return values | {
        f"{key}_{end}": value * factor
        for key, value in values.items()
        for end, factor in (("lowest", 0.9), ("highest", 1.1))
    }


@pytest.fixture
def entry():
    """A file in which all was measured, and all targets are reached."""
    of_source = one(speedup=12.3, source_test=0.1021, source_seconds=62.34, source_epochs=50)
    of_source |= {"source_epochs_published": 50, "source_whole_runs": 3, "source_memory_mb": 900.4}
    of_source |= {"book_test": 0.0918, "book_seconds": 12.6, "book_epochs": 10}
    of_source |= {"book_epochs_to_source": 2, "book_seconds_to_source": 2.46}
    of_source |= {"book_memory_mb": 950.1}
    of_torch = one(book_epoch_seconds=1.12, torch_epoch_seconds=1.5, ratio=0.746)
    of_torch |= {"book_first_seconds": 3, "torch_first_seconds": 1.5, "book_seconds": 13.2}
    of_torch |= {"torch_seconds": 15.1, "book_test": 0.0919, "torch_test": 0.0918}
    of_torch |= {
        "us_per_image": {"index": 13.2, "loader": 30.1},
        "torch_version": {"major": 2, "minor": 15},
    }
    ways = {}
    for way in ("stream", "memory"):
        by_size = {str(size): size / 1e4 for size in growth.sizes(way)}
        names = ("us_per_image", "us_per_image_lowest", "us_per_image_highest")
        names += ("seconds", "peak_mb", "start_mb")
        ways[way] = {name: by_size for name in names}
        ways[way] |= {"line_us": 50.2, "line_start": 3.1, "line_r2": 0.9998}
        ways[way] |= {"exponent": 0.97, "memory_ratio": 1.03}
    return {
        "metrics": {
            "sources": {name: dict(of_source) for name in sources.NAMES},
            "pytorch": {f"{name}_{t}": dict(of_torch) for name in pytorch.NAMES for t in (1, 2)},
            "growth": {f"{way}_{t}": dict(ways[way]) for way in ways for t in (1, 2)},
        },
        "versions": {"python": "3.11.7", "tensorflow": "2.21.0", "keras": "3.15.1"}
        | {"numpy": "2.4.6"},
        "machine": "2 cores, x86_64",
        "date": "2026-11-21",
    }


def verdicts(text):
    return re.findall(r"^\*\*Target: .*", text, re.M)


def test_every_number_of_the_page_has_its_marker(entry, monkeypatch):
    text = page.write(entry)
    monkeypatch.setattr(
        markers,
        "quote",
        lambda key, fresh: results.look_up(entry["metrics"], key.removeprefix("benchmark:")),
    )
    assert markers.fill(text, "benchmarks") == text
    assert not markers.unmarked(text)
    assert text.startswith("<!-- Written by `make benchmark PART=page`")


def test_verdicts_follow_from_the_numbers(entry):
    metrics, before = entry["metrics"], verdicts(page.write(entry))
    assert len(before) == 4 and all("Reached by all" in line for line in before)
    metrics["sources"]["deep"]["speedup"] = 7.96
    metrics["sources"]["conv"]["speedup"] = 2.9
    metrics["growth"]["stream_2"]["memory_ratio"] = 1.2
    dense, maps, torch, flat = verdicts(page.write(entry))
    assert "Missed by 1 of 5: deep (7.96<!-- benchmark:sources.deep.speedup -->)" in dense
    assert "Missed by 1 of 4: convolutional (2.90<!--" in maps
    assert "Reached by all" in torch
    assert "Missed by 1 of 2: 2 threads (1.20<!--" in flat


def test_a_network_that_is_slower_than_in_pytorch_needs_a_reason(entry, monkeypatch):
    entry["metrics"]["pytorch"]["conv_1"]["ratio"] = 1.2
    monkeypatch.setattr(page, "REASONS", {"simple_1": "Never shown."})
    with pytest.raises(SystemExit, match="conv_1.*REASONS"):
        page.write(entry)
    monkeypatch.setattr(page, "REASONS", {"conv_1": "The moon.", "simple_1": "Never shown."})
    text = page.write(entry)
    assert "Missed by 1 of 4: convolutional on 1 thread (1.20<!--" in text
    assert "Why: The moon." in text and "Never shown" not in text


def test_the_way_to_take_batches_is_weighed_by_the_numbers(entry):
    assert "indexing in 4 of 4 rows, `DataLoader` in 0" in page.write(entry)
    entry["metrics"]["pytorch"]["deep_1"]["us_per_image"] = {"index": 2.0, "loader": 1.0}
    assert "indexing in 3 of 4 rows, `DataLoader` in 1" in page.write(entry)


def test_the_page_says_what_was_not_run_to_the_end(entry):
    assert "Not everything" not in page.write(entry)
    entry["metrics"]["sources"]["denoiser"] |= {
        "source_epochs": 20,
        "source_epochs_published": 100,
        "source_whole_runs": 1,
    }
    text = page.write(entry)
    assert re.search(r"convolutional denoiser: 20<!-- [\w.:]+ --> of the 100<!-- ", text)
    assert "- convolutional denoiser: the source's recipe was run so far once" in text


def test_what_was_not_measured_is_named_with_its_command(entry):
    assert "Not measured yet" not in page.write(entry)
    del entry["metrics"]["sources"]["conv"], entry["metrics"]["growth"]
    text = page.write(entry)
    assert text.partition("## Not measured yet\n\n")[2].splitlines()[:2] == [
        "- `make benchmark PART=sources` (conv)",
        "- `make benchmark PART=growth` (stream_1, memory_1, stream_2, memory_2)",
    ]
    assert "## More and more images" not in text
    assert set(page.pictures(page.Numbers(entry["metrics"]))) == {"sources", "pytorch"}


def test_the_page_says_how_far_apart_repetitions_were(entry):
    part = entry["metrics"]["growth"]["memory_2"]
    part["us_per_image_highest"] = part["us_per_image_highest"] | {"30000": 77.0}
    text = re.sub("<!-- [^>]* -->", "", page.write(entry))
    assert "with 30,000 images in memory on 2 threads: 3 to 77 microseconds" in text


def test_lighthouse_is_shown_if_it_was_run(entry):
    scores = {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 95}
    judged = {"index": {"mobile": scores}, "simple": {"desktop": scores}}
    assert "Lighthouse" not in page.write(entry)
    text = page.write(entry, judged)
    assert "| [index](../index.md), mobile | 97 | 100 | 100 | 95 |" in text
    assert "| [simple](../models/simple.ipynb), desktop | 97 |" in text
    assert "seo 95.** Missed: simple, desktop: performance 97 < 98." in text
    judged["simple"]["desktop"] = scores | {"performance": 98}
    assert "seo 95.** Reached by all." in page.write(entry, judged)


def test_pictures_are_light_and_their_words_fit_the_numbers(entry):
    drawn = page.pictures(page.Numbers(entry["metrics"]))
    text = page.write(entry)
    for name, fig in drawn.items():
        assert len(fig.png()) < 150_000
        assert f"![{fig.alt}](../_static/benchmark-{name}.png)" in text
    entry["metrics"]["sources"]["deep"]["speedup"] = 0.5
    entry["metrics"]["growth"]["stream_1"]["memory_ratio"] = 2
    assert "8 of 9 rows" in page.write(entry) and "it climbs too" in page.write(entry)


def test_the_published_page_is_what_the_numbers_give():
    entry, judged = page.stored()
    assert page.PAGE.read_text() == page.write(entry, judged), "run make benchmark PART=page"
    for name in page.pictures(page.Numbers(entry["metrics"])):
        picture = ROOT / "book" / "_static" / f"benchmark-{name}.png"
        assert 5_000 < picture.stat().st_size < 150_000


def test_curves_are_plain_numbers(stored, real):
    """What NumPy computes is stored as JSON's own numbers."""
    store.keep(growth={"stream_1": {"exponent": np.float64(0.97), "images": np.int64(3)}})
    assert json.loads(stored.read_text())["metrics"]["growth"]["stream_1"]["images"] == 3


@pytest.mark.parametrize(("speed", "missed"), [(0.9, []), (0.89, ["performance 89 < 90"])])
def test_lighthouse_fails_below_a_target_and_only_there(monkeypatch, tmp_path, speed, missed):
    def report(address, device):
        fast = {"mobile": speed, "desktop": 0.98}[device]
        scores = {name: {"score": 1, "auditRefs": []} for name in lighthouse.TARGETS}
        scores["performance"]["score"] = fast
        audits = {name: {"numericValue": 1.0} for name in lighthouse.METRICS}
        return {"categories": scores, "audits": audits}

    monkeypatch.setattr(lighthouse, "lighthouse", report)
    monkeypatch.setattr(sys, "argv", ["lighthouse", "index", "--site", str(tmp_path)])
    if missed:
        with pytest.raises(SystemExit) as end:
            lighthouse.main()
        assert str(end.value) == f"index, mobile: {missed[0]}"
    else:
        lighthouse.main()
