// Paper cannot be unfolded, and is white: for the time of a print all is open and light.
{
  const page = document.documentElement;
  let opened = [];
  let theme;

  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("article details:not([open])")];
    opened.forEach((details) => { details.open = true; });
    theme = page.dataset.theme;
    page.dataset.theme = "light";
  });

  addEventListener("afterprint", () => {
    opened.forEach((details) => { details.open = false; });
    page.dataset.theme = theme;
  });
}
