"""Write the page of all benchmarks, with its pictures, from what was stored.

    make benchmark PART=page

Reads benchmarks/results.json and, if there is one, benchmarks/lighthouse.json; writes
book/reference/benchmarks.md and three pictures in book/_static. Each number carries the marker of its
metric, and each verdict on a target is computed.
"""

import json
import os
import sys

from bookbuild import book
from bookbuild.markers import fill
from helpers import files, plots, results
from benchmarks import growth, lighthouse, models, pytorch, sources, store

PAGE = book.text("benchmarks")
LIGHTHOUSE = results.ROOT / "benchmarks" / "lighthouse.json"
THREADS = (1, 2)
#: Threads with which both sides of the comparison with PyTorch are timed.
PYTORCH_THREADS = (1,)
#: What is wanted: times sooner, and the largest part of PyTorch's time or of the least memory.
DENSE, CONVOLUTIONAL, PYTORCH, FLAT = 8, 3, 1.0, 1.1
_MAPS = {"convolutional", "denoising"}
_MEASURES = {
    "bce": ("BCE per pixel", 4),
    "mse": ("MSE per pixel", 4),
    "loss": ("minus ELBO, nats", 1),
}
_UNITS = {1: "1 thread", 2: "2 threads"}
#: Why a network is slower here than in PyTorch, if it is: a miss without a reason is no page.
REASONS = {
    "simple_1": "what `fit` does between two steps. [A simple autoencoder](../models/simple.ipynb) trains the plainest "
    "way, one step in a call, and on so small a network that shows: an epoch takes "
    "0.75<!-- benchmark:steps.in_one_call_1 --> seconds so, and "
    "0.55<!-- benchmark:steps.in_one_call_20 --> with `steps_per_execution=20`, for the same "
    "weights (`make benchmark PART=steps`). Several later chapters train that way.",
}

HEAD = """\
<!-- Written by `make benchmark PART=page` from benchmarks/results.json: change that, not this. -->

# Benchmarks

How long do the book's trainings take, and compared with what? This page has all that was timed: \
the recipes of the sources that the book builds on, the same networks in PyTorch, and what a \
training costs as the images become more. `make benchmark` measures it anew on your machine.

Measured on {machine}, last on {date}, with Python {python}, TensorFlow {tensorflow}, \
Keras {keras} and NumPy {numpy}. Every training has a process of its own, so that its memory is \
its own. Repetitions alternate between what is compared. A figure is the median of {repetitions} \
repetitions, and in brackets stand the lowest and the highest. The tables were measured \
apart: compare within a table, not between two.
"""


def address(page):
    """Return a link's address, from this page to another."""
    target = next(there for there in book.pages() if there.stem == page)
    return os.path.relpath(target, PAGE.parent)


class Numbers:
    """The stored metrics, as numbers with their markers.

    Parameters
    ----------
    metrics : dict
        By benchmark, as `store.keep` has written them.
    """

    def __init__(self, metrics):
        self.metrics = metrics

    @property
    def timed(self):
        """Networks whose source was timed."""
        return [name for name in sources.NAMES if name in self.metrics.get("sources", {})]

    @property
    def raced(self):
        """Networks that were timed in PyTorch, too."""
        known = self.metrics.get("pytorch", {})
        return [n for n in pytorch.NAMES if all(f"{n}_{t}" in known for t in PYTORCH_THREADS)]

    @property
    def grown(self):
        """Whether all was measured for more and more images."""
        return not any("PART=growth" in line for line in missing(self.metrics))

    def value(self, key):
        """Return a metric, such as ``"sources.simple.speedup"``."""
        return results.look_up(self.metrics, key)

    def shown(self, key, decimals=None):
        """Return a metric as the page has it; by default with three digits or so."""
        value = self.value(key)
        if decimals is None:
            decimals = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
            decimals = 0 if value == int(value) else decimals
        return f"{value:,.{decimals}f}<!-- benchmark:{key} -->"

    def ranged(self, key, decimals=None):
        """Return a median with the extremes of the repetitions in brackets."""
        if decimals is None:
            decimals = 2 if self.value(key) < 1 else 1
        middle, least, most = (
            self.shown(f"{key}{end}", decimals) for end in ("", "_lowest", "_highest")
        )
        return f"{middle} ({least} to {most})"


