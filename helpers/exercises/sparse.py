"""Checks for the exercises of sparse."""

import math

import numpy as np

from helpers.exercises import (
    ROUNDING,
    Wrong,
    apply_model,
    check_answered,
    check_array,
    check_number,
)
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(price_mean, price_sum, price_mean_of_six, price_sum_of_six, your_penalty):
    """Four prices by hand, and a penalty that charges the mean over units and images."""
    check_answered(
        price_mean=price_mean,
        price_sum=price_sum,
        price_mean_of_six=price_mean_of_six,
        price_sum_of_six=price_sum_of_six,
        your_penalty=your_penalty,
    )
    strength = say("the strength is missing: each of these is multiplied by it.")
    check_number(
        "price_mean",
        price_mean,
        0.3,
        {
            3: strength,
            0.6: say(
                "that is the sum over the two images; `L1Penalty` takes the mean over images."
            ),
            0.1: say("that is a mean over the units too; `L1Penalty` sums over the units."),
        },
    )
    check_number(
        "price_sum", price_sum, 0.6, {6: strength, 0.3: say("that is the mean over the images.")}
    )
    check_number(
        "price_mean_of_six",
        price_mean_of_six,
        0.3,
        {
            3: strength,
            0.9: say("three times the images, but also divided by three times as many."),
            1.8: say("that is the sum over the six images."),
        },
    )
    check_number(
        "price_sum_of_six",
        price_sum_of_six,
        1.8,
        {
            18: strength,
            0.6: say("that is the sum for two images; a sum grows with the batch."),
            0.3: say("that is the mean over the images."),
        },
    )
    if isinstance(your_penalty, type):
        raise Wrong(say("your_penalty is a class; wanted: a layer made from it, of strength 0.1."))
    two = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")
    # The same values as two images, as six, and as two with a code twice as long.
    for z in [two, np.repeat(two, 3, axis=0), np.repeat(two, 2, axis=1)]:
        out = apply_model("your_penalty", your_penalty, z)
        if out.shape != z.shape or not np.allclose(out, z, atol=1e-6):
            raise Wrong(say("your_penalty changes the code; it has to return it as it came."))
        if not your_penalty.losses:
            raise Wrong(say("your_penalty adds nothing to the loss: call `self.add_loss(...)`."))
        actual, size = float(sum(np.sum(loss) for loss in your_penalty.losses)), np.abs(z)
        known = [
            (size.mean(), say("the strength is missing, or it is not 0.1.")),
            (0.1 * z.mean(), say("negative values lower the price: take the absolute values.")),
            (
                0.1 * size.sum(-1).mean(),
                say("that sums over the units, so a longer code costs more."),
            ),
            (
                0.1 * size.sum(0).mean(),
                say("that sums over the images, so a larger batch costs more."),
            ),
            (0.1 * size.sum(), say("that sums over units and images; wanted: means over both.")),
            (
                0.1 * size.mean() / len(z),
                say(
                    "that is divided by the number of images once more, as Keras 3.14 and later "
                    "do with what an activity_regularizer returns: call `self.add_loss(...)`."
                ),
            ),
        ]
        if not math.isclose(actual, 0.1 * size.mean(), rel_tol=1e-3):
            words = [
                words for typical, words in known if math.isclose(actual, typical, rel_tol=1e-3)
            ]
            words = [*words, say("wanted: 0.1 times this mean.")][0]
            raise Wrong(
                say(
                    "your_penalty charges {actual:.4g} for {images} images with codes of {units} "
                    "units whose mean |z| is {mean:.4g}: {words}",
                    actual=actual,
                    images=z.shape[0],
                    units=z.shape[1],
                    mean=size.mean(),
                    words=words,
                )
            )
    print(say("Right: a mean does not grow with the batch, and yours not with the code either."))


def check_2(same_pictures, dense, x_test):
    """The dense network with every unit's mean at 1, and the same reconstructions."""
    check_answered(same_pictures=same_pictures)
    if not isinstance(same_pictures, tuple | list) or len(same_pictures) != 2:
        raise Wrong(say("same_pictures is not a pair; wanted: (encoder, decoder)."))
    x = np.asarray(x_test, dtype=np.float32)
    z, old = (
        apply_model(say("your encoder"), same_pictures[0], x),
        apply_model("encoder", dense[0], x),
    )
    if z.shape != old.shape:
        raise Wrong(
            say(
                "your encoder gives codes of shape {shape}; wanted: {expected}, as before.",
                shape=z.shape[1:],
                expected=old.shape[1:],
            )
        )
    x_hat = apply_model(say("your decoder"), same_pictures[1], z[:2000])
    expected = apply_model("decoder", dense[1], old[:2000])
    if x_hat.shape != expected.shape:
        raise Wrong(
            say(
                "your decoder makes {shape}; wanted: {wanted}.",
                shape=x_hat.shape[1:],
                wanted=expected.shape[1:],
            )
        )
    change = np.abs(x_hat - expected).max()
    alive = old.max(axis=0) > ROUNDING * old.max()  # a dead unit has no mean to change
    means, before = z[:, alive].mean(axis=0), old[:, alive].mean(axis=0)
    right = np.abs(means - 1).max() <= 0.01
    if not right and np.allclose(means, before, rtol=1e-3):
        raise Wrong(say("the units have the means that they had before."))
    if not np.allclose(z[:, alive], old[:, alive] * means / before, atol=1e-3 * np.abs(z).max()):
        raise Wrong(
            say(
                "your code is not the old one times one factor for each unit. Does the factor "
                "divide the encoder's bias as well as its column of the kernel?"
            )
        )
    if not right and np.allclose(means, before**2, rtol=1e-2):
        raise Wrong(
            say("the means are now the squares of what they were: divide, do not multiply.")
        )
    if not right and abs(means.mean() - 1) < 0.01:
        raise Wrong(
            say(
                "the mean over all units is 1, but single units have from {low:.2f} to "
                "{high:.2f}; wanted: 1 for every unit. Take `axis=0`, a factor for each unit.",
                low=means.min(),
                high=means.max(),
            )
        )
    if not right:
        raise Wrong(
            say(
                "the units' means go from {low:.2f} to {high:.2f}; wanted: 1 each.",
                low=means.min(),
                high=means.max(),
            )
        )
    if change >= 1e-3:
        raise Wrong(
            say(
                "every mean is 1, but a pixel changes by {change:.2g}; wanted: less than 0.001. "
                "Each row of the decoder's kernel has to undo its unit's factor, and the "
                "decoder's bias is no part of the code: it stays.",
                change=change,
            )
        )
    print(
        say(
            "Right: every mean is 1, and no pixel changes by more than {change:.0e}.", change=change
        )
    )


