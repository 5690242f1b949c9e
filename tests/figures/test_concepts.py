""" "Features of a network", the figure: the units of a sparse autoencoder inside a classifier."""

import keras
import numpy as np
import pytest
import traitlets

from helpers.widgets.concepts import Concepts
from helpers.widgets.export import ExportError
from helpers.words import say
from support import FIGURE, assert_usable, draw_stroke, number_after, show

UNITS, NEURONS, K = 30, 12, 4


def rounded(network):
    """Give a network weights that float16 holds, so that a page computes with the very same."""
    network.set_weights([w.astype("float16").astype("float32") for w in network.get_weights()])
    return network


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(5)
    dense, normal = keras.layers.Dense, keras.initializers.RandomNormal(stddev=0.5)
    shapes = {
        "body": (784, dense(NEURONS, "relu")),
        "head": (NEURONS, dense(10, "softmax", kernel_initializer=normal)),
        "encoder": (NEURONS, dense(UNITS, "relu", kernel_initializer=normal)),
        "decoder": (UNITS, dense(NEURONS, kernel_initializer=normal)),
    }
    return {
        name: rounded(keras.Sequential([keras.Input((size,)), layer]))
        for name, (size, layer) in shapes.items()
    }


@pytest.fixture(scope="module")
def strongest():
    return np.random.default_rng(5).integers(0, 16, (UNITS, 3, 14, 14)).astype("uint8")


@pytest.fixture(scope="module")
def amounts(networks, x):
    """What Keras makes of the digits, the K largest kept: (digit, unit)."""
    z = np.array(networks["encoder"](networks["body"](x)))
    z[z < np.sort(z, axis=1)[:, [-K]]] = 0
    return z


@pytest.fixture(scope="module")
def typical(amounts):
    mean = amounts.sum(axis=0) / np.maximum((amounts > 0).sum(axis=0), 1)
    return np.maximum(mean, 0.5) * (np.arange(UNITS) != 29)  # the last is dead


@pytest.fixture
def figure(networks, strongest, typical, x):
    return Concepts(networks, strongest, typical, x, k=K)


def chances(networks, z):
    return np.asarray(networks["head"](networks["decoder"](z[None])))[0]


def told(page, name="chances"):
    return page.evaluate("name => told.at(-1)[name]", name)


def slider(page, name):
    return page.get_by_role("slider", name=name)


def test_the_chances_are_those_of_keras(page, figure, networks, amounts):
    show(page, figure)
    for digit in (0, 4, 9):
        page.evaluate("digit => model.set('digit', digit)", digit)
        np.testing.assert_allclose(told(page), chances(networks, amounts[digit]), atol=2e-5)
        assert told(page, "amount") == -1


def test_the_chart_shows_them_and_those_before(page, figure, networks, amounts):
    show(page, figure)
    slider(page, "Amount").fill("16")
    heights = page.locator(".chart .bar rect").evaluate_all(
        "all => all.map(r => r.height.baseVal.value)"
    )
    now = np.array(told(page))
    np.testing.assert_allclose(np.divide(heights, max(heights)), now / now.max(), atol=2e-3)
    dots = page.locator(".chart g[clip-path] circle").evaluate_all(
        "all => all.map(c => c.cy.baseVal.value)"
    )
    before = chances(networks, amounts[0])
    assert len(dots) == 10
    places = np.subtract(max(dots), dots) / np.ptp(dots)
    np.testing.assert_allclose(places, (before - before.min()) / np.ptp(before), atol=2e-3)


def test_the_digits_units_come_first(page, figure, strongest, amounts):
    show(page, figure)
    order = amounts[0].argsort()[::-1][:K]
    assert page.evaluate("model.get('unit')") == order[0]
    pictures = page.get_by_role("group", name="The digit's units").get_by_role("img")
    for place, unit in enumerate(order):
        ink = pictures.nth(place).evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, 14, 14).data].filter((_, i) => i % 4 === 3)"
        )
        np.testing.assert_allclose(np.divide(ink, 255), strongest[unit, 0].ravel() / 15, atol=0.01)
    buttons = page.get_by_role("group", name="The digit's units").get_by_role("radio")
    buttons.nth(2).check(force=True)
    assert page.evaluate("model.get('unit')") == order[2]
    assert slider(page, "Or any unit").input_value() == str(order[2])
    said = page.inner_text(".status")
    assert number_after("this digit has", said) == pytest.approx(amounts[0, order[2]], abs=6e-3)


def test_the_strip_holds_the_units_images(page, figure, strongest):
    show(page, figure)
    for unit in (3, 28):
        page.evaluate("unit => model.set('unit', unit)", unit)
        strip = page.get_by_role("img", name="its strongest images")
        width = strip.evaluate("c => c.width")
        ink = strip.evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, c.width, 14).data].filter((_, i) => i % 4 === 3)"
        )
        ink = np.reshape(ink, (14, width)) / 255
        assert width == 3 * 15 - 1
        for place in range(3):
            at = ink[:, 15 * place : 15 * place + 14]
            np.testing.assert_allclose(at, strongest[unit, place] / 15, atol=0.01)


def test_a_unit_is_turned_up_and_off(page, figure, networks, amounts, typical):
    show(page, figure)
    for unit in (int(amounts[0].argmax()), int(amounts[0].argmin())):
        page.evaluate("unit => model.set('unit', unit)", unit)
        for place in (0, 3, 16):
            slider(page, "Amount").fill(str(place))
            z = amounts[0].copy()
            z[unit] = place / 4 * typical[unit]
            expected = chances(networks, z)
            np.testing.assert_allclose(told(page), expected, atol=2e-4)
            said = page.inner_text(".status")
            assert f"Unit {unit} at {z[unit]:.2f}"[:-1] in said
            assert f"the answer is {expected.argmax()}" in said
            assert number_after("the answer is \\d, chance", said) == (
                pytest.approx(expected.max(), abs=2e-3)
            )
        page.get_by_role("button", name="As the digit has it").click()
        np.testing.assert_allclose(told(page), chances(networks, amounts[0]), atol=2e-5)


