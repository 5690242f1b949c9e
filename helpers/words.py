"""What checks and figures say, in the language of the book that is open.

English messages are the keys. Their translations come from ``helpers/locale``, which `make
translate` compiles from ``book/locale``; the notebooks of another language set ``BOOK_LANG``.
"""

import gettext
import os
from functools import cache
from pathlib import Path

__all__ = ["language", "say"]

_LOCALE = Path(__file__).with_name("locale")


def language():
    """Return the language in force: ``BOOK_LANG``, or ``"en"`` where it is unset or empty."""
    return os.environ.get("BOOK_LANG") or "en"


@cache
def _catalogue(language):
    if language == "en":
        return gettext.NullTranslations()
    try:
        return gettext.translation("helpers", _LOCALE, [language])
    except FileNotFoundError:
        there = ", ".join(["en", *sorted(folder.name for folder in _LOCALE.glob("*"))])
        raise ValueError(f"BOOK_LANG is {language!r}; there are: {there}") from None


def say(message, /, **values):
    """Return a message in the reader's language, with values in its placeholders.

    Parameters
    ----------
    message : str
        English, as one string literal, so that `make translate` finds it. What changes from call
        to call is a placeholder: ``say("{name} is {value:.3f}.", name=..., value=...)``.
    **values
        What to put into the placeholders.

    Returns
    -------
    str
        The English message where the language has no other.

    Raises
    ------
    ValueError
        If ``BOOK_LANG`` names a language that the book does not have.
    """
    words = _catalogue(language()).gettext(message)
    return words.format(**values) if values else words
