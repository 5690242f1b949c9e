""" "Following shapes through layers"'s figure: shapes and receptive fields."""

import keras
import numpy as np
import pytest
import traitlets

from helpers.widgets.windows import OFFERED, ReceptiveField
from support import FIGURE, Watched, assert_usable, come_near, show, stored_state

layers = keras.layers

# Of each map, the ink in the middle of its squares: from 0 to 1, row by row.
INK = """c => {
  const count = c.width / 14, {data} = c.getContext("2d").getImageData(0, 0, c.width, c.height);
  return Array.from({length: count ** 2}, (_, i) => {
    const x = 14 * (i % count) + 7, y = 14 * Math.floor(i / count) + 7;
    return data[4 * (y * c.width + x) + 3] / 255;
  });
}"""


def squares(where, name):
    ink = where.locator(f'canvas[aria-label^="{name}"]').evaluate(INK)
    return np.reshape(ink, (int(len(ink) ** 0.5), -1))


def conv(kernel, stride=1, dilation=1, padding="valid"):
    return layers.Conv2D(
        1,
        kernel,
        strides=stride,
        dilation_rate=dilation,
        padding=padding,
        use_bias=False,
        kernel_initializer="ones",
    )


def influence(stack, side, place):
    """In how many ways one output sees each pixel: what that pixel alone gives it.

    All weights are 1. (Not by a gradient: TensorFlow 2.21 dies of some of these on a CPU.)
    """
    y = np.eye(side**2, dtype="float32").reshape(-1, side, side, 1)
    for layer in stack:
        y = layer(y)
    return np.asarray(y)[:, place[0], place[1], 0].reshape(side, side)


def assert_shows(where, ways):
    """Check that seen pixels are the darker the more ways lead to them, and unseen ones pale."""
    ink = squares(where, "input")
    expected = 0.4 + 0.6 * ways / max(ways.max(), 1)
    np.testing.assert_allclose(ink[ways > 0], expected[ways > 0], atol=0.01)
    assert np.all(ink[ways == 0] < 0.2)


@pytest.mark.parametrize("seed", range(4))
def test_shapes_and_pixels_are_those_of_keras(page, seed):
    rng = np.random.default_rng(seed)
    show(page, ReceptiveField({"plain": [conv(3)]}))
    possible = impossible = 0
    while possible < 12:
        stack = [
            {name: values[rng.integers(len(values))] for name, values in OFFERED.items()}
            for _ in range(rng.integers(1, 4))
        ]
        for layer in stack:  # or hardly any stack would be possible
            if rng.random() < 0.8:
                layer["stride" if rng.random() < 0.5 else "dilation"] = 1
        side = int(rng.integers(5, 41))
        page.evaluate(
            "([layers, side]) => { model.set('layers', layers); model.set('side', side); }",
            [stack, side],
        )
        told = page.evaluate("told.at(-1)")
        try:
            keras_layers = [conv(**layer) for layer in stack]
            sides, shape = [side], (1, side, side, 1)
            for layer in keras_layers:
                shape = layer.compute_output_shape(shape)
                sides.append(shape[1])
            if min(sides) < 1:  # before 3.14 Keras gave 0 in place of an error
                raise ValueError(sides)
        except ValueError:
            impossible += 1
            assert " is impossible: " in page.inner_text(".status")
            assert (told["field"], told["jump"], told["seen"]) == (0, 0, 0)
            continue
        possible += 1
        assert told["sides"] == sides
        place = [int(i) for i in rng.integers(sides[-1], size=2)]
        page.evaluate("place => model.set('output', place)", place)
        ways = influence(keras_layers, side, place)
        assert_shows(page, ways)
        assert page.evaluate("told.at(-1).seen") == np.sum(ways > 0)
        if not np.any(ways):
            assert "sees no pixel, only padding" in page.inner_text(".status")
    assert impossible


