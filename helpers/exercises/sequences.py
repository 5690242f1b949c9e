"""Checks for the exercises of sequences."""

import math

import keras
import numpy as np
from sklearn.metrics import average_precision_score

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

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(repeated, encoder_lstm, decoder_lstm, largest):
    """Four predictions: a shape, two counts, and the bound of an LSTM's output."""
    if isinstance(repeated, tuple) and len(repeated) == 3 and repeated[1:] == (20, 4):
        raise Wrong(f"repeated is {repeated}; wanted: without the batch, so leave out the first.")
    check_answered(
        repeated=repeated, encoder_lstm=encoder_lstm, decoder_lstm=decoder_lstm, largest=largest
    )
    try:
        actual = tuple(float(size) for size in repeated)
    except (TypeError, ValueError):
        actual = ()
    if actual != (20, 4):
        typical = {
            (4, 20): "the steps come first, then what a step holds.",
            (20, 10): "that is what the decoder's LSTM makes of it; what does it read?",
            (20, 3): "that is the sequence itself; what is copied is the code.",
            (20,): "that is how often the code is copied; how long is one copy?",
        }
        other = "wanted: two numbers, the steps and what is copied to each step."
        raise Wrong(f"repeated is {repeated!r:.60}: {typical.get(actual, other)}")
    for name, count, reads, other in [
        ("encoder_lstm", encoder_lstm, 3, "the decoder's: the encoder reads values, not the code."),
        (
            "decoder_lstm",
            decoder_lstm,
            4,
            "the encoder's, or has no biases. What does the decoder's LSTM read at a step?",
        ),
    ]:
        one = 10 * (reads + 10 + 1)  # of the four small dense layers
        check_number(
            name,
            count,
            4 * one,
            {
                4 * (one - 10): "these are the weights; each of the four parts has biases too.",
                4 * 10 * (7 - reads + 10 + 1): f"that is {other}",
                3 * one: "the three gates; the new entry is made by a fourth small layer.",
                one: "that is one of its four small dense layers.",
                4 * 10 * (reads + 1): "each part reads the last state too.",
                20 * 4 * one: "the same weights serve at every step: the length does not come in.",
                4 * 10 * (10 + 10 + 1): "the state goes through the code: what does a step read?",
            },
            hint="Four small dense layers of 10 units: what comes into each?",
        )
    check_number(
        "largest",
        largest,
        1,
        {
            3: "each value comes from one unit; that there are three does not make it larger.",
            10: "the number of units does not come in.",
            math.tanh(1): "the cell may grow far beyond 1, so tanh of it comes nearer to its end.",
            0: "a tanh gives more than that.",
        },
        tolerance=0.011,
        hint="What an LSTM holds up is a gate times a tanh: how large can each become?",
    )
    print("Right, all four. Left without its dense layer, it could never draw more than 1.")


def check_2(reader, difference_masked, difference_plain, stateful_for, rows_test):
    """What `Masking()` hides of digits and their lower copies, and when to be stateful."""
    check_answered(
        reader=reader,
        difference_masked=difference_masked,
        difference_plain=difference_plain,
        stateful_for=stateful_for,
    )
    blank = np.asarray(rows_test[np.all(rows_test[:, -3:] == 0, axis=(1, 2))][:100], np.float32)
    both = np.concatenate([blank, np.roll(blank, 3, axis=1)])
    codes = apply_model("reader", reader, both)
    if codes.ndim == 3:
        raise Wrong(
            f"reader gives its state after all {codes.shape[1]} steps; wanted: after the last one. "
            "Leave out return_sequences."
        )
    if codes.shape[1:] != (16,):
        raise Wrong(f"reader gives {codes.shape[1:]}; wanted: an LSTM of 16 units.")

    def gap(z):
        return np.abs(z[: len(blank)] - z[len(blank) :])

    plain = gap(codes)
    if equal_but_for_rounding(plain, 0, scale=1):  # an LSTM's state lies between -1 and 1
        raise Wrong(
            "to your reader a digit and its lower copy are the same even without the mask. Is "
            "there a Masking in the reader itself? Put it in front, outside."
        )
    masked = gap(apply_model("reader", keras.Sequential([keras.layers.Masking(), reader]), both))
    check_number(
        "difference_masked",
        difference_masked,
        float(masked.max()),
        {
            float(plain.max()): "that is the difference without Masking().",
            1: "which steps of the two are left, once the blank rows are hidden?",
        },
        hint="Put Masking() before the same reader, for the digits and for the copies.",
        scale=1,
    )
    check_number(
        "difference_plain",
        difference_plain,
        float(plain.max()),
        {
            0: "do both sets still go through Masking()? Give the rows to the reader itself.",
            float(plain.mean()): "that is the mean; wanted: the largest.",
            float(plain.sum(axis=1).max()): "that is a sum over the 16 numbers; wanted: one.",
            float(plain.sum()): "that is a sum; wanted: the largest.",
        },
        tolerance=0.01,
        hint=(
            "Wanted: the largest absolute difference, of the first 100 digits with three blank "
            "rows below and their copies, from this reader."
        ),
    )
    choice = stateful_for.strip(" ().").lower() if isinstance(stateful_for, str) else stateful_for
    if choice == "i":
        raise Wrong("the beats are separate: what has the end of one to do with the next?")
    if choice == "both":
        raise Wrong("not both: with the beats, the memory of one would leak into the next one's.")
    if choice != "ii":
        raise Wrong(f'stateful_for is {stateful_for!r}; wanted: "i", "ii" or "both".')
    print("Right: hidden rows take the place on the page with them. And one long signal is (ii).")


