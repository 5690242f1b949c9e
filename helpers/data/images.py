"""Images of pages, whatever file or array they come in, as grays from 0 (black) to 1 (white)."""

import io
import os
import re
import stat
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from helpers.data.files import DataError
from helpers.words import say

__all__ = ["LIMIT", "gray", "read"]

#: Largest page that `read` takes, in pixels: an A3 sheet at 600 dpi has 70 million.
LIMIT = 80_000_000


def read(page):
    """Return the pixels of an image, stored as they are.

    Parameters
    ----------
    page : str, path, bytes, binary file object, PIL.Image.Image or array_like
        An image file that Pillow reads (of several pictures in it, the first), opened or
        not, or an array (height, width) or (height, width, channels): gray, gray with alpha,
        RGB or RGBA, of bool, uint8, uint16, or float from 0 (black) to 1 (white). The largest
        integer of a type is white.

    Returns
    -------
    ndarray of bool, uint8, uint16 or float
        As `gray` takes it, or a part of it.

    Raises
    ------
    DataError
        If the file is missing, empty, no image, cut short, or larger than `LIMIT` pixels; if
        its samples have no known white (signed, 32 bits).
    ValueError
        If the array has another shape or type, no pixels or too many, masked ones, NaN, values
        outside [0, 1], or only integers below 1/16 (of uint16, 1/4) of white.
    """
    if isinstance(page, Image.Image):
        return _opened(lambda: page, say("the image"))
    if isinstance(page, str | os.PathLike):
        return _opened(lambda: Image.open(_regular(page)), page)
    if hasattr(page, "read"):
        page = _contents(page)
    if isinstance(page, bytes | bytearray) or (
        isinstance(page, memoryview) and (page.ndim, page.itemsize) == (1, 1)
    ):
        page = bytes(page)
        if not len(page):
            raise DataError(
                say("the image has 0 bytes. If it was a file object: is it read already?")
            )
        return _opened(lambda: Image.open(io.BytesIO(page)), say("the image"))
    if np.ma.is_masked(page):
        raise ValueError(
            say("the page has masked pixels; give them values first: page.filled(...)")
        )
    try:
        pixels = np.asarray(page)
    except Exception as why:
        raise ValueError(
            say(
                "the page is a {kind} of which NumPy makes no array ({why}); an image file or an "
                "array is wanted",
                kind=type(page).__name__,
                why=why,
            )
        ) from None
    return _checked(pixels)


def _contents(file):
    """Return the bytes that are left in a file object, or raise ValueError."""
    contents = bytearray()
    while len(contents) <= 8 * LIMIT:  # samples of 16 bits, not compressed: no page has more
        try:
            part = file.read(2**20)
        except Exception as why:  # closed, opened to write, a line that broke
            raise ValueError(
                say(
                    "the file object cannot be read ({kind}: {why}); one that is open in mode "
                    '"rb" is wanted',
                    kind=type(why).__name__,
                    why=why,
                )
            ) from None
        if isinstance(part, str):
            raise ValueError(say('the file was opened as text; open it with mode "rb"'))
        if not isinstance(part, bytes | bytearray):
            raise ValueError(
                say("the file object gives a {kind}; bytes are wanted", kind=type(part).__name__)
            )
        if not part:
            return bytes(contents)
        contents += part
    raise DataError(
        say("the file object has more than {limit:,} bytes: it holds no page.", limit=8 * LIMIT)
    )


def _regular(path):
    """Return the path of a file that can be opened without waiting, or raise DataError."""
    if re.match(r"[a-z][a-z0-9+.-]+:/", str(path), re.IGNORECASE):
        raise DataError(say("{path} is an address: download it, and give the file.", path=path))
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise DataError(say("{path}: expected an image file, found none.", path=path)) from None
    except OSError as why:
        raise DataError(
            say("{path}: it cannot be read ({reason}).", path=path, reason=why.strerror)
        ) from None
    if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for ever
        raise DataError(
            say("{path}: expected an image file, found a folder, pipe or device.", path=path)
        )
    if not found.st_size:
        raise DataError(say("{path}: expected an image file, got 0 bytes.", path=path))
    return path


