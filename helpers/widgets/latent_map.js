/** "The latent space": maps of codes, and on them the digits whose codes are nearest. */
import { h, mount, numbers, oneOf, picture, rows, status } from "./kit.js";
import { chart, digitDots } from "./chart.js";
import { named, say } from "./words.js";

const SIDE = 28; // pixels of a picture

export default {
  async render({ model, el }) {
    const png = new Blob([model.get("_pictures") ?? ""], { type: "image/png" });
    const sheet = await createImageBitmap(png).catch((error) => error);
    mount({ model, el }, () => say("Maps of codes, and the nearest codes of a digit"), (root, model) => {
      if (sheet instanceof Error) throw sheet;
      const table = (name, kind, columns) => rows(Array.from(numbers(model.get(name), kind)), columns);
      const names = model.get("_maps"), labels = table("_labels", Uint8Array, 1).flat();
      const places = table("_places", Uint16Array, 2); // of all maps
      const neighbours = table("_neighbours", Uint16Array, 5);
      const near = table("_near", Uint8Array, 5); // of all maps

      const choice = oneOf({ label: say("Map"), values: names, words: named,
        input: (name) => model.set("map", name) });
      const pictures = [say("the digit"), ...neighbours[0].map((_, i) =>
        say("nearest code {number}", { number: i + 1 }))].map((name) => picture(name));
      const said = status();
      const maps = names.map((name, i) =>
        digitMap(name, places.slice(i * labels.length, (i + 1) * labels.length)));
      root.append(
        choice.element,
        h("div", { class: "pictures in-line" }, ...pictures.map(({ element }) => element)),
        said,
        ...maps.map((map) => map.element),
      );

      /** A map of all digits, on which the reader chooses one. */
      function digitMap(name, places) {
        const axis = { range: [-2000, 67535], ticks: [] }; // a little more than the digits take
        const map = chart({
          name: say("{map}: all digits as points, lines from the chosen one to its nearest codes",
            { map: named(name) }),
          x: { ...axis, label: say("first axis of the map") },
          y: { ...axis, label: say("second axis of the map") },
          width: 340, height: 332,
          backdrop: (context, toX, toY) => digitDots(context,
            places.map(([x, y]) => [toX(x), toY(y)]), labels),
          pick: {
            label: say("The chosen digit"), value: places[model.get("digit")], hover: true,
            step: (direction) => places[nextDigit(places, model.get("digit"), direction)],
            input(...at) {
              const digit = nearestTo(places, at);
              map.set(places[digit]); // the ring goes to the digit, not to the pointer
              if (digit === model.get("digit")) return;
              model.set("digit", digit);
            },
          },
        });
        return { ...map, places };
      }

      function show() {
        const digit = model.get("digit"), number = names.indexOf(model.get("map"));
        const { places, ...map } = maps[number], its = neighbours[digit];
        const isNear = near[number * labels.length + digit];
        maps.forEach(({ element }, i) => { element.hidden = i !== number; });
        choice.set(model.get("map"));
        [digit, ...its].forEach((one, i) => {
          const { canvas, element } = pictures[i], columns = sheet.width / SIDE;
          const context = canvas.getContext("2d");
          context.clearRect(0, 0, SIDE, SIDE);
          context.drawImage(sheet, SIDE * (one % columns), SIDE * Math.floor(one / columns),
            SIDE, SIDE, 0, 0, SIDE, SIDE);
          element.lastChild.textContent = caption(labels[one], i ? isNear[i - 1] : undefined);
        });
        map.set(places[digit]);
        const [close, apart] = [1, 0].map((near) => its.filter((_, i) => isNear[i] === near));
        const star = (ends) => ends.flatMap((end) => [places[digit], places[end], [0, null]]);
        map.show([
          { line: star(close), color: 0, name: say("nearest codes, near on the map") },
          { line: star(apart), color: 1, name: say("nearest codes, far on the map") },
          { points: close.map((end) => places[end]), color: 0 },
          { points: apart.map((end) => places[end]), color: 1 },
        ]);
        const label = labels[digit], same = its.filter((one) => labels[one] === label).length;
        said.textContent = inWords(label, same, close.length, its.length);
        model.set("neighbours", its);
        model.save_changes(); // to Python, if there is a kernel
      }
      model.on("change:digit change:map", show);
      show();
    });
  },
};

/** What stands below a picture: `near` on the map is 1 or 0, or nothing for the chosen digit. */
function caption(digit, near) {
  if (near === undefined) return say("this {digit}", { digit });
  return near ? say("{digit}, near", { digit }) : say("{digit}, far", { digit });
}

/** How many of a digit's nearest codes are of the same digit, and how many near on the map. */
function inWords(digit, same, near, count) {
  const one = digit === 8 ? say("an {digit}", { digit }) : say("a {digit}", { digit });
  const values = { one, digit, same, near, count };
  if (same === 1 && near === 1) {
    return say("This is {one}: {same} of its {count} nearest codes is {one}, and {near} of the {count} is near it on this map.", values);
  }
  if (same === 1) {
    return say("This is {one}: {same} of its {count} nearest codes is {one}, and {near} of the {count} are near it on this map.", values);
  }
  return near === 1
    ? say("This is {one}: {same} of its {count} nearest codes are {digit}s, and {near} of the {count} is near it on this map.", values)
    : say("This is {one}: {same} of its {count} nearest codes are {digit}s, and {near} of the {count} are near it on this map.", values);
}

function nearestTo(places, [x, y]) {
  const distances = places.map((place) => Math.hypot(place[0] - x, place[1] - y));
  return distances.indexOf(Math.min(...distances));
}

/** The nearest digit within the quarter of the map that an arrow key points to; or the same. */
function nextDigit(places, from, [right, up]) {
  const [x, y] = places[from];
  let next = from, least = Infinity;
  places.forEach((place, i) => {
    const dx = place[0] - x, dy = place[1] - y, along = dx * right + dy * up;
    if (along <= 0 || Math.hypot(dx, dy) > Math.SQRT2 * along || Math.hypot(dx, dy) >= least) return;
    [next, least] = [i, Math.hypot(dx, dy)];
  });
  return next;
}
