"""Heartbeats: every source, every broken file, the finding, cutting and judging of beats."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from helpers.data import DataError, files, heartbeats
from support import REAL, needs_real

RATE = heartbeats.RATE


@pytest.fixture(autouse=True)
def no_source(monkeypatch):
    """No BOOK_DATA, and a download that says that none is due."""
    monkeypatch.delenv("BOOK_DATA", raising=False)
    monkeypatch.setattr(heartbeats, "_DOWNLOAD", "raise SystemExit('no download is due')")


@pytest.fixture
def simulated(monkeypatch):
    monkeypatch.setenv("BOOK_DATA", "embedded")
    return heartbeats.record()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BOOK_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def scipy_gives(tmp_path, monkeypatch):
    """Let the child process run this code in place of SciPy's loader, with pooch there."""

    def use(code):
        monkeypatch.setattr(heartbeats, "_DOWNLOAD", code)
        monkeypatch.setattr(heartbeats.importlib.util, "find_spec", lambda name: name)

    return use


def real_samples():
    with np.load(REAL / "ecg.dat", allow_pickle=False) as archive:
        return archive["ecg"]


def all_of(record):
    """Beats, their peaks and the rule's answer, as in the chapter."""
    peaks = heartbeats.find_beats(record.ecg)
    beats, kept = heartbeats.cut(heartbeats.band_pass(record.ecg), peaks)
    template = np.median(beats, axis=0)
    return beats, peaks[kept], heartbeats.judge(beats, peaks[kept], template)


# --- the three sources ---------------------------------------------------------------


@needs_real("ecg.dat")
def test_the_real_record(monkeypatch, capsys):
    monkeypatch.setenv("BOOK_DATA", str(REAL))
    got = heartbeats.record()
    assert (got.source, got.real, got.rate) == ("BOOK_DATA", True, 360)
    assert (got.ecg.shape, got.ecg.dtype) == ((108_000,), np.float32)
    # As SciPy's documentation shows it.
    np.testing.assert_allclose(got.ecg[[0, 1, 2, -1]], [-0.245, -0.215, -0.185, -0.385], atol=1e-6)
    assert got.ecg.mean() == pytest.approx(-0.16510875, abs=1e-6)
    assert got.ecg.std() == pytest.approx(0.5992473991177294, abs=1e-6)
    line = "Heartbeats: record 208 from the folder BOOK_DATA, 300 seconds at 360 Hz.\n"
    assert capsys.readouterr().out == line


def test_embedded_is_simulated_and_says_so(monkeypatch, capsys, simulated):
    said = capsys.readouterr().out
    assert "simulated" in said and "No heart was recorded (BOOK_DATA=embedded)" in said
    assert (simulated.source, simulated.real) == ("simulated", False)
    assert (simulated.ecg.shape, simulated.ecg.dtype) == ((108_000,), np.float32)
    again = heartbeats.record()
    np.testing.assert_array_equal(again.ecg, simulated.ecg)
    assert again.sha256 == simulated.sha256 != heartbeats._SHA256


def test_missing_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOOK_DATA", "shared/data")
    with pytest.raises(DataError) as error:
        heartbeats.record()
    for word in ("BOOK_DATA=shared/data", str(tmp_path / "shared/data"), "unset it"):
        assert word in str(error.value)


@needs_real("ecg.dat")
def test_scipys_own_copy(scipy_gives, folder, capsys):
    scipy_gives(
        f"import numpy, sys; ecg = numpy.load({str(REAL / 'ecg.dat')!r})['ecg'].astype(int); "
        "numpy.save(sys.argv[1], (ecg - 1024) / 200.0)"
    )
    got = heartbeats.record()
    assert (got.source, got.real, got.sha256) == ("scipy", True, heartbeats._SHA256)
    first, second = capsys.readouterr().out.splitlines()
    assert "holds no ecg.dat" in first and "record 208 from SciPy" in second


