"""Time the source's recipe of the simple autoencoder against the book's, in one run.

    make benchmark

Both train the same architecture (784-32-784, ReLU code, sigmoid output, binary
cross-entropy) on the same images from the same seed, and both are tested after every
epoch; testing counts as part of the time. The clock starts before the first step, so it
includes compiling. Repetitions alternate between the recipes, and the median is quoted.
Writes benchmarks/results.json.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

from helpers import data, results

import keras
from tqdm import tqdm

RESULTS = pathlib.Path(__file__).with_name("results.json")


def source(steps):
    """The Keras blog (2016): Adadelta at the rate that was then its default."""
    return {"bias": "zeros", "optimizer": keras.optimizers.Adadelta(1.0)}


def book(steps):
    """Chapter 03: Adam with a cosine schedule, biases from 1."""
    rate = keras.optimizers.schedules.CosineDecay(5e-3, steps)
    return {"bias": "ones", "optimizer": keras.optimizers.Adam(rate)}


def train(recipe, epochs, x_train, x_test, seed):
    """Train once.

    Returns
    -------
    list of (float, float)
        After each epoch: seconds since the start, and test loss.
    int
        Code units that are 0 for every training image.
    """
    keras.utils.set_random_seed(seed)
    how = recipe(epochs * -(-len(x_train) // 256))
    encoder = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(32, activation="relu", bias_initializer=how.pop("bias")),
        ]
    )
    model = keras.Sequential([encoder, keras.layers.Dense(784, activation="sigmoid")])
    model.compile(loss="binary_crossentropy", **how)
    curve, start = [], time.perf_counter()
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: curve.append(
            (time.perf_counter() - start, logs["val_loss"])
        )
    )
    model.fit(
        x_train,
        x_train,
        validation_data=(x_test, x_test),
        epochs=epochs,
        batch_size=256,
        verbose=0,
        callbacks=[keep],
    )
    codes = encoder.predict(x_train, batch_size=1000, verbose=0)
    return curve, int((codes.max(axis=0) == 0).sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--epochs-source", type=int, default=50, help="50, as published")
    parser.add_argument("--epochs-book", type=int, default=10, help="10, as in chapter 03")
    args = parser.parse_args()
    digits = data.digits()
    x_train, x_test = map(
        keras.ops.convert_to_tensor, map(data.flat, (digits.x_train, digits.x_test))
    )
    runs = {"source": [], "book": []}
    for seed in tqdm(range(args.repetitions), desc="repetitions"):
        runs["source"].append(train(source, args.epochs_source, x_train, x_test, seed))
        runs["book"].append(train(book, args.epochs_book, x_train, x_test, seed))
    dead = {name: [count for _, count in both] for name, both in runs.items()}
    curves = {name: [curve for curve, _ in both] for name, both in runs.items()}
    target = statistics.median(curve[-1][1] for curve in curves["source"])
    reached = [
        next(((i, seconds) for i, (seconds, loss) in enumerate(curve, 1) if loss <= target), None)
        for curve in curves["book"]
    ]
    if None in reached:
        sys.exit(f"The book's recipe never reached {target:.4f}: {curves['book']}")
    source_seconds = [curve[-1][0] for curve in curves["source"]]
    speedups = [s / b for s, (_, b) in zip(source_seconds, reached, strict=True)]
    simple = {
        "source_test_bce": target,
        "source_epochs": args.epochs_source,
        "source_seconds": statistics.median(source_seconds),
        "book_epochs_to_source": statistics.median(epoch for epoch, _ in reached),
        "book_seconds_to_source": statistics.median(seconds for _, seconds in reached),
        "book_test_bce": statistics.median(curve[-1][1] for curve in curves["book"]),
        "book_seconds": statistics.median(curve[-1][0] for curve in curves["book"]),
        "source_dead_units": statistics.median(dead["source"]),
        "book_dead_units": statistics.median(dead["book"]),
        "speedup": statistics.median(speedups),
        "speedup_lowest": min(speedups),
        "speedup_highest": max(speedups),
    }
    print(json.dumps(simple, indent=1))
    if not digits.real or args.epochs_source != 50:
        return print("Not the published setting: nothing is written.")
    ledger = results.Ledger("benchmarks", digits, seed=0)
    ledger.record(simple=simple)
    draft = RESULTS.with_suffix(f".{os.getpid()}.part")
    draft.write_text(json.dumps(ledger.entry() | {"repetitions": args.repetitions}, indent=1))
    draft.replace(RESULTS)


if __name__ == "__main__":
    main()
