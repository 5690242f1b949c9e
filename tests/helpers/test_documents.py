"""Pages: the generator, the real pairs and their split, and the cleaner on any file."""

import io
import os
import re
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from bookbuild.book import ROOT
from helpers import cleaning
from helpers.data import DataError, documents
from support import REAL, needs_real


@pytest.fixture(scope="module")
def model():
    """Seven 3x3 convolutions with random weights, as in the chapter."""
    import keras

    keras.utils.set_random_seed(0)
    conv = keras.layers.Conv2D
    model = keras.Sequential([keras.Input((None, None, 1))])
    for filters in (4, 4, 4, 4, 4, 4):
        model.add(conv(filters, 3, padding="same", activation="relu", bias_initializer="ones"))
    model.add(conv(1, 3, padding="same", activation="sigmoid"))
    return model


def whole(model, page):
    return np.asarray(model(page[np.newaxis, ..., np.newaxis]))[0, ..., 0]


@pytest.fixture
def page():
    return documents.make_page(3, 70, 90)[0]


# --- the generator -------------------------------------------------------------------


def test_a_seed_gives_one_page_and_another_seed_another():
    (noisy, clean), again, other = (documents.make_page(seed, 80, 120) for seed in (1, 1, 2))
    np.testing.assert_array_equal(noisy, again[0])
    np.testing.assert_array_equal(clean, again[1])
    assert np.mean(clean != other[1]) > 0.05
    for x in (noisy, clean):
        assert (x.shape, x.dtype) == ((80, 120), np.float32)
        assert 0 <= x.min() < x.max() <= 1


def test_clean_pages_hold_gray_edged_text_of_many_fonts():
    inks = [np.mean(documents.make_page(seed, 200, 300)[1] < 0.5) for seed in range(12)]
    assert 0.02 < min(inks) and max(inks) < 0.4 and np.std(inks) > 0.01
    assert len(np.unique(documents.make_page(0)[1])) > 10


def test_each_kind_of_dirt_leaves_the_text_and_changes_the_paper():
    plain, clean = documents.make_page(5, dirt=[])
    for kind in documents.DIRT:
        noisy, same = documents.make_page(5, dirt=[kind])
        np.testing.assert_array_equal(clean, same)
        assert np.mean(np.abs(noisy - plain)) > 0.003, kind


def test_paper_is_darker_where_a_stain_is():
    plain, clean = documents.make_page(5, dirt=[])
    stained, _ = documents.make_page(5, dirt=["stains"])
    blank = clean == 1
    darker = (plain - stained)[blank]
    assert np.mean(darker > 0.1) > 0.01  # somewhere
    assert darker.mean() > 0


def test_a_font_of_a_given_size_prints_letters_so_high():
    def lines(size):  # rows with ink, over those where ink begins
        ink = (documents.make_page(3, 400, 300, [], size)[1] < 0.5).any(axis=1)
        return ink.sum() / max(np.sum(ink[1:] & ~ink[:-1]), 1)

    assert lines(8) < lines(16) < lines(32)
    by_chance = documents.make_page(5, 80, 90)
    assert any(
        np.array_equal(by_chance, documents.make_page(5, 80, 90, size=n)) for n in range(15, 33)
    )


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (258, 540), (700, 31)])
def test_pages_of_any_size(shape):
    noisy, clean = documents.make_page(0, *shape, dirt=documents.DIRT)
    assert noisy.shape == clean.shape == shape and np.isfinite(noisy).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"seed": 0, "height": 0}, "height is 0"),
        ({"seed": 0, "width": 5.5}, "width is 5.5"),
        ({"seed": 0, "size": 0}, "size is 0"),
        ({"seed": 0, "dirt": ["coffee"]}, "some of stains, folds"),
        ({"seed": 0, "dirt": "folds"}, "a list"),
    ],
)
def test_the_generator_refuses_by_name(wrong, said):
    with pytest.raises(ValueError, match=said):
        documents.make_page(**wrong)


# --- real pairs ----------------------------------------------------------------------


