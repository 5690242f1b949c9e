""" "A simple autoencoder": one digit through codes of different sizes."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.figure import DigitFigure, joined_module
from helpers.words import say

__all__ = ["Bottleneck"]


class Bottleneck(DigitFigure):
    """Choose or draw a digit, move the size of the code, and see what comes back.

    Parameters
    ----------
    autoencoders : dict of int or str to keras.Model
        By the size of their code, ``32`` or ``"32"``: 784 pixels in, a first layer that gives the code,
        784 pixels out.
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink.

    Attributes
    ----------
    size : int
        The size that is chosen, one of the keys of `autoencoders`. May be set.
    digit : int
        The place in `x` of the digit that is chosen, -1 for the reader's drawing. May be set.
    code : list of float
        What the encoder makes of the digit. Computed by the figure, so it is empty until
        the figure is shown.
    error : float
        Mean squared error per pixel.

    Raises
    ------
    ExportError
        If a model cannot be run on a page.
    ValueError
        If there is no model, or `x` has another shape or values outside [0, 1].
    """

    _esm = joined_module("bottleneck.js")
    size = traitlets.Int().tag(sync=True)
    code = traitlets.List(traitlets.Float()).tag(sync=True)
    error = traitlets.Float().tag(sync=True)

    def __init__(self, autoencoders, x):
        x = self._checked(x)
        if not autoencoders:
            raise ValueError(say("autoencoders is empty; wanted: models by the size of their code"))
        autoencoders = {int(size): model for size, model in autoencoders.items()}
        rows = {"original": x}
        rows |= {f"through {k} numbers": np.asarray(m(x)) for k, m in autoencoders.items()}
        sizes = ", ".join(map(str, autoencoders))
        still = plots.rows(
            rows,
            alt=say(
                "Digits, and below them what comes back through codes of {sizes} numbers.",
                sizes=sizes,
            ),
        )
        size = sorted(autoencoders)[len(autoencoders) // 2]
        super().__init__(autoencoders, still, x, size=size)

    @traitlets.validate("size")
    def _is_a_size(self, proposal):
        sizes = [int(network["name"]) for network in self._networks]
        if proposal["value"] not in sizes and sizes:
            raise traitlets.TraitError(
                say("size is {value}; there are {sizes}", value=proposal["value"], sizes=sizes)
            )
        return proposal["value"]
