"""Pages of text: generate dirty ones, load real ones, clean a file of any size.

A page here is as in every image file: **0 is black ink, 1 is white paper**. (The
digits elsewhere in this book have it the other way round.)
"""

import functools
import hashlib
import io
import json
import os
import pathlib
import re
import stat
import tempfile
import warnings
import zipfile
from dataclasses import dataclass, field
from typing import NamedTuple

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

from helpers import files
from helpers.data import DataError, book_data_file
from helpers.results import FOLDER

__all__ = [
    *("DIRT", "LIMIT", "Pair", "Pairs"),
    *("clean", "make_page", "pairs", "publish", "receptive_radius"),
]

#: Kinds of dirt that `make_page` knows, in the order in which they are laid on.
DIRT = ("stains", "folds", "wrinkles", "marks", "bleed")
#: Largest page that `clean` takes, in pixels: an A3 sheet at 600 dpi has 70 million.
LIMIT = 80_000_000
#: The cleaner that the published run of the chapter trained.
PUBLISHED = FOLDER / "documents.keras"

_LATIN = ("bcdfghjklmnprstvwz", "aeiou")
_ALPHABETS = (_LATIN, ("βγδζθκλμνξπρστφχψ", "αεηιουω"), ("бвгджзклмнпрстфхцчшщ", "аеиоуыэюя"))
_LATIN_FONTS = ("cmr10", "cmss10", "cmtt10", "cmb10")  # Computer Modern has Latin letters only
_FONTS = (
    *("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSans-Bold", "DejaVuSerif"),
    *("DejaVuSerif-Italic", "DejaVuSansMono", "DejaVuSansMono-Oblique"),
    *("STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol"),
)


def make_page(seed, height=420, width=540, dirt=None):
    """Print a page of made-up words and dirty it as paper gets dirty.

    Parameters
    ----------
    seed : int
        At least 0. The same seed, size and dirt give the same page.
    height, width : int
        Pixels, at least 1. Text is 15 to 32 pixels high from line to line.
    dirt : sequence of str, optional
        Kinds from `DIRT`: ``"stains"`` with dark rims, ``"folds"``, ``"wrinkles"``
        with sharp ridges, ``"marks"`` as of a muddy sole, ``"bleed"`` (the back of the
        sheet shows through). Unless given, each comes by chance. Uneven light, paper
        grain, faded ink and sensor noise come always.

    Returns
    -------
    noisy, clean : ndarray of float32, shape (height, width)
        The page as scanned and as it was meant, 0 (black) to 1 (white).

    Raises
    ------
    ValueError
        If `seed`, `height` or `width` is no such int, or `dirt` names an unknown kind.

    Examples
    --------
    >>> noisy, clean = make_page(seed=0, height=100, width=200)
    >>> noisy.shape, noisy.dtype, bool(noisy.mean() < clean.mean())
    ((100, 200), dtype('float32'), True)
    """
    for name, value, least in [("seed", seed, 0), ("height", height, 1), ("width", width, 1)]:
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name} is {value!r}; an int >= {least} is wanted")
    if dirt is not None and (isinstance(dirt, str) or not set(dirt) <= set(DIRT)):
        raise ValueError(f"dirt is {dirt!r}; a list of some of {', '.join(DIRT)} is wanted")
    shape, rng = (height, width), np.random.default_rng(seed)
    words = np.random.default_rng([seed, 0])  # the text of a seed does not depend on its dirt
    clean = _text(shape, words)

    chance = dict(zip(DIRT, rng.random(len(DIRT)) < (0.4, 0.3, 0.3, 0.3, 0.15), strict=True))
    paper = rng.uniform(0.8, 0.97) + rng.uniform(0.01, 0.04) * _clouds(shape, 150, rng)
    paper += rng.uniform(0.005, 0.015) * _clouds(shape, 2, rng)
    ink = rng.uniform(0, 0.2) + 0.02 * _clouds(shape, 40, rng)
    for kind in DIRT:
        if chance[kind] if dirt is None else kind in dirt:
            if kind in ("folds", "wrinkles"):
                shade = {"folds": _folds, "wrinkles": _wrinkles}[kind](shape, rng)
                paper += shade
                ink += 0.3 * shade + 0.05  # creased ink has cracks
            else:
                lets_through = {"stains": _stains, "marks": _marks, "bleed": _bleed}[kind]
                paper *= lets_through(shape, rng)
    ink = np.clip(ink, 0, 0.6 * paper)
    noisy = ink + (paper - ink) * clean  # light passes where there is no ink
    if rng.random() < 0.2:  # out of focus
        noisy = ndimage.gaussian_filter(noisy, rng.uniform(0.2, 0.5))
    noisy += rng.normal(0, rng.uniform(0.003, 0.015), shape)
    return np.clip(noisy, 0, 1).astype(np.float32), clean


