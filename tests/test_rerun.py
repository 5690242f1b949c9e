"""When two runs of a chapter count as the same."""

import json
import subprocess
import sys

import pytest

from bookbuild.book import BOOK
from bookbuild.rerun import differences

PUBLISHED = {"test_bce": 0.0919, "by_size": {"2": 0.0594, "32": 0.0103}, "gap": 0.0}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"test_bce": 0.0919 * 1.01},
        {"gap": 3e-5},
        {"by_size": {"2": 0.0594, "32": 0.01031}},
    ],
)
def test_what_agrees(change):
    assert differences(PUBLISHED, PUBLISHED | change) == []


@pytest.mark.parametrize(
    "change, line",
    [
        ({"test_bce": 0.095}, "test_bce: published 0.0919, now 0.095"),
        ({"gap": 0.01}, "gap: published 0.0, now 0.01"),
        (
            {"by_size": {"2": 0.0594, "32": 0.02}},
            "by_size.32: published 0.0103, now 0.02",
        ),
        ({"by_size": {"2": 0.0594}}, "by_size.32: published 0.0103, now missing"),
        ({"new": 1}, "new: now 1, not published"),
    ],
)
def test_what_does_not(change, line):
    assert differences(PUBLISHED, PUBLISHED | change) == [line]


def test_times_and_memory_are_the_machines():
    slow = {"seconds_to_loss": 1, "speedup": {"lowest": 2}, "task": {"seconds": 3, "loss": 4}}
    fast = {"seconds_to_loss": 9, "speedup": {"lowest": 9}, "task": {"seconds": 9, "loss": 4}}
    assert differences(slow, fast) == []


@pytest.mark.parametrize(
    "path", sorted(BOOK.glob("results/[0-9][0-9]-*.json")), ids=lambda p: p.stem
)
def test_most_of_a_ledger_is_compared(path):
    metrics = json.loads(path.read_text())["metrics"]
    doubled = json.loads(path.read_text(), parse_float=lambda n: 2 * float(n) + 1)["metrics"]
    assert len(differences(metrics, doubled)) >= 0.4 * path.read_text().count("0.") > 0


def test_a_chapter_that_is_not_there_is_told():
    done = subprocess.run(
        [sys.executable, "-m", "bookbuild.rerun", "simpel"], capture_output=True, text=True
    )
    assert done.returncode == 2 and "no chapter simpel; there are: introduction, " in done.stderr
