"""The checks of "Stacks"' exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.stacks import check_1, check_2, check_3


def test_a_tied_network():
    check_1(52128)


@pytest.mark.parametrize(
    "answer, words",
    [
        (103328, "without tying"),
        (51280, "the encoder alone"),
        (51200, "both halves have biases"),
        (52048, "the encoder's biases are missing"),
        (51664, "only the weights are shared"),
        (float("nan"), "a finite number"),
    ],
)
def test_typical_wrong_counts(answer, words):
    with pytest.raises(Wrong, match=words):
        check_1(answer)


CURVES = {
    "sigmoid, RMSProp": [0.2, 0.1, 0.08, 0.06],
    "sigmoid, Adam": [0.1, 0.05, 0.04, 0.02],
    "ReLU, RMSProp": [0.1, 0.05, 0.03, 0.02, 0.01],
    "ReLU, Adam": [0.05, 0.02, 0.01, 0.005],
}


def test_a_square_of_changes(capsys):
    check_2(3.0, 4, 0.08, CURVES)
    assert "independence would say 0.0800; measured 0.0600" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answers, words",
    [
        ((1 / 3, 4, 0.08), "with_sigmoid .*turn it"),
        ((3, 2, 0.08), "with_relu .*The errors after 4 epochs are 0.0200 and 0.0050"),
        ((3, 4, 0.06), "that is what was measured"),
        ((3, 4, 0.01), "Multiply the error of sigmoid and Adam"),
    ],
)
def test_typical_wrong_factors(answers, words):
    with pytest.raises(Wrong, match=words):
        check_2(*answers, CURVES)


STEPS = 3 * 8  # three epochs of 1,000 images in batches of 128


def deep(many, off, code=32, steps=STEPS):
    """784-128-64-32-64-128-784 that draws the mean image, more or less off."""
    sizes = [128, 64, code, 64, 128]
    hidden = [layers.Dense(units, "relu") for units in sizes]
    model = keras.Sequential([keras.Input((784,)), *hidden, layers.Dense(784, "sigmoid")])
    *weights, kernel, _ = model.get_weights()
    p = np.clip(many.mean(axis=0), 0.01, 0.99)
    model.set_weights([*weights, 0 * kernel, np.log(p / (1 - p)) + off])
    model.compile("adam")
    model.optimizer.iterations.assign(steps)  # as if it had been trained
    return model


def bce(model, x):
    p = np.asarray(model(x), dtype=float)
    return float(-np.mean(x * np.log(p) + (1 - x) * np.log(1 - p)))


def test_the_worth_of_a_warm_up(many, capsys):
    rise = [deep(many, 0.0), deep(many, 0.1)]
    none = [deep(many, 0.5), deep(many, 0.52)]
    near = [deep(many, 0.01), deep(many, 0.11)]
    train = np.zeros(1000)
    check_3(rise, none, True, train, many)
    check_3(tuple(rise), none, np.bool_(True), train, many)
    check_3(rise, near, False, train, many)
    means = [np.mean([bce(model, many) for model in models]) for models in (rise, none)]
    assert "Right: {:.4f} with the rise, {:.4f} without".format(*means) in capsys.readouterr().out

    untrained = keras.Sequential(rise[0].layers)  # never compiled
    for answers, words in [
        ((rise, none, False), "larger is False, but in your runs"),
        ((rise, near, True), "larger is True, but in your runs"),
        ((rise, none, "yes"), "larger is a str; wanted: True or False"),
        ((rise, none, 1), "larger is a int"),
        (([0.1, 0.098], none, True), r"with_warm_up\[0\] is a float; wanted: a Keras model"),
        ((0.1, none, True), "with_warm_up is no list"),
        ((rise, none[:1], True), "without_warm_up is no list of 2"),
        (([rise[0]] * 2, none, True), "two models of with_warm_up are the same"),
        ((rise, [rise[0], none[0]], True), "a model stands in both lists"),
        ((rise, [none[0], deep(many, 0.5, steps=48)], True), "for 48 steps; 3 epochs .* are 24"),
        ((rise, [none[0], untrained], True), "for 0 steps"),
        ((rise, [none[0], deep(many, 0, code=16)], True), "784-128-64-32 has 222,384"),
        ((rise, [none[0], rise[0].layers[0]], True), "draws no images"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(*answers, train, many)


def test_the_quick_profile_judges_no_warm_up(many, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    train = np.zeros(1000)
    some = [[deep(many, seed + rate, steps=2) for seed in (1, 2)] for rate in (0.3, 0.1)]
    check_3(*some, False, train, many)
    assert "the difference is not judged" in capsys.readouterr().out


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [None], []),
        (check_2, [3.0, None, 0.1], [CURVES]),
        (check_3, [None, None, True], [None, None]),
        (check_3, [[None, None], [None, None], None], [None, None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