def save(path, page):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(255 * page).astype(np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as NoisyOffice has it: text = number modulo 3, four sheets, two texts."""
    for number in (2, 3, 5, 6, 8, 9):
        noisy, clean = documents.make_page(number % 3, 60, 80)
        save(tmp_path / "documents" / "noisy" / f"{number}.png", noisy)
        save(tmp_path / "documents" / "clean" / f"{number}.png", clean)
    monkeypatch.setenv("BOOK_DATA", str(tmp_path))
    return tmp_path / "documents"


def test_the_split_goes_by_text(folder, capsys):
    got = documents.pairs()
    assert [pair.number for pair in got.train] == [2, 5, 8]
    assert [pair.number for pair in got.test] == [3, 6, 9]
    assert got.real and re.fullmatch("[0-9a-f]{64}", got.sha256)
    assert "3 training and 3 test pairs" in capsys.readouterr().out
    assert got.train[0].noisy.dtype == np.float32
    assert documents.pairs().sha256 == got.sha256


def test_no_clean_page_is_in_both_parts_even_if_numbers_say_so(folder):
    _, clean = documents.make_page(0, 60, 80)  # the text of the test pages ...
    save(folder / "clean" / "5.png", np.clip(clean - 0.02, 0, 1))  # ... as a near duplicate
    got = documents.pairs()
    assert [pair.number for pair in got.train] == [2, 8]
    assert [pair.number for pair in got.test] == [3, 5, 6, 9]


@needs_real("documents")
def test_the_split_of_the_real_pages_leaks_nothing(monkeypatch):
    monkeypatch.setenv("BOOK_DATA", str(REAL))
    got = documents.pairs()
    assert len(got.train) == len(got.test) == 56
    train, test = ({pair.clean.tobytes() for pair in part} for part in (got.train, got.test))
    assert not train & test and len(train) == len(test) == 14
    assert {pair.clean.shape for pair in got.test} == {(420, 540), (258, 540)}


@pytest.mark.parametrize("where", ["unset", "embedded", "empty"])
def test_without_real_pages_generated_ones_stand_in(tmp_path, monkeypatch, capsys, where):
    monkeypatch.setenv("BOOK_DATA", {"unset": "", "empty": str(tmp_path)}.get(where, where))
    got = documents.pairs()
    assert not got.real and len(got.train) == len(got.test) == 8
    assert "stand in for real ones" in capsys.readouterr().out
    train, test = ({pair.clean.tobytes() for pair in part} for part in (got.train, got.test))
    assert not train & test


def broken(folder, how):
    target = folder / "noisy" / "5.png"
    if how == "alone":
        target.unlink()
    elif how == "cut":
        target.write_bytes(target.read_bytes()[:200])
    elif how == "size":
        save(target, np.ones((50, 80)))
    elif how == "name":
        for kind in ("noisy", "clean"):
            (folder / kind / "5.png").rename(folder / kind / "five.png")
    elif how == "one text":
        for kind in ("noisy", "clean"):
            for number in (3, 6, 9):
                (folder / kind / f"{number}.png").unlink()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("alone", r"without a partner: 5\.png"),
        ("cut", r"5\.png: expected an image file"),
        ("size", r"5\.png is \(50, 80\)"),
        ("name", r"five\.png has no number"),
        ("one text", "3 pages to train on and 0 to test on"),
    ],
)
def test_a_broken_folder_is_named_and_not_used(folder, how, said):
    broken(folder, how)
    with pytest.raises(DataError, match=said):
        documents.pairs()


def test_a_missing_folder_is_no_reason_for_a_stand_in(monkeypatch, tmp_path):
    monkeypatch.setenv("BOOK_DATA", str(tmp_path / "typo"))
    with pytest.raises(DataError, match="typo: expected a folder"):
        documents.pairs()


# --- the cleaner ---------------------------------------------------------------------


@pytest.mark.parametrize("tile", [7, 32, 512])
def test_tiles_do_not_show(model, page, tile):
    np.testing.assert_allclose(
        cleaning.clean(page, model, tile=tile), whole(model, page), atol=2e-6
    )


def test_less_overlap_would_show_and_is_refused(model, page, monkeypatch):
    monkeypatch.setattr(cleaning, "receptive_radius", lambda model: 2)
    with pytest.raises(ValueError, match="tiles of 32 pixels: they would show"):
        cleaning.clean(page, model, tile=32)


def functional(*steps):
    """A model of the steps, one after the other, that ends in a convolution of 3 x 3."""
    import keras

    page = y = keras.Input((None, None, 1))
    for step in (*steps, conv(1, activation="sigmoid")):
        y = step(y)
    return keras.Model(page, y)


def conv(filters=4, kernel=3, **settings):
    import keras

    settings = {"activation": "relu", "bias_initializer": "ones"} | settings
    return keras.layers.Conv2D(filters, kernel, padding="same", **settings)


def own(kind, steps=2):
    """A layer or model of the reader's with convolutions inside."""

    class Own(kind):
        def __init__(self):
            super().__init__()
            self.steps = [conv(1) for _ in range(steps)]

        def call(self, x):
            for step in self.steps:
                x = step(x)
            return x

    return Own()


def build(name):
    """Return a model that can be tiled: its radius follows its name."""
    import keras

    layers, ops, same = keras.layers, keras.ops, {"padding": "same"}
    keras.utils.set_random_seed(0)
    shared, block = conv(1), own(keras.layers.Layer)
    return {
        "even kernels": lambda: functional(conv(kernel=4), conv(kernel=2)),
        "wide and high": lambda: functional(conv(kernel=(1, 7)), conv(kernel=(5, 1))),
        "dilated": lambda: functional(conv(dilation_rate=(2, 3))),
        "separable": lambda: functional(
            layers.DepthwiseConv2D(5, **same), layers.SeparableConv2D(4, 3, **same)
        ),
        "transposed": lambda: functional(layers.Conv2DTranspose(4, 4, **same)),
        "pooled": lambda: functional(layers.AveragePooling2D((4, 5), 1, **same)),
        "applied six times": lambda: functional(*6 * [shared]),
        "two branches": lambda: functional(
            conv(), lambda x: layers.Add()([conv(kernel=5)(conv()(x)), conv()(x)])
        ),
        "nested": lambda: functional(functional(conv()), layers.Dropout(0.5)),
        "of pixels": lambda: functional(
            lambda x: 1 - x, layers.BatchNormalization(), layers.LayerNormalization()
        ),
        "never built": lambda: keras.Sequential([conv(), conv(1)]),
        "operation": lambda: functional(lambda x: ops.average_pool(x, 5, 1, "same")),
        "Lambda": lambda: functional(layers.Lambda(lambda x: ops.max_pool(x, 3, 1, "same"))),
        "own activation": lambda: functional(
            conv(activation=lambda x: ops.average_pool(x, 3, 1, "same"))
        ),
        "padded apart": lambda: functional(layers.ZeroPadding2D(2), layers.Conv2D(4, 5)),
        "own layers, shared": lambda: functional(block, block),
        "own model": lambda: own(keras.Model, 3),
        "dead": lambda: functional(own(keras.layers.Layer), conv(bias_initializer="zeros")),
    }[name]()


@pytest.mark.parametrize(
    ("name", "radius"),
    {
        "even kernels": 2 + 1 + 1,
        "wide and high": 3 + 1,
        "dilated": 3 + 1,
        "separable": 2 + 1 + 1,
        "transposed": 2 + 1,
        "pooled": 2 + 1,
        "applied six times": 6 + 1,
        "two branches": 1 + 1 + 2 + 1,
        "nested": 1 + 1 + 1,
        "of pixels": 1,
        "never built": 2,
        "operation": 2 + 1,
        "Lambda": 1 + 1,
        "own activation": 1 + 1 + 1,
        "padded apart": 2 + 1,
        "own layers, shared": 4 + 1,
        "own model": 3,
        "dead": 2 + 1 + 1,
    }.items(),
)
def test_the_overlap_is_right_for_every_kind_of_model(page, name, radius):
    model = build(name)
    got = cleaning.clean(page, model, tile=32)
    np.testing.assert_allclose(got, np.clip(whole(model, page), 0, 1), atol=2e-5)
    assert cleaning.receptive_radius(model) == radius
    # What the settings say is not less than what can be seen.
    assert cleaning._measured(model, (80, 80), (37, 41), name) <= radius


@pytest.mark.parametrize(
    "kind",
    [
        *("groups", "squeeze", "mean", "softmax", "coordinates", "every second", "far", "stride"),
        *("roll", "flip", "attention"),
    ],
)
def test_what_cannot_be_tiled_is_refused_by_name(page, kind):
    import keras

    layers, ops = keras.layers, keras.ops

    def squeeze(x):
        mean = layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x)
        return layers.Multiply()([x, layers.Dense(4, "sigmoid")(mean)])

    def coordinates(x):
        return x + ops.reshape(ops.arange(ops.shape(x)[2], dtype="float32"), (1, 1, -1, 1)) / 1000

    def every_second(x):
        half = ops.average_pool(x, 2, 2)
        return ops.repeat(ops.repeat(half, 2, axis=1), 2, axis=2)

    class Attention(layers.Layer):
        """Each pixel looks at each other one: of 400 x 400, that would be 100 GB of weights."""

        def call(self, x):
            pixels = ops.reshape(x, (1, -1, x.shape[-1]))
            assert ops.shape(pixels)[1] < 10_000
            weights = ops.softmax(pixels @ ops.transpose(pixels, (0, 2, 1)))
            return ops.reshape(weights @ pixels, ops.shape(x))

        def compute_output_shape(self, shape):
            return shape

    step = {
        "groups": layers.GroupNormalization(2, name="groups"),
        "squeeze": squeeze,
        "mean": layers.Lambda(lambda x: x - ops.mean(x), name="mean"),
        "softmax": layers.Softmax(axis=1, name="softmax"),
        "coordinates": layers.Lambda(coordinates, name="coordinates"),
        "every second": layers.Lambda(every_second, name="every second"),
        "far": layers.Lambda(lambda x: ops.average_pool(x, 201, 1, "same"), name="far"),
        "stride": layers.MaxPooling2D(2, name="stride"),
        "roll": layers.Lambda(lambda x: ops.roll(x, 3, axis=2), name="roll"),
        "flip": layers.Lambda(lambda x: x + 0.01 * ops.flip(x, axis=1), name="flip"),
        "attention": Attention(name="attention"),
    }[kind]
    with pytest.raises(ValueError, match=kind):
        cleaning.clean(page, functional(conv(), step), tile=32)


