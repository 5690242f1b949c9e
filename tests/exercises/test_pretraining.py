"""The checks of "Pretraining"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers import data
from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.pretraining import check_1, check_2, check_3, check_4


def test_counts():
    check_1(2410, 111146)
    check_1(2410.0, np.int64(111146))


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, 2368, "these are the weights"),
        (0, 650, "that is the study's softmax layer"),
        (0, 2080, "the softmax layer learns too"),
        (0, 330, "the layer of 32 units is new too"),
        (0, 2464, "not each input"),
        (0, 108736, "what does not learn"),
        (0, 111146, "a frozen encoder does not learn"),
        (0, 2411, "not it. Count the two layers"),
        (0, "2410", "wanted: a number"),
        (1, 108736, "the layers above it learn too"),
        (1, 2410, "that is the frozen case"),
        (1, 109386, "without the layer of 32 units"),
        (1, 110912, "add the biases"),
        (1, 219882, "the decoder was thrown away"),
        (1, float("nan"), "a finite number"),
    ],
)
def test_typical_wrong_counts(place, answer, words):
    answers = [2410, 111146]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


def by_logarithm(curve, accuracy):
    return 10 ** np.interp(accuracy, list(curve.values()), np.log10(list(curve)))


def by_hand(curve, accuracy):
    points = sorted(curve.items())
    for (n, a), (m, b) in zip(points, points[1:], strict=False):
        if a <= accuracy <= b:
            return round(n * (m / n) ** ((accuracy - a) / (b - a)))


@pytest.mark.parametrize("answer", [by_logarithm, by_hand])
def test_a_curve_read_backwards(answer):
    check_2(answer)


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda c, a: np.interp(a, list(c.values()), list(c)), "over its logarithm"),
        (lambda c, a: np.log10(by_logarithm(c, a)), "that is the logarithm; turn it back"),
        (lambda c, a: np.log(by_logarithm(c, a)), "that is the logarithm; turn it back"),
        (lambda c, a: np.exp(np.log10(by_logarithm(c, a))), "10 .. turns back log10"),
        (lambda c, a: min(n for n in c if c[n] >= a), "read between them too"),
        (lambda c, a: max(n for n in c if c[n] <= a), "read between them too"),
        (lambda c, a: 113, "in the curve that is handed in"),
        (lambda c, a: "113", "wanted: a number"),
        (lambda a: 113, "fails: TypeError"),
        (113, "labels_needed is a int; wanted: a function"),
    ],
)
def test_typical_wrong_ways_to_read_a_curve(answer, words):
    with pytest.raises(Wrong, match=words):
        check_2(answer)


def make_encoder():
    dense = [
        layers.Dense(128, activation="relu"),
        layers.Dense(64, activation="relu", bias_initializer="ones"),
    ]
    return keras.Sequential([keras.Input((784,)), *dense])


def given():
    """The study's x_train, y_train, x_valid, y_valid, in small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        digits = data.digits()
    x, y = data.flat(digits.x_train), digits.y_train
    return x, y, data.flat(digits.x_test)[:200], digits.y_test[:200]


x_train, y_train, x_valid, y_valid = given()
SEEDS = range(2)


