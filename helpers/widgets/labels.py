""" "Pretraining": accuracy against labels, and how many labels a way of starting saves."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.figure import ReactiveFigure, joined_module, style
from helpers.words import say

__all__ = ["Labels"]


class Labels(ReactiveFigure):
    """Choose a number of labels and ways of starting, and read what each is worth.

    Parameters
    ----------
    scores : dict of str to dict
        For each method, its accuracies by the number of labels: ``{n: [0.87, 0.88, ...]}``, one
        for each round. All methods have the same numbers of labels. The first method is what
        the others are compared with.
    names : dict of str to str
        What to call the methods of `scores`.

    Attributes
    ----------
    labels : int
        The number of labels that is chosen, one of those in `scores`. May be set.
    methods : list of str
        The methods that are shown. May be set.
    accuracy : dict of str to float
        The mean accuracy of each shown method. Like `worth` computed by the figure: empty until
        it is shown.
    worth : dict of str to (float or None)
        With how many labels the first method is as accurate, read from a straight line between
        its means over the logarithm of the number of labels. None if that is beyond the numbers
        that were tried.

    Raises
    ------
    TraitError
        If a value is none of those offered.
    ValueError
        If `scores` is empty, uneven or no accuracies, has more than five methods, or one that
        `names` does not have.
    """

    _esm = joined_module("labels.js")
    _css = style("labels.css")
    # In lists, because a notebook stores a dict with its keys sorted.
    _sizes = traitlets.List(traitlets.Int()).tag(sync=True)
    _scores = traitlets.List().tag(sync=True)
    labels = traitlets.Int().tag(sync=True)
    methods = traitlets.List(traitlets.Unicode()).tag(sync=True)
    accuracy = traitlets.Dict().tag(sync=True)
    worth = traitlets.Dict().tag(sync=True)

    def __init__(self, scores, names):
        if not 1 <= len(scores) <= 5:
            raise ValueError(say("scores has {n} methods; wanted: 1 to 5", n=len(scores)))
        sizes = sorted(next(iter(scores.values())))
        for method, row in scores.items():
            if method not in names:
                raise ValueError(
                    say("names has no {method!r}; it has {there}", method=method, there=list(names))
                )
            if sorted(row) != sizes or not sizes:
                raise ValueError(
                    say(
                        "scores[{method!r}] is for {there} labels; wanted: {sizes}",
                        method=method,
                        there=sorted(row),
                        sizes=sizes,
                    )
                )
            for n, values in row.items():
                values = np.asarray(values)
                if not values.size or not np.all((values >= 0) & (values <= 1)):
                    raise ValueError(
                        say(
                            "scores[{method!r}][{n}] is {values}; wanted: 0 to 1",
                            method=method,
                            n=n,
                            values=values,
                        )
                    )
        listed = [
            {"method": method, "name": names[method],
             "scores": [[float(value) for value in row[n]] for n in sizes]}
            for method, row in scores.items()
        ]  # fmt: skip
        super().__init__(
            {},
            _still(sizes, listed),
            _sizes=[int(n) for n in sizes],
            _scores=listed,
            labels=int(sizes[len(sizes) // 3]),
            methods=list(scores)[:3],
        )

    @traitlets.validate("labels")
    def _is_a_size(self, proposal):
        if proposal["value"] not in self._sizes and self._sizes:
            raise traitlets.TraitError(
                say(
                    "labels is {value}; there are {there}",
                    value=proposal["value"],
                    there=self._sizes,
                )
            )
        return proposal["value"]

    @traitlets.validate("methods")
    def _are_methods(self, proposal):
        known = [one["method"] for one in self._scores]
        if known and not set(proposal["value"]) <= set(known):
            raise traitlets.TraitError(
                say("methods is {value}; there are {known}", value=proposal["value"], known=known)
            )
        return proposal["value"]


def _still(sizes, listed):
    """Draw the mean accuracies of all methods."""
    names = "; ".join(one["name"] for one in listed)
    fig, ax = plots.figure(
        say(
            "Mean accuracy against the number of labels from {low:,} to {high:,}: {names}.",
            low=sizes[0],
            high=sizes[-1],
            names=names,
        ),
        height=3.2,
    )
    for one, marker in zip(listed, "osD^v", strict=False):
        means = [100 * np.mean(row) for row in one["scores"]]
        ax.plot(sizes, means, marker=marker, markersize=5, linewidth=1.2, label=one["name"])
    ax.set_xscale("log")
    ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
    ax.minorticks_off()
    ax.set(xlabel="labelled training images", ylabel="accuracy (%)")
    ax.legend(fontsize=8)
    return fig
