"""The built site in a real browser: nothing fails, nothing calls out, everyone can read it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from support import (
    PHONE,
    SETTLED,
    TOO_WIDE,
    UNRENDERED_MATH,
    WIDE,
    Watched,
    axe_findings,
    documents,
    every_page,
    new_page,
    pages,
    switch_theme,
)

# A picture without alt text gets its file's name from Sphinx: no better than none.
POOR_IMAGES = r"""async () => {
  const images = [...document.images];
  images.forEach(i => { i.loading = "eager"; }); // else they wait for the reader
  await Promise.all(images.map(i => i.decode().catch(() => {})));
  return images
    .filter(i => !i.alt.trim() || /\.(png|jpe?g|svg|gif)$/i.test(i.alt) || !i.naturalWidth)
    .map(i => i.outerHTML.slice(0, 120));
}"""

# The theme makes what scrolls reachable by keyboard, a moment after the page has changed width.
REACHABLE = """() => [...document.querySelectorAll("pre, .pst-scrollable-table-container")]
  .filter(block => !block.closest(".book-figure"))
  .every(block => (block.scrollWidth > block.clientWidth) === (block.tabIndex === 0))"""

# Their box scrolls, but a reader of a formula should not have to.
CUT_FORMULAS = """() => [...document.querySelectorAll("mjx-container[display]")]
  .filter(box => box.scrollWidth > box.clientWidth + 1)
  .map(box => `${box.scrollWidth} px: ${box.textContent.slice(0, 80)}`)"""

# A stop of the keyboard's that neither acts nor scrolls is in the reader's way.
IDLE_STOPS = """() => [...document.querySelectorAll("article [tabindex='0']")]
  .filter(e => !e.matches("a, button, input, select, summary, [role=application], .book-figure *")
    && e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight)
  .map(e => e.outerHTML.slice(0, 100))"""

FOCUS = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  return {
    name: e.outerHTML.slice(0, 100),
    visible: style.outlineStyle != "none" && parseFloat(style.outlineWidth) >= 2,
    navigation: !!e.closest("nav[aria-label=Main]"),
  };
}"""


@dataclass
class Visit:
    """What one visit to a page showed."""

    address: str
    errors: list
    strangers: list
    poor_images: list = None
    too_wide: list = None
    cut_formulas: list = None
    idle_stops: list = None
    axe: dict = field(default_factory=dict)


@pytest.fixture(scope="module", params=every_page(pages()))
def visit(request, host, browser):
    """Open a page once: wide and narrow, light and dark, everything unfolded and alive."""
    with Watched(browser, host) as watched:
        page = watched.page
        visit = Visit(request.param, watched.errors, watched.strangers)
        page.goto(f"{host}/{request.param}", wait_until="networkidle")
        for figure in page.locator(".reactive").all():
            figure.scroll_into_view_if_needed()
            figure.locator("[data-alive]").wait_for()
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.evaluate(UNRENDERED_MATH)  # else axe meets formulas half set, by chance
        visit.poor_images = page.evaluate(POOR_IMAGES)
        for width, size in (("wide", WIDE), ("phone", PHONE)):
            page.set_viewport_size(size)
            page.wait_for_function(REACHABLE)
            for theme in ("light", "dark"):
                switch_theme(page, theme)
                visit.axe[width, theme] = axe_findings(page)
        visit.too_wide = page.evaluate(TOO_WIDE)
        page.set_viewport_size({"width": 390, "height": 844})
        page.wait_for_function(REACHABLE)
        visit.cut_formulas = page.evaluate(CUT_FORMULAS)
        visit.idle_stops = page.evaluate(IDLE_STOPS)
        return visit


def test_no_error(visit):
    assert visit.errors == []


def test_no_request_leaves_the_host(visit):
    assert visit.strangers == []


def test_every_image_is_there_and_has_alt_text(visit):
    assert visit.poor_images == []


def test_fits_a_phone(visit):
    assert visit.too_wide == []


