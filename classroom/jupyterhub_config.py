"""JupyterHub for a class, on one machine: each user has the students' notebooks and the data.

    make hub DATA=/srv/data            # http://localhost:8000, users of this machine

Every user of the machine may log in with the machine's password. What is read from the
environment can be set there; the rest is JupyterHub's own, and its manual explains it.
"""

import os
import shutil
import sys
from pathlib import Path

c = get_config()  # noqa: F821 - JupyterHub provides it
book = Path(__file__).resolve().parent.parent

c.JupyterHub.bind_url = os.environ.get("HUB_URL", "http://127.0.0.1:8000")
c.JupyterHub.hub_ip = "127.0.0.1"
c.ConfigurableHTTPProxy.command = [str(book / "node_modules/.bin/configurable-http-proxy")]
c.JupyterHub.db_url = f"sqlite:///{os.environ.get('HUB_STATE', book / 'course')}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{os.environ.get('HUB_STATE', book / 'course')}/cookie_secret"

# Users of this machine, by its own passwords (PAM). Name those who may look after the others.
c.Authenticator.allow_all = True
c.Authenticator.admin_users = set(filter(None, os.environ.get("HUB_ADMINS", "").split(",")))

# Memory for one process of a user, such as a notebook's kernel. Chapters need 1.1 to 2 GB.
memory = int(float(os.environ.get("HUB_MEMORY_GB", "3")) * 2**30)
c.Spawner.cmd = ["prlimit", f"--data={memory}", f"{sys.prefix}/bin/jupyterhub-singleuser"]
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
c.JupyterHub.concurrent_spawn_limit = 20
c.Spawner.environment = {
    "BOOK_DATA": os.environ.get("BOOK_DATA", ""),  # one folder for all; let them only read it
    "BOOK_PROFILE": os.environ.get("BOOK_PROFILE", "full"),
    "JUPYTER_PATH": str(book / "classroom" / "jupyter"),  # the book's kernel
    # TensorFlow takes all cores unless it is told: many users share them.
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


def bring_notebooks(spawner):
    """Copy the students' notebooks into the user's folder; what is there already stays."""
    import pwd

    user = pwd.getpwnam(spawner.user.name)
    folder = Path(user.pw_dir) / "autoencoders"
    for notebook in sorted((book / "_build" / "student").glob("*.ipynb")):
        copy = folder / notebook.name
        if not copy.exists():
            folder.mkdir(exist_ok=True)
            shutil.copy(notebook, copy)
            os.chown(folder, user.pw_uid, user.pw_gid)
            os.chown(copy, user.pw_uid, user.pw_gid)


c.Spawner.pre_spawn_hook = bring_notebooks
