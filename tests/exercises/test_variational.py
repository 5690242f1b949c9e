"""The checks of "Variational autoencoders"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from sklearn.mixture import GaussianMixture

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.variational import check_1, check_2, check_3, check_4
from helpers.measures import bce


def test_the_price():
    check_1(1.81, 2)
    check_1(np.float32(1.8076), 2.0)


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
        (0, 5.0, "into the term for one latent"),
        (0, "1.81", "wanted: a number"),
        (1, 4, "factor one half is missing"),
        (1, 1, "the square of mu"),
        (1, 0, "mu is not"),
        (1, 2.5, "the 1 is missing"),
        (1, float("nan"), "a finite number"),
    ],
)
def test_typical_wrong_prices(place, answer, words):
    answers = [1.8076, 2]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers)


class Vae(keras.Model):
    def __init__(self, encoder, decoder=None):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder


def vae(latents=20, out=784, last="sigmoid", draws=None, outputs=None):
    """A VAE of random layers; `draws` makes every code draw this image."""
    keras.utils.set_random_seed(0)
    size = 2 * latents if outputs is None else outputs
    encoder = keras.Sequential([keras.Input((784,)), layers.Dense(size)])
    decoder = keras.Sequential([keras.Input((latents,)), layers.Dense(out, last)])
    if draws is not None:
        decoder.layers[0].kernel.assign(0 * decoder.layers[0].kernel)
        logits = np.log(draws / (1 - draws)) if last else draws - 0.5
        decoder.layers[0].bias.assign(logits[:out])
    return Vae(encoder, decoder)


def confidence(images):
    """As in the chapter, with something in the classifier's place that is easily made."""
    return float(np.mean(1 - np.asarray(images).mean(axis=1) / 2))


def test_a_mixture(many, capsys, monkeypatch):
    model = vae()
    means = np.asarray(model.encoder(many))[:, :20]
    rng = np.random.default_rng(0)
    mixture = GaussianMixture(50, covariance_type="diag", random_state=0).fit(means)
    codes = rng.permutation(mixture.sample(2000)[0])
    one_normal = rng.multivariate_normal(means.mean(axis=0), np.cov(means.T), 2000)
    right = confidence(model.decoder(codes.astype("float32")))
    rest = model, many, confidence
    check_2("level", codes, right, *rest)
    check_2(" Higher", codes.astype("float32"), round(right, 3), *rest)
    heard = capsys.readouterr().out.splitlines()
    assert "from the prior: level, as you guessed" in heard[0]
    assert "from the prior: level, you guessed higher" in heard[1]
    for answers, words in [
        (("better", codes, right), 'wanted: "higher", "lower" or "level"'),
        (("level", np.zeros((2000, 784)), right), "these are pictures"),
        (("level", np.zeros((2000, 40)), right), "fit the mixture to the means"),
        (("level", codes[:100], right), r"wanted: \(2000, 20\)"),
        (("level", np.repeat(codes[:1000], 2, axis=0), right), "codes are the same"),
        (("level", np.concatenate([means[:100], codes[100:]]), right), "those of images"),
        (("level", 5 + 3 * codes, right), "do not lie where real codes lie"),
        (("level", one_normal, right), "as from one normal distribution"),
        (("level", codes * np.nan, right), "not finite"),
        (("level", codes, 100 * right), "in percent"),
        (("level", codes, 0.1), "call `confidence`"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(*answers, *rest)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_2("lower", 5 + codes, confidence(model.decoder((5 + codes).astype("float32"))), *rest)
    assert "the confidence is not judged" in capsys.readouterr().out


def log_weights(model, x, samples):
    z_mean, z_log_var = ops.split(model.encoder(x), 2, axis=1)
    epsilon = keras.random.normal((samples, 20), seed=3)
    z = z_mean + ops.exp(z_log_var / 2) * epsilon
    pixels = 784 * bce(np.repeat(x, samples, axis=0), np.asarray(model.decoder(z)), per_image=True)
    return -pixels + np.asarray(ops.sum(epsilon**2 + z_log_var - z**2, axis=1) / 2)


def bound(model, x, k):
    log_w = log_weights(model, x, k)
    return float(ops.logsumexp(log_w)) - np.log(k)


def test_a_tighter_bound(many, capsys, monkeypatch):
    model = vae()
    model.encoder.layers[0].kernel.assign(0.5 * model.encoder.layers[0].kernel)
    check_3(bound, model, many)
    check_3(lambda *a: ops.convert_to_tensor([bound(*a)]), model, many)
    assert "the ELBO of these ten images" in capsys.readouterr().out
    for function, words in [
        (lambda *a: log_weights(*a).mean(), "that is the ELBO"),
        (lambda m, x, k: bound(m, x, k) + np.log(k), "subtract log K"),
        (lambda *a: -bound(*a), "turn the sign"),
        (lambda *a: bound(*a) / 784, "Is each of the three parts summed"),
        (lambda *a: log_weights(*a), "gives 300 numbers; wanted: one"),
        (lambda *a: None, "returns nothing"),
        (lambda m: 0.0, "does not work for one image"),
        (-97.0, "is a float; wanted: a function"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(function, model, many)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(lambda m, x, k: 5.0, model, many)
    assert "the bound is not judged" in capsys.readouterr().out


def test_a_better_plane(many, capsys, monkeypatch):
    p = np.clip(many.mean(axis=0), 0.01, 0.99)
    cost = -784 * bce(many, np.broadcast_to(p, many.shape))
    model = vae(2, draws=p)
    model.encoder.layers[0].kernel.assign(0 * model.encoder.layers[0].kernel)
    check_4(model, many, cost - 9)
    assert f"Right: {cost:.1f} nats, 9.0 more" in capsys.readouterr().out
    for answer, words in [
        (model, r"-1\.0 against the first; the aim was \+8\. Its KL is 0\.0: it has collapsed"),
        (vae(10, draws=p), "10 latents; the aim was 2"),
        (vae(2, draws=p, outputs=3), "as many log-variances"),
        (vae(2, draws=p, last=None), "outside 0 to 1"),
        (vae(2, out=10), "draws"),
        (-116.0, "your_vae is a float; wanted: a VAE"),
        (model.encoder, "your_vae is a Sequential; wanted: a VAE"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(answer, many, cost + 1)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_4(model, many, 0)
    assert "the bound is not judged" in capsys.readouterr().out


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [1.81, None], []),
        (check_1, [None] * 2, []),
        (check_2, ["level", None, None], [None] * 3),
        (check_3, [None], [None, None]),
        (check_4, [None], [None, None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
