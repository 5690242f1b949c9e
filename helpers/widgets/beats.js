/** "Sequences" and "Anomalies": a heartbeat, what comes back of it, its error and a threshold. */
import { load } from "./network.js";
import { choices, h, meanSquaredError, mount, networks, numbers, oneOf, rows, status } from "./kit.js";
import { chart } from "./chart.js";
import { named, say } from "./words.js";

const REACH = 2; // steps: so far a stroke moves its neighbours with it

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("A heartbeat, its reconstruction and its error"), (root, model) => {
      const nets = networks(model, load), names = model.get("_names");
      const steps = nets.get(names[0]).inputShape[0];
      const [mean, std] = model.get("_scale"), [start, stop] = model.get("_milliseconds");
      const examples = rows(Array.from(numbers(model.get("_examples"), Float32Array)), steps);
      const kinds = model.get("_kinds");
      const volts = examples.flat();
      const half = (value, round) => round(2 * value) / 2; // with room to draw below and above
      const range = [half(Math.min(...volts) - 0.5, Math.floor), half(Math.max(...volts), Math.ceil)];
      const length = (stop - start) / (steps - 1), time = (step) => start + step * length;

      let signal = model.get("beat") < 0 ? model.get("signal") : examples[model.get("beat")];
      let chosen = Math.max(model.get("beat"), 0); // where the button leads back to
      let event = {}; // the one that moves the point
      let stroke = new Map(), before = signal; // what is drawn at which step, and over what
      let step = Math.round(-start / length); // the point; at first the peak

      const beats = choices({
        label: say("Beat"), images: examples.map((curve) => thumbnail(curve, range)), ...SIZE,
        value: model.get("beat"), input: take,
      });
      beats.element.classList.add("curves");
      const curve = chart({
        name: say("The beat and its reconstruction"), height: 230,
        x: { label: say("time from the peak (ms)"), range: [start, stop],
          ticks: every(100, [start, stop]) },
        y: { label: say("voltage (mV)"), range, ticks: every(1, range) },
        pick: {
          label: say("The beat, to be drawn by hand. Left and right choose a time, up and down change the voltage there"),
          value: [time(step), signal[step]], step: [length, 0.1], input: draw,
        },
      });
      for (const type of ["keydown", "pointerdown", "pointermove"]) {
        curve.element.addEventListener(type, (now) => { event = now; }, true); // before the chart
      }
      const back = h("button", { type: "button", click: () => take(chosen) });
      const bars = model.get("_histogram"), alarm = bars.edges ? alarmChart(bars) : null;
      const which = oneOf({ label: say("Network"), values: names, words: named, input: (name) => {
        event = {};
        model.set("network", name);
      } });
      const said = status();
      root.append(
        beats.element,
        ...(names.length > 1 ? [which.element] : []),
        h("div", { class: "hint" }, say("Drag the curve to change it."), back),
        curve.element,
        said,
        ...(alarm ? [alarm.element] : []),
      );

      function take(place) {
        event = {};
        model.set("beat", place);
      }

      /** The reader moved the point: along the beat by a key, or drawing. */
      function draw(milliseconds, volt) {
        const to = Math.round((milliseconds - start) / length);
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
          step = to;
          show();
          return;
        }
        if (event.type !== "pointermove") { // a key or a press begins a stroke, a drag goes on
          before = signal;
          stroke = new Map();
          step = to;
        }
        // A quick hand jumps over steps: they get what lies on the straight line.
        const from = step, height = stroke.get(from) ?? volt, gap = Math.abs(to - from);
        for (let i = 1; i <= gap; i++) {
          stroke.set(from + Math.sign(to - from) * i, height + (i / gap) * (volt - height));
        }
        stroke.set(to, volt);
        step = to;
        signal = bent(before, stroke);
        if (model.get("beat") < 0) show();
        else model.set("beat", -1);
      }

      function show() {
        const place = model.get("beat"), threshold = model.get("threshold");
        const net = nets.get(model.get("network"));
        const xHat = Array.from(net.run(signal.map((v) => (v - mean) / std)), (v) => mean + std * v);
        const error = meanSquaredError(signal, xHat);
        const line = (values) => values.map((value, i) => [time(i), value]);
        beats.set(place);
        which.set(model.get("network"));
        curve.set([time(step), signal[step]]);
        curve.show([
          { line: line(signal), color: 4, name: place < 0 ? say("your own curve")
            : say("beat {number}, {kind}", { number: place + 1, kind: named(kinds[place]) }) },
          { line: line(xHat), color: 1, name: say("reconstruction") },
        ]);
        alarm?.show(threshold, error, place < 0 ? say("your own curve") : say("this beat"));
        back.textContent = say("Back to beat {number}", { number: chosen + 1 });
        const verdict = inWords(error, alarm ? threshold : undefined);
        said.textContent = event.type !== "keydown" ? verdict : [say("{voltage} mV at {time} ms.",
          { voltage: signal[step].toFixed(2), time: Math.round(time(step)) }), verdict].join(" ");
        model.set("signal", signal);
        model.set("reconstruction", xHat);
        model.set("error", error);
        model.save_changes(); // to Python, if there is a kernel
      }
      model.on("change:beat", () => {
        const place = model.get("beat");
        if (place >= 0) [chosen, signal] = [place, examples[place]];
        show();
      });
      model.on("change:signal", () => {
        if (model.get("signal") === signal) return; // from here, not from Python
        signal = model.get("signal");
        if (model.get("beat") < 0) show();
        else model.set("beat", -1);
      });
      model.on("change:threshold", show);
      model.on("change:network", show);
      show();
    });
  },
};

