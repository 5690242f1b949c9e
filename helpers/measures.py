"""How far reconstructions are from their originals, how near inventions are to real images, and a
model's answers a batch at a time."""

import numpy as np

from helpers.words import say

__all__ = ["bce", "frechet", "mse", "precision_recall", "predict_in_batches", "psnr", "ssim"]

_EPSILON = 1e-7  # Keras' own: logarithms are taken of nothing smaller


def bce(x, x_hat, per_image=False):
    """Return the binary cross-entropy per pixel.

    Parameters
    ----------
    x : array_like of float, shape (n, ...)
        Originals, one along the first axis, of any shape; pixels in [0, 1].
    x_hat : array_like of float, shape (n, ...) or (...)
        Reconstructions, or one image for all. They are clipped to [1e-7, 1 - 1e-7], as by
        Keras.
    per_image : bool
        Whether to return the mean over each image instead of the mean over all of them.

    Returns
    -------
    float, or ndarray of float64, shape (n,)
        Nats. A perfect copy of gray pixels does not reach 0, but the entropy of `x`.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no image, or `x` is not in [0, 1].

    Examples
    --------
    >>> round(bce([[0.0, 1.0]], [[0.5, 0.5]]), 4)
    0.6931
    """

    def cost(x, x_hat):
        # Clipped before it is float64, in which 1 - 1e-7 is another number: as in the training.
        y = np.clip(x_hat, _EPSILON, 1 - _EPSILON).astype(float)
        return -x * np.log(y) - (1 - x) * np.log1p(-y)

    return _mean(cost, *_pixels(x, x_hat), per_image)


def mse(x, x_hat, per_image=False):
    """Return the mean squared error.

    Parameters
    ----------
    x : array_like of float, shape (n, ...)
        Originals, one along the first axis: images, or signals in any unit.
    x_hat : array_like of float, shape (n, ...) or (...)
        Reconstructions, or one for all.
    per_image : bool
        Whether to return the mean over each original instead of the mean over all of them.

    Returns
    -------
    float, or ndarray of float64, shape (n,)
        In the square of the unit of `x`.

    Raises
    ------
    ValueError
        If the shapes do not fit or there is no original.

    Examples
    --------
    >>> mse([[0.0, 1.0], [1.0, 1.0]], [[0.5, 0.5], [1.0, 0.0]], per_image=True)
    array([0.25, 0.5 ])
    """
    return _mean(lambda x, x_hat: (x - x_hat) ** 2, *_pair(x, x_hat), per_image)


def psnr(x, x_hat, per_image=False):
    """Return the peak signal-to-noise ratio, ``10 log10(1 / MSE)`` of each image.

    Parameters
    ----------
    x, x_hat, per_image
        As for `bce`; nothing is clipped.

    Returns
    -------
    float, or ndarray of float64, shape (n,)
        Decibels; infinite for a perfect copy.

    Raises
    ------
    ValueError
        As `bce`.

    Notes
    -----
    The mean over the images is not the ratio of the mean error, ``-10 log10(mse(x, x_hat))``,
    which is lower unless all errors are equal.

    Examples
    --------
    >>> psnr([[0.0, 1.0]], [[0.1, 0.9]])
    20.0
    """
    error = mse(*_pixels(x, x_hat), per_image=True)
    with np.errstate(divide="ignore"):
        ratio = -10 * np.log10(error)
    return ratio if per_image else float(ratio.mean())