def constant(value):
    """A model that makes the same of every pixel: `value` times the page, without an end."""
    import keras

    return keras.Sequential([keras.Input((None, None, 1)), keras.layers.Rescaling(value)])


@pytest.mark.parametrize("factor", [-1.0, 1.5, 300.0])
def test_a_cleaned_page_stays_between_black_and_white(page, factor):
    got = cleaning.clean(page, constant(factor))
    np.testing.assert_allclose(got, np.clip(factor * page, 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (lambda x: [x, x], "has 2 outputs; one, the clean page, is wanted"),
        (lambda x: x > 0.5, "makes values of type bool; wanted: floats"),
    ],
)
def test_a_model_that_makes_no_page_is_named(page, outputs, said):
    import keras

    pixels = keras.Input((None, None, 1))
    with pytest.raises(ValueError, match=said):
        cleaning.clean(page, keras.Model(pixels, outputs(keras.layers.Rescaling(1.0)(pixels))))


@pytest.mark.parametrize("stored", [False, True])
def test_a_model_that_makes_nan_is_named(page, tmp_path, stored):
    broken = functional(conv())
    broken.set_weights([np.full_like(w, np.nan) for w in broken.get_weights()])
    name = f"model {broken.name} makes NaN"
    if stored:
        broken.save(tmp_path / "broken.keras")
        broken = tmp_path / "broken.keras"
    with pytest.raises(ValueError, match=name):
        cleaning.clean(page, broken)


