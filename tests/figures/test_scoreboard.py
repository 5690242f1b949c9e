""" "The scoreboard"'s figure: every network of the book, to sort and to compare."""

import pytest
import traitlets

from helpers.widgets.scoreboard import Scoreboard
from support import assert_usable, show


def network(name, code, bce, parameters=1000, noisy=False, elbo=None, seconds=10.0):
    return {
        "name": name,
        "code": code,
        "parameters": parameters,
        "noisy": noisy,
        "bce": [bce, bce - 0.001, bce + 0.002],
        "mse": [bce / 10] * 3,
        "psnr": [200 * bce, 200 * bce - 1, 200 * bce + 1],
        "ssim": [1 - bce] * 3,
        "elbo": elbo,
        "seconds": [seconds] * 3,
    }


@pytest.fixture
def networks():
    return [
        network("simple", 32, 0.092, parameters=50_992, seconds=8.5),
        network("deep", 32, 0.082, 222_384, seconds=31.0),
        network("variational", 2, 0.167, elbo=[-137.4, -138.0, -137.0]),
        network("denoiser", 1568, 0.094, noisy=True),
    ]


@pytest.fixture
def pca():
    measures = {"bce": 0.5, "mse": 0.05, "psnr": 13.0, "ssim": 0.5}
    return [{"code": code} | measures for code in (2, 32)]


@pytest.fixture
def figure(networks, pca):
    return Scoreboard(networks, pca)


def order(page):
    """Return the names as the table has them, from top to bottom."""
    return page.locator("tbody th").all_inner_texts()


def words(page):
    return page.inner_text("[role=status]")


def press(page, heading):
    page.get_by_role("button", name=heading, exact=True).click()


def test_it_starts_with_the_smallest_error(page, figure):
    show(page, figure)
    assert order(page) == ["deep", "simple", "denoiser", "variational"]
    assert page.evaluate("told.at(-1).order") == order(page)
    row = page.locator("tbody tr").nth(1).locator("td").all_inner_texts()
    assert row == ["0.0920", "32", "50,992", "0.0092", "18.40", "0.908", "–", "9"]


@pytest.mark.parametrize(
    "heading, best_first",
    [
        ("parameters", ["variational", "denoiser", "simple", "deep"]),
        ("PSNR (dB)", ["variational", "denoiser", "simple", "deep"]),  # more is better
        ("seconds of training", ["simple", "variational", "denoiser", "deep"]),
        ("numbers in the code", ["variational", "simple", "deep", "denoiser"]),
    ],
)
def test_a_heading_sorts_best_first_and_then_turns(page, figure, heading, best_first):
    show(page, figure)
    press(page, heading)
    assert order(page) == best_first
    sorted_by = page.locator("th[aria-sort]")
    assert sorted_by.count() == 1 and heading in sorted_by.inner_text()
    first = sorted_by.get_attribute("aria-sort")
    page.locator("th[aria-sort] button").click()
    # Equal numbers keep their order.
    assert order(page)[0] == best_first[-1] and order(page) != best_first
    assert {first, page.locator("th[aria-sort]").get_attribute("aria-sort")} == {
        "ascending",
        "descending",
    }
    page.locator("th[aria-sort] button").click()
    assert order(page) == best_first


def test_what_has_no_number_comes_last_either_way(page, figure):
    show(page, figure)
    press(page, "ELBO (nats)")
    assert order(page)[0] == "variational"
    page.locator("th[aria-sort] button").click()
    assert order(page)[0] == "variational"
    assert words(page) == "simple: 32 numbers, 50,992 parameters. It has no ELBO (nats)."


