""" "Deep autoencoders": from one digit to another, through the pixels and through the code."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.figure import DigitFigure, joined_module
from helpers.words import say

__all__ = ["Interpolation"]


class Interpolation(DigitFigure):
    """Choose two digits, and go from one to the other in pixels and in codes.

    Parameters
    ----------
    encoder : keras.Model
        784 pixels in, a code out.
    decoder : keras.Model
        The code in, 784 pixels out.
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink; at least two.

    Attributes
    ----------
    digit, other : int
        The places in `x` of the digit to start from (-1 for the reader's drawing) and of
        that to go to. May be set.
    percent : float
        How much of the way is gone, 0 to 100 in steps of 2.5. May be set.
    z : list of float
        The mixed code. Computed by the figure, so it is empty until the figure is shown.

    Raises
    ------
    ExportError
        If a model cannot be run on a page.
    ValueError
        If `x` has another shape or values outside [0, 1].
    """

    _esm = joined_module("interpolation.js")
    other = traitlets.Int(1).tag(sync=True)
    percent = traitlets.Float(50.0).tag(sync=True)
    z = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, encoder, decoder, x):
        x = self._checked(x)
        if len(x) < 2:
            raise ValueError(say("x holds {n} digit; wanted: at least two to go between", n=len(x)))
        shares = np.linspace(0, 1, 10, dtype=np.float32)[:, None]
        z = np.asarray(encoder(x[:2]))
        still = plots.rows(
            {
                "through the pixels": (1 - shares) * x[0] + shares * x[1],
                "through the code": np.asarray(decoder((1 - shares) * z[0] + shares * z[1])),
            },
            alt=say(
                "Two rows of ten pictures, from one digit to another: through the pixels one "
                "fades while the other appears, through the code the shape itself changes."
            ),
        )
        super().__init__({"encoder": encoder, "decoder": decoder}, still, x)

    @traitlets.validate("other")
    def _is_another_digit(self, proposal):
        n = len(self._examples) // 784
        if not 0 <= proposal["value"] < max(n, 2):
            raise traitlets.TraitError(
                say("other is {value}; wanted: 0 to {last}", value=proposal["value"], last=n - 1)
            )
        return proposal["value"]

    @traitlets.validate("percent")
    def _is_a_step(self, proposal):
        if proposal["value"] not in np.arange(0, 102.5, 2.5):
            raise traitlets.TraitError(
                say("percent is {value}; wanted: 0 to 100 in steps of 2.5", value=proposal["value"])
            )
        return proposal["value"]