def test_formulas_fit_a_phone(visit):
    assert visit.cut_formulas == []


def test_the_keyboard_stops_only_at_what_acts_or_scrolls(visit):
    assert visit.idle_stops == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", ["wide", "phone"])
def test_accessible(visit, width, theme):
    assert visit.axe[width, theme] == []


# The ratio that WCAG defines; the button is hidden until the reader scrolls up.
CONTRAST = """selector => {
  const style = getComputedStyle(document.querySelector(selector));
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low, high] = [light(style.color), light(style.backgroundColor)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_way_back_to_the_top_can_be_read(host, browser, theme):
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        page.evaluate(SETTLED)
        assert page.evaluate(CONTRAST, "#pst-back-to-top") >= 4.5


@pytest.mark.parametrize("page_name", every_page(pages()))
def test_works_as_a_file(site, browser, page_name):
    address = (site / page_name).as_uri()
    with Watched(browser, address) as watched:
        watched.page.goto(address, wait_until="networkidle")
        assert watched.page.evaluate(UNRENDERED_MATH) == []
        assert watched.errors == []
        assert watched.strangers == []


@pytest.mark.parametrize("how", ["http", "file"])
def test_front_door_leads_to_the_book(site, host, browser, how):
    start = host if how == "http" else site.as_uri()
    with Watched(browser, start) as watched:
        watched.page.goto(f"{start}/index.html")
        watched.page.wait_for_url(f"{start}/book/index.html")
        assert watched.errors == []


def test_keyboard_reaches_the_navigation(host, browser):
    with Watched(browser, host) as watched:
        watched.page.goto(f"{host}/book/index.html", wait_until="networkidle")
        for _ in range(30):
            watched.page.keyboard.press("Tab")
            focus = watched.page.evaluate(FOCUS)
            assert focus["visible"], f"no visible focus on {focus['name']}"
            if focus["navigation"]:
                return
    pytest.fail("30 times Tab, and never in the main navigation")


def test_the_skip_link_leads_to_the_text(host, browser):
    with Watched(browser, host) as watched:
        for address in ("book/models/simple.html", "search.html"):
            page = watched.page
            page.goto(f"{host}/{address}", wait_until="load")
            page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            page.get_by_role("link", name="Skip to main content").focus()
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")
            assert page.evaluate("Boolean(document.activeElement.closest('#article'))")


UNREACHABLE_FORMULAS = """() => [...document.querySelectorAll("mjx-container[display]")]
  .filter(box => (box.scrollWidth > box.clientWidth) !== (box.tabIndex === 0)).length"""


def test_the_keyboard_reaches_a_formula_while_it_is_too_wide(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/variational.html", wait_until="load")
        page.evaluate(UNRENDERED_MATH)
        stops = page.locator("mjx-container[tabindex='0']")
        for zoom, reached in (("400%", True), ("100%", False)):
            page.evaluate(
                "zoom => { document.querySelector('article').style.fontSize = zoom; }", zoom
            )
            page.wait_for_function(f"({UNREACHABLE_FORMULAS})() === 0")
            assert bool(stops.count()) == reached


LAST_FORMULA = """addEventListener("load", () => {
  const all = [...document.querySelectorAll(".math")].filter((formula) => formula.checkVisibility());
  const set = () => all.filter((formula) => formula.querySelector("mjx-container")).length;
  all.at(-1).scrollIntoView();
  window.share = new Promise((done) => {
    new MutationObserver(() => { if (all.at(-1).querySelector("mjx-container")) done(set() / all.length); })
      .observe(all.at(-1), { childList: true });
  });
})"""


def test_after_a_jump_the_formulas_in_view_come_first(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.add_init_script(LAST_FORMULA)
        page.goto(f"{host}/book/models/variational.html", wait_until="load")
        assert page.evaluate("share") < 0.5


@pytest.mark.parametrize("address", ["models/simple", "models/variational"])
def test_without_scripts_a_page_says_what_its_formulas_are(host, browser, address):
    said = "Scripts are off: formulas stand here as LaTeX"
    for scripts in (False, True):
        page = new_page(browser, viewport=WIDE, java_script_enabled=scripts)
        page.goto(f"{host}/book/{address}.html", wait_until="load")
        assert page.locator("noscript em", has_text=said).is_visible() == (not scripts)
        assert scripts or page.locator(".reactive > .still img").first.is_visible()
        page.close()


BOXES = """selector => [...document.querySelectorAll(selector)].map(e => e.getBoundingClientRect())
  .filter(box => box.width).map(({ left, top, right, bottom }) => [left, top, right, bottom])"""


@pytest.mark.parametrize("width", [360, 390])
def test_the_way_back_to_the_top_covers_nothing_on_a_phone(host, browser, width):
    with Watched(browser, host) as watched:
        page = watched.page
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        button = page.locator("#pst-back-to-top")
        button.evaluate("button => { button.style.display = 'block'; }")  # as on a way up
        assert button.inner_text().strip() == "Back to top"
        ((left, top, right, bottom),) = page.evaluate(BOXES, "#pst-back-to-top")
        ((x0, y0, x1, y1),) = page.evaluate(BOXES, ".bd-header-article")
        assert x0 <= left and y0 <= top and right <= x1 and bottom <= y1
        for other_left, _, other_right, _ in page.evaluate(BOXES, ".bd-header-article button"):
            assert other_right <= left or right <= other_left


def test_keyboard_opens_the_navigation_on_a_phone(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.set_viewport_size(PHONE)
        page.goto(f"{host}/book/index.html", wait_until="networkidle")
        first = page.locator("nav[aria-label=Main] a").first
        first.wait_for(state="hidden")
        page.locator(".primary-toggle:visible").first.press("Enter")
        first.wait_for(state="visible")
        page.keyboard.press("Escape")
        first.wait_for(state="hidden")


def test_search_finds_a_word_of_the_book(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/index.html", wait_until="networkidle")
        page.keyboard.press("Control+k")
        page.locator("input[type=search]:focus").wait_for()
        page.keyboard.type("autoencoder")
        page.keyboard.press("Enter")
        hit = page.locator("#search-results li a").first
        hit.wait_for()
        assert (
            urlsplit(hit.evaluate("a => a.href")).path.strip("/").removesuffix(".html")
            in documents()
        )
        assert watched.errors == []


def test_an_exercise_gives_nothing_away(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        for name in ("Solution", "What the check says to the solution"):
            folds = page.locator("summary:visible", has_text=name)
            assert folds.count() >= 3
        for part in (".tag_solution pre", ".tag_check .cell_output"):
            assert page.locator(part).count() and not page.locator(f"{part}:visible").count()
        folds.first.click()
        assert page.locator(".tag_check .cell_output:visible").count() == 1


def test_in_the_dark_pictures_stand_on_the_pages_ground_and_photographs_stay(host, browser):
    look = "i => [getComputedStyle(i).filter, getComputedStyle(i).mixBlendMode]"
    with Watched(browser, host) as watched:
        page = watched.page
        for address, theme, expected in [
            ("models/simple", "light", ["none", "normal"]),
            ("models/simple", "dark", ["invert(1) hue-rotate(180deg)", "screen"]),
            ("studies/documents", "dark", ["none", "normal"]),
        ]:
            page.goto(f"{host}/book/{address}.html", wait_until="load")
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            looks = page.locator("article img").evaluate_all(f"all => all.map({look})")
            assert looks and all(found == expected for found in looks), address
        # Photographs keep their colours; the chart between them does not.
        page.goto(f"{host}/book/studies/colour.html", wait_until="load")
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        looks = page.locator("article img").evaluate_all(f"all => all.map({look})")
        kept = [filtered == ["none", "normal"] for filtered in looks]
        assert kept == [True, True, True, False, True, True, True]
