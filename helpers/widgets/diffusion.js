/** Latent diffusion: from noise to a digit, step by step, among the codes of an autoencoder. */
import { load } from "./network.js";
import { h, meanSquaredError, mount, networks, on, oneOf, picture, slider, status } from "./kit.js";
import { chart } from "./chart.js";
import { fillNormal, randomFrom } from "./random.js";
import { say } from "./words.js";

const DIGITS = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]; // -1: none is asked for
const GUIDANCE = Array.from({ length: 9 }, (_, i) => i / 2);
const FREQUENCIES = Array.from({ length: 8 }, (_, i) => 100 ** (i / 7)); // of the time's embedding
const SIDE = 28, PIXELS = SIDE * SIDE;
const MARKS = 8; // small pictures along the way
const GAP = 2; // between the two pictures of a mark, in their pixels
const PACE = 80; // ms that a step is seen while they are played

export default {
  render({ model, el }) {
    return mount({ model, el }, () => say("From noise to a digit, step by step"), (root, model) => {
      const nets = networks(model, load), steps = model.get("_steps");
      const mean = model.get("_mean"), sd = model.get("_sd");
      const motion = matchMedia("(prefers-reduced-motion: reduce)");
      const decoded = (z) => nets.get("decoder").run(z.map((value, i) => mean[i] + sd[i] * value));
      let way, curve, frame, playing = false, turned = 0;

      const digit = oneOf({ label: say("Digit"), values: DIGITS,
        words: (value) => (value < 0 ? say("none") : String(value)),
        input: (value) => model.set("digit", value) });
      const guidance = slider({ label: say("Guidance w"), values: GUIDANCE,
        value: model.get("guidance"), words: (w) => w.toFixed(1),
        input: (w) => model.set("guidance", w) });
      const again = h("button", { type: "button",
        click: () => model.set("noise", (model.get("noise") + 1) % 2 ** 31) }, say("New noise"));
      const play = h("button", { type: "button", click: () => (playing ? pause() : start()) });
      const step = slider({ label: say("Step"), values: [...Array(steps + 1).keys()],
        value: model.get("step"), words: (value) => say("{step} of {steps}", { step: value, steps }),
        input: goTo });
      // As wide for 9 as for 10, or the slider would shrink while it moves.
      step.element.querySelector("output").style.minWidth = "4.5em";
      const noisy = picture(say("noisy code, decoded"));
      const guess = picture(say("what the network takes it for")), end = picture(say("the digit at the end"));
      const along = marks(steps, goTo), curvePlace = h("div", {}), said = status();
      root.append(
        digit.element,
        guidance.element,
        h("div", { class: "hint" }, play, again),
        step.element,
        h("div", { class: "pictures" }, noisy.element, guess.element, end.element),
        along.element,
        curvePlace,
        said, // last, for it may need a line more at one step than at another
      );

      /** Go the whole way anew: another digit, guidance or noise. */
      function walk() {
        const noise = new Float32Array(mean.length);
        fillNormal(noise, randomFrom(model.get("noise")));
        digit.set(model.get("digit"));
        guidance.set(model.get("guidance"));
        guidance.element.querySelector("input").disabled = model.get("digit") < 0;
        way = wayFrom(noise, nets.get("denoiser"), steps, model.get("digit"), model.get("guidance"));
        end.show(decoded(way.codes[steps]));
        along.show((place) => [decoded(way.codes[place]).slice(), decoded(way.guesses[place])]);
        drawCurve();
        model.set("code", Array.from(way.codes[steps], (value, i) => mean[i] + sd[i] * value));
        show();
      }

      function drawCurve() {
        const top = Math.max(Math.ceil(Math.max(...way.distances)), 1);
        curve = chart({
          name: say("How far the guess still is from the digit at the end, by steps"),
          x: { label: say("step"), range: [0, steps], ticks: [0, Math.round(steps / 2), steps] },
          y: { label: say("guess to end (sd)"), range: [0, 1.05 * top], ticks: [0, top / 2, top] },
          height: 150,
        });
        curvePlace.replaceChildren(curve.element);
      }

      function show() {
        const at = model.get("step"), distance = way.distances[at];
        step.set(at);
        along.set(at);
        noisy.show(decoded(way.codes[at]));
        guess.show(decoded(way.guesses[at]));
        curve.show([{ line: way.distances.map((value, i) => [i, value]) }, { rule: at, color: 1 }]);
        // Not for the ear at every step that is played, or it would never catch up.
        said.setAttribute("aria-live", playing ? "off" : "polite");
        said.textContent = say("{percent} % of the code's variance is noise. The network's guess is {distance} standard deviations from the end.",
          { percent: Math.round(100 * scales(1 - at / steps).noise ** 2), distance: distance.toFixed(2) });
        model.save_changes(); // to Python, if there is a kernel
      }

      /** Go to the step that the reader has chosen. */
      function goTo(at) {
        pause();
        model.set("step", at);
      }

      // ---------------------------------------------------------------- playing
      function start() {
        playing = true;
        if (model.get("step") === steps) model.set("step", 0);
        turned = performance.now();
        rename();
        wait();
      }

      function pause() {
        playing = false;
        cancelAnimationFrame(frame);
        rename();
      }

      const wait = () => {
        frame = requestAnimationFrame(() => root.dispatchEvent(new Event("book-frame")));
      };

      on(root, "book-frame", () => {
        const now = performance.now();
        if (now - turned < PACE) return wait();
        turned = now;
        const next = Math.min(model.get("step") + 1, steps);
        if (next === steps) pause();
        model.set("step", next);
        return playing && wait();
      });

      function rename() {
        play.textContent = playing ? say("Pause") : say("Play the steps");
        play.hidden = motion.matches; // then the slider alone moves
      }

      const gone = new AbortController();
      motion.addEventListener("change", pause, { signal: gone.signal });
      model.on("change:digit change:guidance change:noise", walk);
      model.on("change:step", show);
      rename();
      walk();
      return () => {
        pause();
        gone.abort();
      };
    });
  },
};

