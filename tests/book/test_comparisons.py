"""Each sentence that compares is in its page's list, and what the list says of it holds."""

import functools

import pytest
import yaml

from bookbuild.book import BOOK, TEACHING, texts
from bookbuild.claims import (
    BASES,
    COMPARES,
    OF_HEARTS,
    comparing,
    evaluate,
    ill_formed,
    misplaced,
    pieces,
    unlisted,
    unsupported,
)
from helpers import results

LISTS = BOOK / "claims"
# By the name of the list: "simple", "teaching/simple" for the teaching notes, "README".
PAGES = {
    f"teaching/{path.stem}" if path.parent == TEACHING else path.stem: path for path in texts()
}
every_page = pytest.mark.parametrize("page", PAGES)


def listed(page):
    """Return the entries of a page's list."""
    path = LISTS / f"{page}.yml"
    return (yaml.safe_load(path.read_text()) or []) if path.exists() else []


def well_formed(page):
    return [entry for entry in listed(page) if not ill_formed(entry)]


def report(faults, page, advice):
    """Fail with all that was found, one line each."""
    if faults:
        what = f"book/claims/{page}.yml, {len(faults)} of {len(listed(page))} entries"
        pytest.fail("\n".join([f"{what}: {advice}", *faults]), pytrace=False)


def test_every_list_belongs_to_a_page():
    lists = {path.relative_to(LISTS).as_posix() for path in LISTS.rglob("*.*")}
    lost = lists - {f"{page}.yml" for page in PAGES}
    assert not lost, f"rename or delete in book/claims: {lost}"


@every_page
def test_each_entry_is_complete(page):
    faults = [fault for entry in listed(page) for fault in ill_formed(entry)]
    report(faults, page, "bookbuild/claims.py tells what an entry holds")


@every_page
def test_each_entry_stands_in_the_text(page):
    faults = misplaced(well_formed(page), PAGES[page].read_text())
    report(faults, page, f"bring {PAGES[page].name} and its list together")


@every_page
def test_what_an_entry_claims_was_measured(page):
    faults = unsupported(well_formed(page), functools.cache(results.quote))
    report(faults, page, "the published numbers do not bear these out")


@every_page
def test_every_sentence_that_compares_is_listed(page):
    # The chapter and its teaching note.
    net = OF_HEARTS if page.endswith("sequences") else COMPARES
    missing = unlisted(well_formed(page), PAGES[page].read_text(), net)
    if missing:
        advice = (
            f"{PAGES[page].name}: {len(missing)} sentences compare and are in no entry of "
            f"book/claims/{page}.yml; add for each what it rests on:"
        )
        bases = [f"  {basis}: {meaning}" for basis, meaning in BASES.items()]
        pytest.fail("\n".join([advice, *bases, *missing]), pytrace=False)


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
- two stands
  behind one window, thank you, in this run, see [a source](https://example.org/than)
"""
CAUGHT = [
    "# Is deep better than wide?",
    "The loss is 0.09, which is lower than that of the *wide* one.",
    "it won once.",
    "| deep | better than wide |",
    "- one is the **best**",
]
LEDGER = {"a:x": 1, "seeds:deep.bce.most": 0.09, "seeds:wide.bce.least": 0.1, "03-b:p.0.5": 2.5}


def test_sentences_that_compare_are_found_in_prose_alone():
    assert [
        words for _, _, words in (line.partition(": ") for line in unlisted([], TEXT))
    ] == CAUGHT
    assert [piece.line for piece in pieces(TEXT)] == [5, 7, 14, 15, 16, 17, 19, 20]


def test_a_sentence_without_an_entry_is_found():
    entries = [{"says": "lower than that of"}, {"says": "Is deep  better"}, {"says": "it won once"}]
    assert unlisted(entries, TEXT) == [
        "line 16: | deep | better than wide |",
        f"line 19: {CAUGHT[-1]}",
    ]


def test_hearts_beat_and_networks_beat():
    text = "Each beat in turn: a wide beat the network draws. It beats the mean. More beats."
    assert comparing(text, OF_HEARTS) == [(50, 68)]
    assert len(comparing(text)) == 4


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"says": "lower than that of the *wide* one"}, None),
        ({"says": "The loss is 0.123, which is lower than that"}, None),  # measured again
        ({"says": "The loss is high, which is lower than that"}, "stands 0 times in the text"),
        ({"says": "lower than the wide one"}, "stands 0 times in the text"),
        ({"says": "better than wide"}, "stands 2 times in the text"),
        ({"says": "than code"}, "stands 0 times in the text"),
        ({"says": "one is the", "basis": "worded", "words": "in this run"}, None),
        ({"says": "it won once", "basis": "worded", "words": "in this run"}, "does not say"),
        ({"says": "one is the", "basis": "cited"}, None),
        ({"says": "it won once", "basis": "cited"}, "no link in its paragraph"),
    ],
)
def test_an_entry_that_is_not_in_the_text_is_found(entry, fault):
    faults = misplaced([{"basis": "exact"} | entry], TEXT)
    assert [fault in f for f in faults] == ([True] if fault else [])


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"basis": "exact"}, None),
        ({"basis": "seeds", "holds": ["seeds:deep.bce.most < seeds:wide.bce.least"]}, None),
        ({"basis": "seeds", "holds": ["a:x < 2"]}, "name such a key"),
        ({"basis": "margin", "holds": ["a:x < seeds:wide.bce.mean"]}, "name such a key"),
        ({"basis": "margin", "holds": ["a:x > 5 * seeds:wide.bce.sd"]}, None),
        ({"basis": "range"}, "needs holds"),
        ({"basis": "exact", "holds": "a:x < 2"}, "must be a list"),
        ({"basis": "worded"}, "needs `words`"),
        ({"basis": "worded", "words": ""}, "must be text"),
        ({"basis": "general", "why": "a question"}, None),
        ({"basis": "general"}, "needs `why`"),
        ({"basis": "obvious"}, "unknown basis 'obvious'"),
        ({"basis": "exact", "hold": []}, "unknown field hold"),
        ({"basis": "exact", "says": "more " * 16}, "more than 15 words"),
        ({"basis": "exact", "says": None}, "no entry"),
    ],
)
def test_an_entry_that_lacks_something_is_found(entry, fault):
    faults = ill_formed({"says": "it won once more"} | entry)
    assert [fault in f for f in faults] == ([True] if fault else [])


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
    assert len(unsupported([{"says": "s", "holds": [expression]}], LEDGER.__getitem__)) == (
        not true
    )


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
    (found,) = unsupported([{"says": "deep is better", "holds": [expression]}], LEDGER.__getitem__)
    assert "deep is better" in found and fault in found


def test_a_ledger_that_is_not_there_is_named():
    (found,) = unsupported([{"says": "s", "holds": ["99-none:x < 2"]}], results.quote)
    assert "no ledger '99-none'" in found
