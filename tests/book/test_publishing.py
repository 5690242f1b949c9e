"""A run's ledger, model, text, notebook and the pages that quote it appear together."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from bookbuild.book import ROOT

pytestmark = pytest.mark.heavy

TEXT = """\
---
jupytext:
  formats: ipynb,md:myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A tiny chapter

```{code-cell} ipython3
```

```{code-cell} ipython3
import types

made = types.SimpleNamespace(source="made up", sha256="0" * 64, real=True)
ledger = results.Ledger("tiny", made, seed=1)
ledger.record(loss=LOSS)
(results.FOLDER / "tiny.keras").write_text("a model")
ledger.save()
```

The loss is 0.99<!-- loss -->.
"""
TOC = """root: book/index
parts: [{chapters: [{file: book/models/tiny.ipynb}]}]
"""
# Dies when it is about to put the text in its place: the ledger is there already.
KILLED = """
import os, signal, sys

def kill(event, args):
    if event == "os.rename" and str(args[1]).endswith("tiny.md"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)
sys.argv = ["chapters", "execute", "tiny"]
from bookbuild import chapters
chapters.main()
"""


class Checkout:
    """A book of one chapter, with the real commands."""

    def __init__(self, top):
        self.top, self.book = top, top / "book"
        for name in "helpers", "bookbuild":
            shutil.copytree(ROOT / name, top / name)
        (self.book / "results").mkdir(parents=True)
        (self.book / "models").mkdir()
        (top / "_toc.yml").write_text(TOC)
        (self.book / "index.md").write_text("# A book\n")
        for name in "_config.yml", "pyproject.toml":
            shutil.copy(ROOT / name, top)
        shutil.copy(ROOT / "book" / "ruff.toml", self.book)
        (self.book / "models" / "tiny.md").write_text(TEXT.replace("LOSS", "0.25"))
        (self.book / "results" / "tiny.json").write_text('{"metrics": {"loss": 0.5}}')
        (top / "README.md").write_text("The chapter reaches 0.99<!-- tiny:loss -->.\n")

    def python(self, *arguments, **options):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.top,
            env=os.environ | {"PYTHONPATH": str(self.top), "BOOK_RESULTS": ""},
            capture_output=True,
            text=True,
            **options,
        )

    def stored(self):
        return {
            path.relative_to(self.top).as_posix(): path.read_bytes()
            for path in [*self.book.rglob("*"), *self.top.glob("*")]
            if path.is_file()
        }


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_a_run_that_is_killed_while_it_is_stored_is_stored_by_the_next_command(checkout):
    done = checkout.python("-c", KILLED)
    assert done.returncode == -signal.SIGKILL, done.stderr
    ledger, text = checkout.book / "results" / "tiny.json", checkout.book / "models" / "tiny.md"
    assert "0.25" in ledger.read_text() and "0.99<!--" in text.read_text()  # half of it

    done = checkout.python("-m", "helpers.files")
    assert done.returncode == 0, done.stderr
    assert json.loads(ledger.read_text())["metrics"] == {"loss": 0.25}
    assert ledger.with_suffix(".keras").read_text() == "a model"
    assert "The loss is 0.25<!-- loss -->" in text.read_text()
    assert "0.25<!-- loss -->" in text.with_suffix(".ipynb").read_text()
    assert "0.25<!-- tiny:loss -->" in (checkout.top / "README.md").read_text()
    assert not [name for name in checkout.stored() if name.endswith(".part")]


def test_figures_of_published_networks_run_alone(checkout):
    """Their output is of today, all else stays, and no state of the former figure is left."""
    text = checkout.book / "models" / "tiny.md"
    figure = """```{code-cell} ipython3
:tags: [play]

import ipywidgets

ipywidgets.Text((results.FOLDER / "tiny.keras").read_text())
```
"""
    text.write_text(TEXT.replace("LOSS", "0.25") + figure)
    done = checkout.python("-m", "bookbuild.chapters", "execute", "tiny")
    assert done.returncode == 0, done.stderr
    notebook, model = text.with_suffix(".ipynb"), checkout.book / "results" / "tiny.keras"
    before, shown = checkout.stored(), json.loads(notebook.read_text())
    assert "a model" in notebook.read_text()

    model.write_text("another model")
    done = checkout.python("-m", "bookbuild.chapters", "play", "tiny")
    assert done.returncode == 0, done.stderr
    anew = json.loads(notebook.read_text())
    assert "another model" in notebook.read_text() and '"a model"' not in notebook.read_text()
    assert [len(kind["state"]) for kind in anew["metadata"]["widgets"].values()] == [
        len(kind["state"]) for kind in shown["metadata"]["widgets"].values()
    ]
    assert anew["cells"][:-1] == shown["cells"][:-1]
    changed = {name for name, content in checkout.stored().items() if before[name] != content}
    assert changed == {"book/models/tiny.ipynb", "book/results/tiny.keras"}


def test_a_run_that_fails_leaves_everything_as_it_was(checkout):
    text = checkout.book / "models" / "tiny.md"
    text.write_text(TEXT.replace("ledger.save()", "ledger.save()\nundefined").replace("LOSS", "1"))
    before = checkout.stored()
    done = checkout.python("-m", "bookbuild.chapters", "execute", "tiny")
    assert done.returncode == 1
    assert "tiny: a cell failed, nothing was written." in done.stderr
    assert checkout.stored() == before


def test_a_full_disk_leaves_everything_as_it_was(checkout):
    """The text has grown beyond what fits; notebook and text stay those of before."""
    import resource

    done = checkout.python("-m", "bookbuild.chapters", "sync")
    assert done.returncode == 0, done.stderr
    text = checkout.book / "models" / "tiny.md"
    text.write_text(text.read_text().replace("# A tiny chapter", "# A chapter\n" + "more " * 2000))
    before = checkout.stored()
    full = (8000, resource.RLIM_INFINITY)
    done = checkout.python(
        *("-B", "-m", "bookbuild.chapters", "sync"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, full),
    )
    assert done.returncode == 1
    assert "it was not written" in done.stderr and "tiny.ipynb" in done.stderr
    assert checkout.stored() == before
