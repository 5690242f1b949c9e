/**
 * Train a small dense autoencoder in plain JavaScript: forward, backward and Adam, as Keras has them.
 *
 * Images and codes lie in rows, one after the other, as in Keras' arrays. Nearly all the time goes
 * into two functions, `combine` and `products`; both skip what is 0: paper, and silent units.
 */
import { fillNormal, randomFrom } from "./random.js";

export const BATCH = 64;

/**
 * A network with random weights (Glorot uniform) and biases of 0.
 *
 * @param {{pixels: number, hidden: number, code: number, kind: string, l1: number, beta: number}}
 *   settings hidden: the units of a ReLU layer on both sides, 0 for none;
 *   kind: "plain"; "sparse", a ReLU code with `l1` times its L1 norm in the loss; or "variational",
 *   with `beta` times the KL divergence, per pixel as the BCE is
 * @param {function} random gives uniform numbers from 0 to 1, without 1
 * @returns {{layers: object[], parameters: Float32Array, gradient: Float32Array, loss: function,
 *   encode: function, decode: function}}
 *   `gradient` belongs to the last loss; the layers' arrays are parts of these two.
 *   encode(x, n): codes of n images, decode(z, n): images; of a variational one, the means.
 *   Arrays that are returned are overwritten by the next call.
 */
export function autoencoder({ pixels, hidden, code, kind, l1, beta }, random) {
  const variational = kind === "variational";
  const encoder = [variational ? 2 * code : code], decoder = [pixels];
  if (hidden) {
    encoder.unshift(hidden);
    decoder.unshift(hidden);
  }
  const shapes = [[pixels, ...encoder], [code, ...decoder]].flatMap((widths) =>
    widths.slice(1).map((outputs, i) => [widths[i], outputs]));
  const count = shapes.reduce((sum, [inputs, outputs]) => sum + (inputs + 1) * outputs, 0);
  const parameters = new Float32Array(count), gradient = new Float32Array(count);
  let used = 0;
  const layers = shapes.map(([inputs, outputs], i) => {
    const isCode = i === encoder.length - 1, isLast = i === shapes.length - 1;
    const [kernel, kernelGradient] = both(inputs * outputs), [bias, biasGradient] = both(outputs);
    const limit = Math.sqrt(6 / (inputs + outputs));
    for (let k = 0; k < kernel.length; k++) kernel[k] = limit * (2 * random() - 1);
    return { inputs, outputs, relu: isCode ? kind === "sparse" : !isLast, kernel, bias,
      kernelGradient, biasGradient, output: new Float32Array(BATCH * outputs),
      delta: new Float32Array(BATCH * outputs) };
  });
  function both(length) {
    used += length;
    return [parameters, gradient].map((all) => all.subarray(used - length, used));
  }
  const middle = layers[encoder.length - 1], last = layers.at(-1);
  const z = variational ? new Float32Array(BATCH * code) : middle.output;
  const zDelta = variational ? new Float32Array(BATCH * code) : middle.delta;
  const xHat = new Float32Array(BATCH * pixels);

  /** From n images to z: mean, or for `epsilon` (n x code normal numbers) a sample. */
  function encode(x, n, epsilon) {
    let input = x;
    for (const layer of layers.slice(0, encoder.length)) input = forward(layer, input, n);
    if (variational) {
      for (let i = 0, row = 0; row < n; row++) {
        for (let k = 2 * code * row; k < 2 * code * row + code; k++, i++) {
          z[i] = input[k] + (epsilon ? Math.exp(input[k + code] / 2) * epsilon[i] : 0);
        }
      }
    }
    return z;
  }

  function logits(codes, n) {
    let input = codes;
    for (const layer of layers.slice(encoder.length)) input = forward(layer, input, n);
    return input;
  }

  function decode(codes, n) {
    const a = logits(codes, n);
    for (let i = 0; i < n * pixels; i++) xHat[i] = 1 / (1 + Math.exp(-a[i]));
    return xHat;
  }

  /**
   * The loss of n images, and unless told otherwise its gradient.
   *
   * @param {Float32Array} x what goes in, perhaps with noise
   * @param {Float32Array} target what should come out
   * @param {number} n at most BATCH
   * @param {Float32Array} [epsilon] n x code normal numbers, of a variational one
   * @returns {{bce: number, penalty: number, kl: number, active: number}} bce: per pixel;
   *   penalty: what the loss has beside it; kl: nats an image, of a variational one;
   *   active: numbers of an image's code that are not 0
   */
  function loss(x, target, n, epsilon, backward = true) {
    encode(x, n, epsilon);
    const a = logits(z, n), scale = 1 / (n * pixels);
    let bce = 0, kl = 0, active = 0, size = 0;
    for (let i = 0; i < n * pixels; i++) {
      const e = Math.exp(-Math.abs(a[i])); // never above 1, so it cannot overflow
      bce += Math.max(a[i], 0) - a[i] * target[i] + Math.log1p(e);
      last.delta[i] = ((a[i] < 0 ? e : 1) / (1 + e) - target[i]) * scale;
    }
    for (let i = 0; i < n * code; i++) {
      size += Math.abs(z[i]);
      if (z[i] !== 0) active++;
    }
    if (variational) {
      for (let row = 0; row < n; row++) {
        for (let k = 2 * code * row; k < 2 * code * row + code; k++) {
          const mean = middle.output[k], logVariance = middle.output[k + code];
          kl += (mean ** 2 + Math.exp(logVariance) - logVariance - 1) / 2;
        }
      }
    }
    if (backward) propagate(x, n, epsilon);
    const penalty = { plain: 0, sparse: (l1 * size) / n, variational: (beta * kl) * scale }[kind];
    return { bce: bce * scale, penalty, kl: kl / n, active: active / n };
  }

  /** Carry the errors at the output back to every weight. */
  function propagate(x, n, epsilon) {
    for (let i = layers.length - 1; i >= 0; i--) {
      const below = layers[i - 1], isFirstOfDecoder = i === encoder.length;
      const input = isFirstOfDecoder ? z : below?.output ?? x;
      weightGradient(layers[i], input, n);
      if (!below) return;
      inputGradient(layers[i], isFirstOfDecoder ? zDelta : below.delta, n, below.relu && input);
      if (isFirstOfDecoder) penalize(n, epsilon);
    }
  }

  /** Add the penalty's gradient to that of z. */
  function penalize(n, epsilon) {
    if (kind === "sparse") {
      for (let i = 0; i < n * code; i++) if (z[i] > 0) zDelta[i] += l1 / n;
    } else if (variational) {
      const { output, delta } = middle, weight = beta / (n * pixels);
      for (let i = 0, row = 0; row < n; row++) {
        for (let k = 2 * code * row; k < 2 * code * row + code; k++, i++) {
          const deviation = Math.exp(output[k + code] / 2);
          delta[k] = zDelta[i] + weight * output[k];
          delta[k + code] = (zDelta[i] * (epsilon ? epsilon[i] : 0) * deviation +
            weight * (deviation ** 2 - 1)) / 2;
        }
      }
    }
  }

  return { layers, parameters, gradient, loss, encode, decode };
}

