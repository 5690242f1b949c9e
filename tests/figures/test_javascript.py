"""The linter finds what the parts of a figure's module would not: a name that nobody gives."""

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


@pytest.fixture(scope="module")
def without_imports():
    """What the linter says of every part that has lost its imports."""
    library = (ROOT / "node_modules" / "eslint" / "lib" / "api.js").as_uri()
    code = LINT.replace("ESLINT", json.dumps(library)).replace("BOOK", json.dumps(str(ROOT)))
    return in_node({name: IMPORT.sub("", text) for name, text in PARTS.items()}, code)


@pytest.mark.parametrize("name", PARTS)
def test_a_forgotten_import_is_an_error(without_imports, name):
    imported = ", ".join(IMPORT.findall(PARTS[name])).split(", ")
    missing = {f"'{one.strip()}' is not defined." for one in imported if one.strip()}
    assert {message for _, message in without_imports[name]} == missing
    assert {rule for rule, _ in without_imports[name]} <= {"no-undef"}
