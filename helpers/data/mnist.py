"""Digits: load them, verify them, fall back when offline, and add noise to them."""

import functools
import math
import os
import sys
import tempfile
import textwrap
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from helpers import profile
from helpers.data.files import (
    DataError,
    book_data_file,
    is_there,
    load_arrays,
    run_download,
    sha256_of,
)
from helpers.words import say

__all__ = ["Digits", "add_noise", "digits", "flat"]

# Keras' own loader fetches the file. It runs in a process of its own because a
# download that hangs can then be killed: Keras sets no time limit.
# KERAS_BACKEND=numpy would not start it sooner: that backend needs JAX.
_DOWNLOAD = [sys.executable, "-c", "import keras; keras.datasets.mnist.load_data()"]

# Shape and SHA-256 of the bytes of each array. The arrays are checked, not the
# file: the same arrays zipped by another program make another file.
_MNIST = {
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


@dataclass(frozen=True, eq=False)
class Digits:
    """Handwritten digits, split into training, validation and test images.

    Attributes
    ----------
    x_train, x_valid, x_test : ndarray of float32, shape (n, 28, 28, 1)
        Images: 0 is paper, 1 is ink. `x_valid` is None unless `digits` was asked for it.
    y_train, y_valid, y_test : ndarray of int64, shape (n,)
        Labels, 0 to 9; `y_valid` as `x_valid`.
    source : {"BOOK_DATA", "keras", "embedded"}
        Where they came from; see `digits`.
    sha256 : str
        SHA-256 of the bytes of x_train, y_train, x_test and y_test, one after
        the other, as uint8 (pixels 0 to 255) and whole, also when the quick
        profile returns only a part. Equal digests mean the same data set.

    Examples
    --------
    >>> x, y = np.zeros((2, 28, 28, 1), np.float32), np.array([3, 8])
    >>> Digits(x, y, x, y, source="embedded", sha256="2f0c").real
    False
    """

    x_train: np.ndarray = field(repr=False)
    y_train: np.ndarray = field(repr=False)
    x_test: np.ndarray = field(repr=False)
    y_test: np.ndarray = field(repr=False)
    source: str
    sha256: str
    x_valid: np.ndarray | None = field(default=None, repr=False)
    y_valid: np.ndarray | None = field(default=None, repr=False)

    @property
    def real(self) -> bool:
        """Whether this is MNIST itself, not the embedded stand-in."""
        return self.source != "embedded"


def digits(validation: bool = False) -> Digits:
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
    Digits
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
    made = functools.partial(_digits, validation)
    if os.environ.get("BOOK_DATA") == "embedded":
        return _embedded(made, "BOOK_DATA=embedded")
    if path := book_data_file("mnist.npz", say("Keras' copy")):
        return made(_load(path), "BOOK_DATA", say("MNIST from the folder BOOK_DATA"))

    keras_home = os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")
    cache = Path(keras_home, "datasets", "mnist.npz")
    if is_there(cache, say("let this user read it, or set KERAS_HOME to a folder of this user's.")):
        return made(_load(cache), "keras", say("MNIST from Keras' cache"))
    try:
        arrays, kept = _download(cache)
    except OSError as why:
        why = textwrap.shorten(str(why), 80, placeholder="...")
        return _embedded(made, say("MNIST was not downloaded: {why}", why=why))
    if kept:
        return made(arrays, "keras", say("MNIST downloaded by Keras"))
    what = say(
        "MNIST downloaded by Keras (not kept: {folder} cannot be written)", folder=cache.parent
    )
    return made(arrays, "keras", what)


def _load(path):
    """Read the four arrays of MNIST and verify them, or raise DataError."""
    expected = {name: (np.uint8, *about) for name, about in _MNIST.items()}
    advice = say("delete it, or put a good copy of mnist.npz in its place.")
    return load_arrays(path, expected, advice)


def _download(cache):
    """Let Keras download MNIST, verify it and move it to `cache` in one step.

    Return the arrays and whether the file was kept. A private folder takes the
    download, so nobody sees half a file, and it goes away whatever happens.
    """
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        # Inside the cache: a file moves in one step on the same file system only.
        private = tempfile.TemporaryDirectory(
            prefix="mnist-", dir=cache.parent, ignore_cleanup_errors=True
        )
        kept = True
    except OSError:
        private = tempfile.TemporaryDirectory(prefix="mnist-", ignore_cleanup_errors=True)
        kept = False

    with private as keras_home:
        try:
            run_download(_DOWNLOAD, env={**os.environ, "KERAS_HOME": keras_home})
        except ConnectionError as why:  # Keras puts the reason after a dash
            raise ConnectionError(str(why).rpartition(" -- ")[2]) from None
        path = Path(keras_home, "datasets", "mnist.npz")
        if not path.exists():
            raise FileNotFoundError(say("Keras left no file"))
        try:
            arrays = _load(path)
        except DataError:
            raise ConnectionError(say("what came is not MNIST, or not all of it")) from None
        if kept:
            try:
                os.replace(path, cache)
            except OSError:
                kept = False
    return arrays, kept


def _embedded(made, why):
    """Return scikit-learn's digits in MNIST's size, and say why."""
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
    arrays = {
        "x_train": x[:1500],
        "y_train": y[:1500],
        "x_test": x[1500:],
        "y_test": y[1500:],
    }
    data = made(arrays, "embedded", say("scikit-learn's 8x8 digits, enlarged"))
    print(
        say(
            "This is a small stand-in for MNIST ({why}): numbers will differ from the text.",
            why=why,
        )
    )
    return data


def _digits(validation, arrays, source, what):
    """Turn the uint8 arrays of a data set into Digits and print what they are."""
    quick = profile.name() == "quick"
    n = len(arrays["x_train"])
    split = n - n // 12 if validation else n

    def part(name, start, stop, most):
        rows = slice(start, min(stop, start + most) if quick else stop)
        x, y = arrays[f"x_{name}"][rows], arrays[f"y_{name}"][rows]
        return np.divide(x, 255, dtype=np.float32)[..., np.newaxis], y.astype(np.int64)

    x_train, y_train = part("train", 0, split, 2000)
    x_valid, y_valid = part("train", split, n, 500) if validation else (None, None)
    x_test, y_test = part("test", 0, len(arrays["x_test"]), 500)
    if validation:
        held = say(
            "{train:,} training, {valid:,} validation and {test:,} test images",
            train=len(x_train),
            valid=len(x_valid),
            test=len(x_test),
        )
    else:
        held = say(
            "{train:,} training and {test:,} test images", train=len(x_train), test=len(x_test)
        )
    if quick:
        print(say("Digits: {what}, {held} (quick profile).", what=what, held=held))
    else:
        print(say("Digits: {what}, {held}.", what=what, held=held))
    return Digits(
        x_train=x_train,
        y_train=y_train,
        x_valid=x_valid,
        y_valid=y_valid,
        x_test=x_test,
        y_test=y_test,
        source=source,
        sha256=sha256_of(*(arrays[name] for name in _MNIST)),
    )


def flat(x: np.ndarray) -> np.ndarray:
    """Return images as rows of 784 pixels.

    Parameters
    ----------
    x : ndarray, shape (n, 28, 28, 1) or (n, 28, 28)
        Images, any dtype.

    Returns
    -------
    ndarray, shape (n, 784)
        The same memory where possible, not a copy.

    Raises
    ------
    ValueError
        If `x` is not an array of one of these shapes.

    Examples
    --------
    >>> flat(np.zeros((5, 28, 28, 1))).shape
    (5, 784)
    """
    if not isinstance(x, np.ndarray) or x.shape[1:] not in ((28, 28, 1), (28, 28)):
        if not isinstance(x, np.ndarray):
            raise ValueError(
                say(
                    "x is a {kind}; an ndarray (n, 28, 28, 1) or (n, 28, 28) is wanted",
                    kind=type(x).__name__,
                )
            )
        raise ValueError(
            say(
                "x has shape {shape}; an ndarray (n, 28, 28, 1) or (n, 28, 28) is wanted",
                shape=x.shape,
            )
        )
    return x.reshape(len(x), 784)


def add_noise(x: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    """Add Gaussian noise to images and clip the result to [0, 1].

    Parameters
    ----------
    x : ndarray of float, any shape
        Pixels in [0, 1]. It is left as it is.
    sigma : float
        Standard deviation of the noise in the unit of `x`, at least 0.
    seed : int
        At least 0. The same seed gives the same noise.

    Returns
    -------
    ndarray of float32, the shape of `x`
        ``x + N(0, sigma^2)``, clipped to [0, 1].

    Raises
    ------
    ValueError
        If `x` is not a float array, is empty, or holds NaN or values outside
        [0, 1]; if `sigma` is not a finite number >= 0; if `seed` is not an int >= 0.

    Notes
    -----
    Clipping removes noise: of gray 0 half the noise is left, and of `sigma` = 1
    about two pixels in three end as plain 0 or 1, whatever they were.

    Examples
    --------
    >>> add_noise(np.full((2, 2), 0.5), sigma=0, seed=0)
    array([[0.5, 0.5],
           [0.5, 0.5]], dtype=float32)
    """
    if not isinstance(x, np.ndarray):
        raise ValueError(say("x is a {kind}; a float ndarray is wanted", kind=type(x).__name__))
    if not np.issubdtype(x.dtype, np.floating):
        raise ValueError(
            say(
                "x has dtype {dtype}; floats in [0, 1] are wanted: divide 0..255 pixels by 255",
                dtype=x.dtype,
            )
        )
    if x.size == 0:
        raise ValueError(
            say("x is empty, shape {shape}; at least one pixel is wanted", shape=x.shape)
        )
    low, high = float(x.min()), float(x.max())  # both NaN if one pixel is
    if math.isnan(low):
        raise ValueError(say("x holds NaN; values in [0, 1] are wanted"))
    if low < 0 or high > 1:
        raise ValueError(
            say(
                "x runs from {low:g} to {high:g}; [0, 1] is wanted: divide 0..255 pixels by 255",
                low=low,
                high=high,
            )
        )
    if not isinstance(sigma, Real) or isinstance(sigma, bool) or not 0 <= sigma < math.inf:
        raise ValueError(say("sigma is {sigma!r}; a finite number >= 0 is wanted", sigma=sigma))
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        raise ValueError(say("seed is {seed!r}; an int >= 0 is wanted", seed=seed))
    # float32 and in place: 60,000 images of float64 noise would take 0.4 GB more.
    noisy = np.random.default_rng(seed).standard_normal(x.shape, dtype=np.float32)
    noisy *= sigma
    noisy += x
    return np.clip(noisy, 0, 1, out=noisy)
