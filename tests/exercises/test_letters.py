"""The checks of "Codes of letters"'s exercises: right answers pass, typical wrong ones hear why."""

import math

import numpy as np
import pytest
from keras import ops

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.letters import check_1, check_2, check_3, check_4

NATS = 16 * math.log(64)
SAVED = 96 - 42 / math.log(2)


def test_the_price_of_letters(capsys):
    check_1(96, NATS, SAVED)
    check_1(96, 66.5, 35.4)
    assert "35 bits" in capsys.readouterr().out


@pytest.mark.parametrize(
    "bits, nats, saved, words",
    [
        (6, NATS, SAVED, "an image has 16"),
        (1024, NATS, SAVED, "the logarithm of 64"),
        (NATS, NATS, SAVED, "base 2"),
        (90, NATS, SAVED, "six bits"),
        (96, 4.16, SAVED, "an image has 16"),
        (96, 96 / math.log(2), SAVED, "the wrong way round"),
        (96, 60, SAVED, "0.69"),
        (96, NATS, NATS - 42, "wanted: bits"),
        (96, NATS, (NATS - 42) * math.log(2), "divide nats"),
        (96, NATS, 54, "one unit"),
        (96, NATS, 42 / math.log(2), "what it saves"),
        (96, NATS, 1, "without a speller"),
    ],
)
def test_typical_wrong_prices(bits, nats, saved, words):
    with pytest.raises(Wrong, match=words):
        check_1(bits, nats, saved)


BY_HAND = [-1, -1 / 3, 1 / 3, 1]


def finite(z, levels):
    u = ops.tanh(z)
    rounded = ops.round((u + 1) / 2 * (levels - 1)) * 2 / (levels - 1) - 1
    return u + ops.stop_gradient(rounded - u)


def test_rounding_with_a_gradient(capsys):
    check_2(BY_HAND, finite)
    assert "Right" in capsys.readouterr().out


def without_gradient(z, levels):
    return ops.round((ops.tanh(z) + 1) / 2 * (levels - 1)) * 2 / (levels - 1) - 1


def past_tanh(z, levels):
    return z + ops.stop_gradient(without_gradient(z, levels) - z)


def twice(z, levels):
    u = 2 * ops.tanh(z)
    return u + ops.stop_gradient(without_gradient(z, levels) - u)


@pytest.mark.parametrize(
    "by_hand, function, words",
    [
        ([-1, 0, 0, 1], finite, "take tanh of z first"),
        (BY_HAND, None, "finite is still None"),
        (BY_HAND, 3, "no function"),
        (BY_HAND, lambda z, levels: ops.tanh(z), "does not round"),
        (BY_HAND, lambda z, levels: finite(z, levels + 1), "more than 4 values"),
        (BY_HAND, lambda z, levels: -finite(z, levels), "other values"),
        (BY_HAND, without_gradient, "passes no gradient"),
        (BY_HAND, past_tanh, "only rounding is skipped"),
        (BY_HAND, twice, "not that of tanh"),
    ],
)
def test_typical_wrong_rounding(by_hand, function, words):
    with pytest.raises((Wrong, NotAnswered), match=words):
        check_2(by_hand, function)


def revive(book, letters, z):
    dead = np.setdiff1d(np.arange(len(book)), letters)
    outputs = np.reshape(z, (-1, book.shape[1]))
    new = book.copy()
    new[dead] = outputs[np.random.default_rng(0).choice(len(outputs), len(dead), replace=False)]
    return new


def in_place(book, letters, z):
    book[:] = revive(book, letters, z)
    return book


def all_of_them(book, letters, z):
    return np.reshape(z, (-1, book.shape[1]))[: len(book)]


def onto_one(book, letters, z):
    return np.where(np.isin(np.arange(len(book)), letters)[:, None], book, z[0, 0])


def onto_noise(book, letters, z):
    return np.where(np.isin(np.arange(len(book)), letters)[:, None], book, book + 0.5)


def always_one(book, letters, z):
    new = revive(book, letters, z)
    if len(np.unique(letters)) == len(book):
        new[0] = z[0, 0]
    return new


def test_revival(capsys):
    check_3(revive)
    assert "7 dead vectors" in capsys.readouterr().out


@pytest.mark.parametrize(
    "function, words",
    [
        (None, "still None"),
        (1, "no function"),
        (in_place, "change a copy"),
        (all_of_them, "in use"),
        (lambda book, letters, z: book.copy(), "where they were"),
        (onto_noise, "no output of the encoder"),
        (onto_one, "the same output"),
        (always_one, "change nothing"),
        (lambda book, letters, z: book[:3], "has the shape"),
    ],
)
def test_typical_wrong_revivals(function, words):
    with pytest.raises((Wrong, NotAnswered), match=words):
        check_3(function)


LETTERS = np.arange(160).reshape(10, 16) % 16  # 44.4 nats if all are equally likely


def test_orders(capsys):
    check_4({"forwards": 30.1, "backwards": 30.3, "mixed": 30.2}, False, LETTERS)
    check_4({"forwards": 30.1, "backwards": 32.3, "mixed": 30.2}, np.True_, LETTERS)
    assert "0.20 nats apart" in capsys.readouterr().out


@pytest.mark.parametrize(
    "costs, matters, words",
    [
        (None, True, "still None"),
        ({"forwards": 30, "backwards": 30}, True, "three orders"),
        ({"forwards": 30, "b": 30, "c": 30}, True, "lacks 'backwards'"),
        ({"forwards": 30, "backwards": "30", "c": 30}, True, "wanted: a number"),
        ({"forwards": 30, "backwards": -30, "c": 30}, True, "not above 0"),
        ({"forwards": 30, "backwards": 30, "c": 30}, "no", "True or False"),
        ({"forwards": 1.9, "backwards": 30, "c": 30}, False, "of one letter"),
        ({"forwards": 30, "backwards": 50, "c": 30}, False, "equally likely"),
        ({"forwards": 30, "backwards": 32, "c": 30}, False, "2.00 nats apart"),
        ({"forwards": 30, "backwards": 30.1, "c": 30}, True, "0.10 nats apart"),
    ],
)
def test_typical_wrong_orders(costs, matters, words):
    with pytest.raises((Wrong, NotAnswered), match=words):
        check_4(costs, matters, LETTERS)
