"""Checks for the exercises of anomalies."""

import math

import numpy as np
from sklearn.metrics import average_precision_score

from helpers.exercises import (
    Wrong,
    check_answered,
    check_array,
    check_number,
    judged_in_full,
)
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(precision, recall_of_six, false_alarms, average_precision):
    """Four measures of six sorted beats: P N P | P N N."""
    check_answered(
        precision=precision,
        recall_of_six=recall_of_six,
        false_alarms=false_alarms,
        average_precision=average_precision,
    )
    percent = say("that is in percent; wanted: a share.")
    check_number(
        "precision",
        precision,
        2 / 3,
        {
            1 / 3: say("that is the share of the alarms that are wrong."),
            1 / 2: say("that is the share of premature beats among all six."),
            200 / 3: percent,
        },
        tolerance=0.01,
        hint=say("How many of the three beats with an alarm are premature?"),
    )
    check_number(
        "recall_of_six",
        recall_of_six,
        2 / 3,
        {
            1 / 3: say(
                "that is the share that is missed, or of all six; wanted: found of premature."
            ),
            1 / 2: say("that is the share of beats with an alarm."),
            200 / 3: percent,
        },
        tolerance=0.01,
        hint=say("How many of the three premature beats give an alarm?"),
    )
    check_number(
        "false_alarms",
        false_alarms,
        1 / 3,
        {
            1: say("that is their number; wanted: their share of the normal beats."),
            1 / 6: say("that is their share of all beats; wanted: of the normal ones."),
            2 / 3: say("that is the share of the normal beats without an alarm."),
            100 / 3: percent,
        },
        tolerance=0.01,
        hint=say("How many of the three normal beats give an alarm?"),
    )
    check_number(
        "average_precision",
        average_precision,
        (1 + 2 / 3 + 3 / 4) / 3,
        {
            (1 + 2 / 3) / 2: say("the third premature beat counts too, though it gives no alarm."),
            (1 + 1 / 2 + 2 / 3) / 3: say(
                "take the precision at the premature beats, not the first 3."
            ),
            (1 + 1 / 2 + 2 / 3 + 3 / 4 + 3 / 5 + 3 / 6) / 6: say("only at the premature beats."),
            100 * (1 + 2 / 3 + 3 / 4) / 3: percent,
        },
        tolerance=0.01,
        hint=say("The mean of the precisions at the three premature beats."),
    )
    print(say("Right: the first three depend on the threshold, the last one on the order alone."))


def check_2(by_size, beats, is_train, is_held, is_test, kind):
    """Error, average precision and recall of PCA on normal beats, for six sizes."""
    check_answered(by_size=by_size)
    sizes = [1, 2, 4, 8, 16, 32]
    if not isinstance(by_size, dict):
        raise Wrong(
            say(
                "by_size is a {kind}; wanted: a dict, one entry a size.",
                kind=type(by_size).__name__,
            )
        )
    if missing := [size for size in sizes if size not in by_size]:
        raise Wrong(
            say(
                "by_size has no entry for {missing}; wanted: for each of {sizes}.",
                missing=missing,
                sizes=sizes,
            )
        )
    normal, premature = kind == "normal", kind[is_test] == "premature"

    def pca(fit):  # of all sizes at once, which scikit-learn's would not be
        return fit.mean(axis=0), np.linalg.eigh(np.cov(fit.T))[1][:, ::-1]

    clean, unclean = pca(beats[is_train & normal]), pca(beats[is_train])

    def rows(mean, axes):
        """What one size gives, and what typical slips make of it."""
        error = np.mean((beats - mean - (beats - mean) @ axes @ axes.T) ** 2, axis=1)
        late, threshold = error[is_test], np.quantile(error[is_held & normal], 0.95)
        copy, alarm = float(late[normal[is_test]].mean()), late > threshold
        slips = {
            "seen": np.quantile(error[is_train & normal], 0.95),
            "peeked": np.quantile(late[normal[is_test]], 0.95),
            "unsorted": np.quantile(error[is_held], 0.95),
        }
        return {
            "copy": copy,
            "ap": average_precision_score(premature, late),
            "recall": np.mean(alarm[premature]),
            "sum": 64 * copy,
            "root": math.sqrt(copy),
            "scaled": copy / float(beats[is_train].var()),
            "all": float(late.mean()),
            "train": float(error[is_train & normal].mean()),
            "precision": np.sum(alarm & premature) / max(np.sum(alarm), 1),
            **{name: np.mean((late > limit)[premature]) for name, limit in slips.items()},
        }

    for size in sizes:
        answer = by_size[size]
        if not isinstance(answer, list | tuple | np.ndarray) or len(answer) != 3:
            raise Wrong(
                say(
                    "by_size[{size}] is {answer!r:.60}; wanted: three numbers, error, average "
                    "precision and recall.",
                    size=size,
                    answer=answer,
                )
            )
        right, loose = (rows(mean, axes[:, :size]) for mean, axes in (clean, unclean))
        check_number(
            say("the error in by_size[{size}]", size=size),
            answer[0],
            right["copy"],
            {
                loose["copy"]: say(
                    "was PCA fitted on all training beats? Fit it on the normal ones."
                ),
                right["ap"]: say("that is the average precision; the error comes first."),
                right["all"]: say("that is over all test beats; wanted: over the normal ones."),
                right["train"]: say("that is on the training beats; wanted: on the test beats."),
                right["sum"]: say("that is a sum over the 64 values; wanted: their mean."),
                right["root"]: say("that is the root; wanted: squared millivolts."),
                right["scaled"]: say("that is in squared deviations; wanted: squared millivolts."),
            },
            tolerance=0.01,
            hint=say("Wanted: the mean error of the normal test beats, unrounded."),
        )
        check_number(
            say("the average precision in by_size[{size}]", size=size),
            answer[1],
            right["ap"],
            {
                100 * right["ap"]: say("that is in percent; wanted: a share."),
                loose["ap"]: say(
                    "was PCA fitted on all training beats? Fit it on the normal ones."
                ),
                right["recall"]: say("that is the recall, which comes last."),
                right["precision"]: say("that is the precision at the threshold."),
            },
            tolerance=0.006,
            hint=say("Give `precision_on_average` the errors of the test beats, not the alarms."),
        )
        check_number(
            say("the recall in by_size[{size}]", size=size),
            answer[2],
            right["recall"],
            {
                100 * right["recall"]: say("that is in percent; wanted: a share."),
                right["precision"]: say("that is the precision: turn the question around."),
                right["seen"]: say(
                    "was the threshold taken from training beats? Take held-out ones."
                ),
                right["peeked"]: say(
                    "was the threshold taken from test beats? Take held-out ones."
                ),
                right["unsorted"]: say(
                    "was the threshold taken from all held-out beats? Normal ones."
                ),
                right["ap"]: say("that is the average precision."),
            },
            tolerance=0.006,
            hint=say("The threshold: quantile 0.95 of the errors of the normal held-out beats."),
        )
    print(say("Right: the error falls from size to size, and the rest does not follow it."))


