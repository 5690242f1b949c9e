"""Checks for the exercises of variational."""

import math

import keras
import numpy as np
from scipy.spatial import KDTree
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from helpers.exercises import (
    ROUNDING,
    Wrong,
    apply_model,
    are_pixels,
    check_answered,
    check_array,
    check_number,
    judged_in_full,
)
from helpers.measures import bce

__all__ = ["check_1", "check_2", "check_3", "check_4"]

_LEVEL = 0.03  # of two confidences


def check_1(kl_a, kl_b):
    """The KL of two latents by hand."""
    check_answered(kl_a=kl_a, kl_b=kl_b)
    log = math.log(0.01)
    kl = (0.01 - 1 - log) / 2
    check_number(
        "kl_a",
        kl_a,
        kl,
        {
            2 * kl: "the factor one half is missing.",
            -kl: "a KL is never negative. Mind the sign of the logarithm.",
            kl / math.log(2): "that is in bits; wanted: nats.",
            (0.01 - 1 - log / math.log(10)) / 2: "that is with log10; wanted: the natural log.",
            (0.01 - 1 - log / math.log(2)) / 2: "that is with log2; wanted: the natural log.",
            (0.1 - 1 - log / 2) / 2: "0.1 is the standard deviation; the formula has its square.",
            (0.01 - 1 - log / 2) / 2: "the logarithm is that of the square, too.",
            (0.01 - log) / 2: "the 1 is missing.",
        },
        tolerance=5e-3,
        hint="Put mu = 0 and sigma squared = 0.01 into the term for one latent.",
    )
    check_number(
        "kl_b",
        kl_b,
        2,
        {
            4: "the factor one half is missing.",
            1: "the formula has the square of mu.",
            0: "sigma is that of the prior, but mu is not.",
            2.5: "the 1 is missing.",
        },
        tolerance=5e-3,
        hint="The logarithm of 1 is 0.",
    )
    print("Right: a shift of the mean is charged by its square, a narrow cloud by its logarithm.")


def check_2(your_guess, mixture_codes, mixture_confidence, vae, x, confidence):
    """Codes of a VAE drawn from a mixture, and the classifier's confidence in their pictures."""
    check_answered(
        your_guess=your_guess,
        mixture_codes=mixture_codes,
        mixture_confidence=mixture_confidence,
    )
    guess = your_guess.strip().lower() if isinstance(your_guess, str) else your_guess
    if guess not in ("higher", "lower", "level"):
        raise Wrong(f'your_guess is {your_guess!r:.60}; wanted: "higher", "lower" or "level".')
    z_mean, _ = _clouds("vae_20's encoder", vae, x)
    if np.shape(mixture_codes)[1:] == (784,):
        raise Wrong("mixture_codes holds 784 numbers a row: these are pictures; wanted: the codes.")
    if np.shape(mixture_codes)[1:] == (2 * z_mean.shape[1],):
        raise Wrong("mixture_codes holds means and log-variances; fit the mixture to the means.")
    codes = check_array("mixture_codes", mixture_codes, (2000, z_mean.shape[1]))
    if len(np.unique(codes, axis=0)) < len(codes):
        raise Wrong("some of your codes are the same. Draw each from the mixture, with .sample.")
    # Encoded once more, in batches of another size, a code may differ in its last place.
    if KDTree(z_mean).query(codes)[0].min() <= ROUNDING * np.abs(z_mean).max():
        raise Wrong("some of your codes are those of images. Draw them from the mixture.")
    spread = np.maximum(z_mean.std(axis=0), 0.1)  # of an idle latent there is nothing to compare
    off = np.abs(codes.mean(axis=0) - z_mean.mean(axis=0)) / spread
    ratio = np.maximum(codes.std(axis=0), 0.1) / spread
    # The codes of a network that has hardly been trained have no shape that a mixture would find.
    far = off.max() > 0.4 or ratio.max() > 1.5 or ratio.min() < 0.6
    if judged_in_full("where the codes lie") and far:
        raise Wrong(
            "your codes do not lie where real codes lie: the mean or the spread of some latent is "
            "another. Is the mixture fitted to the means of vae_20, and are these its samples?"
        )
    if judged_in_full("the shape of your distribution") and not _like_a_mixture(codes, z_mean):
        raise Wrong(
            "your codes have the mean and the spread of real codes, but lie between their crowds, "
            "as from one normal distribution. Fit a mixture of 50."
        )
    right = confidence(apply_model("vae_20's decoder", vae.decoder, codes.astype(np.float32)))
    check_number(
        "mixture_confidence",
        mixture_confidence,
        right,
        {100 * right: "that is in percent; wanted: a share."},
        tolerance=3e-3,
        hint="Decode `mixture_codes` by `vae_20.decoder`, and call `confidence`.",
    )
    if not judged_in_full("the confidence"):
        print("Right: new codes, where real codes lie.")
        return
    normal = np.random.default_rng(0).normal(size=codes.shape).astype(np.float32)
    prior = confidence(apply_model("vae_20's decoder", vae.decoder, normal))
    gain = right - prior
    found = "level" if abs(gain) <= _LEVEL else "higher" if gain > 0 else "lower"
    told = "as you guessed" if guess == found else f"you guessed {guess}"
    print(f"Right: {right:.2f}, against {prior:.2f} from the prior: {found}, {told}.")