def test_without_pooch(monkeypatch, capsys):
    monkeypatch.setattr(heartbeats.importlib.util, "find_spec", lambda name: None)
    assert heartbeats.record().source == "simulated"
    assert "needs the package pooch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise OSError('Name or service not known')", "Name or service not known"),
        ("import sys; sys.exit(3)", "the loader stopped with 3"),
        ("pass", "what came is no array"),
        ("import numpy, sys; numpy.save(sys.argv[1], numpy.zeros(9))", "not that record"),
        (
            "import numpy, sys; numpy.save(sys.argv[1], numpy.full(108_000, numpy.nan))",
            "not that record",
        ),
        ("import sys; open(sys.argv[1], 'w').write('<html>')", "no array"),
    ],
)
def test_what_scipy_does_not_give_is_simulated(scipy_gives, capsys, code, said):
    scipy_gives(code)
    assert heartbeats.record().source == "simulated"
    assert said in capsys.readouterr().out


def test_a_download_that_hangs(scipy_gives, monkeypatch, capsys):
    scipy_gives("import time; time.sleep(60)")
    monkeypatch.setattr(files, "DOWNLOAD_SECONDS", 0.2)
    assert heartbeats.record().source == "simulated"
    assert "not done after 0.2 s" in capsys.readouterr().out


# --- broken files --------------------------------------------------------------------


def some(n=108_000, dtype=np.uint16):
    return np.random.default_rng(0).integers(0, 2048, n).astype(dtype)


def save(path, **arrays):
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: p.write_bytes(b""), "0 bytes"),
        (lambda p: p.write_text("<html>not found</html>"), "no archive"),
        (lambda p: (save(p, ecg=some()), p.write_bytes(p.read_bytes()[:9999])), "cut short"),
        (lambda p: p.write_bytes(pickle.dumps(some())), "no archive"),
        (lambda p: save(p, other=some()), "none called ecg"),
        (lambda p: save(p, ecg=some(n=1000)), r"\(1000,\)"),
        (lambda p: save(p, ecg=some(dtype=np.int32)), "int32"),
        (lambda p: save(p, ecg=some()), "SHA-256"),
        (lambda p: save(p, ecg=np.array([os.system], object)), r"object \(1,\)"),
        (lambda p: zipfile.ZipFile(p, "w").writestr("ecg.npy", "junk"), "uint16"),
        (lambda p: save(p, ecg=some(dtype=">u2")), "as uint16 .*, got >u2"),
        (lambda p: save(p, ecg=some(n=50_000_000, dtype=np.uint8)), r"uint8 \(50000000,\)"),
    ],
)
def test_a_wrong_file_is_named_and_not_used(folder, make, said):
    path = folder / "ecg.dat"
    make(path)
    with pytest.raises(DataError, match=said) as error:
        heartbeats.record()
    for word in (str(path), "expected", "got", "delete it"):
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [(Path.mkdir, "a folder"), (os.mkfifo, "a pipe"), (lambda p: p.symlink_to("gone"), "a link")],
)
def test_what_is_no_file_is_named_and_not_replaced(folder, capsys, make, said):
    make(folder / "ecg.dat")
    with pytest.raises(DataError, match=rf"cannot be read \(it is {said}") as error:
        heartbeats.record()
    assert "put a good copy in its place" in str(error.value)
    assert capsys.readouterr().out == ""


@needs_real("ecg.dat")
def test_one_wrong_sample_is_noticed(folder):
    samples = real_samples()
    samples[50_000] ^= 1
    save(folder / "ecg.dat", ecg=samples)
    with pytest.raises(DataError, match="SHA-256"):
        heartbeats.record()


# --- filter, peaks, windows ----------------------------------------------------------


def test_the_filter_keeps_a_beat_where_it_is_and_takes_the_rest():
    t = np.arange(20 * RATE) / RATE
    beat = np.exp(-(((t - 10) / 0.02) ** 2) / 2)
    got = heartbeats.band_pass(beat + 3 + 2 * np.sin(2 * np.pi * 0.05 * t))
    assert (got.dtype, got.shape) == (np.float32, t.shape)
    assert abs(int(np.argmax(got)) - 10 * RATE) <= 1
    away = np.abs(t - 10) > 2
    assert np.abs(got[away & (t > 2) & (t < 18)]).max() < 0.05
    hum = heartbeats.band_pass(np.sin(2 * np.pi * 120 * t))
    assert np.abs(hum[RATE:-RATE]).max() < 0.1


