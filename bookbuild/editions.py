"""Derive the editions for a class from the chapters' notebooks.

    python -m bookbuild.editions student    [simple ...]   to solve: no solutions, no outputs
    python -m bookbuild.editions instructor [simple ...]   to teach: all shown, and notes

Both come from the one notebook of a chapter; nobody edits them. With ``BOOK_LANG=ko`` they are
Korean, the teaching notes apart.
"""

import argparse
import copy
import re

from nbformat.v4 import new_markdown_cell

from bookbuild import book, derive
from bookbuild.book import BOOK, ROOT, TEACHING, tags
from helpers import files, words

# In another language the tag says what its words are.
_MEANS = re.compile(
    r"<details(?:><summary>What it means|\sdata-means><summary>[^<]*)</summary>.*?</details>\s*",
    re.S,
)


def without_solutions(notebook):
    """Return a notebook without its solutions and without what they led to.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    nbformat.NotebookNode
        A copy. Cells tagged ``solution`` are gone, and so are the paragraphs "What it means",
        which give the results away, and the outputs of the checks.
    """
    notebook = without_meanings(copy.deepcopy(notebook))
    notebook.cells = [cell for cell in notebook.cells if "solution" not in tags(cell)]
    for cell in notebook.cells:
        if "check" in tags(cell):
            cell.outputs = []
    return notebook


def without_meanings(notebook):
    """Take out the paragraphs "What it means" of a notebook, in place, and return it."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _MEANS.sub("", cell.source)
    notebook.cells = [cell for cell in notebook.cells if cell.source]
    return notebook


def student(notebook):
    """Return the edition to solve: no solutions, no outputs, checks and Colab's setup kept.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    nbformat.NotebookNode
    """
    notebook = without_solutions(notebook)
    notebook.metadata.pop("widgets", None)  # they hold what the models have learned
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def instructor(notebook, notes):
    """Return the edition to teach from: solutions unfolded, the teaching notes in front.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    notes : str
        Markdown.

    Returns
    -------
    nbformat.NotebookNode
    """
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if "solution" in tags(cell):
            cell.metadata.tags = [tag for tag in cell.metadata.tags if tag != "hide-cell"]
    notebook.cells.insert(1, new_markdown_cell(notes, id="teaching-notes"))
    return notebook


def write(edition, names, language="en"):
    """Write chapters in an edition into ``_build/<edition>/``, all of them or none.

    Parameters
    ----------
    edition : {"student", "instructor"}
    names : list of str
        Chapters, such as ``"simple"``.
    language : {"en", "ko"}
        Another one than English has a folder of its own in that of the edition.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    folder = ROOT / "_build" / edition
    if language != "en":
        folder /= language
    contents = {}
    for name in names:
        notebook = derive.chapter(name, language)
        if edition == "student":
            notebook = student(notebook)
        else:
            notebook = instructor(notebook, (TEACHING / f"{name}.md").read_text())
        # In the book's folders, so that links between chapters lead where they should.
        path = folder / book.notebook(name).relative_to(BOOK)
        path.parent.mkdir(parents=True, exist_ok=True)
        contents[path] = book.as_json(notebook)
    files.write_together(contents, ROOT)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("edition", choices=["student", "instructor"])
    book.add_chapters(parser)
    args = parser.parse_args()
    names = book.chosen(parser, args)
    files.tidy(ROOT)
    print(f"{write(args.edition, names, words.language())}: {', '.join(names)}")


if __name__ == "__main__":
    main()
