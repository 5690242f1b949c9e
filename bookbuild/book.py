"""What the book consists of: folders, chapters and their files. Importing this changes nothing.

The reading order stands in `_toc.yml` alone. A chapter is a page that is a notebook; its name is
the file's, without folder and suffix, so no two chapters share one.
"""

import base64
import shutil

import nbformat
import yaml

from helpers.files import ROOT

BOOK = ROOT / "book"
RESULTS = BOOK / "results"
TEACHING = BOOK / "teaching"
SITE = ROOT / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COVER = BOOK / "_static" / "cover.png"  # the README's picture, as on the book's first page


def pages():
    """Return the files of all pages, in reading order.

    Returns
    -------
    list of pathlib.Path
        Notebooks (``.ipynb``) and texts (``.md``).
    """
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [part for group in contents["parts"] for part in group["chapters"]]
    entries = [page for part in chapters for page in (part, *part.get("sections", []))]
    return [ROOT / f"{contents['root']}.md", *(ROOT / entry["file"] for entry in entries)]


def chapters():
    """Return the names of all chapters, in reading order: ``["introduction", "simple", ...]``."""
    return [page.stem for page in pages() if page.suffix == ".ipynb"]


def notebook(chapter):
    """Return where a chapter's notebook lies.

    Parameters
    ----------
    chapter : str
        Such as ``"simple"``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    KeyError
        If `_toc.yml` has no such chapter.
    """
    for page in pages():
        if (page.stem, page.suffix) == (chapter, ".ipynb"):
            return page
    raise KeyError(f"no chapter {chapter!r} in _toc.yml; there are: {', '.join(chapters())}")


def text(name):
    """Return where the text of a page lies: of a chapter, or another (``"glossary"``).

    Raises
    ------
    KeyError
        If `_toc.yml` has no such page.
    """
    for page in pages():
        if page.stem == name:
            return page.with_suffix(".md")
    raise KeyError(f"no page {name!r} in _toc.yml; there are: {', '.join(p.stem for p in pages())}")


def texts():
    """Return the files whose prose quotes numbers: pages, teaching notes and the README."""
    notes = sorted(TEACHING.glob("*.md"))
    return [*(page.with_suffix(".md") for page in pages()), *notes, ROOT / "README.md"]


def add_chapters(parser):
    """Let a command take chapters' names; `chosen` returns them."""
    parser.add_argument("chapters", nargs="*", default=["all"], help="simple ..., or all")


def chosen(parser, args):
    """Return the chapters that a command was given, or end it with the names that there are."""
    names = chapters() if args.chapters == ["all"] else args.chapters
    if unknown := set(names) - set(chapters()):
        parser.error(f"no chapter {', '.join(sorted(unknown))}; there are: {', '.join(chapters())}")
    return names


def tags(cell):
    """Return a cell's tags, perhaps none."""
    return cell.metadata.get("tags", [])


def as_json(notebook):
    """Return a valid notebook as text, as it lies in its file."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def stored_figures(notebook, tag=None):
    """Return a notebook's figures with alt text.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    tag : str, optional
        Only figures of cells that have this tag.

    Returns
    -------
    list of (bytes, dict)
        A PNG, and what is known about it: ``alt``, ``width``.
    """
    figures = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and (tag is None or tag in tags(cell)):
            for output in cell.outputs:
                about = output.get("metadata", {}).get("image/png", {})
                if about.get("alt") and "image/png" in output.get("data", {}):
                    figures.append((base64.b64decode(output["data"]["image/png"]), about))
    return figures


def find_browser():
    """Return the path of the system's Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)
