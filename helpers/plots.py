"""The figures that several chapters share: one look, one palette, alt text on each.

Every function returns a `Figure`, which a notebook shows when it is a cell's last
line. Figures are drawn 5 inches wide, so that their text is still read on a phone.
"""

import base64
import io
import math
import warnings
from numbers import Integral, Real

import matplotlib
import matplotlib.figure
import numpy as np
import PIL.Image

from helpers.words import say

GRAY = "gray_r"  # 0 is paper, 1 is ink
# Okabe and Ito's colours, told apart by readers with any colour vision.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# Paul Tol's "muted" ten for the ten digits; `codes` writes the digit beside its colour.
DIGIT_COLORS = (
    *("#332288", "#CC6677", "#117733", "#DDCC77", "#88CCEE"),
    *("#882255", "#44AA99", "#999933", "#AA4499", "#777777"),
)
WIDTH = 5.0  # inches
_TALLEST = 100.0  # inches: 20 pages, and 80 MB of pixels while it is drawn
_MOST = 2**28  # values in an array: 1 GB of float32, five times the images of MNIST
_LOWEST = 0.2  # inches, of a row of images: in less, matplotlib finds no room for it
_DPI = 200
_PAGE_WIDTH = 600  # CSS pixels; a phone scales it down
_STYLE = {
    "axes.grid": True,
    "axes.prop_cycle": matplotlib.cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.facecolor": "white",  # opaque: a dark page must not show through
    "font.size": 10,
    "grid.alpha": 0.3,
    "savefig.facecolor": "white",
}


class Figure(matplotlib.figure.Figure):
    """A matplotlib figure that carries its alt text into the notebook and the page.

    Attributes
    ----------
    alt : str
        What a reader who cannot see the figure should be told.
    """

    alt = ""

    def png(self):
        """Return the figure as PNG bytes."""
        drawn, stored = io.BytesIO(), io.BytesIO()
        with matplotlib.rc_context(_STYLE):
            self.savefig(drawn, format="png", dpi=_DPI)
        picture = PIL.Image.open(drawn).convert("RGB")
        gray = picture.convert("L")
        if gray.convert("RGB") == picture:
            # Digits in 32 grays look as they do in 256, and take two thirds of the bytes.
            picture = gray.point([round(round(v * 31 / 255) * 255 / 31) for v in range(256)])
        if not any(image.get_array().ndim == 3 for ax in self.axes for image in ax.images):
            # A palette of 128 colours stores a scatter of 10,000 points in a quarter of the
            # bytes. Of a photograph it would make patches: those keep all their colours.
            picture = picture.quantize(128, dither=PIL.Image.Dither.NONE)
        picture.save(stored, format="png", optimize=True)
        return stored.getvalue()

    def show(self, handle=None):
        """Show the figure in a notebook, once more or in place of another.

        Parameters
        ----------
        handle : IPython.display.DisplayHandle, optional
            What an earlier `show` returned: this figure takes that one's place.

        Returns
        -------
        IPython.display.DisplayHandle
        """
        from IPython.display import DisplayHandle

        handle, shown = handle or DisplayHandle(), handle is not None
        (handle.update if shown else handle.display)(
            {"image/png": base64.b64encode(self.png()).decode(), "text/plain": self.alt},
            raw=True,
            metadata={"image/png": {"alt": self.alt, "width": _PAGE_WIDTH}},
        )
        return handle

    def _ipython_display_(self):
        self.show()


