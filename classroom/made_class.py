"""Mark a class of made hand-ins on this machine: honest ones, and each kind of hostile one.

    python -m classroom.made_class --students 15 30 60
    python -m classroom.made_class --chapters simple shapes

The hand-ins are of "Following shapes through layers", whose exercises train nothing. They go
through `make assignment` and `make grade`, and what that takes is written into the ledger. What
each hand-in ought to get stands here; the tests compare. The second command marks the published
solutions of chapters, and writes down which of their exercises are judged twice.
"""

import argparse
import copy
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import numpy as np
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell

from bookbuild.book import RESULTS, ROOT, chapters
from helpers import files, results

CHAPTER = "shapes"
LEDGER = RESULTS / "teaching.json"
RIGHT = {
    1: "code_shape = (4, 4, 4)\nparameter_count = 3369\nunpadded_filters = 16",
    2: "one = np.array([[0, 0], [2, 0], [2, 1], [0, 1]])\nother = one + 2 * np.array([-4, 3]) / 5",
    3: "dilations = [1, 2, 4, 8]",
}
# Short, and long for a machine three times slower.
LIMITS = {
    "BOOK_GRADE_TIMEOUT": "30",
    "BOOK_GRADE_SECONDS": "120",
    "BOOK_GRADE_MEMORY_GB": "1",
    "BOOK_GRADE_DISK_MB": "64",
    "BOOK_GRADE_OUTPUT_MB": "5",
    "BOOK_GRADE_KEPT_MB": "32",
    "BOOK_GRADE_PROCESSES": "100",
    "BOOK_DATA": "embedded",
    "BOOK_PROFILE": "full",
}


@dataclass
class Kind:
    """A hand-in, and what it ought to get.

    `before` and `answers` are code: of its first cell, and of its exercises. `least` is given
    where it depends on the machine how far the hand-in comes.
    """

    points: int
    answers: dict = field(default_factory=dict)
    before: str = ""
    remark: str = ""  # a part of what the teacher reads; empty if nothing is to be said
    least: int | None = None
    after: object = None  # what is done to the notebook as JSON


# What a hand-in finds that it must not find it prints, and the tests look for that.
SPY = """
import glob, os, socket
found = []
for path in {paths!r}:
    try:
        found += os.listdir(path) if os.path.isdir(path) else [open(path).read()[:100]]
    except OSError:
        pass
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try:
        found += [path] if {secret!r} in open(path).read() else []
    except OSError:
        pass
for family, address in [
    (socket.AF_INET, ("127.0.0.1", {port})),
    (socket.AF_UNIX, "\\0{secret}"),
    (socket.AF_INET, ("1.1.1.1", 80)),
]:
    try:
        socket.socket(family).connect(address)
        found.append(address)
    except OSError:
        pass
print("BREACH" if found else "SEALED", found)
"""
VANDAL = """
import os, shutil
for path in {paths!r}:
    for name in (path, path + "/planted"):
        try:
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "w") as file:
                file.write("raise SystemExit('planted')")
        except OSError:
            pass
    shutil.rmtree(path, ignore_errors=True)
shutil.rmtree("/tmp", ignore_errors=True)
shutil.rmtree("/dev/shm", ignore_errors=True)
"""
LINKER = """
import os
for number, path in enumerate({paths!r}):
    os.symlink(path, f"link{{number}}")
    os.makedirs("/tmp/kept/2", exist_ok=True)
    os.symlink(path, f"/tmp/kept/2/{{number}}.npy")
"""
ACTIVE = """
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
ran = "document.documentElement.dataset.ran = 1; fetch('http://127.0.0.1:{port}/')"
display(
    HTML(f"<script>{{ran}}</script><img src='http://127.0.0.1:{port}/a' onerror=\\"{{ran}}\\">"
         f"<iframe srcdoc='<script>{{ran}}</script>'></iframe><a href='javascript:{{ran}}'>x</a>"),
    SVG(f"<svg xmlns='http://www.w3.org/2000/svg' onload=\\"{{ran}}\\"><script>{{ran}}</script></svg>"),
    Javascript(ran), Markdown(f"<script>{{ran}}</script>"), Latex(f"$\\\\href{{{{javascript:{{ran}}}}}}{{{{x}}}}$"),
    {{"application/vnd.jupyter.widget-view+json": {{"model_id": "x"}}, "text/plain": ran}}, raw=False,
)
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
"""
WORDS = (
    "<script>document.documentElement.dataset.ran = 1</script>"
    "<img src=x onerror='document.documentElement.dataset.ran = 1'>"
    "<svg onload='document.documentElement.dataset.ran = 1'></svg>"
    "[link](javascript:alert(1)) ![picture](http://127.0.0.1:{port}/b)"
    "<style>@import 'http://127.0.0.1:{port}/c'; body {{ background: url(//127.0.0.1:{port}/d) }}</style>"
    "<meta http-equiv=refresh content='0; url=http://127.0.0.1:{port}/e'>"
    "<base href='http://127.0.0.1:{port}/'><form action=/f><input autofocus onfocus=alert(1)></form>"
)


