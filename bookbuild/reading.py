"""How long a chapter is, and how long it takes to read: the core, quick questions and exercises apart."""

import math
import re
from typing import NamedTuple

import jupytext

WORDS_A_MINUTE = 180
LINES_A_MINUTE = 12
#: Tags of cells whose code a page folds or leaves out.
HIDDEN = {"hide-input", "hide-cell", "remove-cell", "remove-input"}
_PRACTICE = ("## Three quick questions", "## Exercises")
_SECTION = re.compile(r"^(?=## )", re.M)
_WORD = re.compile(r"\S*\w\S*")
_NOT_READ = re.compile(r"<!--.*?-->|<[^>]+>|\]\([^)]*\)", re.S)


class Length(NamedTuple):
    """What a reader has before them: `words` of prose and visible `lines` of code."""

    words: int
    lines: int

    @property
    def minutes(self):
        """Whole minutes of reading, rounded up."""
        return math.ceil(self.words / WORDS_A_MINUTE + self.lines / LINES_A_MINUTE)


def length(text, practice=False):
    """Return the length of a chapter.

    Parameters
    ----------
    text : str
        Its Markdown, with cells of code.
    practice : bool
        Whether to count the quick questions and the exercises, too.

    Returns
    -------
    Length
        Empty lines of code, links' addresses and HTML do not count.
    """
    words = lines = 0
    practising = False
    for cell in jupytext.reads(text, fmt="md:myst").cells:
        if cell.cell_type == "markdown":
            for section in _SECTION.split(cell.source):
                if section.startswith("## "):
                    practising = section.startswith(_PRACTICE)
                if practice or not practising:
                    words += len(_WORD.findall(_NOT_READ.sub(" ", section)))
        elif not HIDDEN & set(cell.metadata.get("tags", [])) and (practice or not practising):
            lines += sum(bool(line.strip()) for line in cell.source.splitlines())
    return Length(words, lines)
