"""Sweeps on real processes: of this machine, and of a cluster started by the command line."""

import asyncio
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask
import distributed
import distributed.comm
import nbformat
import pandas as pd
import psutil
import pytest
import yaml
from dask.utils import parse_timedelta
from nbclient import NotebookClient

from bookbuild import book
from bookbuild.book import ROOT
from helpers import data, plots, sweep
from support import PATIENCE, eventually

pytestmark = pytest.mark.heavy

DASK = Path(sys.executable).parent / "dask"

# Tasks are functions within tests: like a notebook's, they are sent to the worker by value.


@pytest.fixture(scope="module")
def client():
    """Two workers on this machine, which have the stand-in's digits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        before = ports(os.getpid())  # of other tests' servers
        with sweep.connect(workers=2, memory="3GB") as client:
            client.before = before
            yield client
            pids = client.run(os.getpid).values()
    # Its end is the end of its workers.
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


@pytest.fixture
def lines(tmp_path):
    """A file to which tasks append, and a function that reads its lines."""
    path = tmp_path / "lines"
    path.touch()
    return path, lambda: path.read_text().splitlines()


def wait_until(true):
    def check():
        assert true(), "waited too long"

    eventually(check)


# The grid


def test_the_last_name_of_a_grid_varies_fastest():
    assert sweep.grid(code=[2, 32], seed=range(2)) == [
        {"code": 2, "seed": 0},
        {"code": 2, "seed": 1},
        {"code": 32, "seed": 0},
        {"code": 32, "seed": 1},
    ]


@pytest.mark.parametrize(
    "choices, words",
    [
        ({}, "the grid has no names; wanted: grid"),
        ({"code": [2], "seed": []}, "seed has no values, so the grid is empty"),
        ({"code": [2], "kind": "plain"}, r"kind is 'plain'; wanted: .* as in \['plain'\]"),
        ({"code": 32}, r"code is 32; wanted: the values to try, as in \[32\]"),
    ],
)
def test_a_grid_that_is_none_is_refused(choices, words):
    with pytest.raises(sweep.SweepError, match=words):
        sweep.grid(**choices)


# Workers on this machine


def test_local_workers_have_one_thread_and_the_memory_asked_for(client):
    def threads():
        import tensorflow as tf

        own = tf.config.threading
        return own.get_intra_op_parallelism_threads(), own.get_inter_op_parallelism_threads()

    assert set(client.run(threads).values()) == {(1, 1)}
    own = client.run(lambda dask_worker: dask_worker.memory_manager.memory_limit)
    assert sorted(client.nthreads().values()) == [1, 1]
    assert list(own.values()) == [3e9] * 2


def test_rows_come_in_the_order_of_the_settings(client, lines):
    path, written = lines

    def task(i, half=None):
        import time

        time.sleep(0.2 - 0.03 * i)  # the last are done first
        with path.open("a") as file:
            file.write(f"{i}\n")
        return {"twice": 2 * i}

    settings = sweep.grid(i=range(6)) + [{"i": 3}, {"i": 3}, {"i": 1, "half": 0.5}]
    start = time.perf_counter()
    table = sweep.run(client, task, settings)
    assert table.i.tolist() == [0, 1, 2, 3, 4, 5, 3, 3, 1]
    assert table.twice.tolist() == [0, 2, 4, 6, 8, 10, 6, 6, 2]
    assert table.half.isna().tolist() == [True] * 8 + [False]
    assert sorted(written()) == sorted("012345331")  # equal settings are tasks of their own
    assert table.error.tolist() == [""] * 9
    assert (table.seconds >= 0.05 - 0.01).all()
    assert table.seconds.sum() <= 2 * (time.perf_counter() - start)  # two workers
    assert set(table.worker) <= {"0", "1"}


def test_a_task_that_raises_leaves_its_reason_and_the_others_go_on(client, lines):
    path, written = lines

    def task(i):
        with path.open("a") as file:
            file.write(f"{i}\n")
        tries = path.read_text().splitlines().count(str(i))
        if i == 1:
            raise ValueError("one is not liked")
        if i == 2 and tries == 1:
            raise OSError("only at first")
        return {} if i < 4 else None

    table = sweep.run(client, task, sweep.grid(i=range(5)))
    assert table.error[:4].tolist() == ["", "ValueError: one is not liked", "", ""]
    assert table.error[4].startswith("TypeError: the task returned nothing; wanted: a dict")
    assert table.seconds.isna().tolist() == [False, True, False, False, True]
    assert [written().count(str(i)) for i in range(4)] == [1, 3, 2, 1]
    path.write_text("")
    table = sweep.run(client, task, sweep.grid(i=[1, 2, 3]), retries=0)
    assert table.error.tolist() == ["ValueError: one is not liked", "OSError: only at first", ""]
    assert sorted(written()) == ["1", "2", "3"]


def test_a_sweep_of_none_or_too_many_is_refused(client, lines):
    path, written = lines

    def task(i):
        with path.open("a") as file:
            file.write(f"{i}\n")
        return {}

    with pytest.raises(sweep.SweepError, match="there are no settings; wanted: a list of dicts"):
        sweep.run(client, task, [])
    words = r"1,001 tasks came; at most 1,000 .* If you mean it: run\(\.\.\., at_most=1001\)"
    with pytest.raises(sweep.SweepError, match=words):
        sweep.run(client, task, sweep.grid(i=range(1001)))
    with pytest.raises(sweep.SweepError, match=r"3 tasks came; at most 2 .*at_most=3\)"):
        sweep.run(client, task, sweep.grid(i=range(3)), at_most=2)
    # What had been sent all the same would be done before this.
    sweep.run(client, task, sweep.grid(i=[-1, -2, -3]), at_most=3)
    assert sorted(written()) == ["-1", "-2", "-3"]


def test_the_digits_are_loaded_once_by_each_process(client, capsys):
    digits = data.digits(validation=True)  # BOOK_DATA is that of the workers

    def task(sha256, i):
        import os

        import numpy as np

        from helpers import sweep

        x_train, x_valid = sweep.pixels(sha256)
        shapes = f"{x_train.shape} {x_valid.shape}"
        ink = float(np.mean(x_valid))
        misses = sweep.pixels.cache_info().misses
        return {"pid": os.getpid(), "shapes": shapes, "ink": ink, "misses": misses}

    capsys.readouterr()
    table = sweep.run(client, task, sweep.grid(sha256=[digits.sha256], i=range(8)))
    assert table.error.tolist() == [""] * 8
    assert set(table.shapes) == {"(1375, 784) (125, 784)"}
    assert table.ink.to_numpy() == pytest.approx(digits.x_valid.mean(), rel=1e-4)
    assert set(table.misses) == {1} and os.getpid() not in set(table.pid)
    assert "Digits" not in "".join(capsys.readouterr())  # the notebook has said it for itself


def test_other_digits_than_the_notebooks_are_refused(client):
    def task(sha256):
        from helpers import sweep

        return {"n": len(sweep.pixels(sha256)[0])}

    table = sweep.run(client, task, [{"sha256": "of others"}], retries=0)
    assert table.error[0].startswith("DataError: this worker has other digits than the notebook")
    assert "embedded" in table.error[0] and "set BOOK_DATA" in table.error[0]


def test_draw_is_called_with_the_rows_so_far(client, tmp_path):
    go, drawn = tmp_path / "go", []

    def draw(table):
        drawn.append(table)
        go.touch()
        return plots.figure("A test.", height=1)[0]

    def task(i):
        import time

        while i > 1 and not go.exists():
            time.sleep(0.05)
        if i == 3:
            raise ValueError
        return {"twice": 2 * i}

    table = sweep.run(client, task, sweep.grid(i=range(10)), draw=draw, retries=0)
    lengths = [len(rows) for rows in drawn]
    assert lengths[0] <= 2 and lengths == sorted(lengths) and lengths[-1] == 9
    whole = table[table.error == ""].reset_index(drop=True)
    pd.testing.assert_frame_equal(drawn[-1], whole, check_dtype=False)
    for rows in drawn:
        assert (rows.twice == 2 * rows.i).all() and (rows.error == "").all()


def test_an_interruption_keeps_what_had_arrived(client, capsys, tmp_path):
    go = tmp_path / "go"
    drawn = []

    def draw(table):
        drawn.append(table)
        if len(drawn) == 1:
            raise KeyboardInterrupt
        return plots.figure("A test.", height=1)[0]

    def task(i):
        import time

        while i and not go.exists():
            time.sleep(0.05)
        return {"twice": 2 * i}

    table = sweep.run(client, task, sweep.grid(i=range(8)), draw=draw)
    go.touch()  # what a worker has begun, nobody can stop
    assert table.error.tolist() == [""] + ["not finished"] * 7
    assert table.i.tolist() == list(range(8)) and table.twice[0] == 0
    assert "Stopped: the table holds what had arrived." in capsys.readouterr().out
    again = sweep.run(client, task, sweep.grid(i=range(8)))
    assert again.twice.tolist() == list(range(0, 16, 2)) and set(again.error) == {""}


def test_a_worker_that_is_killed_loses_nothing_that_was_finished(client, lines, tmp_path):
    path, written = lines
    go = tmp_path / "go"

    def task(i):
        import os
        import time

        while i == 6 and not go.exists():
            time.sleep(0.05)
        with path.open("a") as file:
            file.write(f"{i} {os.getpid()}\n")
        return {"twice": 2 * i}

    # Where Python and TensorFlow start slowly, a worker comes back late, but it comes.
    assert parse_timedelta(dask.config.get("distributed.deploy.lost-worker-timeout")) > 600
    killed, before = [], set(client.futures)
    address = {pid: address for address, pid in client.run(os.getpid).items()}

    def kill():
        try:
            wait_until(lambda: len(written()) == 6)
            wait_until(lambda: len(set(client.futures) - before) == 1)  # the others have arrived
            # The worker that finished last: its result is the one that might still be held.
            killed.append(int(written()[-1].split()[1]))
            os.kill(killed[0], signal.SIGKILL)
            gone = address[killed[0]]
            wait_until(lambda: gone not in client.nthreads())
        finally:
            go.touch()

    killer = threading.Thread(target=kill)
    killer.start()
    table = sweep.run(client, task, sweep.grid(i=range(7)), retries=0)
    killer.join()
    assert table.twice.tolist() == list(range(0, 14, 2)) and set(table.error) == {""}
    # A second computation would come before this.
    sweep.run(client, lambda i: {"i": i}, sweep.grid(i=range(4)))
    assert sorted(line.split()[0] for line in written()) == [str(i) for i in range(7)]
    client.wait_for_workers(2, timeout=PATIENCE)
    assert killed[0] not in client.run(os.getpid).values()  # another in its place


def test_a_task_that_kills_its_worker_is_repeated_elsewhere(client, lines):
    client.wait_for_workers(2, timeout=PATIENCE)
    path, written = lines

    def task(i):
        import os
        import signal

        with path.open("a") as file:
            file.write(f"{i}\n")
        if i == 2 and path.read_text().splitlines().count("2") == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"twice": 2 * i}

    table = sweep.run(client, task, sweep.grid(i=range(5)), retries=0)
    assert table.twice.tolist() == [0, 2, 4, 6, 8] and set(table.error) == {""}
    assert written().count("2") == 2 and set(written()) == set("01234")


# A notebook


FIRST = """
from helpers import plots, sweep
client = sweep.connect(workers=1)
"""
SWEEP = """
def task(i):
    import os, pathlib, tensorflow as tf
    flag = pathlib.Path(folder) / "died"
    if i == 2 and not flag.exists():
        flag.touch()
        os._exit(1)
    if i == 3:
        raise ValueError("three")
    return {"twice": float(tf.function(lambda x: x + x)(tf.constant(1.0 * i)))}

