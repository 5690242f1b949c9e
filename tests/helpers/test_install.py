"""What the setup cell installs, where something is missing."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import zipfile

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bookbuild import book
from bookbuild.book import ROOT
from helpers import install

COLAB = ROOT.parent / "shared" / "colab"
#: Whose distribution has another name, as `install.MODULES` has it the other way round.
DISTRIBUTIONS = {"IPython": "ipython", "PIL": "pillow", "skimage": "scikit-image"}
DISTRIBUTIONS |= {"sklearn": "scikit-learn"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def imports():
    """Return the modules from elsewhere that a helper or a cell of a chapter imports."""
    sources = [file.read_text() for file in ROOT.glob("helpers/**/*.py")]
    for chapter in book.chapters():
        cells = nbformat.read(book.notebook(chapter), as_version=4).cells
        sources += [cell.source for cell in cells if cell.cell_type == "code"]
    found = set()
    for source in sources:
        try:
            tree = ast.parse(source)
        except SyntaxError:  # a magic
            tree = ast.parse(re.sub(r"^\s*[%!].*", "pass", source, flags=re.M))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"helpers"}


@pytest.fixture(params=["cpu", "gpu"])
def colab(request):
    """What one of Colab's runtimes holds: {distribution: version}."""
    file = COLAB / f"packages-{request.param}.txt"
    if not file.is_file():
        pytest.skip(f"{file} is absent")
    pairs = (line.split("==") for line in file.read_text().split())
    return {canonicalize_name(name): version for name, version in pairs}


def distribution(module):
    return canonicalize_name(DISTRIBUTIONS.get(module, module))


def test_colab_has_all_imports_or_gets_them(colab, monkeypatch):
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda module: distribution(module) in colab or None
    )
    needed = install.missing()
    assert needed == ([] if "distributed" in colab else ["dask[distributed]>=2025.5"])
    there = colab.keys() | {distribution(install.module(need)) for need in needed}
    assert {module for module in imports() if distribution(module) not in there} == set()


def test_colabs_versions_are_in_the_books_ranges(colab):
    for need in map(Requirement, PROJECT["project"]["dependencies"]):
        if need.name != "tensorflow-cpu":  # Colab's has the other name
            assert need.specifier.contains(colab[need.name]), need


def test_the_tests_with_colabs_versions_have_no_more_than_colab(colab):
    lock = (ROOT / "requirements" / "colab.txt").read_text()
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.M))
    assert "distributed" not in locked
    if "distributed" in colab:
        return  # the lock is that of a runtime without a GPU
    ours = {Requirement(need).name for need in PROJECT["project"]["dependencies"]}
    ours -= {"ipython", "tensorflow-cpu"}
    assert {name: locked[name] for name in ours} == {name: colab[name] for name in ours}


def test_nothing_is_missing_here_and_nothing_is_said(capsys):
    assert install.missing() == []
    install.complete()
    assert capsys.readouterr().out == ""


@pytest.mark.heavy
def test_what_is_missing_is_installed_once_and_said_in_one_line(tmp_path):
    wheels, made = tmp_path / "wheels", tmp_path / "made"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "tiny-1.0-py3-none-any.whl", "w") as file:
        about = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        file.writestr("tiny.py", "")
        file.writestr("tiny-1.0.dist-info/METADATA", about)
        file.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr("tiny-1.0.dist-info/RECORD", "")
    project = tmp_path / "pyproject.toml"
    subprocess.run([sys.executable, "-m", "venv", made], check=True)

    def complete(need):
        project.write_text(f"[project]\ndependencies = [{need!r}]\n")
        code = f"import pathlib; from helpers import install; install.complete(pathlib.Path({str(project)!r}))"
        env = os.environ | {"PYTHONPATH": str(ROOT), "PIP_NO_INDEX": "1"}
        env |= {"PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
        command = [made / "bin" / "python", "-c", code]
        return subprocess.run(command, env=env, capture_output=True, text=True)

    done = complete("tiny>=1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Installing what the book needs and this machine lacks: tiny\n"
    assert complete("tiny>=1").stdout == ""
    last = complete("absent>=1").stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: This machine lacks absent, and pip could not install it")
    assert last.endswith("connect to the internet and run this cell again, or install it yourself.")
