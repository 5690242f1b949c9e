""" "Features of a network": the units of a sparse autoencoder inside a classifier, turned up and down."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.export import ExportError
from helpers.widgets.figure import DigitFigure, joined_module, style
from helpers.words import say

__all__ = ["Concepts"]

_SIDE = 14  # pixels of a strongest image
_GRAYS = 15  # its darkest
_NAMES = ("body", "head", "encoder", "decoder")


class Concepts(DigitFigure):
    """Choose a digit and a unit, give the unit another amount, and watch the classifier's answer.

    The classifier is cut in two: the body makes neurons of pixels, the head chances of neurons.
    Between them a sparse autoencoder puts a sum of few units. The reader sees the images for
    which a unit is strongest, and sets its amount.

    Parameters
    ----------
    networks : dict of str to keras.Model
        ``"body"``, from 784 pixels to n neurons; ``"head"``, from n neurons to 10 chances;
        ``"encoder"``, from n neurons to m amounts of at least 0, of which the figure keeps the
        `k` largest; ``"decoder"``, from m amounts to n neurons.
    strongest : ndarray of int, shape (m, count, 14, 14)
        The strongest images of each unit, from 0 (paper) to 15 (ink).
    typical : ndarray of float, shape (m,)
        The mean amount of each unit where it is active. A unit with 0 is dead and not offered.
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink.
    k : int
        Active units of an image, at least 1.

    Attributes
    ----------
    digit : int
        The place in `x` of the digit that is chosen, -1 for the reader's drawing. May be set.
    unit : int
        The unit that is looked at. May be set; -1 stands for the digit's most active one, which
        the figure puts there as soon as it is shown.
    amount : float
        What the unit is set to. May be set; -1 stands for the amount that the digit has.
    chances : list of float
        The ten chances that come of it. Computed by the figure, so it is empty until the figure
        is shown.

    Raises
    ------
    ExportError
        If the networks do not fit each other.
    ValueError
        If a network is missing, or `strongest`, `typical`, `x` or `k` is of another kind.
    """

    _esm = joined_module("concepts.js")
    _css = style("concepts.css")
    _strongest = traitlets.Bytes().tag(sync=True)
    _typical = traitlets.List(traitlets.Float()).tag(sync=True)
    k = traitlets.Int().tag(sync=True)
    unit = traitlets.Int(-1).tag(sync=True)
    amount = traitlets.Float(-1.0).tag(sync=True)
    chances = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, networks, strongest, typical, x, k):
        x, units = self._checked(x), _checked_networks(networks)
        strongest, typical = _checked_units(strongest, typical, units)
        if k < 1:
            raise ValueError(say("k is {k}; wanted: at least 1 active unit", k=k))
        often = [unit for unit in typical.argsort()[::-1][:6] if typical[unit] > 0]
        still = plots.rows(
            {say("unit {unit}", unit=unit): strongest[unit] / _GRAYS for unit in often},
            alt=say(
                "The strongest images of {n} units: in each row, the digits for which one unit "
                "has its largest amounts.",
                n=len(often),
            ),
        )
        pairs = strongest.reshape(units, -1, 2)  # two grays a byte
        packed = (16 * pairs[..., 0] + pairs[..., 1]).astype(np.uint8)
        super().__init__(
            {name: networks[name] for name in _NAMES}, still, x, k=k,
            _strongest=packed.tobytes(), _typical=[round(float(one), 4) for one in typical],
        )  # fmt: skip

    @traitlets.validate("unit")
    def _is_a_unit(self, proposal):
        value = proposal["value"]
        if value == -1 or (0 <= value < len(self._typical) and self._typical[value] > 0):
            return value
        raise traitlets.TraitError(
            say(
                "unit is {value}; wanted: a unit that is not dead, from 0 to {last}, or -1 for the "
                "digit's most active one",
                value=value,
                last=len(self._typical) - 1,
            )
        )

    @traitlets.validate("amount")
    def _is_an_amount(self, proposal):
        value = proposal["value"]
        if value == -1 or 0 <= value < float("inf"):
            return value
        raise traitlets.TraitError(
            say(
                "amount is {value}; wanted: 0 or more, or -1 for the amount that the digit has",
                value=value,
            )
        )


def _checked_networks(networks):
    """Return the number of units, or say in which way the networks do not fit."""
    if missing := [name for name in _NAMES if name not in networks]:
        raise ValueError(
            say(
                "networks has {there}, and no {missing}; wanted: {names}",
                there=sorted(networks),
                missing=missing[0],
                names=", ".join(_NAMES),
            )
        )
    shapes = [
        (tuple(networks[name].input_shape[1:]), tuple(networks[name].output_shape[1:]))
        for name in _NAMES
    ]
    neurons, units = shapes[0][1], shapes[2][1]
    if shapes != [((784,), neurons), (neurons, (10,)), (neurons, units), (units, neurons)] or (
        len(neurons) != 1 or len(units) != 1
    ):
        raise ExportError(
            say(
                "body, head, encoder and decoder go {shapes}; wanted: from 784 pixels to neurons, "
                "from neurons to 10, from neurons to units, and from units to neurons",
                shapes=", ".join(f"{start} -> {end}" for start, end in shapes),
            )
        )
    return units[0]


def _checked_units(strongest, typical, units):
    """Return what belongs to the units as arrays, or say what it is instead."""
    strongest, typical = np.asarray(strongest), np.asarray(typical, dtype=float)
    if (
        strongest.ndim != 4
        or strongest.shape[::2] != (units, _SIDE)
        or (strongest.shape[3] != _SIDE or not strongest.shape[1])
    ):
        raise ValueError(
            say(
                "strongest has shape {shape}; wanted: ({units}, count, 14, 14)",
                shape=strongest.shape,
                units=units,
            )
        )
    if strongest.dtype.kind not in "iu" or strongest.min() < 0 or strongest.max() > _GRAYS:
        raise ValueError(
            say(
                "strongest is {kind} from {low} to {high}; wanted: whole numbers from 0 to 15",
                kind=strongest.dtype,
                low=strongest.min(),
                high=strongest.max(),
            )
        )
    if typical.shape != (units,) or not np.isfinite(typical).all() or typical.min() < 0:
        raise ValueError(
            say(
                "typical has shape {shape}; wanted: ({units},), finite numbers of at least 0",
                shape=typical.shape,
                units=units,
            )
        )
    if not typical.any():
        raise ValueError(say("typical is 0 for all units; wanted: a unit that is not dead"))
    return strongest, typical