def figure(alt, height, **subplots):
    """Start a figure of the book's width and look, for a drawing of a chapter's own.

    Parameters
    ----------
    alt : str
        Alt text: what the figure shows, in a sentence.
    height : float
        Height in inches, at most 100; the width is 5.
    **subplots
        Passed to `matplotlib.figure.Figure.subplots`: ``nrows``, ``ncols``, ...

    Returns
    -------
    Figure, Axes or array of Axes

    Raises
    ------
    ValueError
        If `alt` is empty, or `height` is not a number from 0 to 100.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(
            say("alt is {alt!r}; wanted: a sentence that tells what the figure shows", alt=alt)
        )
    if not isinstance(height, Real) or isinstance(height, bool) or not 0 < height <= _TALLEST:
        raise ValueError(
            say(
                "the figure's height is {height!r} inches; wanted: more than 0, at most {most:g}. "
                "Of images, draw fewer, or more of them side by side.",
                height=height,
                most=_TALLEST,
            )
        )
    with matplotlib.rc_context(_STYLE):
        fig = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = fig.subplots(**subplots)
    fig.alt = alt.strip()
    return fig, axes


def rows(images, *, alt, count=10):
    """Draw rows of images under each other: the same column, the same example.

    Parameters
    ----------
    images : dict of str to array-like
        Each row's name and its images, gray or in colour, of any size: (n, h, w),
        (n, h, w, 1), (n, h, w, 3), or (n, h * h) for square gray ones. Of gray images 0 is
        white and 1 is black, of colours 0 is dark and 1 is bright; what lies outside is
        shown as the nearer of the two. Integers are read as 0 to 255, unless all are 0 or
        1. Arrays and tensors of any library will do.
    alt : str
        Alt text.
    count : int
        Columns, at least 1: the first `count` images of each row, or all if there are fewer.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no row, a row has a shape that is no image, holds what is no finite
        number, or integers beyond 0 to 255; if the rows have different numbers of images;
        if `count` is no int from 1 on.

    Warns
    -----
    UserWarning
        If values lie far outside [0, 1]: below -1 or above 2.
    """
    _check_count("count", count)
    if not isinstance(images, dict):
        raise ValueError(
            say(
                "images is a {kind}; wanted: a dict of rows, such as {{'original': x}}, or "
                "plots.grid for images without names",
                kind=type(images).__name__,
            )
        )
    stacks = {}
    for name, x in images.items():
        stacks[name] = _as_images(name, x)[:count]
    lengths = {name: len(x) for name, x in stacks.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(
            say(
                "rows of {lengths} images; wanted: one row or more, all of one length",
                lengths=lengths,
            )
        )
    # Columns are equally wide in all rows, so a row is as tall as its images are.
    shapes = [x.shape for x in stacks.values()]
    cells = [max(WIDTH / n * h / w, _LOWEST) + 0.22 for n, h, w, *_ in shapes]
    fig, axes = figure(alt, sum(cells), nrows=len(cells), squeeze=False, height_ratios=cells)
    for ax, (name, x) in zip(axes[:, 0], stacks.items(), strict=True):
        # One picture a row: quicker to draw and smaller to store than n small ones.
        _show(ax, np.concatenate(list(_padded(x, (0, 0), (0, 0), (1, 1))), axis=1))
        ax.set_title(str(name), loc="left", pad=3)
    return fig


def reconstructions(x, x_hat, *, alt, count=10):
    """Draw originals over their reconstructions.

    Parameters
    ----------
    x, x_hat : array-like
        Originals and reconstructions, as `rows` takes them.
    alt : str
        Alt text.
    count : int
        How many pairs, at least 1.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        As `rows` does.
    """
    return rows({"original": x, "reconstruction": x_hat}, alt=alt, count=count)


def grid(images, *, alt, columns=10):
    """Draw images side by side in a grid.

    Parameters
    ----------
    images : array-like
        Images as a row of `rows` holds them.
    alt : str
        Alt text.
    columns : int
        Images in a line, at least 1; the last line may be shorter.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If `images` is empty, is no stack of images, or holds what is no finite number, or
        integers beyond 0 to 255; if `columns` is no int from 1 on.

    Warns
    -----
    UserWarning
        As `rows` does.
    """
    _check_count("columns", columns)
    x = _as_images("images", images)
    columns = min(int(columns), max(len(x), 10))  # a few images stay as small as in a full line
    lines = -(-len(x) // columns)
    x = _padded(x, (0, lines * columns - len(x)), (1, 1), (1, 1))
    _, h, w, *colours = x.shape
    sheet = x.reshape(lines, columns, h, w, *colours).swapaxes(1, 2)
    sheet = sheet.reshape(lines * h, columns * w, *colours)
    fig, ax = figure(alt, max(WIDTH * sheet.shape[0] / sheet.shape[1], _LOWEST))
    _show(ax, sheet)
    return fig


def curves(series, *, alt, ylabel, xlabel="epoch", levels=None, logx=False, logy=False, height=3.0):
    """Draw one curve per run: a loss over epochs, an error over sizes.

    Parameters
    ----------
    series : dict of str to (sequence or dict)
        Each curve's name and its values: a sequence is drawn over 1, 2, 3, ...
        (epochs); a dict of x to y is drawn over its keys, which are numbers, with a mark
        at each.
    alt : str
        Alt text.
    xlabel, ylabel : str
        Axis labels, with units.
    levels : dict of str to float, optional
        Horizontal lines to compare with, by name.
    logx, logy : bool
        Logarithmic axes. With `logx` each x that was measured is labelled.
    height : float
        Inches.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no curve, a curve is empty, or a value is no finite number; if a
        logarithmic axis would have to show 0 or less.
    """
    if not isinstance(series, dict) or not series:
        if series == {}:
            raise ValueError(say("series is empty; wanted: a dict of one curve or more, by name"))
        raise ValueError(
            say(
                "series is a {kind}; wanted: a dict of one curve or more, by name",
                kind=type(series).__name__,
            )
        )
    lines = {name: _as_curve(f"series[{name!r}]", values) for name, values in series.items()}
    if not isinstance(levels or {}, dict):
        raise ValueError(
            say("levels is a {kind}; wanted: a dict of lines, by name", kind=type(levels).__name__)
        )
    levels = {
        name: float(_as_numbers(f"levels[{name!r}]", y, ndim=0))
        for name, y in (levels or {}).items()
    }
    for log, which, values in (
        (logx, "x", [x for x, _ in lines.values()]),
        (logy, "y", [*(y for _, y in lines.values()), *levels.values()]),
    ):
        lowest = min(np.min(each) for each in values)
        if log and lowest <= 0:
            raise ValueError(
                say(
                    "{which} is {lowest:g} somewhere, and a logarithmic axis has no place for it; "
                    "leave such points out, or call without log{which}",
                    which=which,
                    lowest=lowest,
                )
            )
    fig, ax = figure(alt, height)
    for i, (name, (x, y)) in enumerate(lines.items()):
        marked = isinstance(series[name], dict) or len(y) == 1
        mark = "osD^vPX"[i % 7] if marked else None
        ax.plot(x, y, label=name, marker=mark, markersize=5, color=COLORS[i % len(COLORS)])
    measured = {x for values in series.values() if isinstance(values, dict) for x in values}
    if logx:
        ax.set_xscale("log")
    if logx and measured:
        ticks = sorted(measured)
        ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks], minor=False)
        ax.minorticks_off()
    elif not logx and not measured:
        ax.xaxis.get_major_locator().set_params(integer=True)  # there is no epoch 2.5
    for i, (name, y) in enumerate(levels.items()):
        dash = ("--", ":", "-.")[i % 3]
        ax.axhline(y, color="#555555", linestyle=dash, linewidth=1.2, label=name)
    if logy:
        ax.set_yscale("log")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(ax.lines) <= 4:
        ax.legend()
    else:  # a long list would lie on the curves
        fig.legend(loc="outside lower center", ncols=2)
    return fig


def codes(z, labels, *, alt, xlabel="first code unit", ylabel="second code unit", height=4.6):
    """Draw two-dimensional codes as points, coloured by digit.

    Parameters
    ----------
    z : array-like of shape (n, 2)
        Codes, or any map of the data in two dimensions; n is at least 1.
    labels : array-like of shape (n,) or (n, 1)
        The digit, 0 to 9, of each point; 3.0 is a 3. Each digit is also written at the
        middle (median) of its points.
    alt : str
        Alt text.
    xlabel, ylabel : str
        Axis labels.
    height : float
        Inches.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no point, a code is no finite number or a label
        is not 0 to 9.
    """
    z, labels = _as_numbers("z", z), _as_numbers("labels", labels)
    if z.ndim != 2 or z.shape[1] != 2 or not len(z):
        raise ValueError(
            say(
                "z is {shape}; wanted: (n, 2), n at least 1. Choose two columns, such as z[:, "
                ":2], or map the codes to two dimensions, by PCA for example.",
                shape=z.shape,
            )
        )
    if labels.shape == (len(z), 10):
        raise ValueError(
            say(
                "labels are {shape}, one-hot it seems; wanted: ({n},), the digits themselves: "
                "np.argmax(labels, axis=1)",
                shape=labels.shape,
                n=len(z),
            )
        )
    if labels.shape not in ((len(z),), (len(z), 1)):
        raise ValueError(
            say(
                "labels are {shape}; wanted: ({n},), one for each point of z",
                shape=labels.shape,
                n=len(z),
            )
        )
    labels = labels.reshape(-1)
    if labels.dtype == bool or not np.isin(labels, range(10)).all():
        odd = np.unique(labels[~np.isin(labels, range(10)) | (labels.dtype == bool)])
        raise ValueError(say("labels hold {odd}; wanted: digits 0 to 9", odd=odd[:5]))
    labels = labels.astype(int)
    fig, ax = figure(alt, height)
    ax.scatter(*z.T, c=np.asarray(DIGIT_COLORS)[labels], s=4, alpha=0.6, linewidths=0)
    for digit in np.unique(labels):
        ax.text(
            *np.median(z[labels == digit], axis=0),
            str(digit),
            fontsize=12,
            fontweight="bold",
            ha="center",
            va="center",
            bbox={"boxstyle": "circle,pad=0.2", "fc": "white", "ec": DIGIT_COLORS[digit], "lw": 2},
        )
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return fig


def _check_count(name, n):
    if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
        raise ValueError(say("{name} is {n!r}; wanted: an int, at least 1", name=name, n=n))


def _as_numbers(name, x, ndim=None):
    """Return `x` as an array of finite numbers or booleans, or say what it is instead."""
    if hasattr(x, "detach"):  # a tensor of PyTorch's: NumPy reads neither its gradient nor a GPU
        x = x.detach().cpu()
    try:
        x = np.asarray(x)
        if x.dtype == np.longdouble:  # more than matplotlib draws
            x = x.astype(float)
        if x.dtype.kind == "V":  # bfloat16, which NumPy does not know
            x = x.astype(np.float32)
        if x.dtype == object and all(isinstance(value, Real) for value in x.flat):
            x = x.astype(float)
    except Exception as why:  # each library has its own for ragged and symbolic tensors
        raise ValueError(
            say(
                "{name} is no array of numbers ({kind}: {why}); wanted: what np.asarray can turn "
                "into one, each part as long as the others",
                name=name,
                kind=type(why).__name__,
                why=why,
            )
        ) from None
    if x.dtype.kind not in "biuf":
        actual = next((value for value in x.flat if not isinstance(value, Real)), "nothing")
        actual = f"{actual!r:.50}"
        raise ValueError(
            say(
                "{name} holds {actual}; wanted: numbers (an array of ints or floats)",
                name=name,
                actual=actual,
            )
        )
    if x.size > _MOST:
        raise ValueError(
            say(
                "{name} has {n:,} values; at most {most:,} are drawn: choose some, such as x[:100]",
                name=name,
                n=x.size,
                most=_MOST,
            )
        )
    if ndim is not None and x.ndim != ndim:
        if ndim:
            raise ValueError(
                say("{name} has shape {shape}; wanted: (n,)", name=name, shape=x.shape)
            )
        raise ValueError(
            say("{name} has shape {shape}; wanted: one number", name=name, shape=x.shape)
        )
    if not np.isfinite(x).all():
        odd = np.unique(x[~np.isfinite(x)])
        raise ValueError(
            say(
                "{name} holds {odd}; wanted: finite numbers",
                name=name,
                odd=", ".join(map(str, odd)),
            )
        )
    return x


def _as_curve(name, values):
    """Return x and y of a curve, or say what came instead."""
    if not isinstance(values, dict):
        y = _as_numbers(name, values, ndim=1).astype(float)
        x = np.arange(1, len(y) + 1)
    else:
        x = _as_numbers(say("{name}: its keys, the x,", name=name), list(values), ndim=1)
        y = _as_numbers(name, list(values.values()), ndim=1).astype(float)
    if not len(y):
        raise ValueError(say("{name} is empty; wanted: at least one value", name=name))
    return x, y


def _as_images(name, x):
    """Return `x` as (n, h, w) or (n, h, w, 3), from 0 to 1, or say what it is instead."""
    x = _as_numbers(name, x)
    if x.ndim == 4 and x.shape[-1] == 1:
        x = x[..., 0]
    if x.ndim == 2 and math.isqrt(x.shape[1]) ** 2 == x.shape[1]:
        side = math.isqrt(x.shape[1])
        x = x.reshape(-1, side, side)
    if not (x.ndim == 3 or (x.ndim == 4 and x.shape[-1] == 3)) or x.size == 0:
        what = say(
            "{name} has shape {shape}; wanted: (n, h, w), (n, h, w, 1), (n, h, w, 3) or, for "
            "square images, (n, h * h), n at least 1",
            name=name,
            shape=x.shape,
        )
        hint = _hint(x.shape)
        raise ValueError(f"{what}. {hint}" if hint else what)
    low, high = x.min(), x.max()
    if x.dtype == bool or (x.dtype.kind in "iu" and 0 <= low and high <= 1):
        return x.astype(np.float32)  # a mask
    if x.dtype.kind in "iu":
        if low < 0 or high > 255:
            raise ValueError(
                say(
                    "{name} holds integers from {low} to {high}; wanted: 0 to 255, or floats from "
                    "0 to 1",
                    name=name,
                    low=low,
                    high=high,
                )
            )
        return x.astype(np.float32) / np.float32(255)
    if low < -1 or high > 2:
        scale = (
            say("divide by {high:g}", high=high)
            if low >= 0
            else "(x - x.min()) / (x.max() - x.min())"
        )
        warnings.warn(
            say(
                "{name} runs from {low:g} to {high:g}; drawn is 0 to 1, and what lies outside as "
                "the nearer of the two. Scale it first: {scale}, for example.",
                name=name,
                low=low,
                high=high,
                scale=scale,
            ),
            stacklevel=3,
        )
    return x


def _hint(shape):
    """Return what to do about a shape that is nearly one of images, in a sentence."""
    if len(shape) == 4 and shape[1] in (1, 3):
        return say("Are the channels first? np.moveaxis(x, 1, -1) puts them last.")
    if len(shape) == 4 and shape[-1] == 4:
        return say("Is the fourth channel opacity? Leave it out: x[..., :3].")
    if len(shape) == 2 and shape[1]:
        return say("Rows of {n} pixels are no square: reshape them to (n, h, w).", n=shape[1])
    return ""


def _padded(x, *widths):
    """Put paper around images: `widths` go before and after along the first axes."""
    colours = [(0, 0)] * (x.ndim - len(widths))
    return np.pad(x, [*widths, *colours], constant_values=1 if colours else 0)


def _show(ax, picture):
    # Of colours, imshow takes no range: it cuts them off itself, and says so.
    picture = np.clip(picture, 0, 1)
    ax.imshow(picture, cmap=GRAY, vmin=0, vmax=1, interpolation="nearest", aspect="equal")
    ax.set_axis_off()
