"""How far reconstructions are from their originals, and a model's answers a batch at a time."""

import numpy as np

from helpers.words import say

__all__ = ["bce", "mse", "predict_in_batches", "psnr", "ssim"]

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
