"""Every page in Firefox and in WebKit: it says, shows and answers what it does in Chromium."""

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import websocket
from selenium import webdriver
from selenium.webdriver.webkitgtk.service import Service

from support import (
    PATIENCE,
    TOO_WIDE,
    UNRENDERED_MATH,
    WIDE,
    QuietHandler,
    eventually,
    lacking,
    new_page,
    number_after,
    pages,
    served,
)

pytestmark = pytest.mark.heavy

LOOK = Path(__file__).with_name("look.js").read_text(encoding="utf-8")

# WebKit tells no driver what its console says, so the page itself takes notes, in all browsers.
NOTES = """<script>{
  const notes = window.notes = [];
  addEventListener("error", ({ message, target }) =>
    notes.push(message ?? `${target.src ?? target.href} did not load`), true);
  addEventListener("unhandledrejection", ({ reason }) => notes.push(String(reason)));
  const { error } = console;
  console.error = (...words) => { notes.push(words.join(" ")); error(...words); };
}</script>"""


class NotingHandler(QuietHandler):
    """Serves the site, and in each page a script before all others that notes what goes wrong."""

    def do_GET(self):
        file = Path(self.translate_path(self.path))
        if file.suffix != ".html":
            return super().do_GET()
        page = file.read_text(encoding="utf-8").replace("<head>", f"<head>{NOTES}", 1).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


# ------------------------------------------------------------------ three browsers, one manner


class Chromium:
    """What the other page tests use."""

    def __init__(self, browser):
        self.page = new_page(browser, viewport=WIDE, reduced_motion="reduce")
        self.open, self.evaluate = self.page.goto, self.page.evaluate

    def stroke(self, points):
        mouse = self.page.mouse
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point)
        mouse.up()

    def close(self):
        self.page.close()


def pointer(points):
    """Return a stroke of the mouse as WebDriver has it, the classic one and BiDi alike."""
    moves = [{"type": "pointerMove", "x": x, "y": y} for x, y in points]
    press = [{"type": f"pointer{way}", "button": 0} for way in ("Down", "Up")]
    steps = [moves[0], press[0], *moves[1:], press[1]]
    return [{"type": "pointer", "id": "mouse", "actions": steps}]


