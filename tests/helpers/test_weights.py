"""Published weights: the networks come back as they were, and only those of the published run."""

import json

import keras
import numpy as np
import pytest

from helpers import results, weights


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """The ledger of a run to publish, in a folder of its own."""
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    monkeypatch.setenv("BOOK_PROFILE", "full")
    (tmp_path / "results").mkdir()
    made = type("Made", (), {"source": "made up", "sha256": "0" * 64, "real": True})
    ledger = results.Ledger("tiny", made, seed=1, folder=tmp_path / "results")
    ledger.record(loss=1)
    return ledger


def convolutional():
    layers = [
        keras.layers.Conv2D(3, 3, strides=2, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dense(4, activation="tanh", use_bias=False),
        keras.layers.Dense(16),
        keras.layers.Reshape((2, 2, 4)),
        keras.layers.UpSampling2D(2),
        keras.layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
    ]
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


def recurrent():
    layers = [
        keras.layers.LSTM(3),
        keras.layers.RepeatVector(5),
        keras.layers.LSTM(2, return_sequences=True),
    ]
    return keras.Sequential([keras.Input((5, 2)), *layers])


@pytest.mark.parametrize("make", [convolutional, recurrent])
def test_networks_and_arrays_come_back(ledger, make):
    network, x = make(), np.random.default_rng(0).random((3, *make().input_shape[1:]), np.float32)
    weights.publish(ledger, {"one": network}, x=x, labels=np.array([3, 1, 2]))
    ledger.save()
    networks, arrays = weights.load("tiny")
    np.testing.assert_allclose(arrays["x"], x, atol=1e-3)  # float16
    assert arrays["x"].dtype == np.float32 and list(arrays["labels"]) == [3, 1, 2]
    np.testing.assert_allclose(networks["one"](x), network(x), atol=5e-3)


def test_a_run_that_is_not_published_stores_none(ledger):
    ledger.folder = None
    weights.publish(ledger, {"one": convolutional()})
    assert ledger.weights is None and "weights" not in ledger.entry()
    with pytest.raises(FileNotFoundError, match="no weights of 'tiny' .*; there are: none"):
        weights.load("tiny")


def test_another_file_is_refused(ledger, tmp_path):
    weights.publish(ledger, {"one": convolutional()})
    ledger.save()
    path = tmp_path / "weights" / "tiny.npz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(weights.WeightsError, match="expected SHA-256 .* got .*make execute"):
        weights.load("tiny")


def test_weights_of_another_run_are_refused(ledger, tmp_path):
    weights.publish(ledger, {"one": convolutional()})
    ledger.save()
    path = tmp_path / "results" / "tiny.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"weights": "0" * 64}))
    with pytest.raises(weights.WeightsError, match="0000"):
        weights.load("tiny")


def test_the_same_weights_make_the_same_file(ledger, tmp_path):
    network, path = convolutional(), tmp_path / "weights" / "tiny.npz"
    weights.publish(ledger, {"one": network})
    first = path.read_bytes()
    weights.publish(ledger, {"one": network})
    assert path.read_bytes() == first


def test_too_much_is_refused(ledger):
    wide = keras.Sequential([keras.Input((784,)), keras.layers.Dense(784)])
    with pytest.raises(weights.WeightsError, match="tiny: one take 1,.* a chapter may publish"):
        weights.publish(ledger, {"one": wide})
