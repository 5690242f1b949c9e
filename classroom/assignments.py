"""Make a chapter an assignment of an nbgrader course.

    python -m classroom.assignments simple --course course

With ``BOOK_LANG=ko`` it is in Korean. nbgrader does the rest: `make assignment` and `make grade`
call it.
"""

import argparse
import copy
from pathlib import Path

import nbformat

from bookbuild import derive
from bookbuild.book import ROOT, as_json, chapters, tags
from bookbuild.editions import without_meanings
from helpers import files, words

POINTS = 1  # for each exercise: its check passes or it does not

# Copied into each new course; what a teacher changes there stays.
CONFIG = ROOT / "classroom" / "nbgrader_config.py"


def assignment(notebook):
    """Return a chapter as nbgrader's source: exercises with marked solutions, checks with points.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The published chapter.

    Returns
    -------
    nbformat.NotebookNode
        Each exercise is one cell: its words, then the solution between nbgrader's marks. Each
        check is a locked cell of points.
    """
    notebook = without_meanings(copy.deepcopy(notebook))
    notebook.metadata.pop("widgets", None)
    cells, number = [], 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "exercise" in tags(cell):
            number += 1
            cell.metadata.nbgrader = _about(f"exercise-{number}", solution=True)
            exercise = cell
        if "solution" in tags(cell):
            _add_solution(exercise, cell.source)
            continue
        if "check" in tags(cell):
            cell.metadata.nbgrader = _about(f"check-{number}", grade=True, locked=True)
            cell.metadata.nbgrader["points"] = POINTS
        cells.append(cell)
    notebook.cells = cells
    return notebook


def make(chapter, course):
    """Put a chapter into a course folder, as nbgrader's source.

    Parameters
    ----------
    chapter : str
    course : pathlib.Path
        Made if it is not there. What is in it stays, but for the chapter's source.

    Returns
    -------
    pathlib.Path
        The notebook.
    """
    source = course / "source" / chapter
    source.mkdir(parents=True, exist_ok=True)
    (course / "downloaded" / chapter / "archive").mkdir(parents=True, exist_ok=True)
    config = course / "nbgrader_config.py"
    if not config.exists():
        files.write(config, CONFIG.read_bytes())
    path = source / f"{chapter}.ipynb"
    files.write(path, as_json(assignment(derive.chapter(chapter, words.language()))))
    return path


def _about(name, **what):
    kinds = {"grade": False, "solution": False, "locked": False, "task": False}
    return nbformat.from_dict({"grade_id": name, "schema_version": 3} | kinds | what)


def _add_solution(exercise, code):
    """Put code between nbgrader's marks, at the end of what is there already."""
    begin, end = "### BEGIN SOLUTION", "### END SOLUTION"
    before, _, old = exercise.source.partition(f"\n{begin}\n")
    old = old.removesuffix(f"\n{end}")
    inside = f"{old}\n\n{code}" if old else code
    exercise.source = f"{before}\n{begin}\n{inside}\n{end}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", choices=chapters(), metavar="chapter", help="such as simple")
    parser.add_argument("--course", type=Path, required=True, help="the course's folder")
    args = parser.parse_args()
    files.tidy(ROOT)
    if args.course.is_dir():
        files.tidy(args.course)
    print(make(args.chapter, args.course))


if __name__ == "__main__":
    main()
