/** "Pretraining": accuracy against labels, and how many labels a way of starting saves. */
import { h, mount, slider } from "./kit.js";
import { chart, sample } from "./chart.js";
import { named, say } from "./words.js";

const SIZE = { width: 300, height: 210 }; // two beside each other fill the page
const count = (n) => n.toLocaleString("en");
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const extremes = (values) => [Math.min(...values), Math.max(...values)];

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("How many labels a way of starting saves"), (root, model) => {
      const sizes = model.get("_sizes");
      const all = model.get("_scores").map((one, color) => ({ ...one, name: named(one.name), color,
        means: one.scores.map(mean), box: h("input", { type: "checkbox", input: choose }) }));
      const first = all[0];
      const labels = slider({
        label: say("Labelled images"), values: sizes, value: model.get("labels"), words: count,
        input: (value) => model.set("labels", value),
      });
      const whole = overview(sizes, all), near = h("div", { class: "chart" });
      const said = h("div", { class: "status", role: "status" });
      root.append(
        h("div", { class: "switches", role: "group", "aria-label": say("Methods") },
          ...all.map(({ box, name, color }) => h("label", {}, box, sample({ color }), name))),
        labels.element,
        h("div", { class: "charts" }, whole.element, near),
        said,
      );

      function choose() {
        model.set("methods", all.filter(({ box }) => box.checked).map(({ method }) => method));
      }

      function show() {
        const n = model.get("labels"), at = sizes.indexOf(n), methods = model.get("methods");
        labels.set(n);
        for (const { box, method } of all) box.checked = methods.includes(method);
        const shown = all.filter(({ box }) => box.checked);
        const worth = shown.map((one) => labelsFor(one.means[at], first.means, sizes));
        whole.show([{ rule: n, color: 4 }, ...shown.map(({ color, means }) =>
          ({ color, line: means.map((y, i) => [sizes[i], error(y)]) }))]);
        near.replaceChildren(closeUp(sizes, at, first, shown, worth));
        const rounds = first.scores[at].length;
        said.replaceChildren(h("p", {}, headline(shown.length, count(n), rounds)), ...shown.map((one, i) => h("p", {},
          h("strong", {}, one.name), ` ${inWords(one, first, at, sizes, worth[i])}`)));
        const pairs = (values) =>
          Object.fromEntries(shown.map(({ method }, i) => [method, values[i]]));
        model.set("accuracy", pairs(shown.map(({ means }) => means[at])));
        model.set("worth", pairs(worth));
        model.save_changes(); // to Python, if there is a kernel
      }

      model.on("change:labels change:methods", show);
      show();
    });
  },
};

/** With how many labels a curve first reaches an accuracy; null if not where it was measured. */
function labelsFor(accuracy, means, sizes) {
  const after = means.findIndex((y) => y >= accuracy);
  if (after < 1) return means[0] === accuracy ? sizes[0] : null;
  const part = (accuracy - means[after - 1]) / (means[after] - means[after - 1]);
  return sizes[after - 1] * (sizes[after] / sizes[after - 1]) ** part;
}

/** What the lines below it are about. */
function headline(methods, labels, rounds) {
  if (!methods) return say("No method is chosen.");
  return rounds > 1
    ? say("With {labels} labels, mean of {rounds} rounds and their range:", { labels, rounds })
    : say("With {labels} labels, mean of 1 round:", { labels });
}

/** Accuracy and range of a method; and what it is worth beside the first, with all doubt. */
function inWords(one, first, at, sizes, worth) {
  const percent = (value) => (100 * value).toFixed(1);
  const values = one.scores[at], others = first.scores[at], rounds = values.length;
  const [low, high] = extremes(values), [otherLow, otherHigh] = extremes(others);
  const mean = percent(one.means[at]);
  const accuracy = rounds > 1
    ? say("{mean} % ({low} to {high})", { mean, low: percent(low), high: percent(high) })
    : say("{mean} % (one run)", { mean });
  if (one === first) return accuracy;
  const sentences = [worthInWords(worth, accuracy, one.means[at], first, sizes, at)];
  if (others.length > 1) {
    sentences.push(low <= otherHigh && high >= otherLow
      ? say("Within the spread: the ranges overlap.")
      : say("Farther apart than the spread: the ranges do not overlap."));
    const wins = values.filter((value, i) => value > others[i]).length;
    if (rounds === others.length) {
      sentences.push(say("With the same labels ahead in {wins} of {rounds} rounds.", { wins, rounds }));
    }
  }
  return sentences.join(" ");
}

