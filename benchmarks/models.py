"""The book's networks for MNIST digits, with the recipes of their chapters and of the sources.

A chapter builds its networks before the reader's eyes; here they stand again, each as a function,
so that the scoreboard can train them from several seeds and the benchmarks can time them.
`tests/benchmarks/test_models.py` holds the two together: same parameters, same result.

A recipe is told how many steps an epoch has, because most rates fall to nothing at its end.
"""

import dataclasses
import functools
import math
import time
from collections.abc import Callable

from helpers import data
from helpers.measures import bce, mse, predict_in_batches, psnr, ssim

import keras
import numpy as np
from keras import layers, ops

NOISE = 0.5  # its standard deviation, for the denoisers
BCE = "binary_crossentropy"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    optimizer : callable
        Takes the steps of an epoch and of the whole training, returns an optimizer.
    epochs, batch : int
    loss : str or None
        None for a network that brings its own.
    start : dict
        Arguments of the function that builds the network: its starting weights, its penalties.
    images : int
        How many of the training images are used.
    corruption : callable or None
        Returns a layer that adds noise to the images on their way in.
    fixed_noise : bool
        Whether images with noise that was drawn once go in.
    mean_bias : bool
        Whether the last bias starts such that the first output has the mean of all images.
    options : dict
        More for ``compile``.
    """

    optimizer: Callable
    epochs: int
    batch: int
    loss: str | None = BCE
    start: dict = dataclasses.field(default_factory=dict)
    images: int = 60_000
    corruption: Callable | None = None
    fixed_noise: bool = False
    mean_bias: bool = False
    options: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Network:
    """A network of the book.

    Attributes
    ----------
    chapter : str
        Where it is built and explained.
    title : str
        Its name in tables.
    code : int
        Numbers in its code.
    build : callable
        Returns the Keras model, untrained.
    book : Recipe
        The chapter's.
    source : Recipe or None
        As the source published it.
    denoises : bool
        Whether noisy images go in; clean ones are the target.
    measure : str
        By which of `scores` it is compared with its source.
    """

    chapter: str
    title: str
    code: int
    build: Callable
    book: Recipe
    source: Recipe | None = None
    denoises: bool = False
    measure: str = "bce"


def cosine_decay(rate, **options):
    """Adam, its rate falling to 0 along half a cosine."""
    cosine = keras.optimizers.schedules.CosineDecay
    return lambda epoch, steps: keras.optimizers.Adam(cosine(rate, steps), **options)


def warmup_cosine(rate, warmup, decay=lambda steps, warmup: steps - warmup):
    """Adam, its rate rising for `warmup(epoch, steps)` steps before it falls for `decay(...)`."""

    def adam(epoch, steps):
        warmup_steps = warmup(epoch, steps)
        return keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                0.0,
                max(1, decay(steps, warmup_steps)),
                warmup_target=rate,
                warmup_steps=warmup_steps,
            )
        )

    return adam


def adadelta(rate):
    """Adadelta; 1.0 was its default rate when the Keras blog was written, 0.001 is today's."""
    return lambda epoch, steps: keras.optimizers.Adadelta(rate)


