""" "Sequences" and "Anomalies": a heartbeat, what comes back of it, its error and a threshold."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.figure import ReactiveFigure, joined_module, style
from helpers.words import say

__all__ = ["Beats"]


class Beats(ReactiveFigure):
    """Choose a heartbeat, or bend its curve by hand, and see what comes back of it.

    Parameters
    ----------
    networks : keras.Model or dict of str to keras.Model
        Each from sequences of shape (steps, 1) to the same, in the scale of `scale`. With
        several, the reader chooses one by its name.
    beats : ndarray of float, shape (n, steps)
        Beats to choose from, in mV.
    kinds : sequence of str
        What each of `beats` is, such as "normal".
    milliseconds : ndarray of float, shape (steps,)
        The time of each step, at equal distances.
    scale : tuple of float
        Mean and deviation: the network gets and gives (mV - mean) / deviation.
    errors : ndarray of float, optional
        Errors of the beats that set the threshold, in squared mV; all positive. With them and
        a threshold, the figure says whether a beat gives an alarm.
    threshold : float, optional
        A beat with a larger error is not like the others.

    Attributes
    ----------
    network : str
        The name of the network that is shown. May be set.
    beat : int
        The place in `beats` of the one that is chosen, -1 for the reader's own. May be set.
    signal : list of float
        The curve that is shown, in mV. May be set; `beat` is then -1.
    reconstruction : list of float
        What comes back of it, in mV. Computed by the figure, so it is empty until the
        figure is shown.
    error : float
        Mean squared error of the two, in squared mV.
    threshold : float
        May be set. It means nothing where no errors were given.

    Raises
    ------
    ExportError
        If the model cannot be run on a page.
    ValueError
        If the numbers have other shapes, are not finite, or not positive where they must be.
    """

    _esm = joined_module("beats.js")
    _css = style("beats.css")
    _examples = traitlets.Bytes().tag(sync=True)
    _kinds = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _milliseconds = traitlets.List(traitlets.Float()).tag(sync=True)  # of the first and last step
    _scale = traitlets.List(traitlets.Float()).tag(sync=True)
    _histogram = traitlets.Dict().tag(sync=True)
    _names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    network = traitlets.Unicode().tag(sync=True)
    beat = traitlets.Int(0).tag(sync=True)
    signal = traitlets.List(traitlets.Float()).tag(sync=True)
    reconstruction = traitlets.List(traitlets.Float()).tag(sync=True)
    error = traitlets.Float().tag(sync=True)
    threshold = traitlets.Float(1).tag(sync=True)

    def __init__(self, networks, beats, kinds, milliseconds, scale, errors=None, threshold=None):
        if not isinstance(networks, dict):
            networks = {"autoencoder": networks}
        beats = _check_finite("beats", beats, 2)
        time = _check_finite("milliseconds", milliseconds, 1)
        mean, std = map(float, scale)
        n, steps = beats.shape
        for name, network in networks.items():
            shapes = network.input_shape[1:], network.output_shape[1:]
            if shapes != ((steps, 1), (steps, 1)):
                raise ValueError(
                    say(
                        "{name}: from and to {shapes}; wanted: ({steps}, 1) and the same",
                        name=name,
                        shapes=shapes,
                        steps=steps,
                    )
                )
        if len(kinds) != n or len(time) != steps:
            raise ValueError(
                say(
                    "{kinds} kinds and {time} milliseconds; wanted: {n} and {steps}",
                    kinds=len(kinds),
                    time=len(time),
                    n=n,
                    steps=steps,
                )
            )
        if std <= 0:
            raise ValueError(say("deviation {std}; wanted: above 0", std=std))
        if (errors is None) != (threshold is None):
            raise ValueError(say("errors and threshold: wanted: both, or neither"))
        x = ((beats - mean) / std)[..., np.newaxis]
        first = next(iter(networks.values()))
        answer = mean + std * np.asarray(first(x))[..., 0]
        own = np.mean((beats - answer) ** 2, axis=1)
        alarm = {} if errors is None else _histogram(errors, own, float(threshold))
        super().__init__(
            dict(networks),
            _still(beats, answer, own, alarm.get("threshold")),
            _examples=beats.astype("<f4").tobytes(),
            _kinds=list(map(str, kinds)),
            _milliseconds=[float(time[0]), float(time[-1])],
            _scale=[mean, std],
            _names=list(networks),
            network=next(iter(networks)),
            signal=beats[0].tolist(),
            **alarm,
        )

    @traitlets.validate("network")
    def _is_a_network(self, proposal):
        if self._names and proposal["value"] not in self._names:
            known = ", ".join(map(repr, self._names))
            raise traitlets.TraitError(
                say("network is {value!r}; wanted: {known}", value=proposal["value"], known=known)
            )
        return proposal["value"]

    @traitlets.validate("beat")
    def _is_a_beat(self, proposal):
        n = len(self._kinds)
        if not -1 <= proposal["value"] < max(n, 1):
            raise traitlets.TraitError(
                say(
                    "beat is {value}; wanted: 0 to {last}, or -1 for the reader's own",
                    value=proposal["value"],
                    last=n - 1,
                )
            )
        return proposal["value"]

    @traitlets.validate("signal")
    def _is_a_signal(self, proposal):
        values = proposal["value"]
        steps = len(self._examples) // 4 // max(len(self._kinds), 1)
        if len(values) != (steps or len(values)) or not np.isfinite(values).all():
            raise traitlets.TraitError(
                say(
                    "signal: {n} values; wanted: {steps} finite ones, in mV",
                    n=len(values),
                    steps=steps,
                )
            )
        return values

    @traitlets.validate("threshold")
    def _is_a_threshold(self, proposal):
        if not 0 < proposal["value"] < np.inf:
            raise traitlets.TraitError(
                say("threshold is {value}; wanted: above 0", value=proposal["value"])
            )
        return proposal["value"]


def _check_finite(name, values, dimensions):
    """Return `values` as float32, or say what is wrong with them."""
    values = np.asarray(values, dtype=np.float32)
    if values.ndim != dimensions or not values.size or not np.isfinite(values).all():
        raise ValueError(
            say(
                "{name} has shape {shape}; wanted: finite numbers in {dimensions} dimensions",
                name=name,
                shape=values.shape,
                dimensions=dimensions,
            )
        )
    return values


def _histogram(errors, own, threshold):
    """Return the traits of a figure that gives alarms."""
    errors = _check_finite("errors", errors, 1)
    if errors.min() <= 0:
        raise ValueError(say("errors from {low}; wanted: above 0", low=errors.min()))
    low = np.floor(np.log10(min(errors.min(), threshold)))
    high = np.ceil(np.log10(max(errors.max(), own.max(), threshold)))
    edges = np.logspace(low, high, int(8 * (high - low)) + 1)
    heights, _ = np.histogram(errors, edges)
    bars = {"edges": edges.tolist(), "heights": heights.tolist()}
    return {"_histogram": bars, "threshold": threshold}


def _still(beats, answer, errors, threshold):
    """Draw all beats in one row or two, each with what comes back and its error."""
    n, steps = beats.shape
    columns = min(n, 5)
    lines = -(-n // columns)
    strange = np.zeros(n, bool) if threshold is None else errors > threshold
    alt = say(
        "{n} heartbeats, each with its reconstruction and its error in squared millivolts.", n=n
    )
    if threshold is not None:
        which = ", ".join(str(i + 1) for i in np.flatnonzero(strange)) or say("none")
        alt += " " + say(
            "Above the threshold of {threshold:.4f}, and so not like the others: beat {which}.",
            threshold=threshold,
            which=which,
        )
    fig, axes = plots.figure(
        alt,
        height=1.5 * lines + 0.4,
        nrows=lines,
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    top = max(beats.max(), answer.max())
    for i in range(n):
        ax, start = axes[i // columns, 0], i % columns * (steps + 6)
        step = start + np.arange(steps)
        names = {"label": "beat"}, {"label": "reconstruction"}
        ax.plot(step, beats[i], color="#000000", linewidth=1, **(names[0] if not i else {}))
        ax.plot(step, answer[i], "--", color=plots.COLORS[1], **(names[1] if not i else {}))
        said = f"{errors[i]:.4f}" + ("\nnot like" if strange[i] else "")
        ax.text(start + steps, top, said, ha="right", va="top", fontsize=8)
    for ax in axes[:, 0]:
        ax.set_xticks([])
        ax.set_ylabel("mV")
    fig.legend(loc="outside upper center", ncols=2, fontsize=9)
    return fig
