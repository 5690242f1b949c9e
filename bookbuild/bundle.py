"""Put the book on a stick: pages, notebooks and helpers in one zip, and a place for the data.

make book && python -m bookbuild.bundle
"""

import subprocess
import sys
import zipfile

from bookbuild.book import ROOT, SITE, chapters
from bookbuild.editions import write
from helpers.files import draft

BUNDLE = ROOT / "_build" / "autoencoders.zip"
DATA = """\
Put the data here; nothing of it may be passed on with the book.

  mnist.npz      the digits, as Keras stores them (keras.datasets.mnist)
  ecg.dat        SciPy's electrocardiogram (scipy.datasets), for "Sequences"
  documents/     pairs of pages in noisy/ and clean/, for "Cleaning documents"

Then start the notebooks with BOOK_DATA set to the full path of this folder. Without it the
chapters run too, on small stand-ins, and say so.
"""


def make(path=BUNDLE):
    """Write the bundle and return its path.

    Raises
    ------
    SystemExit
        If the pages are not built.
    """
    if not (SITE / "index.html").is_file():
        sys.exit("The pages are not built: run `make book` first.")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        sys.exit(f"No list of the book's files: {listed.stderr.strip()}")
    files = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    with draft(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as bundle:
        for file in sorted(SITE.rglob("*")):
            place = file.relative_to(SITE)
            # A published site has this bundle itself, for downloading.
            if file.is_file() and place.parts[0] not in {"_sources", "download"}:
                bundle.write(file, f"autoencoders/site/{place}")
        for name in files:
            bundle.write(ROOT / name, f"autoencoders/book/{name}")
        students = write("student", chapters())
        for file in sorted(students.rglob("*.ipynb")):
            bundle.write(file, f"autoencoders/student/{file.relative_to(students)}")
        bundle.writestr("autoencoders/data/README.txt", DATA)
    return path


if __name__ == "__main__":
    made = make()
    print(f"{made}: {made.stat().st_size / 1e6:.0f} MB")
