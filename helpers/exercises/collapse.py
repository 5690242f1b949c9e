"""Checks for the exercises of collapse."""

import math

import numpy as np

from helpers.exercises import (
    Wrong,
    apply_model,
    check_answered,
    check_array,
    check_number,
    judged_in_full,
)
from helpers.measures import bce
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4", "check_5"]

_DRAWS = 64  # codes for each image: enough to tell a mean over 100 images to a tenth of a nat
_LEVEL = 0.1  # nats, of two ELBOs by the same noise
_TOO_MUCH = 8  # nats: more than twice what better clouds can gain while the decoder stays


def check_1(beta_a, beta_b, collapse):
    """Two effective weights, and who will collapse."""
    check_answered(beta_a=beta_a, beta_b=beta_b, collapse=collapse)
    check_number(
        "beta_a",
        beta_a,
        784,
        {
            1 / 784: say(
                "turn it: multiply the loss by 784, so that its first term becomes a sum."
            ),
            392: say("that is with a mean over two latents; here the KL is a sum."),
            1: say("the two terms are not treated alike: one is a mean, one a sum."),
        },
        hint=say(
            "Multiply the whole loss by what makes its first term a sum: what is at the KL then?"
        ),
    )
    pixels = 64 * 64 * 3
    check_number(
        "beta_b",
        beta_b,
        pixels / 128,
        {
            128 / pixels: say("turn it."),
            64 * 64 / 128: say("each pixel has three channels."),
            pixels: say("the KL is a mean, too: over the 128 latents."),
            pixels * 128: say("dividing by 128 makes the KL smaller, not larger."),
            pixels / 256: say("the factor one half belongs to the KL."),
            784 / 128: say("these images are 64 x 64, in colour."),
        },
        hint=say("Write each mean as a sum divided by a count."),
    )
    choice = collapse.strip(" ().").lower() if isinstance(collapse, str) else collapse
    if choice not in ("a", "b", "both", "neither"):
        raise Wrong(
            say(
                'collapse is {collapse!r:.60}; wanted: "a", "b", "both" or "neither".',
                collapse=collapse,
            )
        )
    if choice != "both":
        raise Wrong(
            say(
                'collapse is "{choice}". From which beta of the sweep on was the KL nearly 0? '
                "Compare that with each of the two.",
                choice=choice,
            )
        )
    print(say("Right, all three: both are beyond the 30 at which the sweep had collapsed."))


def check_2(effective_beta, measured_beta, suspects, weighted):
    """A function that finds beta by gradients, and what it finds for five suspects."""
    check_answered(effective_beta=effective_beta, measured_beta=measured_beta)
    if not callable(effective_beta):
        raise Wrong(
            say(
                "effective_beta is a {kind}; wanted: a function.",
                kind=type(effective_beta).__name__,
            )
        )

    def seven(*parts):  # a constant in front changes no beta
        return 7 * weighted(0.05)(*parts)

    for what, code, beta, constant in [("weighted(3)", weighted(3), 3, 1), (say("7 times weighted(0.05)"), seven, 0.05, 7)]:  # fmt: skip
        try:
            found = effective_beta(code, 4)
        except Exception as error:  # any: what a reader's function raises is not ours to list
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Wrong(
                say(
                    "effective_beta does not work for {what} and 4 latents: {first}",
                    what=what,
                    first=first,
                )
            ) from None
        if found is None:
            raise Wrong(say("effective_beta returns nothing. Is there a return at its end?"))
        known = {
            constant * beta: say(
                "that is c times beta. Divide by c, which the first quotient gives."
            ),
            1 / beta: say("turn the quotient."),
            constant: say("that is c, the quotient for x_hat. Divide the one for z_mean by it."),
        }
        if constant == 1:  # then c times beta is right
            known = {1 / beta: known[1 / beta], 1: known[1]}
        check_number(
            say("what effective_beta gives for {what}", what=what),
            found,
            beta,
            known,
            tolerance=0.01,
            hint=say("Wanted: {beta}, the weight that is in it.", beta=beta),
        )
    if not isinstance(measured_beta, dict):
        raise Wrong(
            say("measured_beta is a {kind}; wanted: a dict.", kind=type(measured_beta).__name__)
        )
    names = [name for name in suspects if name != "keras_guide"]
    if missing := [name for name in names if name not in measured_beta]:
        raise Wrong(say("measured_beta has no entry for {missing}.", missing=", ".join(missing)))
    for name in names:
        _, latents, beta = suspects[name]
        check_number(
            f'measured_beta["{name}"]',
            measured_beta[name],
            beta,
            {
                1 / beta: say("turn the quotient."),
                latents * beta: say(
                    "was it measured with 1 latent? It has {latents}.", latents=latents
                ),
                beta / 2: say("does its code get {latents} latents?", latents=latents),
                beta / 784: say("divide by c, the quotient of the gradients for x_hat."),
            },
            tolerance=0.01,
            hint=say(
                "Give its code 128 images of 784 pixels and {latents} latents.", latents=latents
            ),
        )
    print(say("Right: all five, and without any training."))


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
            every: say("that is the sum over all directions; wanted: the largest one."),
            variance / every: say("that is a share of the whole; wanted: the variance itself."),
            math.sqrt(variance): say("that is a standard deviation; wanted: its square."),
            math.sqrt(variance * (some - 1)): say("that is a singular value; wanted: a variance."),
            float(np.diag(covariance).max()): say(
                "that is the one of a pixel; wanted: of a direction."
            ),
            12.25: say("that is the guide's beta."),
        },
        tolerance=0.03,
        hint=say("`explained_variance_[0]` of a PCA that was fitted to training images."),
    )
    if not isinstance(encoder_at, dict):
        raise Wrong(say("encoder_at is a {kind}; wanted: a dict.", kind=type(encoder_at).__name__))
    judged = judged_in_full(say("the KL"))
    given = [factor for factor in (0.25, 2) if factor in encoder_at]
    if len(given) < (2 if judged else 1):
        raise Wrong(say("encoder_at has not both entries. Wanted: one for 0.25 and one for 2."))
    kl = {}
    x = np.asarray(x_valid[:2000], np.float32)
    for factor in given:
        name, encoder = f"encoder_at[{factor}]", encoder_at[factor]
        answer = apply_model(name, getattr(encoder, "encoder", encoder), x)
        if answer.shape[1:] != (64,):
            raise Wrong(
                say(
                    "{name} gives {shape}; wanted: (64,), for 32 latents.",
                    name=name,
                    shape=answer.shape[1:],
                )
            )
        if not np.isfinite(answer).all():
            raise Wrong(
                say("{name} gives values that are not finite: was its rate too high?", name=name)
            )
        z_mean, z_log_var = np.split(answer, 2, axis=1)
        kl[factor] = np.sum(z_mean**2 + np.exp(z_log_var) - 1 - z_log_var, axis=1).mean() / 2
    if not judged:
        print(say("Right so far: the variance, and encoders with 32 latents."))
        return
    below, above = kl[0.25], kl[2]
    finding = say(
        "the KL is {below:.3f} nats at a quarter and {above:.3f} at twice the variance:",
        below=below,
        above=above,
    )
    if above >= 0.1 and below < 0.1:
        raise Wrong(finding + " " + say("are the two encoders in each other's place?"))
    if above >= 0.1 or below > 10:
        raise Wrong(
            finding
            + " "
            + say("more than expected. Is it trained with weighted(beta, squared=True)?")
        )
    if below < 0.5:
        raise Wrong(
            finding
            + " "
            + say("both have collapsed, or are not trained. Is beta 0.25 times the variance?")
        )
    print(say("Right: {finding} foretold without training.", finding=finding))


