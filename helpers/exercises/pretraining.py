"""Checks for the exercises of pretraining."""

import math

import numpy as np

from helpers.exercises import (
    NotAnswered,
    Wrong,
    check_answered,
    check_array,
    check_number,
    clearly_lower,
    judged_in_full,
)
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(frozen_parameters, finetuned_parameters):
    """How many parameters learn in 784-128-64-32-10, encoder frozen or fine-tuned."""
    check_answered(frozen_parameters=frozen_parameters, finetuned_parameters=finetuned_parameters)
    new = (64 * 32 + 32) + (32 * 10 + 10)
    encoder = (784 * 128 + 128) + (128 * 64 + 64)
    check_number(
        "frozen_parameters",
        frozen_parameters,
        new,
        {
            64 * 32 + 32 * 10: say("these are the weights; each output of a layer has a bias too."),
            64 * 10 + 10: say("that is the study's softmax layer; now 32 units stand before it."),
            64 * 32 + 32: say("that is the layer of 32 units; the softmax layer learns too."),
            32 * 10 + 10: say("that is the softmax layer; the layer of 32 units is new too."),
            64 * 32 + 64 + 32 * 10 + 32: say("each output of a layer has a bias, not each input."),
            encoder: say("that is the encoder, which is what does not learn."),
            encoder + new: say("that is everything; a frozen encoder does not learn."),
        },
        tolerance=1e-6,
        hint=say("Count the two layers above the code."),
    )
    check_number(
        "finetuned_parameters",
        finetuned_parameters,
        encoder + new,
        {
            encoder: say("that is the encoder; the layers above it learn too."),
            new: say("that is the frozen case; now the encoder moves along."),
            encoder + 650: say("that is the study's classifier, without the layer of 32 units."),
            784 * 128 + 128 * 64 + 64 * 32 + 32 * 10: say("these are the weights; add the biases."),
            2 * encoder + new: say(
                "the decoder was thrown away; it is not part of the classifier."
            ),
        },
        tolerance=1e-6,
        hint=say("Count all four layers, from the 784 pixels up."),
    )
    print(say("Right: frozen, one parameter in fifty learns."))


def check_2(labels_needed):
    """A function that reads a curve of accuracies backwards, to a number of labels."""
    check_answered(labels_needed=labels_needed)
    if not callable(labels_needed):
        raise Wrong(
            say(
                "labels_needed is a {kind}; wanted: a function of a curve and an accuracy.",
                kind=type(labels_needed).__name__,
            )
        )
    # Curves of our own: a number found for the chapter's curve does not help here.
    for curve, accuracy in [
        ({10: 0.4, 100: 0.7, 1_000: 0.8, 10_000: 0.9}, 0.775),
        ({20: 0.5, 200: 0.6, 8_000: 0.9}, 0.7),
    ]:
        sizes, means = np.array(list(curve)), list(curve.values())
        try:
            actual = labels_needed(dict(curve), accuracy)
        except Exception as error:  # any: what a reader's lines raise is not ours to list
            raise Wrong(
                say(
                    "labels_needed({curve}, {accuracy}) fails: {kind}: {error}",
                    curve=curve,
                    accuracy=accuracy,
                    kind=type(error).__name__,
                    error=error,
                )
            ) from None
        if actual is None:
            raise NotAnswered(say("labels_needed returns None. Does it end with `return`?"))
        expected = 10 ** np.interp(accuracy, means, np.log10(sizes))
        below, above = (sizes[np.searchsorted(means, accuracy) + i] for i in (-1, 0))
        measured = say("that is a number of labels that was measured; read between them too.")
        check_number(
            say("labels_needed({curve}, {accuracy})", curve=curve, accuracy=accuracy),
            actual,
            expected,
            {
                np.interp(accuracy, means, sizes): say(
                    "that is a straight line over the number of labels; wanted: over its logarithm."
                ),
                math.log10(expected): say("that is the logarithm; turn it back into labels."),
                math.log(expected): say("that is the logarithm; turn it back into labels."),
                math.exp(math.log10(expected)): say("exp turns back log, 10 ** turns back log10."),
                10 ** math.log(expected): say("exp turns back log, 10 ** turns back log10."),
                below: measured,
                above: measured,
            },
            tolerance=1e-2,  # whole labels will do
            hint=say(
                "Between two sizes, take a straight line over the logarithm of their number, in "
                "the curve that is handed in."
            ),
        )
    print(say("Right. Compare with the figure: it reads its lines across in the same way."))


