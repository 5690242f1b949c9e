"""The checks of "The latent space"'s exercises: right answers pass, typical wrong ones hear why."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.latent_space import check_1, check_2, check_3, check_4

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
    assert "instead of 10" in capsys.readouterr().out


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
        ((far, true_wide), "width_ratio is .*: that is the ratio in the 32 dimensions"),
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
    with pytest.raises(NotAnswered, match="distance_ratio and width_ratio are still None"):
        check_1(cloud_map, None, None, clouds)


# Exercises 2 to 4: codes. Ten groups in 32 numbers, of 150 labelled and 300 validation images.


def make_code(seed, noise=3.5):
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(0).normal(size=(10, 32)) * 2
    middles[:, 0] = 0.1 * np.arange(10)  # the number to stretch says little
    z = middles[np.concatenate([LABELS[seed], Y_VALID])] + noise * rng.normal(size=(450, 32))
    return np.float32(z)


LABELS = np.random.default_rng(1).integers(0, 10, size=(2, 150))
Y_VALID = np.random.default_rng(2).integers(0, 10, size=300)


@pytest.fixture
def codes():
    """For each of four codes and two seeds the codes of the labelled, and of the new images."""
    noises = {"pixels": 4.5, "pca": 3.5, "simple": 3, "convolutional": 2}
    both = {name: [make_code(s, noise) for s in (0, 1)] for name, noise in noises.items()}
    return [
        {name: [z[part] for z in by_seed] for name, by_seed in both.items()}
        for part in (slice(150), slice(150, None))
    ]


def probe(z, y):
    """A linear reader of scaled numbers, as the chapter's, but quicker."""
    return make_pipeline(StandardScaler(), NearestCentroid()).fit(z, y)


def vote(z, y, k=5):
    return KNeighborsClassifier(k, algorithm="brute").fit(z, y)


def both(z, z_new):
    return [reader(z, LABELS[0]).score(z_new, Y_VALID) for reader in (probe, vote)]


def stretched(z, by=100):
    z = z.copy()
    z[:, 0] *= by
    return z


def of_simple(codes):
    return [part["simple"][0] for part in codes]


def check_stretched(codes, probed, voted, before=None):
    before = before or both(*of_simple(codes))
    scores = {"linear probe": {"simple": [before[0]]}, "5 nearest": {"simple": [before[1]]}}
    check_2(probed, voted, *codes, LABELS, Y_VALID, scores)


def test_a_stretched_code(codes, capsys):
    probed, voted = both(*map(stretched, of_simple(codes)))
    check_stretched(codes, probed, voted)
    check_stretched(codes, probed + 0.002, float(f"{voted:.4f}"))
    assert "and the neighbours go from" in capsys.readouterr().out


