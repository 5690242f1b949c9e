""" "The latent space"'s figure: maps of codes, and the neighbours of a digit."""

import numpy as np
import pytest
import traitlets

from helpers.widgets.latent_map import LatentMap
from support import FIGURE, Watched, assert_usable, come_near, show, shown, stored_state

N = 60


@pytest.fixture(scope="module")
def parts():
    """Codes, pictures, labels, and two maps of the codes: one true to them, one that is not."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=(N, 2))
    maps = {"true": 30 * z, "torn": rng.uniform(-1, 1, size=(N, 2))}
    x = rng.random((N, 784)) * (rng.random((N, 784)) < 0.3)
    return {"maps": maps, "z": z, "x": x, "labels": rng.integers(0, 10, N)}


def nearest_first(points, i):
    """Return the other points, the nearest to point i first."""
    order = np.argsort(np.linalg.norm(points - points[i], axis=1), kind="stable")
    return order[order != i]


def assert_shows(page, parts, digit, name):
    """The figure, in all its words and pictures, shows this digit on this map."""
    z, x, labels = parts["z"], parts["x"], parts["labels"]
    points = parts["maps"][name]
    five = nearest_first(z, digit)[:5].tolist()
    near = np.isin(five, nearest_first(points, digit)[:20])
    last = page.evaluate("told.at(-1)")
    assert (last["digit"], last["map"], last["neighbours"]) == (digit, name, five)
    names = ["the digit", *(f"nearest code {i}" for i in range(1, 6))]
    for picture, place in zip(names, [digit, *five], strict=True):
        np.testing.assert_allclose(shown(page, picture).ravel(), x[place], atol=0.5 / 15 + 0.01)
    captions = page.locator(".in-line figcaption").all_inner_texts()
    assert captions == words(labels, digit, five, near)
    same = np.sum(labels[five] == labels[digit])
    status = page.inner_text(".status")
    label = labels[digit]
    one = f"an {label}" if label == 8 else f"a {label}"
    are = f"is {one}" if same == 1 else f"are {label}s"
    lie = "is" if near.sum() == 1 else "are"
    assert status == (
        f"This is {one}: {same} of its 5 nearest codes {are}, "
        f"and {near.sum()} of the 5 {lie} near it on this map."
    )
    places = dots(page)
    assert [len(places["#0072B2"]), len(places["#D55E00"])] == [near.sum(), 5 - near.sum()]
    on_chart = pixels(points)
    expected = np.concatenate([on_chart[five][near], on_chart[five][~near]])
    np.testing.assert_allclose(places["#0072B2"] + places["#D55E00"], expected, atol=0.1)
    np.testing.assert_allclose(ring(page), on_chart[digit], atol=0.1)


def words(labels, digit, five, near):
    """Return what stands under the pictures."""
    where = ["near" if is_near else "far" for is_near in near]
    neighbours = [f"{labels[i]}, {word}" for i, word in zip(five, where, strict=True)]
    return [f"this {labels[digit]}", *neighbours]


def field(page):
    return page.locator(".pick:visible")


def dots(page):
    """Return where the neighbours are drawn on the map, by colour."""
    groups = page.locator(".chart:visible g[clip-path] g[fill]").evaluate_all(
        "all => all.map(g => [g.getAttribute('fill'), [...g.children].map(c => "
        "[c.cx.baseVal.value, c.cy.baseVal.value])])"
    )
    return dict(groups)


def ring(page):
    return page.locator(".chart:visible .picked circle").first.evaluate(
        "c => [c.cx.baseVal.value, c.cy.baseVal.value]"
    )


def pixels(points):
    """Return where a map's points belong in the drawing: a square, both axes in one measure."""
    low, high = points.min(axis=0), points.max(axis=0)
    share = (points - (low + high) / 2) / (high - low).max()
    return np.array([189, 151]) + share * [1, -1] * 286 * 65535 / 69535


def hover(page, place):
    """Move the mouse to a place of the drawing, which is 340 wide."""
    box = field(page).bounding_box()
    scale = box["width"] / 340
    page.mouse.move(box["x"] + place[0] * scale, box["y"] + place[1] * scale)


@pytest.mark.parametrize("name", ["true", "torn"])
def test_what_lies_under_the_mouse_is_shown_with_its_nearest_codes(page, parts, name):
    show(page, LatentMap(**parts), map=name)
    places = pixels(parts["maps"][name])
    for digit in (5, 17, 41):
        hover(page, places[digit] + 0.3)
        assert_shows(page, parts, digit, name)


def test_another_map_keeps_the_digit(page, parts):
    show(page, LatentMap(**parts), digit=8)
    assert_shows(page, parts, 8, "true")
    page.get_by_role("button", name="torn").click()
    assert_shows(page, parts, 8, "torn")
    pressed = page.get_by_role("button", pressed=True).all_inner_texts()
    assert (pressed, page.locator(".chart:visible").count()) == (["torn"], 1)


