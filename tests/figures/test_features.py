""" "Convolutional autoencoders"'s figure: feature maps, layer by layer."""

import keras
import numpy as np
import pytest
import traitlets
from keras import layers

from helpers.widgets.export import ExportError
from helpers.widgets.features import Features
from support import (
    FIGURE,
    Watched,
    as_keras,
    assert_usable,
    come_near,
    number_after,
    show,
    shown,
    stored_state,
)

SHAPES = [(28, 28, 3), (14, 14, 3), (14, 14, 2), (28, 28, 2), (28, 28, 1)]


@pytest.fixture(scope="module")
def halves():
    """An autoencoder with a code of 14 x 14 x 3, untrained."""
    keras.utils.set_random_seed(5)
    same = {"padding": "same", "kernel_initializer": "he_normal"}
    encoder = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(3, 3, activation="relu", **same),
        layers.MaxPooling2D(2, padding="same"),
    ])  # fmt: skip
    decoder = keras.Sequential([
        keras.Input((14, 14, 3)),
        layers.Conv2D(2, 3, activation="relu", **same),
        layers.UpSampling2D(2),
        layers.Conv2D(1, 3, activation="sigmoid", **same),
    ])  # fmt: skip
    return encoder, decoder


def outputs_of(halves, x):
    """Return what each layer makes of one digit, as (h, w, maps)."""
    y, outputs = x.reshape(1, 28, 28, 1), []
    for layer in [layer for half in halves for layer in half.layers]:
        y = np.asarray(layer(y))
        outputs.append(y[0])
    return outputs


def small_maps(page):
    """Return what the small pictures show that can be seen."""
    ink = page.locator("fieldset:visible input[aria-label^=map] + canvas").evaluate_all(
        """all => all.map((c) => [c.width, ...c.getContext("2d")
          .getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 === 3)])"""
    )
    return [np.reshape(one[1:], (-1, one[0])) / 255 for one in ink]


def test_features_show_what_keras_computes(page, halves, x):
    show(page, Features(*halves, x))
    for digit in (0, 7):
        page.evaluate("digit => model.set('digit', digit)", digit)
        outputs = outputs_of(halves, x[digit])
        x_hat, error = outputs[-1].ravel(), np.mean((x[digit] - outputs[-1].ravel()) ** 2)
        for layer, y in enumerate(outputs):
            page.evaluate("layer => model.set('layer', layer)", layer)
            maps, largest = small_maps(page), y.max()
            assert np.shape(maps) == (y.shape[2], *y.shape[:2])
            # All maps of a layer on one scale; half a step of gray, and float16 weights.
            np.testing.assert_allclose(np.moveaxis(maps, 0, -1), y / largest, atol=1e-2)
            legend = page.locator("fieldset:visible legend").last.inner_text()
            assert float(legend.split()[5].strip(",")) == pytest.approx(largest, abs=2e-2)
            np.testing.assert_allclose(
                shown(page, "reconstruction").ravel(), x_hat, atol=1 / 255 + 5e-3
            )
            said = page.inner_text(".status")
            assert said.startswith(f"{' x '.join(map(str, y.shape))}: {y.size:,} numbers. ")
            assert float(said.split()[-3]) == pytest.approx(error, abs=1e-3)
            assert page.evaluate("told.at(-1).error") == pytest.approx(error, abs=1e-3)
        assert [y.shape for y in outputs] == SHAPES


def test_features_tell_the_chosen_map(page, halves, x):
    show(page, Features(*halves, x))
    outputs = outputs_of(halves, x[0])
    for layer, asked, chosen in [(0, 2, 2), (2, 2, 1), (4, 1, 0)]:
        page.evaluate("([layer, map]) => model.set('map', map) ?? model.set('layer', layer)",
                      [layer, asked])  # fmt: skip
        y = outputs[layer]
        told = page.evaluate("told.at(-1)")
        assert (told["layer"], told["map"]) == (layer, chosen)  # the last, if there are fewer
        np.testing.assert_allclose(told["values"], y[..., chosen].ravel(), atol=1e-2)
        large = shown(page, f"map {chosen + 1} of {y.shape[2]}")
        np.testing.assert_allclose(large, y[..., chosen] / y.max(), atol=1e-2)