def check_4(free_bits, charged):
    """A price of which the first nats of each latent are free, and who pays more."""
    check_answered(free_bits=free_bits, charged=charged)
    if not callable(free_bits):
        raise Wrong(
            say("free_bits is a {kind}; wanted: a function.", kind=type(free_bits).__name__)
        )
    rng = np.random.default_rng(0)
    for prices, limit in [
        (rng.exponential(1, (8, 5)).astype("float32"), 0.9),
        (np.array([[0.0, 0.9, 2.0], [0.2, 0.3, 1.0]], "float32"), 0.5),
    ]:
        try:
            value = free_bits(prices, limit)
        except Exception as error:  # any: what a reader's function raises is not ours to list
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Wrong(
                say("free_bits does not work for {n} images: {first}", n=len(prices), first=first)
            ) from None
        if value is None:
            raise Wrong(say("free_bits returns nothing. Is there a return at its end?"))
        if np.size(value) != 1:
            raise Wrong(
                say("free_bits gives {n} numbers; wanted: one for the batch.", n=np.size(value))
            )
        mean, each = prices.mean(axis=0), np.maximum(prices, limit)
        check_number(
            say(
                "what free_bits gives for {images} images and {latents} latents",
                images=prices.shape[0],
                latents=prices.shape[1],
            ),
            float(np.reshape(value, ())),
            float(np.maximum(mean, limit).sum()),
            {
                float(each.mean(axis=0).sum()): say(
                    "the mean over the images comes before the limit."
                ),
                float(np.minimum(mean, limit).sum()): say(
                    "take the larger of the two, not the smaller."
                ),
                float(np.maximum(mean, limit).mean()): say(
                    "that is the mean over latents; wanted: sum."
                ),
                float(np.maximum(mean.sum(), limit)): say("the limit belongs to each latent."),
                float(np.maximum(mean - limit, 0).sum()): say(
                    "that is what exceeds the limit; it has the same gradient, but wanted is the "
                    "price itself."
                ),
            },
            hint=say("Mean over images, the limit, then the sum over latents."),
        )
    try:
        latents = sorted(int(latent) for latent in charged)
    except (TypeError, ValueError):
        raise Wrong(
            say("charged is {charged!r:.60}; wanted: a list of latents.", charged=charged)
        ) from None
    if latents != [1, 2]:
        words = (
            say("counted from 1? Count from 0.")
            if latents == [2, 3]
            else say("compare each mean with 0.5.")
        )
        raise Wrong(say("charged is {latents}: {words}", latents=latents, words=words))
    print(say("Right: below the limit a latent has no reason to say less."))


