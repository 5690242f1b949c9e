"""Anybody's copy of the repository publishes itself, with no file edited by hand."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from bookbuild.book import ROOT
from bookbuild.setup_cell import setup_cell
from support import FORK, PLACES, URL, Fork, soup

# Each clones the book, and most build its notebooks in two languages.
pytestmark = pytest.mark.heavy


@pytest.fixture
def fork(tmp_path):
    return Fork(tmp_path)


def cells(text):
    return nbformat.reads(text, as_version=4).cells


def test_a_fork_publishes_itself(fork):
    for _ in range(2):  # the second push replaces what the first one published
        fork.git("switch", "-q", "trunk")
        done = fork.publish("prepare")
        assert done.returncode == 0, done.stderr
        fork.build()
        done = fork.publish("push")
        assert done.returncode == 0, done.stderr

    def published(name):
        return fork.git(f"--git-dir={fork.bare}", "show", f"published:{name}")

    config = yaml.safe_load(published("_config.yml"))
    assert (config["repository"]["url"], config["repository"]["branch"]) == (URL, "published")
    assert config["sphinx"]["config"]["book_source_branch"] == "trunk"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \(\w+\)", config["sphinx"]["config"]["book_version"])
    for place in PLACES:
        notebook, text = published(f"book/{place}.ipynb"), published(f"book/{place}.md")
        code = [cell for cell in cells(notebook) if cell.cell_type == "code"]
        before = (ROOT / f"book/{place}.ipynb").read_text()
        assert code[0].source == setup_cell(URL, "published") and code[0].source in text
        was = [cell for cell in cells(before) if cell.cell_type == "code"]
        assert [c.outputs for c in code] == [c.outputs for c in was]
        assert [c.execution_count for c in code] == [c.execution_count for c in was]
    # Who works on the book meets none of it.
    fork.git("switch", "-q", "trunk")
    assert fork.git("log", "--format=%s").splitlines() == ["the book"]


def test_a_class_gets_its_notebooks_and_no_solution(fork):
    assert fork.publish("prepare").returncode == 0
    fork.build()
    assert fork.publish("push").returncode == 0
    show = [f"--git-dir={fork.bare}", "show"]
    listed = fork.git(f"--git-dir={fork.bare}", "ls-tree", "-r", "--name-only", "published-student")
    names = listed.splitlines()
    assert {name for name in names if name.endswith(".ipynb")} == {
        f"{top}book/{place}.ipynb" for top in ("", "ko/") for place in PLACES
    }
    assert {"helpers/install.py", "book/weights/simple.npz", "requirements/server.txt"} < {*names}
    assert not [name for name in names if re.match("tests|course|book/(teaching|claims)", name)]
    assert not [name for name in names if name.startswith("book/") and name.endswith(".md")]
    for place in PLACES:
        name = f"book/{place}.ipynb"
        whole, given = (
            cells(fork.git(*show, f"{branch}:{name}"))
            for branch in ("published", "published-student")
        )
        assert not any("solution" in c.metadata.get("tags", []) or c.get("outputs") for c in given)
        setup = [next(c.source for c in some if c.cell_type == "code") for some in (whole, given)]
        assert setup == [setup_cell(URL, "published")] * 2
        korean = cells(fork.git(*show, f"published-student:ko/{name}"))
        assert [c.source for c in korean if c.cell_type == "code"][1:] == [
            c.source for c in given if c.cell_type == "code"
        ][1:]
        assert re.search("[가-힣]", korean[0].source)


def test_the_branch_of_a_class_grows_and_is_never_replaced(fork):
    def tips():
        log = fork.git(f"--git-dir={fork.bare}", "log", "--format=%H %s", "published-student")
        return log.splitlines()

    history = []
    for words in (None, None, "A better name"):
        fork.git("switch", "-q", "trunk")
        if words:
            (fork.top / "LICENSE").write_text(words)
            fork.commit()
        assert fork.publish("prepare").returncode == 0
        fork.build()
        done = fork.publish("push")
        assert done.returncode == 0, done.stderr
        history.append(tips())
    first, unchanged, grown = history
    assert len(first) == 1 and unchanged == first
    assert len(grown) == 2 and grown[1:] == first


def test_a_release_keeps_a_branch_of_its_own(fork):
    release = ("--branch", "published-v1.0", "--version", "v1.0", "--source", "trunk")
    assert fork.publish("prepare", *release).returncode == 0
    fork.build()
    assert fork.publish("push", *release[:2]).returncode == 0
    show = [f"--git-dir={fork.bare}", "show"]
    config = yaml.safe_load(fork.git(*show, "published-v1.0:_config.yml"))
    assert config["sphinx"]["config"]["book_version"] == "v1.0"
    assert 'VERSION = "published-v1.0"' in fork.git(
        *show, "published-v1.0:book/models/simple.ipynb"
    ).replace("\\", "")


@pytest.mark.parametrize(
    ("repository", "branch"),
    [
        ("OWNER/autoencoder-book", "published"),
        ("", "published"),
        ("somebody", "published"),
        (f"{FORK}.git", "published"),
        ('somebody/x"; import os', "published"),
        (FORK, "-x"),
        (FORK, "a/b"),
    ],
)
def test_a_placeholder_and_what_is_no_name_are_refused(repository, branch):
    from bookbuild import publish

    with pytest.raises(SystemExit, match="to publish"):
        publish.address_of(repository, branch)


def test_what_disagrees_is_refused(fork):
    def refused(words, *arguments, **env):
        done = fork.publish(*arguments, **env)
        assert done.returncode == 1 and words in done.stderr, done.stderr

    refused("_config.yml names", "push")  # nothing is prepared
    readme = fork.top / "README.md"
    readme.write_text("changed")
    refused("not committed", "prepare")
    fork.git("checkout", "-q", "README.md")

    # An address that was written by hand, and is in no setup cell.
    config = fork.top / "_config.yml"
    before = config.read_text()
    config.write_text(before.replace("github.com/OWNER/", "github.com/upstream/"))
    fork.commit()
    refused("The setup cell of simple is not the one of all chapters", "prepare")
    fork.git("reset", "-q", "--hard", "HEAD~")

    assert fork.publish("prepare").returncode == 0
    refused("has no button", "push")  # the site of an earlier build, or none
    fork.build()
    page = fork.top / "_build" / "html" / "book" / "lost.html"
    page.write_text('<a href="https://github.com/OWNER/autoencoder-book/issues">')
    refused("lost.html names the placeholder", "push")
    page.unlink()
    refused("_config.yml names", "push", GITHUB_REPOSITORY="upstream/a-book")
    fork.git("remote", "set-url", "origin", str(fork.bare.parent / "another.git"))
    refused("not of somebody-else/a-fork", "push")


def test_the_pages_of_a_fork_name_the_fork(fork):
    assert fork.publish("prepare").returncode == 0
    build = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--quiet"]
    done = fork.run(*build)
    site = fork.top / "_build" / "html"
    assert (site / "book" / "models" / "simple.html").is_file(), done.stderr
    assert fork.publish("check").returncode == 0
    page = soup(site / "book" / "models" / "simple.html")
    links = {link["href"] for link in page.find_all("a", href=True)}
    path = "book/models/simple.ipynb"
    raw = f"https://raw.githubusercontent.com/{FORK}/published/{path}"
    assert links >= {
        f"https://colab.research.google.com/github/{FORK}/blob/published/{path}",
        f"https://kaggle.com/kernels/welcome?src={raw}",
        f"https://codespaces.new/{FORK}/tree/published?quickstart=1",
        f"{URL}/edit/trunk/book/models/simple.md",
    }
    assert [link for link in links if link.startswith(f"{URL}/issues/new?title=Error%20on%20book")]
    assert re.search(r"Version: \d{4}-\d\d-\d\d \(\w+\)", page.get_text())
    run = {a["href"] for a in soup(site / "book/reference/run.html").find_all("a", href=True)}
    downloads = "https://somebody-else.github.io/a-fork/download/autoencoders"
    assert run >= {f"{downloads}.pdf", f"{downloads}.zip"}
