"""Pages: the generator, the real pairs and their split, and the cleaner on any file."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import documents
from helpers.data import DataError

BOOK = Path(__file__).parents[1]
REAL = BOOK.parent / "shared" / "data"


@pytest.fixture(scope="module")
def model():
    """Seven 3x3 convolutions with random weights, as in the chapter."""
    import keras

    keras.utils.set_random_seed(0)
    conv = keras.layers.Conv2D
    model = keras.Sequential([keras.Input((None, None, 1))])
    for filters in (4, 4, 4, 4, 4, 4):
        model.add(conv(filters, 3, padding="same", activation="relu", bias_initializer="ones"))
    model.add(conv(1, 3, padding="same", activation="sigmoid"))
    return model


def whole(model, page):
    return np.asarray(model(page[np.newaxis, ..., np.newaxis]))[0, ..., 0]


@pytest.fixture
def page():
    return documents.make_page(3, 70, 90)[0]


# --- the generator -------------------------------------------------------------------


def test_a_seed_gives_one_page_and_another_seed_another():
    (noisy, clean), again, other = (documents.make_page(seed, 80, 120) for seed in (1, 1, 2))
    np.testing.assert_array_equal(noisy, again[0])
    np.testing.assert_array_equal(clean, again[1])
    assert np.mean(clean != other[1]) > 0.05
    for x in (noisy, clean):
        assert (x.shape, x.dtype) == ((80, 120), np.float32)
        assert 0 <= x.min() < x.max() <= 1


def test_clean_pages_hold_gray_edged_text_of_many_fonts():
    inks = [np.mean(documents.make_page(seed, 200, 300)[1] < 0.5) for seed in range(12)]
    assert 0.02 < min(inks) and max(inks) < 0.4 and np.std(inks) > 0.01
    assert len(np.unique(documents.make_page(0)[1])) > 10


def test_each_kind_of_dirt_leaves_the_text_and_changes_the_paper():
    plain, clean = documents.make_page(5, dirt=[])
    for kind in documents.DIRT:
        noisy, same = documents.make_page(5, dirt=[kind])
        np.testing.assert_array_equal(clean, same)
        assert np.mean(np.abs(noisy - plain)) > 0.003, kind


def test_paper_is_darker_where_a_stain_is():
    plain, clean = documents.make_page(5, dirt=[])
    stained, _ = documents.make_page(5, dirt=["stains"])
    blank = clean == 1
    darker = (plain - stained)[blank]
    assert np.mean(darker > 0.1) > 0.01  # somewhere
    assert darker.mean() > 0


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (258, 540), (700, 31)])
def test_pages_of_any_size(shape):
    noisy, clean = documents.make_page(0, *shape, dirt=documents.DIRT)
    assert noisy.shape == clean.shape == shape and np.isfinite(noisy).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"seed": 0, "height": 0}, "height is 0"),
        ({"seed": 0, "width": 5.5}, "width is 5.5"),
        ({"seed": 0, "dirt": ["coffee"]}, "some of stains, folds"),
        ({"seed": 0, "dirt": "folds"}, "a list"),
    ],
)
def test_the_generator_refuses_by_name(wrong, said):
    with pytest.raises(ValueError, match=said):
        documents.make_page(**wrong)


# --- real pairs ----------------------------------------------------------------------


def save(path, page):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(255 * page).astype(np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as NoisyOffice has it: text = number modulo 3, four sheets, two texts."""
    for number in (2, 3, 5, 6, 8, 9):
        noisy, clean = documents.make_page(number % 3, 60, 80)
        save(tmp_path / "documents" / "noisy" / f"{number}.png", noisy)
        save(tmp_path / "documents" / "clean" / f"{number}.png", clean)
    monkeypatch.setenv("BOOK_DATA", str(tmp_path))
    return tmp_path / "documents"


def test_the_split_goes_by_text(folder, capsys):
    got = documents.pairs()
    assert [pair.number for pair in got.train] == [2, 5, 8]
    assert [pair.number for pair in got.test] == [3, 6, 9]
    assert got.real and re.fullmatch("[0-9a-f]{64}", got.sha256)
    assert "3 training and 3 test pairs" in capsys.readouterr().out
    assert got.train[0].noisy.dtype == np.float32
    assert documents.pairs().sha256 == got.sha256


def test_no_clean_page_is_in_both_parts_even_if_numbers_say_so(folder):
    _, clean = documents.make_page(0, 60, 80)  # the text of the test pages ...
    save(folder / "clean" / "5.png", np.clip(clean - 0.02, 0, 1))  # ... as a near duplicate
    got = documents.pairs()
    assert [pair.number for pair in got.train] == [2, 8]
    assert [pair.number for pair in got.test] == [3, 5, 6, 9]


