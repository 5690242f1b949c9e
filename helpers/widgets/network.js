/**
 * Run a small Keras network forward, in plain JavaScript.
 *
 *     const net = load(spec, weights);  // both from export() in export.py
 *     const xHat = net.run(x);          // Float32Array in, Float32Array out
 *     net.layers[2].output;             // what that layer made of it
 *
 * The words of a spec are Keras' own: {input_shape, dtype, layers: [{type, name, units, ...}]}.
 * Arrays lie as in Keras: an image row by row, a row pixel by pixel, a pixel channel by channel.
 *
 * Nearly all the time goes into one function, `affine`. A convolution gathers each window of its
 * input and multiplies it by the kernel; a transposed one multiplies each pixel and scatters the
 * product over a window. Which pixels those are is listed once, by `windows`.
 */
import { say } from "./words.js";

/**
 * Make a network ready to run.
 *
 * @param {object} spec what export() returned
 * @param {ArrayBuffer|DataView|Uint8Array} weights the bytes that came with it
 * @returns {{inputShape: number[], outputShape: number[], layers: object[], run: function}}
 *   `layers` holds the name, type, shape and output of each, and of layers with windows `pixels`,
 *   the places in their input that each window covers. The outputs belong to the network:
 *   its next run overwrites them, so copy (`slice()`) what must last.
 * @throws {Error} if the spec asks for what is not known here, or the weights do not fit it
 */
export function load(spec, weights) {
  const { values, bytes, itemsize } = decode(weights, spec.dtype);
  let used = 0;
  // Beyond the end this gives too few; once all layers are made, the sum is checked.
  const take = (count) => values.subarray(used, (used += count));

  const input = new Float32Array(product(spec.input_shape));
  const layers = [];
  let last = { shape: spec.input_shape, output: input };
  for (const { type, name, ...options } of spec.layers) {
    const make = known(LAYERS, type, (given) => say("layer {name} is of type {given}; known are {known}",
      { name, ...given }));
    for (const key of ["activation", "recurrent_activation"]) {
      if (key in options) {
        options[key] = known(ACTIVATIONS, options[key], (given) =>
          say("{name} has {key} {given}; known are {known}", { name, key, ...given }));
      }
    }
    last = { name, type, ...make(options, last, take) };
    layers.push(last);
  }
  if (bytes !== used * itemsize) {
    throw new Error(say("{bytes} bytes of weights came; this network has {used} weights, {needed} bytes as {dtype}",
      { bytes, used, needed: used * itemsize, dtype: spec.dtype }));
  }

  /** Return the output for one input (not a batch), in an array of the network's own. */
  function run(x) {
    if (x.length !== input.length) {
      throw new Error(say("{came} values came; this network takes {count} ({shape})",
        { came: x.length, count: input.length, shape: spec.input_shape.join(" x ") }));
    }
    const odd = x.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0) {
      throw new Error(say("value {place} of the input is {value}, no finite number",
        { place: odd, value: x[odd] }));
    }
    input.set(x);
    for (const layer of layers) layer.run();
    return last.output;
  }
  return { inputShape: spec.input_shape, outputShape: last.shape, layers, run };
}

/** What an activation does to an array, in place; only softmax asks how long a row is. */
const ACTIVATIONS = {
  linear() {},
  relu: each((x) => (x > 0 ? x : 0)),
  sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  tanh: each(Math.tanh),
  softmax(y, row) {
    for (let start = 0; start < y.length; start += row) {
      let highest = -Infinity, sum = 0;
      for (let i = start; i < start + row; i++) highest = Math.max(highest, y[i]);
      // Less the highest, or exp would overflow.
      for (let i = start; i < start + row; i++) sum += y[i] = Math.exp(y[i] - highest);
      for (let i = start; i < start + row; i++) y[i] /= sum;
    }
  },
};

/**
 * How each type of layer is made: from its options, the layer before it ({shape, output}) and
 * take(n), which hands out the next n weights. Made are its shape, its output and `run`, which
 * fills the output from that of the layer before.
 */
