"""Checks for the exercises of scoreboard."""

import math

import numpy as np

from helpers import data
from helpers.exercises import (
    Wrong,
    apply_model,
    are_pixels,
    check_answered,
    check_number,
    clearly_lower,
    judged_in_full,
)
from helpers.measures import bce
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(a_mse, b_bce, c_mse, c_psnr):
    """Three tutorials' figures, on the scale of the scoreboard."""
    check_answered(a_mse=a_mse, b_bce=b_bce, c_mse=c_mse, c_psnr=c_psnr)
    check_number(
        "a_mse",
        a_mse,
        7.84 / 784,
        {
            7.84: say("that is the sum over an image; how many pixels has it?"),
            7.84 / 28: say("a row has 28 pixels, an image 28 rows of them."),
            math.sqrt(7.84 / 784): say("that is the root of it (RMSE); wanted: MSE."),
        },
        hint=say("A sum over the pixels of an image becomes a mean."),
    )
    check_number(
        "b_bce",
        b_bce,
        72 / 784,
        {
            72: say("that is the sum over an image; how many pixels has it?"),
            72 / 784 / math.log(2): say("that is in bits; the book counts in nats."),
        },
        tolerance=0.005,  # as one reads it: 0.092
        hint=say("A sum over the pixels of an image becomes a mean."),
    )
    check_number(
        "c_mse",
        c_mse,
        650.25 / 255**2,
        {
            650.25 / 255: say("a difference became 255 times smaller; and its square?"),
            650.25 / 784: say("it is a mean already; what is different is the unit of a pixel."),
            650.25: say("that is in units of gray, from 0 to 255."),
        },
        hint=say("Divide each pixel by 255, then look what that does to a squared difference."),
    )
    check_number(
        "c_psnr",
        c_psnr,
        20.0,
        {
            -20: say("turn the fraction: more is better."),
            2: say("that is the logarithm; a decibel is a tenth of it."),
            46.05170186: say("that is with the natural logarithm; decibels take that of 10."),
        },
        hint=say("10 log10(1 / MSE), with the MSE of (c)."),
    )
    print(
        say(
            "Right. A and C have the same error, and it is in one's hands to make it look like "
            "7.84, 650 or 0.01. B cannot be put beside them: that is another measure."
        )
    )


def check_2(front):
    """Networks that no other beats in both error and price."""
    check_answered(front=front)
    if not callable(front):
        raise Wrong(
            say(
                "front is a {kind}; wanted: a function of error and price.",
                kind=type(front).__name__,
            )
        )
    rng = np.random.default_rng(3)
    tables = [
        ({"a": 0.1, "b": 0.2, "c": 0.3}, {"a": 9, "b": 5, "c": 1}, say("all three")),
        ({"a": 0.1, "b": 0.2, "c": 0.3}, {"a": 1, "b": 5, "c": 9}, say("one wins in both")),
        ({"a": 0.1, "b": 0.1, "c": 0.3}, {"a": 4, "b": 5, "c": 3}, say("two with the same error")),
        ({"a": 0.1}, {"a": 7}, say("one network")),
    ]
    for n in (6, 12, 20):
        letters = [f"n{i}" for i in range(n)]
        tables.append(
            (
                dict(zip(letters, rng.permutation(n) / 10, strict=True)),
                dict(zip(letters, (rng.permutation(n) + 1).tolist(), strict=True)),
                say("{n} networks", n=n),
            )
        )
    for error, price, what in tables:
        expected = {
            n
            for n in error
            if not any(
                error[m] <= error[n]
                and price[m] <= price[n]
                and (error[m], price[m]) != (error[n], price[n])
                for m in error
            )
        }
        try:
            actual = front(dict(error), dict(price))
        except Exception as problem:  # any: what a reader's function raises is not ours to list
            raise Wrong(
                say(
                    "front fails for {what}: {kind}: {error}",
                    what=what,
                    kind=type(problem).__name__,
                    error=problem,
                )
            ) from None
        if isinstance(actual, str) or not hasattr(actual, "__iter__"):
            raise Wrong(say("front returns {actual!r}; wanted: a list of names.", actual=actual))
        actual = list(actual)
        if len(actual) > len(set(actual)):
            raise Wrong(
                say("front names a network twice ({what}): {actual}.", what=what, actual=actual)
            )
        if missing := expected - set(actual):
            raise Wrong(
                say(
                    "for {what}, front leaves out {missing}, though no other is at least as good "
                    "in both. (Error {errors}, price {prices}.)",
                    what=what,
                    missing=sorted(missing),
                    errors=_shortened(error),
                    prices=_shortened(price),
                )
            )
        if extra := set(actual) - expected:
            raise Wrong(
                say(
                    "for {what}, front names {extra}, but another is as good in one and better in "
                    "the other. (Error {errors}, price {prices}.)",
                    what=what,
                    extra=sorted(extra),
                    errors=_shortened(error),
                    prices=_shortened(price),
                )
            )
    print(say("Right: of each table, the networks that no other beats."))


