"""What the site says of itself, how it prints, and what a page loads before its first word."""

import functools
import re
import shutil
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import PIL.Image
import pytest
from bs4 import BeautifulSoup

from bookbuild import page_weight
from bookbuild.book import ROOT
from bookbuild.metadata import pages_address
from support import (
    CONFIG,
    REPOSITORY,
    SITE,
    UNRENDERED_MATH,
    QuietHandler,
    Watched,
    documents,
    pages,
    soup,
)

ADDRESS = CONFIG["html"].get("baseurl") or pages_address(REPOSITORY)
LOCATION = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
PUBLISHED = "https://somebody.github.io/a-book/"

CONF = """
extensions = ["bookbuild.metadata"]
root_doc = "book/index"
html_title = "A book"
html_theme = "basic"
html_theme_options = {"repository_url": "https://github.com/Somebody/a-book"}
html_additional_pages = {"index": "entry.html"}
templates_path = ["templates"]
"""
FIRST = """
First page
==========

What <it> is
about & more.

.. toctree::

   second
"""


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("https://github.com/OWNER/autoencoder-book", ""),
        ("https://github.com/Somebody/a-book", PUBLISHED),
        ("https://github.com/somebody/somebody.github.io", "https://somebody.github.io/"),
        ("https://example.org/somebody/a-book", ""),
    ],
)
def test_address_follows_from_the_repository(repository, address):
    assert pages_address(repository) == address


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A site of two pages with an address: what this book's will be like, once published."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "book").mkdir()
    (folder / "templates").mkdir()  # not our layout, which is made for the theme
    shutil.copy(ROOT / "book" / "_templates" / "entry.html", folder / "templates")
    (folder / "conf.py").write_text(CONF)
    (folder / "book" / "index.rst").write_text(FIRST)
    (folder / "book" / "second.rst").write_text("Second\n======\n\n" + 60 * "Many words. ")
    command = [sys.executable, "-m", "sphinx", "-q", folder, folder / "html"]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return folder / "html"


def head(file):
    """Return a page's canonical address and its named pieces of information."""
    text = file.read_text(encoding="utf-8").partition("<body")[0]
    page = BeautifulSoup(text, "html.parser")
    canonical = page.find("link", rel="canonical")
    named = {meta.get("name") or meta.get("property"): meta.get("content") for meta in page("meta")}
    return canonical and canonical["href"], named


def test_sitemap_lists_the_pages(published):
    locations = [e.text for e in ElementTree.parse(published / "sitemap.xml").iter(LOCATION)]
    both = ["book/index.html", "ko/book/index.html", "book/second.html", "ko/book/second.html"]
    assert locations == [PUBLISHED + place for place in both]
    robots = (published / "robots.txt").read_text()
    assert f"Sitemap: {PUBLISHED}sitemap.xml" in robots.splitlines()


def test_social_card(published):
    for page in ("index.html", "book/index.html"):  # the front door stands for the first page
        canonical, named = head(published / page)
        assert canonical == named["og:url"] == f"{PUBLISHED}book/index.html"
        assert named["description"] == named["og:description"] == "What <it> is about & more."
        assert (named["og:title"], named["og:site_name"]) == ("First page", "A book")
        assert named["og:image"] == f"{PUBLISHED}_static/card.png"
        assert len(named["og:image:alt"].split()) > 6
        assert named["twitter:card"] == "summary_large_image"
    canonical, named = head(published / "book" / "second.html")
    assert canonical == f"{PUBLISHED}book/second.html"
    assert 100 < len(named["description"]) <= 160


def test_every_page_describes_itself(site):
    heads = {name: head(site / f"{name}.html") for name in documents()}
    descriptions = [named["description"] for _, named in heads.values()]
    assert len(set(descriptions)) == len(descriptions)
    assert all(40 < len(words) <= 160 for words in descriptions)
    for name, (canonical, named) in heads.items():
        assert canonical == (urljoin(ADDRESS, f"{name}.html") if ADDRESS else None)
        assert ("og:image" in named) == bool(ADDRESS)


def test_without_an_address_nothing_claims_one(site):
    assert (site / "sitemap.xml").is_file() == bool(ADDRESS)
    robots = (site / "robots.txt").read_text(encoding="utf-8")
    assert robots.startswith("User-agent: *\nDisallow:\n")
    assert ("Sitemap:" in robots) == bool(ADDRESS)
    with PIL.Image.open(site / "_static" / "card.png") as card:
        assert card.size == (1200, 630)


