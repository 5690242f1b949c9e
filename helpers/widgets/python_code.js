/** The network of training.js as a few lines of Keras. */

/**
 * Return the code that trains the same network: as many parameters, the same loss and batches.
 *
 * @param {object} settings as of trainingRun in training.js
 * @param {{images: number, epochs: number}} amount training images, and how often each is seen
 * @returns {string}
 */
export function pythonCode({ pixels, hidden, code, kind, l1, beta, rate, noise }, { images, epochs }) {
  const side = Math.sqrt(pixels);
  const dense = (units, ...options) => `layers.Dense(${[units, ...options].join(", ")})`;
  const around = hidden ? `${dense(hidden, '"relu"')}, ` : "";
  const middle = {
    plain: dense(code),
    sparse: `${dense(code, '"relu"')}, Penalty()`,
    variational: `${dense(2 * code)}, Sampling()`,
  }[kind];
  // GaussianNoise works in training only; a ReLU with a maximum cuts to 0..1.
  const damage = noise ? `layers.GaussianNoise(${noise}), layers.ReLU(max_value=1),` : "";
  const extra = kind === "plain" ? [] : ["ops"];
  return [
    "import keras",
    `from keras import ${["layers", ...extra].join(", ")}`,
    "(x, _), _ = keras.datasets.mnist.load_data()",
    `x = x[:${images}].reshape(-1, ${side}, 2, ${side}, 2).mean((2, 4)).reshape(-1, ${pixels}) / 255`,
    ...{ plain: [], sparse: penalty(l1), variational: sampling(pixels, beta) }[kind],
    `autoencoder = keras.Sequential([${damage}`,
    `    ${around}${middle},`,
    `    ${around}${dense(pixels, '"sigmoid"')}])`,
    `autoencoder.compile(keras.optimizers.Adam(${rate}), "binary_crossentropy")`,
    `autoencoder.fit(x, x, batch_size=64, epochs=${epochs})`,
  ].join("\n");
}

// No activity_regularizer: Keras 3.0 to 3.13 sums it over the batch, other versions take the mean.
function penalty(l1) {
  return [
    "class Penalty(layers.Layer):",
    "    def call(self, z):",
    `        self.add_loss(${l1} * ops.mean(ops.sum(ops.abs(z), axis=1)))`,
    "        return z",
  ];
}

function sampling(pixels, beta) {
  return [
    "class Sampling(layers.Layer):",
    "    def call(self, both):",
    "        mean, log_var = ops.split(both, 2, axis=1)",
    "        kl = ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=1) / 2",
    `        self.add_loss(${beta} * ops.mean(kl) / ${pixels})`,
    "        return mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean))",
  ];
}
