"""Checks for the exercises of scaling-out."""

import math
import re
import textwrap
from numbers import Real

import cloudpickle
import numpy as np
import tensorflow as tf
from scipy import ndimage

from helpers import sweep
from helpers.exercises import Wrong, check_answered, check_number, clearly_lower, judged_in_full
from helpers.words import say

__all__ = ["check_1", "check_2", "check_3", "check_4"]


def check_1(seconds_of_36, times_sooner, seconds_of_10_000, enough_workers):
    """Predictions by the law of the sweep: rounds of tasks, and a scheduler that is the limit."""
    check_answered(
        seconds_of_36=seconds_of_36,
        times_sooner=times_sooner,
        seconds_of_10_000=seconds_of_10_000,
        enough_workers=enough_workers,
    )
    check_number(
        "seconds_of_36",
        seconds_of_36,
        50,
        {
            45: say("so a task would be cut in two. What do the last 4 tasks need?"),
            40: say("after four rounds 32 are done; 4 are left."),
            360: say("that is one worker; the question is about 8."),
            5: say("that is the number of rounds; each takes 10 seconds."),
        },
        hint=say("In how many rounds do 8 workers do 36 tasks, and how long is a round?"),
    )
    check_number(
        "times_sooner",
        times_sooner,
        7.2,
        {
            8: say("the last round is not full, so some workers wait at the end."),
            9: say("one worker needs 36 times 10 seconds; divide that by the answer to (a)."),
            1 / 7.2: say("turn it."),
            310: say("that is the difference; wanted: how many times."),
        },
        hint=say("Divide the seconds of one worker by the answer to (a)."),
    )
    check_number(
        "seconds_of_10_000",
        seconds_of_10_000,
        20,
        {
            2: say("the workers could do it in that time, but who hands out the tasks?"),
            22: say(
                "the scheduler hands out while the workers work: the slower one counts, not the "
                "sum."
            ),
            1000: say("that is one worker; the question is about 500."),
            1020: say("that is one worker, and the sum; the slower one counts."),
        },
        tolerance=0.011,  # with the first or the last task's own time it is right, too
        hint=say("How long do the workers need for their share, how long the scheduler for all?"),
    )
    check_number(
        "enough_workers",
        enough_workers,
        50,
        {
            500: say("that is how many there are. Would 400 take longer?"),
            200: say("the scheduler is the limit long before. When is t/p as small as o?"),
            5: say("mind the units: 0.1 seconds are 100 milliseconds."),
            0.02: say("turn it."),
        },
        hint=say("Beyond p = t/o the scheduler is the limit."),
    )
    print(say("Right, all four. Longer tasks would be the remedy for (c), not more workers."))


