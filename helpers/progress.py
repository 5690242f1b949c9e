"""Show long work on one line that tidies itself."""

import functools
import gc
import io
import os
import sys

from helpers.words import say


def bar(label=None):
    """Make a Keras callback that shows training on one line.

    The line counts epochs, shows the losses of the last one and the time left;
    at the end it keeps the epochs, the time and the last losses. It works in
    Jupyter, Colab and a terminal. A published notebook has no such line.

    Parameters
    ----------
    label : str, optional
        What is being trained, in a word or two; by default "training".

    Returns
    -------
    tqdm.keras.TqdmCallback
        Give it to ``model.fit(..., verbose=0, callbacks=[progress.bar()])``.
        One callback shows one call of ``fit``.
    """
    from tqdm.keras import TqdmCallback  # imports Keras

    _keep_imports()
    return TqdmCallback(verbose=0, **_line(label or say("training"), say("epochs")))


def count(total, label, unit):
    """Make a line that counts finished parts of a work.

    Parameters
    ----------
    total : int
        How many parts there are.
    label : str
        What is being done, in a word or two.
    unit : str
        What is counted, in the plural: ``"tasks"``.

    Returns
    -------
    tqdm.tqdm
        Call its ``update()`` after each part; use it in a ``with`` block.
    """
    line = _line(label, unit)
    return line.pop("tqdm_class")(total=total, **line)


def _line(label, unit):
    """Return the settings of a tqdm line that works in Jupyter, Colab and a terminal."""
    from tqdm import tqdm

    class Line(tqdm):
        def close(self):
            # Models refer to themselves: Python lets go of earlier ones only when it is asked.
            gc.collect()
            if self.n == self.total:  # done: no time is left to tell
                self.bar_format = say(
                    "{{desc}}: {{n_fmt}} {unit} in {{elapsed}}{{postfix}}", unit=unit
                )
            super().close()

    class NotebookLine(Line):
        """Update one display: a stream would keep every state it had."""

        shown = None

        def display(self, msg=None, pos=None):
            from IPython.display import display

            state = {"text/plain": str(self) if msg is None else msg}
            if self.shown is None:
                self.shown = display(state, raw=True, display_id=True)
            else:
                self.shown.update(state, raw=True)

    notebook = "ipykernel" in sys.modules
    published = bool(os.environ.get("BOOK_RESULTS"))
    return {
        "desc": label,
        "bar_format": say(
            "{{desc}}: {{n_fmt}}/{{total_fmt}} {unit} in {{elapsed}}, {{remaining}} "
            "left{{postfix}}",
            unit=unit,
        ),
        "tqdm_class": NotebookLine if notebook and not published else Line,
        "file": io.StringIO() if notebook or published else None,
    }


@functools.cache
def _keep_imports():
    """Take what the imports made out of Python's search for what can go: it stays anyway."""
    gc.freeze()
