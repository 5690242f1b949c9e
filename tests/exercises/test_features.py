"""The checks of "Features of a network"'s exercises: right answers pass, wrong ones hear why."""

import keras
import numpy as np
import pytest

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.features import check_1, check_2, check_3


def test_sizes_by_hand(capsys):
    check_1(8 / 512, 78, 0.95)
    assert "many for far fewer" in capsys.readouterr().out
    for answers, words in [
        ((8 / 128, 78, 0.95), "counts the neurons"),
        ((64, 78, 0.95), "the wrong way round"),
        ((8, 78, 0.95), "the share of images of one unit"),
        ((0.5, 78, 0.95), "Eight of 512"),
        ((8 / 512, 9.77, 0.95), "eight units are active, not one"),
        ((8 / 512, 312.5, 0.95), "counts the neurons"),
        ((8 / 512, 1, 0.95), "times the mean rate"),
        ((8 / 512, 78, 0.05), "the share that is lost"),
        ((8 / 512, 78, 1 - 0.2 / 2.1), "begins at the original's loss"),
        ((8 / 512, 78, 0.5), "when all activations are the mean"),
        ((8 / 512, 78, 0.7), r"\(0.2 - 0.1\) over \(2.1 - 0.1\)"),
        (("few", 78, 0.95), "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_1(*answers)


def by_digit(a, amounts, direction, y, answer, sign=-1, divide=None, before=True, turned=1):
    left = answer(a + sign * amounts[:, None] * direction).argmax(axis=1) == y
    change = (answer(a).argmax(axis=1) == y).astype(float) - left if before else left
    counts = np.bincount(y, change, minlength=10)
    return turned * counts / (np.bincount(y, minlength=10) if divide is None else divide)


def test_the_network_itself(capsys):
    check_2(by_digit)
    assert "minus the accuracy without the unit" in capsys.readouterr().out
    for wrong, words in [
        (lambda *given: by_digit(*given, before=False), "the accuracy which is left"),
        (lambda *given: by_digit(*given, turned=-1), "signs are turned round"),
        (lambda *given: by_digit(*given, sign=1), "is added; take it away"),
        (lambda *given: by_digit(*given, divide=1), "those are counts"),
        (lambda *given: by_digit(*given, divide=len(given[3])), "divides by all images"),
        (lambda *given: by_digit(*given, turned=100), "those are points"),
        (lambda *given: np.full(10, 0.5), "Take amount times direction away"),
        (lambda *given: by_digit(*given).sum(), "has the shape"),
        (lambda a: a, "your function fails"),
        (0.5, "that is a float; wanted: your function"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(wrong)


class Toy(keras.Model):
    """Twelve units that are the ten scores, each its own direction, and two that do nothing."""

    def __init__(self):
        super().__init__()
        self.decoder = keras.layers.Dense(10, use_bias=False)
        self.decoder.build((None, 12))
        self.decoder.set_weights([np.eye(12, 10)])

    def code(self, a):
        return keras.ops.pad(keras.ops.relu(a), [[0, 0], [0, 2]])


@pytest.fixture
def world():
    rng = np.random.default_rng(1)
    y = rng.integers(10, size=400)
    a = 2.0 * np.eye(10)[y] + rng.uniform(0, 0.5, (400, 10))
    a[:3, 4], y[:3] = 6.0, 4  # some fours are very much so
    return Toy(), a.astype("float32"), y, lambda a: np.asarray(a)


def test_nines_become_fours(world, capsys):
    check_3(4, 5.0, *world)
    check_3(np.int64(4), 6, *world)
    assert "100% of the nines become fours" in capsys.readouterr().out
    for unit, amount, words in [
        (4, 7.0, "has at most 6.00"),
        (4, -1.0, "Wanted: 0 to that"),
        (4, "much", "wanted: an array of numbers|amount"),
        (4, 1.0, "0% of the nines become fours; the most frequent answer is 9"),
        (3, 2.0, "vote for the 4"),
        (12, 1.0, "from 0 to 11"),
        (-1, 1.0, "from 0 to 11"),
        (4.0, 5.0, "the number of a unit"),
        (True, 5.0, "the number of a unit"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(unit, amount, *world)


@pytest.mark.parametrize(
    "check, answers",
    [
        (check_1, [None, 78, 0.95]),
        (check_2, [None]),
        (check_3, [None, 1.0, None, None, None, None]),
    ],
)
def test_open_stubs(check, answers):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers)


def test_the_quick_profile_says_what_it_does_not_judge(world, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(4, 1.0, *world)
    assert "the number of fours is not judged" in capsys.readouterr().out
