"""The quick profile: `fit` takes a few steps, so that a whole chapter runs in seconds.

Imported when ``BOOK_PROFILE=quick`` and at no other time; importing it changes Keras. Chapters hold
the numbers of the full profile and know nothing of this. It shows that a chapter's code runs, on
few data (`helpers.data`); what it measures means nothing.
"""

import functools
import inspect

import keras
from keras.src.backend.tensorflow.trainer import TensorFlowTrainer

STEPS = 2  # of an epoch, and epochs are one
_original = TensorFlowTrainer.fit
_signature = inspect.signature(_original)


@functools.wraps(_original)
def fit(model, *args, **kwargs):
    """Train as `keras.Model.fit` does, for `STEPS` steps at most."""
    call = _signature.bind(model, *args, **kwargs)
    call.apply_defaults()
    given = call.arguments
    given["epochs"] = min(given["epochs"], given["initial_epoch"] + 1)
    given["validation_freq"] = 1
    given["steps_per_epoch"] = _fewer(given["steps_per_epoch"], given["x"], given["batch_size"])
    if given["validation_data"] is not None:
        x, *_ = _as_tuple(given["validation_data"])
        batch = given["validation_batch_size"] or given["batch_size"]
        given["validation_steps"] = _fewer(given["validation_steps"], x, batch)
    model.steps_per_execution = 1
    # Two steps take longer to compile than to do; recurrent layers take long to do.
    if not any(isinstance(layer, keras.layers.RNN) for layer in model._flatten_layers()):
        model.run_eagerly = True
    return _original(*call.args, **call.kwargs)


def _fewer(steps, x, batch):
    """Return how many steps to take: `STEPS`, or as many as there are."""
    if steps is None:
        first = keras.tree.flatten(x)[0]
        if hasattr(first, "shape"):
            steps = -(-len(first) // (batch or 32))
        elif hasattr(first, "cardinality"):  # of tf.data; negative if unknown or without end
            steps = int(first.cardinality())
        else:
            steps = len(first) if hasattr(first, "__len__") else -1
    return min(STEPS, steps) if steps > 0 else STEPS


def _as_tuple(data):
    return data if isinstance(data, tuple | list) else (data,)


TensorFlowTrainer.fit = fit
