/** "Deep autoencoders": from one digit to another, through the pixels and through the code. */
import { load } from "./network.js";
import { choices, h, images, mount, networks, picture, slider, status } from "./kit.js";
import { digitInput } from "./pad.js";
import { say } from "./words.js";

const PERCENT = Array.from({ length: 41 }, (_, i) => 2.5 * i);

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("From one digit to another"), (root, model) => {
      const nets = networks(model, load), examples = images(model.get("_examples"));
      const encoder = nets.get("encoder"), decoder = nets.get("decoder");
      const start = digitInput(model, show, say("From"));
      const end = choices({
        label: say("To"), images: examples, value: model.get("other"),
        input: (place) => model.set("other", place),
      });
      const share = slider({
        label: say("Way gone"), values: PERCENT, value: model.get("percent"),
        words: (percent) => say("{percent} %", { percent }), input: (value) => model.set("percent", value),
      });
      const pixels = picture(say("through the pixels")), code = picture(say("through the code"));
      const said = status();
      root.append(
        start.element,
        end.element,
        share.element,
        h("div", { class: "pictures" }, pixels.element, code.element),
        said,
      );

      function show() {
        const percent = model.get("percent"), other = model.get("other"), part = percent / 100;
        share.set(percent);
        end.set(other);
        const mix = (a, b) => a.map((value, i) => (1 - part) * value + part * b[i]);
        const from = start.get(), to = examples[other];
        const z = mix(encoder.run(from).slice(), encoder.run(to));
        const drawn = decoder.run(z), mixed = mix(from, to);
        pixels.show(mixed);
        code.show(drawn);
        said.textContent = say("Half-gray ink: {pixels} through the pixels, {code} through the code.",
          { pixels: halfGray(mixed), code: halfGray(drawn) });
        model.set("z", Array.from(z));
        model.save_changes(); // to Python, if there is a kernel
      }
      model.on("change:percent change:other", show);
      show();
    });
  },
};

/** Of the pixels with ink (above 1/4), the share that is neither paper nor full ink. */
function halfGray(image) {
  const ink = image.filter((value) => value > 0.25);
  if (!ink.length) return say("none");
  const gray = ink.filter((value) => value < 0.75);
  return say("{percent} %", { percent: Math.round((100 * gray.length) / ink.length) });
}
