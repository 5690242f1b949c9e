"""Turn a trained Keras model into what network.js runs: a spec and the bytes of its weights."""

from numbers import Integral

import numpy as np

from helpers.words import say

__all__ = ["LIMIT", "ExportError", "export"]

#: The most bytes of weights that a page may have to load for one model.
LIMIT = 2_000_000

# What of each layer goes into the spec, by Keras' own names.
_OPTIONS = {
    "Dense": ["units", "activation"],
    "Conv2D": ["filters", "kernel_size", "strides", "padding", "dilation_rate", "activation"],
    "Conv2DTranspose": ["filters", "kernel_size", "strides", "padding", "activation"],
    "MaxPooling2D": ["pool_size", "strides", "padding"],
    "UpSampling2D": ["size"],
    "LSTM": ["units", "activation", "recurrent_activation", "return_sequences"],
    "RepeatVector": ["n"],
    "Flatten": [],
    "Reshape": ["target_shape"],
    "Activation": ["activation"],
    "ReLU": [],
    "Softmax": [],
}

# Options that Keras offers and network.js has for one value alone.
_ONLY = {
    "Conv2D": {"groups": 1},
    "Conv2DTranspose": {"dilation_rate": (1, 1), "output_padding": None},
    "UpSampling2D": {"interpolation": "nearest"},
    "LSTM": {"go_backwards": False, "return_state": False, "stateful": False},
    "ReLU": {"max_value": None, "negative_slope": 0, "threshold": 0},
    "Softmax": {"axis": -1},
}

_ACTIVATIONS = ["linear", "relu", "sigmoid", "softmax", "tanh"]