@pytest.mark.skipif(not (REAL / "documents").is_dir(), reason="no real pages here")
def test_the_split_of_the_real_pages_leaks_nothing(monkeypatch):
    monkeypatch.setenv("BOOK_DATA", str(REAL))
    got = documents.pairs()
    assert len(got.train) == len(got.test) == 56
    train, test = ({pair.clean.tobytes() for pair in part} for part in (got.train, got.test))
    assert not train & test and len(train) == len(test) == 14
    assert {pair.clean.shape for pair in got.test} == {(420, 540), (258, 540)}


@pytest.mark.parametrize("where", ["unset", "embedded", "empty"])
def test_without_real_pages_generated_ones_stand_in(tmp_path, monkeypatch, capsys, where):
    monkeypatch.setenv("BOOK_DATA", {"unset": "", "empty": str(tmp_path)}.get(where, where))
    got = documents.pairs()
    assert not got.real and len(got.train) == len(got.test) == 8
    assert "stand in for real ones" in capsys.readouterr().out
    train, test = ({pair.clean.tobytes() for pair in part} for part in (got.train, got.test))
    assert not train & test


def broken(folder, how):
    target = folder / "noisy" / "5.png"
    if how == "alone":
        target.unlink()
    elif how == "cut":
        target.write_bytes(target.read_bytes()[:200])
    elif how == "size":
        save(target, np.ones((50, 80)))
    elif how == "name":
        for kind in ("noisy", "clean"):
            (folder / kind / "5.png").rename(folder / kind / "five.png")
    elif how == "one text":
        for kind in ("noisy", "clean"):
            for number in (3, 6, 9):
                (folder / kind / f"{number}.png").unlink()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("alone", r"without a partner: 5\.png"),
        ("cut", r"5\.png: expected an image file"),
        ("size", r"5\.png is \(50, 80\)"),
        ("name", r"five\.png has no number"),
        ("one text", "3 pages to train on and 0 to test on"),
    ],
)
def test_a_broken_folder_is_named_and_not_used(folder, how, said):
    broken(folder, how)
    with pytest.raises(DataError, match=said):
        documents.pairs()


def test_a_missing_folder_is_no_reason_for_a_stand_in(monkeypatch, tmp_path):
    monkeypatch.setenv("BOOK_DATA", str(tmp_path / "typo"))
    with pytest.raises(DataError, match="typo: expected a folder"):
        documents.pairs()


# --- the cleaner ---------------------------------------------------------------------


@pytest.mark.parametrize("tile", [7, 32, 512])
def test_tiles_do_not_show(model, page, tile):
    np.testing.assert_allclose(
        documents.clean(page, model, tile=tile), whole(model, page), atol=2e-6
    )


def test_less_overlap_would_show(model, page, monkeypatch):
    monkeypatch.setattr(documents, "receptive_radius", lambda model: 2)
    assert np.abs(documents.clean(page, model, tile=32) - whole(model, page)).max() > 1e-4


def test_receptive_radius(model):
    import keras

    assert documents.receptive_radius(model) == 7
    wide = keras.Sequential([keras.Input((None, None, 1)), model])
    wide.add(keras.layers.Conv2D(1, 5, padding="same", dilation_rate=3))
    wide.add(keras.layers.MaxPooling2D(3, strides=1, padding="same"))
    assert documents.receptive_radius(wide) == 7 + 6 + 1
    wide.add(keras.layers.MaxPooling2D(2, name="halves"))
    with pytest.raises(ValueError, match="layer halves changes the size"):
        documents.receptive_radius(wide)


def as_file(path, kind, gray):
    """Store a gray page, uint8, in one of many ways that mean the same."""
    image = Image.fromarray(gray)
    if kind == "16 bits":
        image = Image.fromarray(gray.astype(np.uint16) * 257)
    elif kind == "palette, see-through":
        image = image.convert("P")
        image.info["transparency"] = 255  # white, and seen through: still white
    elif kind == "on its side":
        exif = Image.Exif()
        exif[0x0112] = 6
        image.rotate(90, expand=True).save(path, exif=exif)
        return
    elif kind != "L":
        image = image.convert(kind)
    image.save(path)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        *[(mode, "png") for mode in ("L", "LA", "RGB", "RGBA", "P")],
        *[("16 bits", "png"), ("palette, see-through", "png"), ("on its side", "png")],
        *[("CMYK", "tif"), ("YCbCr", "tif"), ("16 bits", "tif")],
    ],
)
def test_any_gray_or_colour_file(model, page, tmp_path, kind, suffix):
    gray = np.rint(255 * page).astype(np.uint8)
    as_file(tmp_path / f"page.{suffix}", kind, gray)
    want = whole(model, np.float32(gray) / 255)
    got = documents.clean(str(tmp_path / f"page.{suffix}"), model)
    assert (got.dtype, got.shape) == (np.float32, page.shape)
    np.testing.assert_allclose(got, want, atol=0.01)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_any_array(model, page, dtype, channels):
    most = {"b": 1, "f": 1, "u": np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1}
    gray = (page > 0.5) * np.array(most[np.dtype(dtype).kind], dtype)
    x = gray.astype(dtype)
    if channels:
        x = np.repeat(x[..., np.newaxis], channels, axis=2)
        if channels in (2, 4):
            x[..., -1] = most[np.dtype(dtype).kind]
    want = whole(model, np.float32(page > 0.5))
    np.testing.assert_allclose(documents.clean(x, model), want, atol=1e-5)


