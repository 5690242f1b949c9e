"""Checks for the exercises of contrastive."""

import math

import numpy as np
from sklearn.neighbors import NearestNeighbors

from helpers.exercises import (
    Wrong,
    apply_model,
    check_answered,
    check_array,
    check_number,
    judged_in_full,
)
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "mixed_up"]

TOOLS = "autoencoder", "contrastive", "classifier"


def check_1(loss_a, loss_b, loss_c):
    """Three contrastive losses."""
    check_answered(loss_a=loss_a, loss_b=loss_b, loss_c=loss_c)
    nats = say("the loss is a natural logarithm.")
    check_number(
        "loss_a",
        loss_a,
        math.log(256),
        {
            8: nats,
            0: say("every view looks like the partner then, and one of 256 is."),
            1 / 256: say("that is the probability of the partner; the loss is its negative log."),
        },
        hint=say("All cosines are 1. What share of the sum below is the partner's?"),
    )
    check_number(
        "loss_b",
        loss_b,
        math.log(1 + math.exp(-1)),
        {
            math.log2(1 + math.exp(-1)): nats,
            1 / (1 + math.exp(-1)): say("that is the probability; the loss is its negative log."),
            0: say("the other view keeps a share: the exponential of 0 is 1."),
        },
        hint=say("Above stands the exponential of 1; below, the same and the exponential of 0."),
    )
    check_number(
        "loss_c",
        loss_c,
        math.log(1 + math.exp(-10)),
        {
            math.log(1 + math.exp(-0.1)): say(
                "divide the cosines by the temperature: 1 becomes 10."
            ),
            math.log(1 + math.exp(-1)): say("the temperature is 0.1 now."),
        },
        hint=say("Divide both cosines by 0.1 first. Then as in (b)."),
    )
    print(
        say(
            "Right, all three. A code that is the same for all images costs log 256; at a low "
            "temperature a clear partner costs almost nothing."
        )
    )


def check_2(turned, pair, x, y):
    """An encoder that takes no notice of turns, and the two digits that it mixes up most."""
    check_answered(turned=turned, pair=pair)
    answer = sorted(check_array("pair", pair, (2,)))
    if answer[0] == answer[1] or not set(answer) <= set(range(10)):
        raise Wrong(say("pair is {pair}; wanted: two different digits.", pair=tuple(pair)))
    answer = [int(digit) for digit in answer]
    z = _directions(turned, x)
    if not judged_in_full(say("what the encoder mixes up")):
        return
    upside_down = _directions(turned, np.ascontiguousarray(x[:, ::-1, ::-1]))
    same = float(np.mean(np.sum(z * upside_down, axis=1)))
    others = float(np.mean(z @ z.mean(axis=0)))
    if same < (1 + others) / 2:
        raise Wrong(
            say(
                "upside down, an image has a cosine of {same} with itself, and another image "
                "{others}: this encoder has not learned to ignore turns. Turn the views by up "
                "to half a circle.",
                same=f"{same:.2f}",
                others=f"{others:.2f}",
            )
        )
    mixed = mixed_up(z, y)
    first, second = map(int, np.unravel_index(mixed.argmax(), mixed.shape))
    if answer != [first, second]:
        raise Wrong(
            say(
                "your encoder mixes up {pair} {count:.0f} times, and another pair more often. "
                "`mixed_up` returns a table: where is its largest number?",
                pair=tuple(answer),
                count=mixed[answer[0], answer[1]],
            )
        )
    print(
        say(
            "Right: {first} and {second} are mixed up {count:.0f} times. The code makes small "
            "what the views change, wanted or not.",
            first=first,
            second=second,
            count=mixed[first, second],
        )
    )


def mixed_up(z, y):
    """Count how often one of the five nearest codes belongs to another digit.

    Parameters
    ----------
    z : ndarray, shape (n, numbers)
        Codes.
    y : ndarray of int, shape (n,)
        Their digits.

    Returns
    -------
    ndarray of float, shape (10, 10)
        By the smaller digit and the larger; 0 elsewhere.
    """
    nearest = NearestNeighbors(n_neighbors=5).fit(z).kneighbors(return_distance=False)
    count = np.zeros((10, 10))
    np.add.at(count, (np.repeat(y, 5), y[nearest].ravel()), 1)
    return np.triu(count + count.T, 1)


def check_3(tool):
    """The tool for each of three tasks."""
    check_answered(tool=tool)
    why = {
        "few": {
            "autoencoder": say("with 100 labels its code was read less well in this study."),
            "classifier": say("100 images are few for it; here a code learned from all was ahead."),
        },
        "all": {
            "autoencoder": say("what is not paid for the name keeps what the name does not need."),
            "contrastive": say("with every label at hand, the labels themselves teach more."),
        },
        "draw": {
            "contrastive": say("its code makes small what the views change, and drawing needs it."),
            "classifier": say("it keeps the name, and no more of the image than that needs."),
        },
    }
    if not isinstance(tool, dict) or set(tool) != set(why):
        raise Wrong(
            say(
                "tool is {value!r}; wanted: a dict with the keys {keys}.",
                value=tool,
                keys=", ".join(why),
            )
        )
    for task, answer in tool.items():
        if answer not in TOOLS:
            raise Wrong(
                say(
                    "{task} is {answer!r}; wanted one of: {tools}.",
                    task=task,
                    answer=answer,
                    tools=", ".join(TOOLS),
                )
            )
        if answer in why[task]:
            raise Wrong(
                say("{task}: not {answer}: {why}", task=task, answer=answer, why=why[task][answer])
            )
    print(say("Right, all three: first the task, then the tool."))


def _directions(encoder, x):
    """Codes of length 1, or what is wrong with the encoder."""
    z = apply_model("turned", encoder, x)
    if z.ndim != 2:
        raise Wrong(
            say("turned gives the shape {shape}; wanted: (images, numbers).", shape=z.shape)
        )
    return z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-9)
