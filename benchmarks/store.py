"""benchmarks/results.json: what the benchmarks measured, with machine, versions and date."""

import json

from helpers import data, files, results

RESULTS = results.ROOT / "benchmarks" / "results.json"


def keep(**parts):
    """Write metrics beside those that are kept.

    Parameters
    ----------
    **parts : dict
        Metrics by benchmark, such as ``sources={"simple": {"speedup": 25.3}}``; those of the same
        name are replaced, others keep their numbers.

    Raises
    ------
    SystemExit
        Without the real data: stand-in digits are no benchmark.
    """
    digits = data.digits()
    if not digits.real:
        raise SystemExit("These are stand-in digits: set BOOK_DATA to a folder with mnist.npz.")
    files.tidy()
    stored = json.loads(RESULTS.read_text())["metrics"] if RESULTS.exists() else {}
    ledger = results.Ledger("benchmarks", digits, seed=0)
    for part, metrics in parts.items():
        stored[part] = stored.get(part, {}) | metrics
    ledger.record(**{part: metrics for part, metrics in stored.items() if metrics})
    entry = ledger.entry()
    # Of this process, which only writes: each training has its own.
    del entry["seconds"], entry["peak_memory_mb"]
    files.write(RESULTS, json.dumps(entry, indent=1) + "\n")
