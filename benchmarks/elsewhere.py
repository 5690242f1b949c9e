"""Run the chapters on clothes instead of digits, and decide there what the book says of digits.

    make benchmark PART=elsewhere
    make benchmark PART=elsewhere ARGS="judging letters"

Nothing is changed but the images: seeds, sizes, rates and epochs are the chapter's. Writes the
ledgers of these runs into book/results/fashion, beside the one that `benchmarks.seeds` makes, and
`claims.json`: each comparison of book/claims whose numbers were measured there, and whether it
holds. Nearly three hours; chapters can be named, or none (`--only-claims`).
"""

import argparse
import json
import re
import sys

from bookbuild import book, chapters, claims
from helpers import files, results

from tqdm import tqdm

FOLDER = results.ROOT / "book" / "results" / "fashion"
INSTEAD = "from helpers import data\n\ndata.digits = data.fashion"
#: A judge and a table come before the chapters that read them.
_FIRST = ["simple", "judging", "diffusion"]
_LAST = ["scoreboard"]
#: Shapes and parallel machines: nothing in them depends on what the images show.
_LEFT_OUT = {"shapes", "scaling-out"}


def names():
    """Return the chapters that learn from digits, in the order in which they are run."""
    of_digits = [
        chapter
        for chapter in book.chapters()
        if "data.digits(" in book.text(chapter).read_text() and chapter not in _LEFT_OUT
    ]
    between = [chapter for chapter in of_digits if chapter not in _FIRST + _LAST]
    return [*_FIRST, *between, *_LAST]


def run(chapter, place):
    """Run a chapter on clothes; keep its ledger in the book and its weights in a folder.

    Parameters
    ----------
    chapter : str
        Such as ``"simple"``.
    place : path
        What it may read of the other chapters' runs on clothes, and where its own go.
    """
    _, written = chapters.run(chapter, INSTEAD, place)
    for name, content in written.items():
        _keep(place / name, content)
    _keep(FOLDER / f"{chapter}.json", written[f"results/{chapter}.json"])


def _keep(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, content)


def decided():
    """Decide the comparisons of the book by what was measured on clothes.

    Left out are those that need a number which was not measured there, those that hold for any
    images because they are arithmetic, and bounds: a measured number against a typed one.

    Returns
    -------
    list of dict
        ``page``, ``says``, ``basis``; ``holds`` as in the list of the page, with numbers instead
        of keys in ``shown``; ``true`` tells whether all of them are.
    """

    def quote(key):
        return results.quote(f"fashion/{key}")

    entries = []
    for page in [*claims.pages(), "across"]:
        for claim in claims.read(page):
            if claim.basis == "exact" or not all(_compares(line) for line in claim.holds):
                continue
            try:
                answers = [claims.evaluate(line, quote) for line in claim.holds]
            except (FileNotFoundError, KeyError):
                continue
            entries.append(
                {
                    "page": page,
                    "says": claim.says,
                    "basis": claim.basis,
                    "holds": claim.holds,
                    "shown": [shown for _, shown in answers],
                    "true": all(true for true, _ in answers),
                }
            )
    return entries


def _compares(line):
    """Whether an expression has a measured number on either side of each of its signs."""
    return all(re.search(r"[a-z]\w*:\w", side) for side in re.split(r"[<>=]=?", line))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="chapter", help="default: all")
    parser.add_argument("--only-claims", action="store_true", help="run nothing")
    args = parser.parse_args()
    if unknown := set(args.chapters) - set(names()):
        parser.error(f"no digits in {', '.join(sorted(unknown))}; there are: {names()}")
    place, failed = results.ROOT / "_build" / "fashion", []
    for known in FOLDER.glob("*.json"):
        _keep(place / "results" / known.name, known.read_bytes())
    for chapter in tqdm([] if args.only_claims else args.chapters or names(), unit="chapter"):
        try:
            run(chapter, place)
        except SystemExit as why:  # the others need not wait for it
            failed.append(str(why))
    entries = decided()
    _keep(FOLDER / "claims.json", json.dumps(entries, indent=1) + "\n")
    true = sum(entry["true"] for entry in entries)
    print(f"{true} of {len(entries)} comparisons hold on clothes")
    sys.exit("\n\n".join(failed) or None)


if __name__ == "__main__":
    main()
