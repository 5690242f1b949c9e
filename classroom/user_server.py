"""Start a user's server of the hub: first bring the students' notebooks, then become the server.

JupyterHub runs this as the user, never as root: a user decides what lies in their home, links to
other places included, and must reach no more by them than they could anyway.
"""

import contextlib
import os
import sys
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
    for notebook in sorted(STUDENT.glob("*.ipynb")):
        draft = folder / f".{notebook.name}.part"
        draft.unlink(missing_ok=True)
        with draft.open("xb") as file:
            file.write(notebook.read_bytes())
        with contextlib.suppress(FileExistsError):
            os.link(draft, folder / notebook.name)  # unlike a rename, replaces nothing
        draft.unlink()


if __name__ == "__main__":
    if os.geteuid() == 0 and "--allow-root" not in sys.argv:
        sys.exit("A user's server does not run as root.")
    try:
        bring_notebooks(Path.home() / "autoencoders")
    except OSError as error:  # a full disk is no reason to be without a server
        print(f"The notebooks were not brought: {error}", file=sys.stderr)
    server = Path(sys.executable).with_name("jupyterhub-singleuser")
    os.execv(server, [server, *sys.argv[1:]])
