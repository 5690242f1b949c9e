"""The hub of a class with real accounts on one machine, two of whose owners set traps.

Accounts, and what lies about, exist for these processes alone: they run in a mount namespace of
their own, which takes root, so this file runs itself once more, as root (CI: by sudo if need be).
"""

import ast
import asyncio
import contextlib
import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bookbuild.book import ROOT

pytestmark = pytest.mark.heavy

CHANGED = "models/simple.ipynb"
HOSTILE = ("linker", "dangler")
USERS = {"reader": 64001, "linker": 64002, "dangler": 64003}


@pytest.fixture(scope="module")
def tried():
    """What the hub's trial found, by user."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n", "-E"]
    if subprocess.run([*sudo, "unshare", "--mount", "true"], capture_output=True).returncode:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("this test wants root")
    subprocess.run([sys.executable, "-m", "bookbuild.editions", "student"], cwd=ROOT, check=True)
    done = subprocess.run(
        [*sudo, "unshare", "--mount", sys.executable, __file__],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_reader_finds_the_notebooks_and_what_is_changed_stays(tried):
    students = ROOT / "_build" / "student"
    notebooks = {str(path.relative_to(students)) for path in students.rglob("*.ipynb")}
    assert set(tried["reader"]["files"]) == notebooks
    assert {owner for owner, _ in tried["reader"]["files"].values()} == {USERS["reader"]}
    assert tried["reader"]["changed"] == "mine"


@pytest.mark.parametrize("user", HOSTILE)
def test_a_link_in_a_home_gives_nothing_of_roots_away(tried, user):
    assert tried[user]["target"] == tried["before"][user]  # owner, mode and content
    assert tried[user]["server"]  # and its owner still has a server


def test_nothing_of_a_user_runs_as_root_and_none_reads_another(tried):
    for user, uid in USERS.items():
        assert set(tried[user]["processes"]) == {uid}
        assert tried[user]["open_to_others"] == []


def test_what_the_hub_keeps_is_for_the_hub_alone(tried):
    assert tried["state"] == 0o700
    for name in ("jupyterhub.sqlite", "cookie_secret", "proxy.pid"):
        assert stat.S_IMODE(tried["kept"][name]) == 0o600, name


def test_no_other_user_hears_a_kernel(tried):
    assert tried["kernel"]["said"].strip() == "between us"
    assert tried["kernel"]["heard"] == []


CONFIGURED = """
from pathlib import Path
from traitlets.config import Config
c = Config()
path = Path("classroom/jupyterhub_config.py").resolve()
exec(compile(path.read_text(), path, "exec"), {"get_config": lambda: c, "__file__": str(path)})
"""


def configured(state):
    command = [sys.executable, "-c", CONFIGURED]
    env = os.environ | {"HUB_STATE": str(state)}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


def test_what_others_could_read_or_plant_is_not_used(tmp_path):
    state = tmp_path / "our course"
    state.mkdir(mode=0o777)
    (tmp_path / "of-others").write_text("known")
    (state / "cookie_secret").write_text("known")
    (state / "cookie_secret").chmod(0o644)
    (state / "jupyterhub.sqlite").symlink_to(tmp_path / "of-others")
    os.link(tmp_path / "of-others", state / "proxy.pid")
    (state / "marks").write_text("stay")
    done = configured(state)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in state.iterdir()] == ["marks"]
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert (tmp_path / "of-others").read_text() == "known"


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder away")
@pytest.mark.parametrize("planted", ["link", "folder"])
def test_a_folder_of_another_user_keeps_nothing_of_ours(tmp_path, planted):
    state, target = tmp_path / "course", tmp_path / "ours"
    target.mkdir(mode=0o755)
    state.symlink_to(target) if planted == "link" else state.mkdir()
    os.chown(state, 64001, 64001, follow_symlinks=False)
    done = configured(state)
    assert done.returncode and "belongs to another user" in done.stderr
    recipe = ["make", "-s", "-f", ROOT / "Makefile", "--eval=try: ; $(PRIVATE_COURSE)", "try"]
    made = subprocess.run([*recipe, f"COURSE={state}"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode and "belongs to another user" in made.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o755
    assert not list(state.iterdir())


# The trial itself, as root, in a mount namespace


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def let_through(*needed):
    """Make folders reachable for all users, whatever lies above them; the rest is hidden."""
    blocks = {}
    for path in needed:
        above = [p for p in reversed(path.parents) if not p.stat().st_mode & stat.S_IXOTH]
        if above:
            blocks.setdefault(above[0], []).append(path)
    for block, paths in blocks.items():
        with tempfile.TemporaryDirectory() as stage:
            held = []
            for i, path in enumerate(paths):
                held.append(Path(stage, str(i)))
                held[-1].mkdir()
                mount("--bind", str(path), str(held[-1]))
            mount("-t", "tmpfs", "-o", "mode=755", "none", str(block))
            for path, place in zip(paths, held, strict=True):
                path.mkdir(parents=True)
                mount("--bind", str(place), str(path))
                subprocess.run(["umount", str(place)], check=True)


def make_accounts(stage):
    """Give this namespace an /etc/passwd with the users, and each a home."""
    lines = Path("/etc/passwd").read_text()
    for user, uid in USERS.items():
        home = stage / "home" / user
        home.mkdir(parents=True, mode=0o755)
        os.chown(home, uid, uid)
        lines += f"{user}:x:{uid}:{uid}::{home}:/bin/sh\n"
    (stage / "passwd").write_text(lines)
    mount("--bind", str(stage / "passwd"), "/etc/passwd")


def about(path):
    """Owner, mode and content of a folder, or None if there is none."""
    if not path.exists():
        return None
    inside = sorted((p.name, p.read_text()) for p in path.iterdir())
    return [path.stat().st_uid, path.stat().st_mode, inside]


async def try_hub(homes, targets):
    import psutil

    from classroom.trial import Hub

    found = {"before": json.loads(json.dumps({user: about(t) for user, t in targets.items()}))}
    with Hub(accounts=True) as hub:
        await hub.ready("/hub/api/", lambda answer: "version" in answer)
        for user in USERS:
            await hub.ask("POST", f"/hub/api/users/{user}")
            await start(hub, user)
            found[user] = {
                "processes": owners(psutil, user),
                "server": bool(await hub.ask("GET", f"/user/{user}/api")),
            }
        found["kernel"] = await listen_in(hub, psutil)
        (homes["reader"] / "autoencoders" / CHANGED).write_text("mine")
        await hub.ask("DELETE", "/hub/api/users/reader/server")
        await hub.ready("/hub/api/users/reader", lambda user: not user["servers"])
        await start(hub, "reader")  # over what the first start has brought
        state = Path(hub.folder.name)
        found["state"] = stat.S_IMODE(state.stat().st_mode)
        found["kept"] = {p.name: p.stat().st_mode for p in state.iterdir() if p.is_file()}
    folder = homes["reader"] / "autoencoders"
    found["reader"]["files"] = {
        str(p.relative_to(folder)): (p.stat().st_uid, p.stat().st_mode)
        for p in folder.rglob("*.ipynb")
    }
    found["reader"]["changed"] = (folder / CHANGED).read_text()
    for user, target in targets.items():
        found[user]["target"] = about(target)
    for user, home in homes.items():
        found[user]["open_to_others"] = [
            str(p)
            for p in home.rglob("*")
            if not p.is_symlink()
            # nor lies behind a closed folder
            and all(q.stat().st_mode & 0o077 for q in (p, *p.parents) if q.is_relative_to(home))
        ]
    return found


# Subscribes, as another user, at ports; says so; then prints which of them have said something.
EAR = """
import sys, zmq
sockets = [zmq.Context.instance().socket(zmq.SUB) for _ in sys.argv[1:]]
for socket, port in zip(sockets, sys.argv[1:]):
    socket.subscribe(b"")
    socket.connect(f"tcp://127.0.0.1:{port}")