def check_2(my_task, client):
    """A task that trains by its rate from its seed, and loads its images in the worker."""
    check_answered(my_task=my_task)
    if not callable(my_task):
        raise Wrong(
            say(
                "my_task is a {kind}; wanted: the function itself, without a call.",
                kind=type(my_task).__name__,
            )
        )
    try:
        size = len(cloudpickle.dumps(my_task))
    except Exception as error:  # any: what cannot be sent is not ours to list
        raise Wrong(
            say(
                "my_task cannot be sent to a worker: {error} Make what it needs inside.",
                error=_first_line(error),
            )
        ) from None
    if size > 1e6:
        raise Wrong(
            say(
                "my_task takes {size:,.0f} MB along to the worker. Does it use the notebook's "
                "images? Load them inside, with sweep.pixels(which).",
                size=size / 1e6,
            )
        )
    settings = [*sweep.grid(rate=[0.001], seed=[0, 0, 1]), {"rate": 0.01, "seed": 0}]
    table = _run(client, my_task, settings, "my_task")
    if "valid_bce" not in table:
        raise Wrong(
            say(
                'the answer of my_task has no "valid_bce"; wanted: a dict such as '
                '{"valid_bce": 0.2}.'
            )
        )
    for actual in table["valid_bce"]:
        if isinstance(actual, bool | np.bool_) or not isinstance(actual, Real):
            raise Wrong(
                say(
                    'my_task gives a {kind} as "valid_bce"; wanted: a plain number, such as '
                    "model.evaluate gives, or float(...) makes.",
                    kind=type(actual).__name__,
                )
            )
        if not math.isfinite(actual):
            raise Wrong(
                say(
                    'my_task gives {actual} as "valid_bce"; wanted: a finite number.', actual=actual
                )
            )
    first, again, other, faster = (float(actual) for actual in table["valid_bce"])
    if not _equal_results(first, again):
        raise Wrong(
            say(
                "rate 0.001 and seed 0 gave {first:.6g}, and once more {again:.6g}; wanted: the "
                "same. Call keras.utils.set_random_seed(seed) in the task, before the model is "
                "made.",
                first=first,
                again=again,
            )
        )
    if _equal_results(first, faster):
        raise Wrong(
            say(
                "rates 0.001 and 0.01 both give {first:.6g}. Is the rate used? And is the model "
                "trained before it is tested?",
                first=first,
            )
        )
    if _equal_results(first, other):
        raise Wrong(
            say(
                "seeds 0 and 1 both give {first:.6g}. Does the seed set anything? (Do not round.)",
                first=first,
            )
        )
    if judged_in_full(say("the loss")):
        # At this rate, because an epoch of the small stand-in has only six steps.
        if not faster < 0.45:
            raise Wrong(
                say(
                    "at rate 0.01 the loss is {faster:.3g}; an untrained network has 0.69, and "
                    "one epoch brings it below 0.45. Does it train on (x_train, x_train)?",
                    faster=faster,
                )
            )
        if faster < 0.05:
            raise Wrong(
                say(
                    "at rate 0.01 the loss is {faster:.3g}: so low a BCE not even a perfect copy "
                    "has. Is the loss binary_crossentropy?",
                    faster=faster,
                )
            )
    print(
        say(
            "Right: {size:,.1f} kB travel, and equal settings give equal results.", size=size / 1000
        )
    )


def check_3(endless, source):
    """A stream without end: mixed, bent anew in each round, pairs in batches of 128."""
    check_answered(endless=endless)
    if not isinstance(endless, tf.data.Dataset):
        raise Wrong(
            say("endless is a {kind}; wanted: a tf.data.Dataset.", kind=type(endless).__name__)
        )
    spec = endless.element_spec
    if not (
        isinstance(spec, tuple)
        and len(spec) == 2
        and all(isinstance(s, tf.TensorSpec) for s in spec)
    ):
        if isinstance(spec, tf.TensorSpec):
            raise Wrong(
                say(
                    "endless gives single images; wanted: pairs. Map each batch to (images, "
                    "images)."
                )
            )
        raise Wrong(
            say(
                "endless gives {spec!r:.60}; wanted: pairs. Map each batch to (images, images).",
                spec=spec,
            )
        )
    if wrong := [s.dtype.name for s in spec if s.dtype != tf.float32]:
        raise Wrong(
            say(
                "endless gives {dtype}; wanted: float32 twice, as bend makes it. First bend, then "
                "make the pairs.",
                dtype=wrong[0],
            )
        )
    left = int(endless.cardinality())
    if left >= 0:
        raise Wrong(
            say(
                "endless ends after {left:,} batches; wanted: without end. Add repeat().", left=left
            )
        )

    expected, batches = 3 * len(source), []
    try:
        for images, targets in endless.as_numpy_iterator():
            _check_batch(images, targets, len(source))
            batches.append(images)
            if sum(map(len, batches)) >= expected:
                break
    except tf.errors.OpError as error:
        raise Wrong(say("endless stops with an error: {error}", error=_first_line(error))) from None
    images = np.concatenate(batches) if batches else np.zeros((0, 784))
    if len(images) < expected:
        raise Wrong(
            say(
                "endless ends after {images:,} images; wanted: without end. Add repeat().",
                images=len(images),
            )
        )

    # Most of the images are paper: so the largest value tells the scale.
    if images.min() < -0.001 or images.max() > 1.001:
        raise Wrong(
            say(
                "the pixels go from {low:.3g} to {high:.3g}; wanted: from 0 to 1. bend takes "
                "uint8, from 0 to 255, and divides by 255.",
                low=images.min(),
                high=images.max(),
            )
        )
    if images.max() < 0.1:
        raise Wrong(
            say(
                "no pixel is larger than {high:.2g}; wanted: up to 1. Were they divided by 255 "
                "twice? bend does it already.",
                high=images.max(),
            )
        )
    likeness = _correlations(batches[0], source)
    nearest = np.asarray(source, np.float32)[likeness.argmax(axis=1)] / 255
    if np.abs(batches[0] - nearest).mean() < 1e-3:
        raise Wrong(say("the images are those of source, not bent. Map bend on the batches."))
    different = len(np.unique(images, axis=0))
    if different < 0.9 * len(images):
        raise Wrong(
            say(
                "of {images:,} images in a row, only {different:,} are different: each was bent "
                "once, and the same comes again. Mind the order of the steps: bend has to stand "
                "in the stream, after any cache().",
                images=len(images),
                different=different,
            )
        )
    starts = [_start_in_order(_correlations(batch, source)) for batch in batches[:4]]
    if all(start is not None for start in starts) and starts[:2] != [0, 128]:
        raise Wrong(
            say(
                "each batch holds neighbours of source in their order: the batches are mixed, the "
                "images are not. Put shuffle before batch."
            )
        )
    if starts[0] == 0:
        raise Wrong(
            say(
                "the first batch holds the first digits of source in their order. Mix them: "
                "shuffle({n}), before batch.",
                n=len(source),
            )
        )
    print(
        say(
            "Right: {different:,} different images of {n:,} digits, and no end.",
            different=different,
            n=len(source),
        )
    )


