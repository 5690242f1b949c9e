""" "Variational autoencoders"'s and "Collapse"'s figure: the plane of two latents."""

import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import traitlets

from helpers.widgets.explorer import LatentExplorer
from helpers.widgets.export import ExportError
from support import (
    FIGURE,
    Watched,
    as_keras,
    assert_usable,
    come_near,
    draw_stroke,
    number_after,
    show,
    shown,
    stored_state,
)

BETAS = [0.1, 1.0, 30.0]
# A step of gray, and what float16 weights may differ by.
NEAR = {"atol": 1 / 255 + 5e-3}


def vae(seed, latents=2):
    """A random VAE of the chapter's kind; its clouds are neither points nor the prior."""
    keras.utils.set_random_seed(seed)
    dense, normal = keras.layers.Dense, keras.initializers.RandomNormal(stddev=1)
    encoder = keras.Sequential([keras.Input((784,)), dense(8, "tanh"), dense(2 * latents)])
    encoder.layers[-1].bias.assign(np.repeat([0.05, -2], latents))
    decoder = keras.Sequential(
        [keras.Input((latents,)), dense(784, "sigmoid", kernel_initializer=normal)]
    )
    return SimpleNamespace(encoder=encoder, decoder=decoder)


def named(vaes):
    """Networks by the names that the figure takes."""
    return {
        f"{half} {beta:g}": getattr(model, half)
        for beta, model in vaes.items()
        for half in ("encoder", "decoder")
    }


@pytest.fixture(scope="module")
def vaes():
    return {beta: vae(seed) for seed, beta in enumerate(BETAS)}


@pytest.fixture
def explorer(vaes, many):
    return LatentExplorer(named(vaes), many[:60], LABELS)


LABELS = np.arange(60) % 10  # which digit is which does not matter here


def cloud(vae, x):
    mean, log_var = np.split(np.asarray(vae.encoder(x[None]))[0], 2)
    return mean, np.exp(log_var / 2)


def field(page):
    plane = page.locator(".field.pick")
    plane.scroll_into_view_if_needed()
    return plane.bounding_box()


def digits(page):
    return page.get_by_role("group", name="Or start from a digit").get_by_role("radio")


def draws(page):
    return page.get_by_role("group", name="Drawn from the cloud").get_by_role("radio")


def sums(page):
    """Return which code the figure writes out, and of both latents z, mean, sd and epsilon."""
    head, *latents = page.locator(".sum p").all_inner_texts()
    numbers = [[float(n) for n in re.findall(r"-?\d+\.\d+", line)] for line in latents]
    return int(re.match(r"Code (\d+): z = mean", head)[1]), np.array(numbers)


def epsilons(page):
    """Return all ten epsilons, as the figure writes them out one by one."""
    found = []
    for i in range(10):
        draws(page).nth(i).check(force=True)
        number, numbers = sums(page)
        assert number == i + 1
        found.append(numbers[:, 3])
    draws(page).first.check(force=True)
    return np.array(found)


def test_the_point_is_decoded_as_keras_does(page, explorer, vaes):
    show(page, explorer)
    for beta in BETAS:
        page.evaluate("beta => model.set('beta', beta)", beta)
        for z in ([0, 0], [1.5, -2.25], explorer.z):
            page.evaluate("z => model.set('z', z)", z)
            x_hat = np.asarray(vaes[beta].decoder(np.array([z], "float32")))[0]
            np.testing.assert_allclose(shown(page, "drawn at the point").ravel(), x_hat, **NEAR)


def test_a_digit_has_the_cloud_that_keras_computes(page, explorer, vaes, many):
    show(page, explorer)
    for beta in BETAS:
        page.evaluate("beta => model.set('beta', beta)", beta)
        for place in (3, 9):
            page.evaluate("place => model.set('digit', place)", place)
            mean, sd = cloud(vaes[beta], many[place])
            told = page.evaluate("told.at(-1)")
            np.testing.assert_allclose(told["mean"], mean, atol=2e-2)
            np.testing.assert_allclose(told["sd"], sd, atol=2e-2)
            np.testing.assert_allclose(told["z"], mean, atol=2e-2)
            np.testing.assert_allclose(shown(page, "the digit").ravel(), many[place], atol=1 / 255)
            x_hat = np.asarray(vaes[beta].decoder(mean[None]))[0]
            np.testing.assert_allclose(shown(page, "its mean, drawn").ravel(), x_hat, atol=2e-2)
            kl = np.sum(mean**2 + sd**2 - 1 - 2 * np.log(sd)) / 2
            said = page.inner_text(".status")
            assert float(said.split()[-2]) == pytest.approx(kl, abs=0.1)
            words = f"means {told['mean'][0]:.2f} and {told['mean'][1]:.2f}, standard deviations "
            assert words + f"{told['sd'][0]:.2f} and {told['sd'][1]:.2f};" in said


