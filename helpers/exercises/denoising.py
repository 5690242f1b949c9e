"""Checks for the exercises of denoising."""

import numpy as np

from helpers.exercises import (
    Wrong,
    apply_model,
    are_pixels,
    check_answered,
    check_array,
    check_number,
    judged_in_full,
)
from helpers.measures import psnr
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(a, b, c, noisy_psnr):
    """Three PSNRs by hand."""
    check_answered(a=a, b=b, c=c)
    of = {a: a * np.log10(2) for a in (10, 20)}  # dB for a factor of two
    ln = say("that is with the natural logarithm; decibels take log10.")
    twice = say("the factor is 10, not 20: MSE is squared already.")
    sign = say("the sign is turned: a small error gives many decibels.")
    check_number(
        "a",
        a,
        20,
        {
            -20: sign,
            2: say("a bel has ten decibels."),
            40: twice,
            10 * np.log(100): ln,
            10: say("0.01 is the MSE already; do not take its root."),
        },
        tolerance=1e-2,
        hint=say("Put 0.01 into the formula."),
    )
    check_number(
        "b",
        b,
        20 * np.log10(2),
        {
            of[10]: say("that is for half the squared error; half the error is a quarter of that."),
            -of[20]: say("less error is more decibels."),
            2 * of[20]: twice,
            20 + of[20]: say("that is the sum; how many more than in (a)?"),
            10 * np.log(4): ln,
            -of[10]: say(
                "less error is more decibels, and half the error a quarter of its square."
            ),
        },
        tolerance=1e-2,
        hint=say("By what factor does the MSE fall?"),
    )
    check_number(
        "c",
        c,
        20 * np.log10(2),
        {
            of[10]: say("that is for 0.5; the squared error is 0.25."),
            -of[20]: sign,
            2 * of[20]: twice,
            10 * np.log(4): ln,
            float(noisy_psnr): say("so many have our images, which were clipped."),
        },
        tolerance=1e-2,
        hint=say("The MSE is the mean of the squared noise."),
    )
    print(say("Right, all three. Clipping takes error away, so ours have more."))


def check_2(block_model, dense, covered, x):
    """A dense network that was trained on covered blocks."""
    check_answered(block_model=block_model)
    if block_model is dense:
        raise Wrong(
            say("block_model is `dense` itself. Make a new network, or nothing is compared.")
        )
    y = _check_images("block_model", block_model, covered)
    if block_model.count_params() != dense.count_params():
        raise Wrong(
            say(
                "block_model has {parameters:,} parameters, `dense` has {expected:,}. Only the "
                "damage is to be another.",
                parameters=block_model.count_params(),
                expected=dense.count_params(),
            )
        )
    if not judged_in_full(say("the error")):
        print(say("Right so far: a network as ours."))
        return
    yours, before, nothing = (
        psnr(x, images) for images in (y, apply_model("dense", dense, covered), covered)
    )
    if yours < before + 0.5:
        raise Wrong(
            say(
                "block_model reaches {yours:.1f} dB on covered blocks, `dense` {before:.1f} dB. "
                "Is the damage of its training a `CoverBlock()`, and are the targets the clean "
                "images?",
                yours=yours,
                before=before,
            )
        )
    print(
        say(
            "Right: {yours:.1f} dB, after {before:.1f} dB of the network that knew only noise. "
            "Nothing done has {nothing:.1f} dB.",
            yours=yours,
            before=before,
            nothing=nothing,
        )
    )


