"""Checks for the exercises of shapes."""

from numbers import Real

import numpy as np

from helpers.exercises import Wrong, check_answered, check_array, check_number, check_numbers
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]


def check_1(code_shape, parameter_count, unpadded_filters):
    """Shape and counts of a convolutional autoencoder, without running it."""
    # Keras prints the batch as None; here that is an answer, not an open one.
    batch = isinstance(code_shape, list | tuple) and len(code_shape) == 4
    check_answered(
        code_shape=code_shape[1:] if batch else code_shape,
        parameter_count=parameter_count,
        unpadded_filters=unpadded_filters,
    )
    if batch:
        raise Wrong(say("code_shape has four axes; leave out the batch: the shape of one code."))
    if isinstance(code_shape, Real):
        raise Wrong(
            say(
                "code_shape is {code_shape}, a number; wanted: a tuple, such as (5, 2).",
                code_shape=code_shape,
            )
        )
    actual = tuple(check_array("code_shape", code_shape, (None,)))
    if actual[:2] == (3, 3):
        raise Wrong(say("code_shape: the third pool rounds 7 / 2 up; you rounded it down."))
    if actual[:2] == (7, 7):
        raise Wrong(say("code_shape: that is after two pools; there are three."))
    if actual[:2] in [(2, 2), (1, 1)]:
        raise Wrong(say('code_shape: with padding="same" only the pools make the map smaller.'))
    if actual[:2] == (4, 4) and len(actual) == 2:
        raise Wrong(say("code_shape lacks its last axis: the channels."))
    if actual[:2] == (4, 4) and actual[2] in (1, 8, 16):
        raise Wrong(
            say("code_shape: the channels are the filters of the convolution before the code.")
        )
    check_numbers(
        "code_shape", code_shape, (4, 4, 4), hint=say("Halve 28 three times, and round up.")
    )
    # From channels to channels, in the order of the layers:
    chain = [1, 16, 8, 4, 4, 8, 16, 1]
    weights = sum(9 * m * n for m, n in zip(chain, chain[1:], strict=False))
    biases = sum(chain[1:])
    check_number(
        "parameter_count",
        parameter_count,
        weights + biases,
        {
            weights: say("these are the weights; each filter has a bias too."),
            10 * biases: say(
                "a kernel has 3 x 3 weights for each channel that comes in, not only 9."
            ),
            9 * biases: say(
                "a kernel has 3 x 3 weights for each channel that comes in, and a bias."
            ),
            1612: say("that is the encoder; the decoder counts too."),
            1757: say("that is the decoder; the encoder counts too."),
            weights + biases - 145: say("the last convolution, with 1 filter, is missing."),
        },
        # A count has to be exact.
        tolerance=1e-5,
        hint=say("For each convolution: 9 x channels in x filters, and a bias for each filter."),
    )
    check_number(
        "unpadded_filters",
        unpadded_filters,
        16,
        {
            4: say("without padding there, the maps go 4, 2, 4, 8, 16: too small."),
            8: say("without padding there, the maps go 4, 8, 6, 12, 24: too small."),
            1: say("the last convolution would have to come from 32 to 28, and takes away only 2."),
        },
        hint=say("It is one of the three convolutions with 4, 8 and 16 filters."),
    )
    print(say("Right, all three: 28 pixels go in, and 28 come out."))


def check_2(other, one):
    """A rectangle 2 away from another, with the same code under the weights 3 and 4."""
    check_answered(other=other)
    moves = check_array("other", other, (4, 2)) - one
    if not np.allclose(moves, moves[0], atol=1e-3):
        raise Wrong(
            say(
                "other is not the same rectangle at another place: its corners did not all move "
                "alike. Add the same (u, v) to all four."
            )
        )
    move, length = moves[0], float(np.linalg.norm(moves[0]))
    if length < 1e-3:
        raise Wrong(say("other is one itself; a collision takes two."))
    apart = float(move @ [3, 4])
    if abs(move @ [-4, 3]) < 1e-3 * length:
        raise Wrong(
            say(
                "you moved along (3, 4), where the code changes most: by {apart:.3g}. Move across.",
                apart=apart,
            )
        )
    if abs(apart) > 1e-2:
        raise Wrong(
            say(
                "the codes differ by {apart:.3g}, since you moved by ({u:.3g}, {v:.3g}); wanted: "
                "no difference.",
                apart=apart,
                u=move[0],
                v=move[1],
            )
        )
    if abs(length - 2) > 1e-2:
        raise Wrong(
            say(
                "the codes are the same, but other is {length:.3g} away; wanted: 2. Divide (u, v) "
                "by its length first.",
                length=length,
            )
        )
    print(say("Right: two rectangles, one code."))


def check_3(dilations):
    """Dilations of four 3 x 3 layers that see each of 31 x 31 pixels."""
    check_answered(dilations=dilations)
    actual = check_array("dilations", dilations, (None,))
    if len(actual) != 4:
        raise Wrong(
            say("dilations has {n} numbers; wanted: four, one for each layer.", n=len(actual))
        )
    if (actual < 1).any() or (actual != actual.round()).any():
        raise Wrong(
            say("a dilation is a whole number from 1 on; a plain convolution has 1, not 0.")
        )
    # What one output sees of a line; the square is the same in both directions.
    seen = {0}
    for d in actual.astype(int).tolist():
        seen = {pixel + step for pixel in seen for step in (-d, 0, d)}
    side = max(seen) - min(seen) + 1
    if actual.sum() in (30, 31):
        raise Wrong(
            say(
                "the side is {side}: each layer looks d pixels to *either* side. Wanted: 31.",
                side=side,
            )
        )
    if side != 31:
        raise Wrong(say("one output sees a square of side {side}; the aim was 31.", side=side))
    if len(seen) < side:
        raise Wrong(
            say(
                "the square has side 31, but only {n} of the 31 pixels of a line count, so "
                "{squared} of {whole} in the square: there are gaps. Some layer jumps further "
                "than what it looks at is wide.",
                n=len(seen),
                squared=len(seen) ** 2,
                whole=side**2,
            )
        )
    print(say("Right: 31 x 31 pixels, and every one of them counts."))
