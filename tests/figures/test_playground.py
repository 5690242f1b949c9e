"""The playground's figure: an autoencoder that learns in the page."""

import re

import numpy as np
import pytest
import traitlets

from helpers import data
from helpers.widgets.playground import Playground
from support import (
    FIGURE,
    assert_usable,
    eventually,
    in_node,
    number_after,
    script_address,
    show,
    shown,
)

PYTHON = """async ([_, { address, cases }]) => {
  const { pythonCode } = await import(address);
  return cases.map((settings) => pythonCode(settings, { images: 70, epochs: 2 }));
}"""
SHAPES = """async ([_, { address, cases }]) => {
  const { autoencoder } = await import(address);
  return cases.map((settings) => autoencoder(settings, Math.random).layers
    .map(({ inputs, outputs }) => [inputs, outputs]));
}"""


@pytest.fixture(scope="module")
def digits():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        return data.digits(validation=True)


@pytest.fixture
def parts(digits):
    return [digits.x_train, digits.x_valid, digits.y_valid]


def state(page):
    return page.evaluate("model.get('state')")


def step(page):
    return number_after("Step", page.locator(".counter").inner_text().replace(",", ""))


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def reaches(page, state):
    page.wait_for_function("state => model.get('state') === state", arg=state)


def eight(page, name):
    """Return the eight pictures of a row, shape (8, 14, 14)."""
    row = shown(page, name)
    return np.stack([row[:, 16 * i : 16 * i + 14] for i in range(8)])


def test_it_opens_with_validation_digits_and_a_network_that_knows_nothing(page, parts):
    figure = Playground(*parts)
    show(page, figure)
    wanted = np.frombuffer(figure._validation, np.uint8)[: 8 * 98]
    wanted = np.stack([wanted >> 4, wanted & 15], axis=-1).reshape(8, 14, 14) / 15
    np.testing.assert_allclose(eight(page, "validation digits"), wanted, atol=1 / 255)
    assert np.abs(eight(page, "reconstructions") - 0.5).max() < 0.3  # gray
    assert (state(page), step(page)) == ("ready", 0)
    assert page.get_by_role("status").first.inner_text().startswith("Ready")
    assert len(set(figure._labels[:8])) == 8  # different digits


def test_start_trains_to_the_end_and_the_same_seed_gives_the_same(page, parts):
    show(page, Playground(*parts, steps=150, rate=0.01))
    losses = []
    for name in ("Start training", "Start again"):
        press(page, name)
        reaches(page, "done")  # from its click on it is no longer, so this is the new one's
        last = page.evaluate("told.at(-1)")
        assert last["step"] == step(page) == 150
        losses.append((last["training_loss"], last["validation_loss"]))
    assert losses[0] == losses[1]
    assert losses[0][1] < 0.26
    said = page.get_by_role("status").first.inner_text()
    assert number_after("validation BCE", said) == pytest.approx(losses[0][1], abs=6e-4)
    assert "125 digits that it never trained on" in said
    before = eight(page, "validation digits")
    after = np.mean((eight(page, "reconstructions") - before) ** 2)
    assert after < np.mean((before.mean(axis=0) - before) ** 2)  # better than the mean of them
    assert page.evaluate("told.filter(({ state }) => state === 'training').length") < 300


def test_a_pause_lasts_and_goes_on_from_there(page, parts):
    show(page, Playground(*parts))
    press(page, "Start training")
    eventually(lambda: assert_beyond(page, 20))
    page.locator(".start").press("Enter")
    reaches(page, "paused")
    here = step(page)
    assert frames(page, 10) == 0
    assert step(page) == here
    press(page, "Continue")
    eventually(lambda: assert_beyond(page, here + 5))
    assert state(page) == "training"
    press(page, "Pause")
    # Not even the frame that a start had asked for comes after the next pause.
    assert (frames(page, 5, clicks=2), state(page)) == (0, "paused")


def assert_beyond(page, least):
    assert step(page) > least


def frames(page, count, clicks=0):
    """Return in how many of the page's next frames the figure did something.

    Its first button is clicked so often before them.
    """
    return page.evaluate(
        """async ([count, clicks]) => {
          const root = window.removed ?? document.querySelector(".book-figure");
          let own = 0;
          root.addEventListener("book-frame", () => { own += 1; });
          for (let i = 0; i < clicks; i++) root.querySelector("button").click();
          for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame);
          return own;
        }""",
        [count, clicks],
    )


