"""The networks that a figure opens with: published by a run, verified when they are loaded."""

import hashlib
import io
import json

import numpy as np

from helpers import files, results
from helpers.words import say

__all__ = ["LIMIT", "WeightsError", "load", "publish"]

#: The most bytes that a chapter may publish.
LIMIT = 1_000_000


class WeightsError(ValueError):
    """Published weights that cannot be used, or cannot be published.

    The message says what was expected, what came and what to do.
    """


def publish(ledger, networks, **arrays):
    """Store what a chapter's figure opens with, if this run is one to publish.

    Parameters
    ----------
    ledger : helpers.results.Ledger
        The chapter's. It keeps the SHA-256 of the file, by which `load` verifies it.
    networks : dict of str to keras.Model
        Such as the pages can run (`helpers.widgets.export.export`). Weights are stored as
        float16.
    **arrays : array_like
        What the figure shows besides, such as example digits. Numbers with a fraction are
        stored as float16, whole numbers as they are.

    Raises
    ------
    ExportError
        If a network is none that a page can run.
    WeightsError
        If all together are more than `LIMIT` bytes.
    """
    from helpers.widgets.export import export

    stored, specs = {}, {}
    for name, network in networks.items():
        specs[str(name)], weights = export(network)
        stored[f"weights/{name}"] = np.frombuffer(weights, "<f2")
    stored["networks"] = np.frombuffer(json.dumps(specs).encode(), np.uint8)
    for name, array in arrays.items():
        array = np.asarray(array)
        stored[f"arrays/{name}"] = array.astype("<f2") if array.dtype.kind == "f" else array
    packed = io.BytesIO()
    np.savez_compressed(packed, **stored)  # NumPy writes no time into it: same content, same bytes
    content = packed.getvalue()
    if len(content) > LIMIT:
        raise WeightsError(
            say(
                "{chapter}: {names} take {size:,} bytes; a chapter may publish {limit:,}. Publish "
                "fewer or smaller networks.",
                chapter=ledger.chapter,
                names=", ".join(specs),
                size=len(content),
                limit=LIMIT,
            )
        )
    if ledger.to_publish():
        folder = _folder()
        folder.mkdir(exist_ok=True)
        files.write(folder / f"{ledger.chapter}.npz", content)
        ledger.weights = hashlib.sha256(content).hexdigest()


def load(chapter):
    """Return the networks and arrays that a chapter has published.

    Parameters
    ----------
    chapter : str
        Such as ``"simple"``.

    Returns
    -------
    networks : dict of str to keras.Sequential
        As they were published, with weights rounded to float16.
    arrays : dict of str to ndarray
        float32 where they were stored as float16.

    Raises
    ------
    FileNotFoundError
        If the chapter has published none.
    WeightsError
        If the file is not the one of the published run.

    Examples
    --------
    >>> networks, arrays = load("simple")
    >>> networks["32"].count_params(), arrays["x"].shape
    (50992, (10, 784))
    """
    path = _folder() / f"{chapter}.npz"
    if not path.exists():
        there = ", ".join(sorted(known.stem for known in _folder().glob("*.npz"))) or say("none")
        raise FileNotFoundError(
            say(
                "no weights of {chapter!r} in {folder}; there are: {there}",
                chapter=chapter,
                folder=path.parent,
                there=there,
            )
        )
    content = path.read_bytes()
    expected, actual = results.read(chapter).get("weights"), hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise WeightsError(
            say(
                "{path}: expected SHA-256 {expected}, as in the chapter's ledger, got {actual}. "
                "The file was not used: fetch it again (git checkout), or run `make execute "
                "CHAPTER={chapter}`.",
                path=path,
                expected=expected,
                actual=actual,
                chapter=chapter,
            )
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        specs = json.loads(stored["networks"].tobytes())
        networks = {name: _build(spec, stored[f"weights/{name}"]) for name, spec in specs.items()}
        arrays = {
            name.removeprefix("arrays/"): stored[name]
            for name in stored.files
            if name.startswith("arrays/")
        }
    return networks, {name: _as_float32(array) for name, array in arrays.items()}


def _folder():
    """Beside the ledgers: in the book, or in the copy that a run may change."""
    return results.FOLDER.parent / "weights"


def _build(spec, weights):
    """Return the network that a spec of `helpers.widgets.export` describes."""
    import keras

    layers = []
    for described in spec["layers"]:
        options = {name: value for name, value in described.items() if name != "type"}
        layers.append(getattr(keras.layers, described["type"])(**options))
    network = keras.Sequential([keras.Input(tuple(spec["input_shape"])), *layers])
    position = 0
    for layer in layers:
        arrays = []
        for variable in layer.weights:
            size = int(np.prod(variable.shape))
            arrays.append(weights[position : position + size].reshape(variable.shape))
            position += size
        layer.set_weights(arrays)
    return network


def _as_float32(array):
    return array.astype(np.float32) if array.dtype.kind == "f" else array