def _text(shape, rng):
    """Return a page of made-up words, black on white."""
    alphabet = rng.choice(3, p=[0.7, 0.15, 0.15])
    size = int(rng.integers(15, 33))
    name = rng.choice(_FONTS + (0 if alphabet else 3) * _LATIN_FONTS)
    file = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf")
    fine = 4  # drawn larger and averaged: real printing does not keep to our pixels
    font = ImageFont.truetype(str(file), fine * size)
    consonants, vowels = (np.array(list(letters)) for letters in _ALPHABETS[alphabet])

    def word():
        n = rng.integers(1, 5)
        letters = np.stack([rng.choice(consonants, n), rng.choice(vowels, n)], axis=1).ravel()
        letters = "".join(letters)[rng.integers(0, 2) :]
        if rng.random() < 0.04:
            letters = str(rng.integers(0, 2000))
        letters = letters.capitalize() if rng.random() < 0.15 else letters
        return letters + rng.choice(["", ",", ".", ";", ")"], p=[0.82, 0.08, 0.08, 0.01, 0.01])

    height, width = shape
    page = Image.new("L", (fine * width, fine * height), 255)
    draw = ImageDraw.Draw(page)
    pitch, margin = size * rng.uniform(1.0, 1.4), rng.integers(-size, 20)
    y = -rng.uniform(0, pitch)
    while y < height:
        if rng.random() > 0.06:  # now and then a blank line
            x, line = margin + (rng.random() < 0.1) * 2 * size, ""
            while x + font.getlength(line) / fine < width:
                line += word() + " "
            draw.text((fine * x, fine * y), line, font=font, fill=0)
        y += pitch
    return np.asarray(page.reduce(fine), dtype=np.float32) / 255


