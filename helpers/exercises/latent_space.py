"""Checks for the exercises of latent-space."""

import math
from numbers import Real

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from helpers.exercises import Wrong, check_answered, check_array, check_number, judged_in_full

__all__ = ["check_1", "check_2", "check_3", "check_4"]

MISTAKES = "that is the share of mistakes; wanted: of right answers."
PERCENT = "that is in percent; wanted: a share, from 0 to 1."


def check_1(cloud_map, distance_ratio, width_ratio, clouds):
    """A t-SNE map of three clouds, and two ratios measured on it."""
    check_answered(cloud_map=cloud_map, distance_ratio=distance_ratio, width_ratio=width_ratio)
    if isinstance(cloud_map, np.ndarray) and cloud_map.shape == (300, 2):
        cloud_map = cloud_map.reshape(3, 100, 2)
    on_map = check_array("cloud_map", cloud_map, (3, 100, 2))
    points, own = on_map.reshape(300, 2), np.repeat([0, 1, 2], 100)
    apart = np.linalg.norm(points[:, np.newaxis] - points, axis=2)
    nearest = np.argsort(apart + np.diag(np.full(300, np.inf)), axis=1)[:, :10]
    kept = np.mean(own[nearest] == own[:, np.newaxis])
    if kept < 0.9:
        raise Wrong(
            f"only {kept:.0%} of the neighbours on cloud_map are of a point's own cloud; in the 32 "
            "dimensions all are. Give t-SNE 300 rows, `clouds.reshape(-1, 32)`, and cut its "
            "answer in the same order, `.reshape(3, 100, 2)`."
        )
    (far, between, distance), (_, wide, width) = _distances(on_map), _widths(on_map)
    true_distance, true_width = _distances(clouds)[2], _widths(clouds)[2]
    if math.isclose(distance, true_distance, rel_tol=0.2):
        raise Wrong(
            "cloud_map keeps the distances of the 32 dimensions, as a shadow by PCA does. The "
            "exercise is about a map by `TSNE`."
        )
    check_number(
        "distance_ratio",
        distance_ratio,
        distance,
        {
            true_distance: "that is the ratio in the 32 dimensions; measure on cloud_map.",
            1 / distance: "turn it: from a to c, divided by from a to b.",
            far: "that is the distance from a to c; divide it by that from a to b.",
            between: "that is the distance from a to b; the one from a to c is divided by it.",
        },
        tolerance=5e-3,
        hint="Measure on cloud_map, between the middles: a to c, divided by a to b.",
    )
    check_number(
        "width_ratio",
        width_ratio,
        width,
        {
            true_width: "that is the ratio in the 32 dimensions; measure on cloud_map.",
            1 / width: "turn it: the width of c, divided by that of a.",
            wide: "that is the width of c; divide it by that of a.",
        },
        tolerance=5e-3,
        hint="Measure on cloud_map: the mean distance of c's points from their middle, by a's.",
    )
    print(
        f"Right: on this map {distance:.1f} instead of {true_distance:.0f}, and {width:.1f} "
        f"instead of {true_width:.0f}. Had you guessed it?"
    )


def check_2(stretched_probe, stretched_vote, z_labelled, z_valid, labels, y_valid, scores):
    """Both accuracies for a code of `simple` whose first number is multiplied by 100."""
    check_answered(stretched_probe=stretched_probe, stretched_vote=stretched_vote)
    z, z_new, y = z_labelled["simple"][0], z_valid["simple"][0], labels[0]
    stretch = np.ones(z.shape[1], "float32")
    stretch[0] = 100

    def vote(z, z_new):
        return _vote(z, y, 5).score(z_new, y_valid)

    right = vote(z * stretch, z_new * stretch)
    known = {100 * right: PERCENT, 1 - right: MISTAKES}
    # Trying the likely mistakes takes seconds, so only if something is wrong.
    before = scores["5 nearest"]["simple"][0]
    if not _is_close(stretched_vote, right):
        known |= {
            vote(z, z_new * stretch): "only the validation codes are stretched, the labelled "
            "codes not.",
            vote(z * stretch, z_new): "only the labelled codes are stretched, the validation "
            "codes not.",
        }
        now = vote(z, z_new)
        known[now] = (
            "the accuracy from before. Are both copies stretched, in every image's first "
            "number, `z[:, 0]`?"
            if _is_close(now, before)
            else "`z_labelled` or `z_valid` itself was changed. Divide its first number by 100 "
            "again, and stretch a copy."
        )
    check_number(
        "stretched_vote",
        stretched_vote,
        right,
        known,
        hint="Multiply `z[:, 0]` by 100 in copies of the labelled and of the validation codes of "
        "`simple`, seed 0, and take `labels[0]` and five neighbours.",
    )
    probed = scores["linear probe"]["simple"][0]
    check_number(
        "stretched_probe",
        stretched_probe,
        probed,
        {
            100 * probed: PERCENT,
            1 - probed: MISTAKES,
            right: "that is what the neighbours have; take `probe`.",
        },
        tolerance=0.01,
        hint="The probe scales every number first. What is left of the stretch then, if the "
        "labelled and the validation codes have the same?",
    )
    print(
        f"Right: the probe keeps its {probed:.1%}, and the neighbours go from {before:.1%} to "
        f"{right:.1%}."
    )


