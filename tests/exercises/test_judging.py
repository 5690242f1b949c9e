"""The checks of "Judging inventions"' exercises: right answers pass, typical wrong ones hear why."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.judging import check_1, check_2, check_3, check_4

RNG = np.random.default_rng(0)
#: Stand-ins for digits: ten kinds of image, each with a little of its own.
KINDS = RNG.uniform(0.2, 0.8, (10, 784))
KIND = RNG.integers(10, size=3000)
IMAGES = np.clip(KINDS[KIND] + RNG.normal(0, 0.1, (3000, 784)), 0, 1).astype("float32")


def test_distances_by_hand(capsys):
    check_1(10, 0, 1)
    assert "does not see it" in capsys.readouterr().out
    for answers, words in [
        ((18, 0, 1), "not as variances"),
        ((9, 0, 1), "the widths differ"),
        ((4, 0, 1), "squared as well"),
        ((1, 0, 1), "the means differ"),
        ((10**0.5, 0, 1), "not rooted"),
        ((5, 0, 1), "Square the difference"),
        ((10, 1, 1), "no difference there"),
        ((10, 4, 1), "for -1 and 1"),
        ((10, 0, 0), "have no width"),
        ((10, 0, 2), "1 and 0"),
        (("ten", 0, 1), "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_1(*answers)


def balls(points, centres, k, more=1, whose=slice(None), how=np.any):
    tree = NearestNeighbors().fit(centres)
    radius = tree.kneighbors(centres, n_neighbors=k + more)[0][:, -1]
    distances, which = tree.kneighbors(points, n_neighbors=len(centres))
    inside = distances <= radius[which]
    return np.mean(how(inside[:, whose], axis=1))


def test_precision_by_hand(capsys):
    check_2(balls)
    assert "in both directions" in capsys.readouterr().out
    for wrong, words in [
        (lambda p, c, k: balls(p, c, k, more=0), "one neighbour more"),
        (lambda p, c, k: balls(p, c, k, whose=slice(1)), "the nearest centre alone"),
        (lambda p, c, k: balls(p, c, k, how=np.all), "one ball is enough"),
        (lambda p, c, k: balls(c, p, k), "not around the points"),
        (lambda p, c, k: balls(p, c, k) * len(p), "that is a count"),
        (lambda p, c, k: 0.123, "in any ball"),
        (lambda p, c: 1, "your function fails"),
        (0.9, "that is a float; wanted: your function"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(wrong)


@pytest.fixture(scope="module")
def features():
    import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(2)])


def test_fooling_the_precision(features, capsys):
    real_features = np.asarray(features(IMAGES[:1500]))
    narrow = IMAGES[np.argsort(KIND, kind="stable")]
    narrow = narrow[len(narrow) // 2 :][:1000]
    seen = np.asarray(features(IMAGES))
    near = np.linalg.norm(seen - seen[0], axis=1).argsort()
    kind = IMAGES[near[:100]]
    rng = np.random.default_rng(1)
    fooling = kind[rng.integers(10, size=1000)] + rng.normal(0, 1e-3, (1000, 784))
    check_3(np.clip(fooling, 0, 1), features, real_features)
    assert "Right: precision" in capsys.readouterr().out
    for answer, words in [
        (IMAGES[1500:], "cover too much"),
        (narrow, "cover too much"),
        (rng.uniform(0, 1, (1000, 784)) ** 8, "Take images that are real"),
        (fooling[:500].clip(0, 1), "holds 500 images"),
        (np.repeat(IMAGES[:10], 100, axis=0), "10 are different"),
        (255 * IMAGES[:1000], "pixels are from 0 to 1"),
        (IMAGES.reshape(-1, 28, 28), "has the shape"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(answer, features, real_features)


def detector(limit, known):
    tree = NearestNeighbors(n_neighbors=1).fit(known)
    return lambda images: tree.kneighbors(images)[0][:, 0] < limit


def test_copy_detector(capsys):
    known, new = IMAGES[:2000], IMAGES[2000:]
    check_4(detector(2, known), known, new)
    assert "100% of the noisy copies found" in capsys.readouterr().out
    for answer, words in [
        (detector(0, known), "is the limit above 0"),
        (detector(2, known[:500]), "all training images"),
        (detector(9, known), "by the validation images"),
        (lambda x: np.zeros(len(x)), "compare the distance"),
        (lambda x: True, "one answer an image"),
        (lambda x: x.missing, "your function fails"),
        ([True], "that is a list"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(answer, known, new)


@pytest.mark.parametrize(
    "check, answers",
    [
        (check_1, [10, None, 1]),
        (check_2, [None]),
        (check_3, [None, None, None]),
        (check_4, [None, None, None]),
    ],
)
def test_open_stubs(check, answers):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers)


def test_the_quick_profile_says_what_it_does_not_judge(monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(IMAGES[:100], None, None)
    check_4(lambda x: np.zeros(len(x), bool), IMAGES[:300], IMAGES[300:])
    said = capsys.readouterr().out
    assert "the precision is not judged" in said and "the detector is not judged" in said
