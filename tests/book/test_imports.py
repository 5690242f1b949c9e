"""Imports run one way: helpers import no tools, and no module imports itself in a circle."""

import ast
import graphlib

from bookbuild.book import ROOT

PACKAGES = ("helpers", "bookbuild", "benchmarks", "classroom")


def imports():
    """Return for each module of the repository those that it imports, wherever in the file."""
    files = {}
    for package in PACKAGES:
        for path in ROOT.glob(f"{package}/**/*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            files[name.removesuffix(".__init__")] = path
    found = {}
    for name, path in files.items():
        named = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                named |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        modules = named & files.keys()
        # `from helpers import files` names a module of a package, not what the package holds.
        found[name] = {m for m in modules if not any(n.startswith(f"{m}.") for n in modules)}
    return found


def test_no_module_imports_itself_in_a_circle():
    graphlib.TopologicalSorter(imports()).prepare()


def test_imports_run_downward():
    for name, modules in imports().items():
        below = {module.partition(".")[0] for module in modules}
        if name.startswith("helpers"):
            assert below <= {"helpers"}, name
        if name.startswith("bookbuild"):
            assert below <= {"helpers", "bookbuild"}, name
