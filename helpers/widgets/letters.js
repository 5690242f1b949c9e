/** "Codes of letters": a digit in sixteen letters of a codebook, each of which the reader can change. */
import { load } from "./network.js";
import { h, mount, networks, numbers, picture, rows, slider, status } from "./kit.js";
import { chart, COLORS } from "./chart.js";
import { digitInput } from "./pad.js";
import { say } from "./words.js";

const SIDE = 4; // the letters stand in a square
const CHANGED = 0.1; // what a pixel has moved at least if it is counted

export default {
  render({ model, el }) {
    mount({ model, el }, () => say("A digit in sixteen letters"), (root, model) => {
      const nets = networks(model, load);
      const encoder = nets.get("encoder"), decoder = nets.get("decoder");
      const book = rows(numbers(model.get("_book"), Float32Array), model.get("_size"));
      let distances, nearest;

      const digit = digitInput(model, start);
      const tiles = letterTiles((place) => model.set("place", place));
      const original = picture(say("original")), drawn = picture(say("drawn from the letters"));
      const moved = differencePicture(
        say("what this letter moved. Gray: nothing. Orange: more ink. Blue: less."));
      const letter = slider({
        label: say("Chosen letter"), values: [...book.keys()], value: 0, words: String,
        input: (value) => model.set("letters", model.get("letters").with(model.get("place"), value)),
      });
      const back = h("button", { type: "button", click: () => model.set("letters", nearest) },
        say("Back to the nearest"));
      const near = h("div", { class: "chart" }), said = status();
      root.append(
        h("div", { class: "hint" },
          h("span", {}, say("Choose one of the letters, and put another there.")), back),
        digit.element,
        h("div", { class: "spelled" },
          tiles.element,
          h("div", { class: "pictures" }, original.element, drawn.element, moved.element)),
        letter.element,
        near,
        said,
      );

      /** Find the letters of the digit: at each place the number of the nearest vector. */
      function encode() {
        original.show(digit.get());
        distances = rows(encoder.run(digit.get()), model.get("_size")).map((z) =>
          book.map((vector) => vector.reduce((sum, value, i) => sum + (z[i] - value) ** 2, 0)));
        nearest = distances.map((each) => each.indexOf(Math.min(...each))); // of equals the first
      }

      function decode(letters) {
        return decoder.run(Float32Array.from(letters.flatMap((each) => [...book[each]]))).slice();
      }

      /** Draw the digit from its letters, and show what the one at the chosen place is about. */
      function show() {
        const place = model.get("place"), letters = model.get("letters");
        const own = letters[place], best = nearest[place];
        letter.set(own);
        tiles.show(letters, nearest, place);
        const xHat = decode(letters), without = decode(letters.with(place, best));
        const difference = xHat.map((value, i) => value - without[i]);
        drawn.show(xHat);
        moved.show(difference);
        near.replaceChildren(distanceChart(place, distances[place], best, own));
        const values = { place, letter: own, distance: written(distances[place][own]), nearest: best,
          least: written(distances[place][best]),
          pixels: difference.filter((value) => Math.abs(value) > CHANGED).length };
        said.textContent = own === best
          ? say("Place {place}: letter {letter} is the nearest, squared distance {distance}.", values)
          : say("Place {place}: letter {letter}, squared distance {distance}; the nearest is letter {nearest}, squared distance {least}. Pixels changed by more than 0.1: {pixels}.", values);
        model.save_changes(); // to Python, if there is a kernel
      }

      function start() {
        encode();
        model.set("letters", nearest);
        show(); // also if the letters were these already
      }
      model.on("change:place", show);
      model.on("change:letters", () => (model.get("letters").length ? show() : start()));
      encode();
      if (model.get("letters").length) show();
      else start();
    });
  },
};

/** A squared distance as it is read: with two digits where the usual three decimals are 0.00... */
function written(value) {
  return value === 0 || value >= 0.01 ? value.toFixed(3) : value.toPrecision(2);
}