# They act while a model is trained; afterwards they hand on what they get.
_IDENTITIES = [
    *("ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"),
    *("Identity", "InputLayer", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
]


class ExportError(ValueError):
    """A model that the book's pages cannot run.

    The message names the layer, what came and what to do.

    Examples
    --------
    >>> raise ExportError("conv2d (Conv2D): groups is 2, and only 1 is known")
    Traceback (most recent call last):
    helpers.widgets.export.ExportError: conv2d (Conv2D): groups is 2, and only 1 is known
    """


def export(model, dtype="float16"):
    """Return a model as network.js takes it.

    Parameters
    ----------
    model : keras.Sequential or keras.Model
        Built, from one input of fixed shape to one output, each layer following on
        the one before; models inside it are opened. Its layers are among ``Dense``,
        ``Conv2D``, ``Conv2DTranspose``, ``MaxPooling2D``, ``UpSampling2D``, ``LSTM``,
        ``RepeatVector``, ``Flatten``, ``Reshape``, ``Activation``, ``ReLU`` and
        ``Softmax``, channels last; the activations are linear, relu, sigmoid,
        softmax and tanh. Layers that act in training alone, such as ``Dropout``, are
        left out.
    dtype : {"float16", "float32"}
        Type of the weights. float16 halves the page's load and moves the outputs of
        the book's models by less than 0.005.

    Returns
    -------
    spec : dict
        What JSON can hold: ``input_shape`` (list of int, without the batch),
        ``dtype``, and ``layers``, a list of dicts with ``type``, ``name`` and the
        layer's options by Keras' names.
    weights : bytes
        The weights of all layers, one after the other, each in Keras' order and
        with a bias (zeros where the layer has none), little-endian.

    Raises
    ------
    ExportError
        If the model is not built, branches, masks a part of its input, takes whole
        numbers, computes with code of its own or in half precision, holds a layer,
        activation or option that network.js does not know, weights that are not finite
        or beyond the range of `dtype`, or more than `LIMIT` bytes of them.
    ValueError
        If `dtype` is neither float16 nor float32.

    Examples
    --------
    >>> import keras
    >>> decoder = keras.Sequential(
    ...     [keras.Input((2,)), keras.layers.Dense(3, activation="tanh", name="pixels")]
    ... )
    >>> spec, weights = export(decoder)
    >>> spec["layers"]
    [{'type': 'Dense', 'name': 'pixels', 'units': 3, 'activation': 'tanh'}]
    >>> len(weights)  # 2 x 3 and 3, of two bytes each
    18
    """
    if dtype not in ("float16", "float32"):
        raise ValueError(say("dtype is {dtype!r}; 'float16' or 'float32' is wanted", dtype=dtype))
    layers = _chain(model)
    shape = model.inputs[0].shape[1:]
    if None in shape:
        raise ExportError(
            say(
                "{model}: its input has the shape {shape}; a fixed one is wanted. Build the same "
                "layers on an Input of fixed shape, such as keras.Input((28, 28, 1)).",
                model=_label(model),
                shape=shape,
            )
        )
    if "float" not in (actual := model.inputs[0].dtype):
        raise ExportError(
            say(
                "{model}: its input is of type {actual}, and numbers with a fraction are wanted. "
                "Build the same layers on an Input without that dtype.",
                model=_label(model),
                actual=actual,
            )
        )
    spec = {"input_shape": list(shape), "dtype": dtype, "layers": list(map(_describe, layers))}
    weights = b"".join(_weights(layer, dtype) for layer in layers)
    if len(weights) > LIMIT:
        raise ExportError(
            say(
                "{model}: {size:,} bytes of weights as {dtype}; a page takes {limit:,} at most. "
                "Train a smaller model, or export the part that the figure runs.",
                model=_label(model),
                size=len(weights),
                dtype=dtype,
                limit=LIMIT,
            )
        )
    return spec, weights


def _label(layer):
    return f"{layer.name} ({type(layer).__name__})"


def _chain(model):
    """Return the layers of a model in the order in which data passes them, or raise."""
    import keras  # not above: importing the helpers stays cheap

    if not isinstance(model, keras.Model):
        raise ExportError(
            say("a {kind} came; a built Keras model is wanted.", kind=type(model).__name__)
        )
    if not type(model).call.__module__.startswith("keras."):
        raise ExportError(
            say(
                "{model}: it computes with code of its own (its method `call`), which cannot be "
                "exported. Export the Sequential or Functional models that it calls.",
                model=_label(model),
            )
        )
    if getattr(model, "outputs", None) is None:
        raise ExportError(
            say(
                "{model}: it is not built, so it has no weights yet. Begin it with a keras.Input, "
                "or call it once on data.",
                model=_label(model),
            )
        )
    for which, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        if len(tensors) != 1:
            raise ExportError(
                say(
                    "{model}: it has {n} {which}, and one is wanted. Make a model of the part to "
                    "run: keras.Model(model.inputs[0], model.outputs[0]).",
                    model=_label(model),
                    n=len(tensors),
                    which=which,
                )
            )

    layers, tensor, masked = [], model.outputs[0], None
    while tensor is not model.inputs[0]:
        layer, call, _ = tensor._keras_history
        node = layer._inbound_nodes[call]
        mask = node.arguments.kwargs.get("mask")
        data = [each for each in node.input_tensors if each is not mask]
        if mask is not None:
            masked = layer  # go on: what made the mask may come, and has the better name
        if len(data) != 1:
            raise ExportError(
                say(
                    "{layer}: it joins {n} branches, and only layers one after the other are "
                    "known. Export the branches one by one.",
                    layer=_label(layer),
                    n=len(data),
                )
            )
        if node.arguments.kwargs.get("training"):
            raise ExportError(
                say(
                    "{layer}: it is called with training=True, and only inference is known. Call "
                    "it without.",
                    layer=_label(layer),
                )
            )
        if isinstance(layer, keras.Model):
            layers.extend(reversed(_chain(layer)))
        elif _is_one_of(_OPTIONS, layer):
            layers.append(layer)
        elif not _is_one_of(_IDENTITIES, layer):
            raise ExportError(
                say(
                    "{layer}: such a layer is not known. Known are Keras' own {there}. Leave it "
                    "out, or teach it to network.js and export.py.",
                    layer=_label(layer),
                    there=", ".join(_OPTIONS),
                )
            )
        (tensor,) = data
    if masked is not None:
        raise ExportError(
            say(
                "{layer}: it is called with a mask, and only whole inputs are known. Call it "
                "without, on inputs of one length.",
                layer=_label(masked),
            )
        )
    return layers[::-1]


def _is_one_of(names, layer):
    """Whether a layer is of one of these types of Keras', no subclass and no namesake."""
    import keras

    return any(type(layer) is getattr(keras.layers, name) for name in names)


def _describe(layer):
    """Return a layer's part of the spec, or raise."""
    if layer.compute_dtype not in ("float32", "float64"):
        raise ExportError(
            say(
                "{layer}: it computes in {dtype}, whose rounding a page does not repeat. Build "
                "the same model with the dtype policy 'float32', and give it the weights: "
                "set_weights(model.get_weights()).",
                layer=_label(layer),
                dtype=layer.compute_dtype,
            )
        )
    kind = type(layer).__name__
    only = _ONLY.get(kind, {})
    if hasattr(layer, "data_format"):
        only = only | {"data_format": "channels_last"}
    for option, value in only.items():
        if getattr(layer, option) != value:
            raise ExportError(
                say(
                    "{layer}: {option} is {actual!r}, and only {value!r} is known. Build and "
                    "train the model with that.",
                    layer=_label(layer),
                    option=option,
                    actual=getattr(layer, option),
                    value=value,
                )
            )
    options = {option: getattr(layer, option) for option in _OPTIONS[kind]}
    for option in options.keys() & {"activation", "recurrent_activation"}:
        options[option] = _activation(layer, options[option])
    if kind in ("ReLU", "Softmax"):
        kind, options = "Activation", {"activation": kind.lower()}
    return {"type": kind, "name": layer.name} | {k: _plain(v) for k, v in options.items()}


def _plain(value):
    """Return an option as JSON has it and network.js compares it."""
    if isinstance(value, tuple | list):
        return list(map(_plain, value))
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)  # NumPy's are not JSON's
    return value


