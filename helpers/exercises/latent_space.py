"""Checks for the exercises of latent-space."""

import math
from numbers import Real

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from helpers.exercises import Wrong, check_answered, check_array, check_number, judged_in_full

__all__ = ["check_1", "check_2", "check_3", "check_4", "check_5"]

MISTAKES = "that is the share of mistakes; wanted: of right answers."
PERCENT = "that is in percent; wanted: a share, from 0 to 1."


def check_1(cloud_map, distance_ratio, width_ratio_c, clouds):
    """A t-SNE map of three clouds, and two ratios measured on it."""
    check_answered(cloud_map=cloud_map, distance_ratio=distance_ratio, width_ratio_c=width_ratio_c)
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
        "width_ratio_c",
        width_ratio_c,
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
        f"Right: on this map {distance:.1f} in place of {true_distance:.0f}, and {width:.1f} in "
        f"place of {true_width:.0f}. Had you guessed it?"
    )


def check_2(stretched_probe, stretched_neighbours, codes, labels, probe_accuracy, code_knn, vote):
    """Both accuracies for a code of `simple` whose first number is multiplied by 100.

    `vote` is the chapter's `neighbours_test`.
    """
    check_answered(stretched_probe=stretched_probe, stretched_neighbours=stretched_neighbours)
    (z, z_test), y = codes["simple"][0], labels[0]
    stretch = np.ones(z.shape[1], "float32")
    stretch[0] = 100
    right = vote(z * stretch, y, z_test * stretch)
    known = {100 * right: PERCENT, 1 - right: MISTAKES}
    # Trying the likely mistakes takes seconds, so only if something is wrong.
    if not _is_close(stretched_neighbours, right):
        known |= {
            vote(z, y, z_test * stretch): "only the test codes are stretched, the labelled "
            "codes not.",
            vote(z * stretch, y, z_test): "only the labelled codes are stretched, the test "
            "codes not.",
        }
        now, before = vote(z, y, z_test), code_knn["simple"][0]
        known[now] = (
            "the accuracy from before. Are both copies stretched, in every image's first "
            "number, `z[:, 0]`?"
            if _is_close(now, before)
            else "`codes` itself was changed. Divide its first number by 100 again, and stretch "
            "a copy."
        )
    check_number(
        "stretched_neighbours",
        stretched_neighbours,
        right,
        known,
        hint="Multiply `z[:, 0]` by 100 in copies of the labelled and of the test codes of "
        '`codes["simple"][0]`, and take `labels[0]` and five neighbours.',
    )
    before = probe_accuracy["simple"][0]
    check_number(
        "stretched_probe",
        stretched_probe,
        before,
        {
            100 * before: PERCENT,
            1 - before: MISTAKES,
            right: "that is what the neighbours have; take `probe_test`.",
        },
        tolerance=0.01,
        hint="The probe scales every number first. What is left of the stretch then, if the "
        "labelled and the test codes have the same?",
    )
    print(
        f"Right: the probe keeps its {before:.1%}, and the neighbours go from "
        f"{code_knn['simple'][0]:.1%} to {right:.1%}."
    )


def check_3(few_labels, codes, labels, probe, vote):
    """Accuracies with 100 labels: all codes' neighbours, and PCA's linear probe.

    `probe` and `vote` are the chapter's `probe_test` and `neighbours_test`.
    """
    check_answered(few_labels=few_labels)
    if not isinstance(few_labels, dict):
        raise Wrong(f"few_labels is a {type(few_labels).__name__}; wanted: a dict, by code.")
    if missing := [name for name in codes if name not in few_labels]:
        raise Wrong(f"few_labels lacks {', '.join(missing)}; wanted: every code in `codes`.")
    pairs = {name: _check_pair(f"few_labels[{name!r}]", few_labels[name]) for name in codes}

    def measure(method, name, **kwargs):
        """Accuracies of one code with 100 labels, by seed."""
        return [
            method(z[:100], y[:100], z_test, **kwargs)
            for (z, z_test), y in zip(codes[name], labels, strict=True)
        ]

    def judge(name, method, actual, other, **kwargs):
        by_seed = measure(method, name, **kwargs)
        right = np.mean(by_seed)
        known = {by_seed[0]: "that is the first seed alone; wanted: the mean over all seeds."}
        known |= {sum(by_seed): "that is the sum over the seeds; wanted: the mean."}
        known |= {100 * right: PERCENT, 1 - right: MISTAKES, **other}
        if method is vote and not _is_close(actual, right):
            known[np.mean(measure(vote, name))] = "that is a vote of five; take one, `k=1`."
        if right + 0.1 < actual < 1:
            known.setdefault(actual, "100 labels do not give so much. Are there no more of them?")
        what = "neighbours" if method is vote else "probe"
        hint = "Take the first 100 labelled images of each seed and all test images."
        check_number(f"few_labels[{name!r}], {what},", actual, right, known, hint=hint)

    # The probes of all codes would take too long; who has PCA's right has made the loop right.
    voted = np.mean(measure(vote, "pca", k=1))
    judge("pca", probe, pairs["pca"][0], {voted: "that is the neighbours'; the probe is first."})
    for name, (by_probe, by_vote) in pairs.items():
        if not 0 <= by_probe <= 1:
            raise Wrong(f"few_labels[{name!r}], probe, is {by_probe:.6g}; wanted: a share.")
        judge(name, vote, by_vote, {by_probe: "that is the probe's."}, k=1)
    for i, reader in enumerate(["linear probe", "nearest neighbour"]):
        ahead = [name for name in pairs if pairs[name][i] > pairs["pixels"][i]]
        print(f"Right. Ahead of the pixels by the {reader}: {', '.join(ahead) or 'none'}.")