def check_3(arrived, nearest, are_new, start, known):
    """Ten images that were led from pure noise to digits by the posterior mean."""
    check_answered(arrived=arrived, nearest=nearest, are_new=are_new)
    y = check_array("arrived", arrived, np.shape(start))
    if np.allclose(y, start):
        raise Wrong(say("arrived is the noise of the start: none of the steps has been taken."))
    if np.abs(y).max() > 10 * np.abs(start).max():
        raise Wrong(
            say(
                "arrived has values up to {high:.3g}: the steps lead away from the posterior "
                "mean. Its difference is posterior_mean(y, s) - y.",
                high=np.abs(y).max(),
            )
        )
    squared = (known**2).sum(axis=1) - 2 * y @ known.T + (y**2).sum(axis=1, keepdims=True)
    places = squared.argmin(axis=1)
    left = np.sqrt(np.maximum(squared.min(axis=1), 0) / known.shape[1])
    if np.abs(y - y.mean(axis=0)).max() < 0.2:
        raise Wrong(
            say(
                "arrived shows one image ten times: that is nearly the mean of all, to which one "
                "whole step leads from the strongest noise. Take many small ones."
            )
        )
    if left.max() > 0.2:
        raise Wrong(
            say(
                "{n} of 10 images in arrived are far from every known digit. Does each step start "
                "where the last one ended, and do both the mean and the share 1 - t / s take the "
                "strength s that the images have now?",
                n=np.count_nonzero(left > 0.2),
            )
        )
    if left.max() < 0.005:
        raise Wrong(
            say(
                "arrived has no noise left, and the last strength is 0.05. Move the images by the "
                "share 1 - t / s of the way, or leave out a last whole step."
            )
        )
    if not np.allclose(y, _walk(start, known), atol=0.02):
        raise Wrong(
            say(
                "arrived shows known digits, but not those to which these steps lead. Is the mean "
                "taken at the strength s that the images have before the step?"
            )
        )
    n = check_array("nearest", nearest, (len(y),))
    if not np.array_equal(n, places):
        if np.array_equal(n, squared.argmax(axis=1)):
            raise Wrong(say("nearest are the least similar images."))
        raise Wrong(
            say(
                "nearest is right for {right} of {n}; wanted: the indices in `known` of the "
                "images with the smallest squared difference from `arrived`.",
                right=np.count_nonzero(n == places),
                n=len(y),
            )
        )
    if not isinstance(are_new, bool | np.bool_):
        raise Wrong(say("are_new is {are_new!r}; wanted: True or False.", are_new=are_new))
    if are_new:
        raise Wrong(
            say(
                "are_new is True, but no image is further than {high:.2f} a pixel from a known "
                "one, and so much noise is left. Show `known[nearest]` below `arrived`.",
                high=left.max(),
            )
        )
    print(
        say(
            "Right: {n} different images, all of them known; what is left is the noise of "
            "{noise:.2f}.",
            n=len(set(places.tolist())),
            noise=left.mean(),
        )
    )


def _walk(y, known):
    """Lead images of noise to digits, as the exercise asks."""
    strengths = np.geomspace(10, 0.05, 40)
    for s, t in zip(strengths[:-1], strengths[1:], strict=True):
        # -|y - x|^2 / (2 s^2), without |y|^2, which is the same for all known images x
        log_weights = (2 * y @ known.T - (known**2).sum(axis=1)) / (2 * s**2)
        weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
        mean = weights @ known / weights.sum(axis=1, keepdims=True)
        y = y + (1 - t / s) * (mean - y)
    return y


def check_4(your_model, conv, x, noisy):
    """A denoiser that beats the source's."""
    check_answered(your_model=your_model)
    if your_model is conv:
        raise Wrong(say("your_model is the chapter's own convolutional network."))
    y = _check_images("your_model", your_model, noisy)
    if not judged_in_full(say("the error")):
        print(say("Right so far: a denoiser."))
        return
    yours, before = psnr(x, y), psnr(x, apply_model("conv", conv, noisy))
    if yours < before + 0.05:  # less is what another seed may give
        raise Wrong(
            say(
                "your_model reaches {yours:.2f} dB, the convolutional network {before:.2f} dB. "
                "Where does it spend its time, and does its rate suit it?",
                yours=yours,
                before=before,
            )
        )
    print(
        say(
            "Right: {yours:.2f} dB, after {before:.2f} dB. Did it take no longer? One more seed "
            "tells whether it was luck.",
            yours=yours,
            before=before,
        )
    )


def _check_images(name, actual, noisy):
    """Return what a model makes of images, if they are images."""
    y = apply_model(name, actual, noisy)
    if y.shape != noisy.shape:
        raise Wrong(
            say(
                "{name} makes {shape} of (28, 28, 1); wanted: the same.",
                name=name,
                shape=y.shape[1:],
            )
        )
    if not np.allclose(y[:10], apply_model(name, actual, noisy[:10]), atol=1e-4):
        raise Wrong(
            say(
                "{name} gives two answers to the same image: damage is for training only.",
                name=name,
            )
        )
    if not are_pixels(y):
        raise Wrong(
            say(
                "{name} draws pixels from {low:.2f} to {high:.2f}; wanted: from 0 to 1. Is the "
                "last activation a sigmoid?",
                name=name,
                low=y.min(),
                high=y.max(),
            )
        )
    return y
