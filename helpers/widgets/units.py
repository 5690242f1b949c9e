""" "Sparse autoencoders": the active units of a sparse code, each with what it adds to the picture."""

import keras
import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.export import ExportError
from helpers.widgets.figure import DigitFigure, joined_module, style
from helpers.words import say

__all__ = ["Units", "as_dense"]


class Units(DigitFigure):
    """Choose or draw a digit, and switch the active units of its code on and off.

    Parameters
    ----------
    networks : dict of str to keras.Sequential
        ``"encoder"``, as `as_dense` takes it; the figure itself keeps the `k` largest.
        ``"decoder"``, from the code to 784 pixels between 0 and 1.
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink.
    k : int
        Active units of an image.

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
        If the networks are not of this kind.
    ValueError
        If `x` has another shape or values outside [0, 1], or `k` is not positive.
    """

    _esm = joined_module("units.js")
    _css = style("units.css")
    k = traitlets.Int().tag(sync=True)
    on = traitlets.List(traitlets.Int()).tag(sync=True)
    error = traitlets.Float().tag(sync=True)

    def __init__(self, networks, x, k):
        x = self._checked(x)
        if k < 1:
            raise ValueError(say("k is {k}; wanted: at least 1 active unit", k=k))
        encoder, decoder = as_dense(networks["encoder"]), networks["decoder"]
        z = np.array(encoder(x))
        z[z < np.sort(z, axis=1)[:, [-min(k, z.shape[1])]]] = 0
        x_hat = np.asarray(decoder(z))
        still = plots.reconstructions(
            x,
            x_hat,
            alt=say(
                "Digits, and below them what {k} active units of {units} draw of each.",
                k=k,
                units=z.shape[1],
            ),
        )
        super().__init__({"encoder": encoder, "decoder": decoder}, still, x, k=k)


def as_dense(encoder):
    """Return an encoder up to its ReLU as one dense layer.

    Parameters
    ----------
    encoder : keras.Sequential
        784 pixels in; a dense layer, perhaps batch normalisation, ReLU. What comes after
        the ReLU is left out.

    Returns
    -------
    keras.Sequential
        A dense layer with ReLU, which computes the same as after training.

    Raises
    ------
    ExportError
        If the layers are others.
    """
    kinds = [type(layer).__name__ for layer in encoder.layers]
    first = encoder.layers[0]
    if kinds == ["Dense"] and first.activation is keras.activations.relu:
        return encoder
    if kinds[:2] != ["Dense", "ReLU"] and kinds[:3] != ["Dense", "BatchNormalization", "ReLU"]:
        raise ExportError(
            say("encoder: its layers are {kinds}; wanted: Dense, normalisation, ReLU", kinds=kinds)
        )
    weights, bias = first.get_weights()
    if kinds[1] == "BatchNormalization":
        gamma, beta, mean, variance = encoder.layers[1].get_weights()
        scale = gamma / np.sqrt(variance + encoder.layers[1].epsilon)
        weights, bias = weights * scale, (bias - mean) * scale + beta
    layer = keras.layers.Dense(len(bias), "relu")
    network = keras.Sequential([keras.Input((len(weights),)), layer])
    layer.set_weights([weights, bias])
    return network
