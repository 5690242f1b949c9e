"""The checks of "Inventing"'s exercises: right answers pass, typical wrong ones hear why."""

import numpy as np
import pytest

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.inventing import check_1, check_2, check_3

MASK = [[0, 1, 1], [0, 0, 1], [0, 1, 1], [0, 0, 1]]


def test_a_mask(capsys):
    check_1(MASK)
    check_1(np.array(MASK, bool))
    assert "z3 on both" in capsys.readouterr().out


@pytest.mark.parametrize(
    "mask, words",
    [
        ([[1, 1, 1], [0, 1, 1], [1, 1, 1], [0, 1, 1]], "could copy"),
        ([[0, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0]], "comes after"),
        ([[1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 1, 0]], "comes after"),
        (
            [[0, 1, 1], [0, 1, 1], [0, 1, 1], [0, 0, 1]],
            r"mask\[1, 1\] is 1: the unit sees the first 2",
        ),
        (np.zeros((4, 3)), r"mask\[0, 1\] is 0"),
        (np.full((4, 3), 0.5), "other values than 0 and 1"),
        (np.transpose(MASK), "shape"),
    ],
)
def test_typical_wrong_masks(mask, words):
    with pytest.raises(Wrong, match=words):
        check_1(mask)


def test_the_size_of_a_mixture(capsys):
    check_2({1: -28.0, 20: -24.5, 50: -23.9, 100: -23.8}, 100)
    assert "parts: 100" in capsys.readouterr().out


@pytest.mark.parametrize(
    "densities, chosen, words",
    [
        ({1: -28.0, 50: -23.9}, 50, "at least three sizes"),
        ({1: -28.0, 20: -24.5, 50: -23.9}, 100, "one of"),
        ({1: -28.0, 20: -24.5, 50: -23.9}, 1, "chosen is 1"),
        ({1: -28.0, 20: -24.5, 50: -23.9}, 20, "50 has -23.90"),
        ({1: -24.2, 20: -24.5, 50: -23.9}, 50, "within 1 nat"),
        ({1: -28.0, 20: float("inf"), 50: -23.9}, 50, "log_densities"),
    ],
)
def test_typical_wrong_sizes(densities, chosen, words):
    with pytest.raises(Wrong, match=words):
        check_2(densities, chosen)


def judged(frechet, precision, recall):
    return {"frechet": frechet, "precision": precision, "recall": recall}


def test_nearer_to_the_middle(capsys):
    check_3({1: judged(30.0, 0.7, 0.5), 0.5: judged(90.0, 0.95, 0.05)})
    out = capsys.readouterr().out
    assert "   1: Fréchet   30.0, precision 0.70, recall 0.50" in out
    assert "typical digits are few" in out


@pytest.mark.parametrize(
    "by_factor, words",
    [
        ([30.0, 90.0], "a dict with 1 and 0.5"),
        ({1: judged(30.0, 0.7, 0.5)}, "a dict with 1 and 0.5"),
        ({1: 30.0, 0.5: 90.0}, "what judge"),
        ({1: judged(30.0, 0.7, 0.5), 0.5: judged(float("nan"), 0.9, 0.1)}, "frechet"),
        ({1: judged(30.0, 0.7, 0.5), 0.5: judged(30.0, 0.7, 0.5)}, "the same three numbers"),
        ({1: judged(90.0, 0.9, 0.1), 0.5: judged(30.0, 0.7, 0.5)}, "should rise"),
    ],
)
def test_typical_wrong_factors(by_factor, words):
    with pytest.raises(Wrong, match=words):
        check_3(by_factor)


@pytest.mark.parametrize("check, answers", [(check_1, 1), (check_2, 2), (check_3, 1)])
def test_without_an_answer(check, answers):
    with pytest.raises(NotAnswered):
        check(*[None] * answers)