def test_the_ellipse_is_the_cloud(page, explorer):
    show(page, explorer)
    told = page.evaluate("told.at(-1)")
    prior, _, one, two = page.locator(".walk svg ellipse").evaluate_all(
        "all => all.map(e => [e.cx, e.cy, e.rx, e.ry].map(v => v.baseVal.value))"
    )
    unit = prior[2]  # of the prior, one standard deviation is 1
    assert prior[3] == pytest.approx(unit)
    mean, sd = np.array(told["mean"]), np.array(told["sd"])
    np.testing.assert_allclose(np.subtract(one[:2], prior[:2]) / unit, mean * [1, -1], atol=1e-3)
    np.testing.assert_allclose(np.divide(one[2:], unit), sd, atol=1e-3)
    np.testing.assert_allclose(two, [*one[:2], *np.multiply(one[2:], 2)], rtol=1e-4)


def test_ten_codes_are_drawn_as_keras_draws_them(page, explorer, vaes, many):
    show(page, explorer)
    noise = epsilons(page)
    assert len(np.unique(noise)) > 15 and np.abs(noise).max() < 4
    for beta, digit in ((1.0, 0), (1.0, 4), (30.0, 4)):
        page.evaluate("beta => model.set('beta', beta)", beta)
        page.evaluate("digit => model.set('digit', digit)", digit)
        np.testing.assert_allclose(epsilons(page), noise)  # the noise stays, the cloud moves
        mean, sd = cloud(vaes[beta], many[digit])
        z = (mean + sd * noise).astype("float32")
        for i, x_hat in enumerate(np.asarray(vaes[beta].decoder(z))):
            drawing = shown(page, f"Drawn from the cloud {i + 1}").ravel()
            np.testing.assert_allclose(drawing, x_hat, atol=2e-2)


def test_the_sum_of_a_code_holds(page, explorer, vaes, many):
    show(page, explorer)
    mean, sd = cloud(vaes[1.0], many[0])
    for i in (0, 7):
        draws(page).nth(i).check(force=True)
        number, numbers = sums(page)
        z, means, sds, noise = numbers.T
        assert number == i + 1
        np.testing.assert_allclose([means, sds], [mean, sd], atol=2e-2)
        # Three numbers are rounded to three decimals, the epsilon is what it says.
        assert (np.abs(z - means - sds * noise) < 1.1e-3 + 5e-4 * np.abs(noise)).all()


def test_the_marks_are_the_codes(page, explorer):
    show(page, explorer)
    noise = epsilons(page)
    draws(page).nth(3).check(force=True)
    for chart in page.locator(".walk svg[role=img]"), page.locator(".draws svg[role=img]"):
        ellipses = chart.locator("ellipse").evaluate_all(
            "all => all.map(e => [e.cx, e.cy, e.rx, e.ry].map(v => v.baseVal.value))"
        )
        *middle, rx, ry = ellipses[-2]  # one standard deviation
        circles = chart.locator("g[clip-path] circle").evaluate_all(
            "all => all.map(c => [c.cx, c.cy, c.r].map(v => v.baseVal.value))"
        )
        (*ring, ring_radius), *marks = circles
        places = middle + noise * [rx, -ry]
        np.testing.assert_allclose([mark[:2] for mark in marks], places, atol=0.02)
        np.testing.assert_allclose(ring, places[3], atol=0.02)
        assert all(ring_radius > radius for *_, radius in marks)


def test_draw_again_brings_other_epsilons_and_each_page_the_same(page, explorer):
    show(page, explorer)
    first = epsilons(page)
    pictures = shown(page, "Drawn from the cloud 1")
    page.get_by_role("button", name="Draw again").click()
    second = epsilons(page)
    assert (first != second).all()
    assert np.abs(shown(page, "Drawn from the cloud 1") - pictures).max() > 0.02
    assert page.evaluate("told.at(-1).digit") == 0
    page.reload()
    page.set_content("<!doctype html><html lang=en><title>figure</title><body></body></html>")
    show(page, explorer)
    np.testing.assert_allclose(epsilons(page), first)
    page.get_by_role("button", name="Draw again").click()
    np.testing.assert_allclose(epsilons(page), second)


