"""Checks for the exercises of denoising."""

import keras
import numpy as np

from helpers import data
from helpers.exercises import (
    Wrong,
    apply_model,
    are_pixels,
    check_answered,
    check_array,
    check_number,
    judged_in_full,
)
from helpers.measures import mse, psnr

__all__ = ["check_1", "check_2", "check_3", "check_4", "check_5"]

LN = "that is with the natural logarithm; decibels take log10."
TWICE = "the factor is 10, not 20: MSE is squared already."
SIGN = "the sign is turned: a small error gives many decibels."


def check_1(a, b, c, noisy_psnr):
    """Three PSNRs by hand."""
    check_answered(a=a, b=b, c=c)
    of = {a: a * np.log10(2) for a in (10, 20)}  # dB for a factor of two
    check_number(
        "a",
        a,
        20,
        {
            -20: SIGN,
            2: "a bel has ten decibels.",
            40: TWICE,
            10 * np.log(100): LN,
            10: "0.01 is the MSE already; do not take its root.",
        },
        tolerance=1e-2,
        hint="Put 0.01 into the formula.",
    )
    check_number(
        "b",
        b,
        20 * np.log10(2),
        {
            of[10]: "that is for half the squared error; half the error is a quarter of that.",
            -of[20]: "less error is more decibels.",
            2 * of[20]: TWICE,
            20 + of[20]: "that is the sum; how many more than in (a)?",
            10 * np.log(4): LN,
            -of[10]: "less error is more decibels, and half the error a quarter of its square.",
        },
        tolerance=1e-2,
        hint="By what factor does the MSE fall?",
    )
    check_number(
        "c",
        c,
        20 * np.log10(2),
        {
            of[10]: "that is for 0.5; the squared error is 0.25.",
            -of[20]: SIGN,
            2 * of[20]: TWICE,
            10 * np.log(4): LN,
            float(noisy_psnr): "so many have our images, which were clipped.",
        },
        tolerance=1e-2,
        hint="The MSE is the mean of the squared noise.",
    )
    print("Right, all three. Clipping takes error away, so ours have more.")


def check_2(linear, linear_psnr, x_train, x_test, x_test_noisy):
    """A matrix that denoises, fitted to noisy training images, and its PSNR."""
    check_answered(linear=linear, linear_psnr=linear_psnr)
    if np.shape(linear) == (784, 785):
        raise Wrong("linear is turned: wanted (785, 784), to be multiplied from the right.")
    if np.shape(linear) == (784, 784):
        raise Wrong(
            "linear has no row for the constant: add a column of ones to the noisy images, then "
            "it has 785 rows."
        )
    w = check_array("linear", linear, (785, 784)).astype(np.float32)
    n = min(len(x_test), 2000)  # enough for the second digit
    x, noisy = x_test[:n], x_test_noisy[:n]
    # Whether the ones stand before or behind the pixels is the reader's choice.
    w = max([w, np.roll(w, -1, axis=0)], key=lambda w: psnr(x[:100], _apply(w, noisy[:100])))
    actual = psnr(x, _apply(w, noisy))
    if psnr(noisy, _apply(w, noisy)) > 20:
        raise Wrong("linear gives the noisy images back. Are the targets the clean ones?")
    if psnr(x, _apply(w, x)) > 30:
        raise Wrong("linear leaves clean images as they are. Was it fitted to noisy ones?")
    again = psnr(x, _apply(w, data.add_noise(x, 0.5, seed=11)))
    if actual > again + 0.25:
        raise Wrong(
            f"linear reaches {actual:.1f} dB on x_test_noisy, but {again:.1f} dB if the noise is "
            "drawn anew. Was it fitted to the test images?"
        )
    some = np.asarray(x_train[:5000])
    ones = np.ones((len(some), 1), np.float32)
    rows = np.hstack([data.flat(data.add_noise(some, 0.5, seed=12)), ones])
    ours = np.linalg.solve(rows.T @ rows + np.eye(785), rows.T @ data.flat(some))
    best = psnr(x, _apply(ours.astype(np.float32), noisy))
    if actual < best - 0.3:
        raise Wrong(
            f"linear reaches {actual:.1f} dB; one fitted to {len(some):,} images has {best:.1f}. "
            "Are the noisy images the rows of N, the clean ones those of X, both in one order? "
            "If you have few images, put a larger number on the diagonal."
        )
    clipped, uncut = (_apply(w, x_test_noisy, cut) for cut in (True, False))
    raw = psnr(x_test, uncut)
    if not _is_near(linear_psnr, raw):  # clipped or not, as the reader likes
        check_number(
            "linear_psnr",
            linear_psnr,
            psnr(x_test, clipped),
            {
                -10 * np.log10(error): "the errors were averaged first; `psnr` is of each image."
                for error in (mse(x_test, clipped), mse(x_test, uncut))
            }
            | {mse(x_test, clipped): "that is the MSE; wanted: decibels."},
            tolerance=2e-3,
            hint="Wanted: the mean of `psnr` over all of x_test_noisy, after your matrix.",
        )
    print(f"Right: {float(linear_psnr):.1f} dB, without any bend in between.")


