""" "Denoising autoencoders"'s figure: a denoiser meets damage."""

import io

import keras
import numpy as np
import PIL.Image
import pytest
import traitlets

from helpers.widgets.denoise import Denoise
from helpers.widgets.export import ExportError
from support import FIGURE, Watched, as_keras, assert_usable, come_near, show, shown, stored_state


@pytest.fixture(scope="module")
def denoiser():
    keras.utils.set_random_seed(3)
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
        keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
    ])  # fmt: skip


def told(page, name):
    return np.array(page.evaluate(f"told.at(-1).{name}"))


def psnr(x, x_hat):
    return 10 * np.log10(1 / np.mean((x - x_hat) ** 2))


def assert_said(words, x, damaged, denoised):
    before, after = psnr(x, damaged), psnr(x, denoised)
    said = [float(word) for word in words.replace(",", " ").split() if word[0].isdigit()]
    np.testing.assert_allclose(said, [before, after, abs(after - before)], atol=0.0501)
    assert words.endswith("better." if after > before else "worse.")


def test_denoise_shows_what_keras_computes(page, denoiser, x):
    show(page, Denoise(denoiser, x))
    x = np.rint(255 * x) / np.float32(255)
    moves = [("sigma", 0.1, 0), ("sigma", 1.5, 3), ("share", 0.3, 3), ("side", 11, 4)]
    kinds = {"sigma": "noise", "share": "salt and pepper", "side": "block"}
    for trait, value, digit in moves:
        page.evaluate(
            "traits => Object.entries(traits).forEach(([name, value]) => model.set(name, value))",
            {"digit": digit, "kind": kinds[trait], trait: value},
        )
        damaged, denoised = told(page, "damaged"), told(page, "denoised")
        x_hat = np.asarray(denoiser(damaged.reshape(1, 28, 28, 1).astype("float32"))).ravel()
        np.testing.assert_allclose(denoised, x_hat, atol=5e-3)  # its weights are float16
        half_step = 0.501 / 255
        for name, expected in {
            "original": x[digit],
            "damaged": damaged,
            "denoised": denoised,
        }.items():
            np.testing.assert_allclose(shown(page, name).ravel(), expected, atol=half_step)
        assert_said(page.inner_text(".status"), x[digit], damaged, denoised)


def test_noise_is_normal_of_the_width_that_is_said_and_is_clipped(page, denoiser):
    gray = np.full((1, 784), 128 / 255, "float32")
    show(page, Denoise(denoiser, gray), sigma=0.1)
    weak = (told(page, "damaged") - gray[0]) / 0.1
    assert abs(weak.mean()) < 0.12 and abs(weak.std() - 1) < 0.09  # three standard errors
    assert abs(np.mean(np.abs(weak) < 1) - 0.683) < 0.05  # as in a normal distribution
    page.evaluate("model.set('sigma', 0.5)")
    strong = told(page, "damaged")
    # The slider scales the same draw, and what goes beyond paper and ink is cut off.
    np.testing.assert_allclose(strong, np.clip(gray[0] + 0.5 * weak, 0, 1), atol=1e-5)
    assert strong.min() == 0 and strong.max() == 1


def test_noise_stays_until_the_reader_wants_another(page, denoiser, x):
    show(page, Denoise(denoiser, x))
    first = told(page, "damaged")
    page.evaluate("model.set('digit', 5); model.set('sigma', 0.2)")
    page.evaluate("model.set('digit', 0); model.set('sigma', 0.5)")
    np.testing.assert_array_equal(told(page, "damaged"), first)
    page.get_by_role("button", name="New noise").tap()
    page.wait_for_function("told.at(-1).seed === 1")
    assert np.mean(told(page, "damaged") != first) > 0.5
    page.evaluate("model.set('seed', 0)")
    np.testing.assert_array_equal(told(page, "damaged"), first)


def test_salt_and_pepper_replaces_the_share_that_is_said(page, denoiser):
    gray = np.full((1, 784), 128 / 255, "float32")
    show(page, Denoise(denoiser, gray), kind="salt and pepper")
    lost = {}
    for share in (0, 0.3, 0.5, 1):
        page.evaluate("share => model.set('share', share)", share)
        damaged = told(page, "damaged")
        lost[share] = np.isin(damaged, [0, 1])
        np.testing.assert_allclose(damaged[~lost[share]], 128 / 255, rtol=1e-6)
        assert abs(lost[share].mean() - share) < 0.055  # three standard errors
        if share:
            assert abs(damaged[lost[share]].mean() - 0.5) < 0.1  # salt as often as pepper
    assert np.all(lost[0.5][lost[0.3]])  # the slider adds to what is lost


def test_block_is_gray_and_as_large_as_is_said(page, denoiser):
    show(page, Denoise(denoiser, np.zeros((1, 784))), kind="block")
    places = set()
    for _ in range(5):
        page.evaluate("model.set('side', 8)")
        rows, columns = np.nonzero(told(page, "damaged").reshape(28, 28) == 0.5)
        for at in (rows, columns):  # within the bounds of the chapter's `cover`
            assert len(set(at)) == 8 and 6 <= at.min() and at.max() < 22
        assert len(rows) == 64 and np.sum(told(page, "damaged")) == 32
        places.add((rows.min(), columns.min()))
        page.evaluate("model.set('side', 16)")
        assert np.sum(told(page, "damaged") == 0.5) == 256
        page.get_by_role("button", name="Other place").click()
    assert len(places) > 1