def missing(metrics):
    """Return what has not been measured yet, as the commands that do.

    Parameters
    ----------
    metrics : dict

    Returns
    -------
    list of str
    """
    expected = {
        "sources": sources.NAMES,
        "pytorch": [f"{name}_{threads}" for threads in PYTORCH_THREADS for name in pytorch.NAMES],
        "growth": [f"{way}_{threads}" for threads in THREADS for way in ("stream", "memory")],
    }
    return [
        f"`make benchmark PART={part}` ({', '.join(absent)})"
        for part, names in expected.items()
        if (absent := [name for name in names if name not in metrics.get(part, {})])
    ]


def table(head, rows):
    """Return a Markdown table; all columns but the first are numbers, set to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def listed(words):
    """Return words as a list in a sentence."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def link(name):
    """Return a network's name with a link to its chapter."""
    network = models.NETWORKS[name]
    return f"[{network.title}]({address(network.chapter)})"


def target(n, words, key_of, kept, holds):
    """Say whether a target is reached, in words that follow from the numbers.

    Parameters
    ----------
    n : Numbers
    words : str
        The target.
    key_of : callable
        From one that is judged to its metric.
    kept : dict
        Those that are judged, with their names in words.
    holds : callable
        Takes a number.

    Returns
    -------
    str
    """
    missed = [each for each in kept if not holds(n.value(key_of(each)))]
    if not missed:
        verdict = "Reached by " + ("all" if len(kept) > 1 else "it") + "."
    else:
        found = listed([f"{kept[each]} ({n.shown(key_of(each), 2)})" for each in missed])
        verdict = f"Missed by {len(missed)} of {len(kept)}: {found}."
    return f"**Target: {words}.** {verdict}"


def recipe(name):
    """Return the source's recipe in words."""
    source = models.NETWORKS[name].source
    optimizer = source.optimizer(1, 1)
    rate = f"{float(optimizer.learning_rate):g}"
    if "." in rate:
        rate += "<!-- given -->"
    return f"{type(optimizer).__name__}, rate {rate}, batches of {source.batch}"


def sources_part(n):
    """Return the section on the sources' recipes."""
    sooner, reached, short, once = [], [], [], []
    for name in n.timed:
        key, (unit, digits) = f"sources.{name}.", _MEASURES[models.NETWORKS[name].measure]
        sooner.append(
            [
                link(name),
                n.ranged(key + "speedup"),
                f"{n.shown(key + 'source_seconds')} ({n.shown(key + 'source_epochs')})",
                f"{n.shown(key + 'book_seconds_to_source')} "
                f"({n.shown(key + 'book_epochs_to_source')})",
                recipe(name),
            ]
        )
        reached.append(
            [
                link(name),
                unit,
                n.shown(key + "source_test", digits),
                n.shown(key + "book_test", digits),
                f"{n.shown(key + 'book_seconds')} ({n.shown(key + 'book_epochs')})",
                n.shown(key + "source_memory_mb", 0),
                n.shown(key + "book_memory_mb", 0),
            ]
        )
        run, published = n.value(key + "source_epochs"), n.value(key + "source_epochs_published")
        if run < published:
            short.append(
                f"{models.NETWORKS[name].title}: {n.shown(key + 'source_epochs')} of the "
                f"{n.shown(key + 'source_epochs_published')} published epochs were run, and the "
                "error after them is the one to reach"
            )
        if n.value(key + "source_whole_runs") == 1:
            once.append(models.NETWORKS[name].title)
    if once:
        short.append(
            f"{'; '.join(once)}: the source's recipe was run so far once, and in the other "
            f"repetitions for {sources.SAMPLE} epochs, whose speed stands for the rest"
        )
    kinds = {"dense": {}, "convolutional": {}}
    for name in n.timed:
        kind = "convolutional" if models.NETWORKS[name].chapter in _MAPS else "dense"
        kinds[kind][name] = models.NETWORKS[name].title
    verdicts = [
        target(
            n,
            f"{kind} networks reach the source's error at least {least}<!-- given --> times sooner",
            "sources.{}.speedup".format,
            kinds[kind],
            lambda value, least=least: value >= least,
        )
        for kind, least in (("dense", DENSE), ("convolutional", CONVOLUTIONAL))
    ]
    not_whole = ["Not everything was run to the end:", "\n".join(f"- {each}." for each in short)]
    return "\n\n".join(
        [
            "## The sources' recipes and the book's",
            "Both recipes train the same network from the same seeds on the same images. After "
            "every epoch the test error is taken, with the clock stopped. Seconds are the "
            "processor's, so that other work on the machine does not count; they begin with the "
            "first step, so that compiling does. The question is how soon the book's recipe is as "
            "good as the source's is at its end.",
            picture("sources", alt_of_sources(n)),
            "How many times sooner; then seconds, with epochs in brackets:",
            table(
                ["network", "sooner", "the source's end", "the book is as good", "source's recipe"],
                sooner,
            ),
            "What both reach in the end, and the most memory that a training took (MB):",
            table(
                [
                    *("network", "error", "source", "book", "the book's seconds (epochs)"),
                    *("MB, source", "MB, book"),
                ],
                reached,
            ),
            *(not_whole if short else []),
            *verdicts,
        ]
    )


