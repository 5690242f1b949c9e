"""What tests share. No test imports another: what two of them need stands here or in conftest.py."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import anywidget
import nbformat
import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup

from bookbuild import book
from bookbuild.book import ROOT, SITE
from helpers.widgets.figure import joined_module

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
REPOSITORY, BRANCH = CONFIG["repository"]["url"], CONFIG["repository"]["branch"]

# The real data, where a machine has them: digits, heartbeats, pages.
REAL = Path(os.environ.get("BOOK_DATA") or ROOT.parent / "shared" / "data")


def needs_real(name):
    """Skip a test where a file or folder of the real data is absent."""
    return pytest.mark.skipif(not (REAL / name).exists(), reason=f"{REAL / name} is absent")


# ------------------------------------------------------------------ patience

# Seconds until a wait counts as a hang. No test measures: a slow machine is none that fails.
PATIENCE = 300


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


# ------------------------------------------------------------------ chapters

# Chapters whose editions and hand-ins are run: minutes each, so all of them in a job of its own.
CLASSROOM = book.chapters() if os.environ.get("BOOK_CLASSROOM") == "all" else ["simple"]

BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.S | re.M)


def sections(text, level):
    """Return the text below each heading of a level, by heading."""
    parts = re.split(rf"^{'#' * level} (.+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def message(error):
    """Return the last lines of a traceback, as a notebook shows them."""
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    words = re.sub(r"\x1b\[\d*m", "", words)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def agrees(quoted, real):
    """Whether a quotation, in which three dots stand for a gap, is the real thing."""
    gap = r"(?:.|\n)*"
    return re.fullmatch(gap.join(map(re.escape, quoted.strip().split("..."))), real.strip())


# ------------------------------------------------------------------ the built site


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


def every_page(addresses, light=("book/index.html", "book/models/simple.html", "search.html")):
    """Return addresses as parameters of a test; all but the `light` ones are heavy.

    A browser takes some ten seconds for a page, so `make test` looks at these alone.
    """
    return [
        address if address in light else pytest.param(address, marks=pytest.mark.heavy)
        for address in addresses
    ]


@cache
def soup(file):
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def served(handler, folder):
    """Serve a folder, and yield the server's address."""
    answer = partial(handler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# ------------------------------------------------------------------ a browser


def lacking(what):
    """Skip a test for want of a browser; in CI, where there should be one, fail it."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}

TOO_WIDE = """() => {
  const page = document.scrollingElement;
  if (page.scrollWidth <= innerWidth) return [];
  return [...document.body.querySelectorAll("*")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 80)).slice(0, 5).concat(`page: ${page.scrollWidth} px`);
}"""

UNRENDERED_MATH = """async () => {
  const math = [...document.querySelectorAll(".math")];
  if (math.length) {
    math[0].scrollIntoView(); // MathJax comes when the reader is near
    while (!window.MathJax.startup?.promise) await new Promise(done => setTimeout(done, 20));
    await MathJax.startup.promise;
  }
  return math.filter(m => !m.querySelector("mjx-container") || m.querySelector("mjx-merror"))
    .map(m => m.textContent);
}"""

# A colour on its way from light to dark is neither; its contrast says nothing.
# Not for ever: an animation whose element has gone does not finish.
SETTLED = """() => Promise.race([
  new Promise(done => setTimeout(done, 3000)),
  Promise.allSettled(document.getAnimations()
    .filter(a => a.effect.getComputedTiming().endTime < Infinity).map(a => a.finished)),
]).then(() => null)"""

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def new_page(browser, **how):
    """Open a page that is as patient as the tests are."""
    page = browser.new_page(**how)
    page.set_default_timeout(1000 * PATIENCE)
    if browser.slower > 1:
        speed = page.context.new_cdp_session(page)
        speed.send("Emulation.setCPUThrottlingRate", {"rate": browser.slower})
    return page


class Watched:
    """A browser page that lets nothing but the site through, and notes what went wrong."""

    def __init__(self, browser, address):
        self.errors, self.strangers = [], []
        home = urlsplit(address)[:2]

        def let_through(route):
            request = urlsplit(route.request.url)
            if request[:2] == home or request.scheme in ("data", "blob"):
                return route.continue_()
            self.strangers.append(route.request.url)
            return route.abort()

        self.page = new_page(browser, viewport=WIDE)
        self.page.route("**/*", let_through)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda message: self.errors.append(message.text) if message.type == "error" else None,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.page.close()


def switch_theme(page, theme):
    """Press the theme's own button until the page has the theme."""
    for _ in range(3):
        if page.evaluate("document.documentElement.dataset.theme") == theme:
            page.evaluate(SETTLED)
            return
        # Not with the mouse: it would stay there and raise the button's tooltip.
        page.locator(".theme-switch-button").last.dispatch_event("click")
    raise AssertionError(f"the theme's button never leads to {theme}")


