"""The checks of "Your own table"'s exercises: right answers pass, typical wrong ones hear why."""

import numpy as np
import pytest
from sklearn.impute import KNNImputer

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.tables import check_1, check_2, check_3, check_4

DISTANCE = np.hypot(20 / 350, 0.04 / 0.014)


def test_losses_by_hand(capsys):
    check_1(2.5, 4.667, 10)
    assert "missing cells are average" in capsys.readouterr().out
    for answers, words in [
        ((5 / 3, 14 / 3, 10), "divide by 2"),
        ((10, 14 / 3, 10), "takes the missing cell for a 0"),
        ((5, 14 / 3, 10), "that is the sum"),
        ((3, 14 / 3, 10), "Two cells are known"),
        ((2.5, 5.75, 10), "the two rows' means"),
        ((2.5, 14 / 6, 10), "not all six"),
        ((2.5, 14, 10), "that is the sum"),
        ((2.5, 7, 10), "not of rows"),
        ((2.5, 1, 10), "divide once"),
        ((2.5, 14 / 3, 2.5), "now has the target 0"),
        ((2.5, 14 / 3, 15), "divide by 3"),
        ((2.5, 14 / 3, 30), "that is the sum"),
        ((2.5, 14 / 3, 1), "5 - 0"),
        (("2.5", 14 / 3, 10), "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_1(*answers)


def test_the_nearer_neighbour(capsys):
    check_2("A", "B", DISTANCE)
    check_2("a ", "b", np.float32(DISTANCE))
    assert "might as well not be there" in capsys.readouterr().out
    for answers, words in [
        (("B", "B", DISTANCE), "nearer_raw is B"),
        (("A", "A", DISTANCE), "nearly three standard deviations"),
        (("A", "C", DISTANCE), 'wanted: "A" or "B"'),
        ((0, "B", DISTANCE), 'wanted: "A" or "B"'),
        (("A", "B", DISTANCE**2), "take the root"),
        (("A", "B", 20 / 350 + 0.04 / 0.014), "that is the sum"),
        (("A", "B", 20.0), "as recorded"),
        (("A", "B", 1), "The root of"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(*answers)


def test_a_threshold(capsys):
    check_3(lambda train, held, share: np.quantile(held, 1 - share))
    check_3(lambda train, held, share: np.sort(held)[int(len(held) * (1 - share))])
    assert "promised share" in capsys.readouterr().out
    for answer, words in [
        (lambda t, h, s: np.quantile(h, s), "that is the lower end"),
        (lambda t, h, s: np.quantile(t, 1 - s), "take the held-out rows"),
        (lambda t, h, s: np.quantile(np.append(t, h), 1 - s), "half of these are training"),
        (lambda t, h, s: h.max(), "Which quantile"),
        (lambda t, h, s: np.quantile(h, 0.95), "20%"),
        (lambda t, h, s: h, "is ndarray; wanted: a number"),
        (lambda t, h, s: None, "is NoneType; wanted: a number"),
        (lambda t, h: 1, "your function fails"),
        (2.5, "that is a float; wanted: your function"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(answer)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 2)) @ rng.normal(size=(2, 6)) + rng.normal(0, 0.3, (90, 6))
    gaps = np.where(rng.random(x.shape) < 0.2, np.nan, x)
    return gaps[:60], x[60:], gaps[60:]


def filled_rmse(test, gaps, *rows):
    filled = KNNImputer(n_neighbors=5).fit(np.concatenate(rows)).transform(gaps)
    return np.sqrt(np.mean((filled - test)[np.isnan(gaps)] ** 2))


def test_a_leak(rows, capsys):
    known, test, gaps = rows
    honest, leaked = filled_rmse(test, gaps, known), filled_rmse(test, gaps, known, test)
    assert leaked < honest
    check_4(honest, leaked, *rows)
    assert f"{leaked:.2f} with them" in capsys.readouterr().out
    for answers, words in [
        ((leaked, leaked), "has seen the test rows; fit it on `known` alone"),
        ((honest**2, leaked), "take the root"),
        ((9, leaked), "Fit on `known`"),
        ((honest, honest), "has not seen the test rows yet"),
        ((honest, filled_rmse(test, gaps, known, gaps)), "with their gaps"),
        ((honest, filled_rmse(test, gaps, test)), "add them to `known`"),
        ((honest, leaked**2), "take the root"),
        ((honest, 9), "np.concatenate"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(*answers, *rows)


@pytest.mark.parametrize(
    "check, answers",
    [
        (check_1, [2.5, None, 1]),
        (check_2, ["A", None, 1]),
        (check_3, [None]),
        (check_4, [None, None, None, None, None]),
    ],
)
def test_open_stubs(check, answers):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers)
