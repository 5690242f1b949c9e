"""The checks of "Cleaning documents"'s exercises: right answers pass, typical wrong ones hear why."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from helpers import cleaning
from helpers.data import documents
from helpers.data.documents import Pair
from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.documents import _f1, check_1, check_2, check_3


def test_predictions():
    check_1(832, 25 / 9, 29, 14)
    check_1(832.0, 2.78, np.int64(29), np.array(14))


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, 800, "each of the 32 filters has a bias too"),
        (0, 801, "a bias of its own"),
        (0, 26, "there are 32"),
        (0, 320, "the layer of 3 x 3"),
        (0, 192, "more than 5 weights"),
        (0, 25632, "only one goes in"),
        (0, 833, "not it. Count height"),
        (0, "832", "wanted: a number"),
        (1, 5 / 3, "in height and in width"),
        (1, 0.36, "turn it"),
        (1, 35313 / 12785, "that is with the biases"),
        (1, 25, "more than one weight"),
        (1, 2.8, "two digits after the point"),
        (1, float("nan"), "a finite number"),
        (2, 15, "the 3 x 3 filters"),
        (2, 35, "windows of layers overlap"),
        (2, 28, "the pixel in the middle"),
        (2, 14, "to one side"),
        (2, 5, "there are seven"),
        (2, 30, "Go back layer by layer"),
        (3, 7, "the 3 x 3 filters"),
        (3, 29, "the whole window"),
        (3, 28, "both sides together"),
        (3, 15, "in its own tile"),
        (3, [14], "wanted: a number"),
    ],
)
def test_typical_wrong_predictions(place, answer, words):
    answers = [832, 25 / 9, 29, 14]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


def page(seed):
    return np.random.default_rng(seed).integers(0, 2, (20, 30)).astype("float32")


def dirty(number, black, seed=0):
    """A pair in which black has become gray, and all else half as bright."""
    clean = page(seed)
    return Pair(number, black + 0.5 * clean, clean)


def cleaner(black, contrast=2.0, filters=1, around=0.0):
    """A network that takes `black` for black."""
    last = [layers.Conv2D(1, 1, use_bias=False, kernel_initializer="ones")] * (filters > 1)
    model = keras.Sequential(
        [keras.Input((None, None, 1)), layers.Conv2D(filters, 3, padding="same"), *last]
    )
    kernel, bias, *rest = model.get_weights()
    kernel[:], bias[:] = around, -contrast * black
    kernel[1, 1, 0, 0] = contrast
    model.set_weights([kernel, bias, *rest])
    return model


REAL = SimpleNamespace(
    real=True,
    train=[dirty(2, 0.10, 1), dirty(26, 0.10, 2), dirty(5, 0.4, 3)],
    test=[dirty(3, 0.08, 4), dirty(27, 0.08, 5), dirty(6, 0.4, 6)],
)
INVENTED = [dirty(0, 0.25, seed)[1:] for seed in range(8)]
BEFORE, TUNED = cleaner(0.26), cleaner(0.2)


def test_forgetting(capsys):
    check_2(cleaner(0.095), BEFORE, TUNED, REAL, INVENTED)
    assert "Right: it has learned real pages" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer, words",
    [
        (BEFORE, "is one of the chapter's models, not a copy"),
        (TUNED, "is one of the chapter's models"),
        (cleaner(0.26), "to the last digit. Is it trained"),
        (keras.Sequential(BEFORE.layers), "And is it a copy"),
        (cleaner(0.1, -1.0, around=1.0), "nothing of what `model` learned"),
        (cleaner(0.1, filters=2), "only_real has 22 parameters, `model` has 10"),
        (cleaner(0.27), "has gained nothing there"),
        (cleaner(0.07), "gained more on the test pages"),
        (cleaner(0.205), "has forgotten nothing"),
        (layers.Flatten(), r"makes \(2173,\) of \(41, 53, 1\)"),
        (layers.Dense(3), r"makes \(41, 53, 3\)"),
        (cleaner(np.inf), "not finite"),
        (0.03, "only_real is a float; wanted: a Keras model"),
    ],
)
def test_typical_wrong_copies(answer, words):
    with pytest.raises(Wrong, match=words):
        check_2(answer, BEFORE, TUNED, REAL, INVENTED)


def test_what_cannot_be_judged(monkeypatch, capsys):
    check_2(cleaner(0.205), BEFORE, TUNED, SimpleNamespace(real=False), INVENTED)
    assert "Stand-ins for real pages" in capsys.readouterr().out
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_2(cleaner(0.205), BEFORE, TUNED, REAL, INVENTED)
    check_3({size: [0.0, 0.1, 0.0] for size in SIZES}, 16, TUNED)
    assert capsys.readouterr().out.count("is not judged") == 2


#: The share of the ink that is lost for each size of the font, and three F1 that are right.
LOST = {6: 0.6, 8: 0.4, 12: 0.25, 16: 0.1, 24: 0.05, 48: 0.02}
SIZES = {
    size: [2 * (1 - lost) / (2 - lost) + more for more in (-0.01, 0, 0.01)]
    for size, lost in LOST.items()
}


@pytest.fixture
def sizes(monkeypatch):
    """Pages that are quickly made: the smaller the font, the more of its ink is lost."""

    def faded(seed, height, width, size):
        clean = page(seed)
        lost = np.random.default_rng([seed, 1]).random(clean.shape) < LOST[size]
        return (0.2 + 0.5 * np.maximum(clean, lost)).astype("float32"), clean

    monkeypatch.setattr(documents, "make_page", faded)


def test_sizes(sizes, capsys):
    check_3(SIZES, 12, TUNED)
    check_3({size: np.array(f1) for size, f1 in reversed(SIZES.items())}, np.int64(12), TUNED)
    check_3(SIZES | {16: [0.89, 0.95, 0.95]}, 16, TUNED)  # other pages, another verdict
    assert "Right: 12 pixels are too small, with an F1 of 0.847" in capsys.readouterr().out


@pytest.mark.parametrize(
    "changed, words",
    [
        ({8: [0.05, 0.06, 0.07]}, "at 8 pixels your F1 is 0.06 on average, but .* about 0.7"),
        ({8: [{"rmse": 0.1, "f1": 0.9}] * 3}, "holds dicts: `judge` gives several numbers"),
        ({8: {"rmse": 0.1, "f1": 0.9}}, "is a dict: `judge` gives several numbers"),
        ({8: 0.9}, "wanted: a list of three F1"),
        ({8: [0.7, 0.8]}, "wanted: a list of three F1"),
        ({8: ["0.7"] * 3}, "wanted: a number"),
        ({8: [0.7, 0.7, float("nan")]}, "a finite number"),
        ({8: [70.0, 71.0, 72.0]}, "F1 lies between 0 and 1"),
        ({8: [0.75, 0.75, 0.75]}, "Each group needs pages of its own"),
        ({"8": [0.7, 0.7, 0.8]}, "the key '8'; wanted: sizes in whole pixels"),
        ({n: [0.95, 0.96, 0.97] for n in (6, 8, 12)}, "at 6 pixels your F1 is 0.96"),
    ],
)
def test_typical_wrong_sizes(sizes, changed, words):
    with pytest.raises(Wrong, match=words):
        check_3(SIZES | changed, 12, TUNED)


def test_typical_wrong_limits(sizes, monkeypatch):
    for answer, words in [
        (16, "there all groups have 0.9 or more"),
        (8, "at 12 pixels a group is below 0.9, too"),
        (24, "look at the sizes below 24"),
        (11, "no size of your f1_by_size"),
        ("12", "no size of your f1_by_size"),
        ([12], "no size of your f1_by_size"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(SIZES, answer, TUNED)
    for answer, words in [
        ([0.9] * 6, "f1_by_size is a list"),
        (0.03, "f1_by_size is a float"),
        ({12: SIZES[12]}, "f1_by_size has 1 sizes"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(answer, 12, TUNED)
    monkeypatch.setitem(LOST, 14, 0.1)
    good = {size: SIZES[16] for size in (14, 16)} | {n: SIZES[24] for n in (24, 48)}
    monkeypatch.setitem(LOST, 20, 0.05)
    monkeypatch.setitem(LOST, 22, 0.05)
    with pytest.raises(Wrong, match="none of your sizes below 24 is too small"):
        check_3(good | {20: SIZES[24], 22: SIZES[24]}, 16, TUNED)


def test_the_published_cleaner_has_the_limit_that_exercise_3_asks_for():
    cleaner = keras.saving.load_model(cleaning.PUBLISHED, compile=False)
    f1 = {
        size: _f1(cleaner, [documents.make_page(n, 210, 270, size=size) for n in range(7000, 7010)])
        for size in (6, 16, 24)
    }
    assert f1[6] < 0.88 and min(f1[16], f1[24]) > 0.91, f1


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [832, None, 29, 14], []),
        (check_2, [None], [None, None, None, None]),
        (check_3, [{6: None}, 6], [None]),
        (check_3, [SIZES, None], [None]),
        (check_3, [None, None], [None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
