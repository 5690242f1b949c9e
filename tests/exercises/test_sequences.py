"""The checks of "Sequences"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score, precision_score, recall_score

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
def rows(many):
    return many.reshape(-1, 28, 28)


@pytest.fixture(scope="module")
def reader():
    keras.utils.set_random_seed(0)
    return layers.LSTM(16)


@pytest.fixture(scope="module")
def gap(rows, reader):
    """The differences of digit and copy without a mask."""
    blank = rows[np.all(rows[:, -3:] == 0, axis=(1, 2))][:100]
    assert len(blank) == 100
    return np.abs(np.asarray(reader(blank)) - np.asarray(reader(np.roll(blank, 3, axis=1))))


def test_a_mask(rows, reader, gap):
    check_2(reader, 0, gap.max(), "ii", rows)
    check_2(reader, 0.0, round(float(gap.max()), 3), "(ii)", rows)
    for answers, words in [
        ((reader, gap.max(), gap.max(), "ii"), "difference without Masking"),
        ((reader, 0, 0, "ii"), "do both sets still go through Masking"),
        ((reader, 0, gap.mean(), "ii"), "that is the mean"),
        ((reader, 0, gap.sum(axis=1).max(), "ii"), "a sum over the 16 numbers"),
        ((reader, 0, 1.9, "ii"), "largest absolute difference"),
        ((reader, "0", gap.max(), "ii"), "wanted: a number"),
        ((reader, 0, gap.max(), "i"), "the beats are separate"),
        ((reader, 0, gap.max(), "both"), "would leak"),
        ((reader, 0, gap.max(), 2), 'wanted: "i", "ii" or "both"'),
        ((layers.LSTM(8), 0, gap.max(), "ii"), "wanted: an LSTM of 16 units"),
        ((layers.LSTM(16, return_sequences=True), 0, 0.2, "ii"), "Leave out return_sequences"),
        ((keras.Sequential([layers.Masking(), reader]), 0, 0.2, "ii"), "in the reader itself"),
        ((0.3, 0, 0.3, "ii"), "reader is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(*answers, rows)


SIZES = [1, 2, 4, 8, 16, 32]


@pytest.fixture(scope="module")
def record():
    """Made-up beats: two kinds of curves, some odd ones, noise; a train and a test part."""
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, 64)
    kind = rng.choice(["normal", "premature", "odd"], 300, p=[0.7, 0.2, 0.1])
    width = np.select([kind == "normal", kind == "premature"], [0.03, 0.06], 0.045)
    height = 1 + rng.normal(0, 0.1, 300)
    beats = height[:, None] * np.exp(-(((t - 0.4) / width[:, None]) ** 2))
    beats += rng.normal(0, 0.05, (20, 64))[rng.integers(20, size=300)]
    beats += rng.normal(0, 0.05, (300, 64)) * rng.uniform(0.2, 2, 300)[:, None]
    return beats, np.arange(300) < 180, np.arange(300) >= 180, kind


def table(record, fit=None, of="normal", part=None, threshold_part=None):
    """The right answer, or one with a slip."""
    beats, is_train, is_test, kind = record
    normal, premature = kind == "normal", kind[is_test] == "premature"
    rows = {}
    for size in SIZES:
        pca = PCA(size).fit(beats[is_train & normal if fit is None else fit])
        error = np.mean((beats - pca.inverse_transform(pca.transform(beats))) ** 2, axis=1)
        copied = (is_test if part is None else part) & (normal if of == "normal" else True)
        quiet = (is_train if threshold_part is None else threshold_part) & normal
        alarm = error[is_test] > np.quantile(error[quiet], 0.99)
        rows[size] = (
            error[copied].mean(),
            average_precision_score(premature, error[is_test]),
            recall_score(premature, alarm),
            precision_score(premature, alarm, zero_division=0),
        )
    return rows


def first_three(rows):
    return {size: row[:3] for size, row in rows.items()}


def test_a_better_copy(record):
    check_3(first_three(table(record)), *record)
    rounded = {s: [float(f"{v:.4g}") for v in r] for s, r in first_three(table(record)).items()}
    check_3(rounded, *record)


def test_typical_wrong_copies(record):
    beats, is_train, is_test, kind = record
    rows = table(record)
    right = first_three(rows)

    def change(place, change):
        return {s: [change(v) if i == place else v for i, v in enumerate(r)]
                for s, r in right.items()}  # fmt: skip

    for answer, words in [
        (first_three(table(record, fit=is_train)), "fitted on all training beats"),
        (first_three(table(record, of="all")), "over all test beats"),
        (first_three(table(record, part=is_train)), "on the training beats"),
        (first_three(table(record, threshold_part=is_test)), "taken from test beats"),
        (change(0, lambda v: 64 * v), "a sum over the 64 values"),
        (change(0, np.sqrt), "that is the root"),
        (change(0, lambda v: v / beats[is_train].var()), "in squared deviations"),
        ({s: (r[1], r[0], r[2]) for s, r in right.items()}, "the error comes first"),
        ({s: (r[0], r[2], r[1]) for s, r in right.items()}, "the recall, which comes last"),
        ({s: (r[0], r[1], r[3]) for s, r in rows.items()}, "the precision"),
        (change(1, lambda v: 100 * v), "in percent"),
        (change(2, lambda v: 100 * v), "in percent"),
        (change(1, lambda v: 0.5), "not the alarms"),
        (change(0, lambda v: "0.1"), "wanted: a number"),
        (change(0, lambda v: float("nan")), "a finite number"),
        ({s: r[:2] for s, r in right.items()}, "wanted: three numbers"),
        ({s: 0.1 for s in SIZES}, "wanted: three numbers"),
        ({8: right[8]}, "no entry for"),
        (list(right.values()), "wanted: a dict"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(answer, *record)


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
        ((untrained, both[1]), "test error is"),
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
    with pytest.raises(Wrong, match="trained on the test beats"):
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
        (check_2, [None] * 4, [None]),
        (check_2, ["reader", 0, 0.2, None], [None]),
        (check_3, [None], [None] * 4),
        (check_4, [None, None], [None] * 5),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