def test_a_frame_takes_as_many_steps_as_fit(page, parts):
    """By a clock that only reading it moves on, so that no machine is too slow."""
    clock = """ms => new Promise((done) => {
      let now = 0;
      performance.now = () => (now += ms);
      const root = document.querySelector(".book-figure"), frames = [];
      root.addEventListener("book-frame", () => frames.push(-now), { capture: true });
      root.addEventListener("book-frame", () => {
        frames.push(frames.pop() + now);
        if (model.get("state") === "done") done(frames);
      });
      root.querySelector(".start").click();
    })"""
    taken = {}
    for ms in (1, 20):
        page.reload()
        show(page, Playground(*parts, steps=60))
        taken[ms] = page.evaluate(clock, ms)
    assert max(taken[1]) <= 16
    assert len(taken[20]) >= 60 > 2 * len(taken[1])


def test_another_setting_is_another_network_that_trains_if_one_did(page, parts):
    show(page, Playground(*parts))
    page.get_by_label("Code size").select_option("4")
    assert (state(page), step(page), page.evaluate("model.get('code')")) == ("ready", 0, 4)
    press(page, "Start training")
    eventually(lambda: assert_beyond(page, 30))
    # Each in one go with its question: the next frame trains on.
    choose = """list => {
      list.value = "none";
      list.dispatchEvent(new Event("change"));
      return [model.get("step"), model.get("state")];
    }"""
    assert page.get_by_label("Hidden layer").evaluate(choose) == [0, "training"]
    eventually(lambda: assert_beyond(page, 10))
    set_rate = "model.set('rate', 0.01), [model.get('step'), model.get('state')]"  # as Python does
    assert page.evaluate(set_rate) == [0, "training"]
    assert page.get_by_label("Learning rate").evaluate("l => l.value") == "0.01"


def test_the_seed_is_shown_and_can_be_changed(page, parts):
    show(page, Playground(*parts, seed=7, more=True))
    seed, images = page.get_by_label("Seed", exact=True), []
    for change in (lambda: None, lambda: press(page, "Another seed"), lambda: seed.fill("7")):
        change()
        seed.blur()
        images.append((seed.input_value(), eight(page, "reconstructions")))
    assert [value for value, _ in images] == ["7", "8", "7"]
    assert page.evaluate("model.get('seed')") == 7
    np.testing.assert_array_equal(images[0][1], images[2][1])
    assert np.abs(images[0][1] - images[1][1]).max() > 0
    seed.fill("-3")
    seed.blur()
    assert page.get_by_role("status").first.inner_text().startswith("A seed is a whole number")
    assert (seed.input_value(), page.evaluate("model.get('seed')")) == ("7", 7)


def test_what_a_kind_does_not_use_is_not_offered(page, parts):
    show(page, Playground(*parts, more=True))
    offered = {}
    for kind in ("plain", "sparse", "variational"):
        page.get_by_label("Kind").select_option(kind)
        offered[kind] = [page.get_by_label(name).is_visible() for name in ("Weight of L1", "β")]
    assert offered == {
        "plain": [False, False],
        "sparse": [True, False],
        "variational": [False, True],
    }


def test_every_value_that_python_allows_is_offered_and_no_other(page, parts):
    show(page, Playground(*parts))
    lists = page.locator(".control select")
    traits = ["code", "hidden", "rate", "kind", "l1", "beta", "noise"]  # in the page's order
    assert lists.count() == len(traits)
    for number, name in enumerate(traits):
        allowed = Playground.class_traits()[name].values
        places = lists.nth(number).evaluate(
            """(list, [name, values]) => [list.options.length, values.map((value) => {
              model.set(name, value);
              return list.selectedIndex;
            }).sort()]""",
            [name, allowed],
        )
        assert places == [len(allowed), list(range(len(allowed)))], name


def test_the_keyboard_stops_at_the_code_only_where_it_scrolls(page, parts):
    show(page, Playground(*parts))
    page.get_by_text("Take it to Python").click()
    code = page.get_by_role("region", name="The same network in Keras")
    eventually(lambda: assert_tab_stop(code, "0"))
    page.set_viewport_size({"width": 1600, "height": 900})
    eventually(lambda: assert_tab_stop(code, None))


def assert_tab_stop(place, wanted):
    assert place.get_attribute("tabindex") == wanted


