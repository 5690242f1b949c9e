"""The directive `reactive-figure`: a notebook's figure, alive on a page of prose."""

import base64
import io
import json
import shutil
import subprocess
import sys

import nbformat
import PIL.Image
import pytest
from bs4 import BeautifulSoup

from bookbuild.book import ROOT
from support import Watched

CONF = """
extensions = ["myst_nb", "bookbuild.site", "bookbuild.page_weight"]
exclude_patterns = ["models"]
html_theme = "basic"
html_static_path = ["static"]
nb_execution_mode = "off"
nb_ipywidgets_js = {"figures.js": {}}
templates_path = ["templates"]
"""
LAYOUT = (
    """{% extends "basic/layout.html" %}{% block scripts %}{{ later(super()) }}{% endblock %}"""
)
PAGE = """# A page

```{reactive-figure} models/two.ipynb
```

Between them.

```{reactive-figure} models/two.ipynb
:tag: other
```

```{reactive-figure} models/none.ipynb
```
"""
SCRIPT = """const $parts = {};
$parts["words.js"] = (() => {
const $default = { render({ model, el }) {
  const figure = document.createElement("p");
  figure.dataset.alive = "";
  figure.textContent = `${model.get("words")} </script>`;
  el.append(figure);
} };
return { $default };
})();
export default $parts["words.js"].$default;
"""


def cell(name, tag):
    """A cell whose output is a figure: its widget and its picture."""
    picture = io.BytesIO()
    PIL.Image.new("L", (4, 2)).save(picture, "PNG")
    data = {
        "application/vnd.jupyter.widget-view+json": {"model_id": name},
        "image/png": base64.b64encode(picture.getvalue()).decode(),
    }
    about = {"image/png": {"alt": f"the figure {name}", "width": 40}}
    output = nbformat.v4.new_output("display_data", data, metadata=about)
    return nbformat.v4.new_code_cell("", outputs=[output], metadata={"tags": [tag]})


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reactive")
    for name in ("models", "templates", "static"):
        (folder / name).mkdir()
    names = {"hidden": "hide-cell", "first": "play", "second": "play", "third": "other"}
    notebook = nbformat.v4.new_notebook(cells=[cell(*pair) for pair in names.items()])
    states = {name: {"state": {"_esm": SCRIPT, "_css": "", "words": name}} for name in names}
    state = {"version_major": 2, "version_minor": 0, "state": states}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    nbformat.write(notebook, folder / "models" / "two.ipynb")
    (folder / "conf.py").write_text(CONF)
    (folder / "templates" / "layout.html").write_text(LAYOUT)
    (folder / "index.md").write_text(PAGE)
    shutil.copy(ROOT / "bookbuild" / "figures.js", folder / "static")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", folder, folder / "html"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_a_page_stores_the_figures_that_it_shows_and_no_other(built):
    page = BeautifulSoup((built / "index.html").read_text(), "html.parser")
    places = page.find_all(class_="reactive")
    views = [json.loads(place.script.string)["model_id"] for place in places]
    assert views == ["first", "third"]
    stills = [place.find(class_="still").img for place in places]
    assert [still["alt"] for still in stills] == ["the figure first", "the figure third"]
    assert all((built / still["src"]).is_file() for still in stills)
    text = (built / "_static" / "figures" / "index.js").read_text()
    stored = json.loads(text.removeprefix("bookFigures = ").rstrip().removesuffix(";"))
    assert set(stored["state"]) == {"first", "third"}


def test_its_figures_come_alive(built, browser):
    with Watched(browser, built.as_uri()) as watched:
        watched.page.goto(f"{built.as_uri()}/index.html")
        watched.page.locator(".reactive [data-alive]").nth(1).wait_for()
        words = watched.page.locator("[data-alive]").all_inner_texts()
        assert words == ["first </script>", "third </script>"]
        assert watched.errors == []