FOLDER = urlsplit(ADDRESS).path or f"/{REPOSITORY.rpartition('/')[2]}/"


class Pages(QuietHandler):
    """Serves the site as GitHub Pages does: in a folder, with 404.html for what is not there."""

    folder = FOLDER

    def do_GET(self):
        path = urlsplit(self.path).path
        file = SITE / path.removeprefix(self.folder)
        found = path.startswith(self.folder) and file.is_file()
        body = (file if found else SITE / "404.html").read_bytes()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", self.guess_type(path) if found else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class AtTheTop(Pages):
    """The same for a host that has nothing else."""

    folder = "/"


@pytest.mark.parametrize("lost", ["nothing.html", "book/a/b/nothing.html"])
@pytest.mark.parametrize("place", [Pages, AtTheTop])
def test_lost_readers_find_the_book(site, browser, lost, place):
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(place)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        start = f"http://127.0.0.1:{server.server_port}{place.folder}"
        with Watched(browser, start) as watched:
            page, missing = watched.page, []
            page.on("response", lambda r: missing.append(r.url) if r.status >= 400 else None)
            page.goto(start + lost, wait_until="networkidle")
            # Elsewhere the browser may have looked ahead, where GitHub has them.
            assert [url for url in missing if place is Pages or FOLDER not in url] == [start + lost]
            assert page.locator("article h1").inner_text() == "Page not found"
            assert page.locator("nav[aria-label=Main] a").count() > 5
            assert head(site / "404.html")[1]["robots"] == "noindex"
            assert_styled(page)
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            assert page.url == f"{start}{lost}#article"
            page.get_by_role("link", name="first page").click()
            page.wait_for_url(f"{start}book/index.html")
            page.go_back()
            page.get_by_role("link", name="첫 페이지").click()
            page.wait_for_url(f"{start}ko/book/index.html")
            assert watched.strangers == []
        server.shutdown()


def assert_styled(page):
    """Check that the page has its style sheet and the picture above the contents."""
    assert "book.css" in page.evaluate("[...document.styleSheets].map(s => s.href).join()")
    assert page.locator(".logo__image").first.evaluate("i => i.complete && i.naturalWidth")


@pytest.mark.parametrize("how", ["http", "file"])
def test_the_page_for_the_lost_works_by_its_own_name(site, host, browser, how):
    start = host if how == "http" else site.as_uri()
    with Watched(browser, start) as watched:
        watched.page.goto(f"{start}/404.html", wait_until="networkidle")
        assert_styled(watched.page)
        watched.page.get_by_role("link", name="first page").click()
        watched.page.wait_for_url(f"{start}/book/index.html")
        assert watched.strangers == []


