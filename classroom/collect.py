"""Bring what students handed in to where nbgrader looks for it.

    python -m classroom.collect simple --course course --roster roster.csv

Reads what lies in course/downloaded/<chapter>/archive, notebooks and zips, as learning platforms
give them, and writes course/submitted/<student>/<chapter>/<chapter>.ipynb. Whatever is left out is
named with its reason; one file never stops the others. `make grade` calls this.
"""

import argparse
import json
import shutil
import sys
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from bookbuild.book import as_json, chapters
from classroom import archives, names, notebooks
from helpers import files

# Of a student whose newest hand-in cannot be read, so many are tried.
_TRIES = 5


class CollectError(Exception):
    """Nothing can be collected; the words say what to do."""


@dataclass
class HandIn:
    """A file, and what is known about it."""

    file: str
    entry: archives.Entry
    name: names.Name | None = None
    student: str | None = None
    copy: int = 0
    taken: bool = False
    remark: str = ""

    @property
    def time(self):
        return (self.name and self.name.stamp) or self.entry.time

    @property
    def waits(self):
        """Whether nobody has decided yet what becomes of it."""
        return not self.remark and not self.taken

    def record(self):
        when = datetime.fromtimestamp(int(self.time), UTC).isoformat(" ")
        return _record(self.student, self.file, self.taken, _printable(self.remark), when)


def collect(course, chapter, roster=None):
    """Collect the hand-ins of a chapter.

    Parameters
    ----------
    course : pathlib.Path
    chapter : str
    roster : names.Roster, optional
        Without it students are called as their files' names say.

    Returns
    -------
    list of dict
        As `read_records` gives them.

    Raises
    ------
    CollectError
        If there is nothing to collect, or the assignment was not made.
    """
    archive = course / "downloaded" / chapter / "archive"
    wanted = f"Put hand-ins there, named <student>_{chapter}.ipynb, or a learning platform's zip."
    if not archive.is_dir():
        raise CollectError(f"{archive} is not there. Type: make assignment CHAPTER={chapter}")
    found = archives.entries(archive)
    if not found:
        raise CollectError(f"{archive} is empty. {wanted}")
    release = _release(course, chapter)
    hand_ins = _named(found, chapter, roster)
    _apart(hand_ins, course / "submitted", roster)
    before, misread = _before(course, chapter, hand_ins)
    here = {one.file for one in hand_ins}
    by_student = defaultdict(list)
    for one in hand_ins:
        if one.waits:
            by_student[one.student].append(one)
    for student, several in by_student.items():
        # Written at once: a class's notebooks together would not fit into memory.
        taken, notebook = _choose(several, release)
        old = before.get(student)
        gone = old and old["file"] not in here
        if taken and gone and old["submitted"] > taken.record()["submitted"]:
            taken.taken = False
            taken.remark = f"older than {old['file']}, which was collected before"
        elif taken:
            before.pop(student, None)
            _store(course, chapter, taken, notebook)
    for one, student in misread:
        one.remark = _with(one.remark, f"was {student}'s before")
    records = [one.record() for one in hand_ins]
    records += [
        old | {"remark": _with(old["remark"], "collected before")} for old in before.values()
    ]
    if roster:
        absent = set(roster.students) - {record["student"] for record in records}
        records += [
            _record(student, None, False, "no hand-in", None)
            for student in roster.students
            if student in absent
        ]
    place = _place(course, chapter)
    place.parent.mkdir(exist_ok=True)
    files.write(place, json.dumps(records, indent=1, ensure_ascii=False) + "\n")
    return records


def read_records(course, chapter):
    """Return what the last collection of a chapter found out.

    Parameters
    ----------
    course : pathlib.Path
    chapter : str

    Returns
    -------
    list of dict
        One for each file, and one for each student of the roster without any: ``student`` (None
        if unknown), ``file`` (its path in the archive, or None), ``taken``, ``remark`` and
        ``submitted`` (a time in UTC, or None). Of a student's files one at most is taken. Empty
        before the first collection.
    """
    place = _place(course, chapter)
    return json.loads(place.read_text(encoding="utf-8")) if place.exists() else []


