"""The measures of reconstructions, by independent formulas: NumPy's, Keras', scikit-image's."""

import doctest
import math
import subprocess
import sys

import keras
import numpy as np
import pytest
from skimage import metrics

from helpers import measures


@pytest.fixture
def images():
    """More images than a portion has, with black, white and gray pixels, and drawn ones."""
    rng = np.random.default_rng(0)
    x = np.clip(rng.normal(0.5, 0.6, (1203, 9, 8, 1)), 0, 1).astype(np.float32)
    return x, np.clip(x + rng.normal(0, 0.2, x.shape), 0, 1).astype(np.float32)


def test_bce_is_that_of_keras(images):
    x, x_hat = images
    keras_own = keras.ops.convert_to_numpy(keras.losses.binary_crossentropy(x, x_hat))
    expected = keras_own.mean(axis=(1, 2))  # Keras has taken the mean over the channels
    got = measures.bce(x, x_hat, per_image=True)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, expected, rtol=1e-4)
    assert measures.bce(x, x_hat) == pytest.approx(expected.mean(), rel=1e-5)


def test_bce_of_what_is_known():
    x = np.array([[0.0, 1.0, 0.25]])
    assert measures.bce(x, np.full_like(x, 0.5)) == pytest.approx(math.log(2))
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert measures.bce(x, x) == pytest.approx(entropy / 3, abs=1e-6)
    # The worst answer: clipped, so finite.
    assert measures.bce(x[:, :2], 1 - x[:, :2]) == pytest.approx(7 * math.log(10), rel=1e-6)


def test_mse_is_the_mean_of_the_squares(images):
    x, x_hat = images
    expected = [np.mean(np.square(a.astype(float) - b)) for a, b in zip(*images, strict=True)]
    np.testing.assert_allclose(measures.mse(x, x_hat, per_image=True), expected)
    assert measures.mse(x, x_hat) == pytest.approx(np.mean(expected))
    assert measures.mse(x, x_hat) == pytest.approx(metrics.mean_squared_error(x, x_hat), rel=1e-5)
    assert measures.mse(3 * x, 3 * x_hat) == pytest.approx(9 * np.mean(expected))  # any unit


def test_psnr_is_that_of_scikit_image(images):
    expected = [
        metrics.peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(*images, strict=True)
    ]
    np.testing.assert_allclose(measures.psnr(*images, per_image=True), expected, rtol=1e-5)
    assert measures.psnr(*images) == pytest.approx(np.mean(expected), rel=1e-5)
    assert measures.psnr(*images) > -10 * np.log10(measures.mse(*images))


def test_a_perfect_copy(images):
    x, _ = images
    assert measures.mse(x, x) == 0
    assert measures.psnr(x, x) == np.inf
    assert measures.ssim(x[:3], x[:3]) == pytest.approx(1)


def test_ssim_is_that_of_scikit_image(images):
    x, x_hat = (each[:20] for each in images)
    expected = [
        metrics.structural_similarity(a, b, data_range=1, channel_axis=-1)
        for a, b in zip(x, x_hat, strict=True)
    ]
    np.testing.assert_allclose(measures.ssim(x, x_hat, per_image=True), expected, rtol=1e-5)
    assert measures.ssim(x[..., 0], x_hat[..., 0]) == pytest.approx(np.mean(expected), rel=1e-5)


@pytest.mark.parametrize("measure", [measures.bce, measures.mse, measures.psnr, measures.ssim])
def test_one_answer_for_all_images_and_tensors(images, measure):
    x = images[0][:5]
    always = x.mean(axis=0)
    expected = measure(x, np.stack([always] * 5))
    assert measure(x, always) == expected
    assert measure(keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(always)) == expected
    assert isinstance(expected, float)


@pytest.mark.parametrize("measure", [measures.bce, measures.mse, measures.psnr, measures.ssim])
def test_shapes_that_do_not_fit_are_named(images, measure):
    x, x_hat = images
    for other in (x_hat[..., 0], x_hat[:7], x_hat.reshape(len(x), -1), 0.5):
        with pytest.raises(ValueError) as error:
            measure(x, other)
        assert f"x has shape {x.shape}, x_hat {np.shape(other)}; wanted: " in str(error.value)
    for empty in (x[:0], x[0, 0, 0]):
        with pytest.raises(ValueError, match="n >= 1"):
            measure(empty, empty)


@pytest.mark.parametrize("measure", [measures.bce, measures.psnr, measures.ssim])
@pytest.mark.parametrize(
    "change, words",
    [
        (lambda x: np.uint8(255 * x), "x runs from 0 to 255; .0, 1. is wanted: divide"),
        (lambda x: x - 0.5, "x runs from -0.5 to 0.5"),
        (lambda x: x * np.nan, "x runs from nan to nan"),
    ],
)
def test_originals_that_are_no_pixels_from_0_to_1_are_refused(images, measure, change, words):
    x, x_hat = images
    with pytest.raises(ValueError, match=words):
        measure(change(x), x_hat)


@pytest.mark.parametrize("shape", [(3, 784), (3, 6, 28), (3, 28, 28, 3)])
def test_ssim_wants_height_and_width(shape):
    with pytest.raises(ValueError, match="at least 7 x 7 pixels, is wanted"):
        measures.ssim(np.zeros(shape), np.zeros(shape))


# --- a batch at a time ---------------------------------------------------------------


