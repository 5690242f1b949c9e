"""Write notebooks from the text of the chapters, and run them.

    python -m bookbuild.chapters sync    [03-simple ...]   carry the text over, run nothing
    python -m bookbuild.chapters execute [03-simple ...]   run in full on real data

`sync` keeps the outputs of cells whose code has not changed, and renews the scripts of the
reactive figures. `execute` is the only way
to a published notebook: it writes the ledger, then the numbers in the prose, then the
notebook, and nothing if a cell fails.
"""

import argparse
import importlib
import os
import pathlib
import re
import subprocess
import sys

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tqdm import tqdm

from bookbuild.numbers import fill, texts
from bookbuild.setup_cell import setup_cell
from bookbuild.site import stored_figures

ROOT = pathlib.Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
COVER = BOOK / "_static" / "cover.png"  # the README's picture, as on the book's first page
_KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
_CELL = re.compile(
    r"(?P<head>^```\{code-cell\}[^\n]*\n(?:(?::[^\n]*|)\n)*)(?P<code>.*?)\n?^```$", re.S | re.M
)


def chapters():
    """Return the names of all chapters, in reading order."""
    return [path.stem for path in sorted(BOOK.glob("[0-9][0-9]-*.md"))]


def read_text(chapter):
    """Return a chapter's text as a notebook: no outputs, ids that do not change by chance.

    Parameters
    ----------
    chapter : str
        Such as ``"03-simple"``.

    Returns
    -------
    nbformat.NotebookNode
    """
    notebook = jupytext.read(BOOK / f"{chapter}.md", fmt="md:myst")
    notebook.metadata = nbformat.from_dict(_KERNEL | {"jupytext": {"formats": "ipynb,md:myst"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"
    return notebook


def sync(chapter):
    """Carry a chapter's text into its notebook.

    First the text is put in order: the setup cell is the one of all chapters, ruff formats
    the code, and the numbers in the prose are those of the ledger. Outputs stay with the
    cells whose code is the same.

    Parameters
    ----------
    chapter : str
        Such as ``"03-simple"``.

    Returns
    -------
    nbformat.NotebookNode
        As written to ``book/<chapter>.ipynb``.
    """
    text = BOOK / f"{chapter}.md"
    text.write_text(_in_order(text.read_text()))
    if (BOOK / "results" / f"{chapter}.json").exists():
        fill_in(text)
    notebook, stored = read_text(chapter), BOOK / f"{chapter}.ipynb"
    if stored.exists():
        keep_outputs(notebook, nbformat.read(stored, as_version=4))
    _write(notebook, stored)
    return notebook


def keep_outputs(notebook, stored):
    """Give the cells of a notebook the outputs that the same code has in a stored one.

    The state of the widgets comes along: without it a page shows their still pictures alone.
    """
    left = [cell for cell in stored.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        same = next((old for old in left if old.source == cell.source), None)
        if same is not None:  # cells of other code stay without outputs: they did not run
            left.remove(same)
            cell.outputs, cell.execution_count = same.outputs, same.execution_count
    if "widgets" in stored.metadata:
        notebook.metadata["widgets"] = renew_scripts(stored.metadata["widgets"])


def renew_scripts(widgets):
    """Put the reactive figures' scripts of today into their stored state, and return it.

    What a figure shows was measured by a run; how it shows it is code like any other.
    """
    for state in widgets.values():
        for model in state["state"].values():
            module, _, name = model["state"].get("_anywidget_id", "").rpartition(".")
            if module:
                figure = getattr(importlib.import_module(module), name)
                model["state"] |= {"_esm": figure._esm, "_css": figure._css}
    return widgets


def execute(chapter):
    """Run a chapter in the full profile on real data and store what it gave.

    Parameters
    ----------
    chapter : str
        Such as ``"03-simple"``.

    Raises
    ------
    SystemExit
        If a cell fails or the run was not one to publish; the ledger and the stored
        outputs are then as they were.
    """
    text = BOOK / f"{chapter}.md"
    text.write_text(_in_order(text.read_text()))
    notebook = read_text(chapter)
    ledger = BOOK / "results" / f"{chapter}.json"
    before = ledger.read_bytes() if ledger.exists() else None
    cells = tqdm(total=len(notebook.cells), desc=chapter, unit="cell")
    client = NotebookClient(
        notebook,
        timeout=None,
        resources={"metadata": {"path": str(BOOK)}},
        record_timing=False,
        coalesce_streams=True,
        on_cell_complete=lambda cell, cell_index: cells.update(),
    )
    try:
        client.execute(env=os.environ | {"BOOK_PROFILE": "full"})
    except CellExecutionError as error:
        if before is not None:
            ledger.write_bytes(before)
        sys.exit(f"{chapter}: a cell failed, nothing was written.\n{error}")
    finally:
        cells.close()
    if not ledger.exists() or ledger.read_bytes() == before:
        sys.exit(
            f"{chapter}: the run wrote no new ledger, so it is not published. Is BOOK_DATA "
            f"(now {os.environ.get('BOOK_DATA') or 'unset'}) a folder with mnist.npz?"
        )
    # TensorFlow greets with notes on this machine's processor: no part of the lesson.
    next(c for c in notebook.cells if c.cell_type == "code").outputs = []
    notebook.metadata.pop("language_info", None)  # it names this machine's Python
    _write(notebook, BOOK / f"{chapter}.ipynb")
    sync(chapter)


def fill_in(path):
    """Write the measured numbers into the prose of a file, or say which marker is wrong."""
    try:
        path.write_text(fill(path.read_text(), path.stem))
    except (KeyError, FileNotFoundError) as error:
        sys.exit(f"{path.name} quotes a number that was not measured: {error}")


def _in_order(text):
    """Give a chapter's text the common setup cell, and format its code."""
    setup = iter([setup_cell()])

    def format_cell(match):
        code = next(setup, match["code"])  # the first cell is the setup cell
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--stdin-filename", "cell.py", "-"],
            input=code,
            text=True,
            capture_output=True,
            cwd=BOOK,  # for its line length
        )
        if done.returncode:
            sys.exit(f"This cell is no Python:\n{code}\n{done.stderr}")
        head = match["head"].rstrip("\n")  # one empty line below the cell's options, if it has any
        return f"{head}\n" + "\n" * (":" in head) + f"{done.stdout.strip()}\n```"

    return _CELL.sub(format_cell, text)


def _write(notebook, path):
    """Replace a notebook as a whole, never half-written."""
    nbformat.validate(notebook)
    draft = path.with_suffix(f".{os.getpid()}.part")
    nbformat.write(notebook, draft)
    draft.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["sync", "execute"])
    parser.add_argument("chapters", nargs="*", default=["all"], help="03-simple ..., or all")
    args = parser.parse_args()
    names = chapters() if args.chapters == ["all"] else args.chapters
    if unknown := set(names) - set(chapters()):
        parser.error(f"no chapter {', '.join(sorted(unknown))}; there are: {', '.join(chapters())}")
    for chapter in names:
        {"sync": sync, "execute": execute}[args.action](chapter)
        print(f"book/{chapter}.ipynb written")
    figures = stored_figures(BOOK / "03-simple.ipynb")
    COVER.write_bytes(next(png for png, about in figures if "2, 4, 8, 16 and 32" in about["alt"]))
    for path in texts():  # other pages and the teaching notes quote the chapters
        if path.parent != BOOK or path.stem not in chapters():
            fill_in(path)


if __name__ == "__main__":
    main()
