"""Pages of text: load pairs of a dirty and a clean one, or generate them.

A page here is as in every image file: **0 is black ink, 1 is white paper**. (The
digits elsewhere in this book have it the other way round.)
"""

import hashlib
import os
import pathlib
from dataclasses import dataclass, field
from typing import NamedTuple

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

from helpers.data import images
from helpers.data.files import DataError, book_data_file
from helpers.words import say

__all__ = ["DIRT", "Pair", "Pairs", "make_page", "pairs"]

#: Kinds of dirt that `make_page` knows, in the order in which they are laid on.
DIRT = ("stains", "folds", "wrinkles", "marks", "bleed")

_LATIN = ("bcdfghjklmnprstvwz", "aeiou")
_ALPHABETS = (_LATIN, ("βγδζθκλμνξπρστφχψ", "αεηιουω"), ("бвгджзклмнпрстфхцчшщ", "аеиоуыэюя"))
_LATIN_FONTS = ("cmr10", "cmss10", "cmtt10", "cmb10")  # Computer Modern has Latin letters only
_FONTS = (
    *("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSans-Bold", "DejaVuSerif"),
    *("DejaVuSerif-Italic", "DejaVuSansMono", "DejaVuSansMono-Oblique"),
    *("STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol"),
)


def make_page(seed, height=420, width=540, dirt=None, size=None):
    """Print a page of made-up words and dirty it as paper gets dirty.

    Parameters
    ----------
    seed : int
        At least 0. The same seed, size and dirt give the same page.
    height, width : int
        Pixels, at least 1.
    dirt : sequence of str, optional
        Kinds from `DIRT`: ``"stains"`` with dark rims, ``"folds"``, ``"wrinkles"``
        with sharp ridges, ``"marks"`` as of a muddy sole, ``"bleed"`` (the back of the
        sheet shows through). Unless given, each comes by chance. Uneven light, paper
        grain, faded ink and sensor noise come always.
    size : int, optional
        Of the font, in pixels, at least 1. Unless given, 15 to 32 by chance.

    Returns
    -------
    noisy, clean : ndarray of float32, shape (height, width)
        The page as scanned and as it was meant, 0 (black) to 1 (white).

    Raises
    ------
    ValueError
        If `seed`, `height`, `width` or `size` is no such int, or `dirt` names an unknown kind.

    Examples
    --------
    >>> noisy, clean = make_page(seed=0, height=100, width=200)
    >>> noisy.shape, noisy.dtype, bool(noisy.mean() < clean.mean())
    ((100, 200), dtype('float32'), True)
    """
    counts = [("seed", seed, 0), ("height", height, 1), ("width", width, 1)]
    for name, value, least in counts + [("size", size, 1)] * (size is not None):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise ValueError(
                say(
                    "{name} is {value!r}; an int >= {least} is wanted",
                    name=name,
                    value=value,
                    least=least,
                )
            )
    if dirt is not None and (isinstance(dirt, str) or not set(dirt) <= set(DIRT)):
        raise ValueError(
            say(
                "dirt is {dirt!r}; a list of some of {there} is wanted",
                dirt=dirt,
                there=", ".join(DIRT),
            )
        )
    shape, rng = (height, width), np.random.default_rng(seed)
    words = np.random.default_rng([seed, 0])  # the text of a seed does not depend on its dirt
    clean = _text(shape, words, size)

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


def _text(shape, rng, size=None):
    """Return a page of made-up words, black on white."""
    alphabet = rng.choice(3, p=[0.7, 0.15, 0.15])
    by_chance = int(rng.integers(15, 33))  # drawn in any case: a seed keeps its font
    size = by_chance if size is None else int(size)
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
    folder = None if embedded else book_data_file("documents", say("a generated stand-in"))
    if folder is None:
        loaded, source = [_stand_in(n) for n in range(1, 25) if n % 3 != 1], "generated"
        what = say("generated pages, which stand in for real ones")
    else:
        loaded, source = _load(folder), "BOOK_DATA"
        what = say("NoisyOffice from the folder BOOK_DATA")
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
            say(
                "{folder}: {train} pages to train on and {test} to test on; wanted: some of each. "
                "Pages whose number is a multiple of 3 are tested on.",
                folder=folder,
                train=len(train),
                test=len(test),
            )
        )
    print(
        say(
            "Pages: {what}, {train} training and {test} test pairs.",
            what=what,
            train=len(train),
            test=len(test),
        )
    )
    if source == "generated":
        print(
            say("No folder BOOK_DATA/documents: numbers for real pages will differ from the text.")
        )
    return Pairs(train, test, source, digest.hexdigest())


def _load(folder):
    """Read and verify the pairs of a folder, or raise DataError."""
    names = {
        kind: {path.name for path in (folder / kind).glob("*.png")} for kind in ("noisy", "clean")
    }
    if not names["noisy"] or names["noisy"] != names["clean"]:
        alone = sorted(names["noisy"] ^ names["clean"])[:3]
        raise DataError(
            say(
                "{folder}: expected the same files in noisy/ and clean/, got {noisy} and {clean}; "
                "without a partner: {alone}.",
                folder=folder,
                noisy=len(names["noisy"]),
                clean=len(names["clean"]),
                alone=", ".join(alone) or say("none"),
            )
        )
    if odd := sorted(name for name in names["noisy"] if not name[:-4].isdecimal()):
        raise DataError(
            say(
                "{folder}: {name} has no number for a name, such as 12.png.",
                folder=folder,
                name=odd[0],
            )
        )
    loaded = []
    for number in sorted(int(name[:-4]) for name in names["noisy"]):
        files = [folder / kind / f"{number}.png" for kind in ("noisy", "clean")]
        pair = Pair(number, *(images.gray(images.read(file)) for file in files))
        if pair.noisy.shape != pair.clean.shape:
            raise DataError(
                say(
                    "{name} is {noisy} pixels, its clean partner {clean}; wanted: the same size.",
                    name=files[0],
                    noisy=pair.noisy.shape,
                    clean=pair.clean.shape,
                )
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
