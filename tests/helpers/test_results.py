"""The ledger: only a full run on real data is published, and never half of it."""

import json
import subprocess
import sys
import types

import numpy as np
import pytest

from helpers import results

REAL = types.SimpleNamespace(source="BOOK_DATA", sha256="741c", real=True)
STAND_IN = types.SimpleNamespace(source="embedded", sha256="2f0c", real=False)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BOOK_PROFILE", "full")
    (tmp_path / "results").mkdir()
    return tmp_path / "results"


def ledger_in(folder, data=REAL):
    ledger = results.Ledger("simple", data, seed=42, folder=folder)
    ledger.record(test_bce=np.float32(0.09132793), mse_by_size={2: 0.05, 32: 0.01}, units=32)
    return ledger


def test_a_full_run_on_real_data_is_written_whole(folder, capsys):
    ledger_in(folder).save()
    (path,) = folder.iterdir()
    entry = json.loads(path.read_text())
    assert path.name == "simple.json"
    assert entry["metrics"] == {
        "test_bce": 0.0913279,
        "mse_by_size": {"2": 0.05, "32": 0.01},
        "units": 32,
    }
    assert (entry["profile"], entry["seed"]) == ("full", 42)
    assert entry["data"] == {"source": "BOOK_DATA", "real": True, "sha256": "741c"}
    assert entry["seconds"] > 0 and entry["peak_memory_mb"] > 10
    assert {"python", "keras", "numpy", "tensorflow"} <= set(entry["versions"])
    assert "3 metrics" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("profile", "data", "said"),
    [("quick", REAL, "Quick profile"), ("full", STAND_IN, "Stand-in data")],
)
def test_any_other_run_leaves_the_published_numbers(
    folder, monkeypatch, capsys, profile, data, said
):
    (folder / "simple.json").write_text("published")
    monkeypatch.setenv("BOOK_PROFILE", profile)
    ledger_in(folder, data).save()
    assert (folder / "simple.json").read_text() == "published"
    assert said in capsys.readouterr().out


def test_a_reader_who_runs_a_notebook_changes_no_published_number(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "full")
    monkeypatch.delenv("BOOK_RESULTS", raising=False)
    monkeypatch.chdir(tmp_path)
    ledger_in(None).save()
    assert not list(tmp_path.iterdir()) and not results.publishing()
    assert "make execute" in capsys.readouterr().out


def test_timings_are_named(folder):
    ledger = ledger_in(folder)
    ledger.record_timing(seconds=3.5, memory_mb={"most": 700})
    entry = ledger.entry()
    assert entry["timings"] == ["memory_mb", "seconds"]
    assert entry["metrics"]["seconds"] == 3.5


@pytest.mark.parametrize("value", [np.nan, np.inf, "0.1", None, {}, {"2": np.nan}, [1, 2]])
def test_what_is_no_number_is_refused_by_name(folder, value):
    with pytest.raises(ValueError, match="metric test_bce"):
        ledger_in(folder).record(test_bce=value)


def test_table_sets_the_measured_beside_the_published(folder):
    table = ledger_in(folder).table({"BCE": ("test_bce", "0.11"), "MSE": ("mse_by_size.2", None)})
    assert table.data.splitlines()[2:] == ["| BCE | 0.09133 | 0.11 |", "| MSE | 0.05 | - |"]


def test_look_up_finds_keys_that_hold_a_dot():
    assert results.look_up({"psnr": {"0.5": 20.1}}, "psnr.0.5") == 20.1
    both = {"psnr": {"0": {"mean": 31.0}, "0.5": {"mean": 20.1}}}
    assert results.look_up(both, "psnr.0.5.mean") == 20.1
    assert results.look_up(both, "psnr.0.mean") == 31.0


@pytest.mark.parametrize("key", ["test_mse", "psnr", "psnr.0.7"])
def test_look_up_says_what_there_is(key):
    with pytest.raises(KeyError, match=r"psnr|0\.5"):
        results.look_up({"psnr": {"0.5": 20.1}}, key)


def test_a_process_does_not_count_the_memory_of_its_parent():
    ballast = np.ones(10**8)  # 800 MB
    code = "from helpers.results import peak_memory_mb; print(peak_memory_mb())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 5 < float(child.stdout) < 400 < ballast.nbytes / 2**20 < results.peak_memory_mb()