def test_field_and_jump_are_those_of_the_formula(page):
    pool = layers.MaxPooling2D(2)
    stack = [layers.Conv2D(8, 3), pool, layers.Conv2D(8, 3), pool, layers.Conv2D(8, 3)]
    show(page, ReceptiveField({"pooled": stack}))
    told = page.evaluate("told.at(-1)")
    assert told["sides"] == [28, 26, 13, 11, 5, 3]
    assert (told["field"], told["jump"]) == (18, 4)
    said = page.inner_text(".status")
    assert "receptive field is 18 x 18" in said and "2 of 28 rows" in said
    words = page.locator(".layer .result").all_inner_texts()
    assert words[0] == "⌊(28 − 1 · 2 − 1) / 1⌋ + 1 = 26; field 3, jump 1"
    assert words[1] == "⌊(26 − 1 · 1 − 1) / 2⌋ + 1 = 13; field 4, jump 2"


def test_hollow_pixels_are_seen_by_no_output(page):
    show(page, ReceptiveField({"stride": [conv(3, stride=2)] * 3}))
    assert np.all(squares(page, "input")[23:] == 0) and np.all(squares(page, "input")[:, 23:] == 0)
    assert np.all(squares(page, "input")[:23, :23] > 0)
    assert "Hollow: 5 of 28 rows" in page.inner_text(".status")
    for i in (1, 2, 3):
        page.get_by_label(f"padding of layer {i}").select_option("same")
    assert np.all(squares(page, "input") > 0)
    assert "Hollow" not in page.inner_text(".status")


def test_gaps_are_said_and_seen(page):
    show(page, ReceptiveField({"dilated": [conv(3, dilation=4)]}, output=[2, 5]))
    seen = squares(page, "input") > 0.3
    assert np.argwhere(seen).tolist() == [[y, x] for y in (2, 6, 10) for x in (5, 9, 13)]
    assert "sees 9 pixels, with gaps, in rows 2 to 10, columns 5 to 13" in page.inner_text(
        ".status"
    )


def test_an_output_is_chosen_by_mouse_finger_and_keys(page):
    show(page, ReceptiveField({"plain": [conv(3)] * 3}, side=10))
    output = page.get_by_role("application")
    box = output.bounding_box()
    at = lambda row, column: {  # noqa: E731
        "x": (column + 0.5) / 4 * box["width"],
        "y": (row + 0.5) / 4 * box["height"],
    }
    output.hover(position=at(3, 1))
    assert page.evaluate("told.at(-1).output") == [3, 1]
    output.tap(position=at(0, 2))
    page.wait_for_function("told.at(-1).output.join() === '0,2'")
    for key in ("ArrowUp", "ArrowRight", "ArrowRight", "ArrowDown"):
        output.press(key)
    assert page.evaluate("told.at(-1).output") == [1, 3]
    assert squares(page, "Output")[1, 3] == 1
    assert "row 1, column 3 sees 49 pixels, in rows 1 to 7, columns 3 to 9" in page.inner_text(
        ".status"
    )


def test_what_is_impossible_is_said(page):
    show(page, ReceptiveField({"plain": [conv(3)] * 2}, side=5))
    page.get_by_label("dilation of layer 2").select_option("2")
    assert page.inner_text(".status").startswith(
        "Layer 2 is impossible: its kernel reaches over 5 pixels, and its input has only 3."
    )
    assert np.all(squares(page, "input") < 0.2)
    assert page.get_by_text("no output").is_visible()
    page.get_by_label("padding of layer 2").select_option("same")
    assert "sees " in page.inner_text(".status")
    page.get_by_label("stride of layer 2").select_option("2")
    assert "Keras takes a stride or a dilation above 1, not both" in page.inner_text(".status")


