""" "Cleaning documents": a page before and after, with a line between the two that the reader moves."""

import io

import numpy as np
import traitlets
from PIL import Image

from helpers import plots
from helpers.widgets.figure import ReactiveFigure, joined_module, style
from helpers.words import say

__all__ = ["Wipe"]

_GRAYS = 24  # enough for the eye, and a third of the bytes of 256


class Wipe(ReactiveFigure):
    """Move a line over a page: left of it the page before, right of it the page after.

    Parameters
    ----------
    pages : dict of str to dict of str to ndarray
        For each page its views by name, (height, width), from 0 (black) to 1 (white): first
        the page before, last what is true, between them what somebody made of it. All
        pages have views of the same names.
    alt : str, optional
        Alt text of the still picture, which shows the first page with the line in its middle.

    Attributes
    ----------
    page : str
        The page that is shown. May be set.
    right : str
        The view right of the line; at first the second. May be set.
    line : int
        Where the line is, in percent of the width, 0 to 100. May be set.
    rmse : dict of str to dict of str to float
        For each page, the root mean squared error of each view against the last.

    Raises
    ------
    ValueError
        If a page has other views than the first page, or views of different shapes, or values
        outside [0, 1].
    TraitError
        If a page, a view or a place is set that is not there.
    """

    _esm = joined_module("wipe.js")
    _css = style("wipe.css")
    _pages = traitlets.List().tag(sync=True)
    _pictures = traitlets.Bytes().tag(sync=True)
    page = traitlets.Unicode().tag(sync=True)
    right = traitlets.Unicode().tag(sync=True)
    line = traitlets.Int(50).tag(sync=True)

    def __init__(self, pages, alt=None):
        if not pages:
            raise ValueError(say("pages is empty; wanted: at least one, by name"))
        listed, pictures, names = [], b"", list(next(iter(pages.values())))
        for name, views in pages.items():
            _check(name, views, names)
            *_, true = views.values()
            listed.append({"name": name, "views": []})
            listed[-1]["height"], listed[-1]["width"] = true.shape
            for view, page in views.items():
                error = float(np.sqrt(np.mean(np.square(page - true, dtype=float))))
                start, pictures = len(pictures), pictures + _png(page)
                about = {"name": view, "rmse": error, "start": start, "stop": len(pictures)}
                listed[-1]["views"].append(about)
        (first, views), *_ = pages.items()
        still = _still(
            *list(views.values())[:2],
            alt
            or say(
                "A part of a page ({first}). Left of an orange line: {left}; right of it, where "
                "the text goes on: {right}.",
                first=first,
                left=names[0],
                right=names[1],
            ),
        )
        super().__init__({}, still, _pages=listed, _pictures=pictures, page=first, right=names[1])

    @property
    def rmse(self):
        return {
            page["name"]: {view["name"]: view["rmse"] for view in page["views"]}
            for page in self._pages
        }

    @traitlets.validate("page", "right")
    def _is_there(self, proposal):
        pages = [page["name"] for page in self._pages]
        views = [view["name"] for page in self._pages[:1] for view in page["views"][1:]]
        name, known = proposal["trait"].name, {"page": pages, "right": views}
        if proposal["value"] not in known[name]:
            raise traitlets.TraitError(
                say(
                    "{name} is {value!r}; wanted: {there}",
                    name=name,
                    value=proposal["value"],
                    there=", ".join(known[name]),
                )
            )
        return proposal["value"]

    @traitlets.validate("line")
    def _is_on_the_page(self, proposal):
        if not 0 <= proposal["value"] <= 100:
            raise traitlets.TraitError(
                say("line is {value}; wanted: 0 to 100 (percent)", value=proposal["value"])
            )
        return proposal["value"]


def _check(name, views, names):
    if list(views) != names or len(names) < 2:
        raise ValueError(
            say(
                "page {name!r} has the views {views}; wanted: two or more, the same for each page "
                "({names})",
                name=name,
                views=", ".join(views) or say("none"),
                names=", ".join(names),
            )
        )
    shapes = {view: np.shape(page) for view, page in views.items()}
    if len(set(shapes.values())) > 1 or len(shapes[names[0]]) != 2 or 0 in shapes[names[0]]:
        raise ValueError(
            say(
                "page {name!r} has views of shapes {shapes}; wanted: one, (height, width)",
                name=name,
                shapes=shapes,
            )
        )
    for view, page in views.items():
        if not np.all((page >= 0) & (page <= 1)):
            raise ValueError(
                say(
                    "page {name!r}, {view}: pixels from {low} to {high}; wanted: 0 (black) to 1 "
                    "(white)",
                    name=name,
                    view=view,
                    low=np.min(page),
                    high=np.max(page),
                )
            )


def _png(page):
    """Return a page as the bytes of a PNG with few grays."""
    grays = Image.fromarray(np.rint((_GRAYS - 1) * page).astype(np.uint8), "P")
    grays.putpalette([round(255 * i / (_GRAYS - 1)) for i in range(_GRAYS) for _ in "rgb"])
    stored = io.BytesIO()
    grays.save(stored, format="png", optimize=True)
    return stored.getvalue()


def _still(before, after, alt):
    height, width = before.shape
    middle = round(width / 2)
    fig, ax = plots.figure(alt, plots.WIDTH * height / width)
    mixed = np.concatenate([before[:, :middle], after[:, middle:]], axis=1)
    grays = np.round((_GRAYS - 1) * mixed) / (_GRAYS - 1)
    ax.imshow(grays, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.axvline(middle - 0.5, color=plots.COLORS[1], linewidth=1.5)
    ax.set_axis_off()
    return fig
