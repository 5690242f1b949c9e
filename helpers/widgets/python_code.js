/** The network of training.js as a few lines of Keras. */

/**
 * Return the code that trains the same network: as many parameters, the same loss and batches.
 *
 * @param {object} settings as of trainingRun in training.js
 * @param {{images: number, epochs: number}} amount training images, and how often each is seen
 * @returns {string}
 */
export function pythonCode({ pixels, hidden, code, kind, l1, beta, rate, noise }, { images, epochs }) {
  const side = Math.sqrt(pixels), variational = kind === "variational";
  const dense = (units, ...options) => `layers.Dense(${[units, ...options].join(", ")})`;
  const around = hidden ? `${dense(hidden, '"relu"')}, ` : "";
  const penalized = dense(code, '"relu"', `activity_regularizer=regularizers.L1(${l1})`);
  const middle = {
    plain: [around + dense(code)],
    sparse: [around, penalized].filter(Boolean), // a line of its own, or it would be too long
    variational: [`${around}${dense(2 * code)}, Sampling()`],
  }[kind];
  // GaussianNoise works in training only; a ReLU with a maximum cuts to 0..1.
  const damage = noise ? `layers.GaussianNoise(${noise}), layers.ReLU(max_value=1),` : "";
  const extra = { plain: [], sparse: ["regularizers"], variational: ["ops"] }[kind];
  return [
    "import keras",
    `from keras import ${["layers", ...extra].join(", ")}`,
    "(x, _), _ = keras.datasets.mnist.load_data()",
    `x = x[:${images}].reshape(-1, ${side}, 2, ${side}, 2).mean((2, 4)).reshape(-1, ${pixels}) / 255`,
    ...(variational ? sampling(pixels, beta) : []),
    `autoencoder = keras.Sequential([${damage}`,
    ...middle.map((line) => `    ${line.replace(/, $/, "")},`),
    `    ${around}${dense(pixels, '"sigmoid"')}])`,
    `autoencoder.compile(keras.optimizers.Adam(${rate}), "binary_crossentropy")`,
    `autoencoder.fit(x, x, batch_size=64, epochs=${epochs})`,
  ].join("\n");
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
