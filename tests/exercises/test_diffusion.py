"""The checks of "Latent diffusion"'s exercises: right answers pass, typical wrong ones hear why."""

import numpy as np
import pytest

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.diffusion import check_1, check_2, check_3


def test_what_follows_from_v(capsys):
    check_1(0.839, 0.946)
    check_1(0.84, 0.95)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    "clean, noise, words",
    [
        (1.239, 0.946, "s times v is taken away"),
        (0.254, 0.946, "interchanged"),
        (0.946, 0.839, "that is the noise"),
        (0.839, 1.239, "interchanged"),
        (0.839, 0.254, "a times v is added"),
        (0.839, 0.839, "the clean number"),
        (7.0, 0.946, "0.866"),
    ],
)
def test_typical_wrong_mixtures(clean, noise, words):
    with pytest.raises(Wrong, match=words):
        check_1(clean, noise)


def test_fewer_steps(capsys):
    check_2({1: 300.0, 2: 90.0, 5: 12.0, 30: 4.0}, "the mean")
    out = capsys.readouterr().out
    assert "  5 steps:   12.0" in out
    assert "whatever the noise was" in out


@pytest.mark.parametrize(
    "distances, one_step, words",
    [
        ([300.0, 4.0], "the mean", "steps -> Fréchet distance"),
        ({}, "the mean", "steps -> Fréchet distance"),
        ({1: 300.0, 5: 12.0}, "the mean", "1 and 30 among them"),
        ({0: 1.0, 1: 300.0, 30: 4.0}, "the mean", "no number of steps"),
        ({1: 300.0, 30: -4.0}, "the mean", "at least 0"),
        ({1: 300.0, 30: float("nan")}, "the mean", "distances"),
        ({1: 4.1, 30: 4.0}, "the mean", "Did `steps` reach"),
        ({1: 300.0, 30: 4.0}, "blur", '"a digit", "the mean" or "noise"'),
        ({1: 300.0, 30: 4.0}, "a digit", "smallest squared error"),
    ],
)
def test_typical_wrong_steps(distances, one_step, words):
    with pytest.raises(Wrong, match=words):
        check_2(distances, one_step)


@pytest.fixture
def world():
    """Codes whose first number is the style and whose second is the digit, 4 or 9."""
    rng = np.random.default_rng(0)
    started = np.stack([rng.normal(0, 3, 40), np.full(40, 4.0)], axis=1).astype("float32")

    def decoder(z):
        return np.asarray(z)

    def classifier(x):
        return np.eye(10)[np.clip(np.rint(np.asarray(x)[:, 1]).astype(int), 0, 9)]

    return started, classifier, decoder


def test_an_edited_digit(world, capsys):
    started, classifier, decoder = world
    edited = started * [1, 0] + [0.1, 9]
    check_3(edited, started, classifier, decoder)
    assert "100% are taken for a 9" in capsys.readouterr().out


def test_edited_digits_that_are_not(world):
    started, classifier, decoder = world
    with pytest.raises(Wrong, match="that you began with"):
        check_3(started + 1e-7, started, classifier, decoder)
    with pytest.raises(Wrong, match="sees a 9 in 0% of"):
        check_3(started + 0.1, started, classifier, decoder)
    fresh = np.stack([np.random.default_rng(1).normal(0, 3, 40), np.full(40, 9.0)], axis=1)
    with pytest.raises(Wrong, match="nothing is left"):
        check_3(fresh, started, classifier, decoder)
    with pytest.raises(Wrong, match="shape"):
        check_3(started[:3], started, classifier, decoder)


def test_without_an_answer():
    for check, answers in [
        (check_1, (None, None)),
        (check_2, (None, None)),
        (check_3, (None, np.zeros((2, 2)), None, None)),
    ]:
        with pytest.raises(NotAnswered):
            check(*answers)
