"""Hand-ins with all kinds of names and contents: each is collected, or left out with its reason."""

import copy
import csv
import io
import json
import os
import subprocess
import unicodedata
import zipfile
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from bookbuild.book import ROOT
from classroom import archives, collect, names
from classroom.kernel import bring_kernel

RIGHT = "answer = 42"


def cell(grade_id, source, **what):
    about = {"grade_id": grade_id, "schema_version": 3, "task": False}
    about |= {"grade": False, "solution": False, "locked": False} | what
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": about})


def assignment(exercise):
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A short chapter"),
            cell("exercise-1", exercise, solution=True),
            cell("check-1", "assert answer == 42", grade=True, locked=True, points=1),
        ]
    )


RELEASE = assignment("answer = None")


def handed_in(answer=RIGHT):
    """Return what a student makes of the assignment, as bytes."""
    return nbformat.writes(assignment(answer)).encode()


def zipped(members, date=(2026, 3, 1, 10, 0, 0)):
    """Return a zip of {name or ZipInfo: bytes}."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name, date)
            archive.writestr(info, data)
    return file.getvalue()


class Course:
    """A course folder with a made assignment of "simple", and its archive of hand-ins."""

    def __init__(self, folder):
        self.folder = folder
        self.archive = folder / "downloaded" / "simple" / "archive"
        self.archive.mkdir(parents=True)
        release = folder / "release" / "simple" / "simple.ipynb"
        release.parent.mkdir(parents=True)
        nbformat.write(RELEASE, release)

    def put(self, name, data=None, when=None):
        path = self.archive / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(handed_in() if data is None else data)
        if when:
            os.utime(path, (when, when))

    def collect(self, roster=None, chapter="simple"):
        roster = roster and names.Roster(roster.encode())
        self.records = collect.collect(self.folder, chapter, roster)
        return {one["student"]: one for one in self.records if one["taken"]}

    def submitted(self):
        """The students and what nbgrader will see of them."""
        paths = sorted(self.folder.glob("submitted/*/simple/simple.ipynb"))
        return {path.parts[-3]: nbformat.read(path, as_version=4) for path in paths}

    def answers(self):
        return {student: one.cells[1].source for student, one in self.submitted().items()}

    def remarks(self):
        return {one["file"]: one["remark"] for one in self.records}


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path / "course")


# ------------------------------------------------------------------ names

NAMES = {
    # our own: all before the last _simple
    "maria_simple.ipynb": "maria",
    "maria_lopez_simple.ipynb": "maria_lopez",
    "maria_smith_simple-1.ipynb": "maria_smith",
    "s_1234_simple-Copy1.ipynb": "s_1234",
    "s_5678_simple (1).ipynb": "s_5678",
    "jo_simple(1).ipynb": "jo",
    "jo-ann_simple-final.ipynb": "jo-ann",
    "o'neil_simple - Copy (2).ipynb": "o'neil",
    "ann_simple copy.ipynb": "ann",
    "bo_SIMPLE.IPYNB": "bo",
    "a_simple_simple.ipynb": "a_simple",
    "김민지_simple.ipynb": "김민지",
    unicodedata.normalize("NFD", "josé_simple.ipynb"): "josé",
    "week 1/zoe_simple.ipynb": "zoe",
    # Moodle, with folders of two versions, and flat
    "Maria Lopez_1234567_assignsubmission_file_/simple.ipynb": "Maria Lopez",
    "Jean-Luc D'Arc_1234568_assignsubmission_file/simple(1).ipynb": "Jean-Luc D'Arc",
    "Ana Perez_1234569_assignsubmission_file_simple.ipynb": "Ana Perez",
    "이 서연_1234570_assignsubmission_file_/my simple.ipynb": "이 서연",
    # Canvas
    "lopezmaria_12345_678901_simple-1.ipynb": "lopezmaria_12345",
    "smithmaria_LATE_12346_678902_simple.ipynb": "smithmaria_12346",
    "김민지_12347_678903_simple-Copy1.ipynb": "김민지_12347",
    "anon_a1B2c_678904_simple.ipynb": "anon_a1B2c",
    "LATE_anon_x9Y8z_678905_simple.ipynb": "anon_x9Y8z",
    # Blackboard
    "A simple autoencoder_mlopez_attempt_2026-11-30-10-20-30_simple.ipynb": "mlopez",
    # Google Classroom
    "Lena Meier - simple.ipynb": "Lena Meier",
    "Copy of Tom Meier - simple.ipynb": "Tom Meier",
}


def test_whole_ids_are_read_from_names_of_all_kinds(course):
    for name in NAMES:
        course.put(name)
    taken = course.collect()
    assert {one["file"]: one["student"] for one in taken.values()} == NAMES
    assert set(course.submitted()) == set(NAMES.values())
    times = [path.read_text() for path in course.folder.glob("submitted/*/simple/timestamp.txt")]
    assert len(times) == len(NAMES) and all(one.endswith(" UTC\n") for one in times)


def test_platforms_zips_are_read_with_all_that_lies_in_them(course):
    course.put("CS101-simple-99.zip", zipped({name: handed_in() for name in NAMES}))
    student = zipped({"simple/simple.ipynb": handed_in("answer = 1"), "simple/data.csv": b"1"})
    course.put("submissions.zip", zipped({"parkjin_12_34_homework.zip": student}))
    course.put("ida_simple.zip", zipped({"simple.ipynb": handed_in("answer = 2")}))
    course.put("__MACOSX/._maria_simple.ipynb", b"\0")
    course.put("maria/.ipynb_checkpoints/maria_simple-checkpoint.ipynb")
    course.collect()
    assert set(course.submitted()) == {*NAMES.values(), "parkjin_12", "ida"}
    assert course.answers()["parkjin_12"] == "answer = 1"
    assert course.answers()["ida"] == "answer = 2"
    assert "is no notebook; wanted is simple.ipynb" in course.remarks().values()


def test_what_a_platform_says_counts_before_what_a_student_calls_a_file(course):
    inside = zipped({"victim_simple.ipynb": handed_in()})
    readings = {
        "A B_7_assignsubmission_file_/victim_simple.ipynb": "A B",
        "C D_8_assignsubmission_file_/v_1_2_simple.ipynb": "C D",
        "E F_9_assignsubmission_file_/Victim - simple.ipynb": "E F",
        "lopez_12_34_victim_simple.ipynb": "lopez_12",
        "Home_mlopez_attempt_2026-11-30-10-20-30_v_1_2_simple.ipynb": "mlopez",
    }
    for name in readings:
        course.put(name)
    zips = {"park_56_78_x.zip": "park_56", "Home_g_attempt_2026-11-30-10-20-30_x.zip": "g"}
    for name in zips:
        course.put(name, inside)
    course.put("h_simple.zip", inside)
    course.put("lee_7_8_x.zip", zipped({"v_1_2_simple.ipynb": handed_in()}))
    assert set(course.collect()) == {*readings.values(), *zips.values()}
    assert "names h and victim" in course.remarks()["h_simple.zip/victim_simple.ipynb"]
    assert "names lee_7 and v_1" in course.remarks()["lee_7_8_x.zip/v_1_2_simple.ipynb"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("simple.ipynb", "is not named as <student>_simple.ipynb"),
        ("simple(1).ipynb", "rename it"),
        ("Copy of simple.ipynb", "rename it"),
        ("some folder/simple.ipynb", "rename it"),
        ("_simple.ipynb", "rename it"),
        ("maria_simpler.ipynb", "rename it"),
        ("maria_deep.ipynb", "rename it"),
        ("maria_simple_deep.ipynb", "wanted is simple.ipynb"),
        ("maria_simple.ipynb.txt", "another ending behind .ipynb"),
        ("maria_simple.pdf", "no notebook"),
        ("lopezmaria_12345_678901_homework.ipynb", "is named homework.ipynb; wanted is simple"),
        ("Home_work_m_lopez_attempt_2026-11-30-10-20-30_simple.ipynb", "several ways"),
        ("Home_mlopez_attempt_2026-99-30-10-20-30_simple.ipynb", "is no time"),
        # ids that are paths, formulas, invisible or too long
        (".._simple.ipynb", "begins or ends with a dot"),
        (".hidden_simple.ipynb", "begins or ends with a dot"),
        ("a\\b_simple.ipynb", "holds one of"),
        ("a:b_simple.ipynb", "holds one of"),
        ("[ab]_simple.ipynb", "holds one of"),
        ("=1+1_simple.ipynb", "formula"),
        ("+1_simple.ipynb", "formula"),
        ("-1_simple.ipynb", "formula"),
        ("@SUM(A1)_simple.ipynb", "formula"),
        ("\N{FULLWIDTH EQUALS SIGN}1_simple.ipynb", "formula"),
        ("\t=1_simple.ipynb", "space at its end"),
        ("a\x1b[2Jb_simple.ipynb", "invisible"),
        ("a\nb_simple.ipynb", "invisible"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b_simple.ipynb", "invisible"),
        ("CON_simple.ipynb", "Windows"),
        ("a" * 101 + "_simple.ipynb", "longer"),
    ],
)
def test_what_cannot_be_read_without_doubt_is_left_out_and_named(course, name, words):
    course.put(name)
    course.put("good_simple.ipynb")
    assert set(course.collect()) == {"good"}
    assert list((course.folder / "submitted").iterdir()) == [course.folder / "submitted" / "good"]
    (record,) = [one for one in course.records if not one["taken"]]
    assert words in record["remark"]
    assert record["file"].isprintable()
    line = next(line for line in collect.table(course.records).splitlines() if "left out" in line)
    assert record["file"] in line and record["remark"] in line


def test_a_file_name_that_is_no_text_is_left_out(course):
    (Path(os.fsdecode(os.fsencode(course.archive) + b"/\xff_simple.ipynb"))).write_bytes(
        handed_in()
    )
    course.put("good_simple.ipynb")
    assert set(course.collect()) == {"good"}


def test_blackboards_texts_tell_users_with_underlines(course):
    start = "Home_work_m_lopez_attempt_2026-11-30-10-20-30"
    course.put(f"{start}_simple.ipynb")
    course.put(f"{start}.txt", b"Name: Maria (Mia) Lopez (m_lopez)\nAssignment: Home_work\n")
    other = "Home_work_x_attempt_2026-11-30-10-20-30"  # its text speaks of somebody else
    course.put(f"{other}_simple.ipynb")
    course.put(f"{other}.txt", b"Name: Maria Lopez (m_lopez)\n")
    assert set(course.collect()) == {"m_lopez"}


def test_students_of_one_name_are_kept_apart_or_refused(course):
    for number in (1, 2):
        course.put(f"Maria Lopez_{number}_assignsubmission_file_/simple.ipynb")
    for student in ("jo", "JO", "Ann"):
        course.put(f"{student}_simple.ipynb")
    assert set(course.collect()) == {"Maria Lopez_1", "Maria Lopez_2", "Ann"}
    assert "several ways (JO, jo)" in course.remarks()["jo_simple.ipynb"]
    course.put("ann_simple.ipynb")  # another case than what was collected before
    course.collect()
    assert "several ways (Ann, ann)" in course.remarks()["ann_simple.ipynb"]


def test_one_name_in_two_normalisations_is_refused(course):
    for index, form in enumerate(("NFC", "NFD")):
        course.put(unicodedata.normalize(form, f"{index}/josé_simple.ipynb"))
    course.put("good_simple.ipynb")
    assert set(course.collect()) == {"good"}
    assert set(course.collect("id\njosé\ngood\n")) == {"good", "josé"}


# ------------------------------------------------------------------ attempts

BLACKBOARD = "Home_mlopez_attempt_2026-{}-01-10-11-12_simple.ipynb"


@pytest.mark.parametrize(
    ("older", "newest"),
    [
        (BLACKBOARD.format("03"), BLACKBOARD.format("04")),
        ("lopez_12_900_simple.ipynb", "lopez_12_1000_simple-1.ipynb"),
        ("lopez_LATE_12_1000_simple-1.ipynb", "lopez_LATE_12_1001_simple.ipynb"),
        ("m_simple.ipynb", "m_simple-1.ipynb"),
        ("m_simple-2.ipynb", "m_simple-10.ipynb"),
        ("m_simple.ipynb", "m_simple-Copy1.ipynb"),
        ("m_simple(1).ipynb", "m_simple (2).ipynb"),
        (
            "M L_7_assignsubmission_file_/simple.ipynb",
            "M L_7_assignsubmission_file_/simple(1).ipynb",
        ),
    ],
)
def test_the_newest_attempt_counts_by_what_names_say(course, older, newest):
    course.put(older, handed_in("answer = 1"), when=2_000_000_000)
    course.put(newest, handed_in("answer = 2"), when=1_000_000_000)
    (taken,) = course.collect().values()
    assert taken["file"] == newest and "the newest of 2" in taken["remark"]
    assert course.remarks()[older] == f"older than {newest}"
    assert list(course.answers().values()) == ["answer = 2"]
    assert ("late" in taken["remark"]) == ("LATE" in newest)


def test_else_the_newest_attempt_counts_by_the_files_time(course):
    course.put("m_simple-2.ipynb", handed_in("answer = 1"), when=1_000_000_000)
    course.put("m_simple-final.ipynb", handed_in("answer = 2"), when=1_100_000_000)
    zips = {2026: "answer = 3", 2027: "answer = 4"}  # two downloads of a class
    for year, answer in zips.items():
        members = {"n_simple.ipynb": handed_in(answer)}
        course.put(f"{2028 - year}.zip", zipped(members, (year, 1, 1, 0, 0, 0)))
    course.put("o_simple-final.ipynb", handed_in("answer = 5"), when=1_000_000_000)
    course.put("o_simple-last.ipynb", handed_in("answer = 6"), when=1_000_000_000)
    course.collect()
    assert course.answers() == {"m": "answer = 2", "n": "answer = 4"}
    assert "as new as another" in course.remarks()["o_simple-last.ipynb"]


def test_the_time_that_a_name_tells_is_when_it_was_handed_in(course):
    course.put(BLACKBOARD.format("03"))
    (taken,) = course.collect().values()
    assert (
        datetime.fromisoformat(taken["submitted"]).astimezone()
        == datetime(2026, 3, 1, 10, 11, 12).astimezone()
    )


def test_an_older_attempt_counts_where_the_newest_cannot_be_read(course):
    course.put("m_simple.ipynb")
    course.put("m_simple-1.ipynb", handed_in()[:50])
    (taken,) = course.collect().values()
    assert taken["file"] == "m_simple.ipynb"
    assert "m_simple-1.ipynb, is cut off" in taken["remark"]


def test_collecting_again_replaces_what_is_newer_and_keeps_the_rest(course):
    course.put("a_simple.ipynb", handed_in("answer = 1"), when=1_000_000_000)
    course.put("b_simple.ipynb", handed_in("answer = 2"), when=1_000_000_000)
    course.put("c_simple.ipynb", handed_in("answer = 3"), when=1_000_000_000)
    course.collect()
    for name in "abc":
        (course.archive / f"{name}_simple.ipynb").unlink()
    course.put("a_simple-new.ipynb", handed_in("answer = 4"), when=1_000_000_001)
    course.put("b_simple-old.ipynb", handed_in("answer = 5"), when=999_999_999)
    course.collect()
    assert course.answers() == {"a": "answer = 4", "b": "answer = 2", "c": "answer = 3"}
    assert "collected before" in course.remarks()["b_simple-old.ipynb"]
    assert [one["student"] for one in course.records if one["taken"]] == ["a", "b", "c"]
    course.put("a_simple.ipynb", handed_in("answer = 6"), when=900_000_000)
    course.put("a_simple-1.ipynb", handed_in("answer = 7"), when=800_000_000)
    (course.archive / "a_simple-new.ipynb").unlink()
    course.put("d_simple-1.ipynb", handed_in("answer = 8"), when=1_000_000_000)
    course.collect()
    course.put("d_simple-2.ipynb", handed_in("answer = 9"), when=900_000_000)
    course.collect()  # the names of what is still there decide
    assert course.answers() == {
        "a": "answer = 4",
        "b": "answer = 2",
        "c": "answer = 3",
        "d": "answer = 9",
    }
    assert course.remarks()["c_simple.ipynb"] == "collected before"


# ------------------------------------------------------------------ roster

MARIA = "maria@example.org"
ROSTER = f"""\
id,name,canvas_id,email
s1,Maria Lopez,12345,{MARIA}
s2,김 민지,12346,minji@example.org
s3,Tom Meier,12347,tom@example.org
s4,Tom Meier,12348,tom2@example.org
s_1_2,Eva Green,12349,eva@example.org
s6,Nobody Yet,,
"""


def test_a_roster_says_who_is_who_and_who_is_absent(course):
    readings = {
        f"{MARIA}_simple.ipynb": "s1",
        "minjikim_12346_5_simple.ipynb": "s2",
        "s_1_2_simple.ipynb": "s_1_2",  # not Canvas's user 1
        "S3_simple.ipynb": "s3",
        "downloads/tom2@example.org/simple.ipynb": "s4",
        "who_simple.ipynb": None,
        "Tom Meier - simple-1.ipynb": None,
    }
    for name in readings:
        course.put(name)
    taken = course.collect(ROSTER)
    assert {one["file"]: one["student"] for one in course.records if one["file"]} == readings
    assert set(taken) == {"s1", "s2", "s3", "s4", "s_1_2"}
    assert "not in the roster" in course.remarks()["who_simple.ipynb"]
    assert "calls 2 students" in course.remarks()["Tom Meier - simple-1.ipynb"]
    (absent,) = [one for one in course.records if one["file"] is None]
    assert (absent["student"], absent["taken"], absent["remark"]) == ("s6", False, "no hand-in")
    assert collect.read_records(course.folder, "simple") == course.records


def test_one_line_of_a_roster_is_not_two_students_of_moodle(course):
    for number in (1, 2):
        course.put(f"Maria Lopez_{number}_assignsubmission_file_/simple.ipynb")
    assert course.collect(ROSTER) == {}
    assert all("several students" in course.remarks()[one["file"]] for one in course.records[:2])
    assert set(course.collect("id,number\nm1,1\nm2,2\n")) == {"m1", "m2"}


def test_a_roster_that_comes_later_renames_without_marking_twice(course):
    course.put("Maria Lopez_1234567_assignsubmission_file_/simple.ipynb")
    course.collect()
    taken = course.collect(ROSTER)
    assert set(course.submitted()) == set(taken) == {"s1"}
    assert taken["s1"]["remark"] == "was Maria Lopez's before"


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfid;name\r\ns1;Maria Lopez\r\n",
        b'id,name\ns1,"Maria Lopez"\n\n',
        "\N{BYTE ORDER MARK}ID\tname\r\ns1\tMaria Lopez\r\n".encode("utf-16-le"),
        b"name,group, Id\nMaria Lopez,a,s1",
    ],
)
def test_rosters_are_read_as_spreadsheets_write_them(data):
    assert names.Roster(data).find("maria lopez") == "s1"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no column 'id'"),
        (b"name\nMaria\n", "no column 'id'"),
        (b"id\ns1\nS1\n", "twice, in line 3"),
        (b"id\n../x\n", "line 2"),
        (b"id,name\n,Maria\n", "line 2"),
        (b"id\n=1+1\n", "formula"),
        (b"id\n\xff\xfe\xff\n", "UTF-8"),
    ],
)
def test_a_roster_that_cannot_be_used_says_why(data, words):
    with pytest.raises(ValueError, match=words):
        names.Roster(data)


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_notebooks_of_other_encodings_are_read_and_written_in_utf_8(course, encoding):
    course.put("a_simple.ipynb", handed_in("answer = '정답'").decode().encode(encoding))
    course.collect()
    path = course.folder / "submitted" / "a" / "simple" / "simple.ipynb"
    assert "'정답'" in path.read_bytes().decode()


def deep(levels):
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (handed_in()[:-20], "cut off"),
        (b"\x89PNG\r\n", "cut off, or no notebook"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"{}", "no notebook"),
        (b"[1]", "no notebook"),
        (deep(100_000), "no notebook"),
        (b'{"nbformat": 4, "metadata": {}, "cells": [1]}', "no valid notebook"),
        (b'{"nbformat": 4, "metadata": {}, "cells": {"a": 1}}', "no valid notebook"),
        (b'{"nbformat": 9, "metadata": {}, "cells": []}', "no valid notebook"),
        (b'{"nbformat": "4", "metadata": [], "cells": []}', "no valid notebook"),
    ],
)
def test_a_file_that_is_no_notebook_is_named_with_its_student(course, data, words):
    course.put("bad_simple.ipynb", data)
    course.put("good_simple.ipynb")
    assert set(course.collect()) == {"good"}
    (record,) = [one for one in course.records if not one["taken"]]
    assert record["student"] == "bad" and words in record["remark"]


def test_files_that_are_too_large_and_links_are_not_read(course, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST", 10_000)
    secret = course.folder / "secret.ipynb"
    secret.write_bytes(handed_in())
    (course.archive / "link_simple.ipynb").symlink_to(secret)
    (course.archive / "folder").symlink_to(course.folder)
    os.mkfifo(course.archive / "pipe_simple.ipynb")
    course.put("large_simple.ipynb", handed_in("#" * 10_000))
    course.put("packed_simple.zip", zipped({"simple.ipynb": handed_in("#" * 10_000)}))
    course.put("good_simple.ipynb")
    assert set(course.collect()) == {"good"}
    words = {
        "link_simple.ipynb": "link",
        "folder": "link",
        "pipe_simple.ipynb": "not a regular file",
        "large_simple.ipynb": "larger than",
        "packed_simple.zip/simple.ipynb": "larger than",
    }
    remarks = course.remarks()
    assert {name for name, word in words.items() if word in remarks[name]} == set(words)


def test_zips_lead_nowhere_and_swell_to_nothing(course, monkeypatch):
    monkeypatch.setattr(archives, "MEMBERS", (5, 2))
    monkeypatch.setattr(archives, "UNPACKED", (1_000_000, 50_000))
    link = zipfile.ZipInfo("l_simple.ipynb")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    zips = {
        "slip": {"../../../x_simple.ipynb": handed_in()},
        "absolute": {"/tmp/y_simple.ipynb": handed_in()},
        "windows": {"..\\z_simple.ipynb": handed_in(), "C:/w_simple.ipynb": handed_in()},
        "links": {link: b"/etc/passwd"},
        "many": {f"{number}_simple.ipynb": b"" for number in range(6)},
        "bomb": {"bomb_simple.ipynb": bytes(2_000_000)},
        "inner": {"u_1_2_x.zip": zipped({"simple.ipynb": bytes(60_000)})},
        "deeper": {"v_1_2_x.zip": zipped({"w.zip": zipped({"simple.ipynb": handed_in()})})},
    }
    for name, members in zips.items():
        course.put(f"{name}.zip", zipped(members))
    course.put("broken.zip", zipped({"broken_simple.ipynb": handed_in()})[:-30])
    course.put("good_simple.ipynb")
    before = {path for path in course.folder.parent.rglob("*") if path.is_file()}
    assert set(course.collect()) == {"good"}
    made = {path for path in course.folder.parent.rglob("*") if path.is_file()} - before
    assert {path.relative_to(course.folder).parts[0] for path in made} == {"submitted", "collected"}
    words = {
        "slip.zip/../../../x_simple.ipynb": "leads out",
        "absolute.zip/tmp/y_simple.ipynb": "leads out",
        "windows.zip/../z_simple.ipynb": "leads out",
        "windows.zip/C:/w_simple.ipynb": "leads out",
        "links.zip/l_simple.ipynb": "is a link",
        "many.zip": "holds 6 files",
        "bomb.zip": "unpacks to 2 MB",
        "inner.zip/u_1_2_x.zip": "unpacks to",
        "deeper.zip/v_1_2_x.zip/w.zip": "unpack it",
        "broken.zip": "damaged",
    }
    assert set(course.remarks()) == {*words, "good_simple.ipynb"}
    assert [name for name, word in words.items() if word not in course.remarks()[name]] == []


def test_a_zip_that_lies_about_sizes_or_is_locked_is_named(course):
    good = zipped({"lie_simple.ipynb": handed_in()})
    size = len(handed_in()).to_bytes(4, "little")
    course.put("lie.zip", good.replace(size, (10).to_bytes(4, "little")))
    locked = bytearray(zipped({"locked_simple.ipynb": handed_in()}))
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    course.put("locked.zip", bytes(locked))
    course.put("good_simple.ipynb")
    assert set(course.collect()) == {"good"}
    assert "damaged" in course.remarks()["lie.zip/lie_simple.ipynb"]
    assert "password" in course.remarks()["locked.zip/locked_simple.ipynb"]


def test_names_in_zips_are_utf_8_or_left_out(course):
    marked = zipped({"김_simple.ipynb": handed_in()})
    course.put("marked.zip", marked)
    for name, encoding in {"macos": "utf-8", "korean": "cp949"}.items():
        text = {"macos": "이_simple.ipynb", "korean": "박_simple.ipynb"}[name].encode(encoding)
        plain = zipped({"x" * (len(text) - 13) + "_simple.ipynb": handed_in()})
        course.put(f"{name}.zip", plain.replace(b"x" * (len(text) - 13) + b"_simple.ipynb", text))
    assert set(course.collect()) == {"김", "이"}
    assert "unknown encoding" in [*course.remarks().values()][0]


# ------------------------------------------------------------------ cells


def changed(change):
    notebook = copy.deepcopy(assignment(RIGHT))
    change(notebook)
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT).encode()


def again(notebook, source=None, at=3):
    extra = copy.deepcopy(notebook.cells[2])
    extra.id, extra.source = f"copy{at}", source or extra.source
    notebook.cells.insert(at, extra)


def metadata(index, **what):
    return lambda notebook: notebook.cells[index].metadata.nbgrader.update(what)


def foreign(notebook):
    notebook.cells[0].metadata["nbgrader"] = {}
    notebook.cells.append(cell("check-9", "1", grade=True, points=9))
    notebook.cells.append(nbformat.v4.new_code_cell("2", metadata={"nbgrader": "?"}))


def bare(notebook):
    for one in notebook.cells:
        one.metadata.pop("nbgrader", None)


CELLS = {
    "copied": (again, "check-1 is there 2 times"),
    "tried": (lambda nb: again(nb, "answer == 42", at=1), "check-1 is there 2 times"),
    "doubled": (lambda nb: again(nb, "pass") or again(nb, "pass", at=1), "3 times"),
    "points": (metadata(2, points=495), "data of check-1 were changed"),
    "old": (metadata(2, schema_version=1), "data of check-1 were changed"),
    "new": (metadata(1, schema_version=4), "data of exercise-1 were changed"),
    "unlocked": (metadata(2, solution=True, grade=None), "data of check-1 were changed"),
    "foreign": (foreign, "3 cells with data of another assignment"),
    "uncheck": (lambda nb: nb.cells.pop(2), "lacks check-1"),
    "empty": (lambda nb: nb.cells.clear(), "holds no cell of the assignment"),
    "bare": (bare, "holds no cell of the assignment"),
    "words": (
        lambda nb: nb.cells.__setitem__(
            2, nbformat.v4.new_markdown_cell("gone", metadata=nb.cells[2].metadata)
        ),
        "check-1 had become a markdown cell",
    ),
}


def test_cells_that_nbgrader_cannot_mark_are_remarked_and_stop_nobody(course):
    for name, (change, _) in CELLS.items():
        course.put(f"{name}_simple.ipynb", changed(change))
    taken = course.collect()
    assert [name for name, (_, words) in CELLS.items() if words not in taken[name]["remark"]] == []
    for notebook in course.submitted().values():
        about = [one.metadata.nbgrader for one in notebook.cells if "nbgrader" in one.metadata]
        ours = {one.metadata.nbgrader.grade_id: one.metadata.nbgrader for one in RELEASE.cells[1:]}
        assert about == [ours[one.grade_id] for one in about]
        assert len({one.grade_id for one in about}) == len(about)
    tried = course.submitted()["tried"]
    assert [("nbgrader" in one.metadata) for one in tried.cells[1:]] == [False, True, True]


def test_an_untouched_hand_in_of_any_4_x_has_no_remark(course):
    notebook = json.loads(handed_in())
    notebook["nbformat_minor"] = 4  # with ids, which are of 4.5
    course.put("a_simple.ipynb", json.dumps(notebook).encode())
    for one in notebook["cells"]:
        del one["id"]
    course.put("b_simple.ipynb", json.dumps(notebook).encode())
    course.put("c_simple.ipynb")
    notebook["cells"][1]["outputs"] = [{"output_type": "nonsense"}]
    course.put("d_simple.ipynb", json.dumps(notebook).encode())
    remarks = {student: one["remark"] for student, one in course.collect().items()}
    assert remarks == {"a": "", "b": "", "c": "", "d": "its broken outputs are left out"}


@pytest.mark.heavy
def test_nbgrader_marks_whatever_was_collected(course):
    for name, (change, _) in CELLS.items():
        course.put(f"{name}_simple.ipynb", changed(change))
    course.put("wrong_simple.ipynb", handed_in("answer = 1"))
    source = course.folder / "source" / "simple" / "simple.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(RELEASE, source)
    bring_kernel(course.folder / "jupyter")

    path = f"{ROOT / '.venv-classroom' / 'bin'}:{os.environ['PATH']}"

    def nbgrader(*words):
        done = subprocess.run(
            [ROOT / ".venv-classroom" / "bin" / "nbgrader", *words, "--log-level=ERROR"],
            cwd=course.folder,
            env=os.environ | {"PATH": path, "JUPYTER_PATH": str(course.folder / "jupyter")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    nbgrader("generate_assignment", "simple", "--create", "--force")
    course.collect()
    nbgrader("autograde", "simple", "--create")
    nbgrader("export", "--to", "grades.csv")
    with (course.folder / "grades.csv").open() as file:
        marks = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}
    without = {"uncheck", "empty", "bare", "wrong"}
    assert marks == {name: float(name not in without) for name in [*CELLS, "wrong"]}


# ------------------------------------------------------------------ the command


def test_the_command_prints_who_is_taken_and_succeeds_if_somebody_is(course, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["collect", "simple", "--course", str(course.folder)])
    course.put("maria_lopez_simple.ipynb")
    course.put("simple.ipynb")
    collect.main()
    said = capsys.readouterr().out
    assert "taken     maria_lopez_simple.ipynb  maria_lopez" in said
    assert "left out  simple.ipynb" in said and "1 taken, 1 not" in said
    (course.folder / "roster.csv").write_text("id\nx1\n")
    with pytest.raises(SystemExit, match=r"No hand-in of simple was taken. Wanted are"):
        collect.main()
    (course.folder / "roster.csv").write_text("name\nx1\n")
    with pytest.raises(SystemExit, match=r"roster.csv has no column 'id'"):
        collect.main()


def test_a_course_without_hand_ins_or_assignment_says_what_to_do(course, tmp_path):
    with pytest.raises(collect.CollectError, match="is empty. Put hand-ins there"):
        course.collect()
    course.put("a_simple.ipynb")
    (course.folder / "release" / "simple" / "simple.ipynb").unlink()
    with pytest.raises(collect.CollectError, match="make assignment CHAPTER=simple"):
        course.collect()
    with pytest.raises(collect.CollectError, match="make assignment CHAPTER=deep"):
        course.collect(chapter="deep")
