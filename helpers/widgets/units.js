/** "Sparse autoencoders": the active units of a sparse code, each with what it adds to the picture. */
import { load } from "./network.js";
import { h, meanSquaredError, mount, networks, picture, slider, status, toggles } from "./kit.js";
import { digitInput } from "./pad.js";
import { say } from "./words.js";

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("The active units of a sparse code"), (root, model) => {
      const nets = networks(model, load), k = model.get("k");
      const encoder = nets.get("encoder"), decoder = nets.get("decoder");
      let z, active;

      const digit = digitInput(model, encode);
      const strongest = slider({
        label: say("Strongest units that are on"), values: [...Array(k + 1).keys()], value: k,
        words: String, input: (n) => switchOn(n),
      });
      const units = toggles({
        label: say("What each active unit changes"), count: k, input: draw,
      });
      const original = picture(say("original")), reconstruction = picture(say("reconstruction"));
      const said = status();
      root.append(
        digit.element,
        strongest.element,
        h("div", { class: "of-units" },
          units.element,
          h("div", { class: "pictures" }, original.element, reconstruction.element)),
        said,
      );

      /** Switch the n most active units on and the others off. */
      function switchOn(n) {
        units.set(active.map((_, i) => i < n));
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
          // By its root, or the small differences would be invisible beside the large.
          differences.map((y) => y.map((value) =>
            0.5 + Math.sign(value) * Math.sqrt(Math.abs(value) / largest) / 2)),
          active.map((unit) => say("unit {unit}, activation {activation}",
            { unit, activation: z[unit].toFixed(1) })),
        );
        switchOn(k);
      }

      /** Draw the digit from the units that are switched on. */
      function draw() {
        const on = active.filter((_, i) => units.get()[i]);
        const xHat = decoder.run(only(on)), error = meanSquaredError(digit.get(), xHat);
        reconstruction.show(xHat);
        strongest.set(on.length);
        said.textContent = say("{on} of {active} units on: squared error {error} per pixel.",
          { on: on.length, active: active.length, error: error.toFixed(4) });
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
