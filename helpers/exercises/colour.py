"""Checks for the exercises of colour photographs."""

import numpy as np

from helpers.exercises import (
    Wrong,
    check_answered,
    check_array,
    check_number,
)
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]

_TO_YCC = np.float32([[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]])
_TO_RGB = np.linalg.inv(_TO_YCC)
_COUNTS = (8, 16, 24, 32, 40, 48)


def check_1(numbers_a, factor_b, psnr_c):
    """Numbers of a patch with halved chrominance, a factor and a PSNR."""
    check_answered(numbers_a=numbers_a, factor_b=factor_b, psnr_c=psnr_c)
    check_number(
        "numbers_a",
        numbers_a,
        1536,
        {
            2048: say("half the width and half the height leave a quarter, not a half."),
            768: say("luminance stays whole."),
            1280: say("there are two chrominances."),
            3072: say("that is the RGB patch."),
        },
        hint=say("Luminance has 32 x 32 numbers. How many has each chrominance?"),
    )
    check_number(
        "factor_b",
        factor_b,
        48,
        {
            16: say("the patch has three numbers a pixel."),
            24: say("that is for halved chrominance; asked for is the RGB patch."),
            1 / 48: say("the other way round."),
        },
        hint=say("Divide the numbers of the RGB patch by 64."),
    )
    check_number(
        "psnr_c",
        psnr_c,
        30,
        {
            -30: say("the logarithm is that of 1 / MSE: the PSNR is positive."),
            3: say("that is the logarithm; decibels are ten times it."),
            60: say("10 times the logarithm, not 20: the error is squared already."),
            69.0775527898: say("the logarithm is that of base 10."),
        },
        hint=say("10 times the base-10 logarithm of 1 / MSE."),
    )
    print(say("Right, all three."))


def check_2(less_colour):
    """Patches with halved chrominance, against those of random colours."""
    check_answered(less_colour=less_colour)
    x = np.random.default_rng(2).random((3, 32, 32, 3)).astype(np.float32)
    given = check_array("less_colour(x)", _call(less_colour, x.copy()), x.shape)
    y = x @ _TO_YCC.T

    def blocks(part):
        means = part.reshape(3, 16, 2, 16, 2, -1).mean(axis=(2, 4))
        return means.repeat(2, axis=1).repeat(2, axis=2)

    def back(luminance, chroma):
        return np.concatenate([luminance, chroma], axis=-1) @ _TO_RGB.T

    gray, chroma = y[..., :1], y[..., 1:]
    first = chroma[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)
    for wrong, words in (
        (x, say("nothing has changed.")),
        (back(blocks(gray), blocks(chroma)), say("luminance stays as it is.")),
        (back(blocks(gray), chroma), say("that halves luminance; wanted: chrominance.")),
        (
            np.concatenate([gray, blocks(chroma)], axis=-1),
            say("that is luminance and chrominance; go back to RGB."),
        ),
        (
            np.concatenate([x[..., :1], blocks(x[..., 1:])], axis=-1),
            say("that averages green and blue; go to luminance and chrominance first."),
        ),
        (back(gray, 0 * chroma), say("that takes all colour away.")),
        (back(gray, first), say("that keeps one pixel of each block; wanted: their mean.")),
    ):
        if _near(given, wrong):
            raise Wrong(say("less_colour: {words}", words=words))
    right = back(gray, blocks(chroma))
    if _near(given, np.clip(right, 0, 1)):
        raise Wrong(say("less_colour: leave the clipping to psnr."))
    if not _near(given, right):
        raise Wrong(
            say(
                "less_colour: off by {off:.3f} at most. Go to luminance and chrominance with "
                "`x @ to_ycc.T`, average channels 1 and 2 in blocks of 2 x 2, go back.",
                off=float(np.abs(given - right).max()),
            )
        )
    print(say("Right: half of the numbers are gone, and luminance is as it was."))


def check_3(flat, floor, test):
    """The best single colour of each patch, and its PSNR for each photograph."""
    check_answered(flat=flat, floor=floor)
    x = np.random.default_rng(3).random((4, 32, 32, 3)) ** [1, 2, 3]
    given = check_array("flat(x)", _call(flat, x.copy()), x.shape)
    means = x.mean(axis=(1, 2), keepdims=True)
    for wrong, words in (
        (x.mean(axis=(0, 1, 2)), say("that is one colour for all; wanted: one for each patch.")),
        (
            x.mean(axis=(1, 2, 3), keepdims=True),
            say("that is a gray; wanted: a mean for each channel."),
        ),
        (
            np.median(x, axis=(1, 2), keepdims=True),
            say("the median has the least absolute error; wanted: the least squared error."),
        ),
    ):
        if _near(given, np.broadcast_to(wrong, x.shape)):
            raise Wrong(say("flat: {words}", words=words))
    if not _near(given, np.broadcast_to(means, x.shape)):
        raise Wrong(
            say("flat: wanted: each patch in its mean colour, a mean over height and width.")
        )
    if not isinstance(floor, dict) or set(floor) != set(test):
        raise Wrong(
            say("floor: wanted: a dictionary with the keys {names}.", names=", ".join(test))
        )
    for name, patches in test.items():
        patches = np.asarray(patches, float)
        errors = ((patches - patches.mean(axis=(1, 2), keepdims=True)) ** 2).mean(axis=(1, 2, 3))
        check_number(
            f"floor[{name!r}]",
            floor[name],
            -10 * np.log10(errors.mean()),
            {
                float(np.mean(-10 * np.log10(np.maximum(errors, 1e-12)))): say(
                    "that is the mean of the patches' PSNRs; average the squared errors first, "
                    "as `psnr` does."
                ),
                float(errors.mean()): say("that is the squared error; wanted: the PSNR."),
            },
            tolerance=0.01,
            hint=say("psnr(x, flat(x)) of that photograph's patches."),
        )
    print(say("Right: no colour network should stay below this."))


def check_4(by_chroma, best, split, valid):
    """The PSNR for each number of chrominance numbers, and the best of them."""
    check_answered(by_chroma=by_chroma, best=best)
    if not isinstance(by_chroma, dict) or set(by_chroma) != set(_COUNTS):
        raise Wrong(
            say(
                "by_chroma: wanted: a dictionary with the keys {names}.",
                names=", ".join(map(str, _COUNTS)),
            )
        )
    right = {}
    for count in _COUNTS:
        errors = []
        for x in valid.values():
            x_hat = np.clip(split(x, 192, count / 192), 0, 1)
            errors.append(-10 * np.log10(np.mean((np.asarray(x, float) - x_hat) ** 2)))
        right[count] = float(np.mean(errors))
    for count in _COUNTS:
        check_number(
            f"by_chroma[{count}]",
            by_chroma[count],
            right[count],
            {},
            tolerance=0.01,
            hint=say("mean_psnr on `valid`, with 192 numbers and the share {n} / 192.", n=count),
        )
    winner = max(right, key=right.get)
    check_number(
        "best",
        best,
        winner,
        {min(right, key=right.get): say("that has the lowest PSNR.")},
        hint=say("The key with the highest PSNR."),
    )
    print(say("Right: {n} numbers for chrominance, chosen without a test photograph.", n=winner))


def _near(one, other):
    return np.allclose(one, other, atol=1e-4)


def _call(function, x):
    """Return what a reader's function gives, or say why there is nothing."""
    if not callable(function):
        raise Wrong(say("that is a {kind}; wanted: your function.", kind=type(function).__name__))
    try:
        return function(x)
    except Exception as error:  # any: what a reader's code raises is not ours to list
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Wrong(say("your function fails: {first}", first=first)) from None
