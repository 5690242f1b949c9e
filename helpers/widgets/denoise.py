""" "Denoising autoencoders": a denoiser meets damage of three kinds, of any strength."""

import math

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.export import ExportError
from helpers.widgets.figure import DigitFigure, joined_module
from helpers.words import say

__all__ = ["Denoise"]


class Denoise(DigitFigure):
    """Choose or draw a digit, damage it, and see what a denoiser makes of it.

    Parameters
    ----------
    denoiser : keras.Model
        Images of 28 x 28 pixels in and out, as 784 numbers or (28, 28, 1).
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink.

    Attributes
    ----------
    digit : int
        The place in `x` of the digit that is chosen, -1 for the reader's drawing. May be set.
    kind : {"noise", "salt and pepper", "block"}
        The kind of damage. May be set.
    sigma : float
        Standard deviation of the Gaussian noise, 0 to 1.5 in steps of 0.05. May be set.
    share : float
        Share of the pixels that salt and pepper replaces, 0 to 1 in steps of 0.05. May be set.
    side : int
        Side of the covered block in pixels, 0 to 16. May be set.
    seed : int
        Decides the noise, the lost pixels and the place of the block. May be set.
    damaged, denoised : list of float
        The 784 pixels that go into the network, and those that come out. Computed by the
        figure, so they are empty until the figure is shown.

    Raises
    ------
    ExportError
        If the denoiser cannot be run on a page, or does not take and give 28 x 28 pixels.
    ValueError
        If `x` has another shape or values outside [0, 1].
    """

    _esm = joined_module("denoise.js")
    kind = traitlets.Enum(["noise", "salt and pepper", "block"], "noise").tag(sync=True)
    sigma = traitlets.Float(0.5).tag(sync=True)
    share = traitlets.Float(0.3).tag(sync=True)
    side = traitlets.Int(8).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    damaged = traitlets.List(traitlets.Float()).tag(sync=True)
    denoised = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, denoiser, x):
        x = self._checked(x)
        for which in ("input", "output"):
            shape = getattr(denoiser, f"{which}_shape", None)
            if shape is None or math.prod(shape[1:]) != 784:
                raise ExportError(
                    say(
                        "denoiser: its {which} has the shape {shape}; wanted: images of 28 x 28",
                        which=which,
                        shape=shape,
                    )
                )
        sigmas = np.linspace(0, 1.5, 10, dtype="float32")[:, None]
        noise = np.random.default_rng(0).normal(size=784).astype("float32")
        noisy = np.clip(x[0] + sigmas * noise, 0, 1)
        denoised = np.asarray(denoiser(noisy.reshape(-1, *denoiser.input_shape[1:])))
        still = plots.rows(
            {"noise σ from 0 to 1.5": noisy, "denoised": denoised.reshape(-1, 784)},
            alt=say(
                "One digit ten times, the noise on it stronger from left to right, from none to "
                "1.5; and below each what the network makes of it."
            ),
        )
        super().__init__({"denoiser": denoiser}, still, x)

    @traitlets.validate("sigma", "share")
    def _is_a_step(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        most = 1.5 if name == "sigma" else 1.0
        step = round(value * 20) if math.isfinite(value) else -1
        if not (0 <= step <= 20 * most and math.isclose(value, step / 20)):
            raise traitlets.TraitError(
                say(
                    "{name} is {value}; wanted: 0 to {most} in steps of 0.05",
                    name=name,
                    value=value,
                    most=most,
                )
            )
        return step / 20  # 3 * 0.05 is not quite the 0.15 of the slider

    @traitlets.validate("side")
    def _is_a_side(self, proposal):
        if not 0 <= proposal["value"] <= 16:
            raise traitlets.TraitError(
                say("side is {value}; wanted: 0 to 16 pixels", value=proposal["value"])
            )
        return proposal["value"]

    @traitlets.validate("seed")
    def _is_a_seed(self, proposal):
        if not 0 <= proposal["value"] < 2**31:
            raise traitlets.TraitError(
                say("seed is {value}; wanted: 0 to {most}", value=proposal["value"], most=2**31 - 1)
            )
        return proposal["value"]