def _like_a_mixture(codes, real):
    """Say whether codes lie in the crowds of the real ones, and not only around their mean."""
    mixture = GaussianMixture(10, covariance_type="diag", random_state=0).fit(real)
    normal = multivariate_normal(real.mean(axis=0), np.cov(real.T), allow_singular=True, seed=0)

    def gain(z):  # nats that a mixture explains better than one normal distribution
        return mixture.score(z) - np.mean(normal.logpdf(z))

    return gain(codes) > (gain(real) + gain(normal.rvs(2000))) / 2


def check_3(importance_weighted, vae, x):
    """A function that gives the importance-weighted bound of one image."""
    check_answered(importance_weighted=importance_weighted)
    if not callable(importance_weighted):
        raise Wrong(
            f"importance_weighted is a {type(importance_weighted).__name__}; wanted: a function."
        )
    x, k, given, rows = np.asarray(x[:10], np.float32), 300, [], []
    for image in x:
        try:
            value = importance_weighted(vae, image[None], k)
        except Exception as error:  # any: what a reader's function raises is not ours to list
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Wrong(f"importance_weighted does not work for one image: {first}") from None
        if value is None:
            raise Wrong("importance_weighted returns nothing. Is there a return at its end?")
        if np.size(value) != 1:
            raise Wrong(f"importance_weighted gives {np.size(value)} numbers; wanted: one.")
        given.append(float(np.reshape(value, ())))
        rows.append(_log_weights(vae, image[None], k))
    log_w, given = np.array(rows), float(np.mean(given))
    largest = log_w.max(axis=1, keepdims=True)
    log_sum = (largest[:, 0] + np.log(np.exp(log_w - largest).sum(axis=1))).mean()
    bound, elbo = log_sum - math.log(k), log_w.mean()
    found = f"on ten images your function gives {given:.1f} nats on average: "
    noise = 0.5 + 0.1 * (bound - elbo)  # of two estimates from a few hundred codes
    if not judged_in_full("the bound"):
        print("Right so far: one number for each image.")
        return
    if abs(given - bound) > noise:
        for value, words in [
            (elbo, "that is the ELBO. The mean over the weights belongs inside the logarithm."),
            (log_sum, "that is the logarithm of a sum. Divide by K: subtract log K."),
            (-bound, "turn the sign: a bound on log p(x) is negative here."),
        ]:
            if abs(given - value) <= noise:
                raise Wrong(found + words)
        raise Wrong(found + f"wanted: about {bound:.1f}. Is each of the three parts summed?")
    print(f"Right: {given:.1f} nats; the ELBO of these ten images is {elbo:.1f}.")


def check_4(your_vae, x, elbo_of_the_first):
    """A VAE with two latents and a better bound than the chapter's first."""
    check_answered(your_vae=your_vae)
    if not isinstance(your_vae, keras.Model) or not hasattr(your_vae, "decoder"):
        raise Wrong(f"your_vae is a {type(your_vae).__name__}; wanted: a VAE.")
    x = np.asarray(x, np.float32)
    z_mean, z_log_var = _clouds("your_vae's encoder", your_vae, x)
    if z_mean.shape[1:] != (2,):
        raise Wrong(f"your_vae has {z_mean.shape[1]} latents; the aim was 2.")
    noise = np.random.default_rng(0).normal(size=z_mean.shape)
    z = (z_mean + np.exp(z_log_var / 2) * noise).astype(np.float32)
    x_hat = apply_model("your_vae's decoder", your_vae.decoder, z)
    if x_hat.shape != x.shape:
        raise Wrong(f"your_vae's decoder draws {x_hat.shape[1:]}; wanted: (784,).")
    if not are_pixels(x_hat):
        raise Wrong("your_vae draws pixels outside 0 to 1. Is the last activation a sigmoid?")
    kl = np.sum(z_mean**2 + np.exp(z_log_var) - 1 - z_log_var, axis=1).mean() / 2
    elbo = -kl - 784 * bce(x, x_hat)
    if not judged_in_full("the bound"):
        print("Right so far: two latents, and it draws.")
        return
    gain = elbo - elbo_of_the_first
    if gain < 8:
        why = "it has collapsed" if kl < 0.1 else "look at the layers and the rate"
        raise Wrong(
            f"its ELBO is {elbo:.1f} nats, {gain:+.1f} against the first; the aim was +8. Its KL "
            f"is {kl:.1f}: {why}."
        )
    print(f"Right: {elbo:.1f} nats, {gain:.1f} more than the first.")


def _clouds(name, vae, x):
    """Return means and log-variances of the clouds, or say why there are none."""
    answer = apply_model(name, vae.encoder, np.asarray(x, np.float32))
    if answer.ndim != 2 or answer.shape[1] % 2:
        raise Wrong(f"{name} gives {answer.shape[1:]}; wanted: means and as many log-variances.")
    if not np.isfinite(answer).all():
        raise Wrong(f"{name} gives values that are not finite: was its rate too high?")
    return np.split(answer, 2, axis=1)


def _log_weights(vae, x, samples):
    """Logarithms of the weights of codes drawn for one image."""
    (z_mean,), (z_log_var,) = _clouds("the encoder", vae, x)
    noise = np.random.default_rng(0).normal(size=(samples, len(z_mean)))
    z = z_mean + np.exp(z_log_var / 2) * noise
    drawn = apply_model("the decoder", vae.decoder, z.astype(np.float32))
    log_p_x = -784 * bce(np.repeat(x, samples, axis=0), drawn, per_image=True)
    return log_p_x + np.sum(noise**2 + z_log_var - z**2, axis=1) / 2
