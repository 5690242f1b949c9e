"""The setup cell where readers run it: on Colab, beside nothing but the notebook."""

import os
import subprocess
import sys

import pytest
import yaml

from bookbuild.book import ROOT
from bookbuild.setup_cell import setup_cell

# Colab is told by its module; the helpers installed for the tests are put out of sight.
COLAB = """
import sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
sys.meta_path = [f for f in sys.meta_path if "editable" not in type(f).__module__ + repr(f)]
sys.path = [p for p in sys.path if p != {root!r}]
"""
SHOW = "\nimport helpers; print(helpers.__file__, keras.__version__)"


@pytest.fixture
def colab(tmp_path):
    """Run code in a plain folder; the book's address leads to a clone of this checkout."""
    address = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
    upstream = tmp_path / "upstream"
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-C", str(upstream)]
    upstream.mkdir()
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "helpers"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in files:
        (upstream / name).parent.mkdir(parents=True, exist_ok=True)
        (upstream / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "the book"], check=True)
    (tmp_path / "content").mkdir()

    def run(code, address_leads_to=upstream):
        redirect = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{address_leads_to}.insteadOf",
            "GIT_CONFIG_VALUE_0": address,
            "GIT_TERMINAL_PROMPT": "0",
        }
        return subprocess.run(
            [sys.executable, "-c", COLAB.format(root=str(ROOT)) + code],
            cwd=tmp_path / "content",
            env=os.environ | redirect | {"BOOK_PROFILE": "full"},
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.heavy
def test_colab_fetches_the_helpers_once(colab, tmp_path):
    for _ in range(2):  # the second time is a restarted session: the folder is there
        done = colab(setup_cell() + SHOW)
        assert done.returncode == 0, done.stderr
        path, _ = done.stdout.split()
        assert path.startswith(str(tmp_path / "content"))


def test_colab_says_what_it_could_not_fetch(colab, tmp_path):
    done = colab(setup_cell(), address_leads_to=tmp_path / "gone")
    assert done.returncode != 0
    assert "git" in done.stderr and "autoencoder-book" in done.stderr


def test_elsewhere_the_installed_helpers_serve(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", setup_cell() + SHOW], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(ROOT)) and not list(tmp_path.iterdir())


def test_importing_the_helpers_is_cheap():
    done = subprocess.run(
        [sys.executable, "-c", "import helpers.data, helpers.plots, helpers.progress, "
         "helpers.results, helpers.profile, sys; "
         "print([m for m in ('tensorflow', 'keras', 'sklearn', 'scipy') if m in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
