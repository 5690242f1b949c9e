"""Read the files of a folder and of the zips in it, which strangers have packed.

Nothing is ever unpacked onto the disk, so a path in a zip leads nowhere; what it says is only a
name. A member is read when it is wanted, and never more of it than is allowed.
"""

import io
import lzma
import os
import stat
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

#: Bytes of one file. Notebooks of this book have less than 5 MB, with all their pictures.
LARGEST = 50_000_000
#: Members of a zip, and bytes that they say they unpack to: of a class's, of one that lies inside.
MEMBERS, UNPACKED = (20_000, 200), (5_000_000_000, 250_000_000)

# What operating systems and Jupyter put beside the files that people mean.
_LITTER = {"__MACOSX", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db", "desktop.ini"}
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,  # a compression that Python does not know
    RuntimeError,  # a password
    EOFError,
    OSError,
    ValueError,
)


class UnreadableError(ValueError):
    """A file cannot be read; the words say why, and begin with a verb."""


@dataclass(frozen=True)
class Entry:
    """A file in a folder, or in a zip in it, or in a zip in that.

    Attributes
    ----------
    parts : tuple of str
        Its path below the folder; a zip counts as a folder.
    time : float
        When it was changed, in seconds since 1970.
    problem : str or None
        Why it cannot be read.
    """

    parts: tuple
    time: float
    problem: str | None = None
    file: Path | None = None
    members: tuple = ()

    def read(self):
        """Return the bytes.

        Raises
        ------
        UnreadableError
            If it is too large, damaged, or not what it says it is.
        """
        if self.problem:
            raise UnreadableError(self.problem)
        try:
            with self.file.open("rb") as file:
                if not self.members:
                    return _at_most(file, LARGEST)
                source = file
                for number in self.members:
                    with zipfile.ZipFile(source) as archive:
                        member = archive.infolist()[number]
                        with archive.open(member) as opened:
                            data = _at_most(opened, LARGEST)
                    source = io.BytesIO(data)
                return data
        except UnreadableError:
            raise
        except _BROKEN as error:
            raise UnreadableError(f"is damaged: {error}") from error


def entries(folder):
    """List all files of a folder, those in zips included.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of Entry
        In order of their names. What must not be read, such as a link, has a `problem`.
    """
    found = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names + [one for one in folders if Path(place, one).is_symlink()]):
            path = Path(place, name)
            parts = path.relative_to(folder).parts
            about = path.lstat()
            if _litter(parts):
                continue
            if stat.S_ISLNK(about.st_mode):
                found.append(Entry(parts, about.st_mtime, "is a link: put the file itself here"))
            elif not stat.S_ISREG(about.st_mode):
                found.append(Entry(parts, about.st_mtime, "is not a regular file"))
            elif path.suffix.lower() == ".zip":
                found += _members(Entry(parts, about.st_mtime, None, path))
            else:
                found.append(Entry(parts, about.st_mtime, None, path))
    return found


def _members(zipped, depth=0):
    """List what is in a zip; a zip that cannot be read is itself the one entry."""

    def refused(problem):
        return [Entry(zipped.parts, zipped.time, problem)]

    try:
        source = io.BytesIO(zipped.read()) if depth else zipped.file
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except UnreadableError as error:
        return refused(str(error))
    except _BROKEN as error:
        return refused(f"is no zip, or a damaged one: {error}")
    if len(members) > MEMBERS[depth]:
        return refused(f"holds {len(members):,} files; at most {MEMBERS[depth]:,} are read")
    if (size := sum(member.file_size for member in members)) > UNPACKED[depth]:
        return refused(f"unpacks to {size / 1e6:,.0f} MB; at most {UNPACKED[depth] / 1e6:,.0f} are")
    found = []
    for number, member in enumerate(members):
        name, problem = _name(member)
        parts = (*zipped.parts, *(part for part in PurePosixPath(name).parts if part != "/"))
        if member.is_dir() or _litter(parts):
            continue
        if stat.S_ISLNK(member.external_attr >> 16):
            problem = "is a link: put the file itself here"
        elif member.flag_bits & 1:
            problem = "has a password"
        when = _time(member, zipped.time)
        one = Entry(parts, when, problem, zipped.file, (*zipped.members, number))
        if problem or not parts[-1].lower().endswith(".zip"):
            found.append(one)
        elif depth:
            found.append(Entry(parts, when, "is a zip in a zip in a zip: unpack it"))
        else:
            found += _members(one, depth + 1)
    return found


def _name(member):
    """Return a member's name, and what is wrong with it."""
    name = member.filename.replace("\\", "/")  # as old programs of Windows write it
    if not member.flag_bits & 0x800 and not name.isascii():
        # A name without the mark for UTF-8 is read as cp437, but programs of macOS write UTF-8.
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            return name, "has a name of unknown encoding: unpack the zip and put its files here"
    if ".." in name.split("/") or name.startswith("/") or name[1:2] == ":":
        return name, "has a path that leads out of its zip"
    return name, None


def _time(member, otherwise):
    try:
        return time.mktime((*member.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return otherwise


def _litter(parts):
    return any(part in _LITTER or part.startswith("._") for part in parts)


def _at_most(file, size):
    data = file.read(size + 1)
    if len(data) > size:
        raise UnreadableError(f"is larger than {size / 1e6:,.0f} MB")
    return data