def test_a_stored_model_is_loaded_and_traced_once(model, page, tmp_path, monkeypatch):
    import keras

    loaded, load = [], keras.saving.load_model
    monkeypatch.setattr(
        keras.saving, "load_model", lambda *args, **more: loaded.append(1) or load(*args, **more)
    )
    path = tmp_path / "cleaner.keras"
    model.save(path)
    for part in (page, page[:50], page[:, :33], page[:1, :1]):
        cleaning.clean(part, path)
    assert len(loaded) == 1
    run, *_ = cleaning._cleaner(path)
    assert run.experimental_get_tracing_count() == 1
    # Another model in the same file is another model.
    other = keras.models.clone_model(model)
    other.save(path)
    np.testing.assert_allclose(cleaning.clean(page, path), whole(other, page), atol=2e-6)


def test_a_model_that_goes_on_changing_is_used_as_it_is(page):
    model = constant(0.5)
    cleaning.clean(page, model)
    model.add(conv(1, kernel_initializer="zeros", bias_initializer="zeros"))
    assert not cleaning.clean(page, model).any()
    model.layers[-1].set_weights([np.zeros((3, 3, 1, 1)), np.ones(1)])
    assert (cleaning.clean(page, model) == 1).all()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("none.keras", "expected a .keras file, found none"),
        (len, "a keras.Model or its .keras file is wanted"),
        (__file__, "expected a .keras file, got"),
    ],
)
def test_what_is_no_model_is_refused(page, model, said):
    with pytest.raises(ValueError, match=said):
        cleaning.clean(page, model)


