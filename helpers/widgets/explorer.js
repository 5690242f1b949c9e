/** "Variational autoencoders": the plane of two latents, to walk in. */
import { load } from "./network.js";
import { choices, h, mount, networks, numbers, on, picture, rows, slider, status } from "./kit.js";
import { chart, digitDots } from "./chart.js";
import { digitInput } from "./pad.js";
import { fillNormal, randomFrom } from "./random.js";
import { say } from "./words.js";

const DRAWS = 10;

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("The plane of two latents"), (root, model) => {
      const nets = networks(model, load), betas = model.get("_betas"), limit = model.get("_limit");
      const place = () => betas.indexOf(model.get("beta"));
      const inPlane = (value) => Math.min(Math.max(value, -limit), limit);
      const axis = (label) => ({ label, range: [-limit, limit], ticks: [-2, -1, 0, 1, 2] });
      let paint;

      const plane = chart({
        name: say("The plane of two latents, with the digits' means as dots"),
        x: axis(say("first latent")), y: axis(say("second latent")), width: 340, height: 332,
        backdrop(...canvas) { paint = () => paintDots(model, place(), ...canvas); },
        pick: { label: say("The point that is decoded"), value: model.get("z"), step: [0.1, 0.1],
          input: (...z) => model.set("z", z) },
      });
      const beta = slider({ label: say("Trained with β ="), values: betas, value: model.get("beta"),
        words: String, input: (value) => model.set("beta", value) });
      const digit = digitInput(model, start, say("Or start from a digit"));
      const drawn = picture(say("drawn at the point")), original = picture(say("the digit"));
      const reconstruction = picture(say("its mean, drawn")), said = status();
      const draws = drawsFromTheCloud(show);
      root.append(
        h("div", { class: "hint" }, say("Drag the point, and see what the decoder draws there.")),
        h("div", { class: "walk" }, plane.element, drawn.element, original.element,
          reconstruction.element),
        said,
        draws.element,
        ...(betas.length > 1 ? [beta.element] : []),
        digit.element,
      );

      /** The digit's cloud: means, standard deviations, and what it costs in nats. */
      function cloud() {
        const [a, b, ...logVar] = nets.get(`encoder ${place()}`).run(digit.get());
        const mean = [a, b], sd = logVar.map((value) => Math.exp(value / 2));
        const kl = mean.reduce((sum, m, i) => sum + (m ** 2 + sd[i] ** 2 - 1 - logVar[i]) / 2, 0);
        return { mean, sd, kl: Math.max(kl, 0) }; // rounding may make it -0.0
      }

      /** Put the point in the middle of the digit's cloud. */
      function start() {
        follow();
        model.set("z", cloud().mean.map(inPlane));
        show(); // also if the point was there already
      }

      /** Let the draws follow the cloud. */
      function follow() {
        draws.follow(cloud(), (z) => nets.get(`decoder ${place()}`).run(z));
      }

      function show() {
        const z = model.get("z"), { mean, sd, kl } = cloud();
        const decoder = nets.get(`decoder ${place()}`);
        beta.set(model.get("beta"));
        plane.set(z);
        plane.show([
          { ellipse: [0, 0, 1, 1], color: 1, name: say("prior") },
          { ellipse: [0, 0, 2, 2], color: 1 },
          // Of the smallest clouds the line alone is seen, as a dot.
          { ellipse: [...mean, ...sd], name: say("the digit's cloud") },
          { ellipse: [...mean, ...sd.map((value) => 2 * value)] },
          ...draws.marks({ size: 2, name: say("ten codes drawn from it") }),
        ]);
        original.show(digit.get());
        drawn.show(decoder.run(z));
        reconstruction.show(decoder.run(mean));
        const [x, y, meanX, meanY, sdX, sdY] = [...z, ...mean, ...sd].map((value) => value.toFixed(2));
        said.textContent = say("Point at {x} and {y}. The digit's cloud: means {meanX} and {meanY}, standard deviations {sdX} and {sdY}; it costs {kl} nats.",
          { x, y, meanX, meanY, sdX, sdY, kl: kl.toFixed(1) });
        model.set("mean", mean);
        model.set("sd", sd);
        model.save_changes(); // to Python, if there is a kernel
      }

      model.on("change:z", show);
      model.on("change:beta", () => {
        paint();
        follow();
        show();
      });
      paint();
      follow();
      show();
    });
  },
};

