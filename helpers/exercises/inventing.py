"""Checks for the exercises of inventing."""

import numpy as np

from helpers.exercises import Wrong, check_answered, check_array, check_number, judged_in_full
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]


def check_1(mask):
    """The mask of a MADE's last layer, for hidden units that see one and two of three numbers."""
    check_answered(mask=mask)
    mask = check_array("mask", mask, (4, 3))
    if not np.isin(mask, [0, 1]).all():
        raise Wrong(say("mask holds other values than 0 and 1."))
    sees, number = np.array([1, 2, 1, 2])[:, None], np.array([1, 2, 3])
    right = sees < number
    if (mask == right).all():
        print(say("Right: z2 depends on z1, z3 on both; the output for z1 is a bias alone."))
        return
    if (mask == (sees <= number)).all():
        raise Wrong(
            say(
                "mask: the output for number i uses units that see number i itself, so it could copy "
                "what it is to predict. Wanted: d < i."
            )
        )
    if (mask == (sees > number)).all() or (mask == (sees >= number)).all():
        raise Wrong(say("mask: each output sees what comes after it. Wanted: what comes before."))
    unit, place = np.argwhere(mask != right)[0]
    raise Wrong(
        say(
            "mask[{unit}, {place}] is {value:g}: the unit sees the first {sees} numbers, and the "
            "output is for number {number}.",
            unit=unit,
            place=place,
            value=mask[unit, place],
            sees=sees[unit, 0],
            number=place + 1,
        )
    )


def check_2(log_densities, chosen):
    """The mixture's size, chosen by the log-density of validation codes."""
    check_answered(log_densities=log_densities, chosen=chosen)
    if not isinstance(log_densities, dict) or len(log_densities) < 3:
        raise Wrong(
            say("log_densities: wanted a dict of at least three sizes, size -> mean log-density.")
        )
    for size, value in log_densities.items():
        check_number(f"log_densities[{size!r}]", value, value)
    if chosen not in log_densities:
        raise Wrong(
            say(
                "chosen is {chosen!r}; wanted: one of {sizes}.",
                chosen=chosen,
                sizes=sorted(log_densities),
            )
        )
    best = max(log_densities, key=log_densities.get)
    if chosen != best:
        raise Wrong(
            say(
                "chosen is {chosen}, with {value:.2f}; {best} has {most:.2f}.",
                chosen=chosen,
                value=log_densities[chosen],
                best=best,
                most=log_densities[best],
            )
        )
    if judged_in_full(say("the log-density")):
        if 1 in log_densities and log_densities[1] > log_densities[best] - 1:
            raise Wrong(
                say(
                    "one normal distribution comes within 1 nat of the best; it should be far "
                    "behind. Are these the validation codes, standardised as the training codes?"
                )
            )
        for size in sorted(log_densities):
            print(say("{size:4} parts: {value:7.2f} nats", size=size, value=log_densities[size]))
    print(say("Right: chosen without a test digit, parts: {chosen}.", chosen=chosen))


def check_3(by_factor):
    """What the judge says of codes that were drawn nearer to the middle."""
    check_answered(by_factor=by_factor)
    if not isinstance(by_factor, dict) or not {1, 0.5} <= set(by_factor):
        raise Wrong(say("by_factor: wanted a dict with 1 and 0.5 among its keys."))
    keys = ("frechet", "precision", "recall")
    for factor, judged in by_factor.items():
        if not isinstance(judged, dict) or not set(keys) <= set(judged):
            raise Wrong(
                say(
                    "by_factor[{factor}]: wanted what judge() returns, a dict with {keys}.",
                    factor=factor,
                    keys=", ".join(keys),
                )
            )
        for key in keys:
            check_number(f"by_factor[{factor}][{key!r}]", judged[key], judged[key])
    if judged_in_full(say("what the factor does")):
        whole, half = by_factor[1], by_factor[0.5]
        if whole == half:
            raise Wrong(
                say(
                    "by_factor: the same three numbers for 1 and 0.5. Was the noise multiplied "
                    "before it was decoded?"
                )
            )
        if half["precision"] < whole["precision"] or half["recall"] > whole["recall"]:
            raise Wrong(
                say(
                    "by_factor: with 0.5 the precision went from {p1:.2f} to {p2:.2f} and the recall "
                    "from {r1:.2f} to {r2:.2f}; the first should rise and the second fall. Is it the "
                    "noise that was multiplied, and the VAE with beta 1 that decodes?",
                    p1=whole["precision"],
                    p2=half["precision"],
                    r1=whole["recall"],
                    r2=half["recall"],
                )
            )
        for factor, judged in by_factor.items():
            print(
                say(
                    "{factor:4g}: Fréchet {frechet:6.1f}, precision {precision:.2f}, recall {recall:.2f}",
                    factor=factor,
                    frechet=judged["frechet"],
                    precision=judged["precision"],
                    recall=judged["recall"],
                )
            )
    print(say("Right: near the middle the digits are typical, and typical digits are few."))
