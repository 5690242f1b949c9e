"""Checks for the exercises of variational."""

import math
import tempfile
from pathlib import Path

import keras
import numpy as np
from scipy.spatial import KDTree

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

__all__ = ["check_1", "check_2", "check_3", "check_4", "check_5"]


def check_1(kl_a, beta_b, beta_c, collapse):
    """Predictions: the KL of one latent, two effective weights, and who will collapse."""
    check_answered(kl_a=kl_a, beta_b=beta_b, beta_c=beta_c, collapse=collapse)
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
        hint="Put mu = 0 and sigma squared = 0.01 into the boxed formula.",
    )
    check_number(
        "beta_b",
        beta_b,
        784,
        {
            1 / 784: "turn it: multiply the loss by 784, so that its first term becomes a sum.",
            392: "that is with a mean over two latents; here the KL is a sum.",
            1: "the two terms are not treated alike: one is a mean, one a sum.",
        },
        hint="Multiply the whole loss by what makes its first term a sum: what is at the KL then?",
    )
    pixels = 64 * 64 * 3
    check_number(
        "beta_c",
        beta_c,
        pixels / 128,
        {
            128 / pixels: "turn it.",
            64 * 64 / 128: "each pixel has three channels.",
            pixels: "the KL is a mean, too: over the 128 latents.",
            pixels * 128: "dividing by 128 makes the KL smaller, not larger.",
            pixels / 256: "the factor one half belongs to the KL.",
            784 / 128: "these images are 64 x 64, in colour.",
        },
        hint="Write each mean as a sum divided by a count.",
    )
    choice = collapse.strip(" ().").lower() if isinstance(collapse, str) else collapse
    if choice not in ("b", "c", "both", "neither"):
        raise Wrong(f'collapse is {collapse!r:.60}; wanted: "b", "c", "both" or "neither".')
    if choice != "both":
        raise Wrong(
            f'collapse is "{choice}". From which beta of the sweep on was the KL nearly 0? Compare '
            "that with each of the two."
        )
    print("Right, all four: both are beyond the 30 at which the sweep had collapsed.")


def check_2(effective_beta, measured_beta, suspects, weighted):
    """A function that finds beta by gradients, and what it finds for five suspects."""
    check_answered(effective_beta=effective_beta, measured_beta=measured_beta)
    if not callable(effective_beta):
        raise Wrong(f"effective_beta is a {type(effective_beta).__name__}; wanted: a function.")

    def seven(*parts):  # a constant in front changes no beta
        return 7 * weighted(0.05)(*parts)

    for what, code, beta, constant in [("weighted(3)", weighted(3), 3, 1), ("7 times weighted(0.05)", seven, 0.05, 7)]:  # fmt: skip
        try:
            found = effective_beta(code, 4)
        except Exception as error:  # any: what a reader's function raises is not ours to list
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Wrong(f"effective_beta does not work for {what} and 4 latents: {first}") from None
        if found is None:
            raise Wrong("effective_beta returns nothing. Is there a return at its end?")
        known = {
            constant * beta: "that is c times beta. Divide by c, which the first quotient gives.",
            1 / beta: "turn the quotient.",
            constant: "that is c, the quotient for x_hat. Divide the one for z_mean by it.",
        }
        if constant == 1:  # then c times beta is right
            known = {1 / beta: known[1 / beta], 1: known[1]}
        check_number(
            f"what effective_beta gives for {what}",
            found,
            beta,
            known,
            tolerance=0.01,
            hint=f"Wanted: {beta}, the weight that is in it.",
        )
    if not isinstance(measured_beta, dict):
        raise Wrong(f"measured_beta is a {type(measured_beta).__name__}; wanted: a dict.")
    names = [name for name in suspects if name != "keras_guide"]
    if missing := [name for name in names if name not in measured_beta]:
        raise Wrong(f"measured_beta has no entry for {', '.join(missing)}.")
    for name in names:
        _, latents, beta = suspects[name]
        check_number(
            f'measured_beta["{name}"]',
            measured_beta[name],
            beta,
            {
                1 / beta: "turn the quotient.",
                latents * beta: f"was it measured with 1 latent? It has {latents}.",
                beta / 2: f"does its code get {latents} latents?",
                beta / 784: "divide by c, the quotient of the gradients for x_hat.",
            },
            tolerance=0.01,
            hint=f"Give its code 128 images of 784 pixels and {latents} latents.",
        )
    print("Right: all five, and without any training.")


