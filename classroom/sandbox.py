"""Run a program that nobody trusts, with bubblewrap around it.

It sees the system's programs, the book's environment and data, all read-only, and an empty folder
in memory that goes when it ends; no other process, no network, no file of the course. The one way
out is a pipe, which is counted while it is read. nbgrader's own way, a container for each student
around its autograder (`LaunchContainer` of other engines likewise), needs a daemon with root's
rights and an image of the book; bubblewrap is one small program of every Linux distribution that
needs no rights and starts in a hundredth of a second, and Flatpak relies on it.
"""

import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / ".venv"
PYTHON = BOOK / "bin" / "python"
MB = 2**20

TRUST = "yes, I trust every hand-in"  # what BOOK_GRADE_WITHOUT_SANDBOX has to say

# What a program may read besides the system's own: of the book what notebooks use, no more.
OF_THE_BOOK = (
    *("helpers", "pyproject.toml", "book/results", "book/weights"),
    *("classroom/inside.py", "classroom/second_run.py", ".venv"),
)
OF_THE_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"),
    *("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime"),
)
PASSED_ON = (
    *("BOOK_PROFILE", "BOOK_DATA", "TF_ENABLE_ONEDNN_OPTS", "OPENBLAS_CORETYPE"),
    *("LANG", "LC_ALL", "TZ"),
)


def _setting(name, default):
    return float(os.environ.get(name) or default)


@dataclass
class Limits:
    """What a hand-in may take; each has a variable of the environment."""

    cell: float  # seconds for a cell
    seconds: float  # for all of it
    memory: int  # bytes, for a process and for all of them together
    disk: int  # bytes; its folder is in memory
    out: int  # bytes that cells may write or show
    kept: int  # bytes of answers that are kept for the second run
    processes: int  # and threads

    @classmethod
    def of_the_environment(cls):
        return cls(
            cell=_setting("BOOK_GRADE_TIMEOUT", 600),
            seconds=_setting("BOOK_GRADE_SECONDS", 3600),
            memory=int(_setting("BOOK_GRADE_MEMORY_GB", 4) * 2**30),
            disk=int(_setting("BOOK_GRADE_DISK_MB", 512) * MB),
            out=int(_setting("BOOK_GRADE_OUTPUT_MB", 20) * MB),
            kept=int(_setting("BOOK_GRADE_KEPT_MB", 1024) * MB),
            processes=int(_setting("BOOK_GRADE_PROCESSES", 512)),
        )


@dataclass
class Ended:
    """How a program ended."""

    why: str  # empty if it ended by itself
    seconds: float
    memory: int  # the most bytes that it was seen to hold
    words: str  # the last that it wrote to its standard error


def trusted():
    """Whether the teacher does without a sandbox, in so many words."""
    return os.environ.get("BOOK_GRADE_WITHOUT_SANDBOX") == TRUST


def refusal():
    """Return why nothing can be marked on this machine, or an empty string."""
    if trusted():
        return ""
    advice = (
        "A hand-in is a program of somebody else, so it is marked in a sandbox or not at all. "
        "See 'Marking with nbgrader' in book/reference/teaching.md."
    )
    for program in ("bwrap", "prlimit", "setpriv"):
        if not shutil.which(program):
            package = "bubblewrap" if program == "bwrap" else "util-linux"
            return f"There is no {program} here (on Debian: apt install {package}). {advice}"
    limits = Limits(10, 10, 2**30, MB, MB, MB, 64)
    words = [str(PYTHON), "-c", "print('in')"]
    done = subprocess.run(command(words, limits), capture_output=True, text=True, check=False)
    if done.stdout != "in\n":
        return f"bubblewrap does not work here ({done.stderr.strip()}). {advice}"
    return ""