def pytorch_part(n):
    """Return the section on PyTorch."""
    rows, whole = [], []
    for name in n.raced:
        for threads in PYTORCH_THREADS:
            key = f"pytorch.{name}_{threads}."
            start = [link(name), str(threads)]
            rows.append(
                [
                    *start,
                    n.ranged(key + "ratio", 2),
                    n.ranged(key + "book_epoch_seconds", 2),
                    n.ranged(key + "torch_epoch_seconds", 2),
                ]
            )
            whole.append(
                [
                    *start,
                    n.shown(key + "book_first_seconds", 1),
                    n.shown(key + "torch_first_seconds", 1),
                    n.shown(key + "book_seconds", 0),
                    n.shown(key + "torch_seconds", 0),
                    n.shown(key + "book_test", 4),
                    n.shown(key + "torch_test", 4),
                ]
            )
    keys = [f"{name}_{threads}" for name in n.raced for threads in PYTORCH_THREADS]
    version = n.value(f"pytorch.{keys[0]}.torch_version.major")
    version = f"{version}.{n.value(f'pytorch.{keys[0]}.torch_version.minor')}"
    took = {key: n.metrics["pytorch"][key]["us_per_image"] for key in keys}
    first = {way: sum(min(t, key=t.get) == way for t in took.values()) for way in pytorch.WAYS}
    indexed, loaded = (
        n.shown(f"pytorch.{keys[0]}.us_per_image.{way}", 1) for way in ("index", "loader")
    )
    titles = {
        key: f"{models.NETWORKS[name].title} on {_UNITS[threads]}"
        for name in n.raced
        for threads in PYTORCH_THREADS
        if (key := f"{name}_{threads}")
    }
    slower = [key for key in keys if n.value(f"pytorch.{key}.ratio") > PYTORCH]
    return "\n\n".join(
        [
            "## The same networks in PyTorch",
            f"The other side is the loop that PyTorch's tutorials teach, in `torch {version}`, with "
            "the same starting weights, the same images in the same order, the same batches, "
            "optimizer and learning rates. Before anything is timed, both sides train for 15 "
            "steps on a little data (the variational one with the same noise), and the benchmark "
            "stops if their losses differ in the fourth digit. Ours is timed as the chapters "
            "train, by `fit`. A PyTorch loop can take batches by indexing the tensor of all "
            f"images, or by a `DataLoader` ({titles[keys[0]]}: "
            f"{indexed} and {loaded} microseconds an image), and convolutions can have the "
            "channels last. Each row has the way that was the fastest on a few images: indexing "
            f"in {first['index']} of {len(keys)} rows, `DataLoader` in {first['loader']}, "
            f"indexing with channels last in {first['channels_last']}. Every process is kept on "
            "as many cores as it has threads. On one thread, time is the processor's.",
            picture("pytorch", alt_of_pytorch(n)),
            "Our time an epoch in units of PyTorch's, and the seconds of both; the first epoch "
            "stands apart:",
            table(["network", "threads", "ratio", "ours", "PyTorch"], rows),
            "The first epoch, in which TensorFlow also traces and compiles, and the whole of the "
            "chapter's recipe (seconds; test BCE per pixel):",
            table(
                [
                    *("network", "threads", "first, ours", "first, PyTorch", "whole, ours"),
                    *("whole, PyTorch", "BCE, ours", "BCE, PyTorch"),
                ],
                whole,
            ),
            target(
                n,
                f"an epoch takes at most {PYTORCH}<!-- given --> times as long as in PyTorch",
                "pytorch.{}.ratio".format,
                titles,
                lambda value: value <= PYTORCH,
            ),
            *[f"Why: {fill(why, 'benchmarks')}" for why in dict.fromkeys(map(REASONS.get, slower))],
        ]
    )