def check_3(mixture_codes, mixture_confidence, plain_codes, plain_decoder, judge, inventions):
    """Codes drawn from a mixture, and the classifier's confidence in their pictures."""
    check_answered(mixture_codes=mixture_codes, mixture_confidence=mixture_confidence)
    if np.shape(mixture_codes)[1:] == (784,):
        raise Wrong("mixture_codes holds 784 numbers a row: these are pictures; wanted: the codes.")
    codes = check_array("mixture_codes", mixture_codes, (2000, plain_codes.shape[1]))
    if len(np.unique(codes, axis=0)) < len(codes):
        raise Wrong("some of your codes are the same. Draw each from the mixture, with .sample.")
    # Encoded once more, in batches of another size, a code may differ in its last place.
    if KDTree(plain_codes).query(codes)[0].min() <= ROUNDING * np.abs(plain_codes).max():
        raise Wrong("some of your codes are those of test images. Draw them from the mixture.")
    center, spread = plain_codes.mean(axis=0), np.maximum(plain_codes.std(axis=0), 1e-6)
    off = np.abs(codes.mean(axis=0) - center) / spread
    ratio = codes.std(axis=0) / spread
    # The codes of a network that has hardly been trained have no shape that a mixture would find.
    far = off.max() > 0.4 or ratio.max() > 1.5 or ratio.min() < 0.6
    if judged_in_full("where the codes lie") and far:
        raise Wrong(
            "your codes do not lie where real codes lie: the mean or the spread of some number is "
            "another. Is the mixture fitted to codes of plain_encoder, and are these its samples?"
        )
    judged = judge(apply_model("plain_decoder", plain_decoder, codes.astype(np.float32)))
    check_number(
        "mixture_confidence",
        mixture_confidence,
        float(judged["confidence"]),
        {
            100 * judged["confidence"]: "that is in percent; wanted: a share.",
            judged["sure"]: "that is the share above 0.9; wanted: the mean confidence.",
            judged["label_entropy"]: "that is the label entropy.",
        },
        tolerance=3e-3,
        hint="Decode `mixture_codes` by `plain_decoder`; wanted: what `judge` calls confidence.",
    )
    if judged_in_full("the confidence"):
        one = float(inventions["plain, all together"]["confidence"])
        if judged["confidence"] < one + 0.05:
            raise Wrong(
                f"the confidence is {judged['confidence']:.3f}, and one normal distribution has "
                f"{one:.3f}. Has your mixture 50 parts, and are they fitted to 10,000 codes?"
            )
        print(f"Right: {judged['confidence']:.2f}; one normal distribution has {one:.2f}.")
    else:
        print("Right: new codes, where real codes lie.")


def check_4(largest_variance, encoder_at, x_train, x_test):
    """The largest variance along any direction, and who collapses below and above it."""
    check_answered(largest_variance=largest_variance, encoder_at=encoder_at)
    some, total, squares = min(len(x_train), 10_000), 0, 0
    for i in range(0, some, 1000):  # in portions, for the memory's sake
        part = np.asarray(x_train[i : min(i + 1000, some)])
        total, squares = total + part.sum(axis=0), squares + part.T @ part
    covariance = (squares - np.outer(total, total) / some) / (some - 1)
    along = np.ones(len(covariance))
    for _ in range(30):  # power iteration, for one value only
        along = covariance @ along
        variance = float(np.linalg.norm(along))
        along /= variance
    every = float(np.trace(covariance))
    check_number(
        "largest_variance",
        largest_variance,
        variance,
        {
            every: "that is the sum over all directions; wanted: the largest one.",
            variance / every: "that is a share of the whole; wanted: the variance itself.",
            math.sqrt(variance): "that is a standard deviation; wanted: its square.",
            math.sqrt(variance * (some - 1)): "that is a singular value; wanted: a variance.",
            float(np.diag(covariance).max()): "that is the one of a pixel; wanted: of a direction.",
            12.25: "that is the guide's beta.",
        },
        tolerance=0.03,
        hint="`explained_variance_[0]` of a PCA that was fitted to training images.",
    )
    if not isinstance(encoder_at, dict):
        raise Wrong(f"encoder_at is a {type(encoder_at).__name__}; wanted: a dict.")
    judged = judged_in_full("the KL")
    names = {0.25: "a quarter", 2: "twice"}
    given = [factor for factor in names if factor in encoder_at]
    if len(given) < (2 if judged else 1):
        raise Wrong("encoder_at has not both entries. Wanted: one for 0.25 and one for 2.")
    kl = {}
    x = np.asarray(x_test[:2000], np.float32)
    for factor in given:
        encoder = getattr(encoder_at[factor], "encoder", encoder_at[factor])
        z_mean, z_log_var = _posteriors(f"encoder_at[{factor}]", encoder, x)
        if z_mean.shape[1:] != (32,):
            raise Wrong(f"encoder_at[{factor}] gives {z_mean.shape[1]} latents; the aim was 32.")
        kl[factor] = _kl(z_mean, z_log_var).mean()
    if not judged:
        print("Right so far: the variance, and encoders with 32 latents.")
        return
    below, above = kl[0.25], kl[2]
    finding = f"the KL is {below:.3f} nats at a quarter and {above:.3f} at twice the variance: "
    if above >= 0.1 and below < 0.1:
        raise Wrong(finding + "are the two encoders in each other's place?")
    if above >= 0.1 or below > 10:
        raise Wrong(
            finding + "more than expected. Is it trained with weighted(beta, squared=True)?"
        )
    if below < 0.5:
        raise Wrong(
            finding + "both have collapsed, or are not trained. Is beta 0.25 times the variance?"
        )
    print(f"Right: {finding}foretold without training.")