/** How much of a code at time t, from 0 to 1, is signal and how much is noise. */
function scales(t) {
  return { signal: Math.cos((Math.PI * t) / 2), noise: Math.sin((Math.PI * t) / 2) };
}

/**
 * Go from noise to a code, by DDIM's steps without chance.
 *
 * @param {Float32Array} noise standard normal numbers, as many as a code has
 * @param {object} denoiser takes a noisy code, the time's embedding and the digit, one-hot;
 *   answers v, from which noise and signal both follow
 * @param {number} steps
 * @param {number} digit -1 for none
 * @param {number} guidance how far to go from the answer for no digit to that for the digit
 * @returns {{codes: Float32Array[], guesses: Float32Array[], distances: number[]}} at each step from
 *   0 on: the noisy code, what the network takes it for, and how far that is from the last code
 *   (root mean square); codes are standardised
 */
function wayFrom(noise, denoiser, steps, digit, guidance) {
  const codes = [noise], guesses = [], input = new Float32Array(noise.length + 2 * FREQUENCIES.length + 10);
  const hot = input.length - 10 + digit;

  function answer(asked) {
    if (digit >= 0) input[hot] = asked;
    return denoiser.run(input);
  }

  for (let step = 0; step < steps; step++) {
    const t = 1 - step / steps, now = scales(t), next = scales(1 - (step + 1) / steps), z = codes[step];
    input.set([...z, ...FREQUENCIES.map((f) => Math.sin(f * t)), ...FREQUENCIES.map((f) => Math.cos(f * t))]);
    let v = answer(1);
    if (digit >= 0 && guidance !== 1) {
      const conditional = v.slice(), plain = answer(0);
      v = plain.map((value, i) => value + guidance * (conditional[i] - value));
    }
    const guess = z.map((value, i) => now.signal * value - now.noise * v[i]);
    const rest = z.map((value, i) => now.noise * value + now.signal * v[i]);
    guesses.push(guess);
    codes.push(guess.map((value, i) => next.signal * value + next.noise * rest[i]));
  }
  guesses.push(codes[steps]);
  return { codes, guesses,
    distances: guesses.map((guess) => Math.sqrt(meanSquaredError(guess, codes[steps]))) };
}

/**
 * Small pictures of some steps, the noisy code above the guess, of which the nearest is marked.
 *
 * @param {number} steps
 * @param {function} input called with the step that the reader chooses
 * @returns {{element: HTMLElement, show: function, set: function}}
 *   show(draw): draw(step) returns both images; set(step) marks the picture next to it
 */
function marks(steps, input) {
  const group = `along-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const places = [...new Set(Array.from({ length: MARKS }, (_, i) => Math.round((i * steps) / (MARKS - 1))))];
  const all = places.map((step) => {
    const go = () => input(step);
    // A click on the marked picture is no input, and the step may be another one nearby.
    const button = h("input", { type: "radio", name: group, input: go, click: go,
      "aria-label": say("Step {step} of {steps}", { step, steps }) });
    const { canvas, show } = picture("", SIDE, 2 * SIDE + GAP);
    canvas.setAttribute("aria-hidden", "true"); // the button has the name
    return { step, button, show, element: h("label", {}, button, canvas) };
  });
  const both = new Float32Array(SIDE * (2 * SIDE + GAP));
  function show(draw) {
    for (const one of all) {
      const [above, below] = draw(one.step);
      both.set(above);
      both.set(below, both.length - PIXELS);
      one.show(both);
    }
  }
  function set(at) {
    const near = all.reduce((a, b) => (Math.abs(b.step - at) < Math.abs(a.step - at) ? b : a));
    near.button.checked = true;
  }
  const element = h("fieldset", { class: "choices" },
    h("legend", {}, say("Along the way: the noisy code above, the guess below")),
    h("div", { class: "along" }, ...all.map((one) => one.element)));
  return { element, show, set };
}