def ssim(x, x_hat, per_image=False):
    """Return the structural similarity, as scikit-image computes it in windows of 7 x 7 pixels.

    Parameters
    ----------
    x : array_like of float, shape (n, height, width) or (n, height, width, 1)
        Originals; pixels in [0, 1].
    x_hat, per_image
        As for `psnr`.

    Returns
    -------
    float, or ndarray of float64, shape (n,)
        1 for a perfect copy.

    Raises
    ------
    ValueError
        As `bce`; if an image has no height and width, or one below 7 pixels.

    References
    ----------
    Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli: Image quality assessment: from error
    visibility to structural similarity (2004), https://doi.org/10.1109/TIP.2003.819861.
    """
    from skimage.metrics import structural_similarity

    x, x_hat = _pixels(x, x_hat)
    height, width = (*x.shape[1:], 0, 0)[:2]
    if x.shape[1:] not in ((height, width), (height, width, 1)) or min(height, width) < 7:
        raise ValueError(
            say(
                "x has shape {shape}; (n, height, width) or (n, height, width, 1), at least 7 x 7 "
                "pixels, is wanted",
                shape=x.shape,
            )
        )
    pairs = zip(*(each.reshape(-1, height, width) for each in (x, x_hat)), strict=True)
    similar = np.array([structural_similarity(a, b, data_range=1) for a, b in pairs], float)
    return similar if per_image else float(similar.mean())


def frechet(real, invented):
    """Return the Fréchet distance between two sets of features, each taken for a normal cloud.

    With means m and covariances C of the two sets, it is ``|m_1 - m_2|^2 + trace(C_1 + C_2 -
    2 (C_1 C_2)^(1/2))``.

    Parameters
    ----------
    real, invented : array_like of float, shape (n, d) and (k, d)
        What a network makes of each image: d features. At least two images each.

    Returns
    -------
    float
        In the square of the features' unit, so only distances in the same features compare; 0
        for equal means and covariances. Small sets raise it: compare sets of equal size.

    Raises
    ------
    ValueError
        If the shapes do not fit, a set has fewer than two images, or a feature is not finite.

    References
    ----------
    M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter: GANs trained by a two
    time-scale update rule converge to a local Nash equilibrium (2017),
    https://arxiv.org/abs/1706.08500.

    Examples
    --------
    >>> round(frechet([[0.0], [2.0]], [[3.0], [5.0]]), 6)
    9.0
    """
    real, invented = _features(real, invented, least=2)
    covariances = [np.atleast_2d(np.cov(each, rowvar=False)) for each in (real, invented)]
    # The trace of (C_1 C_2)^(1/2), by the symmetric root of C_1: real, whatever rounding does.
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.linalg.eigvalsh(root @ covariances[1] @ root)
    traces = sum(map(np.trace, covariances)) - 2 * np.sqrt(np.maximum(shared, 0)).sum()
    return float(np.sum((real.mean(axis=0) - invented.mean(axis=0)) ** 2) + max(traces, 0))


def precision_recall(real, invented, k=3):
    """Return how many inventions look real, and how many real images could be invented.

    Around each real image a ball in the space of features reaches to its k-th nearest other real
    one. The precision is the share of inventions in at least one of these balls; the recall is
    the share of real images in a ball of the inventions.

    Parameters
    ----------
    real, invented : array_like of float, shape (n, d) and (m, d)
        What a network makes of each image: d features. More than `k` images each.
    k : int
        Which neighbour a ball reaches to, at least 1.

    Returns
    -------
    precision, recall : float
        Shares from 0 to 1. Real images against other real ones do not reach 1 either.

    Raises
    ------
    ValueError
        If the shapes do not fit, a set has no more than `k` images, or a feature is not finite.

    References
    ----------
    T. Kynkäänniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila: Improved precision and recall
    metric for assessing generative models (2019), https://arxiv.org/abs/1904.06991.

    Examples
    --------
    >>> precision_recall([[0.0], [1.0], [2.0]], [[0.5], [0.6], [9.0]], k=1)
    (0.6666666666666666, 0.6666666666666666)
    """
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or k < 1:
        raise ValueError(say("k is {k!r}; an int >= 1 is wanted", k=k))
    real, invented = _features(real, invented, least=k + 1)
    return _share_inside(invented, real, k), _share_inside(real, invented, k)


