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
            45: "so a task would be cut in two. What do the last 4 tasks need?",
            40: "after four rounds 32 are done; 4 are left.",
            360: "that is one worker; the question is about 8.",
            5: "that is the number of rounds; each takes 10 seconds.",
        },
        hint="In how many rounds do 8 workers do 36 tasks, and how long is a round?",
    )
    check_number(
        "times_sooner",
        times_sooner,
        7.2,
        {
            8: "the last round is not full, so some workers wait at the end.",
            9: "one worker needs 36 times 10 seconds; divide that by the answer to (a).",
            1 / 7.2: "turn it.",
            310: "that is the difference; wanted: how many times.",
        },
        hint="Divide the seconds of one worker by the answer to (a).",
    )
    check_number(
        "seconds_of_10_000",
        seconds_of_10_000,
        20,
        {
            2: "the workers could do it in that time, but who hands out the tasks?",
            22: "the scheduler hands out while the workers work: the slower one counts, not the sum.",
            1000: "that is one worker; the question is about 500.",
            1020: "that is one worker, and the sum; the slower one counts.",
        },
        tolerance=0.011,  # with the first or the last task's own time it is right, too
        hint="How long do the workers need for their share, how long the scheduler for all?",
    )
    check_number(
        "enough_workers",
        enough_workers,
        50,
        {
            500: "that is how many there are. Would 400 take longer?",
            200: "the scheduler is the limit long before. When is t/p as small as o?",
            5: "mind the units: 0.1 seconds are 100 milliseconds.",
            0.02: "turn it.",
        },
        hint="Beyond p = t/o the scheduler is the limit.",
    )
    print("Right, all four. Longer tasks would be the remedy for (c), not more workers.")


def check_2(my_task, client):
    """A task that trains by its rate from its seed, and loads its images in the worker."""
    check_answered(my_task=my_task)
    if not callable(my_task):
        raise Wrong(
            f"my_task is a {type(my_task).__name__}; wanted: the function itself, without a call."
        )
    try:
        size = len(cloudpickle.dumps(my_task))
    except Exception as error:  # any: what cannot be sent is not ours to list
        raise Wrong(
            f"my_task cannot be sent to a worker: {_first_line(error)} Make what it needs inside."
        ) from None
    if size > 1e6:
        raise Wrong(
            f"my_task takes {size / 1e6:,.0f} MB along to the worker. Does it use the notebook's "
            "images? Load them inside, with sweep.pixels(which)."
        )
    settings = [*sweep.grid(rate=[0.001], seed=[0, 0, 1]), {"rate": 0.01, "seed": 0}]
    table = _run(client, my_task, settings, "my_task")
    if "valid_bce" not in table:
        raise Wrong(
            'the answer of my_task has no "valid_bce"; wanted: a dict such as {"valid_bce": 0.2}.'
        )
    for actual in table["valid_bce"]:
        if isinstance(actual, bool | np.bool_) or not isinstance(actual, Real):
            raise Wrong(
                f'my_task gives a {type(actual).__name__} as "valid_bce"; wanted: a plain number, '
                "such as model.evaluate gives, or float(...) makes."
            )
        if not math.isfinite(actual):
            raise Wrong(f'my_task gives {actual} as "valid_bce"; wanted: a finite number.')
    first, again, other, faster = (float(actual) for actual in table["valid_bce"])
    if not _equal_results(first, again):
        raise Wrong(
            f"rate 0.001 and seed 0 gave {first:.6g}, and once more {again:.6g}; wanted: the same. "
            "Call keras.utils.set_random_seed(seed) in the task, before the model is made."
        )
    if _equal_results(first, faster):
        raise Wrong(
            f"rates 0.001 and 0.01 both give {first:.6g}. Is the rate used? And is the model "
            "trained before it is tested?"
        )
    if _equal_results(first, other):
        raise Wrong(
            f"seeds 0 and 1 both give {first:.6g}. Does the seed set anything? (Do not round.)"
        )
    if judged_in_full("the loss"):
        # At this rate, because an epoch of the small stand-in has only six steps.
        if not faster < 0.45:
            raise Wrong(
                f"at rate 0.01 the loss is {faster:.3g}; an untrained network has 0.69, and one "
                "epoch brings it below 0.45. Does it train on (x_train, x_train)?"
            )
        if faster < 0.05:
            raise Wrong(
                f"at rate 0.01 the loss is {faster:.3g}: so low a BCE not even a perfect copy "
                "has. Is the loss binary_crossentropy?"
            )
    print(f"Right: {size / 1000:,.1f} kB travel, and equal settings give equal results.")