def draw(n, seed):
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [rng.choice(np.flatnonzero(y_train == d), n // 10, replace=False) for d in range(10)]
    )


MOVES = [(dy, dx) for dy in (-2, 0, 2) for dx in (-2, 0, 2)]


def versions(images, labels, moves=MOVES, axis=(1, 2), order=np.tile):
    moved = [np.roll(images, move, axis=axis) for move in moves]
    return np.concatenate(moved), order(labels, len(moves))


def each_by_itself(images, labels):
    moved = [np.roll(image, move, (0, 1)).reshape(784) for image in images for move in MOVES]
    return moved, [label for label in labels for _ in MOVES]


def interpolated(images, labels):
    """As by a rotation or a shift that mixes neighbours: right, but for the last places."""
    many, named = versions(images, labels)
    return many * (1 + 1e-6) - 1e-7, named


def weights_for(x, y):
    """A classifier that knows these images: a hundred steps on them."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential([make_encoder(), layers.Dense(10, "softmax")])
    network.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=10)
    rows = np.resize(np.arange(len(x)), 10_000)
    network.fit(x[rows], y[rows], batch_size=100, verbose=0)
    return network.get_weights()


@pytest.fixture(scope="module")
def learned():
    return [weights_for(x_train[draw(100, seed)], y_train[draw(100, seed)]) for seed in SEEDS]


def spent(trained, function=versions, below=0.3, above=1.0):
    scores = {"denoising": {100: [below]}, "scratch": {1_000: [above]}}
    check_3(function, trained, draw, SEEDS, scores, x_train, y_train, x_valid, y_valid)


def test_moves(learned, capsys, monkeypatch):
    spent(learned)
    spent(tuple(learned), each_by_itself)
    spent(learned, interpolated)
    assert "and denoising pretraining has 30.0%" in capsys.readouterr().out
    for trained, limits, words in [
        (learned, {"below": 0.99}, "with denoising pretraining 99.0%"),
        (learned, {"above": 0.3}, "that of a thousand labels"),
        (learned[::-1], {}, "of its own 100 labelled images right"),
        (learned[:1], {}, "trained is no list of 2"),
        (0.82, {}, "trained is no list of 2"),
        ([0.82, 0.82], {}, r"trained\[0\] is no list of 6 arrays"),
        ([learned[0], learned[1][:4]], {}, r"trained\[1\] is no list of 6 arrays"),
        ([learned[0], learned[0][::-1]], {}, r"trained\[1\]\[0\] has the shape"),
        ([learned[0], ["w"] * 6], {}, "wanted: an array of numbers"),
    ]:
        with pytest.raises(Wrong, match=words):
            spent(trained, **limits)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    spent(learned[::-1])
    assert "the accuracy is not judged" in capsys.readouterr().out


def test_shifts_with_all_labels(learned, capsys, monkeypatch):
    # With weights of 0 the answer is always the digit 0.
    good, poor = learned[0], [0 * w for w in learned[0]]

    def all_labels(with_shifts, without_shifts, mean=0.05):
        scores = {"scratch": {100: [1.0], 1_375: [mean]}}
        check_4(with_shifts, without_shifts, scores, x_valid, y_valid)

    all_labels(good, poor)
    assert "with shifts" in capsys.readouterr().out
    for with_shifts, without_shifts, mean, words in [
        (poor, good, 0.05, "is each image shifted anew in each"),
        (good, poor, 0.99, "race's four passes have 99.0%"),
        (good, good, 0.1, "are the same weights"),
        (good[:4], poor, 0.1, "with_shifts is no list of 6 arrays"),
        (0.98, poor, 0.1, "with_shifts is no list of 6 arrays"),
        (good, 0.98, 0.1, "without_shifts is no list of 6 arrays"),
        (good, poor[::-1], 0.1, r"without_shifts\[0\] has the shape"),
    ]:
        with pytest.raises(Wrong, match=words):
            all_labels(with_shifts, without_shifts, mean)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    all_labels(good, poor, 0.99)
    assert "the accuracy is not judged" in capsys.readouterr().out


def ones(images, labels):
    return versions(images, labels, [(dy // 2, dx // 2) for dy, dx in MOVES])


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda i, y: versions(i, y, order=np.repeat), "some have another's label"),
        (lambda i, y: versions(i, y, axis=(0, 1)), "only 9 of the 27 images are different"),
        (lambda i, y: versions(i, y, [(y, x + 1) for y, x in MOVES]), "gives other pictures than"),
        (ones, "moves by one pixel; wanted: by two"),
        (lambda i, y: versions(i, y, MOVES[:3]), "makes 9 images of 3; wanted: nine of each"),
        (lambda i, y: versions(i, y, [(0, 0)] * 9), "only 3 of the 27 images are different"),
        (lambda i, y: (versions(i, y)[0], y), "its labels have the shape"),
        (lambda i, y: versions(i, y)[0], "does not give images and labels"),
        (lambda i, y: None, "does not give images and labels"),
        (np.zeros((27, 28, 28)), "nine_versions is a ndarray; wanted: a function"),
    ],
)
def test_typical_wrong_moves(learned, function, words):
    with pytest.raises(Wrong, match=words):
        spent(learned, function)


def test_what_is_open():
    with pytest.raises(NotAnswered, match="frozen_parameters is still None"):
        check_1(None, 111146)
    with pytest.raises(NotAnswered, match="labels_needed is still None"):
        check_2(None)
    with pytest.raises(NotAnswered, match="labels_needed returns None"):
        check_2(lambda curve, accuracy: None)
    with pytest.raises(NotAnswered, match="nine_versions and trained are still None"):
        spent(None, None)
    with pytest.raises(NotAnswered, match="with_shifts and without_shifts are still None"):
        check_4(None, None, {}, x_valid, y_valid)
