/** "Denoising autoencoders": a denoiser meets damage of three kinds, of any strength. */
import { load } from "./network.js";
import { h, meanSquaredError, mount, networks, oneOf, picture, slider, status } from "./kit.js";
import { digitInput } from "./pad.js";

/** The kinds of damage: the trait that says how much, a button's words, what it does to an image. */
const KINDS = {
  noise: {
    trait: "sigma", label: "Noise σ", values: steps(30, 20), words: (value) => value.toFixed(2),
    again: "New noise",
    damage: (x, sigma, draw) => x.map((value, i) => clip(value + sigma * draw.normal[i])),
  },
  "salt and pepper": {
    trait: "share", label: "Pixels lost", values: steps(20, 20),
    words: (value) => `${Math.round(100 * value)} %`, again: "Other pixels",
    damage: (x, share, { uniform }) => x.map((value, i) => (
      uniform[i] < share / 2 ? 0 : uniform[i] > 1 - share / 2 ? 1 : value)),
  },
  block: {
    trait: "side", label: "Side of the block", values: steps(16, 1),
    words: (value) => `${value} pixels`, again: "Other place",
    damage(x, side, { corner }) {
      // Somewhere near the middle; as it grows, its centre stays.
      const [top, left] = corner.map((u) => Math.round(10 + 8 * u - side / 2));
      const inside = (at, first) => at >= first && at < first + side;
      return x.map((value, i) => (
        inside(Math.floor(i / 28), top) && inside(i % 28, left) ? 0.5 : value));
    },
  },
};

export default {
  render({ model, el }) {
    mount({ model, el }, "A denoiser meets damage", (root, model) => {
      const network = networks(model, load).get("denoiser");
      let seed, draw;

      const digit = digitInput(model, show);
      const kinds = oneOf({ label: "Damage", values: Object.keys(KINDS),
        input: (kind) => model.set("kind", kind) });
      const sliders = Object.values(KINDS).map(({ trait, label, values, words }) => slider({
        label, values, words, value: model.get(trait), input: (value) => model.set(trait, value),
      }));
      const again = h("button", { type: "button",
        click: () => model.set("seed", (model.get("seed") + 1) % 2 ** 31) });
      const original = picture("original"), damaged = picture("damaged");
      const denoised = picture("denoised"), said = status();
      root.append(
        digit.element,
        kinds.element,
        ...sliders.map(({ element }) => element),
        h("div", {}, again),
        h("div", { class: "pictures" }, original.element, damaged.element, denoised.element),
        said,
      );

      function show() {
        kinds.set(model.get("kind"));
        Object.entries(KINDS).forEach(([kind, { trait }], i) => {
          const chosen = kind === model.get("kind");
          sliders[i].set(model.get(trait));
          sliders[i].element.style.display = chosen ? "" : "none";
        });
        if (seed !== model.get("seed")) draw = drawn(seed = model.get("seed"));
        const { trait, damage, again: words } = KINDS[model.get("kind")];
        again.textContent = words;
        const x = digit.get(), spoilt = damage(x, model.get(trait), draw);
        const xHat = network.run(spoilt), before = psnr(x, spoilt), after = psnr(x, xHat);
        original.show(x);
        damaged.show(spoilt);
        denoised.show(xHat);
        said.textContent = before === Infinity
          ? `No damage, no error. Denoised ${after.toFixed(1)} dB.`
          : `PSNR: damaged ${before.toFixed(1)} dB, denoised ${after.toFixed(1)} dB, ` +
            `${change(after - before)}.`;
        model.set("damaged", Array.from(spoilt));
        model.set("denoised", Array.from(xHat));
        model.save_changes(); // to Python, if there is a kernel
      }
      const traits = Object.values(KINDS).map(({ trait }) => `change:${trait}`);
      model.on(["change:kind", "change:seed", ...traits].join(" "), show);
      show();
    });
  },
};

/** Peak signal-to-noise ratio in dB: 1 is the largest pixel. */
function psnr(x, xHat) {
  return 10 * Math.log10(1 / meanSquaredError(x, xHat));
}

function change(difference) {
  const amount = Math.abs(difference).toFixed(1);
  if (amount === "0.0") return "as good as before";
  return `${amount} dB ${difference > 0 ? "better" : "worse"}`;
}

function clip(value) {
  return Math.min(Math.max(value, 0), 1);
}

/** The values from 0 on, `perOne` of them to 1, so that 3 of 20 is 0.15 as Python has it. */
function steps(count, perOne) {
  return Array.from({ length: count + 1 }, (_, i) => i / perOne);
}

/** All that chance decides; the same seed gives the same, so that a slider scales one noise. */
function drawn(seed) {
  const random = mulberry32(seed);
  // Box and Muller's way from uniform numbers to normal ones; 1 - u, since log(0) is -Infinity.
  const normal = Float32Array.from({ length: 784 }, () =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  const uniform = Float32Array.from({ length: 784 }, random);
  return { normal, uniform, corner: [random(), random()] };
}

/** Tommy Ettinger's small generator of uniform numbers from 0 to 1, without 1. */
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