def check_5(your_vae, x_test, beta_sweep):
    """A VAE with 20 latents and a better bound, which can be stored and loaded."""
    check_answered(your_vae=your_vae)
    halves = getattr(your_vae, "encoder", None), getattr(your_vae, "decoder", None)
    if not isinstance(your_vae, keras.Model) or None in halves:
        raise Wrong(
            f"your_vae is a {type(your_vae).__name__}; wanted: a VAE, with its encoder and decoder."
        )
    kl, reconstruction = _elbo_terms(*halves, np.asarray(x_test[:100], np.float32))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "yours.keras")
        try:
            your_vae.save(path)
            again = keras.saving.load_model(path).encoder
        except Exception as error:  # any: what a reader's model raises is not ours to list
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Wrong(f"your_vae cannot be saved and loaded: {first}") from None
    x = np.asarray(x_test[:10], np.float32)
    here, there = (_posteriors("your_vae's encoder", half, x)[0] for half in (halves[0], again))
    if not np.allclose(here, there, atol=1e-4):
        raise Wrong("your_vae, saved and loaded, gives other codes. What does the file not hold?")
    if not judged_in_full("the bound"):
        print("Right so far: 20 latents, and it can be passed on.")
        return
    rows = range(0, len(x_test), 1000)
    parts = [_elbo_terms(*halves, np.asarray(x_test[i : i + 1000], np.float32)) for i in rows]
    kl, reconstruction = (np.concatenate(part).mean() for part in zip(*parts, strict=True))
    elbo, ours = -kl - reconstruction, beta_sweep["1"]["elbo"]
    if elbo < ours + 4:
        why = "it has collapsed" if kl < 0.1 else "look at the layers and the rate"
        raise Wrong(
            f"its test ELBO is {elbo:.1f} nats, the sweep's {ours:.1f}: {elbo - ours:+.1f}, and "
            f"the aim was +4. Its KL is {kl:.1f}: {why}."
        )
    print(f"Right: {elbo:.1f} nats, {elbo - ours:.1f} more than the sweep's, and from a file.")


def _posteriors(name, encoder, x):
    """Return means and log-variances of the posteriors, or say why there are none."""
    apply_model(name, encoder, x[:1])  # says what is wrong with it
    answer = encoder(x)
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise Wrong(f"{name} gives one thing; wanted: two, z_mean and z_log_var.")
    z_mean, z_log_var = (keras.ops.convert_to_numpy(part) for part in answer)
    if not (np.isfinite(z_mean).all() and np.isfinite(z_log_var).all()):
        raise Wrong(f"{name} gives values that are not finite: was its rate too high?")
    return z_mean, z_log_var


def _kl(z_mean, z_log_var):
    """KL of each image, in nats."""
    return np.sum(z_mean**2 + np.exp(z_log_var) - 1 - z_log_var, axis=1) / 2


def _elbo_terms(encoder, decoder, x):
    """KL and cross-entropy of each image in nats, for one draw of its code."""
    z_mean, z_log_var = _posteriors("your_vae's encoder", encoder, x)
    if z_mean.shape[1:] != (20,):
        raise Wrong(f"your_vae has {z_mean.shape[1]} latents; the aim was 20.")
    noise = np.random.default_rng(0).normal(size=z_mean.shape)
    z = (z_mean + np.exp(z_log_var / 2) * noise).astype(np.float32)
    x_hat = apply_model("your_vae's decoder", decoder, z)
    if x_hat.shape != x.shape:
        raise Wrong(f"your_vae's decoder draws {x_hat.shape[1:]}; wanted: (784,).")
    if not are_pixels(x_hat):
        raise Wrong("your_vae draws pixels outside 0 to 1. Is the last activation a sigmoid?")
    return _kl(z_mean, z_log_var), 784 * bce(x, x_hat, per_image=True)