warmup_epoch = functools.partial(warmup_cosine, warmup=lambda epoch, steps: epoch)
warmup_tenth = functools.partial(warmup_cosine, warmup=lambda epoch, steps: steps // 10)
warmup_twentieth = functools.partial(
    warmup_cosine, warmup=lambda epoch, steps: math.ceil(steps / 20)
)


class Penalty(layers.Layer):
    """An L1 penalty on the code: summed over its units, averaged over the images."""

    def __init__(self, strength):
        super().__init__()
        self.strength = strength

    def call(self, z):
        self.add_loss(self.strength * ops.mean(ops.sum(ops.abs(z), axis=-1)))
        return z


class TopK(layers.Layer):
    """Keep the k largest activations of each image; set the others to 0."""

    def __init__(self, k):
        super().__init__()
        self.k = k

    def call(self, z):
        kth_largest = ops.top_k(z, self.k)[0][:, -1:]
        return ops.where(z >= kth_largest, z, 0.0)


class AddNoise(layers.Layer):
    """Add fresh noise in training, clipped to [0, 1]."""

    def __init__(self, sigma):
        super().__init__()
        self.sigma, self.seed = sigma, keras.random.SeedGenerator()

    def call(self, x, training=False):
        if not training:
            return x
        noise = keras.random.normal(ops.shape(x), seed=self.seed)
        return ops.clip(x + self.sigma * noise, 0, 1)


class VAE(keras.Model):
    """A variational autoencoder; in nats per image, or with the means of the blog of 2016.

    `call` draws the code in training and takes its mean otherwise.
    """

    def __init__(self, encoder, decoder, blog=False):
        super().__init__()
        self.encoder, self.decoder, self.blog = encoder, decoder, blog
        self.seed = keras.random.SeedGenerator()

    def call(self, x, training=False):
        z_mean, z_log_var = self.encoder(x)
        # The blog takes the same number for log sigma here and for log sigma^2 in the KL.
        deviation = ops.exp(z_log_var if self.blog else z_log_var / 2)
        epsilon = keras.random.normal(ops.shape(z_mean), seed=self.seed)
        x_hat = self.decoder(z_mean + deviation * epsilon if training else z_mean)
        return {"x_hat": x_hat, "z_mean": z_mean, "z_log_var": z_log_var}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        cross_entropy = ops.binary_crossentropy(x if y is None else y, y_pred["x_hat"])
        kl = (ops.square(y_pred["z_mean"]) + ops.exp(y_pred["z_log_var"])) / 2
        kl -= (1 + y_pred["z_log_var"]) / 2
        over_one_image = ops.mean if self.blog else ops.sum
        loss = over_one_image(cross_entropy, axis=1) + over_one_image(kl, axis=1)
        if sample_weight is not None:
            loss = ops.multiply(loss, ops.reshape(sample_weight, (-1,)))
        return ops.mean(loss) + sum(self.losses)


def dense(*sizes, code_layers=(), hidden="relu", bias="ones", penalty=0.0):
    """784 - sizes - 784; the last of the sizes is the code, the decoder mirrors the encoder."""
    *outer, code = sizes
    model = keras.Sequential([keras.Input((784,))])
    for units in outer:
        model.add(layers.Dense(units, hidden))
    if code_layers:  # they hold the activation
        model.add(layers.Dense(code, bias_initializer=bias))
        for make in code_layers:
            model.add(make())
    else:
        model.add(layers.Dense(code, hidden, bias_initializer=bias))
    if penalty:
        model.add(Penalty(penalty))
    for units in reversed(outer):
        model.add(layers.Dense(units, hidden))
    model.add(layers.Dense(784, "sigmoid"))
    return model


def stack(hidden="relu", deviation=None):
    """784-256-128-256-784; with a `deviation`, all weights start as chance numbers of that size."""
    if deviation is None:
        return dense(256, 128, hidden=hidden)
    model = keras.Sequential([keras.Input((784,))])
    for units, activation in [(256, hidden), (128, hidden), (256, hidden), (784, "sigmoid")]:
        weights = keras.initializers.RandomNormal(stddev=deviation)
        biases = keras.initializers.RandomNormal(stddev=deviation)
        model.add(layers.Dense(units, activation, True, weights, biases))
    return model


def convolutional():
    """16-8-8 maps down to 4 x 4, and back."""
    conv = functools.partial(layers.Conv2D, kernel_size=3, padding="same", activation="relu")
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in [16, 8, 8]:
        model.add(conv(filters))
        model.add(layers.MaxPooling2D(2, padding="same"))
    for filters, padding in [(8, "same"), (8, "same"), (16, "valid")]:
        model.add(conv(filters, padding=padding))
        model.add(layers.UpSampling2D(2))
    model.add(conv(1, activation="sigmoid"))
    return model


def linear(code):
    """784 - code - 784, without an activation before the code."""
    return keras.Sequential([keras.Input((784,)), layers.Dense(code), layers.Dense(784, "sigmoid")])


def dense_bottleneck(code):
    """Two strided convolutions, a dense layer for the code, and back."""
    settings = {"strides": 2, "padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(layers.Conv2D(filters, 3, **settings) for filters in (8, 16)),
            *(layers.Flatten(), layers.Dense(code), layers.Dense(784, "relu")),
            layers.Reshape((7, 7, 16)),
            layers.Conv2DTranspose(8, 4, **settings),
            layers.Conv2DTranspose(1, 4, **settings | {"activation": "sigmoid"}),
        ]
    )


