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
from helpers.words import say

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
            encoder + decoder: say("that is without tying: the decoder takes over the weights."),
            encoder: say("that is the encoder alone; a tied decoder keeps biases of its own."),
            weights: say("these are the weights; both halves have biases."),
            decoder: say("the encoder's biases are missing, 64 and 16."),
            (encoder + decoder) / 2: say("not half of everything: only the weights are shared."),
        },
        tolerance=1e-6,
        hint=say("The encoder is counted in full; of the decoder, only what it does not share."),
    )
    print(say("Right: tying saves nearly half."))


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
            {adam / rmsprop: say("turn it: the error with RMSProp, divided by that with Adam.")},
            tolerance=0.05,
            hint=say(
                "The errors after 4 epochs are {rmsprop:.4f} and {adam:.4f}.",
                rmsprop=rmsprop,
                adam=adam,
            ),
        )
    check_number(
        "if_independent",
        if_independent,
        after_4["sigmoid, Adam"] * factors["ReLU"],
        {
            after_4["sigmoid, RMSProp"]: say(
                "that is what was measured; compute it from the other three."
            )
        },
        tolerance=0.05,
        hint=say("Multiply the error of sigmoid and Adam by the factor that holds with ReLU."),
    )
    print(
        say(
            "Right: {sigmoid:.1f} and {relu:.1f}, so independence would say {expected:.4f}; "
            "measured {measured:.4f}.",
            sigmoid=factors["sigmoid"],
            relu=factors["ReLU"],
            expected=after_4["sigmoid, Adam"] * factors["ReLU"],
            measured=after_4["sigmoid, RMSProp"],
        )
    )


def check_3(with_warm_up, without_warm_up, larger, x_train, x_test):
    """Networks with and without a warm-up, from two seeds each, and the verdict on them."""
    check_answered(with_warm_up=with_warm_up, without_warm_up=without_warm_up, larger=larger)
    judged = judged_in_full(say("the difference"))
    steps = 3 * math.ceil(len(x_train) / 128)
    both = {"with_warm_up": with_warm_up, "without_warm_up": without_warm_up}
    losses, drawn = {}, {name: [] for name in both}
    for name, models in both.items():
        if not isinstance(models, list | tuple) or len(models) < 2:
            raise Wrong(
                say("{name} is no list of 2 or more; wanted: a model for each seed.", name=name)
            )
        for i, one in enumerate(models):
            y = apply_model(f"{name}[{i}]", one, np.asarray(x_test[:10], dtype=np.float32))
            if y.shape != (10, 784) or not are_pixels(y):
                raise Wrong(
                    say(
                        "{name}[{i}] draws no images of 784 pixels between 0 and 1.", name=name, i=i
                    )
                )
            drawn[name].append(y)
            if one.count_params() != 222_384:
                raise Wrong(
                    say(
                        "{name}[{i}] has {parameters:,} parameters, 784-128-64-32 has 222,384.",
                        name=name,
                        i=i,
                        parameters=one.count_params(),
                    )
                )
            taken = int(one.optimizer.iterations) if getattr(one, "optimizer", None) else 0
            if judged and taken != steps:
                raise Wrong(
                    say(
                        "{name}[{i}] was trained for {taken:,} steps; 3 epochs in batches of 128 "
                        "are {steps:,}. Is it a new model, trained once?",
                        name=name,
                        i=i,
                        taken=taken,
                        steps=steps,
                    )
                )
        losses[name] = [bce(x_test, apply_model(say("a model"), one, x_test)) for one in models]
        if any(
            equal_but_for_rounding(y, other) for y, other in itertools.combinations(drawn[name], 2)
        ):
            raise Wrong(
                say(
                    "two models of {name} are the same. Set another seed, and make a new model "
                    "before each training.",
                    name=name,
                )
            )
    if not isinstance(larger, bool | np.bool_):
        raise Wrong(say("larger is a {kind}; wanted: True or False.", kind=type(larger).__name__))
    if any(equal_but_for_rounding(y, other) for y, other in itertools.product(*drawn.values())):
        raise Wrong(say("a model stands in both lists; make a new one before each training."))
    rise, none = (np.array(some) for some in losses.values())
    gap, spread = none.mean() - rise.mean(), max(np.ptp(rise), np.ptp(none))
    if larger != (abs(gap) > spread) and not equal_but_for_rounding(
        abs(gap), spread, scale=rise.mean()
    ):
        raise Wrong(
            say(
                "larger is {larger}, but in your runs the means are {gap:.4f} apart, and two "
                "seeds of one kind {spread:.4f}.",
                larger=larger,
                gap=abs(gap),
                spread=spread,
            )
        )
    print(
        say(
            "Right: {rise:.4f} with the rise, {none:.4f} without it, and two seeds of one kind "
            "are at most {spread:.4f} apart.",
            rise=rise.mean(),
            none=none.mean(),
            spread=spread,
        )
    )