def check_3(by_size, beats, is_train, is_test, kind):
    """Error, average precision and recall of PCA on normal beats, for six sizes."""
    check_answered(by_size=by_size)
    sizes = [1, 2, 4, 8, 16, 32]
    if not isinstance(by_size, dict):
        raise Wrong(f"by_size is a {type(by_size).__name__}; wanted: a dict, one entry a size.")
    if missing := [size for size in sizes if size not in by_size]:
        raise Wrong(f"by_size has no entry for {missing}; wanted: for each of {sizes}.")
    normal, premature = kind == "normal", kind[is_test] == "premature"

    def pca(fit):  # of all sizes at once, which scikit-learn's would not be
        return fit.mean(axis=0), np.linalg.eigh(np.cov(fit.T))[1][:, ::-1]

    clean, unclean = pca(beats[is_train & normal]), pca(beats[is_train])

    def rows(mean, axes):
        """What one size gives, and what typical slips make of it."""
        error = np.mean((beats - mean - (beats - mean) @ axes @ axes.T) ** 2, axis=1)
        threshold, late = np.quantile(error[is_train & normal], 0.99), error[is_test]
        copy, alarm = float(late[normal[is_test]].mean()), late > threshold
        peeked = late > np.quantile(late[normal[is_test]], 0.99)
        return {
            "copy": copy,
            "ap": average_precision_score(premature, late),
            "recall": np.mean(alarm[premature]),
            "sum": 64 * copy,
            "root": math.sqrt(copy),
            "scaled": copy / float(beats[is_train].var()),
            "all": float(late.mean()),
            "train": float(error[is_train & normal].mean()),
            "precision": np.sum(alarm & premature) / max(np.sum(alarm), 1),
            "peeked": np.mean(peeked[premature]),
        }

    for size in sizes:
        answer = by_size[size]
        if not isinstance(answer, list | tuple | np.ndarray) or len(answer) != 3:
            raise Wrong(
                f"by_size[{size}] is {answer!r:.60}; wanted: three numbers, error, average "
                "precision and recall."
            )
        right, loose = (rows(mean, axes[:, :size]) for mean, axes in (clean, unclean))
        check_number(
            f"the error in by_size[{size}]",
            answer[0],
            right["copy"],
            {
                loose["copy"]: "was PCA fitted on all training beats? Fit it on the normal ones.",
                right["ap"]: "that is the average precision; the error comes first.",
                right["all"]: "that is over all test beats; wanted: over the normal ones.",
                right["train"]: "that is on the training beats; wanted: on the test beats.",
                right["sum"]: "that is a sum over the 64 values; wanted: their mean.",
                right["root"]: "that is the root; wanted: squared millivolts.",
                right["scaled"]: "that is in squared deviations; wanted: squared millivolts.",
            },
            tolerance=0.01,
            hint="Wanted: the mean of `beat_errors` over the normal test beats, unrounded.",
        )
        check_number(
            f"the average precision in by_size[{size}]",
            answer[1],
            right["ap"],
            {
                100 * right["ap"]: "that is in percent; wanted: a share.",
                loose["ap"]: "was PCA fitted on all training beats? Fit it on the normal ones.",
                right["recall"]: "that is the recall, which comes last.",
                right["precision"]: "that is the precision at the threshold.",
            },
            tolerance=0.006,
            hint="Give `average_precision_score` the errors of the test beats, not the alarms.",
        )
        check_number(
            f"the recall in by_size[{size}]",
            answer[2],
            right["recall"],
            {
                100 * right["recall"]: "that is in percent; wanted: a share.",
                right["precision"]: "that is the precision: turn the question around.",
                right["peeked"]: "was the threshold taken from test beats? Take training ones.",
                right["ap"]: "that is the average precision.",
            },
            tolerance=0.006,
            hint="The threshold: quantile 0.99 of the errors of the normal training beats.",
        )
    print("Right: the error falls from size to size, and the rest does not follow it.")