def check_3(block_model, dense, covered, x):
    """A dense network that was trained on covered blocks."""
    check_answered(block_model=block_model)
    if block_model is dense:
        raise Wrong("block_model is `dense` itself. Make a new network, or nothing is compared.")
    y = _check_images("block_model", block_model, covered)
    if block_model.count_params() != dense.count_params():
        raise Wrong(
            f"block_model has {block_model.count_params():,} parameters, `dense` has "
            f"{dense.count_params():,}. Only the damage is to be another."
        )
    if not judged_in_full("the error"):
        print("Right so far: a network as ours.")
        return
    yours, before, nothing = (
        psnr(x, images) for images in (y, apply_model("dense", dense, covered), covered)
    )
    if yours < before + 0.5:
        raise Wrong(
            f"block_model reaches {yours:.1f} dB on covered blocks, `dense` {before:.1f} dB. Is "
            "the damage of its training a `CoverBlock()`, and are the targets the clean images?"
        )
    print(
        f"Right: {yours:.1f} dB, after {before:.1f} dB of the network that knew only noise. "
        f"Nothing done has {nothing:.1f} dB."
    )


def check_4(twice, ink, unet, x_test, x_test_noisy):
    """Images that went through a denoiser twice, and the ink that it draws from noise alone."""
    check_answered(twice=twice, ink=ink)
    shape = getattr(twice, "shape", None)
    if shape is None or tuple(shape) != x_test_noisy.shape:
        what = f"a {type(twice).__name__}" if shape is None else f"of shape {tuple(shape)}"
        raise Wrong(f"twice is {what}; wanted: images, of shape {x_test_noisy.shape}.")
    x, noisy = x_test[:200], x_test_noisy[:200]
    actual = check_array("twice", twice[:200], (None, 28, 28, 1))
    once = apply_model("unet", unet, noisy)
    expected = apply_model("unet", unet, once)
    for images, words in [
        (noisy, "twice are the noisy images themselves."),
        (once, "twice went through the U-Net once. Give it its own output."),
        (apply_model("unet", unet, x), "twice is made from the clean images; take x_test_noisy."),
        (apply_model("unet", unet, expected), "twice went through the U-Net three times."),
    ]:
        if not np.allclose(actual, expected, atol=2e-3) and np.allclose(actual, images, atol=2e-3):
            raise Wrong(words)
    if not np.allclose(actual, expected, atol=2e-3):
        raise Wrong(
            "twice is not what the U-Net makes of its own output for x_test_noisy. Is anything "
            "done to the images in between, such as new noise?"
        )
    if np.shape(ink) != (2,):
        raise Wrong("ink is not two numbers; wanted: one for noise 0.5, one for noise 1.")
    paper = np.zeros((100, 28, 28, 1), np.float32)
    noise = [data.add_noise(paper, sigma, seed=13) for sigma in (0.5, 1.0)]
    drawn = [float(np.mean(apply_model("unet", unet, images))) for images in noise]
    for i in range(2):
        check_number(f"ink[{i}]", ink[i], ink[i])  # a finite number at all?
    # The reader has other noise, so what is about right is right.
    if ink[0] > ink[1] and drawn[1] > 1.3 * drawn[0] and all(map(_is_about, ink, drawn[::-1])):
        raise Wrong("the two numbers of ink seem to be exchanged: noise 0.5 comes first.")
    for i in range(2):
        if not _is_about(ink[i], drawn[i]):
            known = {
                784 * drawn[i]: "that is a sum over the pixels; wanted: the mean.",
                float(np.mean(noise[i])): "so much ink has the noise itself. Denoise it first.",
            }
            words = [words for typical, words in known.items() if _is_about(ink[i], typical)]
            raise Wrong(
                f"ink[{i}] is {ink[i]:.3g}: "
                + (words or ["wanted: the mean over all pixels that the U-Net draws."])[0]
            )
    print(
        f"Right: {psnr(x, once):.1f} dB once, {psnr(x, expected):.1f} dB twice, on 200 images. "
        f"From noise alone it draws ink: {float(ink[0]):.2f} and {float(ink[1]):.2f}."
    )