def check_3(few_labels, z_labelled, z_valid, labels, y_valid, probe):
    """Accuracies with 100 labels: all codes' neighbours, and PCA's linear probe.

    `probe` is the chapter's.
    """
    check_answered(few_labels=few_labels)
    if not isinstance(few_labels, dict):
        raise Wrong(f"few_labels is a {type(few_labels).__name__}; wanted: a dict, by code.")
    if missing := [name for name in z_valid if name not in few_labels]:
        raise Wrong(f"few_labels lacks {', '.join(missing)}; wanted: every code in `z_valid`.")
    pairs = {name: _check_pair(f"few_labels[{name!r}]", few_labels[name]) for name in z_valid}

    def measure(reader, name, *k):
        """Accuracies of one code with 100 labels, by seed."""
        by_seed = zip(z_labelled[name], z_valid[name], labels, strict=True)
        return [reader(z[:100], y[:100], *k).score(z_new, y_valid) for z, z_new, y in by_seed]

    def judge(name, reader, actual, other, *k):
        by_seed = measure(reader, name, *k)
        right = np.mean(by_seed)
        known = {by_seed[0]: "that is the first seed alone; wanted: the mean over all seeds."}
        known |= {sum(by_seed): "that is the sum over the seeds; wanted: the mean."}
        known |= {100 * right: PERCENT, 1 - right: MISTAKES, **other}
        if reader is _vote and not _is_close(actual, right):
            known[np.mean(measure(_vote, name, 5))] = "that is a vote of five; take one, `k=1`."
        if right + 0.1 < actual < 1:
            known.setdefault(actual, "100 labels do not give so much. Are there no more of them?")
        what = "neighbours" if reader is _vote else "probe"
        hint = "Take the first 100 labelled images of each seed and all validation images."
        check_number(f"few_labels[{name!r}], {what},", actual, right, known, hint=hint)

    # The probes of all codes would take too long; who has PCA's right has made the loop right.
    voted = np.mean(measure(_vote, "pca", 1))
    judge("pca", probe, pairs["pca"][0], {voted: "that is the neighbours'; the probe is first."})
    for name, (by_probe, by_vote) in pairs.items():
        if not 0 <= by_probe <= 1:
            raise Wrong(f"few_labels[{name!r}], probe, is {by_probe:.6g}; wanted: a share.")
        judge(name, _vote, by_vote, {by_probe: "that is the probe's."}, 1)
    for i, reader in enumerate(["linear probe", "nearest neighbour"]):
        ahead = [name for name in pairs if pairs[name][i] > pairs["pixels"][i]]
        print(f"Right. Ahead of the pixels by the {reader}: {', '.join(ahead) or 'none'}.")


def check_4(choose, z_labelled, z_valid, labels, y_valid):
    """A function that chooses 50 images to ask about, against the first 50.

    The labels are asked for here, so that no answer can be fitted with more of them.
    """
    check_answered(choose=choose)
    if not callable(choose):
        raise Wrong(
            f"choose is a {type(choose).__name__}; wanted: a function that takes codes and returns "
            "places."
        )
    accuracy = {"yours": [], "first": []}
    convolutional = zip(z_labelled["convolutional"], z_valid["convolutional"], labels, strict=True)
    for seed, (z, z_new, y) in enumerate(convolutional):
        said = choose(z.copy())
        if said is None:
            raise Wrong("choose returns nothing; is there a `return` at its end?")
        places = np.unique(check_array(f"what choose returns for seed {seed}", said, (None,)))
        if not 1 <= len(places) <= 50:
            raise Wrong(f"choose names {len(places)} images for seed {seed}; you may ask about 50.")
        if np.any(places % 1) or np.any(places < 0) or np.any(places >= len(z)):
            raise Wrong(
                f"choose returns other things than places of images for seed {seed}; wanted: whole "
                f"numbers from 0 to {len(z) - 1}."
            )
        for name, some in [("yours", places.astype(int)), ("first", np.arange(50))]:
            accuracy[name].append(_vote(z[some], y[some], 1).score(z_new, y_valid))
    yours, first = (np.mean(some) for some in accuracy.values())
    if judged_in_full("the accuracy"):
        if yours < first + 0.05:
            raise Wrong(
                f"with your images the mean accuracy is {yours:.1%}, with the first fifty "
                f"{first:.1%}; wanted: five points more. Which images stand for many others?"
            )
        print(f"Right: {yours:.1%}, where the first fifty give {first:.1%}.")
    else:
        print("Right so far: at most 50 images for each seed.")


def _vote(z, y, k):
    """The chapter's `neighbours`."""
    return KNeighborsClassifier(k, algorithm="brute").fit(z, y)


def _is_close(actual, other):
    return isinstance(actual, Real) and math.isclose(actual, other, rel_tol=1e-3)


def _distances(clouds):
    """From a to c, from a to b, and their ratio."""
    a, b, c = clouds.mean(axis=1)
    far, between = np.linalg.norm(c - a), np.linalg.norm(b - a)
    return far, between, far / between


def _widths(clouds):
    """The width of a, that of c, and their ratio."""
    off = np.linalg.norm(clouds - clouds.mean(axis=1, keepdims=True), axis=2).mean(axis=1)
    return off[0], off[2], off[2] / off[0]


def _check_pair(name, actual):
    """An answer's two numbers, by the probe and by the neighbours."""
    if isinstance(actual, dict):
        actual = [actual.get("probe"), actual.get("neighbours")]
    if not isinstance(actual, list | tuple | np.ndarray) or len(actual) != 2:
        raise Wrong(f"{name} is not two numbers, by the probe and by the neighbours.")
    if any(isinstance(one, list | tuple) or np.ndim(one) for one in actual):
        raise Wrong(f"{name} holds lists; wanted: means over the seeds.")
    return check_array(name, actual, (2,))