def test_stacks_are_chosen_by_name(page):
    show(page, ReceptiveField({"one": [conv(3)], "two": [conv(5), conv(2, stride=2)]}))
    one, two = (page.get_by_role("button", name=name) for name in ("one", "two"))
    assert page.locator(".layer:visible").count() == 1 + 1  # with its heading
    two.press("Enter")
    assert page.evaluate("told.at(-1).sides") == [28, 24, 12]
    pressed = [button.get_attribute("aria-pressed") for button in (one, two)]
    assert pressed == ["false", "true"]
    page.get_by_label("kernel of layer 1").select_option("1")
    assert page.evaluate("told.at(-1).layers[0].kernel") == 1
    assert two.get_attribute("aria-pressed") == "false"
    two.press("Enter")
    assert page.evaluate("told.at(-1).sides") == [28, 24, 12]
    page.get_by_role("slider", name="Input").press("Home")
    assert page.evaluate("told.at(-1).sides") == [5, 1, 0][:2]


def test_windows_are_accessible_and_fit_a_phone(page):
    show(page, ReceptiveField({"plain": [conv(3)] * 6, "dilation 1, 2, 4": [conv(3, dilation=4)]}))
    assert_usable(page)


def test_python_reads_and_sets_the_stack():
    figure = ReceptiveField({"plain": [layers.MaxPooling2D(2, padding="same")]})
    assert figure.layers == [{"kernel": 2, "stride": 2, "dilation": 1, "padding": "same"}]
    figure.layers = [{"kernel": 5}, layers.Conv2D(4, 3, dilation_rate=2)]
    assert [layer["kernel"] for layer in figure.layers] == [5, 3]
    assert figure.layers[1]["dilation"] == 2
    assert "28 x 28 pixels, with the square of 2 x 2" in figure._still.alt
    for value, words in [
        ([], "a stack has 0 layers; wanted: 1 to 6"),
        ([{"kernel": 9}], "layer 1: kernel is 9; wanted: .*7"),
        ([{"size": 9}], "layer 1: size is 9; wanted: no such setting: kernel, stride"),
        ([layers.Dense(3)], "layer 1 is a Dense; wanted: a square convolution or pool"),
        ([{}, layers.Conv2D(3, (3, 5))], "layer 2 is a Conv2D; wanted: a square"),
    ]:
        with pytest.raises(traitlets.TraitError, match=words):
            figure.layers = value
    with pytest.raises(traitlets.TraitError, match="side is 4; wanted: 5 to 40"):
        figure.side = 4
    with pytest.raises(traitlets.TraitError, match=r"output is \[3\]; wanted: a row and a column"):
        figure.output = [3]
    with pytest.raises(traitlets.TraitError, match="stacks is empty"):
        ReceptiveField({})
    with pytest.raises(traitlets.TraitError, match="nothing comes out of .* for a side of 5"):
        ReceptiveField({"plain": [{"kernel": 6}]}, side=5)


def test_windows_on_the_page_equal_keras(host, browser):
    state = stored_state("book/studies/shapes.html")
    assert [name for name, _ in state["_stacks"]] == [
        "plain",
        "stride 2",
        "dilation 1, 2, 4",
        "max-pool 2",
    ]
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/studies/shapes.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE)
        for name, stack in state["_stacks"]:
            figure.get_by_role("button", name=name, exact=True).click()
            output = figure.get_by_role("application")
            for _ in range(30):
                output.press("ArrowLeft")
                output.press("ArrowUp")
            ways = influence([conv(**layer) for layer in stack], state["side"], (0, 0))
            assert_shows(figure, ways)
            assert f"row 0, column 0 sees {np.sum(ways > 0)} pixels" in figure.inner_text()
        # Rows that no output sees, and what the text tells the reader to find:
        figure.get_by_role("button", name="stride 2").click()
        assert "Hollow: 5 of 28 rows" in figure.inner_text()
        figure.get_by_role("button", name="dilation 1, 2, 4").click()
        figure.get_by_label("dilation of layer 1").select_option("4")
        assert "sees 121 pixels, with gaps" in figure.inner_text()
        assert "field is 21 x 21" in figure.inner_text()
        assert watched.errors == []
