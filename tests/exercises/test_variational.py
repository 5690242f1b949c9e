"""The checks of "Variational autoencoders"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from sklearn.decomposition import PCA

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.variational import check_1, check_2, check_3, check_4, check_5


def test_predictions():
    check_1(1.81, 784, 96, "both")
    check_1(1.8, np.float32(784), 96.0, "(both)")


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, 3.615, "factor one half is missing"),
        (0, -1.808, "never negative"),
        (0, 2.608, "in bits"),
        (0, 0.505, "with log10"),
        (0, 2.827, "with log2"),
        (0, 0.701, "the formula has its square"),
        (0, 0.656, "the logarithm is that of the square"),
        (0, 2.3076, "the 1 is missing"),
        (0, 5.0, "into the boxed formula"),
        (0, "1.81", "wanted: a number"),
        (1, 1 / 784, "turn it"),
        (1, 392, "over two latents"),
        (1, 1, "one is a mean, one a sum"),
        (2, 128 / 12288, "turn it"),
        (2, 32, "three channels"),
        (2, 12288, "the KL is a mean, too"),
        (2, 48, "belongs to the KL"),
        (2, float("nan"), "a finite number"),
        (3, "b", "From which beta of the sweep"),
        (3, "neither", "From which beta of the sweep"),
        (3, 30, 'wanted: "b", "c", "both" or "neither"'),
    ],
)
def test_typical_wrong_predictions(place, answer, words):
    answers = [1.81, 784, 96, "both"]
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


@pytest.fixture(scope="module")
def decoder():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((20,)), layers.Dense(784, "sigmoid")])


def judge(images):
    """As in the chapter, with something in the classifier's place that is easily made."""
    top = 1 - images.mean(axis=1) / 2
    return {"confidence": top.mean(), "sure": np.mean(top > 0.75), "label_entropy": 2.29}


