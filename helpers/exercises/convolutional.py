"""Checks for the exercises of convolutional."""

import numpy as np

from helpers.exercises import (
    Wrong,
    apply_model,
    are_pixels,
    check_answered,
    check_array,
    check_number,
    clearly_lower,
    equal_but_for_rounding,
    judged_in_full,
)
from helpers.measures import bce

__all__ = ["check_1", "check_2", "check_3", "check_4", "check_5"]


def check_1(code_shape, encoder_parameters, factor, dense_parameters):
    """Strides in place of pools: shape of the code, parameters, work; and a dense rival."""
    # A leading None is the number of images, as Keras prints it, and no open answer.
    if isinstance(code_shape, list | tuple) and len(code_shape) == 4 and code_shape[0] is None:
        code_shape = code_shape[1:]
    check_answered(
        code_shape=code_shape,
        encoder_parameters=encoder_parameters,
        factor=factor,
        dense_parameters=dense_parameters,
    )
    if np.ndim(code_shape) == 0:
        raise Wrong(f"code_shape is {code_shape!r}; wanted: three lengths, as Keras prints them.")
    shape = check_array("code_shape", code_shape, (None,)).tolist()
    typical = {
        (3, 3, 8): "7 halved is 3.5, and it rounds the other way.",
        (7, 7, 8): "that is after two of the three layers.",
        (28, 28, 8): "each stride of 2 halves both sides.",
        (8, 4, 4): "Keras has the channels last.",
        (4, 4, 16): "the last layer has another number of filters.",
        (128,): "so many numbers it has; as a shape, they are rows, columns and maps.",
    }
    if tuple(shape) != (4, 4, 8):
        words = typical.get(tuple(shape), "follow the side: 28, and three times the half of it.")
        raise Wrong(f"code_shape is {code_shape}: {words}")
    check_number(
        "encoder_parameters",
        encoder_parameters,
        160 + 1160 + 584,
        {
            144 + 1152 + 576: "these are the weights; each filter has a bias too.",
            160 + 80 + 80: "a filter has 9 weights for each map that goes in.",
            (160 + 1160 + 584) / 4: "a stride saves work, not weights.",
            4385: "that is the whole autoencoder; the encoder is the first half.",
            2481: "that is the decoder.",
        },
        tolerance=1e-6,
        hint="Each layer has 9 c k weights and k biases, for c maps in and k maps out.",
    )
    check_number(
        "factor",
        factor,
        4,
        {
            2: "the window skips every second place in both directions.",
            1 / 4: "turn it: by what factor does the number fall?",
            1: "the weights stay, but each is used at fewer places.",
            8: "two directions are halved; the maps are as many as before.",
            9: "that is the size of the window; it is the same in both.",
        },
        hint="At how many places does the window stop, before and after?",
    )
    outputs = 28 * 28 * 16
    check_number(
        "dense_parameters",
        dense_parameters,
        784 * outputs + outputs,
        {
            784 * outputs: "these are the weights; each of the outputs has a bias too.",
            784 * outputs + 784: "each output has a bias, not each input.",
            784 * outputs + 16: "in a dense layer each output has a bias of its own.",
            784 * 16 + 16: "that makes 16 numbers; wanted: 16 maps of 28 x 28.",
            784 * 784 + 784: "that makes one map; wanted: 16.",
        },
        tolerance=1e-6,
        hint="How many numbers go in, how many come out?",
    )
    print("Right, all four: nearly ten million in place of 160.")


