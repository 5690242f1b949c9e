"""Mark the hand-ins of a chapter, each in a process and a sandbox of its own.

    python -m classroom.marking simple --course course

nbgrader keeps the marks and writes the feedback; `HandIn` takes the place of its step that runs a
notebook. What a hand-in does ends with it: whoever cannot be marked is named and has 0 points.
"""

import argparse
import ast
import contextlib
import csv
import fcntl
import hashlib
import html
import io
import json
import multiprocessing
import multiprocessing.connection
import os
import re
import resource
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import nbformat
import psutil
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGrader
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets.config import Application

from classroom import sandbox
from classroom.feedback import clean_page, plain_outputs
from classroom.second_run import code_that_keeps

LARGEST = 50 * sandbox.MB  # of a hand-in's notebook
AROUND = 300  # seconds for what nbgrader does before and after a hand-in runs
COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score", "remark"),
)
# Names that no exercise needs, and that whoever changes a check does.
MEDDLING = {
    *("__builtins__", "__code__", "__globals__", "__import__", "_getframe", "builtins", "ctypes"),
    *("gc", "get_ipython", "importlib", "inspect", "modules", "setattr"),
}


class NotMarked(Exception):
    """A hand-in that cannot be marked; the words say why."""


class HandIn:
    """What happens to a hand-in between nbgrader's reading and its marks.

    Parameters
    ----------
    release : nbformat.NotebookNode
        What the students were given.
    twice : set of int
        The exercises that are judged twice if their answers are what the chapter expects.
    limits : sandbox.Limits
    lock : Lock
        Held while nbgrader's database is in use, that is: not while the hand-in runs.
    """

    def __init__(self, release, twice, limits, lock):
        self.release, self.twice, self.limits, self.lock = release, twice, limits, lock
        self.remarks, self.of_exercises, self.judged = [], {}, {}
        self.seconds = self.memory = 0

    def settle(self, notebook, resources):
        """Keep of the notebook its words and code; the rest is as the students were given it."""
        given = {_name(cell): cell for cell in self.release.cells if _name(cell)}
        cells = []
        for cell in reversed(notebook.cells):
            published = given.pop(_name(cell), None)
            source = str(cell.source)
            if published is None:
                make = new_code_cell if cell.cell_type == "code" else new_markdown_cell
                cells.append(make(source))
                continue
            make = new_code_cell if published.cell_type == "code" else new_markdown_cell
            if published.metadata.nbgrader.locked:
                source = published.source
            cells.append(make(source, metadata={"nbgrader": dict(published.metadata.nbgrader)}))
        cells.reverse()
        for name, published in given.items():
            if published.metadata.nbgrader.grade:
                self.remarks.append(f"{name} was missing and was put back")
                about = {"nbgrader": dict(published.metadata.nbgrader)}
                cells.append(new_code_cell(published.source, metadata=about))
        notebook.cells = cells
        notebook.metadata = nbformat.from_dict(
            {"kernelspec": self.release.metadata.get("kernelspec", {})}
        )
        return notebook, resources

    def run(self, notebook, resources):
        """Run the cells in the sandbox, and the checks that passed once more without them."""
        self.lock.release()
        try:
            self._run(notebook)
        finally:
            self.lock.acquire()
        return notebook, resources

    def _run(self, notebook):
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        checks = {int(_name(c).removeprefix("check-")): c for c in cells if _is_check(c)}
        if words := meddling(cells, self.release.cells):
            self.remarks.append(f"the code of the hand-in names {words}")
        with tempfile.TemporaryDirectory(prefix="marking-") as folder:
            kept = Path(folder) / "kept"
            kept.mkdir()
            self._first_run(cells, kept)
            again = self._to_judge_again(checks, kept)
            verdicts = self._second_run(again, kept) if again else {}
        for number, check in checks.items():
            self._conclude(number, check, verdicts.get(number))

    def _first_run(self, cells, kept):
        tasks = []
        for cell in cells:
            task = {"source": cell.source}
            if _is_check(cell):
                task["before"] = code_that_keeps(cell.source)[0]
                task["check"] = int(_name(cell).removeprefix("check-"))
            tasks.append(task)
            cell.outputs = [_error("NotRun", "This cell did not run.")]
        limits = self.limits
        about = {"cells": tasks, "seconds": limits.cell, "out": limits.out, "kept": limits.kept}
        started, begun, why = False, 0, "The program that runs the cells was ended from within."
        with tempfile.TemporaryFile() as told:
            words = [str(sandbox.PYTHON), str(sandbox.ROOT / "classroom" / "inside.py")]
            ended = sandbox.run(words, json.dumps(about).encode(), told, limits)
            told.seek(0)
            try:
                for what, data in _told(told):
                    started = True
                    if "kept" in what:
                        _store(kept, what, data, {task.get("check") for task in tasks})
                    elif "begun" in what:
                        begun = what["begun"]
                    elif "cell" in what:
                        cells[what["cell"]].outputs = plain_outputs(json.loads(data))
                        cells[what["cell"]].execution_count = what["cell"] + 1
                        begun = what["cell"] + 1
                    elif "stopped" in what:
                        why = str(what["stopped"])[:200]
                    elif what.get("ended") is True:
                        why = ""
            except (ValueError, KeyError, IndexError, TypeError, RecursionError):
                why = "What came out of the sandbox makes no sense."
        if not started and not ended.why:
            raise NotMarked(f"the sandbox did not start ({ended.words})")
        self.seconds, self.memory = ended.seconds, ended.memory
        if ended.why:
            why = f"The hand-in was stopped: {ended.why}."
        if why:
            self.remarks.append(f"cell {min(begun, len(cells) - 1) + 1}: {why}")
            for cell in cells[begun:]:
                cell.outputs = [_error("Stopped", why)]

    def _to_judge_again(self, checks, kept):
        again = []
        for number, check in checks.items():
            self.judged[number] = "once"
            try:
                about = json.loads((kept / str(number) / "about.json").read_text())
                meddled, complete = about["meddled"], "call" in about
            except (OSError, ValueError, TypeError, KeyError, RecursionError):
                meddled, complete = "", False
            if meddled:
                words = re.sub(r"[^\w. ]", "", str(meddled))[:80]
                self._note(number, f"{words} is not the shipped one")
            if _failed(check):
                self.judged[number] = "failed"
            elif complete:
                again.append(number)
            elif number in self.twice:
                self._note(number, "judged once, its answer was not kept")
        return again

    def _second_run(self, numbers, kept):
        """Return for each check that could be judged again whether it passed, and its words."""
        calls = {}
        for cell in self.release.cells:
            if _is_check(cell):
                number = int(_name(cell).removeprefix("check-"))
                _, module, function = code_that_keeps(cell.source)
                if number in numbers:
                    calls[number] = function
        task = {"module": module, "folder": str(kept), "checks": calls}
        for path in (kept, *kept.rglob("*")):  # whoever marks, the sandbox's user may read it
            path.chmod(0o755 if path.is_dir() else 0o644)
        verdicts = {}
        with tempfile.TemporaryFile() as told:
            words = [str(sandbox.PYTHON), str(sandbox.ROOT / "classroom" / "second_run.py")]
            shown = [(kept, str(kept))]
            ended = sandbox.run(words, json.dumps(task).encode(), told, self.limits, shown)
            told.seek(0)
            for what, _ in _told(told):
                verdicts[int(what["check"])] = what
        for number in numbers:  # such data ended the process, which an answer's do not
            words = ended.why or "the check did not come to an end on it"
            verdicts.setdefault(number, {"passed": False, "words": words})
        self.seconds += ended.seconds
        self.memory = max(self.memory, ended.memory)
        return verdicts

    def _conclude(self, number, check, verdict):
        if verdict is None:
            pass  # its first run stands
        elif "unread" in verdict:
            self._note(number, "judged once, its answer could not be read")
        elif verdict["passed"]:
            self.judged[number] = "twice"
        else:
            self.judged[number] = "failed"
            words = str(verdict["words"])
            self._note(number, "passed in its own process, but not on the answer that was kept")
            check.outputs.append(_error("NotConfirmed", f"The second run of the check: {words}"))
        if not _failed(check):
            for output in check.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"  # nbgrader takes a warning for a failure

    def _note(self, number, words):
        self.of_exercises.setdefault(words, []).append(str(number))

    @property
    def remark(self):
        """What the teacher has to know, in one line."""
        of = [f"exercise {', '.join(n)}: {words}" for words, n in self.of_exercises.items()]
        return "; ".join([*self.remarks, *of])


