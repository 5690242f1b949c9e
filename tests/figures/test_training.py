"""The playground's network in JavaScript, in Node and in the browser, against Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from helpers import data
from support import in_node, script_address

ADDRESS = script_address("training.js")
PIXELS, BATCH = 196, 64

# For each case: a network that gets these weights, its loss and gradient on the first batch, and
# its weights after a step on each.
FOLLOW = """async ([_, { address, cases }]) => {
  const { adam, autoencoder } = await import(address);
  return cases.map(({ settings, weights, batches }) => {
    const network = autoencoder(settings, Math.random), move = adam(network);
    network.parameters.set(weights);
    const answers = batches.map(({ x, target, epsilon }) => {
      const loss = network.loss(...[x, target].map((v) => Float32Array.from(v)), x.length / 196,
        epsilon && Float32Array.from(epsilon));
      const gradient = [...network.gradient];
      move(settings.rate);
      return { ...loss, gradient };
    });
    return { first: answers[0], weights: [...network.parameters] };
  });
}"""

# The BCE on validation images after some epochs in the images' own order.
LEARN = """async ([_, { address, settings, weights, epochs, ...images }]) => {
  const { adam, autoencoder, BATCH } = await import(address);
  const network = autoencoder(settings, Math.random), move = adam(network), size = 196 * BATCH;
  const [train, validation] = [images.train, images.validation].map((v) => Float32Array.from(v));
  network.parameters.set(weights);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let at = 0; at < train.length; at += size) {
      network.loss(train.subarray(at, at + size), train.subarray(at, at + size), BATCH);
      move(settings.rate);
    }
  }
  let sum = 0;
  for (let at = 0; at < validation.length; at += size) {
    const part = validation.subarray(at, at + size), n = part.length / 196;
    sum += n * network.loss(part, part, n, undefined, false).bce;
  }
  return sum / (validation.length / 196);
}"""

# For each case: a whole training run.
TRAIN = """async ([_, { address, train, validation, cases }]) => {
  const { trainingRun } = await import(address);
  const [a, b] = [train, validation].map((v) => Float32Array.from(v));
  return cases.map(({ steps, ...settings }) => {
    const run = trainingRun({ settings, train: a, validation: b, steps });
    const start = [...run.network.parameters];
    while (!run.pieces.next().done);
    const codes = run.network.encode(run.noisy.subarray(0, 8 * 196), 8);
    return { start, history: run.history, images: [...run.network.decode(codes, 8)].slice(0, 8 * 196),
      shapes: run.network.layers.map(({ inputs, outputs }) => [inputs, outputs]) };
  });
}"""

PLAIN = {"pixels": PIXELS, "hidden": 64, "code": 2, "kind": "plain", "l1": 0, "beta": 0}
PLAIN |= {"rate": 0.003, "noise": 0, "seed": 1}
KINDS = {
    "plain": {},
    "no hidden layer": {"hidden": 0, "code": 8},
    "sparse": {"kind": "sparse", "l1": 0.01, "code": 16},
    "noisy": {"noise": 0.5, "code": 4, "hidden": 128},
    "variational": {"kind": "variational", "beta": 1, "code": 2},
    "variational without a hidden layer": {"kind": "variational", "beta": 0.1, "hidden": 0},
}


def answers(where, page, code, **asked):
    """Run a function in Node or in the browser."""
    asked["address"] = ADDRESS
    return in_node(asked, code) if where == "Node" else page.evaluate(code, [None, asked])


@pytest.fixture(scope="module")
def digits():
    """The stand-in's digits at 14 x 14: 1,344 for training, 125 for validation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        made = data.digits(validation=True)
    return smaller(made.x_train)[: 21 * BATCH], smaller(made.x_valid)


def smaller(images):
    return images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, PIXELS)