/** The error, and if there is a threshold, on which side of it that is. */
function inWords(error, threshold) {
  const values = { error: error.toFixed(4), threshold: threshold?.toFixed(4) };
  if (threshold === undefined) return say("Error {error} squared mV.", values);
  return error > threshold
    ? say("Error {error}, threshold {threshold}: not like the others.", values)
    : say("Error {error}, threshold {threshold}: like the others.", values);
}

/** The histogram of the errors that set the threshold, in which `show` marks both. */
function alarmChart(bars) {
  const [low, high] = [bars.edges[0], bars.edges.at(-1)];
  const powers = bars.edges.filter((_, i) => i % 8 === 0); // Beats makes 8 bars of each
  const inside = (value) => Math.min(Math.max(value, low), high);
  const { element, show } = chart({
    name: say("Errors of held-out normal beats, the threshold, and this beat's error"), height: 150,
    x: { label: say("error (squared mV)"), range: [low, high], log: true, ticks: powers,
      words: (power) => String(Number(power.toPrecision(1))) },
    y: { label: say("beats"), range: [0, Math.max(...bars.heights, 1)] },
  });
  const mark = (threshold, error, name) => show([
    { bars, color: 0, name: say("held-out normal beats") },
    { rule: inside(threshold), color: 2, name: say("threshold") },
    { rule: inside(error), color: 4, name },
  ]);
  return { element, show: mark };
}

/** A curve with a stroke over it, whose neighbours follow it, the farther the less. */
function bent(curve, stroke) {
  const drawn = [...stroke.keys()];
  return curve.map((value, i) => {
    const near = drawn.reduce((a, b) => (Math.abs(b - i) < Math.abs(a - i) ? b : a));
    return value + (stroke.get(near) - curve[near]) * Math.exp(-(((near - i) / REACH) ** 2));
  });
}

const SIZE = { width: 112, height: 76 }; // pixels of a small picture, two to one of the page

/** A curve as a small picture, 0 paper to 1 ink. */
function thumbnail(curve, [low, high]) {
  const context = h("canvas", SIZE).getContext("2d");
  Object.assign(context, { lineWidth: 4, lineJoin: "round" });
  curve.forEach((value, i) => context.lineTo(
    4 + (i / (curve.length - 1)) * (SIZE.width - 8),
    4 + ((high - value) / (high - low)) * (SIZE.height - 8),
  ));
  context.stroke();
  const { data } = context.getImageData(0, 0, SIZE.width, SIZE.height);
  return Float32Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3] / 255);
}

/** The multiples of a number in a range. */
function every(unit, [low, high]) {
  const first = Math.ceil(low / unit), last = Math.floor(high / unit);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * unit);
}