def check_4(my_settings, client, train_one, by_batch):
    """A batch and a rate whose mean is clearly lower than the best one of the study's sweep.

    Three standard errors of a mean of five seeds: of equal settings, judged by three seeds, about
    one in twenty is so much lower by luck.
    """
    check_answered(my_settings=my_settings)
    if not isinstance(my_settings, dict):
        raise Wrong(
            say(
                'my_settings is a {kind}; wanted: a dict such as {{"batch": 256, "rate": 0.002}}.',
                kind=type(my_settings).__name__,
            )
        )
    for name in my_settings:
        if name in ("code", "n", "seed"):
            raise Wrong(
                say(
                    "my_settings has {name!r}, which is the same for all. Leave it out: choose "
                    '"batch" and "rate" alone.',
                    name=name,
                )
            )
        if name not in ("batch", "rate"):
            raise Wrong(
                say('my_settings has {name!r}; wanted: "batch" and "rate", and no more.', name=name)
            )
    for name in ("batch", "rate"):
        if name not in my_settings:
            raise Wrong(say('my_settings has no {name!r}; wanted: "batch" and "rate".', name=name))
        actual = my_settings[name]
        if isinstance(actual, bool | np.bool_) or not isinstance(actual, Real):
            raise Wrong(
                say(
                    "the {name} is {actual!r:.60}, a {kind}; wanted: a number.",
                    name=name,
                    actual=actual,
                    kind=type(actual).__name__,
                )
            )
    batch, rate = float(my_settings["batch"]), float(my_settings["rate"])
    if not (batch.is_integer() and 1 <= batch <= 55_000):
        raise Wrong(
            say("the batch is {batch:g}; wanted: a whole number from 1 to 55,000.", batch=batch)
        )
    if not 0 < rate < math.inf:
        raise Wrong(say("the rate is {rate:g}; wanted: more than 0, such as 0.002.", rate=rate))

    settings = sweep.grid(code=[8], seed=[7, 8, 9], batch=[int(batch)], rate=[rate])
    table = _run(client, train_one, settings, "train_one")
    reached = float(table["valid_bce"].to_numpy(float).mean())
    by_setting = by_batch.groupby(["batch", "rate"])["valid_bce"]
    of_batch, at_rate = by_setting.mean().idxmin()
    losses = by_setting.get_group((of_batch, at_rate))
    best, error = float(losses.mean()), float(losses.std() / math.sqrt(len(losses)))
    if not math.isfinite(reached):
        raise Wrong(
            say(
                "with your settings the loss is {reached}: the rate {rate:g} is too high.",
                reached=reached,
                rate=rate,
            )
        )
    if not judged_in_full(say("the loss")):
        print(say("Right so far: your settings train; they reach {reached:.4f}.", reached=reached))
        return
    if not clearly_lower(reached, best - 3 * error):
        raise Wrong(
            say(
                "from three other seeds your settings reach a mean of {reached:.4f}. The best "
                "mean of the study is {best:.4f} (batch {of_batch:g}, rate {at_rate:g}), with a "
                "standard error of {error:.4f}; wanted: lower by three of these. Was yours a "
                "lucky run? Search on, with two seeds for each setting, and ask what the large "
                "batch has too little of.",
                reached=reached,
                best=best,
                of_batch=of_batch,
                at_rate=at_rate,
                error=error,
            )
        )
    print(
        say(
            "Right: {reached:.4f} from three other seeds; the best mean was {best:.4f}.",
            reached=reached,
            best=best,
        )
    )


