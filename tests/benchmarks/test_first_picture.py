"""What a reader waits for, from the start of the kernel to the first picture."""

import nbformat
import pytest

from benchmarks import first_picture
from helpers import results

DRAWS = """import base64
from IPython.display import Image, display
display(Image(base64.b64decode("iVBORw0KGgo="), format="png"))"""
WRITES = 'import pathlib; pathlib.Path("{}").touch()'


def test_the_first_chapter_to_build_in_shows_a_picture_soon():
    """Within 30 seconds of "Run all"; nothing to compare until somebody has measured."""
    assert results.read("benchmark")["metrics"].get("first_picture", {}).get("simple", 0) <= 30


def stored(folder, *cells):
    cells = [nbformat.v4.new_markdown_cell("# A chapter"), *map(nbformat.v4.new_code_cell, cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "chapter.ipynb")
    return folder / "chapter.ipynb"


def test_a_chapter_is_run_to_its_first_picture_and_no_further(tmp_path):
    path = stored(tmp_path, WRITES.format("before"), DRAWS, WRITES.format("after"))
    content = path.read_bytes()
    assert first_picture.wait(path) > 0
    assert (tmp_path / "before").exists() and not (tmp_path / "after").exists()
    assert path.read_bytes() == content


def test_a_chapter_without_a_picture_is_an_error(tmp_path):
    with pytest.raises(SystemExit, match="chapter.ipynb shows no picture"):
        first_picture.wait(stored(tmp_path, "1 + 1"))