def growth_part(n):
    """Return the section on more images."""
    rows = []
    for size in growth.SIZES:
        row = [f"{size:,}"]
        for way in ("stream", "memory"):
            for threads in THREADS:
                key = f"growth.{way}_{threads}.us_per_image"
                fits = size in growth.sizes(way)
                row.append(n.shown(f"{key}.{size}", 0) if fits else "")
            key = f"growth.{way}_1.peak_mb.{size}"
            row.append(n.shown(key, 0) if fits else "")
        rows.append(row)
    lines = [
        f"On {_UNITS[threads]} a streamed image costs "
        f"{n.shown(f'growth.stream_{threads}.line_us', 1)} microseconds, and the start "
        f"{n.shown(f'growth.stream_{threads}.line_start', 1)} seconds: the straight line through "
        f"the five times has an R² of {n.shown(f'growth.stream_{threads}.line_r2', 4)}. From "
        "100,000 images on, time grows with the power "
        f"{n.shown(f'growth.stream_{threads}.exponent', 2)} of their number."
        for threads in THREADS
    ]
    return "\n\n".join(
        [
            "## More and more images",
            "[A simple autoencoder](../models/simple.ipynb)'s network sees each image once. The stream is "
            "[Scaling out](../studies/scaling-out.ipynb)'s: it reads the digits from files and bends each "
            "anew. For contrast, the same images are first made and held in memory as one array, "
            f"as far as they take less than {growth.FITS:,}<!-- given --> MB. Time is from the "
            "first image to the last step, compiling included; on one thread it is the "
            "processor's, on two the clock's.",
            picture("growth", alt_of_growth(n)),
            "Microseconds an image on 1 and on 2 threads, and the most memory of the process (MB; "
            "TensorFlow and the network take "
            f"{n.shown(f'growth.stream_1.start_mb.{growth.SIZES[0]}', 0)} of it):",
            table(
                [
                    *("images", "stream, 1", "stream, 2", "MB"),
                    *("in memory, 1", "in memory, 2", "MB"),
                ],
                rows,
            ),
            *lines,
            scatter(n),
            target(
                n,
                f"streaming {growth.SIZES[-1]:,} images takes at most {FLAT}<!-- given --> times "
                f"the memory of {growth.SIZES[0]:,}",
                "growth.stream_{}.memory_ratio".format,
                _UNITS,
                lambda value: value <= FLAT,
            ),
        ]
    )


def scatter(n):
    """Say how far apart the repetitions were where they were furthest apart."""
    found = []
    for way, words in (("stream", "from the stream"), ("memory", "in memory")):
        for threads in THREADS:
            for size in growth.sizes(way):
                low, high = (
                    f"growth.{way}_{threads}.us_per_image_{end}.{size}"
                    for end in ("lowest", "highest")
                )
                where = f"{size:,} images {words} on {_UNITS[threads]}"
                found.append((n.value(high) / n.value(low), low, high, where))
    _, low, high, where = max(found)
    return (
        f"Furthest apart were the repetitions with {where}: {n.shown(low, 0)} to "
        f"{n.shown(high, 0)} microseconds. The two clocks count different things, waiting and "
        "other work on the machine among them, so compare down a column; what a second thread "
        "saves cannot be read from this table."
    )