def test_beats_of_the_simulated_record_are_found_where_they_are(simulated):
    beats, peaks, rule = all_of(simulated)
    assert 470 < len(peaks) < 530
    gaps = np.diff(peaks) / RATE
    assert 0.35 < gaps.min() and gaps.max() < 1
    assert (beats.shape[1], beats.dtype) == (64, np.float32)
    # The peak is 0.2 of 0.56 s into the window: value 22 or 23 of 64.
    assert np.isin(beats.argmax(axis=1), [22, 23, 24]).mean() > 0.98


def test_the_rule_finds_the_wide_early_beats_of_the_simulated_record(simulated):
    beats, _, rule = all_of(simulated)
    wide = (beats > 0.5).sum(axis=1) > 8  # values: 0.07 s
    assert 0.15 < wide.mean() < 0.25
    assert ((rule.kind == "premature") == wide).mean() > 0.98


@needs_real("ecg.dat")
def test_beats_of_the_real_record(monkeypatch):
    monkeypatch.setenv("BOOK_DATA", str(REAL))
    beats, peaks, rule = all_of(heartbeats.record())
    # 99 beats a minute; the record's amplifier was out for some seconds.
    assert 490 < len(beats) < 505
    assert np.median(np.diff(peaks)) / RATE == pytest.approx(0.58, abs=0.02)
    calm = peaks[(peaks > 9 * RATE) & (peaks < 15 * RATE)]  # regular, as SciPy's text says
    gaps = np.diff(calm) / RATE
    assert len(calm) == 13 and 0.43 < gaps.min() < gaps.max() < 0.51
    kinds = {kind: np.sum(rule.kind == kind) for kind in ("normal", "odd", "premature")}
    assert kinds["normal"] > 350 and 80 < kinds["premature"] < 95 and kinds["odd"] < 40
    width = (beats > 0.5).sum(axis=1)
    wide, narrow = width[rule.kind == "premature"], width[rule.kind == "normal"]
    assert np.median(wide) > 2 * np.median(narrow)  # premature beats are wide
    # Peaks lie on the record's own peaks, not beside them.
    assert np.isin(beats.argmax(axis=1), [22, 23]).mean() > 0.95


def test_any_scale_and_offset_finds_the_same_beats(simulated):
    part = simulated.ecg[: 60 * RATE]
    np.testing.assert_array_equal(
        heartbeats.find_beats(part), heartbeats.find_beats(200 * part + 1024)
    )


def test_a_peak_at_the_very_start_or_end():
    ecg = np.zeros(5 * RATE)
    ecg[2::RATE] = 1.0
    peaks = heartbeats.find_beats(ecg)
    assert set(peaks) <= set(range(ecg.size)) and len(peaks) in (4, 5)
    assert np.abs((peaks - 2) % RATE).max() == 0


def test_windows_are_lines_between_samples():
    ecg = np.arange(2000.0)
    beats, kept = heartbeats.cut(
        ecg, np.array([0, 72, 1000, 1999]), values=3, before=0.2, after=0.2
    )
    np.testing.assert_array_equal(kept, [False, True, True, False])
    np.testing.assert_allclose(beats, [[0, 72, 144], [928, 1000, 1072]])


def test_the_rule_on_beats_made_for_it():
    usual, strange = np.array([0.0, 0, 1, 0]), np.array([1.0, 1, 0, 1])
    beats = np.stack([usual, usual, strange, usual, strange, usual, usual])
    peaks = np.array([0, 300, 500, 900, 1200, 1500, 1790])
    rule = heartbeats.judge(beats, peaks, usual)
    assert list(rule.kind) == ["normal"] * 2 + ["premature", "normal", "odd", "normal", "normal"]
    assert rule.early[2] == pytest.approx(0.5) and np.isnan(rule.early[[0, -1]]).all()
    np.testing.assert_allclose(rule.likeness, [1, 1, -1, 1, -1, 1, 1], atol=1e-9)
    # Neither the size of a beat nor its offset matters.
    np.testing.assert_allclose(
        heartbeats.judge(3 * beats + 2, peaks, usual).likeness, rule.likeness
    )
    assert set(heartbeats.judge(beats, peaks, usual, unlike=-1.01).kind) == {"normal"}