def small_convolutional(decoder, initializer="he_normal"):
    """16-8-4 maps and back, 3,369 parameters; `decoder`: upsampling, transposed or strided."""
    conv = functools.partial(
        layers.Conv2D, kernel_size=3, activation="relu", kernel_initializer=initializer
    )
    back = functools.partial(
        layers.Conv2DTranspose, kernel_size=3, activation="relu", kernel_initializer=initializer
    )
    last = {"activation": "sigmoid"}
    padding = "valid" if decoder == "transposed" else "same"
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in [16, 8, 4]:
        model.add(conv(filters, padding=padding))
        if filters != 4 or decoder != "transposed":
            model.add(layers.MaxPooling2D(2, padding=padding))
    if decoder == "upsampling":
        for filters, padding in [(4, "same"), (8, "same"), (16, "valid")]:
            model.add(conv(filters, padding=padding))
            model.add(layers.UpSampling2D(2))
        model.add(conv(1, padding="same", **last))
    elif decoder == "transposed":
        for part in [back(4), layers.UpSampling2D(2), back(8), layers.UpSampling2D(2)]:
            model.add(part)
        model.add(back(16))
        model.add(back(1, **last))
    else:
        model.add(back(4, strides=2, padding="same", output_padding=0))
        for filters in [8, 16]:
            model.add(back(filters, strides=2, padding="same"))
        model.add(back(1, padding="same", **last))
    return model


def dense_denoiser(units=512):
    """784 - units - 784, for images."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(units, "relu", bias_initializer="ones"),
            layers.Dense(784, "sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )


def denoiser():
    """32 maps, 32 maps of 7 x 7 as the code, and back: the blog's."""
    conv = functools.partial(layers.Conv2D, kernel_size=3, padding="same", activation="relu")
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(conv(32), layers.MaxPooling2D(2), conv(32), layers.MaxPooling2D(2)),
            *(conv(32), layers.UpSampling2D(2), conv(32), layers.UpSampling2D(2)),
            conv(1, activation="sigmoid"),
        ]
    )


def unet():
    """Strided convolutions, two bridges."""

    def conv(filters, size=3, strides=1):
        return layers.Conv2D(filters, size, strides, padding="same", activation="relu")

    def up(filters, activation="relu"):
        return layers.Conv2DTranspose(filters, 4, 2, padding="same", activation=activation)

    x = keras.Input((28, 28, 1))
    fine = conv(32, 4, strides=2)(x)
    coarse = conv(64, 4, strides=2)(fine)
    h = coarse + conv(64)(conv(64)(coarse))
    h = fine + up(32)(h)
    return keras.Model(x, up(1, "sigmoid")(conv(32)(h)))


def rows():
    """An LSTM that reads 28 rows, and one that writes them."""
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            *(layers.LSTM(64), layers.Dense(32), layers.RepeatVector(28)),
            *(layers.LSTM(64, return_sequences=True), layers.Dense(28, "sigmoid")),
        ]
    )


def dense_vae(hidden, latent_dim, blog=False):
    """784 - hidden - (z_mean, z_log_var), and a decoder that mirrors it."""
    x, z = keras.Input((784,)), keras.Input((latent_dim,))
    h, back = x, z
    for units in hidden:
        h = layers.Dense(units, "relu")(h)
    for units in reversed(hidden):
        back = layers.Dense(units, "relu")(back)
    encoder = keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
    return VAE(encoder, keras.Model(z, layers.Dense(784, "sigmoid")(back)), blog)


def convolutional_vae(latent_dim=2):
    """Two strided convolutions, two strided transposed ones."""
    settings = {"strides": 2, "padding": "same", "activation": "relu"}
    x, z = keras.Input((784,)), keras.Input((latent_dim,))
    h = layers.Reshape((28, 28, 1))(x)
    h = layers.Conv2D(32, 3, **settings)(layers.Conv2D(16, 3, **settings)(h))
    h = layers.Dense(128, "relu")(layers.Flatten()(h))
    back = layers.Dense(7 * 7 * 32, "relu")(layers.Dense(128, "relu")(z))
    back = layers.Conv2DTranspose(16, 4, **settings)(layers.Reshape((7, 7, 32))(back))
    back = layers.Conv2DTranspose(1, 4, **settings | {"activation": "sigmoid"})(back)
    encoder = keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
    return VAE(encoder, keras.Model(z, layers.Flatten()(back)))


