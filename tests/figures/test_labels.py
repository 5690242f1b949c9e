""" "Pretraining"'s figure: how many labels a way of starting saves."""

import numpy as np
import pytest
import traitlets

from helpers.widgets.labels import Labels
from support import FIGURE, Watched, assert_usable, come_near, show, stored_state

NAMES = {"plain": "from scratch", "better": "denoising", "worse": "frozen", "top": "magic"}
SIZES = [10, 100, 1000]
SCORES = {
    "plain": {10: [0.50, 0.60], 100: [0.70, 0.80], 1000: [0.88, 0.92]},
    "better": {10: [0.52, 0.64], 100: [0.79, 0.81], 1000: [0.91, 0.95]},
    "worse": {10: [0.40, 0.44], 100: [0.60, 0.64], 1000: [0.75]},
    "top": {10: [0.80, 0.80], 100: [0.91, 0.93], 1000: [0.94, 0.96]},
}


@pytest.fixture
def figure():
    return Labels(SCORES, NAMES)


def line(page, name):
    """Return what the figure says of one method."""
    (said,) = [
        words
        for words in page.locator("[role=status] p").all_inner_texts()
        if words.startswith(f"{name} ")
    ]
    return said


def test_accuracy_and_range_are_those_of_the_rounds(page, figure):
    show(page, figure)
    for n in SIZES:
        page.evaluate("n => model.set('labels', n)", n)
        for method in ("plain", "better"):
            scores = SCORES[method][n]
            words = (
                f"{NAMES[method]} {100 * np.mean(scores):.1f} % "
                f"({100 * min(scores):.1f} to {100 * max(scores):.1f})"
            )
            assert line(page, NAMES[method]).startswith(words)
            told = page.evaluate("told.at(-1).accuracy")
            assert told[method] == pytest.approx(np.mean(scores))
    assert "frozen 75.0 % (one run)" in line(page, "frozen")


def test_worth_is_read_from_the_first_curve(page, figure):
    show(page, figure)
    means = [np.mean(SCORES["plain"][n]) for n in SIZES]
    expected = 10 ** np.interp(np.mean(SCORES["better"][100]), means, np.log10(SIZES))
    told = page.evaluate("told.at(-1).worth")
    assert told["better"] == pytest.approx(expected)
    assert told["plain"] == pytest.approx(100)
    assert f"as good as from scratch with about {float(f'{expected:.1e}'):.0f} labels." in line(
        page, "denoising"
    )
    assert "about 22 labels: saves none." in line(page, "frozen")  # 10 to the power of 1.35
    page.evaluate("model.set('labels', 10)")
    assert "fewer than 10 labels, the fewest that were tried: saves none." in line(page, "frozen")
    assert page.evaluate("told.at(-1).worth.worse") is None
    page.evaluate("model.set('methods', ['top'])")
    page.evaluate("model.set('labels', 100)")
    assert "more than 1,000 labels, the most that were tried." in line(page, "magic")
    assert page.evaluate("told.at(-1).worth") == {"top": None}


def test_doubt_is_said(page, figure):
    show(page, figure)
    assert "Within the spread: the ranges overlap. With the same labels ahead in 2 of 2" in line(
        page, "denoising"
    )
    assert (
        "Farther apart than the spread: the ranges do not overlap. With the same labels ahead in 0"
        in line(page, "frozen")
    )
    page.evaluate("model.set('labels', 1000)")
    assert line(page, "frozen").endswith("the ranges do not overlap.")  # no rounds to compare


def test_one_round_says_nothing_of_a_spread(page):
    scores = {m: {n: s[:1] for n, s in row.items()} for m, row in SCORES.items()}
    show(page, Labels(scores, NAMES))
    said = page.inner_text("[role=status]")
    assert "mean of 1 round:" in said and "denoising 79.0 % (one run), as good as" in said
    assert "overlap" not in said


