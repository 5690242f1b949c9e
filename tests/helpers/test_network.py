"""The network runtime of the figures: equal to Keras in Node and in Chromium, or a clear word."""

import base64
import itertools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from helpers.widgets.export import LIMIT, ExportError, export
from support import ADDRESS, ANSWER, in_node, new_page


def case(model, x, dtype="float32"):
    spec, weights = export(model, dtype)
    x = [None if np.isnan(value) else float(value) for value in np.ravel(x)]
    return {
        "spec": json.loads(json.dumps(spec)),
        "weights": base64.b64encode(weights).decode(),
        "x": x,
    }


def stack(shape, *parts):
    return keras.Sequential([keras.Input(shape), *parts])


def dense_pair(*sizes):
    """Encoder and decoder as in the chapters: 784-128-64-32 and back."""
    encoder = stack(sizes[:1], *[layers.Dense(n, "relu") for n in sizes[1:]])
    decoder = stack(sizes[-1:], *[layers.Dense(n, "relu") for n in sizes[-2:0:-1]])
    decoder.add(layers.Dense(sizes[0], "sigmoid"))
    return keras.Sequential([encoder, decoder])


def conv(filters, padding="same", activation="relu"):
    return layers.Conv2D(filters, 3, padding=padding, activation=activation)


def convolutional():
    encoder = stack((28, 28, 1))
    for filters in (16, 8, 8):
        encoder.add(conv(filters))
        encoder.add(layers.MaxPooling2D(2, padding="same"))
    up = layers.UpSampling2D
    decoder = [conv(8), up(2), conv(8), up(2), conv(16, "valid"), up(2)]
    decoder = stack((4, 4, 8), *decoder, conv(1, activation="sigmoid"))
    return keras.Sequential([encoder, decoder])


def denoiser():
    pool, up = layers.MaxPooling2D, layers.UpSampling2D
    down = [conv(32), pool(2, padding="same"), conv(32), pool(2, padding="same")]
    model = stack((28, 28, 1), *down, conv(32), up(2), conv(32), up(2), conv(1, "same", "sigmoid"))
    assert model.count_params() == 28_353
    return model


def functional():
    """A chain with everything that is skipped, and one layer that is called twice."""
    again = layers.Dense(6, "tanh", name="again")
    x = inputs = keras.Input((6,))
    for layer in (layers.GaussianNoise(1.0), again, layers.Dropout(0.5), again):
        x = layer(x)
    return keras.Model(inputs, stack((6,), layers.Dense(3))(x))


def sequence():
    return stack(
        (9, 2),
        layers.LSTM(5),
        layers.RepeatVector(9),
        layers.LSTM(4, return_sequences=True),
        layers.Dense(2),
    )


CHAPTERS = {
    "simple": lambda: dense_pair(784, 32),
    "deep": lambda: dense_pair(784, 128, 64, 32),
    "convolutional": convolutional,
    "denoiser": denoiser,
    "generator": lambda: stack((2,), layers.Dense(256, "relu"), layers.Dense(784, "sigmoid")),
    "sequence": sequence,
    "functional": functional,
}

NETWORKS = dict(CHAPTERS)
for name in ("linear", "relu", "sigmoid", "tanh", "softmax"):
    NETWORKS |= {
        f"dense-{name}": lambda a=name: stack((7,), layers.Dense(6, a)),
        f"activation-{name}": lambda a=name: stack((3, 4), layers.Activation(a)),
        f"conv-{name}": lambda a=name: stack((5, 6, 2), conv(3, activation=a)),
        f"transpose-{name}": lambda a=name: stack(
            (4, 3, 2), layers.Conv2DTranspose(5, 3, activation=a)
        ),
        f"lstm-{name}": lambda a=name: stack((6, 3), layers.LSTM(5, activation=a)),
        f"lstm-gates-{name}": lambda a=name: stack(
            (6, 3), layers.LSTM(5, recurrent_activation=a, return_sequences=True)
        ),
    }
