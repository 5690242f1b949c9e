"""nbgrader's real pipeline over made hand-ins: right, wrong, empty, endless and deadly.

`make test-all` marks "A simple autoencoder", `make test-classroom` every chapter.
"""

import csv
import json
import os
import re
import shutil
import stat
import subprocess

import nbformat
import pytest

from bookbuild.book import ROOT
from classroom import assignments
from classroom.made_class import LEDGER, solved, with_answers
from support import CLASSROOM

HOSTILE = {
    # Exercise 1 goes first, so that its point is kept.
    "endless": {2: "import time\n\nwhile True:\n    time.sleep(1)"},
    "deadly": {2: "import os\n\nos._exit(1)"},
}


def nonsense(stub):
    """Answer -1 wherever the stub has a name to fill in."""
    names = re.findall(r"^([\w, ]+) = None", stub, re.M)
    return "\n".join(f"{name.strip()} = -1" for line in names for name in line.split(","))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(chapter, marks=[pytest.mark.heavy, pytest.mark.xdist_group(chapter)])
        for chapter in CLASSROOM
    ],
)
def graded(request, tmp_path_factory):
    """A course with marked hand-ins of a chapter: (chapter, folder, exercises, marks)."""
    chapter, course = request.param, tmp_path_factory.mktemp("course")
    course.chmod(0o755)
    if not shutil.which("make"):
        pytest.fail("this test runs `make assignment` and `make grade`: install make")
    words = [f"CHAPTER={chapter}", f"COURSE={course}"]
    # The time for a cell: what the endless one waits, and what no other may take, on any machine.
    quick = {"BOOK_PROFILE": "quick", "BOOK_DATA": "embedded", "BOOK_GRADE_TIMEOUT": "150"}

    def make(target):
        done = subprocess.run(
            ["make", "--silent", target, *words],
            cwd=ROOT,
            env=os.environ | quick,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    make("assignment")
    source = nbformat.read(course / "source" / chapter / f"{chapter}.ipynb", as_version=4)
    release = nbformat.read(course / "release" / chapter / f"{chapter}.ipynb", as_version=4)
    right, open_stubs = solved(source), solved(release)
    handed_in = {
        "right": right,
        "mistaken": right | {1: nonsense(open_stubs[1]), 3: open_stubs[3]},
        "empty": {},
    } | {name: right | answers for name, answers in HOSTILE.items()}
    for student, answers in handed_in.items():
        path = course / "downloaded" / chapter / "archive" / f"{student}_{chapter}(1).ipynb"
        notebook = with_answers(release, answers)
        if student == "empty":  # and its checks are rewritten: nbgrader sets them back
            for cell in notebook.cells:
                if "check" in cell.metadata.get("tags", []):
                    cell.source = "pass"
        nbformat.write(notebook, path)
    make("grade")
    with (course / "grades.csv").open() as file:
        marks = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}
    return chapter, course, len(right), marks


def test_each_hand_in_has_the_marks_it_earned(graded):
    _, _, exercises, marks = graded
    assert marks == {
        "right": exercises,
        "mistaken": exercises - 2,
        "empty": 0,
        "endless": exercises - 1,  # stopped, then marked on
        "deadly": 1,  # what ran before the kernel died
    }


def test_solutions_are_judged_as_the_teaching_page_says(graded):
    chapter, course, exercises, _ = graded
    record = json.loads((course / "marked" / chapter / "right.json").read_text())
    assert record["remark"] == ""  # nor does any look like meddling
    said = json.loads(LEDGER.read_text())["metrics"]["judged"][chapter]
    twice = [int(number) for number, how in record["judged"].items() if how == "twice"]
    assert said == {"of": exercises, "twice": len(twice), "exercises": twice}


def test_each_student_gets_feedback_that_says_why(graded):
    chapter, course, _, marks = graded
    words = {
        "mistaken": "NotAnswered",
        "empty": "NotAnswered",
        "endless": "Timeout",
        "deadly": "The kernel died before this cell, or in it.",
    }
    for student in marks:
        page = (course / "feedback" / student / chapter / f"{chapter}.html").read_text()
        assert words.get(student, "Right") in page


def test_students_get_stubs_and_no_solutions(graded):
    chapter, course, exercises, _ = graded
    release = nbformat.read(course / "release" / chapter / f"{chapter}.ipynb", as_version=4)
    stubs = solved(release)
    assert len(stubs) == exercises
    text = nbformat.writes(release)
    for number, code in solved(
        nbformat.read(course / "source" / chapter / f"{chapter}.ipynb", as_version=4)
    ).items():
        assert code.startswith(stubs[number].strip())
    assert "SOLUTION" not in text and "What it means" not in text


def test_settings_of_a_teacher_stay(tmp_path):
    assignments.make("simple", tmp_path)
    config = tmp_path / "nbgrader_config.py"
    config.write_text("c = get_config()  # mine\n")
    assignments.make("simple", tmp_path)
    assert config.read_text() == "c = get_config()  # mine\n"


def test_other_users_of_the_machine_see_nothing_of_a_course(graded):
    _, course, _, _ = graded
    assert stat.S_IMODE(course.stat().st_mode) == 0o700
    made = [course / name for name in ("grades.csv", "gradebook.db", "source", "feedback")]
    assert [path.name for path in made if path.stat().st_mode & 0o077] == []
