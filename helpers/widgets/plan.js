/** "Scaling out": how long a sweep takes on how many workers, and from where more do not help. */
import { h, mount, slider, status } from "./kit.js";
import { chart } from "./chart.js";
import { say } from "./words.js";

const MOST = 10000; // workers
/** Seconds in a unit of time, and how it is written: one, several, and both at an axis. */
const UNITS = [
  [86400 * 365, () => say("1 year"), (n) => say("{n} years", { n }), (n) => say("{n} y", { n })],
  [86400, () => say("1 day"), (n) => say("{n} days", { n }), (n) => say("{n} d", { n })],
  [3600, () => say("1 hour"), (n) => say("{n} hours", { n }), (n) => say("{n} h", { n })],
  [60, () => say("1 minute"), (n) => say("{n} minutes", { n }),
    (n) => (n === "1" ? say("1 min") : say("{n} mins", { n }))],
  [1, () => say("1 second"), (n) => say("{n} seconds", { n }), (n) => say("{n} s", { n })],
];
const TICKS = [0.1, 1, 10, 60, 3600, 36000, 864000, 31536000, 315360000, 3153600000];
const count = (n) => n.toLocaleString("en", { maximumFractionDigits: 0 });

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("How long a sweep takes"), (root, model) => {
      const tasks = slider({ label: say("Tasks"), values: model.get("_tasks"),
        value: model.get("tasks"), words: count, input: (value) => model.set("tasks", value) });
      const seconds = slider({ label: say("One takes"), values: model.get("_lengths"),
        value: model.get("seconds"), words: time, input: (value) => model.set("seconds", value) });
      const place = h("div", {}), said = status();
      place.dataset.lmSuppressShortcuts = ""; // for the charts that come later; see kit.js
      root.append(tasks.element, seconds.element, place, said);

      const totalOf = (p) => model.get("_startup") +
        model.get("tasks") * Math.max(model.get("seconds") / p, model.get("_overhead"));
      let drawing;

      /** Other tasks need other axes. */
      function draw() {
        const n = model.get("tasks"), t = model.get("seconds"), s = model.get("_startup");
        const useful = t / model.get("_overhead");
        tasks.set(n);
        seconds.set(t);
        const range = [0.7 * Math.min(s + (n * t) / MOST, totalOf(MOST)), 1.5 * totalOf(1)];
        const ticks = TICKS.filter((tick) => tick > range[0] && tick < range[1]);
        const workers = Array.from({ length: 81 }, (_, i) => 10 ** (i / 20));
        drawing = chart({
          name: say("Time for {tasks} tasks against the number of workers", { tasks: count(n) }), width: 380,
          x: { label: say("workers"), log: true, range: [1, 2 * MOST], ticks: [1, 10, 100, 1000, MOST],
            words: count },
          y: { label: say("until all is done"), log: true, range, words: brief,
            ticks: ticks.length ? ticks : range },
          pick: { label: say("The number of workers"), value: [model.get("workers"), 1],
            step: ([right, up]) => [step(model.get("workers"), right || up), 1],
            input: (p) => {
              model.set("workers", Math.min(Math.round(p), MOST));
              onCurve(); // also if the workers stay the same
            } },
        });
        drawing.show([
          { line: workers.map((p) => [p, s + (n * t) / p]), color: 1, name: say("shared evenly") },
          { line: workers.map((p) => [p, totalOf(p)]), color: 0, name: say("with the scheduler") },
          ...(useful > 1 && useful < MOST
            ? [{ rule: useful, color: 2, name: say("more workers do not help") }] : []),
        ]);
        place.replaceChildren(drawing.element);
        tell();
      }

      function onCurve() {
        drawing.set([model.get("workers"), totalOf(model.get("workers"))]);
      }

      function tell() {
        const n = model.get("tasks"), t = model.get("seconds"), p = model.get("workers");
        const total = totalOf(p), useful = t / model.get("_overhead");
        const hours = (p * total) / 3600;
        onCurve();
        // Of 2.5 the third still helps; 3.0000000001 is 3.
        const most = Math.ceil(useful * (1 - 1e-9));
        const limit = most > 1
          ? say("More than {most} workers do not help.", { most: count(most) })
          : say("The scheduler takes longer for a task than the task itself: put many into one.");
        const values = { tasks: count(n), workers: count(p), time: time(total),
          alone: time(totalOf(1)), hours: hours < 10 ? hours.toPrecision(2) : count(hours) };
        const answer = p > 1
          ? say("{tasks} tasks on {workers} workers: {time}; on one: {alone}. Worker-hours: {hours}.", values)
          : say("{tasks} tasks on 1 worker: {time}; on one: {alone}. Worker-hours: {hours}.", values);
        said.textContent = `${answer} ${limit}`;
        model.set("total", total);
        model.set("useful", useful);
        model.set("hours", hours);
        model.save_changes(); // to Python, if there is a kernel
      }

      model.on("change:tasks change:seconds", draw);
      model.on("change:workers", tell);
      draw();
    });
  },
};

/** The next number of workers for an arrow key: a quarter more or fewer, at least one. */
function step(p, direction) {
  const next = Math.max(Math.round(p * 1.25), p + 1), last = Math.min(Math.round(p / 1.25), p - 1);
  return Math.min(Math.max(direction > 0 ? next : last, 1), MOST);
}

/** The largest unit of which a time holds one, and how many of it that are. */
function inUnits(seconds) {
  const [unit, ...words] = UNITS.find(([unit]) => seconds >= unit) ?? UNITS.at(-1);
  const value = seconds / unit;
  return [value < 10 ? String(Number(value.toPrecision(2))) : count(value), ...words];
}

/** A time in words, such as 1.7 hours. */
function time(seconds) {
  const [written, one, several] = inUnits(seconds);
  return written === "1" ? one() : several(written);
}

/** The same at an axis. */
function brief(seconds) {
  const [written, , , short] = inUnits(seconds);
  return short(written);
}