/**
 * The letters as a square of tiles, of which one is chosen: by mouse, finger or arrow keys.
 *
 * @param {function} input input(place): called on a choice
 * @returns {{element: HTMLElement, show: function}} show(letters, nearest, place)
 */
function letterTiles(input) {
  const group = `letters-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const tiles = Array.from({ length: SIDE * SIDE }, (_, place) => {
    const said = h("span", { "aria-hidden": "true" }); // the button has the name
    const button = h("input", { type: "radio", name: group, input: () => input(place),
      keydown: (event) => step(event, place) });
    return { button, said, element: h("label", {}, button, said) };
  });

  /** Up and down lead to the row above and below; to left and right a radio button goes itself. */
  function step(event, place) {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault(); // or it would go to the letter before or after
    event.stopPropagation(); // or a notebook would take it for a command
    const there = place + (event.key === "ArrowUp" ? -SIDE : SIDE);
    if (!tiles[there]) return;
    tiles[there].button.focus();
    input(there);
  }

  function show(letters, nearest, chosen) {
    tiles.forEach(({ button, said, element }, place) => {
      const letter = letters[place], own = letter !== nearest[place];
      said.textContent = letter;
      element.classList.toggle("own", own);
      button.checked = place === chosen;
      button.setAttribute("aria-label", own
        ? say("place {place}, letter {letter}, not the nearest", { place, letter })
        : say("place {place}, letter {letter}", { place, letter }));
    });
  }
  const element = h("fieldset", { class: "letters" }, h("legend", {}, say("Letters")),
    h("div", {}, ...tiles.map((tile) => tile.element)));
  return { element, show };
}

/** A picture of differences from -1 to 1: gray is none, and the two signs have two colours. */
function differencePicture(name) {
  const made = picture(name), context = made.canvas.getContext("2d");
  const pixels = context.createImageData(28, 28);
  made.canvas.classList.add("coloured");
  const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  const gray = [200, 200, 200], [less, more] = COLORS.map(channels);
  function show(values) {
    values.forEach((value, i) => {
      // By its root, or the small differences would be invisible beside the large.
      const share = Math.sqrt(Math.min(Math.abs(value), 1)), color = value < 0 ? less : more;
      gray.forEach((paper, c) => {
        pixels.data[4 * i + c] = Math.round(paper + share * (color[c] - paper));
      });
      pixels.data[4 * i + 3] = 255;
    });
    context.putImageData(pixels, 0, 0);
  }
  return { ...made, show };
}

/** How far the encoder's output at a place is from each vector of the codebook. */
function distanceChart(place, distances, nearest, own) {
  const last = distances.length - 1, most = Math.max(...distances, 1e-9) * 1.08;
  const apart = Math.ceil(distances.length / 4); // of 16 letters every fourth has its number
  const power = 10 ** Math.floor(Math.log10(most));
  const step = power * [0.2, 0.5, 1, 2].find((each) => most / (power * each) < 5);
  const { element, show } = chart({
    name: say("Squared distances of the encoder's output at place {place} to all letters", { place }),
    x: { label: say("letter"), range: [-0.8, last + 0.8],
      ticks: [0, 1, 2, 3].map((part) => part * apart).filter((tick) => tick <= last) },
    y: { label: say("squared distance"), range: [0, most],
      ticks: [0, 1, 2, 3, 4].map((count) => count * step).filter((tick) => tick < most),
      words: (tick) => String(Number(tick.toPrecision(2))) },
    width: 340, height: 190,
  });
  show([
    { bars: { edges: [...distances.keys(), last + 1].map((edge) => edge - 0.5), heights: distances },
      name: say("each letter") },
    { rule: own, color: 1, name: say("the chosen letter") },
    { points: [[nearest, distances[nearest]]], color: 2, size: 4.5, name: say("the nearest letter") },
  ]);
  return element;
}
