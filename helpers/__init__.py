"""What would distract from the lesson: data, figures and bookkeeping.

The setup cell of every chapter imports this package before Keras. Importing it
is cheap: TensorFlow comes with the chapter's own ``import keras``.
"""

import logging
import os
import time

import wrapt

STARTED = time.perf_counter()  # what a ledger counts its seconds from

# Before TensorFlow is imported: its start-up notes and its advice on retracing, which comes
# whenever a notebook makes several models, are no news to a reader.
# (A filter, because TensorFlow sets the level anew.)
logging.getLogger("tensorflow").addFilter(lambda record: record.levelno >= logging.ERROR)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


@wrapt.when_imported("keras.src.trainers.data_adapters.array_data_adapter")
def _without_autotuning(module):
    """Let `fit`, `evaluate` and `predict` on arrays go from epoch to epoch without a wait.

    For each epoch, Keras opens a tf.data pipeline with a thread that tunes it. On one or two
    busy cores, closing the pipeline waits for that thread, idle, up to a second (TensorFlow
    2.21): a quarter of the time of short runs. Arrays in memory need no tuning, and the order
    of the batches is the same without.
    """

    @wrapt.patch_function_wrapper(module.ArrayDataAdapter, "get_tf_dataset")
    def get_tf_dataset(wrapped, adapter, args, kwargs):
        import tensorflow as tf

        options = tf.data.Options()
        options.autotune.enabled = False
        return wrapped(*args, **kwargs).with_options(options)
