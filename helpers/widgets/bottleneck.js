/** "A simple autoencoder": one digit through codes of different sizes. */
import { load } from "./network.js";
import { bars, h, meanSquaredError, mount, networks, picture, slider, status } from "./kit.js";
import { digitInput } from "./pad.js";
import { say } from "./words.js";

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("One digit through codes of different sizes"), (root, model) => {
      const nets = networks(model, load);
      const size = slider({
        label: say("Numbers in the code"), values: [...nets.keys()].map(Number),
        value: model.get("size"), words: String, input: (value) => model.set("size", value),
      });
      const digit = digitInput(model, show);
      const original = picture(say("original")), code = bars(say("code"));
      const reconstruction = picture(say("reconstruction")), said = status();
      root.append(
        digit.element,
        size.element,
        h("div", { class: "pictures" }, original.element, code.element, reconstruction.element),
        said,
      );

      function show() {
        const n = model.get("size"), x = digit.get();
        size.set(n);
        const net = nets.get(String(n)), xHat = net.run(x);
        const z = Array.from(net.layers[0].output), error = meanSquaredError(x, xHat);
        original.show(x);
        code.show(z);
        reconstruction.show(xHat);
        said.textContent = say("Through {count} numbers: squared error {error} per pixel.",
          { count: n, error: error.toFixed(4) });
        model.set("code", z);
        model.set("error", error);
        model.save_changes(); // to Python, if there is a kernel
      }
      model.on("change:size", show);
      show();
    });
  },
};
