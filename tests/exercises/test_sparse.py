"""The checks of "Sparse autoencoders"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.sparse import check_1, check_2, check_3, check_4


class Penalty(layers.Layer):
    """A layer that charges what it is told to."""

    def __init__(self, price, passes=lambda z: z):
        super().__init__()
        self.price, self.passes = price, passes

    def call(self, z):
        if self.price:
            self.add_loss(self.price(z))
        return self.passes(z)


def mean(z):
    return 0.1 * ops.mean(ops.abs(z))


def test_prices(capsys):
    check_1(0.3, 0.6, 0.3, 1.8, Penalty(mean))
    check_1(
        np.float32(0.3), 0.6, 0.3, 1.8, Penalty(lambda z: ops.mean(ops.mean(abs(0.1 * z), axis=-1)))
    )
    assert "Right" in capsys.readouterr().out


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, 3, "the strength is missing"),
        (0, 0.6, "the sum over the two images"),
        (0, 0.1, "a mean over the units too"),
        (0, "0.3", "wanted: a number"),
        (1, 0.3, "the mean over the images"),
        (1, 6, "the strength is missing"),
        (2, 0.9, "divided by three times as many"),
        (2, 1.8, "the sum over the six images"),
        (3, 0.6, "a sum grows with the batch"),
        (3, 0.3, "the mean over the images"),
        (3, float("nan"), "a finite number"),
    ],
)
def test_typical_wrong_prices(place, answer, words):
    answers = [0.3, 0.6, 0.3, 1.8, Penalty(mean)]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


@pytest.mark.parametrize(
    "penalty, words",
    [
        (Penalty, "your_penalty is a class"),
        (0.1, "your_penalty is a float"),
        (Penalty(None), "adds nothing to the loss"),
        (Penalty(mean, lambda z: ops.relu(z)), "changes the code"),
        (Penalty(lambda z: ops.mean(ops.abs(z))), "the strength is missing"),
        (Penalty(lambda z: 0.1 * ops.mean(z)), "take the absolute values"),
        (
            Penalty(lambda z: 0.1 * ops.mean(ops.sum(ops.abs(z), axis=-1))),
            "sums over the units, so a longer code costs more",
        ),
        (
            Penalty(lambda z: 0.1 * ops.mean(ops.sum(ops.abs(z), axis=0))),
            "sums over the images, so a larger batch costs more",
        ),
        (Penalty(lambda z: 0.1 * ops.sum(ops.abs(z))), "sums over units and images"),
        (Penalty(lambda z: 0.1 * ops.mean(z**2)), "wanted: 0.1 times this mean"),
        # What Keras 3.14 and later make of an activity_regularizer.
        (
            Penalty(lambda z: 0.1 * ops.mean(ops.abs(z)) / ops.shape(z)[0]),
            "divided by the number of images once more",
        ),
        # Right for two images with six units, and for no others.
        (Penalty(lambda z: 0.1 * ops.sum(ops.abs(z)) / 12), "for 6 images with codes of 6 units"),
    ],
)
def test_typical_wrong_penalties(penalty, words):
    with pytest.raises(Wrong, match=words):
        check_1(0.3, 0.6, 0.3, 1.8, penalty)


def pair(k=6, activation="relu"):
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential(
        [keras.Input((784,)), layers.Dense(k, activation, bias_initializer="ones")]
    )
    decoder = keras.Sequential([keras.Input((k,)), layers.Dense(784, "sigmoid")])
    return encoder, decoder


@pytest.fixture(scope="module")
def dense(many):
    """A network whose units have quite different means; the last one is dead."""
    encoder, decoder = pair()
    kernel, _ = encoder.get_weights()
    encoder.set_weights([kernel, np.array([1, 2, 3, 4, 5, -99])])
    return encoder, decoder


def scaled(dense, many, power=-1.0, bias=True, back=True, each=True, bias_out=False):
    """The dense network, each unit times a power of its mean."""
    means = np.asarray(dense[0](many)).mean(axis=0)
    means = np.where(means > 0, means, 1)
    factor = means**power if each else np.full(6, 1 / means[:5].mean())
    kernel_in, bias_in = dense[0].get_weights()
    kernel_out, bias_of_pixels = dense[1].get_weights()
    encoder, decoder = pair()
    encoder.set_weights([kernel_in * factor, bias_in * factor if bias else bias_in])
    kernel_out = kernel_out / factor[:, None] if back else kernel_out
    decoder.set_weights([kernel_out, bias_of_pixels + (1 if bias_out else 0)])
    return encoder, decoder


def test_any_mean_you_like(dense, many, capsys):
    check_2(scaled(dense, many), dense, many)
    check_2(list(scaled(dense, many)), dense, many)
    assert "every mean is 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "how, words",
    [
        ({"power": 0}, "the means that they had before"),
        ({"bias": False}, "divide the encoder's bias as well"),
        ({"power": 1}, "divide, do not multiply"),
        ({"each": False}, "wanted: 1 for every unit"),
        ({"power": -0.5}, "units' means go from"),
        ({"back": False}, "row of the decoder's kernel has to undo"),
        ({"bias_out": True}, "decoder's bias is no part of the code"),
    ],
)
def test_typical_wrong_ways_to_a_mean(dense, many, how, words):
    with pytest.raises(Wrong, match=words):
        check_2(scaled(dense, many, **how), dense, many)


def test_no_pair_at_all(dense, many):
    encoder, decoder = dense
    for answer, words in [
        (encoder, "not a pair"),
        ("pair", "not a pair"),
        ((decoder, encoder), "your encoder does not take an input"),
        (pair(8), r"codes of shape \(8,\); wanted: \(6,\)"),
        ((scaled(dense, many)[0], pair(8)[1]), "your decoder does not take"),
        ((scaled(dense, many)[0], keras.Sequential([layers.Dense(10)])), r"makes \(10,\)"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(answer, dense, many)


def test_a_bill():
    check_3(194.33917596612872, 21)
    check_3(194, np.int64(21))


@pytest.mark.parametrize(
    "bits, k, words",
    [
        (128, 21, "units have to be named too"),
        (66.34, 21, "these are the names"),
        (173.98, 21, "the natural logarithm"),
        (147.97, 21, "to base 10"),
        (240, 21, "tell an order too"),
        (256, 21, "there is a cheaper way"),
        (24.3, 21, "in bytes"),
        (300, 21, "log2 of the number of ways"),
        (None, [21], "bits_of_16 is still None"),
        (194, 32, "go without names"),
        (194, 22, "one too many"),
        (194, 24, "the natural logarithm"),
        (194, 17, "tell an order too"),
        (194, 16, "so do larger k"),
        (194, [21], "wanted: a number"),
        (194, 20, "Go up from k = 16"),
    ],
)
def test_typical_wrong_bills(bits, k, words):
    with pytest.raises(NotAnswered if bits is None else Wrong, match=words):
        check_3(bits, k)


@pytest.fixture(scope="module")
def world():
    """Units whose strongest images are of one digit, and the others of any."""
    rng = np.random.default_rng(1)
    labels = rng.integers(10, size=2000)
    z = rng.uniform(0, 1, (2000, 12)) * (rng.random((2000, 12)) < 0.2)
    for unit in range(11):
        some = rng.choice(np.flatnonzero(labels == unit % 10), 20 if unit < 4 else 14, False)
        z[some, unit] = rng.uniform(2, 3, len(some))
    z[:, 11] = 0
    z[:5, 11] = 5  # active for too few
    return z, labels


def purities(z, labels, choose):
    return [
        np.bincount(labels[choose(z[:, unit])]).max() / 20
        for unit in range(12)
        if np.count_nonzero(z[:, unit]) >= 20
    ]


def test_purities(world, capsys):
    rng = np.random.default_rng(7)
    strongest = purities(*world, lambda z: np.argsort(z)[::-1][:20])
    random = purities(*world, lambda z: rng.choice(np.flatnonzero(z), 20, replace=False))
    check_4((0.8, 0.5), np.median(strongest), np.median(random), *world)
    check_4([1, 0], round(float(np.median(strongest)), 3), float(np.median(random)), *world)
    assert "You guessed 80% and 50%." in capsys.readouterr().out

    best, mean = np.median(strongest), np.mean(strongest)
    assert abs(best - mean) > 0.02  # else the next cannot tell the two apart
    for answers, words in [
        ((100 * best, 0.25), "purity_strongest is 75: that is in percent"),
        ((20 * best, 0.25), "counts images"),
        ((mean, 0.25), "the mean over the units"),
        ((np.median(random), 0.25), "have the two changed places"),
        ((1.0, 0.25), "only units active for 20"),
        (("0.7", 0.25), "wanted: a number"),
        ((best, 100 * np.median(random)), "in percent"),
        ((best, best), "the strongest again"),
        ((best, 0.05), "each at most once"),
        ((best, True), "wanted: a number"),
        ((best, float("nan")), "a finite number"),
        ((best, np.array([0.2, 0.3])), "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4((0.8, 0.5), *answers, *world)


def test_a_guess_is_two_shares(world):
    for guess, words in [
        (0.8, r"wanted: \(2\)|wanted: \(2,\)"),
        ((80, 50), "70 % is 0.7"),
        (("a", "b"), "an array of numbers"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(guess, 0.7, 0.4, *world)


def test_twenty_of_all_images_are_another_question(many):
    """Where a unit answers to few digits, drawing from all images is far from it."""
    rng = np.random.default_rng(1)
    labels = rng.integers(10, size=1000)
    z = np.stack([(labels == unit) * rng.uniform(1, 2, 1000) for unit in range(10)], axis=1)
    check_4((1, 1), 1, 1.0, z, labels)
    for random, words in [(0.22, "20 of all images"), (100, "in percent")]:
        with pytest.raises(Wrong, match=words):
            check_4((1, 1), 1, random, z, labels)


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [0.3, None, 0.3, 1.8, None], []),
        (check_2, [None], [None, None]),
        (check_2, [(None, None)], [None, None]),
        (check_3, [194, None], []),
        (check_4, [(0.8, 0.5), 0.7, None], [None, None]),
        (check_4, [None, 0.7, 0.4], [None, None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
