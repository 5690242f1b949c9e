"""The shared figures: what they show, and that everyone can read them."""

import base64
import io

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


def nan_image():
    x = IMAGES.copy()
    x[3, 5, 5] = np.nan
    return x


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.grid(IMAGES, alt=" "), "alt is ' '"),
        (lambda: plots.grid(IMAGES[0, 0], alt="x"), r"images has shape \(28,\)"),
        (lambda: plots.grid(IMAGES[:0], alt="x"), r"shape \(0, 28, 28\)"),
        (lambda: plots.grid(nan_image(), alt="x"), "images holds NaN"),
        (lambda: plots.rows({}, alt="x"), "one row or more"),
        (lambda: plots.reconstructions(IMAGES[:3], IMAGES[:4], alt="x"), "'reconstruction': 4"),
        (lambda: plots.curves({}, ylabel="y", alt="x"), "series is empty"),
        (lambda: plots.curves({"Adam": [1, np.nan]}, ylabel="y", alt="x"), r"series\['Adam'\]"),
        (lambda: plots.codes(IMAGES[0], LABELS, alt="x"), r"z is \(28, 28\)"),
        (lambda: plots.codes(np.zeros((2, 2)), np.array([1, 10]), alt="x"), r"labels hold \[10\]"),
        (lambda: plots.codes(np.full((1, 2), np.inf), np.array([1]), alt="x"), "z holds NaN"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