/** With how many labels the first method is as good; no `worth` is beyond those that were tried. */
function worthInWords(worth, accuracy, mean, first, sizes, at) {
  const values = { accuracy, first: first.name, labels: count(Number(worth?.toPrecision(2))),
    fewest: count(sizes[0]), most: count(sizes.at(-1)) };
  if (!worth) {
    return mean > first.means[0]
      ? say("{accuracy}, as good as {first} with more than {most} labels, the most that were tried.", values)
      : say("{accuracy}, as good as {first} with fewer than {fewest} labels, the fewest that were tried: saves none.", values);
  }
  return worth > sizes[at]
    ? say("{accuracy}, as good as {first} with about {labels} labels.", values)
    : say("{accuracy}, as good as {first} with about {labels} labels: saves none.", values);
}

/** An accuracy as the error that it leaves, in percent: a logarithm stretches that axis. */
function error(accuracy) {
  return Math.max(100 * (1 - accuracy), 0.1);
}

/** All numbers of labels, on an axis where 80 to 90 % is as far as 90 to 95 %. */
function overview(sizes, all) {
  const [best, worst] = extremes(all.flatMap(({ means }) => means.map(error)));
  return chart({
    name: say("Mean accuracy against the number of labels"), ...SIZE,
    x: { label: say("labelled images"), log: true, range: [sizes[0] / 1.3, sizes.at(-1) * 2],
      ticks: sizes, words: count },
    y: { label: say("accuracy (%)"), log: true, range: [worst * 1.2, best / 1.2],
      ticks: [80, 50, 20, 10, 5, 2, 1].filter((e) => e < worst * 1.2 && e > best / 1.2),
      words: (e) => String(100 - e) },
  });
}

/** The chosen number of labels, near by: each round, and across to the first method's curve. */
function closeUp(sizes, at, first, shown, worth) {
  const scores = [first, ...shown].flatMap((one) => one.scores[at]).map((y) => 100 * y);
  const [low, high] = extremes(scores), margin = 0.15 * (high - low) + 0.2;
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10].find((s) => (high - low) / s < 5) ?? 20;
  const ticks = Array.from({ length: 9 }, (_, i) => (Math.ceil(low / step) + i) * step)
    .filter((tick) => tick <= high);
  const [left, right] = extremes([sizes[at] / 2, sizes[at] * 2, ...worth.filter((w) => w)]);
  const aside = ({ color }) => sizes[at] * (right / left) ** (0.04 * color);
  const { element, show } = chart({
    name: say("Each round near the chosen number of labels"), ...SIZE,
    x: { label: say("labelled images"), log: true, range: [left / 1.1, right * 1.1],
      ticks: [left, sizes[at], right].filter((n) => n <= sizes.at(-1)).map((n) =>
        Number(n.toPrecision(2))), words: count },
    y: { label: say("accuracy (%)"), range: [low - margin, high + margin], ticks,
      words: (tick) => tick.toFixed(step < 1 ? 1 : 0) },
  });
  show([
    { color: 0, line: first.means.map((y, i) => [sizes[i], 100 * y]) },
    ...shown.flatMap((one, i) => [
      { color: one.color, points: one.scores[at].map((y) => [aside(one), 100 * y]) },
      { color: one.color, line: [worth[i] ?? left, aside(one)].map((n) => [n, 100 * one.means[at]]) },
    ]),
  ]);
  return element;
}
