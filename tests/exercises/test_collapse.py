"""The checks of "Collapse"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from sklearn.decomposition import PCA

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.collapse import check_1, check_2, check_3, check_4


def test_predictions():
    check_1(784, 96, "both")
    check_1(np.float32(784), 96.0, "(both)")


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, 1 / 784, "turn it"),
        (0, 392, "over two latents"),
        (0, 1, "one is a mean, one a sum"),
        (1, 128 / 12288, "turn it"),
        (1, 32, "three channels"),
        (1, 12288, "the KL is a mean, too"),
        (1, 48, "belongs to the KL"),
        (1, float("nan"), "a finite number"),
        (2, "a", "From which beta of the sweep"),
        (2, "neither", "From which beta of the sweep"),
        (2, 30, 'wanted: "a", "b", "both" or "neither"'),
    ],
)
def test_typical_wrong_predictions(place, answer, words):
    answers = [784, 96, "both"]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


def negative_kl(z_mean, z_log_var):
    return 1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var)


def weighted(beta, squared=False):
    def loss_code(x, x_hat, z_mean, z_log_var):
        kl = -0.5 * ops.sum(negative_kl(z_mean, z_log_var), axis=1)
        return ops.mean(ops.sum(ops.binary_crossentropy(x, x_hat), axis=1) + beta * kl)

    return loss_code


def guide(x, x_hat, z_mean, z_log_var):
    return ops.mean(ops.square(x - x_hat)) - 0.5 * ops.mean(negative_kl(z_mean, z_log_var))


def blog(x, x_hat, z_mean, z_log_var):
    return ops.mean(ops.binary_crossentropy(x, x_hat)) - 0.5 * ops.mean(
        negative_kl(z_mean, z_log_var)
    )


SUSPECTS = {"blog": (blog, 2, 392), "keras_guide": (guide, 32, 12.25), "sums": (weighted(1), 2, 1)}


def quotients(loss_code, latent_dim):
    """c, and c times beta."""
    x = keras.random.uniform((128, 784), seed=1)
    x_hat = keras.random.uniform((128, 784), 0.1, 0.9, seed=2)
    z_mean = keras.random.normal((128, latent_dim), seed=3)
    z_log_var = ops.zeros((128, latent_dim))

    def gradients(code):
        with tf.GradientTape() as tape:
            tape.watch([x_hat, z_mean])
            loss = code(x, x_hat, z_mean, z_log_var)
        return tape.gradient(loss, [x_hat, z_mean])

    (a, b), (a_1, b_1) = gradients(loss_code), gradients(weighted(1))
    return ops.mean(a / a_1), ops.mean(b / b_1)


def beta_of(loss_code, latent_dim):
    c, c_beta = quotients(loss_code, latent_dim)
    return c_beta / c  # a tensor: a number, too


def measured():
    return {"blog": beta_of(blog, 2), "sums": float(beta_of(weighted(1), 2))}


def test_beta_by_gradients():
    check_2(beta_of, measured(), SUSPECTS, weighted)
    check_2(lambda *a: float(beta_of(*a)), measured() | {"other": 3}, SUSPECTS, weighted)


@pytest.mark.parametrize(
    "function, change, words",
    [
        (lambda code, k: quotients(code, k)[1], {}, "that is c times beta"),
        (lambda code, k: 1 / beta_of(code, k), {}, "turn the quotient"),
        (lambda code, k: quotients(code, k)[0], {}, "that is c, the quotient"),
        (lambda code, k: 5, {}, "the weight that is in it"),
        (lambda code, k: None, {}, "returns nothing"),
        (lambda code: 5, {}, "does not work for"),
        (392, {}, "effective_beta is a int; wanted: a function"),
        (None, {"blog": 1 / 392}, "turn the quotient"),
        (None, {"blog": 0.5}, "divide by c"),
        (None, {"blog": 784}, "with 1 latent"),
        (None, {"blog": "392"}, "wanted: a number"),
        (None, {"sums": 2.3}, "128 images"),
        (None, "blog", "has no entry for blog"),
        (None, [392, 1], "wanted: a dict"),
    ],
)
def test_typical_wrong_betas(function, change, words):
    answer = {"blog": 392, "sums": 1}
    if isinstance(change, dict):
        answer |= change
    else:
        answer = {"sums": 1} if change == "blog" else change
    with pytest.raises(Wrong, match=words):
        check_2(function or beta_of, answer, SUSPECTS, weighted)


def encoder(kl, latents=32, outputs=2):
    """An encoder that answers every image with clouds of this KL, all by the means."""
    model = keras.Sequential(
        [keras.Input((784,)), layers.Dense(outputs * latents, kernel_initializer="zeros")]
    )
    size = np.sqrt(2 * kl / latents)
    model.layers[0].bias.assign(np.repeat([size, 0][:outputs], latents))
    return model


class Vae(keras.Model):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder


def test_a_prediction_of_collapse(many, capsys, monkeypatch):
    train = many[:, 200:400]  # narrow, to be quick
    pca = PCA().fit(train)
    largest = pca.explained_variance_[0]
    right = {0.25: encoder(2.2), 2: encoder(0.001)}
    check_3(largest, right, train, many)
    check_3(round(float(largest), 2), {0.25: Vae(right[0.25]), 2.0: right[2]}, train, many)
    assert "the KL is 2.200 nats at a quarter" in capsys.readouterr().out
    for answers, words in [
        ((train.var(axis=0).sum(), right), "the sum over all directions"),
        ((pca.explained_variance_ratio_[0], right), "a share of the whole"),
        ((largest**0.5, right), "a standard deviation"),
        ((pca.singular_values_[0], right), "a singular value"),
        ((train.var(axis=0).max(), right), "the one of a pixel"),
        ((12.25, right), "the guide's beta"),
        (("5.4", right), "wanted: a number"),
        ((largest, [right[0.25], right[2]]), "encoder_at is a list; wanted: a dict"),
        ((largest, {0.25: right[0.25]}), "has not both entries"),
        ((largest, {0.25: 2.2, 2: 0.0}), r"encoder_at\[0.25\] is a float; wanted: a Keras model"),
        ((largest, {0.25: right[2], 2: right[0.25]}), "in each other's place"),
        ((largest, {0.25: encoder(18), 2: encoder(1.2)}), "squared=True"),
        ((largest, {0.25: right[2], 2: right[2]}), "both have collapsed"),
        (
            (largest, {0.25: encoder(2, latents=20), 2: right[2]}),
            r"wanted: \(64,\), for 32 latents",
        ),
        ((largest, {0.25: encoder(2, outputs=1), 2: right[2]}), r"wanted: \(64,\), for 32 latents"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(*answers, train, many)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(largest, {0.25: right[2]}, train, many)
    assert "the KL is not judged" in capsys.readouterr().out


def free_bits(prices, limit):
    return ops.sum(ops.maximum(ops.mean(prices, axis=0), limit))


def test_free_bits(capsys):
    check_4(free_bits, [1, 2])
    check_4(lambda p, limit: float(np.maximum(p.mean(0), limit).sum()), (2, 1))
    assert "Right" in capsys.readouterr().out
    for answers, words in [
        ((lambda p, limit: ops.sum(ops.mean(ops.maximum(p, limit), axis=0)), [1, 2]), "before the"),
        ((lambda p, limit: np.minimum(p.mean(0), limit).sum(), [1, 2]), "not the smaller"),
        ((lambda p, limit: np.maximum(p.mean(0), limit).mean(), [1, 2]), "mean over latents"),
        ((lambda p, limit: max(p.mean(0).sum(), limit), [1, 2]), "belongs to each latent"),
        ((lambda p, limit: np.maximum(p.mean(0) - limit, 0).sum(), [1, 2]), "exceeds the limit"),
        ((lambda p, limit: np.maximum(p.mean(0), limit), [1, 2]), "gives 5 numbers; wanted: one"),
        ((lambda p, limit: None, [1, 2]), "returns nothing"),
        ((lambda p: 0.0, [1, 2]), "does not work for 8 images"),
        ((2.6, [1, 2]), "free_bits is a float"),
        ((free_bits, [2, 3]), "Count from 0"),
        ((free_bits, [2]), "compare each mean"),
        ((free_bits, 2), "wanted: a list of latents"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(*answers)


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [784, 96, None], []),
        (check_2, [None, None], [None, None]),
        (check_2, [beta_of, None], [None, None]),
        (check_3, [5.4, {0.25: None, 2: None}], [None, None]),
        (check_4, [free_bits, None], []),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