def predict_in_batches(model, x, batch_size=1000):
    """Return what a model makes of many images, a batch at a time to spare memory.

    Unlike ``model.predict`` it traces no graph first: for models that are asked a few times,
    this is sooner.

    Parameters
    ----------
    model : keras.Model or callable
        Takes a batch. It is called as for prediction: dropout, for example, is off.
    x : array_like, shape (n, ...)
        At least one image.
    batch_size : int
        Images a call, at least 1.

    Returns
    -------
    ndarray, shape (n, ...)
        Several outputs come as the model has them, in a list, tuple or dict of arrays.

    Raises
    ------
    ValueError
        If `x` holds no image or `batch_size` is not an int >= 1.
    """
    import keras

    if not isinstance(batch_size, int | np.integer) or isinstance(batch_size, bool):
        raise ValueError(
            say("batch_size is {batch_size!r}; an int >= 1 is wanted", batch_size=batch_size)
        )
    if batch_size < 1:
        raise ValueError(
            say("batch_size is {batch_size}; an int >= 1 is wanted", batch_size=batch_size)
        )
    if not len(x):
        raise ValueError(say("x holds no image; at least one is wanted"))
    convert = keras.ops.convert_to_numpy
    parts = [
        keras.tree.map_structure(convert, model(x[i : i + batch_size]))
        for i in range(0, len(x), batch_size)
    ]
    return keras.tree.map_structure(lambda *arrays: np.concatenate(arrays), *parts)


def _features(real, invented, least):
    """Return both as float64, or raise ValueError."""
    real, invented = np.asarray(real, float), np.asarray(invented, float)
    shapes = real.shape, invented.shape
    if any(
        len(s) != 2 or len(each) < least for s, each in zip(shapes, (real, invented), strict=True)
    ) or (shapes[0][1] != shapes[1][1]):
        raise ValueError(
            say(
                "real has shape {real}, invented {invented}; wanted: (n, d) and (m, d), at least "
                "{least} images each",
                real=shapes[0],
                invented=shapes[1],
                least=least,
            )
        )
    if not (np.isfinite(real).all() and np.isfinite(invented).all()):
        raise ValueError(say("some features are not finite; finite numbers are wanted"))
    return real, invented


def _share_inside(points, centres, k):
    """Return the share of points in a ball around one of the centres."""
    from sklearn.metrics import pairwise_distances_chunked
    from sklearn.neighbors import NearestNeighbors

    # Each centre is its own nearest neighbour, so the k-th other one is the one after.
    reach = NearestNeighbors(n_neighbors=k + 1).fit(centres).kneighbors(centres)[0][:, k]
    parts = pairwise_distances_chunked(points, centres, working_memory=64)
    return float(np.mean(np.concatenate([(part <= reach).any(axis=1) for part in parts])))


def _mean(cost, x, x_hat, per_image):
    """Return the mean of a cost of pixels, computed in float64 and in portions."""
    portions = (slice(i, i + 1000) for i in range(0, len(x), 1000))
    costs = (cost(x[rows].astype(float), x_hat[rows]) for rows in portions)
    means = np.concatenate([part.reshape(len(part), -1).mean(axis=1) for part in costs])
    return means if per_image else float(means.mean())


def _pair(x, x_hat):
    """Return both as arrays of one shape, or raise ValueError."""
    x, x_hat = np.asarray(x), np.asarray(x_hat)
    if x.ndim < 2 or not x.size or x_hat.shape not in (x.shape, x.shape[1:]):
        raise ValueError(
            say(
                "x has shape {shape}, x_hat {x_hat_shape}; wanted: (n, ...) with n >= 1, and the "
                "same shape for x_hat, or that of one image",
                shape=x.shape,
                x_hat_shape=x_hat.shape,
            )
        )
    return x, np.broadcast_to(x_hat, x.shape)


def _pixels(x, x_hat):
    """As `_pair`, and `x` has to lie in [0, 1]."""
    x, x_hat = _pair(x, x_hat)
    if not (x.min() >= 0 and x.max() <= 1):  # false for NaN
        raise ValueError(
            say(
                "x runs from {low:g} to {high:g}; [0, 1] is wanted: divide 0..255 pixels by 255",
                low=x.min(),
                high=x.max(),
            )
        )
    return x, x_hat
