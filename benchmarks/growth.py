"""Measure what a training costs as the images become more: 10,000 to 600,000, one pass each.

    make benchmark PART=growth

"A simple autoencoder"'s network learns from "Scaling out"'s stream, which reads the digits from files and bends
each anew. For contrast the same images are made first and held in memory as one array, as far as
that fits a small machine. Time is from the first image to the last step, compiling included; on
one thread it is the processor's.
Memory is the most that the process used, and how much of that came after the network was built.

Each size has a process of its own, kept on as many cores as it may have threads. Writes the part
"growth" of benchmarks/results.json; `--threads` and `--ways` can be named, and then the others
keep their numbers. About ten minutes on two cores.
"""

import argparse
import json
import os
import pathlib
import statistics
import tempfile
import time

from helpers import data, results
from benchmarks import models, processes, store

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

SIZES = (10_000, 30_000, 100_000, 300_000, 600_000)
REPETITIONS = 3
#: What all images may take at most, in MB, if they are held in memory.
FITS = 1000
BATCH = 256


# The next two stand in "Scaling out"; a test compares.
def bend(images):
    """Shift each image by up to 2 pixels and bend it: (n, 784) uint8 in, float32 out."""
    n = tf.shape(images)[0]
    pixels = tf.cast(images, tf.float32) / 255
    # Where each pixel is read from: at its own place, a shift, and a smooth random field.
    own = tf.stack(tf.meshgrid(tf.range(28.0), tf.range(28.0), indexing="ij"), -1)
    field = tf.image.resize(tf.random.normal((n, 5, 5, 2), 0, 0.6), (28, 28), "bicubic")
    place = own + field + tf.random.uniform((n, 1, 1, 2), -2, 2)
    place = tf.clip_by_value(tf.reshape(place, (n, 784, 2)), 0, 26.999)
    # Between four pixels: weigh them by how near they are.
    corner = tf.floor(place)
    down, right = tf.unstack(place - corner, axis=-1)
    at = tf.cast(corner[..., 0] * 28 + corner[..., 1], tf.int32)
    near = [tf.gather(pixels, at + step, batch_dims=1) for step in [0, 1, 28, 29]]
    top = (1 - right) * near[0] + right * near[1]
    bottom = (1 - right) * near[2] + right * near[3]
    return (1 - down) * top + down * bottom


def stream(folder, batch=256):
    """Read, mix, bend; without end."""
    files = tf.data.Dataset.list_files(str(folder / "*.tfrecord"), seed=42)
    rows = files.interleave(tf.data.TFRecordDataset, cycle_length=6)  # one of each in turn
    rows = rows.map(lambda row: tf.io.decode_raw(row, tf.uint8))
    rows = rows.cache(str(folder / f"cache-{os.getpid()}"))  # read once, then from one file
    rows = rows.shuffle(5000).repeat().batch(batch)
    return rows.map(bend).prefetch(2)  # two batches ready, while the model is at work


def write(folder, digits):
    """Put the training images into six files, as in "Scaling out"."""
    images = (255 * data.flat(digits.x_train)).round().astype("uint8")
    for i, part in enumerate(np.array_split(images, 6)):
        with tf.io.TFRecordWriter(str(folder / f"digits-{i}.tfrecord")) as file:
            for image in part:
                file.write(image.tobytes())


