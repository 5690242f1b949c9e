"""Checks for the exercises of features."""

import numpy as np

from helpers.exercises import (
    Wrong,
    check_answered,
    check_array,
    check_number,
    equal_but_for_rounding,
    judged_in_full,
)
from helpers.measures import predict_in_batches
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]


def check_1(mean_rate, images_a_unit, recovered):
    """How often a unit is active on average, and a recovered loss."""
    check_answered(mean_rate=mean_rate, images_a_unit=images_a_unit, recovered=recovered)
    check_number(
        "mean_rate",
        mean_rate,
        8 / 512,
        {
            8 / 128: say("that counts the neurons; the units are 512."),
            512 / 8: say("that is the wrong way round."),
            8: say("that is the number of active units; wanted: the share of images of one unit."),
        },
        tolerance=6e-3,
        hint=say("Eight of 512 units are active for an image."),
    )
    check_number(
        "images_a_unit",
        images_a_unit,
        5000 * 8 / 512,
        {
            5000 / 512: say("for each image eight units are active, not one."),
            5000 * 8 / 128: say("that counts the neurons; the units are 512."),
        },
        tolerance=1e-2,
        hint=say("It is the number of images times the mean rate."),
    )
    check_number(
        "recovered",
        recovered,
        0.95,
        {
            0.05: say("that is the share that is lost."),
            1 - 0.2 / 2.1: say("the scale begins at the original's loss, not at 0."),
            0.1 / 0.2: say("compare with what is lost when all activations are the mean."),
        },
        tolerance=2e-3,
        hint=say("1 minus (0.2 - 0.1) over (2.1 - 0.1)."),
    )
    print(say("Right. A unit is active for 78 of 5,000 images on average, and many for far fewer."))


def check_2(lost_without):
    """The experiment on the network's own activations, tried on a network made here."""
    check_answered(lost_without=lost_without)
    if not callable(lost_without):
        raise Wrong(
            say(
                "that is a {kind}; wanted: your function.",
                kind=type(lost_without).__name__,
            )
        )
    rng = np.random.default_rng(2)
    y = np.repeat(np.arange(10), np.arange(20, 40, 2))
    means, direction = rng.normal(size=(10, 128)), rng.normal(size=128)
    a = means[y] + 1.2 * rng.normal(size=(len(y), 128))
    amounts = 0.9 * rng.uniform(0, 1, len(y)) * (y % 3 == 0)

    def answer(some):
        scores = np.asarray(some) @ means.T - (means**2).sum(axis=1) / 2
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)

    for strength in (1.5, 8.0):
        row = strength * direction
        try:
            given = lost_without(a.copy(), amounts.copy(), row.copy(), y.copy(), answer)
        except Exception as error:  # any: what a reader's code raises is not ours to list
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Wrong(say("your function fails: {first}", first=first)) from None
        given = check_array("lost_without(...)", given, (10,))
        taken = amounts[:, np.newaxis] * row
        before, after, added = (
            answer(some).argmax(axis=1) == y for some in (a, a - taken, a + taken)
        )
        sizes = np.bincount(y, minlength=10)

        def by_digit(values, sizes=sizes):
            return np.bincount(y, values, minlength=10) / sizes

        right = by_digit(before.astype(int) - after)
        if equal_but_for_rounding(given, right, 1):
            continue
        known = [
            (by_digit(after), say("that is the accuracy which is left; wanted: what is lost.")),
            (-right, say("the signs are turned round: before minus after.")),
            (
                by_digit(before.astype(int) - added),
                say("the unit's part is added; take it away."),
            ),
            (right * sizes, say("those are counts; divide by the number of images of the digit.")),
            (
                right * sizes / len(y),
                say("that divides by all images; divide by those of the digit."),
            ),
            (100 * right, say("those are points; wanted: shares from 0 to 1.")),
        ]
        for typical, words in known:
            if equal_but_for_rounding(given, typical, 1):
                raise Wrong(words)
        digit = int(np.abs(given - right).argmax())
        raise Wrong(
            say(
                "for the digit {digit} it says {given:.3f}, and {right:.3f} is lost there. Take "
                "amount times direction away from each image, and compare the answers.",
                digit=digit,
                given=given[digit],
                right=right[digit],
            )
        )
    print(say("Right: for each digit the accuracy before, minus the accuracy without the unit."))


def check_3(unit, amount, sae, a_valid, y_valid, answer):
    """One unit whose amount turns most nines into fours."""
    check_answered(unit=unit, amount=amount)
    amount = float(check_array("amount", amount, ()))
    if isinstance(unit, bool | np.bool_) or not isinstance(unit, int | np.integer):
        raise Wrong(
            say("unit is {unit!r}; wanted: the number of a unit, from 0 to 511.", unit=unit)
        )
    z = predict_in_batches(sae.code, a_valid)
    if not 0 <= unit < z.shape[1]:
        raise Wrong(
            say(
                "unit is {unit}; wanted: the number of a unit, from 0 to {last}.",
                unit=unit,
                last=z.shape[1] - 1,
            )
        )
    most = float(z[:, unit].max())
    if not 0 <= amount <= most * (1 + 1e-6):
        raise Wrong(
            say(
                "amount is {amount:.2f}; this unit has at most {most:.2f} for a validation digit. "
                "Wanted: 0 to that.",
                amount=amount,
                most=most,
            )
        )
    if not judged_in_full(say("the number of fours")):
        print(say("Right so far: a unit, and an amount that it can have."))
        return
    changed = z[y_valid == 9]
    before = answer(predict_in_batches(sae.decoder, changed)).argmax(axis=1)
    changed = changed[before == 9].copy()
    changed[:, unit] = amount
    after = answer(predict_in_batches(sae.decoder, changed)).argmax(axis=1)
    fours = float(np.mean(after == 4))
    if fours < 0.5:
        other = int(np.bincount(after, minlength=10).argmax())
        raise Wrong(
            say(
                "{fours:.0%} of the nines become fours; the most frequent answer is {other}. Wanted: half of "
                "them or more. Which units vote for the 4 and against the 9?",
                fours=fours,
                other=other,
            )
        )
    print(say("Right: {fours:.0%} of the nines become fours, by one unit.", fours=fours))
