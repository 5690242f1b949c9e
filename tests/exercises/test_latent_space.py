"""The checks of "The latent space"'s exercises: right answers pass, typical wrong ones hear why."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestCentroid

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.latent_space import check_1, check_2, check_3, check_4, check_5

# Exercise 1: a map of clouds.


@pytest.fixture(scope="module")
def clouds():
    """The chapter's own."""
    rng = np.random.default_rng(0)
    clouds = rng.normal(size=(3, 100, 32)) * np.array([1, 1, 5])[:, None, None] / 32**0.5
    clouds[1, :, 0] += 10
    clouds[2, :, 1] += 100
    return clouds


@pytest.fixture(scope="module")
def cloud_map(clouds):
    """A map as t-SNE draws it: three islands of about one size, about equally far apart."""
    islands = np.random.default_rng(0).normal(size=(3, 100, 2))
    islands *= np.array([1, 1, 1.1])[:, None, None]
    return (islands + 8 * np.array([[[0, 0]], [[1, 0]], [[0.5, 1.1]]])).reshape(300, 2)


def ratios(cloud_map):
    """Distance and width, measured as the exercise says."""
    parts = np.reshape(cloud_map, (3, 100, -1))
    a, b, c = (part.mean(axis=0) for part in parts)
    widths = [np.mean(np.linalg.norm(part - part.mean(axis=0), axis=1)) for part in parts]
    return np.linalg.norm(a - c) / np.linalg.norm(a - b), widths[2] / widths[0]


def test_a_map_of_clouds(clouds, cloud_map, capsys):
    far, wide = ratios(cloud_map)
    check_1(cloud_map, far, wide, clouds)
    check_1(cloud_map.reshape(3, 100, 2).tolist(), round(float(far), 3), np.float32(wide), clouds)
    assert "in place of 10" in capsys.readouterr().out


