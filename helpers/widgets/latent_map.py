""" "The latent space": maps of codes, and on them the digits whose codes are nearest."""

import io

import numpy as np
import PIL.Image
import traitlets
from sklearn.neighbors import NearestNeighbors

from helpers import plots
from helpers.widgets.figure import ReactiveFigure, joined_module, style
from helpers.words import say

__all__ = ["LatentMap"]

_NEAREST = 5  # codes that are shown beside the chosen one
_NEAR = 20  # a digit is near another on a map if it is among this many nearest
_COLUMNS = 40  # of the sheet that holds all pictures


class LatentMap(ReactiveFigure):
    """Move over a map of codes, and see where it puts the digits whose codes are nearest.

    Parameters
    ----------
    maps : dict of str to ndarray, shape (n, 2)
        One or more maps of the codes, by name.
    z : ndarray of float, shape (n, d)
        The codes; n at least 21.
    x : ndarray of float, shape (n, 784)
        Their digits, 0 paper to 1 ink.
    labels : ndarray of int, shape (n,)
        What the digits are, 0 to 9.

    Attributes
    ----------
    digit : int
        The place in `x` of the digit that is chosen; at first the one of which the first map
        keeps the fewest neighbours. May be set.
    map : str
        The map that is shown, one of the keys of `maps`. May be set.
    neighbours : list of int
        The five digits with the nearest codes, the nearest first. Told by the figure, so it is
        empty until the figure is shown.
    nearest : ndarray of int, shape (n, 5)
        Such neighbours of every digit.
    near : dict of str to ndarray of bool, shape (n, 5)
        For each map, which of them are near on it too: among the digit's 20 nearest there.

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite or out of its range, or there is no map.
    """

    _esm = joined_module("latent_map.js")
    _css = style("latent_map.css")
    _maps = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _places = traitlets.Bytes().tag(sync=True)  # (maps, n, 2), uint16
    _labels = traitlets.Bytes().tag(sync=True)  # (n,), uint8
    _neighbours = traitlets.Bytes().tag(sync=True)  # (n, 5), uint16
    _near = traitlets.Bytes().tag(sync=True)  # (maps, n, 5), uint8: 1 is near on the map
    _pictures = traitlets.Bytes().tag(sync=True)
    digit = traitlets.Int(0).tag(sync=True)
    map = traitlets.Unicode().tag(sync=True)
    neighbours = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, maps, z, x, labels):
        maps = {str(name): np.asarray(points) for name, points in maps.items()}
        z, x, labels = np.asarray(z), np.asarray(x), np.asarray(labels)
        _check(maps, z, x, labels)
        nearest = NearestNeighbors(n_neighbors=_NEAREST).fit(z).kneighbors()[1]
        near = np.array([_are_near(points, nearest) for points in maps.values()])
        first, points = next(iter(maps.items()))
        digit = int(near[0].sum(axis=1).argmin())
        still = plots.codes(
            points,
            labels,
            xlabel="first axis of the map",
            ylabel="second axis of the map",
            alt=say(
                "A map of {n:,} codes, {first}, coloured by digit. From one digit, a {label}, "
                "lines lead to the {nearest} digits whose codes are nearest; {kept} of them are "
                "near on the map too.",
                n=len(x),
                first=first,
                label=labels[digit],
                nearest=_NEAREST,
                kept=near[0, digit].sum(),
            ),
        )
        (ax,) = still.axes
        for neighbour in nearest[digit]:
            ax.plot(*points[[digit, neighbour]].T, "o-", color="black", markersize=5)
        super().__init__(
            {},
            still,
            _maps=list(maps),
            _places=np.array([_in_square(points) for points in maps.values()]).tobytes(),
            _labels=labels.astype(np.uint8).tobytes(),
            _neighbours=nearest.astype(np.uint16).tobytes(),
            _near=near.astype(np.uint8).tobytes(),
            _pictures=_sheet(x),
            digit=digit,
            map=first,
        )
        self.nearest, self.near = nearest, dict(zip(maps, near, strict=True))

    @traitlets.validate("digit")
    def _is_a_digit(self, proposal):
        n = len(self._labels)
        if not 0 <= proposal["value"] < max(n, 1):
            raise traitlets.TraitError(
                say("digit is {value}; wanted: 0 to {last}", value=proposal["value"], last=n - 1)
            )
        return proposal["value"]

    @traitlets.validate("map")
    def _is_a_map(self, proposal):
        if proposal["value"] not in self._maps:
            raise traitlets.TraitError(
                say(
                    "map is {value!r}; there are {there}", value=proposal["value"], there=self._maps
                )
            )
        return proposal["value"]


def _check(maps, z, x, labels):
    """Say what does not fit."""
    n = len(labels)
    if not maps:
        raise ValueError(say("maps is empty; wanted: at least one map of the codes, by name"))
    expected = {"z": (z, f"({n}, d)", z.ndim == 2), "x": (x, f"({n}, 784)", x.shape[1:] == (784,))}
    for name, points in maps.items():
        expected[f"maps[{name!r}]"] = (points, f"({n}, 2)", points.shape[1:] == (2,))
    for name, (values, shape, fits) in expected.items():
        if not fits or len(values) != n:
            raise ValueError(
                say(
                    "{name} has shape {shape}; wanted: {expected}",
                    name=name,
                    shape=values.shape,
                    expected=shape,
                )
            )
        if not np.isfinite(values).all():
            raise ValueError(say("{name} holds NaN or infinity; wanted: finite numbers", name=name))
    if n <= _NEAR:
        raise ValueError(say("x holds {n} digits; wanted: more than {near}", n=n, near=_NEAR))
    if x.min() < 0 or x.max() > 1:
        raise ValueError(
            say(
                "x goes from {low} to {high}; wanted: 0 (paper) to 1 (ink)",
                low=x.min(),
                high=x.max(),
            )
        )
    if not np.isin(labels, range(10)).all():
        raise ValueError(
            say("labels hold {odd}; wanted: digits 0 to 9", odd=np.setdiff1d(labels, range(10)))
        )


def _are_near(points, nearest):
    """For each digit and each of its neighbours: are they near on the map?"""
    on_map = NearestNeighbors(n_neighbors=_NEAR).fit(points).kneighbors()[1]
    return (nearest[:, :, None] == on_map[:, None, :]).any(axis=2)


def _in_square(points):
    """Return a map that fills a square of 65,535 units, its two axes in the same measure."""
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(float((high - low).max()), 1e-9)
    return np.rint(65535 * (0.5 + (points - (low + high) / 2) / side)).astype(np.uint16)


def _sheet(x):
    """Return all pictures as one PNG in 16 shades: black, and where there is no ink clear."""
    lines = -(-len(x) // _COLUMNS)
    ink = np.zeros((lines * _COLUMNS, 28, 28), np.uint8)
    ink[: len(x)] = np.rint(15 * x).reshape(-1, 28, 28)
    ink = ink.reshape(lines, _COLUMNS, 28, 28).swapaxes(1, 2).reshape(lines * 28, _COLUMNS * 28)
    sheet, stored = PIL.Image.fromarray(ink).convert("P"), io.BytesIO()
    sheet.putdata(ink.ravel())
    sheet.putpalette(16 * [0, 0, 0])
    sheet.save(stored, "PNG", bits=4, optimize=True, transparency=bytes(range(0, 256, 17)))
    return stored.getvalue()
