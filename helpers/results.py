"""The ledger behind the book's numbers: what the published run of a chapter measured."""

import datetime
import importlib.metadata
import json
import math
import numbers
import os
import pathlib
import platform
import re
import sys
import time

import helpers
from helpers import files, profile
from helpers.words import say

ROOT = files.ROOT
#: The published ledgers. `make execute` and `make again` name a copy, which a run may change.
FOLDER = pathlib.Path(os.environ.get("BOOK_RESULTS") or ROOT / "book" / "results")


class Ledger:
    """Collect what a chapter measures, and store it when the run is one to publish.

    Parameters
    ----------
    chapter : str
        The chapter's file name without its suffix: ``"simple"``.
    data : object
        What the chapter's loader returned; its attributes ``source`` (str),
        ``sha256`` (str) and ``real`` (bool) go into the ledger.
    seed : int
        The seed of the run.
    folder : str or path, optional
        Where to write; left out, the folder that `make execute` names, and nowhere without it.

    Examples
    --------
    >>> ledger = Ledger("simple", digits, seed=42)     # doctest: +SKIP
    >>> ledger.record(test_bce=0.0921)                    # doctest: +SKIP
    >>> ledger.save()                                     # doctest: +SKIP
    """

    def __init__(self, chapter, data, seed, folder=None):
        self.chapter, self.data, self.seed = chapter, data, seed
        self.folder = folder or os.environ.get("BOOK_RESULTS")
        self.metrics, self.timings = {}, []
        self.weights = None  # SHA-256 of what `helpers.weights.publish` stored

    def record(self, **metrics):
        """Add metrics by name.

        Parameters
        ----------
        **metrics : float, int, or dict of them
            Values by metric; a dict gives one value for each key, such as a size.

        Raises
        ------
        ValueError
            If a value is no finite number, or a dict is empty.
        """
        for name, value in metrics.items():
            self.metrics[name] = _plain(name, value)

    def record_timing(self, **metrics):
        """Add metrics that are this machine's: times, memory, and ratios of them.

        They are published like others, but a run on another machine need not agree with them.

        Parameters
        ----------
        **metrics : float, int, or dict of them
            As for `record`.

        Raises
        ------
        ValueError
            As `record` does.
        """
        self.record(**metrics)
        self.timings = sorted({*self.timings, *metrics})

    def to_publish(self):
        """Return whether this run is one to publish: `make execute`, in full, on real data."""
        return bool(profile.name() == "full" and self.data.real and self.folder)

    def save(self):
        """Write the ledger if this run is one to publish, and say what was done.

        Only a run of `make execute` is published, in the full profile and on real data. The file
        is replaced as a whole, never half-written.
        """
        if self.to_publish():
            entry = self.entry()
            path = pathlib.Path(self.folder, f"{self.chapter}.json")
            files.write(path, json.dumps(entry, indent=1) + "\n")
            memory = entry["peak_memory_mb"]
            print(
                f"{self.chapter}: {len(self.metrics)} metrics in {path.name}, "
                f"{entry['seconds']:.0f} s" + (f", {memory:,.0f} MB at most." if memory else ".")
            )
        elif profile.name() != "full":
            print(say("Quick profile: nothing is written, the published numbers stand."))
        elif not self.data.real:
            print(say("Stand-in data: nothing is written, the published numbers stand."))
        else:
            print(
                say("Nothing is written, the published numbers stand: `make execute` renews them.")
            )

    def entry(self):
        """Return what `save` writes.

        Returns
        -------
        dict
            chapter, profile, data (source and SHA-256), seed, metrics, timings (the names of
            metrics that are the machine's), weights (the SHA-256 of the published networks, if
            there are any), seconds since the setup cell, peak_memory_mb (of this process; None
            on Windows), versions, machine and date.
        """
        return {
            "chapter": self.chapter,
            "profile": profile.name(),
            "data": {
                "source": self.data.source,
                "real": self.data.real,
                "sha256": self.data.sha256,
            },
            "seed": self.seed,
            "metrics": self.metrics,
            "timings": self.timings,
            **({"weights": self.weights} if self.weights else {}),
            "seconds": round(time.perf_counter() - helpers.STARTED, 1),
            "peak_memory_mb": peak_memory_mb(),
            "versions": {"python": platform.python_version()}
            | {
                name: importlib.metadata.version(name)
                for name in ("keras", "numpy", "scikit-learn")
            }
            # Asked of the module: its distribution has several names (tensorflow-cpu, ...).
            | {"tensorflow": getattr(sys.modules.get("tensorflow"), "__version__", None)},
            "machine": f"{_cores()} cores, {platform.machine()}",
            "date": datetime.date.today().isoformat(),
        }

    def table(self, rows):
        """Set what was measured beside what a source published.

        Parameters
        ----------
        rows : dict of str to (str, str or None)
            For each line its words, the metric to show (``"test_bce"``, or
            ``"bottleneck_mse.32"`` inside a dict) and the source's own figure, if any.

        Returns
        -------
        IPython.display.Markdown

        Raises
        ------
        KeyError
            If a metric was not recorded.
        """
        from IPython.display import Markdown

        lines = [say("| | measured here | published |"), "|---|---:|---:|"]
        for words, (key, published) in rows.items():
            lines.append(f"| {words} | {look_up(self.metrics, key):,.4g} | {published or '-'} |")
        return Markdown("\n".join(lines))


