""" "Codes of letters", the figure of a codebook: a digit in sixteen letters."""

import keras
import numpy as np
import pytest
import traitlets

from helpers.widgets.export import ExportError
from helpers.widgets.letters import Letters
from support import FIGURE, assert_usable, draw_stroke, number_after, show, shown

K, SIZE = 40, 3


def rounded(network):
    """Give a network weights that float16 holds, so that a page finds the very same letters."""
    network.set_weights([w.astype("float16").astype("float32") for w in network.get_weights()])
    return network


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(3)
    dense, normal = keras.layers.Dense, keras.initializers.RandomNormal(stddev=0.6)
    encoder = keras.Sequential(
        [keras.Input((784,)), dense(16 * SIZE), keras.layers.Reshape((16, SIZE))]
    )
    decoder = keras.Sequential(
        [
            keras.Input((16, SIZE)),
            keras.layers.Flatten(),
            dense(784, "sigmoid", kernel_initializer=normal),
        ]
    )
    return {"encoder": rounded(encoder), "decoder": rounded(decoder)}


@pytest.fixture(scope="module")
def book():
    return np.random.default_rng(3).normal(size=(K, SIZE)).astype("float32")


@pytest.fixture
def figure(networks, book, x):
    return Letters(networks, book, x)


@pytest.fixture(scope="module")
def distances(networks, book, x):
    """What Keras and NumPy make of the digits: (digit, place, letter)."""
    return np.square(np.asarray(networks["encoder"](x))[:, :, None] - book).sum(axis=-1)


def draw(networks, book, letters):
    return np.asarray(networks["decoder"](book[None, letters]))[0]


def told(page):
    return page.evaluate("told.at(-1).letters")


def tile(page, place):
    return page.get_by_role("radio", name=f"place {place},")


def letter(page):
    return page.get_by_role("slider", name="Chosen letter")


def colours(page):
    """Return the difference picture, (784, 3)."""
    rgba = page.locator("canvas.coloured").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    return np.reshape(rgba, (-1, 4))[:, :3]


def test_the_letters_are_the_nearest_as_numpy_finds_them(page, figure, networks, book, distances):
    show(page, figure)
    for digit in (0, 3, 9):
        page.evaluate("digit => model.set('digit', digit)", digit)
        nearest = distances[digit].argmin(axis=1)
        assert told(page) == nearest.tolist()
        assert page.locator(".letters span").all_inner_texts() == [str(n) for n in nearest]
        drawn = draw(networks, book, nearest)
        np.testing.assert_allclose(
            shown(page, "drawn from the letters").ravel(), drawn, atol=1 / 255 + 1e-3
        )
    np.testing.assert_allclose(shown(page, "original").ravel(), x_of(figure, 9), atol=1 / 255)


def x_of(figure, digit):
    return np.frombuffer(figure._examples, np.uint8).reshape(-1, 784)[digit] / 255


def test_the_chart_shows_the_distances_of_the_place(page, figure, distances):
    show(page, figure)
    for place in (0, 6):
        tile(page, place).check(force=True)
        expected = distances[0, place]
        heights = page.locator(".chart rect[height]").evaluate_all(
            "all => all.filter(r => r.closest('.bar')).map(r => r.height.baseVal.value)"
        )
        assert len(heights) == K
        np.testing.assert_allclose(
            np.divide(heights, max(heights)), expected / expected.max(), atol=2e-3
        )
        dot = page.locator(".chart g[clip-path] circle").evaluate("c => c.cx.baseVal.value")
        bars = page.locator(".chart .bar rect").evaluate_all(
            "all => all.map(r => r.x.baseVal.value + r.width.baseVal.value / 2)"
        )
        assert np.abs(np.subtract(bars, dot)).argmin() == expected.argmin()
        said = page.inner_text(".status")
        assert f"Place {place}: letter {expected.argmin()} is the nearest" in said
        assert number_after("squared distance", said) == pytest.approx(expected.min(), abs=2e-3)