def meddling(cells, published):
    """Return what a student's own code names that only serves to change a check.

    Parameters
    ----------
    cells, published : list of nbformat.NotebookNode
        Of the hand-in, and as they were given.

    Returns
    -------
    str
        Names with commas between, or an empty string.
    """
    given = {cell.source for cell in published}
    found = set()
    for cell in cells:
        if cell.source in given:
            continue
        try:
            tree = ast.parse(re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.M))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute):
                name = node.id if isinstance(node, ast.Name) else node.attr
                assigned = isinstance(node.ctx, ast.Store)
                if name in MEDDLING or (assigned and re.fullmatch(r"check_\w+", name)):
                    found.add(name)
            elif isinstance(node, ast.FunctionDef) and re.fullmatch(r"check_\w+", node.name):
                found.add(node.name)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                for name in names:
                    if name.startswith("helpers.exercises") or name.split(".")[0] in MEDDLING:
                        found.add(name)
    return ", ".join(sorted(found))


def _name(cell):
    """Return by which name nbgrader knows a cell, if by any."""
    about = cell.metadata.get("nbgrader")
    name = about.get("grade_id") if isinstance(about, dict) else None
    return name if isinstance(name, str) else None


def _is_check(cell):
    return (_name(cell) or "").startswith("check-")


