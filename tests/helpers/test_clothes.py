"""Clothes: every source, and files that are none. What they share with digits is tested there."""

import gzip
import hashlib
import os
import sys

import numpy as np
import pytest

from helpers import data
from helpers.data import clothes
from support import REAL, needs_real

KERAS_FILES = {
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_train": "train-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
}


@pytest.fixture(autouse=True)
def keras_cache(monkeypatch, tmp_path):
    """No BOOK_DATA, the full profile, and Keras' cache in a folder of the test's own."""
    for variable in ("BOOK_DATA", "BOOK_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "datasets" / "fashion_mnist.npz"


@pytest.fixture
def small(monkeypatch):
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (120, 28, 28), np.uint8),
        "y_train": rng.integers(0, 10, 120, np.uint8),
        "x_test": rng.integers(0, 256, (30, 28, 28), np.uint8),
        "y_test": rng.integers(0, 10, 30, np.uint8),
    }
    table = {k: (a.shape, hashlib.sha256(a.tobytes()).hexdigest()) for k, a in arrays.items()}
    monkeypatch.setattr(clothes, "_ARRAYS", table)
    return arrays


def test_book_data(monkeypatch, capsys, tmp_path, small):
    np.savez(tmp_path / "fashion_mnist.npz", **small)
    monkeypatch.setenv("BOOK_DATA", str(tmp_path))
    got = data.fashion(validation=True)
    assert (got.source, got.real, got.names[9]) == ("BOOK_DATA", True, "ankle boot")
    np.testing.assert_allclose(got.x_valid[..., 0], small["x_train"][110:] / 255, atol=1e-7)
    line = (
        "Clothes: Fashion-MNIST from the folder BOOK_DATA, 110 training, 10 validation and 30 test"
    )
    assert line in capsys.readouterr().out


@needs_real("fashion_mnist.npz")
def test_the_real_clothes(monkeypatch):
    monkeypatch.setenv("BOOK_DATA", str(REAL))
    got = data.fashion()
    assert got.real and got.x_train.shape == (60000, 28, 28, 1)
    assert np.bincount(got.y_test).tolist() == [1000] * 10


def test_digits_are_no_clothes(monkeypatch, tmp_path, small):
    other = small | {"x_train": small["x_train"][::-1]}
    np.savez(tmp_path / "fashion_mnist.npz", **other)
    monkeypatch.setenv("BOOK_DATA", str(tmp_path))
    with pytest.raises(data.DataError, match="fashion_mnist.npz: expected x_train with SHA-256"):
        data.fashion()


@pytest.mark.heavy
def test_what_keras_has_fetched_is_used_and_kept_as_one_file(capsys, keras_cache, small):
    folder = keras_cache.parent / "fashion-mnist"
    folder.mkdir(parents=True)
    for name, file in KERAS_FILES.items():
        header = bytes(16 if name.startswith("x") else 8)
        (folder / file).write_bytes(gzip.compress(header + small[name].tobytes()))
    assert data.fashion().source == "keras"
    assert sorted(os.listdir(keras_cache.parent)) == ["fashion-mnist", "fashion_mnist.npz"]
    assert "Fashion-MNIST downloaded by Keras" in capsys.readouterr().out
    assert data.fashion().source == "keras"
    assert "Fashion-MNIST from Keras' cache" in capsys.readouterr().out


def test_silhouettes_stand_in(monkeypatch, capsys, keras_cache):
    code = "raise OSError('no internet')"
    monkeypatch.setattr(clothes, "_DOWNLOAD", [sys.executable, "-c", code])
    got = data.fashion()
    assert (got.source, len(got.x_train), len(got.x_test)) == ("embedded", 1500, 297)
    assert "stand-in for Fashion-MNIST (Fashion-MNIST was not downloaded" in capsys.readouterr().out
    assert os.listdir(keras_cache.parent) == []
    # Each kind can be told from its silhouette: the mean of its images is nearest.
    means = np.stack([got.x_train[got.y_train == kind].mean(axis=0) for kind in range(10)])
    far = ((got.x_test[:, None] - means) ** 2).mean(axis=(2, 3, 4))
    assert np.mean(far.argmin(axis=1) == got.y_test) > 0.7
