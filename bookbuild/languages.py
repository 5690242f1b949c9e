"""A Sphinx extension: one book in two languages, and the way from each page to the other one.

- a link above each page leads to the same page, and the same place, in the other language;
- a heading has the English name of its place in both, whatever its words are: the derived
  pages (`bookbuild.derive`) have it before the heading;
- a page that is not translated says so, and that its words are English.
"""

import re
from pathlib import Path
from urllib.parse import urljoin

from docutils import nodes
from sphinx.transforms import SphinxTransform

from bookbuild import book, derive, words

#: The languages of the book by their own names. The first has the top of the site.
LANGUAGES = {"en": "English", "ko": "한국어"}
_ANCHOR = re.compile(r'<a id="([^"]+)"(?: name="([^"]+)")?></a>')


class EnglishPlaces(SphinxTransform):
    """Give a heading the place that stands before it."""

    default_priority = 1

    def apply(self, **kwargs):
        if self.config.language == "en":
            return
        slugs = getattr(self.document, "myst_slugs", {})
        for anchor in list(self.document.findall(_is_anchor)):
            slug, place = _ANCHOR.fullmatch(anchor.astext()).groups()
            section = anchor.next_node(nodes.section, descend=False, siblings=True, ascend=True)
            anchor.parent.remove(anchor)
            if section is None:
                continue
            old = section["ids"][0]
            section["ids"] = [place or slug]
            self.document.ids[place or slug] = self.document.ids.pop(old)
            for name, id_ in list(self.document.nameids.items()):
                if id_ == old:
                    self.document.nameids[name] = place or slug
            for its in [its for its, (_, id_, _) in slugs.items() if id_ == old]:
                line, _, text = slugs.pop(its)
                slugs[slug] = line, place or slug, text
                section["slug"] = slug


def _is_anchor(node):
    return (
        isinstance(node, nodes.paragraph)
        and all(isinstance(part, nodes.raw) for part in node.children)
        and bool(_ANCHOR.fullmatch(node.astext()))
    )


def where(language, here, page):
    """Return where a page is in a language, from the top of the site of another.

    Parameters
    ----------
    language, here : str
        Such as ``"ko"`` and ``"en"``.
    page : str
        Such as ``"book/index.html"``.

    Returns
    -------
    str
    """
    first = next(iter(LANGUAGES))
    up = "" if here == first else "../"
    down = "" if language == first else f"{language}/"
    return f"{up}{down}{page}"


def give_languages(app, pagename, templatename, context, doctree):
    """Give the templates the ways to the other languages, and the language of the page's words."""
    here, base = words.language(), app.config.html_baseurl
    context["languages"] = [
        {
            "language": language,
            "name": name,
            "here": language == here,
            "link": context["pathto"](where(language, here, f"{pagename}.html"), 1),
            "address": base and urljoin(base, where(language, here, f"{pagename}.html")),
        }
        for language, name in LANGUAGES.items()
    ]
    context["untranslated"] = False
    if here != "en" and pagename in app.env.found_docs:
        source = Path(app.env.doc2path(pagename)).relative_to(app.srcdir)
        context["untranslated"] = not derive.translated(book.ROOT / source)


def own_pages(site):
    """Return the pages of a language's site, without those of languages that lie in it."""
    others = [site / language for language in LANGUAGES]
    return [page for page in site.rglob("*.html") if not set(others) & set(page.parents)]


def setup(app):
    app.add_transform(EnglishPlaces)
    app.connect("html-page-context", give_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
