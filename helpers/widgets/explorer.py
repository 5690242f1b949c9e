""" "Variational autoencoders": the plane of two latents, to walk in."""

import keras
import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.export import ExportError
from helpers.widgets.figure import DigitFigure, joined_module, style

__all__ = ["LatentExplorer"]


class LatentExplorer(DigitFigure):
    """Move a point in the latent plane of a VAE and see what the decoder draws there.

    The reader can also choose or draw a digit, which shows its cloud and puts the point in the
    middle of it, and change to a VAE that was trained with another beta.

    Parameters
    ----------
    vaes : dict of float to keras.Model
        By beta. Each has an `encoder`, which makes of 784 pixels two means and two
        log-variances, each pair by a dense layer of its own, and a `decoder`, which makes
        784 pixels between 0 and 1 of two latents.
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
        Which VAE is shown, one of the keys of `vaes`; at first 1, or else the smallest.
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

    def __init__(self, vaes, x, y):
        x, y = self._checked(x), np.asarray(y)
        if not vaes:
            raise ValueError("vaes is empty; wanted: models by their beta")
        if y.shape != (len(x),) or not np.isin(y, range(10)).all():
            raise ValueError(f"y has shape {y.shape} and values {np.unique(y)[:12]}; wanted: "
                             f"({len(x)},), digits 0 to 9")  # fmt: skip
        vaes = {float(beta): vaes[beta] for beta in sorted(vaes)}
        networks, means = {}, []
        for place, (beta, vae) in enumerate(vaes.items()):
            encoder = _with_one_output(vae.encoder, beta)
            networks |= {f"encoder {place}": encoder, f"decoder {place}": vae.decoder}
            means.append(np.asarray(encoder(x))[:, :2])
        # The plane holds nearly all dots, whichever beta is shown; those beyond get 0 or 255.
        reach = np.percentile(np.abs(means), 99.5, axis=(1, 2))
        limit = max(3.0, np.ceil(reach.max()))
        dots = np.clip(np.rint(255 * (np.array(means) + limit) / (2 * limit)), 0, 255)

        examples = x[np.unique(y, return_index=True)[1]]
        rows = {"original": examples}
        rows |= {f"beta {beta:g}": _reconstruct(vae, examples) for beta, vae in vaes.items()}
        still = plots.rows(
            rows,
            alt="Digits, and below them what comes back through the plane of two latents, trained "
            f"with beta {', '.join(f'{beta:g}' for beta in vaes)}.",
        )
        beta = 1.0 if 1.0 in vaes else min(vaes)
        mean, log_var = (np.asarray(part)[0] for part in vaes[beta].encoder(examples[:1]))
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
                f"z is {z}; wanted: two numbers from {-limit:g} to {limit:g}"
            )
        return z

    @traitlets.validate("beta")
    def _is_a_beta(self, proposal):
        if proposal["value"] not in self._betas:
            raise traitlets.TraitError(f"beta is {proposal['value']}; there are {self._betas}")
        return proposal["value"]


def _with_one_output(encoder, beta):
    """Return an encoder with two heads as a network with one: means, then log-variances."""
    heads, inputs = [], []
    for tensor in encoder.outputs:
        layer, call, _ = tensor._keras_history
        heads.append(layer)
        inputs.append(layer._inbound_nodes[call].input_tensors[0])
    kinds = [f"{type(head).__name__} of {head.output.shape[-1]}" for head in heads]
    if kinds != ["Dense of 2", "Dense of 2"] or inputs[0] is not inputs[1]:
        raise ExportError(
            f"the encoder for beta {beta:g} ends in {', '.join(kinds)}; wanted: two dense layers "
            "of 2 units, for means and log-variances, which both take what the same layer gives"
        )
    both = keras.layers.Dense(4)
    network = keras.Model(encoder.inputs[0], both(inputs[0]))
    parts = zip(*(head.get_weights() for head in heads), strict=True)
    both.set_weights([np.concatenate(part, axis=-1) for part in parts])
    return network


def _reconstruct(vae, x):
    """Return what comes back from the middle of each digit's cloud."""
    return np.asarray(vae.decoder(vae.encoder(x)[0]))