def check_4(error_by_visible, masked, x_few, hidden_mse):
    """The masked autoencoder's error on hidden patches with 6, 12, 25 and 43 visible ones.

    `hidden_mse` is the chapter's.
    """
    check_answered(error_by_visible=error_by_visible)
    if not isinstance(error_by_visible, dict):
        raise Wrong(f"error_by_visible is a {type(error_by_visible).__name__}; wanted: a dict.")
    if set(error_by_visible) != {6, 12, 25, 43}:
        raise Wrong(
            f"error_by_visible has the keys {list(error_by_visible)}; wanted: how many patches "
            "are visible, 6, 12, 25 and 43."
        )
    actual = list(error_by_visible.values())
    if all(isinstance(one, Real) for one in actual) and len(set(actual)) == 1:
        raise Wrong(
            "the four errors are one and the same. Set `masked.visible` before each new call of "
            "`masked(x_few)`."
        )
    stood_at = masked.visible

    def measure(n):
        masked.visible = n
        return hidden_mse(*masked(x_few), x_few)

    try:
        error = {n: measure(n) for n in (6, 12, 25, 43)}
    finally:
        masked.visible = stood_at  # also where a reader's `hidden_mse` fails
    for n in (43, 25, 12, 6):  # 43 first: there each mistake makes the largest difference
        check_number(
            f"error_by_visible[{n}]",
            error_by_visible[n],
            error[n],
            {
                error[n]
                * (49 - n)
                / 49: "that is divided by all 49 patches; take the hidden ones.",
                error[n] * 16: "that is a sum over the 16 pixels of a patch; wanted: their mean.",
                math.sqrt(error[n]): "that is the root; wanted: the mean squared error.",
                error[6]: "that is the error with 6 visible patches and 43 hidden ones.",
            },
            tolerance=0.15,  # which patches are hidden is drawn by lot, each time
            hint="`hidden_mse(*masked(x_few), x_few)`, with `masked.visible` set before.",
        )
    print("Right: " + ", ".join(f"{n} visible {e:.4f}" for n, e in error.items()) + ".")


def check_5(asked, your_labels, codes, labels, y_test):
    """Labels for all test images from 50 chosen ones, against 50 drawn at random."""
    check_answered(asked=asked, your_labels=your_labels)
    n_seeds, n_labelled = len(labels), len(labels[0])
    for name, actual in [("asked", asked), ("your_labels", your_labels)]:
        if not isinstance(actual, list | tuple | np.ndarray) or len(actual) != n_seeds:
            raise Wrong(f"{name} is not a list with one entry for each seed; seeds: {n_seeds}.")
    accuracy, at_random = [], []
    for seed, (z, z_test) in enumerate(codes["convolutional"]):
        chosen = np.unique(check_array(f"asked[{seed}]", asked[seed], (None,)))
        if len(chosen) > 50:
            raise Wrong(f"asked[{seed}] names {len(chosen)} images; you may ask about 50.")
        if np.any(chosen % 1) or np.any(chosen < 0) or np.any(chosen >= n_labelled):
            raise Wrong(
                f"asked[{seed}] does not hold numbers of labelled images, whole ones from 0 to "
                f"{n_labelled - 1}."
            )
        if isinstance(your_labels[seed], Real):
            raise Wrong(f"your_labels[{seed}] is one number; wanted: a digit for each test image.")
        said = check_array(f"your_labels[{seed}]", your_labels[seed], y_test.shape)
        if not np.isin(said, range(10)).all():
            raise Wrong(
                f"your_labels[{seed}] holds other things than the digits 0 to 9. Numbers of "
                "clusters? Each cluster needs the label of the image that you asked about."
            )
        if np.array_equal(said, y_test):
            raise Wrong(f"your_labels[{seed}] is `y_test` itself; only 50 labels may be seen.")
        accuracy.append(np.mean(said == y_test))
        start = KNeighborsClassifier(1, algorithm="brute").fit(z[:50], labels[seed][:50])
        at_random.append(start.score(z_test, y_test))
    if judged_in_full("the accuracy"):
        yours, start = np.mean(accuracy), np.mean(at_random)
        if yours < start + 0.05:
            worse = "Do the labels belong to the images and the seed? " if yours < start else ""
            raise Wrong(
                f"your mean accuracy is {yours:.1%}, that of fifty at random {start:.1%}; wanted: "
                f"five points more. {worse}Which images stand for many others?"
            )
        print(f"Right: {yours:.1%}, where fifty at random give {start:.1%}.")
    else:
        print("Right so far: at most 50 images asked about, and a label for every test image.")


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