def test_features_frame_what_a_number_of_the_encoder_sees(page, halves, x):
    """The frames lie where a change of a pixel changes the number, and nowhere in the decoder."""
    show(page, Features(*halves, x))
    frames = page.locator(".frame:visible")
    for layer, (part, place, side) in enumerate([(halves[0].layers[:1], 13, 28),
                                                 (halves[0].layers, 6, 14)]):  # fmt: skip
        page.evaluate("layer => model.set('layer', layer)", layer)
        image = np.random.default_rng(0).uniform(size=784).astype("float32")
        y = np.where(np.eye(784, dtype=bool), image + 1, image).reshape(-1, 28, 28, 1)
        before = image.reshape(1, 28, 28, 1)
        for one in part:
            y, before = np.asarray(one(y)), np.asarray(one(before))
        changed = np.abs(y - before)[:, place, place].max(axis=-1).reshape(28, 28) > 1e-4
        rows, columns = np.nonzero(changed)
        expected = [rows.min(), columns.min(), np.ptp(rows) + 1, np.ptp(columns) + 1]
        placed = frames.evaluate_all(
            """all => all.map(({ style: s }) => [s.top, s.left, s.height, s.width].map(parseFloat))"""
        )
        np.testing.assert_allclose(np.array(placed) * [[28], [side]] / 100,
                                   [expected, [place, place, 1, 1]], atol=1e-3)  # fmt: skip
        assert f"framed one sees {expected[2]} x {expected[3]} pixels" in page.inner_text(".status")
    page.evaluate("model.set('layer', 2)")
    assert frames.count() == 0
    assert "framed" not in page.inner_text(".status")


def test_features_by_keyboard(page, halves, x):
    show(page, Features(*halves, x))
    slider = page.get_by_role("slider", name="Layer")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("told.at(-1).layer") == 1
    assert slider.get_attribute("aria-valuetext") == "2 of 5, max-pool: the code"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("told.at(-1).map") == 1
    (chosen,) = page.get_by_role("radio", checked=True).all()[1:]  # the first is the digit's
    assert chosen.get_attribute("aria-label") == "map 2"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "map 2"


def test_features_by_touch(page, halves, x):
    show(page, Features(*halves, x))
    page.locator("fieldset:visible input[aria-label='map 3']").tap()
    page.wait_for_function("told.at(-1).map === 2")
    assert page.get_by_role("img", name="map 3 of 3").is_visible()
    page.get_by_role("group", name="Digit").locator("input").nth(4).tap()
    page.wait_for_function("told.at(-1).digit === 4")
    assert page.evaluate("told.at(-1).map") == 2


def test_features_of_an_empty_sheet(page, halves, x):
    show(page, Features(*halves, x), digit=-1)
    outputs = outputs_of(halves, np.zeros(784, "float32"))
    np.testing.assert_allclose(
        shown(page, "reconstruction"), outputs[-1][..., 0], atol=1 / 255 + 5e-3
    )
    # No ink, no bias: nothing in the first layer, and a picture of it all the same.
    assert outputs[0].max() == 0
    assert np.max(small_maps(page)) == 0


def test_features_are_accessible_and_fit_a_phone(page, halves, x):
    show(page, Features(*halves, x))
    page.get_by_role("slider").press("End")
    assert_usable(page)


def test_features_refuse_what_they_cannot_show(halves, x):
    figure = Features(*halves, x)
    figure.map = 2
    figure.layer = 4
    assert figure.map == 0  # this layer has one map
    for trait, value, words in [
        ("layer", 5, "layer is 5; wanted: 0 to 4"),
        ("layer", -1, "layer is -1; wanted: 0 to 4"),
        ("map", 1, "map is 1; layer 4 has 0 to 0"),
        ("digit", 10, "digit is 10; wanted: 0 to 9"),
    ]:
        with pytest.raises(traitlets.TraitError, match=words):
            setattr(figure, trait, value)
    encoder, decoder = halves
    with pytest.raises(ExportError, match="wanted: from 28 x 28 to a code and back"):
        Features(encoder, encoder, x)
    flat = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(name="flat")])
    with pytest.raises(ExportError, match=r"flat \(Flatten\): .*\(None, 784\); wanted: layers"):
        Features(flat, decoder, x)
    with pytest.raises(ExportError, match=r"\(Sequential\): .*wanted: layers that each give"):
        Features(keras.Sequential([encoder]), decoder, x)


def test_features_on_the_page_equal_keras(host, browser):
    state = stored_state("book/models/convolutional.html")
    x = np.frombuffer(state["_examples"], np.uint8).reshape(-1, 784) / np.float32(255)
    outputs = outputs_of([as_keras(state, "encoder"), as_keras(state, "decoder")], x[3])
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/convolutional.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE).first
        figure.get_by_role("radio").nth(3).check(force=True)
        slider = figure.get_by_role("slider")
        slider.press("Home")
        error = np.mean((x[3] - outputs[-1].ravel()) ** 2)
        for y in outputs:
            maps = np.moveaxis(small_maps(page), 0, -1)
            np.testing.assert_allclose(maps, y / y.max(), atol=0.51 / 255)
            shape = " x ".join(map(str, y.shape))
            said = figure.locator(".status").inner_text()
            assert said.startswith(f"{shape}: {y.size:,} numbers.")
            assert number_after("squared error", said) == pytest.approx(error, abs=5.1e-5)
            slider.press("ArrowRight")
