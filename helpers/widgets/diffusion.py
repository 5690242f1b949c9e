"""Latent diffusion: from noise to a digit, step by step, among the codes of an autoencoder."""

import math
from numbers import Integral

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.export import ExportError
from helpers.widgets.figure import ReactiveFigure, joined_module, style
from helpers.words import say

__all__ = ["Diffusion", "noise_of"]

_FREQUENCIES = np.exp(np.linspace(0, np.log(100), 8))  # of the time's embedding, as in the script
_MOST_STEPS = 100
_STILL_DIGITS, _STILL_PICTURES = (0, 3, 7), 8


class Diffusion(ReactiveFigure):
    """Ask for a digit, and follow a code from noise to what the decoder draws as that digit.

    At time t, 1 at the start and 0 at the end, a noisy code is ``a * z + s * noise`` with
    ``a = cos(pi * t / 2)`` and ``s = sin(pi * t / 2)``, z being a code that was standardised. The
    denoiser answers ``v = a * noise - s * z``. The steps are DDIM's and have no chance in them.

    Parameters
    ----------
    networks : dict of str to keras.Model
        A "denoiser", from ``d + 16 + 10`` numbers to ``d``: the noisy code; sines and cosines of
        the time at eight frequencies from 1 to 100; the digit, one-hot, or zeros for none. And a
        "decoder", from a code of ``d`` numbers to 784 pixels.
    mean, sd : array-like of float, shape (d,)
        What the codes were standardised with.
    steps : int
        From noise to digit, 1 to 100.

    Attributes
    ----------
    digit : int
        What is asked for, 0 to 9, or -1 for no digit; at first 3. May be set.
    guidance : float
        How far to go from the answer for no digit (0) to that for the digit (1) and beyond: 0 to 4
        in steps of 0.5. Without a digit it has no effect. May be set.
    noise : int
        Decides the noise at the start: see `noise_of`. May be set.
    step : int
        The step that is shown, 0 (noise) to `steps` (digit). May be set.
    code : list of float
        The code at the end, no longer standardised. Computed by the figure, so it is empty until
        the figure is shown.

    Raises
    ------
    ExportError
        If a network cannot be run on a page, or takes or gives something else.
    ValueError
        If a network is missing, `mean` or `sd` has another shape or other values, or `steps` is
        not 1 to 100.
    """

    _esm = joined_module("diffusion.js")
    _css = style("diffusion.css")
    _mean = traitlets.List(traitlets.Float()).tag(sync=True)
    _sd = traitlets.List(traitlets.Float()).tag(sync=True)
    _steps = traitlets.Int(_MOST_STEPS).tag(sync=True)
    digit = traitlets.Int(3).tag(sync=True)
    guidance = traitlets.Float(2.0).tag(sync=True)
    noise = traitlets.Int(0).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    code = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, networks, mean, sd, steps=30):
        if set(networks) != {"denoiser", "decoder"}:
            raise ValueError(
                say(
                    "networks holds {names}; wanted: a denoiser and a decoder",
                    names=sorted(networks),
                )
            )
        if (
            not isinstance(steps, Integral)
            or isinstance(steps, bool)
            or not (0 < steps <= _MOST_STEPS)
        ):
            raise ValueError(
                say(
                    "steps is {steps!r}; wanted: an int from 1 to {most}",
                    steps=steps,
                    most=_MOST_STEPS,
                )
            )
        length = _length_of_codes(**networks)
        mean, sd = _numbers("mean", mean, length), _numbers("sd", sd, length)
        if sd.min() <= 0:
            raise ValueError(
                say(
                    "sd holds {value:g}; wanted: standard deviations above 0. A number of the code "
                    "that never changes cannot be standardised.",
                    value=sd.min(),
                )
            )
        still = _picture(networks["denoiser"], networks["decoder"], mean, sd, int(steps))
        super().__init__(networks, still, _mean=mean.tolist(), _sd=sd.tolist(), _steps=int(steps))

    @traitlets.validate("digit")
    def _is_a_digit(self, proposal):
        if not -1 <= proposal["value"] <= 9:
            raise traitlets.TraitError(
                say("digit is {value}; wanted: 0 to 9, or -1 for none", value=proposal["value"])
            )
        return proposal["value"]

    @traitlets.validate("guidance")
    def _is_a_guidance(self, proposal):
        if proposal["value"] not in np.arange(0, 4.5, 0.5):
            raise traitlets.TraitError(
                say(
                    "guidance is {value}; wanted: 0 to 4 in steps of 0.5",
                    value=proposal["value"],
                )
            )
        return proposal["value"]

    @traitlets.validate("noise")
    def _is_a_noise(self, proposal):
        if not 0 <= proposal["value"] < 2**31:
            raise traitlets.TraitError(
                say(
                    "noise is {value}; wanted: 0 to {most}", value=proposal["value"], most=2**31 - 1
                )
            )
        return proposal["value"]

    @traitlets.validate("step")
    def _is_a_step(self, proposal):
        if not 0 <= proposal["value"] <= self._steps:
            raise traitlets.TraitError(
                say(
                    "step is {value}; wanted: 0 to {last}",
                    value=proposal["value"],
                    last=self._steps,
                )
            )
        return proposal["value"]


