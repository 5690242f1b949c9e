"""The checks of "Sequences"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.decomposition import PCA

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.sequences import check_1, check_2, check_3, check_4


def test_shapes_and_counts():
    check_1((20, 4), 560, 600, 1)
    check_1([20, 4], 560.0, np.int64(600), 0.999)


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, (4, 20), "the steps come first"),
        (0, (20, 10), "what does it read"),
        (0, (20, 3), "what is copied is the code"),
        (0, (1, 20, 4), "without the batch"),
        (0, (None, 20, 4), "without the batch"),
        (0, 80, "wanted: two numbers"),
        (0, "(20, 4)", "wanted: two numbers"),
        (0, ([20], 4), "wanted: two numbers"),
        (1, 520, "each of the four parts has biases"),
        (1, 140, "one of its four"),
        (1, 420, "the three gates"),
        (1, 160, "reads the last state too"),
        (1, 11200, "the length does not come in"),
        (1, 600, "the decoder's"),
        (1, 7, "what comes into each"),
        (2, 560, "the encoder's, or has no biases"),
        (2, 840, "goes through the code"),
        (2, 450, "the three gates"),
        (2, "600", "wanted: a number"),
        (3, 3, "does not make it larger"),
        (3, np.tanh(1), "the cell may grow"),
        (3, float("inf"), "a finite number"),
        (3, 0.5, "a gate times a tanh"),
    ],
)
def test_typical_wrong_shapes_and_counts(place, answer, words):
    answers = [(20, 4), 560, 600, 1]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


@pytest.fixture(scope="module")
def lengths():
    """Twenty sequences of 40 steps, and the same with 24 steps of padding."""
    short = np.random.default_rng(0).normal(size=(20, 40, 1)).astype("float32")
    return short, np.pad(short, [(0, 0), (0, 24), (0, 0)], constant_values=-10)


@pytest.fixture(scope="module")
def reader():
    keras.utils.set_random_seed(0)
    return layers.LSTM(16)


def test_a_mask(lengths, reader):
    short, padded = lengths
    gap = np.abs(np.asarray(reader(padded)) - np.asarray(reader(short)))
    most = float(gap.max())
    check_2((0, 1), reader, 0, most, False, short, padded)
    check_2([0.1, 0.2], reader, 6e-8, round(most, 3), np.False_, short, padded)
    inside = keras.Sequential([layers.Masking(-10.0), reader])
    every = layers.LSTM(16, return_sequences=True)
    for answers, words in [
        (((0, 1), reader, most, most, False), "difference without the mask"),
        (((0, 1), reader, 1, most, False), "once the padding is hidden"),
        (((0, 1), reader, 0, 0, False), "still go through Masking"),
        (((0, 1), reader, 0, gap.mean(), False), "that is the mean"),
        (((0, 1), reader, 0, gap.sum(axis=1).max(), False), "a sum over the 16 numbers"),
        (((0, 1), reader, 0, 1.9, False), "largest absolute difference"),
        (((0, 1), reader, "0", most, False), "wanted: a number"),
        (((0, 1), reader, 0, most, True), "past it"),
        (((0, 1), reader, 0, most, "no"), "wanted: True or False"),
        ((0.5, reader, 0, most, False), "your_guess"),
        (((0, 1), layers.LSTM(8), 0, most, False), "wanted: an LSTM of 16 units"),
        (((0, 1), layers.GRU(16), 0, most, False), "which has 1,152"),
        (((0, 1), every, 0, 0.2, False), "Leave out return_sequences"),
        (((0, 1), inside, 0, 0.2, False), "in the reader itself"),
        (((0, 1), 0.3, 0, 0.3, False), "reader is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(*answers, short, padded)


@pytest.fixture(scope="module")
def forced():
    """A stand-in for a teacher-forced network: half the truth, a little of the code."""

    def told(inputs):
        x, late = inputs
        return 0.9 * late + 0.1 * x.mean(axis=1, keepdims=True) + 0 * x

    def alone(x):
        return 0 * x + x.mean(axis=1, keepdims=True)

    return told, alone


def test_a_loss_that_flatters(forced):
    told, alone = forced
    x = np.random.default_rng(0).normal(size=(9, 64, 1)).cumsum(axis=1).astype("float32")
    late = np.pad(x[:, :-1], [(0, 0), (1, 0), (0, 0)])
    other, std = np.roll(x, 1, axis=0), 0.4
    a, b, c = (
        std**2 * np.mean((x - answer) ** 2)
        for answer in (told([x, late]), told([other, late]), alone(x))
    )
    check_3(a, b, float(f"{c:.4g}"), told, alone, x, std)
    back = std**2 * np.mean((x - told([np.roll(x, -1, axis=0), late])) ** 2)
    swapped = std**2 * np.mean((other - told([other, late])) ** 2)
    for answers, words in [
        ((a / std**2, b, c), "in squared deviations"),
        ((64 * a, b, c), "a sum over the 64 steps"),
        ((c, b, c), "of draw_alone"),
        ((a, a, c), "as trained"),
        ((a, back, c), "roll by 1"),
        ((a, swapped, c), "only the codes are theirs"),
        ((a, b, b), "with other codes"),
        ((a, b, 9.9), "the mean over all validation beats"),
        ((a, b, "c"), "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(*answers, told, alone, x, std)


def test_codes_that_are_hardly_listened_to_still_have_to_be_changed():
    def told(inputs):
        return 0.9 * inputs[1] + 0.0001 * inputs[0].mean(axis=1, keepdims=True)

    x = np.random.default_rng(0).normal(size=(9, 64, 1)).cumsum(axis=1).astype("float32")
    late = np.pad(x[:, :-1], [(0, 0), (1, 0), (0, 0)])
    a, b = (np.mean((x - told([codes, late])) ** 2) for codes in (x, np.roll(x, 1, axis=0)))
    assert abs(a - b) < 0.001 * b
    alone = np.mean((x - np.zeros_like(x)) ** 2)
    check_3(a, b, alone, told, np.zeros_like, x, 1.0)
    with pytest.raises(Wrong, match="error_other is not it yet: that is the error as trained"):
        check_3(a, a, alone, told, np.zeros_like, x, 1.0)


class Nowhere(layers.Layer):
    """An LSTM whose answer is not listened to."""

    def __init__(self):
        super().__init__()
        self.lstm = layers.LSTM(8)

    def call(self, x):
        return x + 0 * keras.ops.sum(self.lstm(x))


def halves(beats, shape=(8, 8), code=8, recurrent=True, scale=1.0):
    """An autoencoder made of PCA, without training, with an LSTM in it that does nothing."""
    pca = PCA(code).fit(beats)
    down, up = layers.Dense(code), layers.Dense(64)
    lstm = [Nowhere()] if recurrent else []
    encoder = keras.Sequential(
        [keras.Input(shape), *lstm, layers.Reshape((64,)), down],
    )
    decoder = keras.Sequential([keras.Input((code,)), up, layers.Reshape((8, 8))])
    down.set_weights([pca.components_.T, -pca.mean_ @ pca.components_.T])
    up.set_weights([scale * pca.components_, scale * pca.mean_])
    return encoder, decoder


@pytest.fixture(scope="module")
def beats():
    t = np.linspace(0, 1, 64)
    rng = np.random.default_rng(1)
    x = rng.uniform(3, 5, (60, 1)) * np.exp(-(((t - rng.uniform(0.2, 0.7, (60, 1))) / 0.05) ** 2))
    x -= x.mean()
    x /= x.std()
    return x[..., None].astype("float32")


@pytest.fixture(scope="module")
def levels(beats):
    return {"constant": 1.0, "mean_beat": float(np.mean((beats - beats.mean(axis=0)) ** 2))}


def test_catching_up(beats, levels, capsys):
    flat = beats[..., 0]
    both = halves(flat)
    check_4(*both, beats, beats, 1.0, levels, 0.5)
    check_4(*halves(flat, shape=(None, 8)), beats, beats, 1.0, levels, 0.5)
    assert "and PCA has 0.50000" in capsys.readouterr().out
    whole = keras.Sequential(list(both))
    untrained = keras.Sequential([keras.Input((64, 1)), layers.LSTM(8)])
    bounded = keras.Sequential(
        [keras.Input((8,)), layers.RepeatVector(64), layers.LSTM(1, return_sequences=True)]
    )
    for answers, words in [
        (halves(flat, code=16), "your code has 16 numbers; the aim was 8"),
        ((whole, both[1]), "Is it the whole autoencoder"),
        ((both[0], whole), "your_decoder does not take an input of shape"),
        (halves(flat, recurrent=False), "there is no LSTM in it"),
        (halves(flat, scale=20), "worse than a constant answer"),
        (halves(flat, scale=0), "what a constant answer has"),
        ((untrained, both[1]), "validation error is"),
        ((keras.Sequential([keras.Input((30, 2)), layers.LSTM(8)]), both[1]), "all 64 values"),
        ((both[0], keras.Sequential([keras.Input((8,)), layers.Dense(32)])), "draws 32 values"),
        ((0.001, both[1]), "your_encoder is a float; wanted: a Keras model"),
        ((both[0], 0.001), "your_decoder is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(*answers, beats, beats, 1.0, levels, 0.01)
    with pytest.raises(Wrong, match="end with a dense layer"):
        check_4(both[0], bounded, beats, beats, 1.0, {"constant": 10, "mean_beat": 5}, 0.01)
    for mean_beat, words in [(0.0, "what the mean beat has"), (5, "more than the average")]:
        with pytest.raises(Wrong, match=words):
            check_4(*both, beats, beats, 1.0, {"constant": 10, "mean_beat": mean_beat}, 0.0)
    with pytest.raises(Wrong, match="trained on the validation beats"):
        check_4(*both, beats[:, ::-1] * 5, beats, 1.0, levels, 0.5)


def test_the_quick_profile_judges_no_error(beats, levels, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_4(*halves(beats[..., 0], scale=0), beats, beats, 1.0, levels, 0.01)
    assert "the error is not judged" in capsys.readouterr().out


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [(20, 4), None, 600, 1], []),
        (check_1, [None] * 4, []),
        (check_2, [None] * 5, [None] * 2),
        (check_2, [(0, None), "reader", 0, 0.2, False], [None] * 2),
        (check_3, [None] * 3, [None] * 4),
        (check_4, [None, None], [None] * 5),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
