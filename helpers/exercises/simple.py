"""Checks for the exercises of simple."""

import numpy as np

from helpers.exercises import (
    Wrong,
    apply_model,
    are_pixels,
    check_answered,
    check_array,
    check_number,
    clearly_lower,
    judged_in_full,
)
from helpers.measures import bce, mse
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(encoder_parameters, decoder_parameters, squeezed, floor):
    """Four predictions: parameters of 784-16-784, its compression, a floor of the BCE."""
    check_answered(
        encoder_parameters=encoder_parameters,
        decoder_parameters=decoder_parameters,
        squeezed=squeezed,
        floor=floor,
    )
    check_number(
        "encoder_parameters",
        encoder_parameters,
        784 * 16 + 16,
        {
            784 * 16: say("these are the weights; each of the 16 units has a bias too."),
            784 * 16 + 784: say("each of the 16 outputs has a bias, not each of the 784 inputs."),
            784 * 32 + 32: say("that is the code of 32 units; the question is about 16."),
        },
    )
    check_number(
        "decoder_parameters",
        decoder_parameters,
        16 * 784 + 784,
        {
            16 * 784: say("these are the weights; each of the 784 outputs has a bias too."),
            16 * 784 + 16: say("the decoder's outputs are the pixels: it has 784 biases, not 16."),
            32 * 784 + 784: say("that is the code of 32 units; the question is about 16."),
        },
    )
    check_number(
        "squeezed",
        squeezed,
        784 / 16,
        {
            784 / 32: say("that is the code of 32 units; the question is about 16."),
            16 / 784: say("turn it."),
        },
    )
    check_number(
        "floor",
        floor,
        0,
        {1: say("a loss of 1 is no floor. What does a perfect copy of a black pixel cost?")},
        hint=say("Look at the curves of white and black: what does a perfect copy of them cost?"),
    )
    print(say("Right, all four. And the floor is 0: only gray pixels cost something."))


def check_2(linear, x, pca_mse):
    """A linear autoencoder with 8 code units, compared with PCA's error."""
    check_answered(linear=linear)
    few = np.asarray(x[:256], dtype=np.float32)
    y = apply_model("linear", linear, few)
    if y.shape != few.shape:
        raise Wrong(
            say(
                "linear makes {shape} of (784,); wanted: as many pixels as came in.",
                shape=y.shape[1:],
            )
        )
    # Ten times the image, and its negative: a linear network follows, a bend does not.
    zero = apply_model("linear", linear, np.zeros_like(few))
    followed, expected = apply_model("linear", linear, -10 * few) - zero, -10 * (y - zero)
    if not np.allclose(followed, expected, atol=1e-2 * np.abs(expected).max()):
        raise Wrong(
            say(
                "-10 times the image does not give -10 times the answer, so some layer still has "
                "an activation, such as ReLU or sigmoid. Leave it out in both halves."
            )
        )
    unit = apply_model("linear", linear, np.eye(784, dtype=np.float32)) - zero[:1]
    sizes = np.linalg.svd(unit, compute_uv=False)
    rank = int(np.sum(sizes > 1e-4 * sizes[0]))
    if rank > 8:
        raise Wrong(
            say("the image goes through {rank} numbers; wanted: a code of 8 units.", rank=rank)
        )
    if rank < 8:
        raise Wrong(
            say("only {rank} of the 8 code units are in use; is the code of 8 units?", rank=rank)
        )
    if judged_in_full(say("the error")):
        x = np.asarray(x, dtype=np.float32)
        error = mse(x, apply_model("linear", linear, x))
        if abs(error / pca_mse - 1) > 0.03:
            raise Wrong(
                say(
                    "its error is {error:.4f}, PCA's is {pca_mse:.4f}: more than 3 % apart. Is it "
                    "trained on MSE, and long enough?",
                    error=error,
                    pca_mse=pca_mse,
                )
            )
        print(say("Right: {error:.4f}, and PCA has {pca_mse:.4f}.", error=error, pca_mse=pca_mse))
    else:
        print(say("Right so far: linear, and through 8 numbers."))


