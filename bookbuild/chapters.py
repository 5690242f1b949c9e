"""Write notebooks from the text of the chapters, and run them.

    python -m bookbuild.chapters sync    [simple ...]   carry the text over, run nothing
    python -m bookbuild.chapters execute [simple ...]   run in full on real data
    python -m bookbuild.chapters play    [simple ...]   run the cells tagged `play` alone

`sync` keeps the outputs of cells whose code has not changed, and renews the scripts of the
reactive figures. `execute` is the only way to a published notebook: the ledger, the numbers in
all prose and the notebook of a run appear together, or not at all. `play` renews the figures that
show what is published already; they depend on no other cell.
"""

import argparse
import ast
import contextlib
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tqdm import tqdm

from bookbuild import book
from bookbuild.book import BOOK, COVER, RESULTS, ROOT
from bookbuild.markers import fill
from bookbuild.setup_cell import setup_cell
from bookbuild.widgets import reactive_figures
from helpers import files

#: The folders of the book that a run may write into.
PUBLISHED = ("results", "weights")
_KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
_CELL = re.compile(
    r"(?P<head>^```\{code-cell\}[^\n]*\n(?:(?::[^\n]*|)\n)*)(?P<code>.*?)\n?^```$", re.S | re.M
)


def read_text(chapter):
    """Return a chapter's text as a notebook: no outputs, ids that do not change by chance.

    Parameters
    ----------
    chapter : str
        Such as ``"simple"``.

    Returns
    -------
    nbformat.NotebookNode
    """
    return _as_notebook(book.text(chapter).read_text())


