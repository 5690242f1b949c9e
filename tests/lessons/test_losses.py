"""Every `compute_loss` that readers may copy uses all that `fit` was given, as Keras' own does."""

import ast
import re

import keras
import numpy as np
import pytest
from keras import layers, ops

from benchmarks import models
from bookbuild import book

IMPORTS = {"keras": keras, "layers": layers, "ops": ops, "np": np, "Dense": layers.Dense}
IMPORTS |= {"Input": keras.Input, "Sequential": keras.Sequential}


def definitions(page, *names):
    """Run the definitions of these names on a page, and return them."""
    text = book.text(page).read_text()
    found = {}
    for code in re.findall(r"^```(?:\{code-cell\} ipython3|python)\n(.*?)^```", text, re.S | re.M):
        if any(re.search(rf"^(class|def) {name}\b", code, re.M) for name in names):
            for node in ast.parse(re.sub(r"^:.*$", "", code, flags=re.M)).body:
                if getattr(node, "name", None) in names:
                    found.setdefault(node.name, node)
    assert set(found) == set(names)
    space = dict(IMPORTS)
    for name in names:
        exec(compile(ast.Module([found[name]], []), page, "exec"), space)
    return [space[name] for name in names]


def variational():
    return definitions("variational", "VAE")[0](2, 8)


def weighted():
    _, vae, halves = definitions("collapse", "kl", "VAE", "halves")
    return vae(*halves(2, 8), beta=0.5)


def conditional():
    *_, halves, model = definitions("collapse", "kl", "VAE", "halves", "ConditionalVAE")
    return model(*halves(2, 8, labels=10))


def quantised():
    return definitions("collapse", "VQVAE")[0]()


def from_the_history():
    return definitions("history", "VAE")[0]()


def of_the_benchmarks(blog=False):
    return models.dense_vae([8], 2, blog)


def of_the_blog():
    return of_the_benchmarks(blog=True)


MODELS = [
    variational,
    weighted,
    conditional,
    quantised,
    from_the_history,
    of_the_benchmarks,
    of_the_blog,
]


def draw_paper(model, x):
    """Build a model and let it draw white paper: the gray of a new one is near no target."""
    model(x)
    (bias,) = (w for w in model.weights if tuple(w.shape) == (784,))
    bias.assign(np.full(784, -3.0))


@pytest.fixture(scope="module")
def images(many):
    return many[:8].astype("float32")


@pytest.fixture(scope="module", params=MODELS, ids=lambda make: make.__name__)
def network(request, images):
    """A model, and a function that gives its loss for one fixed output."""
    keras.utils.set_random_seed(0)
    model = request.param()
    x = images
    if request.param is conditional:
        x = np.concatenate([images, np.eye(10, dtype="float32")[:8]], axis=1)
    draw_paper(model, x)
    y_pred = model(x)

    def loss(**given):
        return float(model.compute_loss(x=x, y_pred=y_pred, **given))

    return model, loss


def test_a_target_is_what_the_output_is_compared_with(network, images):
    _, loss = network
    assert loss() == pytest.approx(loss(y=images), rel=1e-5)
    assert abs(loss(y=1 - images) / loss() - 1) > 0.01


@pytest.mark.parametrize("shape", [(8,), (8, 1)])
def test_each_image_counts_as_its_weight_says(network, images, shape):
    _, loss = network
    one_by_one = [
        loss(sample_weight=np.eye(8, dtype="float32")[i].reshape(shape)) for i in range(8)
    ]
    assert np.ptp(one_by_one) > 0.01 * np.mean(one_by_one)
    # As Keras does: weighted, then divided by the number of images, not by the sum of weights.
    assert sum(one_by_one) == pytest.approx(loss(), rel=1e-4)
    assert loss(sample_weight=np.full(shape, 2)) == pytest.approx(2 * loss(), rel=1e-5)


def test_regularizers_are_added(network):
    model, loss = network
    layer = next(x for x in model._flatten_layers() if isinstance(x, layers.Dense))
    before = loss()
    layer.kernel_regularizer = keras.regularizers.L2(1.0)
    layer.kernel.regularizer = layer.kernel_regularizer
    try:
        extra = float(ops.sum(ops.square(layer.kernel)))
        assert extra > 0.1
        assert loss() == pytest.approx(before + extra, rel=1e-4)
    finally:
        layer.kernel_regularizer = layer.kernel.regularizer = None


def test_fit_hands_all_three_on(images):
    """By the loss that `fit` reports, as a reader would see it."""

    def first_loss(**given):
        keras.utils.set_random_seed(0)
        model = variational()
        draw_paper(model, images)
        model.compile("adam")
        return model.fit(images, epochs=1, verbose=0, shuffle=False, **given).history["loss"][0]

    plain = first_loss()
    assert first_loss(y=images) == pytest.approx(plain, rel=1e-4)
    assert first_loss(y=1 - images) > 1.05 * plain
    weights = np.arange(8.0)
    assert first_loss(y=images, sample_weight=weights) > 2 * plain
