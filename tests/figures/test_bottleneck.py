"""The reactive figures: in Python, alone in a browser, and the parts that they share."""

import base64
import json
import re

import keras
import numpy as np
import pytest
import traitlets
from PIL import Image

from bookbuild.book import ROOT
from helpers import data, plots
from helpers.widgets.bottleneck import Bottleneck
from helpers.widgets.export import ExportError
from helpers.widgets.figure import ReactiveFigure, as_bytes, joined_module, parts_of
from support import REAL, assert_usable, in_node, needs_real, script_address, show, shown

WIDGETS = ROOT / "helpers" / "widgets"


def autoencoder(size):
    keras.utils.set_random_seed(size)
    return keras.Sequential([
        keras.Input((784,)),
        keras.layers.Dense(size, "relu", bias_initializer="ones"),
        keras.layers.Dense(784, "sigmoid"),
    ])  # fmt: skip


@pytest.fixture(scope="module")
def models():
    return {size: autoencoder(size) for size in (2, 8, 32)}


def test_bottleneck_shows_what_keras_computes(page, models, x):
    show(page, Bottleneck(models, x))
    for size, model in models.items():
        page.evaluate("size => model.set('size', size)", size)
        for place in (0, 9):
            page.evaluate("place => model.set('digit', place)", place)
            x_hat = np.asarray(model(x[place : place + 1]))[0]
            # A step of gray, and what float16 weights may differ by.
            np.testing.assert_allclose(
                shown(page, "reconstruction").ravel(), x_hat, atol=1 / 255 + 5e-3
            )
            np.testing.assert_allclose(shown(page, "original").ravel(), x[place], atol=1 / 255)
            said = page.inner_text(".status")
            assert said.startswith(f"Through {size} numbers: squared error ")
            error = np.mean((x[place] - x_hat) ** 2)
            assert float(said.split()[-3]) == pytest.approx(error, abs=1e-3)


def test_bottleneck_tells_python_its_code(page, models, x):
    show(page, Bottleneck(models, x), size=8, digit=3)
    told = page.evaluate("told.at(-1)")
    encoder = models[8].layers[0]
    np.testing.assert_allclose(told["code"], np.asarray(encoder(x[3:4]))[0], atol=2e-2)
    assert told["error"] == pytest.approx(np.mean((x[3] - models[8](x[3:4])) ** 2), abs=1e-3)


def test_bottleneck_by_keyboard(page, models, x):
    show(page, Bottleneck(models, x))
    page.keyboard.press("Tab")  # the digits
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('digit')") == 1
    page.keyboard.press("Tab")  # the words that unfold the pad
    page.keyboard.press("Tab")  # the slider
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('size')") == 32
    slider = page.get_by_role("slider", name="Numbers in the code")
    assert slider.get_attribute("aria-valuetext") == "32"
    assert slider.evaluate("e => e === document.activeElement")


def test_bottleneck_by_finger(page, models, x):
    show(page, Bottleneck(models, x))
    page.get_by_role("radio").nth(4).tap()
    page.wait_for_function("model.get('digit') === 4")
    np.testing.assert_allclose(shown(page, "original").ravel(), x[4], atol=1 / 255)


def test_a_drawing_goes_through_the_network(page, models, x):
    show(page, Bottleneck(models, x), size=32)
    page.get_by_text("Or draw one").click()
    sheet = page.get_by_role("application").bounding_box()
    left, top = sheet["x"], sheet["y"]
    page.mouse.move(left + 60, top + 30)
    page.mouse.down()
    page.mouse.move(left + 120, top + 150, steps=5)
    page.mouse.up()
    drawn = shown(page, "original").ravel()
    assert 0.02 < drawn.mean() < 0.3
    assert page.evaluate("model.get('digit')") == -1
    x_hat = np.asarray(models[32](drawn[None].astype("float32")))[0]
    np.testing.assert_allclose(shown(page, "reconstruction").ravel(), x_hat, atol=3e-2)
    page.get_by_role("button", name="Clear").click()
    assert shown(page, "original").max() == 0


