"""Checks for the exercises of deep."""

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
from helpers.measures import mse
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]


def check_1(encoder_parameters, decoder_parameters):
    """Parameters of 784-64-16-64-784: each half."""
    check_answered(encoder_parameters=encoder_parameters, decoder_parameters=decoder_parameters)
    weights = 784 * 64 + 64 * 16
    encoder, decoder = weights + 64 + 16, weights + 64 + 784
    check_number(
        "encoder_parameters",
        encoder_parameters,
        encoder,
        {
            weights: say("these are the weights; each of the 64 and 16 units has a bias too."),
            weights + 784 + 64: say("each output of a layer has a bias, not each input."),
            784 * 64 + 64: say("that is the first layer; the second leads from 64 to 16."),
            784 * 16 + 16: say("that goes straight from 784 to 16; there are 64 units between."),
            encoder + decoder: say("that is the whole autoencoder; the encoder is half of it."),
        },
        tolerance=1e-6,
        hint=say("Count each layer: inputs times outputs, and a bias for each output."),
    )
    check_number(
        "decoder_parameters",
        decoder_parameters,
        decoder,
        {
            weights: say("these are the weights; each of the 64 and 784 outputs has a bias too."),
            encoder: say(
                "the weights are as many as the encoder's, the biases are not: 64 and 784."
            ),
            weights + 784: say("the 64 units between have biases too."),
            784 * 16 + 784: say("that goes straight from 16 to 784; there are 64 units between."),
        },
        tolerance=1e-6,
        hint=say("Count each layer: inputs times outputs, and a bias for each output."),
    )
    print(say("Right, both: as many weights, and other biases."))


def check_2(one_matrix, one_bias, linear_encoder, x_test):
    """One matrix and one bias that do the same as three layers without activation."""
    check_answered(one_matrix=one_matrix, one_bias=one_bias)
    if np.shape(one_matrix) == (32, 784):
        raise Wrong(say("one_matrix is turned: wanted (784, 32), to be multiplied from the right."))
    matrix = check_array("one_matrix", one_matrix, (784, 32))
    bias = check_array("one_bias", one_bias, (32,))
    # Noise, not digits: these have pixels that are always 0, and hide a part of the matrix.
    noise = np.random.default_rng(0).random((256, 784), dtype=np.float32)
    zero = apply_model("linear_encoder", linear_encoder, np.zeros((1, 784), dtype=np.float32))[0]
    if not np.allclose(
        noise @ matrix, apply_model("linear_encoder", linear_encoder, noise) - zero, atol=1e-3
    ):
        x = np.asarray(x_test[:256], dtype=np.float32)
        if np.allclose(
            x @ matrix + bias, apply_model("linear_encoder", linear_encoder, x), atol=1e-3
        ):
            raise Wrong(say("the codes agree for digits, but not for other images, such as noise."))
        raise Wrong(
            say(
                "one_matrix is not what the three layers multiply by. Multiply their three "
                "matrices, the first layer's first."
            )
        )
    if np.allclose(bias, 0, atol=1e-6):
        raise Wrong(say("one_matrix is right; one_bias is 0, but the layers have biases of 1."))
    if np.allclose(bias, np.asarray(linear_encoder.layers[-1].bias), atol=1e-4):
        raise Wrong(
            say(
                "one_matrix is right; one_bias is the last layer's alone. Those of the first two "
                "layers go through the layers above them."
            )
        )
    if np.allclose(bias, 3, atol=1e-4):
        raise Wrong(
            say(
                "one_matrix is right; one_bias adds the three biases up. Those of the first two "
                "layers go through the layers above them first."
            )
        )
    if not np.allclose(bias, zero, atol=1e-3):
        raise Wrong(
            say("one_matrix is right, one_bias is not. What does the encoder answer to 784 zeros?")
        )
    print(say("Right: three layers without an activation are one."))


def check_3(cured, x_test, confetti, on_confetti):
    """A denoiser as wide as the copier that draws digits, but confetti no longer."""
    check_answered(cured=cured)
    x, odd = (np.asarray(some[:2000], dtype=np.float32) for some in (x_test, confetti))
    y = apply_model("cured", cured, x[:100])
    if y.shape != (100, 784):
        raise Wrong(
            say(
                "cured makes {shape} of (784,); wanted: as many pixels as came in.",
                shape=y.shape[1:],
            )
        )
    if not np.allclose(y, apply_model("cured", cured, x[:100]), atol=1e-5):
        raise Wrong(
            say(
                "cured gives two answers to the same image, so its noise is not only for "
                "training. `keras.layers.GaussianNoise` leaves it out afterwards."
            )
        )
    if not are_pixels(y):
        raise Wrong(
            say(
                "cured draws pixels from {low:.2f} to {high:.2f}; wanted: from 0 to 1, as the "
                "copier. Does the noise stand in front of the network, and a sigmoid at its end?",
                low=y.min(),
                high=y.max(),
            )
        )
    size = list(on_confetti)[-1]
    parameters, allowed = cured.count_params(), 784 * size + size + size * 784 + 784
    if parameters != allowed:
        raise Wrong(
            say(
                "cured has {parameters:,} parameters, 784-{size}-784 has {allowed:,}. The aim is "
                "to forbid copying by noise, not by another code.",
                parameters=parameters,
                size=size,
                allowed=allowed,
            )
        )
    if judged_in_full(say("the error")):
        on_digits = mse(x, apply_model("cured", cured, x))
        error = mse(odd, apply_model("cured", cured, odd))
        # Untrained networks, and one that always draws the mean image, make no difference.
        if on_digits > 0.95 * error:
            raise Wrong(
                say(
                    "its error is {on_digits:.4f} on clean digits and {error:.4f} on confetti, so "
                    "it has not learned what digits look like. Is it trained, with clean targets?",
                    on_digits=on_digits,
                    error=error,
                )
            )
        if error < 1.1 * on_confetti[size]:
            raise Wrong(
                say(
                    "its error on confetti is {error:.4f}, the copier's {before:.4f}: it still "
                    "copies. Is there noise in front of it, strong enough, and is the target the "
                    "clean image?",
                    error=error,
                    before=on_confetti[size],
                )
            )
        print(
            say(
                "Right: {error:.4f} on confetti, where the copier has {before:.4f}.",
                error=error,
                before=on_confetti[size],
            )
        )
    else:
        print(say("Right so far: as wide as the copier, and its noise is for training only."))
