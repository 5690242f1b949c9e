/** "Convolutional autoencoders": the maps that one image becomes on its way through the layers. */
import { load } from "./network.js";
import { h, meanSquaredError, mount, networks, picture, slider, status } from "./kit.js";
import { digitInput } from "./pad.js";
import { say } from "./words.js";

const layerWords = () => ({ Conv2D: say("convolution"), MaxPooling2D: say("max-pool"),
  Conv2DTranspose: say("transposed convolution"), UpSampling2D: say("enlargement") });

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("Feature maps, layer by layer"), (root, model) => {
      const nets = networks(model, load);
      const encoder = nets.get("encoder"), decoder = nets.get("decoder");
      const group = `maps-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
      const words = layerWords(), count = encoder.layers.length + decoder.layers.length;
      const layers = [...encoder.layers, ...decoder.layers].map((layer, i) => ({
        ...layer,
        ...mapPictures(layer.shape, `${group}-${i}`, (map) => model.set("map", map)),
        words: placeInWords({ number: i + 1, count, layer: words[layer.type] ?? layer.name },
          i === encoder.layers.length - 1),
      }));
      let error;

      const digit = digitInput(model, run);
      const place = slider({
        label: say("Layer"), values: [...layers.keys()], value: model.get("layer"),
        words: (i) => layers[i].words, input: (i) => model.set("layer", i),
      });
      // A line of its own: words of different lengths would make the slider longer and shorter.
      place.element.querySelector("output").style.flexBasis = "100%";
      const original = picture(say("original")), reconstruction = picture(say("reconstruction"));
      const frame = framed(original);
      const said = status();
      root.append(
        digit.element,
        place.element,
        ...layers.map(({ maps }) => maps),
        h("div", { class: "pictures" }, original.element,
          ...layers.map(({ large }) => large.element), reconstruction.element),
        said,
      );

      /** Send the digit through all layers. */
      function run() {
        const xHat = decoder.run(encoder.run(digit.get()));
        error = meanSquaredError(digit.get(), xHat);
        original.show(digit.get());
        reconstruction.show(xHat);
        show();
      }

      /** Show the maps of the layer that is chosen, and one of them large. */
      function show() {
        const { shape: [height, width, count], output, ...layer } = layers[model.get("layer")];
        const map = Math.min(model.get("map"), count - 1);
        layers.forEach(({ maps, large }) => {
          maps.style.display = maps === layer.maps ? "" : "none";
          large.element.style.display = large === layer.large ? "" : "none";
        });
        place.set(model.get("layer"));
        const largest = output.reduce((a, b) => Math.max(a, b));
        const values = (k) => output.filter((_, i) => i % count === k);
        const gray = (k) => values(k).map((value) => value / Math.max(largest, 1e-9));
        layer.small.forEach((one, k) => one.show(gray(k)));
        layer.small[map].button.checked = true;
        layer.large.show(gray(map));
        layer.large.rename(say("map {number} of {count}", { number: map + 1, count }));
        // A number of the encoder near the middle, and the pixels that it depends on.
        const middle = [height, width].map((length) => Math.floor((length - 1) / 2));
        const behind = model.get("layer") + 1;
        const field = behind <= encoder.layers.length
          ? fieldOf(encoder.layers.slice(0, behind), ...middle) : undefined;
        frame(field);
        layer.large.frame(field && { top: middle[0], left: middle[1], height: 1, width: 1 });
        layer.legend.textContent = count > 1
          ? say("{count} maps; full ink is {largest}, the layer's largest number",
            { count, largest: largest.toFixed(2) })
          : say("1 map; full ink is {largest}, the layer's largest number",
            { largest: largest.toFixed(2) });
        said.textContent = [
          say("{height} x {width} x {count}: {numbers} numbers.",
            { height, width, count, numbers: output.length.toLocaleString("en") }),
          ...(field ? [say("The framed one sees {height} x {width} pixels.", field)] : []),
          say("Reconstruction: squared error {error} per pixel.", { error: error.toFixed(4) }),
        ].join(" ");
        model.set("map", map);
        model.set("values", Array.from(values(map)));
        model.set("error", error);
        model.save_changes(); // to Python, if there is a kernel
      }
      model.on("change:layer change:map", show);
      run();
    });
  },
};

/** Which layer it is, and whether its output is the code. */
function placeInWords(values, isCode) {
  return isCode ? say("{number} of {count}, {layer}: the code", values)
    : say("{number} of {count}, {layer}", values);
}

/** A layer's maps as small pictures, of which one is chosen, and the picture that shows it large. */
function mapPictures([height, width, count], name, input) {
  const small = Array.from({ length: count }, (_, map) => {
    const { canvas, show } = picture("", width, height);
    canvas.setAttribute("aria-hidden", "true"); // the button has the name
    const button = h("input", { type: "radio", name, "aria-label": say("map {number}", { number: map + 1 }),
      input: () => input(map) });
    return { button, show, element: h("label", {}, button, canvas) };
  });
  const legend = h("legend", {});
  const maps = h("fieldset", { class: "choices" }, legend, ...small.map((one) => one.element));
  const pictured = picture("", width, height), { canvas, element, show } = pictured;
  function rename(words) {
    canvas.setAttribute("aria-label", words);
    element.querySelector("figcaption").textContent = words;
  }
  return { small, legend, maps, large: { element, show, rename, frame: framed(pictured) } };
}

/**
 * Return the part of the image that one place in the last of some layers depends on, or nothing
 * if they are no layers that start at the image.
 */
function fieldOf(layers, row, column) {
  let seen = [row * layers.at(-1).shape[1] + column];
  for (const { shape, pixels } of layers.toReversed()) {
    if (!pixels) return undefined;
    const taps = pixels.length / (shape[0] * shape[1]);
    const covered = seen.flatMap((place) => [...pixels.subarray(place * taps, (place + 1) * taps)]);
    seen = [...new Set(covered)].filter((pixel) => pixel >= 0);
  }
  const rows = seen.map((pixel) => Math.floor(pixel / 28)), columns = seen.map((pixel) => pixel % 28);
  const top = Math.min(...rows), left = Math.min(...columns);
  return { top, left, height: Math.max(...rows) - top + 1, width: Math.max(...columns) - left + 1 };
}

/** Let a picture have a frame: the function that is returned moves it, or hides it for nothing. */
function framed({ canvas }) {
  const frame = h("span", { class: "frame" }), place = h("span", { class: "framed" });
  canvas.replaceWith(place);
  place.append(canvas, frame);
  return (part) => {
    frame.hidden = !part;
    if (!part) return;
    const share = (length, of) => `${(100 * length) / of}%`;
    Object.assign(frame.style, {
      top: share(part.top, canvas.height), height: share(part.height, canvas.height),
      left: share(part.left, canvas.width), width: share(part.width, canvas.width),
    });
  };
}