def check_3(your_score, redraw, beats, is_held, is_test, kind):
    """A score of beats by which a flat line is strange."""
    if not callable(your_score):
        raise Wrong(
            say("your_score is a {kind}; wanted: a function.", kind=type(your_score).__name__)
        )
    beats = np.asarray(beats, np.float64)
    flat = np.zeros((1, beats.shape[1]))
    first = your_score(beats, np.asarray(redraw(beats)))
    check_answered(your_score=first)
    scores = check_array(say("your_score of all beats"), first, (len(beats),))
    of_flat = check_array(
        say("your_score of the flat line"), your_score(flat, np.asarray(redraw(flat))), (1,)
    )[0]
    normal, premature = kind == "normal", kind == "premature"
    threshold = np.quantile(scores[is_held & normal], 0.95)
    alarm = scores > threshold
    if not of_flat > threshold:
        raise Wrong(
            say(
                "the flat line's score is {of_flat:.3g}, the threshold {threshold:.3g}: it still "
                "passes. What makes its error small?",
                of_flat=of_flat,
                threshold=threshold,
            )
        )
    if not judged_in_full(say("the alarms")):
        print(say("Right so far: the flat line is strange."))
        return
    recall = float(np.mean(alarm[is_test & premature]))
    false = float(np.mean(alarm[is_test & normal]))
    if recall < 0.9:
        raise Wrong(
            say(
                "the flat line is strange, but only {recall:.0%} of the premature test beats are; "
                "wanted: 90 %. Does the error still count?",
                recall=recall,
            )
        )
    if false > 0.1:
        raise Wrong(
            say(
                "{false:.0%} of the normal test beats give an alarm; wanted: at most 10 %.",
                false=false,
            )
        )
    print(
        say(
            "Right: the flat line is strange, and so are {recall:.0%} of the premature test beats "
            "and {false:.0%} of the normal ones.",
            recall=recall,
            false=false,
        )
    )


def check_4(your_guess, recall_by_count, beats, is_train, is_held, is_test, kind):
    """Recall of PCA that was also fitted on some premature beats."""
    check_answered(your_guess=your_guess, recall_by_count=recall_by_count)
    counts = [0, 1, 2, 5, 20]
    if not isinstance(recall_by_count, dict):
        raise Wrong(
            say(
                "recall_by_count is a {kind}; wanted: a dict, one entry a number of premature "
                "beats.",
                kind=type(recall_by_count).__name__,
            )
        )
    if missing := [count for count in counts if count not in recall_by_count]:
        raise Wrong(
            say(
                "recall_by_count has no entry for {missing}; wanted: for each of {counts}.",
                missing=missing,
                counts=counts,
            )
        )
    normal, premature = kind == "normal", kind == "premature"

    def recalls(count):
        """The right one, and what typical slips make of it."""
        fit = np.concatenate([beats[is_train & normal], beats[is_train & premature][:count]])
        axes = np.linalg.eigh(np.cov(fit.T))[1][:, -8:]
        away = beats - fit.mean(axis=0)
        error = np.mean((away - away @ axes @ axes.T) ** 2, axis=1)
        found = error[is_test & premature]
        alarm = error > np.quantile(error[is_held & normal], 0.95)
        return {
            "right": float(np.mean(alarm[is_test & premature])),
            "precision": np.sum(alarm & is_test & premature) / max(np.sum(alarm & is_test), 1),
            "unsorted": float(np.mean(found > np.quantile(error[is_held], 0.95))),
            "seen": float(np.mean(found > np.quantile(error[is_train & normal], 0.95))),
        }

    for count in counts:
        right = recalls(count)
        check_number(
            f"recall_by_count[{count}]",
            recall_by_count[count],
            right["right"],
            {
                100 * right["right"]: say("that is in percent; wanted: a share."),
                right["precision"]: say("that is the precision."),
                right["unsorted"]: say(
                    "was the threshold taken from all held-out beats? Normal ones."
                ),
                right["seen"]: say(
                    "was the threshold taken from training beats? Take held-out ones."
                ),
            },
            tolerance=0.006,
            hint=say("Fit PCA(8) on the normal training beats and the first premature ones."),
        )
    print(say("Right: compare the fall with your guess."))
