"""Photographs: ten of them, split by photograph; patches; whatever a reader's own file holds."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers.data import DataError, photographs


@pytest.fixture(scope="module")
def photos():
    return photographs.load()


def test_ten_photographs_in_three_parts(photos, capsys):
    parts = photos.train, photos.valid, photos.test
    assert [len(part) for part in parts] == [5, 2, 3]
    assert sum(map(list, parts), []) == list(photographs.NAMES)
    assert photos.real and len(photos.sha256) == 64
    for part in parts:
        for photo in part.values():
            assert photo.dtype == np.float32 and photo.shape[2] == 3
            assert photo.min() >= 0 and 0.5 < photo.max() <= 1
    assert photographs.load().sha256 == photos.sha256
    assert "5 to train on, 2 to choose on, 3 to test on" in capsys.readouterr().out


def test_a_damaged_file_is_named_and_not_used(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "__init__.py").write_text("")

    class Found:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr(photographs.importlib.util, "find_spec", lambda name: Found)
    with pytest.raises(DataError, match="astronaut.png: it cannot be read"):
        photographs.load()
    (tmp_path / "data" / "astronaut.png").write_bytes(b"none")
    with pytest.raises(
        DataError, match=r"astronaut.png: expected SHA-256 88431.* install scikit-image"
    ):
        photographs.load()
    monkeypatch.setattr(photographs.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="part of scikit-image, which is not installed"):
        photographs.load()


def test_patches_lie_on_a_grid():
    photo = np.arange(70 * 100 * 3, dtype=np.float32).reshape(70, 100, 3)
    cut = photographs.patches(photo)
    assert cut.shape == (6, 32, 32, 3)
    assert (cut[4] == photo[32:64, 32:64]).all()
    half = photographs.patches(photo, size=32, stride=16)
    assert half.shape == (3 * 5, 32, 32, 3) and (half[6] == photo[16:48, 16:48]).all()
    assert photographs.patches(photo[..., 0], 8).shape == (8 * 12, 8, 8)


def test_random_patches_are_of_the_photograph(monkeypatch):
    y, x = np.mgrid[:40, :50]
    photo = np.stack([y, x, y + x], axis=-1)
    cut = photographs.random_patches(photo, 60, size=8, seed=1)
    assert cut.shape == (60, 8, 8, 3)
    corners = cut[:, 0, 0, :2]
    assert corners.max(axis=0).tolist() <= [32, 42] and len(np.unique(corners, axis=0)) > 50
    assert (cut == photo[corners[:, :1, None] + y[:8, :8], corners[:, 1:, None] + x[:8, :8]]).all()
    assert (cut == photographs.random_patches(photo, 60, size=8, seed=1)).all()
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    assert len(photographs.random_patches(photo, 4000, size=8)) == 400


@pytest.mark.parametrize(
    "cut, said",
    [
        (lambda: photographs.patches(np.zeros((31, 90, 3))), "31 x 90 pixels; at least 32 x 32"),
        (lambda: photographs.patches(np.zeros((3, 64, 64))), "Are the channels first"),
        (lambda: photographs.patches(np.zeros((64, 64, 4))), r"\(height, width, 3\) is wanted"),
        (lambda: photographs.patches(np.zeros((1, 64, 64, 3))), "is wanted"),
        (lambda: photographs.patches(np.zeros((64, 64, 3)), 0), "size is 0"),
        (lambda: photographs.patches(np.zeros((64, 64, 3)), 32, 1.5), "stride is 1.5"),
        (lambda: photographs.random_patches(np.zeros((64, 64, 3)), True), "count is True"),
    ],
)
def test_what_cannot_be_cut_is_said(cut, said):
    with pytest.raises(ValueError, match=said):
        cut()


RED = Image.new("RGB", (40, 20), (255, 0, 0))


def stored(image, kind="png", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "file, colour",
    [
        (stored(RED), (1, 0, 0)),
        (stored(RED.convert("P")), (1, 0, 0)),
        (stored(Image.new("L", (40, 20), 51)), (0.2, 0.2, 0.2)),
        (stored(Image.new("LA", (40, 20), (0, 0))), (1, 1, 1)),
        (stored(Image.new("RGBA", (40, 20), (255, 0, 0, 0))), (1, 1, 1)),
        (stored(Image.fromarray(np.full((20, 40), 13107 * 2, np.uint16))), (0.4, 0.4, 0.4)),
        (np.full((20, 40), 102, np.uint8), (0.4, 0.4, 0.4)),
        (np.full((20, 40, 3), 0.4), (0.4, 0.4, 0.4)),
    ],
)
def test_a_readers_file_becomes_red_green_and_blue(file, colour):
    x = photographs.read(file)
    assert x.shape == (20, 40, 3) and x.dtype == np.float32
    assert np.allclose(x, colour, atol=0.003)


def test_a_photograph_on_its_side_is_turned():
    lying = RED.copy()
    lying.paste((0, 0, 255), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    x = photographs.read(stored(lying, "jpeg", exif=exif))
    assert x.shape == (40, 20, 3)
    assert x[5, 10].argmax() == 2 and x[35, 10].argmax() == 0


@pytest.mark.parametrize(
    "file, said",
    [
        (b"", "0 bytes"),
        (b"a letter to grandmother", "bytes that are none"),
        (stored(RED)[:60], "damaged, cut short"),
        ("no such file.jpg", "no such file.jpg: expected an image file, found none"),
        (stored(Image.new("1", (9000, 9000))), "at most 80,000,000"),
        (np.zeros((4, 4, 7)), "has shape"),
        (np.full((4, 4, 3), 200.0), r"\[0, 1\] is wanted"),
    ],
)
def test_what_is_no_photograph_is_said(file, said):
    with pytest.raises(ValueError, match=said):
        photographs.read(file)
