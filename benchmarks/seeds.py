"""Train the book's networks from five seeds each, by the recipes of their chapters.

    make benchmark PART=seeds
    make benchmark PART=seeds ARGS="--images fashion"

Writes book/results/seeds.json, which the scoreboard reads; on clothes instead of digits, by the
same recipes, book/results/fashion/seeds.json. Each network has a process of its own, so that its
memory is its own. Seconds are the processor's, of one core. About an hour and a half; networks
can be named, and then the others keep their numbers.
"""

import argparse
import json
import statistics
import time

from helpers import data, files, results
from benchmarks import models, processes, store

from tqdm import tqdm

_RESULTS = results.ROOT / "book" / "results"
FOLDERS = {"digits": _RESULTS, "fashion": _RESULTS / "fashion"}
SEEDS = 5
#: The blog's variational network is timed beside its source, but no chapter keeps it.
NAMES = [name for name in models.NETWORKS if name != "vae_blog"]


def train_all(name, images, seeds):
    """Return what a network reaches: each measure by seed, and what all seeds share."""
    network = models.NETWORKS[name]
    by_measure = {}
    for seed in range(seeds):
        model, seconds, _ = models.train(network, network.book, images, seed, now=time.process_time)
        reached = models.scores(images.x_test[..., 0], models.reconstruct(network, model, images))
        if isinstance(model, models.VAE):
            reached |= models.nats(model, images)
        for measure, value in (reached | {"seconds": seconds[-1]}).items():
            by_measure.setdefault(measure, {})[seed] = value
    return {
        "parameters": model.count_params(),
        "code": network.code,
        "peak_memory_mb": results.peak_memory_mb(),
    } | {measure: spread(values) for measure, values in by_measure.items()}


def spread(by_seed):
    """Return the values of all seeds, with their mean, least, most and standard deviation."""
    values = list(by_seed.values())
    return by_seed | {
        "mean": statistics.fmean(values),
        "least": min(values),
        "most": max(values),
        "sd": statistics.stdev(values),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="network", help="default: all")
    parser.add_argument("--images", choices=FOLDERS, default="digits")
    parser.add_argument("--here", action="store_true", help="train in this process; print JSON")
    args = parser.parse_args()
    if unknown := set(args.networks) - set(NAMES):
        parser.error(f"no network {', '.join(sorted(unknown))}; there are: {NAMES}")
    images = store.real_images(getattr(data, args.images))
    if args.here:
        return print(json.dumps({n: train_all(n, images, SEEDS) for n in args.networks}))
    files.tidy()
    folder = FOLDERS[args.images]
    folder.mkdir(exist_ok=True)
    ledger = results.Ledger("seeds", images, seed=0, folder=folder)
    if (folder / "seeds.json").exists():
        ledger.record(**json.loads((folder / "seeds.json").read_text())["metrics"])
    for network in tqdm(args.networks or NAMES, unit="network"):
        here = "--images", args.images, "--here", network
        ledger.record(**processes.run("benchmarks.seeds", *here))
        ledger.save()


if __name__ == "__main__":
    main()