def test_a_tap_leaves_a_dot(page, models, x):
    show(page, Bottleneck(models, x))
    page.get_by_text("Or draw one").click()
    box = page.get_by_role("application").bounding_box()
    page.touchscreen.tap(box["x"] + 60, box["y"] + 60)
    page.wait_for_function("model.get('digit') === -1")
    assert shown(page, "original").max() > 0.5


def test_a_drawing_by_keyboard(page, models, x):
    show(page, Bottleneck(models, x))
    page.get_by_text("Or draw one").click()
    page.get_by_role("application").focus()
    page.keyboard.press("Space")  # pen down
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    drawn = shown(page, "original")
    assert drawn.any(axis=1).sum() in (20, 21)  # as tall as MNIST's digits, between the pixels
    assert drawn.any(axis=0).sum() < 10
    page.keyboard.press("Delete")
    assert shown(page, "original").max() == 0


def test_python_can_move_the_figure(page, models, x):
    show(page, Bottleneck(models, x), size=2)
    page.evaluate("model.set('size', 32)")  # as when a kernel sends a trait
    assert page.get_by_role("slider").input_value() == "2"
    assert "Through 32 numbers" in page.inner_text(".status")


def test_two_figures_on_a_page_do_not_share_their_choice(page, models, x):
    show(page, Bottleneck(models, x))
    show(page, Bottleneck(models, x))
    page.get_by_role("radio").nth(2).check(force=True)
    checked = page.get_by_role("radio").evaluate_all("all => all.map(e => e.checked)")
    assert [i for i, on in enumerate(checked) if on] == [2, 10]


def test_bottleneck_is_accessible_and_fits_a_phone(page, models, x):
    show(page, Bottleneck(models, x))
    assert_usable(page)


@pytest.mark.parametrize(
    "damage, words",
    [
        ({"_weights": {"bytes": ""}}, "0 bytes of weights came"),
        ({"size": 7}, "Numbers in the code is 7; there are 2, 8, 32"),
    ],
)
def test_a_figure_that_cannot_start_says_so(page, models, x, damage, words):
    show(page, Bottleneck(models, x), **damage)
    assert words in page.get_by_role("alert").inner_text()
    assert page.locator("[data-alive]").count() == 0  # so that the still picture stays


@pytest.mark.parametrize(
    "action",
    [
        lambda page: page.get_by_role("slider").press("End"),  # the reader
        lambda page: page.evaluate("model.set('size', 32)"),  # Python
        lambda page: page.get_by_role("button", name="Clear").click(),
        lambda page: page.get_by_role("application").press("Space"),
    ],
    ids=["slider", "kernel", "button", "pad"],
)
def test_a_figure_that_fails_later_says_so_once(page, models, x, action):
    show(page, Bottleneck(models, x), digit=0, size=8)
    page.get_by_text("Or draw one").click()
    page.evaluate("() => { model.save_changes = () => { throw Error('the line is cut') } }")
    action(page)
    (said,) = page.get_by_role("alert").all_inner_texts()
    assert said.startswith("This figure has stopped (the line is cut). The text does not need it.")
    assert page.locator("[data-alive]").count() == 0
    page.evaluate("model.set('digit', 3)")  # and nothing more comes of it
    assert page.get_by_role("alert").count() == 1


# ------------------------------------------------------------------ in Python


def test_without_scripts_there_is_a_picture(models, x):
    bundle, about = Bottleneck(models, x)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert about["image/png"]["alt"] == bundle["text/plain"]
    assert "2, 8, 32 numbers" in bundle["text/plain"]


@pytest.mark.parametrize(
    "name, value, words",
    [("size", 7, "size is 7; there are [2, 8, 32]"), ("digit", 10, "digit is 10; wanted: 0 to 9")],
)
def test_a_value_that_does_not_exist_is_refused(models, x, name, value, words):
    figure = Bottleneck(models, x)
    with pytest.raises(traitlets.TraitError, match=words.replace("[", r"\[").replace("]", r"\]")):
        setattr(figure, name, value)


