"""Checks for the exercises of introduction."""

import math

import numpy as np

from helpers.exercises import (
    Wrong,
    apply_model,
    check_answered,
    check_array,
    check_number,
    judged_in_full,
)
from helpers.measures import mse
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]

#: What both errors have to be below in the last exercise: half of what the chapter's network
#: has on moved digits.
LIMIT = 0.018


def check_1(predicted, moved, x_valid, autoencoder):
    """A prediction, and the validation digits 3 pixels to the right."""
    check_answered(predicted=predicted, moved=moved)
    letter = str(predicted).strip(" ()").lower()
    if letter not in ("a", "b", "c"):
        raise Wrong(
            say('predicted is {predicted!r}; wanted: "a", "b" or "c".', predicted=predicted)
        )
    _check_moved(moved, x_valid)
    if judged_in_full(say("the prediction")):
        still = _errors("autoencoder", autoencoder, x_valid).mean()
        ratio = _errors("autoencoder", autoencoder, np.asarray(moved, np.float32)).mean() / still
        right = "a" if ratio < 1.2 else "b" if ratio < 2 else "c"
        if letter == right:
            print(
                say(
                    "The error is {ratio:.1f} times as large: ({right}), as you predicted.",
                    ratio=ratio,
                    right=right,
                )
            )
        else:
            print(
                say(
                    "The error is {ratio:.1f} times as large: ({right}), you predicted ({letter}).",
                    ratio=ratio,
                    right=right,
                    letter=letter,
                )
            )
    else:
        print(say("Right so far: the digits have moved."))


def check_2(threshold, alarms, x_train, kinds, autoencoder):
    """A threshold that 5 % of the training digits exceed, and who else exceeds it."""
    check_answered(threshold=threshold, alarms=alarms)
    check_number("threshold", threshold, threshold)  # is it a number at all?
    limit = float(threshold)
    learned = _errors("autoencoder", autoencoder, x_train[:10_000])

    def above(value):
        return float(np.mean(learned > value))

    def near(share):
        return 0.035 < share < 0.065  # also of a smaller choice of training digits

    if not near(above(limit)):
        finding = say(
            "{share:.1%} of the training digits have an error above threshold:", share=above(limit)
        )
        if near(above(limit / 784)):
            words = say("it is a sum over the pixels; take their mean.")
        elif near(above(limit**2)):
            words = say("it is a root; wanted: a mean squared error.")
        elif near(1 - above(limit)):
            words = say("you cut off the other end.")
        elif above(limit) > 0.98:
            words = say("`np.percentile` counts in percent, from 0 to 100.")
        else:
            words = say("the aim was 5 %, those with the highest errors.")
        raise Wrong(f"{finding} {words}")
    new = _errors("autoencoder", autoencoder, kinds["digits"])
    on_valid, on_training = np.percentile(new, 95), np.percentile(learned, 95)
    if math.isclose(limit, on_valid, rel_tol=1e-4) and not math.isclose(
        limit, on_training, rel_tol=1e-4
    ):
        raise Wrong(
            say(
                "threshold was set on the validation digits, so what it does to them says nothing "
                "about new ones. Set it on the training digits."
            )
        )
    if not isinstance(alarms, dict):
        raise Wrong(
            say("alarms is a {kind}; wanted: a dict, kind -> share.", kind=type(alarms).__name__)
        )
    asked = [k for k in kinds if k in alarms or k in ("digits", "letters", "rotated")]
    if missing := [kind for kind in asked if kind not in alarms]:
        raise Wrong(say("alarms says nothing of {missing}.", missing=", ".join(missing)))
    for kind in asked:
        error = _errors("autoencoder", autoencoder, kinds[kind])
        share = float(np.mean(error > limit))
        check_number(
            f"alarms[{kind!r}]",
            alarms[kind],
            share,
            {
                1 - share: say("that is the share that passes; wanted: the share that is caught."),
                100 * share: say("that is in percent; wanted: a share from 0 to 1."),
                len(error) * share: say("that is how many pictures; wanted: which share of them."),
            },
            tolerance=0.02,
            hint=say(
                "Which share of kinds[{kind!r}] has an error above your threshold?", kind=kind
            ),
        )
    print(
        say(
            "Right: {digits:.0%} of the validation digits by mistake, and it catches "
            "{letters:.0%} of the letters.",
            digits=alarms["digits"],
            letters=alarms["letters"],
        )
    )