def check_4(your_encoder, your_decoder, x_train, x_test, std, levels, pca_mse):
    """An autoencoder with an LSTM and a code of 8 whose test error is below PCA's."""
    check_answered(your_encoder=your_encoder, your_decoder=your_decoder)
    x = np.asarray(x_test, np.float32).reshape(len(x_test), 64)
    x_hat = _redraw(your_encoder, your_decoder, x)
    kinds = keras.layers.LSTM, keras.layers.LSTMCell
    # Keras' own way to look into layers of layers, such as Bidirectional.
    parts = [*your_encoder._flatten_layers(), *your_decoder._flatten_layers()]
    if not any(isinstance(part, kinds) for part in parts):
        raise Wrong("there is no LSTM in it. Dense or convolutional layers may stand beside one.")
    if not judged_in_full("the error"):
        print("Right so far: 64 values, through 8 numbers, with an LSTM on the way.")
        return
    error = std**2 * mse(x, x_hat)
    if clearly_lower(error, pca_mse):
        seen = np.asarray(x_train, np.float32).reshape(len(x_train), 64)
        seen_error = std**2 * mse(seen, _redraw(your_encoder, your_decoder, seen))
        if error < 0.2 * seen_error:
            raise Wrong(
                f"its error is {error:.5f} on the test beats and {seen_error:.5f} on the training "
                "beats. Was it trained on the test beats?"
            )
        print(f"Right: {error:.5f} squared millivolts, and PCA has {pca_mse:.5f}. Two more seeds.")
        return
    if error > 1.2 * levels["constant"]:
        why = "worse than a constant answer. Is it made for beats that are scaled, as in x_train?"
    elif error > 0.9 * levels["constant"]:
        why = "what a constant answer has: it has not begun to learn."
    elif np.abs(x_hat).max() <= 1:
        why = "and its values never leave the interval from -1 to 1: end with a dense layer."
    elif error > 0.9 * levels["mean_beat"]:
        why = "what the mean beat has: the decoder does not read the code yet."
    else:
        why = "so it has learned more than the average. Fewer and wider steps? A falling rate?"
    raise Wrong(f"its test error is {error:.5f}, PCA's {pca_mse:.5f}: {why}")


def _redraw(encoder, decoder, x):
    """Send beats (n, 64) through both halves, in the shape that the encoder takes."""
    if not isinstance(encoder, keras.Layer):
        raise Wrong(f"your_encoder is a {type(encoder).__name__}; wanted: a Keras model.")
    shape = getattr(encoder, "input_shape", None)
    try:
        shape = [64 if size is None else int(size) for size in shape[1:]]
        if encoder.input_shape[1:].count(None) == 1:  # any number of steps
            shape[encoder.input_shape[1:].index(None)] = -1
        beats = x.reshape(len(x), *shape)
    except (TypeError, ValueError, AttributeError):
        raise Wrong(
            f"your_encoder takes {shape}; wanted: all 64 values of a beat, as steps x values. "
            "Begin with keras.Input((steps, values))."
        ) from None
    code = apply_model("your_encoder", encoder, beats)
    size = math.prod(code.shape[1:])
    if size != 8:
        whole = " Is it the whole autoencoder?" if size == 64 else ""
        raise Wrong(f"your code has {size} numbers; the aim was 8.{whole}")
    drawn = apply_model("your_decoder", decoder, code)
    if drawn.size != x.size:
        raise Wrong(f"your_decoder draws {math.prod(drawn.shape[1:])} values of a beat's 64.")
    return drawn.reshape(x.shape)
