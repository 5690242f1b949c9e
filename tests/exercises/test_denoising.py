"""The checks of "Denoising autoencoders"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.decomposition import PCA

from helpers import data
from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.denoising import check_1, check_2, check_3, check_4, check_5


def test_decibels():
    check_1(20, 6.02, 6.0206, 9.38)
    check_1(20.0, 6, np.float32(6), 9.38)


@pytest.mark.parametrize(
    "place, answer, words",
    [
        (0, -20, "the sign is turned"),
        (0, 2, "a bel has ten"),
        (0, 40, "the factor is 10, not 20"),
        (0, 46.05, "the natural logarithm"),
        (0, 10, "is the MSE already"),
        (0, 66.4, "Put 0.01 into the formula"),  # log2
        (0, "20 dB", "wanted: a number"),
        (1, 3.01, "half the squared error"),
        (1, -3.01, "less error is more decibels"),
        (1, -6, "less error is more"),
        (1, 12.04, "the factor is 10, not 20"),
        (1, 26, "that is the sum"),
        (1, 13.86, "the natural logarithm"),
        (2, 3.01, "the squared error is 0.25"),
        (2, -6.02, "the sign is turned"),
        (2, 12.04, "the factor is 10"),
        (2, 13.9, "the natural logarithm"),
        (2, 9.4, "which were clipped"),
        (2, float("nan"), "a finite number"),
        (2, [6.02, 6.02], "wanted: a number"),
    ],
)
def test_typical_wrong_decibels(place, answer, words):
    answers = [20, 6.02, 6.02]
    answers[place] = answer
    with pytest.raises(Wrong, match=words):
        check_1(*answers, 9.38)


def ones(images, first=False):
    return np.pad(data.flat(images), ((0, 0), (int(first), int(not first))), constant_values=1)


def fit(noisy, clean, first=False):
    n = ones(noisy, first)
    return np.linalg.solve(n.T @ n + 10 * np.eye(785), n.T @ data.flat(clean))


def mean_psnr(x, y):
    return np.mean(10 * np.log10(1 / np.mean((x - y) ** 2, axis=(1, 2, 3))))


@pytest.fixture(scope="module")
def digits():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        return data.digits()


@pytest.fixture(scope="module")
def noisy(digits):
    """The test digits with the chapter's noise."""
    return data.add_noise(digits.x_test, 0.5, seed=2)


@pytest.fixture(scope="module")
def train_noisy(digits):
    return data.add_noise(digits.x_train, 0.5, seed=7)


@pytest.fixture(scope="module")
def matrix(digits, train_noisy):
    return fit(train_noisy, digits.x_train)


def test_a_matrix(digits, noisy, train_noisy, matrix, monkeypatch, capsys):
    y = (ones(noisy) @ matrix).reshape(noisy.shape)
    rest = digits.x_train, digits.x_test, noisy
    value = mean_psnr(digits.x_test, np.clip(y, 0, 1))
    check_2(matrix, value, *rest)
    check_2(matrix, mean_psnr(digits.x_test, y), *rest)  # not clipped
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_2(fit(train_noisy, digits.x_train, first=True), round(float(value), 1), *rest)
    assert capsys.readouterr().out.count(f"Right: {value:.1f} dB") >= 2


