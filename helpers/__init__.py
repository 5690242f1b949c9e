"""What would distract from the lesson: data, figures and bookkeeping.

The setup cell of every chapter imports this package before Keras. Importing it
is cheap: TensorFlow comes with the chapter's own ``import keras`` (in the quick profile with
`helpers.quick`).
"""

import logging
import os
import time

STARTED = time.perf_counter()  # what a ledger counts its seconds from

# Before TensorFlow is imported: its start-up notes and its advice on retracing, which comes
# whenever a notebook makes several models, are no news to a reader.
# (A filter, because TensorFlow sets the level anew.)
logging.getLogger("tensorflow").addFilter(lambda record: record.levelno >= logging.ERROR)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

if os.environ.get("BOOK_PROFILE") == "quick":
    from helpers import quick  # noqa: F401 - it changes what `fit` does