def _failed(cell):
    return any(output.output_type == "error" for output in cell.outputs)


def _error(name, words):
    return new_output("error", ename=name, evalue=words, traceback=[f"{name}: {words}"])


def _told(file):
    """Yield what a program in the sandbox has told: each time an entry, and bytes."""
    while line := file.readline(10_000):
        what = json.loads(line)
        data = file.read(what["bytes"]) if what["bytes"] > 0 else b""
        if len(data) == what["bytes"]:  # the last may have been cut off
            yield what, data


def _store(kept, what, data, checks):
    if what["check"] in checks and re.fullmatch(r"\d+\.(npy|keras)|about\.json", what["kept"]):
        folder = kept / str(int(what["check"]))
        folder.mkdir(exist_ok=True)
        (folder / what["kept"]).write_bytes(data)


# One hand-in, in its own process


class Lock:
    """A lock that a process loses when it ends, however it ends."""

    def __init__(self, path):
        self.file = path.open("w")

    def acquire(self):
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def release(self):
        fcntl.flock(self.file, fcntl.LOCK_UN)


class Course:
    """A course's folder, and nbgrader's view of it."""

    def __init__(self, folder, chapter):
        self.folder, self.chapter = folder.resolve(), chapter
        self.release = self.folder / "release" / chapter / f"{chapter}.ipynb"
        self.marked = self.folder / "marked" / chapter

    def nbgrader(self, student="*"):
        """Return nbgrader's application and course, with the teacher's settings."""
        app = NbGrader()
        app.log_level = "WARN"
        Application.load_config_file(app, "nbgrader_config", path=[str(self.folder)])
        directory = CourseDirectory(parent=app)
        directory.root = str(self.folder)
        directory.assignment_id, directory.student_id = self.chapter, student
        return app, directory

    def gradebook(self):
        _, directory = self.nbgrader()
        return Gradebook(directory.db_url, directory.course_id)

    def hand_in(self, student):
        return self.folder / "submitted" / student / self.chapter / f"{self.chapter}.ipynb"

    def page(self, student):
        return self.folder / "feedback" / student / self.chapter / f"{self.chapter}.html"

    def record(self, student):
        return self.marked / f"{student}.json"

    def read_record(self, student):
        with contextlib.suppress(OSError, ValueError):
            return json.loads(self.record(student).read_text())
        return {}

    def collected(self):
        """Return what the collection says of each file, if there was one."""
        place = self.folder / "collected" / f"{self.chapter}.json"
        return json.loads(place.read_text()) if place.is_file() else []