def test_the_chart_shows_what_was_sorted_by(page, figure):
    show(page, figure)
    chart = page.locator(".chart svg[role=img]")
    assert chart.get_attribute("aria-label") == (
        "BCE per pixel of each network against the numbers in its code"
    )
    assert page.locator(".legend li").all_inner_texts() == [
        "clean images go in", "noisy images go in", "PCA", "simple",
    ]  # fmt: skip
    assert chart.locator("circle").count() == 5  # four networks, one of them marked
    press(page, "SSIM")
    assert chart.get_attribute("aria-label").startswith("SSIM of each network")
    press(page, "parameters")  # nothing that was measured: the error stays
    assert chart.get_attribute("aria-label").startswith("BCE per pixel")


def test_a_lower_error_stands_lower_in_the_chart(page, figure):
    show(page, figure)
    circles = page.locator(".chart svg[role=img] circle")
    places = [float(circles.nth(i).get_attribute("cy")) for i in range(4)]
    # clean: simple 0.092, deep 0.082, variational 0.167; noisy: denoiser 0.094
    assert places[1] > places[0] > places[3] > places[2]


def test_a_name_marks_a_network_and_the_text_tells_of_it(page, figure):
    show(page, figure)
    assert words(page) == (
        "simple: 32 numbers, 50,992 parameters. BCE per pixel: 0.0920 (five seeds: 0.0910 to "
        "0.0940). PCA with as many numbers: 0.5000."
    )
    page.get_by_role("button", name="denoiser").click()
    assert words(page) == (
        "denoiser: 1,568 numbers, 1,000 parameters. BCE per pixel: 0.0940 (five seeds: 0.0930 to "
        "0.0960)."
    )
    assert page.evaluate("told.at(-1).chosen") == "denoiser"
    assert page.locator("tr[data-chosen] th").all_inner_texts() == ["denoiser"]


def test_by_keyboard(page, figure):
    show(page, figure)
    page.get_by_role("button", name="MSE per pixel").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("model.get('column')") == "mse"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.evaluate("model.get('column')") == "psnr"
    assert page.locator("th[aria-sort] button").evaluate("e => e === document.activeElement")


def test_python_can_sort_and_choose(page, figure):
    show(page, figure)
    page.evaluate("model.set('column', 'seconds')")
    page.evaluate("model.set('chosen', 'deep')")
    assert page.evaluate("told.at(-1).order") == order(page)
    assert words(page).endswith("seconds of training: 31.")


def test_the_scoreboard_is_accessible_and_fits_a_phone(page, figure):
    show(page, figure)
    assert_usable(page)


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("column", "nats", "column is 'nats'; there are"),
        ("chosen", "x", "chosen is 'x'; there are"),
    ],
)
def test_it_refuses_what_is_not_there(figure, name, value, said):
    with pytest.raises(traitlets.TraitError, match=said):
        setattr(figure, name, value)
    figure.column, figure.chosen = "ssim", "deep"
    assert (figure.column, figure.chosen) == ("ssim", "deep")


@pytest.mark.parametrize(
    "change, said",
    [
        ({"name": "deep"}, "each with its own name"),
        ({"name": ""}, "name is ''; wanted: words"),
        ({"code": None}, "simple: code is None; wanted: a finite number"),
        ({"mse": None}, "simple: mse is None; wanted: mean, least, most"),
        ({"mse": [1.0, 2.0]}, r"simple: mse is \[1.0, 2.0\]; wanted: mean, least, most"),
        ({"bce": [0.1, 0.1, float("nan")]}, "simple, bce: most is nan; wanted: a finite number"),
    ],
)
def test_rows_that_lack_something_are_refused(networks, pca, change, said):
    networks[0] |= change
    with pytest.raises(ValueError, match=said):
        Scoreboard(networks, pca)


def test_no_rows_are_refused(pca):
    with pytest.raises(ValueError, match="wanted at least one"):
        Scoreboard([], pca)


def test_the_still_picture_says_what_it_shows(figure):
    bundle, metadata = figure._repr_mimebundle_()
    assert bundle["image/png"]
    assert metadata["image/png"]["alt"].startswith("Test error of 4 networks of the book against")
