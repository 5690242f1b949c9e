"""Checks for the exercises of judging."""

import numpy as np
from sklearn.metrics import pairwise_distances

from helpers.exercises import (
    Wrong,
    apply_model,
    are_pixels,
    check_answered,
    check_array,
    check_number,
    judged_in_full,
)
from helpers.measures import precision_recall
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(distance_a, distance_b, distance_c):
    """Three Fréchet distances in one dimension."""
    check_answered(distance_a=distance_a, distance_b=distance_b, distance_c=distance_c)
    check_number(
        "distance_a",
        distance_a,
        10,
        {
            18: say("the widths count as standard deviations, 1 and 2, not as variances."),
            9: say("that is the part of the means; the widths differ, too."),
            4: say("the difference of the means is squared as well."),
            1: say("that is the part of the widths; the means differ, too."),
            10**0.5: say("the distance is not rooted here: it is in the square of the unit."),
        },
        hint=say("Square the difference of the means, and that of the standard deviations; add."),
    )
    check_number(
        "distance_b",
        distance_b,
        0,
        {1: say("the standard deviation of -1 and 1, equally often, is 1: no difference there.")},
        hint=say("Only mean and standard deviation count. What are they for -1 and 1?"),
    )
    check_number(
        "distance_c",
        distance_c,
        1,
        {0: say("the means are equal, but the inventions have no width.")},
        hint=say("The standard deviations are 1 and 0."),
    )
    print(say("Right, all three. In (b) the clouds differ, and the distance does not see it."))


def check_2(share_inside):
    """The share of points in a ball of the centres, for clouds that part the usual mistakes."""
    check_answered(share_inside=share_inside)
    rng = np.random.default_rng(0)
    few, many = rng.normal(size=(60, 2)), rng.normal(1, 0.5, size=(150, 2))
    for points, centres in [(many, few), (few, many)]:
        for k in (3, 1):
            given = _call(share_inside, points, centres, k)
            right = precision_recall(centres, points, k)[0]
            apart = pairwise_distances(points, centres)
            reach = np.sort(pairwise_distances(centres), axis=1)
            nearest = apart.argmin(axis=1)
            known = {
                np.mean((apart <= reach[:, k - 1]).any(axis=1)): say(
                    "each centre is its own nearest neighbour, so ask for one neighbour more."
                ),
                np.mean(apart.min(axis=1) <= reach[nearest, k]): say(
                    "that asks the nearest centre alone; a larger ball of another may hold "
                    "the point."
                ),
                np.mean((apart <= reach[:, k]).all(axis=1)): say(
                    "one ball is enough; that asks for all of them."
                ),
                precision_recall(points, centres, k)[0]: say(
                    "the balls are around the centres, not around the points."
                ),
                float((apart <= reach[:, k]).any(axis=1).sum()): say(
                    "that is a count; wanted: a share."
                ),
            }
            check_number(
                say("share_inside with k={k}", k=k),
                given,
                right,
                known,
                tolerance=1e-6,
                hint=say("Radius: the distance to the k-th other centre. Inside: in any ball."),
            )
    print(say("Right: the same shares as `precision_recall`, in both directions."))


def check_3(fooling, features, real_features):
    """Images with a high precision and a low recall, none of them twice."""
    check_answered(fooling=fooling)
    fooling = check_array("fooling", fooling, (None, 784))
    if not are_pixels(fooling):
        raise Wrong(
            say(
                "fooling runs from {low:g} to {high:g}; pixels are from 0 to 1.",
                low=fooling.min(),
                high=fooling.max(),
            )
        )
    if not judged_in_full(say("the precision")):
        print(say("Right so far: images."))
        return
    if len(fooling) < 1000:
        raise Wrong(say("fooling holds {n} images; wanted: 1,000 or more.", n=len(fooling)))
    different = len(np.unique(fooling, axis=0))
    if different < len(fooling):
        raise Wrong(
            say(
                "of {n} images in fooling {different} are different; wanted: no image twice.",
                n=len(fooling),
                different=different,
            )
        )
    seen = apply_model("features", features, fooling.astype("float32"))
    precision, recall = precision_recall(real_features, seen)
    if precision <= 0.9:
        raise Wrong(
            say(
                "precision {precision:.3f}, recall {recall:.3f}: too few of the images lie among "
                "the real ones. Take images that are real.",
                precision=precision,
                recall=recall,
            )
        )
    if recall >= 0.1:
        raise Wrong(
            say(
                "precision {precision:.3f}, recall {recall:.3f}: they cover too much. Take images "
                "that resemble one another more.",
                precision=precision,
                recall=recall,
            )
        )
    print(
        say(
            "Right: precision {precision:.3f}, recall {recall:.3f}.",
            precision=precision,
            recall=recall,
        )
    )


def check_4(is_copy, x_train, new):
    """A detector of copies: noisy copies are found, new digits are not called copies."""
    check_answered(is_copy=is_copy)
    rng = np.random.default_rng(4)
    x_train, new = np.asarray(x_train), np.asarray(new)[:200]
    copies = x_train[rng.choice(len(x_train), 200, replace=False)]
    noisy = np.clip(copies + rng.normal(0, 0.05, copies.shape), 0, 1).astype("float32")
    moved = np.roll(copies.reshape(-1, 28, 28), 1, axis=2).reshape(-1, 784)
    found, false, shifted = (_found(is_copy, images) for images in (noisy, new, moved))
    if judged_in_full(say("the detector")):
        if found < 0.95:
            raise Wrong(
                say(
                    "of 200 training images with a little noise (0.05) it finds {found:.0%}; "
                    "wanted: 95 % or more. Does it look through all training images, and is the "
                    "limit above 0?",
                    found=found,
                )
            )
        if false > 0.05:
            raise Wrong(
                say(
                    "it calls {false:.0%} of 200 new digits copies; wanted: 5 % at most. Set the "
                    "limit by the validation images.",
                    false=false,
                )
            )
        print(
            say(
                "Right: {found:.0%} of the noisy copies found, {false:.0%} of the new digits "
                "accused. Of copies moved by one pixel it finds {shifted:.0%}.",
                found=found,
                false=false,
                shifted=shifted,
            )
        )
    else:
        print(say("Right so far: an answer for each image."))


def _call(function, *arguments):
    """Return what a reader's function gives, or say why there is nothing."""
    if not callable(function):
        raise Wrong(say("that is a {kind}; wanted: your function.", kind=type(function).__name__))
    try:
        return function(*arguments)
    except Exception as error:  # any: what a reader's code raises is not ours to list
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Wrong(say("your function fails: {first}", first=first)) from None


def _found(is_copy, images):
    """Return the share of images that a detector calls copies."""
    answers = np.asarray(_call(is_copy, images.copy()))
    if answers.shape != (len(images),):
        raise Wrong(
            say(
                "is_copy answers with the shape {shape}; wanted: one answer an image, ({n},).",
                shape=answers.shape,
                n=len(images),
            )
        )
    if answers.dtype != bool:
        raise Wrong(
            say(
                "is_copy answers with {kind}; wanted: True or False for each image: compare the "
                "distance with a limit.",
                kind=answers.dtype,
            )
        )
    return float(answers.mean())
