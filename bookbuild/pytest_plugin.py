"""A pytest plugin: a warning that code of the book causes is an error, in cells as in helpers.

`pyproject.toml` loads it for every run, with the locked versions and with Colab's. What pytest
itself imports is covered by `filterwarnings` there; this is for the processes that tests start:
the kernels of notebooks, the workers of a cluster, programs of their own.

A `UserWarning` stays one, because it is a message to the reader; but a published notebook has
none, so a cell of a chapter may write nothing to stderr. A `ResourceWarning` is left alone: it
comes when memory is tidied, whatever code is then at work.
"""

import os

import pytest


def ours(root):
    """Return the names of the book's own modules; cells run in ``__main__``."""
    names = ["__main__"]
    for package in ("helpers", "bookbuild"):
        for path in sorted(root.glob(f"{package}/**/*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def filters(root):
    """Return what PYTHONWARNINGS holds; it takes no patterns, and what comes later wins."""
    return ",".join(
        f"error:::{name},default::UserWarning:{name},ignore::ResourceWarning:{name}"
        for name in ours(root)
    )


def pytest_configure(config):
    os.environ["PYTHONWARNINGS"] = filters(config.rootpath)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    # nbval gives a cell that is done five seconds for its last output: too few on a busy machine.
    item.output_timeout = 600
    result = yield
    # Of a cell that nbval ran. In the first one TensorFlow greets with notes on this machine.
    for output in getattr(item, "test_outputs", None) or ():
        if output.output_type == "stream" and output.name == "stderr" and item.cell_num:
            item.raise_cell_error("the cell wrote to stderr", output.text)
    return result
