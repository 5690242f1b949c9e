"""The checks of "Pretraining"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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
        (0, 650, "that is the chapter's softmax layer"),
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
    """The chapter's x_pixels, y_train, x_test, y_test, in small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        digits = data.digits()
    x, y = data.flat(digits.x_train), digits.y_train
    return x, y, data.flat(digits.x_test)[:200], digits.y_test[:200]


x_pixels, y_train, x_test, y_test = given()
SEEDS = range(2)


def draw(n, seed):
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [rng.choice(np.flatnonzero(y_train == d), n // 10, replace=False) for d in range(10)]
    )


@pytest.fixture(scope="module")
def encoders():
    """Ours, an untrained one, and one whose few steps with the labels make it better than that."""
    made = []
    for seed in [42, 43, 44]:
        keras.utils.set_random_seed(seed)
        made.append(make_encoder())
    network = keras.Sequential([made[2], layers.Dense(10, "softmax")])
    network.compile("adam", "sparse_categorical_crossentropy")
    network.fit(x_pixels, y_train, epochs=5, batch_size=64, verbose=0)
    return made


def accuracies(encoder, seeds=SEEDS):
    z_test, scores = np.asarray(encoder(x_test)), []
    for seed in seeds:
        rows = draw(100, seed)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        model.fit(np.asarray(encoder(x_pixels[rows])), y_train[rows])
        scores.append(model.score(z_test, y_test))
    return scores


def test_two_controls(encoders, capsys, monkeypatch):
    ours, fresh, other = encoders
    pretrained = [weights + 0.01 for weights in ours.get_weights()]
    shared = draw, SEEDS, pretrained, x_pixels, y_train, x_test, y_test
    right = {"untrained": fresh, "another_seed": other}
    scores = {name: accuracies(encoder) for name, encoder in right.items()}
    controls = {name: np.mean(row) for name, row in scores.items()}
    check_3(right, controls, *shared)
    check_3(right, {name: round(share, 2) for name, share in controls.items()}, *shared)
    assert f"{controls['another_seed']:.1%} trained" in capsys.readouterr().out

    ours.set_weights(pretrained)
    quiet = make_encoder()  # ours, turned down as in the chapter
    quiet.set_weights([0.5 * weights for weights in pretrained])
    wide = keras.Sequential([keras.Input((784,)), layers.Dense(32), layers.Dense(64)])
    short = keras.Sequential([keras.Input((784,)), layers.Dense(32)])
    first = {name: row[0] for name, row in scores.items()}
    assert abs(first["untrained"] / controls["untrained"] - 1) > 0.007
    for encoders_, controls_, words in [
        ([fresh, other], controls, "encoders is no dict"),
        (right, 0.75, "controls is no dict"),
        ({"untrained": fresh, "another seed": other}, controls, "encoders is no dict"),
        (right | {"untrained": 0.61}, controls, "is a float; wanted: a Keras model"),
        (right | {"untrained": other}, controls, "'untrained'. has been trained"),
        (right | {"another_seed": fresh}, controls, "'another_seed'. has not been trained"),
        (right | {"another_seed": ours}, controls, "has the weights of ours"),
        (right | {"another_seed": quiet}, controls, "has the weights of ours"),
        (right | {"untrained": wide}, controls, "is another network"),
        (right | {"untrained": short}, controls, "wanted: a code of 64"),
        (right, {name: 100 * share for name, share in controls.items()}, "no percentage"),
        (right, {name: 1 - share for name, share in controls.items()}, "that is the error"),
        (right, {name: 1.0 for name in controls}, "accuracy on the labelled images"),
        (right, first, "that is the first draw alone"),
        (right, controls | {"untrained": 0.4}, "mean test accuracy of `logistic`"),
        (right, controls | {"untrained": "61 %"}, "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(encoders_, controls_, *shared)

    # One step moves the biases, but is no pretraining.
    keras.utils.set_random_seed(45)
    barely = make_encoder()
    barely.set_weights([weights + 1e-6 for weights in barely.get_weights()])
    right["another_seed"] = barely
    controls["another_seed"] = np.mean(accuracies(barely))
    with pytest.raises(Wrong, match="is it pretrained for 6 epochs"):
        check_3(right, controls, *shared)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(right, controls, *shared)
    assert "what training is worth is not judged" in capsys.readouterr().out


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
    return [weights_for(x_pixels[draw(100, seed)], y_train[draw(100, seed)]) for seed in SEEDS]


def spent(trained, function=versions, below=0.3, above=1.0):
    scores = {"denoising": {100: [below]}, "scratch": {1_000: [above]}}
    check_4(function, trained, draw, SEEDS, scores, x_pixels, y_train, x_test, y_test)


def test_moves(learned, capsys, monkeypatch):
    spent(learned)
    spent(tuple(learned), each_by_itself)
    spent(learned, interpolated)
    assert "and the best pretraining has 30.0%" in capsys.readouterr().out
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
    with pytest.raises(NotAnswered, match="encoders and controls are still None"):
        check_3(None, {"untrained": None}, *[None] * 7)
    with pytest.raises(NotAnswered, match="nine_versions and trained are still None"):
        spent(None, None)
