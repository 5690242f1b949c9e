"""Checks for the exercises: each says in words what is wrong, or that all is right.

One module a chapter (`helpers.exercises.simple` for simple), one function an exercise
(`check_1`, `check_2`, ...). A check judges what an answer does, not how it is written. It
returns nothing: it prints why the answer is right, or raises `NotAnswered` or `Wrong`.
"""

import math
from numbers import Real

import numpy as np

from helpers import profile
from helpers.measures import predict_in_batches
from helpers.words import say

__all__ = [
    "NotAnswered",
    "Wrong",
    "apply_model",
    "are_pixels",
    "check_answered",
    "check_array",
    "check_number",
    "check_numbers",
    "clearly_lower",
    "equal_but_for_rounding",
    "judged_in_full",
]

# What counts as rounding, as a share of the numbers that were computed with: 64 times float32's
# last place. A sum of n numbers, taken in another order as on another processor, is off by about
# the root of n last places, and networks here add up to some thousand.
ROUNDING = 64 * float(np.finfo(np.float32).eps)


class _InWords(Exception):
    """An exception of which a notebook shows the words alone."""

    def _render_traceback_(self):
        # IPython asks for this; the way through the check would bury the sentence.
        return [f"{type(self).__name__}: {self}"]


class NotAnswered(_InWords):
    """The cell of the exercise is still as it was."""


class Wrong(_InWords, AssertionError):
    """The answer is not right; the message says what is wrong with it."""


def check_answered(**answers):
    """Raise `NotAnswered` if any answer is still None.

    Parameters
    ----------
    **answers
        By the names that the reader sees. A tuple, list or dict counts as unanswered if it
        holds a None.

    Raises
    ------
    NotAnswered
    """

    def is_open(answer):
        if isinstance(answer, dict):
            answer = list(answer.values())
        return answer is None or (
            isinstance(answer, list | tuple) and any(a is None for a in answer)
        )

    still = [name for name, answer in answers.items() if is_open(answer)]
    if still:
        *names, last = still
        if not names:
            raise NotAnswered(
                say(
                    "{last} is still None. Write your answer into the exercise's cell, run it, "
                    "then run this cell again.",
                    last=last,
                )
            )
        raise NotAnswered(
            say(
                "{names} and {last} are still None. Write your answer into the exercise's cell, "
                "run it, then run this cell again.",
                names=", ".join(names),
                last=last,
            )
        )


def check_number(name, actual, expected, known=(), tolerance=1e-3, hint="", scale=0):
    """Check one number.

    Parameters
    ----------
    name : str
        As the reader sees it.
    actual : object
        The answer.
    expected : float
        The right value.
    known : dict of float to str, optional
        Typical wrong values, each with what to say of it.
    tolerance : float, optional
        Relative; absolute where `expected` is 0. Numbers rounded to three digits pass.
    hint : str, optional
        What to say of any other value.
    scale : float, optional
        Where `expected` is computed as a difference: the size of the numbers subtracted. An
        `expected` that is no larger than the rounding of these counts as 0.

    Raises
    ------
    Wrong
    """
    if isinstance(actual, bool | np.bool_) or not (
        isinstance(actual, Real) or (np.ndim(actual) == 0 and hasattr(actual, "__float__"))
    ):
        raise Wrong(
            say(
                "{name} is {value}, a {kind}; wanted: a number.",
                name=name,
                value=_short(actual),
                kind=type(actual).__name__,
            )
        )
    value = float(actual)
    if not math.isfinite(value):
        raise Wrong(say("{name} is {value}; wanted: a finite number.", name=name, value=value))
    if equal_but_for_rounding(expected, 0, scale):
        expected = 0

    def is_it(other):
        return math.isclose(value, other, rel_tol=tolerance, abs_tol=0 if other else tolerance)

    if is_it(expected):
        return
    for typical, words in dict(known).items():
        if is_it(typical):
            raise Wrong(
                say("{name} is {value}: {words}", name=name, value=_plain(value), words=words)
            )
    raise _not_it(name, _plain(value), hint)


def check_numbers(name, actual, expected, tolerance=1e-3, hint=""):
    """Check a sequence of numbers, such as a shape; arguments as for `check_number`."""
    try:
        values = np.asarray(actual, dtype=float)
    except (TypeError, ValueError):
        raise _not_numbers(name, actual, len(expected)) from None
    if values.shape != np.shape(expected):
        raise _not_numbers(name, actual, len(expected), hint)
    if not np.allclose(values, expected, rtol=tolerance, atol=tolerance):
        raise _not_it(name, _short(actual), hint)