def check_3(wrong):
    """How often one seed each would crown the network that is worse on average."""
    check_answered(wrong=wrong)
    if not callable(wrong):
        raise Wrong(
            say("wrong is a {kind}; wanted: a function of two arrays.", kind=type(wrong).__name__)
        )
    cases = [
        ([0.1, 0.1, 0.1], [0.2, 0.2, 0.2], 0.0, say("every seed agrees")),
        (
            [0.2, 0.2],
            [0.1, 0.1],
            0.0,
            say("every seed agrees and the second network is the better one"),
        ),
        ([0.1, 0.3], [0.2, 0.25], 0.5, say("the first is 0.1 or 0.3, the second 0.2 or 0.25")),
        ([0.1, 0.1, 0.1, 0.5], [0.19, 0.19, 0.19, 0.19], 0.75, say("an outlier spoils the mean")),
        ([0.1, 0.2], [0.1, 0.3], 0.375, say("two seeds are level (count half)")),
        ([0.1, 0.2, 0.3], [0.15, 0.35], 1 / 3, say("three seeds against two")),
    ]
    for a, b, expected, what in cases:
        try:
            actual = wrong(np.array(a), np.array(b))
        except Exception as problem:  # any: what a reader's function raises is not ours to list
            raise Wrong(
                say(
                    "wrong fails where {what}: {kind}: {error}",
                    what=what,
                    kind=type(problem).__name__,
                    error=problem,
                )
            ) from None
        known = {1 - expected: say("that is how often the better one is crowned.")}
        known |= {100 * expected: say("that is in percent; wanted: a share.")}
        if expected == 0.375:
            known[0.5] = say("two seeds that are level crown the wrong one half of the time.")
            known[0.25] = say("two seeds that are level crown the wrong one half of the time.")
        check_number(say("wrong, where {what},", what=what), actual, expected, known)
    print(say("Right: also where the second network is the better one, and where seeds are level."))


def check_4(my_network, x_test, to_beat):
    """A network of the reader's with a code of at most 32 numbers."""
    check_answered(my_network=my_network)
    x = data.flat(np.asarray(x_test))
    y = apply_model("my_network", my_network, x)
    if y.shape != x.shape or not are_pixels(y):
        raise Wrong(say("my_network draws no images of 784 pixels between 0 and 1."))
    code = _narrowest(my_network)
    if code > 32:
        raise Wrong(
            say(
                "the narrowest layer of my_network has {code} units; at most 32 are allowed.",
                code=code,
            )
        )
    if not judged_in_full(say("the error")):
        return print(say("Right so far: at most 32 numbers (here {code}).", code=code))
    error = bce(x, y)
    if not clearly_lower(error, to_beat):
        raise Wrong(
            say(
                "its test error is not below {to_beat:.4f}. Improve it by the validation images, "
                "not by this check: more layers, a rate that falls to 0 or smaller batches help.",
                to_beat=to_beat,
            )
        )
    print(
        say(
            "Right: {error:.4f} with {code} numbers; the row to beat has {to_beat:.4f}.",
            error=error,
            code=code,
            to_beat=to_beat,
        )
    )


def _narrowest(network):
    """Return the fewest numbers that an image becomes on its way through a network."""
    sizes = []
    for layer in network.layers:
        if getattr(layer, "layers", None):
            sizes.append(_narrowest(layer))
        else:
            shape = layer.output.shape[1:]
            sizes.append(math.prod(shape))
    return min(sizes)


def _shortened(table):
    """Return a table as words, short enough for a message."""
    words = ", ".join(f"{name} {value:g}" for name, value in list(table.items())[:6])
    return words + (" ..." if len(table) > 6 else "")
