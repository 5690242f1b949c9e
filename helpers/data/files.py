"""Data files: find them in ``BOOK_DATA``, download them, verify them by SHA-256."""

import contextlib
import errno
import hashlib
import io
import math
import os
import stat
import subprocess
import zipfile
from pathlib import Path

import numpy as np

from helpers.words import say

__all__ = [
    *("DOWNLOAD_SECONDS", "DataError", "book_data_file", "is_there", "load_arrays"),
    *("run_download", "sha256_of"),
]

#: Time limit of a whole download, start of the library included, in seconds.
DOWNLOAD_SECONDS = 60


class DataError(ValueError):
    """A data file or folder that cannot be used.

    The message names the file, what was expected, what came and what to do.

    Examples
    --------
    >>> raise DataError("mnist.npz: expected a zip file, got 0 bytes")
    Traceback (most recent call last):
    helpers.data.files.DataError: mnist.npz: expected a zip file, got 0 bytes
    """


def book_data_file(name, instead):
    """Return the path of a file in the folder ``BOOK_DATA``, or None if there is none.

    Parameters
    ----------
    name : str
        Such as ``"mnist.npz"``.
    instead : str
        What is used if the folder lacks the file, such as ``"Keras' copy"``. It is then
        announced.

    Returns
    -------
    pathlib.Path or None

    Raises
    ------
    DataError
        If ``BOOK_DATA`` names no folder, or one in which this user may not look.
    """
    folder = os.path.expanduser(os.environ.get("BOOK_DATA", ""))
    if not folder:
        return None
    advice = say("let this user read it, or set BOOK_DATA to another folder.")
    if not os.path.isdir(folder):
        found = _kind(folder) if is_there(folder, advice) else say("none")
        raise DataError(
            say(
                "BOOK_DATA={folder}: expected a folder, found {found} at {place}. Set BOOK_DATA "
                "to the full path of the folder that holds {name}, or unset it to use {instead}.",
                folder=folder,
                found=found,
                place=os.path.abspath(folder),
                name=name,
                instead=instead,
            )
        )
    if is_there(path := Path(folder, name), advice):
        return path
    print(
        say(
            "BOOK_DATA={folder} holds no {name}, so {instead} is used.",
            folder=folder,
            name=name,
            instead=instead,
        )
    )
    return None


def is_there(path, advice):
    """Return whether something is at a path, readable or not.

    Parameters
    ----------
    path : path-like
    advice : str
        What to do if nobody can tell.

    Returns
    -------
    bool

    Raises
    ------
    DataError
        If this user may not look there.
    """
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return os.path.islink(path)  # one that leads nowhere is something, too
    except OSError as why:
        raise _unreadable(path, why.strerror, advice) from None
    return True


