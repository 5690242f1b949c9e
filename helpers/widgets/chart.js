/** Charts with axes, drawn as SVG: sharp at any size, and their words are text. */
import { h, on } from "./kit.js";
import { say } from "./words.js";

/** Okabe and Ito's colours, as in plots.py; each has a dash of its own, for readers of any vision. */
export const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"];
const DASHES = ["none", "7 3", "2 3", "9 3 2 3", "none"];
/** Paul Tol's ten for the ten digits, as in plots.py. */
const DIGIT_COLORS = ["#332288", "#CC6677", "#117733", "#DDCC77", "#88CCEE", "#882255",
  "#44AA99", "#999933", "#AA4499", "#777777"];

/**
 * A chart, drawn for white paper; in the dark the style sheet turns it round, as all the book's.
 *
 * @param {{name: string, x: object, y: object, width: number, height: number,
 *   backdrop: function, pick: object}} options
 *   x, y: {label, range: [low, high], ticks: numbers to write at the axis, log: true for a
 *   logarithmic axis, words(tick): how to write them; String by default};
 *   backdrop(context, toX, toY): paints what never changes, perhaps thousands of points, with a
 *   canvas' 2D context; toX and toY turn values into its pixels;
 *   pick: lets the reader move a point by mouse, finger or arrow keys: {label: what it is, for the
 *   ear, value: [x, y], step: [x, y] of an arrow key, or a function of its direction, such as
 *   [-1, 0], that returns where it leads, hover: true if the mouse need not be pressed,
 *   input(x, y): called at each move}
 * @returns {{element: HTMLElement, show: function, set: function}}
 *   show(marks) replaces all marks: an array of
 *     {line: [[x, y], ...]}, {points: [[x, y], ...], size: their radius, 3.5 by default},
 *     {bars: {edges, heights}},
 *     {rule: x} or {level: y} for a line across, {ellipse: [x, y, radiusX, radiusY]},
 *     each with `color`, a place in COLORS, and `name`, if it has one, for the legend;
 *   set([x, y]) moves the reader's point without calling `input`
 */
export function chart({ name, x, y, width = 340, height = 220, backdrop, pick }) {
  const frame = { left: 46, right: width - 8, top: 8, bottom: height - 38 };
  const toX = scale(x, frame.left, frame.right), toY = scale(y, frame.bottom, frame.top);
  const clip = `clip-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const marks = svg("g", { "clip-path": `url(#${clip})` });
  const point = svg("g", { class: "picked" });
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": name,
    style: `--width: ${width}` }, svg("clipPath", { id: clip }, svg("rect", { x: frame.left, y: frame.top,
      width: frame.right - frame.left, height: frame.bottom - frame.top })),
    ...axes(x, y, toX, toY, frame), marks, point);
  const legend = h("ul", { class: "legend" });
  const field = h("div", { class: "field" });
  if (backdrop) field.append(painted(backdrop, width, height, frame, toX, toY));
  field.append(drawing);
  const element = h("div", { class: "chart" }, field, legend);

  function show(list) {
    marks.replaceChildren(...list.map((mark) => drawn(mark, toX, toY, frame)));
    legend.replaceChildren(...list.filter((mark) => mark.name).map((mark) =>
      h("li", {}, sample(mark), mark.name)));
  }

  let at = pick?.value;
  function set(value) {
    at = value.map((v, axis) => Math.min(Math.max(v, [x, y][axis].range[0]), [x, y][axis].range[1]));
    const place = { cx: toX(at[0]), cy: toY(at[1]) };
    point.replaceChildren(svg("circle", { ...place, r: 9 }), svg("circle", { ...place, r: 2 }));
  }
  if (pick) {
    listen(field, drawing, { ...pick, get: () => at, x, y, frame, width, height, move(value) {
      set(value);
      pick.input(...at);
    } });
    set(at);
  }
  return { element, show, set };
}

/** Let mouse, finger and arrow keys move the reader's point. */
function listen(field, drawing, { label, step, hover, get, move, x, y, frame, width, height }) {
  for (const [name, value] of Object.entries({ tabindex: 0, role: "application",
    "aria-label": say("{label}. Arrow keys move the point.", { label }) })) field.setAttribute(name, value);
  field.classList.add("pick");
  const fromX = scale(x, frame.left, frame.right).back;
  const fromY = scale(y, frame.bottom, frame.top).back;
  const place = (event) => {
    const box = drawing.getBoundingClientRect();
    move([fromX(((event.clientX - box.left) * width) / box.width),
      fromY(((event.clientY - box.top) * height) / box.height)]);
  };
  on(field, "pointerdown", (event) => {
    field.setPointerCapture(event.pointerId);
    place(event);
  });
  on(field, "pointermove", (event) => {
    if (hover || field.hasPointerCapture(event.pointerId)) place(event);
  });
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  on(field, "keydown", (event) => {
    if (!(event.key in steps)) return;
    const direction = steps[event.key];
    move(typeof step === "function" ? step(direction)
      : get().map((value, axis) => value + step[axis] * direction[axis]));
    event.preventDefault(); // or the page would scroll
    event.stopPropagation(); // or a notebook would take it for a command
  });
}

/** From values to pixels, and `back`. */
function scale({ range, log }, start, end) {
  const [f, inverse] = log ? [Math.log, Math.exp] : [(v) => v, (v) => v];
  const low = f(range[0]), high = f(range[1]);
  const to = (value) => start + ((f(value) - low) / (high - low)) * (end - start);
  to.back = (pixel) => inverse(low + ((pixel - start) / (end - start)) * (high - low));
  return to;
}

