""" "Scaling out"'s statement on training one model on several machines."""

import json
import os
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.heavy

CODE = """
import json, os, sys
os.environ["TF_CONFIG"] = sys.argv[1]
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
import keras, numpy as np
print("replicas", strategy.num_replicas_in_sync, flush=True)
with strategy.scope():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8)])
    model.compile(optimizer="adam", loss="mse")
x = np.ones((64, 8), "float32")
model.fit(x, x, epochs=1, batch_size=16, verbose=0)
"""


def free_ports(count):
    """Return ports of this machine that nobody listens to."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in taken]
    for server in taken:
        server.close()
    return ports


def test_keras_3_does_not_train_on_several_machines(tmp_path):
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    logs = [tmp_path / f"{index}.log" for index in range(2)]
    workers = []
    try:
        for index, log in enumerate(logs):
            task = {"type": "worker", "index": index}
            config = json.dumps({"cluster": cluster, "task": task})
            with log.open("w") as file:
                workers.append(
                    subprocess.Popen(
                        [sys.executable, "-c", CODE, config],
                        stdout=file,
                        stderr=subprocess.STDOUT,
                        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
                    )
                )
        codes = [worker.wait() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    for code, log in zip(codes, logs, strict=True):
        said = log.read_text()
        _, met, then = said.partition("replicas 2\n")
        assert met, f"the two processes did not meet:\n{said}"
        assert code != 0, (
            "Keras 3 now trains under MultiWorkerMirroredStrategy: rewrite what "
            "book/studies/scaling-out.md says of several machines, and this test"
        )
        assert "PerReplica" in then, f"it fails in another way than the chapter says:\n{said}"
