"""The editions for a class: nothing to copy from for students, everything for teachers."""

import json
import re
import shutil

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from sphinx.application import Sphinx

from bookbuild import book, editions
from bookbuild.setup_cell import setup_cell
from support import CLASSROOM

CHAPTERS = book.chapters()
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


def published(chapter):
    return nbformat.read(book.notebook(chapter), as_version=4)


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


@every_chapter
def test_no_solution_leaks_to_students(chapter):
    notebook = published(chapter)
    solutions = tagged(notebook, "solution")
    given = "\n".join(cell.source for cell in notebook.cells if cell not in solutions)
    lines = {line.strip() for cell in solutions for line in cell.source.splitlines()}
    secret = {line for line in lines if len(line) >= 12 and line not in given}
    secret |= {output.text for cell in solutions for output in cell.outputs if "text" in output}
    assert secret
    edition = nbformat.writes(editions.student(notebook))
    assert not [line for line in secret if json.dumps(line)[1:-1] in edition]
    assert "What it means" not in edition


@every_chapter
def test_students_get_no_results_but_all_the_rest(chapter):
    notebook, edition = published(chapter), editions.student(published(chapter))
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in edition.cells)
    assert "widgets" not in edition.metadata
    for tag in ("exercise", "check"):
        assert len(tagged(edition, tag)) == len(tagged(notebook, "exercise"))
    assert next(c.source for c in edition.cells if c.cell_type == "code") == setup_cell()
    hints = [cell for cell in edition.cells if "<summary>Hint</summary>" in cell.source]
    assert len(hints) == len(tagged(notebook, "exercise"))
    nbformat.validate(edition)


@every_chapter
def test_teachers_get_solutions_unfolded_and_notes(chapter):
    notes = (book.TEACHING / f"{chapter}.md").read_text()
    notebook = published(chapter)
    edition = editions.instructor(notebook, notes)
    assert edition.cells[1].source == notes
    assert re.match(r"# Teaching notes: ", notes)
    assert re.search(r"^## A plan for \d+ minutes$", notes, re.M)
    for word in ("Common mistakes", "discuss"):
        assert word in notes
    solutions = tagged(edition, "solution")
    assert len(solutions) == len(tagged(notebook, "solution"))
    assert not [cell for cell in solutions if "hide-cell" in cell.metadata.tags]
    nbformat.validate(edition)


@pytest.mark.heavy
@pytest.mark.parametrize("chapter", CLASSROOM)
def test_the_students_edition_stops_at_the_open_exercises_alone(chapter, monkeypatch):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    monkeypatch.setenv("BOOK_DATA", "embedded")
    edition = editions.student(published(chapter))
    folder = {"metadata": {"path": str(book.notebook(chapter).parent)}}
    NotebookClient(edition, timeout=None, resources=folder, allow_errors=True).execute()
    failed = [
        (cell.metadata.get("tags"), output.ename)
        for cell in edition.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    assert failed == [(["check"], "NotAnswered")] * len(tagged(edition, "exercise"))


@pytest.mark.parametrize("shown", [True, False])
def test_the_site_shows_solutions_or_leaves_them_out(tmp_path, shown):
    shutil.copy(book.notebook("simple"), tmp_path / "index.ipynb")
    settings = {
        "extensions": ["myst_nb", "bookbuild.folds"],
        "nb_execution_mode": "off",
        "book_solutions": shown,
        "suppress_warnings": ["myst.xref_missing"],  # the other chapters are not here
    }
    conf = "\n".join(f"{name} = {value!r}" for name, value in settings.items())
    (tmp_path / "conf.py").write_text(conf)
    Sphinx(tmp_path, tmp_path, tmp_path / "out", tmp_path / "out", "html").build()
    page = BeautifulSoup((tmp_path / "out" / "index.html").read_text(), "html.parser").get_text()
    assert "check_2(linear, x_valid, pca_mse[8])" in page  # the exercise and its check
    assert ("falling_adam(0.003, 6)" in page) == shown
    assert ("PCA is the best of these on the training images" in page) == shown