def check_2(any_width, autoencoder, x_test):
    """A network for wider pictures, padded all over, with the chapter's trained weights."""
    check_answered(any_width=any_width)
    x = np.asarray(x_test[:100], dtype=np.float32)
    pairs = np.concatenate([x[0::2], np.zeros((len(x) // 2, 28, 4, 1), x.dtype), x[1::2]], axis=2)
    side = apply_model("any_width", any_width, x[:1]).shape[1:]
    if side == (32, 32, 1):
        raise Wrong("any_width makes 32 x 32 of 28 x 28. Is the cropping at its end missing?")
    if side != (28, 28, 1):
        raise Wrong(
            f"any_width makes {side} of (28, 28, 1); wanted: the same size. Is every convolution "
            "padded, and as much cut off at the end as is too many?"
        )
    # Keras would let a wider picture pass all the same, as long as nobody trains.
    if 28 in (getattr(any_width, "input_shape", None) or ())[1:3]:
        raise Wrong("any_width is made for 28 x 28 only: what does its Input say?")
    drawn = apply_model("any_width", any_width, pairs)
    if drawn.shape != pairs.shape:
        raise Wrong(
            f"any_width makes {drawn.shape[1:]} of {pairs.shape[1:]}; wanted: the same size."
        )
    yours, trained = any_width.get_weights(), autoencoder.get_weights()
    if [w.shape for w in yours] != [w.shape for w in trained]:
        raise Wrong(
            f"any_width has {any_width.count_params():,} parameters, or has them in other shapes "
            f"than the first section's network, which has {autoencoder.count_params():,}."
        )
    if not all(np.allclose(a, b) for a, b in zip(yours, trained, strict=True)):
        raise Wrong("any_width has other weights than `autoencoder`: set_weights is missing.")
    if not are_pixels(drawn):
        raise Wrong(
            f"any_width draws pixels from {drawn.min():.2f} to {drawn.max():.2f}; wanted: from 0 "
            "to 1. Does it end with a sigmoid?"
        )
    # The un-padded convolution happens to fit 28 x 60, too; but then nothing is seen to go wrong.
    singles = apply_model("any_width", any_width, x), apply_model("autoencoder", autoencoder, x)
    if np.allclose(*singles, atol=1e-4):
        raise Wrong(
            "any_width draws single digits exactly as `autoencoder` does, so one convolution is "
            "still not padded. That fits these sizes, too; wanted: all padded."
        )
    if judged_in_full("what it draws"):
        loss, gray = bce(pairs, drawn), bce(pairs, np.full_like(pairs, pairs.mean()))
        if not clearly_lower(loss, gray):
            raise Wrong(
                f"its loss for two digits side by side is {loss:.3f}; one shade of gray would have "
                f"{gray:.3f}. Are the layers in the order of the first section, each with its ReLU?"
            )
        print(f"Right: it takes both widths. Two digits side by side have a loss of {loss:.3f}.")
    else:
        print("Right: it takes both widths, with the weights that were trained on one.")


def check_3(way_gone, learned, five, mean_image_bce, x_test):
    """How far five losses are on the way from the average digit to a perfect copy."""
    check_answered(way_gone=way_gone, learned=learned)
    actual = check_array("way_gone", way_gone, (len(five),))
    x = np.asarray(x_test, dtype=np.float32)
    floor, five = bce(x, x), np.asarray(five, dtype=float)
    expected = (mean_image_bce - five) / (mean_image_bce - floor)

    def near(other):
        return np.allclose(actual, other, rtol=0, atol=6e-3)  # rounded to percents

    for typical, words in [
        ((mean_image_bce - five) / mean_image_bce, "it takes a perfect copy to have a loss of 0"),
        (1 - expected, "these are the ways still to go; wanted: the ways gone"),
        (-expected, "the signs are turned: a lower loss has gone further"),
        (five / mean_image_bce, "these are shares of the average digit's loss"),
        (mean_image_bce - five, "these are the falls of the loss; wanted: shares of the whole way"),
        (
            1 / np.where(expected, expected, np.inf),
            "turn them: a part of the way over the whole way",
        ),
    ]:
        if near(typical):
            raise Wrong(f"way_gone is not it yet: {words}.")
    if np.allclose(actual, 100 * expected, rtol=0, atol=0.6):
        raise Wrong("way_gone holds percentages; wanted: shares, 1 for the whole way.")
    if not near(expected):
        raise Wrong(
            "way_gone is not it yet. It has to be 0 for the loss of the average digit, and 1 for "
            "that of a perfect copy."
        )
    said = np.asarray(learned, dtype=object)
    if said.shape != (len(five),) or not all(isinstance(a, bool | np.bool_) for a in said):
        raise Wrong(f"learned is {learned!r}; wanted: {len(five)} times True or False.")
    for loss, yes, share in zip(five, said, expected, strict=True):
        if equal_but_for_rounding(loss, mean_image_bce):
            continue  # level: which of the two is clearly_lower, the last bit would decide
        if yes and share <= 0:
            raise Wrong(f"learned has True for {loss:.4f}, but a constant does better than that.")
        if not yes and share > 0:
            raise Wrong(f"learned has False for {loss:.4f}, but no constant image does so well.")
    print("Right: a network that has learned something is on its way.")


def check_4(cost_of_map, encoder, decoder, x_test):
    """By how much the loss rises when one map of the code is 0, for each of the eight."""
    check_answered(cost_of_map=cost_of_map)
    if np.ndim(cost_of_map) and len(cost_of_map) == 4:
        raise Wrong("cost_of_map has four numbers: are those rows of the code? Maps are last.")
    actual = check_array("cost_of_map", cost_of_map, (8,))
    x = np.asarray(x_test[:1000], dtype=np.float32)
    # New ones: a reader who did not copy has written into the chapter's.
    codes = apply_model("encoder", encoder, x)

    def loss(maps):
        fewer = codes.copy()
        fewer[..., maps] = 0
        return bce(x, apply_model("decoder", decoder, fewer))

    kept, losses = loss([]), np.array([loss([k]) for k in range(8)])
    expected = losses - kept

    def near(other):
        return np.allclose(actual, other, rtol=2e-2, atol=1e-3)

    if near(expected):
        print(f"Right: map {np.argmax(expected)} costs most, map {np.argmin(expected)} least.")
        return
    for typical, words in [
        (losses, "these are the losses; wanted: by how much each is above that with all maps."),
        (-expected, "the loss rises, so the cost is above 0: turn the difference."),
        (784 * expected, "these are sums over the pixels; wanted: means."),
    ]:
        if near(typical):
            raise Wrong(f"cost_of_map is not it yet: {words}")
    one_after_another = np.array([loss(list(range(k + 1))) for k in range(8)])
    if near(one_after_another - kept) or near(one_after_another):
        raise Wrong(
            "each of your codes lacks the maps of those before, too. Copy the codes before you "
            "set a map to 0. (Those in `codes` are spoiled: encode the images anew.)"
        )
    alone = np.array([loss([j for j in range(8) if j != k]) for k in range(8)])
    if near(alone - kept) or near(alone):
        raise Wrong("you kept one map and set the others to 0; wanted: the other way round.")
    raise Wrong(
        "cost_of_map is not it yet. Wanted: for each map k, the BCE of the first 1,000 test images "
        "with codes[..., k] = 0, less the BCE with the whole code."
    )


def check_5(kernel_4, x_test):
    """Strided transposed convolutions with a kernel of 4, which leave no raster."""
    check_answered(kernel_4=kernel_4)
    x = np.asarray(x_test[:2000], dtype=np.float32)
    side = apply_model("kernel_4", kernel_4, x[:1]).shape[1:]
    if side == (32, 32, 1):
        raise Wrong("kernel_4 makes 32 x 32 of 28 x 28: the crop from 8 to 7 is missing.")
    if side != (28, 28, 1):
        raise Wrong(f"kernel_4 makes {side} of (28, 28, 1); wanted: the same size.")
    parameters = kernel_4.count_params()
    if parameters == 3369:
        raise Wrong("kernel_4 has as many parameters as before: its kernels are still 3 x 3.")
    if parameters == 4713:
        raise Wrong("the last layer has a kernel of 4, too; wanted: the three with strides alone.")
    if parameters != 4601:
        raise Wrong(
            f"kernel_4 has {parameters:,} parameters, which is not it. Change the kernels of the "
            "three strided layers, nothing else; the encoder stays as it is."
        )
    if judged_in_full("the raster"):
        y = apply_model("kernel_4", kernel_4, x)
        loss = bce(x, y) if are_pixels(y) else np.inf
        if loss >= 0.13:
            raise Wrong(f"its test BCE is {loss:.4f}. Was it trained, by `train(kernel_4)`?")
        places = ((y - x)[..., 0] ** 2).reshape(-1, 14, 2, 14, 2).mean(axis=(0, 1, 3))
        ratio = places.max() / places.min()
        if ratio > 1.04:
            raise Wrong(
                f"the worst place of a window has {ratio:.2f} times the error of the best: there "
                "still is a raster. Do all three strided layers have a kernel of 4?"
            )
        print(f"Right: the worst place has {ratio:.3f} times the error of the best.")
    else:
        print("Right so far: the three strided layers have the kernel that their stride divides.")
