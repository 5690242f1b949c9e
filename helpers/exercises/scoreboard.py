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

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(a_mse, b_bce, c_mse, c_psnr):
    """Three tutorials' figures, on the scale of the scoreboard."""
    check_answered(a_mse=a_mse, b_bce=b_bce, c_mse=c_mse, c_psnr=c_psnr)
    check_number(
        "a_mse",
        a_mse,
        7.84 / 784,
        {
            7.84: "that is the sum over an image; how many pixels has it?",
            7.84 / 28: "a row has 28 pixels, an image 28 rows of them.",
            math.sqrt(7.84 / 784): "that is the root of it (RMSE); wanted: MSE.",
        },
        hint="A sum over the pixels of an image becomes a mean.",
    )
    check_number(
        "b_bce",
        b_bce,
        72 / 784,
        {
            72: "that is the sum over an image; how many pixels has it?",
            72 / 784 / math.log(2): "that is in bits; the book counts in nats.",
        },
        tolerance=0.005,  # as one reads it: 0.092
        hint="A sum over the pixels of an image becomes a mean.",
    )
    check_number(
        "c_mse",
        c_mse,
        650.25 / 255**2,
        {
            650.25 / 255: "a difference became 255 times smaller; and its square?",
            650.25 / 784: "it is a mean already; what is different is the unit of a pixel.",
            650.25: "that is in units of gray, from 0 to 255.",
        },
        hint="Divide each pixel by 255, then look what that does to a squared difference.",
    )
    check_number(
        "c_psnr",
        c_psnr,
        20.0,
        {
            -20: "turn the fraction: more is better.",
            2: "that is the logarithm; a decibel is a tenth of it.",
            46.05170186: "that is with the natural logarithm; decibels take that of 10.",
        },
        hint="10 log10(1 / MSE), with the MSE of (c).",
    )
    print(
        "Right. A and C have the same error, and it is in one's hands to make it look like 7.84, "
        "650 or 0.01. B cannot be put beside them: that is another measure."
    )


def check_2(front):
    """Networks that no other beats in both error and price."""
    check_answered(front=front)
    if not callable(front):
        raise Wrong(f"front is a {type(front).__name__}; wanted: a function of error and price.")
    rng = np.random.default_rng(3)
    tables = [
        ({"a": 0.1, "b": 0.2, "c": 0.3}, {"a": 9, "b": 5, "c": 1}, "all three"),
        ({"a": 0.1, "b": 0.2, "c": 0.3}, {"a": 1, "b": 5, "c": 9}, "one wins in both"),
        ({"a": 0.1, "b": 0.1, "c": 0.3}, {"a": 4, "b": 5, "c": 3}, "two with the same error"),
        ({"a": 0.1}, {"a": 7}, "one network"),
    ]
    for n in (6, 12, 20):
        letters = [f"n{i}" for i in range(n)]
        tables.append(
            (
                dict(zip(letters, rng.permutation(n) / 10, strict=True)),
                dict(zip(letters, (rng.permutation(n) + 1).tolist(), strict=True)),
                f"{n} networks",
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
            raise Wrong(f"front fails for {what}: {type(problem).__name__}: {problem}") from None
        if isinstance(actual, str) or not hasattr(actual, "__iter__"):
            raise Wrong(f"front returns {actual!r}; wanted: a list of names.")
        actual = list(actual)
        if len(actual) > len(set(actual)):
            raise Wrong(f"front names a network twice ({what}): {actual}.")
        if missing := expected - set(actual):
            raise Wrong(
                f"for {what}, front leaves out {sorted(missing)}, though no other is at least as "
                "good in both. (Error "
                f"{_shortened(error)}, price {_shortened(price)}.)"
            )
        if extra := set(actual) - expected:
            raise Wrong(
                f"for {what}, front names {sorted(extra)}, but another is as good in one and "
                f"better in the other. (Error {_shortened(error)}, price {_shortened(price)}.)"
            )
    print("Right: of each table, the networks that no other beats.")


def check_3(wrong):
    """How often one seed each would crown the network that is worse on average."""
    check_answered(wrong=wrong)
    if not callable(wrong):
        raise Wrong(f"wrong is a {type(wrong).__name__}; wanted: a function of two arrays.")
    cases = [
        ([0.1, 0.1, 0.1], [0.2, 0.2, 0.2], 0.0, "every seed agrees"),
        ([0.2, 0.2], [0.1, 0.1], 0.0, "every seed agrees and the second network is the better one"),
        ([0.1, 0.3], [0.2, 0.25], 0.5, "the first is 0.1 or 0.3, the second 0.2 or 0.25"),
        ([0.1, 0.1, 0.1, 0.5], [0.19, 0.19, 0.19, 0.19], 0.75, "an outlier spoils the mean"),
        ([0.1, 0.2], [0.1, 0.3], 0.375, "two seeds are level (count half)"),
        ([0.1, 0.2, 0.3], [0.15, 0.35], 1 / 3, "three seeds against two"),
    ]
    for a, b, expected, what in cases:
        try:
            actual = wrong(np.array(a), np.array(b))
        except Exception as problem:  # any: what a reader's function raises is not ours to list
            raise Wrong(f"wrong fails where {what}: {type(problem).__name__}: {problem}") from None
        known = {1 - expected: "that is how often the better one is crowned."}
        known |= {100 * expected: "that is in percent; wanted: a share."}
        if expected == 0.375:
            known[0.5] = "two seeds that are level crown the wrong one half of the time."
            known[0.25] = "two seeds that are level crown the wrong one half of the time."
        check_number(f"wrong, where {what},", actual, expected, known)
    print("Right: also where the second network is the better one, and where seeds are level.")


def check_4(my_network, x_test, to_beat):
    """A network of the reader's with a code of at most 32 numbers."""
    check_answered(my_network=my_network)
    x = data.flat(np.asarray(x_test))
    y = apply_model("my_network", my_network, x)
    if y.shape != x.shape or not are_pixels(y):
        raise Wrong("my_network draws no images of 784 pixels between 0 and 1.")
    code = _narrowest(my_network)
    if code > 32:
        raise Wrong(f"the narrowest layer of my_network has {code} units; at most 32 are allowed.")
    if not judged_in_full("the error"):
        return print(f"Right so far: at most 32 numbers (here {code}).")
    error = bce(x, y)
    if not clearly_lower(error, to_beat):
        raise Wrong(
            f"its test error is {error:.4f}; to beat: {to_beat:.4f}. More layers, a rate that falls "
            "to 0 or smaller batches help; see the chapter on deep autoencoders."
        )
    print(f"Right: {error:.4f} with {code} numbers; the row to beat has {to_beat:.4f}.")


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