def test_receptive_radius(model):
    import keras

    assert cleaning.receptive_radius(model) == 7
    wide = keras.Sequential([keras.Input((None, None, 1)), model])
    wide.add(keras.layers.Conv2D(1, 5, padding="same", dilation_rate=3))
    wide.add(keras.layers.MaxPooling2D(3, strides=1, padding="same"))
    assert cleaning.receptive_radius(wide) == 7 + 6 + 1
    wide.add(keras.layers.MaxPooling2D(2, name="halves"))
    with pytest.raises(ValueError, match="layer halves changes the size"):
        cleaning.receptive_radius(wide)


def as_file(path, kind, gray):
    """Store a gray page, uint8, in one of many ways that mean the same."""
    image = Image.fromarray(gray)
    if kind == "16 bits":
        image = Image.fromarray(gray.astype(np.uint16) * 257)
    elif kind == "palette, see-through":
        image = image.convert("P")
        image.info["transparency"] = 255  # white, and seen through: still white
    elif kind == "on its side":
        exif = Image.Exif()
        exif[0x0112] = 6
        image.rotate(90, expand=True).save(path, exif=exif)
        return
    elif kind != "L":
        image = image.convert(kind)
    image.save(path)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        *[(mode, "png") for mode in ("L", "LA", "RGB", "RGBA", "P")],
        *[("16 bits", "png"), ("palette, see-through", "png"), ("on its side", "png")],
        *[("CMYK", "tif"), ("YCbCr", "tif"), ("16 bits", "tif")],
    ],
)
def test_any_gray_or_colour_file(model, page, tmp_path, kind, suffix):
    gray = np.rint(255 * page).astype(np.uint8)
    as_file(tmp_path / f"page.{suffix}", kind, gray)
    want = whole(model, np.float32(gray) / 255)
    got = cleaning.clean(str(tmp_path / f"page.{suffix}"), model)
    assert (got.dtype, got.shape) == (np.float32, page.shape)
    np.testing.assert_allclose(got, want, atol=0.01)


def png(gray, bits, color=0, key=None):
    """Return a PNG file of `bits` a sample: gray (color 0), RGB (2), gray and alpha (4)."""
    samples = np.rint(gray * (2**bits - 1)).astype(int)
    if color:
        opaque = np.full_like(samples, 2**bits - 1)
        samples = np.stack([samples] * 3 if color == 2 else [samples, opaque], axis=-1)
    rows = samples.reshape(len(gray), -1)
    digits = rows[..., np.newaxis] >> np.arange(bits)[::-1] & 1
    packed = np.packbits(digits.reshape(len(gray), -1), axis=1)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", *gray.shape[::-1], bits, color, 0, 0, 0))]
    if key is not None:
        chunks.append((b"tRNS", struct.pack(">H", key) * (3 if color == 2 else 1)))
    chunks.append((b"IDAT", zlib.compress(np.pad(packed, ((0, 0), (1, 0))).tobytes())))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in [*chunks, (b"IEND", b"")]
    )


def tiff(pixels, photometric="minisblack", **settings):
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric=photometric, **settings)
    return file.getvalue()


def palette(gray, most):
    colors = np.tile(np.uint16(np.linspace(0, most, 256)), (3, 1))
    return tiff(np.uint8(np.rint(255 * gray)), "palette", colormap=colors)


def twelve_bits(gray):
    """Return a TIFF file with two samples in three bytes, as some scanners write it."""
    samples = np.rint(gray * 4095).astype(int)
    digits = samples[..., np.newaxis] >> np.arange(12)[::-1] & 1
    data = np.packbits(digits.reshape(len(gray), -1), axis=1).tobytes()
    height, width = gray.shape
    tags = {256: width, 257: height, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: height}
    tags[279] = len(data)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory


