"""The shared figures: what they show, and that everyone can read them."""

import base64
import io
import warnings

import keras
import numpy as np
import PIL.Image
import pytest

from helpers import plots

IMAGES = np.random.default_rng(0).random((12, 28, 28)).astype("float32")
LABELS = np.arange(12) % 10


def draw_all():
    return {
        "rows": plots.rows({"original": IMAGES, "noisy": IMAGES}, alt="Two rows."),
        "reconstructions": plots.reconstructions(IMAGES, IMAGES, alt="Pairs."),
        "grid": plots.grid(IMAGES, columns=5, alt="A grid."),
        "curves": plots.curves({"Adam": [3, 2, 1]}, ylabel="loss (nats)", alt="A curve."),
        "codes": plots.codes(IMAGES[:, 0, :2], LABELS, alt="A map."),
    }


@pytest.mark.parametrize("name", ["rows", "reconstructions", "grid", "curves", "codes"])
def test_figure_is_opaque_sharp_and_small_to_store(name):
    figure = draw_all()[name]
    picture = PIL.Image.open(io.BytesIO(figure.png()))
    assert picture.width == 1000, "sharp on a display of twice the page's resolution"
    assert "transparency" not in picture.info
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert len(figure.png()) < 150_000


def test_a_gray_figure_is_stored_in_few_grays_that_look_like_all():
    figure = plots.grid(
        np.linspace(0, 1, 784).reshape(1, 784), columns=1, alt="From white to black."
    )
    stored = PIL.Image.open(io.BytesIO(figure.png())).convert("RGB")
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=200, facecolor="white")
    drawn = np.asarray(PIL.Image.open(drawn).convert("RGB"), int)
    assert len(stored.getcolors()) == 32
    assert np.abs(np.asarray(stored, int) - drawn).max() <= 4  # of 255
    assert stored.getextrema() == ((0, 255),) * 3


def test_a_colour_stays_a_colour():
    colours = PIL.Image.open(io.BytesIO(draw_all()["codes"].png())).convert("RGB").getcolors(128)
    assert max(max(colour) - min(colour) for _, colour in colours) > 80


def test_text_is_readable_on_a_phone():
    """At 360 px less the page's margins, the smallest letters are at least 9 px."""
    figure = draw_all()["curves"]
    figure.draw_without_rendering()
    (ax,) = figure.axes
    points = min(t.get_fontsize() for t in [*ax.get_xticklabels(), ax.xaxis.label, ax.yaxis.label])
    assert points / 72 * (330 / plots.WIDTH) >= 9


def test_alt_text_goes_with_the_output(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.core.display_functions.display", lambda *a, **k: shown.append((a, k))
    )
    draw_all()["grid"]._ipython_display_()
    ((bundle,), options) = shown[0]
    assert options["metadata"]["image/png"]["alt"] == bundle["text/plain"] == "A grid."
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")


def test_ten_digits_have_ten_colours_and_a_written_name():
    z = np.stack([np.arange(10.0), np.arange(10.0)], axis=1)
    (ax,) = plots.codes(z, np.arange(10), alt="A line of ten points.").axes
    assert len(set(plots.DIGIT_COLORS)) == 10
    assert [t.get_text() for t in ax.texts] == list("0123456789")
    assert [tuple(t.get_position()) for t in ax.texts] == [tuple(p) for p in z]