class Firefox:
    """Firefox by WebDriver BiDi, which it speaks itself.

    Playwright's own way to a stock Firefox asks for commands that its long-term release lacks,
    and Selenium for geckodriver, which Debian has not.
    """

    def __init__(self, folder):
        found = shutil.which("firefox-esr") or shutil.which("firefox")
        if not found:
            lacking("Firefox: neither firefox-esr nor firefox is installed")
        (folder / "user.js").write_text('user_pref("ui.prefersReducedMotion", 1);\n')
        command = [found, "--headless", "--no-remote", "--profile", folder]
        with open(folder / "log", "w") as log:
            command.append("--remote-debugging-port=0")
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        address = eventually(lambda: self.address(folder / "log"))
        self.socket = websocket.create_connection(
            f"{address}/session", timeout=PATIENCE, suppress_origin=True
        )
        self.count = 0
        self.command("session.new", capabilities={})
        self.context = self.command("browsingContext.getTree")["contexts"][0]["context"]
        self.command("browsingContext.setViewport", context=self.context, viewport=WIDE)

    @staticmethod
    def address(log):
        words = re.search(r"WebDriver BiDi listening on (\S+)\n", log.read_text())
        assert words, log.read_text()
        return words[1]

    def command(self, method, **params):
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.count:
            pass  # an event
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, address):
        self.command("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def evaluate(self, function):
        answer = self.command(
            "script.evaluate",
            expression=f"Promise.resolve(({function})()).then(JSON.stringify)",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def stroke(self, points):
        self.command("input.performActions", context=self.context, actions=pointer(points))

    def close(self):
        self.command("browser.close")
        self.process.wait(PATIENCE)


class WebKit:
    """WebKitGTK's MiniBrowser by its own WebDriver, on a screen that nobody sees."""

    def __init__(self, folder):
        if not (shutil.which("WebKitWebDriver") and shutil.which("Xvfb")):
            lacking("WebKit: WebKitWebDriver or Xvfb is not installed")
        settings = folder / "gtk-3.0" / "settings.ini"
        settings.parent.mkdir()
        settings.write_text("[Settings]\ngtk-enable-animations=false\n")
        screen = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x1100x24"]
        self.screen = subprocess.Popen(screen, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        env = os.environ | {
            "DISPLAY": f":{self.screen.stdout.readline().decode().strip()}",
            "XDG_CONFIG_HOME": str(folder),
            "WEBKIT_DISABLE_DMABUF_RENDERER": "1",  # without a graphics card a frame takes seconds
        }
        self.driver = webdriver.WebKitGTK(service=Service(env=env))
        self.driver.set_script_timeout(PATIENCE)
        self.driver.set_window_size(*WIDE.values())
        self.open = self.driver.get

    def evaluate(self, function):
        code = f"({function})()"
        answer, error = self.driver.execute_async_script(
            f"""const [done] = arguments;
            Promise.resolve().then(() => {code})
              .then((answer) => done([answer, null]), (error) => done([null, String(error)]));"""
        )
        assert error is None
        return answer

    def stroke(self, points):
        self.driver.execute("actions", {"actions": pointer(points)})

    def close(self):
        self.driver.quit()
        self.screen.terminate()
        self.screen.wait(PATIENCE)


@pytest.fixture(scope="module")
def home(site):
    with served(NotingHandler, site) as address:
        yield address


@pytest.fixture(scope="module")
def chromium(browser, home):
    chromium = Chromium(browser)
    yield chromium
    chromium.close()


@pytest.fixture(scope="module", params=[Firefox, WebKit])
def other(request, tmp_path_factory):
    other = request.param(tmp_path_factory.mktemp(request.param.__name__))
    yield other
    other.close()


# ------------------------------------------------------------------ what is compared


@pytest.fixture(scope="module")
def expected(chromium, home):
    """A function that returns what Chromium's reader gets from a page, looked at once."""
    return cache(lambda page: look(chromium, f"{home}/{page}"))


def look(browser, address):
    browser.open(address)
    seen = browser.evaluate(LOOK)
    assert browser.evaluate(TOO_WIDE) == []
    assert browser.evaluate("() => window.notes ?? []") == []
    return seen


NUMBER = re.compile(r"\d+(?:\.\d+)?")


def assert_same_words(ours, theirs):
    """Compare words exactly, and numbers but for a unit of the last digit that both show.

    Each browser has its own `Math.exp` and `Math.tanh`, which differ in bits that nobody sees; but
    a number on the edge may be rounded either way.
    """
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
    for one, other in zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=True):
        unit = max(10.0 ** -len(number.partition(".")[2]) for number in (one, other))
        assert float(one) == pytest.approx(float(other), abs=1.01 * unit), (ours, theirs)


def assert_same(ours, theirs):
    assert len(ours["figures"]) == len(theirs["figures"])
    for mine, other in zip(ours["figures"], theirs["figures"], strict=True):
        assert len(mine["said"]) == len(other["said"])
        for pair in zip(mine["said"], other["said"], strict=True):
            assert_same_words(*pair)
        np.testing.assert_allclose(mine["pictures"], other["pictures"], atol=0.02)
    for theme in ("light", "dark"):
        for pair in zip(ours["looks"][theme], theirs["looks"][theme], strict=True):
            assert_same_words(*pair)


@pytest.mark.parametrize("page", pages())
def test_a_page_reads_and_answers_as_in_chromium(other, expected, home, page):
    assert_same(look(other, f"{home}/{page}"), expected(page))


def test_a_page_works_as_a_file(other, expected, site):
    page = "book/models/simple.html"
    assert_same(look(other, (site / page).as_uri()), expected(page))
    assert other.evaluate(UNRENDERED_MATH) == []


FOUND = """async () => {
  const found = () => document.querySelector("#search-results");
  while (!found()?.querySelector("li")) await new Promise((done) => setTimeout(done, 20));
  return found().textContent;
}"""


def test_the_search_finds_the_same(other, chromium, home):
    results = []
    for browser in (other, chromium):
        browser.open(f"{home}/search.html?q=denoising+autoencodr+%CE%B2")
        results.append(browser.evaluate(FOUND))
    assert results[0] == results[1]


# The place of an element of the first figure in the window, once it is there.
PLACE = """async () => {
  const find = () => document.querySelector(".reactive [data-alive] SELECTOR");
  while (!find()) {
    document.querySelector(".reactive").scrollIntoView();
    await new Promise((done) => setTimeout(done, 20));
  }
  find().scrollIntoView({ block: "center", behavior: "instant" });
  await new Promise(requestAnimationFrame);
  const { x, y, width, height } = find().getBoundingClientRect();
  return { x, y, width, height };
}"""
SAID = """() => document.querySelector(".reactive .status").textContent"""


def draw(browser, address):
    """Open the first figure's pad with the mouse, draw a seven, and return what the figure says."""
    browser.open(address)

    def stroke(selector, *points):
        place = browser.evaluate(PLACE.replace("SELECTOR", selector))
        spot = [
            (round(place["x"] + x * place["width"]), round(place["y"] + y * place["height"]))
            for x, y in points
        ]
        browser.stroke(spot)

    stroke("summary", (0.1, 0.5))
    stroke(".pad canvas", (0.3, 0.2), (0.5, 0.2), (0.7, 0.2), (0.6, 0.5), (0.5, 0.8))
    return browser.evaluate(SAID)


def test_a_digit_can_be_drawn_with_the_mouse(other, chromium, home):
    address = f"{home}/book/models/simple.html"
    ours, theirs = draw(other, address), draw(chromium, address)
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
    error = number_after("squared error", theirs)
    assert number_after("squared error", ours) == pytest.approx(error, abs=0.001)