def train(folder, way, images, threads):
    """Train once and return what it took.

    Parameters
    ----------
    folder : Path
        With the files of images.
    way : {"stream", "memory"}
    images : int
        How many; the last batch is filled up.
    threads : int

    Returns
    -------
    dict of str to float
        ``images`` really seen, ``seconds``, ``peak_mb``, ``start_mb`` and the training ``loss``.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    keras.utils.set_random_seed(0)
    recipe, steps = models.NETWORKS["simple"].book, -(-images // BATCH)
    model = models.NETWORKS["simple"].build(**recipe.start)
    model.compile(recipe.optimizer(steps, steps), recipe.loss, **recipe.options)
    now = time.process_time if threads == 1 else time.perf_counter
    start_mb, start = results.peak_memory_mb(), now()
    batches = stream(folder, BATCH).take(steps)
    if way == "stream":
        twice = batches.map(lambda x: (x, x))
        done = model.fit(twice, shuffle=False, verbose=0)  # the stream has done it
    else:
        x = np.empty((steps * BATCH, 784), "float32")
        for i, batch in enumerate(batches):
            x[i * BATCH : (i + 1) * BATCH] = batch
        x = keras.ops.convert_to_tensor(x)
        done = model.fit(x, x, batch_size=BATCH, verbose=0)
    return {
        "images": steps * BATCH,
        "seconds": now() - start,
        "peak_mb": results.peak_memory_mb(),
        "start_mb": start_mb,
        "loss": done.history["loss"][-1],
    }


def summary(runs):
    """Reduce all trainings of one way to metrics.

    Parameters
    ----------
    runs : dict of int to list of dict
        By images, what `train` returned in each repetition.

    Returns
    -------
    dict
        Medians over the repetitions, with extremes for the times; ``line_us`` and ``line_start``
        are the slope (microseconds an image) and the start (seconds) of the straight line through
        the times, ``line_r2`` is how well it fits, ``exponent`` the power of the images with
        which the time grows above 100,000, ``memory_ratio`` the peak of the largest training in
        units of the smallest's.
    """

    def each(what, pick=statistics.median):
        return {size: pick([what(run) for run in some]) for size, some in runs.items()}

    def per_image(run):
        return 1e6 * run["seconds"] / run["images"]

    x = np.array([some[0]["images"] for some in runs.values()], dtype=float)
    y = np.array([*each(lambda run: run["seconds"]).values()])
    slope, start = np.polyfit(x, y, 1)
    rest = y - (slope * x + start)
    many = x >= 100_000
    peaks = each(lambda run: run["peak_mb"])
    return {
        "us_per_image": each(per_image),
        "us_per_image_lowest": each(per_image, min),
        "us_per_image_highest": each(per_image, max),
        "seconds": each(lambda run: run["seconds"]),
        "peak_mb": peaks,
        "start_mb": each(lambda run: run["start_mb"]),
        "loss": each(lambda run: run["loss"]),
        "line_us": 1e6 * slope,
        "line_start": start,
        "line_r2": 1 - np.sum(rest**2) / np.sum((y - y.mean()) ** 2),
        "exponent": np.polyfit(np.log(x[many]), np.log(y[many]), 1)[0],
        "memory_ratio": peaks[max(peaks)] / peaks[min(peaks)],
        "repetitions": len(next(iter(runs.values()))),
    }


def sizes(way):
    """Return the numbers of images for a way: of those in memory, the ones that fit."""
    return [size for size in SIZES if way == "stream" or size * 784 * 4 / 1e6 <= FITS]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, help="default: 1, and then 2")
    parser.add_argument("--ways", nargs="+", choices=["stream", "memory"])
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--here", type=pathlib.Path, metavar="folder", help="one; print JSON")
    parser.add_argument("--images", type=int, default=SIZES[0], help="with --here")
    args = parser.parse_args()
    ways = args.ways or ["stream", "memory"]
    if args.here:
        return print(json.dumps(train(args.here, ways[0], args.images, args.threads)))
    counts = processes.threads_of(args, parser)
    total = args.repetitions * len(counts) * sum(len(sizes(way)) for way in ways)
    bar = tqdm(total=total, unit="training")
    digits = store.real_digits()
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder), digits)
        for threads in counts:
            runs = {way: {size: [] for size in sizes(way)} for way in ways}
            for _ in range(args.repetitions):
                for way, by_size in runs.items():
                    for size, collected in by_size.items():
                        collected.append(in_a_process(folder, way, size, threads))
                        bar.update()
            for way, by_size in runs.items():
                store.keep(digits, growth={f"{way}_{threads}": summary(by_size)})


def in_a_process(folder, way, images, threads):
    """Return what `train` does, from a process of its own on so many cores."""
    options = ["--here", folder, "--ways", way, "--images", images, "--threads", threads]
    measured = processes.run("benchmarks.growth", *options, threads=threads)
    for cache in pathlib.Path(folder).glob("cache-*"):  # the stream's, of this process alone
        cache.unlink()
    return measured


if __name__ == "__main__":
    main()
