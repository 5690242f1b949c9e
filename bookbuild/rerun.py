"""Run chapters once more and compare what they measure with what is published.

    make again CHAPTER=simple

Nothing is written. With the same seed, on the machine and with the versions of the published run,
a chapter measures the same to the last digit that a ledger keeps; elsewhere other processors add
up in another order, and a training amplifies that. So numbers have to agree within `RELATIVE`,
but times and memory, which are the machine's, are not compared.
"""

import argparse
import json
import sys

from bookbuild import book
from bookbuild.book import ROOT
from bookbuild.chapters import run
from helpers import files, results

RELATIVE = 0.02
#: For numbers near 0, such as a difference that should be none.
ABSOLUTE = 1e-4


def differences(published, again):
    """List where two ledgers do not agree, but for what each calls the machine's timings.

    Parameters
    ----------
    published, again : dict
        Ledgers, whose metrics are numbers, or dicts of them to any depth.

    Returns
    -------
    list of str
        A line for each metric that is missing, new or another number; empty if they agree.
    """
    old, new = compared(published), compared(again)
    lines = [f"{name}: published {old[name]}, now missing" for name in old if name not in new]
    lines += [f"{name}: now {new[name]}, not published" for name in new if name not in old]
    for name in old:
        if name in new and abs(new[name] - old[name]) > max(RELATIVE * abs(old[name]), ABSOLUTE):
            lines.append(f"{name}: published {old[name]}, now {new[name]}")
    return lines


def compared(ledger):
    """Return the numbers of a ledger by their full names, without the machine's timings."""
    timings = ledger.get("timings", [])
    return dict(_flat({n: value for n, value in ledger["metrics"].items() if n not in timings}))


def _flat(metrics, before=""):
    for key, value in metrics.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    book.add_chapters(parser)
    args = parser.parse_args()
    names = book.chosen(parser, args)
    files.tidy(ROOT)
    failed = 0
    for chapter in names:
        published = results.read(chapter)
        again = json.loads(run(chapter)[1][f"results/{chapter}.json"])
        lines = differences(published, again)
        old, new = compared(published), compared(again)
        same = sum(new.get(name) == old[name] for name in old)
        print(
            f"{chapter}: {same} of {len(old)} numbers are the same to the last digit, "
            f"{len(lines)} do not agree within {RELATIVE:.0%}",
            *lines,
            sep="\n  ",
            flush=True,
        )
        failed += bool(lines)
    sys.exit(failed)


if __name__ == "__main__":
    main()
