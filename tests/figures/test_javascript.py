"""The linter finds what the parts of a figure's module would not.

A name that nobody gives, and words that would be English in every language.
"""

import json
import re

import pytest

from bookbuild.book import ROOT
from support import in_node

IMPORT = re.compile(r'^import \{([^}]*)\} from "[^"]*";\n', re.M)
PARTS = {
    path.name: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "helpers" / "widgets").glob("*.js"))
}
LINT = """async ([_, files]) => {
  const { ESLint } = await import(ESLINT);
  const linter = new ESLint({ cwd: BOOK });
  const found = {};
  for (const [name, text] of Object.entries(files)) {
    const [{ messages }] = await linter.lintText(text, { filePath: `helpers/widgets/${name}` });
    found[name] = messages.map(({ ruleId, message }) => [ruleId, message]);
  }
  return found;
}"""


def linted(files):
    """Return what the linter says of scripts, by their names."""
    library = (ROOT / "node_modules" / "eslint" / "lib" / "api.js").as_uri()
    code = LINT.replace("ESLINT", json.dumps(library)).replace("BOOK", json.dumps(str(ROOT)))
    return in_node(files, code)


@pytest.fixture(scope="module")
def without_imports():
    """What the linter says of every part that has lost its imports."""
    return linted({name: IMPORT.sub("", text) for name, text in PARTS.items()})


@pytest.mark.parametrize("name", PARTS)
def test_a_forgotten_import_is_an_error(without_imports, name):
    imported = ", ".join(IMPORT.findall(PARTS[name])).split(", ")
    missing = {f"'{one.strip()}' is not defined." for one in imported if one.strip()}
    assert {message for _, message in without_imports[name]} == missing
    assert {rule for rule, _ in without_imports[name]} <= {"no-undef"}


UNSAID = [
    'h("p", {}, "Some words");',
    'h("p", {}, alone ? say("one") : "many");',
    'h("p", {}, `${count} maps`);',
    'h("button", { "aria-label": "Some words" });',
    'said.textContent = "Error " + error;',
    "chart({ x: { label: `${name} of all` } });",
    "slider({ words: (n) => `${n} pixels` });",
    'picture("original");',
    'throw new Error("it is missing");',
    "say('in single quotes');",
    "say(`of ${parts}`);",
    'say("of " + parts);',
]
SAID = [
    'h("p", { class: "hint" }, say("Some words"), `${percent} %`, state === "done" ? "x" : "y");',
    'slider({ label: say("Size"), words: (n) => say("{n} pixels", { n }), kind: "plain" });',
    'said.textContent = alone ? say("1 map") : say("{count} maps", { count });',
]


def test_words_that_are_not_translated_are_an_error():
    code = {f"{i}.js": line for i, line in enumerate(UNSAID + SAID)}
    found = linted(code)  # beside it, that these scraps use names that nobody gives
    rules = [[rule for rule, _ in found[name] if rule.startswith("book/")] for name in code]
    assert rules == [["book/translatable"]] * len(UNSAID) + [[]] * len(SAID)