/**
 * Ten codes drawn from a cloud, z = mean + sd x epsilon: as marks in a close-up, for most clouds are
 * specks in the plane, as pictures, and one of them as a sum in numbers. The epsilons stay while
 * the cloud moves, until the reader wants new ones.
 *
 * @param {function} change called when there are other codes, or another of them is chosen
 * @returns {{element: HTMLElement, follow: function, marks: function}}
 *   follow({mean, sd}, decode) moves the codes to this cloud, without calling `change`;
 *   marks({size, name}): the codes for a chart, of this size, by this name in its legend
 */
function drawsFromTheCloud(change) {
  let seed = 1, chosen = 0, epsilons, cloud, codes, decode;
  const closeUp = h("div", { class: "chart" }), sum = h("div", { class: "sum", role: "status" });
  const pictures = choices({ label: say("Drawn from the cloud"), value: chosen, input: choose,
    images: Array(DRAWS).fill(new Float32Array(784)) });
  pictures.element.querySelectorAll("label").forEach((label, i) =>
    on(label, "pointerenter", () => choose(i)));
  const button = h("button", { type: "button", click() { draw(); change(); } }, say("Draw again"));
  const element = h("div", { class: "stack" },
    h("div", { class: "hint" },
      h("span", {}, say("Ten codes drawn from the digit's cloud, with ten random ε.")), button),
    h("div", { class: "draws" }, closeUp, h("div", { class: "stack" }, pictures.element, sum)));

  /** Draw ten epsilons, the same ones in each reader's first, second, ... draw. */
  function draw() {
    const values = new Float32Array(2 * DRAWS);
    fillNormal(values, randomFrom(seed++));
    // Of two decimals, so that the sum holds with the numbers that are read.
    epsilons = rows(Array.from(values, (value) => Number(value.toFixed(2))), 2);
    if (cloud) follow(cloud, decode);
  }

  function follow(newCloud, newDecode) {
    [cloud, decode] = [newCloud, newDecode];
    codes = epsilons.map((epsilon) => epsilon.map((e, i) => cloud.mean[i] + cloud.sd[i] * e));
    pictures.show(codes.map((z) => decode(z).slice()));
    show();
  }

  function choose(place) {
    if (place === chosen) return;
    chosen = place;
    pictures.set(place);
    show();
    change();
  }

  const marks = ({ size, name }) => [
    { line: [cloud.mean, codes[chosen]], color: 4 },
    { points: [codes[chosen]], color: 4, size: size + 2.5 },
    { points: codes, color: 2, size, name },
  ];

  function show() {
    const { mean, sd } = cloud, z = codes[chosen], epsilon = epsilons[chosen];
    const reach = 1.1 * Math.max(3, ...epsilons.flat().map(Math.abs)); // in standard deviations
    const axis = (i, label) => ({ label, range: [-reach, reach].map((e) => mean[i] + sd[i] * e),
      ticks: [-2, 0, 2].map((e) => mean[i] + sd[i] * e), words: (tick) => tick.toFixed(2) });
    const near = chart({ name: say("The digit's cloud enlarged, with the ten codes"),
      x: axis(0, say("first latent")), y: axis(1, say("second latent")), width: 250, height: 234 });
    near.show([
      { ellipse: [...mean, ...sd], name: say("1 and 2 standard deviations") },
      { ellipse: [...mean, ...sd.map((value) => 2 * value)] },
      ...marks({ size: 3.5 }),
    ]);
    closeUp.replaceChildren(near.element);
    const [first, second] = z.map((value, i) => ({ z: value.toFixed(3), mean: mean[i].toFixed(3),
      sd: sd[i].toFixed(3), epsilon: epsilon[i].toFixed(2) }));
    sum.replaceChildren(...[
      say("Code {number}: z = mean + sd × ε", { number: chosen + 1 }),
      say("first latent: {z} = {mean} + {sd} × {epsilon}", first),
      say("second latent: {z} = {mean} + {sd} × {epsilon}", second),
    ].map((words) => h("p", {}, words)));
  }

  draw();
  return { element, follow, marks };
}

/** Paint the digits' means for one beta. */
function paintDots(model, place, context, toX, toY) {
  const limit = model.get("_limit"), labels = numbers(model.get("_labels"), Uint8Array);
  const inside = (value) => (value / 255) * 2 * limit - limit;
  const dots = rows(Array.from(numbers(model.get("_dots"), Uint8Array)), 2)
    .slice(labels.length * place, labels.length * (place + 1))
    .map((dot, i) => ({ dot, label: labels[i] }))
    .filter(({ dot }) => dot.every((value) => value > 0 && value < 255)); // those are beyond the plane
  context.clearRect(toX(-limit), toY(limit), toX(limit) - toX(-limit), toY(-limit) - toY(limit));
  digitDots(context, dots.map(({ dot: [x, y] }) => [toX(inside(x)), toY(inside(y))]),
    dots.map(({ label }) => label));
}