def _points(notebook):
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        about.update(points=495, score=495, solution=True, grade=True, task=True)
    extra = {"grade_id": "mine", "grade": True, "points": 495, "locked": False, "solution": False}
    cell = new_code_cell("495", metadata={"nbgrader": extra | {"schema_version": 3, "task": False}})
    notebook["cells"].append(json.loads(json.dumps(cell)))


def _twins(notebook):
    checks = [c for c in notebook["cells"] if c["source"] and "check_" in "".join(c["source"])]
    for place in (0, len(notebook["cells"])):
        for check in checks:
            notebook["cells"].insert(place, json.loads(json.dumps(check)) | {"source": "495"})


def _other_kernel(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "bash", "display_name": "x", "language": "bash"}


def kinds(course, secret, port):
    """Return each kind of hand-in, by name.

    Parameters
    ----------
    course : pathlib.Path
    secret : str
        What stands in the environment of the processes outside, and names a socket there.
    port : int
        Where something listens on this machine.

    Returns
    -------
    dict of str to Kind
    """
    home = str(Path.home())
    paths = [str(course), f"{course}/source", f"{course}/submitted", f"{course}/gradebook.db"]
    paths += [f"{course}/nbgrader_config.py", f"{home}/.ipython", f"{home}/.ssh", "/etc/shadow"]
    paths += [str(ROOT / "Makefile"), str(ROOT / "book" / "studies"), f"{tempfile.gettempdir()}/x"]
    attack = {"paths": paths, "secret": secret, "port": port}
    wrong = RIGHT | {3: "dilations = [1, 1, 1, 1]"}
    bomb = "import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(1)"
    ear = "while True:\n    try:\n        time.sleep(1000)\n    except KeyboardInterrupt:\n        pass"
    rewritten = "import helpers.exercises.shapes as s\n"
    rewritten += (
        "for n in '123':\n    setattr(s, f'check_{n}', lambda *a: print('Right, all three.'))"
    )
    deceiver = "import sys\nsys.modules['classroom.second_run'] = __import__('math')\n" + rewritten
    garbage = """
kernel = get_ipython().kernel
for name in ("update_display_data", "display_data", "execute_reply", "clear_output", "comm_open"):
    for content in ({}, {"data": 1, "transient": {"display_id": []}}, {"comm_id": {}}, {"wait": []}):
        kernel.session.send(kernel.iopub_socket, name, content, parent=kernel.get_parent())
"""
    pickle = """
class Loud:
    def __reduce__(self):
        return (eval, ("open('/tmp/planted', 'w')",))
def save(path, value, **options):
    with open(path, "wb") as file:
        np.lib.format.write_array(file, np.array([Loud()], dtype=object))
np.save = save
"""
    return {
        "right": Kind(3, RIGHT),
        "mistaken": Kind(2, RIGHT | {3: "dilations = [1, 1, 1, 12]"}),
        "empty": Kind(0),
        "endless": Kind(2, RIGHT | {2: "import time\nwhile True:\n    time.sleep(1)"}),
        "deaf": Kind(1, RIGHT | {2: f"import time\n{ear}"}, remark="ran for more than", least=1),
        "thief": Kind(3, RIGHT, SPY.format(**attack)),
        "vandal": Kind(3, RIGHT, VANDAL.format(**attack)),
        "linker": Kind(3, RIGHT | {2: RIGHT[2] + LINKER.format(**attack)}, least=2, remark=None),
        "forger": Kind(0, {}, rewritten, remark="the check is not the shipped one"),
        "deceiver": Kind(3, {}, deceiver, remark="its answer was not kept"),
        "killer": Kind(1, RIGHT | {2: "import os\nos.kill(-1, 9)"}, remark="ended from within"),
        "quitter": Kind(1, RIGHT | {2: "import os\nos._exit(1)"}, remark="The kernel died"),
        "flood": Kind(1, RIGHT | {2: "while True:\n    print('x' * 9999)"}, remark="cell 4: "),
        "wave": Kind(1, RIGHT | {2: "print('x' * 10**8)"}, remark="wrote more"),
        "glutton": Kind(2, RIGHT | {2: "x = []\nwhile True:\n    x.append(bytes(10**7))"}),
        "gluttons": Kind(
            1,
            RIGHT
            | {
                2: "import os, time\nfor _ in range(9):\n    if not os.fork():\n"
                "        x = b'1' * 4 * 10**8\n        time.sleep(99)\ntime.sleep(99)"
            },
            remark="of memory",
        ),
        "rabbit": Kind(1, RIGHT | {2: bomb}, remark="The hand-in was stopped", least=1),
        "filler": Kind(
            2,
            RIGHT
            | {2: "with open('x', 'wb') as f:\n    while True:\n        f.write(bytes(10**7))"},
            remark="its answer was not kept",
        ),
        "actor": Kind(3, RIGHT | {2: RIGHT[2] + ACTIVE.format(port=port)}),
        "points": Kind(2, wrong, remark="nbgrader's data of check-3 were changed", after=_points),
        "twins": Kind(2, wrong, remark="check-3 is there 3 times", after=_twins),
        "bash": Kind(3, RIGHT, after=_other_kernel),
        "garbage": Kind(1, RIGHT | {2: RIGHT[2] + garbage}, remark="get_ipython", least=1),
        "pickler": Kind(3, RIGHT | {2: RIGHT[2] + pickle}, remark="could not be read"),
        "broken": Kind(0, remark="is cut off", after=lambda notebook: '{"cells": ['),
        "nested": Kind(0, remark="is cut off", after=lambda notebook: "[" * 10**6),
    }


