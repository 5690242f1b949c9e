"""A Sphinx extension: the licences of all that ships in the site, in one file, licenses.txt.

They come from the installed packages themselves, so that a newer version brings its own.
"""

import re
from importlib.metadata import distribution
from pathlib import Path

from bookbuild.book import ROOT
from helpers import files

#: Packages whose scripts, styles or pictures Sphinx copies into the site.
PACKAGES = (
    "sphinx",
    "pydata-sphinx-theme",
    "sphinx-book-theme",
    "sphinx-copybutton",
    "sphinx-design",
    "sphinx-togglebutton",
    "myst-nb",
    "pygments",
)
_LICENSE = re.compile(r"licen[sc]e|copying|notice", re.IGNORECASE)
#: The text that Font Awesome's notice refers to; fonttools, which cuts the icons out, has it.
_OPEN_FONT = re.compile(r"SIL OPEN FONT LICENSE Version 1\.1.*?OTHER DEALINGS IN THE FONT SOFTWARE\.", re.S)  # fmt: skip


def of_package(name):
    """Return the licence files of an installed package.

    Parameters
    ----------
    name : str
        As PyPI has it.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    FileNotFoundError
        If it has none: it may not be passed on like that.
    """
    found = [Path(file.locate()) for file in distribution(name).files if _LICENSE.search(file.name)]
    found = [file for file in found if file.suffix in {"", ".txt", ".rst", ".md", ".external"}]
    if not found:
        raise FileNotFoundError(f"{name} came without its licence")
    return found


def collected(site):
    """Return the text of licenses.txt for a built site: a heading and a text for each licence."""
    parts = {"This book": [ROOT / "LICENSE"]}
    parts |= {name: of_package(name) for name in PACKAGES}
    # Of what the theme brings along, and of MathJax and MiniSearch.
    for file in [*site.glob("_static/**/*LICENSE*"), *site.glob("vendor/*/LICENSE*")]:
        parts[file.relative_to(site).as_posix()] = [file]
    for name, sources in parts.items():
        texts = (file.read_text(encoding="utf-8").strip() for file in sources)
        yield name, "\n\n".join(texts)
    for file in of_package("fonttools"):
        if text := _OPEN_FONT.search(file.read_text(encoding="utf-8")):
            yield "The licence of Font Awesome's icon font", text[0]


def write_licenses(app, error):
    """Write licenses.txt to the top of the site."""
    if not error and app.builder.format == "html":
        site = Path(app.outdir)
        text = "\n\n\n".join(f"{n}\n{'=' * len(n)}\n\n{words}" for n, words in collected(site))
        files.write(site / "licenses.txt", text + "\n")


def setup(app):
    app.connect("build-finished", write_licenses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
