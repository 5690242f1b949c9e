"""Keep the catalogues of the translated book in step with the English one.

    python -m bookbuild.translate [simple ...]     update catalogues, and say what is missing

`make translate` does it. Translators write into `book/locale/<language>`; nothing else of a
translation is committed but `helpers/locale`, which is compiled from there. The teaching notes of
single chapters (`book/teaching`), the PDF and the bundle are in English only.
"""

import argparse
import re
from functools import cache
from pathlib import Path

import nbformat
import pydata_sphinx_theme
import sphinx_book_theme
import yaml
from sphinx import locale as sphinx_locale

from bookbuild import blocks, book, catalogues, widgets
from bookbuild.book import BOOK, ROOT
from bookbuild.catalogues import LOCALE, Found
from helpers import files

LANGUAGE = "ko"
TERMS = LOCALE / LANGUAGE / "terms.yml"
COMPILED = ROOT / "helpers" / "locale" / LANGUAGE / "LC_MESSAGES" / "helpers.mo"
#: What the theme sets in English alone.
SEARCH_THIS_BOOK = "Search this book..."
#: What code says, by catalogue.
CODE = {
    "helpers": ["helpers/**/*.py", "helpers/**/*.js"],
    "site": [
        "bookbuild/*.py",
        "bookbuild/*.js",
        "book/_static/*.js",
        "book/_templates/**/*.html",
    ],
}


def of_page(page):
    """Return a page's messages, in its order.

    Parameters
    ----------
    page : pathlib.Path
        One of `book.pages`.

    Returns
    -------
    dict of str to (blocks.Message, str)
        By the English: the message, and what it is.
    """
    found = {}

    def note(text):
        for block in blocks.blocks(text):
            message = blocks.message(block)
            found.setdefault(message.text, (message, block.kind))

    if page.suffix == ".md":
        note(page.read_text(encoding="utf-8"))
        return found
    notebook = nbformat.read(page, as_version=4)
    if question := notebook.metadata.get("question"):
        found[question] = blocks.Message(question, {}), "question"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            note(cell.source)
        for alt in alt_texts(cell):
            found.setdefault(alt, (blocks.Message(alt, {}), "alt text"))
    return found


def alt_texts(cell):
    """Return the alt texts of the pictures that a cell of a notebook shows."""
    about = [output.get("metadata", {}).get("image/png", {}) for output in cell.get("outputs", [])]
    return [each["alt"] for each in about if each.get("alt")]


def of_configuration():
    """Return what `_config.yml` and `_toc.yml` say to readers."""
    config = book.config()
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    texts = [config["title"], config["author"], config["html"]["extra_footer"]]
    texts.append(config["sphinx"]["config"]["html_theme_options"]["logo"]["alt_text"])
    texts.append(SEARCH_THIS_BOOK)
    return [
        *(Found(text, ("_config.yml",)) for text in texts),
        *(Found(part["caption"], ("_toc.yml",)) for part in contents["parts"] if "caption" in part),
    ]


def of_theme():
    """Return what the theme says, as far as Sphinx has no translation of it."""
    sphinx = messages_in(Path(sphinx_locale.__file__).with_name(LANGUAGE), "sphinx")
    found = {}
    for package in (pydata_sphinx_theme, sphinx_book_theme):
        folder = Path(package.__file__).parent
        paths = [path for kind in ("py", "html") for path in sorted(folder.rglob(f"*.{kind}"))]
        for one in catalogues.said(paths, folder.parent, ("_", "translation", "translate")):
            found.setdefault(one.text, one)
    return [one for text, one in found.items() if text not in sphinx]


def messages_in(folder, domain):
    """Return what a compiled catalogue of a package translates."""
    return catalogues.messages_in((folder / "LC_MESSAGES" / f"{domain}.mo").read_bytes())


def code_files(name):
    """Return the files whose words a catalogue of code has."""
    paths = [path for pattern in CODE[name] for path in sorted(ROOT.glob(pattern))]
    return list(dict.fromkeys(paths))


def of_code(name):
    """Return what the code of a catalogue says: ``"helpers"``, ``"site"`` or ``"theme"``."""
    if name == "theme":
        return of_theme()
    found = catalogues.said(code_files(name))
    if name == "site":
        return [*of_configuration(), *found]
    # Cells name networks, pages and the like, and figures show these names.
    said = {one.text for one in found}
    names = widgets.names().items()
    return [*found, *(Found(text, tuple(files)) for text, files in names if text not in said)]