def test_curves_label_the_sizes_that_were_measured():
    errors = {2: 0.05, 8: 0.03, 32: 0.01}
    figure = plots.curves({"PCA": errors}, logx=True, xlabel="units", ylabel="MSE", alt="A curve.")
    figure.draw_without_rendering()
    (ax,) = figure.axes
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2", "8", "32"]
    assert ax.lines[0].get_xydata().tolist() == [[2, 0.05], [8, 0.03], [32, 0.01]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("units", "MSE")


def test_a_long_legend_stays_off_the_curves():
    curves = {f"run {i}": [1, 2, 3] for i in range(7)}
    figure = plots.curves(curves, ylabel="loss (nats)", alt="Seven curves.")
    figure.draw_without_rendering()
    (ax,), (legend,) = figure.axes, figure.legends
    assert not legend.get_window_extent().overlaps(ax.get_window_extent())


def test_rows_show_the_same_image_whatever_its_shape():
    drawn = [
        plots.rows({"x": x}, alt="A row.").axes[0].images[0].get_array()
        for x in (IMAGES, IMAGES[..., None], IMAGES.reshape(12, 784))
    ]
    assert np.array_equal(drawn[0], drawn[1]) and np.array_equal(drawn[0], drawn[2])
    assert np.allclose(drawn[0][:, 1:29], IMAGES[0])


def drawn(figure):
    """Return what each picture of a figure shows: 0 is white and 1 is black, or colours."""
    return [np.asarray(image.get_array()) for ax in figure.axes for image in ax.images]


class Tensor:
    """As PyTorch's: NumPy reads it only without its gradient, and on the CPU."""

    def __init__(self, x, ready=False):
        self.x, self.ready = x, ready

    def detach(self):
        return self

    def cpu(self):
        return Tensor(self.x, ready=True)

    def __array__(self, *args, **kwargs):
        assert self.ready
        return self.x


PIXELS = np.rint(255 * IMAGES).astype("uint8")
KINDS = {
    "list": IMAGES.tolist(),
    "float16": IMAGES.astype("float16"),
    "uint8": PIXELS,
    "int64": PIXELS.astype(int),
    "tensor": keras.ops.convert_to_tensor(IMAGES),
    "bfloat16": keras.ops.cast(IMAGES, "bfloat16"),
    "torch": Tensor(IMAGES),
    "object": IMAGES.astype(object),
}


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_any_library_and_scale_are_drawn_alike(kind):
    with warnings.catch_warnings(action="error"):
        got = drawn(plots.reconstructions(IMAGES, KINDS[kind], alt="Twice the same."))
    np.testing.assert_allclose(got[1], got[0], atol=4e-3)  # bfloat16 has 8 bits


@pytest.mark.parametrize("dtype", [bool, "uint8", "int64"])
def test_a_mask_is_drawn_in_black_and_white(dtype):
    mask = np.arange(16).reshape(1, 4, 4) % 2
    (got,) = drawn(plots.grid(mask.astype(dtype), alt="Stripes.", columns=1))
    np.testing.assert_array_equal(got[1:5, 1:5], mask[0])


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_colours_are_drawn_between_white_gaps(dtype):
    colour = np.random.default_rng(1).random((3, 6, 8, 3))
    x = (255 * colour).round().astype(dtype) if dtype == "uint8" else colour.astype(dtype)
    (row,) = drawn(plots.rows({"colours": x}, alt="Three colour pictures."))
    (sheet,) = drawn(plots.grid(x, columns=2, alt="Three colour pictures."))
    assert row.shape == (6, 30, 3) and sheet.shape == (16, 20, 3)
    np.testing.assert_allclose(row[:, 11:19], colour[1], atol=3e-3)
    np.testing.assert_allclose(sheet[9:15, 1:9], colour[2], atol=3e-3)
    assert (row[:, [0, 9, 10]] == 1).all() and (sheet[8:, 10:] == 1).all()


def test_a_photograph_keeps_its_colours():
    slope = np.linspace(0, 1, 64)
    photograph = np.stack(np.broadcast_arrays(slope[:, None], slope, 0.5), axis=-1)
    stored = plots.grid(photograph[None], columns=1, alt="A slope of colours.").png()
    colours = np.asarray(PIL.Image.open(io.BytesIO(stored)).convert("RGB")).reshape(-1, 3)
    drawn = np.unique(np.rint(255 * photograph).astype("uint8").reshape(-1, 3), axis=0)
    assert len(np.unique(colours, axis=0)) >= len(drawn) == 64**2


def test_rows_of_different_sizes_have_equal_columns_and_their_own_shape():
    sizes = {"wide": (14, 28), "tall": (28, 14), "square": (7, 7)}
    figure = plots.rows({name: np.ones((5, *size)) for name, size in sizes.items()}, alt="Sizes.")
    figure.draw_without_rendering()
    boxes = [ax.get_window_extent() for ax in figure.axes]
    assert max(box.width for box in boxes) == pytest.approx(
        min(box.width for box in boxes), rel=0.1
    )
    for box, (h, w) in zip(boxes, sizes.values(), strict=True):
        assert box.width / box.height == pytest.approx(5 * (w + 2) / h)


def test_values_far_outside_are_told():
    with pytest.warns(UserWarning, match="images runs from 0 to 16; drawn is 0 to 1.*divide by 16"):
        plots.grid(16 * np.eye(8)[None], alt="A digit of scikit-learn's.", columns=1)
    with warnings.catch_warnings(action="error"):  # a linear output layer does that
        plots.grid(IMAGES * 1.5 - 0.25, alt="A little outside.")


@pytest.mark.parametrize("labels", [[3.0, 7.0], [[3], [7]], np.uint8([3, 7])])
def test_whole_labels_of_any_type_are_digits(labels):
    (ax,) = plots.codes([[0, 1], [2, 3]], labels, alt="Two points.").axes
    assert [t.get_text() for t in ax.texts] == ["3", "7"]


@pytest.mark.parametrize("z", [[[0.5, 0.5]], np.zeros((9, 2)), np.full((4, 2), 1e30)])
def test_one_point_and_constant_codes_are_drawn(z):
    with warnings.catch_warnings(action="error"):
        figure = plots.codes(z, np.zeros(len(z), int), alt="One place.")
        assert figure.png()
    (points,) = figure.axes[0].collections
    assert len(points.get_offsets()) == len(z)


def test_a_logarithmic_axis_labels_the_sizes_of_all_curves():
    figure = plots.curves({"a": {8: 1, 2: 2}, "b": {32: 1}}, logx=True, ylabel="y", alt="Curves.")
    figure.draw_without_rendering()
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["2", "8", "32"]
    epochs = plots.curves({"a": [1, 2, 3]}, logx=True, ylabel="y", alt="A curve.")
    assert epochs.axes[0].get_xscale() == "log"


def test_a_curve_may_be_a_tensor_or_numbers_of_any_library():
    y = keras.ops.convert_to_tensor([3.0, 2.0, 1.0])
    for values in (y, list(y), np.float16([3, 2, 1]), (3, 2, 1)):
        (line,) = plots.curves({"loss": values}, ylabel="y", alt="A curve.").axes[0].lines
        assert line.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]


