"""Time what `fit` itself costs between two steps: one step in a call, and twenty.

    make benchmark PART=steps

The simple network of "A simple autoencoder", by its recipe, on one thread; of each training the median of the
epochs after the first, in seconds of the processor. The weights that come out are the same.
Writes the part "steps" of benchmarks/results.json. About a minute on one core.
"""

import dataclasses
import statistics
import time

from benchmarks import models, store

import tensorflow as tf
from tqdm import tqdm

REPETITIONS = 3
EPOCHS = 3


def main():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    network, digits = models.NETWORKS["simple"], store.real_digits()
    seconds = {1: [], 20: []}
    for seed in tqdm(range(REPETITIONS), unit="repetition"):
        for steps, collected in seconds.items():
            recipe = dataclasses.replace(network.book, options={"steps_per_execution": steps})
            _, ends, _ = models.train(
                network, recipe, digits, seed, epochs=EPOCHS, now=time.process_time
            )
            collected += [b - a for a, b in zip(ends, ends[1:], strict=False)]
    store.keep(digits, steps={f"in_one_call_{n}": statistics.median(s) for n, s in seconds.items()})


if __name__ == "__main__":
    main()
