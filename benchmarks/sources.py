"""Time the sources' recipes against the book's, on the same networks, in one run.

    make benchmark PART=sources

Both recipes train the same architecture on the same images, from the same seeds, and are tested
after every epoch, outside the time that is measured. The time is the processor's, so that other
work on the machine does not count; on one idle core (`taskset -c 0`) a clock would show the same.
It starts before the first step, so it includes compiling. Repetitions alternate between the
recipes; each training has a process of its own, so that its memory is its own. Quoted are medians,
and the extremes of the repetitions.

Networks in `LONG` would take hours. Of these the source's recipe is run once, for the epochs named
there, and in the other repetitions for two epochs, whose speed stands for the rest.

Writes the part "sources" of benchmarks/results.json; networks can be named, and then the others
keep their numbers. About an hour and a half on one core.
"""

import argparse
import json
import statistics
import sys
import time

from helpers import results
from benchmarks import models, processes, store

from tqdm import tqdm

REPETITIONS = 3
NAMES = [name for name, network in models.NETWORKS.items() if network.source]
#: Epochs of the source's recipe that are run, in the first repetition alone.
LONG = {"conv": 50, "upsampling": 50, "transposed": 50, "denoiser": 5}
SAMPLE = 2


def train_once(name, which, seed, epochs):
    """Return the curve of one training.

    Returns
    -------
    dict
        ``seconds`` and ``test``, a number for each epoch; ``peak_memory_mb``.
    """
    network, digits = models.NETWORKS[name], store.real_digits()
    _, seconds, tested = models.train(
        network,
        getattr(network, which),
        digits,
        seed,
        evaluate=lambda model: models.test_error(network, model, digits),
        epochs=epochs,
        now=time.process_time,
    )
    return {"seconds": seconds, "test": tested, "peak_memory_mb": results.peak_memory_mb()}


def in_a_process(name, which, seed, epochs=None):
    """Return what `train_once` does, from a process of its own."""
    limit = ["--epochs", epochs] if epochs else []
    return processes.run("benchmarks.sources", "--here", which, "--seed", seed, *limit, name)


def compare(name, digits, repetitions, bar):
    """Return the metrics of one network: how both recipes do, and how much sooner the book's is."""
    source, book = [], []
    for seed in range(repetitions):
        long = LONG.get(name) if not seed else SAMPLE
        source.append(in_a_process(name, "source", seed, long if name in LONG else None))
        bar.update()
        book.append(in_a_process(name, "book", seed))
        bar.update()
    network = models.NETWORKS[name]
    return summary(name, source, book) | {"mean_image_test": models.mean_image(network, digits)}


def summary(name, source, book):
    """Reduce the curves of all repetitions to metrics.

    Parameters
    ----------
    name : str
    source, book : list of dict
        What `train_once` returned, a dict for each repetition.

    Returns
    -------
    dict of str to float or dict
    """
    run, published = len(source[0]["test"]), models.NETWORKS[name].source.epochs
    whole = [curve for curve in source if len(curve["test"]) == run]
    target = statistics.median(curve["test"][-1] for curve in whole)
    seconds = []
    for curve in source:  # of a short one, the last epoch's speed stands for the rest
        known = curve["seconds"]
        each = known[-1] - known[-2]
        seconds.append(known[-1] + each * (run - len(known)))
    reached = [
        next((i for i, test in enumerate(curve["test"]) if test <= target), None) for curve in book
    ]
    if None in reached:
        sys.exit(f"{name}: the book's recipe never reached {target:.4f}: {book}")
    to_source = [curve["seconds"][i] for curve, i in zip(book, reached, strict=True)]
    speedups = [s / b for s, b in zip(seconds, to_source, strict=True)]
    return {
        "source_test": target,
        "source_epochs": run,
        "source_epochs_published": published,
        "source_whole_runs": len(whole),
        "source_seconds": statistics.median(seconds),
        "source_memory_mb": max(curve["peak_memory_mb"] for curve in source),
        "book_test": statistics.median(curve["test"][-1] for curve in book),
        "book_epochs": len(book[0]["test"]),
        "book_seconds": statistics.median(curve["seconds"][-1] for curve in book),
        "book_epochs_to_source": statistics.median(i + 1 for i in reached),
        "book_seconds_to_source": statistics.median(to_source),
        "book_memory_mb": max(curve["peak_memory_mb"] for curve in book),
    } | processes.spread("speedup", speedups)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="network", help="default: all")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--here", choices=["source", "book"], help="train one, print JSON")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    args = parser.parse_args()
    if unknown := set(args.networks) - set(NAMES):
        parser.error(f"no source for {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    if args.here:
        return print(json.dumps(train_once(args.networks[0], args.here, args.seed, args.epochs)))
    names, digits = args.networks or NAMES, store.real_digits()
    bar = tqdm(total=2 * args.repetitions * len(names), unit="training")
    for name in names:
        store.keep(digits, sources={name: compare(name, digits, args.repetitions, bar)})


if __name__ == "__main__":
    main()
