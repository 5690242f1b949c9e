"""Start a user's server of the hub: first bring the students' notebooks, then become the server.

JupyterHub runs this as the user, never as root: a user decides what lies in their home, links to
other places included, and must reach no more by them than they could anyway.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

STUDENT = Path(__file__).resolve().parent.parent / "_build" / "student"


def bring_notebooks(folder):
    """Copy the notebooks that are not there yet; what is there, even a dangling link, stays.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is not there.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as drafts:
        for notebook in sorted(STUDENT.rglob("*.ipynb")):
            draft = Path(shutil.copyfile(notebook, Path(drafts, notebook.name)))
            place = folder / notebook.relative_to(STUDENT)
            with contextlib.suppress(FileExistsError):
                place.parent.mkdir(parents=True, exist_ok=True)
                os.link(draft, place)  # unlike a rename, replaces nothing


if __name__ == "__main__":
    if os.geteuid() == 0 and "--allow-root" not in sys.argv:
        sys.exit("A user's server does not run as root.")
    try:
        bring_notebooks(Path.home() / "autoencoders")
    except OSError as error:  # a full disk is no reason to be without a server
        print(f"The notebooks were not brought: {error}", file=sys.stderr)
    # Here lie the kernels' sockets, for which the path of a home may be too long.
    with contextlib.suppress(OSError):
        os.environ["JUPYTER_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="jupyter-")
    server = Path(sys.executable).with_name("jupyterhub-singleuser")
    os.execv(server, [server, *sys.argv[1:]])
