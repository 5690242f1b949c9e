"""Clothes: Fashion-MNIST."""

import sys

import numpy as np

from helpers.data.image_sets import ImageSet, Source, load
from helpers.words import say

__all__ = ["fashion"]

# Keras keeps four files in a format of their own; what it has already is used, and the arrays are
# put into one archive, which is checked and kept.
_DOWNLOAD = [
    sys.executable,
    "-c",
    """
import os, shutil, sys
ours = os.path.join(os.environ["KERAS_HOME"], "datasets")
theirs = os.path.join(sys.argv[-1], "fashion-mnist")
if os.path.isdir(theirs):
    shutil.copytree(theirs, os.path.join(ours, "fashion-mnist"))
import keras, numpy
(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
os.makedirs(ours, exist_ok=True)
numpy.savez_compressed(
    os.path.join(ours, "fashion_mnist.npz"),
    x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test,
)
""",
]

_ARRAYS = {
    "x_train": (
        (60000, 28, 28),
        "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    ),
    "y_train": (
        (60000,),
        "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    ),
    "x_test": (
        (10000, 28, 28),
        "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    ),
    "y_test": (
        (10000,),
        "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    ),
}


def fashion(validation: bool = False) -> ImageSet:
    """Load the clothes from the best source at hand and print which one it was.

    The sources, in this order:

    1. ``BOOK_DATA``: the file ``fashion_mnist.npz`` in the folder that the environment
       variable ``BOOK_DATA`` names.
    2. ``keras``: the file of that name in Keras' cache (``$KERAS_HOME/datasets``, else
       ``~/.keras/datasets``), made by Keras' own loader, ``keras.datasets.fashion_mnist``,
       if it is not there. What that loader has fetched before is used.
    3. ``embedded``: 1,797 silhouettes, drawn here from trapezoids of chance widths. It is the
       fallback when there is no internet; ``BOOK_DATA=embedded`` asks for it outright.

    Parameters
    ----------
    validation : bool
        As for `digits`.

    Returns
    -------
    ImageSet
        As many images as `digits` returns.

    Raises
    ------
    DataError
        As for `digits`.

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms (2017), https://arxiv.org/abs/1708.07747; MIT licence,
    (c) 2017 Zalando SE; in Keras' layout and order.

    Examples
    --------
    >>> import os
    >>> os.environ["BOOK_DATA"] = "embedded"  # so that the example needs no internet
    >>> data = fashion()
    Clothes: silhouettes drawn here, 1,500 training and 297 test images.
    This is a small stand-in for Fashion-MNIST (BOOK_DATA=embedded): numbers will differ from \
the text.
    >>> data.names[data.y_train[0]], data.real
    ('T-shirt', False)
    """
    source = Source(
        heading=say("Clothes"),
        name="Fashion-MNIST",
        file="fashion_mnist.npz",
        download=_DOWNLOAD,
        arrays=_ARRAYS,
        stand_in=_silhouettes,
        stand_in_is=say("silhouettes drawn here"),
        names=(
            *(say("T-shirt"), say("trousers"), say("pullover"), say("dress"), say("coat")),
            *(say("sandal"), say("shirt"), say("sneaker"), say("bag"), say("ankle boot")),
        ),
    )
    return load(source, validation)


# Each garment is a union of trapezoids: first and last row, left and right edge in both.
_TRAPEZOIDS = [
    [(5, 26, 9, 19, 9, 19), (5, 12, 5, 9, 2, 6), (5, 12, 19, 23, 22, 26)],
    [(2, 7, 9, 19, 9, 19), (7, 27, 9, 13, 8, 12), (7, 27, 15, 19, 16, 20)],
    [(4, 25, 9, 19, 9, 19), (4, 24, 6, 9, 3, 6), (4, 24, 19, 22, 22, 25)],
    [(2, 10, 11, 17, 11, 17), (10, 27, 11, 17, 7, 21)],
    [(3, 27, 9, 13, 8, 13), (3, 27, 15, 19, 15, 20), (4, 25, 6, 9, 4, 7), (4, 25, 19, 22, 21, 24)],
    [(21, 24, 2, 26, 2, 26), (13, 21, 6, 8, 10, 13), (15, 21, 20, 22, 16, 19)],
    [(4, 26, 9, 19, 9, 19), (4, 17, 5, 9, 4, 7), (4, 17, 19, 23, 21, 24)],
    [(12, 18, 14, 20, 6, 25), (18, 22, 2, 26, 2, 26)],
    [(11, 25, 4, 24, 3, 25), (4, 6, 9, 19, 9, 19), (5, 11, 8, 10, 6, 8), (5, 11, 18, 20, 20, 22)],
    [(4, 17, 13, 22, 12, 23), (17, 23, 3, 23, 2, 24), (23, 25, 2, 25, 2, 25)],
]


def _silhouettes():
    """Return clothes drawn in whole numbers, which are the same on every machine."""
    rng = np.random.default_rng(0)
    count = 1797
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    rows, columns = np.mgrid[:28, :28]
    x = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(x, labels, strict=True):
        stretch, shift = rng.integers(85, 111), rng.integers(-1, 2)
        ink, stripes = rng.integers(110, 256), rng.integers(0, 60)
        shade = np.maximum(ink - stripes * (rows // 2 % 2), 0)
        for top, end, *edges in _TRAPEZOIDS[label]:
            moved = [14 + (edge - 14) * stretch // 100 + shift for edge in edges]
            down = np.clip(rows - top, 0, end - top)
            left = moved[0] + (moved[2] - moved[0]) * down // (end - top)
            right = moved[1] + (moved[3] - moved[1]) * down // (end - top)
            inside = (rows >= top) & (rows < end) & (columns >= left) & (columns < right)
            image[inside] = shade[inside]
    return {
        "x_train": x[:1500],
        "y_train": labels[:1500],
        "x_test": x[1500:],
        "y_test": labels[1500:],
    }
