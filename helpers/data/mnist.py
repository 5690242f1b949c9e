"""Handwritten digits: MNIST."""

import sys

import numpy as np

from helpers.data.image_sets import ImageSet, Source, load
from helpers.words import say

__all__ = ["digits"]

_DOWNLOAD = [sys.executable, "-c", "import keras; keras.datasets.mnist.load_data()"]

_ARRAYS = {
    "x_train": (
        (60000, 28, 28),
        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    ),
    "y_train": (
        (60000,),
        "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    ),
    "x_test": (
        (10000, 28, 28),
        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    ),
    "y_test": (
        (10000,),
        "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    ),
}


def digits(validation: bool = False) -> ImageSet:
    """Load the digits from the best source at hand and print which one it was.

    The sources, in this order:

    1. ``BOOK_DATA``: the file ``mnist.npz`` in the folder that the environment
       variable ``BOOK_DATA`` names.
    2. ``keras``: the cache of ``keras.datasets.mnist`` (``$KERAS_HOME/datasets``,
       else ``~/.keras/datasets``), filled by Keras' own loader if it is empty.
       The download may take `DOWNLOAD_SECONDS`.
    3. ``embedded``: 1,797 digits that come with scikit-learn, 8x8 pixels enlarged
       to a 20x20 box in the middle of 28x28. It is the fallback when there is no
       internet; ``BOOK_DATA=embedded`` asks for it outright.

    Parameters
    ----------
    validation : bool
        Whether to set the last twelfth of the training images apart, for all that is
        chosen by a result: a rate, a size, a threshold. They are no training images then.

    Returns
    -------
    ImageSet
        60,000 training and 10,000 test images (embedded: 1,500 and 297), or, with
        `validation`, 55,000 training, 5,000 validation and 10,000 test images (embedded:
        1,375, 125 and 297). In the quick profile at most the first 2,000, 500 and 500.

    Raises
    ------
    DataError
        If ``BOOK_DATA`` names no folder, or the ``mnist.npz`` found there or in
        Keras' cache cannot be read, or is cut, damaged, pickled or not MNIST. Such a
        file is never used, and nothing else is used in its place.

    Notes
    -----
    The arrays of MNIST are verified by the SHA-256 of their bytes. A download
    enters the cache whole or not at all, so several notebooks may start at once. If
    the cache cannot be written, the download is used and not kept.

    The embedded digits are split in their natural order, which needs no seed. They
    come writer by writer, so nearly every test image (all but the first 45) is by a
    writer whom the training images do not show, as in MNIST.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits
    (1998), http://yann.lecun.com/exdb/mnist/; in Keras' layout and order.

    E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository (1998), its test set, as in `sklearn.datasets.load_digits`.

    Examples
    --------
    >>> import os
    >>> os.environ["BOOK_DATA"] = "embedded"  # so that the example needs no internet
    >>> data = digits()
    Digits: scikit-learn's 8x8 digits, enlarged, 1,500 training and 297 test images.
    This is a small stand-in for MNIST (BOOK_DATA=embedded): numbers will differ from the text.
    >>> data.x_train.shape, data.real
    ((1500, 28, 28, 1), False)
    """
    return load(_source(), validation)


def _source():
    return Source(
        heading=say("Digits"),
        name="MNIST",
        file="mnist.npz",
        download=_DOWNLOAD,
        arrays=_ARRAYS,
        stand_in=_enlarged,
        stand_in_is=say("scikit-learn's 8x8 digits, enlarged"),
        names=tuple("0123456789"),
    )


def _enlarged():
    """Return scikit-learn's digits in MNIST's size."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)  # pixels 0 to 16
    # Linear interpolation from 8 to 20 pixels, as a matrix. Its weights are whole
    # tenths; kept whole, they give the same bytes on every machine.
    centres = (np.arange(20) + 0.5) * 8 / 20 - 0.5
    tenths = np.array([np.interp(centres, np.arange(8), unit) for unit in np.eye(8)])
    tenths = np.rint(10 * tenths).astype(int)  # (8, 20)
    box = tenths.T @ images.reshape(-1, 8, 8).astype(int) @ tenths  # 0 to 1,600
    x = np.zeros((len(box), 28, 28), np.uint8)
    x[:, 4:24, 4:24] = (255 * box + 800) // 1600
    y = labels.astype(np.uint8)
    return {
        "x_train": x[:1500],
        "y_train": y[:1500],
        "x_test": x[1500:],
        "y_test": y[1500:],
    }
