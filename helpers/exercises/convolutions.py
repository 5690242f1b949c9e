"""Checks for the exercises of convolutions."""

import numpy as np

from helpers.exercises import (
    Wrong,
    apply_model,
    are_pixels,
    check_answered,
    check_array,
    clearly_lower,
    equal_but_for_rounding,
    judged_in_full,
)
from helpers.measures import bce
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]


def check_1(way_gone, learned, five, mean_image_bce, x_valid):
    """How far five losses are on the way from the average digit to a perfect copy."""
    check_answered(way_gone=way_gone, learned=learned)
    actual = check_array("way_gone", way_gone, (len(five),))
    x = np.asarray(x_valid, dtype=np.float32)
    floor, five = bce(x, x), np.asarray(five, dtype=float)
    expected = (mean_image_bce - five) / (mean_image_bce - floor)

    def near(other):
        return np.allclose(actual, other, rtol=0, atol=6e-3)  # rounded to percents

    for typical, words in [
        (
            (mean_image_bce - five) / mean_image_bce,
            say("it takes a perfect copy to have a loss of 0."),
        ),
        (1 - expected, say("these are the ways still to go; wanted: the ways gone.")),
        (-expected, say("the signs are turned: a lower loss has gone further.")),
        (five / mean_image_bce, say("these are shares of the average digit's loss.")),
        (
            mean_image_bce - five,
            say("these are the falls of the loss; wanted: shares of the whole way."),
        ),
        (
            1 / np.where(expected, expected, np.inf),
            say("turn them: a part of the way over the whole way."),
        ),
    ]:
        if near(typical):
            raise Wrong(say("way_gone is not it yet: {words}", words=words))
    if np.allclose(actual, 100 * expected, rtol=0, atol=0.6):
        raise Wrong(say("way_gone holds percentages; wanted: shares, 1 for the whole way."))
    if not near(expected):
        raise Wrong(
            say(
                "way_gone is not it yet. It has to be 0 for the loss of the average digit, and 1 "
                "for that of a perfect copy."
            )
        )
    said = np.asarray(learned, dtype=object)
    if said.shape != (len(five),) or not all(isinstance(a, bool | np.bool_) for a in said):
        raise Wrong(
            say(
                "learned is {learned!r}; wanted: {n} times True or False.",
                learned=learned,
                n=len(five),
            )
        )
    for loss, yes, share in zip(five, said, expected, strict=True):
        if equal_but_for_rounding(loss, mean_image_bce):
            continue  # level: which of the two is clearly_lower, the last bit would decide
        if yes and share <= 0:
            raise Wrong(
                say(
                    "learned has True for {loss:.4f}, but a constant does better than that.",
                    loss=loss,
                )
            )
        if not yes and share > 0:
            raise Wrong(
                say(
                    "learned has False for {loss:.4f}, but no constant image does so well.",
                    loss=loss,
                )
            )
    print(say("Right: a network that has learned something is on its way."))