def test_batches_make_what_the_whole_makes():
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4), keras.layers.Dropout(0.5)])
    x = np.random.default_rng(0).random((25, 6), np.float32)
    expected = model.predict(x, verbose=0)
    for batch_size in (1, 10, 25, 1000):
        got = measures.predict_in_batches(model, x, batch_size)
        np.testing.assert_allclose(got, expected, atol=1e-6)
    got = measures.predict_in_batches(model, keras.ops.convert_to_tensor(x), np.int64(7))
    assert isinstance(got, np.ndarray)
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_several_outputs_come_as_the_model_has_them():
    seen = []

    def model(x):
        seen.append(len(x))
        return {"twice": 2 * x, "parts": [x, x[:, 0]]}

    x = np.arange(50.0).reshape(25, 2)
    got = measures.predict_in_batches(model, x, 10)
    assert seen == [10, 10, 5]
    np.testing.assert_array_equal(got["twice"], 2 * x)
    np.testing.assert_array_equal(got["parts"][1], x[:, 0])


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, True, None])
def test_what_is_no_batch_size(batch_size):
    with pytest.raises(ValueError, match=f"batch_size is {batch_size}; an int >= 1 is wanted"):
        measures.predict_in_batches(lambda x: x, np.zeros((2, 2)), batch_size)


def test_no_image_to_predict():
    with pytest.raises(ValueError, match="x holds no image; at least one is wanted"):
        measures.predict_in_batches(lambda x: x, np.zeros((0, 2)))


# --- the rest -------------------------------------------------------------------------


def test_the_examples_in_the_docstrings_run():
    result = doctest.testmod(measures)
    assert result.attempted and not result.failed


def test_importing_loads_no_large_library():
    code = "import sys, helpers.measures; print(*{name.split('.')[0] for name in sys.modules})"
    out = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert not {"tensorflow", "keras", "skimage", "scipy"} & set(out.split())


@pytest.fixture
def features():
    """Two clouds whose features depend on each other, in another way each."""
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(2, 6, 6))
    return [
        rng.normal(size=(n, 6)) @ m + i
        for i, (n, m) in enumerate(zip((80, 70), mixing, strict=True))
    ]


def test_frechet_is_the_formula(features):
    from scipy.linalg import sqrtm

    a, b = features
    first, second = np.cov(a.T), np.cov(b.T)
    traces = np.trace(first) + np.trace(second) - 2 * np.trace(sqrtm(first @ second)).real
    expected = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2) + traces
    assert measures.frechet(a, b) == pytest.approx(expected)
    assert measures.frechet(b, a) == pytest.approx(expected)


def test_frechet_of_what_is_known(features):
    a = features[0]
    assert measures.frechet(a, a) == pytest.approx(0, abs=1e-9)
    assert measures.frechet(a, a + 2) == pytest.approx(6 * 4)
    middle = a.mean(axis=0)
    variances = np.var(a, axis=0, ddof=1).sum()
    assert measures.frechet(a, middle + 3 * (a - middle)) == pytest.approx(4 * variances)
    dead = np.pad(a, [(0, 0), (0, 2)])  # features that are always 0, as of a ReLU that died
    assert measures.frechet(dead, dead + 1) == pytest.approx(8)


def test_precision_and_recall_are_the_shares_in_the_balls(features):
    def share(points, centres, k):
        inside = 0
        for point in points:
            for i, centre in enumerate(centres):
                others = np.delete(centres, i, axis=0)
                reach = np.sort(np.linalg.norm(others - centre, axis=1))[k - 1]
                if np.linalg.norm(point - centre) <= reach:
                    inside += 1
                    break
        return inside / len(points)

    a, b = features
    for k in (1, 3):
        expected = share(b, a, k), share(a, b, k)
        assert measures.precision_recall(a, b, k) == pytest.approx(expected)


def test_precision_and_recall_tell_which_kind_of_failure():
    rng = np.random.default_rng(2)
    left, right = rng.normal(-9, 1, (60, 2)), rng.normal(9, 1, (60, 2))
    real = np.concatenate([left, right])
    one_kind = left + rng.normal(0, 0.1, left.shape)  # half of what there is, and real
    precision, recall = measures.precision_recall(real, one_kind)
    assert precision > 0.9
    assert 0.4 < recall <= 0.5
    strays = np.concatenate([real + 0.1, rng.normal(0, 1, (120, 2))])  # all there is, and more
    precision, recall = measures.precision_recall(real, strays)
    assert 0.45 < precision < 0.55
    assert recall > 0.9


@pytest.mark.parametrize("measure", [measures.frechet, measures.precision_recall])
def test_features_that_cannot_be_compared_are_refused(measure, features):
    a, b = features
    with pytest.raises(ValueError, match=r"\(80, 6\), invented \(70, 5\)"):
        measure(a, b[:, :5])
    with pytest.raises(ValueError, match=r"invented \(70,\); wanted"):
        measure(a, b[:, 0])
    with pytest.raises(ValueError, match=r"at least [24] images"):
        measure(a, b[:1])
    with pytest.raises(ValueError, match="not finite"):
        measure(a, np.where(b > 2, np.nan, b))


def test_a_ball_reaches_to_some_neighbour(features):
    for k in (0, 2.5, True):
        with pytest.raises(ValueError, match="an int >= 1"):
            measures.precision_recall(*features, k=k)
