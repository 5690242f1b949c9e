import js from "@eslint/js";
import globals from "globals";

/** Scripts of pages, and what they find there: from other scripts, or from Python. */
const script = (name, ...found) => ({
  files: [name],
  languageOptions: {
    sourceType: "script",
    globals: Object.fromEntries(found.map((one) => [one, "readonly"])),
  },
});

export default [
  js.configs.recommended, // an undefined name is one of its errors
  // `status` is kit.js's: as an old name of the browser's, its forgotten import would pass.
  { languageOptions: { globals: { ...globals.browser, status: "off" } } },
  script("book/_static/*.js"),
  script("bookbuild/figures.js", "say"),
  script("bookbuild/math.js", "MathJax", "ADDRESS"),
  script("bookbuild/search.js", "MiniSearch", "Stemmer", "bookIndex", "say", "stopwords"),
];
