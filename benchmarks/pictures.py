"""Draw the pictures of the benchmarks' pages from benchmarks/results.json.

    make benchmark PART=pictures

Their alt text stands where the pages show them.
"""

from bookbuild.book import BOOK
from helpers import files, plots, results
from benchmarks import models


def sources(measured):
    """Two marks for each network: when the source's recipe ends, and when the book's is as good.

    Recipes that end no better than the mean image are left out: any recipe that trains passes
    them at once.
    """
    timed = {
        name: measured[name]
        for name in models.NETWORKS
        if name in measured and measured[name]["source_test"] < measured[name]["mean_image_test"]
    }
    fig, ax = plots.figure("sources", 0.4 * len(timed) + 1)
    ends = {
        "the source's recipe ends": ("source_seconds", plots.COLORS[1], "s"),
        "the book's is as good": ("book_seconds_to_source", plots.COLORS[0], "o"),
    }
    rows = range(len(timed), 0, -1)
    columns = []
    for label, (metric, color, marker) in ends.items():
        columns.append([network[metric] for network in timed.values()])
        ax.scatter(columns[-1], rows, color=color, marker=marker, label=label, zorder=2)
    ax.hlines(rows, *columns, color="#999999", zorder=1)
    ax.set_yticks(rows, [models.NETWORKS[name].title for name in timed])
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:,g}")
    ax.set_xlabel("processor seconds")
    fig.legend(loc="outside lower center", ncols=2)
    return fig


def pytorch(measured):
    """A bar for each network: an epoch's time here in units of PyTorch's."""
    fig, ax = plots.figure("pytorch", 2.4)
    ratio, lowest, highest = (
        [network[f"ratio{end}"] for network in measured.values()]
        for end in ("", "_lowest", "_highest")
    )
    titles = [models.NETWORKS[key.rpartition("_")[0]].title for key in measured]
    ax.barh(titles, ratio, 0.5)
    ax.hlines(titles, lowest, highest, color="black")
    ax.axvline(1, color="#555555", linestyle="--")
    ax.invert_yaxis()
    ax.set_xlabel("seconds of an epoch, Keras / PyTorch")
    return fig


def growth(measured):
    """Seconds and memory against the number of images, on one thread."""
    fig, (time, memory) = plots.figure("growth", 4.2, nrows=2, sharex=True)
    ways = {"stream_1": ("read from files", "o"), "memory_1": ("held in memory", "s")}
    for way, (label, marker) in ways.items():
        for ax, metric in ((time, "seconds"), (memory, "peak_mb")):
            values = measured[way][metric]
            sizes = [int(size) for size in values]
            ax.plot(sizes, [*values.values()], marker=marker, markersize=5, label=label)
    time.set(xscale="log", yscale="log", ylabel="processor seconds")
    time.set_yticks([2, 5, 10, 20, 30], [2, 5, 10, 20, 30])
    memory.set(ylabel="peak memory (MB)", xlabel="images", ylim=(0, None))
    sizes = [int(size) for size in measured["stream_1"]["seconds"]]
    memory.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=8)
    for ax in (time, memory):
        ax.minorticks_off()
    fig.legend(*time.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


def main():
    files.tidy()
    metrics = results.read("benchmark")["metrics"]
    files.write_together(
        {
            BOOK / "_static" / f"benchmark-{draw.__name__}.png": draw(metrics[draw.__name__]).png()
            for draw in (sources, pytorch, growth)
        }
    )


if __name__ == "__main__":
    main()
