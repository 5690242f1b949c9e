"""What becomes of measured curves: metrics, the stored file, and the pages that show them."""

import ast
import json
import re
import sys
import types
from urllib.parse import urlsplit

import numpy as np
import pytest

from benchmarks import growth, lighthouse, models, pictures, processes, pytorch, sources, store
from bookbuild import book
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


def test_the_mean_image_costs_what_its_measure_says():
    """Half of the pixels of each digit are ink, never the same: the mean image is gray."""
    x = np.zeros((2, 28, 28, 1), "float32")
    x[0, :14], x[1, 14:] = 1, 1
    digits = types.SimpleNamespace(x_train=x, x_test=x)
    cost = {
        n: models.mean_image(models.NETWORKS[n], digits) for n in ("simple", "stack", "vae_blog")
    }
    assert cost["simple"] == pytest.approx(np.log(2))
    assert cost["stack"] == pytest.approx(0.25)
    assert cost["vae_blog"] == pytest.approx(784 * np.log(2))


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
    with pytest.raises(RuntimeError), processes.cores(2):
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
    assert found["us_per_image"][600_000] == pytest.approx(55, abs=0.1)


def test_only_what_fits_is_held_in_memory():
    assert growth.sizes("stream") == list(growth.SIZES)
    assert growth.sizes("memory") == [10_000, 30_000, 100_000, 300_000]


def test_the_stream_is_the_one_of_scaling_out():
    def functions(text):
        return {
            node.name: [ast.dump(line) for line in node.body[1:]]  # below the docstring
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef) and node.name in ("bend", "stream")
        }

    chapter = book.text("scaling-out").read_text()
    cells = re.findall(r"^(def (?:bend|stream)\(.*?)^```$", chapter, re.S | re.M)
    ours = functions((ROOT / "benchmarks" / "growth.py").read_text())
    assert functions("".join(cells)) == ours and len(ours) == 2


# The stored file


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Where `keep` writes, instead of the published file."""
    monkeypatch.setattr(store, "RESULTS", tmp_path / "results.json")
    about = {"real": True, "source": "BOOK_DATA", "sha256": "0" * 64}
    entry = {"data": about, "metrics": {}, "versions": {"tensorflow": "2.0.0"}}
    store.RESULTS.write_text(json.dumps(entry))
    return store.RESULTS


def test_keep_replaces_what_has_the_name_and_keeps_the_rest(stored):
    store.keep(sources={"simple": {"speedup": 20.0, "old": 1}, "deep": {"speedup": 9.0}})
    store.keep(growth={"stream_1": {"line_us": 50.123456789}})
    digits = types.SimpleNamespace(real=True, source="elsewhere", sha256="1" * 64)
    store.keep(digits, sources={"simple": {"speedup": 25.0}})
    store.keep(lighthouse={"index": {"mobile": {"seo": 100}}})
    entry = json.loads(stored.read_text())
    assert entry["metrics"] == {
        "sources": {"simple": {"speedup": 25}, "deep": {"speedup": 9}},
        "growth": {"stream_1": {"line_us": 50.1235}},
        "lighthouse": {"index": {"mobile": {"seo": 100}}},
    }
    assert entry["data"]["source"] == "elsewhere", "what needs no digits leaves it"
    assert entry["machine"] and entry["date"] and not entry.keys() & {"seconds", "peak_memory_mb"}
    assert [*stored.parent.iterdir()] == [stored], "no draft is left"


def test_what_trains_nothing_leaves_the_version_of_tensorflow(stored, monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    store.keep(lighthouse={"index": {"mobile": {"seo": 100}}})
    assert json.loads(stored.read_text())["versions"]["tensorflow"] == "2.0.0"


def test_stand_in_digits_are_no_benchmark(monkeypatch):
    monkeypatch.setenv("BOOK_DATA", "embedded")
    with pytest.raises(SystemExit, match="BOOK_DATA"):
        store.real_digits()


# The pages


def test_the_page_names_machine_date_and_versions():
    text, entry = book.text("developers").read_text(), results.read("benchmark")
    cores, kind = entry["machine"].split(", ")
    for words in (cores.replace(" ", " processor "), kind, entry["date"]):
        assert words in text
    names = {"python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}
    for name, words in names.items():
        assert f"{words} {entry['versions'][name]}" in text


def test_the_page_for_readers_is_short():
    """The words of tables and alt texts included; addresses, markers and numbers not."""
    text = re.sub(r"<!--.*?-->|\]\([^)]*\)", "", book.text("benchmarks").read_text())
    assert len(re.findall(r"[^\W\d][\w.,]*", text)) <= 550


def test_the_published_pages_reach_the_targets_of_lighthouse():
    """The page for developers says so."""
    assert not lighthouse.missed(results.read("benchmark")["metrics"]["lighthouse"])


@pytest.mark.parametrize("name", ["sources", "pytorch", "growth"])
def test_a_picture_is_drawn_and_light(name):
    fig = getattr(pictures, name)(results.read("benchmark")["metrics"][name])
    assert 5_000 < len(fig.png()) < 150_000
    shown = " ".join(book.text(page).read_text() for page in ("benchmarks", "developers"))
    assert f"](../_static/benchmark-{name}.png)" in shown


def test_a_recipe_that_ends_at_the_mean_image_is_not_in_the_picture():
    one = {"source_seconds": 40, "book_seconds_to_source": 4, "mean_image_test": 0.26}
    measured = {"simple": one | {"source_test": 0.1}, "upsampling": one | {"source_test": 0.27}}
    (ax,) = pictures.sources(measured).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["simple"]


def test_curves_are_plain_numbers(stored):
    """What NumPy computes is stored as JSON's own numbers."""
    store.keep(growth={"stream_1": {"exponent": np.float64(0.97), "images": np.int64(3)}})
    assert json.loads(stored.read_text())["metrics"]["growth"]["stream_1"]["images"] == 3


@pytest.mark.parametrize(("speed", "missed"), [(0.9, []), (0.89, ["performance 89 < 90"])])
def test_lighthouse_fails_below_a_target_and_only_there(monkeypatch, tmp_path, speed, missed):
    asked = set()

    def report(address, device):
        asked.add(urlsplit(address).path)
        fast = {"mobile": speed, "desktop": 0.98}[device]
        scores = {name: {"score": 1, "auditRefs": []} for name in lighthouse.TARGETS}
        scores["performance"]["score"] = fast
        audits = {name: {"numericValue": 1.0} for name in lighthouse.METRICS}
        return {"categories": scores, "audits": audits}

    monkeypatch.setattr(lighthouse, "lighthouse", report)
    monkeypatch.setattr(sys, "argv", ["lighthouse", "index", "simple", "--site", str(tmp_path)])
    if missed:
        with pytest.raises(SystemExit) as end:
            lighthouse.main()
        assert str(end.value).split("\n") == [
            f"{page}, mobile: {missed[0]}" for page in ("index", "simple")
        ]
    else:
        lighthouse.main()
    assert asked == {"/book/index.html", "/book/models/simple.html"}
