"""Checks for the exercises of compression."""

import numpy as np

from helpers.exercises import (
    Wrong,
    apply_model,
    check_answered,
    check_number,
    clearly_lower,
    equal_but_for_rounding,
    judged_in_full,
)
from helpers.measures import mse
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]


def check_1(bytes_a_picture, bits_per_pixel, factor):
    """Three predictions: the rate of a code of 64 numbers with 3 bits each."""
    check_answered(bytes_a_picture=bytes_a_picture, bits_per_pixel=bits_per_pixel, factor=factor)
    bits = 64 * 3
    another = say("that is a code of 32 numbers; the question is about 64.")
    # Two digits are enough: the text itself says "a factor of 39" where it is 39.2.
    check_number(
        "bytes_a_picture",
        bytes_a_picture,
        bits / 8,
        {
            bits: say("these are bits; eight of them are a byte."),
            64: say("that is a byte for each number; here a number has 3 bits."),
            64 * 4: say("that is 4 bytes for each number, as Keras has them; here it has 3 bits."),
            bits / 2 / 8: another,
        },
        tolerance=0.021,
        hint=say("How many bits has the whole code?"),
    )
    check_number(
        "bits_per_pixel",
        bits_per_pixel,
        bits / 784,
        {
            3: say(
                "these are the bits of one number of the code. A picture has more pixels than that."
            ),
            bits / 8 / 784: say("these are bytes per pixel; wanted: bits."),
            784 / bits: say("these are pixels per bit; turn it."),
            bits / 2 / 784: another,
        },
        tolerance=0.021,
        hint=say("Divide the bits of a picture by its pixels."),
    )
    check_number(
        "factor",
        factor,
        784 / (bits / 8),
        {
            784 / 64: say("this counts numbers, as the tutorial does; wanted: bytes by bytes."),
            784 / bits: say("that is bytes by bits; wanted: bytes by bytes."),
            8 * 784 / (bits / 8): say("that is bits by bytes; wanted: bytes by bytes."),
            bits / 8 / 784: say("that is smaller than 1; turn it."),
            784 / (bits / 2 / 8): another,
        },
        tolerance=0.021,
        hint=say("Divide the bytes of the raw picture by those of the code."),
    )
    print(say("Right, all three."))


def check_2(small_decoder, digits_needed, decoder, jpeg_bytes, code_bytes):
    """The decoder with weights of 16 bits, and after how many digits it is paid for."""
    check_answered(small_decoder=small_decoder, digits_needed=digits_needed)
    if small_decoder is decoder:
        raise Wrong(say("small_decoder is the chapter's decoder itself; make a copy first."))
    z = np.random.default_rng(0).uniform(0, 10, (5, decoder.input_shape[1])).astype(np.float32)
    drawn = apply_model("small_decoder", small_decoder, z)
    if drawn.shape != (5, 784):
        raise Wrong(
            say("small_decoder makes {shape} of a code; wanted: (784,).", shape=drawn.shape[1:])
        )
    for mine, full in zip(small_decoder.get_weights(), decoder.get_weights(), strict=False):
        mine = np.asarray(mine, np.float32)
        if not np.array_equal(mine, mine.astype(np.float16).astype(np.float32)):
            raise Wrong(say("small_decoder has weights that do not fit into 16 bits: round them."))
        if mine.shape != full.shape or not np.allclose(mine, full, rtol=2e-3, atol=1e-6):
            raise Wrong(
                say("small_decoder has other weights than decoder: give the copy its weights.")
            )
    parameters, saved = decoder.count_params(), jpeg_bytes - code_bytes
    check_number(
        "digits_needed",
        digits_needed,
        2 * parameters / saved,
        {
            4 * parameters / saved: say("that is the bill of weights of 32 bits."),
            16 * parameters / saved: say("these are bits divided by bytes; 16 bits are 2 bytes."),
            parameters / saved: say("this counts weights; each takes 2 bytes."),
            2 * parameters / jpeg_bytes: say(
                "a code takes bytes, too: divide by what a digit *saves*."
            ),
            2 * parameters / code_bytes: say("divide by what a digit saves against JPEG."),
        },
        tolerance=0.021,
        hint=say("Divide the bytes of the decoder by the bytes that each digit saves."),
    )
    print(say("Right: paid for after {digits_needed:,.0f} digits.", digits_needed=digits_needed))


def check_3(your_encoder, your_decoder, x_train, few, packed, target):
    """A network with a higher PSNR at 0.15 bits per pixel than one-layer networks and PCA."""
    check_answered(your_encoder=your_encoder, your_decoder=your_decoder)
    x = np.asarray(few[:100], dtype=np.float32)
    code = apply_model("your_encoder", your_encoder, x)
    if code.ndim != 2:
        raise Wrong(
            say(
                "your_encoder makes {shape} of a picture; wanted: a row of numbers.",
                shape=code.shape[1:],
            )
        )
    if code.shape[1] >= 784:
        raise Wrong(
            say(
                "your_encoder puts out {n} numbers for 784 pixels, so nothing gets shorter. Is it "
                "the whole autoencoder?",
                n=code.shape[1],
            )
        )
    drawn = apply_model("your_decoder", your_decoder, code)
    if drawn.shape != x.shape:
        raise Wrong(
            say("your_decoder makes {shape} of a code; wanted: (784,).", shape=drawn.shape[1:])
        )
    if equal_but_for_rounding(code, code[0]):
        raise Wrong(say("your_encoder gives every picture the same code: have all its units died?"))
    if not judged_in_full(say("the PSNR")):
        print(say("Right so far: the two fit together."))
        return

    def encode(x):
        return apply_model("your_encoder", your_encoder, x)

    def decode(z):
        return apply_model("your_decoder", your_decoder, z)

    front = []  # as the study's `front`: points that no cheaper one beats
    for rate, decibels in sorted(packed(encode, decode, few), key=lambda p: (p[0], -p[1])):
        if not front or decibels > front[-1][1]:
            front.append((rate, decibels))
    if front[0][0] > 0.15:
        raise Wrong(
            say(
                "your code takes {best:.2f} bits per pixel even with the coarsest steps; only "
                "0.15 may be spent. Take fewer numbers.",
                best=front[0][0],
            )
        )
    known = x_train[: len(few)]
    seen, unseen = mse(known, decode(encode(known))), mse(few, decode(encode(few)))
    # An honest network has no less error on new digits than on its own.
    if unseen < 0.95 * seen:
        raise Wrong(
            say(
                "your error is {unseen:.4f} on validation digits and {seen:.4f} on training "
                "digits: was it trained on the validation digits? Then they say nothing about new "
                "ones.",
                unseen=unseen,
                seen=seen,
            )
        )
    rates, decibels = np.array(front).T
    yours = float(np.interp(np.log(0.15), np.log(rates), decibels))
    if not clearly_lower(target, yours):
        raise Wrong(
            say(
                "at 0.15 bits per pixel you have {yours:.2f} dB, and the best so far has "
                "{target:.2f} dB. Add a layer on both sides, or train longer.",
                yours=yours,
                target=target,
            )
        )
    print(
        say(
            "Right: {yours:.2f} dB, and the best so far had {target:.2f} dB.",
            yours=yours,
            target=target,
        )
    )
