"""The first page leads everywhere, and each page says what its neighbours answer."""

import pytest

from bookbuild import book
from support import Watched, soup

DOORS = ["Read", "Run in Colab", "Teach", "On your machine"]


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_title_figure_and_doors_stand_on_the_first_screen(host, browser, size):
    with Watched(browser, host) as watched:
        page = watched.page
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        page.goto(f"{host}/book/index.html", wait_until="networkidle")
        for name in DOORS:
            card = page.locator(".doors .sd-card", has=page.get_by_role("link", name=name)).first
            box = card.bounding_box()
            assert box["y"] + box["height"] <= size[1], name
        figure = page.locator(".playground")
        figure.wait_for()
        for part in (figure.get_by_role("button", name="Start training"), figure.locator("canvas")):
            box = part.first.bounding_box()
            assert box["y"] + box["height"] <= size[1]


def test_a_card_is_one_link_wherever_it_is_pressed(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/index.html", wait_until="networkidle")
        cards = page.locator(".doors .sd-card")
        assert cards.count() == len(DOORS) + len(book.pages("The models"))
        for card in cards.all():
            assert card.locator("a, button, [tabindex]").count() == 1
            card.get_by_role("link").focus()
            page.keyboard.press("Shift+Tab")  # the ring is for the keyboard
            page.keyboard.press("Tab")
            assert card.evaluate("c => getComputedStyle(c).outlineWidth") == "3px"
        card = page.locator(".doors .sd-card", has=page.get_by_role("link", name="Denoising"))
        box = card.bounding_box()
        card.click(position={"x": box["width"] - 8, "y": box["height"] - 8})
        page.wait_for_url("**/models/denoising.html")


def test_the_studies_are_listed_by_what_they_answer(site):
    links = soup(site / "book" / "index.html").select("ul.questions a")
    assert [link.get_text() for link in links] == [
        book.about(page).question for page in book.pages("Studies")
    ]
    assert [link["href"] for link in links] == [
        f"studies/{page.stem}.html" for page in book.pages("Studies")
    ]


def test_the_models_have_small_pictures_from_the_chapters(site):
    pictures = soup(site / "book" / "index.html").select(".doors img")
    assert len(pictures) == len(book.pages("The models"))
    for picture in pictures:
        file = site / "book" / picture["src"]
        assert "-part" in file.name and file.stat().st_size < 15_000
        assert len(picture["alt"].split()) > 6


def test_a_page_says_what_its_neighbours_answer(site):
    for page, before, after in zip(book.pages()[1:], book.pages(), book.pages()[2:], strict=False):
        name = page.relative_to(book.ROOT).with_suffix(".html")
        foot = soup(site / name).select_one(".prev-next-area")
        for side, neighbour in ((".left-prev", before), (".right-next", after)):
            title, question = book.about(neighbour)
            words = foot.select_one(side).get_text()
            assert title in words and question in words
        assert bool(foot.select(".prev-next-question")) == bool(
            book.about(before).question or book.about(after).question
        )