def test_arrow_keys_go_to_the_next_digit_of_their_direction(page, parts):
    show(page, LatentMap(**parts), digit=8, map="torn")
    points, at = parts["maps"]["torn"], 8
    field(page).focus()
    for key, axis, sign in [
        ("ArrowRight", 0, 1),
        ("ArrowUp", 1, 1),
        ("ArrowLeft", 0, -1),
        ("ArrowDown", 1, -1),
        ("ArrowDown", 1, -1),
    ]:
        away = points - points[at]
        along = sign * away[:, axis]
        quarter = [i for i in nearest_first(points, at) if along[i] >= abs(away[i, 1 - axis])]
        at = int(quarter[0])
        page.keyboard.press(key)
        assert_shows(page, parts, at, "torn")


def test_an_arrow_key_at_the_edge_of_the_map_stays(page, parts):
    first = int(parts["maps"]["true"][:, 0].argmin())
    show(page, LatentMap(**parts), digit=first)
    field(page).press("ArrowLeft")
    assert_shows(page, parts, first, "true")


def test_a_finger_chooses_a_digit(page, parts):
    show(page, LatentMap(**parts), digit=8)
    box, place = field(page).bounding_box(), pixels(parts["maps"]["true"])[23]
    scale = box["width"] / 340
    page.touchscreen.tap(box["x"] + place[0] * scale, box["y"] + place[1] * scale)
    page.wait_for_function("told.at(-1).digit === 23")
    assert_shows(page, parts, 23, "true")


def test_python_sets_digit_and_map(page, parts):
    show(page, LatentMap(**parts))
    page.evaluate("model.set('map', 'torn'); model.set('digit', 30)")
    assert_shows(page, parts, 30, "torn")


def test_it_starts_with_a_digit_whose_neighbours_the_first_map_tears_off(parts):
    torn_first = parts | {"maps": {name: parts["maps"][name] for name in ("torn", "true")}}
    figure = LatentMap(**torn_first)
    kept = figure.near["torn"].sum(axis=1)
    assert figure.map == "torn"
    assert kept[figure.digit] == kept.min()
    assert figure.near["true"].all()  # on a true map all are near
    assert f"{kept.min()} of them are near" in figure._still.alt


def test_latent_map_is_accessible_and_fits_a_phone(page, parts):
    show(page, LatentMap(**parts))
    assert_usable(page)


def test_pictures_that_cannot_be_read_are_named_and_not_blank(page, parts):
    figure = LatentMap(**parts)
    figure._pictures = b"no png"
    show(page, figure)
    assert "This figure could not start" in page.get_by_role("alert").inner_text()


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"maps": {}}, "maps is empty; wanted: at least one"),
        ({"maps": {"flat": np.zeros((N, 3))}}, r"maps\['flat'\] has shape \(60, 3\); wanted: \(60"),
        ({"maps": {"odd": np.full((N, 2), np.nan)}}, r"maps\['odd'\] holds NaN"),
        ({"z": np.zeros((3, 2))}, r"z has shape \(3, 2\); wanted: \(60, d\)"),
        ({"x": np.zeros((N, 10))}, r"x has shape \(60, 10\); wanted: \(60, 784\)"),
        ({"x": np.full((N, 784), 2.0)}, "x goes from 2.0 to 2.0; wanted: 0"),
        ({"labels": np.arange(N)}, "labels hold"),
    ],
)
def test_what_does_not_fit_is_named(parts, changes, message):
    with pytest.raises(ValueError, match=message):
        LatentMap(**(parts | changes))


def test_too_few_digits_are_named(parts):
    maps = {name: points[:20] for name, points in parts["maps"].items()}
    with pytest.raises(ValueError, match="x holds 20 digits; wanted: more than 20"):
        LatentMap(maps, *(parts[key][:20] for key in ("z", "x", "labels")))


def test_traits_out_of_range_are_named(parts):
    figure = LatentMap(**parts)
    with pytest.raises(traitlets.TraitError, match="digit is 60; wanted: 0 to 59"):
        figure.digit = 60
    with pytest.raises(traitlets.TraitError, match=r"map is 'UMAP'; there are \['true', 'torn'\]"):
        figure.map = "UMAP"
    assert (figure.map, 0 <= figure.digit < N) == ("true", True)


def test_latent_map_on_the_page_tells_what_is_stored(host, browser):
    state = stored_state("book/studies/latent-space.html")
    labels = np.frombuffer(state["_labels"], np.uint8)
    nearest = np.frombuffer(state["_neighbours"], np.uint16).reshape(-1, 5)
    maps = np.frombuffer(state["_places"], np.uint16).reshape(-1, len(labels), 2).astype(float)
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/studies/latent-space.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE)
        at = state["digit"]
        for name, points in zip(state["_maps"], maps, strict=True):
            figure.get_by_role("button", name=name, exact=True).press("Enter")
            away = points - points[at]
            right = away[:, 0] >= np.abs(away[:, 1])
            at = next(i for i in nearest_first(points, at) if right[i])
            figure.locator(".pick:visible").press("ArrowRight")
            five = nearest[at]
            near = np.isin(five, nearest_first(points, at)[:20])
            captions = figure.locator(".in-line figcaption").all_inner_texts()
            assert captions == words(labels, at, five, near)
