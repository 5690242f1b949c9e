"""A reactive figure alone in a browser: no notebook, no page, no kernel."""

import base64
import re

import anywidget
import numpy as np
from conftest import TOP

# What a browser needs to show a figure without a notebook: the widget's state.
ALONE = """async ([code, css, state]) => {
  const url = URL.createObjectURL(new Blob([code], {type: "text/javascript"}));
  const figure = (await import(url)).default;
  document.head.append(Object.assign(document.createElement("style"), {textContent: css}));
  const el = document.body.appendChild(document.createElement("div"));
  for (const [key, value] of Object.entries(state)) {
    if (value?.bytes === undefined) continue;
    const bytes = Uint8Array.from(atob(value.bytes), (letter) => letter.charCodeAt(0));
    state[key] = new DataView(bytes.buffer);
  }
  const listeners = [];
  window.told = [];
  const model = {
    get: (key) => state[key],
    set(key, value) {
      const changed = state[key] !== value;
      state[key] = value;
      if (changed) listeners.forEach(([on, f]) => on.includes(`change:${key}`) && f());
    },
    on: (events, f) => listeners.push([events.split(" "), f]),
    save_changes() {
      const words = Object.entries(state).filter(([, value]) => !ArrayBuffer.isView(value));
      window.told.push(structuredClone(Object.fromEntries(words)));
    },
  };
  window.model = model;
  await figure.render({model, el});
}"""


def state_of(figure):
    """Return what a figure's script can read, bytes in base64."""
    jupyter = set(anywidget.AnyWidget.class_trait_names(sync=True)) | {"_esm", "_css"}
    state = {name: getattr(figure, name) for name in figure.trait_names(sync=True)}
    return {
        name: {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in state.items()
        if name not in jupyter and name != "_anywidget_id"
    }


def show(page, figure, **changes):
    """Show a figure on the page below what is there; `changes` are put into its state.

    The page then has `model`, the figure's state, and `told`, what went to Python so far.
    """
    page.evaluate(ALONE, [figure._esm, figure._css, state_of(figure) | changes])


def shown(page, name):
    """Return what a picture of the figure shows, as (h, w) from 0 (paper) to 1 (ink)."""
    ink = page.locator(f'canvas[aria-label="{name}"]').evaluate(
        """c => [c.width, ...c.getContext("2d").getImageData(0, 0, c.width, c.height).data
          .filter((_, i) => i % 4 === 3)]"""
    )
    return np.reshape(ink[1:], (-1, ink[0])) / 255


def number_after(words, said):
    """Return the number that follows some words: rounded, which two processors may do differently."""
    return float(re.search(rf"{words} (-?\d+(?:\.\d+)?)", said)[1])


def assert_usable(page):
    """Check what holds for every figure: it is alive, clean for axe, and fits a phone."""
    assert page.locator(".book-figure[data-alive]").count()
    for words in page.locator(".book-figure summary").all():
        words.click()
    page.add_script_tag(path=TOP / "node_modules" / "axe-core" / "axe.min.js")
    found = page.evaluate("axe.run('.book-figure').then(r => r.violations)")
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
