/** "What is an autoencoder?": any picture through the code and back, its error beside those of digits. */
import { load } from "./network.js";
import { bars, choices, h, images, meanSquaredError, mount, networks, picture, status } from "./kit.js";
import { pad } from "./pad.js";
import { chart } from "./chart.js";
import { say } from "./words.js";

const LOWEST = 0.001; // the error at which the counts begin; they end at 1
const BAR = 5; // counts in one bar

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("Any picture through the code and back"), (root, model) => {
      const net = networks(model, load).get("autoencoder");
      const examples = images(model.get("_examples")), digits = model.get("_digits");
      const counts = model.get("_counts"), total = counts.reduce((sum, n) => sum + n, 0);
      let drawing = null;
      const sheet = pad({
        input(image) {
          drawing = image;
          if (model.get("digit") < 0) show();
          else model.set("digit", -1);
        },
      });
      const original = picture(say("what goes in")), code = bars(say("code"));
      const restored = picture(say("what comes back"));
      const said = status(), histogram = errorChart(counts);
      const groups = [[say("Or choose a digit"), 0, digits], [say("Or another picture"), digits]].map(
        ([label, start, end]) => ({ start, ...choices({ label, images: examples.slice(start, end),
          value: -1, input: (place) => model.set("digit", start + place) }) }));
      root.append(
        h("div", { class: "beside" },
          h("div", {}, h("p", { class: "status" }, say("Draw anything here")), sheet.element),
          h("div", { class: "stack" },
            h("div", { class: "pictures" }, original.element, code.element, restored.element),
            said, histogram.element)),
        ...groups.map((group) => group.element),
      );

      function show() {
        const digit = model.get("digit"), x = digit < 0 ? drawing : examples[digit];
        groups.forEach(({ set, start }) => set(digit - start));
        const found = x ? run(x) : { code: [], error: null, share: null };
        said.textContent = x ? inWords(found, total) : say("The sheet is empty: nothing goes in.");
        original.show(x ?? new Float32Array(784));
        restored.show(x ? net.layers.at(-1).output : new Float32Array(784));
        code.show(x ? found.code : [0]);
        histogram.mark(found.error);
        for (const [name, value] of Object.entries(found)) model.set(name, value);
        model.save_changes(); // to Python, if there is a kernel
      }

      function run(x) {
        const error = meanSquaredError(x, net.run(x));
        return { code: Array.from(net.layers[0].output), error, share: shareAbove(error, counts) / total };
      }

      model.on("change:digit", show);
      show();
    });
  },
};

/** How many of the counted errors are larger; those in the same bin lie evenly in it. */
function shareAbove(error, counts) {
  const at = toBin(error, counts.length), bin = Math.floor(at);
  const above = counts.slice(bin + 1).reduce((sum, n) => sum + n, 0);
  return above + (counts[bin] ?? 0) * (bin + 1 - at);
}

/** The place of an error among the bins, which all are the same factor wide. */
function toBin(error, count) {
  const at = count * (1 - Math.log(error) / Math.log(LOWEST));
  return Math.min(Math.max(at, 0), count);
}

function inWords({ error, share }, total) {
  const percent = 100 * share;
  const values = { error: error.toFixed(4), total: total.toLocaleString("en"),
    percent: percent.toFixed(percent < 10 || percent > 90 ? 1 : 0) };
  if (percent < 0.05) {
    return say("Squared error {error} per pixel. None of {total} new digits have a larger one.", values);
  }
  return percent > 99.95
    ? say("Squared error {error} per pixel. All of {total} new digits have a larger one.", values)
    : say("Squared error {error} per pixel. {percent} % of {total} new digits have a larger one.", values);
}

/** The histogram of the digits' errors, in which `mark` marks one more. */
function errorChart(counts) {
  const n = counts.length, count = n / BAR;
  const edges = Array.from({ length: count + 1 }, (_, i) => LOWEST ** (1 - i / count));
  const heights = edges.slice(1).map((_, i) =>
    counts.slice(i * BAR, (i + 1) * BAR).reduce((sum, value) => sum + value, 0));
  const most = Math.max(...heights), power = 10 ** Math.floor(Math.log10(most));
  const { element, show } = chart({
    name: say("Errors of new digits, and of this picture"), height: 130,
    x: { label: say("squared error per pixel"), range: [LOWEST, 1], ticks: [0.001, 0.01, 0.1, 1], log: true },
    y: { label: say("digits"), range: [0, 1.1 * most], ticks: [0, Math.floor(most / power) * power] },
  });
  const all = { bars: { edges, heights }, name: say("new digits") };
  const mark = (error) => show(error === null ? [all] :
    [all, { rule: Math.max(error, LOWEST), color: 1, name: say("this picture") }]);
  return { element, mark };
}
