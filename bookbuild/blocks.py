"""Take a page's Markdown apart into blocks, which a translator translates one by one.

A block is a paragraph, an item of a list, a table, a heading, a title or an alt text of a
directive, the summary of what is folded, or a chapter's question. Code, formulas that have no
words, and comments are none. What is no block stays as it is: `"".join` of all `pieces` is the
text, byte for byte.

A block becomes a `Message`: lines that only the editor broke are joined, and each measured number
(`bookbuild.markers`) is a placeholder, so that a rerun touches no translation. A number that is no
measurement stands as it is, without its marker.
"""

import re
import textwrap
from typing import NamedTuple

from docutils.nodes import make_id
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.dollarmath import dollarmath_plugin
from myst_parser.mdit_to_docutils.base import compute_unique_slug

from bookbuild.markers import MARKED, NOT_MEASURED

#: Directives whose content is no prose, whose argument is words, and options that are words.
_LITERAL = {"code-cell", "code-block", "code", "math", "raw"}
_TITLED = {"admonition", "card", "dropdown", "grid-item-card"}
_WORDS = {"alt", "caption"}

_FENCE = re.compile(r"^(?P<lead>\s*)(?P<fence>`{3,}|~{3,}|:{3,})(?P<info>.*)$")
_DIRECTIVE = re.compile(r"^(?P<name>\{[\w-]+\})(?P<space>\s*)(?P<argument>.*)$")
_OPTION = re.compile(r"^(?P<lead>\s*:(?P<name>[\w-]+):\s*)(?P<words>.*)$")
_FRONT = re.compile(r"\A---\n.*?^---\n", re.S | re.M)
_QUESTION = re.compile(r'^question: "(?P<words>(?:[^"\\]|\\.)*)"$', re.M)
_HEADING = re.compile(r"^(?P<lead>#{1,6} +)(?P<words>.*)$")
_SUMMARY = re.compile(
    r"^(?P<lead>\s*(?:<details[^>]*>)?<summary>)(?P<words>.*?)(?P<rest></summary>.*)$"
)
_TAG = re.compile(r"^\s*</?(?:details|summary|div|p)\b[^>]*>\s*$")
_LETTERED = r"(?:\([a-z]\) +)?"  # an answer to a quick question
_ITEM = re.compile(rf"^(?P<lead>\s*(?:> ?)*\s*(?:[-*+]|\d{{1,2}}[.)]) +{_LETTERED})(?P<words>.*)$")
_PLAIN = re.compile(r"^(?P<lead>\s*(?:> ?)*\s*(?:\*\*\d\.\*\* )?)(?P<words>.*)$")
_EXERCISE = re.compile(r"\A\*\*(\d+\. .+?)\.?\*\* (?=\S)")
_NO_WORDS = re.compile(
    r"(?<!\})`[^`]*`|<!--.*?-->|<[^>]*>|\]\([^)]*\)|\\text\{|\$[^$]+\$|\\[A-Za-z]+|\{[\w:.-]+\}",
    re.S,
)
_A_WORD = re.compile(r"[^\W\d_]{2,}")
_MATH = MarkdownIt("commonmark").use(dollarmath_plugin)

#: What a translation must have of its message, besides its placeholders; each sorts its findings.
_KEPT = {
    "role": re.compile(r"\{[\w-]+\}`[^`<]*<([^>`]+)>`"),
    "code": re.compile(r"``[^\n]+?``|`[^`]+`"),
    "formula": re.compile(r"\$\$?[^$]+\$\$?"),
    "link": re.compile(r"\]\(([^)\s]+)[^)]*\)|<(https?://[^>]+)>|href=\"([^\"]+)\""),
    "number": re.compile(r"\d+(?:[.,]\d+)*"),
}
# Words in a formula are translated. So are numbers in words, and large ones are grouped otherwise.
_WORDS_IN_FORMULA = re.compile(r"\\(?:text|mathrm)\{[^}]*\}")
_IN_WORDS = re.compile(
    r"\b(zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
    r"|fifty|hundred|thousand|million|billion|half|halve|twice|third|quarter|fifth|tenth|dozen)"
    r"[a-z]*\b",
    re.IGNORECASE,
)
_LARGE = re.compile(r"([\d.,]+) (?:thousand|million|billion)")


class Block(NamedTuple):
    """Words of a page: `kind`, their Markdown, and what stands before each line after the first."""

    kind: str
    text: str
    leads: tuple = ()


class Message(NamedTuple):
    """What a translator sees of a block: its words, and what each placeholder stands for."""

    text: str
    values: dict


