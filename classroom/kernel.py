"""Let the tools of a class find the book's kernel.

nbgrader and JupyterHub live in an environment of their own; notebooks run in the book's.
"""

import json
import sys

from helpers import files


def bring_kernel(folder):
    """Write the book's kernel into a folder for JUPYTER_PATH, as the kernel of all notebooks.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is not there.
    """
    kernel = folder / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": argv, "display_name": "Python 3 (the book's)", "language": "python"}
    files.write(kernel, json.dumps(about))
