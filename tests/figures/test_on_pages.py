"""The reactive figures on the built pages: no kernel, no network, any theme."""

import base64
import gzip
import json
from urllib.parse import urlsplit

import numpy as np
import pytest

from bookbuild.book import ROOT
from support import (
    FIGURE,
    PHONE,
    SITE,
    Watched,
    as_keras,
    come_near,
    documents,
    every_page,
    in_node,
    number_after,
    shown,
    stored_state,
    switch_theme,
)


def pages_with_figures():
    names = [
        name for name in documents() if 'class="reactive' in (SITE / f"{name}.html").read_text()
    ]
    return [f"{name}.html" for name in names] or ["none: run make book"]


every_figure = pytest.mark.parametrize("address", every_page(pages_with_figures()))


def stored_networks():
    """Return (page, network's name) of all that the pages run."""
    return [
        (address, network["name"])
        for address in pages_with_figures()
        if (ROOT / address).with_suffix(".ipynb").is_file()  # a prose page shows another's figure
        for network in stored_state(address)["_networks"]
    ]


@pytest.mark.parametrize("address, name", stored_networks())
def test_every_published_network_equals_keras(address, name):
    state = stored_state(address)
    model = as_keras(state, name)
    x = np.random.default_rng(0).random(model.input_shape[1:], "float32")
    (about,) = [network for network in state["_networks"] if network["name"] == name]
    weights = state["_weights"][about["start"] : about["stop"]]
    asked = {
        "spec": about["spec"],
        "weights": base64.b64encode(weights).decode(),
        "x": x.ravel().tolist(),
    }
    (answer,) = in_node([asked])
    expected = np.asarray(model(x[None]))[0]
    assert answer["shape"] == list(expected.shape)
    np.testing.assert_allclose(answer["output"], expected.ravel(), atol=1e-5, rtol=1e-5)


@every_figure
@pytest.mark.parametrize("how", ["http", "file"])
def test_comes_alive_when_the_reader_is_near(site, host, browser, address, how):
    start = host if how == "http" else site.as_uri()
    with Watched(browser, start) as watched:
        page = watched.page
        page.goto(f"{start}/{address}", wait_until="load")
        still = page.locator(".reactive > .still").first
        assert still.locator("img").get_attribute("alt")  # it may be alive by now
        come_near(page)
        still.wait_for(state="hidden")
        assert watched.errors == []
        assert watched.strangers == []


@every_figure
def test_the_picture_stays_if_scripts_fail(host, browser, address):
    with Watched(browser, host) as watched:
        page = watched.page
        page.route("**/figures.js*", lambda route: route.abort())
        # The page has loaded once its scripts have come, or failed.
        page.goto(f"{host}/{address}", wait_until="load")
        still = page.locator(".reactive > .still").first
        still.scroll_into_view_if_needed()
        assert still.is_visible()


def changed(change):
    """Return what a damaged state file holds: `change` is given what each figure stores."""

    def content(text):
        state = json.loads(text.removeprefix("bookFigures = ").rstrip().removesuffix(";"))
        for model in state["state"].values():
            if "scripts" in model:
                change(model)
        return f"bookFigures = {json.dumps(state)};"

    return content


def without_weights(model):
    model["buffers"] = [part for part in model["buffers"] if part["path"] != ["_weights"]]


def part_of_weights(model):
    (weights,) = (part for part in model["buffers"] if part["path"] == ["_weights"])
    weights["data"] = base64.b64encode(base64.b64decode(weights["data"])[:-1000]).decode()


def no_base64(model):
    model["buffers"][0]["data"] = "?"


