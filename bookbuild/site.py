"""A Sphinx extension: what the site takes from its notebooks and from `_config.yml`.

- a reactive figure's still picture stands on the page until the figure is alive;
- directive ``stored-figure``: a figure from a notebook's stored output, with its alt text,
  so that a prose page shows what a chapter really drew;
- directive ``reactive-figure``: a notebook's reactive figure, alive on a prose page, too;
- role ``colab``: a link that opens a notebook in Colab, at the address of the Colab button;
- the edit button of a chapter leads to its text, not to the notebook made from it;
- the empty corner of a table is a cell, not a heading without words;
- the arrow that folds pages in the list of contents has a name.
"""

import base64
import io
import json
import os
import re
from pathlib import Path
from typing import ClassVar

import nbformat
import PIL.Image
from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.core.render import WIDGET_STATE_MIMETYPE, sanitize_script_content
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole, SphinxDirective

from bookbuild.book import stored_figures, tags

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PAGES_BELOW = "Show or hide the pages below"

logger = logging.getLogger(__name__)


def edges(argument):
    """Read ``left top right bottom``, in per cent of a picture."""
    left, top, right, bottom = (int(part) / 100 for part in argument.split())
    if not 0 <= left < right <= 1 or not 0 <= top < bottom <= 1:
        raise ValueError(f"{argument}: wanted left top right bottom, from 0 to 100")
    return left, top, right, bottom


def part_of(png, crop):
    """Return a part of a picture as PNG, at half the pixels, in 32 colours: a small one."""
    picture = PIL.Image.open(io.BytesIO(png)).convert("RGB")
    (width, height), (left, top, right, bottom) = picture.size, crop
    picture = picture.crop([left * width, top * height, right * width, bottom * height])
    small, stored = picture.reduce(2).quantize(32), io.BytesIO()
    small.save(stored, format="png", optimize=True)
    return stored.getvalue()


class StoredFigure(SphinxDirective):
    """``stored-figure`` with a notebook's path; ``showing`` is a part of the figure's alt text.

    ``crop`` shows a part of it, for which ``alt`` has words of its own.
    """

    required_arguments = 1
    option_spec: ClassVar = {
        "showing": directives.unchanged_required,
        "width": directives.length_or_percentage_or_unitless,
        "crop": edges,
        "alt": directives.unchanged_required,
    }

    def run(self):
        relative, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        words = self.options["showing"]
        figures = []
        if Path(path).is_file():
            figures = stored_figures(nbformat.read(path, as_version=4))
        figure = next((figure for figure in figures if words in figure[1]["alt"]), None)
        if figure is None:
            # No warning: warnings stop the build, and a chapter's text may be tried in the
            # book before `make execute`. A test of the built site asks for the picture.
            logger.info("%s has no stored figure showing %r: `make execute`?", relative, words)
            return []
        png, metadata = figure
        name = f"{Path(path).stem}-figure-{figures.index(figure)}"
        if crop := self.options.get("crop"):
            png, name = part_of(png, crop), f"{name}-part"
        return [stored_image(self, name, png, metadata)]


def stored_image(directive, name, png, metadata):
    """Return the image node for a stored PNG and what is known about it."""
    env = directive.env
    # Beside the doctrees, so that no made file lies among the sources.
    file = Path(env.doctreedir) / f"{name}.png"
    file.write_bytes(png)
    page_folder = Path(env.doc2path(env.docname)).parent
    image = nodes.image(uri=Path(os.path.relpath(file, page_folder)).as_posix())
    options = directive.options
    image["alt"] = options.get("alt", metadata["alt"])
    # A part is as wide as its place, and no link to itself, which Sphinx makes of a width.
    width = options.get("width", metadata.get("width"))
    if width and "crop" not in options:
        image["width"] = str(width)
    return image