def check_3(nine_versions, trained, draw, seeds, scores, x_train, y_train, x_valid, y_valid):
    """Nine shifted versions of each image, and what networks from scratch learned from them."""
    check_answered(nine_versions=nine_versions, trained=trained)
    _check_versions(nine_versions)
    if not isinstance(trained, list | tuple) or len(trained) != len(seeds):
        raise Wrong(
            say("trained is no list of {n}; wanted: the weights after each draw.", n=len(seeds))
        )
    networks = [_weights(f"trained[{i}]", weights) for i, weights in enumerate(trained)]
    if not judged_in_full(say("the accuracy")):
        print(
            say("Right so far: nine versions of each image, and weights of the study's classifier.")
        )
        return
    accuracies = []
    for i, network in enumerate(networks):
        labelled = draw(100, seeds[i])
        seen = _accuracy(network, x_train[labelled], y_train[labelled])
        if seen < 0.9:
            raise Wrong(
                say(
                    "trained[{i}] gets {seen:.0%} of its own 100 labelled images right. Was it "
                    "trained on those of draw(100, {seed}), long enough?",
                    i=i,
                    seen=seen,
                    seed=seeds[i],
                )
            )
        accuracies.append(_accuracy(network, x_valid, y_valid))
    mean = np.mean(accuracies)
    # Shifts alone are not worth ten times the labels.
    if mean > np.mean(scores["scratch"][1_000]):
        raise Wrong(
            say(
                "the mean validation accuracy is {mean:.1%}, that of a thousand labels. Did the "
                "networks see other images than the 100 of their draw, perhaps the validation "
                "images?",
                mean=mean,
            )
        )
    best = np.mean(scores["denoising"][100])
    if not clearly_lower(best, mean):
        raise Wrong(
            say(
                "the mean validation accuracy is {mean:.1%}, with denoising pretraining "
                "{best:.1%}. Are the networks trained on all nine versions, for as many steps as "
                "in the race?",
                mean=mean,
                best=best,
            )
        )
    print(say("Right: {mean:.1%}, and denoising pretraining has {best:.1%}.", mean=mean, best=best))


def check_4(with_shifts, without_shifts, scores, x_valid, y_valid):
    """What shifted images bring a network from scratch with all labels, beside its control."""
    check_answered(with_shifts=with_shifts, without_shifts=without_shifts)
    shifted = _weights("with_shifts", with_shifts)
    control = _weights("without_shifts", without_shifts)
    if all(np.array_equal(a, b) for a, b in zip(shifted, control, strict=True)):
        raise Wrong(
            say(
                "with_shifts and without_shifts are the same weights. Keep "
                "`classifier.get_weights()` after the first training, before the second starts."
            )
        )
    if not judged_in_full(say("the accuracy")):
        print(say("Right so far: weights of two classifiers like the study's."))
        return
    right = [_is_right(network, x_valid, y_valid) for network in (shifted, control)]
    actual, without = (float(each.mean()) for each in right)
    four_passes = np.mean(scores["scratch"][max(scores["scratch"])])
    if without < four_passes - 0.005:  # eight passes may do a little worse, not much
        raise Wrong(
            say(
                "without shifts the validation accuracy is {without:.1%}; the race's four passes "
                "have {four_passes:.1%}. Was the control trained with all labels, for eight "
                "passes?",
                without=without,
                four_passes=four_passes,
            )
        )
    difference = right[0].astype(float) - right[1]  # on the same images
    error = difference.std() / math.sqrt(len(difference))
    if difference.mean() < -2 * error - 0.002:
        raise Wrong(
            say(
                "the validation accuracy is {actual:.1%}, without shifts it is {without:.1%}. Are "
                "all labels used, for eight passes, and is each image shifted anew in each?",
                actual=actual,
                without=without,
            )
        )
    print(
        say(
            "Right: {actual:.2%} with shifts, {without:.2%} without. The difference is "
            "{points:.2f} points, its standard error over the images {error:.2f}.",
            actual=actual,
            without=without,
            points=100 * difference.mean(),
            error=100 * error,
        )
    )