def draw(table):
    fig, ax = plots.figure(f"{len(table)} points.", height=1)
    ax.plot(table.i, table.twice, "o")
    return fig

table = sweep.run(client, task, sweep.grid(i=range(6)), draw=draw, label="six")
"""
LAST = """
client.shutdown()
print(table.twice.tolist(), table.error.tolist())
"""


def test_a_notebook_keeps_one_picture_and_one_line(tmp_path):
    where = f"folder = {str(tmp_path)!r}"
    cells = [nbformat.v4.new_code_cell(code) for code in (where + FIRST, SWEEP, LAST)]
    NotebookClient(nbformat.v4.new_notebook(cells=cells)).execute()
    start, run, end = ([dict(output) for output in cell.outputs] for cell in cells)
    assert [output.get("text") for output in start] == ["1 process on this machine.\n"]
    line, picture = (output["data"] for output in run)  # and nothing else, such as notes
    assert line["text/plain"].startswith("six: 6 tasks in") and "\n" not in line["text/plain"]
    assert picture["text/plain"] == "5 points." and picture["image/png"]
    (said,) = (output["text"] for output in end)
    assert said.startswith("[0.0, 2.0, 4.0, nan, 8.0, 10.0] ['', '', '', 'ValueError: three'")


# Who may send tasks


def ports(*pids):
    """Return the (address, port) pairs on which processes accept connections."""
    return {
        connection.laddr
        for pid in pids
        for connection in psutil.Process(pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }


def listening(client):
    """Return where the sweep's processes accept connections; this one holds the scheduler."""
    found = ports(os.getpid(), *client.run(os.getpid).values()) - client.before
    assert len(found) > 3  # scheduler, nannies, workers
    return found


