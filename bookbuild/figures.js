/**
 * Bring a page's reactive figures to life, with no kernel and from this site alone.
 *
 * A figure is an anywidget; its numbers and networks stand in a file beside the page, as Jupyter stored
 * them, and its script in files for each of its parts (bookbuild/page_weight.py takes them out of
 * the page). In a notebook the widgets' manager runs it. That is a megabyte of scripts, most of it for
 * talking to a kernel; what a figure needs of it here is below.
 */
const address = document.currentScript.dataset.state;

document.addEventListener("DOMContentLoaded", () => {
  // Each figure starts when the reader comes near, so that none delays the page.
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      start(target).catch((error) => sayWhy(target, error));
    }
  }, { rootMargin: "1000px" });
  document.querySelectorAll(".reactive").forEach((place) => near.observe(place));
});

/** The still picture stays; below it the reader is told. What fails later is the figure's to tell. */
function sayWhy(place, error) {
  console.error(error);
  const words = document.createElement("p");
  words.setAttribute("role", "alert");
  words.className = "book-figure-error";
  words.textContent = say(
    "This figure could not start ({reason}). The text does not need it.", { reason: error.message });
  place.append(words);
}

/** Load a script or a style sheet, once. By an element: that works over file://, too. */
const loading = {};
function load(address) {
  loading[address] ??= new Promise((done, failed) => {
    const element = address.endsWith(".css")
      ? Object.assign(document.createElement("link"), { rel: "stylesheet", href: address })
      : Object.assign(document.createElement("script"), { src: address, async: false }); // in order
    element.onload = done;
    element.onerror = () => failed(new Error(say("cannot load {address}", { address })));
    document.head.append(element);
  });
  return loading[address];
}

/** What the parts of the figures' scripts export, by their files: each of them writes it here. */
const $parts = {};

async function start(place) {
  const view = JSON.parse(place.querySelector('script[type$="widget-view+json"]').textContent);
  await load(address);
  if (!window.bookFigures?.state) throw new Error(say("{file} is damaged", { file: address }));
  const { state, buffers = [], scripts, style } = window.bookFigures.state[view.model_id] ?? {};
  if (!scripts) throw new Error(say("its script is missing"));
  const folder = address.replace(/[^/]*$/, "");
  await Promise.all([style, ...Object.values(scripts)].map((name) => load(folder + name)));
  const [name, file] = Object.entries(scripts).at(-1), figure = $parts[name]?.$default;
  if (!figure) throw new Error(say("{file} is damaged", { file }));
  for (const { path: [name], data } of buffers) {
    state[name] = new DataView(decode(data).buffer);
  }
  await figure.render({ model: new Model(state), el: place });
}

function decode(base64) {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch (error) {
    throw new Error(say("its numbers are damaged"), { cause: error });
  }
}

/** Values that can be read, set and listened to: what anywidget promises a figure. */
class Model {
  #state;
  #listeners = [];

  constructor(state) {
    this.#state = state;
  }

  get(name) {
    return this.#state[name];
  }

  set(name, value) {
    if (this.#state[name] === value) return;
    this.#state[name] = value;
    for (const { events, listener } of [...this.#listeners]) {
      if (events.includes(`change:${name}`)) listener();
    }
  }

  on(events, listener) {
    this.#listeners.push({ events: events.split(" "), listener });
  }

  off(events, listener) {
    this.#listeners = this.#listeners.filter((known) => known.listener !== listener);
  }

  /** To the kernel, in a notebook; here is none. */
  save_changes() {}
}
