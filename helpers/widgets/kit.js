/** What all figures are made of: a place that cannot go blank, pictures, sliders, choices. */
import { learn, say } from "./words.js";

/**
 * Build a figure inside `el`; if that fails, or later an answer to the reader or to Python, say so
 * in words and leave the still picture.
 *
 * @param {{model: object, el: HTMLElement}} widget the widget's model, and where the notebook
 *   wants the figure
 * @param {function(): string} title says what the figure is, for the eye and for the ear; a
 *   function, because only here the figure's translations are taken over
 * @param {function(HTMLElement, object): function | void} build fills the figure; it uses the model
 *   that it is given here, and listens to elements by `h` or `on`. It may return what is to be done
 *   when the figure is taken away.
 * @returns {function} to be called then, which a notebook does
 */
export function mount({ model, el }, title, build) {
  learn(model.get("_words"));
  const label = title();
  const root = h("div", { class: "book-figure", role: "group", "aria-label": label });
  const watched = {
    get: (name) => model.get(name),
    set: (name, value) => model.set(name, value),
    save_changes: () => model.save_changes(),
    on: (events, listener) => model.on(events, () => attempt(root, listener)),
  };
  el.append(root);
  let leave;
  attempt(root, () => {
    leave = build(root, watched);
    // For the ear the group has this name already.
    root.prepend(h("p", { class: "title", "aria-hidden": "true" }, h("b", {}, say("Try it")), label));
    // Or JupyterLab would take the arrow keys, to move among its cells.
    for (const control of root.querySelectorAll("input, button, select, summary, [tabindex]")) {
      control.dataset.lmSuppressShortcuts = "";
    }
    root.dataset.alive = ""; // only now the page's style sheet hides the still picture
  });
  return () => leave?.();
}

/** Do a part of a figure's work; if it fails, put a sentence in place of the figure. */
function attempt(root, work) {
  if ("failed" in root.dataset) return;
  try {
    work();
  } catch (error) {
    console.error(error);
    const values = { error: error.message };
    const words = "alive" in root.dataset
      ? say("This figure has stopped ({error}). The text does not need it. Load the page again, or run the cell again, to start it anew.", values)
      : say("This figure could not start ({error}). The text does not need it.", values);
    delete root.dataset.alive;
    root.dataset.failed = "";
    root.replaceChildren(h("p", { role: "alert", class: "book-figure-error" }, words));
  }
}

/** Listen to an element of a figure, or to one that works for `place` in it. */
export function on(element, name, listener, place = element) {
  element.addEventListener(name, (event) => {
    const root = place.closest(".book-figure");
    if (root) attempt(root, () => listener(event));
    else listener(event);
  });
}

/** Make an element: attributes by name, functions as listeners, then its children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") on(element, name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * A gray picture under its name. Ink is drawn black on nothing, so that the style sheet can
 * turn it round in the dark.
 *
 * @param {string} name
 * @param {number} width, height in pixels of the picture
 * @returns {{element: HTMLElement, canvas: HTMLCanvasElement, show: function}}
 *   show(values): values from 0 (paper) to 1 (ink), row by row
 */
export function picture(name, width = 28, height = 28) {
  const canvas = h("canvas", { width, height, role: "img", "aria-label": name });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  function show(values) {
    for (let i = 0; i < width * height; i++) {
      pixels.data[4 * i + 3] = Math.round(255 * Math.min(Math.max(values[i], 0), 1));
    }
    context.putImageData(pixels, 0, 0);
  }
  const element = h("figure", {}, canvas, h("figcaption", {}, name));
  return { element, canvas, show };
}

/**
 * Bars for the numbers of a code, the longest as tall as the field.
 *
 * @returns {{element: HTMLElement, show: function}} show(values): numbers of any size
 */
export function bars(name, width = 160, height = 80) {
  const canvas = h("canvas", { width, height, role: "img", "aria-label": name, class: "bars" });
  const context = canvas.getContext("2d");
  function show(values) {
    const longest = Math.max(...values.map(Math.abs), 1e-9);
    const lowest = Math.min(...values, 0) / longest; // where a sign is possible, 0 is in the middle
    const zero = lowest < 0 ? height / 2 : height, unit = lowest < 0 ? height / 2 : height;
    const step = width / values.length;
    context.clearRect(0, 0, width, height);
    values.forEach((value, i) => {
      const tall = (value / longest) * unit;
      context.fillRect(i * step + step * 0.1, zero - tall, step * 0.8, tall);
    });
    context.fillRect(0, Math.min(zero, height - 1), width, 1);
  }
  const element = h("figure", {}, canvas, h("figcaption", {}, name));
  return { element, show };
}

/**
 * A slider over a list of values, which says in words where it stands.
 *
 * @param {{label: string, values: any[], value: any, words: function, input: function}} options
 *   words(value): what to read out; input(value): called when the reader moves it
 * @returns {{element: HTMLElement, set: function}} set(value) moves it without calling `input`
 */
