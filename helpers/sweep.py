"""Sweeps: one task for each setting, on the processes of this machine or on a cluster, by Dask."""

import asyncio
import concurrent.futures
import contextlib
import copy
import functools
import io
import itertools
import logging
import multiprocessing
import os
import random
import re
import sys
import tempfile
import time
import warnings
import weakref

import dask
import dask.sizeof
import distributed
import distributed.comm
import pandas as pd

from helpers import data, progress
from helpers.words import say

__all__ = ["SweepError", "connect", "grid", "pixels", "run"]

#: Packages of which the notebook and all workers should have the same version.
PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "autoencoder-book")


_LOCAL = {
    # Near its memory limit a worker would store results on disk, then pause until there is
    # room. But a training holds its memory itself: a paused worker would wait for ever.
    **{f"distributed.worker.memory.{action}": False for action in ("target", "spill", "pause")},
    # Each process serves HTTP to whoever asks, which no setting stops; so it has nothing to say.
    **{f"distributed.{role}.http.routes": [] for role in ("scheduler", "worker")},
}

# Dask gives a worker up that is not back 15 seconds after its end; to start TensorFlow takes a slow
# machine longer. With the last worker gone, a sweep would wait for ever.
_BACK_IN_TIME = {"distributed.deploy.lost-worker-timeout": "1 hour"}


class SweepError(RuntimeError):
    """A sweep that cannot start; the message says what came, what was wanted and what to do."""


def grid(**choices):
    """Return every combination of the choices.

    Parameters
    ----------
    **choices
        For each name the values to try, in a list, tuple or range.

    Returns
    -------
    list of dict
        The last name varies fastest.

    Raises
    ------
    SweepError
        If there is nothing to choose from, or the values come without a list.

    Examples
    --------
    >>> grid(code=[2, 32], seed=[0])
    [{'code': 2, 'seed': 0}, {'code': 32, 'seed': 0}]
    """
    if not choices:
        raise SweepError(say("the grid has no names; wanted: grid(code=[2, 8, 32], seed=range(3))"))
    for name, values in choices.items():
        if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
            raise SweepError(
                say(
                    "{name} is {values!r}; wanted: the values to try, as in [{values!r}]",
                    name=name,
                    values=values,
                )
            )
        if not len(values):
            raise SweepError(
                say("{name} has no values, so the grid is empty; wanted: at least one", name=name)
            )
    return [dict(zip(choices, each, strict=True)) for each in itertools.product(*choices.values())]


class _ForTraining(distributed.WorkerPlugin):
    """Make a worker fit for training.

    TensorFlow gets as many threads as the worker may run tasks: by default it takes all cores,
    and all memory of a GPU, and several workers would fight for them. And Dask, which weighs results by chance samples,
    gets a generator of its own: it would draw from Python's, whose seed Keras has set.
    """

    name = "for-training"

    def setup(self, worker):
        dask.sizeof.random = random.Random()
        with _without_notes():
            import tensorflow as tf

            for gpu in tf.config.list_physical_devices("GPU"):
                tf.config.experimental.set_memory_growth(gpu, True)  # there are other workers
            threads = worker.state.nthreads
            if threads != tf.config.threading.get_intra_op_parallelism_threads():
                tf.config.threading.set_intra_op_parallelism_threads(threads)
                tf.config.threading.set_inter_op_parallelism_threads(threads)
            tf.zeros(1)  # starts it