def _as_notebook(text):
    notebook = jupytext.reads(text, fmt="md:myst")
    question = {key: notebook.metadata[key] for key in ["question"] if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        _KERNEL | {"jupytext": {"formats": "ipynb,md:myst"}} | question
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"
    return notebook


def store(names, ran=None, written=None):
    """Carry chapters' texts into their notebooks, and write all that changes by that together.

    First a text is put in order: the setup cell is the one of all chapters, ruff formats the
    code, and the numbers in the prose are those of the ledgers. Outputs stay with the cells whose
    code is the same. The cover and the other pages that quote numbers follow.

    Parameters
    ----------
    names : list of str
        Chapters, such as ``"simple"``.
    ran : dict of str to nbformat.NotebookNode, optional
        Chapters that have just run, with the outputs to take; otherwise those of the stored
        notebooks.
    written : dict of str to bytes, optional
        What these runs wrote, by the files' places in the book: ``"results/simple.json"``.

    Raises
    ------
    SystemExit
        If a text quotes a number that was not measured. Everything is written then, too; that
        text keeps its numbers.
    """
    ran, written = ran or {}, written or {}
    ledgers = [name for name in written if name.endswith(".json")]
    fresh = {pathlib.Path(name).stem: json.loads(written[name]) for name in ledgers}
    contents = {BOOK / name: content for name, content in written.items()}
    wrong = []

    def filled(path, text):
        try:
            return fill(text, path.stem, fresh)
        except (KeyError, FileNotFoundError) as error:
            wrong.append(f"{path.name} quotes a number that was not measured: {error}")
            return text

    for chapter in names:
        path, stored = book.text(chapter), book.notebook(chapter)
        text = _in_order(path.read_text())
        if chapter in fresh or (RESULTS / f"{chapter}.json").exists():
            text = filled(path, text)
        notebook = _as_notebook(text)
        if chapter in ran:
            keep_outputs(notebook, ran[chapter])
        elif stored.exists():
            before = nbformat.read(stored, as_version=4)
            keep_outputs(notebook, before)
            # Where the helpers come from is no part of the run: this cell is the same one.
            setup(notebook).execution_count = setup(before).execution_count
        contents |= {path: text, stored: book.as_json(notebook)}
        for png, _ in book.stored_figures(notebook, tag="cover"):
            contents[COVER] = png
    of_chapters = {book.text(chapter) for chapter in book.chapters()}
    for path in book.texts():  # other pages and the teaching notes quote the chapters
        if path not in of_chapters:
            contents[path] = filled(path, path.read_text())
    contents[book.README] = book.with_contents(contents[book.README])
    files.write_together(contents, ROOT)
    if wrong:
        sys.exit("\n".join(wrong))


def keep_outputs(notebook, stored):
    """Give the cells of a notebook the outputs that the same code has in a stored one.

    The state of the widgets comes along: without it a page shows their still pictures alone.
    """
    left = [(_program(cell), cell) for cell in stored.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        program = _program(cell)
        place = next((i for i, (old, _) in enumerate(left) if old == program), None)
        if place is not None:  # cells of other code stay without outputs: they did not run
            _, same = left.pop(place)
            cell.outputs, cell.execution_count = same.outputs, same.execution_count
    if "widgets" in stored.metadata:
        notebook.metadata["widgets"] = renew_scripts(stored.metadata["widgets"])


def setup(notebook):
    """Return a chapter's first cell of code."""
    return next(cell for cell in notebook.cells if cell.cell_type == "code")


def _program(cell):
    """What a cell computes: comments, docstrings, and where a line is broken play no part."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:  # a magic
        return cell.source
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


def renew_scripts(widgets):
    """Put the reactive figures' scripts of today into their stored state, and return it.

    What a figure shows was measured by a run; how it shows it is code like any other.
    """
    for model, figure in reactive_figures(widgets):
        model["state"] |= {"_esm": figure._esm, "_css": figure._css}
    return widgets


def run(chapter, instead="", published=BOOK):
    """Run a chapter in the full profile, with a copy of the ledgers away from the book's.

    Cells tagged ``play`` show figures with published weights. They run last, in a kernel of their
    own and after the setup cell alone: so they show the networks of this run, and depend on no
    other cell.

    Parameters
    ----------
    chapter : str
        Such as ``"simple"``.
    instead : str
        Code that runs after the setup cell, such as what gives the chapter other images.
    published : path
        Where the folders ``results`` and ``weights`` are that the chapter may read.

    Returns
    -------
    notebook : nbformat.NotebookNode
        With outputs.
    written : dict of str to bytes
        What the run wrote of ledgers and weights, by their places in the book; its own ledger,
        ``"results/simple.json"``, is among it.

    Raises
    ------
    SystemExit
        If a cell fails or the run wrote no ledger: it was none to publish.
    """
    notebook = _as_notebook(_in_order(book.text(chapter).read_text()))
    code, play = _code_cells(notebook)
    told = [nbformat.v4.new_code_cell(instead)] if instead else []
    main = [code[0], *told, *(cell for cell in code[1:] if cell not in play)]
    cells = tqdm(total=len(main) + len(play) + bool(play), desc=chapter, unit="cell")
    with _copy_of_published(chapter, published) as folder:
        results = pathlib.Path(folder, "results")
        (results / f"{chapter}.json").unlink(missing_ok=True)
        before = _contents(folder)
        try:
            _execute(notebook, main, folder, cells)
            if play and (results / f"{chapter}.json").exists():
                _execute(notebook, [copy.deepcopy(code[0]), *play], folder, cells)
        except CellExecutionError as error:
            sys.exit(f"{chapter}: a cell failed, nothing was written.\n{error}")
        finally:
            cells.close()
        after = _contents(folder)
    if f"results/{chapter}.json" not in after:
        sys.exit(
            f"{chapter}: the run wrote no new ledger, so it is not published. Is BOOK_DATA "
            f"(now {os.environ.get('BOOK_DATA') or 'unset'}) a folder with mnist.npz?"
        )
    _number(code)
    # TensorFlow greets with notes on this machine's processor: no part of the lesson.
    code[0].outputs = []
    return notebook, {n: content for n, content in after.items() if before.get(n) != content}


def play(chapter):
    """Run the cells of a chapter that are tagged ``play``, with the networks that are published.

    Parameters
    ----------
    chapter : str
        Such as ``"simple"``.

    Returns
    -------
    nbformat.NotebookNode
        With their outputs of today, and the stored outputs of all other cells.

    Raises
    ------
    SystemExit
        If a cell fails, or shows stand-in data.
    """
    notebook = _as_notebook(_in_order(book.text(chapter).read_text()))
    keep_outputs(notebook, nbformat.read(book.notebook(chapter), as_version=4))
    code, cells = _code_cells(notebook)
    with _copy_of_published(chapter) as folder, tqdm(desc=chapter, unit="cell") as progress:
        try:
            _execute(notebook, [copy.deepcopy(code[0]), *cells], folder, progress)
        except CellExecutionError as error:
            sys.exit(f"{chapter}: a cell failed, nothing was written.\n{error}")
    if "stand-in" in json.dumps([cell.outputs for cell in cells]):
        sys.exit(f"{chapter}: the figures show stand-in data, nothing was written. Set BOOK_DATA.")
    _number(code)
    _forget_unseen_widgets(notebook)
    return notebook


def _code_cells(notebook):
    """All cells with code, and those of them that are tagged ``play``."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return code, [cell for cell in code if "play" in book.tags(cell)]


@contextlib.contextmanager
def _copy_of_published(chapter, published=BOOK):
    """A folder with a copy of what a run may write into."""
    with tempfile.TemporaryDirectory(prefix=f"{chapter}-") as folder:
        for place in PUBLISHED:
            (published / place).mkdir(parents=True, exist_ok=True)
            shutil.copytree(
                published / place,
                pathlib.Path(folder, place),
                ignore=shutil.ignore_patterns("*.part"),
            )
        yield folder


def _number(code):
    """Number the cells as a reader's run from top to bottom does."""
    for number, cell in enumerate(code, start=1):
        cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number


def _forget_unseen_widgets(notebook):
    """Drop the state of figures that no output shows any more."""
    shown = re.compile(r'"(?:model_id": "|IPY_MODEL_)([0-9a-f]{32})')
    for widgets in notebook.metadata.get("widgets", {}).values():
        state, kept = widgets["state"], {}
        outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
        found = shown.findall(json.dumps(outputs))
        while found:
            model = found.pop()
            if model in state and model not in kept:
                kept[model] = state[model]
                found += shown.findall(json.dumps(state[model]))
        widgets["state"] = kept


def _execute(notebook, cells, folder, progress):
    """Run some cells of a notebook in a new kernel; outputs and widgets' state go into it."""
    part = copy.copy(notebook)
    part.cells, part.metadata = cells, copy.deepcopy(notebook.metadata)
    client = NotebookClient(
        part,
        timeout=None,
        resources={"metadata": {"path": folder}},
        record_timing=False,
        coalesce_streams=True,
        on_cell_complete=lambda cell, cell_index: progress.update(),
    )
    results = str(pathlib.Path(folder, "results"))
    client.execute(env=os.environ | {"BOOK_PROFILE": "full", "BOOK_RESULTS": results})
    for kind, state in part.metadata.get("widgets", {}).items():
        widgets = notebook.metadata.setdefault("widgets", {})
        widgets.setdefault(kind, state)["state"] |= state["state"]


def _contents(folder):
    return {
        f"{place}/{path.name}": path.read_bytes()
        for place in PUBLISHED
        for path in pathlib.Path(folder, place).iterdir()
        if path.is_file()
    }


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["sync", "execute", "play"])
    book.add_chapters(parser)
    args = parser.parse_args()
    names = book.chosen(parser, args)
    files.tidy(ROOT)
    if args.action == "sync":
        store(names)
        print(f"Texts and notebooks agree: {', '.join(names)}")
        return
    for chapter in names:
        notebook, written = run(chapter) if args.action == "execute" else (play(chapter), {})
        store([chapter], {chapter: notebook}, written)
        print(f"{book.notebook(chapter).relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