def normalised_topk(k=16):
    """128 units; of each image, the k largest."""
    return dense(
        128, code_layers=[layers.BatchNormalization, layers.ReLU, functools.partial(TopK, k)]
    )


# Of 60,000, where the chapter keeps the rest for validation.
_TRAINED_ON = 55_000
_plain = functools.partial(Recipe, cosine_decay(0.005), batch=256)
_deep = Recipe(warmup_epoch(0.005), 15, 128, options={"steps_per_execution": 40})
_maps = {"jit_compile": False, "steps_per_execution": 20}
_small_maps = Recipe(warmup_tenth(0.01), 3, 16, images=20_000, mean_bias=True, options=_maps)
# XLA, which Keras would choose by itself, slows convolutions on a processor: no source is made
# to suffer from that.
_small_maps_source = Recipe(
    adadelta(0.001),
    50,
    256,
    start={"initializer": "glorot_uniform"},
    options={"jit_compile": False},
)
_noise = functools.partial(AddNoise, 0.5)
_slow_decay = functools.partial(warmup_twentieth, decay=lambda steps, warmup: steps)
_vae = {"jit_compile": False, "steps_per_execution": 20}
_blog = functools.partial(Recipe, adadelta(1.0), batch=256, start={"bias": "zeros"})

NETWORKS = {
    **{
        f"simple_{code}": Network(
            "simple",
            f"simple, {code} numbers",
            code,
            functools.partial(dense, code),
            _plain(5, images=_TRAINED_ON),
        )
        for code in (2, 4, 8, 16)
    },
    "simple": Network(
        "simple",
        "simple",
        32,
        functools.partial(dense, 32),
        _plain(10),
        source=_blog(50),
    ),
    "sparse": Network(
        "sparse",
        "sparse (L1)",
        32,
        functools.partial(dense, 32),
        _plain(15, start={"penalty": 1e-4}),
        source=_blog(100, start={"bias": "zeros", "penalty": 1e-4}),
    ),
    "dense_04": Network(
        "sparse", "simple, trained as long", 32, functools.partial(dense, 32), _plain(15)
    ),
    "topk": Network(
        "sparse",
        "16 of 128 units (TopK)",
        128,
        normalised_topk,
        _plain(8, images=_TRAINED_ON),
    ),
    "simple_05": Network(
        "deep", "simple, trained as the deep one", 32, functools.partial(dense, 32), _deep
    ),
    "wide": Network("deep", "wide", 32, functools.partial(dense, 136, 32), _deep),
    "deep": Network(
        "deep",
        "deep",
        32,
        functools.partial(dense, 128, 64, 32),
        _deep,
        source=_blog(100),
    ),
    "stack": Network(
        "stacks",
        "stack",
        128,
        stack,
        Recipe(warmup_epoch(0.003), 4, 128, options={"steps_per_execution": 40}),
        source=Recipe(
            lambda epoch, steps: keras.optimizers.RMSprop(0.02, epsilon=1e-10),
            epochs=50,
            batch=256,
            loss="mse",
            start={"hidden": "sigmoid", "deviation": 1.0},
        ),
        measure="mse",
    ),
    "pretrain": Network(
        "pretraining",
        "for pretraining",
        64,
        functools.partial(dense, 128, 64),
        Recipe(
            cosine_decay(0.002), 8, 250, images=_TRAINED_ON, options={"steps_per_execution": 10}
        ),
    ),
    "conv": Network(
        "convolutional",
        "convolutional",
        128,
        convolutional,
        Recipe(warmup_tenth(0.01), 8, 32, images=_TRAINED_ON, options=_maps),
        source=Recipe(adadelta(1.0), 50, 128, options={"jit_compile": False}),
    ),
    "dense_128": Network(
        "convolutional",
        "dense, 128 numbers",
        128,
        functools.partial(linear, 128),
        Recipe(warmup_tenth(0.02), 4, 128, images=_TRAINED_ON),
    ),
    "bottleneck": Network(
        "convolutional",
        "convolutional, dense bottleneck",
        32,
        functools.partial(dense_bottleneck, 32),
        Recipe(warmup_tenth(0.01), 4, 128, images=_TRAINED_ON, options=_maps),
    ),
    "upsampling": Network(
        "convolutions",
        "small maps, upsampled",
        64,
        functools.partial(small_convolutional, "upsampling"),
        _small_maps,
        source=_small_maps_source,
    ),
    "transposed": Network(
        "convolutions",
        "small maps, transposed",
        36,
        functools.partial(small_convolutional, "transposed"),
        _small_maps,
        source=_small_maps_source,
    ),
    "strided": Network(
        "convolutions",
        "small maps, strided",
        64,
        functools.partial(small_convolutional, "strided"),
        _small_maps,
    ),
    "dense_denoiser": Network(
        "denoising",
        "dense denoiser",
        512,
        dense_denoiser,
        Recipe(
            _slow_decay(0.002),
            4,
            128,
            images=_TRAINED_ON,
            corruption=_noise,
            options={"jit_compile": False},
        ),
        denoises=True,
    ),
    "denoiser": Network(
        "denoising",
        "convolutional denoiser",
        1568,
        denoiser,
        Recipe(_slow_decay(0.006), 5, 32, corruption=_noise, options={"jit_compile": False}),
        source=Recipe(adadelta(1.0), 100, 128, fixed_noise=True, options={"jit_compile": False}),
        denoises=True,
    ),
    "unet": Network(
        "denoising",
        "U-Net",
        3136,
        unet,
        Recipe(_slow_decay(0.003), 4, 32, corruption=_noise, options={"jit_compile": False}),
        denoises=True,
    ),
    "rows": Network(
        "sequences",
        "row by row (LSTM)",
        32,
        rows,
        Recipe(cosine_decay(0.008, clipnorm=1), 9, 32, options={"steps_per_execution": 10}),
    ),
    "vae_2d": Network(
        "variational",
        "variational, 2 latents",
        2,
        functools.partial(dense_vae, [256, 256, 128], 2),
        Recipe(cosine_decay(0.002), 20, 128, loss=None, images=_TRAINED_ON, options=_vae),
    ),
    "vae_conv": Network(
        "collapse",
        "variational, convolutional",
        2,
        convolutional_vae,
        Recipe(cosine_decay(0.002), 8, 128, loss=None, images=_TRAINED_ON, options=_vae),
    ),
    "vae_20d": Network(
        "variational",
        "variational, 20 latents",
        20,
        functools.partial(dense_vae, [400, 200], 20),
        Recipe(cosine_decay(0.002), 12, 128, loss=None, images=_TRAINED_ON, options=_vae),
    ),
    "vae_blog": Network(
        "variational",
        "variational, the blog's",
        2,
        functools.partial(dense_vae, [256], 2),
        Recipe(warmup_twentieth(0.002), 20, 128, loss=None, options=_vae),
        source=Recipe(
            lambda epoch, steps: keras.optimizers.RMSprop(),
            epochs=50,
            batch=100,
            loss=None,
            start={"blog": True},
        ),
        measure="loss",
    ),
}


