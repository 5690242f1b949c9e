"""Checks for the exercises of sequences."""

import math

import keras
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
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(repeated, encoder_lstm, decoder_lstm, largest):
    """Four predictions: a shape, two counts, and the bound of an LSTM's output."""
    if isinstance(repeated, tuple) and len(repeated) == 3 and repeated[1:] == (20, 4):
        raise Wrong(
            say(
                "repeated is {repeated}; wanted: without the batch, so leave out the first.",
                repeated=repeated,
            )
        )
    check_answered(
        repeated=repeated, encoder_lstm=encoder_lstm, decoder_lstm=decoder_lstm, largest=largest
    )
    try:
        actual = tuple(float(size) for size in repeated)
    except (TypeError, ValueError):
        actual = ()
    if actual != (20, 4):
        typical = {
            (4, 20): say("the steps come first, then what a step holds."),
            (20, 10): say("that is what the decoder's LSTM makes of it; what does it read?"),
            (20, 3): say("that is the sequence itself; what is copied is the code."),
            (20,): say("that is how often the code is copied; how long is one copy?"),
        }
        other = say("wanted: two numbers, the steps and what is copied to each step.")
        raise Wrong(
            say(
                "repeated is {repeated!r:.60}: {words}",
                repeated=repeated,
                words=typical.get(actual, other),
            )
        )
    for name, count, reads, other in [
        (
            "encoder_lstm",
            encoder_lstm,
            3,
            say("that is the decoder's: the encoder reads values, not the code."),
        ),
        (
            "decoder_lstm",
            decoder_lstm,
            4,
            say(
                "that is the encoder's, or has no biases. What does the decoder's LSTM read at a "
                "step?"
            ),
        ),
    ]:
        one = 10 * (reads + 10 + 1)  # of the four small dense layers
        check_number(
            name,
            count,
            4 * one,
            {
                4 * (one - 10): say(
                    "these are the weights; each of the four parts has biases too."
                ),
                4 * 10 * (7 - reads + 10 + 1): other,
                3 * one: say("the three gates; the new entry is made by a fourth small layer."),
                one: say("that is one of its four small dense layers."),
                4 * 10 * (reads + 1): say("each part reads the last state too."),
                20 * 4 * one: say(
                    "the same weights serve at every step: the length does not come in."
                ),
                4 * 10 * (10 + 10 + 1): say(
                    "the state goes through the code: what does a step read?"
                ),
            },
            hint=say("Four small dense layers of 10 units: what comes into each?"),
        )
    check_number(
        "largest",
        largest,
        1,
        {
            3: say("each value comes from one unit; that there are three does not make it larger."),
            10: say("the number of units does not come in."),
            math.tanh(1): say(
                "the cell may grow far beyond 1, so tanh of it comes nearer to its end."
            ),
            0: say("a tanh gives more than that."),
        },
        tolerance=0.011,
        hint=say("What an LSTM holds up is a gate times a tanh: how large can each become?"),
    )
    print(say("Right, all four. Left without its dense layer, it could never draw more than 1."))


