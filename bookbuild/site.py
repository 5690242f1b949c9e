"""A Sphinx extension: what the site takes from its notebooks and from `_config.yml`.

- a reactive figure's still picture stands on the page until the figure is alive;
- directive ``stored-figure``: a figure from a notebook's stored output, with its alt text,
  so that a prose page shows what a chapter really drew;
- role ``colab``: a link that opens a notebook in Colab, at the address of the Colab button;
- the edit button of a chapter leads to its text, not to the notebook made from it;
- a folded cell is announced by the words it shows;
- the solution of an exercise is folded under that name, and with it what the check says to it;
- ``book_solutions: false`` leaves the solutions of the exercises out, for a class;
- the empty corner of a table is a cell, not a heading without words;
- the arrow that folds pages in the list of contents has a name.
"""

import os
import re
from pathlib import Path
from typing import ClassVar

import nbformat
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole, SphinxDirective

from bookbuild.book import stored_figures, tags
from bookbuild.editions import without_solutions

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PAGES_BELOW = "Show or hide the pages below"

logger = logging.getLogger(__name__)


class StoredFigure(SphinxDirective):
    """``stored-figure`` with a notebook's path; ``showing`` is a part of the figure's alt text."""

    required_arguments = 1
    option_spec: ClassVar = {
        "showing": directives.unchanged_required,
        "width": directives.length_or_percentage_or_unitless,
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
        # Beside the doctrees, so that no made file lies among the sources.
        file = Path(self.env.doctreedir) / f"{Path(path).stem}-figure-{figures.index(figure)}.png"
        file.write_bytes(png)
        page_folder = Path(self.env.doc2path(self.env.docname)).parent
        image = nodes.image(uri=Path(os.path.relpath(file, page_folder)).as_posix())
        image["alt"] = metadata["alt"]
        if width := self.options.get("width", metadata.get("width")):
            image["width"] = str(width)
        return [image]


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


def name_folded_cells(app, pagename, templatename, context, doctree):
    """Remove myst-nb's label, "Toggle hidden content", which hides the visible words."""
    label = ' aria-label="Toggle hidden content"'
    context["body"] = context.get("body", "").replace(f"<summary{label}>", "<summary>")


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


def solutions(app, docname, source):
    """Fold the solutions of a chapter before it is read, or take them out if it is for a class.

    "Predict, then run" asks for nothing if the check's answer to the solution stands below it.
    """
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = nbformat.reads(source[0], as_version=4)
    if not app.config.book_solutions:
        notebook = without_solutions(notebook)
    for cell in notebook.cells:
        if "check" in tags(cell) and cell.outputs:
            cell.metadata.tags.append("hide-output")
            words = "What the check says to the solution"
        elif {"solution", "hide-cell"} <= set(tags(cell)):
            words = "Solution"
        else:
            continue
        cell.metadata["mystnb"] = {"code_prompt_show": words, "code_prompt_hide": words}
    source[0] = nbformat.writes(notebook)


def setup(app):
    app.add_config_value("book_solutions", True, "env", [bool])
    app.connect("source-read", solutions)
    app.add_directive("stored-figure", StoredFigure)
    app.add_role("colab", ColabLink())
    app.add_post_transform(StillPictures)
    # After the theme has made its buttons.
    app.connect("html-page-context", edit_the_text, priority=900)
    app.connect("html-page-context", name_folded_pages, priority=900)
    app.connect("html-page-context", name_folded_cells)
    app.connect("html-page-context", empty_corners)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