def lighthouse_part(judged):
    """Return the section on the pages, from Lighthouse's scores."""
    names = ["performance", "accessibility", "best-practices", "seo"]
    rows = [
        [f"[{page}]({address(page)}), {device}"] + [str(found[name]) for name in names]
        for page, devices in judged.items()
        for device, found in devices.items()
    ]
    missed = lighthouse.missed(judged)
    targets = ", ".join(
        [f"performance {lighthouse.SPEED['mobile']} on a phone"]
        + [f"{lighthouse.SPEED['desktop']} on a desktop"]
        + [f"{name} {lighthouse.TARGETS[name]}" for name in names[1:]]
    )
    return "\n\n".join(
        [
            "## The pages",
            "Lighthouse's scores (`make lighthouse`), of 100; of three runs the middle one:",
            table(["page", *names], rows),
            f"**Target, at least: {targets}.** "
            + (f"Missed: {'; '.join(missed)}." if missed else "Reached by all."),
        ]
    )


REST = """\
## What is printed, not stored

`make benchmark PART=network` times the script that runs the networks of the reactive figures in \
the browser, and `make benchmark PART=figures` the figures on the built pages. [Teaching](teaching.md) \
has what a JupyterHub of a class needs.
"""


def picture(name, alt):
    """Return the Markdown of a picture."""
    return f"![{alt}](../_static/benchmark-{name}.png)"


def alt_of_sources(n):
    sooner = [n.value(f"sources.{name}.speedup") > 1 for name in n.timed]
    return (
        "Two marks for each network on a logarithmic axis of seconds: when the source's recipe "
        f"ends, and when the book's is as good. The book's comes first in {sum(sooner)} of "
        f"{len(sooner)} rows."
    )


def alt_of_pytorch(n):
    ratios = [n.value(f"pytorch.{name}_{t}.ratio") for name in n.raced for t in PYTORCH_THREADS]
    return (
        "Bars: an epoch's time here in units of PyTorch's, for four networks on "
        f"{listed([_UNITS[threads] for threads in PYTORCH_THREADS])}. "
        f"{sum(ratio <= PYTORCH for ratio in ratios)} of {len(ratios)} bars end at the line of "
        "equal time or before it."
    )


def alt_of_growth(n):
    flat = all(n.value(f"growth.stream_{threads}.memory_ratio") <= FLAT for threads in THREADS)
    return (
        "Above, seconds against the number of images, both axes logarithmic: the lines rise, and "
        "become straight. Below, the most memory of the process: with all images in memory it "
        f"climbs, of the stream it {'stays level' if flat else 'climbs too'}."
    )


def pictures(n):
    """Return the page's figures by name."""
    fig, ax = plots.figure(alt_of_sources(n), 3.6)
    for y, name in enumerate(reversed(n.timed)):
        ends = [
            n.value(f"sources.{name}.{key}") for key in ("source_seconds", "book_seconds_to_source")
        ]
        ax.plot(ends, [y, y], color="#999999", zorder=1)
        for i, (x, words) in enumerate(
            zip(ends, ("the source's recipe ends", "the book's is as good"), strict=True)
        ):
            ax.scatter(
                x,
                y,
                color=plots.COLORS[1 - i],
                marker="so"[i],
                label=None if y else words,
                zorder=2,
            )
    titles = [models.NETWORKS[name].title for name in reversed(n.timed)]
    ax.set_yticks(range(len(titles)), titles)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:,g}")
    ax.set_xlabel("seconds of the processor until then")
    fig.legend(loc="outside lower center", ncols=2)
    drawn = {"sources": fig}
    if n.raced:
        drawn["pytorch"] = picture_of_pytorch(n)
    if n.grown:
        drawn["growth"] = picture_of_growth(n)
    return drawn


