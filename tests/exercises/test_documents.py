"""The checks of "Cleaning documents"'s exercises: right answers pass, typical wrong ones hear why."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from helpers.data import documents
from helpers.data.documents import Pair
from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.documents import check_1, check_2, check_3


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
    assert capsys.readouterr().out.count("is not judged") == 1


@pytest.fixture
def kinds(monkeypatch):
    """What is right for pages that are quickly made: some kinds grayer than others."""
    gray = dict(zip(documents.DIRT, [0.21, 0.25, 0.28, 0.27, 0.24], strict=True))
    monkeypatch.setattr(
        documents, "make_page", lambda seed, height, width, dirt: dirty(0, gray[dirt[0]], seed)[1:]
    )
    return {kind: abs(2 * black - 0.4) for kind, black in gray.items()}


def test_kinds(kinds, capsys):
    check_3(kinds, "wrinkles", TUNED)
    others = {kind: np.float32(1.3 * error) for kind, error in reversed(kinds.items())}
    check_3(others | {"marks": 0.25}, "marks", TUNED)  # other pages, another verdict
    assert "Right: wrinkles it is, with 8.00 times the error on stains" in capsys.readouterr().out


def test_typical_wrong_kinds(kinds):
    for changed, words in [
        ({"marks": 0.14**2}, "that is a mean squared error"),
        ({"marks": 0.06}, r'"marks"\] is 0.06, but .* has about 0.14'),
        ({"stains": 0.23}, "so far off are the dirty pages"),
        ({"folds": 0.9}, "but on pages of this kind"),
        ({"folds": {"rmse": 0.1, "f1": 0.9}}, "gives several numbers"),
        ({"folds": "0.1"}, "wanted: a number"),
        ({"folds": float("nan")}, "a finite number"),
        ({"folds": [0.1, 0.1]}, "wanted: a number"),
        ({"coffee": 0.1}, "stains, folds, wrinkles, marks, bleed, coffee; wanted"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(kinds | changed, "wrinkles", TUNED)
    for answer, words in [
        ("stains", "the lowest: there it does best"),
        ("marks", "not the highest"),
        ("Wrinkles", "wanted: one of stains"),
        (2, "worst_kind is 2"),
        (["wrinkles"], "wanted: one of stains"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(kinds, answer, TUNED)
    for answer, words in [
        ({"stains": 0.1}, "rmse_by_kind has stains; wanted"),
        ([0.1] * 5, "rmse_by_kind is a list"),
        (0.03, "rmse_by_kind is a float"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(answer, "wrinkles", TUNED)


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [832, None, 29, 14], []),
        (check_2, [None], [None, None, None, None]),
        (check_3, [{"stains": None}, "stains"], [None]),
        (check_3, [None, None], [None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
