"""A Sphinx extension: what the site takes from its notebooks and from `_config.yml`.

- a reactive figure's still picture stands on the page until the figure is alive;
- directive ``stored-figure``: a figure from a notebook's stored output, with its alt text,
  so that a prose page shows what a chapter really drew;
- roles ``colab``, ``kaggle`` and ``codespaces``: links that open a notebook, or the whole book,
  there; the buttons above a chapter lead to the same addresses;
- role ``published``: a link to a file that only the published site has, elsewhere its words alone;
- the edit button of a chapter leads to its text, not to the notebook made from it, and on the
  branch where people work; the issue button names the page;
- a folded cell is announced by the words it shows;
- the solution of an exercise is folded under that name, and with it what the check says to it;
- ``book_solutions: false`` leaves the solutions of the exercises out, for a class;
- the empty corner of a table is a cell, not a heading without words;
- the arrow that folds pages in the list of contents has a name.
"""

import os
import re
from html import escape
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, urljoin

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


def colab(config, path):
    """Return where Colab opens the notebook at `path` (from the top of the repository)."""
    url, repository, branch = _repository(config)
    host = config.html_theme_options["launch_buttons"]["colab_url"]
    return f"{host}/github/{repository}/blob/{branch}/{path}"


def kaggle(config, path):
    """Return where Kaggle opens the notebook at `path`."""
    url, repository, branch = _repository(config)
    raw = f"https://raw.githubusercontent.com/{repository}/{branch}/{path}"
    return f"https://kaggle.com/kernels/welcome?src={raw}"


def codespaces(config, path=None):
    """Return where Codespaces opens the whole book, as .devcontainer says."""
    url, repository, branch = _repository(config)
    return f"https://codespaces.new/{repository}/tree/{branch}?quickstart=1"


def download(config, name):
    """Return where the published site has a file for downloading; empty if it is not published."""
    return config.html_baseurl and urljoin(config.html_baseurl, f"download/{name}")


def _repository(config):
    options = config.html_theme_options
    url = options["repository_url"]
    return url, url.removeprefix("https://github.com/"), options["repository_branch"]


class NotebookLink(ReferenceRole):
    """``{colab}`text <notebook>` ``: a link that opens the notebook somewhere."""

    def __init__(self, address):
        super().__init__()
        self.address = address

    def run(self):
        path, absolute = self.env.relfn2path(self.target)
        if not Path(absolute).is_file():
            logger.warning("no notebook %s to open", path, location=self.get_location())
        address = self.address(self.config, path)
        return [nodes.reference(self.rawtext, self.title, refuri=address)], []


class AddressLink(NotebookLink):
    """``{published}`text <file>` ``: a link to what is no file here; without an address, words."""

    def run(self):
        address = self.address(self.config, self.target)
        if not address:
            return [nodes.Text(self.title)], []
        return [nodes.reference(self.rawtext, self.title, refuri=address)], []


def more_launch_buttons(app, pagename, templatename, context, doctree):
    """Add to the theme's launch buttons, above a chapter, those that it does not know."""
    path = os.path.relpath(app.env.doc2path(pagename), app.srcdir)
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            for name, icon, address in (
                ("Kaggle", "fas fa-cloud", kaggle),
                ("Codespaces", "fas fa-code", codespaces),
            ):
                button = {"type": "link", "text": name, "tooltip": f"Launch on {name}"}
                button |= {"icon": icon, "url": address(app.config, Path(path).as_posix())}
                group["buttons"].append(button)


def source_buttons(app, pagename, templatename, context, doctree):
    """Lead to the text that people edit, and to an issue that says which page it is about."""
    url, _, branch = _repository(app.config)
    source = Path(app.env.doc2path(pagename))
    buttons = [b for group in context.get("header_buttons", []) for b in group.get("buttons", [])]
    for button in buttons:
        address = button.get("url", "")
        if "/edit/" in address:
            written = app.config.book_source_branch
            address = address.replace(f"/edit/{branch}/", f"/edit/{written}/")
            if source.suffix == ".ipynb" and source.with_suffix(".md").is_file():
                address = address.removesuffix(".ipynb") + ".md"
            button["url"] = address
        elif button.get("label") == "source-issues-button":
            version = app.config.book_version
            place = f"{pagename}.html" + (f", version {version}" if version else "")
            words = quote(f"Error on {place}", safe="")
            button |= {"url": f"{url}/issues/new?title={words}", "text": "Report an error"}
            button["tooltip"] = "Report an error on this page"


def say_version(app, config):
    """Let each page say at its foot which version of the book it shows, if that has a name."""
    if config.book_version:
        footer = config.html_theme_options.get("extra_footer", "")
        version = f"<p>Version: {escape(config.book_version)}</p>"
        config.html_theme_options["extra_footer"] = footer + version


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
    app.add_config_value("book_source_branch", "main", "html", [str])
    app.add_config_value("book_version", "", "html", [str])
    app.connect("config-inited", say_version)
    app.add_role("colab", NotebookLink(colab))
    app.add_role("kaggle", NotebookLink(kaggle))
    app.add_role("codespaces", AddressLink(codespaces))
    app.add_role("published", AddressLink(download))
    app.add_post_transform(StillPictures)
    # After the theme has made its buttons.
    app.connect("html-page-context", source_buttons, priority=900)
    app.connect("html-page-context", more_launch_buttons, priority=900)
    app.connect("html-page-context", name_folded_pages, priority=900)
    app.connect("html-page-context", name_folded_cells)
    app.connect("html-page-context", empty_corners)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