@contextlib.contextmanager
def _without_notes():
    """Keep TensorFlow's notes at its start, which no setting stops, out of the notebook."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def connect(workers=2, memory="2GB", patience=15):
    """Return a Dask client: of the cluster that you name, else of processes on this machine.

    The cluster is named by Dask's own setting ``scheduler-address``, which the environment
    variable ``DASK_SCHEDULER_ADDRESS`` fills (``tls://host:8786``). It prints which it is.

    Parameters
    ----------
    workers : int
        Processes to start on this machine, each with one thread.
    memory : str or int
        Bytes that each of these processes may use, such as ``"2GB"``: above that Dask ends
        it, starts another in its place and repeats its task.
    patience : float
        Seconds to wait for the answer of a cluster, and as many for its first worker.

    Returns
    -------
    distributed.Client
        Use it in a ``with`` block, or call its ``shutdown()``, which ends the processes.

    Raises
    ------
    SweepError
        If no scheduler answers at the address, the keys for it are missing or others, it
        has no worker, or a worker cannot import this package; if a script calls it outside
        ``if __name__ == "__main__":``.

    Warns
    -----
    UserWarning
        If versions of Dask, Python, Keras, TensorFlow or this book differ between notebook,
        scheduler and workers: Dask's own table of them. If the cluster asks for no key.

    Notes
    -----
    A Dask scheduler runs any program for whoever may connect. The processes on this machine
    talk by TLS, with a key that is made for them, stays in memory and ends with them: other
    users of the machine are refused. They have no dashboard. The book's page on clusters
    says how to secure a scheduler that several machines share.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)  # a worker that runs a script from its top; whoever started it says why
    address = dask.config.get("scheduler-address", None)
    if address is None:
        dask.config.set(_BACK_IN_TIME)  # for good: it is read when a worker ends
        # Workers import from their folders: below a shared one, its owner could exchange them.
        scratch = tempfile.TemporaryDirectory(prefix="sweep-", ignore_cleanup_errors=True)
        with _told_of_a_bare_script(), dask.config.set(_LOCAL):
            # The client makes the cluster itself, or its end would not be the cluster's.
            client = distributed.Client(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=memory,
                local_directory=scratch.name,
                config=copy.deepcopy(dask.config.config),  # also for those that replace a lost one
                security=True,  # TLS with a key for this once
                scheduler_kwargs={"dashboard": False},
                dashboard_address="127.0.0.1:0",  # of what serves HTTP without it
                silence_logs=logging.CRITICAL,  # what goes wrong in a task stands in its row
            )
        weakref.finalize(client.cluster, scratch.cleanup)
    else:
        client = _reach(address, patience)
    try:
        client.register_plugin(_ForTraining())
    except Exception as error:
        client.close()
        # From a worker that cannot even read the plugin only the words of its error come.
        lacks = re.search(r"No module named '([\w.]+)'|Can't get attribute '(\w+)'", str(error))
        if not lacks:
            raise
        what = (
            say("a worker has no package {package!r}.", package=lacks[1])
            if lacks[1]
            else say("a worker has another version of the book.")
        )
        advice = say(
            "Start the workers in the book's environment, or install it there: pip install -e . in "
            "the folder of the book."
        )
        raise SweepError(f"{what} {advice}") from error
    # Not `scheduler_info`: what it returns, the client overwrites every two seconds, without workers.
    n = len(client.nthreads())
    if address is None:
        print(
            say("{n} processes on this machine.", n=n)
            if n > 1
            else say("{n} process on this machine.", n=n)
        )
    else:
        print(
            say("{n} workers behind {address}.", n=n, address=address)
            if n > 1
            else say("{n} worker behind {address}.", n=n, address=address)
        )
        if not address.startswith("tls://"):
            warnings.warn(
                say(
                    "{address} asks for no key: whoever reaches it can run programs on its "
                    "workers. The book's page on clusters says how to secure it.",
                    address=address,
                ),
                stacklevel=2,
            )
    return client


@contextlib.contextmanager
def _told_of_a_bare_script():
    """Say what a script has to do if its workers did not start: each first runs it once more."""
    try:
        yield
    except RuntimeError as error:
        script = getattr(sys.modules["__main__"], "__file__", None)  # a notebook has none
        if not script or not os.path.isfile(script):
            raise
        with open(script, encoding="utf-8", errors="replace") as file:
            guarded = "__main__" in file.read()  # if so, keep the reason: it may be another
        raise SweepError(
            say(
                "no worker started. Each worker runs {script} once more from its top, and would "
                "start workers, too. Put what the script does below the line: if __name__ == "
                '"__main__":',
                script=script,
            )
        ) from (error if guarded else None)


