"""Sets of small gray images: find them, verify them, fall back when offline; flatten, add noise."""

import math
import os
import tempfile
import textwrap
from collections.abc import Callable
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

__all__ = ["ImageSet", "Source", "add_noise", "flat", "load"]


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images of ten kinds, split into training, validation and test images.

    Attributes
    ----------
    x_train, x_valid, x_test : ndarray of float32, shape (n, 28, 28, 1)
        Images: 0 is the ground, 1 is full ink. `x_valid` is None unless it was asked for.
    y_train, y_valid, y_test : ndarray of int64, shape (n,)
        Labels, 0 to 9; `y_valid` as `x_valid`.
    source : {"BOOK_DATA", "keras", "embedded"}
        Where they came from; see `digits` and `fashion`.
    sha256 : str
        SHA-256 of the bytes of x_train, y_train, x_test and y_test, one after
        the other, as uint8 (pixels 0 to 255) and whole, also when the quick
        profile returns only a part. Equal digests mean the same data set.
    names : tuple of str
        What each label stands for.

    Examples
    --------
    >>> x, y = np.zeros((2, 28, 28, 1), np.float32), np.array([3, 8])
    >>> ImageSet(x, y, x, y, source="embedded", sha256="2f0c").real
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
    names: tuple[str, ...] = field(default=tuple("0123456789"), repr=False)

    @property
    def real(self) -> bool:
        """Whether this is the data set itself, not its embedded stand-in."""
        return self.source != "embedded"


@dataclass(frozen=True)
class Source:
    """Where a set of images is found, and how it is known.

    Attributes
    ----------
    heading : str
        The first word of what is printed, such as ``"Digits"``.
    name : str
        Such as ``"MNIST"``.
    file : str
        In ``BOOK_DATA`` and in Keras' cache, such as ``"mnist.npz"``.
    download : list of str
        Starts Keras' own loader, which leaves the file in ``$KERAS_HOME/datasets``. It runs in a
        process of its own because a download that hangs can then be killed: Keras sets no time
        limit. (``KERAS_BACKEND=numpy`` would not start it sooner: that backend needs JAX.) Its
        last argument is the folder of Keras' cache.
    arrays : dict of str to (tuple of int, str)
        Shape and SHA-256 of the bytes of each array. The arrays are checked, not the file: the
        same arrays zipped by another program make another file.
    stand_in : callable
        Returns such arrays, made on this machine.
    stand_in_is : str
        What these are.
    names : tuple of str
        What each label stands for.
    """

    heading: str
    name: str
    file: str
    download: list
    arrays: dict
    stand_in: Callable
    stand_in_is: str
    names: tuple[str, ...]


def load(source, validation):
    """Load a set of images from the best place at hand, and print which one it was.

    Parameters
    ----------
    source : Source
    validation : bool
        Whether to set the last twelfth of the training images apart.

    Returns
    -------
    ImageSet

    Raises
    ------
    DataError
        As `digits` says.
    """
    if os.environ.get("BOOK_DATA") == "embedded":
        return _embedded(source, validation, "BOOK_DATA=embedded")
    if path := book_data_file(source.file, say("Keras' copy")):
        what = say("{name} from the folder BOOK_DATA", name=source.name)
        return _image_set(source, validation, _read(source, path), "BOOK_DATA", what)

    keras_home = os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")
    cache = Path(keras_home, "datasets", source.file)
    if is_there(cache, say("let this user read it, or set KERAS_HOME to a folder of this user's.")):
        what = say("{name} from Keras' cache", name=source.name)
        return _image_set(source, validation, _read(source, cache), "keras", what)
    try:
        arrays, kept = _download(source, cache)
    except OSError as why:
        why = textwrap.shorten(str(why), 80, placeholder="...")
        return _embedded(
            source, validation, say("{name} was not downloaded: {why}", why=why, name=source.name)
        )
    what = say("{name} downloaded by Keras", name=source.name)
    if not kept:
        what = say(
            "{name} downloaded by Keras (not kept: {folder} cannot be written)",
            folder=cache.parent,
            name=source.name,
        )
    return _image_set(source, validation, arrays, "keras", what)


def _read(source, path):
    """Read the four arrays of a set and verify them, or raise DataError."""
    expected = {name: (np.uint8, *about) for name, about in source.arrays.items()}
    advice = say("delete it, or put a good copy of {file} in its place.", file=source.file)
    return load_arrays(path, expected, advice)


def _download(source, cache):
    """Let Keras download a set, verify it and move it to `cache` in one step.

    Return the arrays and whether the file was kept. A private folder takes the
    download, so nobody sees half a file, and it goes away whatever happens.
    """
    prefix = f"{cache.stem}-"
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        # Inside the cache: a file moves in one step on the same file system only.
        private = tempfile.TemporaryDirectory(
            prefix=prefix, dir=cache.parent, ignore_cleanup_errors=True
        )
        kept = True
    except OSError:
        private = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
        kept = False

    with private as keras_home:
        command = [*source.download, str(cache.parent)]
        try:
            run_download(command, env={**os.environ, "KERAS_HOME": keras_home})
        except ConnectionError as why:  # Keras puts the reason after a dash
            raise ConnectionError(str(why).rpartition(" -- ")[2]) from None
        path = Path(keras_home, "datasets", source.file)
        if not path.exists():
            raise FileNotFoundError(say("Keras left no file"))
        try:
            arrays = _read(source, path)
        except DataError:
            raise ConnectionError(
                say("what came is not {name}, or not all of it", name=source.name)
            ) from None
        if kept:
            try:
                os.replace(path, cache)
            except OSError:
                kept = False
    return arrays, kept


def _embedded(source, validation, why):
    """Return the stand-in of a set, and say why."""
    images = _image_set(source, validation, source.stand_in(), "embedded", source.stand_in_is)
    print(
        say(
            "This is a small stand-in for {name} ({why}): numbers will differ from the text.",
            name=source.name,
            why=why,
        )
    )
    return images


def _image_set(source, validation, arrays, place, what):
    """Turn the uint8 arrays of a set into an ImageSet and print what they are."""
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
        held = say("{held} (quick profile)", held=held)
    print(say("{heading}: {what}, {held}.", heading=source.heading, what=what, held=held))
    return ImageSet(
        x_train=x_train,
        y_train=y_train,
        x_valid=x_valid,
        y_valid=y_valid,
        x_test=x_test,
        y_test=y_test,
        source=place,
        sha256=sha256_of(*(arrays[name] for name in source.arrays)),
        names=source.names,
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
