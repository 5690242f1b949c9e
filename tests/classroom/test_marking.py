"""A class of 60 made hand-ins through `make grade`, of which every third wants something else."""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from bookbuild.book import ROOT
from classroom.made_class import CHAPTER, Course
from support import WIDE, new_page

CLASS = 60
UNREADABLE = {"broken", "nested"}
FORMULA = "=cmd"  # as a spreadsheet reads this name
SECRET = "outside-the-sandbox"
one_class = pytest.mark.xdist_group("class")


class Marked:
    """The class, what `make grade` said, and what was outside before and after."""

    def __init__(self, folder):
        with ExitStack() as stack:
            here = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
            abstract.bind(f"\0{SECRET}")
            abstract.listen()
            self.course = Course(folder, SECRET, here.getsockname()[1])
            kinds = list(self.course.kinds)
            honest = ["right", "mistaken", "empty"]
            for kind in kinds:
                self.course.hand_in(kind, kind)
            self.course.hand_in(FORMULA, "right")
            del self.course.students[FORMULA]
            for number in range(CLASS - len(kinds)):
                self.course.hand_in(f"student{number}", honest[number % 3])
            before = self.outside()
            self.said = self.course.make("grade")
            self.changed = sorted(k for k, v in self.outside().items() if before.get(k) != v)
            self.callers = []
            for one in (here, abstract):
                one.setblocking(False)
                try:
                    self.callers.append(one.accept())
                except BlockingIOError:
                    continue
        self.marks = self.course.marks()

    def outside(self):
        """What the vandal would like to change, as bytes."""
        course = self.course.folder
        given = [course / "nbgrader_config.py", ROOT / "Makefile", Path.home() / ".ipython"]
        for folder in ("source", "release", f"downloaded/{CHAPTER}/archive"):
            given += (course / folder).rglob("*")
        given += (ROOT / "book" / "studies").glob("*")
        given += Path.home().glob("*")
        return {str(p): p.read_bytes() if p.is_file() else p.exists() for p in given}

    def page(self, student):
        return self.course.folder / "feedback" / student / CHAPTER / f"{CHAPTER}.html"


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    if not (shutil.which("make") and shutil.which("bwrap")):
        pytest.fail("this test runs `make grade`: install make and bubblewrap")
    return Marked(tmp_path_factory.mktemp("class"))


@pytest.mark.heavy
@one_class
def test_everybody_has_one_line_and_the_marks_that_were_earned(marked):
    assert len(marked.marks) == CLASS and set(marked.marks) == set(marked.course.students)
    for student, name in marked.course.students.items():
        kind, points = marked.course.kinds[name], float(marked.marks[student]["raw_score"])
        least = kind.points if kind.least is None else kind.least
        assert least <= points <= kind.points, (student, points, marked.marks[student]["remark"])


@pytest.mark.heavy
@one_class
def test_culprits_are_named_and_nobody_else(marked):
    for student, name in marked.course.students.items():
        wanted, remark = marked.course.kinds[name].remark, marked.marks[student]["remark"]
        if wanted == "":
            assert remark == "", student
        elif wanted is not None:
            assert wanted in remark, student
            assert student in marked.said
    assert f"{FORMULA}_{CHAPTER}.ipynb" in marked.said


@pytest.mark.heavy
@one_class
def test_nothing_outside_is_read_changed_or_called(marked):
    assert marked.changed == []
    assert marked.callers == []
    page = marked.page("thief").read_text()
    assert "SEALED []" in page and "BREACH [" not in page
    for student in set(marked.course.students) - UNREADABLE:
        assert SECRET not in marked.page(student).read_text() or student == "thief"


@pytest.mark.heavy
@one_class
def test_nothing_runs_in_feedback_and_nothing_is_fetched(marked, browser):
    page = new_page(browser, viewport=WIDE)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for student in ("actor", "right", "twins"):
        address = marked.page(student).as_uri()
        page.goto(address)
        page.wait_for_load_state()
        assert [url for url in asked if url != address and not url.startswith("data:")] == []
        assert page.locator("html").get_attribute("data-ran") is None
        assert page.locator("script, iframe, svg, form, base, [onerror], [onload]").count() == 0
        asked.clear()
    page.goto(marked.page("actor").as_uri())
    assert page.locator("img[src]").evaluate_all("all => all.map(i => i.naturalWidth > 0)") == [
        True
    ]
    page.close()


@pytest.mark.heavy
@one_class
def test_a_second_call_marks_what_is_new_or_changed(marked):
    course = marked.course
    course.hand_in("empty", "right")
    course.hand_in("newcomer", "mistaken")
    said = course.make("grade")
    readable = CLASS - len(UNREADABLE)
    assert f"{readable - 1} of {readable + 1} hand-ins are as they were" in said
    assert "of 2  empty: 3\n" in said and "of 2  newcomer: 2\n" in said
    again = course.marks()
    assert float(again["empty"]["raw_score"]) == 3
    for student, row in marked.marks.items():
        assert student == "empty" or again[student] == row


def refusal(**env):
    """What this machine is told before anything is marked."""
    done = subprocess.run(
        [sys.executable, "-m", "classroom.sandbox"],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_without_bubblewrap_nothing_is_marked_unless_told_in_so_many_words(tmp_path):
    code, words = refusal(PATH=str(tmp_path))
    assert code and "apt install bubblewrap" in words and "Marking with nbgrader" in words
    code, _ = refusal(PATH=str(tmp_path), BOOK_GRADE_WITHOUT_SANDBOX="1")
    assert code
    told = "yes, I trust every hand-in"
    assert refusal(PATH=str(tmp_path), BOOK_GRADE_WITHOUT_SANDBOX=told) == (0, "")


def test_where_namespaces_are_forbidden_nothing_is_marked(tmp_path):
    for name in ("prlimit", "setpriv", "env"):
        (tmp_path / name).symlink_to(shutil.which(name))
    forbidden = tmp_path / "bwrap"
    forbidden.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    forbidden.chmod(0o755)
    code, words = refusal(PATH=str(tmp_path))
    assert code and "uid map: Permission denied" in words