def test_the_plane_draws_what_lies_under_the_pointer(page, parts):
    show(page, Playground(*parts))
    field = page.locator(".pick")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    pictures = []
    for share in (0.4, 0.8):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.4 * box["height"])
        pictures.append(shown(page, "the decoder's picture"))
    field.press("ArrowLeft")
    pictures.append(shown(page, "the decoder's picture"))
    page.touchscreen.tap(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    eventually(
        lambda: np.testing.assert_array_equal(shown(page, "the decoder's picture"), pictures[0])
    )
    assert np.abs(pictures[0] - pictures[1]).max() > 0
    assert np.abs(pictures[1] - pictures[2]).max() > 0
    page.get_by_label("Code size").select_option("8")
    assert not field.is_visible()


def test_the_place_in_the_plane_is_said_when_a_key_has_moved_it(page, parts):
    show(page, Playground(*parts))
    field, status = page.locator(".pick"), page.get_by_role("status").first
    said = []
    for key in ("ArrowRight", "ArrowUp"):
        field.press(key)
        said.append(status.inner_text())
        assert re.fullmatch(r"Decoder at \(-?\d+\.\d, -?\d+\.\d\)\.", said[-1])
    assert said[0] != said[1]
    field.hover()  # the eye follows the mouse; the ear would hear nothing else
    assert status.inner_text() == said[1]


def test_a_rate_that_diverges_is_said_and_shown(page, parts):
    show(page, Playground(*parts, rate=1))
    press(page, "Start training")
    reaches(page, "diverged")
    said = page.get_by_role("status").first.inner_text()
    assert number_after("rose to", said) > 10
    assert said.endswith("Choose a smaller learning rate.")
    ticks = page.locator(".curve text[text-anchor=end]").all_text_contents()
    top = max(float(tick.replace(",", "")) for tick in ticks)
    assert top > 10  # the axis reaches as high as the loss
    assert frames(page, 5) == 0
    page.get_by_label("Learning rate").select_option("0.01")
    assert state(page) == "ready"


def test_a_loss_that_is_no_number_stops_with_a_sentence(page, parts):
    show(page, Playground(*parts), rate=1e30)
    press(page, "Start training")
    reaches(page, "diverged")
    said = page.get_by_role("status").first.inner_text()
    assert "no longer a finite number. Choose a smaller learning rate." in said
    assert page.evaluate("told.at(-1).validation_loss") is None
    assert page.locator(FIGURE).count() == 1


def test_a_collapsed_code_is_said(page, parts):
    show(page, Playground(*parts, kind="variational", beta=30, rate=0.01, steps=300))
    press(page, "Start training")
    reaches(page, "done")
    assert "collapsed: the code's KL is 0.0" in page.get_by_role("status").first.inner_text()
    images = eight(page, "reconstructions")
    assert np.ptp(images, axis=0).max() < 0.05


def test_noise_is_shown_beside_its_digits(page, parts):
    show(page, Playground(*parts, noise=0.5))
    digits, noisy = eight(page, "validation digits"), eight(page, "with noise")
    assert 0.2 < np.std(noisy - digits) < 0.5
    page.evaluate("model.set('noise', 0)")
    assert not page.locator('canvas[aria-label="with noise"]').is_visible()


def test_of_two_figures_only_one_trains(page, parts):
    show(page, Playground(*parts))
    page.evaluate("window.first = model")
    show(page, Playground(*parts))
    page.locator(".start").nth(0).click()
    page.wait_for_function("first.get('state') === 'training'")
    page.locator(".start").nth(1).click()
    page.wait_for_function("first.get('state') === 'paused' && model.get('state') === 'training'")


def test_it_rests_while_nobody_can_see_it(page, parts):
    show(page, Playground(*parts))
    page.evaluate("document.body.prepend(Object.assign(document.createElement('div'), "
                  "{style: 'height: 3000px'}))")  # fmt: skip
    page.locator(".start").scroll_into_view_if_needed()
    press(page, "Start training")
    reaches(page, "training")
    page.evaluate("scrollTo(0, 0)")
    reaches(page, "paused")
    assert frames(page, 5) == 0
    page.locator(".start").scroll_into_view_if_needed()
    reaches(page, "training")
    hide = """hidden => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    assert state(page) == "paused"
    page.evaluate(hide, False)
    assert state(page) == "training"


def test_it_stops_when_it_is_removed(page, parts):
    show(page, Playground(*parts))
    press(page, "Start training")
    reaches(page, "training")
    page.evaluate("window.removed = document.querySelector('.book-figure'); removed.remove()")
    eventually(lambda: assert_rests(page))


def assert_rests(page):
    assert frames(page, 5) == 0


def test_who_wants_no_motion_trains_ten_steps_at_a_click(page, parts):
    page.emulate_media(reduced_motion="reduce")
    show(page, Playground(*parts))
    before = eight(page, "reconstructions")
    press(page, "Ten steps")
    assert (state(page), step(page)) == ("paused", 10)
    assert np.abs(eight(page, "reconstructions") - before).max() > 0
    assert frames(page, 5) == 0
    press(page, "Ten steps")
    assert step(page) == 20
    assert "Step 20: validation" in page.get_by_role("status").first.inner_text()
    before = eight(page, "reconstructions")
    press(page, "Continue")
    eventually(lambda: assert_beyond(page, 100))
    press(page, "Pause")
    assert np.abs(eight(page, "reconstructions") - before).max() > 0.1  # what it has learned since
    page.emulate_media(reduced_motion="no-preference")
    eventually(lambda: assert_hidden(page.get_by_role("button", name="Ten steps")))


def assert_hidden(place):
    assert not place.is_visible()


def test_the_page_stays_in_its_place_while_numbers_change(page, parts):
    show(page, Playground(*parts))
    places = """() => [...document.querySelectorAll(".strips, .curve, .more")].map(e =>
      Math.round(e.getBoundingClientRect().top + scrollY))"""
    before = page.evaluate(places)
    press(page, "Start training")
    for least in (10, 100):
        eventually(lambda least=least: assert_beyond(page, least))
        assert page.evaluate(places) == before


def test_playground_is_accessible_and_fits_a_phone(page, parts):
    show(page, Playground(*parts, kind="variational", noise=0.25))
    assert_usable(page)


EXPORTED = {
    "plain": {},
    "no hidden layer": {"hidden": 0, "code": 8},
    "sparse": {"kind": "sparse", "code": 16, "l1": 0.001},
    "noisy": {"noise": 0.25, "hidden": 128},
    "variational": {"kind": "variational", "beta": 0.1, "noise": 0.5},
}


@pytest.mark.parametrize("name", EXPORTED)
def test_the_python_code_trains_the_same_network(monkeypatch, digits, name):
    import keras  # the other tests do without

    settings = {"pixels": 196, "hidden": 64, "code": 2, "kind": "plain", "l1": 0.01, "beta": 1}
    settings |= {"rate": 0.003, "noise": 0} | EXPORTED[name]
    asked = [
        {"address": script_address(file), "cases": [settings]}
        for file in ("python_code.js", "training.js")
    ]
    (code,), (shapes,) = in_node(asked[0], PYTHON), in_node(asked[1], SHAPES)
    assert len(code.splitlines()) <= 15
    assert max(map(len, code.splitlines())) <= 90
    x = np.uint8(255 * digits.x_train[:100, :, :, 0])
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: ((x, None), (x, None)))
    made = {}
    exec(code, made)
    model = made["autoencoder"]
    kernels = [list(w.shape) for w in model.trainable_weights if len(w.shape) == 2]
    assert kernels == shapes
    assert model.count_params() == sum((inputs + 1) * outputs for inputs, outputs in shapes)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.003)
    assert made["x"].shape == (70, 196)
    assert len(model.history.epoch) == 2
    if name == "sparse":  # in any version of Keras, whatever its regularizers sum over
        z = np.asarray(keras.Sequential(model.layers[:2])(made["x"]))
        model(made["x"])
        assert float(sum(model.losses)) == pytest.approx(0.001 * z.sum(axis=1).mean(), rel=1e-4)


def test_the_code_follows_the_settings_and_can_be_copied(page, parts):
    show(page, Playground(*parts))
    page.get_by_text("Take it to Python").click()
    page.get_by_label("Code size").select_option("16")
    code = page.locator("pre").inner_text()
    assert "layers.Dense(16)" in code
    assert "epochs=68" in code  # 1,500 steps: of 1,375 images, Keras makes 22 batches an epoch
    press(page, "Copy")
    copied = page.locator(".python [role=status]")
    eventually(lambda: assert_said(copied))
    if "Selected" in copied.inner_text():
        assert page.evaluate("String(getSelection())").strip() == code.strip()


def assert_said(place):
    assert place.inner_text()


@pytest.mark.parametrize(
    "change, message",
    [
        ((0, np.zeros((70, 10))), r"x_train has shape \(70, 10\); wanted: \(n, 784\)"),
        ((0, np.zeros((63, 784))), "n at least 64"),
        ((1, np.full((9, 784), 2.0)), "x_valid goes from 2.0 to 2.0; wanted: 0"),
        ((2, np.arange(3)), r"y_valid has shape \(3,\)"),
        ((2, np.full(125, 11)), "y_valid .* from 0 to 11; wanted: one digit, 0 to 9"),
    ],
)
def test_what_does_not_fit_is_named(parts, change, message):
    place, value = change
    parts[place] = value
    with pytest.raises(ValueError, match=message):
        Playground(*parts)


def test_settings_that_are_not_offered_are_named(parts):
    figure = Playground(*parts)
    with pytest.raises(traitlets.TraitError, match="rate"):
        figure.rate = 0.5
    with pytest.raises(traitlets.TraitError, match="code"):
        Playground(*parts, code=3)
    assert (figure.rate, figure.code) == (0.003, 2)