def _reach(address, patience):
    """Return a client of a running scheduler that has at least one worker."""
    named = say(
        "{address}, which DASK_SCHEDULER_ADDRESS or Dask's configuration names", address=address
    )
    try:
        secrets = distributed.Security().get_connection_args("client")
    except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError and names no file
        tls = dask.config.get("distributed.comm.tls")
        files = [tls["ca-file"], tls["client"]["cert"], tls["client"]["key"]]
        raise SweepError(
            say(
                "the keys for {named}, cannot be read: {error}. Wanted are a certificate that "
                "signed the cluster's, and a certificate with its own key; Dask's setting "
                "distributed.comm.tls names {files}.",
                named=named,
                error=error,
                files=", ".join(map(str, files)),
            )
        ) from error
    greeting = asyncio.wait_for(_greet(address, patience, secrets), patience)
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as apart:  # a notebook has a loop of its own
            apart.submit(asyncio.run, greeting).result()
        client = distributed.Client(address, timeout=patience)
    except (TypeError, RuntimeError) as error:  # Dask's words for an address and keys that differ
        raise SweepError(
            say(
                "the keys do not fit {named}: {error}. A tls:// address wants ca-file, "
                "client.cert and client.key in Dask's setting distributed.comm.tls; the book's "
                "page on clusters says how. DASK_CONFIG is {config}.",
                named=named,
                error=error,
                config=_config_file(),
            )
        ) from error
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        if "certificate" in str(error):
            reason = error.__cause__  # Dask's own words say neither whose it is nor what is wrong
            why = getattr(reason, "verify_message", None) or reason or error
            raise SweepError(
                say(
                    "{named}, shows a certificate that this notebook does not accept: {why}. Both "
                    "want the ca-file that signed it, within its time; the book's page on "
                    "clusters says how to make one.",
                    named=named,
                    why=why,
                )
            ) from error
        raise SweepError(
            say(
                "no scheduler answers at {named} (waited {patience:g} s). Is it running, and "
                "reachable from here? (If it asks for a key, its address begins with tls://.) "
                "Start one with 'dask scheduler', or unset the variable to use this machine.",
                named=named,
                patience=patience,
            )
        ) from error
    try:
        client.wait_for_workers(1, timeout=patience)
    except OSError as error:
        client.close()
        raise SweepError(
            say(
                "the scheduler at {named}, has no workers (waited {patience:g} s). Start some: "
                "dask worker {address}",
                named=named,
                patience=patience,
                address=address,
            )
        ) from error
    client.get_versions(check=True, packages=PACKAGES)
    return client


def _config_file():
    """Say what DASK_CONFIG names: Dask passes over a file that is not there."""
    path = os.environ.get("DASK_CONFIG")
    if not path:
        return say("not set")
    return path if os.path.exists(path) else say("{path}, which is not there", path=path)


async def _greet(address, patience, secrets):
    """Say hello to a scheduler: a `Client` waits for ever for one that accepts and is silent."""
    comm = await distributed.comm.connect(address, timeout=patience, **secrets)
    await comm.close()