def check_2(any_width, trained, x_valid):
    """A network for wider pictures, padded all over, with the chapter's trained weights."""
    check_answered(any_width=any_width)
    x = np.asarray(x_valid[:100], dtype=np.float32)
    pairs = np.concatenate([x[0::2], np.zeros((len(x) // 2, 28, 4, 1), x.dtype), x[1::2]], axis=2)
    side = apply_model("any_width", any_width, x[:1]).shape[1:]
    if side == (32, 32, 1):
        raise Wrong(say("any_width makes 32 x 32 of 28 x 28. Is the cropping at its end missing?"))
    if side != (28, 28, 1):
        raise Wrong(
            say(
                "any_width makes {side} of (28, 28, 1); wanted: the same size. Is every "
                "convolution padded, and as much cut off at the end as is too many?",
                side=side,
            )
        )
    # Keras would let a wider picture pass all the same, as long as nobody trains.
    if 28 in (getattr(any_width, "input_shape", None) or ())[1:3]:
        raise Wrong(say("any_width is made for 28 x 28 only: what does its Input say?"))
    drawn = apply_model("any_width", any_width, pairs)
    if drawn.shape != pairs.shape:
        raise Wrong(
            say(
                "any_width makes {shape} of {expected}; wanted: the same size.",
                shape=drawn.shape[1:],
                expected=pairs.shape[1:],
            )
        )
    yours, given = any_width.get_weights(), trained.get_weights()
    if [w.shape for w in yours] != [w.shape for w in given]:
        raise Wrong(
            say(
                "any_width has {parameters:,} parameters, or has them in other shapes than "
                "`upsampling`, which has {expected:,}.",
                parameters=any_width.count_params(),
                expected=trained.count_params(),
            )
        )
    if not all(np.allclose(a, b) for a, b in zip(yours, given, strict=True)):
        raise Wrong(say("any_width has other weights than `upsampling`: set_weights is missing."))
    if not are_pixels(drawn):
        raise Wrong(
            say(
                "any_width draws pixels from {low:.2f} to {high:.2f}; wanted: from 0 to 1. Does "
                "it end with a sigmoid?",
                low=drawn.min(),
                high=drawn.max(),
            )
        )
    # The un-padded convolution happens to fit 28 x 60, too; but then nothing is seen to go wrong.
    singles = apply_model("any_width", any_width, x), apply_model("upsampling", trained, x)
    if np.allclose(*singles, atol=1e-4):
        raise Wrong(
            say(
                "any_width draws single digits exactly as `upsampling` does, so one convolution "
                "is still not padded. That fits these sizes, too; wanted: all padded."
            )
        )
    if judged_in_full(say("what it draws")):
        loss, gray = bce(pairs, drawn), bce(pairs, np.full_like(pairs, pairs.mean()))
        if not clearly_lower(loss, gray):
            raise Wrong(
                say(
                    "its loss for two digits side by side is {loss:.3f}; one shade of gray would "
                    "have {gray:.3f}. Are the layers in the order of `make_upsampling`, each with "
                    "its ReLU?",
                    loss=loss,
                    gray=gray,
                )
            )
        print(
            say(
                "Right: it takes both widths. Two digits side by side have a loss of {loss:.3f}.",
                loss=loss,
            )
        )
    else:
        print(say("Right: it takes both widths, with the weights that were trained on one."))


def check_3(kernel_4, x_valid):
    """Strided transposed convolutions with a kernel of 4, which leave no raster."""
    check_answered(kernel_4=kernel_4)
    x = np.asarray(x_valid[:2000], dtype=np.float32)
    side = apply_model("kernel_4", kernel_4, x[:1]).shape[1:]
    if side == (32, 32, 1):
        raise Wrong(say("kernel_4 makes 32 x 32 of 28 x 28: the crop from 8 to 7 is missing."))
    if side != (28, 28, 1):
        raise Wrong(say("kernel_4 makes {side} of (28, 28, 1); wanted: the same size.", side=side))
    parameters = kernel_4.count_params()
    if parameters == 3369:
        raise Wrong(say("kernel_4 has as many parameters as before: its kernels are still 3 x 3."))
    if parameters == 4713:
        raise Wrong(
            say("the last layer has a kernel of 4, too; wanted: the three with strides alone.")
        )
    if parameters != 4601:
        raise Wrong(
            say(
                "kernel_4 has {parameters:,} parameters, which is not it. Change the kernels of "
                "the three strided layers, nothing else; the encoder stays as it is.",
                parameters=parameters,
            )
        )
    if judged_in_full(say("the raster")):
        y = apply_model("kernel_4", kernel_4, x)
        loss = bce(x, y) if are_pixels(y) else np.inf
        if loss >= 0.13:
            raise Wrong(
                say(
                    "its validation BCE is {loss:.4f}. Was it trained, by `train(kernel_4)`?",
                    loss=loss,
                )
            )
        places = ((y - x)[..., 0] ** 2).reshape(-1, 14, 2, 14, 2).mean(axis=(0, 1, 3))
        ratio = places.max() / places.min()
        if ratio > 1.04:
            raise Wrong(
                say(
                    "the worst place of a window has {ratio:.2f} times the error of the best: "
                    "there still is a raster. Do all three strided layers have a kernel of 4?",
                    ratio=ratio,
                )
            )
        print(
            say("Right: the worst place has {ratio:.3f} times the error of the best.", ratio=ratio)
        )
    else:
        print(
            say("Right so far: the three strided layers have the kernel that their stride divides.")
        )