print("listening", flush=True)
sys.stdin.readline()
print([port for socket, port in zip(sockets, sys.argv[1:]) if socket.poll(1000)])
"""


async def listen_in(hub, psutil):
    """Let another user listen at all ports of the reader while the reader's kernel works."""
    from classroom.trial import HTTPRequest, execute, websocket_connect

    kernel = await hub.ask("POST", "/user/reader/api/kernels", {"name": "python3"})
    address = f"{hub.address}/user/reader/api/kernels/{kernel['id']}/channels"
    request = HTTPRequest(address.replace("http", "ws", 1), headers=hub.headers)
    socket = await websocket_connect(request)
    await execute(socket, "pass")  # now it has all its ports
    mine = {p.pid for p in psutil.process_iter(["uids"]) if p.info["uids"].real == USERS["reader"]}
    ports = {
        str(one.laddr.port)
        for one in psutil.net_connections("tcp")
        if one.status == psutil.CONN_LISTEN and one.pid in mine
    }
    other = subprocess.Popen(
        [sys.executable, "-c", EAR, *ports],
        user=USERS["linker"],
        group=USERS["linker"],
        extra_groups=[],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    other.stdout.readline()
    for _ in range(20):  # a subscription takes a moment to arrive
        said = await execute(socket, "print('between us'); import time; time.sleep(0.1)")
    socket.close()
    return {"said": said, "heard": ast.literal_eval(other.communicate("\n")[0])}


async def start(hub, user):
    await hub.ask("POST", f"/hub/api/users/{user}/server")
    path = f"/hub/api/users/{user}"
    await hub.ready(path, lambda user: user["servers"].get("", {}).get("ready"))


def owners(psutil, user):
    """The users as whom the processes of a user's server run."""
    return [
        process.uids().effective
        for process in psutil.process_iter(["cmdline"])  # None for a zombie
        if "user_server.py" in " ".join(cmd := process.info["cmdline"] or [])
        or "jupyterhub-singleuser" in " ".join(cmd)
        if process.environ().get("JUPYTERHUB_USER") == user
    ]


def main():
    stage = Path(tempfile.mkdtemp(dir="/tmp"))
    os.chmod(stage, 0o755)
    try:
        let_through(ROOT, Path(sys.base_prefix))
        os.chdir(ROOT)
        make_accounts(stage)
        homes = {user: Path(pwd.getpwnam(user).pw_dir) for user in USERS}
        targets = {"linker": stage / "of-root", "dangler": stage / "not-there"}
        targets["linker"].mkdir(mode=0o755)
        (targets["linker"] / "diary").write_text("root's")
        for user, target in targets.items():
            (homes[user] / "autoencoders").symlink_to(target)
        with contextlib.redirect_stdout(sys.stderr):
            found = asyncio.run(try_hub(homes, targets))
        print(json.dumps(found))
    finally:
        subprocess.run(["umount", "/etc/passwd"], check=False, capture_output=True)
        shutil.rmtree(stage)


if __name__ == "__main__":
    main()