@functools.cache
def pixels(sha256):
    """Return training and validation digits as tensors; each process loads them once.

    A sweep is there to choose, so the test images are not among them.

    Parameters
    ----------
    sha256 : str
        ``sha256`` of the notebook's own `helpers.data.digits`: every worker has to work
        on the same data.

    Returns
    -------
    x_train, x_valid : tensor of float32, shape (n, 784)
        Tensors, because `fit` would copy an array each time.

    Raises
    ------
    helpers.data.DataError
        If this process has found other digits.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # the notebook has said it for itself
        digits = data.digits(validation=True)
    if digits.sha256 != sha256:
        raise data.DataError(
            say(
                "this worker has other digits than the notebook (source: {source}). Give it the "
                "same data folder: set BOOK_DATA before it starts.",
                source=digits.source,
            )
        )
    from keras import ops

    return tuple(ops.convert_to_tensor(data.flat(x)) for x in (digits.x_train, digits.x_valid))


def run(client, task, settings, *, draw=None, retries=2, at_most=1000, label="sweep"):
    """Run a task for each setting, and show the results while they arrive.

    Parameters
    ----------
    client : distributed.Client
        See `connect`.
    task : callable
        Called as ``task(**setting)`` in a worker; returns a dict of numbers or words. It
        has to import what it needs and to load its own data (`pixels`), because it is sent
        to the worker by itself.
    settings : list of dict
        One task each; see `grid`.
    draw : callable, optional
        Makes a `helpers.plots.Figure` of the rows so far that have no error; it is drawn
        anew as they arrive.
    retries : int
        How often to repeat a task that raises. (A task whose worker dies is repeated by
        Dask in any case, at most three times.)
    at_most : int
        How many tasks this call may be; more have to be asked for.
    label : str
        What the line of progress says.

    Returns
    -------
    pandas.DataFrame
        One row for each setting, in their order: the setting, what the task returned,
        ``seconds`` (float), ``worker`` (str) and ``error`` (str, empty if there is none). A
        task that fails leaves its reason in its row, and the others go on. After an
        interruption the rows that had not arrived say so.

    Raises
    ------
    SweepError
        If there are no settings, more than `at_most`, or one has the name of a result.
    """
    settings = list(settings)
    if not settings:
        raise SweepError(
            say("there are no settings; wanted: a list of dicts, such as grid(code=[32])")
        )
    if len(settings) > at_most:
        raise SweepError(
            say(
                "{n:,} tasks came; at most {at_most:,} are run unless you ask for more. If you "
                "mean it: run(..., at_most={n})",
                n=len(settings),
                at_most=at_most,
            )
        )
    if taken := {"seconds", "worker", "error"} & {name for each in settings for name in each}:
        raise SweepError(
            say(
                "a setting is called {name!r}, as a column of results is; rename it",
                name=min(taken),
            )
        )
    rows = [setting | {"error": "not finished"} for setting in settings]
    # pure=False: equal settings are tasks of their own, not one task asked for twice.
    futures = client.map(functools.partial(_timed, task), settings, pure=False, retries=retries)
    waiting = {future.key: (i, future) for i, future in enumerate(futures)}
    arrivals = distributed.as_completed(futures)
    # A result that is still wanted would be computed again if its worker died: keep no future
    # of one that has arrived.
    del futures
    picture = _Picture(draw)
    try:
        with progress.count(len(settings), label, say("tasks")) as line:
            for future in arrivals:
                try:
                    result = future.result()
                except Exception as error:
                    result = {"error": f"{type(error).__name__}: {error}"}
                i = waiting.pop(future.key)[0]
                del future
                rows[i] = settings[i] | result
                line.update()
                picture.show(rows)
    except KeyboardInterrupt:
        client.cancel([future for _, future in waiting.values()])
        print(say("Stopped: the table holds what had arrived."))
    picture.show(rows, last=True)
    return pd.DataFrame(rows)


def _timed(task, setting):
    """Run one task in a worker; return its results with the time it took and where it ran."""
    start = time.perf_counter()
    try:
        result = task(**setting)
    finally:
        # Or the models of all tasks would stay. It takes a while: not after an empty task.
        if "keras" in sys.modules and time.perf_counter() - start > 1:
            sys.modules["keras"].utils.clear_session()
    try:
        result = dict(result)
    except (TypeError, ValueError):
        if result is None:
            raise TypeError(
                say(
                    "the task returned nothing; wanted: a dict of numbers or words, such as "
                    "{'valid_bce': 0.09}"
                )
            ) from None
        raise TypeError(
            say(
                "the task returned a {kind}; wanted: a dict of numbers or words, such as "
                "{{'valid_bce': 0.09}}",
                kind=type(result).__name__,
            )
        ) from None
    return result | {
        "seconds": time.perf_counter() - start,
        "worker": str(distributed.get_worker().name),
        "error": "",
    }


class _Picture:
    """One place in the notebook that is drawn anew, at most once in two seconds."""

    def __init__(self, draw):
        self.draw, self.handle, self.drawn = draw, None, -2.0

    def show(self, rows, last=False):
        finished = [row for row in rows if not row["error"]]
        if self.draw and finished and (last or time.monotonic() - self.drawn > 2):
            self.handle = self.draw(pd.DataFrame(finished)).show(self.handle)
            self.drawn = time.monotonic()
