"""The checks of "Following shapes through layers"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.shapes import check_1, check_2, check_3


def test_an_autoencoder_with_a_pencil():
    check_1((4, 4, 4), 3369, 16)
    check_1([4, 4, 4], np.int64(3369), 16.0)


def test_the_pencil_agrees_with_keras():
    def conv(filters, padding="same"):
        return layers.Conv2D(filters, 3, padding=padding)

    def pool():
        return layers.MaxPooling2D(2, padding="same")

    up = [part for n in (4, 8) for part in (conv(n), layers.UpSampling2D(2))]
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(part for n in (16, 8, 4) for part in (conv(n), pool())),
            *(*up, conv(16, "valid"), layers.UpSampling2D(2), conv(1)),
        ]
    )
    check_1(network.layers[5].output.shape[1:], network.count_params(), 16)
    assert network.output_shape[1:] == (28, 28, 1)


@pytest.mark.parametrize(
    "answer, words",
    [
        ({"code_shape": (None, 4, 4, 4)}, "leave out the batch"),
        ({"code_shape": (3, 3, 4)}, "you rounded it down"),
        ({"code_shape": (7, 7, 4)}, "there are three"),
        ({"code_shape": (2, 2, 4)}, "only the pools make the map smaller"),
        ({"code_shape": (4, 4)}, "the channels"),
        ({"code_shape": (4, 4, 1)}, "the filters of the convolution before"),
        ({"code_shape": 64}, "a number; wanted: a tuple"),
        ({"code_shape": "4 x 4 x 4"}, "code_shape is a str"),
        ({"code_shape": (14, 14, 16)}, "Halve 28 three times"),
        ({"parameter_count": 3312}, "each filter has a bias too"),
        ({"parameter_count": 570}, "for each channel that comes in"),
        ({"parameter_count": 1612}, "that is the encoder"),
        ({"parameter_count": 3224}, "the last convolution"),
        ({"parameter_count": 3370}, "which is not it. For each convolution"),
        ({"parameter_count": float("nan")}, "wanted: a finite number"),
        ({"unpadded_filters": 4}, "4, 2, 4, 8, 16: too small"),
        ({"unpadded_filters": 8}, "4, 8, 6, 12, 24: too small"),
        ({"unpadded_filters": 1}, "takes away only 2"),
        ({"unpadded_filters": "16"}, "wanted: a number"),
    ],
)
def test_typical_wrong_counts(answer, words):
    right = {"code_shape": (4, 4, 4), "parameter_count": 3369, "unpadded_filters": 16}
    with pytest.raises(Wrong, match=words):
        check_1(**right | answer)


ONE = np.array([[0, 0], [2, 0], [2, 1], [0, 1]])


def test_a_collision_on_either_side():
    check_2(ONE + [-1.6, 1.2], ONE)
    check_2((ONE + [1.6, -1.2]).tolist(), ONE)


@pytest.mark.parametrize(
    "other, words",
    [
        (ONE, "a collision takes two"),
        (ONE + [1.2, 1.6], "along .3, 4., where the code changes most: by 10"),
        (ONE + [-4, 3], "other is 5 away; wanted: 2"),
        (ONE + [2, 0], r"the codes differ by 6, since you moved by \(2, 0\)"),
        (ONE * 2, "its corners did not all move alike"),
        (ONE + np.array([[-1.6, 1.2]]) * [[1], [1], [-1], [1]], "did not all move alike"),
        ([-1.6, 1.2], r"has the shape \(2,\); wanted: \(4, 2\)"),
        ([[None, 0]] * 4, "not finite"),
        ("A", "other is a str"),
    ],
)
def test_typical_wrong_collisions(other, words):
    with pytest.raises(Wrong, match=words):
        check_2(other, ONE)


@pytest.mark.parametrize("dilations", [[1, 2, 4, 8], (8, 4, 2, 1), [1, 3, 5, 6]])
def test_dilations_that_leave_no_gap(dilations):
    check_3(dilations)


@pytest.mark.parametrize(
    "dilations, words",
    [
        ([1, 1, 1, 12], "only 21 of the 31 pixels of a line count, so 441 of 961"),
        ([3, 3, 3, 6], "there are gaps"),
        ([2, 4, 8, 16], "the side is 61: each layer looks d pixels to .either. side"),
        ([1, 1, 1, 1], "a square of side 9; the aim was 31"),
        ([1, 2, 12], "dilations has 3 numbers; wanted: four"),
        ([0, 1, 2, 12], "from 1 on; a plain convolution has 1, not 0"),
        ([1.5, 1.5, 4, 8], "a whole number"),
        (15, "has the shape"),
        ("1, 2, 4, 8", "dilations is a str"),
    ],
)
def test_typical_wrong_dilations(dilations, words):
    with pytest.raises(Wrong, match=words):
        check_3(dilations)


@pytest.mark.parametrize(
    "check, answers, words",
    [
        (check_1, [None, None, None], "code_shape, parameter_count and unpadded_filters are"),
        (check_1, [(None, 4, 4, 4), None, 16], "parameter_count is still None"),
        (check_2, [None, ONE], "other is still None"),
        (check_3, [None], "dilations is still None"),
        (check_3, [[1, 2, None, None]], "dilations is still None"),
    ],
)
def test_open_answers(check, answers, words):
    with pytest.raises(NotAnswered, match=words):
        check(*answers)
