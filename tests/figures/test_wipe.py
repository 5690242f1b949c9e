""" "Cleaning documents"'s figure: a page before and after."""

import io
import re

import numpy as np
import pytest
import traitlets
from PIL import Image

from helpers.data import documents
from helpers.widgets.wipe import Wipe
from support import FIGURE, Watched, assert_usable, come_near, eventually, show, stored_state

VIEWS = ["scan", "network", "clean page"]
# The gray of all pixels, row by row; the line is orange, so not gray: -1.
GRAYS = """c => {
  const {data} = c.getContext("2d").getImageData(0, 0, c.width, c.height);
  return [c.width, ...Array.from({length: c.width * c.height}, (_, i) =>
    (data[4 * i] === data[4 * i + 2] ? data[4 * i] : -1))];
}"""


@pytest.fixture(scope="module")
def pages():
    """Two small pages of different sizes, each dirty, half cleaned and clean."""
    made = {}
    for name, seed, size in [("stained", 2, (60, 90)), ("folded", 5, (40, 100))]:
        noisy, clean = documents.make_page(seed, *size)
        made[name] = dict(zip(VIEWS, [noisy, (noisy + clean) / 2, clean], strict=True))
    return made


def grays(where):
    width, *values = where.locator("canvas.wipe").evaluate(GRAYS)
    return np.reshape(values, (-1, width))


def assert_wiped(where, before, after, percent, atol):
    """Check that left of the line is one page and right of it the other, both in gray."""
    height, width = before.shape
    x = round(width * percent / 100)
    expected = 255 * np.concatenate([before[:, :x], after[:, x:]], axis=1)

    def check():
        found = grays(where)
        assert found.shape == (height, width)
        gray = found >= 0
        assert np.all(gray[: height - 25, np.abs(np.arange(width) - x) > 2])
        assert not np.any(gray[:, max(x - 1, 0) : x + 1])
        np.testing.assert_allclose(found[gray], expected[gray], atol=atol)

    eventually(check)  # the browser decodes a picture when it is shown for the first time


def test_left_is_before_and_right_is_after(page, pages):
    show(page, Wipe(pages))
    for name, views in pages.items():
        page.get_by_role("button", name=name).click()
        for right in VIEWS[1:]:
            page.get_by_role("button", name=right).click()
            for percent in (0, 30, 100):
                page.evaluate("percent => model.set('line', percent)", percent)
                # Half a step of 24 grays; percent of width is a whole pixel on these pages.
                assert_wiped(page, views["scan"], views[right], percent, 0.51 * 255 / 23 + 1)
    label = page.get_by_role("img").get_attribute("aria-label")
    assert label == "Left of the line: scan. Right: clean page."


def test_errors_are_those_of_the_full_pages(page, pages):
    figure = Wipe(pages)
    show(page, figure)
    for name, views in pages.items():
        page.get_by_role("button", name=name).click()
        page.get_by_role("button", name="network").click()
        dirty, cleaned = (
            np.sqrt(np.mean((views[view] - views["clean page"]) ** 2)) for view in VIEWS[:2]
        )
        words = [f"{view} {figure.rmse[name][view]:.4f}" for view in VIEWS[:2]]
        assert f"{', '.join(words)}." in page.inner_text(".status")
        assert figure.rmse[name] == pytest.approx(
            {"scan": dirty, "network": cleaned, "clean page": 0}, abs=1e-6
        )
    page.get_by_role("button", name="clean page").click()
    assert page.inner_text(".status").endswith(f"{words[0]}. Right is what it should be.")


def test_the_line_follows_mouse_finger_and_keys(page, pages):
    show(page, Wipe(pages))
    canvas, slider = page.locator("canvas.wipe"), page.get_by_role("slider", name="Line")
    box = canvas.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    assert page.evaluate("told.at(-1).line") == 50  # not pressed: it stays
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], middle)
    assert abs(page.evaluate("told.at(-1).line") - 75) <= 1
    page.mouse.move(box["x"] + 2 * box["width"], middle)
    page.mouse.up()
    assert page.evaluate("told.at(-1).line") == 100
    canvas.tap(position={"x": 0.25 * box["width"], "y": 10})
    page.wait_for_function("Math.abs(told.at(-1).line - 25) <= 1")
    slider.press("Home")
    slider.press("ArrowRight")
    assert page.evaluate("told.at(-1).line") == 1
    assert slider.get_attribute("aria-valuetext") == "1 %"


