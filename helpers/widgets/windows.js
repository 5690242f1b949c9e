/** "Following shapes through layers": the shapes after a stack of layers, and the pixels that each output sees. */
import { windows } from "./network.js";
import { h, mount, on, oneOf, slider, status } from "./kit.js";
import { named, say } from "./words.js";

const INPUTS = Array.from({ length: 36 }, (_, i) => 5 + i);
const MOST_LAYERS = 6;
const SQUARE = 14; // pixels of the canvas for one number of a map

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("The receptive field of a stack of layers"), (root, model) => {
      const offered = model.get("_offered"), stacks = model.get("_stacks");
      const starts = oneOf({
        label: say("Stack"), values: stacks.map(([name]) => name), words: named,
        input: (chosen) => model.set("layers", stacks.find(([name]) => name === chosen)[1]),
      });
      const side = slider({
        label: say("Input"), values: INPUTS, value: model.get("side"), words: (n) => `${n} x ${n}`,
        input: (value) => model.set("side", value),
      });
      const rows = Array.from({ length: MOST_LAYERS }, (_, i) => {
        const menus = offered.map(([setting, values]) => menu(
          say("{setting} of layer {number}", { setting: named(setting), number: i + 1 }), values,
          (value) => model.set("layers", model.get("layers").map((layer, place) =>
            (place === i ? { ...layer, [setting]: value } : layer)))));
        const result = h("span", { class: "result" });
        return { menus, result, element: h("div", { class: "layer" }, h("span", {}, `${i + 1}`),
          ...menus.map((one) => one.element), result) };
      });
      const heading = h("div", { class: "layer heading", "aria-hidden": "true" },
        ...["", ...offered.map(([setting]) => named(setting))].map((name) => h("span", {}, name)));
      const input = squares(), output = squares(), said = status();
      root.append(
        starts.element,
        side.element,
        h("div", { class: "layers" }, heading, ...rows.map((row) => row.element)),
        h("div", { class: "pictures maps" }, input.element, output.element),
        said,
      );
      let found; // by follow()

      function show() {
        const layers = model.get("layers");
        found = follow(layers, model.get("side"));
        side.set(model.get("side"));
        starts.set(stacks.find(([, stack]) => stack.length === layers.length &&
          layers.every((layer, i) =>
            offered.every(([setting]) => layer[setting] === stack[i][setting])))?.[0]);
        rows.forEach(({ element, menus, result }, i) => {
          element.hidden = i >= layers.length;
          if (element.hidden) return;
          offered.forEach(([setting], j) => menus[j].set(layers[i][setting]));
          result.textContent = found.formulas[i] ?? "";
        });
        look();
      }

      /** Mark what the chosen output sees: the darker, the more ways lead from it to the pixel. */
      function look() {
        const { sides, axes, field, jump, problem } = found;
        const count = problem ? 0 : sides.at(-1);
        const at = model.get("output").map((place) => Math.min(place, count - 1));
        const line = (value) => new Array(problem ? sides[0] : count).fill(value);
        const ways = (outputs) => (problem ? outputs : back(axes, outputs));
        const [ys, xs] = at.map((place) => ways(line(0).map((_, i) => Number(i === place))));
        const any = ways(line(1));
        const most = Math.max(...ys) * Math.max(...xs);
        input.show(say("input {side} x {side}", { side: sides[0] }), sides[0],
          (y, x) => ys[y] * xs[x] && 0.4 + (0.6 * ys[y] * xs[x]) / most,
          (y, x) => !any[y] || !any[x]);
        output.show(outputTitle(count), count,
          (y, x) => Number(y === at[0] && x === at[1]), () => false);
        const [seenRows, seenColumns] = [ys, xs].map((seen) => [...seen.keys()].filter((i) => seen[i]));
        const missed = any.filter((value) => !value).length;
        said.textContent = problem || [
          inWords(at, seenRows, seenColumns),
          say("Its receptive field is {field} x {field}; that of the next output lies {jump} farther on.",
            { field, jump }),
          ...(missed ? [say("Hollow: {missed} of {all} rows, and as many columns, are seen by no output.",
            { missed, all: sides[0] })] : []),
        ].join(" ");
        const seen = problem ? 0 : seenRows.length * seenColumns.length;
        const told = { sides, field: problem ? 0 : field, jump: problem ? 0 : jump, seen };
        for (const [name, value] of Object.entries(told)) model.set(name, value);
        model.save_changes(); // to Python, if there is a kernel
      }

      choosable(output.canvas, () => (found.problem ? 0 : found.sides.at(-1)),
        () => model.get("output"), (place) => model.set("output", place));
      model.on("change:layers change:side", show);
      model.on("change:output", look);
      show();
    });
  },
};

