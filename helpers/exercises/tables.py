"""Checks for the exercises of tables."""

import numpy as np

from helpers.exercises import Wrong, check_answered, check_array, check_number
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(loss_a, loss_b, loss_c):
    """Squared errors with missing cells, by hand."""
    check_answered(loss_a=loss_a, loss_b=loss_b, loss_c=loss_c)
    check_number(
        "loss_a",
        loss_a,
        2.5,
        {
            5 / 3: say("the missing cell does not count, so divide by 2."),
            10: say("that takes the missing cell for a 0."),
            5: say("that is the sum; wanted: the mean over the known cells."),
        },
        hint=say("Two cells are known; their errors are 1 and -2."),
    )
    check_number(
        "loss_b",
        loss_b,
        14 / 3,
        {
            5.75: say("that is the mean of the two rows' means; the loss divides once, by 3."),
            14 / 6: say("only the three known cells count, not all six."),
            14: say("that is the sum; wanted: the mean over the known cells."),
            14 / 2: say("divide by the number of known cells, not of rows."),
        },
        hint=say("Add the squared errors of the three known cells, and divide once."),
    )
    check_number(
        "loss_c",
        loss_c,
        10,
        {
            2.5: say("the missing cell now has the target 0, and counts."),
            15: say("three cells count now, so divide by 3."),
            30: say("that is the sum; wanted: the mean."),
        },
        hint=say("The missing cell adds (5 - 0) squared."),
    )
    print(say("Right, all three. In (c) the network would learn that missing cells are average."))


def check_2(nearer_raw, nearer_scaled, distance_of_a):
    """The nearer of two rows, as recorded and standardised."""
    answers = {"nearer_raw": nearer_raw, "nearer_scaled": nearer_scaled}
    check_answered(**answers, distance_of_a=distance_of_a)
    for name, answer in answers.items():
        if not isinstance(answer, str) or answer.strip().upper() not in ("A", "B"):
            raise Wrong(say('{name} is {answer!r}; wanted: "A" or "B".', name=name, answer=answer))
    if nearer_raw.strip().upper() != "A":
        raise Wrong(
            say(
                "nearer_raw is B, which is 100 away; A is 20 away, and the smoothness adds nothing."
            )
        )
    if nearer_scaled.strip().upper() != "B":
        raise Wrong(
            say(
                "nearer_scaled is A; but its smoothness differs by nearly three standard "
                "deviations, and B's area by a third of one."
            )
        )
    right = float(np.hypot(20 / 350, 0.04 / 0.014))
    check_number(
        "distance_of_a",
        distance_of_a,
        right,
        {
            right**2: say("that is the squared distance; take the root."),
            20 / 350 + 0.04 / 0.014: say(
                "that is the sum; wanted: the root of the sum of squares."
            ),
            float(np.hypot(20, 0.04)): say("that is the distance as recorded."),
        },
        hint=say("The root of (20 / 350) squared plus (0.04 / 0.014) squared."),
    )
    print(say("Right, all three. As recorded, the smoothness might as well not be there."))


def check_3(threshold):
    """A threshold from scores, by how many new normal rows lie above it."""
    check_answered(threshold=threshold)
    rng = np.random.default_rng(3)
    train, held, new = rng.gamma(2, 0.5, 2000), rng.gamma(2, 1, 2000), rng.gamma(2, 1, 20_000)
    for share in (0.05, 0.2):
        given = _called(threshold, train.copy(), held.copy(), share)
        name = say("threshold(train, held, {share})", share=share)
        if np.ndim(given) or isinstance(given, str | bool | type(None)):
            raise Wrong(
                say(
                    "{name} is {kind}; wanted: a number.",
                    name=name,
                    kind=type(given).__name__,
                )
            )
        above = float(np.mean(new > float(given)))
        if abs(above - (1 - share)) < 0.03:
            words = say("that is the lower end: a high score is strange, so leave `share` above.")
        elif np.isclose(float(given), np.quantile(train, 1 - share), rtol=0.02):
            words = say("training rows have lower scores than new ones; take the held-out rows.")
        elif np.isclose(float(given), np.quantile(np.append(train, held), 1 - share), rtol=0.02):
            words = say("half of these are training rows, whose scores are lower.")
        else:
            words = say("Which quantile of the held-out scores leaves `share` above it?")
        if abs(above - share) > 0.02:
            raise Wrong(
                say(
                    "above {name} lie {above:.0%} of new normal rows; wanted: about {share:.0%}. "
                    "{words}",
                    name=name,
                    above=above,
                    share=share,
                    words=words,
                )
            )
    print(say("Right: about the promised share of new normal rows is above the threshold."))


def check_4(honest, leaked, known, test, gaps):
    """Errors of an imputer without and with the test rows."""
    from sklearn.impute import KNNImputer

    check_answered(honest=honest, leaked=leaked)
    known, test, gaps = (_table(x) for x in (known, test, gaps))
    hidden = np.isnan(gaps) & ~np.isnan(test)

    def error(*rows):
        filled = KNNImputer(n_neighbors=5).fit(np.concatenate(rows)).transform(gaps)
        return float(np.sqrt(np.mean((filled - test)[hidden] ** 2)))

    right, leak, gapped = error(known), error(known, test), error(known, gaps)
    check_number(
        "honest",
        honest,
        right,
        {
            leak: say("that imputer has seen the test rows; fit it on `known` alone."),
            right**2: say("that is the squared error; take the root."),
        },
        tolerance=2e-3,
        hint=say("Fit on `known`, transform `gaps`, then rmse(test, filled, gaps)."),
    )
    check_number(
        "leaked",
        leaked,
        leak,
        {
            right: say("that imputer has not seen the test rows yet."),
            gapped: say(
                "that one has seen the test rows with their gaps; take the complete `test`."
            ),
            error(test): say("that one has seen the test rows alone; add them to `known`."),
            leak**2: say("that is the squared error; take the root."),
        },
        tolerance=2e-3,
        hint=say("Fit on np.concatenate([known, test]), transform `gaps`."),
    )
    print(
        say(
            "Right: {honest:.2f} without the answers, {leaked:.2f} with them.",
            honest=right,
            leaked=leak,
        )
    )


def _table(x):
    """Return one of the study's own arrays, which may hold NaN."""
    x = np.asarray(x, float)
    check_array("x", np.nan_to_num(x), (None, None))
    return x


def _called(function, *arguments):
    """Return what a reader's function gives, or say why there is nothing."""
    if not callable(function):
        raise Wrong(say("that is a {kind}; wanted: your function.", kind=type(function).__name__))
    try:
        return function(*arguments)
    except Exception as error:  # any: what a reader's code raises is not ours to list
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Wrong(say("your function fails: {first}", first=first)) from None
