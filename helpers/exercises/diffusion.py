"""Checks for the exercises of diffusion."""

import math

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


def check_1(clean, noise):
    """The clean number and the noise that follow from v, at t = 1/3."""
    check_answered(clean=clean, noise=noise)
    a, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    swapped = say("there a and s are interchanged: a is the cosine.")
    check_number(
        "clean",
        clean,
        a * 1.2 - s * 0.4,
        {
            s * 1.2 - a * 0.4: swapped,
            a * 1.2 + s * 0.4: say("mind the sign: s times v is taken away."),
            s * 1.2 + a * 0.4: say("that is the noise."),
        },
        tolerance=6e-3,
        hint=say("a is cos(pi / 6) = 0.866, and s is 0.5."),
    )
    check_number(
        "noise",
        noise,
        s * 1.2 + a * 0.4,
        {
            a * 1.2 + s * 0.4: swapped,
            s * 1.2 - a * 0.4: say("mind the sign: a times v is added."),
            a * 1.2 - s * 0.4: say("that is the clean number."),
        },
        tolerance=6e-3,
        hint=say("a is cos(pi / 6) = 0.866, and s is 0.5."),
    )
    print(say("Right: and 0.866 x 0.84 + 0.5 x 0.95 is the 1.2 that came in."))


def check_2(distances, one_step):
    """The Fréchet distance by the number of steps, and what one step draws."""
    check_answered(distances=distances, one_step=one_step)
    if not isinstance(distances, dict) or not distances:
        raise Wrong(say("distances is no dict, or empty; wanted: steps -> Fréchet distance."))
    for steps, distance in distances.items():
        if not isinstance(steps, int | np.integer) or isinstance(steps, bool) or steps < 1:
            raise Wrong(say("{steps!r} is no number of steps; wanted: 1, 2, 5 ...", steps=steps))
        check_number(f"distances[{steps}]", distance, distance)
        if distance < 0:
            raise Wrong(
                say(
                    "distances[{steps}] is {distance:.3g}; a Fréchet distance is at least 0.",
                    steps=steps,
                    distance=distance,
                )
            )
    if not {1, 30} <= set(distances):
        raise Wrong(
            say(
                "distances has the steps {steps}; wanted: 1 and 30 among them.",
                steps=sorted(distances),
            )
        )
    if one_step not in ("a digit", "the mean", "noise"):
        raise Wrong(
            say(
                'one_step is {one_step!r}; wanted: "a digit", "the mean" or "noise".',
                one_step=one_step,
            )
        )
    if one_step != "the mean":
        raise Wrong(
            say(
                "one_step: from pure noise nothing can be seen of the code. What is the answer with "
                "the smallest squared error then?"
            )
        )
    if judged_in_full(say("the Fréchet distance")):
        if distances[1] < 5 * distances[30]:
            raise Wrong(
                say(
                    "with one step you have {one:.3g}, with 30 steps {many:.3g}; one step should be "
                    "far worse. Did `steps` reach `draw_steps`?",
                    one=distances[1],
                    many=distances[30],
                )
            )
        for steps in sorted(distances):
            print(say("{steps:3} steps: {distance:6.1f}", steps=steps, distance=distances[steps]))
    print(say("Right: one step answers with the mean code of the digit, whatever the noise was."))


def check_3(edited, started, classifier, decoder, target=9):
    """Codes of real digits, taken half the way to noise and back with another label."""
    check_answered(edited=edited)
    started = np.asarray(started)
    edited = check_array("edited", edited, started.shape)
    if equal_but_for_rounding(edited, started):
        raise Wrong(say("edited holds the codes that you began with."))
    if judged_in_full(say("what the label did")):
        named = np.argmax(
            predict_in_batches(classifier, predict_in_batches(decoder, edited)), axis=1
        )
        hits = float(np.mean(named == target))
        if hits < 0.6:
            raise Wrong(
                say(
                    "the classifier sees a {target} in {hits:.0%} of the edited digits; wanted: at "
                    "least 60 %. Is the label one-hot, and does the way begin late enough in time?",
                    target=target,
                    hits=hits,
                )
            )
        # Nearer to its own beginning than to that of another digit.
        own = np.linalg.norm(edited - started, axis=1).mean()
        others = np.linalg.norm(edited - np.roll(started, 1, axis=0), axis=1).mean()
        if own > 0.95 * others:
            raise Wrong(
                say(
                    "the edited codes are {own:.2f} from where they began and {others:.2f} from "
                    "where others began: nothing is left of the digit. Begin at an earlier time.",
                    own=own,
                    others=others,
                )
            )
        print(
            say(
                "{hits:.0%} are taken for a {target}; distance from their own beginning {own:.2f}, "
                "from another's {others:.2f}.",
                hits=hits,
                target=target,
                own=own,
                others=others,
            )
        )
    print(say("Right: the noise takes the label away and leaves a part of the style."))
