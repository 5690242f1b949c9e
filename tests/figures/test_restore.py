""" "What is an autoencoder?"'s figure: any picture through the code and back."""

import keras
import numpy as np
import pytest
import traitlets

from helpers.widgets.restore import Restore
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


@pytest.fixture(scope="module")
def autoencoder():
    keras.utils.set_random_seed(3)
    code = keras.layers.Dense(8, "relu", bias_initializer="ones")
    return keras.Sequential([keras.Input((784,)), code, keras.layers.Dense(784, "sigmoid")])


@pytest.fixture(scope="module")
def errors(autoencoder, x):
    """As many errors around those of the digits as there are of training digits."""
    error = np.mean((x - np.asarray(autoencoder(x))) ** 2)
    return error * np.random.default_rng(0).lognormal(0, 0.2, 2000)


@pytest.fixture(scope="module")
def figure(autoencoder, errors, x):
    return Restore(autoencoder, x, 1 - x[:3], errors)


def stroke(page):
    sheet = page.get_by_role("application").bounding_box()
    left, top = sheet["x"], sheet["y"]
    page.mouse.move(left + 60, top + 30)
    page.mouse.down()
    page.mouse.move(left + 120, top + 150, steps=5)
    page.mouse.up()


@pytest.mark.parametrize("place", [0, 9, 10, 12])
def test_a_picture_is_restored_as_in_keras(page, figure, autoencoder, errors, x, place):
    show(page, figure)
    page.get_by_role("radio").nth(place).check(force=True)
    picture = np.concatenate([x, 1 - x[:3]])[place]
    x_hat = np.asarray(autoencoder(picture[None]))[0]
    np.testing.assert_allclose(shown(page, "what goes in").ravel(), picture, atol=1 / 255)
    np.testing.assert_allclose(shown(page, "what comes back").ravel(), x_hat, atol=1 / 255 + 5e-3)
    told = page.evaluate("told.at(-1)")
    error = np.mean((picture - x_hat) ** 2)
    assert told["digit"] == place
    assert told["error"] == pytest.approx(error, abs=1e-3)
    code = np.asarray(autoencoder.layers[0](picture[None]))[0]
    np.testing.assert_allclose(told["code"], code, atol=2e-2)
    assert told["share"] == pytest.approx(np.mean(errors > told["error"]), abs=3e-3)
    assert f"error {told['error']:.4f} per pixel" in page.inner_text("[role=status]")


def test_the_words_say_the_share_of_larger_errors(page, figure, errors):
    show(page, figure)
    said, told = page.inner_text("[role=status]"), page.evaluate("told.at(-1)")
    words = said.split("per pixel. ")[1].split(" of ")[0].removesuffix(" %")
    assert 0 < told["share"] < 1
    assert float(words) == pytest.approx(100 * np.mean(errors > told["error"]), abs=0.6)
    assert "of 2,000 new digits have a larger one" in said


@pytest.mark.parametrize("factor, words", [(1e-2, "None of 2,000"), (1e2, "All of 2,000")])
def test_a_picture_beyond_all_digits(page, autoencoder, errors, x, factor, words):
    show(page, Restore(autoencoder, x, x, np.clip(factor * errors, 0, 1)))
    assert words in page.inner_text("[role=status]")


def test_the_rule_stands_at_the_error(page, figure, errors):
    show(page, figure)
    bars = page.locator(".bar rect").evaluate_all(
        "all => all.map(r => [r.x.baseVal.value, r.height.baseVal.value])"
    )
    left = np.array([x for x, _ in bars])
    tall = np.array([height for _, height in bars])
    rule = page.locator("path.line").first.evaluate("p => p.getBBox().x")
    # As much of the bars lies right of the rule as errors are larger, but for the bar it cuts.
    share = page.evaluate("told.at(-1).share")
    right = tall[left >= rule].sum() / tall.sum()
    assert right <= share <= right + tall.max() / tall.sum()