# --- what is refused -----------------------------------------------------------------

GOOD = np.sin(np.arange(1000.0))
WRONG_ECG = [
    ([0.0] * 999, "is a list"),
    (GOOD.astype(int), "dtype int64"),
    (GOOD.astype(complex), "dtype complex128"),
    (GOOD[None], r"shape \(1, 1000\)"),
    (GOOD[:300], "300 samples, 0.83 s"),
    (np.array([]), "0 samples"),
    (np.where(GOOD > 0.999, np.nan, GOOD), "NaN"),
    (np.where(GOOD > 0.999, np.inf, GOOD), "infinity"),
]


@pytest.mark.parametrize(("ecg", "said"), WRONG_ECG)
def test_no_electrocardiogram(ecg, said):
    for call in (
        heartbeats.band_pass,
        heartbeats.find_beats,
        lambda x: heartbeats.cut(x, np.array([500])),
    ):
        with pytest.raises(ValueError, match=said):
            call(ecg)


@pytest.mark.parametrize("ecg", [np.zeros(1000), np.full(1000, 3.0), np.zeros(1000, np.float32)])
def test_no_peaks(ecg):
    with pytest.raises(ValueError, match="no peak"):
        heartbeats.find_beats(ecg)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"low": 0}, "the band is 0 to 40"),
        ({"low": 50}, "the band is 50 to 40"),
        ({"high": 180}, "180"),
        ({"high": "40"}, "high is '40'"),
        ({"rate": 360.0}, "rate is 360.0"),
        ({"rate": 1}, "rate is 1"),
    ],
)
def test_the_filter_refuses_by_name(wrong, said):
    with pytest.raises(ValueError, match=said):
        heartbeats.band_pass(GOOD, **wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"peaks": [500]}, "peaks are list"),
        ({"peaks": np.array([500.0])}, "float64"),
        ({"peaks": np.array([], int)}, "empty"),
        ({"peaks": np.array([[500]])}, "int ndarray"),
        ({"peaks": np.array([500, 400])}, "rising"),
        ({"peaks": np.array([-5, 400])}, "rising"),
        ({"peaks": np.array([1000])}, "rising"),
        ({"peaks": np.array([10])}, "no beat lies 0.2 s after"),
        ({"values": 1}, "values is 1"),
        ({"values": 64.0}, "values is 64.0"),
        ({"before": 0}, "before is 0"),
        ({"after": float("nan")}, "after is nan"),
    ],
)
def test_cutting_refuses_by_name(wrong, said):
    with pytest.raises(ValueError, match=said):
        heartbeats.cut(**{"ecg": GOOD, "peaks": np.array([500])} | wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"beats": [[0.0, 1]]}, "beats are list"),
        ({"beats": np.zeros((2, 4), int)}, "int64"),
        ({"beats": np.eye(4)[:2] * np.nan}, "NaN"),
        ({"beats": np.zeros((2, 4))}, "constant"),
        ({"beats": np.eye(4)}, r"\(4, 4\), peaks \(2,\)"),
        ({"template": np.ones(4)}, "constant"),
        ({"template": np.eye(3)[0]}, r"template \(3,\)"),
        ({"peaks": np.array([5, 5])}, "rising"),
        ({"early": None}, "early is None"),
        ({"unlike": float("nan")}, "unlike is nan"),
    ],
)
def test_the_rule_refuses_by_name(wrong, said):
    good = {"beats": np.eye(4)[:2], "peaks": np.array([0, 300]), "template": np.eye(4)[0]}
    with pytest.raises(ValueError, match=said):
        heartbeats.judge(**good | wrong)
