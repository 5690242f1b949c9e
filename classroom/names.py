"""Find out from its name whose a hand-in is, whatever learning platform it comes from.

A platform is recognised by the shape of its names. What cannot be read without doubt is not
guessed: `DoubtError` says what would help.
"""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

# Canvas, "Download Submissions": sortable name (letters and digits only, in small ones), "LATE" if
# it is, numbers of the student and of the upload, the file's own name. Uploads are numbered in
# order. With anonymous marking "anon" and a word are in place of the student.
#     lopezmaria_LATE_12345_678901_simple-1.ipynb
#     anon_a1B2c_678901_simple.ipynb
_CANVAS = re.compile(
    r"(?:(?P<name>[^\s/.-]+?)_(?P<late>LATE_)?(?P<user>\d+)|(?P<anonymous>(?:LATE_)?anon_[a-z0-9]+))"
    r"_(?P<order>\d+)_(?P<own>.+)",
    re.IGNORECASE,
)
# Moodle, "Download all submissions": full name (Moodle writes spaces for underlines in it), the
# student's number in this one assignment, then a folder or, without folders, the file's own name.
#     Maria Lopez_1234567_assignsubmission_file_/simple.ipynb
#     Maria Lopez_1234567_assignsubmission_file_simple.ipynb
_MOODLE = re.compile(
    r"(?P<name>[^_]+)_(?P<user>\d+)_assignsubmission_(?P<type>[a-z]+)_?(?P<own>.*)"
)
# Blackboard, "Assignment File Download": name of the assignment, of the user, time, the file's own
# name. Beside it lies a text whose first line is "Name: Maria Lopez (mlopez)".
#     A simple autoencoder_mlopez_attempt_2026-11-30-10-20-30_simple.ipynb
#     A simple autoencoder_mlopez_attempt_2026-11-30-10-20-30.txt
_BLACKBOARD = re.compile(
    r"(?P<who>.+)_attempt_(?P<stamp>\d{4}(?:-\d\d){5})(?:_(?P<own>.+)|(?P<text>\.txt))"
)
_BLACKBOARD_NAME = re.compile(r"\s*Name:[^\n]*\(([^()\n]+)\)\s*(?:\n|$)")
# Google Classroom, the assignment's folder in Drive (Google documents no names): copies that were
# made for each student carry theirs; uploads, and Drive's "Copy of", do not say whose they are.
#     Maria Lopez - simple.ipynb
_GOOGLE = re.compile(r"(?:Copy of )?(?P<name>.+?) - (?P<own>.+)")
# What browsers, JupyterLab, Windows and macOS append: -1, (1), -Copy1, " - Copy (2)", " copy 2".
_COPY = re.compile(r"(?:\s*-?\s*copy)?[\s_-]*\(?(\d{1,4})?\)?", re.IGNORECASE)

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 100


class DoubtError(ValueError):
    """A hand-in's name does not say whose it is; the words say what would help."""


@dataclass
class Name:
    """What a hand-in's name says.

    Attributes
    ----------
    platform : str
    student : str
        As the name has it. See `identify` for what it becomes.
    known_as : list of str
        What a roster may call the student, the surest first.
    own : str
        The name that the student's file had.
    order : int
        Of two uploads of a student the larger number is newer; 0 if the name does not say.
    late : bool
    user : str or None
        What tells students of one name apart.
    """

    platform: str
    student: str
    known_as: list
    own: str
    order: int = 0
    late: bool = False
    user: str | None = None

    @property
    def stamp(self):
        """The time that the name tells, in seconds since 1970, or None."""
        if self.platform != "Blackboard":
            return None
        return datetime.strptime(str(self.order), "%Y%m%d%H%M%S").timestamp()


