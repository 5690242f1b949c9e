"""Colour photographs: load those that scikit-image and scikit-learn bring along, cut patches."""

import hashlib
import importlib.util
from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path

import numpy as np

from helpers import profile
from helpers.data import images
from helpers.data.files import DataError
from helpers.words import say

__all__ = ["NAMES", "Photographs", "load", "patches", "random_patches", "read"]

_SKIMAGE, _SKLEARN = ("skimage", "data"), ("sklearn", "datasets/images")
# Package, folder, file and the SHA-256 of the file: JPEG decoders differ in the last bit.
_FILES = {
    "astronaut": (
        *(*_SKIMAGE, "astronaut.png"),
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
    "china": (
        *(*_SKLEARN, "china.jpg"),
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    ),
    "hubble": (
        *(*_SKIMAGE, "hubble_deep_field.jpg"),
        "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
    ),
    "retina": (
        *(*_SKIMAGE, "retina.jpg"),
        "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
    ),
    "tissue": (
        *(*_SKIMAGE, "ihc.png"),
        "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
    ),
    "coffee": (
        *(*_SKIMAGE, "coffee.png"),
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    ),
    "rocket": (
        *(*_SKIMAGE, "rocket.jpg"),
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    ),
    "cat": (
        *(*_SKIMAGE, "chelsea.png"),
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    ),
    "flower": (
        *(*_SKLEARN, "flower.jpg"),
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    ),
    "motorcycle": (
        *(*_SKIMAGE, "motorcycle_left.png"),
        "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
    ),
}
#: The photographs, in order: five to train on, two to choose on, three to test on.
NAMES = tuple(_FILES)
_TRAIN, _CHOOSE = 5, 7  # where the second and the third group begin


@dataclass(frozen=True, eq=False)
class Photographs:
    """Ten photographs, split so that no photograph is in two parts.

    Attributes
    ----------
    train, valid, test : dict of str to ndarray of float32, shape (height, width, 3)
        Photographs by name; red, green and blue from 0 to 1.
    source : {"packages"}
        They come with scikit-image and scikit-learn; see `load`.
    sha256 : str
        SHA-256 of the files' own, one after the other.
    """

    train: dict = field(repr=False)
    valid: dict = field(repr=False)
    test: dict = field(repr=False)
    source: str
    sha256: str

    @property
    def real(self) -> bool:
        """Whether these are photographs: always, for nothing stands in for them."""
        return True


def load() -> Photographs:
    """Load the photographs that scikit-image and scikit-learn bring along, and say so.

    Nothing is downloaded: the files are part of the installed packages.

    Returns
    -------
    Photographs
        Five to train on, two to choose on, three to test on.

    Raises
    ------
    DataError
        If a package lacks a file, or the file is cut, damaged or another one. Nothing is used in
        its place.

    Notes
    -----
    Photographs of scikit-image: Eileen Collins (NASA), the Hubble Ultra Deep Field (NASA), a
    retina (Häggström 2014), immunohistochemical staining of colonic tissue (CMM), coffee (Rachel
    Michetti), a rocket (SpaceX), the cat Chelsea (Stéfan van der Walt), a motorcycle (Scharstein
    et al. 2014). All are in the public domain or CC0. Of scikit-learn: China (danielbuechele) and
    a flower (vultilion), both CC BY 2.0.

    References
    ----------
    S. van der Walt et al.: scikit-image: image processing in Python (2014),
    https://doi.org/10.7717/peerj.453.
    """
    loaded, digest = {}, hashlib.sha256()
    for name, (package, folder, file, sha256) in _FILES.items():
        loaded[name] = _verified(package, folder, file, sha256)
        digest.update(sha256.encode())
    parts = [
        {name: loaded[name] for name in names}
        for names in (NAMES[:_TRAIN], NAMES[_TRAIN:_CHOOSE], NAMES[_CHOOSE:])
    ]
    print(
        say(
            "Photographs: {train} to train on, {valid} to choose on, {test} to test on, from "
            "scikit-image and scikit-learn.",
            train=len(parts[0]),
            valid=len(parts[1]),
            test=len(parts[2]),
        )
    )
    return Photographs(*parts, "packages", digest.hexdigest())


def _verified(package, folder, file, sha256):
    """Read a photograph of a package, or raise DataError."""
    project = {"skimage": "scikit-image", "sklearn": "scikit-learn"}[package]
    found = importlib.util.find_spec(package)
    if found is None or not found.origin:
        raise DataError(
            say(
                "{file}: it is part of {package}, which is not installed.",
                file=file,
                package=project,
            )
        )
    path = Path(found.origin).parent / folder / file
    advice = say("install {package} again, without its cache.", package=project)
    try:
        contents = path.read_bytes()
    except OSError as why:
        raise DataError(
            say(
                "{path}: it cannot be read ({why}). Nothing is used in its place: {advice}",
                path=path,
                why=why.strerror,
                advice=advice,
            )
        ) from None
    if (actual := hashlib.sha256(contents).hexdigest()) != sha256:
        raise DataError(
            say(
                "{path}: expected {expected}, got {actual}. The file was not used: {advice}",
                path=path,
                expected=say("SHA-256 {sha256}", sha256=sha256),
                actual=actual,
                advice=advice,
            )
        )
    return read(contents)


def read(photo):
    """Return a photograph as red, green and blue.

    Parameters
    ----------
    photo : str, path, bytes, binary file object, PIL.Image.Image or array_like
        Whatever `helpers.data.images.read` takes: an image file that Pillow reads, or an array
        (height, width) or (height, width, channels) of uint8, uint16 or float from 0 to 1.

    Returns
    -------
    ndarray of float32, shape (height, width, 3)
        From 0 to 1. A photograph that a camera stored on its side stands upright; a gray one has
        three equal channels; what is transparent is white.

    Raises
    ------
    DataError
        If the file is missing, empty, no image, cut short or too large.
    ValueError
        If the array is no image.
    """
    x = images.read(photo)
    x = np.asarray(x, np.float32) / np.float32(np.iinfo(x.dtype).max if x.dtype.kind == "u" else 1)
    if x.ndim == 2:
        x = x[..., np.newaxis]
    if x.shape[2] in (2, 4):
        x = 1 - x[..., -1:] + x[..., -1:] * x[..., :-1]
    return np.repeat(x, 3, axis=2) if x.shape[2] == 1 else x


def patches(photo, size=32, stride=None):
    """Cut a photograph into square patches on a grid, from the upper left.

    Parameters
    ----------
    photo : array_like, shape (height, width, 3) or (height, width)
        A photograph, at least `size` pixels high and wide.
    size : int
        Height and width of a patch in pixels, at least 1.
    stride : int, optional
        Pixels from one patch to the next, at least 1; left out, `size`: no pixel is in two
        patches. What is left at the right and at the bottom is not used.

    Returns
    -------
    ndarray, shape (n, size, size, 3) or (n, size, size)
        Of the photograph's type, row by row.

    Raises
    ------
    ValueError
        If the photograph has another shape or is smaller than a patch, or if `size` or `stride`
        is no int from 1 on.

    Examples
    --------
    >>> patches(np.zeros((100, 70, 3))).shape
    (6, 32, 32, 3)
    """
    stride = size if stride is None else stride
    photo = _photo(photo, size=size, stride=stride)
    windows = np.lib.stride_tricks.sliding_window_view(photo, (size, size), (0, 1))
    windows = windows[::stride, ::stride]
    colours = windows.shape[2:-2]
    cut = windows.reshape(-1, *colours, size, size)
    return np.ascontiguousarray(np.moveaxis(cut, 1, -1) if colours else cut)


def random_patches(photo, count, size=32, seed=42):
    """Cut square patches at random places of a photograph; they may overlap.

    Parameters
    ----------
    photo, size
        As for `patches`.
    count : int
        How many, at least 1. In the quick profile at most 400.
    seed : int
        Of the places.

    Returns
    -------
    ndarray, shape (count, size, size, 3) or (count, size, size)

    Raises
    ------
    ValueError
        As `patches` does.

    Examples
    --------
    >>> random_patches(np.zeros((100, 70, 3)), 50).shape
    (50, 32, 32, 3)
    """
    photo = _photo(photo, size=size, count=count)
    if profile.name() == "quick":
        count = min(count, 400)
    rng = np.random.default_rng(seed)
    places = zip(*(rng.integers(n - size + 1, size=count) for n in photo.shape[:2]), strict=True)
    return np.stack([photo[y : y + size, x : x + size] for y, x in places])


def _photo(photo, **counts):
    """Return a photograph as an array from which patches can be cut, or raise ValueError."""
    for name, value in counts.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
            raise ValueError(
                say(
                    "{name} is {value!r}; an int >= {least} is wanted",
                    name=name,
                    value=value,
                    least=1,
                )
            )
    photo, size = np.asarray(photo), counts["size"]
    if photo.ndim not in (2, 3) or (photo.ndim == 3 and photo.shape[2] != 3):
        first = photo.ndim == 3 and photo.shape[0] == 3
        hint = " " + say("Are the channels first? np.moveaxis(x, 0, -1) puts them last.")
        raise ValueError(
            say(
                "the photograph has shape {shape}; (height, width, 3) is wanted.",
                shape=photo.shape,
            )
            + (hint if first else "")
        )
    if min(photo.shape[:2]) < size:
        raise ValueError(
            say(
                "the photograph has {height} x {width} pixels; at least {size} x {size} are "
                "wanted, the size of a patch",
                height=photo.shape[0],
                width=photo.shape[1],
                size=size,
            )
        )
    return photo
