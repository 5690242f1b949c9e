"""Each training that is timed has a process of its own, on as many cores as it has threads."""

import contextlib
import json
import os
import statistics
import subprocess
import sys

from helpers import results


@contextlib.contextmanager
def cores(threads):
    """Let processes that are started meanwhile have one core for each thread, on Linux."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(mine)[-threads:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


def threads_of(args, parser):
    """Return the numbers of threads that were asked for, or stop if there are too few cores."""
    counts = [args.threads] if args.threads else [1, 2]
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count()))(0)
    if max(counts) > len(usable):
        parser.error(
            f"{max(counts)} threads want as many cores; this process may use {len(usable)}"
        )
    return counts


def run(module, *arguments, python=sys.executable, threads=None):
    """Run a module in a process of its own and return what it prints.

    Parameters
    ----------
    module : str
        Such as ``"benchmarks.sources"``.
    *arguments : object
        Of its command line.
    python : str or path
    threads : int, optional
        How many cores it may use; None for all.

    Returns
    -------
    dict
        The JSON in the last line of its standard output.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails; what it says is on standard error.
    """
    with cores(threads) if threads else contextlib.nullcontext():
        done = subprocess.run(
            [python, "-m", module, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            cwd=results.ROOT,
        )
    return json.loads(done.stdout.splitlines()[-1])


def spread(name, values):
    """Return the median and the extremes of the repetitions, by ``name``, ``name_lowest``, ..."""
    return {
        name: statistics.median(values),
        f"{name}_lowest": min(values),
        f"{name}_highest": max(values),
    }
