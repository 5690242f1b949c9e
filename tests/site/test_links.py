"""The built site's addresses: links resolve, and the buttons go where `_config.yml` says."""

import json
from functools import cache
from urllib.parse import quote, unquote, urldefrag, urlsplit

import pytest

from bookbuild.book import ROOT
from support import BRANCH, CONFIG, REPOSITORY, SITE, documents, pages, soup


@cache
def anchors(file):
    return {tag["id"] for tag in soup(file).find_all(id=True)}


def source(document):
    """Return a document's source file from the top: what the page shows, not what made it."""
    return next(
        f"{document}{suffix}"
        for suffix in (".ipynb", ".md")
        if (ROOT / f"{document}{suffix}").is_file()
    )


def broken_links(file):
    """Yield every address in a page, within the site, that leads to no file or no anchor."""
    tags = soup(file).find_all(["a", "link", "script", "img"])
    for address in {tag.get("href") or tag.get("src") or "" for tag in tags}:
        path, anchor = urldefrag(address)
        if urlsplit(address).scheme or urlsplit(address).netloc:
            continue
        target = (file.parent / unquote(urlsplit(path).path)).resolve() if path else file
        if not target.is_file():
            yield address
            continue
        if anchor and target.suffix == ".html" and unquote(anchor) not in anchors(target):
            yield address


@pytest.mark.parametrize("page", ["index.html", *pages()])
def test_links_resolve(site, page):
    assert sorted(broken_links(site / page)) == []


@pytest.mark.parametrize("document", documents() or ["book/index"])
def test_buttons_go_where_the_configuration_says(site, document):
    shown = source(document)
    text = f"{document}.md" if (ROOT / f"{document}.md").is_file() else shown
    header = soup(site / f"{document}.html").find(class_="article-header-buttons")
    links = {link["href"] for link in header.find_all("a", href=True)}
    on = CONFIG["sphinx"]["config"]["book_source_branch"]
    expected = {REPOSITORY, f"{REPOSITORY}/edit/{on}/{text}"}
    expected.add(f"{REPOSITORY}/issues/new?title=Error%20on%20{quote(document, '')}.html")
    if shown.endswith(".ipynb"):
        name = REPOSITORY.removeprefix("https://github.com/")
        colab = CONFIG["launch_buttons"]["colab_url"]
        raw = f"https://raw.githubusercontent.com/{name}/{BRANCH}/{shown}"
        expected |= {
            f"{colab}/github/{name}/blob/{BRANCH}/{shown}",
            f"https://kaggle.com/kernels/welcome?src={raw}",
            f"https://codespaces.new/{name}/tree/{BRANCH}?quickstart=1",
        }
    assert {link for link in links if urlsplit(link).scheme} == expected


def test_every_colab_link_is_a_chapter_of_this_repository(site):
    colab = CONFIG["launch_buttons"]["colab_url"]
    start = f"{colab}/github/{REPOSITORY.removeprefix('https://github.com/')}/blob/{BRANCH}/"
    links = [
        link["href"]
        for document in documents()
        for link in soup(site / f"{document}.html").find_all("a", href=True)
        if link["href"].startswith(colab)
    ]
    assert links
    for link in links:
        assert link.startswith(start)
        assert (ROOT / link.removeprefix(start)).is_file()


def test_first_page_shows_a_stored_figure(site):
    image = soup(site / "book" / "index.html").article.find("img")
    assert image, "no picture on book/index: `make execute`, then `make book`"
    assert "-figure-" in image["src"]


def test_npm_lock_names_no_download_address():
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert packages
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_title_is_the_configured_one(site):
    assert soup(SITE / "index.html").title.text == CONFIG["title"]
