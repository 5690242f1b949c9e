"""What a reader types from a page into an empty notebook: the visible cells of "Build", no others."""

import os
import subprocess
import sys

import jupytext
import pytest

from bookbuild import book, reading


def typed(chapter):
    """Return the visible code of a chapter's section "Build", or None if it has no such section."""
    code, inside = [], False
    for cell in jupytext.reads(book.text(chapter).read_text(), fmt="md:myst").cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("## "):
                    inside = line == "## Build"
        elif inside and not reading.HIDDEN & set(book.tags(cell)):
            code.append(cell.source)
    return "\n\n".join(code) or None


CHAPTERS = {chapter: code for chapter in book.chapters() if (code := typed(chapter))}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_smallest_model_is_short(chapter):
    assert sum(bool(line.strip()) for line in CHAPTERS[chapter].splitlines()) <= 40


@pytest.mark.heavy
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_smallest_model_runs_as_it_is_typed(chapter, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CHAPTERS[chapter]],
        env=os.environ | {"BOOK_PROFILE": "quick", "BOOK_DATA": "embedded"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