def test_a_chosen_unit_stays_for_another_digit(page, figure, networks, amounts):
    show(page, figure)
    slider(page, "Or any unit").fill("7")
    slider(page, "Amount").fill("8")
    page.get_by_role("group", name="Digit", exact=True).get_by_role("radio").nth(4).check(
        force=True
    )
    assert page.evaluate("model.get('unit')") == 7
    np.testing.assert_allclose(told(page), chances(networks, amounts[4]), atol=2e-5)


def test_a_drawing_is_named(page, figure, networks):
    show(page, figure)
    draw_stroke(page)
    assert told(page, "digit") == -1
    assert sum(told(page)) == pytest.approx(1, abs=1e-5)


def test_dead_units_are_not_offered(page, figure):
    show(page, figure)
    assert slider(page, "Or any unit").get_attribute("max") == "28"


def test_concepts_by_keyboard(page, figure):
    show(page, figure)
    page.keyboard.press("Tab")  # digits
    page.keyboard.press("ArrowRight")
    assert told(page, "digit") == 1
    slider(page, "Or any unit").focus()
    first = page.evaluate("model.get('unit')")
    page.keyboard.press("ArrowRight" if first < 28 else "ArrowLeft")
    assert abs(page.evaluate("model.get('unit')") - first) == 1
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert page.evaluate("model.get('amount')") > 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert told(page, "amount") == -1


def test_concepts_are_accessible_and_fit_a_phone(page, figure):
    show(page, figure)
    slider(page, "Amount").fill("12")
    assert_usable(page)


def test_python_sets_digit_unit_and_amount(page, figure, networks, amounts):
    assert (figure.digit, figure.unit, figure.amount, figure.chances) == (0, -1, -1, [])
    figure.digit, figure.unit, figure.amount = 2, 11, 1.5
    show(page, figure)  # as a notebook keeps it
    z = amounts[2].copy()
    z[11] = 1.5
    np.testing.assert_allclose(told(page), chances(networks, z), atol=2e-4)
    figure.chances = told(page)  # what the page tells, Python takes


def test_it_speaks_korean(page, networks, strongest, typical, x, monkeypatch):
    monkeypatch.setenv("BOOK_LANG", "ko")
    figure = Concepts(networks, strongest, typical, x, k=K)
    show(page, figure)
    name = say("As the digit has it")
    assert name != "As the digit has it"
    page.get_by_role("button", name=name).click()
    assert page.locator(FIGURE).count() == 1


def test_the_still_picture_says_what_it_shows(figure):
    alt = figure._repr_mimebundle_()[0]["text/plain"]
    assert alt == (
        "The strongest images of 6 units: in each row, the digits for which one unit has its "
        "largest amounts."
    )


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("unit", 30, "unit is 30; wanted: a unit that is not dead, from 0 to 29"),
        ("unit", 29, "unit is 29; wanted: a unit that is not dead"),
        ("unit", -2, "unit is -2"),
        ("amount", -0.5, "amount is -0.5; wanted: 0 or more"),
        ("amount", float("nan"), "amount is nan"),
        ("amount", float("inf"), "amount is inf"),
        ("digit", 10, "digit is 10; wanted: 0 to 9"),
    ],
)
def test_a_value_that_does_not_exist_is_refused(figure, name, value, words):
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(figure, name, value)


def test_bad_input_is_named(networks, strongest, typical, x):
    less = {name: network for name, network in networks.items() if name != "head"}
    with pytest.raises(ValueError, match=r"networks has \['body', .* and no head; wanted: body"):
        Concepts(less, strongest, typical, x, k=K)
    with pytest.raises(ExportError, match="wanted: from 784 pixels to neurons"):
        turned = networks | {"encoder": networks["decoder"], "decoder": networks["encoder"]}
        Concepts(turned, strongest, typical, x, k=K)
    with pytest.raises(ValueError, match=r"\(30, 3, 28, 28\); wanted: \(30, count, 14, 14\)"):
        Concepts(networks, np.zeros((30, 3, 28, 28), int), typical, x, k=K)
    with pytest.raises(ValueError, match="from 0.0 to 1.0; wanted: whole numbers from 0 to 15"):
        Concepts(networks, np.eye(14)[None, None] * np.ones((30, 3, 1, 1)), typical, x, k=K)
    with pytest.raises(ValueError, match=r"typical has shape \(3,\); wanted: \(30,\)"):
        Concepts(networks, strongest, typical[:3], x, k=K)
    with pytest.raises(ValueError, match="typical is 0 for all units"):
        Concepts(networks, strongest, 0 * typical, x, k=K)
    with pytest.raises(ValueError, match="k is 0; wanted: at least 1 active unit"):
        Concepts(networks, strongest, typical, x, k=0)
    with pytest.raises(ValueError, match=r"x has shape \(784,\)"):
        Concepts(networks, strongest, typical, x[0], k=K)


def test_a_blank_drawing_has_an_answer(page, figure):
    show(page, figure, digit=-1)
    assert sum(told(page)) == pytest.approx(1, abs=1e-5)


def test_a_state_that_is_none_says_so(page, figure):
    show(page, figure, unit=99)
    assert "Or any unit is 99; there are 0, 1" in page.get_by_role("alert").inner_text()
