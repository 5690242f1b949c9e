"""The site's one style sheet: what ten say, without the rules and the icons that no page uses."""

import hashlib
import logging
import os
import re
from pathlib import Path

import tinycss2
from fontTools import subset

from bookbuild.languages import own_pages
from bookbuild.words import vendor

SHEET = re.compile(r'<link(?=[^>]*rel="stylesheet")[^>]*href="([^"?]+)[^>]*>\s*')
IMPORT = re.compile(r'@import "([^"]+)";')
URL = re.compile(r"url\((?!data:|#|[a-z]+://)[\"']?([^\"')]+)[\"']?\)")
ICON_FONT = re.compile(
    r'url\([^)]*fa-solid-900\.woff2\) format\("woff2"\),url\([^)]*\) format\("[a-z]+"\)'
)
WORD = re.compile(r"[\w-]+")
VERSION = re.compile(r"(?<=/book\.css\?v=)\w+")
#: Names that scripts put together, so that no file has them as one word.
MADE_BY_SCRIPTS = ("bs-tooltip-", "bs-popover-")


def joined(file, folder):
    """Return a style sheet as it would read in `folder`, what it imports included."""
    text = file.read_text(encoding="utf-8")
    text = IMPORT.sub(lambda match: joined(file.parent / match[1], folder), text)

    def moved(match):
        target = os.path.relpath(file.parent / match[1], folder)
        return f"url({Path(target).as_posix()})"

    # What an import brought is at home already: its addresses lead to no file from here.
    return URL.sub(lambda m: moved(m) if (file.parent / m[1]).is_file() else m[0], text)


def names(selector):
    """Yield the classes and ids that an element must have; not those inside `:not()` and such."""
    before = None
    for token in selector:
        if token.type == "hash" or (token.type == "ident" and before == "."):
            yield token.value
        before = token.value if token.type == "literal" else None


def only_used(text, words):
    """Return a style sheet without the rules for elements that no page can have.

    Parameters
    ----------
    text : str
        CSS.
    words : set of str
        All words of the pages and their scripts. A rule stays if each class and id that it asks
        for is among them, so that what a script adds later has its rules.

    Returns
    -------
    str
        CSS; of the comments, licenses stay.
    """

    def possible(selector):
        return all(name in words or name.startswith(MADE_BY_SCRIPTS) for name in names(selector))

    def kept(rules):
        for rule in rules:
            if rule.type == "qualified-rule":
                selectors = [[]]
                for token in rule.prelude:
                    if token == ",":
                        selectors.append([])
                    else:
                        selectors[-1].append(token)
                found = [tinycss2.serialize(s).strip() for s in selectors if possible(s)]
                if found:
                    yield f"{','.join(found)}{{{tinycss2.serialize(rule.content).strip()}}}"
            elif rule.type == "at-rule" and rule.lower_at_keyword in {"media", "supports"}:
                inner = "\n".join(kept(tinycss2.parse_rule_list(rule.content)))
                if inner:
                    condition = tinycss2.serialize(rule.prelude).strip()
                    yield f"@{rule.at_keyword} {condition}{{{inner}}}"
            elif rule.type not in {"whitespace", "comment"} or rule.serialize().startswith("/*!"):
                yield rule.serialize()

    return "\n".join(kept(tinycss2.parse_stylesheet(text)))


def one_style_sheet(app, pagename, pathto, html):
    """Replace a page's style sheets by one, which `write_style_sheet` writes."""
    folder = Path(app.outdir, pagename).parent
    app.book_sheets = [Path(os.path.normpath(folder / href)) for href in SHEET.findall(html)]
    link = f'<link rel="stylesheet" href="{pathto("_static/book.css", 1)}?v=0" />\n'
    return SHEET.sub("", html) + link


def changed_style(app, env, added, changed, removed):
    """Have a page written anew if a style sheet of ours is newer than the one of the site."""
    written = Path(app.outdir, "_static", "book.css")
    ours = [
        f for folder in app.config.html_static_path for f in Path(app.srcdir, folder).glob("*.css")
    ]
    if written.is_file() and any(f.stat().st_mtime > written.stat().st_mtime for f in ours):
        return [app.config.root_doc]
    return []


def write_style_sheet(app, error):
    """Write the one style sheet, and a font with the icons that it names."""
    sheets = getattr(app, "book_sheets", None)  # none if no page was written
    if error or not sheets:
        return
    site, folder = Path(app.outdir), Path(app.outdir, "_static")
    pages = {page: page.read_text(encoding="utf-8") for page in own_pages(site)}
    # Font Awesome's own script names every icon there is.
    scripts = [f for f in folder.rglob("*.js") if "fontawesome" not in f.as_posix()]
    scripts += Path(site, vendor()).glob("*.js")
    texts = [*pages.values(), *(script.read_text(encoding="utf-8") for script in scripts)]
    words = set().union(*(WORD.findall(text) for text in texts))

    text = only_used("\n".join(joined(sheet, folder) for sheet in sheets), words)
    text = ICON_FONT.sub('url(icons.woff) format("woff")', text)
    (folder / "book.css").write_text(text, encoding="utf-8")
    version = hashlib.sha256(text.encode()).hexdigest()[:8]
    for page, html in pages.items():
        if (new := VERSION.sub(version, html)) != html:
            page.write_text(new, encoding="utf-8")

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    icons = {ord(sign) for sign in text if "\ue000" <= sign <= "\uf8ff"}  # the private use area
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    font = subset.load_font(
        folder / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf", options
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=icons)
    subsetter.subset(font)
    subset.save_font(font, folder / "icons.woff", options)


def setup(app):
    app.connect("env-get-outdated", changed_style)
    app.connect("build-finished", write_style_sheet, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
