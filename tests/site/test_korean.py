"""The Korean site beside the English one: the same pages, the same places, in Korean words."""

import re
from pathlib import Path
from urllib.parse import quote, urldefrag

import pytest

from bookbuild import book, derive
from support import (
    BRANCH,
    CONFIG,
    PHONE,
    REPOSITORY,
    SITE,
    TOO_WIDE,
    Watched,
    axe_findings,
    documents,
    new_page,
    soup,
)

KOREAN = SITE / "ko"
PAGES = [page.relative_to(book.ROOT).with_suffix("").as_posix() for page in book.pages()]
TRANSLATED = {
    name for name, page in zip(PAGES, book.pages(), strict=True) if derive.translated(page)
}
every_page = pytest.mark.parametrize("name", PAGES)
HANGUL = re.compile("[가-힣]")


def places(file):
    """The ids of a page's sections, its title's apart."""
    return [section["id"] for section in soup(file).select("article section")][1:]


@every_page
def test_each_page_has_the_same_places_in_both_languages(site, name):
    assert places(KOREAN / f"{name}.html") == places(site / f"{name}.html")


@pytest.mark.parametrize("name", ["index", "search", "404", *PAGES])
def test_links_of_the_korean_site_lead_to_files(site, name):
    file = KOREAN / f"{name}.html"
    if name == "404":  # its addresses begin at the site's root, wherever it is shown
        folder = KOREAN
    else:
        folder = file.parent
    for tag in soup(file).find_all(["a", "link", "script", "img"]):
        address = urldefrag(tag.get("href") or tag.get("src") or "")[0].partition("?")[0]
        if address and not re.match(r"[a-z]+:|/", address):
            assert (folder / address).is_file(), address


@every_page
def test_a_page_leads_to_itself_in_the_other_language(site, name):
    for top, other, words in ((site, KOREAN, "ko"), (KOREAN, site, "en")):
        file = top / f"{name}.html"
        (link,) = soup(file).select("a.book-language")
        assert (link["hreflang"], link["lang"]) == (words, words)
        assert Path(file.parent, link["href"]).resolve() == (other / f"{name}.html").resolve()


@every_page
def test_a_page_says_in_which_language_it_is(site, name):
    page = soup(KOREAN / f"{name}.html")
    assert page.html["lang"] == "ko"
    article = page.select_one("article")
    notice = article.select(".book-untranslated[lang=ko]")
    if name in TRANSLATED:
        assert "lang" not in article.attrs and not notice
        assert HANGUL.search(article.h1.get_text())
    else:
        assert article["lang"] == "en" and len(notice) == 1
        assert HANGUL.search(notice[0].get_text())


@pytest.mark.parametrize("name", [name for name in PAGES if "models" in name])
def test_buttons_open_the_korean_notebook_and_edit_its_catalogue(site, name):
    links = {link["href"] for link in soup(KOREAN / f"{name}.html").select(".bd-header a[href]")}
    links |= {link["href"] for link in soup(KOREAN / f"{name}.html").select("a.btn[href], a[href]")}
    colab = CONFIG["launch_buttons"]["colab_url"]
    repository = REPOSITORY.removeprefix("https://github.com/")
    assert f"{colab}/github/{repository}/blob/{BRANCH}/ko/{name}.ipynb" in links
    on = CONFIG["sphinx"]["config"]["book_source_branch"]
    catalogue = f"book/locale/ko/{name.removeprefix('book/')}.po"
    assert f"{REPOSITORY}/edit/{on}/{catalogue}" in links
    assert (book.ROOT / catalogue).is_file()


def test_what_the_english_site_has_is_not_copied(site):
    assert not (KOREAN / "vendor").exists()
    assert {*documents()} == {*PAGES}


@pytest.fixture(scope="module", params=["http", pytest.param("file", marks=pytest.mark.heavy)])
def watched(browser, request, site):
    start = request.getfixturevalue("host") if request.param == "http" else site.as_uri()
    with Watched(browser, start) as watched:
        watched.start = start
        yield watched


def test_the_other_language_opens_at_the_same_place(watched):
    page = watched.page
    page.goto(f"{watched.start}/ko/book/models/simple.html#build")
    page.locator("a.book-language").click()
    page.wait_for_url(f"{watched.start}/book/models/simple.html#build")
    page.locator("a.book-language").press("Enter")
    page.wait_for_url(f"{watched.start}/ko/book/models/simple.html#build")
    assert watched.errors == [] and watched.strangers == []


def test_a_figure_comes_alive_on_a_korean_page(watched):
    watched.page.goto(f"{watched.start}/ko/book/index.html")
    watched.page.locator(".reactive [data-alive]").first.wait_for()
    assert watched.errors == [] and watched.strangers == []


@pytest.mark.parametrize("name", ["book/index", "book/models/simple"])
def test_a_page_fits_a_phone_and_is_accessible(browser, host, name):
    page = new_page(browser, viewport=PHONE, has_touch=True)
    page.goto(f"{host}/ko/{name}.html")
    assert page.evaluate(TOO_WIDE) == []
    assert axe_findings(page) == []
    page.close()


def found(watched, query):
    """Return what the Korean search says, and the addresses that it finds."""
    watched.page.goto(f"{watched.start}/ko/search.html?q={quote(query)}")
    status = watched.page.locator("#search-status")
    watched.page.wait_for_function("document.querySelector('#search-status').textContent")
    links = watched.page.locator("#search-results a")
    assert watched.errors == [] and watched.strangers == []
    return status.inner_text(), links.evaluate_all("all => all.map(a => a.getAttribute('href'))")


@pytest.mark.parametrize(
    ("query", "page"),
    {
        "잠재 공간": "book/studies/latent-space.html",
        "잠재공간": "book/studies/latent-space.html",
        "latent space": "book/studies/latent-space.html",
        "오토인코더를": "book/models/introduction.html",
        "재구성 오차": "book/models/introduction.html",
        "변분": "book/models/variational.html",
        "변분 오토인코더": "book/models/variational.html",
        "VAE": "book/models/variational.html",
        "노이즈 제거": "book/models/denoising.html",
        "잡음제거": "book/models/denoising.html",
        "죽은 유닛": "book/models/simple.html",
        "점수판": "book/reference/scoreboard.html",
        "손실이 NaN": "book/reference/troubleshooting.html",
    }.items(),
)
def test_korean_words_are_found(watched, query, page):
    status, addresses = found(watched, query)
    assert HANGUL.search(status)
    assert urldefrag(addresses[0])[0] == page


@pytest.mark.parametrize(
    ("one", "other"), [("오토인코더", "오토인코더를"), ("학습률", "학습률에서"), ("병목", "병목의")]
)
def test_a_particle_changes_nothing(watched, one, other):
    assert found(watched, one)[1] == found(watched, other)[1]


def test_nothing_found_is_said_in_korean(watched):
    status, addresses = found(watched, "없는말없는말")
    assert addresses == [] and "결과가 없습니다" in status