def axe_findings(page, part="document"):
    """Return axe-core's violations, in a part of the page, as lines: rule, element, what it says."""
    page.add_script_tag(path=AXE)
    violations = page.evaluate(
        f"axe.run({part}, {{resultTypes: ['violations']}}).then(r => r.violations)"
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in violations
        for node in rule["nodes"]
    ]


# ------------------------------------------------------------------ reactive figures

FIGURE = ".book-figure[data-alive]"

# The widget's state is what a browser needs to show a figure without a notebook. The model, which
# in a notebook Jupyter provides, is the one that the book's pages have; it also notes what went
# to Python.
ALONE = """async ([code, css, state]) => {
  const url = URL.createObjectURL(new Blob([code], {type: "text/javascript"}));
  const figure = (await import(url)).default;
  document.head.append(Object.assign(document.createElement("style"), {textContent: css}));
  const el = document.body.appendChild(document.createElement("div"));
  for (const [key, value] of Object.entries(state)) {
    if (value?.bytes !== undefined) state[key] = new DataView(decode(value.bytes).buffer);
  }
  window.told = [];
  window.model = new class extends Model {
    save_changes() {
      const words = Object.entries(state).filter(([, value]) => !ArrayBuffer.isView(value));
      window.told.push(structuredClone(Object.fromEntries(words)));
    }
  }(state);
  await figure.render({model: window.model, el});
}"""