def pieces(text):
    """Take a page or a cell of prose apart.

    Parameters
    ----------
    text : str
        Markdown; a page's front matter may stand before it.

    Returns
    -------
    list of (str or Block)
        In their order; a `str` is what nobody translates.
    """
    found, start = [], 0
    if front := _FRONT.match(text):
        start = front.end()
        found += _front_matter(front[0])
    lines = text[start:].splitlines(keepends=True)
    inside = []  # the directives around a line: fence and name
    at = 0
    while at < len(lines):
        line = lines[at].rstrip("\n")
        fence = _FENCE.match(line)
        if fence and inside and not fence["info"].strip() and fence["fence"] == inside[-1][0]:
            inside.pop()
            found.append(lines[at])
            at += 1
        elif fence and (fence["fence"][0] != ":" or fence["info"].startswith("{")):
            at = _fence(lines, at, fence, found, inside)
        elif not line.strip() or _TAG.match(line):
            found.append(lines[at])
            at += 1
        elif line.lstrip().startswith("<!--"):
            at = _literal(lines, at, found, lambda line: "-->" in line)
        elif line.lstrip().startswith("$$"):
            at = _formula(lines, at, found)
        elif match := _SUMMARY.match(line):
            _split(found, "summary", match, lines[at])
            at += 1
        elif match := _HEADING.match(line):
            _split(found, "heading", match, lines[at])
            at += 1
        else:
            glossary = bool(inside) and inside[-1][1] == "{glossary}"
            at = _paragraph(lines, at, found, glossary)
    return found


def blocks(text):
    """Return the blocks of a page or a cell of prose that have words."""
    return [piece for piece in pieces(text) if isinstance(piece, Block)]


def joined(parts):
    """Return the text of `pieces`.

    Parameters
    ----------
    parts : iterable of (str or Block)

    Returns
    -------
    str
    """
    return "".join(part if isinstance(part, str) else _with_leads(part) for part in parts)


def message(block):
    """Return what a translator sees of a block.

    Parameters
    ----------
    block : Block

    Returns
    -------
    Message
    """
    values = {}

    def placeholder(match):
        if match["key"] is None:
            return match[0]
        if match["key"] in NOT_MEASURED:
            return match["number"] + (match["percent"] or "")
        name, count = f"{{{match['key']}}}", 1
        while values.get(name, match[0]) != match[0] or name in block.text:
            count += 1
            name = f"{{{match['key']}#{count}}}"
        values[name] = match[0]
        return name

    text = MARKED.sub(placeholder, block.text)
    if block.kind not in {"table", "formula"}:
        text = " ".join(text.split())
    return Message(text, values)


def rendered(block, translation):
    """Return a block in other words.

    Parameters
    ----------
    block : Block
    translation : str
        Of its message, with the placeholders.

    Returns
    -------
    Block
    """
    for name, number in message(block).values.items():
        translation = translation.replace(name, number)
    if block.kind == "question":
        translation = translation.replace('"', '\\"')
    return block._replace(text=translation)


def lost(original, translation):
    """List what a translation lacks of its message, or has beyond it.

    Parameters
    ----------
    original : Message
    translation : str

    Returns
    -------
    list of str
        Such as ``"the link simple.ipynb#build"``. Numbers that a message writes with digits are
        among what has to stay.
    """
    found = []
    for name in original.values:
        if translation.count(name) != original.text.count(name):
            found.append(f"the placeholder {name}")
    texts = [_WORDS_IN_FORMULA.sub("", text) for text in (original.text, translation)]
    for name in original.values:
        texts = [text.replace(name, " ") for text in texts]
    in_words, large = bool(_IN_WORDS.search(texts[0])), _LARGE.findall(texts[0])
    for kind, pattern in _KEPT.items():
        here, there = ([m[m.lastindex or 0] for m in pattern.finditer(text)] for text in texts)
        for what in sorted(set(here) | set(there)):
            more = there.count(what) - here.count(what)
            added = in_words or what == "1"  # "a byte" has no number in English
            may_differ = kind == "number" and (added if more > 0 else what in large)
            if more and not may_differ:
                found.append(f"the {kind} {what}")
        texts = [pattern.sub(" ", text) for text in texts]
    return found


class Anchors:
    """The places that a page's headings are, in order: each has a name of its own."""

    def __init__(self):
        self._slugs, self._ids = {}, set()

    def of(self, words):
        """Return the name of the next heading for links in Markdown, and that for the page.

        Parameters
        ----------
        words : str
            The heading's Markdown.

        Returns
        -------
        slug, place : str
        """
        tree = SyntaxTreeNode(_MATH.parse(f"# {words}"))
        slug = compute_unique_slug(tree.children[0], self._slugs)
        self._slugs[slug] = True
        leaves = [node for node in tree.walk() if not node.children and node.type != "root"]
        place = make_id("".join(node.content or " " for node in leaves))
        if place in self._ids or not place:
            place = slug
        self._ids.add(place)
        return slug, place