def test_typical_wrong_matrices(digits, noisy, train_noisy, matrix):
    train = digits.x_train
    y = np.clip((ones(noisy) @ matrix).reshape(noisy.shape), 0, 1)
    mse = float(np.mean((y - digits.x_test) ** 2))
    right = mean_psnr(digits.x_test, y)
    for answers, words in [
        ((matrix.T, right), "linear is turned"),
        ((matrix[:-1], right), "no row for the constant"),
        ((matrix[:700], right), r"shape \(700, 784\); wanted: \(785, 784\)"),
        ((fit(train, train), right), "Was it fitted to noisy ones"),
        ((fit(train_noisy, train_noisy), right), "gives the noisy images back"),
        ((fit(noisy, digits.x_test), right), "Was it fitted to the test images"),
        (
            (fit(train, train_noisy), right),
            "one fitted to 1,500 images has .* in one order",
        ),  # the wrong way round
        ((matrix * np.nan, right), "not finite"),
        (([[1, None]], right), r"shape \(1, 2\)"),
        ((17.6, right), r"shape \(\); wanted"),
        (("n", right), "linear is a str"),
        ((matrix, 10 * np.log10(1 / mse)), "the errors were averaged first"),
        ((matrix, mse), "that is the MSE"),
        ((matrix, right + 1), "the mean of `psnr` over all"),
        ((matrix, "17.6 dB"), "linear_psnr is '17.6 dB'"),
        ((matrix, float("nan")), "a finite number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(*answers, train, digits.x_test, noisy)


def dense(images=None, k=20, units=20, last="sigmoid"):
    """784-20-784 for images, without training: PCA draws them; with k = 0 the mean image."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(units),
            layers.Dense(784, last),
            layers.Reshape((28, 28, 1)),
        ]
    )
    if images is not None:
        pca = PCA(20).fit(data.flat(images))
        down, up = np.zeros((784, units)), np.zeros((units, 784))
        down[:, :k], up[:k] = pca.components_[:k].T, 4 * pca.components_[:k]
        # Around 0.5 a sigmoid is nearly a line of slope 1/4.
        model.set_weights([down, -pca.mean_ @ down, up, 4 * (pca.mean_ - 0.5)])
    return model


def cover(x):
    x = x.copy()
    x[:, 10:18, 10:18] = 0.5
    return x


class AlwaysNoise(layers.Layer):
    def call(self, x):
        return keras.ops.clip(x + keras.random.normal(keras.ops.shape(x)), 0, 1)


def test_blocks(digits, noisy, monkeypatch, capsys):
    x = digits.x_test[:60]
    worse, better = dense(x, k=0), dense(x)
    check_3(better, worse, noisy[:60], x)
    wrapped = keras.Sequential([layers.GaussianNoise(0.5), better])
    check_3(wrapped, worse, noisy[:60], x)
    assert capsys.readouterr().out.count("Right: ") == 2
    with pytest.raises(Wrong, match="Is the damage of its training a `CoverBlock"):
        check_3(better, dense(x), cover(x), x)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_3(dense(), better, cover(x), x)
    assert "the error is not judged" in capsys.readouterr().out


def test_typical_wrong_block_models(digits):
    x, before = digits.x_test[:60], dense()
    for answer, words in [
        (before, "is `dense` itself"),
        (dense(units=19), "parameters, `dense` has"),
        (keras.Sequential([AlwaysNoise(), dense()]), "two answers to the same image"),
        (dense(x, last=None), "the last activation a sigmoid"),
        (layers.Flatten(), r"makes \(784,\) of \(28, 28, 1\)"),
        (20.6, "block_model is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(answer, before, cover(x), x)


class Sharpen(layers.Layer):
    """A denoiser that needs no training: what is dark becomes darker, the rest paler."""

    def call(self, x):
        return 0.5 * keras.ops.clip(1.5 * (x - 0.4), 0, 1) + 0.02


def test_twice(digits, noisy, capsys, monkeypatch):
    net = Sharpen()
    once = np.asarray(net(noisy))
    twice = np.asarray(net(once))
    paper = np.zeros((10, 28, 28, 1), "float32")
    ink = [float(np.mean(net(data.add_noise(paper, s, seed=8)))) for s in (0.5, 1.0)]
    rest = net, digits.x_test, noisy
    check_4(twice, ink, *rest)
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_4(net(net(noisy)), np.array(ink), *rest)
    assert "dB once" in capsys.readouterr().out

    noise = float(np.mean(data.add_noise(paper, 1.0, seed=8)))
    for answers, words in [
        ((noisy, ink), "the noisy images themselves"),
        ((once, ink), "through the U-Net once"),
        ((net(twice), ink), "three times"),
        ((net(digits.x_test), ink), "from the clean images"),
        ((net(np.clip(once + 0.1, 0, 1)), ink), "Is anything"),
        ((twice[:10], ink), r"of shape \(10, 28, 28, 1\)"),
        ((twice[..., 0], ink), "wanted: images, of shape"),
        ((twice * np.nan, ink), "not finite"),
        ((20.2, ink), "twice is a float"),
        (([20.2], ink), "twice is a list"),
        ((twice, ink[0]), "ink is not two numbers"),
        ((twice, [*ink, ink[0]]), "ink is not two numbers"),
        ((twice, "both"), "ink is not two numbers"),
        ((twice, ["pale", "dark"]), r"ink\[0\] is 'pale'"),
        ((twice, [float("nan"), ink[1]]), "a finite number"),
        ((twice, ink[::-1]), "seem to be exchanged"),
        ((twice, [ink[0], noise]), "has the noise itself"),
        ((twice, [784 * i for i in ink]), "a sum over the pixels"),
        ((twice, [ink[0], 0.9]), r"ink\[1\] is 0.9: wanted: the mean over all pixels"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(*answers, *rest)


def unet(coarse=True, fine=True, last="sigmoid", filters=4):
    """The chapter's U-Net, narrower, with none, one or both of its bridges."""

    def conv(n, size=3, strides=1):
        return layers.Conv2D(n, size, strides, padding="same", activation="relu")

    def up(n, activation="relu"):
        return layers.Conv2DTranspose(n, 4, 2, padding="same", activation=activation)

    keras.utils.set_random_seed(0)
    x = keras.Input((28, 28, 1))
    a = conv(filters, 4, 2)(x)
    b = conv(6, 4, 2)(a)
    h = conv(6)(conv(6)(b))
    h = up(filters)(b + h if coarse else h)
    return keras.Model(x, up(1, last)(conv(filters)(a + h if fine else h)))


def test_without_bridges(digits, noisy, monkeypatch, capsys):
    x, noisy, whole = digits.x_test[:60], noisy[:60], unet()
    bad = dense(1 - x, k=0)
    check_5(unet(False, False), whole, bad, x, noisy)
    chain = keras.Sequential(unet(False, False).layers[1:])
    check_5(keras.Sequential([layers.GaussianNoise(0.5), chain]), whole, bad, x, noisy)
    assert capsys.readouterr().out.count("Right: ") == 2
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_5(chain, whole, dense(x), x, noisy)
    assert "the error is not judged" in capsys.readouterr().out


def test_typical_wrong_unets(digits, noisy):
    x, noisy, whole = digits.x_test[:60], noisy[:60], unet()
    rival = dense(x)
    for answer, words in [
        (whole, "is `unet` itself"),
        (unet(), "something skips a part"),
        (unet(coarse=False), "something skips a part"),
        (unet(fine=False), "something skips a part"),
        (unet(False, False, filters=3), "the bridges alone"),
        (unet(False, False, last=None), "the last activation a sigmoid"),
        (unet(False, False), "less than the dense network"),  # not trained
        (layers.MaxPooling2D(2), r"makes \(14, 14, 1\)"),
        (unet, "wanted: a Keras model"),
        (20.07, "without_bridges is a float"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_5(answer, whole, rival, x, noisy)


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [20, None, 6], [9.4]),
        (check_2, [None, 17.6], [None, None, None]),
        (check_3, [None], [None, None, None]),
        (check_4, [None, [None, None]], [None, None, None]),
        (check_5, [None], [None, None, None, None]),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
