"""Under the Content-Security-Policy that README.md names the book works as it does without one."""

import functools
import re
import threading
from http.server import ThreadingHTTPServer

import pytest

from bookbuild.book import ROOT
from bookbuild.no_code import without_code
from support import (
    UNRENDERED_MATH,
    QuietHandler,
    Watched,
    eventually,
    every_page,
    pages,
    soup,
    switch_theme,
)

README = (ROOT / "README.md").read_text(encoding="utf-8")
POLICY = re.search(r"^ *Content-Security-Policy: (.+)$", README, re.M)[1]
WATCH = """window.violations = [];
addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));"""
SMUGGLE = """() => {
  const script = document.createElement("script");
  script.textContent = "window.smuggled = true";
  document.body.append(script);
  document.body.insertAdjacentHTML("beforeend", "<img src=x: onerror='window.smuggled = true'>");
}"""


class GuardedHandler(QuietHandler):
    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


@pytest.fixture(scope="module")
def guarded(site):
    """The address of a web server that sends the policy with everything."""
    handler = functools.partial(GuardedHandler, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def watched(guarded, browser):
    with Watched(browser, guarded) as watched:
        watched.start = guarded
        watched.page.add_init_script(WATCH)
        yield watched


@pytest.mark.parametrize("address", every_page(pages()))
def test_a_page_works_and_offends_against_nothing(watched, address):
    page = watched.page
    page.goto(f"{watched.start}/{address}", wait_until="load")
    assert page.evaluate(UNRENDERED_MATH) == []
    for figure in page.locator(".reactive").all():
        figure.scroll_into_view_if_needed()
        figure.locator("[data-alive]").wait_for()
    for theme in ("dark", "light"):
        switch_theme(page, theme)
    assert page.evaluate("violations") == []
    assert watched.errors == []


def test_the_search_finds(watched):
    page = watched.page
    page.goto(f"{watched.start}/search.html?q=bottleneck", wait_until="load")
    page.locator("#search-results a").first.wait_for()
    assert page.evaluate("violations") == []


def test_an_old_address_leads_to_the_place_on_the_new_page(watched):
    watched.page.goto(f"{watched.start}/book/03-simple.html#build")
    watched.page.wait_for_url(f"{watched.start}/book/models/simple.html#build")


def test_the_buttons_above_a_page_do_what_they_say(watched):
    page = watched.page
    page.add_init_script("window.print = () => { window.printed = true; }")
    page.goto(f"{watched.start}/book/models/simple.html", wait_until="load")
    page.locator("[data-click='window.print()']").dispatch_event("click")
    assert page.evaluate("window.printed")
    page.locator("[data-click='toggleFullScreen()']").dispatch_event("click")

    def is_full():
        assert page.evaluate("document.fullscreenElement !== null")

    eventually(is_full)


def test_what_is_smuggled_into_a_page_does_not_run(watched):
    page = watched.page
    page.goto(f"{watched.start}/book/index.html", wait_until="load")
    page.evaluate(SMUGGLE)

    def is_noticed():
        assert len(page.evaluate("violations")) >= 2

    eventually(is_noticed)
    assert page.evaluate("window.smuggled === undefined")


def test_no_page_holds_code(site):
    held = {}
    for file in site.rglob("*.html"):
        tags = soup(file).find_all(True)
        scripts = [t for t in tags if t.name == "script" and not t.has_attr("src")]
        scripts = [t for t in scripts if not t.has_attr("data-root")]  # 404.html does without
        code = [str(t)[:80] for t in scripts if t.get("type", "module") == "module"]
        code += [f"{t.name} {name}" for t in tags for name in t.attrs if name.startswith("on")]
        code += [t["href"] for t in tags if t.get("href", "").startswith("javascript:")]
        held |= {file.name: code} if code else {}
    assert held == {}


def test_scripts_that_wait_and_those_that_do_not_become_two_files():
    page = """<head><script data-cfasync="false">one</script><link><script>two</script></head>
    <script src="three"></script><script defer>four</script><script type="a/json">{}</script>
    <button title="five" onclick="six()"></button><code>&lt;b onclick=seven&gt;</code>"""
    files = {}
    assert (
        without_code(page, lambda kind, text: files.setdefault(kind, text) and kind)
        == """<head><script src="first"></script>
<link></head>
    <script src="three"></script><script defer src="later"></script>
<script type="a/json">{}</script>
    <button title="five" data-click="six()"></button><code>&lt;b onclick=seven&gt;</code>"""
    )
    assert files == {"first": "one\ntwo", "later": "four"}
