// What all pages do, in a file: a Content-Security-Policy may forbid code in the pages.
{
  // What scripts say, in the language of the site: words.js has the translations.
  const { bookWords = {} } = window;
  const say = (message, values = {}) => (bookWords[message] ?? message)
    .replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  window.say = say;

  // To the same place of the page in the other language.
  addEventListener("click", ({ target }) => {
    const link = target.closest("a.book-language");
    if (link) link.hash = location.hash;
  }, true);

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
        textContent: say("This figure could not start (its script did not load). The text does not need it."),
      }));
    });
  }, true);

  // Or a page that the browser keeps would still have the words of an old search marked.
  addEventListener("pagehide", () => {
    for (const word of document.querySelectorAll(".highlighted")) word.classList.remove("highlighted");
  });
}