def test_maps_that_are_none(clouds, cloud_map):
    for wrong, words in [
        (clouds, r"shape \(3, 100, 32\); wanted: \(3, 100, 2\)"),
        ("map", "cloud_map is a str"),
        (cloud_map.reshape(100, 3, 2).swapaxes(0, 1), "of the neighbours on cloud_map are of a"),
        (np.random.default_rng(0).normal(size=(300, 2)), "of the neighbours on cloud_map are of a"),
        (PCA(2).fit_transform(clouds.reshape(-1, 32)), "as a shadow by PCA does"),
        (clouds[:, :, :2], "as a shadow by PCA does"),
        (cloud_map * np.nan, "not finite"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_1(wrong, 1.0, 1.0, clouds)


def test_typical_wrong_ratios(clouds, cloud_map):
    far, wide = ratios(cloud_map)
    true_far, true_wide = ratios(clouds)
    a, b, c = cloud_map.reshape(3, 100, 2).mean(axis=1)
    for wrong, words in [
        ((true_far, wide), "distance_ratio is .*: that is the ratio in the 32 dimensions"),
        ((1 / far, wide), "turn it: from a to c"),
        ((np.linalg.norm(c - a), wide), "divide it by that from a to b"),
        ((np.linalg.norm(b - a), wide), "the one from a to c is divided by it"),
        ((3.3, wide), "between the middles"),
        (("1", wide), "wanted: a number"),
        ((far, true_wide), "width_ratio_c is .*: that is the ratio in the 32 dimensions"),
        ((far, 1 / wide), "turn it: the width of c"),
        ((far, 3.3), "the mean distance of c's points"),
        ((far, float("nan")), "wanted: a finite number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_1(cloud_map, *wrong, clouds)


def test_an_undivided_width(clouds, cloud_map):
    c = cloud_map[200:]
    with pytest.raises(Wrong, match="divide it by that of a"):
        width = np.linalg.norm(c - c.mean(axis=0), axis=1).mean()
        check_1(cloud_map, ratios(cloud_map)[0], width, clouds)


def test_open_clouds(clouds, cloud_map):
    with pytest.raises(NotAnswered, match="cloud_map is still None"):
        check_1(None, 1, 1, clouds)
    with pytest.raises(NotAnswered, match="distance_ratio and width_ratio_c are still None"):
        check_1(cloud_map, None, None, clouds)


# Exercises 2, 3 and 5: codes. Ten groups in 32 numbers, of 150 labelled and 300 test images.


def make_code(seed, noise=3.5):
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(0).normal(size=(10, 32)) * 2
    middles[:, 0] = 0.1 * np.arange(10)  # the number to stretch says little
    z = middles[np.concatenate([LABELS[seed], Y_TEST])] + noise * rng.normal(size=(450, 32))
    return np.float32(z)


LABELS = np.random.default_rng(1).integers(0, 10, size=(2, 150))
Y_TEST = np.random.default_rng(2).integers(0, 10, size=300)


def cut(z):
    return z[:150], z[150:]


@pytest.fixture
def codes():
    """For each of three codes and two seeds the codes of the labelled and of the test images."""
    noises = {"pixels": 4.5, "pca": 3.5, "simple": 3, "convolutional": 4}
    return {name: [cut(make_code(s, noise)) for s in (0, 1)] for name, noise in noises.items()}


def probe_test(z, y, z_test):
    """A linear reader of scaled numbers, as the chapter's, but quicker."""
    return NearestCentroid().fit(z / z.std(axis=0), y).score(z_test / z.std(axis=0), Y_TEST)


def vote(z, y, z_test, k):
    nearest = np.argsort(np.sum((z_test[:, np.newaxis] - z) ** 2, axis=2), axis=1)[:, :k]
    return np.array([np.bincount(some, minlength=10).argmax() for some in y[nearest]])


def neighbours_test(z, y, z_test, k=5):
    return float(np.mean(vote(z, y, z_test, k) == Y_TEST))


def both(z, y, z_test):
    return probe_test(z, y, z_test), neighbours_test(z, y, z_test)


def stretched(z, by=100):
    z = z.copy()
    z[:, 0] *= by
    return z


def check_stretched(codes, probed, voted, before=None):
    before = before or both(*with_labels(codes))
    check_2(
        probed,
        voted,
        codes,
        LABELS,
        {"simple": [before[0]]},
        {"simple": [before[1]]},
        neighbours_test,
    )


def with_labels(codes):
    z, z_test = codes["simple"][0]
    return z, LABELS[0], z_test


def test_a_stretched_code(codes, capsys):
    z, y, z_test = with_labels(codes)
    probed, voted = both(stretched(z), y, stretched(z_test))
    check_stretched(codes, probed, voted)
    check_stretched(codes, probed + 0.002, float(f"{voted:.4f}"))
    assert "and the neighbours go from" in capsys.readouterr().out


def test_typical_wrong_stretches(codes):
    z, y, z_test = with_labels(codes)
    probed, voted = both(stretched(z), y, stretched(z_test))
    for wrong, words in [
        ((probed, neighbours_test(z, y, z_test)), "from before. Are both copies stretched"),
        ((probed, neighbours_test(stretched(z), y, z_test)), "only the labelled codes are"),
        ((probed, neighbours_test(z, y, stretched(z_test))), "only the test codes are"),
        ((probed, 100 * voted), "in percent"),
        ((probed, 1 - voted), "share of mistakes"),
        ((probed, 0.0123), "in copies of the labelled and of the test codes"),
        ((probed, "low"), "wanted: a number"),
        ((probed, float("nan")), "wanted: a finite number"),
        ((100 * probed, voted), "in percent"),
        ((1 - probed, voted), "share of mistakes"),
        ((voted, voted), "take `probe_test`"),
        ((0.3, voted), "What is left of the stretch"),
        ((np.array([1, 2]), voted), "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_stretched(codes, *wrong)


def test_codes_stretched_in_place(codes):
    before = both(*with_labels(codes))
    codes["simple"][0] = [stretched(part, by=3) for part in codes["simple"][0]]
    probed, voted = both(*with_labels(codes))
    with pytest.raises(Wrong, match="`codes` itself was changed"):
        check_stretched(codes, probed, voted, before)


def test_an_open_stretch(codes):
    with pytest.raises(NotAnswered, match="stretched_neighbours is still None"):
        check_stretched(codes, 0.9, None)


def few(codes, method, n=100, **kwargs):
    """By code, the accuracies of all seeds."""
    return {
        name: [
            method(z[:n], y[:n], z_test, **kwargs)
            for (z, z_test), y in zip(by_seed, LABELS, strict=True)
        ]
        for name, by_seed in codes.items()
    }


@pytest.fixture
def few_labels(codes):
    probed, voted = few(codes, probe_test), few(codes, neighbours_test, k=1)
    return {name: (np.mean(probed[name]), np.mean(voted[name])) for name in codes}


def test_few_labels(codes, few_labels, capsys):
    check_3(few_labels, codes, LABELS, probe_test, neighbours_test)
    named = {n: {"neighbours": b, "probe": a} for n, (a, b) in few_labels.items()}
    check_3(named, codes, LABELS, probe_test, neighbours_test)
    ahead = [name for name in codes if few_labels[name][1] > few_labels["pixels"][1]]
    assert ahead and f"by the nearest neighbour: {', '.join(ahead)}." in capsys.readouterr().out


def test_typical_wrong_few_labels(codes, few_labels):
    probed, voted = few(codes, probe_test), few(codes, neighbours_test, k=1)
    five, all_labels = few(codes, neighbours_test), few(codes, neighbours_test, n=150, k=1)
    a, b = few_labels["pca"]
    for name, wrong, words in [
        ("pca", (b, a), "the probe is first"),
        ("pca", (probed["pca"][0], b), "the first seed alone"),
        ("pca", (sum(probed["pca"]), b), "the sum over the seeds"),
        ("pca", (100 * a, b), "in percent"),
        ("pca", (1 - a, b), "share of mistakes"),
        ("pca", (min(a + 0.2, 0.99), b), "100 labels do not give so much"),
        ("pca", (a - 0.1, b), "Take the first 100 labelled images"),
        ("simple", (few_labels["simple"][0], np.mean(five["simple"])), "that is a vote of five"),
        ("simple", (0.5, voted["simple"][0]), "the first seed alone"),
        ("simple", (0.5, 0.5), "neighbours, is 0.5: that is the probe's"),
        ("simple", (0.5, np.mean(all_labels["simple"]) - 1e-9), "neighbours, is"),
        ("pixels", (80, few_labels["pixels"][1]), "probe, is 80; wanted: a share"),
        ("pixels", (probed["pixels"], voted["pixels"]), "holds lists; wanted: means"),
        ("pixels", 0.6, "is not two numbers"),
        ("pixels", {"probe": 0.6}, "not finite"),
        ("pixels", ("a", "b"), "wanted: an array of numbers"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(few_labels | {name: wrong}, codes, LABELS, probe_test, neighbours_test)


def test_no_codes_at_all(codes, few_labels):
    del few_labels["simple"]
    with pytest.raises(Wrong, match="few_labels lacks simple"):
        check_3(few_labels, codes, LABELS, probe_test, neighbours_test)
    with pytest.raises(Wrong, match="few_labels is a float; wanted: a dict"):
        check_3(0.7, codes, LABELS, probe_test, neighbours_test)
    with pytest.raises(NotAnswered, match="few_labels is still None"):
        check_3(None, codes, LABELS, probe_test, neighbours_test)


# Exercise 4: a masked autoencoder that draws gray, the darker the fewer patches it sees.


class Masked(SimpleNamespace):
    def __call__(self, x):
        rng = np.random.default_rng()
        order = np.argsort(rng.random((len(x), 49)), axis=1)
        was_hidden = np.argsort(order, axis=1) >= self.visible
        return np.full((len(x), 49, 16), 1 - self.visible / 100), was_hidden


def to_patches(x):
    return x.reshape(-1, 7, 4, 7, 4).swapaxes(2, 3).reshape(-1, 49, 16)


def hidden_mse(drawn, was_hidden, x):
    error = np.mean((drawn - to_patches(x)) ** 2, axis=-1)
    return float(np.sum(error * was_hidden) / np.sum(was_hidden))


def by_visible(x, numbers=(6, 12, 25, 43)):
    masked = Masked(visible=12)
    found = {}
    for masked.visible in numbers:
        found[masked.visible] = hidden_mse(*masked(x), x)
    return found


def test_errors_on_hidden_patches(many, capsys):
    masked = Masked(visible=12)
    check_4(by_visible(many), masked, many, hidden_mse)
    check_4({n: np.float32(e) for n, e in by_visible(many).items()}, masked, many, hidden_mse)
    assert masked.visible == 12
    assert "Right: 6 visible 0." in capsys.readouterr().out


def test_typical_wrong_errors_on_hidden_patches(many):
    right = by_visible(many)
    for wrong, words in [
        ({n: right[12] for n in right}, "the four errors are one and the same"),
        ({n: e * (49 - n) / 49 for n, e in right.items()}, "divided by all 49 patches"),
        ({n: 16 * e for n, e in right.items()}, "a sum over the 16 pixels"),
        ({n: e**0.5 for n, e in right.items()}, "that is the root"),
        (dict(zip(right, reversed(right.values()), strict=True)), "with 6 visible patches"),
        ({n: 5 * e for n, e in right.items()}, "with `masked.visible` set before"),
        ({str(n): e for n, e in right.items()}, "has the keys .'6', '12', '25', '43'.; wanted"),
        ({12: 0.04}, r"has the keys \[12\]"),
        (list(right.values()), "error_by_visible is a list; wanted: a dict"),
        ({n: str(e) for n, e in right.items()}, "wanted: a number"),
        (right | {43: float("nan")}, "wanted: a finite number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(wrong, Masked(visible=12), many, hidden_mse)


def test_open_errors_on_hidden_patches(many):
    for still in (None, {6: 0.05, 12: None}):
        with pytest.raises(NotAnswered, match="error_by_visible is still None"):
            check_4(still, Masked(visible=12), many, hidden_mse)


# Exercise 5: fifty labels.


def answers(codes):
    """The first fifty images, and the labels that their nearest neighbours get from them."""
    said = [
        vote(z[:50], y[:50], z_test, k=1)
        for (z, z_test), y in zip(codes["convolutional"], LABELS, strict=True)
    ]
    return [np.arange(50)] * 2, said


def improved(said, share=0.3):
    """The labels of an answer, of which some more are right."""
    return [np.where(np.arange(300) < share * 300, Y_TEST, one) for one in said]


def test_fifty_labels(codes, capsys):
    asked, said = answers(codes)
    check_5(asked, improved(said), codes, LABELS, Y_TEST)
    check_5(tuple(map(list, asked)), np.array(improved(said)), codes, LABELS, Y_TEST)
    assert "where fifty at random give" in capsys.readouterr().out


def test_typical_wrong_ways_to_spend_fifty_labels(codes):
    asked, said = answers(codes)
    better = improved(said)
    for wrong, words in [
        ((asked, said), "wanted: five points more. Which images"),
        ((asked, [9 - one for one in said]), "Do the labels belong to the images"),
        (([np.arange(51)] * 2, better), r"asked\[0\] names 51 images; you may ask about 50"),
        (([[150]] * 2, better), "whole ones from 0 to 149"),
        (([[-1]] * 2, better), "does not hold numbers of labelled images"),
        (([[0.5]] * 2, better), "does not hold numbers of labelled images"),
        ((asked[:1], better), "asked is not a list with one entry for each seed"),
        ((np.arange(50), better), "asked is not a list with one entry for each seed"),
        ((asked, 0.83), "your_labels is not a list with one entry for each seed"),
        ((asked, [0.83, 0.81]), r"your_labels\[0\] is one number"),
        ((asked, [one[:150] for one in better]), r"shape \(150,\); wanted: \(300,\)"),
        ((asked, [one + 10 for one in better]), "Numbers of clusters"),
        ((asked, [Y_TEST, Y_TEST]), "is `y_test` itself"),
        ((asked, ["a", "b"]), "is a str; wanted"),
        ((["a", "b"], better), "is a str; wanted"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_5(*wrong, codes, LABELS, Y_TEST)


def test_no_labels_yet(codes):
    with pytest.raises(NotAnswered, match="asked and your_labels are still None"):
        check_5(None, None, codes, LABELS, Y_TEST)
    with pytest.raises(NotAnswered, match="your_labels is still None"):
        check_5([[1], [2]], [None, None], codes, LABELS, Y_TEST)


def test_the_quick_profile_does_not_judge_the_accuracy(codes, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_5(*answers(codes), codes, LABELS, Y_TEST)
    assert "the accuracy is not judged" in capsys.readouterr().out
    with pytest.raises(Wrong, match="names 51 images"):
        check_5([np.arange(51)] * 2, answers(codes)[1], codes, LABELS, Y_TEST)
