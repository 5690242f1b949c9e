/** Chapter 3: one digit through codes of different sizes. */
import { load } from "./network.js";
import { bars, choices, h, images, meanSquaredError, mount, networks, picture, slider, status } from "./kit.js";
import { pad } from "./pad.js";

export default {
  render({ model, el }) {
    mount(el, "One digit through codes of different sizes", (root) => {
      const nets = networks(model, load), examples = images(model.get("_examples"));
      const sizes = [...nets.keys()].map(Number);
      let drawing = new Float32Array(784);

      const size = slider({
        label: "Numbers in the code", values: sizes, value: model.get("size"), words: String,
        input: (value) => model.set("size", value),
      });
      const digit = choices({
        label: "Digit", images: examples, value: model.get("digit"),
        input: (place) => model.set("digit", place),
      });
      const sheet = pad({
        input(image) {
          drawing = image ?? new Float32Array(784);
          model.set("digit", -1);
          show();
        },
      });
      const original = picture("original"), code = bars("code");
      const reconstruction = picture("reconstruction"), said = status();
      root.append(
        digit.element,
        h("details", {}, h("summary", {}, "Or draw one"), sheet.element),
        size.element,
        h("div", { class: "pictures" }, original.element, code.element, reconstruction.element),
        said,
      );

      function show() {
        const n = model.get("size"), place = model.get("digit");
        size.set(n);
        digit.set(place);
        const x = place < 0 ? drawing : examples[place];
        const net = nets.get(String(n)), xHat = net.run(x);
        const z = Array.from(net.layers[0].output), error = meanSquaredError(x, xHat);
        original.show(x);
        code.show(z);
        reconstruction.show(xHat);
        said.textContent = `Through ${n} numbers: squared error ${error.toFixed(4)} per pixel.`;
        model.set("code", z);
        model.set("error", error);
        model.save_changes(); // to Python, if there is a kernel
      }
      model.on("change:size change:digit", show);
      show();
    });
  },
};