def reach(address, security=None, seconds=2):
    """Connect to a process of a cluster, as a first step to having it run something."""

    async def connect():
        secrets = (security or distributed.Security()).get_connection_args("client")
        await (await distributed.comm.connect(address, timeout=seconds, **secrets)).close()

    with ThreadPoolExecutor(1) as apart:  # a browser's tests leave a loop behind in this thread
        apart.submit(asyncio.run, asyncio.wait_for(connect(), seconds)).result()


def test_another_user_of_the_machine_can_run_nothing_on_the_workers(client):
    scheduler = client.scheduler.address
    assert scheduler.startswith("tls://127.0.0.1:")
    reach(scheduler, client.security, seconds=PATIENCE)  # with its key
    with pytest.raises(TypeError, match="TLS"):
        reach(scheduler)
    for port in {port for _, port in listening(client)}:  # of scheduler, nannies and workers
        with pytest.raises(OSError):
            reach(f"tcp://127.0.0.1:{port}")
        with pytest.raises(OSError):
            reach(f"tls://127.0.0.1:{port}", distributed.Security.temporary())
    assert client.submit(lambda: 42).result() == 42  # and all that disturbed nobody


def test_no_port_of_a_sweep_is_seen_from_outside_and_none_tells_anything(client):
    # Not even of a worker that came for a lost one.
    client.wait_for_workers(2, timeout=PATIENCE)
    address, pid = next(iter(client.run(os.getpid).items()))
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: address not in client.nthreads())
    client.wait_for_workers(2, timeout=PATIENCE)

    assert {host for host, _ in listening(client)} == {"127.0.0.1"}
    for host, port in listening(client):
        for path in ("status", "metrics", "json/counts.json", "info/main/workers.html", "health"):
            with pytest.raises(OSError):  # 404, or no HTTP at all
                urllib.request.urlopen(f"http://{host}:{port}/{path}", timeout=10)


