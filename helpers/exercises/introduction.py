"""Checks for the exercises of introduction."""

import math

import numpy as np

from helpers.exercises import (
    Wrong,
    apply_model,
    check_answered,
    check_array,
    check_number,
    clearly_lower,
    equal_but_for_rounding,
    judged_in_full,
)
from helpers.measures import mse

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(bytes_a_picture, bits_per_pixel, factor):
    """Three predictions: the rate of a code of 64 numbers with 3 bits each."""
    check_answered(bytes_a_picture=bytes_a_picture, bits_per_pixel=bits_per_pixel, factor=factor)
    bits = 64 * 3
    another = "that is a code of 32 numbers; the question is about 64."
    # Two digits are enough: the text itself says "a factor of 39" where it is 39.2.
    check_number(
        "bytes_a_picture",
        bytes_a_picture,
        bits / 8,
        {
            bits: "these are bits; eight of them are a byte.",
            64: "that is a byte for each number; here a number has 3 bits.",
            64 * 4: "that is 4 bytes for each number, as Keras has them; here it has 3 bits.",
            bits / 2 / 8: another,
        },
        tolerance=0.021,
        hint="How many bits has the whole code?",
    )
    check_number(
        "bits_per_pixel",
        bits_per_pixel,
        bits / 784,
        {
            3: "these are the bits of one number of the code. A picture has more pixels than that.",
            bits / 8 / 784: "these are bytes per pixel; wanted: bits.",
            784 / bits: "these are pixels per bit; turn it.",
            bits / 2 / 784: another,
        },
        tolerance=0.021,
        hint="Divide the bits of a picture by its pixels.",
    )
    check_number(
        "factor",
        factor,
        784 / (bits / 8),
        {
            784 / 64: "this counts numbers, as the tutorial does; wanted: bytes by bytes.",
            784 / bits: "that is bytes by bits; wanted: bytes by bytes.",
            8 * 784 / (bits / 8): "that is bits by bytes; wanted: bytes by bytes.",
            bits / 8 / 784: "that is smaller than 1; turn it.",
            784 / (bits / 2 / 8): another,
        },
        tolerance=0.021,
        hint="Divide the bytes of the raw picture by those of the code.",
    )
    print("Right, all three.")


def check_2(moved_test, mover, x_test, autoencoder):
    """The test digits 3 pixels to the right, and a network that does better on them."""
    check_answered(moved_test=moved_test, mover=mover)
    # The first thousand are enough to see where the digits went, and take little memory.
    sliced = isinstance(moved_test, np.ndarray) and moved_test.ndim
    moved = check_array("moved_test", moved_test[:1000] if sliced else moved_test, (None, 784))
    if len(moved_test) != len(x_test):
        raise Wrong(f"moved_test has {len(moved_test):,} pictures; wanted: all of x_test.")
    moved, still = moved[:1000].astype(np.float32), x_test[:1000]
    # Columns (or rows) that were pushed over the border do not count: who fills them with
    # paper is as right as who lets them come in again on the other side.
    new, old = moved.reshape(-1, 28, 28), still.reshape(-1, 28, 28)
    if not _close(new[:, :, 3:], old[:, :, :-3]):
        for after, before, words in [
            (new, old, "the digits have not moved."),
            (new[:, :, :-3], old[:, :, 3:], "the digits went to the left."),
            (new[:, 3:], old[:, :-3], "the digits went down: axis 1 counts rows, axis 2 columns."),
            (new[:, :-3], old[:, 3:], "the digits went up; wanted: to the right."),
            (
                new[3:],
                old[:-3],
                "the order of the pictures has changed: axis 0 counts pictures. Make them "
                "28 x 28 and take axis 2.",
            ),
        ]:
            if _close(after, before):
                raise Wrong(f"moved_test: {words}")
        raise Wrong("moved_test does not hold the test digits, 3 pixels further to the right.")
    if isinstance(mover, list | tuple):
        raise Wrong(
            f"mover is {len(mover)} things. `make_autoencoder` returns the encoder, the decoder "
            "and the whole; take the last."
        )
    if mover is autoencoder:
        raise Wrong("mover is the chapter's network itself; train a new one on moved digits.")
    drawn = apply_model("mover", mover, moved)
    if drawn.shape != moved.shape:
        raise Wrong(
            f"mover makes {drawn.shape[1:]} of (784,); wanted: as many pixels as came in. "
            "Is it the encoder alone?"
        )
    if judged_in_full("the error"):
        moved_test = np.asarray(moved_test, dtype=np.float32)
        yours = _errors("mover", mover, moved_test).mean()
        ours = _errors("autoencoder", autoencoder, moved_test).mean()
        if not clearly_lower(yours, ours):
            unmoved = _errors("mover", mover, x_test).mean()
            raise Wrong(
                f"on moved digits your error is {yours:.4f}, the chapter's {ours:.4f}. "
                + (
                    f"On unmoved ones it is {unmoved:.4f}: it looks as if it was trained on those."
                    if unmoved < yours
                    else "Is it trained, with as many steps as the chapter's?"
                )
            )
        print(f"Right: on moved digits {yours:.4f}, the chapter's network {ours:.4f}.")
    else:
        print("Right so far: the digits have moved, and mover takes them.")