def exercise(block):
    """Return the words that become a heading where a block begins an exercise; else nothing."""
    found = _EXERCISE.match(block.text) if block.kind == "paragraph" else None
    return found and found[1]


def has_words(text):
    """Return whether a text has words, besides code, formulas and addresses."""
    return bool(_A_WORD.search(prose(text)))


def prose(text):
    """Return a text without code, formulas, addresses and tags."""
    return _NO_WORDS.sub(lambda match: "]" if match[0][0] == "]" else " ", text)


def shortened(text):
    """Return the first words of a message, to quote it."""
    return textwrap.shorten(text, 70, placeholder=" ...")


def _with_leads(block):
    first, *further = block.text.split("\n")
    leads = [*block.leads, *[block.leads[-1] if block.leads else ""] * len(further)]
    return "\n".join([first, *(lead + line for lead, line in zip(leads, further, strict=False))])


def _add(found, kind, text, leads=()):
    """Add a block if it has words, otherwise its text."""
    block = Block(kind, text, tuple(leads))
    found.append(block if has_words(text) else _with_leads(block))


def _split(found, kind, match, line):
    """Add a line of which a part is words."""
    words = match["words"].rstrip()
    found.append(match["lead"])
    _add(found, kind, words)
    found.append(line[match.start("words") + len(words) :])


def _front_matter(text):
    if match := _QUESTION.search(text):
        start, end = match.span("words")
        return [text[:start], Block("question", text[start:end]), text[end:]]
    return [text]


def _literal(lines, at, found, ends):
    """Take lines as they are, up to one that ends them."""
    while at < len(lines):
        found.append(lines[at])
        at += 1
        if ends(lines[at - 1]):
            break
    return at


def _fence(lines, at, fence, found, inside):
    directive = _DIRECTIVE.match(fence["info"])
    if not directive or directive["name"][1:-1] in _LITERAL:
        found.append(lines[at])
        mark = fence["fence"]
        return _literal(
            lines, at + 1, found, lambda line: line.strip().startswith(mark[0] * len(mark))
        )
    inside.append((fence["fence"], directive["name"]))
    if directive["name"][1:-1] in _TITLED:
        start = fence.start("info") + directive.start("argument")
        words = lines[at][start:].rstrip()
        found.append(lines[at][:start])
        _add(found, "title", words)
        found.append(lines[at][start + len(words) :])
    else:
        found.append(lines[at])
    at += 1
    while at < len(lines) and (option := _OPTION.match(lines[at].rstrip("\n"))):
        if option["name"] in _WORDS:
            _split(found, "alt text", option, lines[at])
        else:
            found.append(lines[at])
        at += 1
    return at


def _formula(lines, at, found):
    """Take a formula that stands on its own, perhaps over several lines: a block if it has words."""
    start = at
    while at < len(lines):
        at += 1
        text = "".join(lines[start:at]).rstrip()
        if len(text) > 2 and text.count("$$") % 2 == 0:
            break
    text = "".join(lines[start:at])
    if re.search(r"\\text\{[^}]*[^\W\d_]{2,}", text):
        found += [Block("formula", text.rstrip("\n")), text[len(text.rstrip("\n")) :]]
    else:
        found.append(text)
    return at


def _begins(line):
    """Return whether a line ends the paragraph above it."""
    return (
        not line.strip()
        or line.lstrip().startswith(("$$", "<!--"))
        or any(pattern.match(line) for pattern in (_FENCE, _HEADING, _SUMMARY, _TAG, _ITEM))
    )


def _paragraph(lines, at, found, glossary):
    """Take a paragraph, an item of a list, a table, or a term of the glossary."""
    first = lines[at].rstrip("\n")
    match = _ITEM.match(first) or _PLAIN.match(first)
    kind = "item" if _ITEM.match(first) else "paragraph"
    if match["words"].startswith("|"):
        kind = "table"
    elif glossary and not first.startswith(" "):
        kind = "term"
    texts, leads = [match["words"]], []
    at += 1
    while at < len(lines) and kind != "term":
        line = lines[at].rstrip("\n")
        if _begins(line) or (kind == "table") != line.lstrip().startswith("|"):
            break
        if glossary and not line.startswith(" "):
            break
        further = re.match(r"(?P<lead>\s*(?:> ?)*\s*)(?P<words>.*)", line)
        texts.append(further["words"])
        leads.append(further["lead"])
        at += 1
    text = "\n".join(texts)
    end = "\n" if lines[at - 1].endswith("\n") else ""
    found.append(match["lead"])
    _add(found, kind, text.rstrip(), leads)
    found.append(text[len(text.rstrip()) :] + end)
    return at
