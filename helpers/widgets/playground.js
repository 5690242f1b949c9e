/** The playground: an autoencoder that learns in the page, with no kernel. */
import { h, mount, numbers, on, picture, status } from "./kit.js";
import { chart, digitDots } from "./chart.js";
import { pythonCode } from "./python_code.js";
import { BATCH, trainingRun } from "./training.js";
import { say } from "./words.js";

const SIDE = 14, PIXELS = SIDE * SIDE, SHOWN = 8;
const GAP = 2; // between two pictures of a row, in their pixels
const SLICE = 12; // ms a frame that steps may fill
const CHANCE = 0.75; // BCE, a little above the 0.693 of answering 0.5 everywhere
const TOO_HIGH = 1, ENOUGH = 300; // a loss that rose above the one is shown for so many steps
const COLLAPSED = 0.05; // nats

const settingControls = () => [
  { trait: "code", label: say("Code size"), values: [1, 2, 4, 8, 16, 32] },
  { trait: "hidden", label: say("Hidden layer"), values: [0, 64, 128],
    words: (units) => (units ? say("{units} units", { units }) : say("none")) },
  { trait: "rate", label: say("Learning rate"), values: [0.001, 0.003, 0.01, 1] },
  { trait: "kind", label: say("Kind"), values: ["plain", "sparse", "variational"], rare: true,
    words: (kind) => ({ plain: say("plain"), sparse: say("sparse"), variational: say("variational") })[kind] },
  { trait: "l1", label: say("Weight of L1"), values: [0.0001, 0.001, 0.01], rare: true, kind: "sparse" },
  { trait: "beta", label: "β", values: [0.1, 1, 30], rare: true, kind: "variational" },
  { trait: "noise", label: say("Noise"), values: [0, 0.25, 0.5], rare: true,
    words: (sigma) => (sigma ? `σ ${sigma}` : say("none")) },
];

