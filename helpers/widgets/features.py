""" "Convolutional autoencoders": the maps that one image becomes on its way through the layers."""

import math

import keras
import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.export import ExportError
from helpers.widgets.figure import DigitFigure, joined_module, style
from helpers.words import say

__all__ = ["Features"]


class Features(DigitFigure):
    """Choose or draw a digit, and look at its feature maps in each layer of an autoencoder.

    In the encoder a frame marks the number in the middle of a map, and on the digit the pixels
    that it depends on: its receptive field.

    Parameters
    ----------
    encoder, decoder : keras.Sequential
        From (28, 28, 1) to the code and back, by layers that each give (h, w, maps).
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink.

    Attributes
    ----------
    digit : int
        The place in `x` of the digit that is chosen, -1 for the reader's drawing. May be set.
    layer : int
        The layer that is shown, counted from 0 through encoder and decoder. May be set.
    map : int
        The map of that layer that is shown large, counted from 0. May be set.
    values : list of float
        The numbers of that map, row by row. Computed by the figure, so it is empty until the
        figure is shown.
    error : float
        Mean squared error per pixel of the reconstruction.

    Raises
    ------
    ExportError
        If the models cannot be run on a page, do not fit together, or a layer gives no maps.
    ValueError
        If `x` has another shape or values outside [0, 1].
    """

    _esm = joined_module("features.js")
    _css = style("features.css")
    layer = traitlets.Int(0).tag(sync=True)
    map = traitlets.Int(0).tag(sync=True)
    values = traitlets.List(traitlets.Float()).tag(sync=True)
    error = traitlets.Float().tag(sync=True)

    def __init__(self, encoder, decoder, x):
        x = self._checked(x)
        self._counts = [_count_maps(layer) for layer in encoder.layers + decoder.layers]
        shapes = encoder.input_shape, encoder.output_shape, decoder.input_shape
        ends = math.prod(shapes[0][1:]), math.prod(decoder.output_shape[1:])
        if ends != (784, 784) or shapes[1] != shapes[2]:
            raise ExportError(
                say(
                    "encoder and decoder go from {start} to {code} and from {code_back} to {end}; "
                    "wanted: from 28 x 28 to a code and back",
                    start=shapes[0],
                    code=shapes[1],
                    code_back=shapes[2],
                    end=decoder.output_shape,
                )
            )
        super().__init__({"encoder": encoder, "decoder": decoder}, _picture(encoder, x), x)

    @traitlets.validate("layer")
    def _is_a_layer(self, proposal):
        if not 0 <= proposal["value"] < len(self._counts):
            raise traitlets.TraitError(
                say(
                    "layer is {value}; wanted: 0 to {last}",
                    value=proposal["value"],
                    last=len(self._counts) - 1,
                )
            )
        return proposal["value"]

    @traitlets.observe("layer")
    def _keep_to_its_maps(self, change):
        self.map = min(self.map, self._counts[change["new"]] - 1)

    @traitlets.validate("map")
    def _is_a_map(self, proposal):
        count = self._counts[self.layer]
        if not 0 <= proposal["value"] < count:
            raise traitlets.TraitError(
                say(
                    "map is {value}; layer {layer} has 0 to {last}",
                    value=proposal["value"],
                    layer=self.layer,
                    last=count - 1,
                )
            )
        return proposal["value"]


def _count_maps(layer):
    """Return how many maps a layer gives, or say that it gives none."""
    shape = getattr(layer, "output", None) is not None and tuple(layer.output.shape)
    if isinstance(layer, keras.Model) or not shape or len(shape) != 4:
        raise ExportError(
            say(
                "{name} ({kind}): its output has the shape {shape}; wanted: layers that each give "
                "(h, w, maps), one after the other",
                name=layer.name,
                kind=type(layer).__name__,
                shape=shape,
            )
        )
    return shape[-1]


def _picture(encoder, x):
    """Draw the first digit's maps, the last of each size, as far as eight of them."""
    y, by_size = x[:1].reshape(-1, *encoder.input_shape[1:]), {}
    for layer in encoder.layers:
        y = np.asarray(layer(y))
        by_size[y.shape[1:3]] = np.moveaxis(y[0], -1, 0) / max(y.max(), 1e-9)
    count = min(8, *map(len, by_size.values()))
    sizes = say(" over ").join(say("{h} by {w}", h=h, w=w) for h, w in by_size)
    return plots.rows(
        {
            f"{len(maps)} maps of {h} x {w}"
            + (f" (the first {count})" * (len(maps) > count)): maps[:count]
            .repeat(-(-112 // h), axis=1)
            .repeat(-(-112 // w), axis=2)
            for (h, w), maps in by_size.items()
        },
        alt=say(
            "Feature maps of one digit in the encoder, a row for each size: from {sizes} pixels; "
            "black is the largest number of a layer.",
            sizes=sizes,
        ),
    )
