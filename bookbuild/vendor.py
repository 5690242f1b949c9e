"""Copy the scripts that the site serves itself to _extra/vendor.

Run as ``python -m bookbuild.vendor`` after ``npm ci``. Sphinx copies what is *in* ``_extra``
to the top of the site (``html_extra_path``), so a page finds them under ``vendor/``.
"""

import shutil
import sys
from pathlib import Path

from helpers import files

FIGURES = Path(__file__).with_name("figures.js")  # ours: on pages with reactive figures

# What a page can ask for: at once, or later through MathJax's context menu (speech,
# explorer, SVG output) and `\require`. (source in node_modules, place in _extra/vendor)
FILES = [
    ("mathjax/es5/tex-mml-chtml.js", "mathjax"),
    ("mathjax/es5/output/chtml/fonts/woff-v2", "mathjax/output/chtml/fonts"),
    ("mathjax/es5/output/svg.js", "mathjax/output"),
    ("mathjax/es5/output/svg/fonts/tex.js", "mathjax/output/svg/fonts"),
    ("mathjax/es5/input/tex/extensions", "mathjax/input/tex"),
    ("mathjax/es5/a11y", "mathjax"),
    ("mathjax/es5/sre", "mathjax"),
    ("mathjax/LICENSE", "mathjax"),
    ("minisearch/dist/umd/index.js", "minisearch"),
    ("minisearch/LICENSE.txt", "minisearch"),
]


def vendor(top=files.ROOT):
    """Write ``top/_extra/vendor`` anew and return its path; figures.js comes last.

    Raises
    ------
    FileNotFoundError
        If a script is missing from ``top/node_modules``; the message says what to run.
    """
    modules, target = Path(top) / "node_modules", Path(top) / "_extra" / "vendor"
    found = {source: list(modules.glob(source)) for source, _ in FILES}
    missing = [source for source in found if not found[source]]
    if missing:
        raise FileNotFoundError(
            f"not in {modules}: {', '.join(missing)}. Run `npm ci` (`make book` does)."
        )
    if target.exists():
        shutil.rmtree(target)
    for pattern, place in FILES:
        folder = target / place
        folder.mkdir(parents=True, exist_ok=True)
        for source in found[pattern]:
            if source.is_dir():
                shutil.copytree(source, folder / source.name)
            else:
                shutil.copy2(source, folder)
    files.write(target / FIGURES.name, FIGURES.read_bytes())  # `make` goes by it and its time
    return target


if __name__ == "__main__":
    try:
        vendor()
    except FileNotFoundError as error:
        sys.exit(str(error))