def test_a_hovered_or_touched_picture_is_written_out(page, explorer):
    show(page, explorer)
    assert sums(page)[0] == 1
    draws(page).nth(5).hover(force=True)
    assert sums(page)[0] == 6
    draws(page).nth(8).tap(force=True)
    page.wait_for_function("document.querySelector('.sum').innerText.includes('Code 9')")
    page.keyboard.press("ArrowRight")
    assert sums(page)[0] == 10


def test_a_moved_point_leaves_the_codes(page, explorer):
    show(page, explorer)
    before = page.locator(".sum").inner_text()
    page.evaluate("model.set('z', [1, 1])")
    assert page.locator(".sum").inner_text() == before


def test_the_pictures_of_the_codes_are_two_rows_on_a_phone(page, explorer):
    show(page, explorer)
    boxes = [draw.bounding_box() for draw in draws(page).all()]
    assert len({round(box["y"]) for box in boxes}) == 2
    assert min(box["width"] for box in boxes) > 44  # for a finger


def test_a_drag_moves_the_point_alone(page, explorer):
    show(page, explorer)
    before = page.evaluate("told.at(-1)")
    box = field(page)
    page.mouse.move(box["x"] + 150, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 190, box["y"] + 110, steps=4)
    page.mouse.up()
    path = [told["z"] for told in page.evaluate("told")[-4:]]
    assert np.all(np.diff(path, axis=0) > 0)  # to the right and up
    after = page.evaluate("told.at(-1)")
    assert (after["digit"], after["mean"]) == (before["digit"], before["mean"])
    drawn, reconstruction = shown(page, "drawn at the point"), shown(page, "its mean, drawn")
    assert np.abs(drawn - reconstruction).max() > 0.05


def test_another_beta_leaves_the_point_and_moves_cloud_and_dots(page, explorer):
    show(page, explorer)
    dots = """() => [...document.querySelector("canvas.coloured").getContext("2d")
      .getImageData(0, 0, 680, 664).data].reduce((sum, v, i) => (sum + v * (i % 997)) % 1e9, 0)"""
    before, painted = page.evaluate("told.at(-1)"), page.evaluate(dots)
    page.get_by_role("slider", name="Trained with β =").press("End")
    after = page.evaluate("told.at(-1)")
    assert (before["beta"], after["beta"]) == (1, 30)
    assert after["z"] == before["z"]
    assert after["mean"] != before["mean"]
    assert page.evaluate(dots) != painted
    page.get_by_role("slider").press("ArrowLeft")
    assert page.evaluate(dots) == painted  # and nothing of the other map is left


def test_by_keyboard(page, explorer):
    show(page, explorer)
    before = page.evaluate("model.get('z')")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    np.testing.assert_allclose(page.evaluate("told.at(-1).z"), np.add(before, [0.1, -0.1]))
    page.keyboard.press("Tab")
    drawn = page.locator(".sum").inner_text()
    page.keyboard.press("Space")
    assert page.locator(".sum").inner_text() != drawn
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert sums(page)[0] == 2
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("told.at(-1).beta") == 30
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("told.at(-1).digit") == 1


def test_by_finger(page, explorer):
    show(page, explorer)
    box = field(page)
    page.touchscreen.tap(box["x"] + box["width"] - 10, box["y"] + 12)
    page.wait_for_function(
        "limit => told.at(-1).z.every(z => Math.abs(z - limit) < 0.3)", arg=explorer._limit
    )
    digits(page).nth(4).tap()
    page.wait_for_function("told.at(-1).digit === 4")
    told = page.evaluate("told.at(-1)")
    assert told["z"] == told["mean"]


def test_a_drawing_moves_the_point(page, explorer):
    show(page, explorer)
    draw_stroke(page)
    first, last = page.evaluate("[told[0], told.at(-1)]")
    assert (first["digit"], last["digit"]) == (0, -1)
    assert last["z"] == last["mean"] != first["mean"]


def test_a_cloud_beyond_the_plane_leaves_the_point_at_its_edge(page, explorer):
    show(page, explorer, _limit=0.01)
    page.evaluate("model.set('digit', 2)")
    told = page.evaluate("told.at(-1)")
    assert np.abs(told["mean"]).min() > 0.01
    assert np.abs(told["z"]).tolist() == [0.01, 0.01]


def test_accessible_and_fits_a_phone(page, explorer):
    show(page, explorer)
    assert_usable(page)


# ------------------------------------------------------------------ in Python


def test_python_sees_the_start(explorer, vaes, many):
    mean, sd = cloud(vaes[1.0], many[0])
    assert (explorer.beta, explorer.digit) == (1.0, 0)
    np.testing.assert_allclose(explorer.mean, mean, atol=1e-6)
    np.testing.assert_allclose(explorer.sd, sd, atol=1e-6)
    np.testing.assert_allclose(explorer.z, mean, atol=5.1e-3)
    explorer.z = [0.5, -1]
    assert explorer.z == [0.5, -1]


