"""What every reactive figure is: scripts, networks and a still picture in one widget."""

import base64
import json
import re
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from helpers.widgets.export import LIMIT, ExportError, export
from helpers.words import say

__all__ = [
    "DigitFigure",
    "ReactiveFigure",
    "as_bytes",
    "joined_module",
    "messages_of",
    "parts_of",
    "style",
]

_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";$', re.M)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|const) ([\w$]+))", re.M)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.M)
_SAID = re.compile(r'\bsay\(\s*"((?:[^"\\]|\\.)*)"')
_PART = re.compile(r'^\$parts\["([\w-]+\.js)"\] = .*?^\}\)\(\);\n(?=\$parts|export )', re.M | re.S)


def joined_module(name, folder=_HERE):
    """Return a figure's script with the scripts that it imports, as one module.

    A widget brings one module, and on a page opened as a file that module cannot import
    others. So the files stand one after the other, each once and each in a function of its own,
    which returns what the file exports. A file sees of another only what it imports.

    Parameters
    ----------
    name : str
        A file, such as ``"bottleneck.js"``. It and what it imports import only by
        ``import { a, b } from "./file.js";`` and export only by ``export function``, ``export
        const`` and ``export default``.
    folder : pathlib.Path, optional
        Where the files are; by default the folder of the figures.

    Returns
    -------
    str

    Raises
    ------
    FileNotFoundError
        If an imported file is not there.
    ImportError
        If a file imports what another does not export, or itself through others, or if it
        imports or exports in another way than these.
    """
    parts, exports = {}, {}

    def visit(name, importers=()):
        if name in importers:
            chain = " imports ".join([*importers, name])
            raise ImportError(f"{chain}: move what they share into a file of its own")
        if name in parts:
            return
        text = (folder / name).read_text(encoding="utf-8")
        text = re.sub(r"^export default ", "export const $default = ", text, flags=re.M)
        exports[name] = [exported for _, exported in _EXPORT.findall(text)]

        def bind(match):
            names, source = match.groups()
            visit(source, (*importers, name))
            for imported in filter(None, map(str.strip, names.split(","))):
                if imported not in exports[source]:
                    raise ImportError(
                        f"{name} imports {imported} from {source}, which exports "
                        f"{', '.join(exports[source]) or 'nothing'}: correct the one or the other"
                    )
            return f'const {{{names}}} = $parts["{source}"];'

        scoped = _EXPORT.sub(r"\1", _IMPORT.sub(bind, text))
        if other := _OTHER.search(scoped):
            raise ImportError(
                f"{name} has the line {other[0]!r}; a file that is joined to others imports by "
                '`import { a, b } from "./file.js";` and exports by `export function`, '
                "`export const` or `export default`"
            )
        returned = ", ".join(exports[name])
        parts[name] = f'$parts["{name}"] = (() => {{\n{scoped}return {{ {returned} }};\n}})();\n'

    visit(name)
    return (
        f"const $parts = {{}};\n{''.join(parts.values())}"
        f'export const {{ {", ".join(exports[name])} }} = $parts["{name}"];\n'
        f'export default $parts["{name}"].$default;\n'
    )


def parts_of(module):
    """Take a joined module apart again: for a page, where several figures share their parts.

    Parameters
    ----------
    module : str
        What `joined_module` returned.

    Returns
    -------
    dict of str to str
        By the name of its file each part, those first on which others depend and the figure's own
        last. A part is a script that puts what its file exports into ``$parts``.
    """
    return {part[1]: part[0] for part in _PART.finditer(module)}


def messages_of(module):
    """Return what a script says: the English messages, each once, as they come.

    Parameters
    ----------
    module : str
        A script in which each call of ``say`` has its message as one literal in double quotes.

    Returns
    -------
    list of str
    """
    return list(dict.fromkeys(json.loads(f'"{literal}"') for literal in _SAID.findall(module)))


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
    ``_css = style("name.css")``, and its traits. If some of these hold names that the script shows,
    it also says which, by `names_in`.

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
    _words = traitlets.Dict().tag(sync=True)  # for words.js: a translation by its message

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
        words = self.words_for(traits)
        super().__init__(_networks=specs, _weights=weights, _words=words, **traits)

    @staticmethod
    def names_in(state):
        """Return the names in a figure's state that its script shows to the reader.

        Parameters
        ----------
        state : dict
            Values of the traits, by name.

        Returns
        -------
        list of str
            None, if a subclass does not say otherwise. They stay as they are in the state, where
            they are also keys; the script shows what ``named`` of words.js makes of them.
        """
        return []

    @classmethod
    def words_for(cls, state, translate=say):
        """Return the translations that a figure takes along, in English none.

        Parameters
        ----------
        state : dict
            Values of the traits, by name: of a figure, or as a notebook stores them.
        translate : callable, optional
            From an English message to its translation, or the message itself where there is none;
            by default to the language in force.

        Returns
        -------
        dict of str to str
            By their messages, those of the script and of the names in the state.
        """
        messages = [*messages_of(getattr(cls, "_esm", "")), *cls.names_in(state)]
        return {text: translate(text) for text in messages if translate(text) != text}

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
