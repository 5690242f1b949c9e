"""Obey what SystemdSpawner asks of `systemd-run` and `systemctl` on a machine without systemd.

    python stand_in.py FOLDER systemd-run --unit=... --uid=... --property=... COMMAND
    python stand_in.py FOLDER systemctl is-active UNIT

User, mask, working and runtime folder and environment are as asked. Other properties are only
written down, in FOLDER.
"""

import argparse
import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


def run(folder, words):
    parser = argparse.ArgumentParser()
    for option in ("--unit", "--working-directory"):
        parser.add_argument(option)
    for option in ("--uid", "--gid"):
        parser.add_argument(option, type=int)
    parser.add_argument("--property", action="append")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    asked = parser.parse_args(words)
    properties = [one.split("=", 1) for one in asked.property]
    found = dict(properties)
    runtime = Path("/run", found["RuntimeDirectory"])
    runtime.chmod(int(found["RuntimeDirectoryMode"], 8))
    os.chown(runtime, asked.uid, asked.gid)
    lines = Path(found["EnvironmentFile"]).read_text().splitlines()
    with (folder / f"{asked.unit}.log").open("w") as log:
        process = subprocess.Popen(
            asked.command,
            user=asked.uid,
            group=asked.gid,
            extra_groups=[],
            umask=int(found.get("UMask", "0022"), 8),
            cwd=asked.working_directory,
            env=dict(shlex.split(line)[0].split("=", 1) for line in lines),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    unit = {"pid": process.pid, "properties": properties, "runtime": str(runtime)}
    (folder / f"{asked.unit}.json").write_text(json.dumps(unit))


def runs(pid):
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def control(folder, verb, unit=""):
    if verb == "--version":
        print("systemd 255 (a stand-in)")
        return 0
    path = folder / f"{unit}.json"
    about = json.loads(path.read_text()) if path.exists() else None
    if verb == "is-active":
        return 0 if about and runs(about["pid"]) else 3
    if verb == "stop" and about:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(about["pid"], signal.SIGTERM)
        while runs(about["pid"]):
            time.sleep(0.05)
        shutil.rmtree(about["runtime"])
        path.unlink()
    return 1 if verb == "is-failed" else 0


if __name__ == "__main__":
    folder, name, *words = sys.argv[1:]
    sys.exit(
        {"systemd-run": run, "systemctl": lambda f, w: control(f, *w)}[name](Path(folder), words)
    )