def sources(pages=None):
    """Return what each catalogue has to hold.

    Parameters
    ----------
    pages : list of pathlib.Path, optional
        Only these pages; by default all, and what code says.

    Returns
    -------
    dict of pathlib.Path to list of Found
        By the catalogue.
    """
    found = {}
    for page in book.pages() if pages is None else pages:
        where = (page.with_suffix(".md").relative_to(ROOT).as_posix(),)
        found[catalogues.path_of(page, LANGUAGE)] = [
            Found(text, where, kind) for text, (_, kind) in of_page(page).items()
        ]
    if pages is None:
        found |= {LOCALE / LANGUAGE / f"{name}.po": of_code(name) for name in (*CODE, "theme")}
    return found


def update(pages=None):
    """Write all catalogues, or those of some pages, as the English is now.

    Returns
    -------
    dict of pathlib.Path to catalogues.Counts
    """
    contents, counts = {}, {}
    elsewhere = catalogues.known(LANGUAGE)
    for path, found in sources(pages).items():
        catalog, counts[path] = catalogues.updated(catalogues.read(path), found, elsewhere)
        contents[path] = catalogues.as_text(catalog, LANGUAGE)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path == LOCALE / LANGUAGE / "helpers.po":
            COMPILED.parent.mkdir(parents=True, exist_ok=True)
            content = catalogues.compiled(catalog)
            # Its first lines name Babel's version, which translates nothing.
            old = COMPILED.read_bytes() if COMPILED.is_file() else None
            if old is None or catalogues.messages_in(old) != catalogues.messages_in(content):
                contents[COMPILED] = content
    files.write_together(contents, ROOT)
    return counts


def problems(page):
    """List what a page's translation lacks, in sentences that name the page and the message.

    Parameters
    ----------
    page : pathlib.Path
        One of `book.pages`.

    Returns
    -------
    list of str
    """
    path = catalogues.path_of(page, LANGUAGE)
    messages = {text: message for text, (message, _) in of_page(page).items()}
    return _problems(page.relative_to(BOOK).with_suffix("").as_posix(), path, messages)


def problems_of_code(name):
    """List what the translation of a catalogue of code lacks, as `problems` does for a page."""
    messages = {found.text: blocks.Message(found.text, {}) for found in of_code(name)}
    return _problems(name, LOCALE / LANGUAGE / f"{name}.po", messages)


def _problems(name, path, messages):
    catalog, found = {m.id: m for m in catalogues.read(path) if m.id}, []
    for text, message in messages.items():
        quoted = f"{name}: {blocks.shortened(text)!r}"
        entry = catalog.get(text)
        if entry is None:
            found.append(f"{quoted} is not in {path.name}: run `make translate`.")
        elif not entry.string:
            found.append(f"{quoted} has no translation.")
        elif entry.fuzzy:
            found.append(f"{quoted} has changed since it was translated (fuzzy).")
        else:
            lost = [*blocks.lost(message, entry.string), *wrong_terms(text, entry.string)]
            found += [f"{quoted}: the translation differs in {what}." for what in lost]
    return found


def wrong_terms(text, translation):
    """List the terms of an English message for which its translation has none of the right words.

    Returns
    -------
    list of str
    """
    prose = blocks.prose(text)
    return [
        f"the term /{english}/, which is {' or '.join(words)}"
        for english, words in terms().items()
        if re.search(english, prose, re.IGNORECASE)
        and not any(word in translation for word in words)
        # A name or a title stays English; for \b a particle behind it is no letter.
        and not re.search(english, translation, re.IGNORECASE | re.ASCII)
    ]


@cache
def terms():
    """Return the Korean for the book's terms, by a regular expression for the English."""
    return yaml.safe_load(TERMS.read_text(encoding="utf-8")) if TERMS.is_file() else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", default=["all"], help="simple glossary ..., or all")
    args = parser.parse_args()
    files.tidy(ROOT)
    pages = None
    if args.pages != ["all"]:
        pages = [page for page in book.pages() if page.stem in args.pages]
        if unknown := set(args.pages) - {page.stem for page in pages}:
            parser.error(f"no page {', '.join(sorted(unknown))} in _toc.yml")
    print(f"{'':28}{'messages':>10}{'new':>6}{'fuzzy':>7}{'obsolete':>10}{'untranslated':>14}")
    for path, (all_, new, fuzzy, obsolete, missing) in update(pages).items():
        name = path.relative_to(LOCALE / LANGUAGE).with_suffix("").as_posix()
        print(f"{name:28}{all_:10}{new:6}{fuzzy:7}{obsolete:10}{missing:14}")
    for page in pages or []:
        print("\n".join(problems(page)))


if __name__ == "__main__":
    main()
