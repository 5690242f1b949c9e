/** "Scaling out": how long a sweep takes on how many workers, and from where more do not help. */
import { h, mount, slider, status } from "./kit.js";
import { chart } from "./chart.js";

const MOST = 10000; // workers
const UNITS = [[86400 * 365, "year"], [86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
const TICKS = [0.1, 1, 10, 60, 3600, 36000, 864000, 31536000, 315360000, 3153600000];
const count = (n) => n.toLocaleString("en", { maximumFractionDigits: 0 });

export default {
  render({ model, el }) {
    mount({ model, el }, "How long a sweep takes", (root, model) => {
      const tasks = slider({ label: "Tasks", values: model.get("_tasks"),
        value: model.get("tasks"), words: count, input: (value) => model.set("tasks", value) });
      const seconds = slider({ label: "One takes", values: model.get("_lengths"),
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
          name: `Time for ${count(n)} tasks against the number of workers`, width: 380,
          x: { label: "workers", log: true, range: [1, 2 * MOST], ticks: [1, 10, 100, 1000, MOST],
            words: count },
          y: { label: "until all is done", log: true, range, words: brief,
            ticks: ticks.length ? ticks : range },
          pick: { label: "The number of workers", value: [model.get("workers"), 1],
            step: ([right, up]) => [step(model.get("workers"), right || up), 1],
            input: (p) => {
              model.set("workers", Math.min(Math.round(p), MOST));
              onCurve(); // also if the workers stay the same
            } },
        });
        drawing.show([
          { line: workers.map((p) => [p, s + (n * t) / p]), color: 1, name: "shared evenly" },
          { line: workers.map((p) => [p, totalOf(p)]), color: 0, name: "with the scheduler" },
          ...(useful > 1 && useful < MOST
            ? [{ rule: useful, color: 2, name: "more workers do not help" }] : []),
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
          ? `More than ${count(most)} workers do not help.`
          : "The scheduler takes longer for a task than the task itself: put many into one.";
        said.textContent = `${count(n)} tasks on ${count(p)} ${p > 1 ? "workers" : "worker"}: ` +
          `${time(total)}; on one: ${time(totalOf(1))}. Worker-hours: ` +
          `${hours < 10 ? hours.toPrecision(2) : count(hours)}. ${limit}`;
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

/** A time in the largest unit of which it holds one, such as 1.7 hours. */
function time(seconds) {
  const [unit, name] = UNITS.find(([unit]) => seconds >= unit) ?? UNITS.at(-1);
  const value = seconds / unit, written = value < 10 ? String(Number(value.toPrecision(2))) : count(value);
  return `${written} ${name}${written === "1" ? "" : "s"}`;
}

/** The same at an axis. */
function brief(seconds) {
  return time(seconds).replace(/(second|hour|day|year)s?/, (unit) => unit[0]).replace("minute", "min");
}
