"""The playground: an autoencoder that learns in the page."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.figure import ReactiveFigure, joined_module, style
from helpers.words import say

__all__ = ["Playground"]

_TRAIN, _VALIDATION = 2000, 400  # images: on a page they weigh some 100 kB
_BATCH, _SHOWN = 64, 8  # as in the script


class Playground(ReactiveFigure):
    """Train a small autoencoder, choose its settings, and see what it learns.

    The images become 14 x 14 pixels of 16 shades. Of the training images the first 2,000 are
    used, of the validation images the first 400.

    Parameters
    ----------
    x_train : ndarray of float, shape (n, 784) or (n, 28, 28, ...)
        Images to train on, 0 paper to 1 ink; n at least 64.
    x_valid : ndarray of float, shape (m, 784) or (m, 28, 28, ...)
        Images on which it is judged; m at least 8.
    y_valid : ndarray of int, shape (m,)
        Which digits these are, 0 to 9.
    **preset
        The settings it opens with: any of the attributes from `code` to `more`.

    Attributes
    ----------
    code : {2, 1, 4, 8, 16, 32}
        Numbers in the code. May be set, as all to `seed`; the network is then a new one.
    hidden : {64, 0, 128}
        Units of the ReLU layer on both sides of the code; 0 for none.
    rate : {0.003, 0.001, 0.01, 1}
        Adam's learning rate. With 1 the training diverges.
    kind : {"plain", "sparse", "variational"}
        A linear code; a ReLU code with an L1 penalty; or one of means and variances.
    l1 : {0.001, 0.0001, 0.01}
        Weight of the sparse code's penalty.
    beta : {0.1, 1, 30}
        Weight of the variational code's KL divergence. With 30 the code collapses.
    noise : {0, 0.25, 0.5}
        Standard deviation of the noise on the input; the target has none.
    seed : int
        Decides weights, order and noise: the same settings and seed give the same numbers.
    steps : int
        How many batches of 64 images it trains on, at most; 1,500 take some ten seconds.
    more : bool
        Whether the rarer settings, `kind` to `seed`, are unfolded at first.
    state : {"ready", "training", "paused", "done", "diverged"}
        Told by the figure, as all below.
    step : int
        How many it took so far.
    training_loss, validation_loss : float or None
        BCE per pixel at the last look, without the penalties; None if it is not finite.

    Raises
    ------
    ValueError
        If the images or labels have other shapes or values, or are too few.
    """

    _esm = joined_module("playground.js")
    _css = style("playground.css")
    _train = traitlets.Bytes().tag(sync=True)  # pixels of 4 bits, two a byte
    _validation = traitlets.Bytes().tag(sync=True)
    _labels = traitlets.Bytes().tag(sync=True)
    code = traitlets.Enum([1, 2, 4, 8, 16, 32], 2).tag(sync=True)
    hidden = traitlets.Enum([0, 64, 128], 64).tag(sync=True)
    rate = traitlets.Enum([0.001, 0.003, 0.01, 1], 0.003).tag(sync=True)
    kind = traitlets.Enum(["plain", "sparse", "variational"], "plain").tag(sync=True)
    l1 = traitlets.Enum([0.0001, 0.001, 0.01], 0.001).tag(sync=True)
    beta = traitlets.Enum([0.1, 1, 30], 1).tag(sync=True)
    noise = traitlets.Enum([0, 0.25, 0.5], 0).tag(sync=True)
    seed = traitlets.Int(0, min=0, max=2**31 - 1).tag(sync=True)
    steps = traitlets.Int(1500, min=25, max=10_000).tag(sync=True)
    more = traitlets.Bool(False).tag(sync=True)
    state = traitlets.Enum(["ready", "training", "paused", "done", "diverged"], "ready").tag(
        sync=True
    )
    step = traitlets.Int(0).tag(sync=True)
    training_loss = traitlets.Float(None, allow_none=True).tag(sync=True)
    validation_loss = traitlets.Float(None, allow_none=True).tag(sync=True)

    def __init__(self, x_train, x_valid, y_valid, **preset):
        train = _quartered("x_train", x_train, _BATCH)[:_TRAIN]
        labels = np.asarray(y_valid)
        validation = _quartered("x_valid", x_valid, _SHOWN)
        if labels.shape != (len(validation),) or not np.isin(labels, range(10)).all():
            raise ValueError(
                say(
                    "y_valid has shape {shape} and values from {low} to {high}; wanted: one "
                    "digit, 0 to 9, for each of the {n} images of x_valid",
                    shape=labels.shape,
                    low=labels.min(initial=0),
                    high=labels.max(initial=0),
                    n=len(validation),
                )
            )
        validation, labels = validation[:_VALIDATION], labels[:_VALIDATION]
        # The figure shows the first ones: let them be different digits.
        first = np.unique(labels, return_index=True)[1][:_SHOWN]
        order = np.concatenate([first, np.setdiff1d(np.arange(len(labels)), first)])
        validation, labels = validation[order], labels[order]
        still = plots.rows(
            {"validation digits": validation[:_SHOWN].reshape(-1, 14, 14) / 15},
            alt=say(
                "{n} handwritten digits of 14 x 14 pixels. Where scripts run, this figure trains "
                "an autoencoder on others like them, and draws below each its reconstruction.",
                n=_SHOWN,
            ),
            count=_SHOWN,
        )
        super().__init__(
            {},
            still,
            _train=_packed(train),
            _validation=_packed(validation),
            _labels=labels.astype(np.uint8).tobytes(),
            **preset,
        )


def _quartered(name, images, least):
    """Return images of 28 x 28 as (n, 196) shades from 0 to 15, each the mean of four pixels."""
    x = np.asarray(images)
    if x.ndim < 2 or x[:1].size != 784 or len(x) < least:
        raise ValueError(
            say(
                "{name} has shape {shape}; wanted: (n, 784) or (n, 28, 28), n at least {least}",
                name=name,
                shape=x.shape,
                least=least,
            )
        )
    if not np.all((x >= 0) & (x <= 1)):
        raise ValueError(
            say(
                "{name} goes from {low} to {high}; wanted: 0 (paper) to 1 (ink)",
                name=name,
                low=x.min(),
                high=x.max(),
            )
        )
    means = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4), dtype=np.float64)
    return np.rint(15 * means).astype(np.uint8).reshape(-1, 196)


def _packed(shades):
    return (16 * shades[:, ::2] + shades[:, 1::2]).tobytes()