export default {
  render({ model, el }) {
    return mount({ model, el }, () => say("An autoencoder that learns in this page"), (root, model) => {
      root.classList.add("playground");
      const train = unpack(model.get("_train")), validation = unpack(model.get("_validation"));
      const labels = Array.from(numbers(model.get("_labels"), Uint8Array));
      const steps = model.get("steps");
      const motion = matchMedia("(prefers-reduced-motion: reduce)"), calm = () => motion.matches;

      let run, peak, frame, state, piece = 0, wanted = false, visible = true;
      const last = { pictures: 0, charts: 0, told: 0, said: 0 }; // when, in ms

      // ---------------------------------------------------------------- what is seen
      const start = h("button", { type: "button", class: "start", click: () => (wanted ? pause() : go()) });
      const ten = h("button", { type: "button", click: tenSteps }, say("Ten steps"));
      const again = h("button", { type: "button", click: startAgain }, say("Start again"));
      const counter = h("p", { class: "counter" }), said = status();
      const controls = settingControls().map((control) => ({ ...control, ...select(control,
        (value) => model.set(control.trait, value)) }));
      const seed = h("input", { type: "number", min: 0, max: 2 ** 31 - 1, step: 1, change() {
        if (seed.validity.valid && seed.value) model.set("seed", Number(seed.value));
        else {
          seed.value = model.get("seed");
          announce(say("A seed is a whole number from 0 to 2,147,483,647."));
        }
      } });
      const otherSeed = h("button", { type: "button",
        click: () => model.set("seed", (model.get("seed") + 1) % 2 ** 31) }, say("Another seed"));
      const more = h("details", { class: "more", open: model.get("more") },
        h("summary", {}, say("More settings")),
        h("div", { class: "controls" },
          ...controls.filter(({ rare }) => rare).map(({ element }) => element),
          h("label", { class: "control" }, h("span", {}, say("Seed")), seed), otherSeed));
      const code = h("code", {});
      const block = h("pre", { role: "region", "aria-label": say("The same network in Keras"),
        "data-lm-suppress-shortcuts": "" }, code); // see kit.js
      const copied = h("span", { role: "status" });
      const copy = h("button", { type: "button", click: copyCode }, say("Copy"));
      const python = h("details", { class: "python" }, h("summary", {}, say("Take it to Python")),
        block,
        h("div", { class: "hint" }, copy, copied));

      const originals = strip(say("validation digits")), damaged = strip(say("with noise"));
      const outputs = strip(say("reconstructions"));
      const curvePlace = h("div", { class: "curve" });
      let curve, plane;
      const map = chart({
        name: say("Codes of the validation digits, coloured by digit"),
        x: { label: say("first number of the code"), range: [-1, 1], ticks: [] },
        y: { label: say("second number"), range: [-1, 1], ticks: [] },
        width: 230, height: 184,
        backdrop(context, toX, toY) { plane = { context, toX, toY, centre: [0, 0], half: 1 }; },
        pick: { label: say("The code that the decoder draws"), value: [0, 0], step: [0.1, 0.1], hover: true,
          input(...at) { plane.at = at; drawPoint(); } },
      });
      plane.at = [0, 0];
      // For the ear, once a key has moved it: the mouse would not stop talking.
      on(map.element, "keyup", () => announce(`${place.textContent}.`));
      const drawing = picture(say("the decoder's picture"), SIDE, SIDE), place = drawing.element.lastChild;
      const mapPlace = h("div", { class: "map" }, map.element, drawing.element);
      root.append(
        h("div", { class: "bar" },
          h("div", { class: "buttons" }, start, ten, again),
          h("div", { class: "controls" },
            ...controls.filter(({ rare }) => !rare).map(({ element }) => element))),
        h("div", { class: "words" }, counter, said),
        h("div", { class: "strips" }, originals.element, damaged.element, outputs.element),
        h("div", { class: "charts" }, curvePlace, mapPlace),
        more,
        python,
      );

      // ---------------------------------------------------------------- drawing
      function drawPictures() {
        const { network, noisy } = run, shown = SHOWN * PIXELS;
        originals.show(validation);
        damaged.show(noisy);
        outputs.show(network.decode(network.encode(noisy.subarray(0, shown), SHOWN), SHOWN));
        if (model.get("code") === 2) drawPoint();
        last.pictures = performance.now();
      }

      function drawCharts() {
        const { history, codes } = run;
        const top = Math.max(...history.map(({ training, validation }) => Math.max(training, validation)));
        if (!curve || (top > CHANCE && !(top <= curve.top))) newCurve(top);
        const line = (name) => history.map((entry) => [entry.step, entry[name]]);
        curve.show([{ line: line("training"), color: 0, name: say("training") },
          { line: line("validation"), color: 1, name: say("validation") }]);
        if (model.get("code") === 2) drawPlane(codes);
        last.charts = performance.now();
      }

      /** A curve whose axis reaches up to `top`: only a loss that rises needs more than chance. */
      function newCurve(top) {
        const decades = Math.ceil(Math.log10(top));
        const every = Math.ceil((decades + 1) / 5);
        const ticks = top <= CHANCE ? [0.1, 0.2, 0.3, 0.5, 0.7]
          : Array.from({ length: decades + 2 }, (_, i) => 10 ** (i - 1)).filter((_, i) => i % every === 0);
        const highest = top <= CHANCE ? CHANCE : 10 ** decades;
        curve = chart({
          name: say("Loss curve: BCE per pixel of training and validation digits, by steps"),
          x: { label: say("step"), range: [0, 1.06 * steps], ticks: [0, 1, 2, 3].map((i) => Math.round((i * steps) / 3)),
            words: (step) => step.toLocaleString("en") },
          y: { label: say("BCE per pixel"), range: [0.1, highest], log: true, ticks,
            words: (tick) => (tick < 1e4 ? tick.toLocaleString("en") : tick.toExponential(0)) },
          width: 280, height: 160,
        });
        curve.top = highest;
        curvePlace.replaceChildren(curve.element);
      }

      function drawPlane(codes) {
        const { context, toX, toY } = plane;
        const sides = [0, 1].map((axis) => codes.filter((_, i) => i % 2 === axis))
          .map((values) => [Math.min(...values), Math.max(...values)]);
        // A variational code is drawn at the scale of its prior, or a collapsed one would look alive.
        const prior = model.get("kind") === "variational";
        plane.centre = sides.map(([low, high]) => (prior ? 0 : (low + high) / 2));
        plane.half = prior ? 3.5 : Math.max(...sides.map(([low, high]) => 0.55 * (high - low)), 1e-6);
        const places = labels.map((_, i) => [toX, toY].map((to, axis) =>
          to((codes[2 * i + axis] - plane.centre[axis]) / plane.half)));
        context.clearRect(0, 0, context.canvas.width, context.canvas.height);
        if (codes.every(Number.isFinite)) digitDots(context, places, labels);
        drawPoint(); // at the plane's new scale
      }

      function drawPoint() {
        const z = Float32Array.from(plane.at, (at, axis) => plane.centre[axis] + at * plane.half);
        drawing.show(run.network.decode(z, 1));
        const [x, y] = Array.from(z, (value) => value.toFixed(1));
        place.textContent = say("Decoder at ({x}, {y})", { x, y });
      }

      function drawWords() {
        const { step, history } = run, now = history.at(-1), size = model.get("code");
        const parts = [
          say("Step {step} of {steps}",
            { step: step.toLocaleString("en"), steps: steps.toLocaleString("en") }),
          say("training {loss}", { loss: decimals(now.training) }),
          say("validation {loss} BCE per pixel", { loss: decimals(now.validation) }),
        ];
        if (model.get("kind") === "variational") parts.push(say("KL {kl} nats", { kl: now.kl.toFixed(2) }));
        if (model.get("kind") === "sparse") {
          parts.push(say("{active} of {size} active", { active: now.active.toFixed(1), size }));
        }
        counter.textContent = parts.join(" · ");
      }

      function drawAll() {
        drawPictures();
        drawCharts();
        drawWords();
      }

      // ---------------------------------------------------------------- training
      const settings = () => ({ pixels: PIXELS, seed: model.get("seed"),
        ...Object.fromEntries(controls.map(({ trait }) => [trait, model.get(trait)])) });
      const ended = () => state === "done" || state === "diverged";

      /** Make a new network of today's settings; if one was training, train it. */
      function renew() {
        run = trainingRun({ settings: settings(), train, validation, steps });
        while (!run.history.length) run.pieces.next();
        peak = 0;
        curve = undefined;
        for (const { trait, kind, element, set } of controls) {
          set(model.get(trait));
          element.hidden = kind !== undefined && kind !== model.get("kind");
        }
        seed.value = model.get("seed");
        const epochs = Math.round(steps / Math.ceil(train.length / PIXELS / BATCH));
        code.textContent = pythonCode(settings(), { images: train.length / PIXELS, epochs });
        reach();
        copied.textContent = "";
        damaged.element.hidden = !model.get("noise");
        mapPlace.hidden = model.get("code") !== 2;
        drawAll();
        if (wanted) go();
        else enter("ready", say("Ready: a new network, seed {seed}, that has learned nothing yet.",
          { seed: model.get("seed") }));
      }

      function go() {
        // One training at a time, whatever figures a page has.
        document.dispatchEvent(new CustomEvent("book-training", { detail: root }));
        if (ended()) renew();
        wanted = true;
        enter("training", say("Training, seed {seed}.", { seed: model.get("seed") }));
      }

      function startAgain() {
        wanted = false;
        renew();
        if (!calm()) go();
      }

      function pause() {
        wanted = false;
        drawAll();
        enter("paused", say("Paused at step {step}.", { step: run.step.toLocaleString("en") }));
      }

      function tenSteps() {
        if (ended()) renew();
        wanted = false;
        for (const end = run.step + 10; run.step < end || run.looking;) if (!advance()) return;
        drawAll();
        enter("paused", progress());
      }

      /** Take one piece of the training; return whether there is more. */
      function advance() {
        const seen = run.history.length, { done } = run.pieces.next();
        if (done) return finish(peak > TOO_HIGH ? "diverged" : "done");
        if (run.history.length === seen) return true;
        const { step, training, validation } = run.history.at(-1);
        peak = Math.max(peak, training, validation);
        const rose = peak > TOO_HIGH && step >= ENOUGH;
        return !Number.isFinite(peak) || rose ? finish("diverged") : true;
      }

      function finish(end) {
        wanted = false;
        drawAll();
        const { step, validation, kl } = run.history.at(-1);
        const collapsed = model.get("kind") === "variational" && kl < COLLAPSED;
        if (end === "done") {
          enter(end, collapsed
            ? say("Done, and collapsed: the code's KL is {kl} nats, every reconstruction the mean digit. Choose a smaller β.",
              { kl: kl.toFixed(2) })
            : say("Done: validation BCE {loss}, on {count} digits that it never trained on.",
              { loss: decimals(validation), count: labels.length }));
        } else {
          enter(end, Number.isFinite(peak)
            ? say("Stopped: the loss rose to {loss}; even guessing costs only 0.693. Choose a smaller learning rate.",
              { loss: decimals(peak) })
            : say("Stopped at step {step}: the loss is no longer a finite number. Choose a smaller learning rate.",
              { step }));
        }
        return false;
      }

      const awake = () => wanted && visible && !document.hidden;

      /** Go on, or rest while nobody can see it. */
      function wake() {
        if (awake()) frame ??= requestAnimationFrame(() => root.dispatchEvent(new Event("book-frame")));
        else {
          cancelAnimationFrame(frame);
          frame = undefined;
        }
        const now = awake() ? "training" : "paused";
        if (wanted && state !== now) enter(now);
      }

      /** In a frame: some of the drawing, and some steps. */
      on(root, "book-frame", () => {
        frame = undefined;
        const began = performance.now();
        if (!calm() && began - last.pictures > 100) drawPictures();
        else if (!calm() && began - last.charts > 250) drawCharts();
        do { // while there is room for a piece as long as the last one
          const at = performance.now();
          if (!advance()) return;
          piece = performance.now() - at;
        } while (performance.now() - began + piece < SLICE);
        if (began - last.told > 500) {
          drawWords();
          tell();
        }
        if (began - last.said > 10000) announce(progress());
        wake();
      });

      /** Let the keyboard stop at the code where it has to scroll it, and only there. */
      function reach() {
        if (block.scrollWidth > block.clientWidth) block.tabIndex = 0;
        else block.removeAttribute("tabindex");
      }
      // Also when it is unfolded; in the next frame, as in math.js.
      const sizes = new ResizeObserver(() => requestAnimationFrame(reach));
      sizes.observe(block);

      const gone = new AbortController();
      const watcher = new IntersectionObserver((entries) => {
        visible = entries.at(-1).isIntersecting;
        if (!root.isConnected) wanted = false;
        wake();
      });
      watcher.observe(root);
      document.addEventListener("visibilitychange", wake, { signal: gone.signal });
      motion.addEventListener("change", () => enter(state), { signal: gone.signal });
      document.addEventListener("book-training", ({ detail }) => {
        if (wanted && detail !== root) pause();
      }, { signal: gone.signal });

      // ---------------------------------------------------------------- words
      function enter(next, words) {
        state = next;
        model.set("state", state);
        ten.hidden = !calm();
        start.textContent = wanted ? say("Pause") : state === "paused" ? say("Continue")
          : calm() ? say("Train to the end") : say("Start training");
        if (words) announce(words);
        drawWords();
        tell();
        wake();
      }

      function announce(words) {
        said.textContent = words;
        last.said = performance.now();
      }

      function progress() {
        const { step, validation } = run.history.at(-1);
        return say("Step {step}: validation {loss}.",
          { step: step.toLocaleString("en"), loss: decimals(validation) });
      }

      /** Tell Python, if there is a kernel; JSON has no NaN. */
      function tell() {
        const { training, validation } = run.history.at(-1);
        model.set("step", run.step);
        model.set("training_loss", Number.isFinite(training) ? training : null);
        model.set("validation_loss", Number.isFinite(validation) ? validation : null);
        model.save_changes();
        last.told = performance.now();
      }

      async function copyCode() {
        const done = await navigator.clipboard?.writeText(code.textContent).then(() => true, () => false);
        if (!done) getSelection().selectAllChildren(code); // where a page may not copy, the reader can
        copied.textContent = done ? say("Copied.") : say("Selected: press Ctrl+C.");
      }

      model.on([...controls.map(({ trait }) => trait), "seed"].map((name) => `change:${name}`).join(" "), renew);
      renew();
      return () => {
        wanted = false;
        wake();
        watcher.disconnect();
        sizes.disconnect();
        gone.abort();
      };
    });
  },
};