def test_python_changes_the_traits(models, x):
    figure = Bottleneck(models, x)
    assert (figure.size, figure.digit) == (8, 0)
    figure.size, figure.digit = 2, -1
    assert (figure.size, figure.digit) == (2, -1)


@pytest.mark.parametrize("shape", [(0, 784), (10, 28, 28), (784,)])
def test_digits_of_another_shape_are_refused(models, shape):
    with pytest.raises(ValueError, match=r"wanted: \(n, 784\)"):
        Bottleneck(models, np.zeros(shape))


def test_no_model_is_refused(x):
    with pytest.raises(ValueError, match="autoencoders is empty"):
        Bottleneck({}, x)


def test_pixels_outside_0_to_1_are_refused(models, x):
    with pytest.raises(ValueError, match=r"came some from 0.0 to 255.0"):
        Bottleneck(models, 255 * (x > 0))


def test_models_that_are_too_large_together_are_refused(x):
    large = {size: autoencoder(size) for size in (300, 400)}  # each alone would pass
    with pytest.raises(ExportError, match="300, 400 have 2,199,736 bytes of weights together"):
        Bottleneck(large, x)


def test_a_figure_needs_a_still_picture(models):
    with pytest.raises(TypeError, match="still is None"):
        ReactiveFigure(models, still=None)


def test_as_bytes_rounds_to_gray():
    assert list(as_bytes(np.array([0, 0.5, 1]))) == [0, 128, 255]


@pytest.mark.parametrize("name", sorted(path.name for path in WIDGETS.glob("*.js")))
def test_a_joined_module_has_each_part_once(name):
    code = joined_module(name)
    assert "\nimport " not in code
    assert code.count("export default") == 1
    heads = [path.read_text().splitlines()[0] for path in WIDGETS.glob("*.js")]
    assert all(code.count(head) <= 1 for head in heads if head != "/**")


@pytest.mark.parametrize("name", sorted(path.name for path in WIDGETS.glob("*.js")))
def test_a_joined_module_can_be_taken_apart_again(name):
    code = joined_module(name)
    parts = parts_of(code)
    assert list(parts)[-1] == name
    assert code.startswith("const $parts = {};\n" + "".join(parts.values()) + "export ")