def check_3(bits_of_16, largest_k):
    """What a code of 16 of 128 units costs, and which k costs as much as a dense code."""
    check_answered(bits_of_16=bits_of_16, largest_k=largest_k)
    names = math.comb(128, 16)
    check_number(
        "bits_of_16",
        bits_of_16,
        16 * 8 + math.log2(names),
        {
            16 * 8: say("these are the activations; their units have to be named too."),
            math.log2(names): say("these are the names; the 16 activations cost 8 bits each."),
            16 * 8 + math.log(names): say(
                "that takes the natural logarithm; bits need `math.log2`."
            ),
            16 * 8 + math.log10(names): say("that takes the logarithm to base 10, not 2."),
            16 * 8 + 16 * 7: say("7 bits for each name tell an order too, which nobody needs."),
            16 * 8 + 128: say(
                "a yes or no for each of 128 units works, but there is a cheaper way."
            ),
            16 + math.log2(names) / 8: say("that is in bytes; wanted: bits."),
        },
        tolerance=5e-3,
        hint=say(
            "It is 8 bits for each active unit, and log2 of the number of ways to choose them."
        ),
    )
    check_number(
        "largest_k",
        largest_k,
        21,
        {
            32: say("these units would have to go without names."),
            22: say("it costs 257 bits, one too many."),
            24: say("that takes the natural logarithm; bits need `math.log2`."),
            28: say("that takes the logarithm to base 10, not 2."),
            17: say("7 bits for each name tell an order too; the binomial coefficient costs less."),
            16: say("it costs fewer bits than the dense code, but so do larger k."),
        },
        hint=say(
            "Go up from k = 16 until the bill is more than 256 bits; the k before that is it."
        ),
    )
    print(say("Right: at equal bits, 32 dense units compete with 21 sparse ones."))


def check_4(your_guess, purity_strongest, purity_random, z_topk, y_valid):
    """Median purity of each unit's 20 strongest images, and of 20 random ones of its images."""
    check_answered(
        your_guess=your_guess, purity_strongest=purity_strongest, purity_random=purity_random
    )
    guess = check_array("your_guess", your_guess, (2,))
    if not np.all((guess >= 0) & (guess <= 1)):
        raise Wrong(say("your_guess is not two shares from 0 to 1; 70 % is 0.7."))
    rng = np.random.default_rng(0)
    active = {unit: np.flatnonzero(z > 0) for unit, z in enumerate(np.asarray(z_topk).T)}
    active = {unit: images for unit, images in active.items() if len(images) >= 20}

    def purity(images):
        return np.bincount(y_valid[images]).max() / len(images)

    strongest = [purity(np.argsort(-z_topk[:, unit])[:20]) for unit in active]
    weakest = [purity(np.argsort(z_topk[:, unit])[:20]) for unit in active]
    # Random images differ from draw to draw: nine of them.
    draws = [[purity(rng.choice(some, 20, False)) for some in active.values()] for _ in range(9)]
    medians, expected = np.median(draws, axis=1), float(np.median(strongest))
    check_number(
        "purity_strongest",
        purity_strongest,
        expected,
        {
            100 * expected: say("that is in percent; wanted: a share."),
            20 * expected: say("that counts images; wanted: a share of the 20."),
            float(np.mean(strongest)): say("that is the mean over the units; wanted: the median."),
            float(np.median(weakest)): say("these are the 20 weakest: sort by `-z_topk[:, unit]`."),
            float(np.median(medians)): say("these are random images; have the two changed places?"),
        },
        tolerance=5e-3,
        hint=say(
            "Is it the 20 strongest *validation* images, and only units active for 20 or more?"
        ),
    )
    numeric = isinstance(purity_random, int | float | np.number)
    low, high = medians.min() - 0.05, medians.max() + 0.05
    if not (np.isscalar(purity_random) and numeric and low <= purity_random <= high):
        of_any = np.mean([purity(rng.choice(len(y_valid), 20)) for _ in range(200)])
        check_number(
            "purity_random",
            purity_random,
            float(np.median(medians)),
            {
                100 * float(np.median(medians)): say("that is in percent; wanted: a share."),
                expected: say("these are the strongest again; draw from all with a value above 0."),
                float(of_any): say("that is 20 of all images; draw only where the unit is active."),
            },
            tolerance=0.1,
            hint=say("Draw 20 of `np.flatnonzero(z_topk[:, unit] > 0)`, each at most once."),
        )
    print(
        say(
            "Right: {expected:.0%} among the strongest, {purity_random:.0%} among random images.",
            expected=expected,
            purity_random=purity_random,
        )
    )
    print(say("You guessed {strongest:.0%} and {random:.0%}.", strongest=guess[0], random=guess[1]))