def test_a_mixture(decoder, capsys, monkeypatch):
    rng = np.random.default_rng(0)
    plain = rng.normal(1, 3, (500, 20)).astype("float32")
    codes = rng.normal(1, 3, (2000, 20))
    right = float(judge(np.asarray(decoder(codes.astype("float32"))))["confidence"])
    lower, higher = ({"plain, all together": {"confidence": right + d}} for d in (-0.1, 0))
    check_3(codes, right, plain, decoder, judge, lower)
    check_3(codes.astype("float32"), round(right, 3), plain, decoder, judge, lower)
    assert "one normal distribution has" in capsys.readouterr().out
    share = np.mean(1 - np.asarray(decoder(codes.astype("float32"))).mean(axis=1) / 2 > 0.75)
    for answers, words in [
        ((np.zeros((2000, 784)), right), "these are pictures"),
        ((codes[:100], right), r"wanted: \(2000, 20\)"),
        ((codes.T, right), r"wanted: \(2000, 20\)"),
        ((np.repeat(codes[:1000], 2, axis=0), right), "codes are the same"),
        ((np.concatenate([plain, codes[500:]]), right), "those of test images"),
        ((rng.normal(size=(2000, 20)), right), "do not lie where real codes lie"),
        ((codes * np.nan, right), "not finite"),
        (("mixture", right), "wanted: an array of numbers"),
        ((codes, 100 * right), "in percent"),
        ((codes, share), "the share above 0.9"),
        ((codes, 2.29), "the label entropy"),
        ((codes, 0.9), "what `judge` calls confidence"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(*answers, plain, decoder, judge, lower)
    with pytest.raises(Wrong, match="Has your mixture 50 parts"):
        check_3(codes, right, plain, decoder, judge, higher)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(codes, right, plain, decoder, judge, higher)
    assert "the confidence is not judged" in capsys.readouterr().out


def encoder(kl, latents=32, outputs=2):
    """An encoder that answers every image with clouds of this KL, all by the means."""
    x = keras.Input((784,))
    size = np.sqrt(2 * kl / latents)
    heads = [layers.Dense(latents, kernel_initializer="zeros") for _ in range(outputs)]
    model = keras.Model(x, [head(x) for head in heads] if outputs > 1 else heads[0](x))
    heads[0].bias.assign(np.full(latents, size))
    return model


class Vae(keras.Model):
    def __init__(self, encoder, decoder=None):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder


def test_a_prediction_of_collapse(many, capsys, monkeypatch):
    train = many[:, 200:400]  # narrow, to be quick
    pca = PCA().fit(train)
    largest = pca.explained_variance_[0]
    right = {0.25: encoder(2.2), 2: encoder(0.001)}
    check_4(largest, right, train, many)
    check_4(round(float(largest), 2), {0.25: Vae(right[0.25]), 2.0: right[2]}, train, many)
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
        ((largest, {0.25: encoder(2, latents=20), 2: right[2]}), "20 latents; the aim was 32"),
        ((largest, {0.25: encoder(2, outputs=1), 2: right[2]}), "wanted: two, z_mean"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(*answers, train, many)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_4(largest, {0.25: right[2]}, train, many)
    assert "the KL is not judged" in capsys.readouterr().out


@keras.saving.register_keras_serializable(package="test")
class Stored(keras.Model):
    """A VAE that can be stored."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder

    def call(self, x):
        return self.decoder(self.encoder(x)[0])

    def get_config(self):
        halves = {"encoder": self.encoder, "decoder": self.decoder}
        store = keras.saving.serialize_keras_object
        return super().get_config() | {name: store(half) for name, half in halves.items()}

    @classmethod
    def from_config(cls, config):
        for half in ["encoder", "decoder"]:
            config[half] = keras.saving.deserialize_keras_object(config[half])
        return cls(**config)


@keras.saving.register_keras_serializable(package="test")
class Times(layers.Layer):
    """Its file does not hold its factor."""

    factor = 1

    def call(self, x):
        return self.factor * x


def forgetful(vae):
    times, x = Times(), keras.Input((784,))
    times.factor = 2
    z_mean, z_log_var = vae.encoder(x)
    vae = Stored(keras.Model(x, [times(z_mean), z_log_var]), vae.decoder)
    vae(np.zeros((1, 784)))
    return vae


def means(many, last="sigmoid", latents=20, out=784):
    """A VAE that draws the mean image from every code."""
    z = keras.Input((latents,))
    layer = layers.Dense(out, last, kernel_initializer="zeros")
    decoder = keras.Model(z, layer(z))
    p = np.clip(many.mean(axis=0), 0.01, 0.99)
    layer.bias.assign((np.log(p / (1 - p)) if last else p - 0.5)[:out])
    vae = Stored(encoder(0.05, latents), decoder)
    vae(many[:1])
    return vae, p


def test_a_better_bound(many, capsys, monkeypatch):
    vae, p = means(many)
    cost = float(np.mean(np.sum(many * np.log(p) + (1 - many) * np.log(1 - p), axis=1))) - 0.05
    check_5(vae, many, {"1": {"elbo": cost - 5}})
    assert f"Right: {cost:.1f} nats" in capsys.readouterr().out
    for answer, words in [
        (vae, r": -1\.\d, and the aim was \+4\. Its KL is 0\.0: it has collapsed"),
        (means(many, latents=10)[0], "10 latents; the aim was 20"),
        (means(many, last=None)[0], "outside 0 to 1"),
        (means(many, out=10)[0], "draws"),
        (Vae(vae.encoder, vae.decoder), "cannot be saved and loaded"),
        (forgetful(vae), "What does the file not hold"),
        (Stored(encoder(1, 20, outputs=1), vae.decoder), "wanted: two, z_mean"),
        (-116.0, "your_vae is a float; wanted: a VAE"),
        (vae.encoder, "wanted: a VAE, with its encoder and decoder"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_5(answer, many, {"1": {"elbo": cost + 1}})
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_5(vae, many, {})
    assert "the bound is not judged" in capsys.readouterr().out


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [1.81, 784, 96, None], []),
        (check_1, [None] * 4, []),
        (check_2, [None, None], [None, None]),
        (check_2, [beta_of, None], [None, None]),
        (check_3, [None, None], [None] * 4),
        (check_4, [5.4, {0.25: None, 2: None}], [None, None]),
        (check_5, [None], [None, None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
