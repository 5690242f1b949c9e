"""What every reactive figure is: scripts, networks and a still picture in one widget."""

import base64
import re
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from helpers.widgets.export import LIMIT, ExportError, export

__all__ = ["DigitFigure", "ReactiveFigure", "as_bytes", "joined_module", "style"]

_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.M)


def joined_module(name):
    """Return a figure's script with the scripts that it imports, as one module.

    A widget brings one module, and on a page opened as a file that module cannot
    import others. So they stand one after the other, each once.

    Parameters
    ----------
    name : str
        A file in this folder, such as ``"bottleneck.js"``. It and what it imports
        import only by lines of the form ``import { a, b } from "./file.js";``, and no two
        of them have a top-level name in common.

    Returns
    -------
    str
    """
    parts = {}

    def visit(name):
        text = (_HERE / name).read_text(encoding="utf-8")
        for imported in _IMPORT.findall(text):
            if imported not in parts:
                visit(imported)
        parts[name] = _IMPORT.sub("", text)

    visit(name)
    own = parts.pop(name)
    return "".join(re.sub(r"^export ", "", text, flags=re.M) for text in parts.values()) + own


def style(*names):
    """Return the look of all figures, and what a figure adds to it.

    Parameters
    ----------
    *names : str
        Files in this folder, such as ``"wipe.css"``.

    Returns
    -------
    str
    """
    files = ["kit.css", *names]
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in files)


def as_bytes(images):
    """Return images as bytes of gray, for a figure's script.

    Parameters
    ----------
    images : ndarray of float
        Any shape; 0 is paper, 1 is ink.

    Returns
    -------
    bytes
        One a pixel: 0 is paper, 255 is ink.

    Raises
    ------
    ValueError
        If `images` is empty, or a pixel is not in [0, 1].
    """
    x = np.asarray(images)
    if x.size == 0 or not np.all((x >= 0) & (x <= 1)):
        actual = "none" if x.size == 0 else f"some from {np.min(x)} to {np.max(x)}"
        raise ValueError(f"images: wanted pixels from 0 (paper) to 1 (ink), came {actual}")
    return np.rint(255 * x).astype(np.uint8).tobytes()


class ReactiveFigure(anywidget.AnyWidget):
    """A figure that answers the hand, in JupyterLab, in Colab and on a page without a kernel.

    A subclass names its script, ``_esm = joined_module("name.js")``, perhaps a style of its own,
    ``_css = style("name.css")``, and its traits.

    Parameters
    ----------
    networks : dict of str to keras.Model
        What the script runs; it finds them by these names.
    still : helpers.plots.Figure
        The same as a picture, with its alt text: for where no script runs.
    **traits
        Initial values of the subclass's traits.

    Raises
    ------
    ExportError
        If a network cannot be run by ``network.js``, or all together are too large.
    TypeError
        If `still` is not a figure with alt text.
    """

    _css = style()
    _networks = traitlets.List().tag(sync=True)
    _weights = traitlets.Bytes().tag(sync=True)

    def __init__(self, networks, still, **traits):
        if not getattr(still, "alt", ""):
            raise TypeError(f"still is {still!r}; wanted: a figure of helpers.plots, with alt text")
        self._still = still
        specs, weights = [], b""
        for name, network in networks.items():
            spec, part = export(network)
            start, weights = len(weights), weights + part
            specs.append({"name": str(name), "spec": spec, "start": start, "stop": len(weights)})
        if len(weights) > LIMIT:
            raise ExportError(
                f"{', '.join(map(str, networks))} have {len(weights):,} bytes of weights together; "
                f"a page loads at most {LIMIT:,}: show fewer or smaller networks"
            )
        super().__init__(_networks=specs, _weights=weights, **traits)

    def _repr_mimebundle_(self, **kwargs):
        """Show the widget; GitHub, and the page until its script runs, show the still picture."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["image/png"] = base64.b64encode(self._still.png()).decode()
        data["text/plain"] = self._still.alt
        about = {"alt": self._still.alt, "width": 600}
        return data, {**(metadata or {}), "image/png": about}

    def _ipython_display_(self, **kwargs):
        # ipywidgets 7, which Colab has, would show the widget by this method alone.
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)


class DigitFigure(ReactiveFigure):
    """A figure in which the reader chooses one of several digits, or draws one.

    Parameters
    ----------
    networks, still, **traits
        As in `ReactiveFigure`.
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink.

    Attributes
    ----------
    digit : int
        The place in `x` of the digit that is chosen, -1 for the reader's drawing. May be set.

    Raises
    ------
    ValueError
        If `x` has another shape or values outside [0, 1].
    """

    _examples = traitlets.Bytes().tag(sync=True)
    digit = traitlets.Int(0).tag(sync=True)

    def __init__(self, networks, still, x, **traits):
        super().__init__(networks, still, _examples=as_bytes(x), **traits)

    @staticmethod
    def _checked(x):
        """Return `x` as float32, or say what it is instead."""
        x = np.asarray(x, dtype=np.float32)
        if x.ndim != 2 or x.shape[1] != 784 or not len(x):
            raise ValueError(f"x has shape {x.shape}; wanted: (n, 784), n at least 1")
        return x

    @traitlets.validate("digit")
    def _is_a_digit(self, proposal):
        n = len(self._examples) // 784
        if not -1 <= proposal["value"] < max(n, 1):
            raise traitlets.TraitError(
                f"digit is {proposal['value']}; wanted: 0 to {n - 1}, or -1 for the drawing"
            )
        return proposal["value"]