# A script


SCRIPT = """
from helpers import sweep

def main():
    with sweep.connect(workers=WORKERS) as client:
        print(client.submit(abs, -3).result())

"""


@pytest.mark.parametrize("guarded", [False, True])
def test_a_script_needs_its_guard_and_is_told_so_once(tmp_path, guarded):
    script = tmp_path / "script.py"
    last_lines = 'if __name__ == "__main__":\n    main()\n' if guarded else "main()\n"
    script.write_text(SCRIPT.replace("WORKERS", "1" if guarded else "2") + last_lines)
    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if guarded:
        assert done.stdout == "1 process on this machine.\n3\n"
        return
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("Traceback") == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(
        f"helpers.sweep.SweepError: no worker started. Each worker runs {script}"
    )
    assert last.endswith('below the line: if __name__ == "__main__":')


# A cluster


PAGE = book.text("cluster").read_text()


def keys(folder):
    """Make the keys that the page on clusters makes; return the path of Dask's settings."""
    blocks = (re.search(rf"```{kind}\n([^`]*?{word}.*?)```", PAGE, re.S)[1].replace(
        "/shared/keys", str(folder)) for kind, word in (("", "openssl"), ("yaml", "tls:")))  # fmt: skip
    commands, settings = blocks
    subprocess.run(["bash", "-euc", commands], check=True, capture_output=True)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    (folder / "dask.yaml").write_text(settings)
    return folder / "dask.yaml"


