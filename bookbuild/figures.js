/**
 * Bring a page's reactive figures to life, with no kernel and from this page alone.
 *
 * A figure is an anywidget; its script, numbers and networks stand in the page, as Jupyter stored
 * them. In a notebook the widgets' manager runs it. That is a megabyte of scripts, most of it for
 * talking to a kernel; what a figure needs of it here is below.
 */
document.addEventListener("DOMContentLoaded", () => {
  const stored = document.querySelector('script[type$="widget-state+json"]');
  const models = JSON.parse(stored.textContent).state;

  // Each figure starts when the reader comes near, so that none delays the page.
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      start(target, models).catch((error) => console.error(error)); // the still picture stays
    }
  }, { rootMargin: "1000px" });
  document.querySelectorAll(".reactive").forEach((place) => near.observe(place));
});

async function start(place, models) {
  const view = JSON.parse(place.querySelector('script[type$="widget-view+json"]').textContent);
  const { state, buffers = [] } = models[view.model_id];
  for (const { path: [name], data } of buffers) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    state[name] = new DataView(bytes.buffer);
  }
  const style = document.createElement("style");
  style.textContent = state._css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
  const { default: figure } = await import(url);
  URL.revokeObjectURL(url);
  await figure.render({ model: new Model(state), el: place });
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