def read(source):
    """What `clean` reads: a model that changes nothing gives the page back."""
    return cleaning.clean(source, constant(1.0))


def orientation(value):
    """Return the TIFF tag that says how a page lies."""
    return [(274, "H", 1, value, True)]


SAMPLES = {
    **{
        f"TIFF, {bits} bits in 16": (
            bits,
            lambda x, bits=bits: tiff(
                np.uint16(np.rint(x * (2**bits - 1))),
                extratags=[(281, "H", 1, 2**bits - 1, True)],
            ),
        )
        for bits in (10, 13, 14, 15)
    },
    # Rotated, so that its rows are not as long as the file's.
    "TIFF, on its side": (
        8,
        lambda x: tiff(np.uint8(np.rint(x.T * 255)), extratags=orientation(5)),
    ),
    "TIFF, 16 bits, on its side": (
        16,
        lambda x: tiff(np.uint16(np.rint(x[::-1].T * 65535)), extratags=orientation(8)),
    ),
    **{f"PNG, {bits} bits": (bits, lambda x, bits=bits: png(x, bits)) for bits in (1, 2, 4, 8, 16)},
    "PNG, 16 bits and alpha": (16, lambda x: png(x, 16, color=4)),
    "PNG, 16 bits RGB": (16, lambda x: png(x, 16, color=2)),
    "TIFF, palette": (8, lambda x: palette(x, 65535)),
    "TIFF, 1 bit": (1, lambda x: tiff(x > 0.5)),
    "TIFF, 12 bits": (12, twelve_bits),
    "TIFF, 12 bits in 16": (
        12,
        lambda x: tiff(np.uint16(np.rint(x * 4095)), extratags=[(281, "H", 1, 4095, True)]),
    ),
    "TIFF, float": (16, lambda x: tiff(x)),
    "TIFF, float, white is 0": (16, lambda x: tiff(1 - x, "miniswhite")),
    **{
        f"TIFF, {8 * size} bits{white}{', big-endian' * (order == '>')}": (
            8 * size,
            lambda x, size=size, white=white, order=order: tiff(
                np.rint((1 - x if white else x) * (256**size - 1)).astype(f"u{size}"),
                "miniswhite" if white else "minisblack",
                byteorder=order or None,
            ),
        )
        for size in (1, 2)
        for white, order in [("", ""), (", white is 0", ""), ("", ">")]
    },
    "TIFF, 16 bits, compressed": (
        16,
        lambda x: tiff(np.uint16(np.rint(x * 65535)), compression="zlib", tile=(16, 16)),
    ),
    "TIFF, 16 bits RGB": (
        16,
        lambda x: tiff(np.uint16(np.rint(np.stack(3 * [x], -1) * 65535)), "rgb"),
    ),
    "PGM, 12 bits": (
        12,
        lambda x: b"P5 %d %d 4095\n" % x.shape[::-1] + np.rint(x * 4095).astype(">u2").tobytes(),
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_of_any_depth(page, tmp_path, name):
    bits, store = SAMPLES[name]
    (tmp_path / "page").write_bytes(store(page))
    want = np.rint(page * (2**bits - 1)) / (2**bits - 1)
    # Of 16-bit colours and of gray with alpha, Pillow keeps 8 bits.
    atol = 1 / 255 if "RGB" in name or "alpha" in name else 2e-5
    np.testing.assert_allclose(read(tmp_path / "page"), want, atol=atol)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_one_gray_that_is_transparent_is_paper(page, bits):
    samples = np.rint(page * (2**bits - 1))
    key = 0 if bits == 1 else int(np.median(samples))
    want = np.where(samples == key, 1, samples / (2**bits - 1))
    np.testing.assert_allclose(read(png(page, bits, key=key)), want, atol=2e-5)


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (lambda x: tiff(np.int8(127 * x)), "signed"),
        (lambda x: tiff(np.int16(32767 * x)), "signed"),
        (lambda x: tiff(np.int32(32767 * x)), "signed"),
        (lambda x: tiff(np.uint32(65535 * x)), "which of its I samples is white is not known"),
        (lambda x: tiff(x.astype(float)), "a kind that Pillow does not read"),
        (lambda x: tiff(x.astype(complex)), "a kind that Pillow does not read"),
        (lambda x: tiff(255 * x), r"\[0, 1\] is wanted"),
        (
            lambda x: tiff(np.uint16(65535 * np.stack(3 * [x])), "rgb", planarconfig="separate"),
            "separate planes",
        ),
        (lambda x: tiff(np.uint8(255 * np.stack(3 * [x], -1)), "cielab"), "Lab"),
        (lambda x: png(x / 4.1, 16), "the page is black"),
        (lambda x: tiff(np.uint16(4095 * (1 - x)), "miniswhite"), "the page is black"),
        (lambda x: palette(x, 255), "8 bits a colour"),
        (lambda x: png(x, 16, color=2, key=9), "one is transparent"),
    ],
)
def test_samples_without_a_known_white_are_refused(page, tmp_path, store, said):
    (tmp_path / "scan.tif").write_bytes(store(page))
    with pytest.raises(DataError, match=said) as error:
        read(tmp_path / "scan.tif")
    assert "scan.tif" in str(error.value)


