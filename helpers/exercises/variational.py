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
from helpers.words import say

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
            2 * kl: say("the factor one half is missing."),
            -kl: say("a KL is never negative. Mind the sign of the logarithm."),
            kl / math.log(2): say("that is in bits; wanted: nats."),
            (0.01 - 1 - log / math.log(10)) / 2: say(
                "that is with log10; wanted: the natural log."
            ),
            (0.01 - 1 - log / math.log(2)) / 2: say("that is with log2; wanted: the natural log."),
            (0.1 - 1 - log / 2) / 2: say(
                "0.1 is the standard deviation; the formula has its square."
            ),
            (0.01 - 1 - log / 2) / 2: say("the logarithm is that of the square, too."),
            (0.01 - log) / 2: say("the 1 is missing."),
        },
        tolerance=5e-3,
        hint=say("Put mu = 0 and sigma squared = 0.01 into the term for one latent."),
    )
    check_number(
        "kl_b",
        kl_b,
        2,
        {
            4: say("the factor one half is missing."),
            1: say("the formula has the square of mu."),
            0: say("sigma is that of the prior, but mu is not."),
            2.5: say("the 1 is missing."),
        },
        tolerance=5e-3,
        hint=say("The logarithm of 1 is 0."),
    )
    print(
        say("Right: a shift of the mean is charged by its square, a narrow cloud by its logarithm.")
    )


def check_2(your_guess, mixture_codes, mixture_confidence, vae, x, confidence):
    """Codes of a VAE drawn from a mixture, and the classifier's confidence in their pictures."""
    check_answered(
        your_guess=your_guess,
        mixture_codes=mixture_codes,
        mixture_confidence=mixture_confidence,
    )
    guess = your_guess.strip().lower() if isinstance(your_guess, str) else your_guess
    if guess not in ("higher", "lower", "level"):
        raise Wrong(
            say(
                'your_guess is {your_guess!r:.60}; wanted: "higher", "lower" or "level".',
                your_guess=your_guess,
            )
        )
    z_mean, _ = _clouds(say("vae_20's encoder"), vae, x)
    if np.shape(mixture_codes)[1:] == (784,):
        raise Wrong(
            say("mixture_codes holds 784 numbers a row: these are pictures; wanted: the codes.")
        )
    if np.shape(mixture_codes)[1:] == (2 * z_mean.shape[1],):
        raise Wrong(
            say("mixture_codes holds means and log-variances; fit the mixture to the means.")
        )
    codes = check_array("mixture_codes", mixture_codes, (2000, z_mean.shape[1]))
    if len(np.unique(codes, axis=0)) < len(codes):
        raise Wrong(
            say("some of your codes are the same. Draw each from the mixture, with .sample.")
        )
    # Encoded once more, in batches of another size, a code may differ in its last place.
    if KDTree(z_mean).query(codes)[0].min() <= ROUNDING * np.abs(z_mean).max():
        raise Wrong(say("some of your codes are those of images. Draw them from the mixture."))
    spread = np.maximum(z_mean.std(axis=0), 0.1)  # of an idle latent there is nothing to compare
    off = np.abs(codes.mean(axis=0) - z_mean.mean(axis=0)) / spread
    ratio = np.maximum(codes.std(axis=0), 0.1) / spread
    # The codes of a network that has hardly been trained have no shape that a mixture would find.
    far = off.max() > 0.4 or ratio.max() > 1.5 or ratio.min() < 0.6
    if judged_in_full(say("where the codes lie")) and far:
        raise Wrong(
            say(
                "your codes do not lie where real codes lie: the mean or the spread of some "
                "latent is another. Is the mixture fitted to the means of vae_20, and are these "
                "its samples?"
            )
        )
    if judged_in_full(say("the shape of your distribution")) and not _like_a_mixture(codes, z_mean):
        raise Wrong(
            say(
                "your codes have the mean and the spread of real codes, but lie between their "
                "crowds, as from one normal distribution. Fit a mixture of 50."
            )
        )
    right = confidence(apply_model(say("vae_20's decoder"), vae.decoder, codes.astype(np.float32)))
    check_number(
        "mixture_confidence",
        mixture_confidence,
        right,
        {100 * right: say("that is in percent; wanted: a share.")},
        tolerance=3e-3,
        hint=say("Decode `mixture_codes` by `vae_20.decoder`, and call `confidence`."),
    )
    if not judged_in_full(say("the confidence")):
        print(say("Right: new codes, where real codes lie."))
        return
    normal = np.random.default_rng(0).normal(size=codes.shape).astype(np.float32)
    prior = confidence(apply_model(say("vae_20's decoder"), vae.decoder, normal))
    gain = right - prior
    found = "level" if abs(gain) <= _LEVEL else "higher" if gain > 0 else "lower"
    if guess == found:
        print(
            say(
                "Right: {right:.2f}, against {prior:.2f} from the prior: {found}, as you guessed.",
                right=right,
                prior=prior,
                found=found,
            )
        )
    else:
        print(
            say(
                "Right: {right:.2f}, against {prior:.2f} from the prior: {found}, you guessed "
                "{guess}.",
                right=right,
                prior=prior,
                found=found,
                guess=guess,
            )
        )


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
            say(
                "importance_weighted is a {kind}; wanted: a function.",
                kind=type(importance_weighted).__name__,
            )
        )
    x, k, given, rows = np.asarray(x[:10], np.float32), 300, [], []
    for image in x:
        try:
            value = importance_weighted(vae, image[None], k)
        except Exception as error:  # any: what a reader's function raises is not ours to list
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Wrong(
                say("importance_weighted does not work for one image: {first}", first=first)
            ) from None
        if value is None:
            raise Wrong(say("importance_weighted returns nothing. Is there a return at its end?"))
        if np.size(value) != 1:
            raise Wrong(
                say("importance_weighted gives {n} numbers; wanted: one.", n=np.size(value))
            )
        given.append(float(np.reshape(value, ())))
        rows.append(_log_weights(vae, image[None], k))
    log_w, given = np.array(rows), float(np.mean(given))
    largest = log_w.max(axis=1, keepdims=True)
    log_sum = (largest[:, 0] + np.log(np.exp(log_w - largest).sum(axis=1))).mean()
    bound, elbo = log_sum - math.log(k), log_w.mean()
    found = say("on ten images your function gives {given:.1f} nats on average:", given=given) + " "
    noise = 0.5 + 0.1 * (bound - elbo)  # of two estimates from a few hundred codes
    if not judged_in_full(say("the bound")):
        print(say("Right so far: one number for each image."))
        return
    if abs(given - bound) > noise:
        for value, words in [
            (
                elbo,
                say("that is the ELBO. The mean over the weights belongs inside the logarithm."),
            ),
            (log_sum, say("that is the logarithm of a sum. Divide by K: subtract log K.")),
            (-bound, say("turn the sign: a bound on log p(x) is negative here.")),
        ]:
            if abs(given - value) <= noise:
                raise Wrong(found + words)
        raise Wrong(
            found
            + say("wanted: about {bound:.1f}. Is each of the three parts summed?", bound=bound)
        )
    print(
        say(
            "Right: {given:.1f} nats; the ELBO of these ten images is {elbo:.1f}.",
            given=given,
            elbo=elbo,
        )
    )