def check_3(both, x_valid, autoencoder):
    """One network that is good at digits in their place and 3 pixels further to the right."""
    check_answered(both=both)
    if isinstance(both, list | tuple):
        raise Wrong(say("both is {n} things; wanted: one network for both kinds.", n=len(both)))
    if both is autoencoder:
        raise Wrong(say("both is the chapter's network itself; train a new one."))
    drawn = apply_model("both", both, x_valid[:10])
    if drawn.shape != x_valid[:10].shape:
        raise Wrong(
            say(
                "both makes {shape} of (784,); wanted: as many pixels as came in. Is it the "
                "encoder alone?",
                shape=drawn.shape[1:],
            )
        )
    if both.count_params() > autoencoder.count_params():
        raise Wrong(
            say(
                "both has {parameters:,} weights, the chapter's network {expected:,}; wanted: one "
                "of the same size.",
                parameters=both.count_params(),
                expected=autoencoder.count_params(),
            )
        )
    if not judged_in_full(say("the error")):
        print(say("Right so far: both takes digits and gives pictures."))
        return
    moved = np.roll(x_valid.reshape(-1, 28, 28), 3, axis=2).reshape(-1, 784)
    there, further = (float(_errors("both", both, x).mean()) for x in (x_valid, moved))
    said = say(
        "{there:.4f} on unmoved digits, {further:.4f} on moved digits", there=there, further=further
    )
    if there >= LIMIT and further >= LIMIT:
        raise Wrong(
            say(
                "your error is {said}; wanted: below {limit} on both. Train for longer.",
                said=said,
                limit=LIMIT,
            )
        )
    if there >= LIMIT:
        raise Wrong(
            say("your error is {said}. Did it see unmoved digits in the training, too?", said=said)
        )
    if further >= LIMIT:
        raise Wrong(
            say("your error is {said}. Did it see moved digits in the training, too?", said=said)
        )
    print(say("Right: {said}.", said=said))


def _check_moved(moved, x_valid):
    """Raise `Wrong` unless `moved` holds the digits, 3 pixels further to the right."""
    # The first thousand are enough to see where the digits went, and take little memory.
    sliced = isinstance(moved, np.ndarray) and moved.ndim
    first = check_array("moved", moved[:1000] if sliced else moved, (None, 784))
    if len(moved) != len(x_valid):
        raise Wrong(say("moved has {n:,} pictures; wanted: all of x_valid.", n=len(moved)))
    # Columns (or rows) that were pushed over the border do not count: who fills them with
    # paper is as right as who lets them come in again on the other side.
    new = first[:1000].astype(np.float32).reshape(-1, 28, 28)
    old = x_valid[:1000].reshape(-1, 28, 28)
    if not _close(new[:, :, 3:], old[:, :, :-3]):
        for after, before, words in [
            (new, old, say("the digits have not moved.")),
            (new[:, :, :-3], old[:, :, 3:], say("the digits went to the left.")),
            (
                new[:, 3:],
                old[:, :-3],
                say("the digits went down: axis 1 counts rows, axis 2 columns."),
            ),
            (new[:, :-3], old[:, 3:], say("the digits went up; wanted: to the right.")),
            (
                new[3:],
                old[:-3],
                say(
                    "the order of the pictures has changed: axis 0 counts pictures. Make them 28 "
                    "x 28 and take axis 2."
                ),
            ),
        ]:
            if _close(after, before):
                raise Wrong(say("moved: {words}", words=words))
        raise Wrong(
            say("moved does not hold the validation digits, 3 pixels further to the right.")
        )


def _close(after, before):
    return np.allclose(after, before, atol=1e-3)


def _errors(name, network, x):
    """Compute the mean squared error of each picture."""
    return mse(x, apply_model(name, network, x), per_image=True)
