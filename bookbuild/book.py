"""What the book consists of: folders, chapters and their files. Importing this changes nothing.

The reading order stands in `_toc.yml` alone. A chapter is a page that is a notebook; its name is
the file's, without folder and suffix, so no two chapters share one.
"""

import base64
import re
import shutil
from typing import NamedTuple

import nbformat
import yaml

from helpers.files import ROOT

BOOK = ROOT / "book"
RESULTS = BOOK / "results"
TEACHING = BOOK / "teaching"
SITE = ROOT / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
README = ROOT / "README.md"
COVER = BOOK / "_static" / "cover.png"  # of the PDF
_CONTENTS = re.compile(r"(?<=^\| chapter \| what it answers \|\n\|---\|---\|\n)(?:\|.*\n)*", re.M)
PLACEHOLDER = "OWNER"  # who has the repository of a book that is not published


def config(top=ROOT):
    """Return what `_config.yml` of a checkout says."""
    return yaml.safe_load((top / "_config.yml").read_text(encoding="utf-8"))


def repository(top=ROOT):
    """Return the repository's address, without ``.git`` or a slash at its end, and its branch.

    Parameters
    ----------
    top : path
        A checkout of the book.

    Returns
    -------
    address, branch : str
    """
    of_book = config(top)["repository"]
    return of_book["url"].rstrip("/").removesuffix(".git"), of_book["branch"]


def pages(part=None):
    """Return the files of all pages, in reading order.

    Parameters
    ----------
    part : str, optional
        A part's caption, such as ``"Studies"``: only its pages.

    Returns
    -------
    list of pathlib.Path
        Notebooks (``.ipynb``) and texts (``.md``).
    """
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    groups = [group for group in contents["parts"] if part in (None, group.get("caption"))]
    chapters = [chapter for group in groups for chapter in group["chapters"]]
    entries = [page for chapter in chapters for page in (chapter, *chapter.get("sections", []))]
    first = [] if part else [ROOT / f"{contents['root']}.md"]
    return [*first, *(ROOT / entry["file"] for entry in entries)]


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


class About(NamedTuple):
    """What a page is called, and what it answers: nothing, if its front matter has no question."""

    title: str
    question: str


def about(page, words=None):
    """Return a page's title and question.

    Parameters
    ----------
    page : pathlib.Path
        One of `pages`.
    words : dict of str to str, optional
        Translations of what the page says.

    Returns
    -------
    About
        A title that goes on after a colon, perhaps with that question, ends before the colon.
    """
    source = page.with_suffix(".md").read_text()
    front = re.match(r"---\n(.*?\n)---\n", source, re.S)
    question = yaml.safe_load(front[1]).get("question", "") if front else ""
    title = re.search(r"^# (.+)$", source, re.M)[1]
    title, question = ((words or {}).get(text, text) for text in (title, question))
    return About(title.partition(":")[0], question)


def with_contents(readme):
    """Return the README with the rows of its table of chapters as the chapters have them."""
    rows = ""
    for chapter in chapters():
        page = notebook(chapter)
        title, question = about(page)
        rows += f"| [{title}]({page.relative_to(ROOT).as_posix()}) | {question} |\n"
    return _CONTENTS.sub(lambda _: rows, readme)


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
    return [*(page.with_suffix(".md") for page in pages()), *notes, README]


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
