"""Checks for the exercises of letters."""

import math

import numpy as np

from helpers.exercises import (
    Wrong,
    check_answered,
    check_array,
    check_number,
    check_numbers,
    judged_in_full,
)
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]

LEVEL = 0.5  # nats an image: as far apart do seeds bring the same order


def check_1(bits, nats, saved_bits):
    """The price of 16 letters of 64, and what a speller that needs 42 nats saves."""
    check_answered(bits=bits, nats=nats, saved_bits=saved_bits)
    check_number(
        "bits",
        bits,
        96,
        {
            6: say("that is one letter; an image has 16."),
            1024: say("that multiplies 16 by 64; a letter of 64 costs the logarithm of 64."),
            16 * math.log(64): say("those are nats: the logarithm with base 2 gives bits."),
        },
        hint=say("2 ** 6 is 64, so a letter costs six bits."),
    )
    check_number(
        "nats",
        nats,
        16 * math.log(64),
        {
            math.log(64): say("that is one letter; an image has 16."),
            96 / math.log(2): say("that is the wrong way round: a bit is less than a nat."),
        },
        tolerance=2e-3,
        hint=say("A bit is log 2 nats, about 0.69."),
    )
    check_number(
        "saved_bits",
        saved_bits,
        96 - 42 / math.log(2),
        {
            16 * math.log(64) - 42: say("those are nats; wanted: bits."),
            (16 * math.log(64) - 42) * math.log(2): say(
                "that is the wrong way round: divide nats by log 2."
            ),
            96 - 42: say("that takes nats from bits: bring both to one unit."),
            42 / math.log(2): say("that is what the speller needs; wanted: what it saves."),
        },
        tolerance=5e-3,
        hint=say("Bring the 42 nats to bits, and take them from the bits without a speller."),
    )
    print(say("Right: 96 bits or 66.5 nats, and the speller saves 35 bits an image."))


def check_2(by_hand, finite):
    """Rounding to levels, with a gradient that passes straight through."""
    import keras
    import tensorflow as tf

    check_answered(by_hand=by_hand, finite=finite)
    z = np.array([-1.2, -0.1, 0.4, 1.0], np.float32)
    check_numbers(
        "by_hand",
        by_hand,
        _finite(z, 4),
        tolerance=5e-3,
        hint=say("Four levels from -1 to 1 are -1, -1/3, 1/3 and 1; take tanh of z first."),
    )
    if not callable(finite):
        raise Wrong(say("finite is no function; wanted: a function of z and levels."))
    for levels in (4, 3, 5):
        tries = np.random.default_rng(levels).normal(0, 1.5, (6, 2)).astype(np.float32)
        variable = tf.Variable(tries)
        with tf.GradientTape() as tape:
            given = finite(variable, levels)
            total = keras.ops.sum(given)
        name = f"finite(z, {levels})"
        values = check_array(name, given, (6, 2))
        if not np.allclose(values, _finite(tries, levels), atol=1e-4):
            words = say("{name} gives other values than the nearest levels of tanh(z).", name=name)
            if np.allclose(values, np.tanh(tries), atol=1e-4):
                words = say("{name} gives tanh(z): it does not round.", name=name)
            elif len(np.unique(np.round(values, 4))) > levels:
                words = say("{name} gives more than {n} values.", name=name, n=levels)
            raise Wrong(words)
        gradient = tape.gradient(total, variable)
        wanted = 1 - np.tanh(tries) ** 2
        if gradient is None or not np.any(gradient):
            raise Wrong(
                say(
                    "{name} passes no gradient: rounding has none. Add what rounding changes, "
                    "inside `ops.stop_gradient`.",
                    name=name,
                )
            )
        if np.allclose(gradient, 1, atol=1e-4):
            raise Wrong(
                say("{name}: the gradient skips tanh, too; only rounding is skipped.", name=name)
            )
        if not np.allclose(gradient, wanted, atol=1e-3):
            raise Wrong(say("{name}: its gradient is not that of tanh(z), unrounded.", name=name))
    print(say("Right: rounded on the way forwards, and tanh alone on the way back."))


