""" "Sparse autoencoders": the active units of a sparse code, each with what it adds to the picture."""

import keras
import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.export import ExportError
from helpers.widgets.figure import DigitFigure, joined_module

__all__ = ["Units"]


class Units(DigitFigure):
    """Choose or draw a digit, and switch the active units of its code on and off.

    Parameters
    ----------
    encoder : keras.Sequential
        784 pixels in; a dense layer, perhaps batch normalisation, ReLU. What comes after
        the ReLU is left out: the figure itself keeps the `k` largest.
    decoder : keras.Sequential
        From the code to 784 pixels between 0 and 1.
    k : int
        Active units of an image.
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink.

    Attributes
    ----------
    digit : int
        The place in `x` of the digit that is chosen, -1 for the reader's drawing. May be set.
    on : list of int
        The units that are active and switched on, the most active first. Computed by the
        figure, so it is empty until the figure is shown.
    error : float
        Mean squared error per pixel.

    Raises
    ------
    ExportError
        If the models are not of this kind.
    ValueError
        If `x` has another shape or values outside [0, 1], or `k` is not positive.
    """

    _esm = joined_module("units.js")
    k = traitlets.Int().tag(sync=True)
    on = traitlets.List(traitlets.Int()).tag(sync=True)
    error = traitlets.Float().tag(sync=True)

    def __init__(self, encoder, decoder, k, x):
        x = self._checked(x)
        if k < 1:
            raise ValueError(f"k is {k}; wanted: at least 1 active unit")
        to_code = _up_to_relu(encoder)
        z = np.array(to_code(x))
        z[z < np.sort(z, axis=1)[:, [-min(k, z.shape[1])]]] = 0
        x_hat = np.asarray(decoder(z))
        still = plots.reconstructions(
            x,
            x_hat,
            alt=f"Digits, and below them what {k} active units of {z.shape[1]} draw of each.",
        )
        nets = {"encoder": to_code, "decoder": decoder}
        super().__init__(nets, still, x, k=k)


def _up_to_relu(encoder):
    """Return dense layer, normalisation and ReLU of an encoder as one dense layer."""
    kinds = [type(layer).__name__ for layer in encoder.layers]
    if kinds[:2] != ["Dense", "ReLU"] and kinds[:3] != ["Dense", "BatchNormalization", "ReLU"]:
        raise ExportError(f"encoder: its layers are {kinds}; wanted: Dense, normalisation, ReLU")
    weights, bias = encoder.layers[0].get_weights()
    if kinds[1] == "BatchNormalization":
        gamma, beta, mean, variance = encoder.layers[1].get_weights()
        scale = gamma / np.sqrt(variance + encoder.layers[1].epsilon)
        weights, bias = weights * scale, (bias - mean) * scale + beta
    layer = keras.layers.Dense(len(bias), "relu")
    network = keras.Sequential([keras.Input((len(weights),)), layer])
    layer.set_weights([weights, bias])
    return network