def trained(digits, *changes):
    """Train networks in Node, by default for 500 steps."""
    train, validation = (images.ravel().tolist() for images in digits)
    cases = [PLAIN | {"steps": 500} | change for change in changes]
    return answers("Node", None, TRAIN, train=train, validation=validation, cases=cases)


def dense_layers(hidden, code, kind, **_):
    """Return the encoder's and the decoder's layers in Keras; the last one gives logits."""
    around = [keras.layers.Dense(hidden, "relu")] if hidden else []
    again = [keras.layers.Dense(hidden, "relu")] if hidden else []
    units = 2 * code if kind == "variational" else code
    middle = keras.layers.Dense(units, "relu" if kind == "sparse" else None)
    encoder = keras.Sequential([keras.Input((PIXELS,)), *around, middle])
    decoder = keras.Sequential([keras.Input((code,)), *again, keras.layers.Dense(PIXELS)])
    return encoder, decoder


def total_loss(encoder, decoder, settings, x, target, epsilon):
    """Return the BCE per pixel and the penalty, as Keras computes them."""
    z, penalty = encoder(x), 0.0
    if settings["kind"] == "sparse":
        penalty = settings["l1"] * ops.mean(ops.sum(ops.abs(z), axis=1))
    elif settings["kind"] == "variational":
        mean, log_var = ops.split(z, 2, axis=1)
        kl = ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1) / 2
        penalty = settings["beta"] * ops.mean(kl) / PIXELS
        z = mean + ops.exp(log_var / 2) * epsilon
    bce = keras.losses.BinaryCrossentropy(from_logits=True)(target, decoder(z))
    return bce, penalty


def flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


@pytest.mark.parametrize("where", ["Node", pytest.param("browser", marks=pytest.mark.heavy)])
@pytest.mark.parametrize("kind", KINDS)
def test_loss_gradient_and_steps_equal_those_of_keras(request, digits, kind, where):
    page = request.getfixturevalue("page") if where == "browser" else None
    keras.utils.set_random_seed(4)
    settings = PLAIN | KINDS[kind]
    encoder, decoder = dense_layers(**settings)
    variables = encoder.trainable_variables + decoder.trainable_variables
    rng = np.random.default_rng(5)
    for variable in variables:  # biases of 0 would hide an error in them
        variable.assign_add(rng.normal(0, 0.05, variable.shape))
    start = flat(variables)
    batches = []
    for _ in range(10):
        target = rng.choice(digits[0], BATCH, replace=False)
        x = np.clip(target + settings["noise"] * rng.normal(size=target.shape), 0, 1)
        epsilon = rng.normal(size=(BATCH, settings["code"]))
        batches.append([array.astype("float32") for array in (x, target, epsilon)])

    optimizer, firsts = keras.optimizers.Adam(settings["rate"]), []
    for batch in batches:
        with tf.GradientTape() as tape:
            bce, penalty = total_loss(encoder, decoder, settings, *batch)
            loss = bce + penalty
        gradients = tape.gradient(loss, variables)
        firsts.append((float(bce), float(penalty), gradients))
        optimizer.apply(gradients, variables)

    named = [
        {
            "x": x.ravel().tolist(),
            "target": target.ravel().tolist(),
            "epsilon": epsilon.ravel().tolist() if settings["kind"] == "variational" else None,
        }
        for x, target, epsilon in batches
    ]
    case = {"settings": settings, "weights": start.tolist(), "batches": named}
    (answer,) = answers(where, page, FOLLOW, cases=[case])
    bce, penalty, gradients = firsts[0]
    assert answer["first"]["bce"] == pytest.approx(bce, rel=1e-4)
    assert answer["first"]["penalty"] == pytest.approx(penalty, rel=1e-4)
    ends = np.cumsum([np.size(gradient) for gradient in gradients])[:-1]
    for variable, found, wanted in zip(
        variables, np.split(answer["first"]["gradient"], ends), gradients, strict=True
    ):
        wanted = np.ravel(wanted)
        assert np.abs(wanted).max() > 0
        np.testing.assert_allclose(
            found, wanted, atol=1e-4 * np.abs(wanted).max(), err_msg=variable.path
        )
    # Adam moves a weight by its rate even if the gradient is all but 0, where rounding decides.
    assert np.mean(np.abs(answer["weights"] - flat(variables)) < 1e-4) > 0.999


