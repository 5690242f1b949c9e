/**
 * What a reader of a page gets, in whichever browser runs this: the words of its figures after one
 * step of each control, how dark their pictures are, and the colours in both themes.
 */
async () => {
  const soon = () => new Promise((done) => setTimeout(done, 20));
  const seen = (control) => control.checkVisibility() && !control.disabled;
  const input = (control) => control.dispatchEvent(new Event("input", { bubbles: true }));

  // Training goes on by itself, so its words depend on the moment. "Ten steps" does the same once.
  const CONTROLS = "input, select, button:not(.start)";
  const STEPS = {
    range(control) {
      const before = control.value;
      control.stepUp();
      if (control.value === before) control.stepDown();
      input(control);
    },
    "select-one"(control) {
      control.selectedIndex = (control.selectedIndex + 1) % control.length;
      control.dispatchEvent(new Event("change", { bubbles: true }));
    },
    number() {}, // a range has taken the step
    radio: (control) => control.click(),
    checkbox: (control) => control.click(),
    button: (control) => control.click(),
  };

  /** All that is said, to the eye and to the ear. */
  function words(figure) {
    const named = figure.querySelectorAll("[aria-label], [aria-valuetext]");
    return [figure.textContent, ...Array.from(named, (element) =>
      `${element.ariaLabel ?? ""} ${element.ariaValueText ?? ""}`)].join(" | ");
  }

  /** The mean of red, green, blue and ink. */
  function ink(canvas) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [0, 1, 2, 3].map((channel) => {
      let sum = 0;
      for (let i = channel; i < data.length; i += 4) sum += data[i];
      return sum / (255 * (data.length / 4));
    });
  }

  const figures = [];
  for (const place of document.querySelectorAll(".reactive")) {
    place.scrollIntoView();
    while (!place.querySelector("[data-alive], [role=alert]")) await soon();
    const figure = place.querySelector(".book-figure") ?? place;
    const said = [words(figure)];
    const groups = new Set();
    for (const control of figure.querySelectorAll(CONTROLS)) {
      if (!seen(control) || !control.isConnected) continue;
      if (control.type === "radio") { // one of a group is enough
        if (control.checked || groups.has(control.name)) continue;
        groups.add(control.name);
      }
      STEPS[control.type](control);
      said.push(words(figure));
    }
    figures.push({ said, pictures: Array.from(figure.querySelectorAll("canvas"), ink) });
  }

  // A colour on its way from light to dark is neither.
  document.head.append(Object.assign(document.createElement("style"),
    { textContent: "*, ::before, ::after { transition: none !important; }" }));
  const looks = {};
  for (const theme of ["light", "dark"]) {
    while (document.documentElement.dataset.theme !== theme) {
      Array.from(document.querySelectorAll(".theme-switch-button")).at(-1).click();
      await soon();
    }
    // No heading: WebKit 2.50 leaves its first one the old colour, now and then.
    looks[theme] = ["body", "article p", "article a", "article pre", "article td",
      "article summary", ".bd-sidebar-primary a", ".book-figure", ".book-figure .status",
      ".book-figure button", ".book-figure canvas"].map((selector) => {
      const element = document.querySelector(selector);
      if (!element) return selector;
      const { color, backgroundColor, filter } = getComputedStyle(element);
      return `${selector}: ${color} on ${backgroundColor} ${filter}`;
    });
  }
  return { figures, looks };
}
