"""Checks for the exercises of collapse."""

import math

import numpy as np

from helpers.exercises import Wrong, apply_model, check_answered, check_number, judged_in_full

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(beta_a, beta_b, collapse):
    """Two effective weights, and who will collapse."""
    check_answered(beta_a=beta_a, beta_b=beta_b, collapse=collapse)
    check_number(
        "beta_a",
        beta_a,
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
        "beta_b",
        beta_b,
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
    if choice not in ("a", "b", "both", "neither"):
        raise Wrong(f'collapse is {collapse!r:.60}; wanted: "a", "b", "both" or "neither".')
    if choice != "both":
        raise Wrong(
            f'collapse is "{choice}". From which beta of the sweep on was the KL nearly 0? Compare '
            "that with each of the two."
        )
    print("Right, all three: both are beyond the 30 at which the sweep had collapsed.")


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


def check_3(largest_variance, encoder_at, x_train, x_valid):
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
    x = np.asarray(x_valid[:2000], np.float32)
    for factor in given:
        name, encoder = f"encoder_at[{factor}]", encoder_at[factor]
        answer = apply_model(name, getattr(encoder, "encoder", encoder), x)
        if answer.shape[1:] != (64,):
            raise Wrong(f"{name} gives {answer.shape[1:]}; wanted: (64,), for 32 latents.")
        if not np.isfinite(answer).all():
            raise Wrong(f"{name} gives values that are not finite: was its rate too high?")
        z_mean, z_log_var = np.split(answer, 2, axis=1)
        kl[factor] = np.sum(z_mean**2 + np.exp(z_log_var) - 1 - z_log_var, axis=1).mean() / 2
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


def check_4(free_bits, charged):
    """A price of which the first nats of each latent are free, and who pays more."""
    check_answered(free_bits=free_bits, charged=charged)
    if not callable(free_bits):
        raise Wrong(f"free_bits is a {type(free_bits).__name__}; wanted: a function.")
    rng = np.random.default_rng(0)
    for prices, limit in [
        (rng.exponential(1, (8, 5)).astype("float32"), 0.9),
        (np.array([[0.0, 0.9, 2.0], [0.2, 0.3, 1.0]], "float32"), 0.5),
    ]:
        try:
            value = free_bits(prices, limit)
        except Exception as error:  # any: what a reader's function raises is not ours to list
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Wrong(f"free_bits does not work for {len(prices)} images: {first}") from None
        if value is None:
            raise Wrong("free_bits returns nothing. Is there a return at its end?")
        if np.size(value) != 1:
            raise Wrong(f"free_bits gives {np.size(value)} numbers; wanted: one for the batch.")
        mean, each = prices.mean(axis=0), np.maximum(prices, limit)
        check_number(
            f"what free_bits gives for {prices.shape[0]} images and {prices.shape[1]} latents",
            float(np.reshape(value, ())),
            float(np.maximum(mean, limit).sum()),
            {
                float(each.mean(axis=0).sum()): "the mean over the images comes before the limit.",
                float(
                    np.minimum(mean, limit).sum()
                ): "take the larger of the two, not the smaller.",
                float(
                    np.maximum(mean, limit).mean()
                ): "that is the mean over latents; wanted: sum.",
                float(np.maximum(mean.sum(), limit)): "the limit belongs to each latent.",
                float(np.maximum(mean - limit, 0).sum()): "that is what exceeds the limit; it has "
                "the same gradient, but wanted is the price itself.",
            },
            hint="Mean over images, the limit, then the sum over latents.",
        )
    try:
        latents = sorted(int(latent) for latent in charged)
    except (TypeError, ValueError):
        raise Wrong(f"charged is {charged!r:.60}; wanted: a list of latents.") from None
    if latents != [1, 2]:
        words = (
            "counted from 1? Count from 0." if latents == [2, 3] else "compare each mean with 0.5."
        )
        raise Wrong(f"charged is {latents}: {words}")
    print("Right: below the limit a latent has no reason to say less.")