def _opened(get, name):
    """Return the pixels of the image that `get` opens, or raise DataError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = get()
        if image.width * image.height <= LIMIT:
            return _checked(_pixels(image))
        raise DataError(
            say(
                "{name} has {width:,} x {height:,} pixels; at most {limit:,} are taken: scan it "
                "coarser.",
                name=name,
                width=image.width,
                height=image.height,
                limit=LIMIT,
            )
        )
    except Image.DecompressionBombError:
        raise DataError(
            say(
                "{name} has too many pixels; at most {limit:,} are taken: scan it coarser.",
                name=name,
                limit=LIMIT,
            )
        ) from None
    except DataError:
        raise
    except ValueError as why:
        raise DataError(f"{name}: {why}") from None
    except PermissionError as why:
        raise DataError(
            say("{name}: it cannot be read ({reason}).", name=name, reason=why.strerror)
        ) from None
    except Exception as why:  # Pillow's plugins each have errors of their own
        actual = f"{type(why).__name__}: {why}"
        if isinstance(why, UnidentifiedImageError):
            actual = say("bytes that are none")
        raise DataError(
            say(
                "{name}: expected an image file, got {actual}. It is damaged, cut short, or of a "
                "kind that Pillow does not read.",
                name=name,
                actual=actual,
            )
        ) from None


def _pixels(image):
    """Return an image's samples as an array in which the largest value of its type is white."""
    kind, tags = image.format, getattr(image, "tag_v2", {})  # these are of a TIFF file
    tile = (getattr(image, "tile", None) or [None])[0]  # how samples are stored; gone once loaded
    deep = max(tags.get(258, (1,))) > 8
    if 2 in tags.get(339, ()):
        raise ValueError(
            say("its samples are signed: which one is black is not known.") + " " + _store()
        )
    if deep and tags.get(284) == 2 and tile and tile.codec_name == "raw":
        raise ValueError(
            say("its colours are in separate planes, misread by Pillow.") + " " + _store()
        )
    if image.mode == "P" and max(tags.get(320, (256,))) < 256:
        raise ValueError(
            say("its palette has 8 bits a colour instead of TIFF's 16.") + " " + _store()
        )
    if tags.get(274, 1) > 4:  # turned by a quarter: Pillow would map the file into its new shape
        image.filename = ""
    image.load()
    key = image.info.get("transparency")  # the gray, colour or palette entry seen through
    if kind == "PNG" and key is not None and tile:
        if image.mode == "RGB" and "16" in tile.args:
            raise ValueError(say("of its 16-bit colours, one is transparent.") + " " + _store())
        if tile.args in ("L;2", "L;4"):  # Pillow stretches the grays to 8 bits, but not the key
            image = image.copy()
            image.info["transparency"] = key * {"L;2": 85, "L;4": 17}[tile.args]
    if image.getexif().get(0x0112, 1) != 1:  # phones store pages lying on their side
        image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        x = np.asarray(image)
        return 1 - x if tags.get(262) == 0 else x
    if image.mode.startswith("I"):
        x = _sixteen_bits(np.asarray(image), kind, image.mode, tags)
        return x if key is None else np.where(x == key, np.uint16(65535), x)
    if image.mode == "LAB":
        raise ValueError(say("its colours are Lab, which is not read.") + " " + _store())
    if image.mode in ("1", "L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return np.asarray(image)
    seen_through = "LA" if image.mode == "La" else "RGBA"
    return np.asarray(image.convert(seen_through if image.has_transparency_data else "RGB"))


def _store():
    return say("Store it with 8 bits a sample, gray or RGB.")


def _sixteen_bits(x, kind, mode, tags):
    """Return gray samples of more than 8 bits as uint16 with 65,535 for white."""
    if kind not in ("PNG", "PPM") and (mode == "I" or kind not in (None, "TIFF", "JPEG2000")):
        raise ValueError(
            say("which of its {mode} samples is white is not known.", mode=mode) + " " + _store()
        )
    white = 2 ** max(tags.get(258, (16,))) - 1
    largest = int(np.max(tags.get(281, white)))  # as declared; mostly the largest that occurs
    if largest in 2 ** np.arange(9, 16) - 1:  # 9 to 15 bits
        white = largest
    x = np.clip(x, 0, white)  # Pillow has had 16 bits in 32
    if white < 65535:
        x = np.rint(x * np.float32(65535 / white))
    x = x.astype(np.uint16, copy=False)
    if tags.get(262) != 0:
        return x
    _checked(x)  # of 12 bits in 16, too, the largest value would not be that of black
    return ~x  # TIFF's "white is zero", as of a fax


def _checked(pixels):
    """Return the array, or say why it is no page."""
    if pixels.dtype != bool and pixels.dtype.kind != "f" and pixels.dtype.str[1:] not in _UINTS:
        if not pixels.ndim:
            raise ValueError(
                say(
                    "the page is {value!r:.80}; an image file, or an array of bool, uint8, uint16 "
                    "or float is wanted. Numbers from 0 to 255 become one by np.uint8(page).",
                    value=pixels[()],
                )
            )
        raise ValueError(
            say(
                "the page has values of type {dtype}; an image file, or an array of bool, uint8, "
                "uint16 or float is wanted. Numbers from 0 to 255 become one by np.uint8(page).",
                dtype=pixels.dtype,
            )
        )
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 2, 3, 4)):
        raise ValueError(
            say(
                "the page has shape {shape}; (height, width) or (height, width, 1 to 4 channels) "
                "is wanted",
                shape=pixels.shape,
            )
        )
    height, width = pixels.shape[:2]
    if not height * width:
        raise ValueError(
            say(
                "the page is empty, shape {shape}; at least one pixel is wanted", shape=pixels.shape
            )
        )
    if height * width > LIMIT:
        raise ValueError(
            say(
                "the page has {height:,} x {width:,} pixels; at most {limit:,} are taken",
                height=height,
                width=width,
                limit=LIMIT,
            )
        )
    if pixels.dtype.kind == "f":
        low, high = float(pixels.min()), float(pixels.max())  # both NaN if one pixel is
        if np.isnan(low):
            raise ValueError(say("the page holds NaN; values in [0, 1] are wanted"))
        if low < 0 or high > 1:
            raise ValueError(
                say("the page runs from {low:g} to {high:g}; [0, 1] is wanted", low=low, high=high)
            )
    elif pixels.dtype.kind == "u":
        seen = pixels[..., :-1] if pixels.ndim == 3 and pixels.shape[2] in (2, 4) else pixels
        high, white = int(seen.max()), np.iinfo(pixels.dtype).max
        # 12 or 14 bits in 16, or a mask of 0 and 1 in 8
        if 0 < high <= (white // 4 if white > 255 else white // 16):
            raise ValueError(
                say(
                    "the page is black: of {dtype}, {white:,} is white, and its largest value is "
                    "{high:,}. If that is white, give page / {high}",
                    dtype=pixels.dtype,
                    white=white,
                    high=high,
                )
            )
    return pixels


_UINTS = ("u1", "u2")  # in either order of bytes


def gray(pixels):
    """Return pixels as gray.

    Parameters
    ----------
    pixels : ndarray, shape (height, width) or (height, width, 1 to 4)
        Of `read`, or a part of it.

    Returns
    -------
    ndarray of float32, shape (height, width)
        From 0 (black) to 1 (white). What is transparent is taken as white.
    """
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    x = np.asarray(pixels, dtype=np.float32) / np.float32(white)
    if x.ndim == 2:
        return x
    color, alpha = (x[..., :-1], x[..., -1:]) if x.shape[2] in (2, 4) else (x, np.float32(1))
    color = 1 - alpha + alpha * color
    weights = np.float32([0.299, 0.587, 0.114] if color.shape[2] == 3 else [1])
    return color @ weights