def test_what_is_transparent_is_paper(model, page):
    x = np.zeros((*page.shape, 4), np.uint8)  # black, but not there
    want = whole(model, np.ones(page.shape, np.float32))
    np.testing.assert_allclose(documents.clean(x, model), want, atol=1e-5)


def test_a_model_from_a_file(model, page, tmp_path):
    model.save(tmp_path / "cleaner.keras")
    got = documents.clean(page, tmp_path / "cleaner.keras")
    np.testing.assert_allclose(got, whole(model, page), atol=2e-6)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.ones((0, 5)), "empty"),
        (np.ones(5), r"shape \(5,\)"),
        (np.ones((5, 5, 5)), r"shape \(5, 5, 5\)"),
        (np.full((5, 5), np.nan), "NaN"),
        (np.full((5, 5), 255.0), "from 255 to 255"),
        (np.ones((5, 5), int), "int64"),
        (np.broadcast_to(np.uint8(255), (10_000, 10_000)), "at most 80,000,000"),
    ],
    ids=["empty", "one axis", "five channels", "NaN", "0 to 255 as float", "int64", "gigantic"],
)
def test_arrays_that_are_no_page(model, x, said):
    with pytest.raises(ValueError, match=said):
        documents.clean(x, model)


def test_files_that_are_no_page(model, page, tmp_path):
    save(tmp_path / "cut.png", page)
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:-300])
    (tmp_path / "zero.png").touch()
    (tmp_path / "text.png").write_text("no image")
    Image.new("1", (10_000, 9_000)).save(tmp_path / "large.png")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    for name, said in {
        "none.png": "found none",
        "zero.png": "0 bytes",
        "text.png": "damaged, cut short",
        "cut.png": "damaged, cut short",
        "large.png": "10,000 x 9,000 pixels; at most 80,000,000",
        "bomb.png": "too many pixels; at most 80,000,000",
    }.items():
        with pytest.raises(DataError, match=said) as error:
            documents.clean(tmp_path / name, model)
        assert name in str(error.value)


def test_a_model_of_another_kind_is_refused(page):
    import keras

    valid = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 3)])
    with pytest.raises(ValueError, match="wanted: same"):
        documents.clean(page, valid)


_LARGE = """
import resource, numpy as np, keras
from helpers import documents
model = keras.Sequential([keras.Input((None, None, 1))])
for filters in (32, 1):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
page = np.full((10_000, 5_000, 3), 200, np.uint8)
assert documents.clean(page, model, tile=1024).shape == (10_000, 5_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kB on Linux alone")
def test_fifty_megapixels_stay_under_two_gigabytes():
    done = subprocess.run(
        [sys.executable, "-c", _LARGE],
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
    )
    assert float(done.stdout.split()[-1]) < 2000


def test_the_published_cleaner_cleans():
    noisy, clean = documents.make_page(12345)
    before, after = (
        np.sqrt(np.mean((page - clean) ** 2)) for page in (noisy, documents.clean(noisy))
    )
    assert after < 0.5 * before


def test_a_published_model_asks_for_nothing_that_an_older_keras_lacks(model, tmp_path):
    import keras

    # Keras 3.15 writes "input_axes": null, and 3.13 stops there.
    documents.publish(model, tmp_path / "model.keras")
    for file in (tmp_path / "model.keras", documents.PUBLISHED):
        with zipfile.ZipFile(file) as parts:
            config = parts.read("config.json").decode()
        assert "GlorotUniform" in config
        assert "input_axes" not in config
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    page = documents.make_page(1, 60, 80)[0]
    again, before = documents.clean(page, loaded), documents.clean(page, model)
    np.testing.assert_allclose(again, before, atol=1e-6)
