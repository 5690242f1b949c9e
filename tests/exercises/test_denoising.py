"""The checks of "Denoising autoencoders"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.special import softmax
from sklearn.decomposition import PCA

from helpers import data
from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.denoising import check_1, check_2, check_3, check_4


def test_decibels():
    check_1(20, 6.02, 6.0206, 9.38)
    check_1(20.0, 6, np.float32(6), 9.38)


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, -20, "the sign is turned"),
        (0, 2, "a bel has ten"),
        (0, 40, "the factor is 10, not 20"),
        (0, 46.05, "the natural logarithm"),
        (0, 10, "is the MSE already"),
        (0, 66.4, "Put 0.01 into the formula"),  # log2
        (0, "20 dB", "wanted: a number"),
        (1, 3.01, "half the squared error"),
        (1, -3.01, "less error is more decibels"),
        (1, -6, "less error is more"),
        (1, 12.04, "the factor is 10, not 20"),
        (1, 26, "that is the sum"),
        (1, 13.86, "the natural logarithm"),
        (2, 3.01, "the squared error is 0.25"),
        (2, -6.02, "the sign is turned"),
        (2, 12.04, "the factor is 10"),
        (2, 13.9, "the natural logarithm"),
        (2, 9.4, "which were clipped"),
        (2, float("nan"), "a finite number"),
        (2, [6.02, 6.02], "wanted: a number"),
    ],
)
def test_typical_wrong_decibels(place, answer, words):
    answers = [20, 6.02, 6.02]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers, 9.38)


@pytest.fixture(scope="module")
def digits():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        return data.digits()


@pytest.fixture(scope="module")
def noisy(digits):
    """The test digits with the chapter's noise."""
    return data.add_noise(digits.x_test, 0.5, seed=2)


def dense(images=None, k=20, units=20, last="sigmoid"):
    """784-20-784 for images, without training: PCA draws them; with k = 0 the mean image."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(units),
            layers.Dense(784, last),
            layers.Reshape((28, 28, 1)),
        ]
    )
    if images is not None:
        pca = PCA(20).fit(data.flat(images))
        down, up = np.zeros((784, units)), np.zeros((units, 784))
        down[:, :k], up[:k] = pca.components_[:k].T, 4 * pca.components_[:k]
        # Around 0.5 a sigmoid is nearly a line of slope 1/4.
        model.set_weights([down, -pca.mean_ @ down, up, 4 * (pca.mean_ - 0.5)])
    return model


def cover(x):
    x = x.copy()
    x[:, 10:18, 10:18] = 0.5
    return x


class AlwaysNoise(layers.Layer):
    def call(self, x):
        return keras.ops.clip(x + keras.random.normal(keras.ops.shape(x)), 0, 1)


def test_blocks(digits, noisy, monkeypatch, capsys):
    x = digits.x_test[:60]
    worse, better = dense(x, k=0), dense(x)
    check_2(better, worse, noisy[:60], x)
    wrapped = keras.Sequential([layers.GaussianNoise(0.5), better])
    check_2(wrapped, worse, noisy[:60], x)
    assert capsys.readouterr().out.count("Right: ") == 2
    with pytest.raises(Wrong, match="Is the damage of its training a `CoverBlock"):
        check_2(better, dense(x), cover(x), x)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_2(dense(), better, cover(x), x)
    assert "the error is not judged" in capsys.readouterr().out


def test_typical_wrong_block_models(digits):
    x, before = digits.x_test[:60], dense()
    for answer, words in [
        (before, "is `dense` itself"),
        (dense(units=19), "parameters, `dense` has"),
        (keras.Sequential([AlwaysNoise(), dense()]), "two answers to the same image"),
        (dense(x, last=None), "the last activation a sigmoid"),
        (layers.Flatten(), r"makes \(784,\) of \(28, 28, 1\)"),
        (20.6, "block_model is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(answer, before, cover(x), x)


@pytest.fixture(scope="module")
def known(digits):
    return data.flat(digits.x_train[:300]).astype("float64")


def posterior_mean(y, sigma, known):
    return softmax(-((y[:, None] - known) ** 2).sum(axis=2) / (2 * sigma**2), axis=1) @ known


def walk(y, known, strengths, move=lambda s, t: 1 - t / s, at=lambda s, t: s):
    for s, t in zip(strengths[:-1], strengths[1:], strict=True):
        y = y + move(s, t) * (posterior_mean(y, at(s, t), known) - y)
    return y


def test_from_noise_to_a_digit(known, capsys):
    strengths = np.geomspace(10, 0.05, 40)
    start = np.random.default_rng(0).normal(0, 10, (10, 784))
    y = walk(start, known, strengths)
    nearest = ((y[:, None] - known) ** 2).sum(axis=2).argmin(axis=1)
    check_3(y, nearest, False, start, known)
    check_3(y.astype("float32"), list(nearest), np.bool_(False), start, known)
    assert capsys.readouterr().out.count("all of them known") == 2

    furthest = ((y[:, None] - known) ** 2).sum(axis=2).argmax(axis=1)
    away = walk(start, known, strengths, lambda s, t: -(1 - t / s))
    late = walk(start, known, strengths, at=lambda s, t: t)
    always = walk(start, known, strengths, at=lambda s, t: 0.05)
    for answers, words in [
        ((start, nearest, False), "the noise of the start"),
        ((away, nearest, False), "lead away from the posterior mean"),
        ((posterior_mean(start, 50.0, known), nearest, False), "one image ten times"),
        ((walk(start, known, strengths[:20]), nearest, False), "10 of 10 images in arrived"),
        ((known[nearest], nearest, False), "no noise left"),
        ((late, nearest, False), "at the strength s that the images have before the step"),
        ((always, nearest, False), "at the strength s that the images have before the step"),
        ((y, furthest, False), "the least similar"),
        ((y, nearest + 1, False), "right for 0 of 10"),
        ((y, nearest[:1], False), r"shape \(1,\); wanted: \(10,\)"),
        ((y, nearest, "known"), "wanted: True or False"),
        ((y, nearest, True), "are_new is True, but no image"),
        ((y[:3], nearest, False), r"wanted: \(10, 784\)"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(*answers, start, known)


def test_a_better_network(digits, noisy, monkeypatch, capsys):
    x, noisy = digits.x_test[:60], noisy[:60]
    better, worse = dense(x), dense(x, k=0)
    check_4(better, worse, x, noisy)
    assert "Right: " in capsys.readouterr().out
    for answer, words in [
        (worse, "the chapter's own"),
        (dense(x, k=0), "Where does it spend its time"),
        (dense(x, last=None), "the last activation a sigmoid"),
        (layers.MaxPooling2D(2), r"makes \(14, 14, 1\)"),
        (20.07, "your_model is a float"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(answer, worse, x, noisy)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_4(dense(), better, x, noisy)
    assert "the error is not judged" in capsys.readouterr().out


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [20, None, 6], [9.4]),
        (check_2, [None], [None, None, None]),
        (check_3, [None, None, None], [None, None]),
        (check_4, [None], [None, None, None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
