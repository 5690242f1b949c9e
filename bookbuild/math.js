// MathJax is a third of a megabyte, and busy for a second on a phone: it comes when the reader is
// near a formula, or four seconds after the page, so that a print has its formulas, too.
addEventListener("load", () => {
  const formulas = new Set(document.querySelectorAll(".math"));
  const near = new Set(); // of those that are still to be set
  MathJax.startup = {
    // One at a time, and after each a pause in which the page can answer its reader; first those
    // that the reader is near, wherever a link or a jump has led.
    async pageReady() {
      while (formulas.size) {
        const [formula] = near.size ? near : formulas;
        near.delete(formula);
        formulas.delete(formula);
        watcher.unobserve(formula);
        await MathJax.typesetPromise([formula]);
        const boxes = [...formula.querySelectorAll("mjx-container[display]")];
        reach(boxes);
        boxes.forEach((box) => scrolling.observe(box));
        await new Promise((done) => setTimeout(done));
      }
    },
  };
  // A formula that is wider than its box scrolls, and so is a stop of the keyboard's; no other is
  // (`inTabOrder` in _config.yml).
  const reach = (boxes) => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  // In the next frame: asking for a width while sizes are being told may give another formula a new
  // one, which WebKit calls an error.
  const scrolling = new ResizeObserver((entries) =>
    requestAnimationFrame(() => reach(entries.map(({ target }) => target))));
  const script = Object.assign(document.createElement("script"), { src: ADDRESS });
  const start = () => script.isConnected || document.head.append(script);
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) near.delete(target);
      else if (formulas.has(target)) near.add(target);
    }
    if (near.size) start();
  }, { rootMargin: "600px" });
  formulas.forEach((formula) => watcher.observe(formula));
  setTimeout(start, 4000);
});