def test_it_learns_what_keras_learns(digits):
    train, validation = digits
    keras.utils.set_random_seed(6)
    encoder, decoder = dense_layers(**PLAIN)
    model = keras.Sequential([encoder, decoder, keras.layers.Activation("sigmoid")])
    asked = {"settings": PLAIN, "weights": flat(model.get_weights()).tolist(), "epochs": 24}
    asked |= {"train": train.ravel().tolist(), "validation": validation.ravel().tolist()}
    found = answers("Node", None, LEARN, **asked)
    model.compile(keras.optimizers.Adam(PLAIN["rate"]), "binary_crossentropy")
    model.fit(train, train, batch_size=BATCH, epochs=24, shuffle=False, verbose=0)
    expected = model.evaluate(validation, validation, verbose=0)
    assert found == pytest.approx(expected, rel=0.05)
    assert found < 0.25


def test_weights_start_as_glorot_has_them(digits):
    (answer,) = trained(digits, {"steps": 0, "code": 8})
    (first, *_) = np.split(np.array(answer["start"]), [PIXELS * 64])
    limit = np.sqrt(6 / (PIXELS + 64))
    assert limit * 0.99 < np.abs(first).max() < limit
    assert np.std(first) == pytest.approx(limit / np.sqrt(3), rel=0.03)
    np.testing.assert_array_equal(answer["start"][PIXELS * 64 : (PIXELS + 1) * 64], 0)


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(digits):
    noisy = {"kind": "variational", "beta": 1, "noise": 0.25, "steps": 50}
    first, again, other = trained(digits, noisy, noisy, noisy | {"seed": 2})
    assert first == again
    assert first["history"][-1]["validation"] != other["history"][-1]["validation"]
    assert first["history"][0]["validation"] != other["history"][0]["validation"]


def test_a_large_beta_collapses_the_code_and_a_small_one_does_not(digits):
    vae = {"kind": "variational", "rate": 0.01}
    collapsed, alive = trained(digits, vae | {"beta": 30}, vae | {"beta": 0.1})
    assert collapsed["history"][-1]["kl"] < 0.05
    assert alive["history"][-1]["kl"] > 1
    spread = [
        np.std(np.reshape(run["images"], (8, -1)), axis=0).max() for run in (collapsed, alive)
    ]
    assert spread[0] < 0.02
    assert spread[1] > 0.2


def test_the_penalty_makes_a_code_sparser(digits):
    sparse = {"kind": "sparse", "code": 16, "steps": 300}
    weak, strong = trained(digits, sparse | {"l1": 0.0001}, sparse | {"l1": 0.01})
    assert strong["history"][-1]["active"] < 0.5 * weak["history"][-1]["active"]
    assert strong["history"][-1]["validation"] > weak["history"][-1]["validation"]


def test_a_rate_of_1_throws_the_loss_far_above_guessing(digits):
    far, near = trained(digits, {"rate": 1, "steps": 50}, {"rate": 0.01, "steps": 50})
    highest = [max(entry["training"] for entry in run["history"]) for run in (far, near)]
    assert highest[0] > 10
    assert highest[1] < 0.75


def test_noise_goes_on_the_input_and_not_on_the_target(digits):
    clean, noisy = trained(digits, {"code": 16}, {"code": 16, "noise": 0.5})
    assert clean["history"][-1]["validation"] < noisy["history"][-1]["validation"]
    # Of noisy targets even the best guess would cost far more.
    assert noisy["history"][-1]["validation"] < 0.25
