"""Files appear whole or not at all, wherever a run is cut and however full the disk is.

Everything that the book stores is written by `write`, `draft` or `write_together`: first a draft
beside the file, then the draft is renamed. A command begins with `tidy`, which ends what a killed
one left.

    python -m helpers.files     tidies this checkout
"""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
#: Where a list of files lies that are on their way together.
PENDING = ".pending"
_DRAFT = re.compile(r"\.(\d+)\.part$")


@contextlib.contextmanager
def draft(path):
    """Give a path to write to, which becomes the file if the block ends without an error.

    Parameters
    ----------
    path : str or path
        The file. Its folder has to be there. If it is a link, what it leads to is replaced. The
        new file has the mode of the old one.

    Yields
    ------
    pathlib.Path
        The draft. After an error it is gone, and the file is as it was.

    Raises
    ------
    OSError
        If the draft cannot be written, for example on a full disk; it names the file.
    """
    one = _draft(path)
    try:
        with _blaming(path, one):
            yield one
            _settle(one, path)
            one.replace(_target(path))
    finally:
        one.unlink(missing_ok=True)


def write(path, content):
    """Write a file whole, or leave it as it was.

    Parameters
    ----------
    path : str or path
        As for `draft`.
    content : str or bytes
        Text is stored in UTF-8.

    Raises
    ------
    OSError
        If it cannot be written, for example on a full disk; it names the file.
    """
    with draft(path) as one:
        one.write_bytes(_bytes(content))


def write_together(contents, root=ROOT):
    """Write several files, all of them or none, even if this process is killed between two.

    Parameters
    ----------
    contents : dict of path to str or bytes
        What each file is to hold. A file that holds it already is left alone.
    root : path
        The folder whose `tidy` goes on where a killed process stopped.

    Raises
    ------
    OSError
        If a file cannot be written, for example on a full disk; it names the file, and all files
        are as they were.
    """
    new = {_target(path): _bytes(content) for path, content in contents.items()}
    old = {path: path.read_bytes() if path.exists() else None for path in new}
    changed = [path for path in new if new[path] != old[path]]
    if not changed:
        return
    journal = pathlib.Path(root, PENDING, f"{os.getpid()}.json")
    try:
        for path in changed:
            with _blaming(path, _draft(path)):
                _draft(path).write_bytes(new[path])
                _settle(_draft(path), path)
        steps = [
            {
                "draft": os.path.relpath(_draft(path), root),
                "file": os.path.relpath(path, root),
                "old": _digest(old[path]),
                "new": _digest(new[path]),
            }
            for path in changed
        ]
        journal.parent.mkdir(exist_ok=True)
        write(journal, json.dumps(steps, indent=1))
    except BaseException:
        if not journal.exists():
            for path in changed:
                _draft(path).unlink(missing_ok=True)
        raise
    _finish(journal, root)  # whatever stops this, `tidy` goes on with it


def tidy(root=ROOT):
    """End what killed processes left: finish files that belong together, remove drafts.

    Parameters
    ----------
    root : path
        A checkout of the book, or another folder that `write_together` was told.
    """
    for journal in sorted(pathlib.Path(root, PENDING).glob("*.json")):
        if not _in_use(journal, journal.stem):
            mine = journal.with_stem(f"{os.getpid()}")
            with contextlib.suppress(FileNotFoundError):  # another command was first
                os.utime(journal)
                journal.rename(mine)
                _finish(mine, root)
    for folder, folders, names in os.walk(root):
        # Large, made by others, and without drafts of ours.
        folders[:] = [
            name
            for name in folders
            if name == PENDING or not name.startswith((".", "_extra", "node_modules"))
        ]
        for name in names:
            path = pathlib.Path(folder, name)
            if (match := _DRAFT.search(name)) and not _in_use(path, match[1]):
                path.unlink(missing_ok=True)


def _finish(journal, root):
    """Rename the drafts that a journal lists, and remove it.

    If somebody changed a file after the run was cut, say an editor or Git, the files no longer
    belong together: then what is left of the run is dropped, and that is said.
    """
    steps = json.loads(journal.read_text())
    for step in steps:
        step["draft"], step["file"] = (pathlib.Path(root, step[key]) for key in ("draft", "file"))
    changed = [step for step in steps if _stored(step["file"]) != step[_due(step)]]
    for step in steps:
        if step["draft"].exists():
            step["draft"].unlink() if changed else step["draft"].replace(step["file"])
    journal.unlink(missing_ok=True)
    if changed:
        names = [os.path.relpath(step["file"], root) for step in steps]
        print(
            f"A run was killed while it stored {', '.join(names)}, and since then "
            f"{', '.join(os.path.relpath(step['file'], root) for step in changed)} has changed. "
            "The rest of that run is dropped: run it again.",
            file=sys.stderr,
        )


def _due(step):
    """Return which of a step's contents its file should have now."""
    return "old" if step["draft"].exists() else "new"


def _stored(path):
    return _digest(path.read_bytes()) if path.exists() else None


def _digest(content):
    return None if content is None else hashlib.sha256(content).hexdigest()


def _bytes(content):
    return content.encode() if isinstance(content, str) else content


def _target(path):
    """Return what is to be replaced: the file itself, not a link to it."""
    return pathlib.Path(os.path.realpath(path))


def _draft(path):
    target = _target(path)
    return target.with_name(f"{target.name}.{os.getpid()}.part")


def _settle(one, path):
    """Make sure that a draft is on the disk, and give it the mode of the file."""
    with one.open("r+b") as file:
        os.fsync(file.fileno())  # some file systems notice only now that they are full
    if _target(path).exists():
        one.chmod(_target(path).stat().st_mode & 0o7777)


@contextlib.contextmanager
def _blaming(path, one):
    """Let an error of a draft name the file that it is for."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, os.fspath(one)):
            raise
        what = f"{error.strerror}; it was not written"
        raise OSError(error.errno, what, os.fspath(path)) from error


def _in_use(path, pid):
    """Return whether the process that wrote a draft or a journal still runs.

    A later process may have the same number, this one too: in a container numbers are few.
    """
    import psutil  # here, because a reader's notebook needs none

    try:
        process = psutil.Process(int(pid))
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and process.create_time() <= path.stat().st_mtime + 1
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False


if __name__ == "__main__":
    tidy()
