"""Time the book's training against the same networks in PyTorch, on the same batches.

    make benchmark PART=pytorch

Four networks, each by its chapter's recipe: the same starting weights, the same images in the same
order, the same optimizer and rates. Ours is `fit`, as the chapter trains; theirs the plain loop of
benchmarks/torch_side.py. Before anything is timed, both train for a few steps on a little data and
must agree in the loss.

Each training has a process of its own, kept on as many cores as it may have threads. Repetitions
alternate between the sides, and PyTorch's takes batches in the way that was the fastest on a few
images. The first runs the whole recipe, whose test errors are compared; the
others stop after a few epochs. An epoch's time is the median of all but the first, which also
traces and compiles and stands apart. On one thread, time is the processor's.

Writes the part "pytorch" of benchmarks/results.json; networks can be named, and `--threads`, and
then the others keep their numbers. About half an hour on two cores.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

from helpers import measures, results
from benchmarks import models, processes, store

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

NAMES = ("simple", "deep", "conv", "vae_20d")
PYTHON = results.ROOT / ".venv-pytorch" / "bin" / "python"
REPETITIONS = 3
#: Epochs of all repetitions but the first: one that traces, one that is timed.
SHORT = 2
#: What a good user of PyTorch may try, on so many images; what helps is used.
WAYS = {"index": {}, "loader": {"way": "loader"}, "channels_last": {"channels_last": True}}
TRIAL = 6000
#: How far the losses may lie apart after a few steps, as a part of them.
TOLERANCE = 1e-4


def prepare(folder, name, digits, epochs, threads, steps=None, **task):
    """Write into a folder what both sides need.

    Parameters
    ----------
    folder : Path
    name : str
        Of a network.
    digits : helpers.data.ImageSet
    epochs : int
    threads : int
    steps : int, optional
        Steps of an epoch, if it is to be a short one; then the noise of the VAE is given too.
    **task
        More for PyTorch's side.
    """
    network = models.NETWORKS[name]
    recipe = network.book
    if steps:
        digits = dataclasses.replace(digits, x_train=digits.x_train[: steps * recipe.batch])
    keras.utils.set_random_seed(0)
    model = network.build(**recipe.start)  # as `models.train` will build it from this seed
    weights = [np.asarray(variable) for variable in model.trainable_variables]
    images, random = len(digits.x_train), np.random.default_rng(0)
    per_epoch = -(-images // recipe.batch)
    adam = recipe.optimizer(per_epoch, per_epoch * recipe.epochs)
    arrays = {f"weights_{i}": array for i, array in enumerate(weights)}
    arrays["orders"] = np.stack([random.permutation(images) for _ in range(epochs)])
    arrays |= {"train": digits.x_train, "test": digits.x_test}
    if steps:
        shape = (epochs * steps, recipe.batch, network.code)
        arrays["noise"] = random.standard_normal(shape).astype("float32")
    for each, array in arrays.items():
        np.save(folder / f"{each}.npy", array)
    shared = {
        "network": name,
        "threads": threads,
        "weights": len(weights),
        "batch": recipe.batch,
        "epsilon": adam.epsilon,
        "cosine": keras.optimizers.serialize(adam)["config"]["learning_rate"]["config"],
        "steps": steps,
    }
    plain = {"way": "index", "fused": None, "channels_last": False}
    (folder / "task.json").write_text(json.dumps(shared | plain | task))


def ours(folder):
    """Train as the book does, in the given order, and return what was measured."""
    task = json.loads((folder / "task.json").read_text())
    tf.config.threading.set_intra_op_parallelism_threads(task["threads"])
    network, digits = models.NETWORKS[task["network"]], store.real_digits()
    digits = dataclasses.replace(digits, x_train=np.load(folder / "train.npy"))
    orders = tf.constant(np.load(folder / "orders.npy"))
    epoch, step = tf.Variable(0, dtype=tf.int64), tf.Variable(-1, dtype=tf.int64)

    def evaluate(model):
        epoch.assign_add(1)
        return float(model.get_metrics_result()["loss"])

    def given(shape, seed):
        return tf.gather(noise, step.assign_add(1))

    # `fit` draws the order of each epoch by this function.
    patches = [mock.patch("tensorflow.random.shuffle", lambda _: tf.gather(orders, epoch))]
    if task["steps"]:
        noise = tf.constant(np.load(folder / "noise.npy"))
        patches.append(mock.patch.object(keras.random, "normal", given))
    for patch in patches:
        patch.start()
    model, seconds, losses = models.train(
        network,
        network.book,
        digits,
        0,
        evaluate=evaluate,
        epochs=len(orders),
        now=time.process_time
        if task["threads"] == 1
        else time.perf_counter,  # as torch_side has it
    )
    for patch in patches:
        patch.stop()
    np.save(folder / "reconstructed.npy", models.reconstruct(network, model, digits))
    return {"seconds": seconds, "train": losses}


def run(side, folder, test):
    """Train one side in a process of its own and return what it measured, with its test BCE."""
    threads = json.loads((folder / "task.json").read_text())["threads"]
    if side == "book":
        curve = processes.run("benchmarks.pytorch", "--here", folder, threads=threads)
    else:
        curve = processes.run("benchmarks.torch_side", folder, python=PYTHON, threads=threads)
    return curve | {"test": measures.bce(test, np.load(folder / "reconstructed.npy"))}


def check(name, digits, threads):
    """Return how far the losses of both sides lie apart after 15 steps in three epochs.

    Raises
    ------
    SystemExit
        If they are not the same training.
    """
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        prepare(folder, name, digits, 3, threads, steps=5)
        both = [run(side, folder, digits.x_test[..., 0]) for side in ("book", "torch")]
    (a, test_a), (b, test_b) = [([*each["train"], each["test"]], each["test"]) for each in both]
    apart = max(abs(x - y) / y for x, y in zip(a, b, strict=True))
    if apart > TOLERANCE:
        sys.exit(f"{name}: not the same training. Losses here {a}, in PyTorch {b}.")
    return apart


def trials(name, digits, threads):
    """Try what may help PyTorch.

    Parameters
    ----------
    name : str
    digits : helpers.data.ImageSet
    threads : int

    Returns
    -------
    dict of str to float
        Microseconds an image, by the names in `WAYS`; the order of the axes matters to
        convolutions alone.
    """
    few = dataclasses.replace(digits, x_train=digits.x_train[:TRIAL])
    took = {}
    for way, options in WAYS.items():
        if way != "channels_last" or name == "conv":
            with tempfile.TemporaryDirectory() as folder:
                prepare(Path(folder), name, few, 3, threads, **options)
                curve = run("torch", Path(folder), digits.x_test[..., 0])
            took[way] = 1e6 * later(curve) / TRIAL
    return took


def best(took):
    """Return the options of the fastest way."""
    return WAYS[min(took, key=took.get)]


def later(curve):
    """Return the seconds of an epoch, the first apart."""
    return statistics.median(np.diff(curve["seconds"]).tolist())


def summary(book, torch):
    """Reduce what all repetitions measured to metrics.

    Parameters
    ----------
    book, torch : list of dict
        For each repetition ``seconds`` since the start and ``train``ing loss after each epoch, and
        the ``test`` BCE; the first repetition ran the whole recipe.

    Returns
    -------
    dict
    """
    ratios = [later(a) / later(b) for a, b in zip(book, torch, strict=True)]
    metrics = {"epochs": len(book[0]["seconds"]), "repetitions": len(book)}
    for side, curves in {"book": book, "torch": torch}.items():
        metrics |= processes.spread(f"{side}_epoch_seconds", [later(curve) for curve in curves])
        metrics |= processes.spread(
            f"{side}_first_seconds", [curve["seconds"][0] for curve in curves]
        )
        metrics[f"{side}_seconds"] = curves[0]["seconds"][-1]
        metrics[f"{side}_train"] = curves[0]["train"][-1]
        metrics[f"{side}_test"] = curves[0]["test"]
    metrics["whole_ratio"] = metrics["book_seconds"] / metrics["torch_seconds"]
    return metrics | processes.spread("ratio", ratios) | {"torch_version": torch[0]["version"]}


def compare(name, digits, threads, repetitions, bar):
    """Return the metrics of one network on so many threads."""
    apart = check(name, digits, threads)
    epochs, test = models.NETWORKS[name].book.epochs, digits.x_test[..., 0]
    took = trials(name, digits, threads)
    curves = {"book": [], "torch": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for repetition in range(repetitions):
            count = SHORT if repetition else epochs
            prepare(folder, name, digits, count, threads, **best(took))
            for side, collected in curves.items():
                collected.append(run(side, folder, test))
                bar.update()
    about = {"check_difference": apart, "threads": threads, "us_per_image": took}
    return summary(**curves) | about


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="network", help="default: all")
    parser.add_argument("--threads", type=int, help="default: 1, and then 2")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--check", action="store_true", help="compare the losses, time nothing")
    parser.add_argument("--here", type=Path, metavar="folder", help="train ours, print JSON")
    args = parser.parse_args()
    if args.here:
        return print(json.dumps(ours(args.here)))
    if unknown := set(args.networks) - set(NAMES):
        parser.error(f"no network {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    if not PYTHON.exists():
        sys.exit("PyTorch has an environment of its own: make .venv-pytorch/installed")
    names, counts = args.networks or NAMES, processes.threads_of(args, parser)
    digits = store.real_digits()
    if args.check:
        for name in names:
            print(f"{name}: losses {check(name, digits, counts[0]):.0e} apart")
        return
    trainings = 2 * args.repetitions * len(names) * len(counts)
    bar = tqdm(total=trainings, unit="training")
    for threads in counts:
        for name in names:
            metrics = compare(name, digits, threads, args.repetitions, bar)
            store.keep(digits, pytorch={f"{name}_{threads}": metrics})


if __name__ == "__main__":
    main()