def check_4(your_vae, x, elbo_of_the_first):
    """A VAE with two latents and a better bound than the chapter's first."""
    check_answered(your_vae=your_vae)
    if not isinstance(your_vae, keras.Model) or not hasattr(your_vae, "decoder"):
        raise Wrong(say("your_vae is a {kind}; wanted: a VAE.", kind=type(your_vae).__name__))
    x = np.asarray(x, np.float32)
    z_mean, z_log_var = _clouds(say("your_vae's encoder"), your_vae, x)
    if z_mean.shape[1:] != (2,):
        raise Wrong(say("your_vae has {n} latents; the aim was 2.", n=z_mean.shape[1]))
    noise = np.random.default_rng(0).normal(size=z_mean.shape)
    z = (z_mean + np.exp(z_log_var / 2) * noise).astype(np.float32)
    x_hat = apply_model(say("your_vae's decoder"), your_vae.decoder, z)
    if x_hat.shape != x.shape:
        raise Wrong(say("your_vae's decoder draws {shape}; wanted: (784,).", shape=x_hat.shape[1:]))
    if not are_pixels(x_hat):
        raise Wrong(say("your_vae draws pixels outside 0 to 1. Is the last activation a sigmoid?"))
    kl = np.sum(z_mean**2 + np.exp(z_log_var) - 1 - z_log_var, axis=1).mean() / 2
    elbo = -kl - 784 * bce(x, x_hat)
    if not judged_in_full(say("the bound")):
        print(say("Right so far: two latents, and it draws."))
        return
    gain = elbo - elbo_of_the_first
    if gain < 8:
        why = say("it has collapsed") if kl < 0.1 else say("look at the layers and the rate")
        raise Wrong(
            say(
                "its ELBO is {elbo:.1f} nats, {gain:+.1f} against the first; the aim was +8. Its "
                "KL is {kl:.1f}: {why}.",
                elbo=elbo,
                gain=gain,
                kl=kl,
                why=why,
            )
        )
    print(say("Right: {elbo:.1f} nats, {gain:.1f} more than the first.", elbo=elbo, gain=gain))


def _clouds(name, vae, x):
    """Return means and log-variances of the clouds, or say why there are none."""
    answer = apply_model(name, vae.encoder, np.asarray(x, np.float32))
    if answer.ndim != 2 or answer.shape[1] % 2:
        raise Wrong(
            say(
                "{name} gives {shape}; wanted: means and as many log-variances.",
                name=name,
                shape=answer.shape[1:],
            )
        )
    if not np.isfinite(answer).all():
        raise Wrong(
            say("{name} gives values that are not finite: was its rate too high?", name=name)
        )
    return np.split(answer, 2, axis=1)


def _log_weights(vae, x, samples):
    """Logarithms of the weights of codes drawn for one image."""
    (z_mean,), (z_log_var,) = _clouds(say("the encoder"), vae, x)
    noise = np.random.default_rng(0).normal(size=(samples, len(z_mean)))
    z = z_mean + np.exp(z_log_var / 2) * noise
    drawn = apply_model(say("the decoder"), vae.decoder, z.astype(np.float32))
    log_p_x = -784 * bce(np.repeat(x, samples, axis=0), drawn, per_image=True)
    return log_p_x + np.sum(noise**2 + z_log_var - z**2, axis=1) / 2