def _kind(path):
    """Say what is at `path`."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return say("a link to {target}, where nothing is,", target=os.readlink(path))
    kinds = (
        (stat.S_ISDIR, say("a folder")),
        (stat.S_ISREG, say("a file")),
        (stat.S_ISFIFO, say("a pipe")),
    )
    return next((words for is_one, words in kinds if is_one(mode)), say("a device"))


def _unreadable(path, why, advice):
    return DataError(
        say(
            "{path}: it cannot be read ({why}). Nothing is used in its place: {advice}",
            path=path,
            why=why,
            advice=advice,
        )
    )


@contextlib.contextmanager
def _opened(path):
    """Open a file to read it; if that fails, then or later, raise DataError."""
    advice = say("let this user read it, or put a good copy in its place.")
    try:
        if not os.path.isfile(path):  # before it is opened: a pipe would wait for ever
            raise _unreadable(path, say("it is {kind} and no file", kind=_kind(path)), advice)
        with open(path, "rb") as file:
            # zipfile looks for the end of an archive, and takes a bad disk for a missing end.
            file.seek(max(os.path.getsize(path) - 70_000, 0))
            file.read(70_000)
            yield file
    except OSError as why:
        raise _unreadable(path, why.strerror, advice) from None


def load_arrays(path, expected, advice):
    """Read the arrays of a NumPy archive and verify them.

    Parameters
    ----------
    path : path-like
    expected : dict of str to (dtype, tuple of int, str)
        For each array its dtype, its shape and the SHA-256 of its bytes.
    advice : str
        What to do about a file that is not used.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    DataError
        If the file cannot be read, is cut, damaged or pickled, or an array is missing or
        another one. An array is unpacked only if its header is that of the expected one,
        and no more bytes of it than are expected.
    """

    def error(expected, actual):
        return DataError(
            say(
                "{path}: expected {expected}, got {actual}. The file was not used: {advice}",
                path=path,
                expected=expected,
                actual=actual,
                advice=advice,
            )
        )

    arrays = {}
    with _opened(path) as file:
        try:
            archive = zipfile.ZipFile(file)
        # NumPy, zipfile and zlib each have errors of their own for foreign bytes.
        except Exception as why:
            if _of_the_disk(why):
                raise
            actual = say(
                "{size:,} bytes that are cut short or no archive", size=os.path.getsize(path)
            )
            raise error(say("a NumPy archive (.npz)"), actual) from None
        for name, (dtype, shape, sha256) in expected.items():
            if f"{name}.npy" not in archive.namelist():
                raise error(
                    say("the arrays {names}", names=", ".join(expected)),
                    say("none called {name}", name=name),
                )
            try:
                arrays[name] = _unpack(archive, f"{name}.npy", dtype, shape)
            except Exception as why:
                if _of_the_disk(why):
                    raise
                actual = why if isinstance(why, DataError) else f"{type(why).__name__}: {why}"
                raise error(
                    say("{name} as {dtype} {shape}", name=name, dtype=np.dtype(dtype), shape=shape),
                    actual,
                ) from None
            if (actual := sha256_of(arrays[name])) != sha256:
                raise error(say("{name} with SHA-256 {sha256}", name=name, sha256=sha256), actual)
    return arrays


def _of_the_disk(why):
    """Whether an error is the system's, and not that of an archive which points outside itself."""
    return isinstance(why, OSError) and why.errno not in (None, errno.EINVAL)


def _unpack(archive, name, dtype, shape):
    """Return an array of an archive. What its header promises is judged before it is unpacked."""
    about = archive.getinfo(name)
    if about.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(
            say("it packed in a way that NumPy does not use")
        )  # and that has no limit below
    with archive.open(about) as member:
        head = io.BytesIO(member.read(10_000))
        version = np.lib.format.read_magic(head)
        formats = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        came_shape, fortran, came_dtype = formats[version](head)
        if (came_dtype, came_shape) != (dtype, shape):
            raise DataError(f"{came_dtype} {came_shape}")
        size = came_dtype.itemsize * math.prod(shape)
        if about.file_size != head.tell() + size:
            raise DataError(say("{size:,} bytes", size=about.file_size))
        values = head.read()
        # This many bytes, whatever the member unpacks to.
        values += member.read(size - len(values))
    array = np.frombuffer(values, dtype).reshape(shape, order="F" if fortran else "C")
    return np.ascontiguousarray(array)


def run_download(command, **settings):
    """Run a library's own loader in a process that is killed when it takes too long.

    Parameters
    ----------
    command : list of str
        Arguments of the process.
    **settings
        Passed to `subprocess.run`.

    Raises
    ------
    TimeoutError
        After `DOWNLOAD_SECONDS`.
    ConnectionError
        If the process failed; its message is the last line that it wrote.
    """
    try:
        child = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=DOWNLOAD_SECONDS,  # run() kills the child when it is over
            **settings,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(say("not done after {seconds:g} s", seconds=DOWNLOAD_SECONDS)) from None
    if child.returncode:
        last_line = child.stderr.strip().rpartition("\n")[2]
        raise ConnectionError(
            last_line or say("the loader stopped with {code}", code=child.returncode)
        )


def sha256_of(*arrays):
    """Return the SHA-256 of the bytes of arrays, one after the other.

    Parameters
    ----------
    *arrays : ndarray

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
