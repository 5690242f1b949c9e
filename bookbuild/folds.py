"""A Sphinx extension: what a chapter's page folds, and how its questions and exercises look.

The notebook is plain Markdown, as Colab shows it. For the page, before it is read,

- the solution of an exercise is folded under that name, and with it what the check says to it;
- code that only draws is folded below what it draws: "How this was drawn";
- a quick question is framed, and an answer is folded under its own words, not only its letter;
- each exercise has a heading, and so a place in the page's contents;
- ``book_solutions: false`` leaves the solutions out, for a class.
"""

import re
from html import escape

import nbformat
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from bookbuild.book import tags
from bookbuild.editions import without_solutions
from bookbuild.words import say

DRAWN = {"image/png", "text/html", "text/markdown"}

_QUESTION = re.compile(
    r"^(?P<question>\*\*\d\.\*\* [^\n]+(?:\n[^\n]+)*)\n\n"
    r"(?P<options>(?:- \([a-z]\) [^\n]+\n(?:  [^\n]+\n)*)+)\n"
    r"(?P<answers>(?:<details><summary>\([a-z]\)</summary>\n\n.+?\n\n</details>\n*)+)",
    re.S | re.M,
)
_OPTION = re.compile(r"^- \(([a-z])\) ([^\n]+(?:\n  [^\n]+)*)", re.M)
_ANSWER = re.compile(r"<summary>\(([a-z])\)</summary>\n\n(.+?)\n\n</details>", re.S)
# In another language the English name of its place stands before a heading.
_SECTION = re.compile(r'(?<!</a>\n\n)^(?=(?:<a id="[^\n]*></a>\n\n)?## )', re.M)
_ANY_HEADING = re.compile(r'(?:<a id="([^"\n]+)"[^\n]*></a>\n\n)?## ')
_EXERCISE = re.compile(r"^\*\*(\d+\. .+?)\.?\*\* (?=\S)", re.M)


def with_cards(text):
    """Return Markdown with its quick questions framed and their answers under their own words.

    Parameters
    ----------
    text : str
        Where a question has another form than the chapters', it stays as it is.

    Returns
    -------
    str
    """

    def card(match):
        options, answers = _OPTION.findall(match["options"]), _ANSWER.findall(match["answers"])
        if [letter for letter, _ in options] != [letter for letter, _ in answers]:
            return match[0]
        folds = "".join(
            f":::{{fold}} ({letter}) {' '.join(words.split())}\n\n{answer}\n:::\n\n"
            for (letter, words), (_, answer) in zip(options, answers, strict=True)
        )
        return f"::::{{container}} question\n\n{match['question']}\n\n{folds}::::\n\n"

    text, found = _QUESTION.subn(card, text)
    if found:
        text = text.replace(say("then open its letter"), say("then open it"))
    return text


def with_headings(texts):
    """Return a notebook's Markdown cells with a heading for each exercise.

    Parameters
    ----------
    texts : list of str
        In the notebook's order: an exercise begins in any cell after "## Exercises".

    Returns
    -------
    list of str
    """
    practising, found = False, []
    for text in texts:
        sections = _SECTION.split(text)
        for i, section in enumerate(sections):
            if heading := _ANY_HEADING.match(section):
                practising = heading[1] == "exercises" or section.startswith("## Exercises")
            if practising:
                sections[i] = _EXERCISE.sub(r"### \1\n\n", section)
        found.append("".join(sections))
    return found


def words(cell):
    """Return what the fold of a cell of code is called."""
    if "solution" in tags(cell):
        return say("Solution")
    if "check" in tags(cell):
        return say("What the check says to the solution")
    drawn = any(DRAWN & set(output.get("data", {})) for output in cell.outputs)
    return say("How this was drawn") if drawn else say("Code")


def prepare(app, docname, source):
    """Give a chapter, before it is read, what only its page has.

    "Predict, then run" asks for nothing if the check's answer to the solution stands below it.
    """
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = nbformat.reads(source[0], as_version=4)
    if not app.config.book_solutions:
        notebook = without_solutions(notebook)
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    for cell, text in zip(prose, with_headings([cell.source for cell in prose]), strict=True):
        cell.source = with_cards(text)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if "check" in tags(cell) and cell.outputs:
                cell.metadata.tags.append("hide-output")
            name = words(cell)
            cell.metadata["mystnb"] = {"code_prompt_show": name, "code_prompt_hide": name}
    source[0] = nbformat.writes(notebook)


class fold(nodes.Element):  # noqa: N801 - docutils calls a method by its name
    """Text under a `fold_words`, which opens it."""


class fold_words(nodes.Part, nodes.TextElement):  # noqa: N801
    """The words, perhaps with formulas."""


class Fold(SphinxDirective):
    """``fold`` with words, which may be any Markdown of one line: what is folded under them."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self):
        said, messages = self.parse_inline(self.arguments[0])
        content = self.parse_content_to_nodes()
        return [fold("", fold_words("", "", *said), *content), *messages]


class FoldsBelow(SphinxPostTransform):
    """Put the code that draws something below what it draws."""

    default_priority = 200  # after myst-nb has folded it, which is at 199

    def run(self):
        for cell in self.document.findall(nodes.container):
            if cell.get("hide_mode") == "input":
                cell.children.sort(key=lambda part: isinstance(part, HideCodeCellNode))


# myst-nb's own have paragraphs in the summary, where HTML allows none, and a name for the ear that
# hides these words.
def visit_folded_cell(self, node):
    name = escape(node["prompt_show"])
    self.body.append(f'<details class="fold">\n<summary>{name}</summary>\n')


def visit_fold(self, node):
    self.body.append('<details class="fold">\n')


def depart_fold(self, node):
    self.body.append("</details>\n")


def visit_words(self, node):
    self.body.append("<summary>")


def depart_words(self, node):
    self.body.append("</summary>\n")


def setup(app):
    app.add_config_value("book_solutions", True, "env", [bool])
    app.connect("source-read", prepare)
    app.add_directive("fold", Fold)
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(fold_words, html=(visit_words, depart_words))
    app.add_node(HideCodeCellNode, override=True, html=(visit_folded_cell, depart_fold))
    app.add_post_transform(FoldsBelow)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
