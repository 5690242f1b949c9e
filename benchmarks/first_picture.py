"""Time how long a reader waits for a chapter's first picture after "Run all".

    make benchmark PART=first_picture ARGS="simple deep"

From the start of the kernel, setup and data included, on two cores, until the first picture or
figure has come; then the chapter is left. Writes the part "first_picture" of
benchmarks/results.json, in seconds. Half a minute for a chapter; without names, all of them.
"""

import argparse
import os
import time

import nbformat
from nbclient import NotebookClient
from tqdm import tqdm

from benchmarks import processes, store
from bookbuild import book


class Reader(NotebookClient):
    """Runs a notebook from its top, and notes when the first picture comes."""

    seen = None

    def process_message(self, msg, cell, cell_index):
        output = super().process_message(msg, cell, cell_index)
        if self.seen is None and output and "image/png" in output.get("data", {}):
            self.seen = time.monotonic()
        return output


def wait(path):
    """Return the seconds from the start of a kernel to a notebook's first picture.

    Parameters
    ----------
    path : pathlib.Path
        The notebook; it stays as it is.

    Returns
    -------
    float

    Raises
    ------
    SystemExit
        If it shows none.
    """
    notebook = nbformat.read(path, as_version=4)
    reader = Reader(notebook, timeout=None, resources={"metadata": {"path": path.parent}})
    start = time.monotonic()
    with reader.setup_kernel(env=os.environ | {"BOOK_PROFILE": "full"}):
        for index, cell in enumerate(notebook.cells):
            reader.execute_cell(cell, index)
            if reader.seen:
                return reader.seen - start
    raise SystemExit(f"{path.name} shows no picture.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    book.add_chapters(parser)
    digits = store.real_digits()
    for chapter in tqdm(book.chosen(parser, parser.parse_args()), unit="chapter"):
        with processes.cores(2):
            seconds = wait(book.notebook(chapter))
        store.keep(digits, first_picture={chapter: seconds})


if __name__ == "__main__":
    main()
