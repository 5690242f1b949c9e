"""A Sphinx extension: what a page loads before its first word is shown.

- one style sheet in place of ten, with the icons that the pages show and no others;
- scripts wait until the page is read; MathJax (math.js) comes when the reader is near a formula;
- pictures say how large they are, so that nothing moves when they come;
- the index of the search comes with the search's own page alone;
- what the reactive figures store comes when the reader is near one.

The layout in book/_templates hands its blocks to these functions.
"""

import hashlib
import logging
import os
import re
import struct
from functools import partial
from pathlib import Path

from fontTools import subset

MATH = Path(__file__).with_name("math.js")
SHEET = re.compile(r'<link(?=[^>]*rel="stylesheet")[^>]*href="([^"?]+)[^>]*>\s*')
IMPORT = re.compile(r'@import "([^"]+)";')
URL = re.compile(r"url\((?!data:|#|[a-z]+://)[\"']?([^\"')]+)[\"']?\)")
ICON_RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:{1,2}before,?)+)\{content:"[^"]*"\}')
ICON_FONT = re.compile(
    r'url\([^)]*fa-solid-900\.woff2\) format\("woff2"\),url\([^)]*\) format\("[a-z]+"\)'
)
# Not the options: a line in the page itself adds to them.
SCRIPT = re.compile(r"<script (?=[^>]*src=)(?![^>]*(?:\bdefer\b|documentation_options\.js))")
MATHJAX = re.compile(r'<script defer[^>]*src="([^"]*/mathjax/[^"]*)"[^>]*></script>')
SEARCH = re.compile(
    r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>\s*'
)
IMAGE = re.compile(r'<img (?=[^>]*src="[^"]*_images/([^"]+\.png)")(?![^>]*\bheight=)')
STATE = "application/vnd.jupyter.widget-state+json"


def style_sheet(file, folder):
    """Return a style sheet as it would read in `folder`, what it imports included."""
    text = file.read_text(encoding="utf-8")
    text = IMPORT.sub(lambda match: style_sheet(file.parent / match[1], folder), text)

    def moved(match):
        target = os.path.relpath(file.parent / match[1], folder)
        return f"url({Path(target).as_posix()})"

    # What an import brought is at home already: its addresses lead to no file from here.
    return URL.sub(lambda m: moved(m) if (file.parent / m[1]).is_file() else m[0], text)


def one_style_sheet(app, pagename, pathto, html):
    """Replace a page's style sheets by one, which `write_style_sheet` writes."""
    folder = Path(app.outdir, pagename).parent
    app.book_sheets = [Path(os.path.normpath(folder / href)) for href in SHEET.findall(html)]
    # myst-nb writes its own at the end, with a digest in its name.
    known = [s.read_bytes() if s.is_file() else s.name.encode() for s in app.book_sheets]
    digest = hashlib.sha256(b"".join(known)).hexdigest()
    link = f'<link rel="stylesheet" href="{pathto("_static/book.css", 1)}?v={digest[:8]}" />\n'
    return SHEET.sub("", html) + link


def write_style_sheet(app, error):
    """Write the one style sheet, and a font with the icons that it and the pages name."""
    sheets = getattr(app, "book_sheets", None)  # none if no page was written
    if error or not sheets:
        return
    site, folder = Path(app.outdir), Path(app.outdir, "_static")
    users = [*site.rglob("*.html"), *folder.glob("*.js"), *folder.glob("scripts/*theme.js")]
    used = set(re.findall(r"\bfa-[a-z0-9-]+", "".join(f.read_text("utf-8") for f in users)))

    def if_used(match):
        return match[0] if used & set(re.findall(r"fa-[a-z0-9-]+", match[1])) else ""

    text = "\n".join(style_sheet(sheet, folder) for sheet in sheets)
    text = ICON_FONT.sub('url(icons.woff) format("woff")', ICON_RULE.sub(if_used, text))
    (folder / "book.css").write_text(text, encoding="utf-8")

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    icons = {int(code, 16) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', text)}
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    font = subset.load_font(
        folder / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf", options
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=icons)
    subsetter.subset(font)
    subset.save_font(font, folder / "icons.woff", options)


def later(html, body="", state=None):
    """Let a page's scripts wait; MathJax until the page is there, and only if it is wanted."""

    def after_load(match):
        if 'class="math' not in body:
            return ""
        return f"<script>\n{MATH.read_text(encoding='utf-8').replace('ADDRESS', repr(match[1]))}</script>"

    html = MATHJAX.sub(after_load, SCRIPT.sub("<script defer ", html))
    if state:
        html = re.sub(
            r'(<script[^>]*)(?= src="[^"]*/figures\.js)', rf'\1 data-state="{state}"', html
        )
    return html


def stored_state(app, pagename, context):
    """Move what the page's figures store into a file; return its address, if there is one."""
    pathto = context["pathto"]
    for script in context["script_files"]:
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") == STATE:
            name = f"_static/figures/{Path(pagename).name}.js"
            file = Path(app.outdir, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            # A script, because a page that was opened as a file may read nothing else.
            file.write_text(f"bookFigures = {attributes['body'].strip()};\n", encoding="utf-8")
            context["script_files"] = [s for s in context["script_files"] if s is not script]
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            return f"{pathto(name, 1)}?v={digest[:8]}"
    return None


def sized_images(app, body):
    """Add to each picture its width and height in pixels, which a PNG has in its first bytes."""
    sources = {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}

    def sized(match):
        if match[1] not in sources:  # a page's own HTML
            return match[0]
        width, height = struct.unpack(">II", sources[match[1]].read_bytes()[16:24])
        return f'<img width="{width}" height="{height}" '

    return IMAGE.sub(sized, body)


def lighten(app, pagename, templatename, context, doctree):
    """Hand the functions to the layout."""
    context["body"] = sized_images(app, context.get("body", ""))
    search = pagename == "search"  # its scripts follow one another, and it needs its index
    state = stored_state(app, pagename, context)
    context["one_style_sheet"] = partial(one_style_sheet, app, pagename, context["pathto"])
    context["later"] = str if search else partial(later, body=context["body"], state=state)
    context["without_search"] = str if search else partial(SEARCH.sub, "")


def setup(app):
    app.connect("html-page-context", lighten, priority=900)  # after myst-nb has stored its state
    app.connect("build-finished", write_style_sheet, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