const LAYERS = {
  Dense({ units, activation }, x, take) {
    const features = x.shape.at(-1);
    const kernel = transpose(take(features * units), features, units);
    const bias = take(units);
    const shape = [...x.shape.slice(0, -1), units];
    const output = new Float32Array(product(shape));
    function run() {
      for (let from = 0, to = 0; to < output.length; from += features, to += units) {
        affine(kernel, x.output, from, features, bias, output, to, units);
      }
      activation(output, units);
    }
    return { shape, output, run };
  },

  Conv2D({ filters, activation, ...geometry }, x, take) {
    const [height, width, channels] = x.shape;
    const { rows, columns, pixels } = windows(height, width, geometry);
    const window = new Float32Array(product(geometry.kernel_size) * channels);
    const kernel = transpose(take(window.length * filters), window.length, filters);
    const bias = take(filters);
    const output = new Float32Array(rows * columns * filters);
    function run() {
      for (let to = 0, i = 0; to < output.length; to += filters) {
        for (let tap = 0; tap < window.length; tap += channels) {
          const from = pixels[i++] * channels;
          for (let c = 0; c < channels; c++) window[tap + c] = from < 0 ? 0 : x.output[from + c];
        }
        affine(kernel, window, 0, window.length, bias, output, to, filters);
      }
      activation(output, filters);
    }
    return { shape: [rows, columns, filters], output, run, pixels };
  },

  Conv2DTranspose({ filters, activation, ...geometry }, x, take) {
    const [rows, columns, channels] = x.shape;
    // The image from which a convolution with these windows would have made the input.
    const [height, width] = [rows, columns].map((count, axis) => {
      const stride = geometry.strides[axis], overlap = geometry.kernel_size[axis] - stride;
      return count * stride + (geometry.padding === "same" ? 0 : Math.max(overlap, 0));
    });
    const { pixels } = windows(height, width, geometry);
    const window = new Float32Array(product(geometry.kernel_size) * filters);
    const kernel = take(window.length * channels); // as Keras keeps it, already transposed
    const bias = take(filters);
    const nothing = new Float32Array(window.length);
    const output = new Float32Array(height * width * filters);
    function run() {
      for (let to = 0; to < output.length; to += filters) output.set(bias, to);
      for (let from = 0, i = 0; from < x.output.length; from += channels) {
        affine(kernel, x.output, from, channels, nothing, window, 0, window.length);
        for (let tap = 0; tap < window.length; tap += filters) {
          const to = pixels[i++] * filters;
          if (to >= 0) for (let f = 0; f < filters; f++) output[to + f] += window[tap + f];
        }
      }
      activation(output, filters);
    }
    return { shape: [height, width, filters], output, run };
  },

  MaxPooling2D({ pool_size, ...options }, x) {
    const geometry = { kernel_size: pool_size, ...options };
    const [height, width, channels] = x.shape;
    const { rows, columns, pixels } = windows(height, width, geometry);
    const taps = product(pool_size);
    const output = new Float32Array(rows * columns * channels);
    function run() {
      output.fill(-Infinity);
      for (let to = 0, i = 0; to < output.length; to += channels) {
        for (let tap = 0; tap < taps; tap++) {
          const from = pixels[i++] * channels;
          if (from < 0) continue;
          for (let c = 0; c < channels; c++) {
            if (x.output[from + c] > output[to + c]) output[to + c] = x.output[from + c];
          }
        }
      }
    }
    return { shape: [rows, columns, channels], output, run, pixels };
  },

  UpSampling2D({ size: [tall, wide] }, x) {
    const [height, width, channels] = x.shape;
    const shape = [height * tall, width * wide, channels];
    const output = new Float32Array(product(shape));
    function run() {
      for (let row = 0, to = 0; row < shape[0]; row++) {
        for (let column = 0; column < shape[1]; column++) {
          const pixel = Math.floor(row / tall) * width + Math.floor(column / wide);
          for (let c = 0; c < channels; c++) output[to++] = x.output[pixel * channels + c];
        }
      }
    }
    return { shape, output, run };
  },

  LSTM({ units, activation, recurrent_activation, return_sequences }, x, take) {
    const [steps, features] = x.shape;
    // Keras' two kernels come one below the other: together they multiply input and state.
    const joint = new Float32Array(features + units);
    const state = joint.subarray(features);
    const kernel = transpose(take(joint.length * 4 * units), joint.length, 4 * units);
    const bias = take(4 * units);
    const gates = new Float32Array(4 * units);
    const [inGate, forgetGate, candidate, outGate] =
      [0, 1, 2, 3].map((i) => gates.subarray(i * units, (i + 1) * units));
    const cell = new Float32Array(units), activated = new Float32Array(units);
    const output = new Float32Array(return_sequences ? steps * units : units);
    function run() {
      state.fill(0);
      cell.fill(0);
      for (let step = 0; step < steps; step++) {
        for (let i = 0; i < features; i++) joint[i] = x.output[step * features + i];
        affine(kernel, joint, 0, joint.length, bias, gates, 0, gates.length);
        recurrent_activation(inGate, units);
        recurrent_activation(forgetGate, units);
        activation(candidate, units);
        recurrent_activation(outGate, units);
        for (let i = 0; i < units; i++) {
          activated[i] = cell[i] = forgetGate[i] * cell[i] + inGate[i] * candidate[i];
        }
        activation(activated, units);
        for (let i = 0; i < units; i++) state[i] = outGate[i] * activated[i];
        output.set(state, return_sequences ? step * units : 0);
      }
    }
    return { shape: return_sequences ? [steps, units] : [units], output, run };
  },

  RepeatVector({ n }, x) {
    const output = new Float32Array(n * x.output.length);
    function run() {
      for (let to = 0; to < output.length; to += x.output.length) output.set(x.output, to);
    }
    return { shape: [n, x.output.length], output, run };
  },

  Activation({ activation }, x) {
    const output = new Float32Array(x.output.length);
    function run() {
      output.set(x.output);
      activation(output, x.shape.at(-1));
    }
    return { shape: x.shape, output, run };
  },

  // The same numbers in the same order: nothing to run.
  Flatten: (_, x) => ({ shape: [x.output.length], output: x.output, run() {} }),

  Reshape({ target_shape }, x) {
    // One side may be -1, for what is left; the product of all is then negative.
    const left = -x.output.length / product(target_shape);
    return { shape: target_shape.map((n) => (n < 0 ? left : n)), output: x.output, run() {} };
  },
};

