"""The reactive figures that the chapters store, and the names in them that readers see."""

import importlib

import nbformat

from bookbuild import book


def reactive_figures(widgets):
    """Yield each reactive figure of a notebook: its model as stored, and its class.

    Parameters
    ----------
    widgets : dict
        The notebook's ``metadata["widgets"]``.
    """
    for kind in widgets.values():
        for model in kind["state"].values():
            module, _, name = model["state"].get("_anywidget_id", "").rpartition(".")
            if module:
                yield model, getattr(importlib.import_module(module), name)


def names():
    """Return the names that the chapters' cells give to networks, beats, pages and the like.

    The figures show them, in another language their translations, so the catalogue needs them.

    Returns
    -------
    dict of str to list of str
        By the name the notebooks that give it to a figure, as paths in the repository.
    """
    found = {}
    for path in book.pages():
        if path.suffix != ".ipynb":
            continue
        notebook = nbformat.read(path, as_version=4)
        for model, figure in reactive_figures(notebook.metadata.get("widgets", {})):
            for name in figure.names_in(model["state"]):
                places = found.setdefault(name, [])
                if (place := path.relative_to(book.ROOT).as_posix()) not in places:
                    places.append(place)
    return found
