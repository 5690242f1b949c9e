"""The checks of "When not to use an autoencoder": right answers pass, wrong ones hear why."""

import math

import keras
import numpy as np
import pytest

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.contrastive import check_1, check_2, check_3

A, B, C = math.log(256), math.log(1 + math.exp(-1)), math.log(1 + math.exp(-10))


def test_losses_by_hand(capsys):
    check_1(A, B, C)
    assert "costs log 256" in capsys.readouterr().out
    for answers, words in [
        ((8, B, C), "a natural logarithm"),
        ((0, B, C), "one of 256"),
        ((1 / 256, B, C), "negative log"),
        ((3, B, C), "All cosines are 1"),
        ((A, 0, C), "exponential of 0"),
        ((A, 1 / (1 + math.exp(-1)), C), "that is the probability"),
        ((A, math.log2(1 + math.exp(-1)), C), "natural"),
        ((A, 2, C), "Above stands"),
        ((A, B, math.log(1 + math.exp(-0.1))), "1 becomes 10"),
        ((A, B, B), "is 0.1 now"),
        ((A, B, 1), "Divide both"),
        (("much", B, C), "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_1(*answers)
    with pytest.raises(NotAnswered, match="loss_c"):
        check_1(A, B, None)


@pytest.fixture(scope="module")
def world():
    """Images of ten kinds, where kind 9 is kind 6 upside down; and the means of all kinds."""
    rng = np.random.default_rng(0)
    kinds = rng.uniform(0, 1, (10, 28, 28, 1))
    kinds[9] = kinds[6][::-1, ::-1]
    y = rng.integers(10, size=300)
    x = kinds[y] + rng.normal(0, 0.02, (300, 28, 28, 1))
    return x.astype("float32"), y, kinds


def encoder_from(rows, start):
    """Distances from some images, which point elsewhere for each of them."""
    x = keras.Input((28, 28, 1))
    first = keras.layers.Dense(len(rows))
    model = keras.Model(x, first(keras.layers.Flatten()(start(x))))
    first.set_weights([rows.reshape(len(rows), -1).T, -rows.reshape(len(rows), -1).sum(axis=1) / 2])
    return model


def test_an_encoder_that_ignores_turns(world, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "full")
    x, y, kinds = world
    both = keras.layers.Lambda(lambda x: (x + keras.ops.flip(x, (1, 2))) / 2)
    turned, encoder = encoder_from(kinds, both), encoder_from(kinds, keras.layers.Identity())
    check_2(turned, (9, 6), x, y)
    assert "Right: 6 and 9 are mixed up " in capsys.readouterr().out
    for answers, words in [
        ((turned, (3, 5)), r"mixes up \(3, 5\) 0 times, and another pair"),
        ((turned, (6, 6)), "two different digits"),
        ((turned, (6, 11)), "two different digits"),
        ((turned, (6.5, 9)), "two different digits"),
        ((turned, 6), "shape"),
        (("turned", (6, 9)), "wanted: a Keras model"),
        ((encoder, (6, 9)), "not learned to ignore turns"),
        ((keras.Sequential([keras.layers.Identity()]), (6, 9)), r"wanted: \(images, numbers\)"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(*answers, x, y)


def test_in_the_quick_profile_nothing_is_judged(world, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    x, y, kinds = world
    encoder = encoder_from(kinds, keras.layers.Identity())
    check_2(encoder, (1, 2), x, y)
    assert "not judged" in capsys.readouterr().out


RIGHT = {"few": "contrastive", "all": "classifier", "draw": "autoencoder"}


def test_the_tool_for_a_task(capsys):
    check_3(RIGHT)
    assert "first the task" in capsys.readouterr().out
    for changed, words in [
        ({"few": "autoencoder"}, "few: not autoencoder"),
        ({"few": "classifier"}, "100 images are few"),
        ({"all": "contrastive"}, "the labels themselves"),
        ({"draw": "contrastive"}, "what the views change"),
        ({"draw": "a ruler"}, "wanted one of: autoencoder"),
        ({"more": "classifier"}, "with the keys few, all, draw"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(RIGHT | changed)
    with pytest.raises(Wrong, match="wanted: a dict"):
        check_3("contrastive")
    with pytest.raises(NotAnswered, match="tool"):
        check_3(RIGHT | {"draw": None})
