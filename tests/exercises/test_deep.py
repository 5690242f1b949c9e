"""The checks of "Deep autoencoders"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.decomposition import PCA

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.deep import check_1, check_2, check_3


def test_counts():
    check_1(51280, 52048)
    check_1(51280.0, np.int64(52048))


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, 51200, "these are the weights"),
        (0, 50240, "that is the first layer"),
        (0, 12560, "straight from 784 to 16"),
        (0, 103328, "the whole autoencoder"),
        (0, 51264, "not it. Count each layer"),  # one bias too few for each code unit
        (1, 51280, "the weights are as many as the encoder's, the biases are not"),
        (1, 51200, "these are the weights"),
        (1, 51984, "units between have biases too"),
        (1, "52048", "wanted: a number"),
    ],
)
def test_typical_wrong_counts(place, answer, words):
    answers = [51280, 52048]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


@pytest.fixture(scope="module")
def linear_encoder():
    keras.utils.set_random_seed(0)
    sizes = [128, 64, 32]
    dense = [layers.Dense(units, bias_initializer="ones") for units in sizes]
    return keras.Sequential([keras.Input((784,)), *dense])


def test_one_matrix(linear_encoder, many):
    w1, b1, w2, b2, w3, b3 = linear_encoder.get_weights()
    matrix, bias = w1 @ w2 @ w3, (b1 @ w2 + b2) @ w3 + b3
    check_2(matrix, bias, linear_encoder, many)
    # Found by asking the encoder, as lists.
    zero = np.asarray(linear_encoder(np.zeros((1, 784))))
    asked = np.asarray(linear_encoder(np.eye(784))) - zero
    check_2(asked.tolist(), zero[0].tolist(), linear_encoder, many)

    border = matrix.copy()
    border[many.max(axis=0) == 0] = 0  # where no digit has ink
    for answers, words in [
        ((matrix.T, bias), "one_matrix is turned"),
        ((w1, bias), r"shape \(784, 128\); wanted: \(784, 32\)"),
        ((matrix, bias[None]), r"shape \(1, 32\); wanted: \(32,\)"),
        ((2 * matrix, bias), "Multiply their three matrices"),
        ((border, bias), "not for other images, such as noise"),
        ((matrix, 0 * bias), "one_bias is 0"),
        ((matrix, b3), "the last layer's alone"),
        ((matrix, 3 * b3), "adds the three biases up"),
        ((matrix, b2 @ w3 + b3), "What does the encoder answer to 784 zeros"),
        ((matrix, np.nan * bias), "not finite"),
        (("w1 @ w2", bias), "one_matrix is a str"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(*answers, linear_encoder, many)


def through(x, noise=None, k=20, last="sigmoid"):
    """784-k-784, without training: PCA, which draws digits, or with k = 0 the mean image."""
    pca = PCA(max(k, 1)).fit(x)
    encoder, decoder = layers.Dense(20), layers.Dense(784, last)
    model = keras.Sequential([keras.Input((784,)), *([noise] if noise else []), encoder, decoder])
    down, up = pca.components_.T, pca.components_
    if last == "sigmoid":  # around 0.5 it is nearly a line of slope 1/4
        bias, up = 4 * (pca.mean_ - 0.5), 4 * up
    else:
        bias = pca.mean_
    rows = down.shape[1] if k else 0
    kernels = np.zeros((784, 20)), np.zeros((20, 784))
    kernels[0][:, :rows], kernels[1][:rows] = down[:, :rows], up[:rows]
    model.set_weights([kernels[0], -pca.mean_ @ kernels[0], kernels[1], bias])
    return model


@pytest.fixture(scope="module")
def confetti(many):
    return np.random.default_rng(42).permuted(many, axis=0)


def test_a_cure(many, confetti, capsys):
    model = through(many)
    error = float(np.mean((confetti - np.asarray(model(confetti))) ** 2))
    check_3(model, many, confetti, {8: 1.0, 20: error / 1.15})
    check_3(through(many, layers.GaussianNoise(1.0)), many, confetti, {20: error / 1.15})
    assert f"Right: {error:.4f} on confetti" in capsys.readouterr().out
    with pytest.raises(Wrong, match="it still copies. Is there noise"):
        check_3(model, many, confetti, {20: error})


class AlwaysNoise(layers.Layer):
    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x))


def test_typical_wrong_cures(many, confetti):
    fresh = keras.Sequential([keras.Input((784,)), layers.Dense(20), layers.Dense(784, "sigmoid")])
    for model, words in [
        (through(many, AlwaysNoise()), "two answers to the same image"),
        (through(many, last=None), "wanted: from 0 to 1"),
        (through(many, k=0), "has not learned what digits"),  # always the mean image
        (fresh, "has not learned what digits"),
        (keras.Sequential([keras.Input((784,)), layers.Dense(20)]), "wanted: as many pixels"),
        (0.07, "cured is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(model, many, confetti, {20: 0.01})
    with pytest.raises(Wrong, match="784-32-784 has 50,992"):
        check_3(through(many), many, confetti, {32: 0.01})


def test_the_quick_profile_judges_no_cure(many, confetti, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(through(many), many, confetti, {20: 1.0})
    assert "the error is not judged" in capsys.readouterr().out


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [1, None], []),
        (check_2, [None, None], [None, None]),
        (check_3, [None], [None, None, None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
