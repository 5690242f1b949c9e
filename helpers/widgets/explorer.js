/** Chapter 11: the plane of two latents, to walk in. */
import { load } from "./network.js";
import { h, mount, networks, picture, slider, status } from "./kit.js";
import { chart, DIGIT_COLORS } from "./chart.js";
import { digitInput } from "./pad.js";

export default {
  render({ model, el }) {
    mount(el, "The plane of two latents", (root) => {
      const nets = networks(model, load), betas = model.get("_betas"), limit = model.get("_limit");
      const place = () => betas.indexOf(model.get("beta"));
      const inPlane = (value) => Math.min(Math.max(value, -limit), limit);
      const axis = (label) => ({ label, range: [-limit, limit], ticks: [-2, -1, 0, 1, 2] });
      let paint;

      const plane = chart({
        name: "The plane of two latents, with the test digits' means as dots",
        x: axis("first latent"), y: axis("second latent"), width: 340, height: 332,
        backdrop(...canvas) { paint = () => paintDots(model, place(), ...canvas); },
        pick: { label: "The point that is decoded", value: model.get("z"), step: [0.1, 0.1],
          input: (...z) => model.set("z", z) },
      });
      const beta = slider({ label: "Trained with β =", values: betas, value: model.get("beta"),
        words: String, input: (value) => model.set("beta", value) });
      const digit = digitInput(model, start, "Or start from a digit");
      const drawn = picture("drawn at the point"), original = picture("the digit");
      const reconstruction = picture("its mean, drawn"), said = status();
      root.append(
        h("div", { class: "hint" }, "Drag the point, and see what the decoder draws there."),
        h("div", { class: "walk" }, plane.element, drawn.element, original.element,
          reconstruction.element),
        said,
        beta.element,
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
        model.set("z", cloud().mean.map(inPlane));
        show(); // also if the point was there already
      }

      function show() {
        const z = model.get("z"), { mean, sd, kl } = cloud();
        const decoder = nets.get(`decoder ${place()}`);
        beta.set(model.get("beta"));
        plane.set(z);
        plane.show([
          { ellipse: [0, 0, 1, 1], color: 1, name: "prior" },
          { ellipse: [0, 0, 2, 2], color: 1 },
          // Of the smallest clouds the line alone is seen, as a dot.
          { ellipse: [...mean, ...sd], name: "the digit's cloud" },
          { ellipse: [...mean, ...sd.map((value) => 2 * value)] },
        ]);
        original.show(digit.get());
        drawn.show(decoder.run(z));
        reconstruction.show(decoder.run(mean));
        const pair = (values) => values.map((value) => value.toFixed(2)).join(" and ");
        said.textContent = `Point at ${pair(z)}. The digit's cloud: means ${pair(mean)}, standard ` +
          `deviations ${pair(sd)}; it costs ${kl.toFixed(1)} nats.`;
        model.set("mean", mean);
        model.set("sd", sd);
        model.save_changes(); // to Python, if there is a kernel
      }

      model.on("change:z", show);
      model.on("change:beta", () => {
        paint();
        show();
      });
      paint();
      show();
    });
  },
};

/** Paint the test digits' means for one beta, and each digit's name in the middle of its dots. */
function paintDots(model, place, context, toX, toY) {
  const bytes = (name) => {
    const { buffer, byteOffset, byteLength } = model.get(name);
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
  const labels = bytes("_labels"), limit = model.get("_limit");
  const dots = bytes("_dots").subarray(2 * labels.length * place, 2 * labels.length * (place + 1));
  const inside = (value) => (value / 255) * 2 * limit - limit;
  const own = DIGIT_COLORS.map(() => [[], []]);
  context.clearRect(toX(-limit), toY(limit), toX(limit) - toX(-limit), toY(-limit) - toY(limit));
  labels.forEach((label, i) => {
    const [x, y] = [toX(inside(dots[2 * i])), toY(inside(dots[2 * i + 1]))];
    own[label][0].push(x);
    own[label][1].push(y);
    if ([0, 255].includes(dots[2 * i]) || [0, 255].includes(dots[2 * i + 1])) return; // beyond
    context.fillStyle = DIGIT_COLORS[label];
    context.beginPath();
    context.arc(x, y, 1.7, 0, 2 * Math.PI);
    context.fill();
  });
  Object.assign(context, { font: "bold 11px sans-serif", textAlign: "center",
    textBaseline: "middle", lineWidth: 1.5 });
  own.forEach((coordinates, label) => {
    if (!coordinates[0].length) return;
    const middle = coordinates.map((values) => values.sort((a, b) => a - b)[values.length >> 1]);
    Object.assign(context, { fillStyle: "white", strokeStyle: DIGIT_COLORS[label] });
    context.beginPath();
    context.arc(...middle, 7, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    context.fillStyle = "black";
    context.fillText(label, ...middle);
  });
}
