/** "Features of a network": the units of a sparse autoencoder inside a classifier, turned up and down. */
import { load } from "./network.js";
import { choices, h, mount, networks, numbers, picture, rows, slider, status } from "./kit.js";
import { chart } from "./chart.js";
import { digitInput } from "./pad.js";
import { say } from "./words.js";

const SIDE = 14, GAP = 1; // pixels of a strongest image, and between two of them
const TIMES = Array.from({ length: 17 }, (_, i) => i / 4); // of a unit's typical amount

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("The units inside a classifier"), (root, model) => {
      const nets = networks(model, load), k = model.get("k");
      const [body, head, encoder, decoder] =
        ["body", "head", "encoder", "decoder"].map((name) => nets.get(name));
      const typical = model.get("_typical"), live = [...typical.keys()].filter((u) => typical[u] > 0);
      const strongest = unpacked(numbers(model.get("_strongest"), Uint8Array), typical.length);
      let z, offered, before;

      const digit = digitInput(model, start);
      const own = choices({
        label: say("The digit's units, the most active first"), width: SIDE, height: SIDE, value: -1,
        images: Array.from({ length: k }, () => new Float32Array(SIDE * SIDE)),
        input: (place) => { if (place < offered.length) choose(offered[place]); },
      });
      const unit = slider({
        label: say("Or any unit"), values: live, value: live[0], words: String, input: choose,
      });
      const count = strongest[0].length;
      const strip = picture(say("its strongest images, of the test digits"),
        count * (SIDE + GAP) - GAP, SIDE);
      strip.element.classList.add("strip");
      const amount = slider({
        label: say("Amount"), values: TIMES, value: 0, words: () => (z ? inWords() : ""),
        input: (times) => set("amount", times * typical[model.get("unit")]),
      });
      const back = h("button", { type: "button", click: () => set("amount", -1) },
        say("As the digit has it"));
      const answer = chart({
        name: say("The classifier's chances for the ten digits"),
        x: { label: say("digit"), range: [-0.7, 9.7], ticks: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
        y: { label: say("chance"), range: [0, 1.05], ticks: [0, 0.5, 1] },
        width: 340, height: 190,
      });
      const said = status();
      root.append(digit.element, own.element, unit.element, strip.element,
        h("div", { class: "of-unit" }, amount.element, back), answer.element, said);

      function set(name, value) {
        model.set(name, value);
      }

      /** Look at another unit; it has the amount that the digit gives it. */
      function choose(value) {
        set("amount", -1);
        set("unit", value);
      }

      /** The amount that is set, or the digit's own. */
      function given() {
        const value = model.get("amount");
        return value < 0 ? z[model.get("unit")] : value;
      }

      function inWords() {
        return say("{amount}, {times} times its typical amount",
          { amount: given().toFixed(2), times: (given() / typical[model.get("unit")]).toFixed(2) });
      }

      /** The ten chances for a code. */
      function chancesOf(code) {
        return [...head.run(decoder.run(code).slice())];
      }

      /** Find the units of the digit: the k largest amounts. */
      function encode() {
        const all = encoder.run(body.run(digit.get()).slice());
        const active = [...all.keys()].filter((u) => all[u] > 0).sort((a, b) => all[b] - all[a])
          .slice(0, k);
        z = new Float32Array(all.length);
        for (const one of active) z[one] = all[one];
        offered = active.filter((u) => typical[u] > 0); // a drawing may wake a dead one
        before = chancesOf(z);
        own.show(Array.from({ length: k }, (_, i) =>
          (i < offered.length ? strongest[offered[i]][0] : new Float32Array(SIDE * SIDE))));
      }

      function show() {
        const chosen = model.get("unit");
        unit.set(chosen);
        own.set(offered.indexOf(chosen));
        strip.show(inOneRow(strongest[chosen]));
        const times = given() / typical[chosen];
        amount.set(TIMES.reduce((a, b) => (Math.abs(b - times) < Math.abs(a - times) ? b : a)));
        const now = chancesOf(z.with(chosen, given()));
        answer.show([
          { bars: { edges: Array.from({ length: 11 }, (_, i) => i - 0.5), heights: now },
            name: say("with this amount") },
          { points: before.map((y, i) => [i, y]), color: 1, size: 3,
            name: say("with the digit's own amount") },
        ]);
        const best = (values) => values.indexOf(Math.max(...values));
        const values = { unit: chosen, amount: given().toFixed(2), own: z[chosen].toFixed(2),
          now: best(now), chance: Math.max(...now).toFixed(3),
          before: best(before), first: Math.max(...before).toFixed(3) };
        said.textContent = best(now) === best(before)
          ? say("Unit {unit} at {amount} (this digit has {own}): the answer is {now}, chance {chance}. Without your change the chance is {first}.", values)
          : say("Unit {unit} at {amount} (this digit has {own}): the answer is {now}, chance {chance}. Without your change it is {before}.", values);
        model.set("chances", now);
        model.save_changes(); // to Python, if there is a kernel
      }

      function start() {
        encode();
        // A unit that was chosen stays, to be tried on another digit.
        const chosen = model.get("unit") < 0 ? (offered[0] ?? live[0]) : model.get("unit");
        model.set("amount", -1);
        model.set("unit", chosen);
        show();
      }
      encode();
      if (model.get("unit") < 0) model.set("unit", offered[0] ?? live[0]);
      show();
      model.on("change:unit", show);
      model.on("change:amount", show);
    });
  },
};

/** For each unit its images, from two grays a byte to numbers from 0 to 1. */
function unpacked(bytes, units) {
  const grays = new Float32Array(2 * bytes.length);
  bytes.forEach((byte, i) => {
    grays[2 * i] = (byte >> 4) / 15;
    grays[2 * i + 1] = (byte & 15) / 15;
  });
  return rows(grays, grays.length / units).map((all) => rows(all, SIDE * SIDE));
}

/** Images side by side, as one. */
function inOneRow(images) {
  const width = images.length * (SIDE + GAP) - GAP, all = new Float32Array(width * SIDE);
  images.forEach((image, place) => image.forEach((value, i) => {
    all[Math.floor(i / SIDE) * width + place * (SIDE + GAP) + (i % SIDE)] = value;
  }));
  return all;
}
