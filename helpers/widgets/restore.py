""" "What is an autoencoder?": any picture through the code and back, its error beside those of digits."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.figure import DigitFigure, joined_module, style
from helpers.words import say

__all__ = ["Restore"]

_DECADES = 3  # of errors, from 0.001 to 1; what lies outside counts as the nearer of the two
_BINS = 100  # for each decade; the script draws five as one bar


class Restore(DigitFigure):
    """Draw anything or choose a picture, and see what an autoencoder for digits makes of it.

    Parameters
    ----------
    autoencoder : keras.Model
        784 pixels in, a first layer that gives the code, 784 pixels out.
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink.
    others : ndarray of float, shape (m, 784)
        Other pictures to choose from.
    errors : ndarray of float, shape (k,)
        Mean squared errors per pixel of digits that were not trained on, for the histogram.

    Attributes
    ----------
    digit : int
        The picture that is chosen: its place in `x` and `others`, one after the other; -1 for
        the reader's drawing. May be set.
    code : list of float
        What the encoder makes of the picture. Like all that follows computed by the figure:
        empty until it is shown, and while the drawing is empty.
    error : float or None
        Mean squared error per pixel.
    share : float or None
        The share of those digits that have a larger error, 0 to 1.

    Raises
    ------
    ExportError
        If the model cannot be run on a page.
    ValueError
        If pictures have another shape or values outside [0, 1], or `errors` are none.
    """

    _esm = joined_module("restore.js")
    _css = style("restore.css")
    _digits = traitlets.Int().tag(sync=True)  # so many of the examples are digits
    _counts = traitlets.List(traitlets.Int()).tag(sync=True)
    code = traitlets.List(traitlets.Float()).tag(sync=True)
    error = traitlets.Float(None, allow_none=True).tag(sync=True)
    share = traitlets.Float(None, allow_none=True).tag(sync=True)

    def __init__(self, autoencoder, x, others, errors):
        x, others, errors = self._checked(x), self._checked(others), np.asarray(errors)
        if errors.ndim != 1 or not errors.size or not np.all(errors >= 0):
            raise ValueError(
                say(
                    "errors has shape {shape}; wanted: (k,), k at least 1, all at least 0",
                    shape=errors.shape,
                )
            )
        bins = np.logspace(-_DECADES, 0, _BINS * _DECADES + 1)
        counts, _ = np.histogram(np.clip(errors, bins[0], 1), bins)
        digits, strangers = x[:5], others[-5:]
        few = np.concatenate([digits, strangers])
        still = plots.reconstructions(
            few,
            autoencoder.predict(few, verbose=0),
            alt=say(
                "{digits} digits and {strangers} other pictures; below each what comes back of it.",
                digits=len(digits),
                strangers=len(strangers),
            ),
        )
        super().__init__(
            {"autoencoder": autoencoder},
            still,
            np.concatenate([x, others]),
            _digits=len(x),
            _counts=counts.tolist(),
        )
