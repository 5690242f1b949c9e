"""Numbers in prose come from the ledgers, through a marker that no reader sees.

A measured number is followed by an HTML comment that names its metric:

    The test loss is 0.0914<!-- test_bce -->, and 38 %<!-- active_share --> of the units fire.

`fill` writes the number as the ledger has it, with as many decimals as the text has; a
number before ``%`` is the metric times 100, and a dash, ``–``, stands for one that nobody has
measured yet. ``<!-- deep:test_bce -->`` names another
chapter's ledger, ``<!-- benchmark:dense.speedup -->`` the benchmarks' results. Two more
markers say why a decimal number is not in a ledger: ``<!-- published -->`` (a cited
source's figure) and ``<!-- given -->`` (a setting, or arithmetic that the text shows).
``<!-- reading_minutes -->`` is computed from a chapter's text (`bookbuild.reading`).
"""

import re

from bookbuild import book, reading
from helpers.results import quote

NUMBER = r"[-−]?\d[\d,]*(?:\.\d+)?"
# Code spans are matched first, to be left alone: they show what a marker looks like.
MARKED = re.compile(rf"`[^`\n]*`|(?P<number>–|{NUMBER})(?P<percent> ?%)?<!-- (?P<key>[\w.:-]+) -->")
NOT_MEASURED = {"published", "given"}
# Decimals, and whole numbers with a unit that only a measurement gives.
_CLAIM = re.compile(
    r"(?<![\w.,/-])(?:\d[\d,]*\.\d+|\d[\d,]*(?= ?(?:%|seconds?\b|times\b|MB\b|dB\b|nats?\b)))"
    r"(?! ?%?<!-- )(?!\d)(?!\.\d)"
)
_NOT_PROSE = re.compile(
    r"\A---\n.*?\n---\n|^```.*?^```|<!--(?! [\w.:-]+ -->).*?-->|`[^`\n]*`"
    r"|\$\$.*?\$\$|\$[^$\n]+\$|\]\([^)]*\)|<[a-z/][^>]*>|https?://\S+"
    r"|(?:arXiv|doi):[\w./-]+|(?:Keras|NumPy|Python|TensorFlow|CC BY) \d[\d.]*",
    re.S | re.M,
)


def fill(text, chapter, fresh=None):
    """Write every marked number as the ledger has it.

    Parameters
    ----------
    text : str
        Markdown.
    chapter : str
        Whose ledger a marker without a chapter means.
    fresh : dict of str to dict, optional
        Ledgers by chapter that count instead of the published ones.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If a number's marker names no metric.
    """

    def measured(match):
        number, percent, key = match["number"], match["percent"] or "", match["key"]
        if key is None or key in NOT_MEASURED:
            return match[0]
        where, _, metric = key.rpartition(":")
        if metric == "reading_minutes":
            value = reading.length(book.text(where).read_text() if where else text).minutes
        else:
            try:
                value = quote(f"{where or chapter}:{metric}", fresh) * (100 if percent else 1)
            except (KeyError, FileNotFoundError):
                if number == "–":
                    return match[0]
                raise
        decimals = len(number.partition(".")[2])
        minus = "−" if number.startswith("−") else "-"
        shown = f"{value:,.{decimals}f}".replace("-", minus)
        return f"{shown}{percent}<!-- {match['key']} -->"

    return MARKED.sub(measured, text)


def unmarked(text):
    """List the numbers of a text that claim a measurement and name no source for it.

    Parameters
    ----------
    text : str
        Markdown; code, mathematics, links and HTML tags do not count.

    Returns
    -------
    list of str
        Each number with the words around it.
    """
    prose = _NOT_PROSE.sub(lambda m: " " * len(m[0]), text)
    return [prose[max(0, m.start() - 30) : m.end() + 20].strip() for m in _CLAIM.finditer(prose)]