/** Go through the layers: sides, windows along one axis, formulas; and what is impossible. */
function follow(layers, input) {
  const sides = [input], axes = [], formulas = [];
  let field = 1, jump = 1, problem = "";
  for (const [i, { kernel, stride, dilation, padding }] of layers.entries()) {
    const n = sides.at(-1), reach = (kernel - 1) * dilation + 1, same = padding === "same";
    if (stride > 1 && dilation > 1) {
      problem = say("Layer {number} is impossible: Keras takes a stride or a dilation above 1, not both.",
        { number: i + 1 });
    } else if (!same && reach > n) {
      problem = say("Layer {number} is impossible: its kernel reaches over {reach} pixels, and its input has only {n}. Padding \"same\" would help.",
        { number: i + 1, reach, n });
    }
    if (problem) {
      formulas.push(say("impossible"));
      break;
    }
    const { columns, pixels } = windows(1, n, { kernel_size: [1, kernel], strides: [1, stride],
      dilation_rate: [1, dilation], padding });
    axes.push({ n, kernel, pixels });
    sides.push(columns);
    field += (reach - 1) * jump;
    jump *= stride;
    const formula = same ? `⌈${n} / ${stride}⌉`
      : `⌊(${n} − ${dilation} · ${kernel - 1} − 1) / ${stride}⌋ + 1`;
    formulas.push(say("{formula} = {columns}; field {field}, jump {jump}",
      { formula, columns, field, jump }));
  }
  return { sides, axes, formulas, field, jump, problem };
}

/** From weights of the outputs along one axis, back to the input: in how many ways each is seen. */
function back(axes, weights) {
  return axes.reduceRight((after, { n, kernel, pixels }) => {
    const before = new Array(n).fill(0);
    pixels.forEach((place, i) => { if (place >= 0) before[place] += after[Math.floor(i / kernel)]; });
    return before;
  }, weights);
}

function outputTitle(side) {
  if (!side) return say("no output");
  return side > 1 ? say("output {side} x {side}: choose one", { side })
    : say("output {side} x {side}", { side });
}

/** Which pixels an output sees. */
function inWords([row, column], rows, columns) {
  const count = rows.length * columns.length;
  if (!count) return say("The output in row {row}, column {column} sees no pixel, only padding.", { row, column });
  const [tall, wide] = [rows, columns].map((line) => line.at(-1) - line[0] + 1);
  const values = { row, column, count, top: rows[0], bottom: rows.at(-1), left: columns[0],
    right: columns.at(-1) };
  if (count === 1) {
    return say("The output in row {row}, column {column} sees 1 pixel, in rows {top} to {bottom}, columns {left} to {right}.", values);
  }
  return tall * wide > count
    ? say("The output in row {row}, column {column} sees {count} pixels, with gaps, in rows {top} to {bottom}, columns {left} to {right}.", values)
    : say("The output in row {row}, column {column} sees {count} pixels, in rows {top} to {bottom}, columns {left} to {right}.", values);
}

/** A square map under its name, number by number. */
function squares() {
  const canvas = h("canvas", { role: "img" }), caption = h("figcaption", {});
  const element = h("figure", {}, canvas, caption);
  function show(title, count, shade, hollow) {
    canvas.width = canvas.height = SQUARE * Math.max(count, 1); // which also clears it
    canvas.style.maxWidth = `${Math.max(24 * count, 48)}px`;
    caption.textContent = title;
    // That of a map to choose from says how, always.
    if (canvas.getAttribute("role") === "img") canvas.setAttribute("aria-label", title);
    const context = canvas.getContext("2d");
    for (let y = 0; y < count; y++) {
      for (let x = 0; x < count; x++) {
        context.globalAlpha = hollow(y, x) ? 0.45 : shade(y, x) || 0.1;
        if (hollow(y, x)) context.strokeRect(x * SQUARE + 3, y * SQUARE + 3, SQUARE - 6, SQUARE - 6);
        else context.fillRect(x * SQUARE + 1, y * SQUARE + 1, SQUARE - 2, SQUARE - 2);
      }
    }
  }
  return { element, canvas, show };
}

/** Let mouse, finger and arrow keys choose one number of a map. */
function choosable(canvas, count, get, set) {
  for (const [name, value] of Object.entries({ tabindex: 0, role: "application",
    "aria-label": say("Output. Arrow keys choose one of its numbers.") })) canvas.setAttribute(name, value);
  const move = (place) => {
    const inside = place.map((value) => Math.min(Math.max(value, 0), count() - 1));
    if (count() && inside.some((value, axis) => value !== get()[axis])) set(inside);
  };
  const point = ({ clientX, clientY }) => {
    const { left, top, width } = canvas.getBoundingClientRect();
    move([clientY - top, clientX - left].map((away) => Math.floor((away / width) * count())));
  };
  on(canvas, "pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    point(event);
  });
  on(canvas, "pointermove", point);
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  on(canvas, "keydown", (event) => {
    if (!(event.key in steps)) return;
    move(get().map((value, axis) => Math.min(value, count() - 1) + steps[event.key][axis]));
    event.preventDefault(); // or the page would scroll
    event.stopPropagation(); // or a notebook would take it for a command
  });
}

/** A menu of values. */
function menu(label, values, input) {
  const change = () => input(values[element.selectedIndex]);
  const element = h("select", { "aria-label": label, change },
    ...values.map((value) => h("option", {}, String(value))));
  return { element, set: (value) => { element.selectedIndex = values.indexOf(value); } };
}