def _clouds(shape, scale, rng):
    """Return smooth noise: mean 0, deviation near 1, spots about `scale` pixels wide."""
    coarse = rng.standard_normal([n // scale + 4 for n in shape])
    offset = rng.random(2)  # or every page would have its grid in the same place
    rows, columns = (np.arange(n) / scale + 1 + o for n, o in zip(shape, offset, strict=True))
    weights = [_spline(at, n) for at, n in zip((rows, columns), coarse.shape, strict=True)]
    return 1.6 * weights[0] @ coarse @ weights[1].T


def _spline(at, n):
    """Return the matrix that evaluates a cubic B-spline with `n` coefficients at `at`."""
    t = np.abs(at[:, None] - np.arange(n))
    return np.where(t < 1, 2 / 3 - t**2 + t**3 / 2, np.clip(2 - t, 0, None) ** 3 / 6)


def _stains(shape, rng):
    """Return what rings and drops of coffee let through: darkest along the rim."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    through = np.ones(shape)
    for radius in [*rng.uniform(15, 130, rng.integers(1, 5)), *rng.uniform(2, 6, 4)]:
        wobble = 0.08 * radius * _clouds(shape, int(radius / 2) + 4, rng)
        inside = radius - np.hypot(y - rng.uniform(0, shape[0]), x - rng.uniform(0, shape[1]))
        inside = inside + wobble  # pixels from the rim, inwards
        width = rng.uniform(2, 25)  # of the ring
        ring = np.exp(-np.clip(inside, 0, None) / width) * (inside > 0)
        soft = np.clip(inside / rng.uniform(0.7, 2) + 0.5, 0, 1)
        patchy = np.clip(0.7 + 0.35 * _clouds(shape, 25, rng), 0.1, 1.3)
        depth, tint = rng.uniform(0.1, 0.65), rng.uniform(0, 0.35)
        through *= 1 - soft * np.clip((depth * ring + tint * (1 - ring)) * patchy, 0, 0.8)
    return through


def _folds(shape, rng):
    """Return the light that sharp folds add: a bright and a dark side, a crack between."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    shade = np.zeros(shape)
    for _ in range(rng.integers(2, 7)):
        angle = rng.uniform(0, np.pi)
        far = (y - rng.uniform(0, shape[0])) * np.cos(angle)
        far += (x - rng.uniform(0, shape[1])) * np.sin(angle) + 2 * _clouds(shape, 60, rng)
        shade += rng.uniform(-0.06, 0.06) * np.sign(far) * np.exp(-np.abs(far) / 25)
        shade += rng.uniform(-0.2, 0.2) * np.exp(-((far / rng.uniform(0.7, 2)) ** 2))
    return shade


def _wrinkles(shape, rng):
    """Return the light that falls on crumpled paper: facets that meet in sharp ridges."""
    height = sum(s * -np.abs(_clouds(shape, s, rng)) for s in (110, 55, 28, 14))
    light = rng.uniform(0, 2 * np.pi)
    slope = np.sin(light) * ndimage.gaussian_filter(height, 0.7, order=(1, 0))
    slope += np.cos(light) * ndimage.gaussian_filter(height, 0.7, order=(0, 1))
    return rng.uniform(0.02, 0.05) * slope


def _marks(shape, rng):
    """Return what streaks and blots of dirt let through, as a shoe leaves them."""
    blots = np.clip(3 * _clouds(shape, int(rng.integers(15, 50)), rng), 0, 1)
    grain = np.clip(0.7 + 0.3 * _clouds(shape, 3, rng), 0, 1.3)
    return 1 - rng.uniform(0.04, 0.2) * blots * grain


def _bleed(shape, rng):
    """Return what the print on the back of the sheet lets through, mirrored and soft."""
    strength = rng.uniform(0.05, 0.25)
    return 1 - strength * ndimage.gaussian_filter(1 - _text(shape, rng)[:, ::-1], 1)


class Pair(NamedTuple):
    """A dirty page and the same page as it was meant.

    Attributes
    ----------
    number : int
        Its number in the data set.
    noisy, clean : ndarray of float32, shape (height, width)
        Pixels from 0 (black) to 1 (white).
    """

    number: int
    noisy: np.ndarray
    clean: np.ndarray


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of pages, split by what is written on them.

    Attributes
    ----------
    train, test : list of Pair
        In order of their numbers. No text of `test` occurs in `train`.
    source : {"BOOK_DATA", "generated"}
        Where they came from; see `pairs`.
    sha256 : str
        SHA-256 of the numbers, shapes and pixels of all pages.
    """

    train: list = field(repr=False)
    test: list = field(repr=False)
    source: str
    sha256: str

    @property
    def real(self) -> bool:
        """Whether these are NoisyOffice's pages (or yours), not the generated stand-in."""
        return self.source != "generated"


def pairs():
    """Load pairs of real pages, or generate a stand-in, and print which it was.

    The pairs lie in the folder ``documents`` of ``BOOK_DATA``: ``noisy/N.png`` and
    ``clean/N.png`` for each number N. Without them (or with ``BOOK_DATA=embedded``)
    16 generated pairs with the same numbering take their place.

    Returns
    -------
    Pairs
        The pages whose number is a multiple of 3 are `test`, the others `train`.

    Raises
    ------
    DataError
        If ``BOOK_DATA`` is no folder; if a page has no partner, another size than its
        partner, no number for a name, or cannot be read; if no page is left to train
        or to test on.

    Notes
    -----
    NoisyOffice lays three texts, each in 18 typefaces, over scans of four dirty sheets.
    Pages are numbered so that the rest modulo 3 tells the text (we looked). One text is
    tested on, so that no line of it was trained on *in any typeface*. Should clean pages
    be alike across this split (their coarse pictures correlate by more than 0.85), all
    of them go to `test`.

    References
    ----------
    M. J. Castro-Bleda, S. Espana-Boquera, J. Pastor-Pellicer, F. Zamora-Martinez: The
    NoisyOffice Database (2019), https://doi.org/10.1093/comjnl/bxz098; data, CC BY 4.0:
    https://archive.ics.uci.edu/dataset/318/noisyoffice.
    """
    embedded = os.environ.get("BOOK_DATA") == "embedded"
    folder = None if embedded else book_data_file("documents", "a generated stand-in")
    if folder is None:
        loaded, source = [_stand_in(n) for n in range(1, 25) if n % 3 != 1], "generated"
        what = "generated pages, which stand in for real ones"
    else:
        loaded, source = _load(folder), "BOOK_DATA"
        what = "NoisyOffice from the folder BOOK_DATA"
    held_out = np.array([pair.number % 3 == 0 for pair in loaded])
    content = _content([pair.clean for pair in loaded])
    held_out = np.isin(content, content[held_out])
    digest = hashlib.sha256()
    for pair in loaded:
        digest.update(f"{pair.number} {pair.clean.shape}".encode())
        for page in (pair.noisy, pair.clean):
            digest.update(np.rint(255 * page).astype(np.uint8))
    train = [pair for pair, held in zip(loaded, held_out, strict=True) if not held]
    test = [pair for pair, held in zip(loaded, held_out, strict=True) if held]
    if not train or not test:
        raise DataError(
            f"{folder}: {len(train)} pages to train on and {len(test)} to test on; wanted: "
            "some of each. Pages whose number is a multiple of 3 are tested on."
        )
    print(f"Pages: {what}, {len(train)} training and {len(test)} test pairs.")
    if source == "generated":
        print("No folder BOOK_DATA/documents: numbers for real pages will differ from the text.")
    return Pairs(train, test, source, digest.hexdigest())


def _load(folder):
    """Read and verify the pairs of a folder, or raise DataError."""
    names = {
        kind: {path.name for path in (folder / kind).glob("*.png")} for kind in ("noisy", "clean")
    }
    if not names["noisy"] or names["noisy"] != names["clean"]:
        alone = sorted(names["noisy"] ^ names["clean"])[:3]
        raise DataError(
            f"{folder}: expected the same files in noisy/ and clean/, got {len(names['noisy'])} "
            f"and {len(names['clean'])}; without a partner: {', '.join(alone) or 'none'}."
        )
    if odd := sorted(name for name in names["noisy"] if not name[:-4].isdecimal()):
        raise DataError(f"{folder}: {odd[0]} has no number for a name, such as 12.png.")
    loaded = []
    for number in sorted(int(name[:-4]) for name in names["noisy"]):
        files = [folder / kind / f"{number}.png" for kind in ("noisy", "clean")]
        pair = Pair(number, *(_gray(_read(file)) for file in files))
        if pair.noisy.shape != pair.clean.shape:
            raise DataError(
                f"{files[0]} is {pair.noisy.shape} pixels, its clean partner {pair.clean.shape}; "
                "wanted: the same size."
            )
        loaded.append(pair)
    return loaded


def _stand_in(number):
    """Generate a pair with the numbering of NoisyOffice: typeface, sheet, text."""
    typeface, sheet, text = (number - 1) // 12, (number - 1) // 3 % 4, number % 3
    dirt = ["stains", "folds", "marks", "wrinkles"][sheet : sheet + 1]
    height = 258 if typeface == 0 else 420
    return Pair(number, *make_page(900_000 + 3 * typeface + text, height, 540, dirt))


def _content(pages):
    """Return a number for each page: the same for pages on which the same is written."""
    height, width = (min(sizes) // 4 for sizes in zip(*(page.shape for page in pages), strict=True))
    coarse = np.array([
        page[: 4 * height, : 4 * width].reshape(height, 4, width, 4).mean(axis=(1, 3)).ravel()
        for page in pages
    ])  # fmt: skip
    coarse -= coarse.mean(axis=1, keepdims=True)
    coarse /= np.linalg.norm(coarse, axis=1, keepdims=True) + 1e-9
    return connected_components(coarse @ coarse.T > 0.85)[1]


def clean(page, model=None, tile=512):
    """Clean a scanned page of any size.

    Parameters
    ----------
    page : str, path, bytes, binary file object, PIL.Image.Image or array_like
        An image file that Pillow reads (of several pictures in it, the first), opened or
        not, or an array (height, width) or (height, width, channels): gray, gray with alpha,
        RGB or RGBA, of bool, uint8, uint16, or float from 0 (black) to 1 (white). The largest
        integer of a type is white. What is transparent is taken as white.
    model : keras.Model, str or path, optional
        A fully convolutional model, from (n, height, width, 1) to the same shape, that
        `receptive_radius` takes; or the ``.keras`` file of one, which is loaded once. Unless
        given, the one of the published run.
    tile : int
        Side of the squares, in pixels, that are cleaned one after the other.

    Returns
    -------
    ndarray of float32, shape (height, width)
        The clean page. What the model makes is clipped to 0 (black) to 1 (white).

    Raises
    ------
    DataError
        If the file is missing, empty, no image, cut short, or larger than `LIMIT` pixels; if
        its samples have no known white (signed, 32 bits); if the model's file cannot be loaded.
    ValueError
        If the array has another shape or type, no pixels or too many, masked ones, NaN, values
        outside [0, 1], or only integers below 1/16 (of uint16, 1/4) of white; if `model` cannot work in tiles
        (see `receptive_radius`), changes the size of the page, or makes NaN or infinity of it.

    Notes
    -----
    Tiles overlap by the model's receptive field and one pixel: every pixel is computed from
    the same neighbours as if the whole page were cleaned at once, and the pixels beside each
    seam are computed twice. Should the two differ by half a gray level of 255, which can
    only be if the receptive field had to be measured, that is a ValueError: no seam shows.

    A page of 50 million pixels takes less than 0.5 GB more than TensorFlow and its own pixels,
    0.2 GB of it for the result.

    Examples
    --------
    >>> white = clean("scan.jpg")                                         # doctest: +SKIP
    >>> Image.fromarray(np.uint8(np.rint(255 * white))).save("out.png")   # doctest: +SKIP
    """
    pixels = _read(page)
    if not isinstance(tile, int | np.integer) or isinstance(tile, bool) or tile < 1:
        raise ValueError(f"tile is {tile!r}; an int >= 1 is wanted")
    run, radius, name = _cleaner(model)
    margin = radius + 1  # one more than it takes, to compare the pixels beside a seam
    height, width = pixels.shape[:2]
    cleaned = np.empty((height, width), np.float32)
    for y in range(0, height, tile):
        for x in range(0, width, tile):
            top, left = max(y - margin, 0), max(x - margin, 0)
            part = _gray(pixels[top : y + tile + margin, left : x + tile + margin])
            done = np.clip(_made(run, part, name), 0, 1)
            up, back = min(y, 1), min(x, 1)  # a row and a column of the tiles before
            done = done[y - up - top : y + tile - top, x - back - left : x + tile - left]
            target = cleaned[y - up : y + tile, x - back : x + tile]
            for seam in (np.s_[:up, back:], np.s_[up:, :back]):
                off = np.max(np.abs(target[seam] - done[seam]), initial=0)
                if off > 0.5 / 255:
                    raise ValueError(
                        f"{name} cannot clean this page in tiles of {tile} pixels: they would "
                        f"show, by {off:.3f} where two meet. It sees farther than the {radius} "
                        "pixels that were measured, or the whole page."
                    )
            target[up:, back:] = done[up:, back:]
    return cleaned


def _cleaner(model):
    """Return a model as a fast function of a batch, its receptive radius and its name."""
    import keras

    if isinstance(model, keras.Model):  # nothing is kept: its reader may go on building it
        return _compiled(model), receptive_radius(model), f"model {model.name}"
    path = PUBLISHED if model is None else model
    if not isinstance(path, str | os.PathLike):
        raise ValueError(
            f"model is a {type(model).__name__}; a keras.Model or its .keras file is wanted"
        )
    path = pathlib.Path(path).absolute()
    if not path.is_file():
        raise DataError(f"{path}: expected a .keras file, found none.")
    now = path.stat()
    return _stored(path, (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns))


@functools.lru_cache(maxsize=2)
def _stored(path, stamp):
    """Load a model once for each state of its file; `stamp` changes with the file."""
    import keras

    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as why:
        raise DataError(
            f"{path}: expected a .keras file, got {type(why).__name__}: {why}"
        ) from None
    return _compiled(model), receptive_radius(model), f"model {path}"


def _compiled(model):
    """Return the model, traced once for pages of any size where Keras runs on TensorFlow."""
    import keras

    call = functools.partial(model, training=False)
    if keras.backend.backend() != "tensorflow" or model.run_eagerly:
        return call
    import tensorflow as tf

    return tf.function(call, input_signature=[tf.TensorSpec((1, None, None, 1))])


def _made(run, part, name):
    """Return what the model makes of a gray page, or raise ValueError if it is no page."""
    import keras

    try:
        outputs = keras.tree.flatten(run(part[np.newaxis, ..., np.newaxis]))
        done = keras.ops.convert_to_numpy(outputs[0])
    except Exception as why:  # each layer and backend has errors of its own
        raise ValueError(
            f"{name} does not take a page of shape (1, {part.shape[0]}, {part.shape[1]}, 1); "
            f"a model with Input((None, None, 1)) is wanted. It says: {why}"
        ) from why
    if len(outputs) != 1:
        raise ValueError(f"{name} has {len(outputs)} outputs; one, the clean page, is wanted")
    if done.dtype.kind in "biu":
        raise ValueError(f"{name} makes values of type {done.dtype}; wanted: floats from 0 to 1")
    done = done.astype(np.float32, copy=False)  # NumPy knows little of bfloat16
    if done.shape != (1, *part.shape, 1):
        raise ValueError(
            f"{name} makes {done.shape} of {(1, *part.shape, 1)}; wanted: same. Convolutions "
            'need padding="same" and no strides.'
        )
    if not np.isfinite(done).all() and np.isfinite(part).all():
        raise ValueError(
            f"{name} makes NaN or infinity of a page: look at its weights. Perhaps its training "
            "diverged."
        )
    return done[0, ..., 0]


def publish(model, path=PUBLISHED):
    """Save a model so that older versions of Keras, such as Colab's, load it, too.

    Keras writes every setting of an initializer, also the unset ones; and an older version
    refuses a file with a setting that it does not know. Here the unset ones are left out.

    Parameters
    ----------
    model : keras.Model
    path : path
        Of the ``.keras`` file; unless given, that of the published run's cleaner.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved = os.path.join(folder, "model.keras")  # Keras insists on the suffix
        model.save(saved)
        with zipfile.ZipFile(saved) as file:
            parts = {name: file.read(name) for name in file.namelist()}

    def known(part):
        if part.get("module") == "keras.initializers":
            part["config"] = {k: v for k, v in part["config"].items() if v is not None}
        return part

    parts["config.json"] = json.dumps(json.loads(parts["config.json"], object_hook=known))
    with files.draft(path) as draft, zipfile.ZipFile(draft, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)


def receptive_radius(model):
    """Return how far a pixel of the output sees, in pixels to each side.

    Parameters
    ----------
    model : keras.Model
        From (n, height, width, 1) to the same shape. What it makes of a pixel must depend
        on a window around it only: not on the whole page, nor on where the page is cut.

    Returns
    -------
    int
        Half the receptive field: seven 3x3 convolutions see 7 pixels far.

    Raises
    ------
    ValueError
        If `model` sees the whole page (group normalization, global pooling, attention), counts
        pixels (strides, coordinates), sees farther than 80 pixels without saying so, changes
        the size of the page, or does not take any size.

    Notes
    -----
    For Keras's convolutions, poolings and layers that work pixel by pixel the radius is
    computed from their settings, along the longest path through the model. It is exact,
    whatever the weights.

    Lambda layers, operations such as ``keras.ops.average_pool``, layers and models of your
    own do not tell their reach. With one of these in the model, it is measured: squares are
    cut out of pages, and the radius is how far from the cut the result changes by more than
    0.00001 or a NaN beyond it spreads. That may be too little, so `clean` compares its tiles.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise ValueError(f"model is a {type(model).__name__}; a keras.Model is wanted")
    run, name = functools.partial(model, training=False), f"model {model.name}"
    if not model.built:
        _made(run, np.ones((16, 24), np.float32), name)
    radii, unknown = _declared(model)
    radius = int(max(radii))
    _made(run, np.ones((16, 24), np.float32), name)
    if not unknown:
        return radius
    # Strips first: what compares each pixel with each other one would need gigabytes for squares.
    strips = ((16, 320), (0, 41)), ((320, 16), (37, 0))
    radius = max(radius, *(_measured(run, *strip, name) for strip in strips))
    for side in (80, 320):
        if radius <= side // 4:
            radius = max(radius, _measured(run, (side, side), (37, 41), name))
        if radius <= side // 4:
            return radius
    raise ValueError(
        f"{name} cannot clean a page in tiles: it sees farther than {side // 4} pixels or the "
        "whole page, or joins its opposite edges, or its strides or coordinates count pixels from "
        f"the edge. One of these it must be: {', '.join(unknown)}"
    )


#: Keras's layers with a window, and its name; and those that work pixel by pixel.
_WINDOW = dict.fromkeys(
    ["Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D"], "kernel_size"
) | dict.fromkeys(["MaxPooling2D", "AveragePooling2D"], "pool_size")
_PIXELWISE = {
    *("InputLayer", "Identity", "Rescaling", "Dense", "BatchNormalization", "LayerNormalization"),
    *("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"),
    *("Dropout", "SpatialDropout2D", "GaussianDropout", "GaussianNoise"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"),
}


def _declared(model):
    """Return the radii in y and x by the settings of layers, and the layers that do not tell."""
    if type(model).__name__ not in ("Sequential", "Functional") or not _of_keras(model):
        return np.zeros(2, int), [f"{model.name} of class {type(model).__name__}"]
    radius, unknown = {id(x): np.zeros(2, int) for x in model.inputs}, []

    def follow(tensor):
        """Return how far the tensor sees; a layer counts each time that it is applied."""
        if id(tensor) not in radius:
            layer, index, _ = tensor._keras_history
            node = layer._inbound_nodes[index]
            before = np.max([follow(x) for x in node.input_tensors] or [[0, 0]], axis=0)
            plain = all(v is None or v is False for v in node.arguments.kwargs.values())
            if hasattr(layer, "layers") and plain:
                own, inside = _declared(layer)
            else:  # training=True, for example, makes batch normalization see the whole page
                own, inside = _reach(layer) if plain else None, ()
            unknown.extend([layer.name] if own is None else inside)
            radius[id(tensor)] = before + (0 if own is None else own)
        return radius[id(tensor)]

    return np.max([follow(y) for y in model.outputs], axis=0), list(dict.fromkeys(unknown))


def _reach(layer):
    """Return how far one layer sees in y and in x, or None if it does not tell."""
    import keras

    kind, function = type(layer).__name__, getattr(layer, "activation", None)
    named = getattr(keras.activations, getattr(function, "__name__", ""), None)
    if (
        not _of_keras(layer)
        or function is not named  # a function of the reader's
        or set(np.ravel(getattr(layer, "axis", -1))) - {-1, 3}
    ):
        return None
    if kind in _PIXELWISE:
        return np.zeros(2, int)
    if set(np.ravel(getattr(layer, "strides", 1))) != {1} or kind == "UpSampling2D":
        raise ValueError(f"layer {layer.name} changes the size; wanted: a model without strides")
    if kind not in _WINDOW or (layer.padding, layer.data_format) != ("same", "channels_last"):
        return None
    steps = np.subtract(getattr(layer, _WINDOW[kind]), 1)
    return (steps * getattr(layer, "dilation_rate", 1) + 1) // 2


def _of_keras(thing):
    """Whether its class is Keras's own: a derived one may do anything."""
    return type(thing).__module__.startswith("keras.")


def _measured(run, shape, around, name):
    """Return how far from where a part is cut out of a page the rest of the page matters.

    The part has a `shape`, and the page `around` it so many pixels on each side: odd numbers,
    and no multiples of what a model may stride by.
    """
    rng, text = np.random.default_rng(0), make_page(0, *shape, DIRT)[0]
    noise = rng.random(shape, dtype=np.float32)
    # Pages whose inside differs from their outside, also in brightness. NaN spoils each sum that
    # it enters, even with a weight of 0, but not each maximum: so there are numbers, too.
    insides, outsides = (text, 1 - text, noise, text), [(0, 0.4), (0.6, 1), (0, 1), (np.nan,) * 2]
    far = 0
    for inside, (low, high) in zip(insides, outsides, strict=True):
        page = rng.random(np.add(shape, np.multiply(2, around)), np.float32)
        page = low + (high - low) * page
        page[_part(shape, around)] = inside
        whole = _made(run, page, name)
        # In the middle, and at the page's edges, which a model may join to the opposite ones.
        for times in (1,) if np.isnan(low) else (0, 1, 2):
            part = _part(shape, np.multiply(times, around))
            alone = _made(run, page[part], name)
            same = np.abs(whole[part] - alone) <= 1e-5 * max(1, np.abs(alone).max())  # NaN is not
            cuts = [_from_cuts(*about) for about in zip(part, page.shape, strict=True)]
            far = max(far, np.max(np.minimum.outer(*cuts)[~same], initial=0))
    return int(far)


def _part(shape, start):
    return tuple(slice(at, at + n) for at, n in zip(start, shape, strict=True))


def _from_cuts(part, length):
    """Return how far each pixel of a part is from where it was cut off along one axis."""
    steps = np.arange(1.0, part.stop - part.start + 1)
    before = steps if part.start else np.full_like(steps, np.inf)
    after = steps[::-1] if part.stop < length else np.full_like(steps, np.inf)
    return np.minimum(before, after)


def _read(page):
    """Return the pixels of whatever `clean` takes as an array that `_gray` takes."""
    if isinstance(page, Image.Image):
        return _opened(lambda: page, "the image")
    if isinstance(page, str | os.PathLike):
        return _opened(lambda: Image.open(_regular(page)), page)
    if hasattr(page, "read"):
        page = _contents(page)
    if isinstance(page, bytes | bytearray) or (
        isinstance(page, memoryview) and (page.ndim, page.itemsize) == (1, 1)
    ):
        page = bytes(page)
        if not len(page):
            raise DataError("the image has 0 bytes. If it was a file object: is it read already?")
        return _opened(lambda: Image.open(io.BytesIO(page)), "the image")
    if np.ma.is_masked(page):
        raise ValueError("the page has masked pixels; give them values first: page.filled(...)")
    try:
        pixels = np.asarray(page)
    except Exception as why:
        raise ValueError(
            f"the page is a {type(page).__name__} of which NumPy makes no array ({why}); "
            "an image file or an array is wanted"
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
                f"the file object cannot be read ({type(why).__name__}: {why}); one that is open "
                'in mode "rb" is wanted'
            ) from None
        if isinstance(part, str):
            raise ValueError('the file was opened as text; open it with mode "rb"')
        if not isinstance(part, bytes | bytearray):
            raise ValueError(f"the file object gives a {type(part).__name__}; bytes are wanted")
        if not part:
            return bytes(contents)
        contents += part
    raise DataError(f"the file object has more than {8 * LIMIT:,} bytes: it holds no page.")


def _regular(path):
    """Return the path of a file that can be opened without waiting, or raise DataError."""
    if re.match(r"[a-z][a-z0-9+.-]+:/", str(path), re.IGNORECASE):
        raise DataError(f"{path} is an address: download it, and give the file.")
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise DataError(f"{path}: expected an image file, found none.") from None
    except OSError as why:
        raise DataError(f"{path}: it cannot be read ({why.strerror}).") from None
    if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for ever
        raise DataError(f"{path}: expected an image file, found a folder, pipe or device.")
    if not found.st_size:
        raise DataError(f"{path}: expected an image file, got 0 bytes.")
    return path


def _opened(get, name):
    """Return the pixels of the image that `get` opens, or raise DataError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = get()
        if image.width * image.height <= LIMIT:
            return _checked(_pixels(image))
        size = f"{image.width:,} x {image.height:,}"
    except Image.DecompressionBombError:
        size = "too many"
    except DataError:
        raise
    except ValueError as why:
        raise DataError(f"{name}: {why}") from None
    except PermissionError as why:
        raise DataError(f"{name}: it cannot be read ({why.strerror}).") from None
    except Exception as why:  # Pillow's plugins each have errors of their own
        actual = f"{type(why).__name__}: {why}"
        if isinstance(why, UnidentifiedImageError):
            actual = "bytes that are none"
        raise DataError(
            f"{name}: expected an image file, got {actual}. "
            "It is damaged, cut short, or of a kind that Pillow does not read."
        ) from None
    raise DataError(f"{name} has {size} pixels; at most {LIMIT:,} are taken: scan it coarser.")


def _pixels(image):
    """Return an image's samples as an array in which the largest value of its type is white."""
    kind, tags = image.format, getattr(image, "tag_v2", {})  # these are of a TIFF file
    tile = (getattr(image, "tile", None) or [None])[0]  # how samples are stored; gone once loaded
    deep = max(tags.get(258, (1,))) > 8
    if 2 in tags.get(339, ()):
        raise ValueError(f"its samples are signed: which one is black is not known. {_STORE}")
    if deep and tags.get(284) == 2 and tile and tile.codec_name == "raw":
        raise ValueError(f"its colours are in separate planes, misread by Pillow. {_STORE}")
    if image.mode == "P" and max(tags.get(320, (256,))) < 256:
        raise ValueError(f"its palette has 8 bits a colour instead of TIFF's 16. {_STORE}")
    if tags.get(274, 1) > 4:  # turned by a quarter: Pillow would map the file into its new shape
        image.filename = ""
    image.load()
    key = image.info.get("transparency")  # the gray, colour or palette entry seen through
    if kind == "PNG" and key is not None and tile:
        if image.mode == "RGB" and "16" in tile.args:
            raise ValueError(f"of its 16-bit colours, one is transparent. {_STORE}")
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
        raise ValueError(f"its colours are Lab, which is not read. {_STORE}")
    if image.mode in ("1", "L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return np.asarray(image)
    seen_through = "LA" if image.mode == "La" else "RGBA"
    return np.asarray(image.convert(seen_through if image.has_transparency_data else "RGB"))


_STORE = "Store it with 8 bits a sample, gray or RGB."


def _sixteen_bits(x, kind, mode, tags):
    """Return gray samples of more than 8 bits as uint16 with 65,535 for white."""
    if kind not in ("PNG", "PPM") and (mode == "I" or kind not in (None, "TIFF", "JPEG2000")):
        raise ValueError(f"which of its {mode} samples is white is not known. {_STORE}")
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
        actual = f"has values of type {pixels.dtype}" if pixels.ndim else f"is {pixels[()]!r:.80}"
        raise ValueError(
            f"the page {actual}; an image file, or an array of bool, uint8, uint16 or float is "
            "wanted. Numbers from 0 to 255 become one by np.uint8(page)."
        )
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 2, 3, 4)):
        raise ValueError(
            f"the page has shape {pixels.shape}; (height, width) or (height, width, 1 to 4 "
            "channels) is wanted"
        )
    height, width = pixels.shape[:2]
    if not height * width:
        raise ValueError(f"the page is empty, shape {pixels.shape}; at least one pixel is wanted")
    if height * width > LIMIT:
        raise ValueError(f"the page has {height:,} x {width:,} pixels; at most {LIMIT:,} are taken")
    if pixels.dtype.kind == "f":
        low, high = float(pixels.min()), float(pixels.max())  # both NaN if one pixel is
        if np.isnan(low):
            raise ValueError("the page holds NaN; values in [0, 1] are wanted")
        if low < 0 or high > 1:
            raise ValueError(f"the page runs from {low:g} to {high:g}; [0, 1] is wanted")
    elif pixels.dtype.kind == "u":
        seen = pixels[..., :-1] if pixels.ndim == 3 and pixels.shape[2] in (2, 4) else pixels
        high, white = int(seen.max()), np.iinfo(pixels.dtype).max
        # 12 or 14 bits in 16, or a mask of 0 and 1 in 8
        if 0 < high <= (white // 4 if white > 255 else white // 16):
            raise ValueError(
                f"the page is black: of {pixels.dtype}, {white:,} is white, and its largest value "
                f"is {high:,}. If that is white, give page / {high}"
            )
    return pixels


_UINTS = ("u1", "u2")  # in either order of bytes


def _gray(pixels):
    """Return pixels as gray: float32 from 0 to 1, shape (height, width)."""
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    x = np.asarray(pixels, dtype=np.float32) / np.float32(white)
    if x.ndim == 2:
        return x
    color, alpha = (x[..., :-1], x[..., -1:]) if x.shape[2] in (2, 4) else (x, np.float32(1))
    color = 1 - alpha + alpha * color
    weights = np.float32([0.299, 0.587, 0.114] if color.shape[2] == 3 else [1])
    return color @ weights