/**
 * y = W x + b, for `columns` values of x from xAt on and `rows` values of y from yAt on.
 *
 * Four rows at a time, which halves the time: they share each reading of x, and no sum waits for
 * another.
 */
function affine(W, x, xAt, columns, b, y, yAt, rows) {
  let row = 0, w = 0;
  for (; row + 4 <= rows; row += 4, w += 3 * columns) {
    let y0 = b[row], y1 = b[row + 1], y2 = b[row + 2], y3 = b[row + 3];
    for (let i = xAt; i < xAt + columns; i++, w++) {
      const xi = x[i];
      y0 += W[w] * xi;
      y1 += W[w + columns] * xi;
      y2 += W[w + 2 * columns] * xi;
      y3 += W[w + 3 * columns] * xi;
    }
    y[yAt + row] = y0;
    y[yAt + row + 1] = y1;
    y[yAt + row + 2] = y2;
    y[yAt + row + 3] = y3;
  }
  for (; row < rows; row++) {
    let sum = b[row];
    for (let i = xAt; i < xAt + columns; i++, w++) sum += W[w] * x[i];
    y[yAt + row] = sum;
  }
}

/**
 * The windows of an image: how many rows and columns there are of them, and `pixels`, the places
 * of the pixels in each, tap by tap; -1 is outside the image.
 */
export function windows(height, width, { kernel_size, strides, padding, dilation_rate = [1, 1] }) {
  const [ys, xs] = [height, width].map((length, axis) => {
    const taps = kernel_size[axis], stride = strides[axis], dilation = dilation_rate[axis];
    const reach = (taps - 1) * dilation + 1, same = padding === "same";
    const count = Math.floor((length - (same ? 1 : reach)) / stride) + 1;
    const missing = same ? Math.max((count - 1) * stride + reach - length, 0) : 0;
    const before = Math.floor(missing / 2); // of an odd number, Keras adds the larger part after
    const inside = (i) => (i >= 0 && i < length ? i : -1);
    const window = (n) => range(taps).map((tap) => inside(n * stride + tap * dilation - before));
    return range(count).map(window);
  });
  const pixel = (y, x) => (y < 0 || x < 0 ? -1 : y * width + x);
  const pixels = ys.flatMap((rows) => xs.flatMap((columns) =>
    rows.flatMap((y) => columns.map((x) => pixel(y, x)))));
  return { rows: ys.length, columns: xs.length, pixels: Int32Array.from(pixels) };
}

/** Read little-endian numbers, and refuse any that is not finite. */
function decode(weights, dtype) {
  const { itemsize, read } = known(DTYPES, dtype, (given) =>
    say("the weights are of type {given}; known are {known}", given));
  const view = ArrayBuffer.isView(weights)
    ? new DataView(weights.buffer, weights.byteOffset, weights.byteLength)
    : new DataView(weights);
  const values = new Float32Array(Math.floor(view.byteLength / itemsize));
  for (let i = 0; i < values.length; i++) values[i] = read(view, i * itemsize);
  const odd = values.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) {
    throw new Error(say("weight {place} is {value}, no finite number",
      { place: odd, value: values[odd] }));
  }
  return { values, bytes: view.byteLength, itemsize };
}

const DTYPES = {
  float32: { itemsize: 4, read: (view, at) => view.getFloat32(at, true) },
  // By hand: not every browser has Float16Array.
  float16: {
    itemsize: 2,
    read(view, at) {
      const bits = view.getUint16(at, true);
      const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
      if (exponent === 31) return fraction ? NaN : sign * Infinity;
      return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
    },
  },
};

/** A matrix of rows x columns with its axes swapped: `affine` then reads it in one go. */
function transpose(matrix, rows, columns) {
  const swapped = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) swapped[j * rows + i] = matrix[i * columns + j];
  }
  return swapped;
}

/** From a function of one number, one that changes an array in place. */
function each(f) {
  return (y) => {
    for (let i = 0; i < y.length; i++) y[i] = f(y[i]);
  };
}

function known(table, key, words) {
  if (Object.hasOwn(table, key)) return table[key];
  throw new Error(words({ given: key, known: Object.keys(table).join(", ") }));
}

function product(shape) {
  return shape.reduce((total, side) => total * side, 1);
}

function range(count) {
  return [...Array(count).keys()];
}
