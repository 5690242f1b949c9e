/** "The scoreboard": every network of the book, to sort and to compare. */
import { h, mount, status } from "./kit.js";
import { chart } from "./chart.js";
import { named, say } from "./words.js";

const EXACT = ["code", "parameters"]; // the same for every seed

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("The scoreboard"), (root, model) => {
      const rows = model.get("_rows");
      const columns = model.get("_columns").map((column) => ({ ...column, words: named(column.words) }));
      const byKey = Object.fromEntries(columns.map((column) => [column.key, column]));
      const place = h("div", {}), said = status();
      const body = h("tbody", {});
      const headings = columns.map(({ key, words }) => h("th", { scope: "col" },
        h("button", { type: "button", click: () => { choose(key); } }, words)));
      const table = h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("network")), ...headings)), body);
      root.append(place, said, h("div", { class: "scores", role: "region", tabindex: 0,
        "aria-label": say("All networks; the headings sort") }, table));

      const lines = new Map(rows.map((row) => [row.name, h("tr", {},
        h("th", { scope: "row" }, h("button", { type: "button",
          click: () => { model.set("chosen", row.name); } }, named(row.name))),
        ...columns.map((column) => h("td", {}, written(row, column))))]));

      let turned = false;

      /** Another column: best first. The same again: the other way round. */
      function choose(key) {
        if (key !== model.get("column")) return model.set("column", key);
        turned = !turned;
        sort();
      }

      /** What has no such number comes last. */
      function sort() {
        const { key, less } = byKey[model.get("column")];
        const rising = less !== turned;
        const value = (row) => at(row, key) ?? (rising ? Infinity : -Infinity);
        const sorted = [...rows].sort((a, b) => (rising ? 1 : -1) * (value(a) - value(b)));
        body.replaceChildren(...sorted.map((row) => lines.get(row.name)));
        headings.forEach((heading, i) => {
          if (columns[i].key === key) heading.ariaSort = rising ? "ascending" : "descending";
          else heading.removeAttribute("aria-sort");
        });
        model.set("order", sorted.map((row) => row.name));
        draw();
      }

      function draw() {
        const key = EXACT.includes(model.get("column")) ? "bce" : model.get("column");
        const column = byKey[key], shown = rows.filter((row) => row[key]);
        const pca = model.get("_pca").filter((row) => row[key] !== undefined);
        const values = [...shown.flatMap((row) => row[key]), ...pca.map((row) => row[key])];
        const codes = [...shown, ...pca].map((row) => row.code);
        const low = Math.min(...values), high = Math.max(...values), rim = (high - low || 1) * 0.06;
        const drawing = chart({
          name: say("{measure} of each network against the numbers in its code", { measure: column.words }),
          height: 210,
          x: { label: say("numbers in the code"), log: true, words: (tick) => tick.toLocaleString("en"),
            range: [Math.min(...codes) * 0.8, Math.max(...codes) * 1.25],
            ticks: [2, 8, 32, 128, 512, 2048].filter((tick) => tick >= Math.min(...codes) &&
              tick <= Math.max(...codes)) },
          y: { label: column.words, range: [low - rim, high + rim], ticks: round(low, high),
            words: (tick) => Number(tick.toPrecision(6)).toLocaleString("en") },
        });
        const points = (noisy) => shown.filter((row) => row.noisy === noisy)
          .map((row) => [row.code, row[key][0]]);
        const marks = [
          { points: points(false), color: 0, name: say("clean images go in") },
          { points: points(true), color: 1, name: say("noisy images go in") },
          { line: pca.map((row) => [row.code, row[key]]), color: 2, name: say("PCA") },
        ].filter((mark) => (mark.points ?? mark.line).length);
        const chosen = rows.find((row) => row.name === model.get("chosen"));
        if (chosen[key]) {
          const [mean, least, most] = chosen[key];
          marks.push({ points: [[chosen.code, mean]], color: 4, name: named(chosen.name) });
          marks.push({ line: [[chosen.code, least], [chosen.code, most]], color: 4 });
        }
        drawing.show(marks);
        place.replaceChildren(drawing.element);
        tell(chosen, column, pca);
      }

      function tell(row, { key, words, digits }, pca) {
        for (const [name, line] of lines) line.toggleAttribute("data-chosen", name === row.name);
        const sentences = [say("{name}: {numbers} numbers, {parameters} parameters.", {
          name: named(row.name), numbers: row.code.toLocaleString("en"),
          parameters: row.parameters.toLocaleString("en"),
        })];
        if (row[key]) {
          const [mean, least, most] = row[key].map((value) => figures(value, digits));
          sentences.push(least === most ? say("{measure}: {mean}.", { measure: words, mean })
            : say("{measure}: {mean} (five seeds: {least} to {most}).", { measure: words, mean, least, most }));
        } else {
          sentences.push(say("It has no {measure}.", { measure: words }));
        }
        const rival = pca.find((other) => other.code === row.code);
        if (rival && !row.noisy) {
          sentences.push(say("PCA with as many numbers: {value}.", { value: figures(rival[key], digits) }));
        }
        said.textContent = sentences.join(" ");
        model.save_changes(); // to Python, if there is a kernel
      }

      model.on("change:column", () => {
        turned = false;
        sort();
      });
      model.on("change:chosen", draw);
      sort();
    });
  },
};

/** What a row is sorted by: a number, or the mean over the seeds. */
function at(row, key) {
  return EXACT.includes(key) ? row[key] : row[key]?.[0];
}

function written(row, { key, digits }) {
  const value = at(row, key);
  return value === undefined || value === null ? "–" : figures(value, digits);
}

/** A number with so many decimals. */
function figures(value, digits) {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Three to six round numbers between two others. */
function round(low, high) {
  const rough = (high - low || Math.abs(high) || 1) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}
