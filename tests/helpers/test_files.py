"""Files appear whole or not at all: on a full disk, and when a process is killed at any step."""

import os
import resource
import signal
import stat
import subprocess
import sys

import pytest

from bookbuild.book import ROOT
from helpers import files

OLD = {"ledger.json": "old 1", "text.md": "old 2", "notebook.ipynb": "old 3"}
NEW = {"ledger.json": "new 1", "text.md": "new 2", "notebook.ipynb": "new 3", "cover": "new 4"}

# Dies when it is about to rename or remove a file for the n-th time.
KILLED = """
import os, pathlib, signal, sys

from helpers import files

root, die_at, contents = pathlib.Path(sys.argv[1]), int(sys.argv[2]), eval(sys.argv[3])
steps = 0

def count(event, args):
    global steps
    if event in ("os.rename", "os.remove"):
        steps += 1
        if steps == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
files.write_together({root / name: content for name, content in contents.items()}, root)
"""


@pytest.fixture
def book(tmp_path):
    for name, content in OLD.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def stored(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def killed(book, die_at):
    command = [sys.executable, "-c", KILLED, str(book), str(die_at), repr(NEW)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def small_disk():
    """Let this process write 4 kB to a file: the error that any user can have."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, before)


def test_all_files_are_written_together(book):
    files.write_together({book / name: content for name, content in NEW.items()}, book)
    assert stored(book) == NEW


# The first step is the journal's, the last one its end.
@pytest.mark.parametrize("step, left", [(1, OLD), *((step, NEW) for step in range(2, 8))])
def test_a_killed_run_is_undone_or_finished_by_the_next_command(book, step, left):
    killed(book, step)
    files.tidy(book)
    assert stored(book) == left
    assert [path for path in book.rglob("*") if path.is_file() and path.parent != book] == []


@pytest.mark.parametrize("name", ["ledger.json", "notebook.ipynb"])  # renamed already, and not yet
def test_what_somebody_changed_after_a_killed_run_is_not_lost(book, capsys, name):
    killed(book, 4)
    (book / name).write_text("changed by hand")
    files.tidy(book)
    assert (book / name).read_text() == "changed by hand"
    assert f"since then {name} has changed" in capsys.readouterr().err
    assert not list(book.rglob("*.part"))
    files.tidy(book)
    assert not capsys.readouterr().err


def test_a_full_disk_leaves_all_files_as_they_were(book, small_disk):
    contents = {book / name: content for name, content in NEW.items()}
    with pytest.raises(OSError, match=r"it was not written: .*large.bin'"):
        files.write_together(contents | {book / "large.bin": bytes(5000)}, book)
    assert stored(book) == OLD


@pytest.mark.parametrize("content", [bytes(5000), "ä" * 3000])
def test_a_full_disk_leaves_a_file_as_it_was(book, small_disk, content):
    with pytest.raises(OSError, match=r"it was not written: .*text.md'"):
        files.write(book / "text.md", content)
    assert stored(book) == OLD


def test_an_error_in_between_leaves_a_file_as_it_was(book):
    with pytest.raises(KeyboardInterrupt), files.draft(book / "text.md") as draft:
        draft.write_text("half")
        raise KeyboardInterrupt
    assert stored(book) == OLD


def test_drafts_of_the_dead_are_removed_and_those_of_the_living_stay(book):
    (book / "deep").mkdir()
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True
    )
    dead, living = int(gone.stdout), os.getppid()
    for name in f"deep/text.md.{dead}.part", f"deep/text.md.{living}.part", "my.part":
        (book / name).write_text("half")
    files.tidy(book)
    assert {path.name for path in book.rglob("*.part")} == {f"text.md.{living}.part", "my.part"}


def test_a_new_process_with_the_number_of_a_dead_one_does_not_keep_its_drafts(book):
    draft = book / f"text.md.{os.getpid()}.part"
    draft.write_text("half")
    os.utime(draft, (0, 0))
    files.tidy(book)
    assert stored(book) == OLD


def test_links_and_modes_stay(book):
    (book / "elsewhere").mkdir()
    target = book / "elsewhere" / "target.sh"
    target.write_text("old")
    target.chmod(0o750)
    (book / "link.sh").symlink_to(target)
    files.write(book / "link.sh", "new")
    assert (book / "link.sh").is_symlink() and target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o750


def test_git_sees_no_drafts():
    names = [
        "book/models/simple.md.12.part",
        "book/results/simple.json.12.part",
        ".pending/12.json",
    ]
    done = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == names
