/** Where a digit comes from: chosen from examples, or drawn on a pad and prepared like MNIST's. */
import { choices, h, images, on } from "./kit.js";
import { say } from "./words.js";

const SIDE = 280; // pixels of the pad; MNIST's 28, ten times
const PEN = 24; // as wide as MNIST's strokes, which are two to three pixels of 28

/**
 * Let the reader choose one of the model's examples, or draw.
 *
 * @param {object} model with `_examples` and `digit`, as DigitFigure in figure.py makes it
 * @param {function} change called when there is another digit
 * @param {string} label
 * @returns {{element: HTMLElement, get: function}} get(): the digit, a Float32Array of 28 x 28
 */
export function digitInput(model, change, label = say("Digit")) {
  const examples = images(model.get("_examples"));
  let drawing = new Float32Array(784);
  const digits = choices({
    label, images: examples, value: model.get("digit"),
    input: (place) => model.set("digit", place),
  });
  const sheet = pad({
    input(image) {
      drawing = image ?? new Float32Array(784);
      if (model.get("digit") < 0) change();
      else model.set("digit", -1);
    },
  });
  model.on("change:digit", () => {
    digits.set(model.get("digit"));
    change();
  });
  const drawn = h("details", {}, h("summary", {}, say("Or draw one")), sheet.element);
  const get = () => (model.get("digit") < 0 ? drawing : examples[model.get("digit")]);
  return { element: h("div", { class: "digits" }, digits.element, drawn), get };
}

/**
 * A drawing pad for mouse, finger, pen and keyboard.
 *
 * @param {{input: function}} options input(image): called while the reader draws, with the drawing
 *   as a Float32Array of 28 x 28, 0 paper to 1 ink, prepared like MNIST's; null once it is empty
 * @returns {{element: HTMLElement, clear: function}} clear() empties it without calling `input`
 */
export function pad({ input }) {
  const canvas = h("canvas", { width: SIDE, height: SIDE, tabindex: 0, role: "application",
    "aria-label": say("Drawing pad. Arrow keys move the pen, space puts it down or lifts it, delete clears.") });
  const pen = h("span", { class: "pen", "aria-hidden": "true" });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let at = null; // where the pen is while it is down
  let keys = { x: SIDE / 2, y: SIDE / 2, down: false };

  function line(x, y) {
    Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(at?.x ?? x, at?.y ?? y);
    context.lineTo(x + 0.01, y); // a line without length would leave no dot
    context.stroke();
    at = { x, y };
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    input(centre(Float32Array.from({ length: SIDE * SIDE }, (_, i) => data[4 * i + 3] / 255), SIDE));
  }
  function clear() {
    context.clearRect(0, 0, SIDE, SIDE);
    at = null;
    keys = { x: SIDE / 2, y: SIDE / 2, down: false };
    showPen();
  }
  function showPen() {
    pen.style.left = `${(100 * keys.x) / SIDE}%`;
    pen.style.top = `${(100 * keys.y) / SIDE}%`;
    pen.classList.toggle("down", keys.down);
  }
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * SIDE) / box.width,
      ((event.clientY - box.top) * SIDE) / box.height];
  };
  on(canvas, "pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    at = null;
    line(...place(event));
  });
  on(canvas, "pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) line(...place(event));
  });
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  on(canvas, "keydown", (event) => {
    if (event.key in steps) {
      const [dx, dy] = steps[event.key];
      const inside = (value) => Math.min(Math.max(value, 0), SIDE);
      Object.assign(keys, { x: inside(keys.x + 10 * dx), y: inside(keys.y + 10 * dy) });
      if (keys.down) line(keys.x, keys.y);
    } else if (event.key === " ") {
      keys.down = !keys.down;
      at = null;
      if (keys.down) line(keys.x, keys.y);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      clear();
      input(null);
    } else return;
    event.preventDefault(); // or the page would scroll
    event.stopPropagation(); // or a notebook would take it for a command
    showPen();
  });
  showPen();
  const button = h("button", { type: "button", click: () => { clear(); input(null); } }, say("Clear"));
  const element = h("div", { class: "pad" }, h("div", { class: "sheet" }, canvas, pen), button);
  return { element, clear };
}

/**
 * Prepare a drawing as MNIST's digits were: scaled into a box of 20 x 20 pixels, its centre of
 * mass in the pixel (14, 14) of 28 x 28, counted from 0. (That pixel's middle is at 14.5.)
 *
 * @param {Float32Array} ink side x side values, 0 paper to 1 ink
 * @param {number} side
 * @returns {Float32Array|null} 28 x 28 values; null for an empty sheet
 */
export function centre(ink, side) {
  let top = side, left = side, bottom = -1, right = -1;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (ink[y * side + x] <= 0) continue;
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
  }
  if (bottom < 0) return null;

  // The centre of mass, in pixels of the sheet; a pixel's middle is half a pixel in.
  let mass = 0, massX = 0, massY = 0;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const value = ink[y * side + x];
      mass += value;
      massX += value * (x + 0.5);
      massY += value * (y + 0.5);
    }
  }
  const scale = Math.max(bottom - top + 1, right - left + 1) / 20; // sheet pixels to one of ours
  const firstX = massX / mass - 14.5 * scale, firstY = massY / mass - 14.5 * scale;

  // Each of our pixels is the mean of the part of the sheet that it covers.
  const image = new Float32Array(28 * 28);
  for (let row = 0; row < 28; row++) {
    for (let column = 0; column < 28; column++) {
      image[row * 28 + column] = mean(firstX + column * scale, firstY + row * scale);
    }
  }
  return image;

  function mean(x0, y0) {
    let sum = 0;
    for (let y = Math.max(Math.floor(y0), 0); y < Math.min(y0 + scale, side); y++) {
      const tall = Math.min(y + 1, y0 + scale) - Math.max(y, y0);
      for (let x = Math.max(Math.floor(x0), 0); x < Math.min(x0 + scale, side); x++) {
        sum += ink[y * side + x] * tall * (Math.min(x + 1, x0 + scale) - Math.max(x, x0));
      }
    }
    return sum / scale ** 2;
  }
}