def state_of(figure):
    """Return what a figure's script can read, bytes in base64."""
    jupyter = set(anywidget.AnyWidget.class_trait_names(sync=True)) | {"_esm", "_css"}
    state = {name: getattr(figure, name) for name in figure.trait_names(sync=True)}
    return {
        name: {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in state.items()
        if name not in jupyter and name != "_anywidget_id"
    }


def show(page, figure, **changes):
    """Show a figure on the page below what is there; `changes` are put into its state.

    The page then has `model`, the figure's state, and `told`, what went to Python so far.
    """
    _run(page, figure, state_of(figure) | changes)


def show_stored(page, figure, model, **changes):
    """Show a figure of this class as a notebook stores it, with the script of today."""
    parts = {part["path"][0]: {"bytes": part["data"]} for part in model.get("buffers", [])}
    _run(page, figure, dict(model["state"]) | parts | changes)


def _run(page, figure, state):
    if page.evaluate("typeof Model === 'undefined'"):
        page.add_script_tag(path=ROOT / "bookbuild" / "figures.js")
    page.evaluate(ALONE, [figure._esm, figure._css, state])


def draw_stroke(page):
    """Open a figure's drawing pad, and draw a stroke by mouse."""
    page.get_by_text("Or draw one").click()
    pad = page.get_by_role("application", name="Drawing pad")
    pad.scroll_into_view_if_needed()
    sheet = pad.bounding_box()
    page.mouse.move(sheet["x"] + 60, sheet["y"] + 30)
    page.mouse.down()
    page.mouse.move(sheet["x"] + 120, sheet["y"] + 150, steps=3)
    page.mouse.up()


def shown(page, name):
    """Return what a picture of the figure shows, as (h, w) from 0 (paper) to 1 (ink)."""
    ink = page.locator(f'canvas[aria-label="{name}"]').evaluate(
        """c => [c.width, ...c.getContext("2d").getImageData(0, 0, c.width, c.height).data
          .filter((_, i) => i % 4 === 3)]"""
    )
    return np.reshape(ink[1:], (-1, ink[0])) / 255


def number_after(words, said):
    """Return the number that follows some words: rounded, which two processors may do differently."""
    return float(re.search(rf"{words} (-?\d+(?:\.\d+)?)", said)[1])


LETTERS = """all => all.filter(text => text.textContent && text.checkVisibility()).map(text =>
  parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"""


def assert_usable(page):
    """Check what holds for every figure: it is alive, clean for axe, and fits and reads on a phone."""
    assert page.locator(FIGURE).count()
    for words in page.locator(".book-figure summary").all():
        words.click()
    sizes = page.locator(".chart text:not([transform])").evaluate_all(LETTERS)
    assert all(size > 10.9 for size in sizes), sizes
    assert axe_findings(page, "'.book-figure'") == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360


def come_near(page):
    """Scroll to a built page's first figure and wait until it is alive."""
    page.locator(".reactive").first.scroll_into_view_if_needed()
    page.locator(FIGURE).first.wait_for()


def stored_state(address):
    """Return the state of a page's first figure as the notebook stores it, its bytes decoded."""
    notebook = nbformat.read((ROOT / address).with_suffix(".ipynb"), as_version=4)
    view = "application/vnd.jupyter.widget-view+json"
    shown = (
        output["data"][view]["model_id"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if view in output.get("data", {})
    )
    first = next(shown, None)
    assert first, f"{address} stores no figure"
    (all_models,) = notebook.metadata["widgets"].values()
    model = all_models["state"][first]
    parts = {part["path"][0]: base64.b64decode(part["data"]) for part in model["buffers"]}
    return model["state"] | parts


def as_keras(state, name):
    """Build a network that the page runs once more in Keras, from its stored weights."""
    import keras  # most tests that need this file do without

    (about,) = [network for network in state["_networks"] if network["name"] == name]
    model = keras.Sequential([keras.Input(about["spec"]["input_shape"])])
    for layer in about["spec"]["layers"]:
        options = {key: value for key, value in layer.items() if key not in ("type", "name")}
        model.add(getattr(keras.layers, layer["type"])(**options))
    values = np.frombuffer(state["_weights"][about["start"] : about["stop"]], np.float16)
    ends = np.cumsum([np.prod(w.shape) for w in model.weights]).astype(int)
    parts = np.split(values.astype("float32"), ends[:-1])
    model.set_weights([p.reshape(w.shape) for p, w in zip(parts, model.weights, strict=True)])
    return model


# ------------------------------------------------------------------ the figures' networks


def script_address(name):
    """Return a figure's script, with what it imports, as an address that `import()` takes.

    Node takes it for a module whatever its suffix.
    """
    code = joined_module(name).encode()
    return "data:text/javascript;base64," + base64.b64encode(code).decode()


ADDRESS = script_address("network.js")

# Weights come as anywidget hands them over: a DataView, here at an odd place of its buffer.
# The other input comes first: nothing of it may be left in the buffers.
ANSWER = """async ([address, cases]) => {
  const { load } = await import(address);
  const plain = ({ name, type, shape, output }) => ({ name, type, shape, output: [...output] });
  return cases.map(({ spec, weights, x }) => {
    try {
      const bytes = Uint8Array.from(" " + atob(weights), (letter) => letter.charCodeAt(0));
      const net = load(spec, new DataView(bytes.buffer, 1));
      const numbers = Float32Array.from(x, (value) => value ?? NaN);  // JSON has no NaN
      if (!x.includes(null)) net.run(numbers.map((value) => 1 - 2 * value));
      const output = [...net.run(numbers)];
      return { shape: net.outputShape, output, layers: net.layers.map(plain) };
    } catch (error) {
      return { error: error.message };
    }
  });
}"""


def in_node(cases, answer=ANSWER):
    """Run cases in one process of Node and return its answers."""
    # Beside Python lies the Node from PyPI, for machines that have none.
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    node = shutil.which("node", path=path)
    assert node, "no Node: install the group `book` of pyproject.toml"
    code = f"""const answer = {answer};
    let text = "";
    for await (const part of process.stdin.setEncoding("utf8")) text += part;
    console.log(JSON.stringify(await answer(JSON.parse(text))));"""
    done = subprocess.run(
        [node, "--input-type=module", "--eval", code],
        input=json.dumps([ADDRESS, cases]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ------------------------------------------------------------------ a published copy

FORK, URL = "somebody-else/a-fork", "https://github.com/somebody-else/a-fork"
PLACES = ["models/simple", "studies/shapes"]
PAGES = "".join(f"  - file: book/{place}.ipynb\n" for place in PLACES)
TOC = f"format: jb-book\nroot: book/index\nparts:\n- chapters:\n{PAGES}  - file: book/reference/run.md\n"


class Fork:
    """A clone of somebody else's copy of this checkout, two chapters long, on another branch."""

    def __init__(self, folder):
        self.top, self.bare = folder / "clone", folder / f"{FORK}.git"
        listed = ["git", "ls-files", "-co", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in names.splitlines():
            if (ROOT / name).is_file():
                (self.top / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.top / name)
        (self.top / "_toc.yml").write_text(TOC)
        self.git("init", "-q", "-b", "trunk")
        self.git("add", "-A")
        self.commit()
        self.git("init", "-q", "--bare", self.bare)
        self.git("remote", "add", "origin", self.bare)
        self.git("push", "-q", "origin", "trunk")

    def run(self, *command, **env):
        env = os.environ | {"PYTHONPATH": str(self.top), "GITHUB_REPOSITORY": FORK} | env
        env |= {"GITHUB_REF_NAME": "trunk"}
        return subprocess.run(command, cwd=self.top, env=env, capture_output=True, text=True)

    def git(self, *arguments):
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self):
        self.git(
            *("-c", "user.name=test", "-c", "user.email=test@example.org"),
            *("commit", "-q", "-a", "-m", "the book"),
        )

    def publish(self, *arguments, **env):
        return self.run(sys.executable, "-m", "bookbuild.publish", *arguments, **env)

    def build(self):
        """Stand for a build: of a chapter's page the button alone."""
        config = yaml.safe_load((self.top / "_config.yml").read_text())
        name = config["repository"]["url"].removeprefix("https://github.com/")
        for place in PLACES:
            page = self.top / "_build" / "html" / "book" / f"{place}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            to = f"{name}/blob/{config['repository']['branch']}/book/{place}.ipynb"
            page.write_text(f'<a href="https://colab.research.google.com/github/{to}">')