/**
 * Adam as Keras has it.
 *
 * @returns {function} move(rate): changes the parameters by one step along their gradient
 */
export function adam({ parameters, gradient }) {
  const m = new Float32Array(parameters.length), v = new Float32Array(parameters.length);
  let t = 0;
  return (rate) => {
    t += 1;
    const alpha = (rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
    for (let i = 0; i < parameters.length; i++) {
      const g = gradient[i];
      m[i] += (g - m[i]) * 0.1;
      v[i] += (g * g - v[i]) * 0.001;
      parameters[i] -= (alpha * m[i]) / (Math.sqrt(v[i]) + 1e-7);
    }
  };
}

/**
 * A training run, piece by piece, so that a page can do other things between two pieces.
 *
 * @param {{settings: object, train: Float32Array, validation: Float32Array, steps: number}} options
 *   settings: as of `autoencoder`, and `rate`, `noise` (standard deviation, 0 for none), `seed`;
 *   train, validation: images in rows; steps: how many it takes
 * @returns {{network: object, noisy: Float32Array, codes: Float32Array, history: object[],
 *   step: number, looking: boolean, pieces: Iterator}}
 *   pieces.next() takes a step or looks at some of the validation images, and then `looking`;
 *   `codes` are theirs; `noisy` is what the network is given of them;
 *   `history` has an entry each time all were seen: {step, training, validation, kl, active}, BCE
 *   per pixel, `training` the mean of the steps since the last
 */
export function trainingRun({ settings, train, validation, steps }) {
  const { pixels, code, kind, rate, noise, seed } = settings;
  const random = randomFrom(seed);
  const network = autoencoder(settings, random), move = adam(network);
  const x = new Float32Array(BATCH * pixels), target = new Float32Array(BATCH * pixels);
  const jitter = new Float32Array(BATCH * pixels);
  const epsilon = kind === "variational" ? new Float32Array(BATCH * code) : undefined;
  const order = Int32Array.from({ length: train.length / pixels }, (_, i) => i);
  const noisy = validation.slice(), count = validation.length / pixels;
  // The same noise at every look, or the curve would tremble with it.
  const fixed = randomFrom(~seed), fixedEpsilon = epsilon && new Float32Array(count * code);
  if (noise) addNoise(noisy, new Float32Array(noisy.length), fixed);
  if (epsilon) fillNormal(fixedEpsilon, fixed);
  const run = { network, noisy, codes: new Float32Array(count * code), history: [], step: 0,
    looking: false };

  function addNoise(images, room, random) {
    fillNormal(room, random);
    for (let i = 0; i < images.length; i++) {
      images[i] = Math.min(Math.max(images[i] + noise * room[i], 0), 1);
    }
  }

  /** Fill a batch with the next images; at the start of each epoch in a new order. */
  function nextBatch() {
    const batches = Math.floor(order.length / BATCH), place = run.step % batches;
    for (let i = order.length - 1; place === 0 && i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    for (let i = 0; i < BATCH; i++) {
      const start = pixels * order[place * BATCH + i];
      target.set(train.subarray(start, start + pixels), i * pixels);
    }
    x.set(target);
    if (noise) addNoise(x, jitter, random);
    if (epsilon) fillNormal(epsilon, random);
  }

  function* look(training) {
    run.looking = true;
    const sums = { bce: 0, kl: 0, active: 0 };
    for (let start = 0; start < count; start += BATCH) {
      yield;
      const n = Math.min(BATCH, count - start), part = [start * pixels, (start + n) * pixels];
      const found = network.loss(noisy.subarray(...part), validation.subarray(...part), n,
        fixedEpsilon?.subarray(start * code, (start + n) * code), false);
      for (const name of Object.keys(sums)) sums[name] += (n / count) * found[name];
      run.codes.set(network.encode(noisy.subarray(...part), n).subarray(0, n * code), start * code);
    }
    const { bce, kl, active } = sums;
    run.history.push({ step: run.step, training: training ?? bce, validation: bce, kl, active });
    run.looking = false;
  }

  function* pieces() {
    yield* look();
    let sum = 0, since = 0;
    while (run.step < steps) {
      yield;
      nextBatch();
      sum += network.loss(x, target, BATCH, epsilon).bce;
      since++;
      move(rate);
      run.step++;
      if (run.step % 25 === 0 || (run.step < 25 && run.step % 5 === 0) || run.step === steps) {
        yield* look(sum / since);
        sum = since = 0;
      }
    }
  }
  run.pieces = pieces();
  return run;
}

// What a row is made of: where the rows begin and what they are multiplied by. Made once, because
// an array a step is work for the garbage collector.
const starts = new Int32Array(1024), factors = new Float64Array(1024);

function forward({ inputs, outputs, relu, kernel, bias, output }, x, n) {
  for (let row = 0; row < n; row++) {
    let count = 0;
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i];
      if (value === 0) continue;
      starts[count] = i * outputs;
      factors[count++] = value;
    }
    const at = row * outputs;
    output.set(bias, at);
    combine(kernel, count, output, at, outputs);
    if (relu) for (let i = at; i < at + outputs; i++) if (output[i] < 0) output[i] = 0;
  }
  return output;
}