def check_2(
    your_guess, reader, difference_masked, difference_plain, loss_leaves_out, short, padded
):
    """What `Masking(-10)` hides of sequences of two lengths, and where the mask ends."""
    check_answered(
        your_guess=your_guess,
        reader=reader,
        difference_masked=difference_masked,
        difference_plain=difference_plain,
        loss_leaves_out=loss_leaves_out,
    )
    check_array("your_guess", your_guess, (2,))
    code = apply_model("reader", reader, short)
    if code.ndim == 3:
        raise Wrong(
            say(
                "reader gives its state after all {n} steps; wanted: after the last one. Leave "
                "out return_sequences.",
                n=code.shape[1],
            )
        )
    parameters = 4 * 16 * (1 + 16 + 1)
    if code.shape[1:] != (16,) or reader.count_params() != parameters:
        raise Wrong(
            say(
                "reader gives {shape} and has {expected:,} parameters; wanted: an LSTM of 16 "
                "units, which has {parameters:,} where a step has one value.",
                shape=code.shape[1:],
                expected=reader.count_params(),
                parameters=parameters,
            )
        )
    plain = np.abs(apply_model("reader", reader, padded) - code)
    if equal_but_for_rounding(plain, 0, scale=1):  # an LSTM's state lies between -1 and 1
        raise Wrong(
            say(
                "to your reader a sequence is the same with and without its padding. Is there a "
                "Masking in the reader itself? Put it in front, outside."
            )
        )
    behind = keras.Sequential([keras.layers.Masking(-10.0), reader])
    masked = np.abs(apply_model("reader", behind, padded) - code)
    check_number(
        "difference_masked",
        difference_masked,
        float(masked.max()),
        {
            float(plain.max()): say("that is the difference without the mask."),
            1: say("which steps of `padded` are left, once the padding is hidden?"),
        },
        hint=say("Compare the codes of `short` with those of `padded` behind Masking(-10)."),
        scale=1,
    )
    check_number(
        "difference_plain",
        difference_plain,
        float(plain.max()),
        {
            0: say("does `padded` still go through Masking? Give it to the reader itself."),
            float(plain.mean()): say("that is the mean; wanted: the largest."),
            float(plain.sum(axis=1).max()): say("that is a sum over the 16 numbers; wanted: one."),
            float(plain.sum()): say("that is a sum; wanted: the largest."),
        },
        tolerance=0.01,
        hint=(
            say(
                "Wanted: the largest absolute difference between the codes of `short` and of "
                "`padded`, from this reader."
            )
        ),
    )
    if not isinstance(loss_leaves_out, bool | np.bool_):
        raise Wrong(
            say(
                "loss_leaves_out is {loss_leaves_out!r:.40}; wanted: True or False.",
                loss_leaves_out=loss_leaves_out,
            )
        )
    if loss_leaves_out:
        raise Wrong(
            say(
                "loss_leaves_out is True. The code has no steps: what could carry the mask past it?"
            )
        )
    print(say("Right: the padding does not reach the code, and the mask does not reach the loss."))


def check_3(error_told, error_other, error_alone, forced, draw_alone, x_valid, std):
    """Three errors of a teacher-forced network: told, with another code, and alone."""
    check_answered(error_told=error_told, error_other=error_other, error_alone=error_alone)
    x = np.asarray(x_valid, np.float32)
    late = np.pad(x[:, :-1], [(0, 0), (1, 0), (0, 0)])
    told, other, backwards = (
        np.asarray(forced([codes, late]))
        for codes in (x, np.roll(x, 1, axis=0), np.roll(x, -1, axis=0))
    )
    alone = np.asarray(draw_alone(x))
    right = {
        name: float(std**2) * mse(x, answer)
        for name, answer in [("told", told), ("other", other), ("alone", alone)]
    }
    slips = {
        right["told"]: say("that is the error as trained, (a)."),
        float(std**2) * mse(x, backwards): say("roll by 1, as the exercise says."),
        right["other"]: say("that is the error with other codes, (b)."),
        right["alone"]: say("that is the error of draw_alone, (c)."),
        float(std**2) * mse(np.roll(x, 1, axis=0), other): (
            say(
                "is it compared with the other beats? Compare with x_valid: only the codes are "
                "theirs."
            )
        ),
    }
    for name, answer in [("told", error_told), ("other", error_other), ("alone", error_alone)]:
        expected = right[name]
        scaled = {expected / float(std**2): say("that is in squared deviations; times std**2.")}
        summed = {64 * expected: say("that is a sum over the 64 steps; wanted: their mean.")}
        check_number(
            f"error_{name}",
            answer,
            expected,
            scaled | summed | {k: words for k, words in slips.items() if k != expected},
            hint=say(
                "Wanted: the mean over all validation beats and steps, in squared millivolts."
            ),
        )
        if name == "other" and not equal_but_for_rounding(expected, right["told"]):
            # They may differ by less than the tolerance, where the code is hardly needed.
            if equal_but_for_rounding(answer, right["told"]):
                raise Wrong(say("error_other is not it yet: {words}", words=slips[right["told"]]))
    print(say("Right: judge it by the third number, which is how it would be used."))


