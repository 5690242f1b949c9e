"""The checks of "Colour photographs": right answers pass, typical wrong ones hear why."""

import numpy as np
import pytest

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.colour import check_1, check_2, check_3, check_4

TO_YCC = np.float32([[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]])
RNG = np.random.default_rng(0)
PHOTOS = {"cat": RNG.random((5, 32, 32, 3)), "dog": RNG.random((4, 32, 32, 3)) ** 2}


def test_counting_by_hand(capsys):
    check_1(1536, 48, 30)
    assert "all three" in capsys.readouterr().out
    for answers, words in [
        ((2048, 48, 30), "leave a quarter"),
        ((768, 48, 30), "stays whole"),
        ((1280, 48, 30), "two chrominances"),
        ((3072, 48, 30), "the RGB patch"),
        ((7, 48, 30), "each chrominance"),
        ((1536, 16, 30), "three numbers a pixel"),
        ((1536, 24, 30), "halved chrominance"),
        ((1536, 1 / 48, 30), "other way round"),
        ((1536, 5, 30), "by 64"),
        ((1536, 48, -30), "is positive"),
        ((1536, 48, 3), "ten times"),
        ((1536, 48, 60), "not 20"),
        ((1536, 48, 69.0776), "base 10"),
        ((1536, 48, 31), "base-10"),
        (("many", 48, 30), "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_1(*answers)


def blocks(x):
    n, h, w, c = x.shape
    means = x.reshape(n, h // 2, 2, w // 2, 2, c).mean(axis=(2, 4))
    return means.repeat(2, axis=1).repeat(2, axis=2)


def less(x, gray=lambda y: y, chroma=blocks, back=True):
    y = x @ TO_YCC.T
    y = np.concatenate([gray(y[..., :1]), chroma(y[..., 1:])], axis=-1)
    return y @ np.linalg.inv(TO_YCC).T if back else y


def test_less_colour(capsys):
    check_2(less)
    assert "half of the numbers" in capsys.readouterr().out
    for wrong, words in [
        (lambda x: x, "nothing has changed"),
        (blocks, "stays as it is"),
        (lambda x: less(x, blocks, lambda c: c), "wanted: chrominance"),
        (lambda x: less(x, back=False), "go back to RGB"),
        (lambda x: np.concatenate([x[..., :1], blocks(x[..., 1:])], -1), "green and blue"),
        (lambda x: less(x, chroma=lambda c: 0 * c), "all colour"),
        (lambda x: less(x, chroma=lambda c: c[:, ::2, ::2].repeat(2, 1).repeat(2, 2)), "one pixel"),
        (lambda x: less(x).clip(0, 1), "leave the clipping"),
        (lambda x: x / 2, "off by"),
        (lambda x: x[:, ::2], "has the shape"),
        (lambda: 0, "your function fails"),
        (3, "that is a int; wanted: your function"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(wrong)


def flat(x, axis=(1, 2), how=np.mean):
    return np.broadcast_to(how(x, axis=axis, keepdims=True), x.shape)


def decibels(x, x_hat, each=False):
    errors = ((x - x_hat) ** 2).mean(axis=(1, 2, 3))
    return np.mean(-10 * np.log10(errors)) if each else -10 * np.log10(errors.mean())


def test_one_colour_a_patch(capsys):
    floor = {name: decibels(x, flat(x)) for name, x in PHOTOS.items()}
    check_3(flat, floor, PHOTOS)
    assert "no colour network" in capsys.readouterr().out
    each = {name: decibels(x, flat(x), each=True) for name, x in PHOTOS.items()}
    uneven = {k: np.concatenate([v, v[:1] * 0.1]) for k, v in PHOTOS.items()}
    each = {name: decibels(x, flat(x), each=True) for name, x in uneven.items()}
    for answer, given, photos, words in [
        (lambda x: flat(x, (0, 1, 2)), floor, PHOTOS, "one for each patch"),
        (lambda x: flat(x, (1, 2, 3)), floor, PHOTOS, "that is a gray"),
        (lambda x: flat(x, how=np.median), floor, PHOTOS, "median"),
        (lambda x: x, floor, PHOTOS, "its mean colour"),
        (lambda x: x.mean(axis=(1, 2)), floor, PHOTOS, "has the shape"),
        (flat, {"cat": 1}, PHOTOS, "the keys cat, dog"),
        (flat, 12.0, PHOTOS, "the keys cat, dog"),
        (flat, each, uneven, "average the squared errors first"),
        (flat, {k: 10 ** (-v / 10) for k, v in floor.items()}, PHOTOS, "wanted: the PSNR"),
        (flat, {k: v + 1 for k, v in floor.items()}, PHOTOS, "of that photograph"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(answer, given, photos)


def split(x, size, share):
    """Best at 24 of 192 numbers."""
    return x + 0.05 + abs(share * size - 24) / 1000


def test_numbers_for_chrominance(capsys):
    counts = [8, 16, 24, 32, 40, 48]

    def measured(count):
        return np.mean(
            [decibels(x, split(x, 192, count / 192).clip(0, 1)) for x in PHOTOS.values()]
        )

    right = {count: measured(count) for count in counts}
    check_4(right, 24, split, PHOTOS)
    assert "24 numbers for chrominance" in capsys.readouterr().out
    for curve, best, words in [
        (right, 48, "the lowest PSNR"),
        (right, 16, "highest PSNR"),
        (right | {16: 3}, 24, "share 16 / 192"),
        ({8: 1}, 8, "the keys 8, 16"),
        ([1, 2], 8, "the keys 8, 16"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(curve, best, split, PHOTOS)


@pytest.mark.parametrize(
    "check, answers",
    [
        (check_1, [1536, None, 30]),
        (check_2, [None]),
        (check_3, [None, None, PHOTOS]),
        (check_4, [None, None, split, PHOTOS]),
    ],
)
def test_open_stubs(check, answers):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers)