class _Clock(keras.callbacks.Callback):
    """Seconds of training so far after each epoch, the first tracing included, evaluation not."""

    def __init__(self, evaluate, now):
        super().__init__()
        self.evaluate, self.now, self.seconds, self.evaluated = evaluate, now, [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = self.now()

    def on_epoch_end(self, epoch, logs=None):
        spent = self.now() - self.start
        self.seconds.append(spent + (self.seconds[-1] if self.seconds else 0))
        if self.evaluate:
            self.evaluated.append(self.evaluate())


def train(network, recipe, digits, seed, evaluate=None, epochs=None, now=time.perf_counter):
    """Train a network by a recipe.

    Parameters
    ----------
    network : Network
    recipe : Recipe
        One of the network's two.
    digits : helpers.data.ImageSet
    seed : int
    evaluate : callable, optional
        Takes the model; called after each epoch, outside the time that is measured.
    epochs : int, optional
        Stop after so many, on the way of the recipe's own number.
    now : callable
        The clock: ``time.process_time`` counts what this process works, whatever else the
        machine does.

    Returns
    -------
    keras.Model
        From images as they are to images without noise.
    list of float
        Seconds from the first step to the end of each epoch.
    list
        What `evaluate` returned.
    """
    keras.utils.set_random_seed(seed)
    model = network.build(**recipe.start)
    clean = digits.x_train[: recipe.images]
    x = data.add_noise(clean, sigma=NOISE, seed=1) if recipe.fixed_noise else clean
    x, y = (ops.convert_to_tensor(each.reshape(_shape(model))) for each in (x, clean))
    if recipe.mean_bias:
        mean = float(digits.x_train.mean())
        bias = model.layers[-1].bias
        bias.assign(np.full(bias.shape, math.log(mean / (1 - mean))))
    trained = model
    if recipe.corruption:
        trained = keras.Sequential([keras.Input(model.input_shape[1:]), recipe.corruption(), model])
    steps = math.ceil(len(clean) / recipe.batch)
    trained.compile(recipe.optimizer(steps, steps * recipe.epochs), recipe.loss, **recipe.options)
    clock = _Clock(evaluate and functools.partial(evaluate, model), now)
    trained.fit(
        x,
        y,
        epochs=min(recipe.epochs, epochs or recipe.epochs),
        batch_size=recipe.batch,
        verbose=0,
        callbacks=[clock],
    )
    return model, clock.seconds, clock.evaluated


def reconstruct(network, model, digits):
    """Return the network's reconstructions of the test set.

    Parameters
    ----------
    network : Network
    model : keras.Model
        The trained one.
    digits : helpers.data.ImageSet

    Returns
    -------
    ndarray of float32, shape (images, 28, 28)
        A variational autoencoder decodes the means of its codes.
    """
    x = digits.x_test
    if network.denoises:
        x = data.add_noise(x, sigma=NOISE, seed=2)
    drawn = predict_in_batches(model, ops.convert_to_tensor(x.reshape(_shape(model))))
    return (drawn["x_hat"] if isinstance(drawn, dict) else drawn).reshape(-1, 28, 28)


def scores(x, x_hat):
    """Return BCE, MSE, PSNR and SSIM of images, as `helpers.measures` has them.

    Parameters
    ----------
    x, x_hat : ndarray of float, shape (images, 28, 28)
        Originals and reconstructions, in [0, 1].

    Returns
    -------
    dict of str to float
        ``bce`` in nats per pixel, ``mse`` per pixel, ``psnr`` in dB and ``ssim`` as the means
        over the images.
    """
    return {measure.__name__: measure(x, x_hat) for measure in (bce, mse, psnr, ssim)}


def nats(model, digits, draws=5):
    """Return the test ELBO of a variational autoencoder and its KL, in nats per image.

    Parameters
    ----------
    model : VAE
    digits : helpers.data.ImageSet
    draws : int
        Codes drawn for each image.

    Returns
    -------
    dict of str to float
        ``elbo`` and ``kl``.
    """
    totals = {"elbo": 0.0, "kl": 0.0}
    x = digits.x_test.reshape(-1, 784)
    for _ in range(draws):
        for i in range(0, len(x), 1000):
            part = ops.convert_to_tensor(x[i : i + 1000])
            out = model(part, training=True)  # draws the codes; nothing else depends on it
            kl = ops.square(out["z_mean"]) + ops.exp(out["z_log_var"]) - 1 - out["z_log_var"]
            kl = float(ops.sum(kl) / 2)
            lost = float(ops.sum(ops.binary_crossentropy(part, out["x_hat"])))
            totals["elbo"] -= lost + kl
            totals["kl"] += kl
    return {name: total / (draws * len(x)) for name, total in totals.items()}


def test_error(network, model, digits):
    """Return what the network is compared with its source by: less is better."""
    if network.measure == "loss":
        return -nats(model, digits, draws=1)["elbo"]
    return _error(network, digits, reconstruct(network, model, digits))


def mean_image(network, digits):
    """Return what `test_error` gives for a network that always draws the mean training image."""
    mean = np.asarray(digits.x_train, "float64").mean(axis=0)[..., 0]
    return _error(network, digits, np.broadcast_to(mean, digits.x_test.shape[:3]))


def _error(network, digits, x_hat):
    """Return the mean error of images: a pixel's BCE or MSE, or an image's BCE (`loss`)."""
    x = digits.x_test[..., 0]
    if network.measure == "mse":
        return mse(x, x_hat)
    return bce(x, x_hat) * (x[0].size if network.measure == "loss" else 1)


def _shape(model):
    """Return the shape that images must have to go in."""
    return (-1, *(model.encoder if isinstance(model, VAE) else model).input_shape[1:])