def _activation(layer, function):
    """Return the name of an activation, or raise."""
    import keras

    for name in _ACTIVATIONS:
        if function is getattr(keras.activations, name):
            return name
    actual = getattr(function, "__name__", repr(function))
    if actual in _ACTIVATIONS:  # TensorFlow's or a reader's own
        actual = f"{function.__module__}.{actual}"
    raise ExportError(
        say(
            "{layer}: its activation is {actual}, and only {there} are known. Give one of them by "
            "its name.",
            layer=_label(layer),
            actual=actual,
            there=", ".join(_ACTIVATIONS),
        )
    )


def _weights(layer, dtype):
    """Return the bytes of a layer's weights, or raise."""
    arrays = layer.get_weights()
    if hasattr(layer, "use_bias"):
        expected = layer.use_bias + (2 if type(layer).__name__ == "LSTM" else 1)
        if len(arrays) != expected:
            raise ExportError(
                say(
                    "{layer}: it keeps {n} arrays of weights instead of {expected}: it is "
                    "quantized, or LoRA is enabled. Export the model as it was before.",
                    layer=_label(layer),
                    n=len(arrays),
                    expected=expected,
                )
            )
        if not layer.use_bias:
            arrays.append(np.zeros(getattr(layer, "filters", arrays[0].shape[-1])))
    for array in arrays:
        if not np.isfinite(array).all():
            raise ExportError(
                say(
                    "{layer}: its weights hold NaN or infinity. The training has diverged: train "
                    "again at a lower rate.",
                    layer=_label(layer),
                )
            )
        largest = np.abs(array).max(initial=0)
        if largest > np.finfo(dtype).max:
            raise ExportError(
                say(
                    "{layer}: its weights reach {largest:g}, and {dtype} ends at {most:g}. Scale "
                    "the data, or train with a regularizer.",
                    layer=_label(layer),
                    largest=largest,
                    dtype=dtype,
                    most=np.finfo(dtype).max,
                )
            )
    return b"".join(array.astype(np.dtype(dtype).newbyteorder("<")).tobytes() for array in arrays)
