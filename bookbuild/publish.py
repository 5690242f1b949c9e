"""Publish the book from whatever repository this checkout is of, with no file edited by hand.

    python -m bookbuild.publish prepare   write the repository's address where readers meet it
    python -m bookbuild.publish check     refuse a placeholder, and pages or cells that disagree
    python -m bookbuild.publish push      check, then push what is prepared to its branch

`make publish` and `make release` do all of it, on GitHub, which says in GITHUB_REPOSITORY whose
repository it is. What is prepared is one commit on top of the present one, and on no branch here.
In the repository it becomes `published`, or `published-v1.0` of a release: readers' notebooks
never meet a placeholder, and nobody who works on the book meets an address.

Beside it grows `published-student`, for classes: the students' edition and what it runs on, and no
solutions. nbgitpuller merges it into what students have changed.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import nbformat

from bookbuild import book, chapters, derive, editions
from bookbuild.book import ROOT, SITE
from bookbuild.setup_cell import in_language, setup_cell
from helpers import files

NAME = re.compile(r"[A-Za-z0-9-]+/[\w.-]+(?<!\.git)")
#: It goes into the setup cell and into the name of a folder.
BRANCH = re.compile(r"\w[\w.-]*")
#: What the students' notebooks run on, and what a teacher sets their machine up with.
FOR_A_CLASS = [
    *("LICENSE", "pyproject.toml", "requirements.txt", "requirements/server.txt", "classroom/hub"),
    *("helpers", "book/results", "book/weights"),
]
WHO = ("-c", "user.name=publish", "-c", "user.email=publish@example.org")


def git(*arguments, **options):
    """Run git in the checkout and return what it prints."""
    options |= {"cwd": ROOT, "capture_output": True, "text": True}
    done = subprocess.run(["git", *arguments], **options)
    if done.returncode:
        sys.exit(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def address_of(repository, branch):
    """Return a repository's address on GitHub.

    Parameters
    ----------
    repository : str
        ``"owner/name"``.
    branch : str

    Raises
    ------
    SystemExit
        If one of them is none that can be published, such as the placeholder.
    """
    if repository.startswith(f"{book.PLACEHOLDER}/"):
        sys.exit(
            f"{repository} is no repository to publish: {book.PLACEHOLDER} stands for whoever "
            "publishes. On GitHub GITHUB_REPOSITORY names it, elsewhere --repository owner/name."
        )
    if not NAME.fullmatch(repository):
        sys.exit(f"{repository or 'Nothing'} is no repository to publish: owner/name is one.")
    if not BRANCH.fullmatch(branch):
        sys.exit(f"{branch!r} is no branch to publish: letters, digits, dots and dashes.")
    return f"https://github.com/{repository}"


def prepare(repository, branch, source, version):
    """Write the address into `_config.yml` and all setup cells, and commit that on no branch.

    Outputs stay: where helpers come from is no part of a run.

    Parameters
    ----------
    repository : str
        ``"owner/name"``.
    branch : str
        Where readers' notebooks will lie.
    source : str
        The branch where people work, for the buttons that edit.
    version : str
        What the pages say at their feet.

    Raises
    ------
    SystemExit
        If the checkout has changes that are not committed, or a chapter another setup cell than
        the one of all: nothing is written then.
    """
    address = address_of(repository, branch)
    if git("status", "--porcelain"):
        sys.exit("There are changes that are not committed: commit them first.")
    old, new = setup_cell(), setup_cell(address, branch)
    path = ROOT / "_config.yml"
    contents = {path: path.read_text(encoding="utf-8")}
    for key, value in (
        ("  url", address),
        ("  branch", branch),
        ("    book_source_branch", source),
        ("    book_version", version),
    ):
        line = f"{key}: {json.dumps(value)}"
        contents[path], found = re.subn(
            f"^{key}: .*$", lambda _, line=line: line, contents[path], flags=re.M
        )
        assert found == 1, f"_config.yml has {found} lines {key!r}"
    for name in book.chapters():
        text, path = book.text(name).read_text(encoding="utf-8"), book.notebook(name)
        notebook = nbformat.read(path, as_version=4)
        first = chapters.setup(notebook)
        if first.source != old or old not in text:
            sys.exit(f"The setup cell of {name} is not the one of all chapters: run make sync.")
        first.source = new
        contents |= {book.text(name): text.replace(old, new), path: book.as_json(notebook)}
    git("switch", "--quiet", "--detach")
    files.write_together(contents, ROOT)
    derive.write_pages(ROOT / derive.LANGUAGE)  # as the English ones are now
    git("add", "--force", derive.LANGUAGE)
    message = f"Published as {branch} of {repository}: {version}"
    git(*WHO, "commit", "--quiet", "--all", "--allow-empty", "-m", message)


def check(repository, branch):
    """Make sure that configuration, cells and built pages all name one repository.

    Raises
    ------
    SystemExit
        If one does not; it is named.
    """
    address = address_of(repository, branch)
    if book.repository() != (address, branch):
        sys.exit(f"_config.yml names {' and '.join(book.repository())}, not {address}: prepare it.")
    cell, options = setup_cell(), book.config()["launch_buttons"]
    button = f"{options['colab_url']}/github/{repository}/blob/{branch}/"
    for name in book.chapters():
        path = book.notebook(name).relative_to(ROOT)
        if chapters.setup(nbformat.read(ROOT / path, as_version=4)).source != cell:
            sys.exit(f"The setup cell of {path} does not fetch {address}, {branch}: prepare it.")
        page = SITE / path.with_suffix(".html")
        if not page.is_file() or button + path.as_posix() not in page.read_text(encoding="utf-8"):
            sys.exit(f"The page of {path} has no button to {button}: build it.")
        derived = ROOT / derive.LANGUAGE / path
        same = in_language(cell, derive.LANGUAGE)
        if (
            not derived.is_file()
            or chapters.setup(nbformat.read(derived, as_version=4)).source != same
        ):
            sys.exit(f"The setup cell of {derive.LANGUAGE}/{path} is another one: prepare it.")
    for page in SITE.rglob("*.html"):
        if f"/{book.PLACEHOLDER}/" in page.read_text(encoding="utf-8"):
            sys.exit(f"{page.relative_to(SITE)} names the placeholder: build it.")


def students(branch):
    """Commit the students' edition of what is prepared, on top of what the branch has.

    A student's copy can be brought up to date only if the branch grows, so it is never replaced.

    Parameters
    ----------
    branch : str
        The edition's own.

    Returns
    -------
    str
        The commit; the branch's last one if nothing has changed.
    """
    names, written = book.chapters(), {}
    for language, top in {"en": "", derive.LANGUAGE: f"{derive.LANGUAGE}/"}.items():
        folder = editions.write("student", names, language)
        for path in map(book.notebook, names):
            place = f"{top}{path.relative_to(ROOT).as_posix()}"
            written[place] = folder / path.relative_to(book.BOOK)
    with tempfile.TemporaryDirectory() as scratch:
        alone = {"env": os.environ | {"GIT_INDEX_FILE": f"{scratch}/index"}}
        entries = git("ls-tree", "-r", "HEAD", "--", *FOR_A_CLASS).splitlines()
        for place, path in written.items():
            stored = git("hash-object", "-w", "--", str(path))
            entries.append(f"100644 {stored}\t{place}")
        git("update-index", "--index-info", input="\n".join(entries) + "\n", **alone)
        tree = git("write-tree", **alone)
    parents = []
    if git("ls-remote", "origin", f"refs/heads/{branch}"):
        git("fetch", "--quiet", "origin", f"refs/heads/{branch}")
        last = git("rev-parse", "FETCH_HEAD")
        if git("rev-parse", f"{last}^{{tree}}") == tree:
            return last
        parents = ["-p", last]
    message = f"The students' edition of {git('log', '-1', '--format=%s')}"
    return git(*WHO, "commit-tree", tree, *parents, "-m", message)


def push(repository, branch):
    """Check, and push what is prepared, and its students' edition, to the repository it names."""
    check(repository, branch)
    origin = git("remote", "get-url", "origin").removesuffix("/").removesuffix(".git")
    if not re.search(rf"[/:]{re.escape(repository)}$", origin):
        sys.exit(f"This is a checkout of {origin}, not of {repository}.")
    if git("status", "--porcelain"):
        sys.exit("There are changes that are not committed: prepare and build again.")
    mine = f"{branch}-student"
    both = f"+HEAD:refs/heads/{branch}", f"{students(mine)}:refs/heads/{mine}"
    git("push", "--quiet", "--atomic", "origin", *both)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["prepare", "check", "push"])
    parser.add_argument("--repository", default=os.environ.get("GITHUB_REPOSITORY", ""))
    parser.add_argument("--branch", default="published")
    parser.add_argument("--source", default=os.environ.get("GITHUB_REF_NAME", "main"))
    parser.add_argument("--version", help="default: the last commit's date and hash")
    args = parser.parse_args()
    if args.action == "prepare":
        version = args.version or git("log", "-1", "--format=%cs (%h)")
        prepare(args.repository, args.branch, args.source, version)
    else:
        {"check": check, "push": push}[args.action](args.repository, args.branch)


if __name__ == "__main__":
    main()
