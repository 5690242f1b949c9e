""" "Deep autoencoders"'s figure: from one digit to another."""

import keras
import numpy as np
import pytest
import traitlets

from helpers.widgets.interpolation import Interpolation
from support import assert_usable, show, shown


@pytest.fixture(scope="module")
def halves():
    keras.utils.set_random_seed(8)
    encode = keras.layers.Dense(8, "relu", bias_initializer="ones")
    decode = keras.layers.Dense(784, "sigmoid")
    encoder = keras.Sequential([keras.Input((784,)), encode])
    return encoder, keras.Sequential([keras.Input((8,)), decode])


def test_interpolation_mixes_pixels_and_codes(page, halves, x):
    encoder, decoder = halves
    show(page, Interpolation(encoder, decoder, x))
    page.get_by_role("group", name="To", exact=True).get_by_role("radio").nth(4).check(force=True)
    slider = page.get_by_role("slider", name="Way gone")
    for key, share in [("Home", 0), ("ArrowRight", 0.025), ("End", 1)]:
        slider.press(key)
        mixed = (1 - share) * x[0] + share * x[4]
        z = (1 - share) * np.asarray(encoder(x[:1])) + share * np.asarray(encoder(x[4:5]))
        tolerance = {"atol": 1 / 255 + 5e-3}
        np.testing.assert_allclose(shown(page, "through the pixels").ravel(), mixed, **tolerance)
        drawn = np.asarray(decoder(z))[0]
        np.testing.assert_allclose(shown(page, "through the code").ravel(), drawn, **tolerance)
        np.testing.assert_allclose(page.evaluate("told.at(-1).z"), z[0], atol=2e-2)
    assert slider.get_attribute("aria-valuetext") == "100 %"


def test_interpolation_counts_half_gray_ink(page, halves):
    x = np.zeros((2, 784))
    x[0, :100] = 1  # 100 pixels of ink; halfway all of them are half gray
    show(page, Interpolation(*halves, x))
    assert "Half-gray ink: 100 % through the pixels" in page.inner_text(".status")
    page.get_by_role("slider").press("Home")
    assert "Half-gray ink: 0 % through the pixels" in page.inner_text(".status")


def test_interpolation_is_accessible_and_fits_a_phone(page, halves, x):
    show(page, Interpolation(*halves, x))
    assert_usable(page)


def test_interpolation_refuses_what_is_no_step(halves, x):
    figure = Interpolation(*halves, x)
    with pytest.raises(traitlets.TraitError, match="percent is 3.0; wanted: 0 to 100 in steps"):
        figure.percent = 3.0
    with pytest.raises(traitlets.TraitError, match="other is -1; wanted: 0 to 9"):
        figure.other = -1
    with pytest.raises(ValueError, match="x holds 1 digit"):
        Interpolation(*halves, x[:1])
