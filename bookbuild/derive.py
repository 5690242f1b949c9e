"""Derive the translated book: `_build/ko`, from the English pages and the catalogues.

    python -m bookbuild.derive

Nothing of it is edited or committed. A notebook has the code and the outputs of the English one;
prose, alt texts and what its figures say are replaced. A page of which nothing is translated
stays English, whole; a message without a translation stays English where it is.
"""

import copy
import json
import os
from pathlib import Path

import nbformat
import yaml

from bookbuild import blocks, book, catalogues, chapters
from bookbuild.book import ROOT
from bookbuild.markers import MARKED
from bookbuild.setup_cell import in_language
from bookbuild.translate import LANGUAGE, SEARCH_THIS_BOOK, alt_texts, code_files
from bookbuild.widgets import reactive_figures
from bookbuild.words import THEME
from helpers import files

BUILT = ROOT / "_build" / LANGUAGE
SITE = book.SITE / LANGUAGE
#: What the English pages and these have in common.
_SHARED = ("book/_static", "book/_templates")
_WORDS = "_words/words.js"
_MEANS = "What it means"


def translated(page):
    """Return whether anything of a page is translated.

    Parameters
    ----------
    page : pathlib.Path
        One of `book.pages`.

    Returns
    -------
    bool
    """
    return bool(catalogues.translations(catalogues.path_of(page, LANGUAGE)))


class _Page:
    """A page on its way into another language: its catalogue, and the places of its headings."""

    def __init__(self, page):
        self._words = catalogues.translations(catalogues.path_of(page, LANGUAGE))
        self._anchors = blocks.Anchors()

    def words(self, text):
        """Return a message in the other language, or as it is."""
        return self._words.get(text, text)

    def prose(self, text):
        """Return Markdown in the other language, with the English names of its headings' places."""
        parts = []
        for piece in blocks.pieces(text):
            if isinstance(piece, str):
                parts.append(piece)
                continue
            heading = piece.text if piece.kind == "heading" else blocks.exercise(piece)
            if heading:
                # The title needs none, and stays the first line.
                slug, place = self._anchors.of(heading)
                if parts[-1] != "# ":
                    parts.insert(-1, anchor(slug, place))
            if piece.text == _MEANS:  # an edition for a class leaves these out
                parts[-1] = parts[-1].replace("<details>", "<details data-means>")
            translation = self._words.get(blocks.message(piece).text)
            parts.append(blocks.rendered(piece, translation) if translation else piece)
        return MARKED.sub(_percentage, blocks.joined(parts))


def _percentage(match):
    """Return a measured number as Korean writes it, whose sign of percent has no space."""
    return match[0].replace(" %", "%") if match["key"] else match[0]


def anchor(slug, place):
    """Return a place with the English name of a heading, and the one that its page gives it."""
    name = f' name="{place}"' if place != slug else ""
    return f'<a id="{slug}"{name}></a>\n\n'


def in_korean(page, content):
    """Return a page or a notebook in the other language.

    Parameters
    ----------
    page : pathlib.Path
        One of `book.pages`.
    content : str or nbformat.NotebookNode
        What it says in English.

    Returns
    -------
    str or nbformat.NotebookNode
    """
    if isinstance(content, str):
        return _Page(page).prose(content) if translated(page) else content
    notebook, words = copy.deepcopy(content), _Page(page)
    first = chapters.setup(notebook)
    first.source = in_language(first.source, LANGUAGE)
    notebook.metadata.pop("jupytext", None)  # there is no text beside it
    if not translated(page):
        return notebook
    if "question" in notebook.metadata:
        notebook.metadata["question"] = words.words(notebook.metadata["question"])
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = words.prose(cell.source)
        if alt_texts(cell):
            _alt_texts(cell, words)
    said = catalogues.translations(catalogues.LOCALE / LANGUAGE / "helpers.po")
    for model, figure in reactive_figures(notebook.metadata.get("widgets", {})):
        # Its script looks the words up; the values of its state are also keys, and stay.
        state = model["state"]
        state["_words"] = figure.words_for(state, lambda text: said.get(text, text))
    return notebook


def chapter(name, language):
    """Return a chapter's notebook, as published, in a language.

    Parameters
    ----------
    name : str
        Such as ``"simple"``.
    language : {"en", "ko"}

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ValueError
        If the book does not have the language.
    """
    if language not in {"en", LANGUAGE}:
        raise ValueError(f"The book has no language {language!r}; there are: en, {LANGUAGE}")
    page = book.notebook(name)
    notebook = nbformat.read(page, as_version=4)
    return in_korean(page, notebook) if language == LANGUAGE else notebook


