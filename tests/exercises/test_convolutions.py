"""The checks of "Convolutions"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.convolutions import check_1, check_2, check_3
from helpers.measures import bce


@pytest.fixture(scope="module")
def images(many):
    return many[:100].reshape(-1, 28, 28, 1)


def conv(filters, padding="same", activation="relu", kernel=3):
    return layers.Conv2D(filters, kernel, padding=padding, activation=activation)


def down(*filters):
    for k in filters:
        yield from (conv(k), layers.MaxPooling2D(2, padding="same"))


def up(*filters):
    for k in filters:
        yield from (conv(k), layers.UpSampling2D(2))


def whole(*between, side=None):
    return keras.Sequential([keras.Input((side, side, 1)), *between])


@pytest.fixture(scope="module")
def upsampling(images):
    """The study's `upsampling`, after a few steps."""
    keras.utils.set_random_seed(0)
    shrinking = [conv(16, "valid"), layers.UpSampling2D(2), conv(1, activation="sigmoid")]
    made = whole(*down(16, 8, 4), *up(4, 8), *shrinking, side=28)
    made.layers[-1].bias.assign([-1.6])  # as gray as digits are
    made.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", jit_compile=False)
    made.fit(images, images, batch_size=10, epochs=4, verbose=0)
    return made


def any_width(trained, pad=((0, 4), (0, 4)), last="sigmoid", side=None, filters=16, crop=2):
    made = whole(
        layers.ZeroPadding2D(pad),
        *(*down(16, 8, 4), *up(4, 8, filters), conv(1, activation=last)),
        *([layers.Cropping2D(crop)] if crop else []),
        side=side,
    )
    if trained is not None:
        made.set_weights(trained.get_weights())
    return made


