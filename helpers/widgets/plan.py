""" "Scaling out": how long a sweep takes on how many workers, and from where more do not help."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.figure import ReactiveFigure, joined_module
from helpers.words import say

__all__ = ["Plan"]

_TASKS = [10, 100, 1000, 10_000, 100_000, 1_000_000]
_LENGTHS = [0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0]
_MOST_WORKERS = 10_000


class Plan(ReactiveFigure):
    """Choose tasks, their length and the workers, and read when the sweep is done.

    With `n` tasks of `t` seconds on `p` workers, a start of `s` seconds and `o` seconds of the
    scheduler for each task, it is done after ``s + n * max(t / p, o)`` seconds.

    Parameters
    ----------
    startup : float
        Seconds until the workers are ready, s.
    overhead : float
        Seconds of the scheduler for each task, o.
    seconds : float
        Seconds that a task takes, t: one more length to choose from, and the first shown.

    Attributes
    ----------
    tasks : int
        One of 10, 100, ..., 1,000,000. May be set.
    seconds : float
        One of 0.01, 0.1, 1, 10, 60, 600, 3600 and the length that was given. May be set.
    workers : int
        1 to 10,000. May be set.
    total : float
        Seconds until the sweep is done. Like the next two computed by the figure: 0 until it
        is shown.
    useful : float
        The number of workers beyond which more do not help, t / o.
    hours : float
        Worker-hours: what a computing centre would charge for.

    Raises
    ------
    TraitError
        If a value is none of those offered.
    ValueError
        If a time is not a positive number (`startup` may be 0).
    """

    _esm = joined_module("plan.js")
    _startup = traitlets.Float().tag(sync=True)
    _overhead = traitlets.Float().tag(sync=True)
    _tasks = traitlets.List(traitlets.Int()).tag(sync=True)
    _lengths = traitlets.List(traitlets.Float()).tag(sync=True)
    tasks = traitlets.Int(10_000).tag(sync=True)
    seconds = traitlets.Float().tag(sync=True)
    workers = traitlets.Int(100).tag(sync=True)
    total = traitlets.Float().tag(sync=True)
    useful = traitlets.Float().tag(sync=True)
    hours = traitlets.Float().tag(sync=True)

    def __init__(self, startup, overhead, seconds):
        times = {"startup": startup, "overhead": overhead, "seconds": seconds}
        for name, value in times.items():
            if not np.isfinite(value) or value < 0 or (value == 0 and name != "startup"):
                raise ValueError(
                    say("{name} is {value}; wanted: seconds, above 0", name=name, value=value)
                )
        super().__init__(
            {},
            _still(startup, overhead, seconds),
            _startup=float(startup),
            _overhead=float(overhead),
            _tasks=_TASKS,
            _lengths=sorted({*_LENGTHS, float(seconds)}),
            seconds=float(seconds),
        )

    @traitlets.validate("tasks", "seconds")
    def _is_offered(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        offered = {"tasks": self._tasks, "seconds": self._lengths}[name]
        if offered and value not in offered:
            raise traitlets.TraitError(
                say(
                    "{name} is {value}; there are {offered}",
                    name=name,
                    value=value,
                    offered=offered,
                )
            )
        return value

    @traitlets.validate("workers")
    def _is_possible(self, proposal):
        if not 1 <= proposal["value"] <= _MOST_WORKERS:
            raise traitlets.TraitError(
                say(
                    "workers is {value}; wanted: 1 to {most:,}",
                    value=proposal["value"],
                    most=_MOST_WORKERS,
                )
            )
        return proposal["value"]


def _still(startup, overhead, seconds):
    """Draw the time of 10,000 tasks against the workers."""
    workers, tasks = np.logspace(0, 4, 200), 10_000
    useful = seconds / overhead
    if useful <= 1:
        course = say(
            "The time is level: the scheduler takes longer for a task than the task itself."
        )
    elif useful < _MOST_WORKERS:
        course = say(
            "The time falls in proportion, and is level from {useful:,.0f} workers on.",
            useful=useful,
        )
    else:
        course = say("The time falls in proportion.")
    axes = say(
        "Hours for {tasks:,} tasks of {seconds:g} seconds against the number of workers, from 1 "
        "to 10,000, both axes logarithmic.",
        tasks=tasks,
        seconds=seconds,
    )
    fig, ax = plots.figure(f"{axes} {course}", height=3.0)
    share = tasks * seconds / workers
    ax.plot(workers, (startup + share) / 3600, "--", color=plots.COLORS[1], label="shared evenly")
    law = startup + np.maximum(share, tasks * overhead)
    ax.plot(workers, law / 3600, color=plots.COLORS[0], label="with the scheduler")
    ax.set(xscale="log", yscale="log", xlabel="workers", ylabel=f"hours for {tasks:,} tasks")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:,g}")
    ax.legend()
    return fig
