"""The setup cell, the same in every chapter, with the book's address from _config.yml."""

import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]

_SETUP = """\
# The same in every chapter. On Colab it fetches the book's helpers; elsewhere they are installed.
import pathlib
import subprocess
import sys

if "google.colab" in sys.modules:
    if not pathlib.Path("{folder}").exists():
        address = "{address}"
        subprocess.run(["git", "clone", "-q", "--depth=1", "-b", "{branch}", address], check=True)
    sys.path.insert(0, str(pathlib.Path("{folder}").resolve()))

from helpers import data, plots, progress, results  # before Keras: it quiets TensorFlow
from helpers.profile import epochs

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
