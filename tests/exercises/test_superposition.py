"""The checks of "Superposition"'s exercises: right answers pass, typical wrong ones hear why."""

import numpy as np
import pytest

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.superposition import check_1, check_2, check_3


def make_world(seed, chance=0.03):
    truth = np.random.default_rng(seed).normal(size=(64, 20))
    return truth / np.linalg.norm(truth, axis=1, keepdims=True), None, None


def learned(noise, seed=0, units=128):
    """Directions near the truth, and others; not of length 1."""
    rng = np.random.default_rng(99)
    near = make_world(seed)[0] + rng.normal(0, noise, (64, 20))
    return 3 * np.concatenate([rng.normal(size=(units - 64, 20)), near])


def test_how_many_at_once(capsys):
    check_1(1.92, 0.3125)
    check_1(1.92, 0.31)
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    "at_once, chance, words",
    [
        (0.6, 0.3125, "the features are 64"),
        (3.84, 0.3125, "units of the autoencoder"),
        (192, 0.3125, "3 % is 0.03"),
        (2.5, 0.3125, "the chance of each"),
        (1.92, 31.25, "in percent"),
        (1.92, 3.2, "the wrong way round"),
        (1.92, 0.15625, "units of the autoencoder"),
        (1.92, 0.5, "has to be 20"),
    ],
)
def test_typical_wrong_counts(at_once, chance, words):
    with pytest.raises(Wrong, match=words):
        check_1(at_once, chance)


def test_typical_cosine(capsys):
    truth = make_world(0)[0]
    cosines = truth @ truth.T
    pairs = cosines[~np.eye(64, dtype=bool)]
    right = np.sqrt(np.mean(pairs**2))
    check_2(right, 100, make_world)
    assert "in 20 dimensions" in capsys.readouterr().out
    for typical, units, words in [
        (np.sqrt(np.mean(cosines**2)), 100, "cosine with itself"),
        (np.mean(pairs), 100, "signs cancel"),
        (np.mean(pairs**2), 100, "the root is missing"),
        (np.mean(np.abs(pairs)), 100, "the mean of the sizes"),
        (20**-0.5, 100, "compute it from the directions"),
        (0.5, 100, "all pairs of different"),
        (right, 10, "is 0.32"),
        (right, 1000, "is 0.03"),
        (right, 50, "for n"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(typical, units, make_world)


def test_a_finder_that_fails(capsys):
    poor = learned(0.5)
    check_3({0.1: learned(0.05), 0.3: poor}, poor, False, make_world)
    said = capsys.readouterr().out
    assert "6.4 features at once: 0.9" in said and "random directions:     0.5" in said
    better = learned(0.1, units=256)
    check_3({0.03: learned(0.05).tolist(), 0.3: poor}, better, np.True_, make_world)
    for second_try, saved, words in [
        (poor, True, "is \\+0.000 against the first"),
        (better, False, "saved is False, but"),
        (poor, "no", "wanted: True or False"),
        (poor.T, False, "second_try has a direction in each column"),
        ((None, 1), False, "second_try is still None"),
        ((1, poor, 0.1), False, "second_try is a tuple"),
    ]:
        with pytest.raises((Wrong, NotAnswered), match=words):
            check_3({0.1: learned(0.05), 0.3: poor}, second_try, saved, make_world)


@pytest.mark.parametrize(
    "found, words",
    [
        ([0.98, 0.62], "no dict"),
        ({}, "or empty"),
        ({0.1: 0.85, 0.3: 0.62}, r"found\[0.1\] is one value; wanted: the directions"),
        ({0.1: (learned(0.05), 0.1)}, "returns the directions second"),
        ({0.1: learned(0.05).T}, "a direction in each column"),
        ({0.1: learned(0.05)[:, :5]}, r"wanted: \(n, 20\)"),
        ({0.1: make_world(0)[0]}, "the true directions"),
        ({30: learned(0.05)}, "30 % is 0.3"),
        ({"0.3": learned(0.05)}, "wanted: a number"),
        ({0.1: learned(0.05)}, "lacks a chance"),
        ({0.1: learned(0.05), 0.2: learned(0.05)}, "lacks a chance"),
        ({0.1: learned(0.05, seed=1), 0.3: learned(0.5)}, r"make_world\(seed=0"),
    ],
)
def test_typical_wrong_findings(found, words):
    with pytest.raises(Wrong, match=words):
        check_3(found, learned(0.5), False, make_world)


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [1.92, None], []),
        (check_2, [None, 100], [None]),
        (check_3, [None, None, None], [None]),
        (check_3, [{0.1: None}, 1, True], [None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)


def test_the_quick_profile_says_what_it_does_not_judge(monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3({0.1: np.ones((128, 20))}, np.ones((128, 20)), True, make_world)
    assert "the recovery is not judged" in capsys.readouterr().out
