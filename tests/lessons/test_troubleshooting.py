"""The page of symptoms: its wrong lines go wrong as it says, and its fixes remove that.

The page is the only source. An entry is a heading of the third level. Its blocks run in turn, in
one program that began with the page's own first lines and those at the head of the section; each
block of output is compared with what the block above it printed, or with the error it ended in;
line breaks do not count.
"""

import contextlib
import io
import os
import re

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from myst_parser.mdit_to_docutils.base import default_slugify
from PIL import Image

from bookbuild import book
from helpers import data
from support import BLOCK, agrees, message, sections

PAGE = book.text("troubleshooting").read_text()
SECTIONS = sections(PAGE, 2)
TABLES = SECTIONS["Find what you see"]
ENTRIES = {
    entry: (section, text)
    for section, body in SECTIONS.items()
    for entry, text in sections(body, 3).items()
}
every_entry = pytest.mark.parametrize("entry", ENTRIES)
HOW_TO = "How do I ..."


@pytest.fixture(scope="module")
def digits():
    """1,500 images as Keras would give them: MNIST where BOOK_DATA has it, or else its stand-in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", os.environ.get("BOOK_DATA") or "embedded")
        images = data.digits().x_train[:1500, :, :, 0]
    images = np.round(images * 255).astype("uint8")
    return images, np.zeros(len(images), "uint8")


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch, digits):
    """A folder with photographs and a table to read, and digits that need no download."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for number, ending in enumerate(["png", "jpg", "jpeg", "png", "png"] * 2):
        image = rng.integers(0, 256, (40 + number, 90, 3), "uint8")
        Image.fromarray(image).save(f"photos/{number}.{ending}")
    table = pd.DataFrame(rng.normal(50, 20, (40, 2)), columns=["age", "income"])
    table.loc[3, "age"] = np.nan
    table["town"] = ["Bonn", "Oslo"] * 20
    table.to_csv("table.csv", index=False)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: (digits, digits))


