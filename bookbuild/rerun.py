"""Run chapters once more and compare what they measure with what is published.

    make again CHAPTER=simple

Nothing is written. With the same seed, on the machine and with the versions of the published run,
a chapter measures the same to the last digit that a ledger keeps; elsewhere other processors add
up in another order, and a training amplifies that. So numbers have to agree within `RELATIVE`,
but times and memory, which are the machine's, are not compared.
"""

import argparse
import json
import re
import sys

from bookbuild import book
from bookbuild.book import ROOT
from bookbuild.chapters import run
from helpers import files, results

RELATIVE = 0.02
#: For numbers near 0, such as a difference that should be none.
ABSOLUTE = 1e-4
OF_THE_MACHINE = re.compile(
    r"seconds|minutes|speedup|cores_gain|sooner|_ms|_mb|memory|per_second|per_image|startup|one_by_one"
    r"|side_by_side|time_ratio|nap_|last_fifth"
)


def differences(published, again):
    """List where two ledgers' metrics do not agree.

    Parameters
    ----------
    published, again : dict
        Metrics: numbers, or dicts of them to any depth.

    Returns
    -------
    list of str
        A line for each metric that is missing, new or another number; empty if they agree.
    """
    old, new = dict(_flat(published)), dict(_flat(again))
    lines = [f"{name}: published {old[name]}, now missing" for name in old if name not in new]
    lines += [f"{name}: now {new[name]}, not published" for name in new if name not in old]
    for name in old:
        if name in new and abs(new[name] - old[name]) > max(RELATIVE * abs(old[name]), ABSOLUTE):
            lines.append(f"{name}: published {old[name]}, now {new[name]}")
    return lines


def _flat(metrics, before=""):
    """Yield every number with its full name, those of the machine left out."""
    for key, value in metrics.items():
        name = f"{before}{key}"
        if OF_THE_MACHINE.search(name):
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    book.add_chapters(parser)
    args = parser.parse_args()
    names = book.chosen(parser, args)
    files.tidy(ROOT)
    failed = 0
    for chapter in names:
        published = results.read(chapter)
        again = json.loads(run(chapter)[1][f"{chapter}.json"])
        lines = differences(published["metrics"], again["metrics"])
        old, new = (dict(_flat(ledger["metrics"])) for ledger in (published, again))
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
