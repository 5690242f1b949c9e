"""benchmarks/results.json: what the benchmarks measured, with machine, versions and date."""

import json
import types

from helpers import data, files, results

RESULTS = results.ROOT / "benchmarks" / "results.json"


def real_digits():
    """Return the digits, as `real_images` does."""
    return real_images(data.digits)


def real_images(load):
    """Return a set of images.

    Parameters
    ----------
    load : callable
        ``data.digits`` or ``data.fashion``.

    Returns
    -------
    helpers.data.ImageSet

    Raises
    ------
    SystemExit
        Without the real data: a stand-in is no benchmark.
    """
    images = load()
    if not images.real:
        raise SystemExit("This is a stand-in: set BOOK_DATA to a folder with the real images.")
    return images


def keep(digits=None, **parts):
    """Write metrics beside those that are kept.

    Parameters
    ----------
    digits : helpers.data.ImageSet, optional
        What was trained on; None for what needs no digits.
    **parts : dict
        Metrics by benchmark, such as ``sources={"simple": {"speedup": 25.3}}``; those of the same
        name are replaced, others keep their numbers.
    """
    files.tidy()
    stored = json.loads(RESULTS.read_text())
    about = digits or types.SimpleNamespace(**stored["data"])
    ledger = results.Ledger("benchmarks", about, seed=0)
    ledger.record(**stored["metrics"])
    for part, metrics in parts.items():
        ledger.record(**{part: ledger.metrics.get(part, {}) | metrics})
    entry = ledger.entry()
    # Of this process, which only writes: each training has its own.
    del entry["seconds"], entry["peak_memory_mb"]
    if entry["versions"]["tensorflow"] is None:  # this process trains nothing
        entry["versions"]["tensorflow"] = stored["versions"]["tensorflow"]
    files.write(RESULTS, json.dumps(entry, indent=1) + "\n")
