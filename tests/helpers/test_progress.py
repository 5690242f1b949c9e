"""The progress line, in a real kernel and in a terminal."""

import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.heavy

CODE = """
from helpers import progress
import keras, numpy as np
x = np.zeros((64, 4), "float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
model.compile("adam", "mse")
model.fit(x, x, epochs=30, verbose=0, callbacks=[progress.bar("thirty")])
"""


def test_a_notebook_keeps_one_tidy_line():
    quiet = nbformat.v4.new_code_cell("import helpers, keras")  # start-up notes come here
    cell = nbformat.v4.new_code_cell(CODE + "None")
    NotebookClient(nbformat.v4.new_notebook(cells=[quiet, cell])).execute()
    (output,) = cell.outputs
    (line,) = output["data"]["text/plain"].splitlines()
    assert line.startswith("thirty: 30 epochs in") and "loss=" in line


def test_a_published_notebook_keeps_no_line(monkeypatch):
    monkeypatch.setenv("BOOK_RESULTS", "somewhere")
    quiet = nbformat.v4.new_code_cell("import helpers, keras")
    cell = nbformat.v4.new_code_cell(CODE + "print('one table')")
    NotebookClient(nbformat.v4.new_notebook(cells=[quiet, cell])).execute()
    assert [output.text for output in cell.outputs] == ["one table\n"]


def test_a_terminal_keeps_one_tidy_line():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    states = done.stderr.rstrip("\n").rpartition("\n")[2].split("\r")
    assert states[-1].startswith("thirty: 30 epochs in")