def picture_of_pytorch(n):
    fig, ax = plots.figure(alt_of_pytorch(n), 2.8)
    for i, threads in enumerate(PYTORCH_THREADS):
        keys = [f"pytorch.{name}_{threads}.ratio" for name in n.raced]
        y = [-row - 0.4 * (i - (len(PYTORCH_THREADS) - 1) / 2) for row in range(len(keys))]
        ratio = [n.value(key) for key in keys]
        low, high = ([n.value(f"{key}_{end}") for key in keys] for end in ("lowest", "highest"))
        error = [
            [a - b for a, b in zip(ratio, low, strict=True)],
            [b - a for a, b in zip(ratio, high, strict=True)],
        ]
        ax.barh(y, ratio, 0.36, xerr=error, color=plots.COLORS[i], label=_UNITS[threads])
    ax.axvline(1, color="#555555", linestyle="--", label="equal")
    ax.set_yticks(
        [-row for row in range(len(n.raced))],
        [models.NETWORKS[name].title for name in n.raced],
    )
    ax.set_xlabel("our seconds an epoch / PyTorch's")
    fig.legend(loc="outside lower center", ncols=3)
    return fig


def picture_of_growth(n):
    fig, (time, memory) = plots.figure(alt_of_growth(n), 4.8, nrows=2, sharex=True)
    for i, way in enumerate(("stream", "memory")):
        for threads in THREADS:
            part = n.metrics["growth"][f"{way}_{threads}"]
            words = f"{'stream' if way == 'stream' else 'in memory'}, {_UNITS[threads]}"
            style = {"color": plots.COLORS[i], "marker": "so"[i], "markersize": 5}
            style |= {"linestyle": "-" if threads == 1 else "--", "label": words}
            for ax, metric in ((time, "seconds"), (memory, "peak_mb")):
                ax.plot([int(size) for size in part[metric]], [*part[metric].values()], **style)
    time.set(xscale="log", yscale="log", ylabel="seconds")
    time.set_yticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
    time.minorticks_off()
    memory.set(ylabel="most memory (MB)", xlabel="images", ylim=(0, None))
    memory.set_xticks(growth.SIZES, [f"{size:,}" for size in growth.SIZES], fontsize=8)
    memory.minorticks_off()
    handles, labels = time.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2)
    return fig


def write(entry, judged=None):
    """Return the page.

    Parameters
    ----------
    entry : dict
        What benchmarks/results.json holds.
    judged : dict, optional
        What benchmarks/lighthouse.json holds.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    SystemExit
        If a network is slower than in PyTorch and `REASONS` does not say why.
    """
    n = Numbers(entry["metrics"])
    unexplained = [
        key
        for name in n.raced
        for key in (f"{name}_{threads}" for threads in PYTORCH_THREADS)
        if n.value(f"pytorch.{key}.ratio") > PYTORCH and key not in REASONS
    ]
    if unexplained:
        sys.exit(f"Slower than PyTorch: {unexplained}. Say why in REASONS of benchmarks/page.py.")
    head = HEAD.format(
        machine=entry["machine"].replace("1 cores", "1 core").replace(" core", " processor core"),
        date=entry["date"],
        repetitions=sources.REPETITIONS,
        **entry["versions"],
    )
    parts = [head.rstrip()]
    parts += [
        part(n)
        for part, done in [(sources_part, n.timed), (pytorch_part, n.raced), (growth_part, n.grown)]
        if done
    ]
    if judged:
        parts.append(lighthouse_part(judged))
    if absent := missing(entry["metrics"]):
        parts.append("## Not measured yet\n\n" + "\n".join(f"- {line}" for line in absent))
    return "\n\n".join([*parts, REST])


def stored():
    """Return what `write` takes, from the files."""
    judged = json.loads(LIGHTHOUSE.read_text()) if LIGHTHOUSE.exists() else None
    return json.loads(store.RESULTS.read_text()), judged


def main():
    files.tidy()
    entry, judged = stored()
    text = write(entry, judged)
    contents = {
        book.BOOK / "_static" / f"benchmark-{name}.png": fig.png()
        for name, fig in pictures(Numbers(entry["metrics"])).items()
    }
    files.write_together(contents | {PAGE: text})
    print("book/reference/benchmarks.md written")


if __name__ == "__main__":
    main()
