"""What the lists of claims say stands in the pages, and the published numbers bear it out."""

import functools

import pytest

from bookbuild import book, claims
from bookbuild.claims import Claim, evaluate, unlisted
from helpers import results

PAGES = claims.pages()


def test_every_list_belongs_to_a_page():
    lists = {path.relative_to(claims.LISTS).as_posix() for path in claims.LISTS.rglob("*.*")}
    lost = lists - {f"{page}.yml" for page in [*PAGES, "across"]}
    assert not lost, f"rename or delete in book/claims: {lost}"


@pytest.mark.parametrize("page", PAGES)
def test_each_claim_stands_in_the_text(page):
    text = PAGES[page].read_text()
    faults = [
        f"{claim.says!r}: {fault}"
        for claim in claims.read(page)
        if (fault := claim.misplaced(text))
    ]
    if faults:
        what = f"bring {PAGES[page].name} and book/claims/{page}.yml together:"
        pytest.fail("\n".join([what, *faults]), pytrace=False)


@pytest.mark.parametrize("page", [*PAGES, "across"])
def test_what_is_claimed_was_measured(page):
    quote = functools.cache(results.quote)
    faults = [
        f"{claim.says!r}: {fault}"
        for claim in claims.read(page)
        for fault in claim.unsupported(quote)
    ]
    if faults:
        what = f"book/claims/{page}.yml, and the published numbers do not bear it out:"
        pytest.fail("\n".join([what, *faults]), pytrace=False)


# The checker itself.

TEXT = """---
title: better than this
---

# Is deep better than wide?

The loss is 0.09<!-- bce -->, which is
lower than that of the *wide* one. It varies by `a than b`, $a than b$. Here: it won once.

```python
x = "more than code"
```

| model | loss |
|---|---|
| deep | better than wide |
| wide | more |

- one is the **best**
- two stands, and a wide beat the network draws
  behind one window, thank you, in this run, see [a source](https://example.org/than)
"""
LEDGER = {"a:x": 1, "seeds:deep.bce.most": 0.09, "seeds:wide.bce.least": 0.1, "03-b:p.0.5": 2.5}
TRUE = ["a:x == 1"]


def test_sentences_that_compare_are_found_in_prose_alone():
    assert unlisted([], TEXT) == [
        "line 5: # Is deep better than wide?",
        "line 7: The loss is 0.09, which is lower than that of the *wide* one.",
        "line 7: it won once.",
        "line 16: | deep | better than wide |",
        "line 19: - one is the **best**",
    ]


def test_a_sentence_that_is_listed_is_not_advised():
    said = [
        Claim(words, "exact", TRUE) for words in ("lower than that of", "Is deep  better", "it won")
    ]
    assert [line.partition(":")[0] for line in unlisted(said, TEXT)] == ["line 16", "line 19"]


def test_the_command_prints_and_fails_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "README.md").write_text(TEXT)
    monkeypatch.setattr(book, "ROOT", tmp_path)
    monkeypatch.setattr(claims, "pages", lambda: PAGES | {"README": tmp_path / "README.md"})
    monkeypatch.setattr("sys.argv", ["claims", "README"])
    claims.main()
    assert capsys.readouterr().out.splitlines()[2] == "README.md, line 7: it won once."
    monkeypatch.setattr("sys.argv", ["claims", "simpler"])
    with pytest.raises(SystemExit):
        claims.main()
    assert "no page simpler; there are: index, introduction" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("says", "words", "fault"),
    [
        ("lower than that of the *wide* one", "", None),
        ("The loss is 0.123, which is lower than that", "", None),  # measured again
        ("The loss is high, which is lower than that", "", "stands 0 times in the text"),
        ("lower than the wide one", "", "stands 0 times in the text"),
        ("better than wide", "", "stands 2 times in the text"),
        ("than code", "", "stands 0 times in the text"),
        ("one is the", "in this run", None),
        ("it won once", "in this run", "does not say"),
    ],
)
def test_a_claim_that_is_not_in_the_text_is_found(says, words, fault):
    found = Claim(says, "worded" if words else "exact", TRUE, words).misplaced(TEXT)
    assert fault in found if fault else not found


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("basis: seeds, holds: ['a:x < 2']", "no such key"),
        ("basis: margin, holds: ['a:x < seeds:wide.bce.mean']", "no such key"),
        ("basis: range", "missing 1 required .* 'holds'"),
        ("basis: exact, holds: []", "wanted a list"),
        ("basis: exact, holds: 'a:x < 2'", "wanted a list"),
        ("basis: worded, holds: ['a:x < 2']", "`words` belong"),
        ("basis: exact, holds: ['a:x < 2'], words: once", "`words` belong"),
        ("basis: obvious, holds: ['a:x < 2']", "take one of seeds, range"),
        ("basis: exact, hold: ['a:x < 2']", "'hold'"),
    ],
)
def test_an_entry_that_lacks_something_is_named(tmp_path, monkeypatch, entry, fault):
    monkeypatch.setattr(claims, "LISTS", tmp_path)
    (tmp_path / "simple.yml").write_text(f"- {{says: it won once more, {entry}}}")
    with pytest.raises((TypeError, ValueError), match=f"simple.yml, .*it won once more.*{fault}"):
        claims.read("simple")


def test_entries_with_all_that_they_need_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "LISTS", tmp_path)
    (tmp_path / "simple.yml").write_text(
        "- {says: a, basis: seeds, holds: ['seeds:deep.bce.most < seeds:wide.bce.least']}\n"
        "- {says: b, basis: margin, holds: ['a:x > 5 * seeds:wide.bce.sd']}\n"
        "- {says: c, basis: worded, holds: ['a:x < 2'], words: in this run}\n"
    )
    assert [claim.says for claim in claims.read("simple")] == ["a", "b", "c"]
    assert claims.read("deep") == []


@pytest.mark.parametrize(
    ("expression", "true"),
    [
        ("seeds:deep.bce.most < seeds:wide.bce.least", True),
        ("seeds:wide.bce.least < seeds:deep.bce.most", False),
        ("2 * (a:x + 0.5) - 03-b:p.0.5 / 2 >= 1.75", True),
        ("-a:x < 0 < a:x", True),
        ("03-b:p.0.5 <= 2", False),
        ("a:x == 1", True),
    ],
)
def test_published_numbers_are_compared(expression, true):
    assert evaluate(expression, LEDGER.__getitem__)[0] is true
    found = Claim("s", "exact", [expression]).unsupported(LEDGER.__getitem__)
    assert len(found) == (not true)


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("seeds:wide.bce.least < seeds:deep.bce.most", "is false: 0.1 < 0.09;"),
        ("deep_bce < 1", "with its ledger"),
        ("a:x + 1", "compares nothing"),
        ("a:x in (1, 2)", "compares nothing"),
        ("a:x < abs(2)", "only keys"),
        ("a:x < 2 ** 9", "only keys"),
        ("a:x < '2'", "only keys"),
        ("a:x <", "cannot be read"),
        ("a:y < 2", "a:y"),
    ],
)
def test_what_no_ledger_bears_out_is_found(expression, fault):
    (found,) = Claim("s", "exact", [expression]).unsupported(LEDGER.__getitem__)
    assert fault in found


def test_a_ledger_that_is_not_there_is_named():
    (found,) = Claim("s", "exact", ["99-none:x < 2"]).unsupported(results.quote)
    assert "no ledger '99-none'" in found