function axes(x, y, toX, toY, { left, right, top, bottom }) {
  const word = ({ words = String }, tick) => words(tick);
  return [
    svg("path", { class: "axes", d: `M${left},${top}V${bottom}H${right}` }),
    ...(x.ticks ?? x.range).map((tick) => svg("text", { x: toX(tick), y: bottom + 14,
      "text-anchor": "middle" }, word(x, tick))),
    ...(y.ticks ?? y.range).map((tick) => svg("text", { x: left - 4, y: toY(tick) + 4,
      "text-anchor": "end" }, word(y, tick))),
    svg("text", { x: (left + right) / 2, y: bottom + 31, "text-anchor": "middle" }, x.label),
    svg("text", { transform: `translate(11 ${(top + bottom) / 2}) rotate(-90)`,
      "text-anchor": "middle" }, y.label),
  ];
}

function drawn({ color = 0, ...mark }, toX, toY, { left, right, top, bottom }) {
  const look = { stroke: COLORS[color], "stroke-dasharray": DASHES[color] };
  if (mark.line) {
    const finite = mark.line.map(([a, b]) => (Number.isFinite(b) ? [toX(a), toY(b)] : null));
    const d = finite.map((p, i) => p && `${finite[i - 1] ? "L" : "M"}${p}`).filter(Boolean).join("");
    return svg("path", { class: "line", d, ...look });
  }
  if (mark.points) {
    return svg("g", { fill: COLORS[color] }, ...mark.points.map(([a, b]) =>
      svg("circle", { cx: toX(a), cy: toY(b), r: mark.size ?? 3.5 })));
  }
  if (mark.bars) {
    const { edges, heights } = mark.bars;
    return svg("g", { class: "bar", fill: COLORS[color] }, ...heights.map((tall, i) =>
      svg("rect", { x: toX(edges[i]), width: Math.max(toX(edges[i + 1]) - toX(edges[i]) - 0.5, 0.5),
        y: toY(tall), height: Math.max(bottom - toY(tall), 0) })));
  }
  if ("rule" in mark) return svg("path", { class: "line", d: `M${toX(mark.rule)},${top}V${bottom}`, ...look });
  if ("level" in mark) return svg("path", { class: "line", d: `M${left},${toY(mark.level)}H${right}`, ...look });
  if (mark.ellipse) {
    const [cx, cy, rx, ry] = mark.ellipse;
    return svg("ellipse", { class: "line", cx: toX(cx), cy: toY(cy), rx: Math.abs(toX(cx + rx) - toX(cx)),
      ry: Math.abs(toY(cy + ry) - toY(cy)), ...look });
  }
  throw new Error(say("a mark has {given}; known are line, points, bars, rule, level, ellipse",
    { given: Object.keys(mark).join(", ") }));
}

/**
 * Paint digits as dots in their colours, and amid each kind its name.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number[][]} places [x, y] of each dot, in pixels of the context
 * @param {number[]} labels which digit each of them is
 */
export function digitDots(context, places, labels) {
  context.globalAlpha = 0.6;
  places.forEach(([x, y], i) => {
    context.fillStyle = DIGIT_COLORS[labels[i]];
    context.beginPath();
    context.arc(x, y, 1.8, 0, 7);
    context.fill();
  });
  Object.assign(context, { globalAlpha: 1, font: "bold 13px sans-serif", lineWidth: 1.5,
    textAlign: "center", textBaseline: "middle" });
  DIGIT_COLORS.forEach((color, label) => {
    const own = places.filter((_, i) => labels[i] === label);
    if (!own.length) return;
    // The digit that is nearest to its kind; logarithms, so that it is amid one of two islands.
    const sums = own.map(([a, b]) =>
      own.reduce((sum, [c, d]) => sum + Math.log1p(Math.hypot(c - a, d - b)), 0));
    const [x, y] = own[sums.indexOf(Math.min(...sums))];
    context.beginPath();
    context.arc(x, y, 8, 0, 7);
    Object.assign(context, { fillStyle: "white", strokeStyle: color });
    context.fill();
    context.stroke();
    context.fillStyle = "black";
    context.fillText(label, x, y + 0.5);
  });
}

/** What stands for a mark in the legend, or in a figure's own. */
export function sample({ color = 0, ...mark }) {
  const filled = mark.points || mark.bars;
  const shape = filled
    ? svg(mark.points ? "circle" : "rect", mark.points ? { cx: 12, cy: 6, r: 4, fill: COLORS[color] }
      : { x: 4, y: 1, width: 16, height: 10, fill: COLORS[color] })
    : svg("path", { class: "line", d: "M0,6H24", stroke: COLORS[color],
      "stroke-dasharray": DASHES[color] });
  return svg("svg", { viewBox: "0 0 24 12", width: 24, height: 12, "aria-hidden": "true" }, shape);
}

/** The backdrop, on a canvas of twice the pixels, for sharp screens. */
function painted(backdrop, width, height, { left, right, top, bottom }, toX, toY) {
  const canvas = h("canvas", { class: "coloured", width: 2 * width, height: 2 * height,
    "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  context.scale(2, 2);
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  backdrop(context, toX, toY);
  return canvas;
}

/** Make an SVG element, as `h` makes one of HTML. */
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
