"""The setup cell where readers run it: beside nothing but the notebook, with and without network."""

import os
import shutil
import subprocess
import sys

import pytest

from bookbuild import book
from bookbuild.book import ROOT
from bookbuild.setup_cell import setup_cell

# The helpers installed for the tests are put out of sight. Of Colab there is its module.
AWAY = f"""
import sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
sys.meta_path = [f for f in sys.meta_path if "editable" not in type(f).__module__ + repr(f)]
sys.path = [p for p in sys.path if p not in ("", {str(ROOT)!r})]
"""
SHOW = "\nimport helpers; print(helpers.__file__)"
NOWHERE = "https://nowhere.invalid/somebody/a-book"


def cell(address="", branch="main", whole=False):
    """Return the setup cell; without its last lines, unless asked: they import Keras."""
    code = setup_cell(address, branch)
    return code if whole else code.partition("# The helpers come before Keras")[0]


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    """A repository with the helpers of this checkout, and its zip where GitHub would have it."""
    top = tmp_path_factory.mktemp("upstream")
    work, bare = top / "work", top / "a-book.git"
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-C", work]
    listed = ["git", "ls-files", "-co", "--exclude-standard", "helpers", "pyproject.toml"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in files.split():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, work / name)
    (work / "book" / "models").mkdir(parents=True)
    (bare / "archive").mkdir(parents=True)
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["commit", "-q", "-m", "the book"],
        ["tag", "v1.0"],
        ["clone", "-q", "--bare", ".", bare / "git"],
        ["archive", "--prefix=a-book-main/", "-o", bare / "archive" / "main.zip", "main"],
    ):
        subprocess.run([*git, *arguments], check=True)
    return top


@pytest.fixture
def run(tmp_path):
    """Run code in a folder, with the programs that `path` has."""

    def run(code, folder=tmp_path, path=os.environ["PATH"], before=AWAY):
        env = os.environ | {"PATH": path, "BOOK_PROFILE": "full"}
        command = [sys.executable, "-c", before + code]
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)

    return run


@pytest.mark.parametrize("by", ["git", "zip"])
def test_it_fetches_the_book_once(run, upstream, tmp_path, by):
    """The second time is a restarted session: the folder is there, and nothing is said."""
    address, path = (upstream / "a-book.git").as_uri(), str(tmp_path / "no programs")
    if by == "git":
        address, path = f"{address}/git", os.environ["PATH"]
    done = run(cell(address) + SHOW, path=path)
    assert done.returncode == 0, done.stderr
    said, helpers = done.stdout.splitlines()
    assert said == f"Fetching the book from {address} (main)"
    assert helpers == str(tmp_path / "autoencoder-book-main" / "helpers" / "__init__.py")
    again = run(cell(NOWHERE) + SHOW, path=path)
    assert (again.returncode, again.stdout.split()) == (0, [helpers]), again.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["autoencoder-book-main"]


def test_it_fetches_the_release_that_the_notebook_belongs_to(run, upstream, tmp_path):
    done = run(cell((upstream / "a-book.git" / "git").as_uri(), "v1.0") + SHOW)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "autoencoder-book-v1.0" / "helpers").is_dir()


def test_in_a_clone_it_takes_the_clones_own_helpers(run, upstream):
    done = run(cell(NOWHERE) + SHOW, folder=upstream / "work" / "book" / "models")
    assert done.stdout.split() == [str(upstream / "work" / "helpers" / "__init__.py")], done.stderr


def test_somebody_elses_helpers_do_not_stand_in_its_way(run, upstream, tmp_path):
    other = tmp_path / "path" / "helpers"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("")
    code = f"sys.path.append({str(other.parent)!r})\n" + cell(
        (upstream / "a-book.git" / "git").as_uri()
    )
    done = run(code + SHOW)
    assert "autoencoder-book-main" in done.stdout.splitlines()[-1], done.stderr


@pytest.mark.parametrize("path", [os.environ["PATH"], "/no programs"], ids=["git", "zip"])
def test_without_network_it_says_what_to_do(run, tmp_path, path):
    done = run(cell(NOWHERE), path=path)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: No helpers here, and the book could not be fetched (")
    assert last.endswith("open the notebook in a copy of the book.")
    assert "During handling" not in done.stderr and not list(tmp_path.iterdir())


def test_a_book_that_is_not_published_fetches_nothing(run, tmp_path):
    assert book.PLACEHOLDER not in setup_cell("", "main")
    done = run(cell())
    assert "could not be fetched (the book is not published yet)" in done.stderr
    assert done.stdout == "" and not list(tmp_path.iterdir())


@pytest.mark.heavy
def test_the_whole_cell_runs_on_what_it_fetched(run, upstream):
    done = run(
        cell((upstream / "a-book.git" / "git").as_uri(), whole=True) + SHOW + "\nkeras.Input((2,))"
    )
    assert done.returncode == 0, done.stderr


def test_the_installed_helpers_serve_everywhere(run, tmp_path):
    done = run(cell(NOWHERE) + SHOW, before="")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(ROOT)) and not list(tmp_path.iterdir())


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_the_address_may_end_as_one_copies_it(tmp_path, end):
    config = f"repository: {{url: 'https://github.com/somebody/a-book{end}', branch: published}}"
    (tmp_path / "_config.yml").write_text(config)
    assert book.repository(tmp_path) == ("https://github.com/somebody/a-book", "published")


def test_the_address_is_encrypted():
    assert book.repository()[0].startswith("https://")


def test_importing_the_helpers_is_cheap():
    done = subprocess.run(
        [sys.executable, "-c", "import helpers.data, helpers.plots, helpers.progress, "
         "helpers.results, helpers.profile, helpers.install, sys; "
         "print([m for m in ('tensorflow', 'keras', 'sklearn', 'scipy') if m in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