def _weights(name, weights):
    """Return the weights of the study's classifier as arrays, or raise Wrong."""
    shapes = [(784, 128), (128,), (128, 64), (64,), (64, 10), (10,)]
    if not isinstance(weights, list | tuple) or len(weights) != len(shapes):
        raise Wrong(
            say(
                "{name} is no list of 6 arrays; wanted: what `classifier.get_weights()` gives "
                "after a training.",
                name=name,
            )
        )
    pairs = enumerate(zip(weights, shapes, strict=True))
    return [check_array(f"{name}[{j}]", w, shape) for j, (w, shape) in pairs]


def _check_versions(nine_versions):
    """Try a reader's function on three images, each different at every pixel of its middle."""
    if not callable(nine_versions):
        raise Wrong(
            say(
                "nine_versions is a {kind}; wanted: a function of images and labels.",
                kind=type(nine_versions).__name__,
            )
        )
    images, labels = np.zeros((3, 28, 28), np.float32), np.array([7, 2, 4])
    images[:, 8:20, 8:20] = np.random.default_rng(0).integers(1, 256, (3, 12, 12)) / 255
    try:
        many, named = nine_versions(images.copy(), labels.copy())
        many, named = np.asarray(many, np.float32).reshape(-1, 28, 28), np.asarray(named)
    except Exception as error:  # any: what a reader's lines raise is not ours to list
        raise Wrong(
            say(
                "nine_versions(images, labels), with images of the shape (3, 28, 28), does not "
                "give images and labels: {kind}: {error}",
                kind=type(error).__name__,
                error=error,
            )
        ) from None
    if len(many) != 27:
        raise Wrong(say("nine_versions makes {n} images of 3; wanted: nine of each.", n=len(many)))
    if named.shape != (27,):
        raise Wrong(
            say("its labels have the shape {shape}; wanted: one for each image.", shape=named.shape)
        )

    def key(image):  # whole grays: who moves by interpolation is off in the last place
        return np.rint(255 * image).astype(int).tobytes()

    actual = {key(image): label for image, label in zip(many, named, strict=True)}

    def moved(by):
        steps = [(dy, dx) for dy in (-by, 0, by) for dx in (-by, 0, by)]
        return [
            (key(np.roll(image, step, axis=(0, 1))), label)
            for step in steps
            for image, label in zip(images, labels, strict=True)
        ]

    if set(actual) == {image for image, _ in moved(1)}:
        raise Wrong(say("nine_versions moves by one pixel; wanted: by two."))
    if len(actual) < 27:
        raise Wrong(
            say(
                "only {n} of the 27 images are different. Is each moved its own way, along the "
                "axes 1 and 2?",
                n=len(actual),
            )
        )
    if set(actual) != {image for image, _ in moved(2)}:
        raise Wrong(
            say(
                "nine_versions gives other pictures than the images moved by -2, 0 and 2 pixels "
                "in both directions."
            )
        )
    if any(actual[image] != label for image, label in moved(2)):
        raise Wrong(
            say(
                "the images are right, but some have another's label. np.tile repeats labels in "
                "rounds, np.repeat each by itself: which goes with your images?"
            )
        )


def _is_right(network, x, y):
    """Whether each image is classified correctly."""
    w1, b1, w2, b2, w3, b3 = (w.astype(np.float32) for w in network)
    z = np.maximum(np.maximum(np.asarray(x, np.float32) @ w1 + b1, 0) @ w2 + b2, 0)
    return np.argmax(z @ w3 + b3, axis=1) == np.asarray(y)


def _accuracy(network, x, y):
    return float(_is_right(network, x, y).mean())
