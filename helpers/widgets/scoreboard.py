""" "The scoreboard": every network of the book, to sort and to compare."""

import math

import traitlets

from helpers import plots
from helpers.widgets.figure import ReactiveFigure, joined_module, style
from helpers.words import say

__all__ = ["Scoreboard"]

#: What can be sorted by: whether less is better, and the decimals that are shown.
_COLUMNS = {
    "bce": (True, 4),
    "code": (True, 0),
    "parameters": (True, 0),
    "mse": (True, 4),
    "psnr": (False, 2),
    "ssim": (False, 3),
    "elbo": (False, 1),
    "seconds": (True, 0),
}
_EXACT = ("code", "parameters")
_MEASURED = [name for name in _COLUMNS if name not in _EXACT]


class Scoreboard(ReactiveFigure):
    """Sort networks by any column, see the column against the size of the code, and choose one.

    Parameters
    ----------
    networks : list of dict
        A row each: ``name`` (str), ``code`` and ``parameters`` (int), ``noisy`` (bool:
        noisy images go in), and for each of ``bce``, ``mse``, ``psnr``, ``ssim``, ``elbo`` and
        ``seconds`` a list of its mean, least and most over the seeds,
        or None where there is none (``elbo``). No two of the same name.
    pca : list of dict
        The rival, a row for each size of the code: ``code`` and the first four measures as
        floats.

    Attributes
    ----------
    column : str
        What the table is sorted by, and the chart shows if it was measured. May be set.
    chosen : str
        The name of the network that is marked. May be set.
    order : list of str
        The names from top to bottom. Computed by the figure: empty until it is shown.

    Raises
    ------
    ValueError
        If a row lacks something, two have one name, or there is none.
    TraitError
        If `column` or `chosen` is none of those that there are.
    """

    _esm = joined_module("scoreboard.js")
    _css = style("scoreboard.css")
    _columns = traitlets.List().tag(sync=True)
    _rows = traitlets.List().tag(sync=True)
    _pca = traitlets.List().tag(sync=True)
    column = traitlets.Unicode("bce").tag(sync=True)
    chosen = traitlets.Unicode().tag(sync=True)
    order = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, networks, pca):
        rows = [_checked(network) for network in networks]
        names = [row["name"] for row in rows]
        if not rows or len(set(names)) < len(names):
            raise ValueError(
                say(
                    "networks: wanted at least one, each with its own name, came {names}",
                    names=names,
                )
            )
        rivals = [_check_finite(row, ["code", "bce", "mse", "psnr", "ssim"], "PCA") for row in pca]
        headings = _headings()
        columns = [
            {"key": key, "words": headings[key], "less": less, "digits": digits}
            for key, (less, digits) in _COLUMNS.items()
        ]
        super().__init__(
            {}, _still(rows, rivals), _columns=columns, _rows=rows, _pca=rivals, chosen=names[0]
        )

    @traitlets.validate("column")
    def _is_a_column(self, proposal):
        if proposal["value"] not in _COLUMNS:
            raise traitlets.TraitError(
                say(
                    "column is {value!r}; there are {there}",
                    value=proposal["value"],
                    there=list(_COLUMNS),
                )
            )
        return proposal["value"]

    @traitlets.validate("chosen")
    def _is_there(self, proposal):
        names = [row["name"] for row in self._rows]
        if names and proposal["value"] not in names:
            raise traitlets.TraitError(
                say("chosen is {value!r}; there are {names}", value=proposal["value"], names=names)
            )
        return proposal["value"]


def _headings():
    """Return the words of each column."""
    return {
        "bce": say("BCE per pixel"),
        "code": say("numbers in the code"),
        "parameters": say("parameters"),
        "mse": say("MSE per pixel"),
        "psnr": say("PSNR (dB)"),
        "ssim": say("SSIM"),
        "elbo": say("ELBO (nats)"),
        "seconds": say("seconds of training"),
    }


def _check_finite(row, names, what):
    """Return the numbers of a row, or say which is missing."""
    numbers = {name: row.get(name) for name in names}
    for name, value in numbers.items():
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(
                say(
                    "{what}: {name} is {value!r}; wanted: a finite number",
                    what=what,
                    name=name,
                    value=value,
                )
            )
    return numbers


def _checked(network):
    """Return a row as the script wants it, or say what is wrong with it."""
    name = network.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError(say("a network's name is {name!r}; wanted: words", name=name))
    row = {"name": name, "noisy": bool(network.get("noisy"))} | _check_finite(network, _EXACT, name)
    for measure in _MEASURED:
        values = network.get(measure)
        if values is None and measure == "elbo":
            row[measure] = None
            continue
        if values is None or len(values) != 3:
            raise ValueError(
                say(
                    "{name}: {measure} is {values!r}; wanted: mean, least, most",
                    name=name,
                    measure=measure,
                    values=values,
                )
            )
        numbers = dict(zip(["mean", "least", "most"], map(float, values), strict=True))
        row[measure] = list(_check_finite(numbers, numbers, f"{name}, {measure}").values())
    return row


def _still(rows, pca):
    """Draw the error of all networks against the size of their codes."""
    fig, ax = plots.figure(
        say(
            "Test error of {n} networks of the book against the size of their codes, a mark each, "
            "on a logarithmic axis; networks that see clean images and networks that see noisy "
            "ones have different marks. A line shows PCA: most marks of clean images lie below it.",
            n=len(rows),
        ),
        height=3.6,
    )
    for noisy, marker, words in [(False, "o", "network"), (True, "s", "from noisy images")]:
        group = [row for row in rows if row["noisy"] == noisy]
        if not group:
            continue
        ax.plot(
            [row["code"] for row in group],
            [row["bce"][0] for row in group],
            marker,
            color=plots.COLORS[int(noisy)],
            label=words,
        )
    ax.plot(
        [row["code"] for row in pca],
        [row["bce"] for row in pca],
        "--",
        color=plots.COLORS[2],
        label="PCA",
    )
    ax.set(xscale="log", xlabel="numbers in the code", ylabel="test error (BCE per pixel)")
    ax.xaxis.set_major_formatter("{x:,g}")
    ax.legend()
    return fig