def test_a_drawing_is_restored(page, figure, autoencoder):
    show(page, figure)
    stroke(page)
    assert page.evaluate("model.get('digit')") == -1
    assert page.locator("input:checked").count() == 0
    drawn = shown(page, "what goes in").ravel()
    assert 0.02 < drawn.mean() < 0.3
    x_hat = np.asarray(autoencoder(drawn[None].astype("float32")))[0]
    np.testing.assert_allclose(shown(page, "what comes back").ravel(), x_hat, atol=3e-2)


def test_an_empty_sheet_is_said_to_be_empty(page, figure):
    show(page, figure)
    stroke(page)
    page.get_by_role("button", name="Clear").click()
    assert "The sheet is empty" in page.inner_text("[role=status]")
    assert shown(page, "what comes back").max() == 0
    told = page.evaluate("told.at(-1)")
    assert (told["code"], told["error"], told["share"]) == ([], None, None)
    assert page.locator("path.line").count() == 0  # nothing is marked
    page.get_by_role("radio").nth(1).check(force=True)
    assert page.evaluate("told.at(-1).error") > 0


def test_restore_by_keyboard(page, figure):
    show(page, figure, digit=1)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # pen down
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("model.get('digit')") == -1
    drawn = shown(page, "what goes in")
    assert drawn.any(axis=0).sum() < 10 < drawn.any(axis=1).sum()
    page.keyboard.press("Delete")
    assert "empty" in page.inner_text("[role=status]")
    for _ in range(2):
        page.keyboard.press("Tab")  # to Clear, to the digits
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('digit')") >= 0


def test_restore_by_finger(page, figure, x):
    show(page, figure)
    page.get_by_role("radio").nth(11).tap()
    page.wait_for_function("model.get('digit') === 11")
    np.testing.assert_allclose(shown(page, "what goes in").ravel(), 1 - x[1], atol=1 / 255)
    page.get_by_role("application").tap()
    page.wait_for_function("model.get('digit') === -1")


def test_python_can_choose_a_picture(page, figure, x):
    show(page, figure)
    page.evaluate("model.set('digit', 12)")  # as when a kernel sends a trait
    checked = page.get_by_role("radio").evaluate_all("all => all.map(e => e.checked)")
    assert [i for i, on in enumerate(checked) if on] == [12]
    np.testing.assert_allclose(shown(page, "what goes in").ravel(), 1 - x[2], atol=1 / 255)


def test_restore_is_accessible_and_fits_a_phone(page, figure):
    show(page, figure)
    assert_usable(page)


def test_restore_refuses_what_it_cannot_show(autoencoder, errors, x):
    figure = Restore(autoencoder, x, 1 - x[:3], errors)
    with pytest.raises(traitlets.TraitError, match="digit is 13; wanted: 0 to 12"):
        figure.digit = 13
    for bad in (errors[:0], errors[None], -errors):
        with pytest.raises(ValueError, match=r"errors has shape .*wanted: \(k,\), k at least 1"):
            Restore(autoencoder, x, x, bad)
    with pytest.raises(ValueError, match=r"x has shape \(0, 784\)"):
        Restore(autoencoder, x, x[:0], errors)
    with pytest.raises(ValueError, match="wanted pixels from 0"):
        Restore(autoencoder, x, x - 1, errors)


def test_restore_on_the_page_equals_keras(host, browser):
    state = stored_state("book/models/introduction.html")
    x = np.frombuffer(state["_examples"], np.uint8).reshape(-1, 784) / np.float32(255)
    model = as_keras(state, "autoencoder")
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/introduction.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE).first
        for place in (0, 3, len(x) - 1):
            figure.get_by_role("radio").nth(place).check(force=True)
            x_hat = np.asarray(model(x[place : place + 1]))[0]
            np.testing.assert_allclose(
                shown(page, "what comes back").ravel(), x_hat, atol=0.51 / 255
            )
            error = np.mean((x[place] - x_hat) ** 2)
            said = number_after("error", figure.locator("[role=status]").inner_text())
            assert said == pytest.approx(error, abs=5.1e-5)
