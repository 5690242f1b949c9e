"""The setup cell, the same in every chapter, with the book's address from _config.yml."""

from bookbuild import book

_SETUP = '''\
# The same in every chapter: finds the book's helpers, or fetches the book once.
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

ADDRESS = "{address}"
VERSION = "{branch}"


def find_book():
    """Return the book's folder: above this notebook, or fetched to beside it."""
    here = pathlib.Path.cwd()
    book = here / f"autoencoder-book-{{VERSION}}"
    for place in here, *here.parents, book:
        if (place / "helpers" / "install.py").is_file():
            return place
    if not ADDRESS:
        raise OSError("the book is not published yet")
    print(f"Fetching the book from {{ADDRESS}} ({{VERSION}})")
    with tempfile.TemporaryDirectory(dir=here) as part:
        if shutil.which("git"):
            git = ["git", "clone", "-q", "--depth=1", "-b", VERSION, ADDRESS]
            quiet = dict(stderr=subprocess.PIPE, text=True, start_new_session=True)
            done = subprocess.run([*git, f"{{part}}/book"], **quiet)
            if done.returncode:
                raise OSError(done.stderr.strip())
        else:
            archive = f"{{ADDRESS}}/archive/{{VERSION}}.zip"
            file, _ = urllib.request.urlretrieve(archive)
            shutil.unpack_archive(file, part, "zip")
        next(pathlib.Path(part).iterdir()).rename(book)
    return book


try:
    from helpers import install
except ImportError:
    try:
        sys.path.insert(0, str(find_book()))
    except Exception as error:
        raise ImportError(
            f"No helpers here, and the book could not be fetched ({{error}}): connect to "
            "the internet (on Kaggle, in the notebook's settings) and run this cell "
            "again, or open the notebook in a copy of the book."
        ) from None
    sys.modules.pop("helpers", None)  # somebody else's, if there is one
    from helpers import install

install.complete()

# The helpers come before Keras, because they quiet TensorFlow.
from helpers import data, plots, progress, results

import keras
import numpy as np

keras.utils.set_random_seed(42)'''


#: What the first lines of the cell are in a notebook of another language.
_LANGUAGE = """\
# The language of what checks and figures say.
import os

os.environ["BOOK_LANG"] = "{language}"

"""


def setup_cell(address=None, branch=None):
    """Return the code of the setup cell.

    Parameters
    ----------
    address, branch : str, optional
        Where the cell fetches the book; by default what `_config.yml` says. The cell of a book
        that is not published has no address: it fetches nothing, and says so.

    Returns
    -------
    str
    """
    if address is None:
        address, branch = book.repository()
        address = "" if f"/{book.PLACEHOLDER}/" in address else address
    return _SETUP.format(address=address, branch=branch)


def in_language(cell, language):
    """Return a setup cell for a notebook of another language.

    Parameters
    ----------
    cell : str
        What `setup_cell` returned.
    language : str
        Such as ``"ko"``.

    Returns
    -------
    str
    """
    return _LANGUAGE.format(language=language) + cell
