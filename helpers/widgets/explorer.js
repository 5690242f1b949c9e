/** "Variational autoencoders": the plane of two latents, to walk in. */
import { load } from "./network.js";
import { h, mount, networks, numbers, picture, rows, slider, status } from "./kit.js";
import { chart, digitDots } from "./chart.js";
import { digitInput } from "./pad.js";
import { say } from "./words.js";

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
      root.append(
        h("div", { class: "hint" }, say("Drag the point, and see what the decoder draws there.")),
        h("div", { class: "walk" }, plane.element, drawn.element, original.element,
          reconstruction.element),
        said,
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
        model.set("z", cloud().mean.map(inPlane));
        show(); // also if the point was there already
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
        show();
      });
      paint();
      show();
    });
  },
};

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
