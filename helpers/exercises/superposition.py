"""Checks for the exercises of superposition."""

import math

import numpy as np

from helpers.exercises import Wrong, check_answered, check_array, check_number, judged_in_full
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]


def check_1(features_at_once, chance_of_twenty):
    """How many features are present at once, and when there are as many as units."""
    check_answered(features_at_once=features_at_once, chance_of_twenty=chance_of_twenty)
    check_number(
        "features_at_once",
        features_at_once,
        64 * 0.03,
        {
            20 * 0.03: say("that counts the units of the layer; the features are 64."),
            128 * 0.03: say("that counts the units of the autoencoder; the features are 64."),
            64 * 3: say("3 % is 0.03."),
        },
        tolerance=6e-3,
        hint=say("It is the number of features times the chance of each."),
    )
    check_number(
        "chance_of_twenty",
        chance_of_twenty,
        20 / 64,
        {
            31.25: say("that is in percent; wanted: a chance from 0 to 1."),
            20 / 128: say("that counts the units of the autoencoder; the features are 64."),
            64 / 20: say("that is the wrong way round."),
        },
        tolerance=1e-2,
        hint=say("64 times the chance has to be 20."),
    )
    print(say("Right: two features at once are few for 20 units, and at 31 % there are 20."))


def check_2(typical_cosine, units_for_a_tenth, make_world):
    """The cosines of the true directions, and the dimensions in which they would be 0.1."""
    check_answered(typical_cosine=typical_cosine, units_for_a_tenth=units_for_a_tenth)
    truth = make_world(0)[0]
    cosines = truth @ truth.T
    pairs = cosines[~np.eye(len(truth), dtype=bool)]
    expected = math.sqrt(np.mean(pairs**2))
    check_number(
        "typical_cosine",
        typical_cosine,
        expected,
        {
            math.sqrt(np.mean(cosines**2)): say(
                "that has each direction's cosine with itself in it."
            ),
            float(np.mean(pairs)): say("that is the mean, in which signs cancel: square first."),
            float(np.mean(pairs**2)): say("that is the mean square: the root is missing."),
            float(np.mean(np.abs(pairs))): say(
                "that is the mean of the sizes; square, then the root."
            ),
            1 / math.sqrt(20): say("that is the estimate; compute it from the directions."),
        },
        tolerance=5e-3,
        hint=say(
            "Square the cosines of all pairs of different directions, take the mean, the root."
        ),
    )
    check_number(
        "units_for_a_tenth",
        units_for_a_tenth,
        100,
        {
            10: say("1 / sqrt(10) is 0.32."),
            1000: say("1 / sqrt(1000) is 0.03."),
        },
        tolerance=2e-2,
        hint=say("Solve 1 / sqrt(n) = 0.1 for n."),
    )
    print(say("Right: {expected:.2f} in 20 dimensions, and 0.1 in 100.", expected=expected))


def check_3(found, second_try, saved, make_world):
    """Directions learned in worlds where features are present more and more often."""
    check_answered(found=found, second_try=second_try, saved=saved)
    if not isinstance(found, dict) or not found:
        raise Wrong(say("found is no dict, or empty; wanted: chance -> the learned directions."))
    truth = make_world(0)[0]  # the directions do not depend on the chance
    scores = {}
    for chance, learned in found.items():
        name = f"found[{chance!r}]"
        check_number(say("the chance {chance!r}", chance=chance), chance, chance)
        if not 0 < chance < 1:
            raise Wrong(say("{name}: a chance lies between 0 and 1; 30 % is 0.3.", name=name))
        scores[chance] = _recovery(truth, _directions(name, learned, truth))
    again = _recovery(truth, _directions("second_try", second_try, truth))
    if not isinstance(saved, bool | np.bool_):
        raise Wrong(say("saved is {saved!r}; wanted: True or False.", saved=saved))
    if judged_in_full(say("the recovery")):
        if len(found) < 2 or max(found) < 0.3:
            raise Wrong(say("found lacks a chance: measure at 0.3 and at one or more below it."))
        best = max(scores, key=scores.get)
        by_chance = np.random.default_rng(1).normal(size=np.shape(found[best]))
        by_chance = _recovery(truth, by_chance)
        if scores[best] < by_chance + 0.15:
            raise Wrong(
                say(
                    "your best recovery is {score:.2f}, and random directions have "
                    "{by_chance:.2f}. Are they learned in `make_world(seed=0, ...)`?",
                    score=scores[best],
                    by_chance=by_chance,
                )
            )
        for chance in sorted(scores):
            print(
                say("{n:4.1f} features at once: {score:.3f}", n=64 * chance, score=scores[chance])
            )
        print(say("random directions:     {by_chance:.3f}", by_chance=by_chance))
        gain = again - scores[max(scores)]
        if saved != (gain > 0.1):
            raise Wrong(
                say(
                    "saved is {saved}, but the second try at a chance of {chance} has a recovery "
                    "of {again:.3f}, which is {gain:+.3f} against the first.",
                    saved=saved,
                    chance=max(scores),
                    again=again,
                    gain=gain,
                )
            )
        print(
            say(
                "second try:            {again:.3f}, so saved is {saved}. Right.",
                again=again,
                saved=saved,
            )
        )
    else:
        print(say("Right so far: directions for each chance."))


def _directions(name, learned, truth):
    """Return learned directions as an array, or say what is wrong with them."""
    if isinstance(learned, tuple):
        raise Wrong(
            say("{name} is a tuple: `find_directions` returns the directions second.", name=name)
        )
    if np.ndim(learned) == 0:
        raise Wrong(
            say("{name} is one value; wanted: the directions, the check scores them.", name=name)
        )
    if np.ndim(learned) == 2 and np.shape(learned)[0] == 20 != np.shape(learned)[1]:
        raise Wrong(say("{name} has a direction in each column; wanted: in each row.", name=name))
    learned = check_array(name, learned, (None, truth.shape[1]))
    if learned.shape == truth.shape and np.allclose(learned, truth, atol=1e-6):
        raise Wrong(
            say("{name} holds the true directions; wanted: those that were learned.", name=name)
        )
    return learned


def _recovery(truth, learned):
    """Mean best cosine, as in the chapter."""
    lengths = np.linalg.norm(learned, axis=1, keepdims=True)
    return float((truth @ (learned / np.maximum(lengths, 1e-12)).T).max(axis=1).mean())
