"""Install what the chapters need and this machine lacks.

Colab's runtime without a GPU, say, has dask without distributed. What is needed stands in
`pyproject.toml`, which comes with the book wherever it is fetched to.
"""

import importlib.util
import re
import subprocess
import sys
import tomllib

from helpers.files import ROOT
from helpers.words import say

#: What is imported of a distribution, where that is not its name. TensorFlow has two names on
#: PyPI, of which either will do; ``dask[distributed]`` is whole when its second half is there.
MODULES = {
    "dask": "distributed",
    "ipython": "IPython",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "tensorflow-cpu": "tensorflow",
}


def missing(project=ROOT / "pyproject.toml"):
    """List what the book depends on and cannot be imported.

    Parameters
    ----------
    project : path
        The file with the list. A copy of the helpers without it was installed together with what
        they need.

    Returns
    -------
    list of str
        Requirements for pip, such as ``"dask[distributed]>=2025.5"``.
    """
    if not project.is_file():
        return []
    needed = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    return [need for need in needed if importlib.util.find_spec(module(need)) is None]


def module(need):
    """Return what is imported of a requirement: ``"sklearn"`` of ``"scikit-learn>=1.6"``."""
    name = re.match(r"[\w.-]+", need)[0]
    return MODULES.get(name, name)


def complete(project=ROOT / "pyproject.toml"):
    """Install what is missing, and say so in one line; change nothing that is there.

    Raises
    ------
    ImportError
        If it cannot be installed: what to do, in one sentence.
    """
    needed = missing(project)
    if not needed:
        return
    names = ", ".join(dict.fromkeys(module(need) for need in needed))
    print(say("Installing what the book needs and this machine lacks: {names}", names=names))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", *needed]
    done = subprocess.run(pip, capture_output=True, text=True)
    importlib.invalidate_caches()
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise ImportError(
            say(
                "This machine lacks {names}, and pip could not install it ({reason}): connect to "
                "the internet and run this cell again, or install it yourself.",
                names=names,
                reason=reason,
            )
        )


if __name__ == "__main__":
    complete()
