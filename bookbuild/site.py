"""A Sphinx extension: what the site takes from its notebooks and from `_config.yml`.

- a reactive figure's still picture stands on the page until the figure is alive;
- directive ``stored-figure``: a figure from a notebook's stored output, with its alt text,
  so that a prose page shows what a chapter really drew;
- directive ``reactive-figure``: a notebook's reactive figure, alive on a prose page, too;
- roles ``colab``, ``kaggle`` and ``codespaces``: links that open a notebook, or the whole book,
  there; the buttons above a chapter lead to the same addresses;
- role ``pull``: nbgitpuller's page that makes a link for a class, filled in for a notebook;
- role ``published``: a link to a file that only the published site has, elsewhere its words alone;
- the edit button of a chapter leads to its text, not to the notebook made from it, and on the
  branch where people work; the issue button names the page;
- an empty heading of a table (its corner, mostly) is a plain cell, and no table brings a style of
  its own;
- the arrow that folds pages in the list of contents has a name.
"""

import base64
import io
import json
import os
import re
from html import escape
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, urlencode, urljoin

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
from bookbuild.words import language, say

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

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
        figure = next(
            (one for one in figures if words in one[1].get("english", one[1]["alt"])), None
        )
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


def colab(config, path):
    """Return where Colab opens the notebook at `path` (from the top of the repository)."""
    url, repository, branch = _repository(config)
    host = config.html_theme_options["launch_buttons"]["colab_url"]
    return f"{host}/github/{repository}/blob/{branch}/{_in_repository(config, path)}"


def kaggle(config, path):
    """Return where Kaggle opens the notebook at `path`."""
    url, repository, branch = _repository(config)
    place = _in_repository(config, path)
    raw = f"https://raw.githubusercontent.com/{repository}/{branch}/{place}"
    return f"https://kaggle.com/kernels/welcome?src={raw}"


def codespaces(config, path=None):
    """Return where Codespaces opens the whole book, as .devcontainer says."""
    url, repository, branch = _repository(config)
    return f"https://codespaces.new/{repository}/tree/{branch}?quickstart=1"


def pull(config, path):
    """Return where a teacher gets the link that brings a class the notebook at `path`.

    nbgitpuller's page is filled in with the branch of the students' editions, which goes into a
    folder with the repository's name; the teacher adds the address of the hub.
    """
    url, repository, branch = _repository(config)
    folder = repository.rpartition("/")[2]
    asked = {"repo": url, "branch": f"{branch}-student", "urlpath": f"lab/tree/{folder}/{path}"}
    return f"https://nbgitpuller.readthedocs.io/en/latest/link.html?{urlencode(asked)}"


def download(config, name):
    """Return where the published site has a file for downloading; empty if it is not published."""
    return config.html_baseurl and urljoin(config.html_baseurl, f"download/{name}")


def _repository(config):
    options = config.html_theme_options
    url = options["repository_url"]
    return url, url.removeprefix("https://github.com/"), options["repository_branch"]


def _in_repository(config, path):
    """Return where a file of the pages lies in the branch that is published."""
    folder = config.html_theme_options.get("path_to_docs", "").strip("/")
    return f"{folder}/{path}" if folder else path


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
                button = {
                    "type": "link",
                    "text": name,
                    "tooltip": say("Launch on {name}", name=name),
                }
                button |= {"icon": icon, "url": address(app.config, Path(path).as_posix())}
                group["buttons"].append(button)


def source_buttons(app, pagename, templatename, context, doctree):
    """Lead to the text that people edit, and to an issue that says which page it is about."""
    buttons = [b for group in context.get("header_buttons", []) for b in group.get("buttons", [])]
    if not buttons:  # nor has such a theme a repository
        return
    url, _, branch = _repository(app.config)
    source = Path(app.env.doc2path(pagename))
    for button in buttons:
        address = button.get("url", "")
        if "/edit/" in address:
            written = app.config.book_source_branch
            address = address.replace(f"/edit/{branch}/", f"/edit/{written}/")
            if language() != "en":  # the pages are derived, the catalogues written
                place = Path(pagename).relative_to("book").as_posix()
                head, _, _ = address.partition(f"/edit/{written}/")
                address = f"{head}/edit/{written}/book/locale/{language()}/{place}.po"
            elif source.suffix == ".ipynb" and source.with_suffix(".md").is_file():
                address = address.removesuffix(".ipynb") + ".md"
            button["url"] = address
        elif button.get("label") == "source-issues-button":
            version = app.config.book_version
            folder = "" if language() == "en" else f"{language()}/"
            place = f"{folder}{pagename}.html" + (f", version {version}" if version else "")
            words = quote(f"Error on {place}", safe="")
            button |= {"url": f"{url}/issues/new?title={words}", "text": say("Report an error")}
            button["tooltip"] = say("Report an error on this page")


def say_version(app, config):
    """Let each page say at its foot which version of the book it shows, if that has a name."""
    if config.book_version:
        footer = config.html_theme_options.get("extra_footer", "")
        words = say("Version: {version}", version=escape(config.book_version))
        version = f"<p>{words}</p>"
        config.html_theme_options["extra_footer"] = footer + version


def name_folded_pages(app, pagename, templatename, context, doctree):
    """Name the arrow that folds pages below another in the list of contents."""
    make = context.get("generate_toctree_html")
    if make is None:  # a page without the list
        return

    def named(*args, **options):
        below = say("Show or hide the pages below")
        return str(make(*args, **options)).replace("<summary>", f'<summary title="{below}">')

    context["generate_toctree_html"] = named


def plain_tables(app, pagename, templatename, context, doctree):
    """Turn empty headings of a table into plain cells, and leave out pandas' own style sheets."""
    body = context.get("body", "")
    body = re.sub(r"<th\b([^>]*)>(?:\s|<p></p>)*</th>", r"<td\1></td>", body)
    context["body"] = re.sub(r"<style scoped>.*?</style>\s*", "", body, flags=re.S)


def setup(app):
    app.add_directive("stored-figure", StoredFigure)
    app.add_directive("reactive-figure", ReactiveFigure)
    app.add_config_value("book_source_branch", "main", "html", [str])
    app.add_config_value("book_version", "", "html", [str])
    app.connect("config-inited", say_version)
    app.add_role("colab", NotebookLink(colab))
    app.add_role("kaggle", NotebookLink(kaggle))
    app.add_role("pull", NotebookLink(pull))
    app.add_role("codespaces", AddressLink(codespaces))
    app.add_role("published", AddressLink(download))
    app.add_post_transform(StillPictures)
    # After the theme has made its buttons.
    app.connect("html-page-context", source_buttons, priority=900)
    app.connect("html-page-context", more_launch_buttons, priority=900)
    app.connect("html-page-context", name_folded_pages, priority=900)
    app.connect("html-page-context", plain_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