/** A list of values of which one is chosen, below its name. */
function select({ label, values, words = String }, input) {
  const list = h("select", { change: () => input(values[list.selectedIndex]) },
    ...values.map((value) => h("option", {}, words(value))));
  const element = h("label", { class: "control" }, h("span", {}, label), list);
  const set = (value) => { list.selectedIndex = values.indexOf(value); };
  return { element, set };
}

/** Pictures side by side, as one. */
function strip(name) {
  const width = SHOWN * (SIDE + GAP) - GAP, row = new Float32Array(width * SIDE);
  const { element, show } = picture(name, width, SIDE);
  return { element, show(images) {
    for (let y = 0; y < SHOWN * SIDE; y++) {
      const which = Math.floor(y / SIDE), line = y % SIDE;
      row.set(images.subarray(y * SIDE, (y + 1) * SIDE), line * width + which * (SIDE + GAP));
    }
    show(row);
  } };
}

/** Pixels of 4 bits, two a byte, as numbers from 0 to 1. */
function unpack(bytes) {
  const pairs = numbers(bytes, Uint8Array);
  return Float32Array.from({ length: 2 * pairs.length },
    (_, i) => (i % 2 ? pairs[i >> 1] & 15 : pairs[i >> 1] >> 4) / 15);
}

function decimals(loss) {
  return loss < 10 ? loss.toFixed(3) : loss.toPrecision(3);
}
