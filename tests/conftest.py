"""The fixtures that rooms share: the built site, a server for it, a browser, an empty page, digits."""

import pytest

from bookbuild import book
from helpers import data
from support import PATIENCE, PHONE, SITE, QuietHandler, documents, lacking, new_page, served

# Chromium must neither sandbox itself (containers forbid it) nor call its maker.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_addoption(parser):
    words = "let the browser's pages compute this many times slower, to find what does not wait"
    parser.addoption("--slower", type=int, default=1, help=words)


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    if not documents():
        pytest.fail("the site is not built: run `make book` first")
    return SITE


@pytest.fixture(scope="session")
def host(site):
    """The address of a local web server over the built site."""
    with served(QuietHandler, site) as address:
        yield address


@pytest.fixture(scope="session")
def browser(request):
    """The system's Chromium; without one, tests skip here and fail in CI."""
    chromium = book.find_browser()
    if chromium is None:
        lacking(f"no browser: none of {', '.join(book.BROWSERS)} is installed")
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=1000 * PATIENCE)
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        browser.slower = request.config.getoption("--slower")
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """An empty page, as wide as a phone's."""
    page = new_page(browser, viewport=PHONE, has_touch=True)
    page.set_content("<!doctype html><html lang=en><title>figure</title><body></body></html>")
    yield page
    page.close()


@pytest.fixture(scope="session")
def many():
    """All of the stand-in's test digits, shape (n, 784)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        return data.flat(data.digits().x_test)


@pytest.fixture(scope="session")
def x(many):
    """Ten of the stand-in's digits, shape (10, 784)."""
    return many[:10]
