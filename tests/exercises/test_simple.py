"""The checks of "A simple autoencoder"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.decomposition import PCA

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.simple import check_1, check_2, check_3, check_4


def test_counts():
    check_1(12560, 13328, 49, 0)
    check_1(12560.0, np.int64(13328), 49.0, 1e-6)


@pytest.mark.parametrize(
    "answer, words",
    [
        ({"encoder_parameters": 12544}, "each of the 16 units has a bias too"),
        ({"encoder_parameters": 25120}, "the question is about 16"),
        ({"decoder_parameters": 12560}, "it has 784 biases, not 16"),
        ({"squeezed": 24.5}, "the question is about 16"),
        ({"floor": 0.0581}, "what does a perfect copy of them cost"),
        ({"floor": "0"}, "wanted: a number"),
    ],
)
def test_typical_wrong_counts(answer, words):
    right = {
        "encoder_parameters": 12560,
        "decoder_parameters": 13328,
        "squeezed": 49,
        "floor": 0,
    }
    with pytest.raises(Wrong, match=words):
        check_1(**right | answer)


def test_open_counts():
    with pytest.raises(NotAnswered, match="squeezed is still None"):
        check_1(12560, 13328, None, 0)


def linear(x, k=8):
    """The best linear autoencoder, without training: PCA's own matrices."""
    pca = PCA(k).fit(x)
    model = stack(layers.Dense(k), layers.Dense(784))
    down, up = pca.components_.T, pca.components_
    model.set_weights([down, -pca.mean_ @ down, up, pca.mean_])
    return model, float(np.mean((x - pca.inverse_transform(pca.transform(x))) ** 2))


def stack(*parts):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((784,)), *parts])


def test_a_linear_autoencoder(many, capsys):
    model, error = linear(many)
    check_2(model, many, error)
    assert f"Right: {error:.4f}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "parts, words",
    [
        ([layers.Dense(8, "relu"), layers.Dense(784)], "some layer still has an activation"),
        ([layers.Dense(8), layers.Dense(784, "sigmoid")], "some layer still has an activation"),
        ([layers.Dense(16), layers.Dense(784)], "goes through 16 numbers; wanted: a code of 8"),
        ([layers.Dense(4), layers.Dense(784)], "only 4 of the 8 code units"),
        ([layers.Dense(8), layers.Dense(10)], "wanted: as many pixels as came in"),
        ([layers.Dense(8), layers.Dense(784)], "more than 3 % apart"),  # not trained
    ],
)
def test_typical_wrong_linear_autoencoders(many, parts, words):
    with pytest.raises(Wrong, match=words):
        check_2(stack(*parts), many, 0.03)


def test_no_model_at_all(many):
    with pytest.raises(Wrong, match="linear is a ndarray; wanted: a Keras model"):
        check_2(np.zeros((8, 784)), many, 0.03)


@pytest.fixture
def answered(many):
    """A model, the squared errors of its pixels, labels, and the right answers about them."""
    model = stack(layers.Dense(4, "relu"), layers.Dense(784, "sigmoid"))
    squares, labels = (many - np.asarray(model(many))) ** 2, np.arange(len(many)) % 10
    by_digit = [squares.mean(axis=1)[labels == digit].mean() for digit in range(10)]
    return model, squares, labels, int(np.argmax(by_digit)), int(np.argmin(by_digit))


def test_an_error_for_each_image(many, answered):
    model, squares, labels, hardest, easiest = answered
    check_3(squares.mean(axis=1), hardest, easiest, many, labels, model)
    for wrong, words in [
        (squares.mean(), "one number, the mean over all images"),
        (squares.mean(axis=0), "one number for each pixel"),
        (squares.sum(axis=1), "sums over the pixels"),
        (np.sqrt(squares.mean(axis=1)), "roots of the errors"),
        (squares.mean(axis=1)[:50], r"has the shape \(50,\)"),
        (np.abs(many).mean(axis=1), "is not the mean squared error"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(wrong, hardest, easiest, many, labels, model)


@pytest.mark.parametrize("wrong", [10, "8", None])
def test_typical_wrong_digits(many, answered, wrong):
    model, squares, labels, hardest, easiest = answered
    error = squares.mean(axis=1)
    with pytest.raises((Wrong, NotAnswered)):
        check_3(error, wrong, easiest, many, labels, model)
    with pytest.raises(Wrong, match="Compare the means of all ten digits, and take the highest"):
        check_3(error, easiest, easiest, many, labels, model)
    with pytest.raises(Wrong, match="and take the lowest"):
        check_3(error, hardest, hardest, many, labels, model)


def test_beating_the_chapter(many, capsys):
    ours = stack(layers.Dense(32, "relu"), layers.Dense(784, "sigmoid"))
    yours = stack(layers.Dense(32, "relu"), layers.Dense(784, "sigmoid"))
    yours.compile("adam", "binary_crossentropy")
    yours.fit(many, many, epochs=3, verbose=0)
    check_4(yours, many, ours)
    assert "Right: 0." in capsys.readouterr().out
    with pytest.raises(Wrong, match="Does your loss still fall"):
        check_4(ours, many, yours)


@pytest.mark.parametrize(
    "parts, words",
    [
        ([layers.Dense(64, "relu"), layers.Dense(784, "sigmoid")], "has 101,200 parameters"),
        ([layers.Dense(32, "relu"), layers.Dense(784)], "lie between 0 and 1"),
        ([layers.Dense(32)], "wanted: as many pixels"),
    ],
)
def test_typical_wrong_ways_to_beat_the_chapter(many, parts, words):
    ours = stack(layers.Dense(32, "relu"), layers.Dense(784, "sigmoid"))
    with pytest.raises(Wrong, match=words):
        check_4(stack(*parts), many, ours)


def test_a_number_typed_by_hand_beats_nothing(many):
    ours = stack(layers.Dense(32, "relu"), layers.Dense(784, "sigmoid"))
    with pytest.raises(Wrong, match="your_model is a float; wanted: a Keras model"):
        check_4(0.01, many, ours)


def test_the_quick_profile_judges_the_architecture_alone(many, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    ours = stack(layers.Dense(32, "relu"), layers.Dense(784, "sigmoid"))
    check_4(ours, many, ours)
    assert "the loss is not judged" in capsys.readouterr().out
