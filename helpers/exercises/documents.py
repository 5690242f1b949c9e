"""Checks for the exercises of documents."""

import math

import numpy as np

from helpers.data import documents
from helpers.exercises import Wrong, apply_model, check_answered, check_number, judged_in_full
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3"]


def check_1(first_layer, times_the_weights, window, margin):
    """Four predictions for convolutions of 5 x 5: parameters, weights, window, overlap."""
    check_answered(
        first_layer=first_layer, times_the_weights=times_the_weights, window=window, margin=margin
    )
    check_number(
        "first_layer",
        first_layer,
        25 * 32 + 32,
        {
            25 * 32: say("these are the weights; each of the 32 filters has a bias too."),
            25 * 32 + 1: say("each of the 32 filters has a bias of its own."),
            25: say("these are the weights of one filter; there are 32, each with a bias."),
            26: say("that is one filter; there are 32."),
            9 * 32 + 32: say("that is the layer of 3 x 3."),
            5 * 32 + 32: say("a filter of 5 x 5 has more than 5 weights."),
            25 * 32 * 32 + 32: say("32 channels come out of this layer; only one goes in."),
        },
        tolerance=1e-6,
        hint=say("Count height x width x channels in, for each filter, and its bias."),
    )
    check_number(
        "times_the_weights",
        times_the_weights,
        25 / 9,
        {
            5 / 3: say("a filter grows in height and in width."),
            9 / 25: say("turn it: the larger network has more weights."),
            (25 * 1408 + 113) / 12_785: say("that is with the biases, which do not become more."),
            25: say("a filter of 3 x 3 has more than one weight."),
            2.8: say("near; give it with two digits after the point, or as a fraction."),
        },
        tolerance=2e-3,
        hint=say("Each layer grows by the same factor, so one filter is enough to see it."),
    )
    check_number(
        "window",
        window,
        29,
        {
            15: say("that is the window of the 3 x 3 filters."),
            35: say("windows of layers overlap: each layer adds what it reaches to both sides."),
            28: say("the pixel in the middle counts too."),
            14: say("that is to one side."),
            5: say("that is what one layer sees; there are seven."),
        },
        tolerance=1e-6,
        hint=say("Go back layer by layer: how many pixels does each add on both sides?"),
    )
    check_number(
        "margin",
        margin,
        14,
        {
            7: say("that is for the 3 x 3 filters."),
            29: say("that is the whole window; how far does it reach beyond its middle?"),
            28: say("that is both sides together."),
            15: say("the pixel itself lies in its own tile."),
            2: say("that is what one layer reaches; there are seven."),
        },
        tolerance=1e-6,
        hint=say("How far beyond itself does a pixel at the rim of a tile see?"),
    )
    print(
        say("Right, all four: window and margin depend on kernel size and number of layers alone.")
    )