def check_array(name, actual, shape):
    """Return an answer as an array, or say what is wrong with its shape or values.

    Parameters
    ----------
    name : str
    actual : array_like
    shape : tuple of (int or None)
        What is wanted; None for any length.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    Wrong
    """
    try:
        x = np.asarray(actual, dtype=float)
    except (TypeError, ValueError):
        raise Wrong(
            say(
                "{name} is a {kind}; wanted: an array of numbers.",
                name=name,
                kind=type(actual).__name__,
            )
        ) from None
    right = len(shape) == x.ndim and all(
        w in (None, n) for w, n in zip(shape, x.shape, strict=True)
    )
    if not right:
        expected = ", ".join("n" if n is None else str(n) for n in shape)
        comma = "," if len(shape) == 1 else ""
        raise Wrong(
            say(
                "{name} has the shape {shape}; wanted: ({expected}).",
                name=name,
                shape=x.shape,
                expected=expected + comma,
            )
        )
    if not np.isfinite(x).all():
        raise Wrong(
            say(
                "{name} holds {n} values that are not finite.",
                name=name,
                n=np.count_nonzero(~np.isfinite(x)),
            )
        )
    return x


def apply_model(name, actual, x):
    """Apply a reader's model to a batch, or say why that does not work.

    Parameters
    ----------
    name : str
    actual : keras.Model
    x : ndarray, shape (n, ...)
        What the model has to take, n at least 1.

    Returns
    -------
    ndarray
        The output.

    Raises
    ------
    Wrong
    """
    import keras  # takes seconds, and most checks do without

    if not isinstance(actual, keras.Layer):
        raise Wrong(
            say("{name} is a {kind}; wanted: a Keras model.", name=name, kind=type(actual).__name__)
        )
    try:
        y = predict_in_batches(actual, np.asarray(x))
    except Exception as error:  # any: what a reader's layers raise is not ours to list
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Wrong(
            say(
                "{name} does not take an input of shape {shape}: {first}",
                name=name,
                shape=np.shape(x),
                first=first,
            )
        ) from None
    y = y[0] if isinstance(y, list | tuple) else y
    if not np.isfinite(y).all():
        raise Wrong(
            say("{name} gives values that are not finite: was its rate too high?", name=name)
        )
    return y


def equal_but_for_rounding(a, b, scale=None):
    """Say whether two results differ by no more than rounding.

    Equal results of networks need not be equal to the last bit: processors, and batches of
    different sizes, add the same numbers up in different orders.

    Parameters
    ----------
    a, b : array_like of float
        Of shapes that broadcast.
    scale : float, optional
        Size of the numbers that `a` and `b` were computed from; by default the largest of `a`
        and `b` themselves.

    Returns
    -------
    bool
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if scale is None:
        scale = max(np.abs(a).max(), np.abs(b).max())
    return bool(np.abs(a - b).max() <= ROUNDING * scale)


def clearly_lower(a, b):
    """Say whether `a` is lower than `b` by more than rounding: level is not lower."""
    return a < b and not equal_but_for_rounding(a, b)


def are_pixels(y):
    """Say whether all of `y` lies between 0 and 1, but for the rounding of a sigmoid."""
    return bool(-ROUNDING <= y.min() and y.max() <= 1 + ROUNDING)


def judged_in_full(what):
    """Say whether this run can be judged by its results, and tell the reader if it cannot.

    The quick profile trains for one epoch on few data: enough to see that all runs, too
    little to reach a target.

    Parameters
    ----------
    what : str
        What is not judged in the quick profile, such as ``"the error"``.

    Returns
    -------
    bool
    """
    if profile.name() == "full":
        return True
    print(say("Quick profile: {what} is not judged.", what=what))
    return False


def _not_it(name, words, hint):
    what = say("{name} is {words}, which is not it.", name=name, words=words)
    return Wrong(f"{what} {hint}".rstrip())


def _not_numbers(name, actual, n, hint=""):
    what = say("{name} is {value}; wanted: {n} numbers.", name=name, value=_short(actual), n=n)
    return Wrong(f"{what} {hint}".rstrip())


def _short(value):
    words = repr(value)
    return words if len(words) <= 60 else words[:57] + "..."


def _plain(value):
    return f"{value:,.0f}" if value == round(value) else f"{value:.6g}"
