"""The catalogues of the translated book: one `.po` file a page, and two for what code says.

English is the source, and a message is its own key. `update` follows the source and loses nothing
that was translated: what the English no longer has is kept at the end of the file as obsolete, and
returns if the English does; what has merely changed keeps its translation, marked fuzzy, with the
English that it translates. A fuzzy translation is not shown.
"""

import difflib
import gettext
import io
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from babel.messages import Catalog
from babel.messages.extract import extract, extract_javascript, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from bookbuild import book
from bookbuild.book import BOOK, ROOT

LOCALE = BOOK / "locale"
WAS = "The English was: "
_SIMILAR = 0.6
_HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


class Found(NamedTuple):
    """A message in its source: the English, the files that have it, and what it is."""

    text: str
    files: tuple
    kind: str = ""


class Counts(NamedTuple):
    """What an update of a catalogue met."""

    messages: int
    new: int
    fuzzy: int
    obsolete: int
    untranslated: int


def path_of(page, language):
    """Return where the catalogue of a page lies.

    Parameters
    ----------
    page : pathlib.Path
        One of `book.pages`.
    language : str
        Such as ``"ko"``.

    Returns
    -------
    pathlib.Path
    """
    return LOCALE / language / page.relative_to(BOOK).with_suffix(".po")


def read(path):
    """Return a catalogue, an empty one if the file is not there."""
    if not path.is_file():
        return Catalog()
    with path.open("rb") as file:
        return read_po(file)


@cache
def _translations(path, changed):
    return {m.id: m.string for m in read(path) if m.id and m.string and not m.fuzzy}


def translations(path):
    """Return what a catalogue translates, by the English; nothing that is fuzzy or obsolete."""
    return _translations(path, path.stat().st_mtime_ns) if path.is_file() else {}


def known(language):
    """Return what the catalogues of all pages translate, by the English."""
    found = {}
    for page in reversed(book.pages()):
        found |= translations(path_of(page, language))
    return found


def updated(old, found, elsewhere):
    """Return a catalogue that follows its source.

    Parameters
    ----------
    old : babel.messages.Catalog
    found : list of Found
        What the source says, in its order.
    elsewhere : dict of str to str
        Translations of the same English in other catalogues, for messages that are new here.

    Returns
    -------
    catalog : babel.messages.Catalog
    counts : Counts
    """
    new, made = Catalog(), 0
    former = {m.id: m for m in old if m.id} | dict(old.obsolete.items())
    texts = {message.text for message in found}
    # What lost its English in this update; what is obsolete already comes back only as it was.
    vanished = {m.id: m for m in old if m.id and m.id not in texts and m.string}
    for text, files, kind in found:
        message = former.get(text)
        comments, translation, flags = [], "", set()
        if message:
            translation, flags = message.string, message.flags & {"fuzzy"}
            own, was = _parted(message.user_comments)
            comments = own + was if flags else own
        elif text in elsewhere:
            made, translation = made + 1, elsewhere[text]
        else:
            made += 1
            near = difflib.get_close_matches(text, vanished, 1, _SIMILAR)
            if near:
                before = vanished.pop(near[0])
                translation, flags = before.string, {"fuzzy"}
                comments = _parted(before.user_comments)[1]
                comments = comments or [WAS + " ".join(near[0].split())]
        new.add(
            text,
            translation,
            locations=[(file, None) for file in files],
            flags=flags,
            auto_comments=[kind] if kind else [],
            user_comments=comments,
        )
    kept = {m.id for m in new if m.id}
    for text, message in former.items():
        if text not in kept and message.string and (text in vanished or text in old.obsolete):
            new.obsolete[text] = message
    messages = [m for m in new if m.id]
    fuzzy = sum(m.fuzzy for m in messages)
    missing = sum(not m.string for m in messages)
    return new, Counts(len(messages), made, fuzzy, len(new.obsolete), missing)


def _parted(comments):
    """Return the translator's own comments, and what the English was.

    The latter stands last and may have several lines: Babel wraps comments.
    """
    start = next((i for i, c in enumerate(comments) if c.startswith(WAS)), len(comments))
    return comments[:start], comments[start:]


def as_text(catalog, language):
    """Return a catalogue as it lies in its file: a second update changes nothing."""
    for message in [*catalog, *catalog.obsolete.values()]:
        message.flags &= {"fuzzy"}  # Babel takes "78 %" for a format
        message.locations = [] if message.id in catalog.obsolete else message.locations
    file = io.BytesIO()
    write_po(file, catalog, width=0, omit_header=True, include_lineno=False)
    return _HEADER.format(language=language) + file.getvalue().decode()


def said(files, top=ROOT, keywords=("say",)):
    """Return what files of code say: the literals that they hand to ``say``.

    Parameters
    ----------
    files : iterable of pathlib.Path
        Python, JavaScript, or templates.
    top : pathlib.Path, optional
        The folder from which a catalogue names the files.
    keywords : iterable of str, optional
        What the function is called there.

    Returns
    -------
    list of Found
        In the order of the files.
    """
    where = {}
    for path in files:
        method, options = _METHODS[path.suffix]
        with path.open("rb") as file:
            for _, text, _, _ in extract(method, file, dict.fromkeys(keywords), options=options):
                where.setdefault(text, []).append(path.relative_to(top).as_posix())
    return [Found(text, tuple(dict.fromkeys(files))) for text, files in where.items()]


def compiled(catalog):
    """Return a catalogue as gettext reads it."""
    for message in catalog:
        message.flags &= {"fuzzy"}
    # Or the time of reading would be in its header.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def messages_in(content):
    """Return what a compiled catalogue translates, its header apart."""
    catalog = gettext.GNUTranslations(io.BytesIO(content))._catalog
    return {text: words for text, words in catalog.items() if text}


_METHODS = {
    ".py": (extract_python, {}),
    ".js": (extract_javascript, {"parse_template_string": True, "template_string": False}),
    ".html": (babel_extract, {}),
}
