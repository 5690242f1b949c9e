/** "Sparse autoencoders": the active units of a sparse code, each with what it adds to the picture. */
import { load } from "./network.js";
import { h, meanSquaredError, mount, networks, picture, status, toggles } from "./kit.js";
import { digitInput } from "./pad.js";

export default {
  render({ model, el }) {
    mount({ model, el }, "The active units of a sparse code", (root, model) => {
      const nets = networks(model, load), k = model.get("k");
      const encoder = nets.get("encoder"), decoder = nets.get("decoder");
      let z, active;

      const digit = digitInput(model, encode);
      const units = toggles({
        label: `The ${k} active units: each one's difference to the drawing`, count: k,
        input: draw,
      });
      const all = h("button", { type: "button", click: () => switchAll(true) }, "All on");
      const none = h("button", { type: "button", click: () => switchAll(false) }, "All off");
      const original = picture("original"), reconstruction = picture("reconstruction");
      const said = status();
      root.append(
        digit.element,
        units.element,
        h("div", { class: "pictures" }, all, none),
        h("div", { class: "pictures" }, original.element, reconstruction.element),
        said,
      );

      function switchAll(on) {
        units.set(active.map(() => on));
        draw();
      }

      /** Find the active units of the digit, and show the difference that each of them makes. */
      function encode() {
        original.show(digit.get());
        z = encoder.run(digit.get()).slice();
        active = [...z.keys()].filter((unit) => z[unit] > 0).sort((a, b) => z[b] - z[a]).slice(0, k);
        const full = decoder.run(only(active)).slice();
        const differences = active.map((unit) => {
          const without = decoder.run(only(active.filter((other) => other !== unit)));
          return full.map((value, i) => value - without[i]);
        });
        const largest = Math.max(1e-9, ...differences.flatMap((y) => [...y.map(Math.abs)]));
        units.show(
          differences.map((y) => y.map((value) => 0.5 + value / largest / 2)),
          active.map((unit) => `unit ${unit}, activation ${z[unit].toFixed(1)}`),
        );
        switchAll(true);
      }

      /** Draw the digit from the units that are switched on. */
      function draw() {
        const on = active.filter((_, i) => units.get()[i]);
        const xHat = decoder.run(only(on)), error = meanSquaredError(digit.get(), xHat);
        reconstruction.show(xHat);
        said.textContent = `${on.length} of ${active.length} units on: ` +
          `squared error ${error.toFixed(4)} per pixel.`;
        model.set("on", on);
        model.set("error", error);
        model.save_changes(); // to Python, if there is a kernel
      }

      /** The code with these units as they are, and all others at 0. */
      function only(on) {
        const code = new Float32Array(z.length);
        for (const unit of on) code[unit] = z[unit];
        return code;
      }

      encode();
    });
  },
};