class Endless:
    """A file object such as /dev/zero."""

    def read(self, size):
        return bytes(size)


class Stream:
    """A file object that cannot seek, as of a download."""

    def __init__(self, data):
        self.data = data

    def read(self, size=-1):
        data, self.data = self.data, b""
        return data


@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: png(x, 16),
        lambda x: bytearray(png(x, 16)),
        lambda x: io.BytesIO(png(x, 16)),
        lambda x: Stream(png(x, 16)),
        lambda x: Image.open(io.BytesIO(png(x, 16))),
        lambda x: Image.fromarray(np.uint16(np.rint(x * 65535))),
        lambda x: Image.fromarray(x),
        lambda x: x.tolist(),
        lambda x: memoryview(x),
        lambda x: memoryview(np.repeat(np.frombuffer(png(x, 16), np.uint8), 2))[::2],
        lambda x: x.astype(">f8"),
        lambda x: np.rint(x * 65535).astype(">u2"),
        lambda x: np.asfortranarray(x),
        lambda x: np.ma.array(x),
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        lambda x: np.broadcast_to(x[..., np.newaxis], (*x.shape, 3)),
    ],
)
def test_any_source(page, wrap):
    np.testing.assert_allclose(read(wrap(page)), page, atol=2e-5)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float32])
def test_a_page_of_one_pixel(dtype):
    assert (
        read(np.full((1, 1), 1 if dtype in (bool, np.float32) else np.iinfo(dtype).max, dtype)) == 1
    )
    assert cleaning.clean(np.zeros((1, 1), dtype)).shape == (1, 1)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("https://example.org/page.png", "is an address: download it"),
        (ROOT, "found a folder, pipe or device"),
        ("a\0b.png", "found none"),
        (b"", "0 bytes"),
        (io.BytesIO(), "0 bytes"),
        (b"no image", "damaged, cut short"),
        (io.StringIO("page"), 'open it with mode "rb"'),
        (None, "the page is None; an image file, or an array"),
        (7, "the page is np.int64.7.; an image file"),
        ("HTTPS://example.org/page.png", "is an address: download it"),
        (io.FileIO(os.devnull, "w"), "the file object cannot be read"),
        (Endless(), "more than 640,000,000 bytes"),
        ([[0, 255]], "values of type int64"),
        ([[0, 1], [0]], "NumPy makes no array"),
        (np.ones((5, 5), complex), "complex128"),
        (np.ma.array(np.ones((5, 5)), mask=np.eye(5)), "masked pixels"),
        (np.eye(5, dtype=np.uint8), "the page is black: of uint8, 255 is white"),
        (np.full((5, 5), 4095, np.uint16), "give page / 4095"),
    ],
)
def test_what_is_no_page_is_refused_in_words(source, said):
    with pytest.raises(ValueError, match=said):
        read(source)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "page.png")
    with pytest.raises(DataError, match="folder, pipe or device"):
        read(tmp_path / "page.png")


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_any_array(model, page, dtype, channels):
    most = {"b": 1, "f": 1, "u": np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1}
    gray = (page > 0.5) * np.array(most[np.dtype(dtype).kind], dtype)
    x = gray.astype(dtype)
    if channels:
        x = np.repeat(x[..., np.newaxis], channels, axis=2)
        if channels in (2, 4):
            x[..., -1] = most[np.dtype(dtype).kind]
    want = whole(model, np.float32(page > 0.5))
    np.testing.assert_allclose(cleaning.clean(x, model), want, atol=1e-5)


