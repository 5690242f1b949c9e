/** "Denoising autoencoders": a denoiser meets damage of three kinds, of any strength. */
import { load } from "./network.js";
import { h, meanSquaredError, mount, networks, oneOf, picture, slider, status } from "./kit.js";
import { digitInput } from "./pad.js";
import { fillNormal, randomFrom } from "./random.js";
import { say } from "./words.js";

/** The kinds of damage: the trait that says how much, words, what it does to an image. */
const kindsOfDamage = () => ({
  noise: {
    name: say("noise"), trait: "sigma", label: say("Noise σ"), again: say("New noise"),
    values: steps(30, 20), words: (value) => value.toFixed(2),
    damage: (x, sigma, draw) => x.map((value, i) => clip(value + sigma * draw.normal[i])),
  },
  "salt and pepper": {
    name: say("salt and pepper"), trait: "share", label: say("Pixels lost"),
    again: say("Other pixels"), values: steps(20, 20),
    words: (value) => say("{percent} %", { percent: Math.round(100 * value) }),
    damage: (x, share, { uniform }) => x.map((value, i) => (
      uniform[i] < share / 2 ? 0 : uniform[i] > 1 - share / 2 ? 1 : value)),
  },
  block: {
    name: say("block"), trait: "side", label: say("Side of the block"),
    again: say("Other place"), values: steps(16, 1),
    words: (value) => say("{count} pixels", { count: value }),
    damage(x, side, { corner }) {
      // Somewhere near the middle; as it grows, its centre stays.
      const [top, left] = corner.map((u) => Math.round(10 + 8 * u - side / 2));
      const inside = (at, first) => at >= first && at < first + side;
      return x.map((value, i) => (
        inside(Math.floor(i / 28), top) && inside(i % 28, left) ? 0.5 : value));
    },
  },
});

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("A denoiser meets damage"), (root, model) => {
      const network = networks(model, load).get("denoiser"), damages = kindsOfDamage();
      let seed, draw;

      const digit = digitInput(model, show);
      const kinds = oneOf({ label: say("Damage"), values: Object.keys(damages),
        words: (kind) => damages[kind].name, input: (kind) => model.set("kind", kind) });
      const sliders = Object.values(damages).map(({ trait, label, values, words }) => slider({
        label, values, words, value: model.get(trait), input: (value) => model.set(trait, value),
      }));
      const again = h("button", { type: "button",
        click: () => model.set("seed", (model.get("seed") + 1) % 2 ** 31) });
      const original = picture(say("original")), damaged = picture(say("damaged"));
      const denoised = picture(say("denoised")), said = status();
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
        Object.entries(damages).forEach(([kind, { trait }], i) => {
          const chosen = kind === model.get("kind");
          sliders[i].set(model.get(trait));
          sliders[i].element.style.display = chosen ? "" : "none";
        });
        if (seed !== model.get("seed")) draw = drawn(seed = model.get("seed"));
        const { trait, damage, again: words } = damages[model.get("kind")];
        again.textContent = words;
        const x = digit.get(), spoilt = damage(x, model.get(trait), draw);
        const xHat = network.run(spoilt), before = psnr(x, spoilt), after = psnr(x, xHat);
        original.show(x);
        damaged.show(spoilt);
        denoised.show(xHat);
        said.textContent = inWords(before, after);
        model.set("damaged", Array.from(spoilt));
        model.set("denoised", Array.from(xHat));
        model.save_changes(); // to Python, if there is a kernel
      }
      const traits = Object.values(damages).map(({ trait }) => `change:${trait}`);
      model.on(["change:kind", "change:seed", ...traits].join(" "), show);
      show();
    });
  },
};

/** Peak signal-to-noise ratio in dB: 1 is the largest pixel. */
function psnr(x, xHat) {
  return 10 * Math.log10(1 / meanSquaredError(x, xHat));
}

/** The PSNR of the damaged image and of the denoised one, and which is the better. */
function inWords(before, after) {
  const change = Math.abs(after - before).toFixed(1);
  const values = { before: before.toFixed(1), after: after.toFixed(1), change };
  if (before === Infinity) return say("No damage, no error. Denoised {after} dB.", values);
  if (change === "0.0") {
    return say("PSNR: damaged {before} dB, denoised {after} dB, as good as before.", values);
  }
  return after > before
    ? say("PSNR: damaged {before} dB, denoised {after} dB, {change} dB better.", values)
    : say("PSNR: damaged {before} dB, denoised {after} dB, {change} dB worse.", values);
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
  const random = randomFrom(seed), normal = new Float32Array(784);
  fillNormal(normal, random);
  const uniform = Float32Array.from({ length: 784 }, random);
  return { normal, uniform, corner: [random(), random()] };
}
