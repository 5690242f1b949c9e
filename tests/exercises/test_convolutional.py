"""The checks of "Convolutional autoencoders"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.convolutional import check_1, check_2, check_3
from helpers.measures import bce


@pytest.fixture(scope="module")
def images(many):
    return many[:100].reshape(-1, 28, 28, 1)


RIGHT = [(4, 4, 8), 1904, 4, 9_847_040]


def test_shapes_and_counts():
    check_1(*RIGHT)
    check_1([4, 4, 8], 1904.0, 4.0, np.int64(9_847_040))
    check_1((None, 4, 4, 8), 1904, 4, 9_847_040)


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, (3, 3, 8), "rounds the other way"),
        (0, (7, 7, 8), "after two of the three layers"),
        (0, (28, 28, 8), "halves both sides"),
        (0, (8, 4, 4), "channels last"),
        (0, (4, 4, 16), "another number of filters"),
        (0, (128,), "as a shape"),
        (0, 128, "wanted: three lengths"),
        (0, (5, 5, 8), "three times the half of it"),
        (0, "4x4x8", "wanted: three lengths"),
        (0, ("4", "four", 8), "wanted: an array of numbers"),
        (0, (4, 4, float("nan")), "not finite"),
        (1, 1872, "these are the weights"),
        (1, 320, "for each map that goes in"),
        (1, 476, "a stride saves work, not weights"),
        (1, 4385, "the whole autoencoder"),
        (1, 2481, "that is the decoder"),
        (1, 1905, "9 c k weights and k biases"),
        (2, 2, "in both directions"),
        (2, 0.25, "turn it"),
        (2, 1, "used at fewer places"),
        (2, 8, "the maps are as many as before"),
        (2, 9, "the size of the window"),
        (2, "4", "wanted: a number"),
        (3, 9_834_496, "these are the weights"),
        (3, 9_835_280, "not each input"),
        (3, 9_834_512, "a bias of its own"),
        (3, 12_560, "wanted: 16 maps of 28 x 28"),
        (3, 615_440, "that makes one map"),
    ],
)
def test_typical_wrong_shapes_and_counts(place, answer, words):
    answers = list(RIGHT)
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


def test_receptive_fields():
    check_2(10, 15)
    check_2(10.0, np.int64(15))
    for two_pools, strided, words in [
        (4, 15, "how far the next number's field lies away"),
        (7, 15, "pools widen the field, too"),
        (8, 15, "before the second pool"),
        (13, 15, "a pool of 2 adds one step"),
        (22, 15, "that is the code"),
        (100, 15, "the side of the square"),
        (11, 15, "a pool of 2 adds 1 step"),
        (10, 7, "each stride doubles the steps"),
        (10, 8, "how far the next number's field lies away"),
        (10, 22, "that is with pools"),
        (10, 27, "neighbouring windows overlap"),
        (10, 29, "of the layers behind it only"),
        (10, 225, "the side of the square"),
        (10, 16, "of 1, 2 and 4 pixels"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(two_pools, strided)


@pytest.fixture(scope="module")
def halves():
    """An encoder and a decoder in which every map of the code makes a difference."""
    keras.utils.set_random_seed(1)
    first = layers.Conv2D(8, 7, padding="same", activation="softplus")
    encoder = keras.Sequential([keras.Input((28, 28, 1)), first, layers.MaxPooling2D(7)])
    decoder = keras.Sequential(
        [
            keras.Input((4, 4, 8)),
            layers.UpSampling2D(7),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    return encoder, decoder


def test_the_cost_of_each_map(halves, images):
    encoder, decoder = halves
    codes = np.asarray(encoder(images))

    def loss(maps, measure=bce):
        fewer = codes.copy()
        fewer[..., maps] = 0
        return measure(images, np.asarray(decoder(fewer)))

    kept = loss([])
    cost = np.array([loss(k) - kept for k in range(8)])
    check_3(cost, encoder, decoder, images)
    check_3([float(f"{c:.3f}") for c in cost], encoder, decoder, images)
    in_turn = np.array([loss(list(range(k + 1))) for k in range(8)])
    alone = np.array([loss([j for j in range(8) if j != k]) for k in range(8)])
    for answer, words in [
        (cost + kept, "these are the losses"),
        (-cost, "turn the difference"),
        (784 * cost, "sums over the pixels"),
        (in_turn - kept, "Copy the codes before"),
        (in_turn, "Copy the codes before"),
        (alone - kept, "you kept one map"),
        (cost[::-1], "for each map k, the BCE of the first 1,000"),
        (cost[:4], "are those rows of the code"),
        (np.tile(cost, 2), r"has the shape \(16,\)"),
        (cost.max(), r"has the shape \(\)"),
        (["a"] * 8, "wanted: an array of numbers"),
        ("most", "wanted: an array of numbers"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(answer, encoder, decoder, images)


def test_what_is_open():
    with pytest.raises(NotAnswered, match="code_shape is still None"):
        check_1(None, *RIGHT[1:])
    with pytest.raises(NotAnswered, match="strided_code is still None"):
        check_2(10, None)
    with pytest.raises(NotAnswered, match="cost_of_map is still None"):
        check_3(None, None, None, None)