def command(words, limits, shown=()):
    """Return the command that runs a program in the sandbox.

    Parameters
    ----------
    words : list of str
    limits : Limits
    shown : iterable of (Path, str), optional
        Folders that it may read as well, each with the place at which it finds them.

    Returns
    -------
    list of str
    """
    limited = [
        *("prlimit", f"--data={limits.memory}", f"--nproc={limits.processes}"),
        *(f"--fsize={limits.disk}", "--nofile=1024", "--core=0", "choom", "-n", "1000", "--"),
        *words,
    ]
    # The home is one folder in memory, however many users the machine has.
    home = {"HOME": "/tmp/home", "MPLCONFIGDIR": "/tmp/home/matplotlib"}
    settings = {
        "PATH": f"{BOOK}/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        # TensorFlow takes all cores unless it is told, and several hand-ins run at once.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
    } | {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    if trusted():
        return ["env", *(f"{name}={value}" for name, value in settings.items()), *limited]
    box = [
        *("bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"),
        *("--new-session", "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000"),
        *("--hostname", "book", "--clearenv", "--proc", "/proc", "--dev", "/dev"),
        *("--size", str(limits.disk), "--tmpfs", "/dev/shm"),
        *("--size", str(limits.disk), "--tmpfs", "/tmp"),
        *("--dir", "/tmp/home/matplotlib", "--dir", "/tmp/work", "--chdir", "/tmp/work"),
        *_readable(shown),
    ]
    for name, value in (home | settings).items():
        box += ["--setenv", name, value]
    for folder in ("/dev", "/"):  # else these were memory without a limit
        box += ["--remount-ro", folder]
    return [*_as_nobody(shown), *box, "--", *limited]


def _as_nobody(shown):
    """Return how root becomes a user of whom there is nothing else on this machine.

    The limit on processes does not hold for root, whatever namespace it is in. The files of the
    book are shown to that user first: root's home is closed.
    """
    if os.geteuid() != 0:
        return []
    user = str(1_000_000_000 + os.getpid())
    return [
        *("bwrap", "--die-with-parent", "--dev-bind", "/dev", "/dev", "--bind", "/proc", "/proc"),
        *("--dir", "/tmp", *_readable(shown, in_place=True), "--"),
        *("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"),
        *("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--"),
    ]


def _readable(shown, in_place=False):
    """Return bubblewrap's words for all that a program may read, at its place or where it lies."""
    words, pairs = [], []
    for place in OF_THE_SYSTEM:
        if os.path.islink(place) and os.path.dirname(place) == "/":  # /bin is /usr/bin
            words += ["--symlink", os.readlink(place), place]
        else:
            pairs.append((place, place))
    paths = [ROOT / name for name in OF_THE_BOOK]
    # The Python that the environment was made from, wherever it lies.
    paths.append(PYTHON.resolve().parent.parent)
    if os.path.isdir(data := os.environ.get("BOOK_DATA") or ""):
        paths.append(Path(data).absolute())
    pairs += [(str(path), str(path)) for path in paths]
    keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"
    pairs.append((str(keras), "/tmp/home/.keras/datasets"))
    if fonts := _list_of_fonts():
        pairs.append((str(fonts), f"/tmp/home/matplotlib/{fonts.name}"))
    pairs += [(str(path), place) for path, place in shown]
    pairs = [pair for pair in pairs if os.path.exists(pair[0])]
    if in_place:
        pairs = [(path, path) for path, _ in pairs]
    # What is above a place would be closed to others, unless --dir makes it.
    above = {str(one) for _, place in pairs for one in Path(place).parents[:-1]}
    for folder in sorted(above):
        words += ["--dir", folder]
    for path, place in pairs:
        words += ["--ro-bind", path, place]
    return words


@cache
def _list_of_fonts():
    """Return Matplotlib's list of fonts, which takes seconds to make."""
    code = "import matplotlib.font_manager as f, matplotlib as m; print(m.get_cachedir())"
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
    lists = sorted(Path(done.stdout.strip()).glob("fontlist-*.json")) if done.stdout else []
    return lists[-1] if lists else None


def run(words, task, told, limits, shown=()):
    """Run a program in the sandbox until it ends or goes too far.

    Parameters
    ----------
    words : list of str
        The program.
    task : bytes
        Its standard input.
    told : binary file
        Takes what it writes to its standard output.
    limits : Limits
    shown : iterable of (Path, str), optional
        As for `command`.

    Returns
    -------
    Ended
    """
    start, most, count, why, errors = time.monotonic(), 0, 0, "", []
    with tempfile.TemporaryDirectory(prefix="marking-") as folder:
        (Path(folder) / "task").write_bytes(task)
        with (Path(folder) / "task").open("rb") as given:
            process = subprocess.Popen(
                command(words, limits, shown),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                cwd=folder,
                env=_environment(folder),
            )
        with process, selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ, told.write)
            ready.register(process.stderr, selectors.EVENT_READ, errors.append)
            looked = 0
            while not why and ready.get_map():
                for key, _ in ready.select(0.2):
                    part = os.read(key.fd, MB)
                    if not part:
                        ready.unregister(key.fileobj)
                        continue
                    key.data(part)
                    count += len(part)
                    del errors[:-1]
                if time.monotonic() > looked + 0.2:
                    looked = time.monotonic()
                    most = max(most, _memory(process.pid))
                if most > limits.memory:
                    why = f"it took more than {limits.memory / 2**30:.3g} GB of memory"
                elif count > limits.out + limits.kept:
                    why = "it wrote more than it may"
                elif time.monotonic() > start + limits.seconds:
                    why = f"it ran for more than {limits.seconds:.0f} seconds"
            _end(process)
    words = b"".join(errors).decode(errors="replace").strip()[-200:]
    return Ended(why, time.monotonic() - start, most, words)


def _environment(folder):
    """Return what bubblewrap knows of ours: within the sandbox, its first process shows that."""
    if trusted():
        return os.environ | {"TMPDIR": folder}
    return {"PATH": os.environ.get("PATH", os.defpath)}


def _family(pid):
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _memory(pid):
    """Return the bytes that a process and its descendants hold."""
    total = 0
    for process in _family(pid):
        try:
            total += process.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return total


def _end(process):
    """End a program with all that it has started: they live in a namespace that ends with it."""
    family = _family(process.pid) if trusted() else []
    process.kill()
    for child in family[1:]:
        try:
            child.kill()
        except psutil.Error:
            continue
    process.wait()


if __name__ == "__main__":
    sys.exit(refusal() or None)