export function slider({ label, values, value, words, input }) {
  const said = h("output", {});
  const range = h("input", { type: "range", min: 0, max: values.length - 1, step: 1,
    input: () => { tell(); input(values[range.value]); } });
  function tell() {
    said.textContent = words(values[range.value]);
    range.setAttribute("aria-valuetext", said.textContent);
  }
  function set(value) {
    const place = values.indexOf(value);
    if (place < 0) {
      throw new Error(say("{label} is {value}; there are {values}",
        { label, value, values: values.join(", ") }));
    }
    range.value = place;
    tell();
  }
  set(value);
  const element = h("label", { class: "slider" }, h("span", {}, label), range, said);
  return { element, set };
}

/**
 * Pictures of which one is chosen: arrow keys move, as in any group of radio buttons.
 *
 * @param {{label: string, images: Float32Array[], value: number, input: function}} options
 *   value: the place of the image that is chosen at first; input(place): called on a choice;
 *   width, height: of the images, in pixels
 * @returns {{element: HTMLElement, set: function, show: function}}
 *   set(place), -1 for none of them; show(images) puts others in their places
 */
export function choices({ label, images, value, input, width = 28, height = 28 }) {
  const group = `choice-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const buttons = images.map((image, place) => {
    const button = h("input", { type: "radio", name: group, input: () => input(place) });
    const { canvas, show } = picture(say("{label} {number}", { label, number: place + 1 }), width, height);
    show(image);
    return { button, show, element: h("label", {}, button, canvas) };
  });
  function set(place) {
    buttons.forEach(({ button }, i) => { button.checked = i === place; });
  }
  const show = (others) => buttons.forEach((button, i) => button.show(others[i]));
  set(value);
  const elements = buttons.map((button) => button.element);
  const element = h("fieldset", { class: "choices" }, h("legend", {}, label), ...elements);
  return { element, set, show };
}

/**
 * Pictures that are switched on and off one by one, as check boxes are.
 *
 * @param {{label: string, count: number, input: function}} options
 *   count: how many at most; input(): called when one was switched
 * @returns {{element: HTMLElement, show: function, set: function, get: function}}
 *   show(images, names): what the first of them show and are called, the rest are hidden;
 *   set(booleans), get(): which are on
 */
export function toggles({ label, count, input }) {
  const all = Array.from({ length: count }, () => {
    const box = h("input", { type: "checkbox", checked: true, input: () => input() });
    const { canvas, show } = picture("");
    canvas.setAttribute("aria-hidden", "true"); // the box has the name
    return { box, canvas, show, element: h("label", {}, box, canvas) };
  });
  function show(images, names) {
    all.forEach((one, i) => {
      one.element.hidden = i >= images.length;
      if (one.element.hidden) return;
      one.show(images[i]);
      one.box.setAttribute("aria-label", names[i]);
      one.element.title = names[i];
    });
  }
  const set = (on) => on.forEach((value, i) => { all[i].box.checked = value; });
  const get = () => all.map(({ box }) => box.checked);
  const element = h("fieldset", { class: "choices toggles" }, h("legend", {}, label),
    ...all.map((one) => one.element));
  return { element, show, set, get };
}

/**
 * Words of which one is chosen, or none.
 *
 * @param {{label: string, values: string[], words: function, input: function}} options
 *   words(value): what its button says; input(value): called when the reader presses it
 * @returns {{element: HTMLElement, set: function}} set(value) shows which one is chosen
 */
export function oneOf({ label, values, words, input }) {
  const all = values.map((value) =>
    h("button", { type: "button", click: () => input(value) }, words(value)));
  const set = (chosen) => all.forEach((button, i) =>
    button.setAttribute("aria-pressed", values[i] === chosen));
  const element = h("div", { class: "one-of", role: "group", "aria-label": label },
    h("span", { "aria-hidden": "true" }, label), ...all);
  return { element, set };
}

/** A line of text that is read out when it changes. */
export function status() {
  return h("p", { class: "status", role: "status" });
}

/** Mean squared error of two arrays of equal length. */
export function meanSquaredError(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] - y[i]) ** 2;
  return sum / x.length;
}

/** The numbers in bytes that came from Python: `kind` is Uint8Array, Float32Array, ... */
export function numbers(bytes, kind) {
  if (!bytes) throw new Error(say("a part of its numbers is missing"));
  const { buffer, byteOffset, byteLength } = bytes;
  return new kind(buffer.slice(byteOffset, byteOffset + byteLength)); // a copy, or it might not be aligned
}

/** An array cut into rows of this length. */
export function rows(values, length) {
  if (values.length % length) {
    throw new Error(say("{count} numbers came, which are no rows of {length}",
      { count: values.length, length }));
  }
  return Array.from({ length: values.length / length }, (_, i) =>
    values.slice(i * length, (i + 1) * length));
}

/** The images in bytes of gray (0 paper, 255 ink), `size` pixels each, as numbers from 0 to 1. */
export function images(bytes, size = 784) {
  return rows(Float32Array.from(numbers(bytes, Uint8Array), (value) => value / 255), size);
}

/**
 * The networks that a figure brought along, ready to run, by name.
 *
 * @param {object} model the widget's model, made by ReactiveFigure in figure.py
 * @param {function} load network.js's
 * @returns {Map<string, object>}
 */
export function networks(model, load) {
  const weights = numbers(model.get("_weights"), Uint8Array), all = model.get("_networks");
  if (!all) throw new Error(say("its networks are missing"));
  return new Map(all.map(({ name, spec, start, stop }) =>
    [name, load(spec, weights.subarray(start, stop))]));
}