def hand_in(release, kind, port):
    """Return a hand-in's file: what the student wrote and left of the chapter."""
    notebook = copy.deepcopy(release)
    cells = [new_code_cell("import numpy as np\n" + kind.before)]
    cells.append(new_markdown_cell(WORDS.format(port=port)))
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.startswith("exercise-"):
            cell.source = kind.answers.get(int(name.removeprefix("exercise-")), cell.source)
        if name:
            cells.append(cell)
    notebook.cells = cells
    as_json = json.loads(nbformat.writes(notebook))
    changed = kind.after(as_json) if kind.after else None
    return changed if isinstance(changed, str) else json.dumps(as_json)


class Course:
    """A made class, its folder, and what `make` says of it."""

    def __init__(self, folder, secret="trial", port=9, chapter=CHAPTER, env=LIMITS):
        self.folder, self.chapter, self.port = folder, chapter, port
        self.env = os.environ | env | {"BOOK_TRIAL": secret}
        self.kinds = kinds(folder, secret, port)
        self.students = {}
        self.make("assignment")

    def notebook(self, stage):
        """Return the chapter as the `source` with solutions, or as the `release`."""
        path = self.folder / stage / self.chapter / f"{self.chapter}.ipynb"
        return nbformat.read(path, as_version=4)

    def make(self, target, **env):
        """Run a target; return what it wrote. It has to succeed."""
        words = ["make", "--silent", target, f"CHAPTER={self.chapter}", f"COURSE={self.folder}"]
        done = subprocess.run(
            words, cwd=ROOT, env=self.env | env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stdout[-3000:] + done.stderr[-3000:])
        return done.stdout + done.stderr

    def hand_in(self, student, kind):
        """Put a hand-in of a kind where the collection finds it."""
        self.put(student, hand_in(self.notebook("release"), self.kinds[kind], self.port))
        self.students[student] = kind

    def put(self, student, text):
        """Put a hand-in's text where the collection finds it."""
        archive = self.folder / "downloaded" / self.chapter / "archive"
        (archive / f"{student}_{self.chapter}.ipynb").write_text(text)

    def marks(self):
        """Return each line of grades.csv, by student."""
        with (self.folder / "grades.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        marks = {row["student_id"]: row for row in rows}
        assert len(marks) == len(rows)
        return marks


def measure(count):
    """Mark a class of honest hand-ins; return seconds, and MB at most."""
    with tempfile.TemporaryDirectory(prefix="class-") as folder:
        course = Course(Path(folder))
        for number in range(count):
            course.hand_in(f"student{number}", ("right", "mistaken", "right", "empty")[number % 4])
        words = ["make", "--silent", "grade", f"CHAPTER={CHAPTER}", f"COURSE={folder}"]
        start, most = time.monotonic(), 0
        with subprocess.Popen(
            words, cwd=ROOT, env=course.env, stdout=subprocess.DEVNULL
        ) as process:
            watched = psutil.Process(process.pid)
            while process.poll() is None:
                total = 0
                for child in watched.children(recursive=True):
                    try:
                        total += child.memory_info().rss
                    except psutil.Error:
                        continue
                most = max(most, total)
                time.sleep(0.5)
        if process.returncode or len(course.marks()) != count:
            raise RuntimeError(f"the class of {count} was not marked")
        return {"seconds": time.monotonic() - start, "memory_mb": most / 1e6}


def solved(source):
    """Return the code of each exercise with its solution, by number."""
    found = {}
    for cell in source.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.startswith("exercise-"):
            found[int(name.removeprefix("exercise-"))] = cell.source
    return found


def with_answers(release, answers):
    """Return a hand-in: the chapter as it was given, with the code of some exercises."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        number = int(name.removeprefix("exercise-")) if name.startswith("exercise-") else None
        if number in answers:
            cell.source = answers[number]
    return notebook


def judged(chapter):
    """Mark a chapter's published solutions; return which exercises are judged twice.

    Raises
    ------
    RuntimeError
        If they do not get all points.
    """
    env = {"BOOK_PROFILE": "quick", "BOOK_DATA": "embedded"}
    with tempfile.TemporaryDirectory(prefix="class-") as folder:
        course = Course(Path(folder), chapter=chapter, env=env)
        answers = solved(course.notebook("source"))
        course.put("right", nbformat.writes(with_answers(course.notebook("release"), answers)))
        said = course.make("grade")
        record = json.loads((Path(folder) / "marked" / chapter / "right.json").read_text())
    if record["points"] != len(answers):
        raise RuntimeError(f"{chapter}: {record}\n{said}")
    twice = [int(number) for number, how in record["judged"].items() if how == "twice"]
    return {"of": len(answers), "twice": len(twice), "exercises": twice}


def write(**metrics):
    """Add to the ledger of teaching."""
    entry = json.loads(LEDGER.read_text())
    entry["metrics"] |= metrics
    files.write(LEDGER, json.dumps(entry, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--students", type=int, nargs="+", help="how many, in two classes or more")
    what.add_argument("--chapters", nargs="+", choices=["all", *chapters()], metavar="chapter")
    args = parser.parse_args()
    if args.chapters:
        for chapter in chapters() if args.chapters == ["all"] else args.chapters:
            row = judged(chapter)
            print(f"{chapter}: {row['twice']} of {row['of']} are judged twice", flush=True)
            known = json.loads(LEDGER.read_text())["metrics"].get("judged", {})
            write(judged=known | {chapter: row})
        return
    if len(args.students) < 2:
        sys.exit("A law takes two classes.")
    measured = {}
    for count in args.students:
        measured[str(count)] = measure(count)
        print(count, {name: round(value) for name, value in measured[str(count)].items()})
    each, fixed = np.polyfit(args.students, [row["seconds"] for row in measured.values()], 1)
    law = {"fixed": float(fixed), "each": float(each)}
    write(marking=measured | law | {"minutes_of_300": float(fixed + 300 * each) / 60})
    print(results.quote("teaching:marking.minutes_of_300"), "minutes for 300:", LEDGER)


if __name__ == "__main__":
    main()
