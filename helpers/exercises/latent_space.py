"""Checks for the exercises of latent-space."""

import math
from numbers import Real

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from helpers.exercises import Wrong, check_answered, check_array, check_number, judged_in_full
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


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
            say(
                "only {kept:.0%} of the neighbours on cloud_map are of a point's own cloud; in "
                "the 32 dimensions all are. Give t-SNE 300 rows, `clouds.reshape(-1, 32)`, and "
                "cut its answer in the same order, `.reshape(3, 100, 2)`.",
                kept=kept,
            )
        )
    (far, between, distance), (_, wide, width) = _distances(on_map), _widths(on_map)
    true_distance, true_width = _distances(clouds)[2], _widths(clouds)[2]
    if math.isclose(distance, true_distance, rel_tol=0.2):
        raise Wrong(
            say(
                "cloud_map keeps the distances of the 32 dimensions, as a shadow by PCA does. The "
                "exercise is about a map by `TSNE`."
            )
        )
    check_number(
        "distance_ratio",
        distance_ratio,
        distance,
        {
            true_distance: say("that is the ratio in the 32 dimensions; measure on cloud_map."),
            1 / distance: say("turn it: from a to c, divided by from a to b."),
            far: say("that is the distance from a to c; divide it by that from a to b."),
            between: say("that is the distance from a to b; the one from a to c is divided by it."),
        },
        tolerance=5e-3,
        hint=say("Measure on cloud_map, between the middles: a to c, divided by a to b."),
    )
    check_number(
        "width_ratio",
        width_ratio,
        width,
        {
            true_width: say("that is the ratio in the 32 dimensions; measure on cloud_map."),
            1 / width: say("turn it: the width of c, divided by that of a."),
            wide: say("that is the width of c; divide it by that of a."),
        },
        tolerance=5e-3,
        hint=say(
            "Measure on cloud_map: the mean distance of c's points from their middle, by a's."
        ),
    )
    print(
        say(
            "Right: on this map {distance:.1f} instead of {true_distance:.0f}, and {width:.1f} "
            "instead of {true_width:.0f}. Had you guessed it?",
            distance=distance,
            true_distance=true_distance,
            width=width,
            true_width=true_width,
        )
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
    known = _slips(right)
    # Trying the likely mistakes takes seconds, so only if something is wrong.
    before = scores["5 nearest"]["simple"][0]
    if not _is_close(stretched_vote, right):
        known |= {
            vote(z, z_new * stretch): say(
                "only the validation codes are stretched, the labelled codes not."
            ),
            vote(z * stretch, z_new): say(
                "only the labelled codes are stretched, the validation codes not."
            ),
        }
        now = vote(z, z_new)
        known[now] = (
            say(
                "the accuracy from before. Are both copies stretched, in every image's first "
                "number, `z[:, 0]`?"
            )
            if _is_close(now, before)
            else say(
                "`z_labelled` or `z_valid` itself was changed. Divide its first number by 100 "
                "again, and stretch a copy."
            )
        )
    check_number(
        "stretched_vote",
        stretched_vote,
        right,
        known,
        hint=say(
            "Multiply `z[:, 0]` by 100 in copies of the labelled and of the validation codes of "
            "`simple`, seed 0, and take `labels[0]` and five neighbours."
        ),
    )
    probed = scores["linear probe"]["simple"][0]
    check_number(
        "stretched_probe",
        stretched_probe,
        probed,
        {
            **_slips(probed),
            right: say("that is what the neighbours have; take `probe`."),
        },
        tolerance=0.01,
        hint=say(
            "The probe scales every number first. What is left of the stretch then, if the "
            "labelled and the validation codes have the same?"
        ),
    )
    print(
        say(
            "Right: the probe keeps its {probed:.1%}, and the neighbours go from {before:.1%} to "
            "{right:.1%}.",
            probed=probed,
            before=before,
            right=right,
        )
    )


def check_3(few_labels, z_labelled, z_valid, labels, y_valid, probe):
    """Accuracies with 100 labels: all codes' neighbours, and PCA's linear probe.

    `probe` is the chapter's.
    """
    check_answered(few_labels=few_labels)
    if not isinstance(few_labels, dict):
        raise Wrong(
            say("few_labels is a {kind}; wanted: a dict, by code.", kind=type(few_labels).__name__)
        )
    if missing := [name for name in z_valid if name not in few_labels]:
        raise Wrong(
            say(
                "few_labels lacks {missing}; wanted: every code in `z_valid`.",
                missing=", ".join(missing),
            )
        )
    pairs = {name: _check_pair(f"few_labels[{name!r}]", few_labels[name]) for name in z_valid}

    def measure(reader, name, *k):
        """Accuracies of one code with 100 labels, by seed."""
        by_seed = zip(z_labelled[name], z_valid[name], labels, strict=True)
        return [reader(z[:100], y[:100], *k).score(z_new, y_valid) for z, z_new, y in by_seed]

    def judge(name, reader, actual, other, *k):
        by_seed = measure(reader, name, *k)
        right = np.mean(by_seed)
        known = {by_seed[0]: say("that is the first seed alone; wanted: the mean over all seeds.")}
        known |= {sum(by_seed): say("that is the sum over the seeds; wanted: the mean.")}
        known |= _slips(right) | other
        if reader is _vote and not _is_close(actual, right):
            known[np.mean(measure(_vote, name, 5))] = say(
                "that is a vote of five; take one, `k=1`."
            )
        if right + 0.1 < actual < 1:
            known.setdefault(
                actual, say("100 labels do not give so much. Are there no more of them?")
            )
        what = f"few_labels[{name!r}]"
        what = (
            say("{what}, neighbours,", what=what)
            if reader is _vote
            else say("{what}, probe,", what=what)
        )
        hint = say("Take the first 100 labelled images of each seed and all validation images.")
        check_number(what, actual, right, known, hint=hint)

    # The probes of all codes would take too long; who has PCA's right has made the loop right.
    voted = np.mean(measure(_vote, "pca", 1))
    judge(
        "pca", probe, pairs["pca"][0], {voted: say("that is the neighbours'; the probe is first.")}
    )
    for name, (by_probe, by_vote) in pairs.items():
        if not 0 <= by_probe <= 1:
            raise Wrong(
                say(
                    "few_labels[{name!r}], probe, is {by_probe:.6g}; wanted: a share.",
                    name=name,
                    by_probe=by_probe,
                )
            )
        judge(name, _vote, by_vote, {by_probe: say("that is the probe's.")}, 1)
    by_probe, by_vote = (
        ", ".join(name for name in pairs if pairs[name][i] > pairs["pixels"][i]) or say("none")
        for i in (0, 1)
    )
    print(say("Right. Ahead of the pixels by the linear probe: {by_probe}.", by_probe=by_probe))
    print(say("Right. Ahead of the pixels by the nearest neighbour: {by_vote}.", by_vote=by_vote))


def check_4(choose, z_labelled, z_valid, labels, y_valid):
    """A function that chooses 50 images to ask about, against the first 50.

    The labels are asked for here, so that no answer can be fitted with more of them.
    """
    check_answered(choose=choose)
    if not callable(choose):
        raise Wrong(
            say(
                "choose is a {kind}; wanted: a function that takes codes and returns places.",
                kind=type(choose).__name__,
            )
        )
    accuracy = {"yours": [], "first": []}
    convolutional = zip(z_labelled["convolutional"], z_valid["convolutional"], labels, strict=True)
    for seed, (z, z_new, y) in enumerate(convolutional):
        said = choose(z.copy())
        if said is None:
            raise Wrong(say("choose returns nothing; is there a `return` at its end?"))
        places = np.unique(
            check_array(say("what choose returns for seed {seed}", seed=seed), said, (None,))
        )
        if not 1 <= len(places) <= 50:
            raise Wrong(
                say(
                    "choose names {n} images for seed {seed}; you may ask about 50.",
                    n=len(places),
                    seed=seed,
                )
            )
        if np.any(places % 1) or np.any(places < 0) or np.any(places >= len(z)):
            raise Wrong(
                say(
                    "choose returns other things than places of images for seed {seed}; wanted: "
                    "whole numbers from 0 to {last}.",
                    seed=seed,
                    last=len(z) - 1,
                )
            )
        for name, some in [("yours", places.astype(int)), ("first", np.arange(50))]:
            accuracy[name].append(_vote(z[some], y[some], 1).score(z_new, y_valid))
    yours, first = (np.mean(some) for some in accuracy.values())
    if judged_in_full(say("the accuracy")):
        if yours < first + 0.05:
            raise Wrong(
                say(
                    "with your images the mean accuracy is {yours:.1%}, with the first fifty "
                    "{first:.1%}; wanted: five points more. Which images stand for many others?",
                    yours=yours,
                    first=first,
                )
            )
        print(
            say(
                "Right: {yours:.1%}, where the first fifty give {first:.1%}.",
                yours=yours,
                first=first,
            )
        )
    else:
        print(say("Right so far: at most 50 images for each seed."))


def _vote(z, y, k):
    """The chapter's `neighbours`."""
    return KNeighborsClassifier(k, algorithm="brute").fit(z, y)


def _slips(accuracy):
    """What other numbers an accuracy may be given as."""
    return {
        100 * accuracy: say("that is in percent; wanted: a share, from 0 to 1."),
        1 - accuracy: say("that is the share of mistakes; wanted: of right answers."),
    }


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
        raise Wrong(
            say("{name} is not two numbers, by the probe and by the neighbours.", name=name)
        )
    if any(isinstance(one, list | tuple) or np.ndim(one) for one in actual):
        raise Wrong(say("{name} holds lists; wanted: means over the seeds.", name=name))
    return check_array(name, actual, (2,))