def plain(text):
    """Return a text for comparing: what differs only in case or normalisation becomes equal."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def copies(own, chapter, others=(), words_before=True):
    """Return which copy of a chapter a file's name says it is.

    Parameters
    ----------
    own : str
        Such as ``"simple-Copy1.ipynb"``.
    chapter : str
    others : iterable of str
        Chapters that the name must not mention.
    words_before : bool
        Whether something may stand before the chapter, as in ``"my_simple.ipynb"``.

    Returns
    -------
    int or None
        0 for the first, -1 for words such as "final", None if it is no notebook of this chapter.
    """
    before = r"(?:.*[\W_])?" if words_before else ""
    match = re.fullmatch(
        rf"{before}{re.escape(chapter)}((?:[\W_].*)?)\.ipynb", own, re.IGNORECASE | re.DOTALL
    )
    if not match or any(_mentions(own, other) for other in others if other != chapter):
        return None
    number = _COPY.fullmatch(match[1])
    return int(number[1] or ("copy" in match[1].lower())) if number else -1


def read_name(parts, chapter, users=(), roster=None):
    """Find out what a hand-in's path says.

    Parameters
    ----------
    parts : tuple of str
        Folders, zips and the file's name.
    chapter : str
    users : dict
        What `blackboard_user` found, by the beginning of the name.
    roster : Roster, optional

    Returns
    -------
    Name

    Raises
    ------
    DoubtError
        If it does not say whose the file is.
    """
    parts = [unicodedata.normalize("NFC", part) for part in parts]
    file = parts[-1]
    # What a platform writes counts before what students call their files, or files in their zips.
    for part in parts:
        if match := _MOODLE.fullmatch(part):
            return _moodle(match, match["own"] if part is file else file)
    packed = [part for part in parts if part is file or _is_zip(part)]
    for part in packed:
        if match := _BLACKBOARD.fullmatch(part):
            return _blackboard(match, match["own"] if part is file else file, users, roster)
    canvas = [(part, match) for part in packed if (match := _CANVAS.fullmatch(part))]
    found = [_canvas(match, match["own"] if part is file else file) for part, match in canvas]
    if not found:
        found = [_ours(parts, index, chapter) for index in range(len(parts))]
        found = [one for one in found if one]
    if len({one.student for one in found}) > 1:
        several = " and ".join(one.student for one in found)
        raise DoubtError(f"its path names {several}: unpack the zip, or rename it or the file")
    if found:
        return found[-1]
    if roster:
        stems = [part[:-4] if _is_zip(part) else part for part in parts[:-1]]
        students = {roster.find(stem) for stem in stems} - {None}
        if len(students) == 1:
            return Name("folder", students.pop(), [], file)
    raise DoubtError(
        f"is not named as <student>_{chapter}.ipynb, nor as a learning platform would: rename it"
    )


def blackboard_text(parts):
    """Return how a Blackboard name begins if the path is that of its text, else None."""
    match = _BLACKBOARD.fullmatch(unicodedata.normalize("NFC", parts[-1]))
    return _beginning(match) if match and match["text"] else None


def blackboard_user(beginning, text):
    """Return the name of the user that a Blackboard text tells, or None.

    Parameters
    ----------
    beginning : str
        How the text's name begins; the user has to end what stands before the time.
    text : bytes
    """
    match = _BLACKBOARD_NAME.match(text.decode("utf-8-sig", "replace"))
    user = unicodedata.normalize("NFC", match[1].strip()) if match else ""
    who = beginning.rpartition("_attempt_")[0]
    return user if user and who.endswith(f"_{user}") else None


def refusal(student):
    """Return why a student's id cannot be the name of a folder and a cell of a table, or None.

    Parameters
    ----------
    student : str
    """
    kinds = {unicodedata.category(letter) for letter in student}
    if not student or student != student.strip():
        return "is empty, or has a space at its end"
    if kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return "holds invisible characters"
    if set(student) & set('/\\:*?"<>|[]'):
        return 'holds one of / \\ : * ? " < > | [ ]'
    if student[0] == "." or student[-1] == ".":
        return "begins or ends with a dot"
    if unicodedata.normalize("NFKC", student)[0] in "=+-@":
        return f"begins with {student[0]}: a spreadsheet would run it as a formula"
    if _RESERVED.fullmatch(student):
        return "is a name that Windows keeps for itself"
    if len(student) > _LONGEST or len(student.encode()) > 2 * _LONGEST:
        return f"is longer than {_LONGEST} letters"
    return None


class Roster:
    """The students of a class, and what platforms call them.

    Parameters
    ----------
    data : bytes
        A table with a column `id`; every other column's values lead to it, too. Separated by
        commas, semicolons or tabs, in UTF-8 or with a mark for UTF-16.

    Raises
    ------
    ValueError
        If it is no such table. The words say which line.
    """

    def __init__(self, data):
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            text = data.decode(encoding)
        except UnicodeError:
            raise ValueError("is not in UTF-8: save it as 'CSV UTF-8'") from None
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        head = [plain(name) for name in next(rows, [])]
        if head.count("id") != 1:
            raise ValueError(f"has no column 'id' in its first line: {first.strip()!r}")
        self.students, self._known = [], {}
        for row in rows:
            values = [unicodedata.normalize("NFC", value).strip() for value in row]
            if not any(values):
                continue
            values += [""] * (len(head) - len(values))
            student = values[head.index("id")]
            if why := refusal(student):
                raise ValueError(f"has an id in line {rows.line_num} that {why}: {student!r}")
            if plain(student) in map(plain, self.students):
                raise ValueError(f"has the id {student!r} twice, in line {rows.line_num} again")
            self.students.append(student)
            for value in filter(None, values):
                self._known.setdefault(plain(value), set()).add(student)
        for student in self.students:
            self._known[plain(student)] = {student}  # an id means its student, whoever is called so

    def find(self, name):
        """Return the id of the student whom a column calls so, or None.

        Raises
        ------
        DoubtError
            If it calls several students so.
        """
        students = sorted(self._known.get(plain(name), ()))
        if len(students) > 1:
            few = ", ".join(students[:3])
            raise DoubtError(f"the roster calls {len(students)} students {name!r} ({few})")
        return students[0] if students else None


def identify(name, roster):
    """Return the id of the student whom a hand-in's name means.

    Raises
    ------
    DoubtError
        If the roster does not have the student, or the id is refused.
    """
    if roster and name.platform != "folder":
        for candidate in name.known_as:
            if student := roster.find(candidate):
                return student
        raise DoubtError(f"{name.student!r} is not in the roster: add a line, or rename the file")
    if why := refusal(name.student):
        raise DoubtError(f"the student's id {why}: rename the file, or make a roster")
    return name.student


def _moodle(match, own):
    name, user = match["name"].strip(), match["user"]
    return Name("Moodle", name, [f"{name}_{user}", user, name], own, user=user)


def _canvas(match, own):
    order = match["order"]
    if match["anonymous"]:
        late, _, user = match["anonymous"].rpartition("anon_")
        return Name("Canvas", f"anon_{user}", [f"anon_{user}", user], own, int(order), bool(late))
    name, user = match["name"], match["user"]
    student = f"{name}_{user}"
    # The first is for rosters with ids of this shape, which are no names of Canvas.
    known = [f"{student}_{order}", student, user, name]
    return Name("Canvas", student, known, own, int(order), bool(match["late"]), user)


def _blackboard(match, own, users, roster):
    """Find the user in "assignment_user", where both may hold underlines."""
    who = match["who"]
    candidates = [who[at.end() :] for at in re.finditer("_", who)]
    user = users.get(_beginning(match)) if users else None
    if not user and roster:
        students = {roster.find(candidate) for candidate in candidates} - {None}
        user = students.pop() if len(students) == 1 else None
    if not user and len(candidates) == 1:
        user = candidates[0]
    if not user:
        raise DoubtError(
            "Blackboard's name can be read in several ways: put its .txt files here, too, or make "
            "a roster"
        )
    order = int(match["stamp"].replace("-", ""))
    try:
        name = Name("Blackboard", user, [user], own, order)
        name.stamp  # noqa: B018 - is it a time?
    except ValueError:
        raise DoubtError(f"{match['stamp']} is no time") from None
    return name


def _beginning(match):
    return f"{match['who']}_attempt_{match['stamp']}"


def _ours(parts, index, chapter):
    """Read <student>_<chapter>.ipynb, or .zip, or "<student> - <chapter>.ipynb" as in Drive."""
    part, file = parts[index], parts[-1]
    if _is_zip(part):
        # A student's zip; in a class's, files lie where they can be somebody else's.
        if any(
            plain(one) not in (plain(chapter), plain(part[:-4])) for one in parts[index + 1 : -1]
        ):
            return None
        part = f"{part[:-4]}.ipynb"
    elif part is not file:
        return None
    cuts = [at.start() for at in re.finditer(rf"_{re.escape(chapter)}", part, re.IGNORECASE)]
    for at in reversed(cuts):
        if at and copies(part[at + 1 :], chapter, words_before=False) is not None:
            student, own = part[:at], part[at + 1 :]
            break
    else:
        match = _GOOGLE.fullmatch(part)
        if not match or copies(match["own"], chapter, words_before=False) is None:
            return None
        student, own = match["name"].strip(), match["own"]
    return Name("", student, [student], own if part is file else file)


def _is_zip(part):
    return part.lower().endswith(".zip")


def _mentions(name, chapter):
    return re.search(rf"(?<![^\W_]){re.escape(chapter)}(?![^\W_])", name, re.IGNORECASE)