def mark(course, student, limits, twice, digest):
    """Mark one hand-in, write its feedback and its record. Runs in a process of its own."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (2 * 2**30, hard))  # the sandbox sets its own
    os.chdir(course.folder)
    log = (course.marked / f"{student}.log").open("w")
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    path = course.hand_in(student)
    if path.stat().st_size > LARGEST:
        raise NotMarked(f"the notebook is larger than {LARGEST / sandbox.MB:.0f} MB")
    try:
        nbformat.validate(nbformat.read(path, as_version=4))
    except Exception as error:  # whatever a file can be
        words = (str(error).strip() or "no words").splitlines()[0][:100]
        raise NotMarked(f"this is no notebook ({type(error).__name__}: {words})") from None
    release = nbformat.read(course.release, as_version=4)
    lock = Lock(course.marked / ".lock")
    hand_in = HandIn(release, twice, limits, lock)
    app, directory = course.nbgrader(student)
    grader = Autograde(coursedir=directory, parent=app)
    # nbgrader's own lists, with the hand-in's steps. Set here: a course may have older settings.
    grader.sanitize_preprocessors = [
        hand_in.settle,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    grader.autograde_preprocessors = [
        hand_in.run,
        ClearMetadataPreprocessor,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    grader.force = grader.create_student = True
    lock.acquire()
    grader.start()
    writer = GenerateFeedback(coursedir=directory, parent=app)
    writer.force = True
    writer.start()
    page = course.page(student)
    write(page, clean_page(page.read_text()))
    with course.gradebook() as gradebook:
        points = gradebook.find_submission(course.chapter, student).score
    lock.release()
    record = {
        "of": digest,
        "points": points,
        "remark": hand_in.remark,
        "judged": hand_in.judged,
        "seconds": hand_in.seconds,
        "memory_mb": hand_in.memory / 1e6,
    }
    write(course.record(student), json.dumps(record, indent=1) + "\n")


def _mark(course, student, *args):
    try:
        os.umask(0o077)
        mark(course, student, *args)
    except NotMarked as error:
        (course.marked / f"{student}.why").write_text(str(error))
        os._exit(1)
    except BaseException as error:
        traceback.print_exc()
        (course.marked / f"{student}.why").write_text(f"{type(error).__name__}: {error}"[:300])
        os._exit(1)
    os._exit(0)


# The class


def digest(course, student, limits):
    """Return what a hand-in's marks depend on, as one word."""
    parts = [course.release.read_bytes(), repr(limits).encode()]
    parts += [os.environ.get(name, "").encode() for name in ("BOOK_PROFILE", "BOOK_DATA")]
    parts += [path.read_bytes() for path in sorted((sandbox.ROOT / "classroom").glob("*.py"))]
    path = course.hand_in(student)
    parts.append(path.read_bytes() if path.stat().st_size <= LARGEST else b"")
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def refuse(course, student, why, digest):
    """Give a hand-in that could not be marked 0 points, and feedback that says why."""
    lock = Lock(course.marked / ".lock")
    lock.acquire()
    with course.gradebook() as gradebook:
        gradebook.update_or_create_student(student)
        submission = gradebook.update_or_create_submission(course.chapter, student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score, grade.needs_manual_grade = 0, False
        gradebook.db.commit()
    lock.release()
    page = course.page(student)
    page.parent.mkdir(parents=True, exist_ok=True)
    words = f"This hand-in could not be marked: {html.escape(why)}."
    write(page, f"<!DOCTYPE html>\n<meta charset='utf-8'>\n<p>{words}</p>\n")
    record = {"of": digest, "points": 0, "remark": f"not marked: {why}", "judged": {}}
    write(course.record(student), json.dumps(record, indent=1) + "\n")


def mark_all(course, limits, twice, again=False):
    """Mark what is new or changed; say of each hand-in how it went."""
    every = sorted(
        path.parent.parent.name
        for path in (course.folder / "submitted").glob(f"*/{course.chapter}/{course.chapter}.ipynb")
        if path.is_file() and not path.is_symlink()
    )
    # nbgrader takes a student's name for a pattern, and a plus for a sign of its own.
    strange = [name for name in every if not re.fullmatch(r"[^*?\[\]+{}]+", name)]
    for name in strange:
        print(f"left out: {name!r} is a name that nbgrader does not take", file=sys.stderr)
    students = [name for name in every if name not in strange]
    course.marked.mkdir(parents=True, exist_ok=True)
    digests = {name: digest(course, name, limits) for name in students}
    waiting = [
        name for name in students if again or course.read_record(name).get("of") != digests[name]
    ]
    if known := len(students) - len(waiting):
        print(f"{known} of {len(students)} hand-ins are as they were, and so are their marks.")
        print("BOOK_GRADE_AGAIN=1 marks them once more.")
    fork = multiprocessing.get_context("fork")
    running, done, total = {}, 0, len(waiting)
    while waiting or running:
        while waiting and len(running) < jobs(limits):
            name = waiting.pop(0)
            args = course, name, limits, twice, digests[name]
            (course.marked / f"{name}.why").unlink(missing_ok=True)
            course.record(name).unlink(missing_ok=True)
            process = fork.Process(target=_mark, args=args)
            process.start()
            running[name] = process, time.monotonic() + 2 * limits.seconds + AROUND
        multiprocessing.connection.wait([p.sentinel for p, _ in running.values()], timeout=1)
        for name, (process, end) in list(running.items()):
            if process.is_alive() and time.monotonic() < end:
                continue
            process.kill()
            process.join()
            del running[name]
            done += 1
            if process.exitcode or not course.record(name).is_file():
                why = course.marked / f"{name}.why"
                words = why.read_text() if why.is_file() else "the marking took too much, and ended"
                refuse(course, name, words, digests[name])
            record = course.read_record(name)
            remark = f" - {record['remark']}" if record["remark"] else ""
            print(f"{done} of {total}  {name}: {record['points']:g}{remark}", flush=True)


def jobs(limits):
    """Return how many hand-ins run at once: as many as there are cores, and memory for."""
    if asked := os.environ.get("BOOK_GRADE_JOBS"):
        return max(1, int(asked))
    fit = psutil.virtual_memory().total // limits.memory
    return int(max(1, min(len(os.sched_getaffinity(0)), fit)))


def write_grades(course):
    """Write the marks of all chapters into grades.csv: a line for each student and chapter."""
    rows = []
    with course.gradebook() as gradebook:
        students = {student.id: student for student in gradebook.students}
        for assignment in gradebook.assignments:
            here = Course(course.folder, assignment.name)
            remarks = {}
            for one in here.collected():
                if one["student"] and one["remark"]:
                    remarks.setdefault(one["student"], []).append(one["remark"])
            for student in sorted(students | dict.fromkeys(remarks)):
                about = students.get(student)
                row = dict.fromkeys(COLUMNS, "") | {
                    "assignment": assignment.name,
                    "duedate": assignment.duedate or "",
                    "student_id": student,
                    "max_score": assignment.max_score,
                    **dict.fromkeys(("raw_score", "late_submission_penalty", "score"), 0.0),
                }
                for name in ("last_name", "first_name", "email"):
                    row[name] = getattr(about, name, None) or ""
                with contextlib.suppress(MissingEntry):
                    submission = gradebook.find_submission(assignment.name, student)
                    # Each check is marked by its own process: nothing can be outside of these.
                    points = min(max(submission.score, 0.0), assignment.max_score)
                    penalty = submission.late_submission_penalty or 0.0
                    row["timestamp"] = submission.timestamp or ""
                    row["raw_score"], row["late_submission_penalty"] = points, penalty
                    row["score"] = max(0.0, points - penalty)
                said = [here.read_record(student).get("remark", ""), *remarks.get(student, [])]
                row["remark"] = "; ".join(filter(None, said))
                rows.append({name: harmless(value) for name, value in row.items()})
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write(course.folder / "grades.csv", text.getvalue())


def write(path, text):
    """Write a file whole or not at all. (`helpers` wants Keras in the quick profile.)"""
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def harmless(value):
    """Return a value that no spreadsheet takes for a formula."""
    if not isinstance(value, str):
        return value
    value = " ".join(value.split())
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def judged_twice(chapter):
    """Return the exercises of a chapter that are judged twice, as the trial found them."""
    ledger = json.loads((sandbox.ROOT / "book" / "results" / "teaching.json").read_text())
    return set(ledger["metrics"].get("judged", {}).get(chapter, {}).get("exercises", []))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter")
    parser.add_argument("--course", type=Path, required=True, help="the course's folder")
    parser.add_argument("--all", action="store_true", help="also what was marked already")
    args = parser.parse_args()
    if why := sandbox.refusal():
        sys.exit(why)
    if sandbox.trusted():
        print("No sandbox: each hand-in runs with your rights.", file=sys.stderr)
    warnings.filterwarnings("ignore", module="nbgrader")  # its database's, on new submissions
    course = Course(args.course, args.chapter)
    if not course.release.is_file():
        sys.exit(f"There is no {course.release}. Type: make assignment CHAPTER={args.chapter}")
    again = args.all or bool(os.environ.get("BOOK_GRADE_AGAIN"))
    limits = sandbox.Limits.of_the_environment()
    mark_all(course, limits, judged_twice(args.chapter), again)
    write_grades(course)


if __name__ == "__main__":
    main()
