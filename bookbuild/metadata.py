"""A Sphinx extension: the book's public address, and what others read from it.

- a description on every page, for search engines;
- robots.txt, and 404.html, which GitHub Pages shows in place of a page that is not there;
- canonical links, sitemap.xml and social cards, all of which need the full address.

The address follows from `repository: url` in `_config.yml`, or is `html: baseurl`, if the book
does not live on GitHub Pages. While the owner is the placeholder there is none: a link to
somebody else's site would be worse than no link, so the third group is left out.
"""

import re
import textwrap
from html import escape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from docutils import nodes

from bookbuild.book import PLACEHOLDER
from bookbuild.languages import LANGUAGES, where
from bookbuild.words import language, say

# A chapter's first paragraph ends with the start of a list.
GOALS = re.compile(r" After this (chapter|study) you can$")
QUESTION = re.compile(r"[^.!?]+\?")


def pages_address(repository):
    """Return where GitHub Pages shows a repository; empty if its owner is not set, or elsewhere."""
    parts = urlsplit(repository)
    owner, _, name = parts.path.strip("/").partition("/")
    if parts.netloc != "github.com" or not name or owner == PLACEHOLDER:
        return ""
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def set_address(app, config):
    # Copied from where one clones it, the address may end so; buttons and links would not work.
    repository = config.html_theme_options.get("repository_url", "").rstrip("/")
    repository = config.html_theme_options["repository_url"] = repository.removesuffix(".git")
    address = config.html_baseurl or pages_address(repository)
    config.html_baseurl = address and urljoin(address, folder())


def folder():
    """Return the folder of the site that has the language that is being built."""
    return "" if language() == "en" else f"{language()}/"


def description(doctree, question=""):
    """Return what a page answers and its first sentences, as many as a search engine shows."""
    text = " ".join(next(iter(doctree.findall(nodes.paragraph))).astext().split())
    text = GOALS.sub("", text)
    if not QUESTION.match(text):  # a study begins with its question
        text = f"{question} {text}".strip()
    return textwrap.shorten(text, 160, placeholder=" ...")


def tag(kind, name, content):
    return f'<meta {kind}="{name}" content="{escape(content)}" />\n'


def describe(app, pagename, templatename, context, doctree):
    """Add the description, and the social card, to a page of the book."""
    root = app.config.root_doc
    if pagename == "index":  # the front door stands for the page that it leads to
        pagename, doctree = root, app.env.get_doctree(root)
        context["pageurl"] = context["pageurl"] and app.config.html_baseurl + root + ".html"
    if doctree is None:
        return
    words = description(doctree, app.env.metadata[pagename].get("question", ""))
    address = app.config.html_baseurl
    tags = tag("name", "description", words)
    if address:
        for name, content in {
            "og:type": "website" if pagename == root else "article",
            "og:site_name": app.config.html_title,
            "og:title": app.env.titles[pagename].astext(),
            "og:description": words,
            "og:url": context["pageurl"],
            "og:image": urljoin(address, "_static/card.png"),
            # What bookbuild/animation.py draws.
            "og:image:alt": say(
                "A network that trains in the page: digits, their reconstructions, the loss, "
                "the code's plane."
            ),
        }.items():
            tags += tag("property", name, content)
        tags += tag("name", "twitter:card", "summary_large_image")
    context["metatags"] = context.get("metatags", "") + "\n" + tags


def site_root(app, pagename, templatename, context, doctree):
    """Tell 404.html, which may stand for any address, where the site is on its host."""
    # The folder of a project's site is named like its repository, whoever owns it.
    name = app.config.html_theme_options.get("repository_url", "").rpartition("/")[2]
    address = app.config.html_baseurl
    context["site_root"] = urlsplit(address).path if address else f"/{name}/{folder()}"


def entries(address, page):
    """Return what the site map says about a page: each language, and where the others are."""
    places = {each: urljoin(address, where(each, "en", page)) for each in LANGUAGES}
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{each}" href="{escape(place)}"/>'
        for each, place in places.items()
    )
    return "".join(f"<url><loc>{escape(place)}</loc>{others}</url>\n" for place in places.values())


def write_files(app, error):
    """Write sitemap.xml and robots.txt, once for all languages."""
    if error or app.builder.format != "html" or language() != "en":
        return
    site, address = Path(app.outdir), app.config.html_baseurl
    robots = "User-agent: *\nDisallow:\n"
    (site / "sitemap.xml").unlink(missing_ok=True)  # an earlier build's
    if address:
        pages = [app.builder.get_target_uri(name) for name in sorted(app.env.found_docs)]
        urls = "".join(entries(address, page) for page in pages)
        (site / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
            f'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{urls}</urlset>\n',
            encoding="utf-8",
        )
        robots += f"Sitemap: {urljoin(address, 'sitemap.xml')}\n"
    # Crawlers ask for it at the top of a host: it counts once the book has a host of its own.
    (site / "robots.txt").write_text(robots, encoding="utf-8")


def setup(app):
    app.setup_extension("bookbuild.words")
    app.connect("config-inited", set_address)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", site_root)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
