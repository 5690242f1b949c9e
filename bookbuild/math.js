// MathJax is a third of a megabyte, and busy for a second on a phone: it comes when the reader is
// near a formula, or four seconds after the page, so that a print has its formulas, too.
addEventListener("load", () => {
  const formulas = [...document.querySelectorAll(".math")];
  // One at a time, and after each a pause in which the page can answer its reader.
  MathJax.startup = {
    async pageReady() {
      while (formulas.length) {
        await MathJax.typesetPromise(formulas.splice(0, 1));
        await new Promise((done) => setTimeout(done));
      }
    },
  };
  const start = () => {
    near.disconnect();
    clearTimeout(timer);
    document.head.append(Object.assign(document.createElement("script"), { src: ADDRESS }));
  };
  const near = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) start();
  }, { rootMargin: "600px" });
  formulas.forEach((formula) => near.observe(formula));
  const timer = setTimeout(start, 4000);
});
