""" "Sparse autoencoders"'s figure: the units of a sparse code."""

import keras
import numpy as np
import pytest

from helpers.widgets.export import ExportError
from helpers.widgets.units import Units, as_dense
from support import assert_usable, show, shown


@pytest.fixture(scope="module")
def sparse(x):
    """An encoder as "Sparse autoencoders" has it, its normalisation not at the start, and a decoder."""
    keras.utils.set_random_seed(1)
    dense, normalise = keras.layers.Dense(24), keras.layers.BatchNormalization()
    encoder = keras.Sequential([keras.Input((784,)), dense, normalise, keras.layers.ReLU()])
    rng = np.random.default_rng(1)
    normalise.set_weights([rng.uniform(0.5, 1.5, 24) for _ in range(4)])
    decoder = keras.Sequential([keras.Input((24,)), keras.layers.Dense(784, "sigmoid")])
    return {"encoder": encoder, "decoder": decoder}


def keep(z, units):
    kept = np.zeros_like(z)
    kept[units] = z[units]
    return kept[None]


def test_units_switch_off_what_they_add(page, sparse, x):
    show(page, Units(sparse, x, k=5))
    z = np.asarray(sparse["encoder"](x[:1]))[0]
    active = list(np.argsort(-z)[:5])
    boxes = page.get_by_role("checkbox")
    names = boxes.evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
    assert [int(name.split()[1].strip(",")) for name in names] == active
    for off in ([], [0], [0, 3]):
        for i in off:
            boxes.nth(i).uncheck(force=True)
        on = [unit for i, unit in enumerate(active) if i not in off]
        x_hat = np.asarray(sparse["decoder"](keep(z, on)))[0]
        np.testing.assert_allclose(
            shown(page, "reconstruction").ravel(), x_hat, atol=1 / 255 + 5e-3
        )
        assert page.evaluate("told.at(-1).on") == on
        assert page.inner_text(".status").startswith(f"{len(on)} of 5 units on")
    strongest = page.get_by_role("slider")
    assert strongest.input_value() == "3"  # the slider counts what the boxes say
    for n in (0, 2, 5):
        strongest.fill(str(n))
        assert page.evaluate("told.at(-1).on") == active[:n]


def test_units_of_a_digit_with_fewer_than_k(page, sparse, x):
    show(page, Units(sparse, x, k=24))
    positive = int(np.sum(np.asarray(sparse["encoder"](x[:1])) > 0))
    assert 0 < positive < 24
    assert page.locator(".toggles label:visible").count() == positive
    assert f"{positive} of {positive} units on" in page.inner_text(".status")
    page.get_by_role("slider").fill("24")  # there are no more to switch on
    assert page.get_by_role("slider").input_value() == str(positive)


def test_units_are_accessible_and_fit_a_phone(page, sparse, x):
    show(page, Units(sparse, x, k=5))
    page.get_by_role("checkbox").first.uncheck(force=True)
    assert_usable(page)


def test_an_encoder_becomes_one_layer_once(sparse, x):
    """What is published is folded already: the figure takes it as it is."""
    folded = as_dense(sparse["encoder"])
    np.testing.assert_allclose(folded(x), sparse["encoder"](x), atol=1e-4)
    assert as_dense(folded) is folded


def test_units_need_an_encoder_of_their_kind(sparse, x):
    with pytest.raises(ExportError, match="encoder: its layers are .*wanted: Dense, normal"):
        Units({"encoder": sparse["decoder"], "decoder": sparse["decoder"]}, x, k=5)
    with pytest.raises(ValueError, match="k is 0; wanted: at least 1"):
        Units(sparse, x, k=0)