function weightGradient({ inputs, outputs, delta, kernelGradient, biasGradient }, x, n) {
  kernelGradient.fill(0);
  for (let i = 0; i < inputs; i++) {
    let count = 0;
    for (let row = 0; row < n; row++) {
      const value = x[row * inputs + i];
      if (value === 0) continue;
      starts[count] = row * outputs;
      factors[count++] = value;
    }
    combine(delta, count, kernelGradient, i * outputs, outputs);
  }
  biasGradient.fill(0);
  for (let row = 0; row < n; row++) {
    starts[row] = row * outputs;
    factors[row] = 1;
  }
  combine(delta, n, biasGradient, 0, outputs);
}

/** The error at a layer's input; where that is a ReLU's output and 0, the error is 0. */
function inputGradient({ inputs, outputs, delta, kernel }, below, n, relu) {
  for (let row = 0; row < n; row++) {
    const at = row * inputs;
    let count = 0;
    for (let i = 0; i < inputs; i++) {
      below[at + i] = 0;
      if (relu && relu[at + i] === 0) continue;
      starts[count] = i * outputs;
      factors[count++] = at + i;
    }
    products(kernel, count, delta, row * outputs, outputs, below);
  }
}

/** Add to a row of `to` the `count` rows of a matrix that begin at `starts`, times `factors`. */
function combine(matrix, count, to, at, width) {
  let j = 0;
  for (; j + 4 <= count; j += 4) { // four at a time share each reading and writing of `to`
    const a = factors[j], b = factors[j + 1], c = factors[j + 2], d = factors[j + 3];
    const p = starts[j], q = starts[j + 1], r = starts[j + 2], s = starts[j + 3];
    for (let k = 0; k < width; k++) {
      to[at + k] += a * matrix[p + k] + b * matrix[q + k] + c * matrix[r + k] + d * matrix[s + k];
    }
  }
  for (; j < count; j++) {
    const a = factors[j], p = starts[j];
    for (let k = 0; k < width; k++) to[at + k] += a * matrix[p + k];
  }
}

/** Write the product of a row and each of the rows at `starts` to the places in `factors`. */
function products(matrix, count, row, at, width, to) {
  let j = 0;
  for (; j + 4 <= count; j += 4) { // four at a time share each reading of the row
    const p = starts[j], q = starts[j + 1], r = starts[j + 2], s = starts[j + 3];
    let a = 0, b = 0, c = 0, d = 0;
    for (let k = 0; k < width; k++) {
      const value = row[at + k];
      a += value * matrix[p + k];
      b += value * matrix[q + k];
      c += value * matrix[r + k];
      d += value * matrix[s + k];
    }
    to[factors[j]] = a;
    to[factors[j + 1]] = b;
    to[factors[j + 2]] = c;
    to[factors[j + 3]] = d;
  }
  for (; j < count; j++) {
    let a = 0;
    for (let k = 0, p = starts[j]; k < width; k++) a += row[at + k] * matrix[p + k];
    to[factors[j]] = a;
  }
}