def publishing():
    """Return whether this run may become the book's: full, and started by `make execute`.

    Returns
    -------
    bool
    """
    return bool(os.environ.get("BOOK_RESULTS")) and profile.name() == "full"


def read(where):
    """Return a published ledger.

    Parameters
    ----------
    where : str
        A chapter, such as ``"simple"``; ``"seeds"`` for what its networks reach from five
        seeds; ``"benchmark"`` for the benchmarks.

    Returns
    -------
    dict
        As `Ledger.entry` returns it.

    Raises
    ------
    FileNotFoundError
        If there is no such ledger, with the names that there are.
    """
    path = FOLDER / f"{where}.json"
    if where == "benchmark":
        path = ROOT / "benchmarks" / "results.json"
    if not path.exists():
        there = sorted(known.stem for known in FOLDER.glob("*.json"))
        raise FileNotFoundError(
            say(
                "no ledger {where!r} in {folder}; there are {there}",
                where=where,
                folder=FOLDER,
                there=there,
            )
        )
    return json.loads(path.read_text())


def quote(key, fresh=None):
    """Return a published number: what a chapter's run or the benchmarks measured.

    Parameters
    ----------
    key : str
        ``"simple:test_bce"`` for a chapter's metric, also its ``seconds``,
        ``peak_memory_mb`` and ``seed``; ``"seeds:deep.bce.mean"`` for five seeds of a network;
        ``"benchmark:sources.simple.speedup"`` for the benchmarks.
    fresh : dict of str to dict, optional
        Ledgers by chapter that count instead of the published ones.

    Returns
    -------
    float or int

    Raises
    ------
    FileNotFoundError
        If that chapter has no published ledger.
    KeyError
        If the ledger has no such number, with the names that there are.
    """
    where, _, metric = key.rpartition(":")
    entry = (fresh or {}).get(where) or read(where)
    of_the_run = {k: entry[k] for k in ("seconds", "peak_memory_mb", "seed") if k in entry}
    return look_up(entry["metrics"] | of_the_run, metric)


def look_up(metrics, key):
    """Return a metric by its name, or ``"name.key"`` inside a metric that is a dict.

    Parameters
    ----------
    metrics : dict
        The metrics of a ledger.
    key : str
        Such as ``"test_bce"`` or ``"bottleneck_mse.32"``.

    Returns
    -------
    float or int

    Raises
    ------
    KeyError
        If there is no such number, with the names that there are.
    """
    if key in metrics:
        if isinstance(metrics[key], dict):
            raise KeyError(
                say(
                    "{key!r} has several values: {values}; name one of them",
                    key=key,
                    values=sorted(metrics[key]),
                )
            )
        return metrics[key]
    # A key inside may hold a dot itself: 0.5 is tried before 0.
    for name in sorted(metrics, key=len, reverse=True):
        if isinstance(metrics[name], dict) and key.startswith(f"{name}."):
            return look_up(metrics[name], key.removeprefix(f"{name}."))
    raise KeyError(say("no metric {key!r}; there are {there}", key=key, there=sorted(metrics)))


def peak_memory_mb():
    """Return the most memory that this process has used so far, in MB.

    Returns
    -------
    float or None
        None on Windows, which does not tell.
    """
    status = pathlib.Path("/proc/self/status")
    # Linux. What `resource` says there, a child process has from its parent.
    if most := re.search(r"VmHWM:\s*(\d+) kB", status.read_text() if status.exists() else ""):
        return round(int(most[1]) / 2**10, 1)
    try:
        import resource
    except ModuleNotFoundError:
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, others kB
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def _cores():
    """Return how many processor cores this process may use."""
    usable = getattr(os, "sched_getaffinity", None)  # Linux alone tells
    return len(usable(0)) if usable else os.cpu_count()


def _plain(name, value):
    """Return `value` as what JSON can hold, rounded to six digits."""
    if isinstance(value, dict):
        if not value:
            raise ValueError(
                say("metric {name} is an empty dict; wanted: a number for each key", name=name)
            )
        return {str(key): _plain(f"{name}.{key}", v) for key, v in value.items()}
    if not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(
            say("metric {name} is {value!r}; wanted: a finite number", name=name, value=value)
        )
    number = float(value)
    return int(number) if number == int(number) else float(f"{number:.6g}")
