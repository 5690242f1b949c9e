// What the pages would say in attributes, where a Content-Security-Policy forbids code.
{
  const clicks = {
    "toggleFullScreen()": () => window.toggleFullScreen(), // the theme's
    "window.print()": () => window.print(),
  };
  document.addEventListener("click", ({ target }) => {
    clicks[target.closest("[data-click]")?.dataset.click]?.();
  });

  // The script of the figures cannot say itself that it did not come.
  addEventListener("error", ({ target }) => {
    if (!target.matches?.("script[data-state]")) return;
    document.querySelectorAll(".reactive").forEach((place) => {
      place.append(Object.assign(document.createElement("p"), {
        role: "alert",
        textContent: "This figure could not start (its script did not load). The text does not need it.",
      }));
    });
  }, true);
}
