"""What `make` hands to the notebooks: the data, and a list of fonts."""

import copy
import os
import shlex
import subprocess
import sys

import pytest
from matplotlib import font_manager

from bookbuild.book import ROOT


def make(command, **env):
    """Run a command as a rule of the Makefile does."""
    rule = f"--eval=probe:; @{shlex.join(command)}".replace("$", "$$")
    return subprocess.run(
        ["make", "-s", rule, "probe"], cwd=ROOT, env=env, capture_output=True, text=True
    )


@pytest.fixture
def env(tmp_path):
    """The environment of a user with a home of their own."""
    ours = {"BOOK_DATA", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MAKEFLAGS"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"HOME": str(tmp_path)}


@pytest.mark.parametrize(
    "given, full",
    [
        ("book/results", str(ROOT / "book/results")),  # a notebook runs in another folder
        (str(ROOT / "book"), str(ROOT / "book")),
        ("embedded", "embedded"),
        ("no such folder", "no such folder"),
        ("", ""),
    ],
)
def test_the_folder_of_data_is_found_from_everywhere(env, given, full):
    command = [sys.executable, "-c", "import os; print(os.environ['BOOK_DATA'])"]
    assert make(command, **env, BOOK_DATA=given).stdout.strip() == full


def test_a_list_of_fonts_that_another_project_left_behind_reaches_no_cell(env, tmp_path):
    fonts = copy.copy(font_manager.fontManager)
    fonts.ttflist = [font for font in fonts.ttflist if font.name == "DejaVu Sans"]
    folder = tmp_path / ".cache" / "matplotlib"
    folder.mkdir(parents=True)
    font_manager.json_dump(fonts, folder / f"fontlist-v{fonts.__version__}.json")

    draw = "import helpers.plots as p; f, a = p.figure('x', 1); a.set_title('$x$'); f.png()"
    command = [sys.executable, "-c", draw]
    alone = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert "Falling back" in alone.stderr
    made = make(command, **env)
    assert (made.returncode, made.stderr) == (0, "")