class ReactiveFigure(SphinxDirective):
    """``reactive-figure`` with a notebook's path: the first figure of its cells tagged ``play``.

    ``tag`` names another tag. The page stores that figure's state alone, as a chapter stores its own.
    """

    required_arguments = 1
    option_spec: ClassVar = {"tag": directives.unchanged_required}

    def run(self):
        relative, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        tag = self.options.get("tag", "play")
        notebook = nbformat.read(path, as_version=4) if Path(path).is_file() else None
        figure = notebook and stored_widget(notebook, tag)
        if not figure:
            # No warning, as above; a test of the built site asks for the figure.
            logger.info("%s has no reactive figure tagged %r: `make execute`?", relative, tag)
            return []
        view, png, metadata = figure
        name = view["model_id"]
        states = notebook.metadata["widgets"][WIDGET_STATE_MIMETYPE]["state"]
        kept = self.env.temp_data.setdefault("reactive_figures", {})  # a page may have several
        kept[name] = states[name]
        state = {"type": WIDGET_STATE_MIMETYPE, "body": in_script({"state": kept})}
        scripts = {"state": (None, state)} | dict(enumerate(self.config.nb_ipywidgets_js.items()))
        for key, (address, attributes) in scripts.items():
            NbMetadataCollector.add_js_file(
                self.env, self.env.docname, f"ipywidgets_{key}", address, attributes
            )
        still = stored_image(self, f"{Path(path).stem}-figure-{name}", png, metadata)
        script = f'<script type="{WIDGET_VIEW}">{in_script(view)}</script>'
        parts = [
            nodes.container("", still, classes=["still"]),
            nodes.raw("", script, format="html"),
        ]
        return [nodes.container("", *parts, classes=["reactive"])]


def stored_widget(notebook, tag):
    """Return the first reactive figure of cells with a tag: its view, its picture, what it shows."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []) if tag in tags(cell) else []:
            data = output.get("data", {})
            if WIDGET_VIEW in data and "image/png" in data:
                about = output["metadata"]["image/png"]
                return data[WIDGET_VIEW], base64.b64decode(data["image/png"]), about
    return None


def in_script(data):
    return sanitize_script_content(json.dumps(data))


class StillPictures(SphinxPostTransform):
    """Keep the picture beside the widget, where an output has both; myst-nb would keep one."""

    default_priority = 3  # before myst-nb chooses, which is at 4

    def run(self):
        def has_choice(node):
            return isinstance(node, nodes.container) and node.get("nb_element") == "mime_bundle"

        for bundle in list(self.document.findall(has_choice)):
            parts = {part["mime_type"]: part for part in bundle.children}
            widget, picture = parts.get(WIDGET_VIEW), parts.get("image/png")
            if widget and picture:
                still = nodes.container("", *picture.children, classes=["still"])
                both = [still, *widget.children]
                widget.children = []
                widget += nodes.container("", *both, classes=["reactive"])


def colab_address(config, path):
    """Return where Colab opens the file at `path` (from the top of the repository)."""
    options = config.html_theme_options
    repository = options["repository_url"].removeprefix("https://github.com/")
    colab = options["launch_buttons"]["colab_url"]
    return f"{colab}/github/{repository}/blob/{options['repository_branch']}/{path}"


class ColabLink(ReferenceRole):
    """``{colab}`text <notebook>` ``: a link that opens the notebook in Colab."""

    def run(self):
        path, absolute = self.env.relfn2path(self.target)
        if not Path(absolute).is_file():
            logger.warning("no notebook %s to open in Colab", path, location=self.get_location())
        address = colab_address(self.config, path)
        return [nodes.reference(self.rawtext, self.title, refuri=address)], []


def edit_the_text(app, pagename, templatename, context, doctree):
    """Point a chapter's edit button to the .md that people edit, not to its notebook."""
    source = Path(app.env.doc2path(pagename))
    if source.suffix != ".ipynb" or not source.with_suffix(".md").is_file():
        return
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if "/edit/" in button.get("url", ""):
                button["url"] = button["url"].removesuffix(".ipynb") + ".md"


def name_folded_pages(app, pagename, templatename, context, doctree):
    """Name the arrow that folds pages below another in the list of contents."""
    make = context.get("generate_toctree_html")
    if make is None:  # a page without the list
        return

    def named(*args, **options):
        return str(make(*args, **options)).replace("<summary>", f'<summary title="{PAGES_BELOW}">')

    context["generate_toctree_html"] = named


def empty_corners(app, pagename, templatename, context, doctree):
    """Turn an empty heading of a table, as Markdown makes in the corner, into a plain cell."""
    empty = r'<th class="head([^"]*)"><p></p></th>'
    context["body"] = re.sub(empty, r'<td class="head\1"></td>', context.get("body", ""))


def setup(app):
    app.add_directive("stored-figure", StoredFigure)
    app.add_directive("reactive-figure", ReactiveFigure)
    app.add_role("colab", ColabLink())
    app.add_post_transform(StillPictures)
    # After the theme has made its buttons.
    app.connect("html-page-context", edit_the_text, priority=900)
    app.connect("html-page-context", name_folded_pages, priority=900)
    app.connect("html-page-context", empty_corners)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