class Cluster:
    """A scheduler and workers, started by Dask's command line as on a real cluster."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.config = keys(folder / "keys")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.address = f"tls://127.0.0.1:{port}"
        self._start("scheduler", "--port", str(port), "--no-dashboard",
                    "--dashboard-address", "127.0.0.1:0")  # fmt: skip

    def worker(self, *options, **environment):
        self._start("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                    "--local-directory", str(self.folder), *options, **environment)  # fmt: skip

    def _start(self, kind, *options, **environment):
        log = (self.folder / f"{len(self.processes)}-{kind}.log").open("w")
        self.processes.append(
            subprocess.Popen(
                [DASK, kind, "--host", "127.0.0.1", *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=os.environ | {"DASK_CONFIG": str(self.config)} | environment,
            )
        )
        log.close()

    def connect(self, patience=PATIENCE, config=None):
        ours = {"scheduler-address": self.address}
        settings = yaml.safe_load((config or self.config).read_text())
        with dask.config.set(dask.config.merge(dask.config.config, settings, ours)):
            return sweep.connect(patience=patience)

    def close(self):
        for process in self.processes[::-1]:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()


@pytest.fixture(params=["closed", "silent"])
def nobody(request):
    """The address of a port that refuses, and of one that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        if request.param == "silent":
            yield address
    if request.param == "closed":
        yield address


def test_a_scheduler_that_does_not_answer_is_named(nobody):
    words = rf"no scheduler answers at {nobody}, which DASK_SCHEDULER_ADDRESS.*waited 2 s"
    with dask.config.set({"scheduler-address": nobody}):
        with pytest.raises(sweep.SweepError, match=words):
            sweep.connect(patience=2)


def test_an_address_that_is_none_is_named():
    with dask.config.set({"scheduler-address": "gopher://there"}):
        with pytest.raises(sweep.SweepError, match="no scheduler answers at gopher://there"):
            sweep.connect(patience=2)


