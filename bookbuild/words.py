"""A Sphinx extension: what the site itself says, in the language that it is built in.

English messages are the keys, the translations those of `book/locale/<language>/site.po`. Python
and templates call `say`; scripts call the `say` of page.js, which has the words of words.js.
"""

from pathlib import Path

from bookbuild import catalogues

#: The folder of the site with the scripts of others (bookbuild/vendor.py).
VENDOR = "vendor"
#: Where the derived book (bookbuild/derive.py) has translations of what the theme says.
THEME = "_theme"
_language = "en"


def language():
    """Return the language that the site is being built in."""
    return _language


def catalogue(name, language=None):
    """Return what a catalogue translates, by the English; without a language into the site's."""
    return catalogues.translations(catalogues.LOCALE / (language or _language) / f"{name}.po")


def say(message, /, *, language=None, **values):
    """Return a message in the site's language, or another one, with values in its placeholders.

    Parameters
    ----------
    message : str
        English, as one string literal.
    language : str, optional
        Where a page speaks to readers of all languages.
    **values
        What to put into the placeholders.

    Returns
    -------
    str
        The English message where the language has no other.
    """
    words = catalogue("site", language).get(message, message)
    return words.format(**values) if values else words


def vendor():
    """Return the folder with the scripts of others: the English site has it, for all languages."""
    return VENDOR if _language == "en" else f"../{VENDOR}"


def speak(app, config):
    """Take the language of this build; if its words have changed, everything is made anew."""
    global _language
    _language = config.language
    path = catalogues.LOCALE / _language / "site.po"
    config.book_words = path.read_text(encoding="utf-8") if path.is_file() else ""


def give_words(app, pagename, templatename, context, doctree):
    context["say"] = say
    context["vendor"] = vendor()


def setup(app):
    app.add_config_value("book_words", "", "env", [str])
    app.connect("config-inited", speak, priority=1)
    theme = Path(app.srcdir, THEME)
    if theme.is_dir():  # what the theme says has no Korean of its own
        for name in ("sphinx", "booktheme"):
            app.add_message_catalog(name, str(theme))
    app.connect("html-page-context", give_words, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
