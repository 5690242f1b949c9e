"""Show long training on one line that tidies itself."""

import io
import sys


def bar(label="training"):
    """Make a Keras callback that shows training on one line.

    The line counts epochs, shows the losses of the last one and the time left;
    at the end it keeps the epochs, the time and the last losses. It works in
    Jupyter, Colab and a terminal, and leaves one line in a stored notebook.

    Parameters
    ----------
    label : str
        What is being trained, in a word or two.

    Returns
    -------
    tqdm.keras.TqdmCallback
        Give it to ``model.fit(..., verbose=0, callbacks=[progress.bar()])``.
        One callback shows one call of ``fit``.
    """
    from tqdm import tqdm
    from tqdm.keras import TqdmCallback  # imports Keras

    class Line(tqdm):
        def close(self):
            if self.n == self.total:  # done: no time is left to tell
                self.bar_format = "{desc}: {n_fmt} epochs in {elapsed}{postfix}"
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
    return TqdmCallback(
        verbose=0,
        desc=label,
        bar_format="{desc}: {n_fmt}/{total_fmt} epochs in {elapsed}, {remaining} left{postfix}",
        tqdm_class=NotebookLine if notebook else Line,
        file=io.StringIO() if notebook else None,
    )