def test_on_paper(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        page.locator(".reactive").first.scroll_into_view_if_needed()
        page.locator(".reactive [data-alive]").first.wait_for()
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        gone = (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article")
        gone += (".prev-next-footer", ".copybtn", ".reactive [data-alive]", ".bd-footer-content")
        for part in gone:
            assert page.locator(part).count() and not page.locator(f"{part}:visible").count(), part
        assert page.locator(".reactive > .still img").first.is_visible()
        assert page.locator("article h1").is_visible()
        assert page.locator("article details:not([open])").count() == 0
        assert page.locator(".tag_solution pre").first.is_visible()
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        address = page.locator("article a[href^=http]").first
        shown = address.evaluate("a => getComputedStyle(a, '::after').content")
        assert address.get_attribute("href") in shown
        wide = (
            "[...document.querySelectorAll('pre')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        )
        assert page.evaluate(f"{wide}.map(e => e.textContent)") == []
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("article details[open]").count() == 0
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert watched.errors == []


CUT_FORMULAS = """() => [...document.querySelectorAll('mjx-container[display="true"] > mjx-math')]
  .filter(formula => formula.getBoundingClientRect().right > innerWidth)
  .map(formula => formula.closest(".math").title || formula.textContent)"""


def test_no_formula_is_cut_on_paper(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/variational.html", wait_until="load")
        page.evaluate(UNRENDERED_MATH)
        # The chapter's own fit a phone: larger ones would be cut.
        page.evaluate("""() => document.querySelectorAll("mjx-container[display='true']")
          .forEach(formula => { formula.style.fontSize = "300%"; })""")
        sizes = "[...document.querySelectorAll('mjx-container')].map(m => m.style.fontSize)"
        before = page.evaluate(sizes)
        page.set_viewport_size({"width": 665, "height": 980})  # A4 without its margins
        page.emulate_media(media="print")
        page.wait_for_function(f"({CUT_FORMULAS})().length > 0")  # there are some that would be
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate(CUT_FORMULAS) == []
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(sizes) == before


@pytest.mark.heavy
def test_pdf_is_one_book(site, browser, tmp_path):
    # In a process of its own: two Playwrights do not share one.
    command = "import sys; from bookbuild import pdf; pdf.make(sys.argv[1], sys.argv[2:])"
    chosen = ["book/index", "book/reference/teaching"]
    file = tmp_path / "book.pdf"
    subprocess.run([sys.executable, "-c", command, file, *chosen], check=True, cwd=ROOT)
    from pypdf import PdfReader

    book = PdfReader(file)
    titles = [entry.title for entry in book.outline if not isinstance(entry, list)]
    assert titles == [CONFIG["title"], "Learn autoencoders by running them", "Teach with this book"]
    assert "squeezes a picture" in book.pages[1].extract_text()
    links = [link.get_object() for page in book.pages for link in page.get("/Annots", [])]
    assert any("/Dest" in link for link in links)
    assert not any(str(link.get("/A", {}).get("/URI", "")).startswith("file:") for link in links)


@pytest.mark.parametrize("page", pages())
def test_a_page_asks_for_little_at_first(site, page):
    text = (site / page).read_text(encoding="utf-8")
    sheets = [
        link["href"].partition("?")[0] for link in soup(site / page)("link", rel="stylesheet")
    ]
    assert [sheet.rpartition("/")[2] for sheet in sheets] == ["book.css"]
    assert ("search-index.js" in text) == (page == "search.html")
    assert "searchindex.js" not in text
    assert "widget-state+json" not in text
    style = (site / "_static" / "book.css").read_text(encoding="utf-8")
    for icon in set(re.findall(r'class="[^"]*\b(fa-(?!solid|lg)[a-z-]+)', text)):
        assert f".{icon}" in style
    for image in soup(site / page).select("article img[src$=png]"):
        assert image["width"] and image["height"] and image["loading"] == "lazy"
    scripts = soup(site / page).find_all("script", src=True)
    at_once = [script["src"] for script in scripts if not script.has_attr("defer")]
    assert [re.sub("-.*", "", address.rpartition("/")[2]) for address in at_once] == ["first"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_its_colours_before_any_script_that_waits_has_come(host, browser, scheme):
    with Watched(browser, host) as watched:
        page = watched.page
        page.emulate_media(color_scheme=scheme)
        page.route(re.compile(r"/(?!first-)[^/]*\.js"), lambda route: route.abort())
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        bright = sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
        assert (bright > 200) == (scheme == "light")


SHIFTS = """new PerformanceObserver(list => {
  window.shifted = list.getEntries().reduce((sum, e) => sum + e.value, window.shifted || 0);
}).observe({ type: "layout-shift", buffered: true })"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("chapter", ["introduction", "simple", "deep", "denoising"])
def test_nothing_moves_while_a_page_comes(host, browser, chapter, width):
    with Watched(browser, host) as watched:
        page = watched.page
        page.set_viewport_size({"width": width, "height": 900})
        page.add_init_script(SHIFTS)
        page.goto(f"{host}/book/models/{chapter}.html", wait_until="networkidle")
        # A fifth of what browsers call good.
        assert page.evaluate("window.shifted || 0") < 0.02


def test_headings_get_smaller_with_their_level(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/reference/history.html", wait_until="load")
        sizes = [
            page.evaluate(f"parseFloat(getComputedStyle(document.querySelector('{h}')).fontSize)")
            for h in ("article h1", "article h2", "article h3", "article p")
        ]
        assert sizes == sorted(set(sizes), reverse=True)


def test_plain_words_of_code_lose_no_colour_without_an_element(site):
    style = (site / "_static" / "pygments.css").read_text(encoding="utf-8")
    classes = re.search(r"\((?:\?:)?([a-z|]+)\)", page_weight.PLAIN.pattern)[1].split("|")
    for theme in ("light", "dark"):
        whole = rf'html\[data-theme="{theme}"\] \.highlight'
        of_all = re.search(whole + r" {[^}]*\bcolor: (#\w+)", style)[1]
        for name in classes:
            assert re.search(rf"{whole} \.{name} {{ color: (#\w+) }}", style)[1] == of_all