def check_4(your_encoder, your_decoder, x_train, x_valid, std, levels, pca_mse):
    """An autoencoder with an LSTM and a code of 8 whose validation error is below PCA's."""
    check_answered(your_encoder=your_encoder, your_decoder=your_decoder)
    x = np.asarray(x_valid, np.float32).reshape(len(x_valid), 64)
    x_hat = _redraw(your_encoder, your_decoder, x)
    kinds = keras.layers.LSTM, keras.layers.LSTMCell
    # Keras' own way to look into layers of layers, such as Bidirectional.
    parts = [*your_encoder._flatten_layers(), *your_decoder._flatten_layers()]
    if not any(isinstance(part, kinds) for part in parts):
        raise Wrong(
            say("there is no LSTM in it. Dense or convolutional layers may stand beside one.")
        )
    if not judged_in_full(say("the error")):
        print(say("Right so far: 64 values, through 8 numbers, with an LSTM on the way."))
        return
    error = std**2 * mse(x, x_hat)
    if clearly_lower(error, pca_mse):
        seen = np.asarray(x_train, np.float32).reshape(len(x_train), 64)
        seen_error = std**2 * mse(seen, _redraw(your_encoder, your_decoder, seen))
        if error < 0.2 * seen_error:
            raise Wrong(
                say(
                    "its error is {error:.5f} on the validation beats and {seen_error:.5f} on the "
                    "training beats. Was it trained on the validation beats?",
                    error=error,
                    seen_error=seen_error,
                )
            )
        print(
            say(
                "Right: {error:.5f} squared millivolts, and PCA has {pca_mse:.5f}. Two more seeds.",
                error=error,
                pca_mse=pca_mse,
            )
        )
        return
    if error > 1.2 * levels["constant"]:
        why = say(
            "worse than a constant answer. Is it made for beats that are scaled, as in x_train?"
        )
    elif error > 0.9 * levels["constant"]:
        why = say("what a constant answer has: it has not begun to learn.")
    elif np.abs(x_hat).max() <= 1:
        why = say("and its values never leave the interval from -1 to 1: end with a dense layer.")
    elif error > 0.9 * levels["mean_beat"]:
        why = say("what the mean beat has: the decoder does not read the code yet.")
    else:
        why = say("so it has learned more than the average. Fewer and wider steps? A falling rate?")
    raise Wrong(
        say(
            "its validation error is {error:.5f}, PCA's {pca_mse:.5f}: {why}",
            error=error,
            pca_mse=pca_mse,
            why=why,
        )
    )


def _redraw(encoder, decoder, x):
    """Send beats (n, 64) through both halves, in the shape that the encoder takes."""
    if not isinstance(encoder, keras.Layer):
        raise Wrong(
            say("your_encoder is a {kind}; wanted: a Keras model.", kind=type(encoder).__name__)
        )
    shape = getattr(encoder, "input_shape", None)
    try:
        shape = [64 if size is None else int(size) for size in shape[1:]]
        if encoder.input_shape[1:].count(None) == 1:  # any number of steps
            shape[encoder.input_shape[1:].index(None)] = -1
        beats = x.reshape(len(x), *shape)
    except (TypeError, ValueError, AttributeError):
        raise Wrong(
            say(
                "your_encoder takes {shape}; wanted: all 64 values of a beat, as steps x values. "
                "Begin with keras.Input((steps, values)).",
                shape=shape,
            )
        ) from None
    code = apply_model("your_encoder", encoder, beats)
    size = math.prod(code.shape[1:])
    if size != 8:
        what = say("your code has {size} numbers; the aim was 8.", size=size)
        raise Wrong(what + " " + say("Is it the whole autoencoder?") if size == 64 else what)
    drawn = apply_model("your_decoder", decoder, code)
    if drawn.size != x.size:
        raise Wrong(
            say("your_decoder draws {n} values of a beat's 64.", n=math.prod(drawn.shape[1:]))
        )
    return drawn.reshape(x.shape)