def check_3(threshold, alarms, x_train, kinds, autoencoder):
    """A threshold that 5 % of the training digits exceed, and who else exceeds it."""
    check_answered(threshold=threshold, alarms=alarms)
    check_number("threshold", threshold, threshold)  # is it a number at all?
    limit = float(threshold)
    learned = _errors("autoencoder", autoencoder, x_train[:10_000])

    def above(value):
        return float(np.mean(learned > value))

    def near(share):
        return 0.035 < share < 0.065  # also of a smaller choice of training digits

    if not near(above(limit)):
        finding = f"{above(limit):.1%} of the training digits have an error above threshold: "
        if near(above(limit / 784)):
            raise Wrong(finding + "it is a sum over the pixels; take their mean.")
        if near(above(limit**2)):
            raise Wrong(finding + "it is a root; wanted: a mean squared error.")
        if near(1 - above(limit)):
            raise Wrong(finding + "you cut off the other end.")
        if above(limit) > 0.98:
            raise Wrong(finding + "`np.percentile` counts in percent, from 0 to 100.")
        raise Wrong(finding + "the aim was 5 %, those with the highest errors.")
    tested = _errors("autoencoder", autoencoder, kinds["digits"])
    on_test, on_training = np.percentile(tested, 95), np.percentile(learned, 95)
    if math.isclose(limit, on_test, rel_tol=1e-4) and not math.isclose(
        limit, on_training, rel_tol=1e-4
    ):
        raise Wrong(
            "threshold was set on the test digits, so it says nothing about new ones. Set it on "
            "the training digits."
        )
    if not isinstance(alarms, dict):
        raise Wrong(f"alarms is a {type(alarms).__name__}; wanted: a dict, kind -> share.")
    asked = [k for k in kinds if k in alarms or k in ("digits", "letters", "rotated")]
    if missing := [kind for kind in asked if kind not in alarms]:
        raise Wrong(f"alarms says nothing of {' and '.join(missing)}.")
    for kind in asked:
        error = _errors("autoencoder", autoencoder, kinds[kind])
        share = float(np.mean(error > limit))
        check_number(
            f"alarms[{kind!r}]",
            alarms[kind],
            share,
            {
                1 - share: "that is the share that passes; wanted: the share that is caught.",
                100 * share: "that is in percent; wanted: a share from 0 to 1.",
                len(error) * share: "that is how many pictures; wanted: which share of them.",
            },
            tolerance=0.02,
            hint=f"Which share of kinds[{kind!r}] has an error above your threshold?",
        )
    print(
        f"Right: {alarms['digits']:.0%} of the test digits by mistake, and it catches "
        f"{alarms['letters']:.0%} of the letters."
    )


def check_4(your_encoder, your_decoder, x_train, few, packed_rate_and_psnr, pca_psnr):
    """A network with a higher PSNR than packed PCA at 0.15 bits per pixel."""
    check_answered(your_encoder=your_encoder, your_decoder=your_decoder)
    x = np.asarray(few[:100], dtype=np.float32)
    code = apply_model("your_encoder", your_encoder, x)
    if code.ndim != 2:
        raise Wrong(f"your_encoder makes {code.shape[1:]} of a picture; wanted: a row of numbers.")
    if code.shape[1] >= 784:
        raise Wrong(
            f"your_encoder puts out {code.shape[1]} numbers for 784 pixels, so nothing gets "
            "shorter. Is it the whole autoencoder?"
        )
    drawn = apply_model("your_decoder", your_decoder, code)
    if drawn.shape != x.shape:
        raise Wrong(f"your_decoder makes {drawn.shape[1:]} of a code; wanted: (784,).")
    if equal_but_for_rounding(code, code[0]):
        raise Wrong("your_encoder gives every picture the same code: have all its units died?")
    if not judged_in_full("the PSNR"):
        print("Right so far: the two fit together.")
        return

    def encode(x):
        return apply_model("your_encoder", your_encoder, x)

    def decode(z):
        return apply_model("your_decoder", your_decoder, z)

    points = packed_rate_and_psnr(encode, decode).values()
    front = []  # as the chapter's `best`: points that no cheaper one beats
    for point in sorted(points, key=lambda p: (p["bpp"], -p["psnr"])):
        if not front or point["psnr"] > front[-1]["psnr"]:
            front.append(point)
    if front[0]["bpp"] > 0.15:
        raise Wrong(
            f"your code takes {front[0]['bpp']:.2f} bits per pixel even with the coarsest steps; "
            "only 0.15 may be spent. Take fewer numbers."
        )
    known = x_train[: len(few)]
    seen, unseen = mse(known, decode(encode(known))), mse(few, decode(encode(few)))
    # An honest network has 1.00 to 1.04 times the error, the chapter's trained on tests 0.93.
    if unseen < 0.95 * seen:
        raise Wrong(
            f"your error is {unseen:.4f} on test digits and {seen:.4f} on training digits: "
            "was it trained on the test digits? Then it is no test any more."
        )
    rates, decibels = np.array([(p["bpp"], p["psnr"]) for p in front]).T
    yours = float(np.interp(np.log(0.15), np.log(rates), decibels))
    if not clearly_lower(pca_psnr, yours):
        raise Wrong(
            f"at 0.15 bits per pixel you have {yours:.2f} dB, packed PCA {pca_psnr:.2f} dB. One "
            "layer each way has no bends to spare: add a layer on both sides, or train longer."
        )
    print(f"Right: {yours:.2f} dB, and packed PCA has {pca_psnr:.2f} dB.")


def _close(after, before):
    return np.allclose(after, before, atol=1e-3)


def _errors(name, network, x):
    """Compute the mean squared error of each picture."""
    return mse(x, apply_model(name, network, x), per_image=True)