def test_another_letter_is_drawn_and_its_pixels_are_counted(
    page, figure, networks, book, distances
):
    show(page, figure)
    nearest = distances[0].argmin(axis=1)
    assert np.ptp(colours(page), axis=0).max() == 0  # nothing is moved: one gray
    (gray,) = np.unique(colours(page))
    tile(page, 5).check(force=True)
    other = int(distances[0, 5].argmax())
    letter(page).fill(str(other))
    changed = nearest.copy()
    changed[5] = other
    assert told(page) == changed.tolist()
    before, after = draw(networks, book, nearest), draw(networks, book, changed)
    np.testing.assert_allclose(
        shown(page, "drawn from the letters").ravel(), after, atol=1 / 255 + 1e-3
    )
    said = page.inner_text(".status")
    assert f"Place 5: letter {other}, squared distance" in said
    assert number_after("squared distance", said) == pytest.approx(distances[0, 5, other], abs=2e-3)
    assert number_after(f"nearest is letter {nearest[5]}, squared distance", said) == (
        pytest.approx(distances[0, 5].min(), abs=2e-3)
    )
    move = after - before
    count = number_after("more than 0.1:", said)
    assert np.sum(np.abs(move) > 0.102) <= count <= np.sum(np.abs(move) > 0.098)
    assert count > 20
    # Orange has more red than blue, blue more blue than red; gray as much.
    warm = np.subtract(colours(page)[:, 0], colours(page)[:, 2])
    assert (warm[move > 0.01] > 0).all() and (warm[move < -0.01] < 0).all()
    assert np.abs(colours(page)[np.abs(move) < 1e-5] - gray).max(initial=0) <= 1


def test_a_place_shows_what_its_own_letter_moves(page, figure, distances):
    show(page, figure)
    letter(page).fill(str(distances[0, 0].argmax()))
    assert np.ptp(colours(page)) > 20
    tile(page, 1).check(force=True)
    assert np.ptp(colours(page)) == 0
    assert "is the nearest" in page.inner_text(".status")
    name = tile(page, 0).get_attribute("aria-label")
    assert name == f"place 0, letter {distances[0, 0].argmax()}, not the nearest"


def test_back_to_the_nearest(page, figure, distances):
    show(page, figure)
    nearest = distances[0].argmin(axis=1).tolist()
    for place in (2, 11):
        tile(page, place).check(force=True)
        letter(page).fill(str(distances[0, place].argmax()))
    assert told(page) != nearest
    page.get_by_role("button", name="Back to the nearest").click()
    assert told(page) == nearest
    assert "Place 11" in page.inner_text(".status")


def test_another_digit_has_its_nearest_letters(page, figure, distances):
    show(page, figure)
    letter(page).fill(str(distances[0, 0].argmax()))
    page.get_by_role("group", name="Digit").get_by_role("radio").nth(4).check(force=True)
    assert told(page) == distances[4].argmin(axis=1).tolist()


def test_a_drawing_has_letters(page, figure, networks, book):
    show(page, figure)
    draw_stroke(page)
    assert page.evaluate("told.at(-1).digit") == -1
    drawing = shown(page, "original").reshape(1, 784).astype("float32")
    found = np.square(np.asarray(networks["encoder"](drawing))[0, :, None] - book).sum(axis=-1)
    chosen = found[np.arange(16), told(page)]
    np.testing.assert_allclose(chosen, found.min(axis=1), atol=2e-2)  # 256 grays of the picture


def test_of_equally_near_letters_the_first_is_taken(page, networks, book, x):
    twice = np.concatenate([book, book])
    figure = Letters(networks, twice, x)
    show(page, figure)
    assert max(told(page)) < K
    constant = np.ones((5, SIZE))
    show(page, Letters(networks, constant, x))
    assert told(page) == [0] * 16


def test_letters_by_keyboard(page, figure, distances):
    show(page, figure)
    nearest = distances[0].argmin(axis=1).tolist()
    page.keyboard.press("Tab")  # the button
    for _ in range(3):
        page.keyboard.press("Tab")  # digits, pad, tiles
    assert page.evaluate("model.get('place')") == 0
    page.keyboard.press("ArrowDown")
    assert page.evaluate("told.at(-1) && model.get('place')") == 4
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('place')") == 5
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # there is no row above
    assert page.evaluate("model.get('place')") == 1
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("place 1")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight" if nearest[1] < K - 1 else "ArrowLeft")
    assert abs(told(page)[1] - nearest[1]) == 1
    page.get_by_role("button", name="Back to the nearest").focus()
    page.keyboard.press("Enter")
    assert told(page) == nearest


