"""The checks of "The scoreboard"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.scoreboard import check_1, check_2, check_3, check_4

RIGHT = [0.01, 72 / 784, 0.01, 20.0]


def test_the_same_scale():
    check_1(*RIGHT)
    check_1(np.float32(0.01), 0.0918, 0.01, 20)
    check_1(0.01, 0.092, 0.01, 20)  # as one reads them


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, 7.84, "that is the sum over an image"),
        (0, 0.28, "a row has 28 pixels"),
        (0, 0.1, "the root of it"),
        (1, 72, "that is the sum over an image"),
        (1, 0.13249, "in bits"),
        (2, 2.55, "and its square"),
        (2, 0.82940, "a mean already"),
        (2, 650.25, "in units of gray"),
        (3, -20, "turn the fraction"),
        (3, 2, "a decibel is a tenth"),
        (3, 46.0517, "natural logarithm"),
        (3, 30, "not it. 10 log10"),
        (0, "0.01", "wanted: a number"),
    ],
)
def test_typical_wrong_scales(place, answer, words):
    answers = list(RIGHT)
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


def front(error, price):
    def beats(m, n):
        as_good = error[m] <= error[n] and price[m] <= price[n]
        return as_good and (error[m] < error[n] or price[m] < price[n])

    return [n for n in error if not any(beats(m, n) for m in error)]


def test_the_front():
    check_2(front)
    check_2(lambda error, price: set(front(error, price)))


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda e, p: list(e), "another is as good in one and better in the other"),
        (lambda e, p: [min(e, key=e.get)], "front leaves out"),
        (
            lambda e, p: [n for n in e if not any(e[m] < e[n] and p[m] < p[n] for m in e)],
            "two with the same error, front names",
        ),
        (
            lambda e, p: [n for n in e if not any(e[m] <= e[n] and p[m] <= p[n] for m in e)],
            "front leaves out",  # each network is as good as itself
        ),
        (lambda e, p: "a", "wanted: a list of names"),
        (lambda e, p: front(e, p) * 2, "names a network twice"),
        (lambda e, p: e["x"], "front fails for all three: KeyError"),
        (["a"], "wanted: a function"),
    ],
)
def test_typical_wrong_fronts(answer, words):
    with pytest.raises(Wrong, match=words):
        check_2(answer)


def wrong(a, b):
    if a.mean() > b.mean():
        a, b = b, a
    a = a[:, np.newaxis]
    return float(np.mean(a > b) + np.mean(a == b) / 2)


def test_one_seed_each():
    check_3(wrong)
    check_3(lambda a, b: np.float64(wrong(a, b)))


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda a, b: np.mean(a[:, None] > b), "the second network is the better one"),
        (lambda a, b: 1 - wrong(a, b), "how often the better one is crowned"),
        (lambda a, b: 100 * wrong(a, b), "wanted: a share"),
        (
            lambda a, b: np.mean(min(a, b, key=np.mean)[:, None] > max(a, b, key=np.mean)),
            "two seeds that are level",
        ),
        (0.5, "wanted: a function of two arrays"),
    ],
)
def test_typical_wrong_shares(answer, words):
    with pytest.raises(Wrong, match=words):
        check_3(answer)


def network(*sizes, activation="sigmoid"):
    keras.utils.set_random_seed(0)
    hidden = [layers.Dense(units, "relu", bias_initializer="ones") for units in sizes]
    return keras.Sequential([keras.Input((784,)), *hidden, layers.Dense(784, activation)])


def test_a_row_of_ones_own(x, capsys):
    check_4(network(40, 32, 40), x.reshape(-1, 28, 28), to_beat=1.0)
    assert "with 32 numbers; the row to beat has 1.0000" in capsys.readouterr().out
    nested = keras.Sequential([keras.Input((784,)), network(8), network(50)])
    check_4(nested, x.reshape(-1, 28, 28), to_beat=1.0)


@pytest.mark.parametrize(
    "answer, words",
    [
        (network(33), "the narrowest layer of my_network has 33 units"),
        (network(32), "its test error is 0[.]"),
        (network(32, activation=None), "no images of 784 pixels between 0 and 1"),
        ("network", "wanted: a Keras model"),
    ],
)
def test_rows_that_do_not_count(x, answer, words):
    with pytest.raises(Wrong, match=words):
        check_4(answer, x.reshape(-1, 28, 28), to_beat=0.0919)


def test_the_quick_profile_does_not_judge_the_error(x, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_4(network(32), x.reshape(-1, 28, 28), to_beat=0.0919)
    assert "Quick profile" in capsys.readouterr().out


@pytest.mark.parametrize(
    "check, answers",
    [(check_1, (None,) * 4), (check_2, (None,)), (check_3, (None,)), (check_4, (None, None, None))],
)
def test_open_answers_are_told_so(check, answers):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers)