for kernel, stride, padding, dilation in itertools.product(
    [1, 2, 3, (5, 2)], [1, 2, 3, (2, 1)], ["valid", "same"], [1, 2, (1, 3)]
):
    if stride == 1 or dilation == 1:  # Keras has no layer with both
        how = {"strides": stride, "padding": padding, "dilation_rate": dilation}
        NETWORKS[f"conv-{kernel}-{stride}-{padding}-{dilation}"] = lambda k=kernel, how=how: stack(
            (11, 8, 3), layers.Conv2D(6, k, **how)
        )
for size, stride, padding in itertools.product(
    [1, 2, 3, 4, (5, 2)], [1, 2, 3, (2, 1)], ["valid", "same"]
):
    how = {"strides": stride, "padding": padding}
    NETWORKS |= {
        f"transpose-{size}-{stride}-{padding}": lambda k=size, how=how: stack(
            (5, 4, 3), layers.Conv2DTranspose(2, k, **how)
        ),
        f"pool-{size}-{stride}-{padding}": lambda k=size, how=how: stack(
            (9, 8, 3), layers.MaxPooling2D(k, **how)
        ),
    }
NETWORKS |= {
    "dense-rows": lambda: stack((3, 4), layers.Dense(5, use_bias=False)),
    "conv-no-bias": lambda: stack((5, 5, 2), layers.Conv2D(4, 3, use_bias=False)),
    "transpose-no-bias": lambda: stack((5, 5, 2), layers.Conv2DTranspose(4, 3, use_bias=False)),
    "lstm-no-bias": lambda: stack((6, 3), layers.LSTM(5, use_bias=False)),
    "pool-default": lambda: stack((7, 7, 2), layers.MaxPooling2D()),
    "up": lambda: stack((3, 4, 2), layers.UpSampling2D((2, 3))),
    "reshape": lambda: stack((12,), layers.Reshape((2, -1, 3)), conv(2), layers.Flatten()),
    "repeat": lambda: stack((4,), layers.RepeatVector(3)),
    "relu-softmax": lambda: stack((2, 8), layers.ReLU(), layers.Softmax()),
    "skipped": lambda: stack((4, 4, 1), layers.SpatialDropout2D(0.5), layers.GaussianDropout(0.5)),
    "skipped too": lambda: stack(
        (4, 3), layers.SpatialDropout1D(0.5), layers.AlphaDropout(0.5), layers.Identity()
    ),
    "double": lambda: keras.Sequential([keras.Input((4,)), layers.Dense(3, dtype="float64")]),
    "numpy's ints": lambda: stack(
        (8, 8, 1), layers.Conv2D(np.int64(2), (np.int64(3), 2)), layers.Reshape(np.array([-1, 2]))
    ),
    "own size": lambda: keras.Sequential(
        [keras.Input((6, 6, 1)), stack((None, None, 1), layers.Conv2D(2, 3))]
    ),
    "all is one row": lambda: stack((3, 4), layers.Reshape((-1,)), layers.Activation("softmax")),
    "unrolled": lambda: stack((4, 3), layers.LSTM(2, unroll=True, dropout=0.5)),
}