def image_with(value):
    x = IMAGES.copy()
    x[3, 5, 5] = value
    return x


def curve(values, **options):
    return lambda: plots.curves({"Adam": values}, ylabel="y", alt="x", **options)


def picture(x):
    return lambda: plots.grid(x, alt="x")


def points(z, labels):
    return lambda: plots.codes(z, labels, alt="x")


TWO = np.zeros((2, 2))


@pytest.mark.parametrize("n", [0, -1, 2.0, "3", True, None, np.float64(3)])
@pytest.mark.parametrize(
    ("draw", "name"),
    [
        (lambda n: plots.rows({"x": IMAGES}, alt="x", count=n), "count"),
        (lambda n: plots.reconstructions(IMAGES, IMAGES, alt="x", count=n), "count"),
        (lambda n: plots.grid(IMAGES, alt="x", columns=n), "columns"),
    ],
    ids=["rows", "reconstructions", "grid"],
)
def test_a_count_is_an_int_from_one_on(draw, name, n):
    with pytest.raises(ValueError) as error:
        draw(n)
    assert str(error.value) == f"{name} is {n!r}; wanted: an int, at least 1"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.grid(IMAGES, alt=" "), "alt is ' '"),
        (lambda: plots.grid(IMAGES, alt=None), "alt is None"),
        (lambda: plots.figure("x", 0), "height is 0 inches; wanted: more than 0"),
        (lambda: plots.figure("x", np.nan), "height is nan"),
        (lambda: plots.figure("x", "3"), "height is '3'"),
        (lambda: plots.grid(np.zeros((3000, 1, 1)), columns=1, alt="x"), "draw fewer, or more of"),
        (picture(IMAGES[0, 0]), r"images has shape \(28,\)"),
        (picture(IMAGES[0]), r"shape \(28, 28\); .* Rows of 28 pixels are no square"),
        (picture(IMAGES[:0]), r"shape \(0, 28, 28\)"),
        (picture([]), r"shape \(0,\)"),
        (picture(np.zeros((2, 0, 4))), r"shape \(2, 0, 4\)"),
        (picture(np.zeros((2, 28, 28, 4))), r"opacity\? Leave it out: x\[..., :3\]"),
        (picture(np.zeros((2, 3, 28, 28))), r"channels first\? np.moveaxis\(x, 1, -1\)"),
        (picture(np.zeros((2, 28, 28, 2))), r"shape \(2, 28, 28, 2\)"),
        (picture([[[1, 2], [3]]]), "images is no array of numbers"),
        (picture([[None]]), "images holds None; wanted: numbers"),
        (picture(np.array([["a"]])), "images holds np.str_"),
        (picture(IMAGES * 1j), "images holds np.complex64"),
        (picture(keras.KerasTensor((None, 28, 28))), "images is no array of numbers"),
        (picture(None), "images holds None"),
        (picture(image_with(np.nan)), "images holds nan; wanted: finite"),
        (picture(image_with(-np.inf)), "images holds -inf"),
        (picture(np.full((1, 4, 4), 256)), "integers from 256 to 256; wanted: 0 to 255"),
        (picture(np.full((1, 4, 4), -1)), "integers from -1 to -1"),
        (lambda: plots.rows({}, alt="x"), "one row or more"),
        (lambda: plots.rows(IMAGES, alt="x"), "images is a ndarray; wanted: a dict"),
        (lambda: plots.reconstructions(IMAGES[:3], IMAGES[:4], alt="x"), "'reconstruction': 4"),
        (lambda: plots.curves({}, ylabel="y", alt="x"), "series is empty"),
        (lambda: plots.curves([1, 2], ylabel="y", alt="x"), "series is a list"),
        (curve([1, np.nan]), r"series\['Adam'\] holds nan"),
        (curve([1, None]), r"series\['Adam'\] holds None"),
        (curve(["1", "2"]), r"series\['Adam'\] holds np.str_"),
        (curve([[1, 2], [3]]), r"series\['Adam'\] is no array"),
        (curve([[1, 2]]), r"series\['Adam'\] has shape \(1, 2\); wanted: \(n,\)"),
        (curve(3), r"series\['Adam'\] has shape \(\)"),
        (curve([]), r"series\['Adam'\] is empty"),
        (curve({}), r"series\['Adam'\] is empty"),
        (curve({"a": 1}), "its keys, the x, holds np.str_.*wanted: numbers"),
        (curve({None: 1}), "its keys, the x, holds None"),
        (curve({1: None}), r"series\['Adam'\] holds None"),
        (curve({0: 1}, logx=True), "x is 0 somewhere.*without logx"),
        (curve([1, 0], logy=True), "y is 0 somewhere.*without logy"),
        (curve([1, 2], levels={"PCA": -1}, logy=True), "y is -1 somewhere"),
        (curve([1, 2], levels={"PCA": np.nan}), r"levels\['PCA'\] holds nan"),
        (curve([1, 2], levels=[1]), "levels is a list"),
        (curve([1, 2], height=-1), "height is -1 inches"),
        (points(IMAGES[0], LABELS), r"z is \(28, 28\).*Choose two columns"),
        (points(np.zeros((2, 1)), [1, 2]), r"z is \(2, 1\)"),
        (points(np.zeros((2, 3)), [1, 2]), r"z is \(2, 3\)"),
        (points(np.zeros((0, 2)), []), r"z is \(0, 2\); wanted: \(n, 2\), n at least 1"),
        (points(np.full((1, 2), np.inf), [1]), "z holds inf"),
        (points(TWO, [1]), r"labels are \(1,\); wanted: \(2,\)"),
        (points(TWO, np.eye(10)[:2]), "one-hot it seems.*argmax"),
        (points(TWO, [1, 10]), r"labels hold \[10\]"),
        (points(TWO, [1, 3.5]), r"labels hold \[3.5\]"),
        (points(TWO, [True, False]), r"labels hold \[False  True\]"),
        (points(TWO, ["1", "2"]), "labels holds np.str_"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("columns", [np.uint8(3), 10**9, 2**70])
def test_a_grid_of_any_number_of_columns(columns):
    fig = plots.grid(np.zeros((12, 4, 4)), columns=columns, alt="digits")
    lines, across = fig.axes[0].images[0].get_array().shape
    assert lines // 6 * (across // 6) == 12


@pytest.mark.parametrize("shape", [(2, 2, 5000), (1, 1, 100_000), (50_000, 2, 2)])
def test_images_that_are_hardly_to_be_seen_are_drawn(shape):
    images = np.zeros(shape)
    figures = [
        plots.rows({"a": images, "b": images}, count=len(images), alt="strips"),
        plots.grid(images, columns=len(images), alt="strips"),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib's: no room
        for fig in figures:
            fig.png()


def test_more_values_than_are_drawn_are_refused():
    with pytest.raises(ValueError, match=r"has 1,000,000,000,000 values.*choose some"):
        plots.grid(np.broadcast_to(np.float32(0.5), (10**6, 1000, 1000)), alt="too many")


@pytest.mark.parametrize(("scale", "advice"), [(255, "divide by 255"), (-5, r"\(x - x.min\(\)\)")])
def test_the_advice_on_values_outside_suits_them(scale, advice):
    with pytest.warns(UserWarning, match=advice):
        plots.grid(scale * np.ones((2, 4, 4)), alt="digits")
