"""The setup cell, the same in every chapter, with the book's address from _config.yml."""

import yaml

from bookbuild.book import ROOT

_SETUP = """\
# The same in every chapter: on Colab it fetches the book's helpers once.
import pathlib
import subprocess
import sys

if "google.colab" in sys.modules:
    if not pathlib.Path("{folder}").exists():
        address = "{address}"
        branch = "{branch}"
        clone = ["git", "clone", "-q", "--depth=1", "-b", branch, address]
        subprocess.run(clone, check=True)
    sys.path.insert(0, str(pathlib.Path("{folder}").resolve()))

# The helpers come before Keras, because they quiet TensorFlow.
from helpers import data, plots, progress, results

import keras
import numpy as np

keras.utils.set_random_seed(42)"""


def setup_cell():
    """Return the code of the setup cell.

    Returns
    -------
    str
    """
    repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    address = repository["url"].rstrip("/")
    return _SETUP.format(
        address=address, branch=repository["branch"], folder=address.rpartition("/")[2]
    )