def check_3(revive):
    """Dead vectors go to outputs of the encoder, and the others stay."""
    check_answered(revive=revive)
    if not callable(revive):
        raise Wrong(say("revive is no function; wanted: a function of book, letters and z."))
    rng = np.random.default_rng(5)
    book, z = rng.normal(size=(12, 3)), rng.normal(4, 1, size=(40, 16, 3))
    letters = rng.choice([0, 2, 3, 7, 11], size=(40, 16))
    dead = np.setdiff1d(np.arange(12), letters)
    before = book.copy()
    new = check_array("revive(book, letters, z)", revive(book, letters, z), (12, 3))
    if not np.array_equal(book, before):
        raise Wrong(say("revive changes the book that it is given; change a copy."))
    alive = np.unique(letters)
    if not np.allclose(new[alive], book[alive]):
        raise Wrong(say("revive moves vectors that are in use; they have to stay."))
    if np.allclose(new[dead], book[dead]):
        raise Wrong(say("revive leaves the dead vectors where they were."))
    outputs = z.reshape(-1, 3)
    far = np.abs(new[dead][:, None] - outputs).max(axis=2).min(axis=1)
    if far.max() > 1e-4:
        raise Wrong(
            say("a revived vector is no output of the encoder; wanted: one of the rows of z.")
        )
    if len(np.unique(np.round(new[dead], 6), axis=0)) < len(dead):
        raise Wrong(
            say("two dead vectors were put onto the same output; then one of them stays dead.")
        )
    full = revive(book, np.arange(12).repeat(16).reshape(12, 16), z[:12])
    if not np.allclose(check_array(say("revive without dead vectors"), full, (12, 3)), book):
        raise Wrong(say("where no vector is dead, revive should change nothing."))
    print(say("Right: {n} dead vectors moved, the others stayed.", n=len(dead)))


def check_4(costs, matters, letters):
    """What the letters cost in other orders, and whether the order matters."""
    check_answered(costs=costs, matters=matters)
    if not isinstance(costs, dict) or len(costs) < 3:
        raise Wrong(
            say(
                "costs is no dict of three orders; wanted: forwards, backwards and one of your own."
            )
        )
    for name in ("forwards", "backwards"):
        if name not in costs:
            raise Wrong(say("costs lacks {name!r}.", name=name))
    for name, cost in costs.items():
        check_number(f"costs[{name!r}]", cost, cost)
        if cost <= 0:
            raise Wrong(say("costs[{name!r}] is not above 0.", name=name))
    if not isinstance(matters, bool | np.bool_):
        raise Wrong(say("matters is {matters!r}; wanted: True or False.", matters=matters))
    if not judged_in_full(say("the cost of the letters")):
        print(say("Right so far: a cost for each order."))
        return
    letters = np.asarray(letters)
    uniform = letters.shape[1] * math.log(letters.max() + 1)
    for name, cost in costs.items():
        if cost < uniform / 16:
            raise Wrong(
                say("costs[{name!r}] is the cost of one letter; wanted: of an image.", name=name)
            )
        if cost > uniform:
            raise Wrong(
                say(
                    "costs[{name!r}] is {cost:.1f} nats, above the {uniform:.1f} of letters that "
                    "are equally likely: was the network trained on the same order?",
                    name=name,
                    cost=cost,
                    uniform=uniform,
                )
            )
    apart = max(costs.values()) - min(costs.values())
    if bool(matters) != (apart > LEVEL):
        raise Wrong(
            say(
                "matters is {matters}, but the costs lie {apart:.2f} nats apart; up to {level} "
                "they are level.",
                matters=matters,
                apart=apart,
                level=LEVEL,
            )
        )
    print(say("Right: the orders lie {apart:.2f} nats apart.", apart=apart))


def _finite(z, levels):
    """The nearest of so many levels from -1 to 1, after tanh."""
    return np.round((np.tanh(z) + 1) / 2 * (levels - 1)) * 2 / (levels - 1) - 1