def table(records):
    """Return the records as lines for the screen, those left out last."""
    rows = [("", "file", "student", "remark")]
    for one in sorted(records, key=lambda one: (not one["taken"], one["file"] is None)):
        state = "taken" if one["taken"] else "left out" if one["file"] else "absent"
        rows.append((state, one["file"] or "-", one["student"] or "?", one["remark"]))
    widths = [min(60, max(len(row[column]) for row in rows)) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    )


def _named(found, chapter, roster):
    """Find out whose each file is; what is no hand-in of a known student gets its remark."""
    users, hand_ins, others = {}, [], chapters()
    for entry in list(found):
        if beginning := names.blackboard_text(entry.parts):
            found.remove(entry)
            try:
                users[beginning] = names.blackboard_user(beginning, entry.read())
            except archives.UnreadableError:
                continue  # as if it were not there
    for entry in found:
        one = HandIn(_printable("/".join(entry.parts)), entry)
        hand_ins.append(one)
        last = entry.parts[-1].lower()
        try:
            one.name = names.read_name(entry.parts, chapter, users, roster)
            one.student = names.identify(one.name, roster)
        except names.DoubtError as error:
            one.remark = str(error)
        if entry.problem:
            one.remark = entry.problem
        elif not last.endswith(".ipynb"):
            one.remark = f"is no notebook; wanted is {chapter}.ipynb"
            if ".ipynb" in last:
                one.remark = "has another ending behind .ipynb: rename it"
        elif one.student:
            number = names.copies(one.name.own, chapter, others)
            if number is None:
                one.remark = f"is named {_printable(one.name.own)}; wanted is {chapter}.ipynb"
                if not one.name.platform:  # then the id is not sure, either
                    one.student = None
            else:
                one.copy = number
    return hand_ins


def _apart(hand_ins, submitted, roster):
    """Leave out students who cannot be told apart."""
    waiting = [one for one in hand_ins if one.waits]
    users = defaultdict(set)
    for one in waiting:
        if one.name.user:
            users[one.name.platform, one.student].add(one.name.user)
    for one in waiting:
        if len(users[one.name.platform, one.student]) > 1:
            if roster:
                one.remark = (
                    f"{one.name.platform} has several students of this name, the roster one: add "
                    f"a column with their numbers there (this one's is {one.name.user})"
                )
                one.student = None
            else:
                one.student = f"{one.student}_{one.name.user}"
    if roster:
        return
    spellings, forms = defaultdict(set), defaultdict(set)
    for folder in submitted.iterdir() if submitted.is_dir() else ():
        spellings[names.plain(folder.name)].add(folder.name)
    for one in waiting:
        spellings[names.plain(one.student)].add(one.student)
        forms[one.student].add(one.student.isascii() or unicodedata.is_normalized("NFC", one.file))
    for one in waiting:
        alike = spellings[names.plain(one.student)]
        if len(alike) > 1 or len(forms[one.student]) > 1:
            few = ", ".join(sorted(alike))
            one.remark = (
                f"the same name is spelled in several ways ({few}): rename the files, or make a "
                "roster"
            )
            one.student = None


def _before(course, chapter, hand_ins):
    """Find what was collected before and whose file is here no more, or is read otherwise now.

    Returns
    -------
    tuple
        Records of the former by student; (hand-in, student whom it was taken for) of the latter.
    """
    now = {one.file: one for one in hand_ins}
    before, misread = {}, []
    for old in read_records(course, chapter):
        student, again = old["student"], now.get(old["file"])
        if not old["taken"] or names.refusal(student):
            continue
        folder = course / "submitted" / student / chapter
        if again and again.student != student and folder.is_dir():
            misread.append((again, student))
            shutil.rmtree(folder)
            if not any(folder.parent.iterdir()):
                folder.parent.rmdir()
        elif folder.is_dir():
            before[student] = old
    return before, misread