def check_2(only_real, model_before, tuned, real, invented_test):
    """A copy of the chapter's network, fine-tuned on the real training pages alone."""
    check_answered(only_real=only_real)
    if only_real is model_before or only_real is tuned:
        raise Wrong(
            say(
                "only_real is one of the chapter's models, not a copy of `model`. If you have "
                "trained it further, run the notebook from the top again."
            )
        )
    page = np.linspace(0, 1, 41 * 53, dtype=np.float32).reshape(1, 41, 53, 1)
    y = apply_model("only_real", only_real, page)
    if y.shape != page.shape:
        raise Wrong(
            say(
                "only_real makes {shape} of (41, 53, 1); wanted: a page of that size.",
                shape=y.shape[1:],
            )
        )
    yours, before = (
        np.concatenate([np.ravel(w) for w in m.get_weights()] or [[]])
        for m in (only_real, model_before)
    )
    if yours.shape != before.shape:
        raise Wrong(
            say(
                "only_real has {size:,} parameters, `model` has {expected:,}; wanted: a copy. "
                "`keras.models.clone_model` makes the layers.",
                size=yours.size,
                expected=before.size,
            )
        )
    if np.array_equal(yours, before):
        raise Wrong(
            say(
                "only_real has the weights of `model`, to the last digit. Is it trained? And is "
                "it a copy, or the same layers under another name?"
            )
        )
    if np.corrcoef(yours, before)[0, 1] < 0.3:
        raise Wrong(
            say(
                "only_real has nothing of what `model` learned: `clone_model` gives new weights. "
                "Bring the old ones over before you train."
            )
        )
    if not judged_in_full(say("what it forgets")):
        print(say("Right so far: a copy of `model`, trained further."))
        return
    if not real.real:
        print(
            say(
                "Right so far: trained further. Stand-ins for real pages say nothing on forgetting."
            )
        )
        return
    # On some pages only, the same for both: seconds, and a fair comparison.
    stained = [
        [p for p in part if (p.number - 1) // 3 % 4 == 0][:4] for part in (real.train, real.test)
    ]
    gain = [_rmse(only_real, part) / _rmse(model_before, part) for part in stained]
    if gain[1] > 0.98:
        raise Wrong(
            say(
                "on stained real pages its error is {gain:.2f} times that of `model`: it has "
                "gained nothing there. Is it trained on the real pages, long enough, from the "
                "weights of `model`?",
                gain=gain[1],
            )
        )
    if gain[1] < 0.85 * gain[0]:
        raise Wrong(
            say(
                "it has gained more on the test pages than on the training pages. Are you sure "
                "that it was trained on `pages(real.train)`?"
            )
        )
    some = [documents.Pair(0, *pair) for pair in invented_test[::2]]
    loss = _rmse(only_real, some) / _rmse(tuned, some)
    if loss < 1.03:
        raise Wrong(
            say(
                "on invented pages its error is {loss:.2f} times that of `tuned`: it has "
                "forgotten nothing. Was it trained on the real pages alone?",
                loss=loss,
            )
        )
    print(
        say(
            "Right: it has learned real pages, and on invented ones errs {loss:.2f} times as much.",
            loss=loss,
        )
    )


def check_3(f1_by_size, too_small, tuned):
    """F1 of the fine-tuned network by size of the font, and the largest size that is too small."""
    check_answered(f1_by_size=f1_by_size, too_small=too_small)
    if not isinstance(f1_by_size, dict):
        raise Wrong(
            say(
                "f1_by_size is a {kind}; wanted: a dict with a list of three F1 for each size.",
                kind=type(f1_by_size).__name__,
            )
        )
    for size, several in f1_by_size.items():
        _check_size(size, several)
    if len(f1_by_size) < 6:
        raise Wrong(say("f1_by_size has {n} sizes; wanted: six or more.", n=len(f1_by_size)))
    if not isinstance(too_small, int | np.integer) or too_small not in f1_by_size:
        raise Wrong(
            say(
                "too_small is {too_small!r}, which is no size of your f1_by_size.",
                too_small=too_small,
            )
        )
    if not judged_in_full(say("where the cleaner stops working")):
        return
    for size, several in f1_by_size.items():
        # Other pages than the reader's: right is what is near.
        some = [documents.make_page(seed, 210, 270, size=size) for seed in range(7000, 7006)]
        ours, actual = _f1(tuned, some), np.mean(several)
        if abs(ours - actual) > 0.25:
            raise Wrong(
                say(
                    "at {size} pixels your F1 is {actual:.2f} on average, but `tuned` has about "
                    '{ours:.2f} there. Is it `judge(apply(tuned), ...)["f1"]`?',
                    size=size,
                    actual=actual,
                    ours=ours,
                )
            )
    lowest = {size: min(several) for size, several in f1_by_size.items() if size < 24}
    failing = [size for size, f1 in lowest.items() if f1 < 0.9]
    if not failing:
        raise Wrong(say("none of your sizes below 24 is too small; try smaller ones."))
    if too_small >= 24:
        raise Wrong(
            say("too_small is {too_small}; look at the sizes below 24.", too_small=too_small)
        )
    if too_small not in failing:
        raise Wrong(
            say(
                "too_small is {too_small}, but there all groups have 0.9 or more (the lowest "
                "{f1:.3f}).",
                too_small=too_small,
                f1=lowest[too_small],
            )
        )
    if too_small < max(failing):
        raise Wrong(
            say(
                "too_small is {too_small}, but at {size} pixels a group is below 0.9, too "
                "({f1:.3f}).",
                too_small=too_small,
                size=max(failing),
                f1=lowest[max(failing)],
            )
        )
    print(
        say(
            "Right: {too_small} pixels are too small, with an F1 of {f1:.3f}.",
            too_small=too_small,
            f1=lowest[too_small],
        )
    )


def _check_size(size, several):
    """Raise `Wrong` unless this is a size with at least three F1."""
    name = f"f1_by_size[{size!r}]"
    if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
        raise Wrong(
            say("f1_by_size has the key {size!r}; wanted: sizes in whole pixels.", size=size)
        )
    if isinstance(several, dict):
        raise Wrong(say("{name} is a dict: `judge` gives several numbers. Take the F1.", name=name))
    if not isinstance(several, list | tuple | np.ndarray) or len(several) < 3:
        raise Wrong(
            say(
                "{name} is {several!r:.60}; wanted: a list of three F1, a group each.",
                name=name,
                several=several,
            )
        )
    for f1 in several:
        if isinstance(f1, dict):
            raise Wrong(
                say("{name} holds dicts: `judge` gives several numbers. Take the F1.", name=name)
            )
        check_number(name, f1, f1)  # a finite number at all?
        if not 0 <= f1 <= 1:
            raise Wrong(say("{name} holds {f1:.4g}; F1 lies between 0 and 1.", name=name, f1=f1))
    if len(set(map(float, several))) == 1 and 0 < several[0] < 1:
        raise Wrong(
            say(
                "{name} holds one number three times. Each group needs pages of its own.", name=name
            )
        )


def _f1(cleaner, pages):
    """F1 of the strokes over all pages, as `judge` has it."""
    both = strokes = 0
    for noisy, clean in pages:
        y = apply_model("tuned", cleaner, noisy[np.newaxis, ..., np.newaxis])[0, ..., 0]
        drawn, meant = y < 0.5, clean < 0.5
        both, strokes = both + np.sum(drawn & meant), strokes + drawn.sum() + meant.sum()
    return 2 * both / max(strokes, 1)


def _pixels(pairs):
    return sum(pair.clean.size for pair in pairs)


def _rmse(cleaner, pairs):
    """Error per pixel over all pairs, a page at a time, because pages differ in size."""
    total = 0.0
    for pair in pairs:
        y = apply_model(say("a model"), cleaner, pair.noisy[np.newaxis, ..., np.newaxis])[0, ..., 0]
        total += float(np.sum((y - pair.clean) ** 2, dtype=float))
    return math.sqrt(total / _pixels(pairs))