def half(text):
    return text[: len(text) // 2]


# The file that is damaged; what it holds then, if it comes; what the reader is told.
STATE, SCRIPT, STYLE = "simple.js", "bottleneck-*.js", "figure-*.css"
DAMAGE = {
    "no file": (STATE, None, "cannot load ../../_static/figures/simple.js"),
    "half a file": (STATE, half, "simple.js?v="),
    "no figure": (STATE, lambda text: 'bookFigures = {"state": {}};', "its script is missing"),
    "no name of a script": (STATE, changed(lambda m: m.pop("scripts")), "its script is missing"),
    "no script": (SCRIPT, None, "cannot load ../../_static/figures/bottleneck-"),
    "half a script": (SCRIPT, half, "js is damaged"),
    "a script that throws": (SCRIPT, lambda text: "throw new Error('no')", "js is damaged"),
    "a figure that throws": (
        SCRIPT,
        lambda text: text.replace("render({ model, el }) {", "render() { throw new Error('no');"),
        "(no)",
    ),
    "no style": (STYLE, None, "cannot load ../../_static/figures/figure-"),
    "no networks": (
        STATE,
        changed(lambda model: model["state"].pop("_networks")),
        "its networks are missing",
    ),
    "no weights": (STATE, changed(without_weights), "a part of its numbers is missing"),
    "part of the weights": (
        STATE,
        changed(part_of_weights),
        "bytes of weights came; this network has",
    ),
    "no base64": (STATE, changed(no_base64), "its numbers are damaged"),
}


def asked(route):
    """Return the file that the page asks for."""
    return (SITE / urlsplit(route.request.url).path.lstrip("/")).read_text()


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_figure_that_cannot_start_says_so_below_its_picture(host, browser, kind):
    file, change, words = DAMAGE[kind]

    def answer(route):
        if change is None:
            return route.abort()
        return route.fulfill(body=change(asked(route)), content_type="text/javascript")

    with Watched(browser, host) as watched:
        page = watched.page
        page.route(f"**/figures/{file}*", answer)
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        page.locator(".reactive").first.scroll_into_view_if_needed()
        alert = page.locator(".reactive").first.get_by_role("alert")
        alert.wait_for()
        said = alert.inner_text()
        assert said.startswith("This figure could not start (") and words in said
        assert said.endswith("The text does not need it.")
        assert page.locator(".reactive > .still img").first.is_visible()


def test_a_page_whose_figure_script_does_not_come_says_so(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.route("**/figures.js*", lambda route: route.abort())
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        said = page.locator(".reactive").first.get_by_role("alert").inner_text()
        assert said.startswith("This figure could not start (its script did not load).")
        assert page.locator(".reactive > .still img").first.is_visible()


def test_a_figure_that_fails_later_says_so_and_its_picture_returns(host, browser):
    def failing(route):
        text = asked(route)
        broken = "said.textContent = say("
        worse = f"if (n === 32) throw new Error('32 is too many'); {broken}"
        assert broken in text
        return route.fulfill(body=text.replace(broken, worse), content_type="text/javascript")

    with Watched(browser, host) as watched:
        page = watched.page
        page.route("**/figures/bottleneck-*.js", failing)
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        come_near(page)
        still = page.locator(".reactive > .still").first
        assert not still.is_visible()
        page.get_by_role("slider").press("End")
        said = page.locator(".reactive").first.get_by_role("alert").inner_text()
        assert said.startswith("This figure has stopped (32 is too many).")
        assert "Load the page again" in said
        assert still.is_visible() and page.locator(FIGURE).count() == 0


@every_figure
def test_dark_mode_follows_at_once(host, browser, address):
    with Watched(browser, host) as watched:
        page = watched.page
        page.set_viewport_size(PHONE)
        page.goto(f"{host}/{address}", wait_until="load")
        come_near(page)
        looks = {}
        for theme in ("light", "dark"):
            switch_theme(page, theme)
            looks[theme] = page.locator(FIGURE).first.evaluate(
                """figure => [getComputedStyle(figure).color,
                  ...[...figure.querySelectorAll("canvas:not(.coloured)")].map(
                    (canvas) => getComputedStyle(canvas).filter)]"""
            )
        assert looks["light"][0] != looks["dark"][0]
        assert set(looks["light"][1:]) <= {"none"}
        assert set(looks["dark"][1:]) <= {"invert(1)"}


@every_figure
def test_a_page_is_light_enough_for_a_phone(host, browser, address):
    asked = set()
    with Watched(browser, host) as watched:
        page = watched.page
        page.on("request", lambda request: asked.add(request.url.partition("?")[0]))
        page.goto(f"{host}/{address}", wait_until="networkidle")
        come_near(page)
    # From the disk: to ask the browser for the bodies can hang.
    files = [url.removeprefix(f"{host}/") for url in asked if url.startswith(host)]
    sizes = {file: len(gzip.compress((SITE / file).read_bytes())) for file in files}
    assert address in sizes
    limit = 1_200_000 if address == "book/index.html" else 1_500_000
    assert sum(sizes.values()) < limit, json.dumps(sizes, indent=1)


@pytest.mark.parametrize("width", [1280, 1440])
def test_the_scoreboard_shows_all_its_columns_on_a_laptop(host, browser, width):
    with Watched(browser, host) as watched:
        page = watched.page
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{host}/book/reference/scoreboard.html", wait_until="load")
        come_near(page)
        # Less a bar to scroll downwards, which this browser does not show.
        room, wanted = page.locator(".scores").evaluate("""scores => {
          scores.style.width = `${scores.offsetWidth - 17}px`;
          return [scores.clientWidth, scores.scrollWidth];
        }""")
        assert wanted == room


def test_bottleneck_on_the_page_equals_keras(host, browser):
    state = stored_state("book/models/simple.html")
    x = np.frombuffer(state["_examples"], np.uint8).reshape(-1, 784) / np.float32(255)
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE)
        slider = figure.get_by_role("slider")
        figure.get_by_role("radio").nth(2).check(force=True)
        slider.press("Home")
        for size in (2, 4, 8, 16, 32):
            x_hat = np.asarray(as_keras(state, str(size))(x[2:3]))[0]
            np.testing.assert_allclose(
                shown(page, "reconstruction").ravel(), x_hat, atol=0.51 / 255
            )
            error = np.mean((x[2] - x_hat) ** 2)
            said = number_after("squared error", figure.locator(".status").inner_text())
            assert said == pytest.approx(error, abs=5.1e-5)
            slider.press("ArrowRight")