def join(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return joined_module("main.js", folder)


def run_main(code):
    """What `main()` of a module returns, or the words of the error that it throws."""
    module = "data:text/javascript;base64," + base64.b64encode(code.encode()).decode()
    return in_node(
        [],
        f"""async () => {{
          const {{ main }} = await import("{module}");
          try {{ return main(); }} catch (error) {{ return String(error); }}
        }}""",
    )


def test_parts_of_a_joined_module_may_have_a_top_level_name_in_common(tmp_path):
    code = join(
        tmp_path,
        shared="let calls = 0;\nexport const count = () => ++calls;\n",
        a='import { count } from "./shared.js";\n'
        'const name = "a";\nexport const a = () => name + count();\n',
        b='import {\n  count,\n} from "./shared.js";\n'
        'export function b() { return name + count(); }\nconst name = "b";\n',
        main='import { a } from "./a.js";\nimport { b } from "./b.js";\n'
        'const name = "main ";\nexport function main() { return name + a() + b(); }\n',
    )
    assert run_main(code) == "main a1b2"  # and `shared` is there once


def test_a_part_of_a_joined_module_sees_only_what_it_imports(tmp_path):
    code = join(
        tmp_path,
        a="export const a = 1;\n",
        b="export function b() { return a; }\n",  # its import is forgotten
        main='import { a } from "./a.js";\nimport { b } from "./b.js";\n'
        "export function main() { return a + b(); }\n",
    )
    assert run_main(code) == "ReferenceError: a is not defined"


@pytest.mark.parametrize(
    "main, words",
    [
        ('import { a, c } from "./a.js";\n', "main.js imports c from a.js, which exports a, b:"),
        ('import { a as c } from "./a.js";\n', "main.js imports a as c from a.js"),
        ('import * as a from "./a.js";\n', "main.js has the line 'import "),
        ("import { a } from './a.js';\n", "main.js has the line "),
        ("const a = 1;\nexport { a };\n", "main.js has the line 'export { a };'"),
        ('import { d } from "./d.js";\n', "main.js imports d.js imports e.js imports d.js: "),
    ],
)
def test_an_import_that_cannot_be_joined_is_named(tmp_path, main, words):
    parts = {
        "a": "export const a = 1;\nexport async function b() {}\n",
        "d": 'import { e } from "./e.js";\nexport const d = 1;\n',
        "e": 'import { d } from "./d.js";\nexport const e = 1;\n',
    }
    with pytest.raises(ImportError, match=re.escape(words)):
        join(tmp_path, **parts, main=main)


# ------------------------------------------------------------------ the drawing pad


CENTRE = """async ([_, sheets]) => {
  const { centre } = await import("MODULE");
  return sheets.map(([ink, side]) => {
    const image = centre(Float32Array.from(ink), side);
    return image && [...image];
  });
}"""


def centred(sheets):
    plain = [[np.ravel(sheet).astype(float).tolist(), len(sheet)] for sheet in sheets]
    answers = in_node(plain, CENTRE.replace("MODULE", script_address("pad.js")))
    return [answer and np.reshape(answer, (28, 28)) for answer in answers]


def centre_of_mass(image):
    rows, columns = np.indices(image.shape)
    return np.array([np.sum(rows * image), np.sum(columns * image)]) / image.sum()


def on_a_sheet(digit, side, top, left):
    """A digit somewhere on a sheet of 280 x 280, larger or smaller than MNIST's."""
    sheet = np.zeros((280, 280))
    picture = Image.fromarray(digit).resize((side, side), Image.Resampling.NEAREST)
    sheet[top : top + side, left : left + side] = picture
    return sheet


@pytest.mark.parametrize(
    "source, alike",
    # The stand-in's digits have their box in the middle, not their centre of mass.
    [("embedded", 0.7), pytest.param("real", 0.85, marks=needs_real("mnist.npz"))],
)
def test_a_drawing_becomes_like_mnist(monkeypatch, source, alike):
    monkeypatch.setenv("BOOK_DATA", str(REAL) if source == "real" else source)
    digits = data.digits().x_test[:20, :, :, 0]
    rng = np.random.default_rng(0)
    sheets = [
        on_a_sheet(digit, side, *rng.integers(0, 280 - side, 2))
        for digit, side in zip(digits, rng.integers(100, 270, len(digits)), strict=True)
    ]
    images = centred(sheets)
    for image, digit in zip(images, digits, strict=True):
        np.testing.assert_allclose(centre_of_mass(image), [14, 14], atol=0.1)
        rows, columns = (np.flatnonzero(image.max(axis=axis) > 0) for axis in (1, 0))
        assert 20 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 22  # 20, between the pixels
        assert np.corrcoef(image.ravel(), digit.ravel())[0, 1] > alike
    # Over all of them: as much ink as the originals, and as dark.
    assert np.mean(images) == pytest.approx(digits.mean(), rel=0.1)
    assert 0.9 < np.max(images) <= 1 + 1e-6


def test_an_empty_sheet_is_no_digit():
    assert centred([np.zeros((280, 280))]) == [None]


def test_a_dot_in_the_corner_comes_to_the_middle():
    sheet = np.zeros((280, 280))
    sheet[-5:, -5:] = 1
    (image,) = centred([sheet])
    np.testing.assert_allclose(centre_of_mass(image), [14, 14], atol=1e-3)
    assert image.sum() == pytest.approx(400)  # a box of 20 x 20


def test_a_still_picture_may_be_any_figure_with_alt_text(models):
    figure = ReactiveFigure(models, still=plots.curves({"a": [1, 2]}, ylabel="y", alt="A curve."))
    assert json.dumps(figure._networks)
