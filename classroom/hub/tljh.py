"""What The Littlest JupyterHub is told for this book; book/reference/teaching.md has all steps.

    sudo cp classroom/hub/tljh.py /opt/tljh/config/jupyterhub_config.d/autoencoders.py
    sudo tljh-config reload hub

TLJH starts each server by systemd as a user of its own, in a home that others cannot open, and
lets nobody but its admins become root.
"""

c = get_config()  # noqa: F821 - JupyterHub provides it

# Root's, so students can only read it: the book's environment and the data.
BOOK = "/srv/autoencoders"

# For a user's server with all its notebooks. Chapters need 1.1 to 2.7 GB: one notebook at a time.
# Above the limit the kernel ends that notebook's kernel, and nobody else notices.
c.Spawner.mem_limit = "3G"
c.Spawner.cpu_limit = 2
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.readonly_paths = [f"-{BOOK}"]  # for admins, too; the dash: if it is there
c.SystemdSpawner.unit_extra_properties = {
    "TasksMax": "512",  # processes and threads
    "UMask": "0077",  # what a user writes is not for the others
}

# A kernel shows its inputs and outputs to whoever subscribes at its TCP ports: take sockets in a
# folder that systemd makes for this unit alone. (The path of one below a home may be too long.)
c.Spawner.args = ["--KernelManager.transport=ipc"]
c.Spawner.environment = {
    "JUPYTER_RUNTIME_DIR": lambda spawner: f"/run/{spawner.unit_name}",
    "JUPYTER_PATH": f"{BOOK}/.venv/share/jupyter",  # the book's kernel and its figures' scripts
    "BOOK_DATA": f"{BOOK}/data",
    # TensorFlow takes all cores unless it is told: many users share them.
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}

# A class comes at once, and a server's first start reads the whole environment from the disk.
c.JupyterHub.concurrent_spawn_limit = 20
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