def test_page_and_view_are_chosen_by_keyboard_and_told(page, pages):
    show(page, Wipe(pages))
    page.get_by_role("button", name="folded").press("Enter")
    page.get_by_role("button", name="clean page").press("Space")
    told = page.evaluate("told.at(-1)")
    assert (told["page"], told["right"]) == ("folded", "clean page")
    chosen = page.locator('button[aria-pressed="true"]').all_inner_texts()
    assert chosen == ["folded", "clean page"]


def test_a_broken_picture_is_said(page, pages):
    figure = Wipe(pages)
    figure._pictures = bytes(len(figure._pictures))
    show(page, figure)
    page.get_by_text("could not be decoded").wait_for()


def test_a_wipe_is_accessible_fits_a_phone_and_stays_as_it_is_in_the_dark(page, pages):
    show(page, Wipe(pages))
    assert_usable(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    look = page.locator("canvas.wipe").evaluate("c => getComputedStyle(c).filter")
    assert look == "none"  # a page is a photograph, no drawing in ink


def test_bad_pages_and_places_are_named(pages):
    figure = Wipe(pages, alt="A page.")
    assert figure._still.alt == "A page."
    figure.page, figure.right, figure.line = "folded", "clean page", 7
    for name, value, words in [
        ("page", "torn", "page is 'torn'; wanted: stained, folded"),
        ("right", "scan", "right is 'scan'; wanted: network, clean page"),
        ("line", 101, "line is 101; wanted: 0 to 100"),
    ]:
        with pytest.raises(traitlets.TraitError, match=words):
            setattr(figure, name, value)
    x = np.zeros((3, 4))
    for bad, words in [
        ({}, "pages is empty"),
        ({"a": {"scan": x}}, "page 'a' has the views scan; wanted: two or more"),
        ({"a": {"scan": x, "clean": x}, "b": {"scan": x, "net": x}}, "page 'b' has the views"),
        ({"a": {"scan": x, "clean": x.T}}, r"shapes .*\(4, 3\).*wanted: one"),
        ({"a": {"scan": x, "clean": x + 2}}, "page 'a', clean: pixels from 2.0 to 2.0; wanted: 0"),
        ({"a": {"scan": x, "clean": x * np.nan}}, "page 'a', clean: pixels from nan"),
    ]:
        with pytest.raises(ValueError, match=words):
            Wipe(bad)


def test_the_wipe_on_the_page_equals_what_is_stored(host, browser):
    state = stored_state("book/studies/documents.html")

    def stored(view):
        png = Image.open(io.BytesIO(state["_pictures"][view["start"] : view["stop"]]))
        return np.asarray(png.convert("L")) / 255

    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/studies/documents.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE)
        for about in state["_pages"]:
            figure.get_by_role("button", name=about["name"]).click()
            before, *_, true = map(stored, about["views"])
            for view in about["views"][1:]:
                figure.get_by_role("button", name=view["name"]).click()
                figure.get_by_role("slider").press("Home")
                for _ in range(20):
                    figure.get_by_role("slider").press("ArrowRight")
                after = stored(view)
                assert_wiped(figure, before, after, 20, atol=1)
                said = re.findall(r"\d\.\d{4}", figure.locator(".status").inner_text())
                # The errors said are of the full grays, the pictures have 24 of them.
                errors = [np.sqrt(np.mean((one - true) ** 2)) for one in (before, after)]
                np.testing.assert_allclose(
                    [float(number) for number in said], errors[: len(said)], atol=0.01
                )
                assert len(said) == (1 if view["name"] == "clean page" else 2)
        assert watched.errors == []