def check_3(error, hardest, easiest, x, labels, autoencoder):
    """The mean squared error of each image, and the digits where its mean is highest and lowest."""
    check_answered(error=error, hardest=hardest, easiest=easiest)
    if np.ndim(error) == 0:
        raise Wrong(
            say(
                "error is one number, the mean over all images. Average over the pixels only, "
                "axis=1."
            )
        )
    x = np.asarray(x, dtype=np.float32)
    if np.shape(error) == (784,):
        raise Wrong(
            say("error has one number for each pixel; wanted: for each image. Take axis=1.")
        )
    error = check_array("error", error, (len(x),))
    expected = mse(x, apply_model("autoencoder", autoencoder, x), per_image=True)
    if np.allclose(error, 784 * expected, rtol=1e-3):
        raise Wrong(say("error holds sums over the pixels; wanted: means."))
    if np.allclose(error, np.sqrt(expected), rtol=1e-3):
        raise Wrong(say("error holds roots of the errors; wanted: mean squared errors."))
    if not np.allclose(error, expected, rtol=1e-3, atol=1e-6):
        raise Wrong(say("error is not the mean squared error of these images under `autoencoder`."))
    by_digit = {int(d): float(expected[labels == d].mean()) for d in np.unique(labels)}
    low, high = min(by_digit.values()), max(by_digit.values())
    for name, answer, best in [("hardest", hardest, high), ("easiest", easiest, low)]:
        digit = next((d for d in by_digit if np.array_equal(answer, d)), 0)
        check_number(name, answer, digit, hint=say("It is a digit, 0 to 9."))
        if abs(by_digit[digit] / best - 1) > 1e-3:
            what = say(
                "{name} is {digit}, whose mean error is {error:.4f}; another digit's is "
                "{best:.4f}.",
                name=name,
                digit=digit,
                error=by_digit[digit],
                best=best,
            )
            highest = say("Compare the means of all ten digits, and take the highest.")
            lowest = say("Compare the means of all ten digits, and take the lowest.")
            raise Wrong(f"{what} {highest if name == 'hardest' else lowest}")
    print(
        say(
            "Right: the worst image has {high:.1f} times the mean error.",
            high=error.max() / error.mean(),
        )
    )


def check_4(your_model, x, autoencoder):
    """A model of the chapter's architecture with a lower BCE."""
    check_answered(your_model=your_model)
    x = np.asarray(x, dtype=np.float32)
    y = apply_model("your_model", your_model, x)
    if y.shape != x.shape:
        raise Wrong(
            say("your_model makes {shape} of (784,); wanted: as many pixels.", shape=y.shape[1:])
        )
    if not are_pixels(y):
        raise Wrong(
            say(
                "your_model draws pixels from {low:.2f} to {high:.2f}; for the BCE they have to "
                "lie between 0 and 1. Is the last activation a sigmoid?",
                low=y.min(),
                high=y.max(),
            )
        )
    parameters, allowed = your_model.count_params(), autoencoder.count_params()
    if parameters != allowed:
        raise Wrong(
            say(
                "your_model has {parameters:,} parameters, 784-32-784 has {allowed:,}. The aim is "
                "to train the same network better, not a larger one.",
                parameters=parameters,
                allowed=allowed,
            )
        )
    if judged_in_full(say("the loss")):
        yours, ours = bce(x, y), bce(x, apply_model("autoencoder", autoencoder, x))
        if not clearly_lower(yours, ours):
            raise Wrong(
                say(
                    "your BCE is {yours:.4f}, the chapter's {ours:.4f}. Does your loss still fall "
                    "at the end? Then take more or larger steps.",
                    yours=yours,
                    ours=ours,
                )
            )
        print(
            say(
                "Right: {yours:.4f} is below {ours:.4f}. Now two more seeds.",
                yours=yours,
                ours=ours,
            )
        )
    else:
        print(say("Right so far: the architecture is the chapter's."))