def test_what_is_transparent_is_paper(model, page):
    x = np.zeros((*page.shape, 4), np.uint8)  # black, but not there
    want = whole(model, np.ones(page.shape, np.float32))
    np.testing.assert_allclose(cleaning.clean(x, model), want, atol=1e-5)


def test_a_model_from_a_file(model, page, tmp_path):
    model.save(tmp_path / "cleaner.keras")
    got = cleaning.clean(page, tmp_path / "cleaner.keras")
    np.testing.assert_allclose(got, whole(model, page), atol=2e-6)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.ones((0, 5)), "empty"),
        (np.ones(5), r"shape \(5,\)"),
        (np.ones((5, 5, 5)), r"shape \(5, 5, 5\)"),
        (np.full((5, 5), np.nan), "NaN"),
        (np.full((5, 5), 255.0), "from 255 to 255"),
        (np.ones((5, 5), int), "int64"),
        (np.broadcast_to(np.uint8(255), (10_000, 10_000)), "at most 80,000,000"),
    ],
    ids=["empty", "one axis", "five channels", "NaN", "0 to 255 as float", "int64", "gigantic"],
)
def test_arrays_that_are_no_page(model, x, said):
    with pytest.raises(ValueError, match=said):
        cleaning.clean(x, model)


def test_files_that_are_no_page(model, page, tmp_path):
    save(tmp_path / "cut.png", page)
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:-300])
    (tmp_path / "zero.png").touch()
    (tmp_path / "text.png").write_text("no image")
    Image.new("1", (10_000, 9_000)).save(tmp_path / "large.png")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    for name, said in {
        "none.png": "found none",
        "zero.png": "0 bytes",
        "text.png": "damaged, cut short",
        "cut.png": "damaged, cut short",
        "large.png": "10,000 x 9,000 pixels; at most 80,000,000",
        "bomb.png": "too many pixels; at most 80,000,000",
    }.items():
        with pytest.raises(DataError, match=said) as error:
            cleaning.clean(tmp_path / name, model)
        assert name in str(error.value)


def test_a_model_of_another_kind_is_refused(page):
    import keras

    valid = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 3)])
    with pytest.raises(ValueError, match="wanted: same"):
        cleaning.clean(page, valid)


_LARGE = """
import resource, numpy as np, keras
from helpers import cleaning
model = keras.Sequential([keras.Input((None, None, 1))])
for filters in (32, 1):
    model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
page = np.full((10_000, 5_000, 3), 200, np.uint8)
cleaning.clean(page[:64, :64], model)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert cleaning.clean(page, model).shape == (10_000, 5_000)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kB on Linux alone")
def test_fifty_megapixels_take_half_a_gigabyte_more_than_tensorflow_and_the_page():
    done = subprocess.run(
        [sys.executable, "-c", _LARGE],
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
    )
    assert float(done.stdout.split()[-1]) < 500  # of which the result has 200


def test_the_published_cleaner_cleans():
    noisy, clean = documents.make_page(12345)
    before, after = (
        np.sqrt(np.mean((page - clean) ** 2)) for page in (noisy, cleaning.clean(noisy))
    )
    assert after < 0.5 * before


def test_a_published_model_asks_for_nothing_that_an_older_keras_lacks(model, tmp_path):
    import keras

    # Keras 3.15 writes "input_axes": null, and 3.13 stops there.
    cleaning.publish(model, tmp_path / "model.keras")
    for file in (tmp_path / "model.keras", cleaning.PUBLISHED):
        with zipfile.ZipFile(file) as parts:
            config = parts.read("config.json").decode()
        assert "GlorotUniform" in config
        assert "input_axes" not in config
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    page = documents.make_page(1, 60, 80)[0]
    again, before = cleaning.clean(page, loaded), cleaning.clean(page, model)
    np.testing.assert_allclose(again, before, atol=1e-6)


@pytest.mark.parametrize("put", [lambda path: path.touch(), lambda path: path.symlink_to("none")])
def test_nothing_stands_in_for_bad_pages(tmp_path, monkeypatch, put):
    put(tmp_path / "documents")
    monkeypatch.setenv("BOOK_DATA", str(tmp_path))
    with pytest.raises(DataError, match="documents"):
        documents.pairs()