def test_the_environment_names_the_cluster():
    done = subprocess.run(
        [sys.executable, "-c", "from helpers import sweep; sweep.connect(patience=2)"],
        env=os.environ | {"DASK_SCHEDULER_ADDRESS": "tcp://127.0.0.1:1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "SweepError: no scheduler answers at tcp://127.0.0.1:1, which" in done.stderr


def test_a_cluster_without_workers_says_so_and_one_with_a_worker_is_used(cluster, tmp_path, capsys):
    wait_until(lambda: "Scheduler at" in next(tmp_path.glob("*scheduler.log")).read_text())
    words = (
        rf"the scheduler at {cluster.address}, which .*has no workers \(waited 10 s\).*dask worker"
    )
    with pytest.raises(sweep.SweepError, match=words):
        cluster.connect(patience=10)

    # This worker has another version of a package.
    other = tmp_path / "other" / "keras-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: keras\nVersion: 0.0.1\n")
    cluster.worker("--name", "far-away", PYTHONPATH=str(other.parent))
    with pytest.warns(UserWarning, match="Mismatched versions found") as warned:
        client = cluster.connect()
    table = str(warned[0].message)
    assert "keras" in table and "0.0.1" in table
    assert "numpy" not in table  # of which all have the same
    assert f"1 worker behind {cluster.address}." in capsys.readouterr().out

    def task(i):
        import tensorflow as tf

        return {"twice": 2 * i, "threads": tf.config.threading.get_intra_op_parallelism_threads()}

    with client:
        table = sweep.run(client, task, sweep.grid(i=range(4)))
    assert table.twice.tolist() == [0, 2, 4, 6] and set(table.error) == {""}
    assert set(table.worker) == {"far-away"} and set(table.threads) == {1}
    # The end of a notebook is not the end of the cluster, and another finds it ready.
    assert [process.poll() for process in cluster.processes] == [None, None]
    with pytest.warns(UserWarning, match="Mismatched"), cluster.connect() as client:
        assert sweep.run(client, task, sweep.grid(i=[21])).twice.tolist() == [42]


def test_a_cluster_is_closed_to_those_without_its_key(cluster, tmp_path):
    (tmp_path / "none.yaml").write_text("distributed: {}")
    others = keys(tmp_path / "others")
    for config, words in {
        others: "shows a certificate that this notebook does not accept: self-signed",
        tmp_path / "none.yaml": "the keys do not fit tls://.*ca-file, client.cert and client.key",
    }.items():
        with pytest.raises(sweep.SweepError, match=words):
            cluster.connect(config=config)


@pytest.mark.parametrize("spoiled", ["cert.pem", "key.pem"])
@pytest.mark.parametrize("how", ["missing", "empty", "of another"])
def test_a_key_that_cannot_be_read_is_named(tmp_path, spoiled, how):
    config = keys(tmp_path / "mine")
    keys(tmp_path / "other")
    path = config.parent / spoiled
    path.unlink()
    if how == "empty":
        path.touch()
    elif how == "of another":
        path.write_bytes((tmp_path / "other" / spoiled).read_bytes())
    tls = yaml.safe_load(config.read_text())["distributed"]["comm"]["tls"]
    settings = {f"distributed.comm.tls.{name}": tls[name] for name in ("ca-file", "client")}
    settings["scheduler-address"] = "tls://127.0.0.1:1"
    with (
        dask.config.set(settings),
        pytest.raises(sweep.SweepError, match="cannot be read: ") as told,
    ):
        sweep.connect(patience=2)
    assert str(path) in str(told.value)


def test_no_other_user_can_exchange_the_folders_that_workers_import_from(client):
    for folder in client.run(lambda dask_worker: dask_worker.local_directory).values():
        above = [path for path in Path(folder).parents if "sweep-" in path.name]
        assert above and stat.S_IMODE(above[0].stat().st_mode) == 0o700


def test_a_cluster_without_a_key_is_used_with_a_warning(tmp_path):
    def start(kind, *options):
        return subprocess.Popen(
            [
                DASK,
                kind,
                *options,
                "--host",
                "127.0.0.1",
                "--no-dashboard",
                "--dashboard-address",
                "127.0.0.1:0",
            ]
        )

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    processes = [
        start("scheduler", "--port", address.rpartition(":")[2]),
        start(
            "worker", address, "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path)
        ),
    ]
    try:
        with dask.config.set({"scheduler-address": f"tcp://{address}"}):
            with pytest.warns(UserWarning, match="asks for no key: whoever reaches it"):
                sweep.connect(patience=PATIENCE).close()
    finally:
        for process in processes:
            process.kill()
            process.wait()


# As in an environment that lacks the package.
BLOCK = """
import sys

class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {0!r}:
            raise ModuleNotFoundError("No module named '{0}'", name={0!r})

sys.meta_path.insert(0, Lacking())
"""


@pytest.mark.parametrize("package", ["helpers", "tensorflow"])
def test_a_worker_that_lacks_a_package_is_told_which(cluster, tmp_path, package):
    preload = tmp_path / "block.py"
    preload.write_text(BLOCK.format(package))
    cluster.worker("--preload", str(preload))
    for _ in range(2):  # it does not become right by asking again
        with pytest.raises(sweep.SweepError, match=f"a worker has no package '{package}'. Start"):
            cluster.connect()
