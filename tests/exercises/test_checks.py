"""What all checks of exercises share: they name what came, what was wanted and what to do."""

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from helpers import exercises
from helpers.exercises import NotAnswered, Wrong


@pytest.mark.parametrize(
    "answers, words",
    [
        ({"floor": None, "squeezed": 3}, "floor is still None"),
        ({"a": None, "b": None, "c": None}, "a, b and c are still None"),
        ({"pair": (None, 2)}, "pair is still None"),
        ({"found": {"x": None}}, "found is still None"),
    ],
)
def test_an_open_answer_is_named(answers, words):
    with pytest.raises(NotAnswered, match=words):
        exercises.check_answered(**answers)


def test_arrays_and_zeros_are_answers():
    exercises.check_answered(a=np.zeros(3), b=0, c=False, d=[0])


@pytest.mark.parametrize("actual", [12560, 12560.0, np.int64(12560), np.float32(12560), 12561])
def test_a_number_may_be_of_any_kind_and_rounded(actual):
    exercises.check_number("n", actual, 12560)


@pytest.mark.parametrize(
    "actual, words",
    [
        ("12560", "n is '12560', a str; wanted: a number"),
        (True, "n is True, a bool; wanted: a number"),
        ([1, 2], "n is .1, 2., a list; wanted: a number"),
        (float("nan"), "n is nan; wanted: a finite number"),
        (7, "n is 7: seven is lucky"),
        (8, "n is 8, which is not it. Think again."),
    ],
)
def test_what_is_wrong_with_a_number(actual, words):
    with pytest.raises(Wrong, match=words):
        exercises.check_number("n", actual, 12560, {7: "seven is lucky"}, hint="Think again.")


def test_around_zero_the_tolerance_is_absolute():
    exercises.check_number("floor", 1e-5, 0)
    with pytest.raises(Wrong):
        exercises.check_number("floor", 0.1, 0)


@pytest.mark.parametrize("actual", [0, 6e-8, 3e-7])
@pytest.mark.parametrize("expected", [0, 6e-8])
def test_a_difference_that_is_zero_but_for_rounding_is_zero(actual, expected):
    exercises.check_number("difference", actual, expected, scale=1)
    with pytest.raises(Wrong):
        exercises.check_number("difference", 0.29, expected, scale=1)


def test_a_small_number_is_not_zero():
    for scale in (0, 1e-3):
        with pytest.raises(Wrong):
            exercises.check_number("error", 0, 6e-8, scale=scale)


def test_what_differs_by_rounding_alone_is_the_same_and_neither_is_lower():
    rng = np.random.default_rng(0)
    x, w = rng.random((100, 784), "float32"), rng.normal(size=784).astype("float32")
    a, b = x @ w, x[:, ::-1] @ w[::-1]  # the same sum, from its other end
    assert (a != b).any() and exercises.equal_but_for_rounding(a, b)
    assert not exercises.equal_but_for_rounding(a, a + 1e-3 * np.abs(a).max())
    assert not exercises.clearly_lower(0.0937, 0.0937 * (1 + 1e-7))
    assert exercises.clearly_lower(0.0936, 0.0937) and not exercises.clearly_lower(0.0938, 0.0937)


def test_a_sigmoid_may_round_beyond_its_ends():
    y = np.array([0, 1 + 1e-7])
    assert (
        exercises.are_pixels(y)
        and not exercises.are_pixels(y + 0.01)
        and not exercises.are_pixels(-y)
    )


@pytest.mark.parametrize(
    "actual, words",
    [
        (np.zeros((2, 3)), r"a has the shape \(2, 3\); wanted: \(n, 4\)"),
        ("text", "a is a str; wanted: an array of numbers"),
        ([[1, 2, 3, np.inf]], "a holds 1 values that are not finite"),
    ],
)
def test_what_is_wrong_with_an_array(actual, words):
    with pytest.raises(Wrong, match=words):
        exercises.check_array("a", actual, (None, 4))


@pytest.mark.parametrize(
    "actual, words",
    [
        ((4, 4, 7), r"shape is \(4, 4, 7\), which is not it"),
        ((4, 4), "wanted: 3 numbers"),
        ("four", "wanted: 3 numbers"),
    ],
)
def test_what_is_wrong_with_numbers(actual, words):
    exercises.check_numbers("shape", [4, 4, 8], (4, 4, 8))
    with pytest.raises(Wrong, match=words):
        exercises.check_numbers("shape", actual, (4, 4, 8))


def test_a_notebook_shows_the_sentence_alone(capsys):
    shell = InteractiveShell.instance()
    shell.run_cell("from helpers.exercises import check_answered\ncheck_answered(floor=None)")
    shown = capsys.readouterr()
    assert "NotAnswered: floor is still None." in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err


def test_the_quick_profile_announces_what_it_does_not_judge(monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    assert not exercises.judged_in_full("the error")
    assert capsys.readouterr().out == "Quick profile: the error is not judged.\n"
    monkeypatch.setenv("BOOK_PROFILE", "full")
    assert exercises.judged_in_full("the error")