def check_3(endless, source):
    """A stream without end: mixed, bent anew in each round, pairs in batches of 128."""
    check_answered(endless=endless)
    if not isinstance(endless, tf.data.Dataset):
        raise Wrong(f"endless is a {type(endless).__name__}; wanted: a tf.data.Dataset.")
    spec = endless.element_spec
    if not (
        isinstance(spec, tuple)
        and len(spec) == 2
        and all(isinstance(s, tf.TensorSpec) for s in spec)
    ):
        actual = "single images" if isinstance(spec, tf.TensorSpec) else f"{spec!r:.60}"
        raise Wrong(f"endless gives {actual}; wanted: pairs. Map each batch to (images, images).")
    if wrong := [s.dtype.name for s in spec if s.dtype != tf.float32]:
        raise Wrong(
            f"endless gives {wrong[0]}; wanted: float32 twice, as bend makes it. First bend, then "
            "make the pairs."
        )
    left = int(endless.cardinality())
    if left >= 0:
        raise Wrong(f"endless ends after {left:,} batches; wanted: without end. Add repeat().")

    expected, batches = 3 * len(source), []
    try:
        for images, targets in endless.as_numpy_iterator():
            _check_batch(images, targets, len(source))
            batches.append(images)
            if sum(map(len, batches)) >= expected:
                break
    except tf.errors.OpError as error:
        raise Wrong(f"endless stops with an error: {_first_line(error)}") from None
    images = np.concatenate(batches) if batches else np.zeros((0, 784))
    if len(images) < expected:
        raise Wrong(
            f"endless ends after {len(images):,} images; wanted: without end. Add repeat()."
        )

    # Most of the images are paper: so the largest value tells the scale.
    if images.min() < -0.001 or images.max() > 1.001:
        raise Wrong(
            f"the pixels go from {images.min():.3g} to {images.max():.3g}; wanted: from 0 to 1. "
            "bend takes uint8, from 0 to 255, and divides by 255."
        )
    if images.max() < 0.1:
        raise Wrong(
            f"no pixel is larger than {images.max():.2g}; wanted: up to 1. Were they divided by "
            "255 twice? bend does it already."
        )
    likeness = _correlations(batches[0], source)
    nearest = np.asarray(source, np.float32)[likeness.argmax(axis=1)] / 255
    if np.abs(batches[0] - nearest).mean() < 1e-3:
        raise Wrong("the images are those of source, not bent. Map bend on the batches.")
    different = len(np.unique(images, axis=0))
    if different < 0.9 * len(images):
        raise Wrong(
            f"of {len(images):,} images in a row, only {different:,} are different: each was bent "
            "once, and the same comes again. Mind the order of the steps: bend has to stand in "
            "the stream, after any cache()."
        )
    starts = [_start_in_order(_correlations(batch, source)) for batch in batches[:4]]
    if all(start is not None for start in starts) and starts[:2] != [0, 128]:
        raise Wrong(
            "each batch holds neighbours of source in their order: the batches are mixed, the "
            "images are not. Put shuffle before batch."
        )
    if starts[0] == 0:
        raise Wrong(
            "the first batch holds the first digits of source in their order. Mix them: "
            f"shuffle({len(source)}), before batch."
        )
    print(f"Right: {different:,} different images of {len(source):,} digits, and no end.")


