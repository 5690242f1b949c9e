""" "Variational autoencoders": the plane of two latents, to walk in."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.export import ExportError
from helpers.widgets.figure import DigitFigure, joined_module, style
from helpers.words import say

__all__ = ["LatentExplorer"]


class LatentExplorer(DigitFigure):
    """Move a point in the latent plane of a VAE and see what the decoder draws there.

    The reader can also choose or draw a digit, which shows its cloud and puts the point in the
    middle of it, and change to a VAE that was trained with another beta. Ten codes are drawn from
    the cloud, mean + sd x epsilon; the epsilons stay while the cloud moves, until the reader
    draws again.

    Parameters
    ----------
    networks : dict of str to keras.Model
        An "encoder", which makes of 784 pixels four numbers, two means and two log-variances,
        and a "decoder", which makes 784 pixels between 0 and 1 of two latents. Of VAEs trained
        with several betas, each name ends in its beta: "encoder 0.1".
    x : ndarray of float, shape (n, 784)
        Digits that are dots in the plane, 0 paper to 1 ink. The reader chooses from the
        first of each label; at the beginning the first of these is chosen.
    y : ndarray of int, shape (n,)
        Their labels, 0 to 9.

    Attributes
    ----------
    z : list of float
        The point, two latents. At first it is in the middle of the digit's cloud, to two
        decimals. May be set.
    digit : int
        The place of the chosen digit, in the order of the labels, -1 for the reader's drawing.
        May be set; the point then goes to the middle of the digit's cloud.
    beta : float
        Which VAE is shown; at first 1, or else the smallest.
        May be set.
    mean, sd : list of float
        The digit's cloud: its mean and its standard deviation in both latents.

    Raises
    ------
    ExportError
        If a model is not of this kind.
    ValueError
        If there is no model, or `x` or `y` has another shape or other values.
    """

    _esm = joined_module("explorer.js")
    _css = style("explorer.css")
    _dots = traitlets.Bytes().tag(sync=True)
    _labels = traitlets.Bytes().tag(sync=True)
    _betas = traitlets.List(traitlets.Float()).tag(sync=True)
    _limit = traitlets.Float().tag(sync=True)
    z = traitlets.List(traitlets.Float()).tag(sync=True)
    beta = traitlets.Float().tag(sync=True)
    mean = traitlets.List(traitlets.Float()).tag(sync=True)
    sd = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, networks, x, y):
        x, y = self._checked(x), np.asarray(y)
        if y.shape != (len(x),) or not np.isin(y, range(10)).all():
            raise ValueError(
                say(
                    "y has shape {shape} and values {values}; wanted: ({n},), digits 0 to 9",
                    shape=y.shape,
                    values=np.unique(y)[:12],
                    n=len(x),
                )
            )
        vaes = _by_beta(networks)
        networks, means = {}, []
        for place, (encoder, decoder) in enumerate(vaes.values()):
            networks |= {f"encoder {place}": encoder, f"decoder {place}": decoder}
            means.append(np.asarray(encoder(x))[:, :2])
        # The plane holds nearly all dots, whichever beta is shown; those beyond get 0 or 255.
        reach = np.percentile(np.abs(means), 99.5, axis=(1, 2))
        limit = max(3.0, np.ceil(reach.max()))
        dots = np.clip(np.rint(255 * (np.array(means) + limit) / (2 * limit)), 0, 255)

        examples = x[np.unique(y, return_index=True)[1]]
        rows = {"original": examples}
        names = [f"beta {beta:g}" for beta in vaes] if len(vaes) > 1 else ["reconstruction"]
        rows |= {
            name: _reconstruct(*vae, examples)
            for name, vae in zip(names, vaes.values(), strict=True)
        }
        still = plots.rows(
            rows,
            alt=say(
                "Digits, and below them what comes back through the plane of two latents, trained "
                "with beta {betas}.",
                betas=", ".join(f"{beta:g}" for beta in vaes),
            ),
        )
        beta = 1.0 if 1.0 in vaes else min(vaes)
        mean, log_var = np.split(np.asarray(vaes[beta][0](examples[:1]))[0], 2)
        super().__init__(
            networks, still, examples,
            _dots=dots.astype(np.uint8).tobytes(), _labels=y.astype(np.uint8).tobytes(),
            _betas=list(vaes), _limit=float(limit), beta=beta, mean=mean.tolist(),
            sd=np.exp(log_var / 2).tolist(),
            z=[round(float(v), 2) for v in np.clip(mean, -limit, limit)],
        )  # fmt: skip

    @traitlets.validate("z")
    def _is_in_the_plane(self, proposal):
        z, limit = proposal["value"], self._limit
        if len(z) != 2 or not all(abs(v) <= limit for v in z):
            raise traitlets.TraitError(
                say(
                    "z is {z}; wanted: two numbers from {low:g} to {limit:g}",
                    z=z,
                    low=-limit,
                    limit=limit,
                )
            )
        return z

    @traitlets.validate("beta")
    def _is_a_beta(self, proposal):
        if proposal["value"] not in self._betas:
            raise traitlets.TraitError(
                say(
                    "beta is {value}; there are {there}", value=proposal["value"], there=self._betas
                )
            )
        return proposal["value"]


def _by_beta(networks):
    """Return encoder and decoder by beta, the smallest first."""
    vaes = {}
    for name, network in networks.items():
        half, _, beta = name.partition(" ")
        vaes.setdefault(float(beta or 1), {})[half] = network
    for beta, halves in vaes.items():
        if set(halves) != {"encoder", "decoder"}:
            raise ValueError(
                say(
                    "for beta {beta:g} came {halves}; wanted: encoder and decoder",
                    beta=beta,
                    halves=sorted(halves),
                )
            )
        sizes = [halves[half].output_shape[1:] for half in ("encoder", "decoder")]
        if sizes != [(4,), (784,)]:
            raise ExportError(
                say(
                    "for beta {beta:g} the encoder gives {first} and the decoder {second}; "
                    "wanted: (4,), two means and two log-variances, and (784,)",
                    beta=beta,
                    first=sizes[0],
                    second=sizes[1],
                )
            )
    if not vaes:
        raise ValueError(say("networks is empty; wanted: an encoder and a decoder"))
    return {beta: (vaes[beta]["encoder"], vaes[beta]["decoder"]) for beta in sorted(vaes)}


def _reconstruct(encoder, decoder, x):
    """Return what comes back from the middle of each digit's cloud."""
    return np.asarray(decoder(encoder(x)[:, :2]))
