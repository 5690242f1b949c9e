""" "Codes of letters": a digit in sixteen letters of a codebook, each of which the reader can change."""

import numpy as np
import traitlets

from helpers import plots
from helpers.widgets.export import ExportError
from helpers.widgets.figure import DigitFigure, joined_module, style
from helpers.words import say

__all__ = ["Letters"]

_PLACES = 16
_MOST = 256  # letters: as many as a slider and a chart can tell apart


class Letters(DigitFigure):
    """Choose or draw a digit, read its sixteen letters, and change them one by one.

    Of the chosen place a chart has the squared distances of the encoder's output to all vectors
    of the codebook. The nearest is the digit's letter there, of equally near ones the first. The
    reader may choose another, and sees which pixels it moves.

    Parameters
    ----------
    networks : dict of str to keras.Model
        The "encoder" makes of 784 pixels 16 vectors, (16, size), and the "decoder" makes 784
        pixels between 0 and 1 of 16 vectors of the codebook.
    book : ndarray of float, shape (k, size)
        The codebook: a vector for each letter, at most 256.
    x : ndarray of float, shape (n, 784)
        Digits to choose from, 0 paper to 1 ink.

    Attributes
    ----------
    digit : int
        The place in `x` of the digit that is chosen, -1 for the reader's drawing. May be set;
        the letters are then the nearest again.
    place : int
        The place whose letter is looked at, 0 to 15. May be set.
    letters : list of int
        The sixteen letters that are decoded, each from 0 to k - 1. May be set. An empty list
        stands for the nearest, which the figure puts there as soon as it is shown.

    Raises
    ------
    ExportError
        If a model is not of this kind.
    ValueError
        If a model is missing, or `book` or `x` has another shape or other values.
    """

    _esm = joined_module("letters.js")
    _css = style("letters.css")
    _book = traitlets.Bytes().tag(sync=True)
    _size = traitlets.Int().tag(sync=True)
    place = traitlets.Int(0).tag(sync=True)
    letters = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, networks, book, x):
        x, book = self._checked(x), _checked_book(book)
        encoder, decoder = _checked_networks(networks, book.shape[1])
        distances = np.square(np.asarray(encoder(x))[:, :, None] - book).sum(axis=-1)
        drawn = np.asarray(decoder(book[distances.argmin(axis=-1)]))
        still = plots.rows(
            {"original": x, f"from {_PLACES} letters": drawn},
            alt=say(
                "Digits, and below them what comes back from {places} letters each, of a codebook "
                "of {k}.",
                places=_PLACES,
                k=len(book),
            ),
        )
        super().__init__(
            {"encoder": encoder, "decoder": decoder}, still, x,
            _book=book.astype("<f4").tobytes(), _size=book.shape[1],
        )  # fmt: skip

    @traitlets.validate("place")
    def _is_a_place(self, proposal):
        if not 0 <= proposal["value"] < _PLACES:
            raise traitlets.TraitError(
                say(
                    "place is {value}; wanted: 0 to {last}",
                    value=proposal["value"],
                    last=_PLACES - 1,
                )
            )
        return proposal["value"]

    @traitlets.validate("letters")
    def _are_letters(self, proposal):
        value, k = proposal["value"], len(self._book) // (4 * max(self._size, 1))
        if value and (len(value) != _PLACES or not all(0 <= letter < k for letter in value)):
            raise traitlets.TraitError(
                say(
                    "letters is {value}; wanted: {places} numbers from 0 to {last}, or none for "
                    "the nearest",
                    value=value,
                    places=_PLACES,
                    last=k - 1,
                )
            )
        return value


def _checked_book(book):
    """Return the codebook as float32, or say what it is instead."""
    book = np.asarray(book, dtype=np.float32)
    if book.ndim != 2 or not 1 <= len(book) <= _MOST or not book.shape[1]:
        raise ValueError(
            say(
                "book has shape {shape}; wanted: (k, size), a vector for each of 1 to {most} letters",
                shape=book.shape,
                most=_MOST,
            )
        )
    if not np.isfinite(book).all():
        raise ValueError(say("book holds NaN or infinity; wanted: finite numbers"))
    return book


def _checked_networks(networks, size):
    """Return encoder and decoder, or say in which way they are others than the figure needs."""
    if missing := [name for name in ("encoder", "decoder") if name not in networks]:
        raise ValueError(
            say(
                "networks has {there}, and no {missing}; wanted: encoder and decoder",
                there=sorted(networks),
                missing=missing[0],
            )
        )
    encoder, decoder = networks["encoder"], networks["decoder"]
    shapes = [
        shape[1:]
        for model in (encoder, decoder)
        for shape in (model.input_shape, model.output_shape)
    ]
    code = (_PLACES, size)
    if shapes != [(784,), code, code, (784,)]:
        raise ExportError(
            say(
                "encoder and decoder go from {start} to {code} and from {code_back} to {end}; "
                "wanted: from (784,) to {wanted}, which are the book's vectors, and back",
                start=shapes[0],
                code=shapes[1],
                code_back=shapes[2],
                end=shapes[3],
                wanted=code,
            )
        )
    return encoder, decoder
