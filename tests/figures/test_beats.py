"""The figure of "Sequences" and "Anomalies": a heartbeat, its reconstruction and its error."""

import re

import keras
import numpy as np
import pytest
import traitlets

from helpers.widgets.beats import Beats
from helpers.widgets.export import ExportError
from support import FIGURE, Watched, as_keras, assert_usable, come_near, show, stored_state

MILLISECONDS = 1000 * np.linspace(-0.2, 0.36, 64)
SCALE = 0.1, 0.4  # mean and deviation, in mV
# float16 keeps a weight to one part in 2,000, and two LSTMs add up what that changes over 64 steps.
NEAR = {"atol": 1e-2 * SCALE[1]}


@pytest.fixture(scope="module")
def network():
    """A network as the chapter's, with weights that make its answers differ."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    encoder = keras.Sequential([keras.Input((64, 1)), layers.LSTM(16), layers.Dense(4)])
    decoder = keras.Sequential([
        keras.Input((4,)),
        layers.RepeatVector(64),
        layers.LSTM(16, return_sequences=True),
        layers.Dense(1),
    ])  # fmt: skip
    model = keras.Sequential([encoder, decoder])
    model.set_weights([2 * w for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def beats():
    """Three narrow beats and a wide one, in mV."""
    widths = np.array([[12], [15], [18], [60]])
    heights = np.array([[1.2], [1.5], [2], [1.4]])
    return heights * np.exp(-((MILLISECONDS / widths) ** 2)) - 0.1


def reconstructed(network, signal):
    mean, std = SCALE
    x = (np.asarray(signal, "float32") - mean) / std
    return mean + std * np.asarray(network(x[None, :, None]))[0, :, 0]


def error_of(network, signal):
    return np.mean((np.asarray(signal) - reconstructed(network, signal)) ** 2)


@pytest.fixture(scope="module")
def errors(network, beats):
    return np.array([error_of(network, beat) for beat in beats])


@pytest.fixture(scope="module")
def make(network, beats, errors):
    def make(**changes):
        kinds = ["normal"] * 3 + ["premature"]
        threshold = np.median(errors)
        how = dict(beats=beats, kinds=kinds, milliseconds=MILLISECONDS, scale=SCALE)
        how |= {"errors": errors, "threshold": threshold, "networks": network}
        return Beats(**how | changes)

    return make


def curve(page, name):
    """Return what the line of this name in the first chart shows, in mV over its steps."""
    d = page.locator(".chart").first.evaluate(
        """(chart, name) => {
          const names = [...chart.querySelectorAll(".legend li")].map((li) => li.textContent);
          const place = names.findIndex((text) => text.includes(name));
          return chart.querySelectorAll("g[clip-path] path.line")[place].getAttribute("d");
        }""",
        name,
    )
    points = np.reshape(re.findall(r"-?[\d.]+(?:e-?\d+)?", d), (-1, 2)).astype(float)
    ticks = page.locator(".chart").first.evaluate(
        """chart => [...chart.querySelectorAll("text[text-anchor=end]")].map(
          (t) => [Number(t.textContent), t.getAttribute("y") - 4])"""
    )
    (a, y_a), (b, y_b) = ticks[0], ticks[-1]
    return a + (points[:, 1] - y_a) * (b - a) / (y_b - y_a)


def said(page):
    """Return the error, the threshold and the verdict that the figure (or its page) states."""
    words = page.locator(".status").inner_text()
    found = re.search(r"Error ([\d.]+), threshold ([\d.]+): ((not )?like the others)\.", words)
    return float(found[1]), float(found[2]), found[3]


def test_beats_show_what_keras_computes(page, make, network, beats, errors):
    show(page, make())
    for place in (3, 0, 2):
        page.get_by_role("radio").nth(place).check(force=True)
        answer = reconstructed(network, beats[place])
        assert np.ptp(answer) > 0.1  # no flat line, which would be easy
        np.testing.assert_allclose(curve(page, f"beat {place + 1}"), beats[place], atol=1e-5)
        np.testing.assert_allclose(curve(page, "reconstruction"), answer, **NEAR)
        told = page.evaluate("told.at(-1)")
        np.testing.assert_allclose(told["reconstruction"], answer, **NEAR)
        np.testing.assert_allclose(told["signal"], beats[place], atol=1e-6)
        assert told["error"] == pytest.approx(errors[place], rel=1e-2)
        assert said(page)[0] == pytest.approx(told["error"], abs=5.1e-5)
        assert told["beat"] == place


def test_beats_state_the_side_of_the_threshold(page, make, errors):
    show(page, make())
    threshold = np.median(errors)
    verdicts = []
    for place, error in enumerate(errors):
        page.evaluate("place => model.set('beat', place)", place)
        _, shown, verdict = said(page)
        assert shown == pytest.approx(threshold, abs=5.1e-5)
        assert verdict == ("not like the others" if error > threshold else "like the others")
        verdicts.append(verdict)
    assert len(set(verdicts)) == 2
    page.evaluate("model.set('threshold', 1000)")  # as Python may
    assert said(page)[1:] == (1000, "like the others")


def test_the_histogram_has_the_errors_and_both_rules(page, make, errors):
    show(page, make(), beat=3)
    chart = page.locator(".chart").nth(1)
    tall = chart.locator("rect").evaluate_all(
        "all => all.filter(r => r.closest('.bar')).map(r => r.height.baseVal.value)"
    )
    assert sum(height > 0 for height in tall) == len(np.unique(np.floor(8 * np.log10(errors))))
    ticks = chart.locator("text[text-anchor=middle]").evaluate_all(
        "all => all.map(t => [Number(t.textContent), Number(t.getAttribute('x'))])"
    )
    (a, x_a), (b, x_b) = [tick for tick in ticks if tick[0] and np.isfinite(tick[0])][:2]
    rules = chart.locator("g[clip-path] path.line").evaluate_all(
        "all => all.map(p => p.getBBox().x)"
    )
    at = 10 ** (np.log10(a) + (np.array(rules) - x_a) * np.log10(b / a) / (x_b - x_a))
    np.testing.assert_allclose(at, [np.median(errors), errors[3]], rtol=2e-2)


def test_a_stroke_changes_the_curve_under_it(page, make, network, beats):
    show(page, make())
    field = page.locator(".pick")
    field.scroll_into_view_if_needed()
    before = curve(page, "beat 1")
    box = field.bounding_box()
    left, right = (box["x"] + part * box["width"] for part in (0.6, 0.8))
    y = box["y"] + 0.15 * box["height"]
    page.mouse.move(left, y)
    page.mouse.down()
    page.mouse.move(right, y, steps=2)  # a quick hand
    page.mouse.up()
    own = curve(page, "your own curve")
    place = np.array([left, right])
    x = (place - box["x"]) * 340 / box["width"]
    steps = np.rint((x - 46) / (340 - 8 - 46) * 63).astype(int)
    under = own[steps[0] : steps[1] + 1]
    assert np.ptp(under) < 1e-6 and under[0] - before[steps[0]] > 0.3  # no gap, and level
    assert before[steps[0] - 1] < own[steps[0] - 1] < under[0]  # the neighbours follow
    np.testing.assert_allclose(own[:20], before[:20], atol=1e-4)
    told = page.evaluate("told.at(-1)")
    assert told["beat"] == -1
    np.testing.assert_allclose(own, told["signal"], atol=1e-5)
    np.testing.assert_allclose(curve(page, "reconstruction"), reconstructed(network, own), **NEAR)
    assert told["error"] == pytest.approx(error_of(network, own), rel=1e-2)
    checked = page.get_by_role("radio").evaluate_all("all => all.filter(r => r.checked).length")
    assert checked == 0
    page.get_by_role("button", name="Back to beat 1").click()
    np.testing.assert_allclose(curve(page, "beat 1"), beats[0], atol=1e-5)
    assert page.evaluate("model.get('beat')") == 0
    assert page.get_by_role("radio").first.is_checked()


def test_the_button_leads_to_the_beat_chosen_last(page, make, beats):
    show(page, make())
    page.get_by_role("radio").nth(2).check(force=True)
    page.locator(".pick").click(position={"x": 250, "y": 30})
    assert page.evaluate("model.get('beat')") == -1
    page.get_by_role("button", name="Back to beat 3").click()
    np.testing.assert_allclose(curve(page, "beat 3"), beats[2], atol=1e-5)


def test_beats_by_finger(page, make, beats):
    show(page, make())
    page.get_by_role("radio").nth(3).tap()
    page.wait_for_function("model.get('beat') === 3")
    field = page.locator(".pick")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + 0.2 * box["height"])
    page.wait_for_function("model.get('beat') === -1")
    changed = curve(page, "your own curve") - beats[3]
    assert changed.max() > 0.5 and changed.argmax() > 50
    assert field.evaluate("e => getComputedStyle(e).touchAction") == "none"  # the page stays


def test_beats_by_keyboard(page, make, beats):
    show(page, make())
    page.keyboard.press("Tab")  # the beats
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('beat')") == 1
    page.keyboard.press("Tab")  # the button
    page.keyboard.press("Tab")  # the chart
    assert page.locator(".pick").evaluate("e => e === document.activeElement")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('beat')") == 1  # a time is chosen, nothing is changed
    step = 23 + 3  # 23 is the nearest to the peak
    at = f"{beats[1][step]:.2f} mV at {round(MILLISECONDS[step])} ms."
    assert page.inner_text(".status").startswith(at)
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    own = curve(page, "your own curve")
    assert own[step] - beats[1][step] == pytest.approx(0.2, abs=1e-4)
    assert 0 < own[step + 1] - beats[1][step + 1] < 0.2
    assert page.evaluate("model.get('beat')") == -1
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    np.testing.assert_allclose(curve(page, "your own curve"), beats[1], atol=1e-4)
    page.keyboard.press("ArrowRight")  # the point rides on the curve, it does not draw
    np.testing.assert_allclose(curve(page, "your own curve"), beats[1], atol=1e-4)


def test_python_can_draw(page, make, network):
    show(page, make())
    flat = [0.0] * 64
    page.evaluate("flat => model.set('signal', flat)", flat)  # as when a kernel sends a trait
    np.testing.assert_allclose(curve(page, "your own curve"), flat, atol=1e-6)
    assert page.evaluate("told.at(-1).beat") == -1
    assert page.evaluate("told.at(-1).error") == pytest.approx(error_of(network, flat), rel=1e-2)
    page.evaluate("flat => model.set('signal', flat)", [0.5] * 64)  # and once more
    np.testing.assert_allclose(curve(page, "your own curve"), 0.5, atol=1e-6)


def test_a_drawing_that_python_kept_is_shown_at_once(page, make):
    figure = make()
    figure.signal, figure.beat = [0.25] * 64, -1
    show(page, figure)
    np.testing.assert_allclose(curve(page, "your own curve"), 0.25, atol=1e-6)


def test_beats_are_accessible_and_fit_a_phone(page, make):
    show(page, make())
    assert_usable(page)


@pytest.fixture(scope="module")
def line():
    """A second network, which answers 0 to everything."""
    model = keras.Sequential([keras.Input((64, 1)), keras.layers.Dense(1)])
    model.set_weights([0 * w for w in model.get_weights()])
    return model


def test_one_of_several_networks_without_an_alarm(page, make, network, beats, line):
    figure = make(networks={"LSTM": network, "a line": line}, errors=None, threshold=None)
    show(page, figure)
    assert_usable(page)
    assert page.locator(".chart").count() == 1  # no histogram
    assert re.fullmatch(r"Error [\d.]+ squared mV\.", page.inner_text(".status"))
    answer = reconstructed(network, beats[0])
    np.testing.assert_allclose(curve(page, "reconstruction"), answer, **NEAR)
    page.get_by_role("button", name="a line").click()
    np.testing.assert_allclose(curve(page, "reconstruction"), SCALE[0], atol=1e-4)
    told = page.evaluate("told.at(-1)")
    assert told["error"] == pytest.approx(np.mean((beats[0] - SCALE[0]) ** 2), rel=1e-4)
    page.evaluate("model.set('network', 'LSTM')")  # as Python may
    np.testing.assert_allclose(curve(page, "reconstruction"), answer, **NEAR)
    bundle, _ = figure._repr_mimebundle_()
    assert bundle["text/plain"].endswith("error in squared millivolts.")


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("beat", 4, "beat is 4; wanted: 0 to 3, or -1"),
        ("signal", [0.0] * 63, "signal: 63 values; wanted: 64 finite"),
        ("signal", [np.nan] * 64, "signal: 64 values; wanted: 64 finite"),
        ("threshold", 0.0, "threshold is 0.0; wanted: above 0"),
        ("network", "other", "network is 'other'; wanted: 'autoencoder'"),
    ],
)
def test_a_trait_that_makes_no_sense_is_refused(make, name, value, words):
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(make(), name, value)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"beats": np.zeros(64)}, r"beats has shape \(64,\); wanted: finite numbers in 2"),
        ({"beats": np.full((4, 64), np.nan)}, "wanted: finite numbers in 2 dimensions"),
        ({"beats": np.zeros((4, 32))}, r"wanted: \(32, 1\) and the same"),
        ({"kinds": ["normal"]}, "1 kinds and 64 milliseconds; wanted: 4 and 64"),
        ({"errors": np.array([0.0, 1])}, r"errors from 0.0; wanted: above 0"),
        ({"scale": (0, 0)}, "deviation 0.0"),
        ({"threshold": None}, "both, or neither"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(make, changes, words):
    with pytest.raises(ValueError, match=words):
        make(**changes)


def test_a_network_of_another_kind_is_refused(make):
    steps = keras.Sequential([keras.Input((64, 1)), keras.layers.GRU(1, return_sequences=True)])
    with pytest.raises(ExportError, match="GRU"):
        make(networks=steps)


def test_the_still_picture_says_which_beats_are_strange(make, errors):
    strange = [str(i + 1) for i in np.flatnonzero(errors > np.median(errors))]
    bundle, _ = make()._repr_mimebundle_()
    assert bundle["text/plain"].endswith(f"not like the others: beat {', '.join(strange)}.")


def test_beats_on_the_page_equal_keras(host, browser):
    state = stored_state("book/studies/anomalies.html")
    beats = np.frombuffer(state["_examples"], "<f4").reshape(-1, 64)
    network = as_keras(state, "autoencoder")
    mean, std = state["_scale"]
    x_hat = mean + std * np.asarray(network(((beats - mean) / std)[..., None]))[..., 0]
    errors = np.mean((beats - x_hat) ** 2, axis=1)
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/studies/anomalies.html", wait_until="load")
        come_near(page)
        figure = page.locator(FIGURE)
        for place, error in list(enumerate(errors))[::-1]:
            figure.get_by_role("radio").nth(place).check(force=True)
            shown, _, verdict = said(figure)
            assert shown == pytest.approx(error, abs=5.2e-5)
            assert verdict.startswith("not") == (error > state["threshold"])
            np.testing.assert_allclose(curve(figure, "reconstruction"), x_hat[place], atol=1e-4)
