"""Checks for the exercises of convolutional."""

import numpy as np

from helpers.exercises import Wrong, apply_model, check_answered, check_array, check_number
from helpers.measures import bce
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]


def check_1(code_shape, encoder_parameters, factor, dense_parameters):
    """Strides instead of pools: shape of the code, parameters, work; and a dense rival."""
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
        raise Wrong(
            say(
                "code_shape is {code_shape!r}; wanted: three lengths, as Keras prints them.",
                code_shape=code_shape,
            )
        )
    shape = check_array("code_shape", code_shape, (None,)).tolist()
    typical = {
        (3, 3, 8): say("7 halved is 3.5, and it rounds the other way."),
        (7, 7, 8): say("that is after two of the three layers."),
        (28, 28, 8): say("each stride of 2 halves both sides."),
        (8, 4, 4): say("Keras has the channels last."),
        (4, 4, 16): say("the last layer has another number of filters."),
        (128,): say("so many numbers it has; as a shape, they are rows, columns and maps."),
    }
    if tuple(shape) != (4, 4, 8):
        words = typical.get(
            tuple(shape), say("follow the side: 28, and three times the half of it.")
        )
        raise Wrong(say("code_shape is {code_shape}: {words}", code_shape=code_shape, words=words))
    check_number(
        "encoder_parameters",
        encoder_parameters,
        160 + 1160 + 584,
        {
            144 + 1152 + 576: say("these are the weights; each filter has a bias too."),
            160 + 80 + 80: say("a filter has 9 weights for each map that goes in."),
            (160 + 1160 + 584) / 4: say("a stride saves work, not weights."),
            4385: say("that is the whole autoencoder; the encoder is the first half."),
            2481: say("that is the decoder."),
        },
        tolerance=1e-6,
        hint=say("Each layer has 9 c k weights and k biases, for c maps in and k maps out."),
    )
    check_number(
        "factor",
        factor,
        4,
        {
            2: say("the window skips every second place in both directions."),
            1 / 4: say("turn it: by what factor does the number fall?"),
            1: say("the weights stay, but each is used at fewer places."),
            8: say("two directions are halved; the maps are as many as before."),
            9: say("that is the size of the window; it is the same in both."),
        },
        hint=say("At how many places does the window stop, before and after?"),
    )
    outputs = 28 * 28 * 16
    check_number(
        "dense_parameters",
        dense_parameters,
        784 * outputs + outputs,
        {
            784 * outputs: say("these are the weights; each of the outputs has a bias too."),
            784 * outputs + 784: say("each output has a bias, not each input."),
            784 * outputs + 16: say("in a dense layer each output has a bias of its own."),
            784 * 16 + 16: say("that makes 16 numbers; wanted: 16 maps of 28 x 28."),
            784 * 784 + 784: say("that makes one map; wanted: 16."),
        },
        tolerance=1e-6,
        hint=say("How many numbers go in, how many come out?"),
    )
    print(say("Right, all four: nearly ten million instead of 160."))


def check_2(after_two_pools, strided_code):
    """The receptive field after two pools of the chapter's encoder, and of the strided one's code."""
    check_answered(after_two_pools=after_two_pools, strided_code=strided_code)
    check_number(
        "after_two_pools",
        after_two_pools,
        10,
        {
            4: say("that is the stride: how far the next number's field lies away."),
            7: say("pools widen the field, too, each by one step."),
            8: say("that is before the second pool, which adds one step more."),
            13: say("a pool of 2 adds one step, not two."),
            22: say("that is the code, after the third pool."),
            100: say("wanted: the side of the square."),
        },
        hint=say("Start with 1 pixel. A window of 3 adds 2 steps, a pool of 2 adds 1 step."),
    )
    check_number(
        "strided_code",
        strided_code,
        15,
        {
            7: say("each stride doubles the steps of the layers behind it: 1, 2, 4 pixels."),
            8: say("that is the stride: how far the next number's field lies away."),
            22: say("that is with pools; each of them widens the field, too."),
            27: say("neighbouring windows overlap: each layer adds two steps."),
            29: say("a layer's own stride lengthens the steps of the layers behind it only."),
            225: say("wanted: the side of the square."),
        },
        hint=say("Start with 1 pixel; the three windows add two steps each, of 1, 2 and 4 pixels."),
    )
    print(say("Right, both: pools widen the field, and what comes behind them sees further."))


def check_3(cost_of_map, encoder, decoder, x_valid):
    """By how much the loss rises when one map of the code is 0, for each of the eight."""
    check_answered(cost_of_map=cost_of_map)
    if np.ndim(cost_of_map) and len(cost_of_map) == 4:
        raise Wrong(say("cost_of_map has four numbers: are those rows of the code? Maps are last."))
    actual = check_array("cost_of_map", cost_of_map, (8,))
    x = np.asarray(x_valid[:1000], dtype=np.float32)
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
        print(
            say(
                "Right: of the maps 1 to 8, map {most} costs most and map {least} least.",
                most=np.argmax(expected) + 1,
                least=np.argmin(expected) + 1,
            )
        )
        return
    for typical, words in [
        (
            losses,
            say("these are the losses; wanted: by how much each is above that with all maps."),
        ),
        (-expected, say("the loss rises, so the cost is above 0: turn the difference.")),
        (784 * expected, say("these are sums over the pixels; wanted: means.")),
    ]:
        if near(typical):
            raise Wrong(say("cost_of_map is not it yet: {words}", words=words))
    one_after_another = np.array([loss(list(range(k + 1))) for k in range(8)])
    if near(one_after_another - kept) or near(one_after_another):
        raise Wrong(
            say(
                "each of your codes lacks the maps of those before, too. Copy the codes before "
                "you set a map to 0. (Those in `codes` are spoiled: encode the images anew.)"
            )
        )
    alone = np.array([loss([j for j in range(8) if j != k]) for k in range(8)])
    if near(alone - kept) or near(alone):
        raise Wrong(say("you kept one map and set the others to 0; wanted: the other way round."))
    raise Wrong(
        say(
            "cost_of_map is not it yet. Wanted: for each map k, the BCE of the first 1,000 "
            "validation images with codes[..., k] = 0, less the BCE with the whole code."
        )
    )
