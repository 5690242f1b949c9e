"""In the quick profile `fit` takes a few steps; otherwise Keras is as it comes."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import helpers, json, keras, numpy as np

def steps(layers, x, **how):
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    model.compile("adam", "mse", steps_per_execution=5)
    history = model.fit(x, x, verbose=0, **how).history
    return int(model.optimizer.iterations), sorted(history), model.run_eagerly

x, series = np.zeros((320, 4), "float32"), np.zeros((96, 3, 2), "float32")
dense, lstm = keras.layers.Dense(4), keras.layers.LSTM(2, return_sequences=True)

class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 40

    def __getitem__(self, i):
        return x[:8], x[:8]

batches = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
batches.compile("adam", "mse")
batches.fit(Batches(), epochs=3, verbose=0)
print(json.dumps({
    "many": steps([dense], x, epochs=10, batch_size=32, validation_data=(x, x), validation_freq=5),
    "one batch": steps([keras.layers.Dense(4)], x[:8], epochs=10),
    "recurrent": steps([lstm], series, epochs=4),
    "batches": int(batches.optimizer.iterations),
}))
"""


def run(profile):
    env = os.environ | {"BOOK_PROFILE": profile}
    done = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.heavy  # a TensorFlow of its own, as the next ones
def test_quick_takes_two_steps_and_says_nothing():
    found, stderr = run("quick")
    assert found == {
        "many": [2, ["loss", "val_loss"], True],
        "one batch": [1, ["loss"], True],
        "recurrent": [2, ["loss"], False],  # compiled: eager, such layers take longer
        "batches": 2,
    }
    assert "Warning" not in stderr


@pytest.mark.heavy
@pytest.mark.parametrize("profile", ["full", ""])
def test_full_is_keras_as_it_comes(profile):
    found, _ = run(profile)
    assert found == {
        "many": [100, ["loss", "val_loss"], False],
        "one batch": [10, ["loss"], False],
        "recurrent": [12, ["loss"], False],
        "batches": 120,
    }
