"""Clean a scanned page of any size with a convolutional network, and pass that network on."""

import functools
import json
import os
import pathlib
import tempfile
import zipfile

import numpy as np

from helpers import files
from helpers.data import DataError, documents, images
from helpers.results import FOLDER
from helpers.words import say

__all__ = ["PUBLISHED", "clean", "publish", "receptive_radius"]

#: The cleaner that the published run of the chapter trained.
PUBLISHED = FOLDER / "documents.keras"


def clean(page, model=None, tile=512):
    """Clean a scanned page of any size.

    Parameters
    ----------
    page : str, path, bytes, binary file object, PIL.Image.Image or array_like
        An image file, opened or not, or an array (height, width) or (height, width,
        channels) in which 0 is black: see `helpers.data.images.read`.
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
        If the image file or the model's file cannot be used.
    ValueError
        If the array is no page; if `model` cannot work in tiles (see `receptive_radius`),
        changes the size of the page, or makes NaN or infinity of it.

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
    pixels = images.read(page)
    if not isinstance(tile, int | np.integer) or isinstance(tile, bool) or tile < 1:
        raise ValueError(say("tile is {tile!r}; an int >= 1 is wanted", tile=tile))
    run, radius, name = _cleaner(model)
    margin = radius + 1  # one more than it takes, to compare the pixels beside a seam
    height, width = pixels.shape[:2]
    cleaned = np.empty((height, width), np.float32)
    for y in range(0, height, tile):
        for x in range(0, width, tile):
            top, left = max(y - margin, 0), max(x - margin, 0)
            part = images.gray(pixels[top : y + tile + margin, left : x + tile + margin])
            done = np.clip(_made(run, part, name), 0, 1)
            up, back = min(y, 1), min(x, 1)  # a row and a column of the tiles before
            done = done[y - up - top : y + tile - top, x - back - left : x + tile - left]
            target = cleaned[y - up : y + tile, x - back : x + tile]
            for seam in (np.s_[:up, back:], np.s_[up:, :back]):
                off = np.max(np.abs(target[seam] - done[seam]), initial=0)
                if off > 0.5 / 255:
                    raise ValueError(
                        say(
                            "{name} cannot clean this page in tiles of {tile} pixels: they would "
                            "show, by {off:.3f} where two meet. It sees farther than the {radius} "
                            "pixels that were measured, or the whole page.",
                            name=name,
                            tile=tile,
                            off=off,
                            radius=radius,
                        )
                    )
            target[up:, back:] = done[up:, back:]
    return cleaned


def _cleaner(model):
    """Return a model as a fast function of a batch, its receptive radius and its name."""
    import keras

    if isinstance(model, keras.Model):  # nothing is kept: its reader may go on building it
        return _compiled(model), receptive_radius(model), say("model {name}", name=model.name)
    path = PUBLISHED if model is None else model
    if not isinstance(path, str | os.PathLike):
        raise ValueError(
            say(
                "model is a {kind}; a keras.Model or its .keras file is wanted",
                kind=type(model).__name__,
            )
        )
    path = pathlib.Path(path).absolute()
    if not path.is_file():
        raise DataError(say("{path}: expected a .keras file, found none.", path=path))
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
            say(
                "{path}: expected a .keras file, got {kind}: {why}",
                path=path,
                kind=type(why).__name__,
                why=why,
            )
        ) from None
    return _compiled(model), receptive_radius(model), say("model {path}", path=path)


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
            say(
                "{name} does not take a page of shape (1, {height}, {width}, 1); a model with "
                "Input((None, None, 1)) is wanted. It says: {why}",
                name=name,
                height=part.shape[0],
                width=part.shape[1],
                why=why,
            )
        ) from why
    if len(outputs) != 1:
        raise ValueError(
            say("{name} has {n} outputs; one, the clean page, is wanted", name=name, n=len(outputs))
        )
    if done.dtype.kind in "biu":
        raise ValueError(
            say(
                "{name} makes values of type {dtype}; wanted: floats from 0 to 1",
                name=name,
                dtype=done.dtype,
            )
        )
    done = done.astype(np.float32, copy=False)  # NumPy knows little of bfloat16
    if done.shape != (1, *part.shape, 1):
        raise ValueError(
            say(
                "{name} makes {shape} of {expected}; wanted: same. Convolutions need "
                'padding="same" and no strides.',
                name=name,
                shape=done.shape,
                expected=(1, *part.shape, 1),
            )
        )
    if not np.isfinite(done).all() and np.isfinite(part).all():
        raise ValueError(
            say(
                "{name} makes NaN or infinity of a page: look at its weights. Perhaps its "
                "training diverged.",
                name=name,
            )
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
        raise ValueError(
            say("model is a {kind}; a keras.Model is wanted", kind=type(model).__name__)
        )
    run, name = functools.partial(model, training=False), say("model {name}", name=model.name)
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
        say(
            "{name} cannot clean a page in tiles: it sees farther than {pixels} pixels or the "
            "whole page, or joins its opposite edges, or its strides or coordinates count pixels "
            "from the edge. One of these it must be: {unknown}",
            name=name,
            pixels=side // 4,
            unknown=", ".join(unknown),
        )
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
        return np.zeros(2, int), [
            say("{name} of class {kind}", name=model.name, kind=type(model).__name__)
        ]
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
        raise ValueError(
            say("layer {name} changes the size; wanted: a model without strides", name=layer.name)
        )
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
    rng, text = np.random.default_rng(0), documents.make_page(0, *shape, documents.DIRT)[0]
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
