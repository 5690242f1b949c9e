"""What `helpers` changes in Keras' own training loop."""

import subprocess
import sys

CODE = """
import helpers
import keras, numpy as np, tensorflow as tf

seen, before = [], tf.data.Dataset.__iter__
def watched(dataset):
    seen.append(dataset.options().autotune.enabled)
    return before(dataset)
tf.data.Dataset.__iter__ = watched

x = np.arange(20, dtype="float32")[:, None]
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, x, validation_data=(x, x), epochs=2, verbose=0)
order = model.predict(x, batch_size=3, verbose=0)
assert np.allclose(order, x @ model.get_weights()[0] + model.get_weights()[1])
print(seen)
"""


def test_no_pipeline_of_arrays_waits_for_the_autotuner():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    seen = done.stdout.strip()
    assert len(seen.split(",")) >= 4 and set(seen.strip("[]").split(", ")) == {"False"}
