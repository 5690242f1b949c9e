"""The checks of "Anomalies"'s exercises: right answers pass, typical wrong ones hear why."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score, precision_score, recall_score

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.anomalies import check_1, check_2, check_3, check_4


def test_six_beats():
    check_1(2 / 3, 0.667, 1 / 3, 0.806)


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, 1 / 3, "alarms that are wrong"),
        (0, 0.5, "among all six"),
        (0, 66.7, "in percent"),
        (0, 0.9, "three beats with an alarm"),
        (1, 1 / 3, "that is missed"),
        (1, 0.5, "beats with an alarm"),
        (1, "2/3", "wanted: a number"),
        (2, 1, "their number"),
        (2, 1 / 6, "of all beats"),
        (2, 2 / 3, "without an alarm"),
        (3, 5 / 6, "third premature beat counts too"),
        (3, 13 / 18, "not the first 3"),
        (3, 80.6, "in percent"),
        (3, 0.5, "mean of the precisions"),
    ],
)
def test_typical_wrong_measures(place, answer, words):
    answers = [2 / 3, 2 / 3, 1 / 3, (1 + 2 / 3 + 3 / 4) / 3]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


SIZES = [1, 2, 4, 8, 16, 32]


@pytest.fixture(scope="module")
def record():
    """Made-up beats: two kinds of curves, some odd ones, noise; a train and a test part."""
    rng = np.random.default_rng(0)
    t = np.linspace(0, 1, 64)
    kind = rng.choice(["normal", "premature", "odd"], 300, p=[0.7, 0.2, 0.1])
    width = np.select([kind == "normal", kind == "premature"], [0.03, 0.05], 0.045)
    height = 1 + rng.normal(0, 0.1, 300)
    beats = height[:, None] * np.exp(-(((t - 0.4) / width[:, None]) ** 2))
    beats += rng.normal(0, 0.05, (20, 64))[rng.integers(20, size=300)]
    beats += rng.normal(0, 0.05, (300, 64)) * rng.uniform(0.2, 2, 300)[:, None]
    place = np.arange(300)
    return beats, place < 150, (place >= 150) & (place < 210), place >= 210, kind


def table(record, fit=None, of="normal", part=None, threshold_part=None):
    """The right answer, or one with a slip."""
    beats, is_train, is_held, is_test, kind = record
    normal, premature = kind == "normal", kind[is_test] == "premature"
    rows = {}
    for size in SIZES:
        pca = PCA(size).fit(beats[is_train & normal if fit is None else fit])
        error = np.mean((beats - pca.inverse_transform(pca.transform(beats))) ** 2, axis=1)
        copied = (is_test if part is None else part) & (normal if of == "normal" else True)
        quiet = is_held & normal if threshold_part is None else threshold_part
        alarm = error[is_test] > np.quantile(error[quiet], 0.95)
        rows[size] = (
            error[copied].mean(),
            average_precision_score(premature, error[is_test]),
            recall_score(premature, alarm),
            precision_score(premature, alarm, zero_division=0),
        )
    return rows


def first_three(rows):
    return {size: row[:3] for size, row in rows.items()}


def test_a_better_copy(record):
    check_2(first_three(table(record)), *record)
    rounded = {s: [float(f"{v:.4g}") for v in r] for s, r in first_three(table(record)).items()}
    check_2(rounded, *record)


def test_typical_wrong_copies(record):
    beats, is_train, is_held, is_test, kind = record
    rows = table(record)
    right = first_three(rows)

    def change(place, change):
        return {s: [change(v) if i == place else v for i, v in enumerate(r)]
                for s, r in right.items()}  # fmt: skip

    for answer, words in [
        (first_three(table(record, fit=is_train)), "fitted on all training beats"),
        (first_three(table(record, of="all")), "over all test beats"),
        (first_three(table(record, part=is_train)), "on the training beats"),
        (
            first_three(table(record, threshold_part=is_test & (kind == "normal"))),
            "from test beats",
        ),
        (
            first_three(table(record, threshold_part=is_train & (kind == "normal"))),
            "training beats",
        ),
        (first_three(table(record, threshold_part=is_held)), "all held-out beats"),
        (change(0, lambda v: 64 * v), "a sum over the 64 values"),
        (change(0, np.sqrt), "that is the root"),
        (change(0, lambda v: v / beats[is_train].var()), "in squared deviations"),
        ({s: (r[1], r[0], r[2]) for s, r in right.items()}, "the error comes first"),
        ({s: (r[0], r[2], r[1]) for s, r in right.items()}, "the recall, which comes last"),
        ({s: (r[0], r[1], r[3]) for s, r in rows.items()}, "the precision"),
        (change(1, lambda v: 100 * v), "in percent"),
        (change(2, lambda v: 100 * v), "in percent"),
        (change(1, lambda v: 0.5), "not the alarms"),
        (change(0, lambda v: "0.1"), "wanted: a number"),
        (change(0, lambda v: float("nan")), "a finite number"),
        ({s: r[:2] for s, r in right.items()}, "wanted: three numbers"),
        ({s: 0.1 for s in SIZES}, "wanted: three numbers"),
        ({8: right[8]}, "no entry for"),
        (list(right.values()), "wanted: a dict"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(answer, *record)


@pytest.fixture(scope="module")
def redraw(record):
    beats, is_train, *_, kind = record
    pca = PCA(8).fit(beats[is_train & (kind == "normal")])
    return lambda x: pca.inverse_transform(pca.transform(x))


def relative(x, x_hat):
    return np.mean((x - x_hat) ** 2, axis=1) / (np.var(x, axis=1) + 0.001)


def test_a_score_that_a_flat_line_cannot_pass(record, redraw, capsys):
    beats, _, is_held, is_test, kind = record
    rest = redraw, beats, is_held, is_test, kind

    held = set(map(bytes, beats[is_held]))

    def flat_alone(x, x_hat):
        return 1.0 * (np.var(x, axis=1) < 1e-6)

    def held_alone(x, x_hat):
        return np.array([float(bytes(row) not in held) for row in x])

    for score, words in [
        (lambda x, x_hat: np.mean((x - x_hat) ** 2, axis=1) * np.var(x, axis=1), "still passes"),
        (flat_alone, "Does the error still count"),
        (held_alone, "wanted: at most 10 %"),
        (lambda x, x_hat: np.mean((x - x_hat) ** 2), "has the shape"),
        (lambda x, x_hat: 1 / (np.var(x, axis=1) - np.var(x, axis=1)), "not finite"),
        (0.3, "wanted: a function"),
    ]:
        with pytest.raises(Wrong, match=words), np.errstate(divide="ignore"):
            check_3(score, *rest)
    with pytest.raises(NotAnswered, match="still None"):
        check_3(lambda x, x_hat: None, *rest)


def test_a_right_score(record, redraw, monkeypatch, capsys):
    beats, _, is_held, is_test, kind = record

    def score(x, x_hat):  # knows the kinds, and that a flat line is none
        known = dict(zip(map(bytes, beats), kind, strict=True))
        return np.array([float(known.get(bytes(row), "flat") != "normal") for row in x])

    check_3(score, redraw, beats, is_held, is_test, kind)
    assert "100% of the premature" in capsys.readouterr().out
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(relative, redraw, beats, is_held, is_test, kind)
    assert "Right so far" in capsys.readouterr().out


def recalls(record, fit_all=False, threshold="held"):
    beats, is_train, is_held, is_test, kind = record
    normal, premature = kind == "normal", kind == "premature"
    quiet = {"held": is_held & normal, "seen": is_train & normal, "unsorted": is_held}[threshold]
    found = {}
    for count in [0, 1, 2, 5, 20]:
        few = beats[is_train & premature][:count]
        pca = PCA(8).fit(np.concatenate([beats[is_train & normal], few]))
        error = np.mean((beats - pca.inverse_transform(pca.transform(beats))) ** 2, axis=1)
        found[count] = np.mean(error[is_test & premature] > np.quantile(error[quiet], 0.95))
    return found


def test_how_many_are_too_many(record):
    check_4(5, recalls(record), *record)
    right = recalls(record)
    for answer, words in [
        ({k: 100 * v for k, v in right.items()}, "in percent"),
        ({k: -1 for k in right}, "the first premature ones"),
        (recalls(record, threshold="unsorted"), "all held-out beats"),
        ({0: right[0]}, "no entry for"),
        ([0.5], "wanted: a dict"),
        ({k: "1" for k in right}, "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(5, answer, *record)


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [0.5, None, 0.5, 0.5], []),
        (check_2, [None], [None] * 5),
        (check_4, [None, {0: 1.0}], [None] * 5),
        (check_4, [3, None], [None] * 5),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