def test_letters_by_finger(page, figure):
    show(page, figure)
    page.locator(".letters label").nth(10).tap()
    page.wait_for_function("model.get('place') === 10")
    boxes = [label.bounding_box() for label in page.locator(".letters label").all()]
    assert min(min(box["width"], box["height"]) for box in boxes) > 36


def test_letters_are_accessible_and_fit_a_phone(page, figure):
    show(page, figure)
    letter(page).fill("39")
    assert_usable(page)


def test_python_sets_digit_place_and_letters(page, figure, networks, book, distances):
    assert (figure.digit, figure.place, figure.letters) == (0, 0, [])
    figure.place, figure.letters = 7, list(range(16))
    show(page, figure)  # as a notebook keeps it
    assert told(page) == list(range(16))
    assert "Place 7: letter 7" in page.inner_text(".status")
    drawn = draw(networks, book, list(range(16)))
    np.testing.assert_allclose(
        shown(page, "drawn from the letters").ravel(), drawn, atol=1 / 255 + 1e-3
    )
    page.evaluate("model.set('letters', Array(16).fill(3))")
    assert set(page.locator(".letters span").all_inner_texts()) == {"3"}
    page.evaluate("model.set('letters', [])")
    assert told(page) == distances[0].argmin(axis=1).tolist()
    figure.letters = told(page)  # what the page tells, Python takes
    figure.letters = []


def test_the_still_picture_says_what_it_shows(figure):
    alt = figure._repr_mimebundle_()[0]["text/plain"]
    assert alt == (
        "Digits, and below them what comes back from 16 letters each, of a codebook of 40."
    )


@pytest.mark.parametrize("k", [1, 2, 256])
def test_small_and_large_codebooks(page, networks, x, k):
    book = np.random.default_rng(k).normal(size=(k, SIZE))
    show(page, Letters(networks, book, x))
    letter(page).fill(str(k - 1))
    assert told(page)[0] == k - 1
    assert page.locator(FIGURE).count() == 1
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("place", 16, "place is 16; wanted: 0 to 15"),
        ("place", -1, "place is -1; wanted: 0 to 15"),
        ("digit", 10, "digit is 10; wanted: 0 to 9"),
        ("letters", [0] * 15, r"letters is \[0, 0.*\]; wanted: 16 numbers from 0 to 39"),
        ("letters", [0] * 15 + [K], r"letters is \[0, .*40\]; wanted: 16 numbers from 0 to 39"),
        ("letters", [-1] * 16, r"letters is \[-1, .*\]; wanted: 16 numbers from 0 to 39, or none"),
    ],
)
def test_a_value_that_does_not_exist_is_refused(figure, name, value, words):
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(figure, name, value)


@pytest.mark.parametrize(
    "shape, words",
    [
        ((K,), r"book has shape \(40,\); wanted: \(k, size\)"),
        ((257, SIZE), r"book has shape \(257, 3\); .* each of 1 to 256 letters"),
        ((0, SIZE), r"book has shape \(0, 3\)"),
    ],
)
def test_a_book_of_another_shape_is_refused(networks, x, shape, words):
    with pytest.raises(ValueError, match=words):
        Letters(networks, np.zeros(shape), x)


def test_bad_input_is_named(networks, book, x):
    with pytest.raises(ValueError, match="book holds NaN or infinity; wanted: finite numbers"):
        Letters(networks, np.where(book > 2, np.nan, book), x)
    with pytest.raises(ValueError, match=r"networks has \['encoder'\], and no decoder; wanted"):
        Letters({"encoder": networks["encoder"]}, book, x)
    with pytest.raises(ValueError, match=r"x has shape \(784,\)"):
        Letters(networks, book, x[0])
    with pytest.raises(ExportError, match=r"go from \(784,\) to \(16, 3\) .* to \(16, 2\), which"):
        Letters(networks, book[:, :2], x)
    with pytest.raises(ExportError, match=r"from \(16, 3\) to \(784,\) and from \(784,\)"):
        Letters({"encoder": networks["decoder"], "decoder": networks["encoder"]}, book, x)


def test_a_state_that_is_none_says_so(page, figure):
    show(page, figure, letters=[K] * 16)
    assert f"Chosen letter is {K}; there are 0, 1" in page.get_by_role("alert").inner_text()