def check_5(improved, share, model, x_valid):
    """Better clouds for 100 images, and the encoder's share of the gap."""
    check_answered(improved=improved, share=share)
    x = np.asarray(x_valid[:100], np.float32)
    start = np.split(apply_model(say("the encoder"), model.encoder, x), 2, axis=1)
    shape = start[0].shape
    try:
        z_mean, z_log_var = improved
    except (TypeError, ValueError):
        if not hasattr(improved, "shape"):
            raise Wrong(
                say(
                    "improved is a {kind}; wanted: a pair, (z_mean, z_log_var).",
                    kind=type(improved).__name__,
                )
            ) from None
        raise Wrong(
            say(
                "improved is a {kind} of shape {shape}; wanted: a pair, (z_mean, z_log_var).",
                kind=type(improved).__name__,
                shape=improved.shape,
            )
        ) from None
    z_mean = check_array(say("improved's z_mean"), z_mean, shape)
    z_log_var = check_array(say("improved's z_log_var"), z_log_var, shape)
    if not judged_in_full(say("the gain")):
        print(say("Right so far: a cloud for each image."))
        return
    before = _log_weights(model, x, *start).mean()
    log_w = _log_weights(model, x, z_mean, z_log_var)
    after, largest = log_w.mean(), log_w.max(axis=0)
    bound = np.mean(largest + np.log(np.mean(np.exp(log_w - largest), axis=0)))
    gain, gap = after - before, bound - before
    found = (
        say(
            "the ELBO of your clouds is {after:.1f} nats, that of the encoder's {before:.1f}:",
            after=after,
            before=before,
        )
        + " "
    )
    if not gain > _LEVEL:
        for words, reading in _readings(z_mean, z_log_var):
            if _log_weights(model, x, *reading).mean() > max(before - _LEVEL, after + _LEVEL):
                raise Wrong(found + words)
        if gain < -_LEVEL:
            raise Wrong(
                found + say("worse than before. Does Adam get the gradient of minus the ELBO?")
            )
        raise Wrong(
            found + say("no better than before. Are these arrays the ones that Adam moved?")
        )
    if gain > _TOO_MUCH:
        raise Wrong(
            found
            + say(
                "more than clouds alone can gain. If the decoder was trained along, run the cell "
                "of the sweep again, and give Adam the two arrays only."
            )
        )
    if gain < gap / 3:
        raise Wrong(
            found
            + say(
                "better, but Adam has not arrived, or moved one array only. Take more steps, or a "
                "higher rate, until the ELBO stays."
            )
        )
    right = gain / gap
    hint = say("The ELBO's gain, divided by the way from the encoder's ELBO up to the bound.")
    if isinstance(share, float | np.floating) and not 0 <= share <= 1:
        hint += " " + say(
            "No ELBO lies above the bound from the same codes: is a part of log w missing?"
        )
    check_number(
        "share",
        share,
        right,
        {
            100 * right: say("that is in percent; wanted: a share."),
            1 - right: say("that is the approximation gap's share; wanted: the other."),
            right / (1 - right): say("that is the one gap divided by the other; wanted: by both."),
            gain: say("that is the gain in nats; wanted: its share of the whole gap."),
        },
        tolerance=0.15,  # a bound from more codes than here is higher
        hint=hint,
    )
    print(
        say(
            "Right: {gain:.1f} nats for better clouds, {rest:.1f} or more for their form.",
            gain=gain,
            rest=gap - gain,
        )
    )


def _log_weights(model, x, z_mean, z_log_var):
    """Logarithms of the weights of codes drawn for each image, of shape (draws, n)."""
    rng, rows = np.random.default_rng(0), []
    for _ in range(_DRAWS // 8):  # in portions, for the memory's sake
        noise = rng.normal(size=(8, *z_mean.shape))
        with np.errstate(over="ignore"):
            z = z_mean + np.exp(z_log_var / 2) * noise
        z = np.clip(z, -1e6, 1e6).astype(np.float32)  # so that no decoder overflows
        drawn = apply_model(say("the decoder"), model.decoder, z.reshape(-1, z.shape[2]))
        log_p_x = -x.shape[1] * bce(np.tile(x, (8, 1)), drawn, per_image=True)
        rest = np.sum(noise**2 + z_log_var - np.square(z, dtype=float), axis=2) / 2
        rows.append(log_p_x.reshape(8, -1) + rest)
    return np.concatenate(rows)


def _readings(z_mean, other):
    """What else the second array may be, or the first: words, and the clouds that are meant."""
    yield say("the two are in each other's place: z_mean comes first."), (other, z_mean)
    yield say("the second array holds log sigma; wanted: log sigma squared."), (z_mean, 2 * other)
    if other.min() > 0:
        logarithm = np.log(other)
        yield (
            say("the second array holds standard deviations; wanted: log sigma squared."),
            (z_mean, 2 * logarithm),
        )
        yield (
            say("the second array holds variances; wanted: their logarithms."),
            (z_mean, logarithm),
        )
