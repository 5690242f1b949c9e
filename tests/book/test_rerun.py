"""When two runs of a chapter count as the same."""

import subprocess
import sys

import pytest

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
    assert differences({"metrics": PUBLISHED}, {"metrics": PUBLISHED | change}) == []


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
    assert differences({"metrics": PUBLISHED}, {"metrics": PUBLISHED | change}) == [line]


def test_timings_are_the_machines():
    slow = {"metrics": {"loss": 4, "task": {"seconds": 3}}, "timings": ["task"]}
    fast = {"metrics": {"loss": 4, "task": {"seconds": 9}}, "timings": ["task"]}
    assert differences(slow, fast) == []
    assert (
        len(differences(slow, {"metrics": fast["metrics"] | {"loss": 5}, "timings": ["task"]})) == 1
    )


def test_a_chapter_that_is_not_there_is_told():
    done = subprocess.run(
        [sys.executable, "-m", "bookbuild.rerun", "simpel"], capture_output=True, text=True
    )
    assert done.returncode == 2 and "no chapter simpel; there are: introduction, " in done.stderr
