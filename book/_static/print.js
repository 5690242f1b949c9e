// Paper cannot be unfolded or scrolled, and is white: for the time of a print all is open and light,
// all pictures have come, and a formula that is wider than the paper gets smaller letters.
{
  const page = document.documentElement;
  // A4 between print.css's margins (176 mm) in its letters (10.5 pt), less a list's indent.
  const paper = 45;
  let opened = [];
  let formulas = [];
  let theme;

  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("article details:not([open])")];
    opened.forEach((details) => { details.open = true; });
    document.querySelectorAll("img[loading]").forEach((image) => { image.loading = "eager"; });
    theme = page.dataset.theme;
    page.dataset.theme = "light";
    formulas = [...document.querySelectorAll('mjx-container[display="true"]')].map((formula) => {
      const letter = parseFloat(getComputedStyle(formula.parentElement).fontSize);
      const width = formula.firstElementChild.getBoundingClientRect().width / letter;
      return { formula, width, size: formula.style.fontSize };
    });
    for (const { formula, width, size } of formulas) {
      if (width > paper) formula.style.fontSize = `${(parseFloat(size) || 100) * paper / width}%`;
    }
  });

  addEventListener("afterprint", () => {
    opened.forEach((details) => { details.open = false; });
    formulas.forEach(({ formula, size }) => { formula.style.fontSize = size; });
    page.dataset.theme = theme;
  });
}