def _alt_texts(cell, words):
    for output in cell.outputs:
        about = output.get("metadata", {}).get("image/png", {})
        if alt := about.get("alt"):
            about |= {"alt": words.words(alt), "english": alt}
            if output["data"].get("text/plain") == alt:
                output["data"]["text/plain"] = about["alt"]


def configuration():
    """Return `_config.yml` and `_toc.yml` of the other language, as text."""
    words = catalogues.translations(catalogues.LOCALE / LANGUAGE / "site.po")
    config = book.config()
    for key in ("title", "author"):
        config[key] = words.get(config[key], config[key])
    html, sphinx = config["html"], config["sphinx"]["config"]
    html["extra_footer"] = words.get(html["extra_footer"], html["extra_footer"])
    options = sphinx["html_theme_options"]
    logo = options["logo"]
    logo |= {"text": config["title"], "alt_text": words.get(logo["alt_text"], logo["alt_text"])}
    options["search_bar_text"] = words.get(SEARCH_THIS_BOOK, SEARCH_THIS_BOOK)
    config["repository"]["path_to_book"] = LANGUAGE  # in the branch that is published
    up = "../"
    sphinx |= {
        "language": LANGUAGE,
        # The English site has these files; "../" leads out of this one.
        "html_extra_path": [],
        "mathjax_path": up + sphinx["mathjax_path"],
        "nb_ipywidgets_js": {up + name: v for name, v in sphinx["nb_ipywidgets_js"].items()},
        "html_static_path": [*sphinx["html_static_path"], "_words"],
        "html_js_files": [[Path(_WORDS).name, {"priority": 90}], *sphinx["html_js_files"]],
        "redirects": {},  # old addresses are English ones
    }
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    for part in contents["parts"]:
        if caption := part.get("caption"):
            part["caption"] = words.get(caption, caption)
    return [
        yaml.safe_dump(made, allow_unicode=True, sort_keys=False) for made in (config, contents)
    ]


def pages():
    """Return the derived pages and notebooks, by their places below the folder of the language."""
    found = {}
    for page in book.pages():
        place = page.relative_to(ROOT).as_posix()
        if page.suffix == ".ipynb":
            found[place] = book.as_json(in_korean(page, nbformat.read(page, as_version=4)))
        else:
            found[place] = in_korean(page, page.read_text(encoding="utf-8"))
    return found


def contents():
    """Return all files of the other language, by their places in it."""
    config, toc = configuration()
    words = catalogues.translations(catalogues.LOCALE / LANGUAGE / "site.po")
    scripts = [path for path in code_files("site") if path.suffix == ".js"]
    in_scripts = {
        one.text: words[one.text] for one in catalogues.said(scripts) if one.text in words
    }
    script = f"bookWords = {json.dumps(in_scripts, ensure_ascii=False, indent=1)};\n"
    found = {"_config.yml": config, "_toc.yml": toc, _WORDS: script}
    theme = catalogues.compiled(catalogues.read(catalogues.LOCALE / LANGUAGE / "theme.po"))
    found |= {
        f"{THEME}/{LANGUAGE}/LC_MESSAGES/{name}.mo": theme for name in ("sphinx", "booktheme")
    }
    return found | pages()


def derive():
    """Write `_build/ko`; files that are the same stay as they are. Return the folder."""
    made = contents()
    for place in _SHARED:
        (BUILT / place).parent.mkdir(parents=True, exist_ok=True)
        link(BUILT / place, ROOT / place)
    # Jupyter Book writes there.
    SITE.mkdir(parents=True, exist_ok=True)
    (BUILT / "_build").mkdir(exist_ok=True)
    link(BUILT / "_build" / "html", SITE)
    for old in (BUILT / "book").rglob("*"):
        if old.suffix in {".md", ".ipynb"} and old.relative_to(BUILT).as_posix() not in made:
            old.unlink()
    write(BUILT, made)
    return BUILT


def write_pages(folder):
    """Write the derived pages and notebooks alone, for the branch that is published."""
    write(folder, pages())


def write(folder, made):
    """Write files by their places in a folder, all of them or none."""
    for place in made:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
    files.write_together({folder / place: content for place, content in made.items()}, ROOT)


def link(place, target):
    """Make a link to a folder, by a relative path."""
    target = os.path.relpath(target, place.parent)
    if place.is_symlink() and os.readlink(place) == target:
        return
    place.unlink(missing_ok=True)
    place.symlink_to(target)


if __name__ == "__main__":
    print(derive().relative_to(ROOT))