def test_the_plane_holds_the_dots_of_every_beta(explorer, vaes, many):
    dots = np.frombuffer(explorer._dots, np.uint8).reshape(len(BETAS), 60, 2)
    for beta, own in zip(BETAS, dots, strict=True):
        means = np.asarray(vaes[beta].encoder(many[:60]))[:, :2]
        limit = explorer._limit
        np.testing.assert_allclose(own / 255 * 2 * limit - limit, means, atol=limit / 255 + 1e-6)


def test_the_first_of_each_label_is_offered(vaes, many):
    labels = np.array([7, 2, 1, 2, 7, 1])
    explorer = LatentExplorer(named(vaes), many[:6], labels)
    offered = np.frombuffer(explorer._examples, np.uint8).reshape(-1, 784) / 255
    np.testing.assert_allclose(offered, many[[2, 1, 0]], atol=1 / 255)


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("z", [0.0, 99.0], r"z is \[0.0, 99.0\]; wanted: two numbers from -3 to 3"),
        ("z", [0.0], r"z is \[0.0\]; wanted: two numbers"),
        ("z", [0.0, float("nan")], "z is .*nan.*; wanted: two numbers"),
        ("beta", 2.0, r"beta is 2.0; there are \[0.1, 1.0, 30.0\]"),
        ("digit", 10, "digit is 10; wanted: 0 to 9"),
    ],
)
def test_a_value_that_does_not_exist_is_refused(explorer, name, value, words):
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(explorer, name, value)


def test_bad_input_is_named(vaes, many):
    with pytest.raises(ValueError, match="networks is empty; wanted: an encoder and a decoder"):
        LatentExplorer({}, many[:60], LABELS)
    one = {"encoder 3": vaes[1.0].encoder}
    with pytest.raises(ValueError, match=r"for beta 3 came \['encoder'\]; wanted: encoder and dec"):
        LatentExplorer(one, many[:60], LABELS)
    with pytest.raises(ValueError, match=r"y has shape \(59,\).*wanted: \(60,\), digits 0 to 9"):
        LatentExplorer(named(vaes), many[:60], LABELS[1:])
    with pytest.raises(ValueError, match=r"y has .*wanted: \(60,\), digits 0 to 9"):
        LatentExplorer(named(vaes), many[:60], LABELS + 1)
    with pytest.raises(ValueError, match=r"x has shape \(784,\)"):
        LatentExplorer(named(vaes), many[0], LABELS)


def test_models_of_another_kind_are_refused(many):
    with pytest.raises(ExportError, match=r"for beta 1 the encoder gives \(6,\) and the decoder"):
        LatentExplorer(named({1.0: vae(0, latents=3)}), many[:60], LABELS)


def test_one_model_is_enough_and_needs_no_slider(page, many):
    model = vae(0)
    networks = {"encoder": model.encoder, "decoder": model.decoder}
    show(page, LatentExplorer(networks, many[:60], LABELS))
    assert page.locator(FIGURE).count() == 1
    assert page.evaluate("told.at(-1).beta") == 1
    assert page.get_by_role("slider").count() == 0


# ------------------------------------------------------------------ on the page


def test_explorer_on_the_page_equals_keras(host, browser):
    state = stored_state("book/studies/collapse.html")
    x = np.frombuffer(state["_examples"], np.uint8).reshape(-1, 784) / np.float32(255)
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/studies/collapse.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE)
        digits(figure).nth(7).check(force=True)
        slider = figure.get_by_role("slider")
        slider.press("Home")
        for place, _ in enumerate(state["_betas"]):
            encoder, decoder = (
                as_keras(state, f"{half} {place}") for half in ("encoder", "decoder")
            )
            answer = np.asarray(encoder(x[7:8]))
            x_hat = np.asarray(decoder(answer[:, :2]))[0]
            np.testing.assert_allclose(
                shown(page, "its mean, drawn").ravel(), x_hat, atol=0.51 / 255
            )
            mean, log_var = answer[0, :2], answer[0, 2:]
            said = figure.locator(".status").inner_text()
            means = number_after("means", said), number_after(r"means \S+ and", said)
            assert means == pytest.approx(tuple(mean), abs=5.1e-3)
            kl = np.sum(mean**2 + np.exp(log_var) - 1 - log_var) / 2
            assert number_after("it costs", said) == pytest.approx(max(kl, 0), abs=0.051)
            slider.press("ArrowRight")
        assert watched.errors == []
