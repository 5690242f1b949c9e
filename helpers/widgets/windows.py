""" "Following shapes through layers": the shapes after a stack of layers, and the pixels that each output sees."""

import numpy as np
import traitlets
from matplotlib.patches import Rectangle

from helpers import plots
from helpers.widgets.figure import ReactiveFigure, joined_module, style
from helpers.words import say

__all__ = ["ReceptiveField"]

#: What the reader may choose from, for each layer, in the order of the controls.
OFFERED = {
    "kernel": [1, 2, 3, 4, 5, 6, 7],
    "stride": [1, 2, 3, 4],
    "dilation": [1, 2, 3, 4, 6, 8, 12],
    "padding": ["valid", "same"],
}
_DEFAULTS = {"kernel": 3, "stride": 1, "dilation": 1, "padding": "valid"}
_MAX_LAYERS = 6  # layers in a stack


class ReceptiveField(ReactiveFigure):
    """Set up a stack of layers, follow the shapes, and see what each of its outputs sees.

    Parameters
    ----------
    stacks : dict of str to list
        Stacks to start from, each of one to six layers: convolutions or pools of Keras, or
        dicts as in `layers`. Channels do not matter here.

    Attributes
    ----------
    layers : list of dict
        The stack, one dict with ``kernel`` (1 to 7), ``stride`` (1 to 4), ``dilation`` (1, 2,
        3, 4, 6, 8 or 12) and ``padding`` (``"valid"`` or ``"same"``) a layer. May be set, also
        to layers of Keras; what a dict leaves out is 3, 1, 1 and ``"valid"``.
    side : int
        Rows and columns of the input, 5 to 40. May be set.
    output : list of int
        Row and column, from 0, of the output that is looked at. May be set; beyond the map's
        edge it stands for the output nearest to it.
    sides : list of int
        The side of the input and of the map after each layer, up to a layer that is
        impossible. Like all that follows computed by the figure: empty until it is shown.
    field, jump : int
        The receptive field's side, and how many input pixels lie between the fields of two
        neighbouring outputs. 0 if the stack is impossible.
    seen : int
        How many pixels of the input this output sees.

    Raises
    ------
    TraitError
        If a stack or a value is none of those offered.
    """

    _esm = joined_module("windows.js")
    _css = style("windows.css")
    _stacks = traitlets.List().tag(sync=True)
    # In pairs, because a notebook stores a dict with its keys sorted.
    _offered = traitlets.List(list(map(list, OFFERED.items()))).tag(sync=True)
    layers = traitlets.List([_DEFAULTS]).tag(sync=True)
    side = traitlets.Int(28).tag(sync=True)
    output = traitlets.List(traitlets.Int(), [0, 0]).tag(sync=True)
    sides = traitlets.List(traitlets.Int()).tag(sync=True)
    field = traitlets.Int().tag(sync=True)
    jump = traitlets.Int().tag(sync=True)
    seen = traitlets.Int().tag(sync=True)

    def __init__(self, stacks, **traits):
        if not stacks:
            raise traitlets.TraitError(say("stacks is empty; wanted: at least one, by name"))
        stacks = {str(name): _stack(layers) for name, layers in stacks.items()}
        start = _stack(traits.pop("layers", next(iter(stacks.values()))))
        side = traits.setdefault("side", 28)
        middle = _side_after(start, side) // 2
        traits.setdefault("output", [middle, middle])
        still = _still(start, side, traits["output"])
        super().__init__({}, still, _stacks=list(map(list, stacks.items())), layers=start, **traits)

    @traitlets.validate("layers")
    def _is_a_stack(self, proposal):
        return _stack(proposal["value"])

    @traitlets.validate("side")
    def _is_a_side(self, proposal):
        if not 5 <= proposal["value"] <= 40:
            raise traitlets.TraitError(
                say("side is {value}; wanted: 5 to 40", value=proposal["value"])
            )
        return proposal["value"]

    @traitlets.validate("output")
    def _is_a_place(self, proposal):
        value = proposal["value"]
        if len(value) != 2 or min(value) < 0:
            raise traitlets.TraitError(
                say("output is {value}; wanted: a row and a column from 0", value=value)
            )
        return value


def _stack(layers):
    """Return layers as dicts, or say which of them cannot be offered."""
    if not 1 <= len(layers) <= _MAX_LAYERS:
        raise traitlets.TraitError(
            say("a stack has {n} layers; wanted: 1 to {most}", n=len(layers), most=_MAX_LAYERS)
        )
    return [_layer(say("layer {i}", i=i), layer) for i, layer in enumerate(layers, 1)]


def _layer(name, layer):
    if not isinstance(layer, dict):
        sizes = {
            "kernel": getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None),
            "stride": getattr(layer, "strides", None),
            "dilation": getattr(layer, "dilation_rate", (1, 1)),
        }
        if not all(isinstance(size, tuple) and len(set(size)) == 1 for size in sizes.values()):
            kind = type(layer).__name__
            raise traitlets.TraitError(
                say(
                    "{name} is a {kind}; wanted: a square convolution or pool", name=name, kind=kind
                )
            )
        layer = {key: size[0] for key, size in sizes.items()} | {"padding": layer.padding}
    layer = _DEFAULTS | layer
    for key, value in layer.items():
        if value not in OFFERED.get(key, []):
            known = OFFERED.get(key) or say("no such setting: {there}", there=", ".join(OFFERED))
            raise traitlets.TraitError(
                say(
                    "{name}: {key} is {value!r}; wanted: {known}",
                    name=name,
                    key=key,
                    value=value,
                    known=known,
                )
            )
    return layer


def _side_after(layers, side):
    for layer in layers:
        same = layer["padding"] == "same"
        reach = 1 if same else (layer["kernel"] - 1) * layer["dilation"] + 1
        side = max((side - reach) // layer["stride"] + 1, 0)
    return side


def _still(layers, side, output):
    """Draw the input with the field of one output, and the map with that output."""
    last = _side_after(layers, side)
    if not last:
        raise traitlets.TraitError(
            say("nothing comes out of {layers} for a side of {side}", layers=layers, side=side)
        )
    # In one dimension: where the field starts, how wide it is.
    start, field, jump, n = 0, 1, 1, side
    for layer in layers:
        before = 0
        reach = (layer["kernel"] - 1) * layer["dilation"] + 1
        after = _side_after([layer], n)
        if layer["padding"] == "same":
            before = max((after - 1) * layer["stride"] + reach - n, 0) // 2
        start, field, jump, n = (
            start - before * jump,
            field + (reach - 1) * jump,
            jump * layer["stride"],
            after,
        )
    fig, axes = plots.figure(
        say(
            "Left the input of {side} x {side} pixels, with the square of {field} x {field} that "
            "one output sees marked; right the map of {last} x {last} outputs, with that one "
            "marked.",
            side=side,
            field=field,
            last=last,
        ),
        height=2.6,
        ncols=2,
        width_ratios=(3, 2),
    )
    row, column = (min(place, last - 1) for place in output)
    for ax, count, corner, width, name in [
        (axes[0], side, (start + column * jump, start + row * jump), field, "input"),
        (axes[1], last, (column, row), 1, "output"),
    ]:
        ax.pcolormesh(np.zeros((count, count)), cmap="gray_r", edgecolor="#BBBBBB", linewidth=0.3)
        ax.add_patch(Rectangle(corner, width, width, color=plots.COLORS[0], alpha=0.6))
        ax.set(xlim=(-0.1, count + 0.1), ylim=(count + 0.1, -0.1), aspect="equal")
        ax.set_title(f"{name}: {count} x {count}")
        ax.set_axis_off()
    return fig
