"""A Sphinx extension: the question that a chapter answers, where a reader chooses what to read.

It stands in the chapter's front matter (`book.about`), and is shown

- by directive ``questions``, a list of the chapters of a part;
- at the foot of the pages before and after;
- in the page's description (metadata.py).
"""

import os

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from bookbuild import book, catalogues, words


class Questions(SphinxDirective):
    """``questions`` with a part's caption: what its chapters ask, each a link to the answer."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        entries = nodes.bullet_list(classes=["questions"])
        for page in book.pages(self.arguments[0]):
            self.env.note_dependency(os.path.relpath(page.with_suffix(".md"), self.env.srcdir))
            title, question = about(page)
            name = page.relative_to(book.ROOT).with_suffix("").as_posix()
            link = addnodes.pending_xref(
                "",
                nodes.inline("", question or title),
                **{"reftype": "doc", "refdomain": "std", "refexplicit": True, "refwarn": True},
                reftarget=f"/{name}",
                refdoc=self.env.docname,
            )
            below = nodes.inline("", title, classes=["title"])
            paragraph = nodes.paragraph(
                "", "", link, nodes.Text(" "), *([below] if question else [])
            )
            entries += nodes.list_item("", paragraph)
        return [entries]


def about(page):
    """Return a page's title and question (`book.about`) in the language of the site."""
    path = catalogues.path_of(page, words.language())
    return book.about(page, catalogues.translations(path))


def neighbours(app, pagename, templatename, context, doctree):
    """Give the links to the pages before and after what those pages answer."""
    _, *names = app.builder.relations.get(pagename, [None, None, None])
    for place, name in zip(("prev", "next"), names, strict=True):
        question = name and app.env.metadata[name].get("question")
        if question:
            title = context[place]["title"].partition(":")[0]
            context[place] = {**context[place], "title": title, "question": question}


def setup(app):
    app.add_directive("questions", Questions)
    app.connect("html-page-context", neighbours)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
