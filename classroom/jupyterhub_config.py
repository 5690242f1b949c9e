"""JupyterHub for a class, on one machine: each user has the students' notebooks and the data.

    make hub DATA=/srv/data            # http://localhost:8000, users of this machine

Every user of the machine may log in with the machine's password. What is read from the
environment can be set there; the rest is JupyterHub's own, and its manual explains it.
"""

import contextlib
import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 - JupyterHub provides it
book = Path(__file__).resolve().parent.parent

# What the hub keeps - its database and key - is for the hub alone. The users' servers inherit the
# mask, so that what they write is not for other users either.
os.umask(0o077)
state = Path(os.environ.get("HUB_STATE", book / "course")).absolute()
state.mkdir(parents=True, exist_ok=True)
if {state.lstat().st_uid, state.stat().st_uid} != {os.geteuid()}:
    sys.exit(f"{state} belongs to another user, who could read what the hub keeps. Name another.")
state.chmod(0o700)
for path in (state / name for name in ("cookie_secret", "jupyterhub.sqlite", "proxy.pid")):
    with contextlib.suppress(FileNotFoundError):
        about = path.lstat()
        # What others may have read, written or planted is made anew; everybody logs in again.
        if (about.st_uid, about.st_nlink) != (os.geteuid(), 1) or about.st_mode & 0o077:
            path.unlink()

c.JupyterHub.bind_url = os.environ.get("HUB_URL", "http://127.0.0.1:8000")
c.JupyterHub.hub_ip = "127.0.0.1"
c.ConfigurableHTTPProxy.command = [str(book / "node_modules/.bin/configurable-http-proxy")]
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")

# Users of this machine, by its own passwords (PAM). Name those who may look after the others.
c.Authenticator.allow_all = True
c.Authenticator.admin_users = set(filter(None, os.environ.get("HUB_ADMINS", "").split(",")))

# Memory for one process of a user, such as a notebook's kernel. Chapters need 1.1 to 2 GB.
memory = int(float(os.environ.get("HUB_MEMORY_GB", "3")) * 2**30)
# JupyterHub changes to the user before it starts this, so no step of it runs as root.
server = [f"{sys.prefix}/bin/python", str(book / "classroom" / "user_server.py")]
# A kernel shows its inputs and outputs to whoever subscribes at its TCP ports: take files instead.
c.Spawner.cmd = ["prlimit", f"--data={memory}", *server, "--KernelManager.transport=ipc"]
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