def _choose(several, release):
    """Take a student's newest hand-in that can be read; return it and its notebook, or Nones."""
    alike = len({one.name.platform for one in several}) == 1
    numbered = alike and all(one.copy >= 0 for one in several)

    def age(one):
        return (alike and one.name.order, numbered and one.copy, one.time)

    several.sort(key=age, reverse=True)
    taken, notebook, failed = None, None, []
    for one in several:
        if taken:
            one.remark = f"older than {taken.file}"
            continue
        if len(failed) == _TRIES:
            one.remark = f"not tried: {_TRIES} newer ones of the student cannot be read"
            continue
        try:
            data = one.entry.read()
            parsed, remarks = notebooks.parse(data)
        except archives.UnreadableError as error:
            one.remark = str(error)
            failed.append(one)
            continue
        rivals = [rival for rival in several if rival is not one and age(rival) == age(one)]
        if any(_differs(rival, data) for rival in rivals):
            for rival in [one, *rivals]:
                rival.remark = "as new as another one that differs: remove all but one"
            continue
        taken, notebook = one, parsed
        one.taken = True
        if one.name.late:
            remarks.insert(0, f"late, says {one.name.platform}")
        if failed:
            remarks.append(f"a newer one, {failed[0].file}, {failed[0].remark}")
        elif len(several) > 1:
            remarks.append(f"the newest of {len(several)}")
        one.remark = "; ".join(remarks + notebooks.mend(notebook, release))
    return taken, notebook


def _differs(rival, data):
    try:
        return rival.entry.read() != data
    except archives.UnreadableError:
        return False


def _store(course, chapter, one, notebook):
    folder = course / "submitted" / one.student / chapter
    folder.mkdir(parents=True, exist_ok=True)
    # A lone half of a letter's code, which JSON allows, is none in UTF-8.
    files.write(folder / f"{chapter}.ipynb", as_json(notebook).encode("utf-8", "replace"))
    when = datetime.fromtimestamp(int(one.time), UTC)
    files.write(folder / "timestamp.txt", f"{when:%Y-%m-%d %H:%M:%S} UTC\n")


def _with(remark, more):
    return remark if more in remark else "; ".join(filter(None, [remark, more]))


def _release(course, chapter):
    path = course / "release" / chapter / f"{chapter}.ipynb"
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise CollectError(
            f"{path} is not there. Type: make assignment CHAPTER={chapter}"
        ) from None


def _roster(course, path):
    """Read the roster that was named, or else the course's if it has one."""
    if path is None and not (course / "roster.csv").exists():
        return None
    path = path or course / "roster.csv"
    try:
        return names.Roster(path.read_bytes())
    except ValueError as error:
        raise CollectError(f"{path} {error}") from None
    except OSError as error:
        raise CollectError(f"{path} cannot be read: {error.strerror}") from None


def _record(student, file, taken, remark, submitted):
    record = {"student": student, "file": file, "taken": taken, "remark": remark}
    return record | {"submitted": submitted}


def _place(course, chapter):
    return course / "collected" / f"{chapter}.json"


def _printable(name):
    """Return a stranger's name without what would move a terminal's cursor or break a line."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", choices=chapters(), metavar="chapter", help="such as simple")
    parser.add_argument("--course", type=Path, required=True, help="the course's folder")
    words = "a table with a column id, and others with what platforms call a student"
    parser.add_argument("--roster", type=Path, help=f"{words} (default: the course's roster.csv)")
    args = parser.parse_args()
    try:
        records = collect(args.course, args.chapter, _roster(args.course, args.roster))
    except CollectError as error:
        sys.exit(str(error))
    print(table(records))
    taken = sum(record["taken"] for record in records)
    print(f"\n{taken} taken, {len(records) - taken} not: {_place(args.course, args.chapter)}")
    if not taken:
        sys.exit(
            f"No hand-in of {args.chapter} was taken. Wanted are notebooks named "
            f"<student>_{args.chapter}.ipynb, or a learning platform's zip; the table says what "
            "each file lacks."
        )


if __name__ == "__main__":
    main()
