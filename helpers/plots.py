"""The figures that several chapters share: one look, one palette, alt text on each.

Every function returns a `Figure`, which a notebook shows when it is a cell's last
line. Figures are drawn 5 inches wide, so that their text is still read on a phone.
"""

import base64
import io

import matplotlib
import matplotlib.figure
import numpy as np
import PIL.Image

GRAY = "gray_r"  # 0 is paper, 1 is ink
# Okabe and Ito's colours, told apart by readers with any colour vision.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# Paul Tol's "muted" ten for the ten digits; `codes` writes the digit beside its colour.
DIGIT_COLORS = (
    *("#332288", "#CC6677", "#117733", "#DDCC77", "#88CCEE"),
    *("#882255", "#44AA99", "#999933", "#AA4499", "#777777"),
)
WIDTH = 5.0  # inches
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
        # A palette of 128 colours stores a scatter of 10,000 points in a quarter of the bytes.
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
        Height in inches; the width is 5.
    **subplots
        Passed to `matplotlib.figure.Figure.subplots`: ``nrows``, ``ncols``, ...

    Returns
    -------
    Figure, Axes or array of Axes

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt is {alt!r}; wanted: a sentence that tells what the figure shows")
    with matplotlib.rc_context(_STYLE):
        fig = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = fig.subplots(**subplots)
    fig.alt = alt.strip()
    return fig, axes


def rows(images, *, alt, count=10):
    """Draw rows of images under each other: the same column, the same example.

    Parameters
    ----------
    images : dict of str to ndarray
        Each row's name and its images: (n, h, w), (n, h, w, 1), or (n, h * h) for
        square ones. Values are shown from 0 (white) to 1 (black); what lies outside
        is shown as the nearer of the two.
    alt : str
        Alt text.
    count : int
        Columns: the first `count` images of each row, or all if there are fewer.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no row, a row has a shape that is no image, holds NaN, or the
        rows have different numbers of images.
    """
    stacks = {name: _as_images(name, x)[:count] for name, x in images.items()}
    lengths = {name: len(x) for name, x in stacks.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"rows of {lengths} images; wanted: one row or more, all of one length")
    n = max(lengths.values())
    height, width = next(iter(stacks.values())).shape[1:]
    cell = WIDTH / n * height / width
    fig, axes = figure(alt, len(stacks) * (cell + 0.22), nrows=len(stacks), ncols=1, squeeze=False)
    for ax, (name, x) in zip(axes[:, 0], stacks.items(), strict=True):
        # One picture a row: quicker to draw and smaller to store than n small ones.
        strip = np.concatenate(list(np.pad(x, ((0, 0), (0, 0), (1, 1)))), axis=1)
        _show(ax, strip)
        ax.set_title(name, loc="left", pad=3)
    return fig


def reconstructions(x, x_hat, *, alt, count=10):
    """Draw originals over their reconstructions.

    Parameters
    ----------
    x, x_hat : ndarray
        Originals and reconstructions, as `rows` takes them.
    alt : str
        Alt text.
    count : int
        How many pairs.

    Returns
    -------
    Figure
    """
    return rows({"original": x, "reconstruction": x_hat}, alt=alt, count=count)


def grid(images, *, alt, columns=10):
    """Draw images side by side in a grid.

    Parameters
    ----------
    images : ndarray
        (n, h, w), (n, h, w, 1) or, for square images, (n, h * h); shown from 0
        (white) to 1 (black).
    alt : str
        Alt text.
    columns : int
        Images in a line; the last line may be shorter.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If `images` is empty, is no stack of images, or holds NaN.
    """
    x = _as_images("images", images)
    lines = -(-len(x) // columns)
    x = np.pad(x, ((0, lines * columns - len(x)), (1, 1), (1, 1)))
    _, h, w = x.shape
    sheet = x.reshape(lines, columns, h, w).swapaxes(1, 2).reshape(lines * h, columns * w)
    fig, ax = figure(alt, WIDTH * sheet.shape[0] / sheet.shape[1])
    _show(ax, sheet)
    return fig


def curves(series, *, alt, ylabel, xlabel="epoch", levels=None, logx=False, logy=False, height=3.0):
    """Draw one curve per run: a loss over epochs, an error over sizes.

    Parameters
    ----------
    series : dict of str to (sequence or dict)
        Each curve's name and its values: a sequence is drawn over 1, 2, 3, ...
        (epochs); a dict of x to y is drawn over its keys, with a mark at each.
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
        If there is no curve, or a value is not finite.
    """
    if not series:
        raise ValueError("series is empty; wanted: at least one curve")
    fig, ax = figure(alt, height)
    for i, (name, values) in enumerate(series.items()):
        measured = isinstance(values, dict)
        x = list(values) if measured else range(1, len(values) + 1)
        y = np.asarray(list(values.values()) if measured else values, dtype=float)
        if not np.isfinite(y).all():
            raise ValueError(f"series[{name!r}] holds {y[~np.isfinite(y)]}; wanted: finite numbers")
        mark = "osD^vPX"[i % 7] if measured or len(y) == 1 else None
        ax.plot(x, y, label=name, marker=mark, markersize=5, color=COLORS[i % len(COLORS)])
        if logx and measured:
            ax.set_xscale("log")
            ax.set_xticks(x, [f"{tick:,}" for tick in x], minor=False)
            ax.minorticks_off()
    if not any(isinstance(values, dict) for values in series.values()):
        ax.xaxis.get_major_locator().set_params(integer=True)  # there is no epoch 2.5
    for i, (name, y) in enumerate((levels or {}).items()):
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
    z : ndarray of shape (n, 2)
        Codes, or any map of the data in two dimensions.
    labels : ndarray of shape (n,), int
        The digit, 0 to 9, of each point. Each digit is also written at the middle
        (median) of its points.
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
        If the shapes do not fit, a code is not finite or a label is not 0 to 9.
    """
    z, labels = np.asarray(z), np.asarray(labels)
    if z.ndim != 2 or z.shape[1] != 2 or labels.shape != (len(z),):
        raise ValueError(f"z is {z.shape}, labels {labels.shape}; wanted: (n, 2) and (n,)")
    if not np.isfinite(z).all():
        raise ValueError("z holds NaN or infinity; wanted: finite codes")
    if not np.isin(labels, range(10)).all():
        raise ValueError(f"labels hold {np.setdiff1d(labels, range(10))}; wanted: digits 0 to 9")
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


def _as_images(name, x):
    """Return `x` as (n, h, w), or say what it is instead."""
    x = np.asarray(x)
    if x.ndim == 4 and x.shape[-1] == 1:
        x = x[..., 0]
    if x.ndim == 2 and round(x.shape[1] ** 0.5) ** 2 == x.shape[1]:
        side = round(x.shape[1] ** 0.5)
        x = x.reshape(-1, side, side)
    if x.ndim != 3 or x.size == 0:
        raise ValueError(
            f"{name} has shape {x.shape}; wanted: (n, h, w), (n, h, w, 1) or (n, h * h), n >= 1"
        )
    if np.isnan(x).any():
        raise ValueError(f"{name} holds NaN; wanted: numbers, shown from 0 to 1")
    return x


def _show(ax, picture):
    ax.imshow(picture, cmap=GRAY, vmin=0, vmax=1, interpolation="nearest", aspect="equal")
    ax.set_axis_off()
