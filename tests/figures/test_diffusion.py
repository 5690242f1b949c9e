"""The figure of latent diffusion: from noise to a digit, step by step."""

import keras
import numpy as np
import pytest
import traitlets

from helpers.widgets.diffusion import Diffusion, noise_of
from helpers.widgets.export import ExportError
from support import FIGURE, assert_usable, number_after, show, shown

LENGTH, STEPS = 6, 30
MEAN, SD = np.linspace(-1, 2, LENGTH), np.linspace(0.5, 2, LENGTH)
# Half a step of gray, and sums in another order.
NEAR = {"atol": 0.51 / 255 + 1e-4}


def network(inputs, *layers):
    """A random network whose weights float16 holds as they are, so that the page has the same."""
    model = keras.Sequential([keras.Input((inputs,)), *layers])
    model.set_weights([w.astype("float16").astype("float32") for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(4)
    dense, normal = keras.layers.Dense, keras.initializers.RandomNormal(stddev=0.5)
    return {
        "denoiser": network(
            LENGTH + 26, dense(32, "tanh", kernel_initializer=normal), dense(LENGTH)
        ),
        "decoder": network(LENGTH, dense(784, "sigmoid")),
    }


@pytest.fixture
def figure(networks):
    return Diffusion(networks, MEAN, SD)


def sampled(networks, digit, guidance, seed=0, steps=STEPS):
    """Return the codes at each step, and the guesses of the digit at each but the last."""
    f = np.exp(np.linspace(0, np.log(100), 8))
    z = noise_of(seed, LENGTH)
    codes, guesses = [z], []

    def answer(t, hot):
        given = np.concatenate([z, np.sin(f * t), np.cos(f * t), hot])[None]
        return np.asarray(networks["denoiser"](given.astype("float32")))[0]

    for step in range(steps):
        t, next_t = 1 - step / steps, 1 - (step + 1) / steps
        v = answer(t, np.zeros(10))
        if digit >= 0:
            v = v + guidance * (answer(t, np.eye(10)[digit]) - v)
        a, s = np.cos(np.pi * t / 2), np.sin(np.pi * t / 2)
        guess, noise = a * z - s * v, s * z + a * v
        z = np.cos(np.pi * next_t / 2) * guess + np.sin(np.pi * next_t / 2) * noise
        codes.append(z)
        guesses.append(guess)
    return np.array(codes), np.array(guesses)


def decoded(networks, z):
    return np.asarray(networks["decoder"]((MEAN + SD * z).astype("float32")[None]))[0]


def marked(page):
    return page.locator("input[type=radio]:checked").get_attribute("aria-label")


def test_the_page_goes_the_way_that_keras_goes(page, figure, networks):
    show(page, figure)
    for digit, guidance, seed in [(3, 2, 0), (3, 1, 0), (8, 4, 5), (0, 0, 5), (-1, 2, 2**31 - 1)]:
        page.evaluate(
            "traits => Object.entries(traits).forEach(([name, value]) => model.set(name, value))",
            {"digit": digit, "guidance": guidance, "noise": seed},
        )
        codes, guesses = sampled(networks, digit, guidance, seed)
        told = page.evaluate("told.at(-1).code")
        np.testing.assert_allclose(told, MEAN + SD * codes[-1], atol=2e-4)
        end = decoded(networks, codes[-1])
        np.testing.assert_allclose(shown(page, "the digit at the end").ravel(), end, **NEAR)
        for step in (0, 11, STEPS):
            page.evaluate("step => model.set('step', step)", step)
            noisy = shown(page, "noisy code, decoded").ravel()
            np.testing.assert_allclose(noisy, decoded(networks, codes[step]), **NEAR)
            guess = codes[-1] if step == STEPS else guesses[step]
            taken = shown(page, "what the network takes it for").ravel()
            np.testing.assert_allclose(taken, decoded(networks, guess), **NEAR)
            said = page.inner_text(".status")
            away = np.sqrt(np.mean((guess - codes[-1]) ** 2))
            assert number_after("guess is", said) == pytest.approx(away, abs=6e-3)
            variance = 100 * np.sin(np.pi * (1 - step / STEPS) / 2) ** 2
            assert float(said.split()[0]) == pytest.approx(variance, abs=0.501)


def test_guidance_and_digit_lead_elsewhere_from_the_same_noise(page, figure):
    show(page, figure)
    group = page.get_by_role("group", name="Digit", exact=True)
    guidance = page.get_by_role("slider", name="Guidance w")
    starts, ends = [], []

    def note():
        starts.append(shown(page, "noisy code, decoded"))
        ends.append(page.evaluate("told.at(-1).code"))

    note()
    group.get_by_role("button", name="8").click()
    note()
    guidance.press("End")
    note()
    assert page.evaluate("[told.at(-1).digit, told.at(-1).guidance]") == [8, 4]
    assert np.ptp(starts, axis=0).max() == 0
    assert np.abs(np.diff(ends, axis=0)).max(axis=1).min() > 1e-2
    page.get_by_role("button", name="New noise").click()
    assert page.evaluate("told.at(-1).noise") == 1
    assert np.abs(shown(page, "noisy code, decoded") - starts[0]).max() > 0.05


def test_without_a_digit_there_is_nothing_to_guide(page, figure):
    show(page, figure)
    guidance = page.get_by_role("slider", name="Guidance w")
    page.get_by_role("button", name="none", exact=True).click()
    assert page.evaluate("told.at(-1).digit") == -1
    assert guidance.is_disabled()
    code = page.evaluate("told.at(-1).code")
    page.evaluate("model.set('guidance', 4)")
    assert page.evaluate("told.at(-1).code") == code
    page.get_by_role("button", name="5", exact=True).click()
    assert guidance.is_enabled()


def test_by_keyboard_slider_and_pictures_move_each_other(page, figure):
    show(page, figure)
    slider = page.get_by_role("slider", name="Step")
    assert (slider.get_attribute("aria-valuetext"), marked(page)) == ("0 of 30", "Step 0 of 30")
    slider.press("ArrowRight")
    assert (page.evaluate("told.at(-1).step"), marked(page)) == (1, "Step 0 of 30")
    slider.press("End")
    assert (page.evaluate("told.at(-1).step"), marked(page)) == (30, "Step 30 of 30")
    page.locator("input[type=radio]:checked").press("ArrowLeft")
    assert (page.evaluate("told.at(-1).step"), marked(page)) == (26, "Step 26 of 30")
    assert slider.get_attribute("aria-valuetext") == "26 of 30"


def test_a_picture_leads_to_its_step_even_if_it_is_marked_already(page, figure):
    show(page, figure)
    pictures = page.get_by_role("radio")
    assert pictures.count() == 8
    pictures.nth(3).tap()
    page.wait_for_function("told.at(-1).step === 13")
    page.evaluate("model.set('step', 14)")
    assert marked(page) == "Step 13 of 30"
    pictures.nth(3).tap()
    page.wait_for_function("told.at(-1).step === 13")


def test_the_small_pictures_are_those_that_the_steps_show(page, figure):
    show(page, figure)
    ink = page.locator("input[type=radio] + canvas").evaluate_all(
        """all => all.map((c) => [...c.getContext("2d").getImageData(0, 0, 28, 58).data]
          .filter((_, i) => i % 4 === 3))"""
    )
    for place, small in enumerate(np.reshape(ink, (8, 58, 28)) / 255):
        page.get_by_role("radio").nth(place).check(force=True)
        np.testing.assert_array_equal(small[:28], shown(page, "noisy code, decoded"))
        np.testing.assert_array_equal(small[30:], shown(page, "what the network takes it for"))


def test_of_a_few_steps_each_has_one_picture(page, networks):
    show(page, Diffusion(networks, MEAN, SD, steps=3))
    assert page.get_by_role("radio").count() == 4
    codes, _ = sampled(networks, 3, 2, steps=3)
    np.testing.assert_allclose(page.evaluate("told.at(-1).code"), MEAN + SD * codes[-1], atol=2e-4)


# A clock that the test moves on, and frames that come when it asks for them.
BY_HAND = """() => {
  let now = 1000, wanted = new Map(), number = 0;
  performance.now = () => now;
  window.requestAnimationFrame = (work) => { wanted.set(number += 1, work); return number; };
  window.cancelAnimationFrame = (one) => wanted.delete(one);
  window.frame = (ms) => {
    now += ms;
    const due = [...wanted.values()];
    wanted.clear();
    due.forEach((work) => work(now));
    return [due.length, model.get("step")];
  };
}"""


@pytest.fixture
def played(page, figure):
    """The page with a figure that goes on at the test's word: what it evaluates, `frame(ms)`."""
    show(page, figure)
    page.evaluate(BY_HAND)
    return page


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_playing_goes_through_all_steps_and_ends(played):
    press(played, "Play the steps")
    assert played.evaluate("frame(40)") == [1, 0]  # a step is seen for a while
    assert played.evaluate("frame(41)") == [1, 1]
    assert played.locator(".status").get_attribute("aria-live") == "off"
    # A late frame leaves no step out.
    assert [played.evaluate("frame(1000)")[1] for _ in range(29)] == list(range(2, 31))
    assert played.locator(".status").get_attribute("aria-live") == "polite"
    assert played.evaluate("frame(1000)") == [0, 30]
    press(played, "Play the steps")  # from the start
    assert played.evaluate("frame(81)") == [1, 1]


def test_a_pause_takes_back_the_frame_that_it_asked_for(played):
    press(played, "Play the steps")
    played.evaluate("frame(81)")
    press(played, "Pause")
    assert played.evaluate("frame(81)") == [0, 1]
    press(played, "Play the steps")
    assert played.evaluate("frame(81)") == [1, 2]
    played.get_by_role("slider", name="Step").press("End")  # the hand takes over
    assert played.evaluate("frame(81)") == [0, 30]
    press(played, "Play the steps")
    played.get_by_role("radio").nth(1).check(force=True)
    assert played.evaluate("frame(81)") == [0, 4]


def test_another_digit_is_played_on(played):
    press(played, "Play the steps")
    played.evaluate("frame(81)")
    press(played, "8")
    assert played.evaluate("frame(81)") == [1, 2]


def test_nothing_moves_on_the_page_while_the_steps_are_played(played):
    places = """() => [...document.querySelectorAll(".slider input, canvas, .chart, .status")].map((e) =>
      [e.getBoundingClientRect().top + scrollY, e.getBoundingClientRect().width])"""
    before = played.evaluate(places)
    press(played, "Play the steps")
    for _ in range(30):
        played.evaluate("frame(81)")
        assert played.evaluate(places) == before


def test_who_wants_no_motion_is_offered_none(played):
    button = played.locator(".hint button").first  # not by its name, which playing changes
    button.click()
    played.emulate_media(reduced_motion="reduce")
    button.wait_for(state="hidden")
    assert played.evaluate("frame(81)") == [0, 0]
    played.emulate_media(reduced_motion="no-preference")
    button.wait_for(state="visible")


def test_accessible_and_fits_a_phone(page, figure):
    show(page, figure)
    assert_usable(page)


# ------------------------------------------------------------------ in Python


def test_a_state_that_python_has_set_is_shown(page, figure):
    figure.digit, figure.guidance, figure.noise, figure.step = 7, 0.5, 9, 17
    show(page, figure)
    told = page.evaluate("told.at(-1)")
    assert [told[name] for name in ("digit", "guidance", "noise", "step")] == [7, 0.5, 9, 17]
    pressed = page.locator("button[aria-pressed=true]").inner_text()
    values = [slider.get_attribute("aria-valuetext") for slider in page.get_by_role("slider").all()]
    assert (pressed, values) == ("7", ["0.5", "17 of 30"])
    assert marked(page) == "Step 17 of 30"


def test_the_still_picture_shows_codes_on_their_way(figure, networks):
    ink = np.concatenate([ax.images[0].get_array() for ax in figure._still.axes])
    rows = np.reshape(ink, (3, 28, 8, 30))[..., 1:-1]  # between them is paper
    for row, digit in zip(rows, (0, 3, 7), strict=True):
        codes, _ = sampled(networks, digit, 2)
        for place, step in enumerate([0, 4, 9, 13, 17, 21, 26, 30]):
            expected = decoded(networks, codes[step]).reshape(28, 28)
            np.testing.assert_allclose(row[:, place], expected, atol=1e-4)
    assert "digit that was asked for, 0, 3, 7." in figure._still.alt


def test_noise_is_normal_and_another_for_each_seed():
    noise = np.array([noise_of(seed, 20) for seed in range(300)])
    assert abs(noise.mean()) < 0.05 and noise.std() == pytest.approx(1, abs=0.05)
    assert len(np.unique(noise)) == noise.size
    np.testing.assert_array_equal(noise_of(5, 7), noise_of(5, 8)[:7])


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("digit", 10, "digit is 10; wanted: 0 to 9, or -1 for none"),
        ("digit", -2, "digit is -2; wanted"),
        ("guidance", 1.2, "guidance is 1.2; wanted: 0 to 4 in steps of 0.5"),
        ("guidance", float("nan"), "guidance is nan"),
        ("noise", -1, "noise is -1; wanted: 0 to 2147483647"),
        ("step", 31, "step is 31; wanted: 0 to 30"),
    ],
)
def test_a_value_that_does_not_exist_is_refused(figure, name, value, words):
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(figure, name, value)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"mean": MEAN[:5]}, r"mean has shape \(5,\) and goes from -1 to .*; wanted: \(6,\)"),
        ({"sd": np.full(LENGTH, np.nan)}, r"sd has shape \(6,\).* finite numbers"),
        ({"sd": [1, 1, 1, 1, 1, 0]}, "sd holds 0; wanted: standard deviations above 0"),
        ({"steps": 0}, "steps is 0; wanted: an int from 1 to 100"),
        ({"steps": 2.5}, "steps is 2.5; wanted"),
        ({"networks": {"decoder": None}}, r"networks holds \['decoder'\]; wanted: a denoiser and"),
    ],
)
def test_bad_input_is_named(networks, changes, words):
    with pytest.raises(ValueError, match=words):
        Diffusion(**{"networks": networks, "mean": MEAN, "sd": SD} | changes)


def test_networks_that_do_not_fit_are_named(networks):
    denoiser, decoder = networks.values()
    with pytest.raises(ExportError, match=r"decoder goes from \(32,\) to \(6,\); wanted: from a"):
        Diffusion({"denoiser": denoiser, "decoder": denoiser}, MEAN, SD)
    with pytest.raises(
        ExportError, match=r"denoiser goes from \(6,\) to \(784,\); wanted: from \(32,"
    ):
        Diffusion({"denoiser": decoder, "decoder": decoder}, MEAN, SD)
    unbuilt = keras.Sequential([keras.layers.Dense(LENGTH)])
    with pytest.raises(ExportError, match=r"denoiser goes from \(\) to \(\); wanted"):
        Diffusion({"denoiser": unbuilt, "decoder": decoder}, MEAN, SD)


def test_a_step_beyond_the_last_stops_the_figure_in_words(page, figure):
    show(page, figure, step=31)
    assert page.locator(FIGURE).count() == 0
    assert "Step is 31; there are 0, 1, 2" in page.get_by_role("alert").inner_text()