def test_typical_wrong_stretches(codes):
    z, z_new = of_simple(codes)
    probed, voted = both(stretched(z), stretched(z_new))
    for wrong, words in [
        ((probed, both(z, z_new)[1]), "from before. Are both copies stretched"),
        ((probed, both(stretched(z), z_new)[1]), "only the labelled codes are"),
        ((probed, both(z, stretched(z_new))[1]), "only the validation codes are"),
        ((probed, 100 * voted), "in percent"),
        ((probed, 1 - voted), "share of mistakes"),
        ((probed, 0.0123), "in copies of the labelled and of the validation codes"),
        ((probed, "low"), "wanted: a number"),
        ((probed, float("nan")), "wanted: a finite number"),
        ((100 * probed, voted), "in percent"),
        ((1 - probed, voted), "share of mistakes"),
        ((voted, voted), "take `probe`"),
        ((0.3, voted), "What is left of the stretch"),
        ((np.array([1, 2]), voted), "wanted: a number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_stretched(codes, *wrong)


def test_codes_stretched_in_place(codes):
    before = both(*of_simple(codes))
    for part in codes:
        part["simple"][0] = stretched(part["simple"][0], by=3)
    with pytest.raises(Wrong, match="`z_labelled` or `z_valid` itself was changed"):
        check_stretched(codes, *both(*of_simple(codes)), before)


def test_an_open_stretch(codes):
    with pytest.raises(NotAnswered, match="stretched_vote is still None"):
        check_stretched(codes, 0.9, None)


def few(codes, reader, n=100, **kwargs):
    """By code, the accuracies of all seeds."""
    z_labelled, z_valid = codes
    return {
        name: [
            reader(z[:n], y[:n], **kwargs).score(z_new, Y_VALID)
            for z, z_new, y in zip(z_labelled[name], z_valid[name], LABELS, strict=True)
        ]
        for name in z_valid
    }


def check_few(few_labels, codes):
    check_3(few_labels, *codes, LABELS, Y_VALID, probe)


@pytest.fixture
def few_labels(codes):
    probed, voted = few(codes, probe), few(codes, vote, k=1)
    return {name: (np.mean(probed[name]), np.mean(voted[name])) for name in probed}


def test_few_labels(codes, few_labels, capsys):
    check_few(few_labels, codes)
    check_few({n: {"neighbours": b, "probe": a} for n, (a, b) in few_labels.items()}, codes)
    ahead = [name for name in few_labels if few_labels[name][1] > few_labels["pixels"][1]]
    assert ahead and f"by the nearest neighbour: {', '.join(ahead)}." in capsys.readouterr().out


def test_typical_wrong_few_labels(codes, few_labels):
    probed, voted = few(codes, probe), few(codes, vote, k=1)
    five, all_labels = few(codes, vote), few(codes, vote, n=150, k=1)
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
            check_few(few_labels | {name: wrong}, codes)


def test_no_codes_at_all(codes, few_labels):
    del few_labels["simple"]
    with pytest.raises(Wrong, match="few_labels lacks simple"):
        check_few(few_labels, codes)
    with pytest.raises(Wrong, match="few_labels is a float; wanted: a dict"):
        check_few(0.7, codes)
    with pytest.raises(NotAnswered, match="few_labels is still None"):
        check_few(None, codes)


# Exercise 4: fifty labels.


def choose(z):
    """The images nearest to 50 centres."""
    return KMeans(50, n_init=1, random_state=0).fit_transform(z).argmin(axis=0)


@pytest.fixture
def uneven(codes):
    """Labelled images of which the first fifty are of few kinds, so that choosing pays."""
    z_labelled, z_valid = codes
    order = [np.argsort(y, kind="stable") for y in LABELS]
    sorted_codes = {
        name: [z[some] for z, some in zip(by_seed, order, strict=True)]
        for name, by_seed in z_labelled.items()
    }
    return sorted_codes, z_valid, [y[some] for y, some in zip(LABELS, order, strict=True)], Y_VALID


def test_fifty_labels(uneven, capsys):
    check_4(choose, *uneven)
    check_4(lambda z: list(choose(z)), *uneven)
    assert "where the first fifty give" in capsys.readouterr().out


def test_what_is_chosen_cannot_change_the_codes(uneven):
    def spoil(z):
        places = choose(z)
        z *= 0
        return places

    check_4(spoil, *uneven)


def test_typical_wrong_ways_to_spend_fifty_labels(uneven):
    for wrong, words in [
        (lambda z: np.arange(50), "wanted: five points more. Which images"),
        (lambda z: np.arange(51), "names 51 images for seed 0; you may ask about 50"),
        (lambda z: [], "names 0 images"),
        (lambda z: [150], "wanted: whole numbers from 0 to 149"),
        (lambda z: [-1], "other things than places"),
        (lambda z: [0.5], "other things than places"),
        (lambda z: None, "is there a `return`"),
        (lambda z: 7, r"returns for seed 0 has the shape \(\); wanted: \(n,\)"),
        (lambda z: "ab", "wanted: an array of numbers"),
        ([1, 2, 3], "choose is a list; wanted: a function"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(wrong, *uneven)


def test_nothing_chosen_yet(uneven):
    with pytest.raises(NotAnswered, match="choose is still None"):
        check_4(None, *uneven)


def test_the_quick_profile_does_not_judge_the_accuracy(uneven, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_4(lambda z: np.arange(50), *uneven)
    assert "the accuracy is not judged" in capsys.readouterr().out
    with pytest.raises(Wrong, match="names 51 images"):
        check_4(lambda z: np.arange(51), *uneven)