def test_one_number_of_labels_is_enough(page):
    show(page, Labels({m: {10: row[10]} for m, row in SCORES.items()}, NAMES))
    assert "more than 10 labels, the most that were tried." in line(page, "denoising")
    assert page.locator("[role=alert]").count() == 0


def test_a_method_is_switched_off_and_on(page, figure):
    show(page, figure)
    lines = page.locator(".chart").first.locator("path.line")
    assert lines.count() == 1 + 3  # the chosen number, and three methods
    page.get_by_role("checkbox", name="denoising").uncheck()
    assert lines.count() == 1 + 2
    assert page.evaluate("told.at(-1).methods") == ["plain", "worse"]
    assert "denoising" not in page.inner_text("[role=status]")
    page.get_by_role("checkbox", name="magic").check()
    assert set(page.evaluate("told.at(-1).accuracy")) == {"plain", "worse", "top"}
    page.evaluate("model.set('methods', [])")
    assert "No method is chosen" in page.inner_text("[role=status]")


def test_each_round_is_a_dot_at_its_accuracy(page, figure):
    show(page, figure)
    places = (
        page.locator(".chart")
        .nth(1)
        .locator("circle")
        .evaluate_all("all => all.map(c => c.cy.baseVal.value)")
    )
    scores = np.concatenate([SCORES[method][100] for method in ("plain", "better", "worse")])
    assert len(places) == len(scores)
    assert np.corrcoef(places, scores)[0, 1] == pytest.approx(-1)  # higher is better


def test_labels_by_keyboard(page, figure):
    show(page, figure)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.evaluate("model.get('methods')") == ["plain", "worse"]
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('labels')") == 1000
    slider = page.get_by_role("slider", name="Labelled images")
    assert slider.get_attribute("aria-valuetext") == "1,000"
    assert "With 1,000 labels" in page.inner_text("[role=status]")


def test_labels_by_finger(page, figure):
    show(page, figure)
    page.get_by_text("magic").tap()
    page.wait_for_function("model.get('methods').length === 4")
    assert page.evaluate("model.get('methods')") == ["plain", "better", "worse", "top"]


def test_labels_are_accessible_and_fit_a_phone(page, figure):
    show(page, figure)
    assert_usable(page)


def test_labels_that_cannot_start_say_so(page, figure):
    show(page, figure, labels=7)
    assert "Labelled images is 7; there are 10, 100, 1000" in page.get_by_role("alert").inner_text()


def test_labels_refuse_what_was_not_measured(figure):
    assert (figure.labels, figure.methods) == (100, ["plain", "better", "worse"])
    with pytest.raises(traitlets.TraitError, match=r"labels is 7; there are \[10, 100, 1000\]"):
        figure.labels = 7
    with pytest.raises(traitlets.TraitError, match=r"methods is \['x'\]; there are \['plain'"):
        figure.methods = ["x"]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"better": {10: [0.5]}}, r"scores\['better'\] is for \[10\] labels; wanted: \[10, 100"),
        ({"better": SCORES["better"] | {100: []}}, r"scores\['better'\]\[100\] is \[\]"),
        ({"better": SCORES["better"] | {100: [79, 81]}}, r"is \[79 81\]; wanted: 0 to 1"),
        ({"new": SCORES["top"]}, "names has no 'new'"),
        ({"e": SCORES["top"], "f": SCORES["top"]}, "scores has 6 methods; wanted: 1 to 5"),
    ],
)
def test_labels_refuse_bad_scores(change, words):
    with pytest.raises(ValueError, match=words):
        Labels(SCORES | change, NAMES)


def test_labels_on_the_page_equal_numpy(host, browser):
    state = stored_state("book/studies/pretraining.html")
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/studies/pretraining.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE)
        for box in figure.get_by_role("checkbox").all():
            box.check()
        figure.get_by_role("slider").press("Home")
        for at in range(len(state["_sizes"])):
            said = figure.locator("[role=status]").inner_text()
            for one in state["_scores"]:
                assert f"{one['name']} {100 * np.mean(one['scores'][at]):.1f} %" in said
            figure.get_by_role("slider").press("ArrowRight")
