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

/** Which arguments of a function, from which on, are words for the reader. */
const ARGUMENTS = { h: [2, Infinity], mount: [1, 1], picture: [0, 0], bars: [0, 0], strip: [0, 0],
  announce: [0, 0], digitInput: [2, 2], Error: [0, 0] };
const PROPERTIES = ["label", "name", "title", "again", "words", "aria-label", "aria-valuetext"];

/** Whether what becomes of a literal, by a condition, a sum or a template, is for the reader. */
function isForReaders(literal) {
  let node = literal;
  for (;;) {
    const { parent } = node;
    const passes = (parent.type === "ConditionalExpression" && node !== parent.test) ||
      (parent.type === "BinaryExpression" && parent.operator === "+") ||
      (parent.type === "ArrowFunctionExpression" && node === parent.body) ||
      ["LogicalExpression", "TemplateLiteral", "SpreadElement", "ArrayExpression"].includes(parent.type);
    if (!passes) break;
    node = parent;
  }
  const { parent } = node;
  if (parent.type === "CallExpression" || parent.type === "NewExpression") {
    const [first, last] = ARGUMENTS[parent.callee.name] ?? [1, 0], at = parent.arguments.indexOf(node);
    return at >= first && at <= last;
  }
  if (parent.type === "Property") {
    return node === parent.value && PROPERTIES.includes(parent.key.name ?? parent.key.value);
  }
  return parent.type === "AssignmentExpression" && parent.left.property?.name === "textContent";
}

/** A rule: the words of figures go through `say`, each message as one literal in double quotes. */
const translatable = {
  create(context) {
    const check = (node, text) => {
      if (/\p{L}{2}/u.test(text) && isForReaders(node)) {
        context.report({ node, message: `${JSON.stringify(text)} is not said by \`say\`.` });
      }
    };
    return {
      Literal: (node) => check(node, String(node.value)),
      TemplateElement: (node) => check(node, node.value.raw),
      "CallExpression[callee.name='say']": (node) => {
        if (!node.arguments[0]?.raw?.startsWith('"')) {
          context.report({ node, message: "The message of `say` is one literal in double quotes." });
        }
      },
    };
  },
};

export default [
  js.configs.recommended, // an undefined name is one of its errors
  // `status` is kit.js's: as an old name of the browser's, its forgotten import would pass.
  { languageOptions: { globals: { ...globals.browser, status: "off" } } },
  {
    files: ["helpers/widgets/*.js"],
    plugins: { book: { rules: { translatable } } },
    rules: { "book/translatable": "error" },
  },
  script("book/_static/*.js"),
  script("bookbuild/figures.js", "say"),
  script("bookbuild/math.js", "MathJax", "ADDRESS"),
  script("bookbuild/search.js", "MiniSearch", "Stemmer", "bookIndex", "say", "stopwords"),
];
