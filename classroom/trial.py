"""Try the servers of a class on this machine: users who all run "A simple autoencoder" at once.

    make book && python -m classroom.trial --users 1 2 4

A real hub with its own proxy on loopback; each user gets a server and a kernel of their own and
runs the quick profile of simple, cell by cell, as a browser would ask for it. The settings are
those for The Littlest JupyterHub, but for what takes systemd, its limits that is: the users are
names without accounts, and all belong to whoever starts this.
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import nbformat
import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from bookbuild import book
from bookbuild.book import RESULTS, ROOT
from classroom.kernel import bring_kernel
from helpers import files, results

LEDGER = RESULTS / "teaching.json"
SETTINGS = ROOT / "classroom" / "hub" / "tljh.py"
ENVIRONMENT = ROOT / ".venv-classroom" / "bin"
TRIAL = """
load_subconfig({settings!r})
c.JupyterHub.bind_url = {address!r}
c.JupyterHub.hub_bind_url = {inner!r}
c.ConfigurableHTTPProxy.api_url = {proxy!r}
c.ConfigurableHTTPProxy.command = [{program!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = [{{"name": "trial", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{
    "name": "trial",
    "scopes": ["admin:users", "admin:servers", "access:servers"],
    "services": ["trial"],
}}]
c.JupyterHub.log_level = "WARN"
c.Spawner.environment |= {environment!r}
"""


# Names without accounts, which all belong to whoever starts this.
NAMES = """
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.args += {args!r}
c.Spawner.environment["JUPYTER_RUNTIME_DIR"] = lambda spawner: {homes!r}.format(
    username=f"{{spawner.user.name}}-run"
)
"""


class Hub:
    """A hub on loopback, for as long as the `with` block lasts.

    Parameters
    ----------
    spawner : str, optional
        Configuration that says how servers start; by default all of them belong to this user.
    path : str, optional
        Folders, with colons, where the hub finds programs before all others.
    """

    def __init__(self, spawner=None, path=""):
        self.spawner, self.path = spawner, path
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in "123"]
            self.address, self.inner, self.proxy = (
                f"http://127.0.0.1:{server.getsockname()[1]}" for server in servers
            )
        self.token = secrets.token_hex(16)
        self.headers = {"Authorization": f"token {self.token}"}

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="hub-")
        state = Path(self.folder.name)
        bring_kernel(state / "jupyter")
        names = NAMES.format(
            homes=str(state / "{username}"),
            args=["--allow-root"] if os.geteuid() == 0 else [],
        )
        trial = TRIAL.format(
            settings=str(SETTINGS),
            address=self.address,
            inner=self.inner,
            proxy=self.proxy,
            program=str(ROOT / "node_modules/.bin/configurable-http-proxy"),
            token=self.token,
            environment={
                "JUPYTER_PATH": str(state / "jupyter"),
                "BOOK_PROFILE": "quick",
                "BOOK_DATA": "embedded",
            },
        )
        config = state / "trial_config.py"
        config.write_text(trial + (names if self.spawner is None else self.spawner))
        self.log = (state / "hub.log").open("w")
        path = f"{self.path}:{ENVIRONMENT}:{os.environ['PATH']}".lstrip(":")
        self.process = subprocess.Popen(
            [ENVIRONMENT / "jupyterhub", "-f", config],
            cwd=state,
            env=os.environ | {"PATH": path},
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(30)
        for child in list(psutil.process_iter(["cmdline"])):
            if any(self.folder.name in word for word in child.info["cmdline"] or []):
                child.kill()
        self.log.close()
        self.folder.cleanup()

    async def ask(self, method, path, body=None, ok=(200, 201, 202, 204)):
        request = HTTPRequest(
            self.address + path,
            method,
            self.headers,
            json.dumps(body) if method in ("POST", "PUT") else None,
            request_timeout=120,
        )
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        if answer.code not in ok:
            log = Path(self.log.name).read_text()[-2000:]
            raise RuntimeError(f"{method} {path}: {answer.code} {answer.body!r}\n{log}")
        return json.loads(answer.body) if answer.body else None

    async def ready(self, path, test, seconds=600):
        """Ask until the answer passes the test."""
        end = time.monotonic() + seconds
        while True:
            try:
                if test(answer := await self.ask("GET", path)):
                    return answer
            except (OSError, RuntimeError):
                if time.monotonic() > end:
                    raise
            if time.monotonic() > end:
                raise TimeoutError(f"{path} was not ready after {seconds} s")
            await asyncio.sleep(0.3)


async def run(hub, user, cells):
    """Run a notebook as a user; return seconds, and MB of server and kernel.

    First their most, then what of it, at the end, no other process has a part in.
    """
    start = time.monotonic()
    await hub.ask("POST", f"/hub/api/users/{user}")
    await hub.ask("POST", f"/hub/api/users/{user}/server")
    await hub.ready(f"/hub/api/users/{user}", lambda u: u["servers"].get("", {}).get("ready"))
    kernel = await hub.ask("POST", f"/user/{user}/api/kernels", {"name": "python3"})
    address = f"{hub.address}/user/{user}/api/kernels/{kernel['id']}/channels".replace("http", "ws")
    socket = await websocket_connect(HTTPRequest(address, headers=hub.headers))
    peak = "import os, resource; print(os.getpid(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    for code in [*cells, peak]:
        text = await execute(socket, code)
    socket.close()
    kernel, most = map(int, text.split()[-2:])
    servers = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "jupyterhub-singleuser" in " ".join(process.info["cmdline"] or [])
        and process.environ().get("JUPYTERHUB_USER") == user
    ]
    memory = sum(server.memory_info().rss for server in servers) / 1e6 + most / 1e3
    own = sum(one.memory_full_info().uss for one in (*servers, psutil.Process(kernel))) / 1e6
    await hub.ask("DELETE", f"/hub/api/users/{user}/server")
    return time.monotonic() - start, memory, own


async def execute(socket, code):
    """Execute a cell and return what it printed; an error of the cell is raised."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
    header |= {"username": "", "session": uuid.uuid4().hex, "date": ""}
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}}
    content |= {"allow_stdin": False, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    await socket.write_message(json.dumps(message | {"channel": "shell", "buffers": []}))
    text = ""
    while True:
        answer = await socket.read_message()
        if answer is None:
            raise RuntimeError(f"the kernel was gone in this cell:\n{code}")
        if isinstance(answer, bytes):
            continue  # a widget's bytes
        answer = json.loads(answer)
        if answer["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if answer["msg_type"] == "error":
            raise RuntimeError(f"{answer['content']['evalue']} in this cell:\n{code}")
        if answer["msg_type"] == "stream" and answer["content"]["name"] == "stdout":
            text += answer["content"]["text"]
        if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
            return text


async def trial(counts):
    notebook = nbformat.read(book.notebook("simple"), as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    measured = {}
    with Hub() as hub:
        await hub.ready("/hub/api/", lambda answer: "version" in answer)
        for count in counts:
            users = [f"reader{count}of{i}" for i in range(count)]
            done = await asyncio.gather(
                *(run(hub, u, cells) for u in users), return_exceptions=True
            )
            failed = [error for error in done if isinstance(error, BaseException)]
            for error in failed:
                print(f"{count} users: {error}", file=sys.stderr)
            good = [one for one in done if not isinstance(one, BaseException)]
            if not good:
                break
            seconds, memory, own = zip(*good, strict=True)
            measured[count] = {
                "failed": len(failed),
                "seconds_fastest": min(seconds),
                "seconds_slowest": max(seconds),
                "mb_per_user": max(memory),
                "own_mb_per_user": max(own),
            }
            print(count, "users:", {k: round(v) for k, v in measured[count].items()}, flush=True)
            if failed:
                break
    return measured


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--users", type=int, nargs="+", default=[1, 2, 4, 8], help="how many at once"
    )
    args = parser.parse_args()
    measured = asyncio.run(trial(args.users))
    if not measured:
        sys.exit("Nobody came through: nothing is written.")
    most = max(count for count, row in measured.items() if not row["failed"])
    found = {"hub": measured, "hub_most": {"users": most, **measured[most]}}
    entry = json.loads(LEDGER.read_text())
    entry |= {
        "metrics": entry["metrics"] | found,
        "machine": f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB",
        "date": time.strftime("%Y-%m-%d"),
    }
    files.write(LEDGER, json.dumps(entry, indent=1) + "\n")
    print(results.quote("teaching:hub_most.users"), "users at most:", LEDGER)


if __name__ == "__main__":
    main()