def _run(client, task, settings, name):
    """Return the table of a sweep in which no task failed."""
    if client.status == "closed":
        raise Wrong(say("the workers have been ended. Run the cell with `sweep.connect` again."))
    table = sweep.run(client, task, settings, retries=0, label="check")
    for setting, error in zip(settings, table["error"], strict=True):
        if error:
            arguments = ", ".join(f"{key}={value:g}" for key, value in setting.items())
            what = say(
                "{name}({arguments}) stopped in the worker with {error}",
                name=name,
                arguments=arguments,
                error=_first_line(error),
            )
            raise Wrong(
                what + ". " + say("Return plain numbers.") if "not serialize" in error else what
            )
    return table


def _check_batch(images, targets, n):
    """Raise `Wrong` if a batch has the wrong shape, or targets that are not its images."""
    if images.ndim != 2 or images.shape[1] != 784:
        what = say("a batch has the shape {shape}; wanted: (128, 784).", shape=images.shape)
        raise Wrong(what + " " + say("Is it batched?") if images.ndim == 1 else what)
    if len(images) not in (128, n % 128):  # the rest of a round, with batch before repeat
        raise Wrong(say("a batch has {images} images; wanted: 128.", images=len(images)))
    if images.shape != targets.shape or np.abs(images - targets).max() > 1e-6:
        raise Wrong(
            say(
                "the targets are not the images: what should come out is what came in. Bend a "
                "batch once, then make the pair of it."
            )
        )


def _correlations(images, source):
    """Return the correlation of each image with each of the source, both blurred for bends."""

    def blurred(x):
        x = ndimage.gaussian_filter(np.asarray(x, np.float32).reshape(-1, 28, 28), (0, 1.5, 1.5))
        x = x.reshape(len(x), 784)
        x = x - x.mean(axis=1, keepdims=True)
        return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)

    return blurred(images) @ blurred(source).T


def _start_in_order(likeness):
    """Return where in the source a batch begins that holds its images in order, else None."""
    n, usual = likeness.shape[1], likeness.mean()
    place = np.arange(len(likeness))
    in_order = [likeness[place, (place + shift) % n].mean() for shift in range(n)]
    # By itself, one bent image may look more like another; all of them together do not.
    halfway = (usual + likeness.max(axis=1).mean()) / 2
    return int(np.argmax(in_order)) if max(in_order) > halfway else None


def _equal_results(a, b):
    """Say whether two trainings, each of one thread, ended alike.

    More strictly than `equal_but_for_rounding`: other seeds may come nearer than that.
    """
    return math.isclose(a, b, rel_tol=1e-6)


def _first_line(error):
    """Return the first line of an error's words."""
    words = str(error).strip() or type(error).__name__
    words = re.sub(r"^\{\{.*?Iterator::\S+ ", "", words)  # where in TensorFlow it happened
    return textwrap.shorten(words.splitlines()[0], 300, placeholder="...")