def check_4(my_settings, client, train_one, by_batch):
    """A batch and a rate whose mean is clearly lower than the best one of the study's sweep.

    Three standard errors of a mean of five seeds: of equal settings, judged by three seeds, about
    one in twenty is so much lower by luck.
    """
    check_answered(my_settings=my_settings)
    if not isinstance(my_settings, dict):
        raise Wrong(
            f"my_settings is a {type(my_settings).__name__}; wanted: a dict such as "
            '{"batch": 256, "rate": 0.002}.'
        )
    for name in my_settings:
        if name in ("code", "n", "seed"):
            raise Wrong(
                f"my_settings has {name!r}, which is the same for all. Leave it out: choose "
                '"batch" and "rate" alone.'
            )
        if name not in ("batch", "rate"):
            raise Wrong(f'my_settings has {name!r}; wanted: "batch" and "rate", and no more.')
    for name in ("batch", "rate"):
        if name not in my_settings:
            raise Wrong(f'my_settings has no {name!r}; wanted: "batch" and "rate".')
        actual = my_settings[name]
        if isinstance(actual, bool | np.bool_) or not isinstance(actual, Real):
            raise Wrong(
                f"the {name} is {actual!r:.60}, a {type(actual).__name__}; wanted: a number."
            )
    batch, rate = float(my_settings["batch"]), float(my_settings["rate"])
    if not (batch.is_integer() and 1 <= batch <= 55_000):
        raise Wrong(f"the batch is {batch:g}; wanted: a whole number from 1 to 55,000.")
    if not 0 < rate < math.inf:
        raise Wrong(f"the rate is {rate:g}; wanted: more than 0, such as 0.002.")

    settings = sweep.grid(code=[8], seed=[7, 8, 9], batch=[int(batch)], rate=[rate])
    table = _run(client, train_one, settings, "train_one")
    reached = float(table["valid_bce"].to_numpy(float).mean())
    by_setting = by_batch.groupby(["batch", "rate"])["valid_bce"]
    of_batch, at_rate = by_setting.mean().idxmin()
    losses = by_setting.get_group((of_batch, at_rate))
    best, error = float(losses.mean()), float(losses.std() / math.sqrt(len(losses)))
    if not math.isfinite(reached):
        raise Wrong(f"with your settings the loss is {reached}: the rate {rate:g} is too high.")
    if not judged_in_full("the loss"):
        print(f"Right so far: your settings train; they reach {reached:.4f}.")
        return
    if not clearly_lower(reached, best - 3 * error):
        raise Wrong(
            f"from three other seeds your settings reach a mean of {reached:.4f}. The best mean of "
            f"the study is {best:.4f} (batch {of_batch:g}, rate {at_rate:g}), with a standard "
            f"error of {error:.4f}; wanted: lower by three of these. Was yours a lucky run? Search on, with two seeds for each "
            "setting, and ask what the large batch has too little of."
        )
    print(f"Right: {reached:.4f} from three other seeds; the best mean was {best:.4f}.")


def _run(client, task, settings, name):
    """Return the table of a sweep in which no task failed."""
    if client.status == "closed":
        raise Wrong("the workers have been ended. Run the cell with `sweep.connect` again.")
    table = sweep.run(client, task, settings, retries=0, label="check")
    for setting, error in zip(settings, table["error"], strict=True):
        if error:
            arguments = ", ".join(f"{key}={value:g}" for key, value in setting.items())
            numbers = ". Return plain numbers." if "not serialize" in error else ""
            raise Wrong(
                f"{name}({arguments}) stopped in the worker with {_first_line(error)}{numbers}"
            )
    return table


def _check_batch(images, targets, n):
    """Raise `Wrong` if a batch has the wrong shape, or targets that are not its images."""
    if images.ndim != 2 or images.shape[1] != 784:
        once = " Is it batched?" if images.ndim == 1 else ""
        raise Wrong(f"a batch has the shape {images.shape}; wanted: (128, 784).{once}")
    if len(images) not in (128, n % 128):  # the rest of a round, with batch before repeat
        raise Wrong(f"a batch has {len(images)} images; wanted: 128.")
    if images.shape != targets.shape or np.abs(images - targets).max() > 1e-6:
        raise Wrong(
            "the targets are not the images: what should come out is what came in. Bend a batch "
            "once, then make the pair of it."
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