def test_any_width(upsampling, images, capsys, monkeypatch):
    check_2(any_width(upsampling), upsampling, images)
    check_2(any_width(upsampling, pad=2), upsampling, images)  # the same on all sides
    assert "Two digits side by side have a loss of 0." in capsys.readouterr().out
    shrinking = [conv(16, "valid"), layers.UpSampling2D(2), conv(1, activation="sigmoid")]
    opened = whole(*down(16, 8, 4), *up(4, 8), *shrinking)
    opened.set_weights(upsampling.get_weights())
    for model, words in [
        (any_width(upsampling, crop=0), "Is the cropping at its end missing"),
        (any_width(upsampling, crop=1), "makes .30, 30, 1. of .28, 28, 1."),
        (whole(*down(16, 8, 4), *up(4, 8), *shrinking, layers.Cropping2D(2)), "makes .24, 24, 1"),
        (any_width(upsampling, side=28), "made for 28 x 28 only"),
        (upsampling, "made for 28 x 28 only"),
        (opened, "one convolution is still not padded"),
        (any_width(None, filters=8), "in other shapes than `upsampling`"),
        (any_width(None), "set_weights is missing"),
        (any_width(upsampling, last=None), "Does it end with a sigmoid"),
        ("any_width", "any_width is a str; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(model, upsampling, images)

    black = keras.models.clone_model(upsampling)  # what a wrong order would draw
    black.set_weights(upsampling.get_weights())
    black.layers[-1].bias.assign([3.0])
    with pytest.raises(Wrong, match="one shade of gray would have"):
        check_2(any_width(black), black, images)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_2(any_width(black), black, images)
    assert "what it draws is not judged" in capsys.readouterr().out


FIVE = np.array([0.694, 0.2860, 0.2765, 0.11, 0.094])


def test_the_way_of_a_loss(images):
    floor, mean = bce(images, images), 0.2625
    way = (mean - FIVE) / (mean - floor)
    said = [False, False, False, True, True]
    check_1(way, way > 0, FIVE, mean, images)
    check_1(way.round(2).tolist(), said, FIVE, mean, images)
    for answer, learned, words in [
        ((mean - FIVE) / mean, said, "it takes a perfect copy to have a loss of 0"),
        (1 - way, said, "the ways still to go"),
        (-way, said, "the signs are turned"),
        (FIVE / mean, said, "shares of the average digit's loss"),
        (mean - FIVE, said, "the falls of the loss"),
        (1 / way, said, "turn them"),
        (100 * way, said, "holds percentages"),
        (way**2, said, "0 for the loss of the average digit"),
        (way[:4], said, r"has the shape \(4,\)"),
        (np.append(way, 0.86), said, r"has the shape \(6,\)"),
        (0.8, said, r"has the shape \(\)"),
        ("way", said, "way_gone is a str"),
        (np.nan * way, said, "not finite"),
        (way, [True] * 5, "True for 0.6940, but a constant does better"),
        (way, [False, False, False, False, True], "False for 0.1100, but no constant"),
        (way, True, "wanted: 5 times True or False"),
        (way, [3, 4], "wanted: 5 times True or False"),
        (way, way, "wanted: 5 times True or False"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_1(answer, learned, FIVE, mean, images)


def strided(kernels=(4, 4, 4, 3), crop=True, maps=16, last="sigmoid"):
    a, b, c, d = kernels
    same = {"padding": "same", "activation": "relu"}
    first = same if a == 4 else same | {"output_padding": 0}
    return whole(
        *down(16, 8, 4),
        layers.Conv2DTranspose(4, a, strides=2, **first),
        *([layers.Cropping2D(((0, 1), (0, 1)))] if crop and a == 4 else []),
        layers.Conv2DTranspose(8, b, strides=2, **same),
        layers.Conv2DTranspose(maps, c, strides=2, **same),
        layers.Conv2DTranspose(1, d, padding="same", activation=last),
        side=28,
    )


@pytest.mark.parametrize(
    "model, words",
    [
        (lambda: strided((3, 3, 3, 3)), "its kernels are still 3 x 3"),
        (lambda: strided((4, 4, 4, 4)), "the three with strides alone"),
        (lambda: strided((4, 4, 3, 3)), "has 3,705 parameters, which is not it"),
        (lambda: strided(maps=8), "which is not it"),
        (lambda: strided(crop=False), "the crop from 8 to 7 is missing"),
        (lambda: keras.Sequential([keras.Input((28, 28, 1)), *down(4)]), "makes .14, 14, 4. of"),
        (lambda: 0.1086, "kernel_4 is a float; wanted: a Keras model"),
        (strided, "Was it trained"),
        (lambda: strided(last=None), "Was it trained"),
    ],
)
def test_typical_wrong_ways_to_remove_the_raster(images, model, words):
    with pytest.raises(Wrong, match=words):
        check_3(model(), images)


class Drawn(keras.Model):
    """What a trained network would draw: the image, a little wrong at each place of a window."""

    def __init__(self, places):
        super().__init__()
        tiled = np.tile(np.array(places).reshape(2, 2), (14, 14))
        self.places = keras.ops.convert_to_tensor(tiled[..., None].astype("float32"))

    def call(self, x):
        return x + self.places * (0.5 - x)

    def count_params(self):
        return 4601


def test_a_raster_that_is_gone(monkeypatch, capsys):
    # Black and white: a perfect copy costs nothing, so the limit of the loss is within reach.
    x = (np.random.default_rng(0).random((50, 28, 28, 1)) < 0.3).astype("float32")
    check_3(Drawn([0.1, 0.1, 0.1, 0.1]), x)
    assert "Right: the worst place has 1.000" in capsys.readouterr().out
    with pytest.raises(Wrong, match="1.21 times the error of the best: there still is a raster"):
        check_3(Drawn([0.1, 0.1, 0.1, 0.11]), x)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(strided(), x)
    assert "the raster is not judged" in capsys.readouterr().out


def test_what_is_open():
    with pytest.raises(NotAnswered, match="way_gone and learned are still None"):
        check_1(None, None, FIVE, 0.2625, None)
    with pytest.raises(NotAnswered, match="any_width is still None"):
        check_2(None, None, None)
    with pytest.raises(NotAnswered, match="kernel_4 is still None"):
        check_3(None, None)