def check_5(without_bridges, unet, dense, x, noisy):
    """The U-Net without its bridges."""
    check_answered(without_bridges=without_bridges)
    if without_bridges is unet:
        raise Wrong("without_bridges is `unet` itself. Build a new network, and train it.")
    y = _check_images("without_bridges", without_bridges, noisy)
    parameters, allowed = without_bridges.count_params(), unet.count_params()
    if parameters != allowed:
        raise Wrong(
            f"without_bridges has {parameters:,} parameters, the U-Net {allowed:,}. Leave out "
            "the bridges alone: the sums have no parameters."
        )
    # Without bridges each layer has the one before it for its only input.
    h, chain = noisy[:10], getattr(without_bridges, "layers", [without_bridges])
    try:
        for layer in chain:
            if not isinstance(layer, keras.layers.InputLayer):
                h = layer(h)
        plain = np.allclose(keras.ops.convert_to_numpy(h), y[:10], atol=1e-4)
    except Exception:  # a layer wants two inputs, or other ones: a bridge
        plain = False
    if not plain:
        raise Wrong(
            "without_bridges does not go through its layers one after the other: something "
            "skips a part. Leave out `coarse +` and `fine +`, both."
        )
    if judged_in_full("the error"):
        yours, floor = psnr(x, y), psnr(x, apply_model("dense", dense, noisy))
        if yours < floor:
            raise Wrong(
                f"without_bridges reaches {yours:.1f} dB, less than the dense network with its "
                f"{floor:.1f} dB. Is it trained on noise 0.5, for 3 epochs in batches of 32?"
            )
        print(f"Right: {yours:.2f} dB on {len(x):,} images. Set the U-Net with bridges beside it.")
    else:
        print("Right so far: no bridge is left, and no parameter lost.")


def _check_images(name, actual, noisy):
    """Return what a model makes of images, if they are images."""
    y = apply_model(name, actual, noisy)
    if y.shape != noisy.shape:
        raise Wrong(f"{name} makes {y.shape[1:]} of (28, 28, 1); wanted: the same.")
    if not np.allclose(y[:10], apply_model(name, actual, noisy[:10]), atol=1e-4):
        raise Wrong(f"{name} gives two answers to the same image: damage is for training only.")
    if not are_pixels(y):
        raise Wrong(
            f"{name} draws pixels from {y.min():.2f} to {y.max():.2f}; wanted: from 0 to 1. Is "
            "the last activation a sigmoid?"
        )
    return y


def _apply(w, images, cut=True):
    y = (data.flat(images) @ w[:-1] + w[-1]).reshape(images.shape)
    return np.clip(y, 0, 1) if cut else y


def _is_about(actual, typical):
    return typical / 2 < actual < typical * 2


def _is_near(actual, expected):
    try:
        return abs(float(actual) - expected) < 2e-3 * abs(expected)
    except (TypeError, ValueError):
        return False
