"""`make` chooses a Python that fits, and no cut or spoiled environment lasts."""

import base64
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bookbuild import vendor
from bookbuild.book import ROOT

TOOLS = "awk bash cat cksum env head make mkdir mv paste rm sed sh touch"
STAMP = ".venv-pytorch/installed"  # the smallest: without the book's own package
# Stands for PyPI's uv, and can kill the installation from within.
UV = f"""#!python
import os, signal, sys

arguments = [{str(Path(sys.executable).with_name("uv"))!r}, *sys.argv[1:]]
if os.environ.get("KILLED"):
    os.kill(os.getppid(), signal.SIGKILL)
    sys.exit()
os.execv(arguments[0], arguments)
"""


def wheel(folder, name, version, **contents):
    """Make a wheel and return its line for a lock."""
    stem = f"{name}-{version}"
    contents |= {
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD,,\n"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for place, text in contents.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            record += f"{place},sha256={digest.decode().rstrip('=')},{len(text)}\n"
            info = zipfile.ZipInfo(place)
            info.external_attr = 0o100755 << 16  # a file that may be run
            file.writestr(info, text)
        file.writestr(f"{stem}.dist-info/RECORD", record)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


class Project:
    """A checkout with the book's Makefile and a lock of one tiny package."""

    def __init__(self, folder):
        self.top, self.wheels = folder / "book", folder / "wheels"
        (self.top / "bookbuild").mkdir(parents=True)
        (self.top / "requirements").mkdir()
        self.wheels.mkdir()
        for name in "Makefile", "pyproject.toml", "bookbuild/environment.sh":
            shutil.copy(ROOT / name, self.top / name)
        uv = wheel(self.wheels, "uv", "1.0", **{"uv-1.0.data/scripts/uv": UV})
        (self.top / "requirements.txt").write_text(uv)
        self.lock(wheel(self.wheels, "tiny", "1.0", **{"tiny.py": "version = 1\n"}))
        self.env = os.environ | {
            **{
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(self.wheels),
                "PIP_CONFIG_FILE": os.devnull,
            },
            **{"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(self.wheels), "UV_OFFLINE": "1"},
            **{"UV_CACHE_DIR": str(folder / "cache"), "PYTHON": sys.executable},
        }

    def lock(self, lines):
        (self.top / "requirements/pytorch.txt").write_text(lines)

    def make(self, *words, **env):
        command = ["make", "--no-print-directory", STAMP, *words]
        return subprocess.run(
            command, cwd=self.top, env=self.env | env, capture_output=True, text=True
        )

    def installed(self):
        """Return what a script of the environment says of the tiny package."""
        command = [self.top / ".venv-pytorch/bin/python", "-c", "import tiny; print(tiny.version)"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project whose environment was made."""
    project = Project(tmp_path_factory.mktemp("made"))
    done = project.make()
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.mark.heavy
def test_a_whole_environment_is_left_alone(made):
    made.make()
    before = (made.top / STAMP).stat()
    done = made.make()
    assert (done.returncode, done.stdout, made.installed()) == (0, "", "1")
    assert (made.top / STAMP).stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.heavy
@pytest.mark.skipif(not shutil.which("flock"), reason="this system has no flock")
def test_two_calls_do_not_install_into_one_folder_at_once(made):
    with (made.top / "requirements/pytorch.txt").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        second = subprocess.Popen(
            ["make", STAMP], cwd=made.top, env=made.env, stderr=subprocess.PIPE, text=True
        )
        assert second.stderr.readline().startswith("Waiting for another make")
        assert second.poll() is None
    assert second.wait() == 0, second.stderr.read()
    second.stderr.close()


def without_pip(project):
    """What remained of `make book` when it was cut in its first seconds."""
    folder = project.top / ".venv-pytorch"
    shutil.rmtree(folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)


def without_a_file(project):
    """What an installation leaves that was cut: the package counts as installed."""
    (project.top / STAMP).unlink()
    next(project.top.glob(".venv-pytorch/lib/*/site-packages/tiny.py")).unlink()


def without_its_python(project):
    link = project.top / ".venv-pytorch/bin/python"
    link.unlink()
    link.symlink_to("/nowhere/bin/python3.11")


def moved(project):
    """The scripts in there name the folder where they were made."""
    project.top = project.top.rename(project.top.with_name(f"{project.top.name}-2"))


def with_another_lock(project):
    project.lock(wheel(project.wheels, "tiny", "2.0", **{"tiny.py": "version = 2\n"}))


@pytest.mark.heavy
@pytest.mark.parametrize(
    "spoil, version",
    [
        (without_pip, "1"),
        (without_a_file, "1"),
        (without_its_python, "1"),
        (moved, "1"),
        (with_another_lock, "2"),
    ],
)
def test_what_is_spoiled_is_made_again(made, spoil, version):
    spoil(made)
    done = made.make()
    assert done.returncode == 0, done.stdout + done.stderr
    assert made.installed() == version
    script = (made.top / ".venv-pytorch/bin/pip").read_text()
    assert str(made.top) in script.splitlines()[0] + script.splitlines()[1]


@pytest.mark.heavy
def test_a_killed_installation_is_completed_by_the_next(project):
    assert project.make(KILLED="1").returncode
    assert not project.installed()
    done = project.make()
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.installed() == "1"


@pytest.mark.heavy
def test_an_error_of_the_installer_is_passed_on(project):
    project.lock("nowhere==1.0 --hash=sha256:" + 64 * "0" + "\n")
    done = project.make()
    assert done.returncode
    assert "nowhere" in done.stderr and ".venv-pytorch is not complete" in done.stderr
    assert not (project.top / STAMP).exists()


# Which Python

FAKE = """#!/bin/sh
if [ "$1" = -c ]; then printf '%s\\n' {answer}; exit {status}; fi
echo "$0" >{chosen}
exit 1
"""


def python(project, path, version, *missing):
    """Make a program that answers as a Python of this version; without one, it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    answer = " ".join([version, f'"{path}"', *missing]) if version else "no"
    chosen = project.top / "chosen"
    path.write_text(FAKE.format(answer=answer, status=int(not version), chosen=chosen))
    path.chmod(0o755)


@pytest.fixture
def bare(project, tmp_path):
    """A project on a machine that has no Python."""
    path = tmp_path / "bin"
    path.mkdir()
    for tool in TOOLS.split():
        (path / tool).symlink_to(shutil.which(tool))
    project.env |= {"PATH": str(path), "PYTHON": "", "PYENV_ROOT": str(tmp_path / "pyenv")}
    project.bin = path
    return project


@pytest.mark.parametrize(
    "there, words",
    [
        ({}, "there is no python3"),
        ({"python3": ["3.10.13"]}, "python3 is Python 3.10.13"),
        ({"python3": ["3.14.0"]}, "python3 is Python 3.14.0"),
        ({"python3": ["2.7.18"]}, "python3 is Python 2.7.18"),
        (
            {"python3": ["3.9.1"], "python3.12": [""]},
            "python3 is Python 3.9.1; python3.12 does not start",
        ),
        (
            {"python3": ["3.11.2", "ensurepip"]},
            "lacks ensurepip, on Debian and Ubuntu: apt install python3.11-venv",
        ),
        ({"python3": ["3.12.7", "ssl", "lzma"]}, "python3 (3.12.7) was built without ssl lzma"),
    ],
)
def test_without_a_python_that_fits_one_sentence_says_what_came_and_what_is_wanted(
    bare, there, words
):
    for name, about in there.items():
        python(bare, bare.bin / name, *about)
    done = bare.make()
    assert done.returncode
    said, *rest = done.stderr.splitlines()
    assert said.startswith(".venv-pytorch needs Python 3.11 to 3.13") and words in said
    assert all(re.match(r"make(\[\d+\])?: ", line) for line in rest)  # make may have called this
    assert not (bare.top / ".venv-pytorch").exists()


@pytest.mark.parametrize(
    "there, chosen",
    [
        ({"bin/python3": "3.12.1", "bin/python3.13": "3.13.0"}, "bin/python3"),
        (
            {"bin/python3": "3.14.0", "bin/python3.13": "", "bin/python3.11": "3.11.2"},
            "bin/python3.11",
        ),
        (
            {"bin/python3": "3.10.1", "pyenv/versions/3.12.1/bin/python": "3.12.1"},
            "pyenv/versions/3.12.1/bin/python",
        ),
    ],
)
def test_the_first_python_that_fits_is_taken(bare, tmp_path, there, chosen):
    for place, version in there.items():
        python(bare, tmp_path / place, version)
    bare.make()
    assert (bare.top / "chosen").read_text().strip() == str(tmp_path / chosen)


@pytest.mark.heavy
@pytest.mark.parametrize("there_is_one", [False, True])
def test_a_python_that_was_asked_for_is_checked(made, bare, there_is_one):
    python(bare, bare.bin / "python3.9", "3.9.1")
    project = made if there_is_one else bare
    done = project.make(f"PYTHON={bare.bin / 'python3.9'}")
    assert done.returncode
    assert "python3.9 is Python 3.9.1. Install one" in done.stderr


# The pages

SPHINX = """#!/bin/sh
[ "$2" = . ] || exit 0 # the other language
ls _build/html 2>/dev/null
mkdir -p _build/html
echo half >_build/html/page.html
[ -z "$KILLED" ] || kill -9 $PPID
"""


@pytest.fixture
def pages(project):
    """A project whose environment and Sphinx are there by word alone."""
    for name in ".venv/bin/python", ".venv/bin/jupyter-book", "bookbuild/environment.sh":
        path = project.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SPHINX if name.endswith("book") else "#!/bin/sh\n")
        path.chmod(0o755)
    for name in "node_modules/.vendored", "_extra/vendor/figures.js":
        (project.top / name).parent.mkdir(parents=True)
        (project.top / name).touch()
    for name in "package-lock.json", "bookbuild/vendor.py", "bookbuild/figures.js":
        (project.top / name).touch()
        os.utime(project.top / name, (0, 0))
    return project


@pytest.mark.parametrize("killed, kept", [("", True), ("1", False)])
def test_pages_of_an_interrupted_build_are_not_kept(pages, killed, kept):
    def book(**env):
        return subprocess.run(
            ["make", "-s", "book"],
            cwd=pages.top,
            env=pages.env | env,
            capture_output=True,
            text=True,
        )

    assert bool(book(KILLED=killed).returncode) != kept
    done = book(KILLED="")
    assert done.returncode == 0, done.stderr
    assert ("page.html" in done.stdout) == kept


def test_scripts_that_were_copied_half_are_copied_again(tmp_path, monkeypatch):
    """`make` goes by the last file that is copied."""
    target = tmp_path / "_extra" / "vendor"
    target.mkdir(parents=True)
    (target / "figures.js").write_text("of an earlier call")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copytree", lambda *_: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            vendor.vendor(tmp_path)
    assert not (target / "figures.js").exists()
    vendor.vendor(tmp_path)
    assert (target / "figures.js").read_text() == vendor.FIGURES.read_text()
