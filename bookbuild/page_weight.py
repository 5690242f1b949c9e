"""A Sphinx extension: what a page loads before its first word is shown.

- one style sheet in place of ten (style_sheet.py);
- scripts wait until the page is read; MathJax (math.js) comes when the reader is near a formula;
- pictures come when the reader is near, and say how large they are, so that nothing moves then;
- of the code, only what has a colour of its own is an element;
- the scripts of Sphinx's search come with no page (search.py has the book's own);
- what the reactive figures store comes when the reader is near one; their scripts and styles are
  files that all pages share.

The layout in book/_templates hands its blocks to these functions.
"""

import hashlib
import json
import re
import struct
from functools import partial
from pathlib import Path

from bookbuild import style_sheet
from helpers.widgets.figure import parts_of

MATH = Path(__file__).with_name("math.js")
SCRIPT = re.compile(r"<script (?=[^>]*src=)(?![^>]*\bdefer\b)")
# The page's name, which only a menu of versions would ask for, and an option that is off.
OPTION = re.compile(r"<script>DOCUMENTATION_OPTIONS\..*?</script>\s*")
MATHJAX = re.compile(r'<script defer[^>]*src="([^"]*/mathjax/[^"]*)"[^>]*></script>')
SEARCH = re.compile(
    r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>\s*'
)
IMAGE = re.compile(r'<img (?=[^>]*src="[^"]*_images/([^"]+\.png)")(?![^>]*\bheight=)')
# Names, marks and space have the colour of the whole, in the light style and in the dark one.
PLAIN = re.compile(r'<span class="(?:n|nn|nx|p|pm|w)">([^<]*)</span>')
STATE = "application/vnd.jupyter.widget-state+json"


def later(html, body="", state=None):
    """Let a page's scripts wait; MathJax until the page is there, and only if it is wanted."""

    def after_load(match):
        if 'class="math' not in body:
            return ""
        return f"<script>\n{MATH.read_text(encoding='utf-8').replace('ADDRESS', repr(match[1]))}</script>"

    html = MATHJAX.sub(after_load, SCRIPT.sub("<script defer ", OPTION.sub("", html)))
    html = html.replace("<script>", "<script defer>")  # no_code.py makes files of them
    if state:
        html = re.sub(
            r'(<script[^>]*)(?= src="[^"]*/figures\.js)', rf'\1 data-state="{state}"', html
        )
    return html


def in_files(state, folder):
    """Move the scripts and the styles of a page's figures into files, and name these instead."""

    def in_file(name, text):
        stem, _, suffix = name.rpartition(".")
        # By its content, so that a page gets what its notebook stores, whatever others store.
        file = folder / f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.{suffix}"
        file.write_text(text, encoding="utf-8")
        return file.name

    for model in state["state"].values():
        if module := model["state"].pop("_esm", None):
            parts = parts_of(module)
            model["scripts"] = {
                name: in_file(name, f'"use strict";\n{part}') for name, part in parts.items()
            }
            model["style"] = in_file("figure.css", model["state"].pop("_css"))


def stored_state(app, pagename, context):
    """Move what the page's figures store into a file; return its address, if there is one."""
    pathto = context["pathto"]
    for script in context["script_files"]:
        attributes = getattr(script, "attributes", {})
        if attributes.get("type") == STATE:
            name = f"_static/figures/{Path(pagename).name}.js"
            file = Path(app.outdir, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            state = json.loads(attributes["body"])
            in_files(state, file.parent)
            # A script, because a page that was opened as a file may read nothing else.
            file.write_text(f"bookFigures = {json.dumps(state)};\n", encoding="utf-8")
            context["script_files"] = [s for s in context["script_files"] if s is not script]
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            return f"{pathto(name, 1)}?v={digest[:8]}"
    return None


def sized_images(app, body):
    """Let pictures come late, and say their size in pixels, which a PNG has in its first bytes."""
    sources = {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}

    def sized(match):
        if match[1] not in sources:  # a page's own HTML
            return match[0]
        width, height = struct.unpack(">II", sources[match[1]].read_bytes()[16:24])
        return f'<img loading="lazy" width="{width}" height="{height}" '

    return IMAGE.sub(sized, body)


def lighten(app, pagename, templatename, context, doctree):
    """Hand the functions to the layout."""
    context["body"] = PLAIN.sub(r"\1", sized_images(app, context.get("body", "")))
    state = stored_state(app, pagename, context)
    context["one_style_sheet"] = partial(
        style_sheet.one_style_sheet, app, pagename, context["pathto"]
    )
    context["later"] = partial(later, body=context["body"], state=state)
    context["without_search"] = partial(SEARCH.sub, "")


def setup(app):
    # It stands in pages: if it has changed, they are written anew.
    app.add_config_value("book_math", MATH.read_text(encoding="utf-8"), "html", [str])
    app.connect("html-page-context", lighten, priority=900)  # after myst-nb has stored its state
    app.setup_extension("bookbuild.style_sheet")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
