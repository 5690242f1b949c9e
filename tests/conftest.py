"""What tests share: the built site, a server for it, a browser, an empty page, digits."""

import functools
import importlib
import json
import os
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from bookbuild import book
from helpers import data, exercises

TOP, SITE = book.ROOT, book.SITE

# Chapters whose editions and hand-ins are run: minutes each, so all of them in a job of its own.
CLASSROOM = book.chapters() if os.environ.get("BOOK_CLASSROOM") == "all" else ["simple"]

# Seconds until a wait counts as a hang. No test measures: a slow machine is none that fails.
PATIENCE = 300

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


def documents():
    """Return the documents of the last build ("book/index", ...), as its search index has them.

    Not the .html files in the folder: Sphinx leaves there what earlier builds made.
    """
    index = SITE / "searchindex.js"
    if not index.is_file():
        return []
    text = index.read_text(encoding="utf-8")
    return json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))["docnames"]


def pages():
    """Return the addresses of all pages within the site; some page even if nothing is built."""
    return [f"{name}.html" for name in [*documents(), "search", "genindex"]]


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    if not documents():
        pytest.fail("the site is not built: run `make book` first")
    return SITE


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def host(site):
    """The address of a local web server over the built site."""
    handler = functools.partial(QuietHandler, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser(request):
    """The system's Chromium; without one, tests skip here and fail in CI."""
    chromium = book.find_browser()
    if chromium is None:
        reason = f"no browser: none of {', '.join(book.BROWSERS)} is installed"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=1000 * PATIENCE)
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        browser.slower = request.config.getoption("--slower")
        yield browser
        browser.close()


def new_page(browser, **how):
    """Open a page that is as patient as the tests are."""
    page = browser.new_page(**how)
    page.set_default_timeout(1000 * PATIENCE)
    if browser.slower > 1:
        speed = page.context.new_cdp_session(page)
        speed.send("Emulation.setCPUThrottlingRate", {"rate": browser.slower})
    return page


def eventually(check):
    """Repeat a check until it holds, as Playwright's `expect` does for what it can see.

    For what comes a moment after the call that causes it: the click that the browser makes of a
    tap, a picture that is decoded, a file that another process writes.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


@pytest.fixture
def page(browser):
    """An empty page, as wide as a phone's."""
    page = new_page(browser, viewport={"width": 360, "height": 740}, has_touch=True)
    page.set_content("<!doctype html><html lang=en><title>figure</title><body></body></html>")
    yield page
    page.close()


@pytest.fixture(scope="session")
def x():
    """Ten of the stand-in's digits, shape (10, 784)."""
    return stand_in()[:10]


@pytest.fixture(scope="session")
def many():
    """All of the stand-in's test digits, shape (n, 784)."""
    return stand_in()


def stand_in():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        return data.flat(data.digits().x_test)


@pytest.fixture(autouse=True)
def another_processor(request, monkeypatch):
    """Let the checks of exercises see networks' answers as another processor would give them.

    Off by up to two units in float32's last place; what is exactly 0, as behind a ReLU, stays so.
    """
    module = request.module.__name__
    if not module.startswith("test_exercises_"):
        return
    checks = importlib.import_module(f"helpers.exercises.{module.removeprefix('test_exercises_')}")
    if not hasattr(checks, "apply_model"):
        return
    rng = np.random.default_rng(0)

    def apply_model(*args):
        y = exercises.apply_model(*args)
        return y * (1 + rng.uniform(-2, 2, y.shape) * np.finfo(np.float32).eps).astype(y.dtype)

    monkeypatch.setattr(checks, "apply_model", apply_model)