def test_denoise_without_damage(page, denoiser, x):
    show(page, Denoise(denoiser, x))
    page.get_by_role("slider").press("Home")
    np.testing.assert_allclose(told(page, "damaged"), x[0], atol=0.51 / 255)
    after = psnr(x[0], told(page, "denoised"))
    assert page.inner_text(".status") == f"No damage, no error. Denoised {after:.1f} dB."


def test_denoise_by_keyboard(page, denoiser, x):
    show(page, Denoise(denoiser, x))
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("told.at(-1).digit") == 1
    for _ in range(3):  # past the drawing, to the second kind
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    pressed = page.locator("button[aria-pressed=true]")
    assert pressed.all_inner_texts() == ["salt and pepper"]
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("told.at(-1).share") == 0.25
    (slider,) = page.get_by_role("slider").all()  # those of the other kinds are out of the way
    assert slider.get_attribute("aria-valuetext") == "25 %"


def test_denoise_takes_a_drawing(page, denoiser, x):
    show(page, Denoise(denoiser, x), kind="block", side=0)
    page.locator("summary").tap()
    page.locator(".sheet canvas").wait_for()
    box = page.locator(".sheet canvas").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 150, steps=5)
    page.mouse.up()
    assert page.evaluate("told.at(-1).digit") == -1
    drawing = told(page, "damaged")  # a block of side 0 leaves it as it is
    assert drawing.max() == 1 and 0 < np.mean(drawing > 0) < 0.9
    np.testing.assert_allclose(shown(page, "original").ravel(), drawing, atol=0.51 / 255)


def test_denoise_is_accessible_and_fits_a_phone(page, denoiser, x):
    show(page, Denoise(denoiser, x))
    for kind in ("salt and pepper", "block"):
        page.get_by_role("button", name=kind).tap()
        page.get_by_role("button", name=kind, pressed=True).wait_for()
        assert_usable(page)


def test_denoise_refuses_what_it_cannot_show(denoiser, x):
    figure = Denoise(denoiser, x)
    figure.sigma = 3 * 0.05  # not quite 0.15
    assert figure.sigma == 0.15
    for trait, value, words in [
        ("sigma", 1.55, "sigma is 1.55; wanted: 0 to 1.5 in steps of 0.05"),
        ("sigma", float("nan"), "sigma is nan; wanted: 0 to 1.5 in steps"),
        ("share", 0.33, "share is 0.33; wanted: 0 to 1.0 in steps of 0.05"),
        ("side", 17, "side is 17; wanted: 0 to 16 pixels"),
        ("seed", -1, "seed is -1; wanted: 0 to"),
        ("kind", "blur", "'noise', 'salt and pepper', 'block'"),
    ]:
        with pytest.raises(traitlets.TraitError, match=words):
            setattr(figure, trait, value)
    to_code = keras.Sequential([keras.Input((784,)), keras.layers.Dense(8)])
    with pytest.raises(ExportError, match=r"its output has the shape \(None, 8\); wanted: images"):
        Denoise(to_code, x)
    with pytest.raises(ValueError, match="x has shape .*wanted"):
        Denoise(denoiser, x.reshape(-1, 28, 28))


def test_denoise_on_the_page_equals_keras(host, browser):
    state = stored_state("book/models/denoising.html")
    x = np.frombuffer(state["_examples"], np.uint8).reshape(-1, 784) / np.float32(255)
    denoiser = as_keras(state, "denoiser")
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/denoising.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE).first
        figure.get_by_role("radio").nth(2).check(force=True)
        figure.get_by_role("button", name="salt and pepper").click()
        # Full share: each pixel is paper or ink, so the canvas shows exactly what went in.
        figure.get_by_role("slider").press("End")
        damaged, denoised = (
            shown(page, name).ravel().astype("float32") for name in ("damaged", "denoised")
        )
        assert set(damaged) == {0, 1}
        x_hat = np.asarray(denoiser(damaged.reshape(1, 28, 28, 1))).ravel()
        np.testing.assert_allclose(denoised, x_hat, atol=0.51 / 255)
        assert_said(figure.locator(".status").inner_text(), x[2], damaged, x_hat)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_reader_with_colours_of_their_own_sees_what_is_chosen(page, denoiser, x, theme):
    page.emulate_media(forced_colors="active", color_scheme=theme)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    show(page, Denoise(denoiser, x))
    for trait, chosen, other, place in [
        ("digit", 0, 1, ".choices label"),
        ("kind", "noise", "block", "button[aria-pressed]"),
    ]:
        box = page.locator(place).first.bounding_box()
        around = {"x": box["x"] - 4, "y": box["y"] - 4}
        around |= {"width": box["width"] + 8, "height": box["height"] + 8}
        looks = set()
        for value in (chosen, other):
            page.evaluate("([trait, value]) => model.set(trait, value)", [trait, value])
            looks.add(page.screenshot(clip=around))
        assert len(looks) == 2, f"{trait} looks the same whether it is chosen or not"
    digit = PIL.Image.open(io.BytesIO(page.locator(".pictures canvas").first.screenshot()))
    darkest, lightest = digit.convert("L").getextrema()
    assert lightest - darkest > 200