def noise_of(seed, length):
    """Return the noise that the figure starts from: the numbers of ``random.js``.

    Parameters
    ----------
    seed : int
        The figure's trait `noise`.
    length : int
        How many numbers a code has.

    Returns
    -------
    ndarray of float, shape (length,)
        Standard normal numbers, in pairs as Box and Muller make them.
    """
    uniform, state = [], seed
    for _ in range(length + length % 2):
        # Tommy Ettinger's mulberry32, in whole numbers of 32 bits.
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ (state >> 15)) * (state | 1) % 2**32
        t ^= (t + (t ^ (t >> 7)) * (t | 61)) % 2**32
        uniform.append((t ^ (t >> 14)) / 2**32)
    first, second = np.reshape(uniform, (-1, 2)).T
    radius, angle = np.sqrt(-2 * np.log(1 - first)), 2 * np.pi * second
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:length]


def _length_of_codes(denoiser, decoder):
    """Return how many numbers a code has, or say which network does not fit."""
    start, end = _shapes(decoder)
    if len(start) != 1 or math.prod(end) != 784:
        raise ExportError(
            say(
                "the decoder goes from {start} to {end}; wanted: from a code, (d,), to 784 pixels",
                start=start,
                end=end,
            )
        )
    (length,) = start
    inputs = length + 2 * len(_FREQUENCIES) + 10
    if (shapes := _shapes(denoiser)) != ((inputs,), (length,)):
        raise ExportError(
            say(
                "the denoiser goes from {start} to {end}; wanted: from ({inputs},) to ({length},), "
                "which are a code of {length} numbers, 16 for the time and 10 for the digit, and v",
                start=shapes[0],
                end=shapes[1],
                inputs=inputs,
                length=length,
            )
        )
    return length


def _shapes(network):
    """Return the shapes of what a network takes and gives, empty before it is built."""
    ends = [getattr(network, f"{which}_shape", None) or () for which in ("input", "output")]
    return tuple(tuple(shape[1:]) for shape in ends)


def _numbers(name, values, length):
    """Return `values` as floats, one for each number of a code, or say what they are instead."""
    values = np.asarray(values, dtype=float)
    if values.shape != (length,) or not np.isfinite(values).all():
        raise ValueError(
            say(
                "{name} has shape {shape} and goes from {low:g} to {high:g}; wanted: ({length},), "
                "finite numbers",
                name=name,
                shape=values.shape,
                low=values.min(initial=np.inf),
                high=values.max(initial=-np.inf),
                length=length,
            )
        )
    return values


def _picture(denoiser, decoder, mean, sd, steps):
    """Draw the noisy codes of three digits on their way from the first noise."""
    codes = _sample(denoiser, noise_of(Diffusion.noise.default_value, len(mean)), steps)
    chosen = np.rint(np.linspace(0, steps, _STILL_PICTURES)).astype(int)
    return plots.rows(
        {
            f"asked for a {digit}": np.asarray(
                decoder((mean + sd * codes[chosen, place]).astype(np.float32))
            ).reshape(-1, 784)
            for place, digit in enumerate(_STILL_DIGITS)
        },
        alt=say(
            "Three rows of eight pictures, each from the same noise on the left to a digit on the "
            "right: as the steps go on, the decoded code becomes the digit that was asked for, "
            "{digits}.",
            digits=", ".join(map(str, _STILL_DIGITS)),
        ),
    )


def _sample(denoiser, noise, steps):
    """Return the standardised codes at each step for each of the still's digits, as the script does."""
    count, guidance = len(_STILL_DIGITS), Diffusion.guidance.default_value
    asked = np.concatenate([np.zeros((count, 10)), np.eye(10)[list(_STILL_DIGITS)]])
    times = 1 - np.arange(steps + 1) / steps
    signal, rest = np.cos(np.pi * times / 2), np.sin(np.pi * times / 2)
    codes = [np.tile(noise, (count, 1))]
    for step, angles in enumerate(np.outer(times[:-1], _FREQUENCIES)):
        z, time = codes[-1], np.concatenate([np.sin(angles), np.cos(angles)])
        given = np.concatenate([np.tile(z, (2, 1)), np.tile(time, (2 * count, 1)), asked], axis=1)
        plain, conditional = np.split(np.asarray(denoiser(given.astype(np.float32))), 2)
        v = plain + guidance * (conditional - plain)
        guess, noise = signal[step] * z - rest[step] * v, rest[step] * z + signal[step] * v
        codes.append(signal[step + 1] * guess + rest[step + 1] * noise)
    return np.array(codes)