def run(code, space):
    """Run a block; return what it prints, then the error in which it ends."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(code, "cell", "exec"), space)
        except Exception as error:
            print(message(error))
    return said.getvalue()


def begin(section):
    """Return the names that the entries of a section begin with."""
    space = {"__name__": "reader"}
    head = SECTIONS[section].partition("\n### ")[0]
    for _, code in BLOCK.findall(TABLES) + BLOCK.findall(head):
        assert run(code, space) == ""
    return space


def program(entry):
    """Run an entry; after each block yield what it should say, what it says, and all names."""
    section, text = ENTRIES[entry]
    space = begin(section)
    blocks = BLOCK.findall(text)
    for number, (kind, code) in enumerate(blocks):
        if kind == "python":
            following = blocks[number + 1 : number + 2]
            expected = following[0][1] if following and following[0][0] == "text" else ""
            yield expected, run(code, space), space


# What makes each printed word true, in numbers: what an entry's names hold after its last wrong
# block (False) and after its fix (True).
HOLDS = {
    "Loss is NaN": lambda s: np.isfinite(s["loss"]),
    "Loss is negative": lambda s: min(s["losses"]) > 0,
    "Loss does not move, everything is gray": lambda s: abs(s["loss"] - np.log(2)) > 0.1,
    "All outputs equal the mean": lambda s: s["loss"] < 0.99 * s["best"],
    "val_loss rises": lambda s: min(s["val_loss"][-6:]) == min(s["val_loss"]),
    "Output shape differs, 32 instead of 28": lambda s: (
        s["model"].output_shape == (None, 28, 28, 1)
    ),
    "VAE loss is NaN or negative": lambda s: min(s["losses"]) > 0,
    "KL is 0": lambda s: s["mean_kl"](s["vae"]) > 0.01,
    "Memory grows (memory leak)": lambda s: not any(model() for model in s["seen"]),
    "tf.function retracing": lambda s: s["step"].experimental_get_tracing_count() == 1,
    "Seeds do not repeat": lambda s: np.isclose(*s["losses"], rtol=1e-3),
}


@pytest.mark.heavy  # each trains a network or two
@every_entry
def test_each_block_says_what_the_page_says(entry):
    held = []
    for expected, said, space in program(entry):
        assert agrees(*(" ".join(words.split()) for words in (expected, said))), said
        if entry in HOLDS:
            held.append(bool(HOLDS[entry](space)))
    if entry in HOLDS:
        assert held[0] is False and held[-1] is True


@every_entry
def test_an_entry_has_what_you_see_why_and_the_fix(entry):
    section, text = ENTRIES[entry]
    if section != HOW_TO:
        words = re.findall(r"^\*\*(You see|Why:|Fix:)\*\*", text, re.M)
        assert words == ["You see", "Why:", "Fix:"]
        assert re.match(r"\s*\*\*You see\*\*", text)


def test_the_tables_lead_to_every_entry():
    links = re.findall(r"\]\(#(.+?)\)", TABLES)
    assert set(links) == set(map(default_slugify, ENTRIES))


def test_code_fits_a_laptop():
    code = "".join(block for _, block in BLOCK.findall(PAGE))
    assert max(map(len, code.splitlines())) <= 77


# What the prose says beside the code.


def test_a_cross_entropy_by_hand_takes_the_logarithm_of_0():
    x, x_hat = np.float32([[0, 1]]), np.float32([[0, 1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        assert np.isnan(np.mean(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)))
    assert np.isfinite(keras.losses.binary_crossentropy(x, x_hat)).all()
    assert np.isfinite(keras.ops.binary_crossentropy(x, x_hat)).all()


def test_a_cross_entropy_of_targets_above_1_has_no_minimum():
    model = keras.Sequential([keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(1.0), "binary_crossentropy")
    x = np.ones((64, 1))
    loss = model.fit(x, 255 * x, epochs=50, verbose=0).history["loss"][-1]
    assert loss < 254 * np.log(keras.config.epsilon())  # so no clipped logarithm holds it up


def test_terminate_on_nan_ends_at_the_first():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.full((64, 1), np.nan)
    stop = keras.callbacks.TerminateOnNaN()
    assert len(model.fit(x, x, epochs=3, verbose=0, callbacks=[stop]).epoch) == 1


@pytest.mark.parametrize("restore", [True, False])
def test_the_best_weights_come_back_only_if_asked_even_after_the_last_epoch(restore):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((64, 1))
    callbacks = [
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 if epoch < 2 else -0.1),
        keras.callbacks.EarlyStopping(patience=50, restore_best_weights=restore),
    ]
    fitted = model.fit(x, x, epochs=4, validation_data=(x, x), verbose=0, callbacks=callbacks)
    losses = fitted.history["val_loss"]
    assert len(losses) == 4
    best_is_back = model.evaluate(x, x, verbose=0) == pytest.approx(min(losses), rel=1e-3)
    assert best_is_back is restore


def test_validation_split_takes_the_last_rows():
    seen = []

    class Spy(keras.Sequential):
        def test_step(self, batch):
            seen.extend(np.ravel(batch[0]))
            return super().test_step(batch)

    model = Spy([keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x = np.arange(10.0)[:, None]
    model.fit(x, x, validation_split=0.2, verbose=0)
    assert seen == [8, 9]


@pytest.mark.parametrize(
    ("ending", "start", "within"),
    [
        (
            "keras",
            "<class '.*Sequential'> could not be deserialized",
            "Could not locate class 'Own'",
        ),
        ("h5", "Unknown layer: 'Own'", ""),
    ],
)
def test_a_layer_of_your_own_is_not_found(ending, start, within):
    class Own(keras.layers.Dense):
        pass

    keras.Sequential([keras.Input((4,)), Own(2)]).save(f"model.{ending}")
    with pytest.raises((TypeError, ValueError)) as error:
        keras.models.load_model(f"model.{ending}")
    assert re.match(start, str(error.value)) and within in str(error.value)


def test_exp_overflows_above_88():
    assert np.isfinite(keras.ops.exp(np.float32(88))) and np.isinf(keras.ops.exp(np.float32(89)))


@pytest.mark.parametrize("shape", [(32,), (32, 1)])
def test_the_pattern_weighs_images_and_adds_penalties_as_keras_does(shape):
    space = begin("Variational autoencoders")
    x = space["x"][:32]
    weight = np.linspace(0, 3, 32, dtype="float32").reshape(shape)

    def network():
        return [
            keras.layers.Dense(8, "relu", kernel_regularizer="l2", activity_regularizer="l2"),
            keras.layers.Dense(784, "sigmoid"),
        ]

    class Pattern(keras.Sequential):
        kl = staticmethod(lambda mean, log_var: 0)
        reconstruction = staticmethod(lambda x, x_hat: keras.losses.binary_crossentropy(x, x_hat))

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            y_pred = {"x_hat": y_pred, "mean": None, "log_var": None}
            return space["VAE"].compute_loss(self, x, y, y_pred, sample_weight)

    losses = []
    for kind in (keras.Sequential, Pattern):
        keras.utils.set_random_seed(1)
        model = kind(network())
        model.compile("adam", "binary_crossentropy")
        losses.append(model.evaluate(x, 1 - x, sample_weight=weight, verbose=0))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_weights_without_targets_are_lost_on_the_way():
    vae = begin("Variational autoencoders")["VAE"]()
    given = []
    vae.compute_loss = lambda x, y, y_pred, sample_weight, training: (
        given.append(sample_weight) or keras.ops.sum(y_pred["x_hat"])
    )
    vae.compile("adam", run_eagerly=True)
    x, weight = np.ones((2, 784)), np.ones(2)
    vae.evaluate(x, sample_weight=weight, verbose=0)
    vae.evaluate(x, x, sample_weight=weight, verbose=0)
    assert given[0] is None and given[-1].shape == (2,)


def test_five_traces_in_a_loop_are_warned_of(caplog, monkeypatch):
    logger = tf.get_logger()
    monkeypatch.setattr(logger, "filters", [])  # the helpers silence this advice
    logger.addHandler(caplog.handler)
    with caplog.at_level("WARNING", logger.name):
        list(program("tf.function retracing"))
    logger.removeHandler(caplog.handler)
    assert any(
        re.match(
            r"\d+ out of the last \d+ calls to <function .* triggered tf\.function retracing", line
        )
        for line in caplog.messages
    )


def test_a_history_keeps_its_model_alive():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(np.ones((2, 1)), np.ones((2, 1)), verbose=0)
    assert history.model is model


def test_the_contractive_penalty_is_the_norm_of_the_jacobian():
    space = begin(HOW_TO)
    _, text = ENTRIES["A contractive autoencoder"]
    assert run(BLOCK.search(text)[2].partition("def trained")[0], space) == ""
    x = tf.constant(space["x"][:20])
    code = space["Contractive"](5, 1.0)
    code.build(x.shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        h = code(x)
    jacobian = tape.batch_jacobian(h, x)
    expected = np.square(jacobian).sum(axis=(1, 2)).mean()
    assert float(code.sensitivity(h)) == pytest.approx(expected, rel=1e-5)
    assert float(sum(code.losses)) == pytest.approx(expected, rel=1e-5)
