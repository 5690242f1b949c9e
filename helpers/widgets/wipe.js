/** "Cleaning documents": a page before and after, with a line between the two that the reader moves. */
import { h, mount, on, oneOf, slider, status } from "./kit.js";
import { named, say } from "./words.js";

const ORANGE = "#D55E00"; // Okabe and Ito's, as in plots.py
const PERCENTS = Array.from({ length: 101 }, (_, i) => i);

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("A page before and after"), (root, model) => {
      const pages = model.get("_pages"), decoded = new Map();
      const page = oneOf({
        label: say("Page"), values: pages.map(({ name }) => name), words: named,
        input: (name) => model.set("page", name),
      });
      const right = oneOf({
        label: say("At right"), values: pages[0].views.slice(1).map(({ name }) => name),
        words: named,
        input: (name) => model.set("right", name),
      });
      const line = slider({
        label: say("Line"), values: PERCENTS, value: model.get("line"), words: (percent) => say("{percent} %", { percent }),
        input: (value) => model.set("line", value),
      });
      const canvas = h("canvas", { class: "wipe coloured", role: "img" }), said = status();
      const context = canvas.getContext("2d");
      root.append(page.element, right.element, canvas, line.element, said);

      function choose() {
        const { views, width, height } = pages.find(({ name }) => name === model.get("page"));
        const [before, truth] = [views[0], views.at(-1)];
        const after = views.find(({ name }) => name === model.get("right"));
        page.set(model.get("page"));
        right.set(after.name);
        Object.assign(canvas, { width, height });
        const values = { left: named(before.name), right: named(after.name),
          leftError: before.rmse.toFixed(4), rightError: after.rmse.toFixed(4) };
        canvas.setAttribute("aria-label", say("Left of the line: {left}. Right: {right}.", values));
        said.textContent = after === truth
          ? say("Error of this part of the page (RMSE): {left} {leftError}. Right is what it should be.", values)
          : say("Error of this part of the page (RMSE): {left} {leftError}, {right} {rightError}.", values);
        draw();
      }

      function draw() {
        const { views } = pages.find(({ name }) => name === model.get("page"));
        const after = views.find(({ name }) => name === model.get("right"));
        const [under, over] = [image(after), image(views[0])];
        line.set(model.get("line"));
        model.save_changes(); // to Python, if there is a kernel
        if (!under.naturalWidth || !over.naturalWidth) return; // each of them draws once it is there
        const { width, height } = canvas, x = Math.round((width * model.get("line")) / 100);
        context.drawImage(under, 0, 0);
        if (x) context.drawImage(over, 0, 0, x, height, 0, 0, x, height);
        context.fillStyle = ORANGE;
        context.fillRect(x - 1, 0, 2, height);
        context.beginPath();
        context.arc(x, height - 12, 8, 0, 2 * Math.PI);
        context.fill();
      }

      /** A view's picture; the browser needs a moment to decode it. */
      function image({ start, stop }) {
        if (!decoded.has(start)) {
          const { buffer, byteOffset } = model.get("_pictures"), picture = new Image();
          const bytes = new Uint8Array(buffer, byteOffset + start, stop - start);
          const address = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
          on(picture, "load", () => {
            URL.revokeObjectURL(address);
            draw();
          }, canvas);
          on(picture, "error", () => {
            said.textContent = say("A picture of this page could not be decoded. The text does not need it.");
          }, canvas);
          decoded.set(start, picture);
          picture.src = address;
        }
        return decoded.get(start);
      }

      const follow = ({ clientX }) => {
        const { left, width } = canvas.getBoundingClientRect();
        const percent = Math.round((100 * (clientX - left)) / width);
        model.set("line", Math.min(Math.max(percent, 0), 100));
      };
      on(canvas, "pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        follow(event);
      });
      on(canvas, "pointermove", (event) => {
        if (canvas.hasPointerCapture(event.pointerId)) follow(event);
      });
      model.on("change:page change:right", choose);
      model.on("change:line", draw);
      choose();
    });
  },
};
