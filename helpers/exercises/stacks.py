"""Checks for the exercises of stacks."""

import itertools
import math

import numpy as np

from helpers.exercises import (
    Wrong,
    apply_model,
    are_pixels,
    check_answered,
    check_number,
    equal_but_for_rounding,
    judged_in_full,
)
from helpers.measures import bce

__all__ = ["check_1", "check_2", "check_3"]


def check_1(tied_parameters):
    """Parameters of 784-64-16-64-784 with tied weights."""
    check_answered(tied_parameters=tied_parameters)
    weights = 784 * 64 + 64 * 16
    encoder, decoder = weights + 64 + 16, weights + 64 + 784
    check_number(
        "tied_parameters",
        tied_parameters,
        encoder + 64 + 784,
        {
            encoder + decoder: "that is without tying: the decoder takes over the weights.",
            encoder: "that is the encoder alone; a tied decoder keeps biases of its own.",
            weights: "these are the weights; both halves have biases.",
            decoder: "the encoder's biases are missing, 64 and 16.",
            (encoder + decoder) / 2: "not half of everything: only the weights are shared.",
        },
        tolerance=1e-6,
        hint="The encoder is counted in full; of the decoder, only what it does not share.",
    )
    print("Right: tying saves nearly half.")


def check_2(with_sigmoid, with_relu, if_independent, stack_curves):
    """Two factors of four runs, and what they would say of the fourth."""
    check_answered(with_sigmoid=with_sigmoid, with_relu=with_relu, if_independent=if_independent)
    after_4 = {name: curve[:4][-1] for name, curve in stack_curves.items()}
    factors = {}
    for name, answer, activation in [
        ("with_sigmoid", with_sigmoid, "sigmoid"),
        ("with_relu", with_relu, "ReLU"),
    ]:
        rmsprop, adam = after_4[f"{activation}, RMSProp"], after_4[f"{activation}, Adam"]
        factors[activation] = rmsprop / adam
        check_number(
            name,
            answer,
            rmsprop / adam,
            {adam / rmsprop: "turn it: the error with RMSProp, divided by that with Adam."},
            tolerance=0.05,
            hint=f"The errors after 4 epochs are {rmsprop:.4f} and {adam:.4f}.",
        )
    check_number(
        "if_independent",
        if_independent,
        after_4["sigmoid, Adam"] * factors["ReLU"],
        {
            after_4[
                "sigmoid, RMSProp"
            ]: "that is what was measured; compute it from the other three."
        },
        tolerance=0.05,
        hint="Multiply the error of sigmoid and Adam by the factor that holds with ReLU.",
    )
    print(
        f"Right: {factors['sigmoid']:.1f} and {factors['ReLU']:.1f}, so independence would say "
        f"{after_4['sigmoid, Adam'] * factors['ReLU']:.4f}; measured "
        f"{after_4['sigmoid, RMSProp']:.4f}."
    )


def check_3(with_warm_up, without_warm_up, larger, x_train, x_test):
    """Networks with and without a warm-up, from two seeds each, and the verdict on them."""
    check_answered(with_warm_up=with_warm_up, without_warm_up=without_warm_up, larger=larger)
    judged = judged_in_full("the difference")
    steps = 3 * math.ceil(len(x_train) / 128)
    both = {"with_warm_up": with_warm_up, "without_warm_up": without_warm_up}
    losses, drawn = {}, {name: [] for name in both}
    for name, models in both.items():
        if not isinstance(models, list | tuple) or len(models) < 2:
            raise Wrong(f"{name} is no list of 2 or more; wanted: a model for each seed.")
        for i, one in enumerate(models):
            y = apply_model(f"{name}[{i}]", one, np.asarray(x_test[:10], dtype=np.float32))
            if y.shape != (10, 784) or not are_pixels(y):
                raise Wrong(f"{name}[{i}] draws no images of 784 pixels between 0 and 1.")
            drawn[name].append(y)
            if one.count_params() != 222_384:
                raise Wrong(
                    f"{name}[{i}] has {one.count_params():,} parameters, 784-128-64-32 has 222,384."
                )
            taken = int(one.optimizer.iterations) if getattr(one, "optimizer", None) else 0
            if judged and taken != steps:
                raise Wrong(
                    f"{name}[{i}] was trained for {taken:,} steps; 3 epochs in batches "
                    f"of 128 are {steps:,}. Is it a new model, trained once?"
                )
        losses[name] = [bce(x_test, apply_model("a model", one, x_test)) for one in models]
        if any(
            equal_but_for_rounding(y, other) for y, other in itertools.combinations(drawn[name], 2)
        ):
            raise Wrong(
                f"two models of {name} are the same. Set another seed, and make a new model "
                "before each training."
            )
    if not isinstance(larger, bool | np.bool_):
        raise Wrong(f"larger is a {type(larger).__name__}; wanted: True or False.")
    if any(equal_but_for_rounding(y, other) for y, other in itertools.product(*drawn.values())):
        raise Wrong("a model stands in both lists; make a new one before each training.")
    rise, none = (np.array(some) for some in losses.values())
    gap, spread = none.mean() - rise.mean(), max(np.ptp(rise), np.ptp(none))
    if larger != (abs(gap) > spread) and not equal_but_for_rounding(
        abs(gap), spread, scale=rise.mean()
    ):
        raise Wrong(
            f"larger is {larger}, but in your runs the means are {abs(gap):.4f} apart, and two "
            f"seeds of one kind {spread:.4f}."
        )
    print(
        f"Right: {rise.mean():.4f} with the rise, {none.mean():.4f} without it, and two seeds of "
        f"one kind are at most {spread:.4f} apart."
    )