def built(name):
    """Return a network with every weight random, and an input for it."""
    keras.utils.set_random_seed(7)
    model = NETWORKS[name]()
    rng = np.random.default_rng(7)
    model.set_weights([w + rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
    return model, rng.uniform(-1, 2, model.input_shape[1:]).astype("float32")


@pytest.fixture(scope="module")
def truth():
    """Every network with its input and with Keras' output for it."""
    found = {}
    for name in NETWORKS:
        model, x = built(name)
        found[name] = model, x, np.asarray(model(x[np.newaxis]))[0]
    return found


@pytest.fixture(scope="module")
def answers(truth):
    """The answers of network.js, all from one process."""
    keys = list(itertools.product(NETWORKS, ["float32", "float16"]))
    cases = [case(*truth[name][:2], dtype) for name, dtype in keys]
    return dict(zip(keys, in_node(cases), strict=True))


def check(answer, expected, tolerance):
    assert "error" not in answer, answer
    assert tuple(answer["shape"]) == expected.shape
    np.testing.assert_allclose(
        np.reshape(answer["output"], expected.shape), expected, rtol=0, atol=tolerance
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_float32_equals_keras(truth, answers, name):
    check(answers[name, "float32"], truth[name][2], 1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_float16_is_close_to_keras(truth, answers, name):
    check(answers[name, "float16"], truth[name][2], 5e-3)


def test_chromium_equals_keras(truth, browser):
    page = new_page(browser)
    cases = [case(model, x) for model, x, _ in truth.values()]
    found = page.evaluate(ANSWER, [ADDRESS, cases])
    page.close()
    for answer, (_, _, expected) in zip(found, truth.values(), strict=True):
        check(answer, expected, 1e-5)


@pytest.mark.parametrize("name", ["convolutional", "sequence"])
def test_every_layer_can_be_looked_at(truth, answers, name):
    model, x, _ = truth[name]
    parts = [p for m in model.layers for p in (m.layers if isinstance(m, keras.Model) else [m])]
    hidden = x[np.newaxis]
    for layer, actual in zip(parts, answers[name, "float32"]["layers"], strict=True):
        hidden = layer(hidden)
        assert (actual["name"], actual["type"]) == (layer.name, type(layer).__name__)
        check(actual, np.asarray(hidden)[0], 1e-5)


def test_every_float16_is_read_exactly():
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    model = stack((1,), layers.Dense(len(halves)))
    model.set_weights([halves[np.newaxis], np.zeros(len(halves))])
    (answer,) = in_node([case(model, [1.0], "float16")])
    np.testing.assert_array_equal(answer["output"], halves)


@pytest.mark.parametrize("name", ["sigmoid", "softmax", "tanh"])
def test_nothing_overflows(name):
    model, x = stack((3,), layers.Activation(name)), np.float32([-1e4, 0, 1e4])
    (answer,) = in_node([case(model, x)])
    check(answer, np.asarray(model(x[np.newaxis]))[0], 1e-5)


def small():
    return stack((3,), layers.Dense(2, "relu", name="code"))


def broken(**changes):
    """Return a case of a small network, changed in places."""
    good = case(small(), [0, 1, 2])
    layer = good["spec"]["layers"][0] | changes.pop("layer", {})
    spec = good["spec"] | {"layers": [layer]} | changes.pop("spec", {})
    return good | {"spec": spec} | changes


NOT_A_NUMBER = base64.b64encode(np.full(8, np.nan, "<f4").tobytes()).decode()


def test_javascript_says_what_is_wrong():
    wrong = {
        "2 values came; this network takes 3 (3)": broken(x=[0, 1]),
        "value 1 of the input is NaN": broken(x=[0, None, 1]),
        "layer code is of type Fancy; known are Dense, Conv2D": broken(layer={"type": "Fancy"}),
        "layer code is of type toString; known": broken(layer={"type": "toString"}),
        "code has activation gelu; known are linear": broken(layer={"activation": "gelu"}),
        "the weights are of type int8; known are float32": broken(spec={"dtype": "int8"}),
        "32 bytes of weights came; this network has 12 weights": broken(layer={"units": 3}),
        "28 bytes of weights came; this network has 8 weights, 32 bytes": broken(
            weights=base64.b64encode(bytes(28)).decode()
        ),
        "weight 0 is NaN": broken(weights=NOT_A_NUMBER),
    }
    for words, answer in zip(wrong, in_node(list(wrong.values())), strict=True):
        assert words in answer.get("error", "no error")


class OwnDense(layers.Dense):
    pass


class OwnModel(keras.Model):
    def call(self, x):
        return x


class OwnLayers(keras.Sequential):
    def call(self, x):
        return 2 * super().call(x)


def poisoned(value):
    model = small()
    model.set_weights([np.full((3, 2), value), np.zeros(2)])
    return model


def branching():
    x = keras.Input((4,))
    return keras.Model(x, layers.Add(name="join")([layers.Dense(4)(x), layers.Dense(4)(x)]))


def two_outputs():
    x = keras.Input((4,))
    return keras.Model(x, [layers.Dense(2)(x), layers.Dense(2)(x)])


def two_inputs():
    x = [keras.Input((4,)), keras.Input((4,))]
    return keras.Model(x, layers.Concatenate()(x))


def wild_dropout():
    x = keras.Input((4,))
    return keras.Model(x, layers.Dropout(0.5, name="wild")(x, training=True))


def operation():
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(4)(x) * 2)


def state_as_input():
    x = keras.Input((4, 2))
    state = layers.Dense(3)(layers.Flatten()(x))
    return keras.Model(x, layers.LSTM(3, name="led")(x, initial_state=[state, state]))


def with_mask():
    x = keras.Input((4, 2))
    return keras.Model(x, layers.LSTM(3, name="led")(x, mask=keras.ops.any(x != 0, axis=-1)))


def padded():
    """A mask made in one layer, handed on by the next and used inside a model."""
    inner = stack((4, 2), layers.LSTM(3))
    return stack((4, 2), layers.Masking(name="odd"), layers.Dropout(0.5), inner)


def whole_numbers():
    return keras.Sequential([keras.Input((4,), dtype="int32"), layers.Dense(2)])


def adapted():
    model = small()
    model.layers[0].enable_lora(1)
    return model


def quantized():
    model = small()
    model.layers[0].quantize("int8")
    return model


def first(shape=(8, 8, 2), kind=layers.Conv2D, *args, **options):
    return lambda: stack(shape, kind(*args, name="odd", **options))


transpose, lstm = layers.Conv2DTranspose, layers.LSTM
up, firsts = layers.UpSampling2D, {"data_format": "channels_first"}
REFUSED = {
    "norm": (first((4,), layers.BatchNormalization), "odd (BatchNormalization)"),
    "leaky": (first((4,), layers.LeakyReLU), "odd (LeakyReLU)"),
    "own layer": (first((4,), OwnDense, 2), "odd (OwnDense)"),
    "own call": (OwnModel, "OwnModel): it computes with code of its own"),
    "own call of a Sequential": (
        lambda: OwnLayers([keras.Input((3,)), layers.Dense(2)]),
        "(OwnLayers): it computes with code of its own",
    ),
    "gelu": (
        first((4,), layers.Dense, 2, activation="gelu"),
        "odd (Dense): its activation is gelu",
    ),
    "lambda": (first((4,), layers.Dense, 2, activation=lambda x: x), "activation is <lambda>"),
    "gates": (first((4, 2), lstm, 2, recurrent_activation="hard_sigmoid"), "is hard_sigmoid"),
    "groups": (first((8, 8, 2), layers.Conv2D, 2, 3, groups=2), "groups is 2, and only 1"),
    "conv first": (first((2, 8, 8), layers.Conv2D, 2, 3, **firsts), "is 'channels_first'"),
    "pool first": (first((2, 8, 8), layers.MaxPooling2D, **firsts), "is 'channels_first'"),
    "flatten first": (first((2, 8, 8), layers.Flatten, **firsts), "is 'channels_first'"),
    "bilinear": (first((8, 8, 2), up, interpolation="bilinear"), "interpolation is 'bilinear'"),
    "dilated": (first((8, 8, 2), transpose, 2, 3, dilation_rate=2), "dilation_rate is (2, 2)"),
    "output padding": (
        first((8, 8, 2), transpose, 2, 3, strides=2, output_padding=1),
        "output_padding is (1, 1)",
    ),
    "backwards": (first((4, 2), lstm, 2, go_backwards=True), "go_backwards is True"),
    "capped": (first((4,), layers.ReLU, max_value=6), "max_value is 6"),
    "softmax axis": (first((4, 2), layers.Softmax, axis=1), "axis is 1"),
    "any size": (first((None, None, 1), layers.Conv2D, 2, 3), "a fixed one is wanted"),
    "too large": (first((784,), layers.Dense, 2000), f"a page takes {LIMIT:,}"),
    "unbuilt": (lambda: keras.Sequential([layers.Dense(2)]), "it is not built"),
    "no model": (lambda: layers.Dense(2), "a Dense came"),
    "NaN": (lambda: poisoned(np.nan), "code (Dense): its weights hold NaN"),
    "infinity": (lambda: poisoned(np.inf), "code (Dense): its weights hold NaN or infinity"),
    "large weights": (lambda: poisoned(-1e5), "reach 100000, and float16 ends at 65504"),
    "LoRA": (adapted, "code (Dense): it keeps 4 arrays of weights instead of 2"),
    "branches": (branching, "join (Add): it joins 2 branches"),
    "two outputs": (two_outputs, "it has 2 outputs"),
    "two inputs": (two_inputs, "it has 2 inputs"),
    "training": (wild_dropout, "wild (Dropout): it is called with training=True"),
    "operation": (operation, "(Multiply): such a layer is not known"),
    "state": (state_as_input, "led (LSTM): it joins 3 branches"),
    "masking": (first((4, 2), layers.Masking), "odd (Masking): such a layer is not known"),
    "masked": (padded, "odd (Masking): such a layer is not known"),
    "embedding": (
        lambda: stack((4,), layers.Embedding(9, 2, mask_zero=True, name="odd"), layers.LSTM(2)),
        "odd (Embedding): such a layer is not known",
    ),
    "mask": (with_mask, "led (LSTM): it is called with a mask"),
    "whole numbers": (whole_numbers, "its input is of type int32"),
    "causal": (first((8, 2), layers.Conv1D, 2, 3, padding="causal"), "odd (Conv1D)"),
    "threshold": (first((4,), layers.ReLU, threshold=0.5), "threshold is 0.5"),
    "slope": (first((4,), layers.ReLU, negative_slope=0.1), "negative_slope is 0.1"),
    "leaky by name": (first((4,), layers.Dense, 2, activation="leaky_relu"), "is leaky_relu"),
    "layer as activation": (
        first((4,), layers.Dense, 2, activation=layers.ReLU(max_value=1)),
        "odd (Dense): its activation is <ReLU",
    ),
    "TensorFlow's": (
        first((4,), layers.Dense, 2, activation=tf.nn.relu),
        "nn_ops.relu, and only linear, relu",
    ),
    "a layer of one's own formula": (first((4,), layers.Lambda, lambda x: x), "odd (Lambda)"),
    "rescaling": (first((4,), layers.Rescaling, 1 / 255), "odd (Rescaling)"),
    "both ways": (first((4, 2), layers.Bidirectional, lstm(2)), "odd (Bidirectional)"),
    "int8": (quantized, "code (Dense): it keeps 3 arrays of weights instead of 2"),
    **{
        policy: (
            first((4,), layers.Dense, 2, dtype=policy),
            f"odd (Dense): it computes in {policy.removeprefix('mixed_')}",
        )
        for policy in ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
    },
    "inside": (lambda: stack((4,), stack((4,), OwnDense(2, name="odd"))), "odd (OwnDense)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_export_refuses_by_name(name):
    make, words = REFUSED[name]
    with pytest.raises(ExportError) as refusal:
        export(make())
    assert words in str(refusal.value)
    assert str(refusal.value).endswith(".")  # it goes on to say what to do


def test_export_knows_two_types():
    with pytest.raises(ValueError, match="float64"):
        export(small(), "float64")


def test_float16_halves_the_weights():
    assert [len(export(small(), dtype)[1]) for dtype in ("float32", "float16")] == [32, 16]
