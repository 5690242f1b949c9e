"""Tables: scikit-learn's own, and the reader's CSV file, with a sentence about all that is wrong."""

import contextlib
import csv
import itertools
import os
import random
import re
import tempfile
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers.data import files
from helpers.data.files import DataError
from helpers.words import say

__all__ = ["ROWS", "Table", "example", "load", "read"]

#: Of a longer file, so many rows are used, chosen by chance.
ROWS = 20_000

_LEAST_ROWS = 30
_LEAST_KNOWN = 10  # cells of a column
_MOST_COLUMNS = 1_000
_MOST_CELLS = 2_000_000  # kept as text while a file is read
_LONGEST_LINE = 1_000_000  # characters
_KINDS = 20  # values of a category, at most
_CODES = (-9, -99, -999, -9999)  # for a missing cell, in many files
_LARGEST = 1e100  # larger numbers overflow when they are squared
_SEPARATORS = "\t;|,"
_MISSING = frozenset(
    ("", "?", "-", "--", ".", "na", "n/a", "<na>", "#n/a", "nan", "null", "none", "nil", "missing")
    + ("#value!", "#div/0!", "#ref!", "#null!", "#num!", "결측", "없음")
)
_ID = re.compile(
    r"((?i:id|.*[ _-]id|index|idx|no\.?|nr\.?|row|key|unnamed.*|번호|순번)|.*[a-z]I[dD])$"
)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$|[-+]?inf(inity)?$", re.ASCII | re.I)
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?$", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+),(\d{1,2}|\d{4,})$", re.ASCII)
_DOTTED = re.compile(r"[-+]?\d{1,3}(\.\d{3})+$", re.ASCII)  # dots for thousands
_SIGNS = re.compile(r"^([-+]?)[$€£¥₩]\s*|\s*[%€$£¥₩]$")
_DATE = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d\d)|\d{4}년.*"
    r"|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}|[A-Za-z]{3,9} \d{1,2},? \d{4}|\d{1,2}:\d\d(:\d\d.*)?)"
    r"([ T.]+.*)?$",
    re.ASCII,
)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of numbers and categories, in which cells may be missing.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns of numbers.
    numbers : ndarray of float64, shape (n, len(columns))
        NaN is a missing cell. No column is constant in a table that `read` returns.
    categories : dict of str to ndarray of str, shape (n,)
        For each column of categories its values; an empty one is a missing cell.
    lines : ndarray of int64, shape (n,)
        The line of the file that each row stood on; 1 to n for scikit-learn's sets.
    notes : tuple of str
        What was left out or changed, a sentence each.
    source : str
        ``"scikit-learn"``, or the path of the file.
    sha256 : str
        SHA-256 of the numbers' bytes.
    """

    columns: tuple
    numbers: np.ndarray = field(repr=False)
    categories: dict = field(repr=False)
    lines: np.ndarray = field(repr=False)
    notes: tuple
    source: str
    sha256: str

    @property
    def real(self) -> bool:
        """Always True: nothing is made up."""
        return True

    def __len__(self):
        return len(self.numbers)

    def matrix(self):
        """Return the whole table as numbers, each category as a column for each of its values.

        Returns
        -------
        x : ndarray of float64, shape (n, d)
            The numbers, then the categories one-hot. Where a category is missing, all of its
            columns are NaN.
        names : tuple of str, length d
            ``"age"`` for a column of numbers, ``"colour=red"`` for one value of a category.

        Raises
        ------
        DataError
            If that makes more than 1,000 columns.
        """
        parts, names = [self.numbers], list(self.columns)
        for name, values in self.categories.items():
            kinds = sorted(set(values) - {""})
            hot = (values[:, np.newaxis] == np.array(kinds)).astype(float)
            hot[values == ""] = np.nan
            parts.append(hot)
            names += [f"{name}={kind}" for kind in kinds]
        if len(names) > _MOST_COLUMNS:
            raise DataError(
                say(
                    "{source}: {n:,} columns, with one for each value of a category; at most "
                    "{most:,} are wanted. Leave some out.",
                    source=self.source,
                    n=len(names),
                    most=_MOST_COLUMNS,
                )
            )
        return np.concatenate(parts, axis=1), tuple(names)


def load(name):
    """Load one of scikit-learn's own tables, which need no download, and print what came.

    Parameters
    ----------
    name : {"breast cancer", "wine", "diabetes", "iris"}

    Returns
    -------
    Table
        The class is a category: ``diagnosis``, ``cultivar``, ``species``. Diabetes has the
        category ``sex`` and, as a column of numbers, the ``progression`` that it was made to
        predict; it is not scaled.

    Raises
    ------
    ValueError
        If there is no such table.

    Examples
    --------
    >>> wine = load("wine")
    Table: wine, from scikit-learn: 178 rows, 13 columns of numbers, 1 of categories.
    >>> sorted(set(wine.categories["cultivar"]))
    ['class_0', 'class_1', 'class_2']
    """
    from sklearn import datasets

    loaders = {
        "breast cancer": (datasets.load_breast_cancer, "diagnosis"),
        "wine": (datasets.load_wine, "cultivar"),
        "diabetes": (lambda: datasets.load_diabetes(scaled=False), "sex"),
        "iris": (datasets.load_iris, "species"),
    }
    if name not in loaders:
        raise ValueError(
            say("no table {name!r}; there are {there}", name=name, there=", ".join(loaders))
        )
    loader, category = loaders[name]
    bunch = loader()
    columns, numbers = list(bunch.feature_names), bunch.data
    if name == "diabetes":
        sex = columns.index("sex")
        kinds = np.array([f"{value:.0f}" for value in numbers[:, sex]])
        columns = [*columns[:sex], *columns[sex + 1 :], "progression"]
        numbers = np.column_stack([np.delete(numbers, sex, axis=1), bunch.target])
    else:
        kinds = bunch.target_names[bunch.target].astype(str)
    table = Table(
        tuple(columns),
        np.ascontiguousarray(numbers, dtype=float),
        {category: kinds},
        np.arange(1, len(numbers) + 1),
        (),
        "scikit-learn",
        files.sha256_of(np.ascontiguousarray(numbers, dtype=float)),
    )
    _announce(table, say("{name}, from scikit-learn", name=name))
    return table


def read(path, *, rows=ROWS, encoding=None, missing=(), categories=(), seed=0):
    """Read a CSV file, keep what an autoencoder can use, and print what it is.

    Parameters
    ----------
    path : str or path-like
        Cells are separated by commas, semicolons, tabs or ``|``; the first line has the names.
    rows : int
        Of a longer file, so many rows are used, chosen by chance: at least 30. Fewer if the
        table is wide. The file is read line by line, so that its size costs time, not memory.
    encoding : str, optional
        Unless given, UTF-8, or UTF-16 if the file's first two bytes say so.
    missing : sequence of str
        What stands for a missing cell, besides nothing, ``NA``, ``NaN``, ``?``, ``-`` and the
        like: ``["-999"]``.
    categories : sequence of str
        Columns of numbers that are names of kinds, such as postal codes.
    seed : int
        Of the choice of rows.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If there is no such file, it is no text or has no rows, its rows do not fit its header,
        or too little is left: fewer than 30 rows, no column of numbers, a single column. The
        message is a sentence that says what to do.
    ValueError
        If `rows` is not an int of at least 30.

    Notes
    -----
    Left out, with a note: columns that are constant, have fewer than 10 known cells, count the
    rows, or hold dates or texts; rows without any known cell, and rows that are longer or
    shorter than the header. Infinite numbers, and words in a column of numbers, count as
    missing, with a note. A decimal comma is understood where commas do not separate cells.
    """
    if not isinstance(rows, int | np.integer) or isinstance(rows, bool) or rows < _LEAST_ROWS:
        raise ValueError(
            say("rows is {rows!r}; an int >= {least} is wanted", rows=rows, least=_LEAST_ROWS)
        )
    path = _checked(path)
    encoding = encoding or _encoding(path)
    try:
        header, kept, separator, notes = _rows(path, encoding, rows, seed)
    except UnicodeError:
        raise _not_text(path, encoding) from None
    except LookupError:
        raise DataError(
            say(
                "{path}: Python knows no encoding {encoding!r}; wanted is a name such as "
                '"utf-8", "cp1252" or "cp949".',
                path=path,
                encoding=encoding,
            )
        ) from None
    except OSError as why:
        raise DataError(
            say("{path}: it cannot be read ({why}).", path=path, why=why.strerror)
        ) from None
    table = _table(path, header, kept, separator, notes, missing, categories)
    _announce(table, path.name)
    for note in table.notes:
        print(f"- {note}")
    return table


def example(folder=None):
    """Write a CSV file with the faults of a real one: wine, with holes and three wrong rows.

    Parameters
    ----------
    folder : path-like, optional
        Where to; by default a folder for temporary files.

    Returns
    -------
    pathlib.Path
        The file ``wine.csv``. It numbers its rows, names the cultivar, and lacks 5 % of its
        cells. On line 20 the decimal point of the alcohol has slipped, on line 80 magnesium and
        proline are exchanged, and on line 140 hue and intensity are.
    """
    from sklearn.datasets import load_wine

    wine = load_wine()
    names = list(wine.feature_names)
    x = wine.data.copy()
    x[18, names.index("alcohol")] *= 10
    for row, pair in [(78, ("magnesium", "proline")), (138, ("hue", "color_intensity"))]:
        a, b = map(names.index, pair)
        x[row, [a, b]] = x[row, [b, a]]
    hidden = np.random.default_rng(0).random(x.shape) < 0.05
    hidden[[18, 78, 138]] = False
    path = Path(folder or tempfile.mkdtemp(prefix="tables-"), "wine.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *names, "cultivar"])
        for i, (row, gone, kind) in enumerate(zip(x, hidden, wine.target, strict=True)):
            cells = ["NA" if g else f"{v:g}" for v, g in zip(row, gone, strict=True)]
            writer.writerow([i + 1, *cells, "ABC"[kind]])
    return path


def _announce(table, what):
    known = np.isfinite(table.numbers).sum() + sum(
        (v != "").sum() for v in table.categories.values()
    )
    cells = table.numbers.size + len(table) * len(table.categories)
    gone = say(" {share:.1%} of the cells are missing.", share=1 - known / cells)
    print(
        say(
            "Table: {what}: {n:,} rows, {d} columns of numbers, {c} of categories.",
            what=what,
            n=len(table),
            d=len(table.columns),
            c=len(table.categories),
        )
        + (gone if known < cells else "")
    )


# --- the file --------------------------------------------------------------------------


def _checked(path):
    """Return the path of a file that may hold text, or raise DataError."""
    if not isinstance(path, str | os.PathLike) or not str(path).strip():
        raise DataError(
            say('the file is {path!r}; wanted is its name, such as "my.csv".', path=path)
        )
    if re.match(r"[a-z]+://", str(path)):
        raise DataError(
            say("{path}: this is an address. Download the file, and name the copy.", path=path)
        )
    path = Path(os.path.expanduser(path))
    if not files.is_there(path, say("let this user look there.")):
        folder = path.absolute().parent
        there = sorted(f.name for f in folder.glob("*.csv"))[:5] if folder.is_dir() else []
        raise DataError(
            say(
                "{path}: there is no such file in {folder}. CSV files there: {there}.",
                path=path,
                folder=folder,
                there=", ".join(there) or say("none"),
            )
        )
    if not path.is_file():
        raise DataError(say("{path}: that is no file, so no table can be read.", path=path))
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as why:
        raise DataError(
            say("{path}: it cannot be read ({why}).", path=path, why=why.strerror)
        ) from None
    save = say("Save the table as CSV (in Excel: CSV UTF-8), and name that file.")
    if not head.strip():
        raise DataError(say("{path}: the file is empty.", path=path))
    foreign = {
        b"PK\x03\x04": say("an Excel workbook or a zip archive"),
        b"\xd0\xcf\x11\xe0": say("an old Excel workbook"),
        b"\x1f\x8b": say("a gzip archive"),
        b"PAR1": say("a Parquet file"),
        b"\x89HDF": say("an HDF5 file"),
        b"SQLite": say("an SQLite database"),
        b"%PDF": say("a PDF"),
        b"\x93NUMPY": say("a NumPy array"),
    }
    for start, kind in foreign.items():
        if head.startswith(start):
            raise DataError(
                say("{path}: this is {kind}, not CSV. {save}", path=path, kind=kind, save=save)
            )
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        raise DataError(
            say(
                "{path}: this is a web page or XML, not CSV. Was the page saved instead of the "
                "file?",
                path=path,
            )
        )
    if text.startswith((b"{", b"[")):
        raise DataError(say("{path}: this is JSON, not CSV. {save}", path=path, save=save))
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(
            say("{path}: this holds bytes that are no text. {save}", path=path, save=save)
        )
    return path


def _encoding(path):
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _not_text(path, encoding):
    """Return the error about the first line that is not in an encoding."""
    where = ""
    if encoding.lower().startswith("utf-8"):
        with path.open("rb") as file:
            for line, content in enumerate(file, 1):
                try:
                    content.decode("utf-8")
                except UnicodeDecodeError as why:
                    byte = content[why.start]
                    where = say(" (line {line} has the byte {byte:#04x})", line=line, byte=byte)
                    break
    name = encoding.upper().removesuffix("-SIG")
    return DataError(
        say(
            "{path}: the text is not in {name}{where}. Save the file as UTF-8, or say in what it "
            'is: encoding="cp1252" for Windows in Western Europe, "cp949" for Korean Windows.',
            path=path,
            name=name,
            where=where,
        )
    )


def _lines(file, path):
    for number in itertools.count(1):
        line = file.readline(_LONGEST_LINE + 1)
        if not line:
            return
        if len(line) > _LONGEST_LINE:
            raise DataError(
                say(
                    "{path}: line {line} is longer than a million characters, so this is no table "
                    "with a row on each line.",
                    path=path,
                    line=number,
                )
            )
        yield line


def _parsed(lines, separator, path):
    """Yield the number of the line and the stripped cells of each row that is not blank."""
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as why:
            raise DataError(
                say(
                    "{path}: from line {line} on, the cells cannot be told apart ({why}). Look for "
                    "a quotation mark that is not closed.",
                    path=path,
                    line=start,
                    why=why,
                )
            ) from None
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield start, cells


def _separator(sample):
    """Return what separates the cells, judged by the first lines."""
    best, found = None, (False, 0.0, 0)
    for separator in _SEPARATORS:
        counts = [len(cells) for cells in _loosely(sample, separator)]
        if not counts:
            continue
        usual, often = Counter(counts).most_common(1)[0]
        if usual > 1 or counts[0] > 1:
            judged = (counts[0] == usual, round(often / len(counts), 1), 0)
            if judged > found:  # the earlier in the list wins a draw
                best, found = separator, judged
    return best


def _rows(path, encoding, most, seed):
    """Return header, rows as (line, place, cells), separator and notes. Memory is bounded."""
    with path.open(encoding=encoding, newline="") as file:
        sample = list(itertools.islice(_lines(file, path), 100))
    separator = _separator(sample)
    if separator is None:
        first = next(line.strip() for line in [*sample, "?"] if line.strip())
        raise DataError(
            say(
                "{path}: there is a single column ({first!r}). An autoencoder needs two or more, "
                "separated by commas, semicolons, tabs or |.",
                path=path,
                first=textwrap.shorten(first, 60, placeholder="..."),
            )
        )
    notes = []
    with path.open(encoding=encoding, newline="") as file:
        rows = _parsed(_lines(file, path), separator, path)
        line, header = next(rows)
        if re.match(r"sep=", header[0]):  # for Excel, before the names
            line, header = next(rows, (line, header))
        if len(header) > _MOST_COLUMNS:
            raise DataError(
                say(
                    "{path}: {n:,} columns; at most {most:,} are wanted. Leave some out.",
                    path=path,
                    n=len(header),
                    most=_MOST_COLUMNS,
                )
            )
        usual = Counter(map(len, _sampled(sample, separator))).most_common(1)[0][0]
        if usual != len(header) and not usual == len(header) + 1:
            raise DataError(
                say(
                    "{path}: the number of cells on line {line} is {n}, on most lines {usual}. The "
                    "first line has to name the columns: is there a title above the names, or a "
                    "name missing?",
                    path=path,
                    line=line,
                    n=len(header),
                    usual=usual,
                )
            )
        if all(_NUMBER.match(cell) for cell in header if cell):
            notes.append(
                say(
                    "Line {line} holds numbers, so it counts as a row, and the columns are called "
                    "column 1, column 2, ... If these are names, put words instead.",
                    line=line,
                )
            )
            rows = itertools.chain([(line, header)], rows)
            header = [""] * len(header)
        most = max(min(most, _MOST_CELLS // len(header)), _LEAST_ROWS)
        rng, kept, ragged, place = random.Random(seed), [], [], 0
        for line, cells in rows:
            place += 1
            if len(cells) == len(header) + 1 and not cells[-1]:
                cells.pop()  # a separator at the end of the line
            if len(cells) != len(header):
                ragged.append((line, len(cells)) if len(ragged) < 1 else None)
                continue
            fitting = place - len(ragged)
            if len(kept) < most:
                kept.append((line, place, cells))
            elif (i := rng.randrange(fitting)) < most:
                kept[i] = (line, place, cells)
    if not place:
        raise DataError(say("{path}: there is a header and no row under it.", path=path))
    if ragged:
        line, n = ragged[0]
        if len(ragged) > place / 10:
            raise DataError(
                say(
                    "{path}: {many:,} of {place:,} rows do not have {wanted} cells as the header "
                    "has; the first, on line {line}, has {n}. Does a cell hold a separator? Then it "
                    'needs quotation marks: "a, b".',
                    path=path,
                    many=len(ragged),
                    place=place,
                    wanted=len(header),
                    line=line,
                    n=n,
                )
            )
        notes.append(
            say(
                "Rows left out, because they do not have {wanted} cells: {many:,}. The first, on "
                "line {line}, has {n}.",
                wanted=len(header),
                many=len(ragged),
                line=line,
                n=n,
            )
        )
    if place - len(ragged) > most:
        notes.append(
            say(
                "{kept:,} of the {all:,} rows are used, chosen by chance.",
                kept=most,
                all=place - len(ragged),
            )
        )
    kept.sort()
    return header, kept, separator, notes


def _sampled(sample, separator):
    """Return rows of the first lines, the last left out if it may be cut."""
    rows = _loosely(sample, separator)
    return [
        cells[:-1] if not cells[-1].strip() and len(cells) > len(rows[0]) else cells
        for cells in (rows[:-1] if len(rows) > 5 else rows)
    ]


def _loosely(sample, separator):
    """Return the rows of the first lines, up to one that the strict reader will complain of."""
    rows = []
    with contextlib.suppress(csv.Error):
        for cells in csv.reader(sample, delimiter=separator, skipinitialspace=True):
            if any(cell.strip() for cell in cells):
                rows.append(cells)
    return rows


# --- the columns -----------------------------------------------------------------------


def _table(path, header, kept, separator, notes, missing, categories):
    """Return a table of what can be used of the rows."""
    names = _names(header, notes)
    unknown = [name for name in categories if name not in names]
    if isinstance(categories, str) or unknown:
        raise DataError(
            say(
                "{path}: categories names {unknown!r}, and the columns are {there}.",
                path=path,
                unknown=categories if isinstance(categories, str) else unknown[0],
                there=_some(names),
            )
        )
    absent = _MISSING | {str(word).strip().lower() for word in missing}
    # Such a cell tells what commas and dots mean in the whole file.
    decimal_comma = separator != "," and any(
        _DECIMAL_COMMA.match(cell) for *_, cells in kept for cell in cells
    )
    places = np.array([place for _, place, _ in kept])
    numbers, kinds, left_out = {}, {}, {}
    for i, name in enumerate(names):
        cells = [cells[i] for *_, cells in kept]
        known = np.array([cell.lower() not in absent for cell in cells])
        what, values = _column(
            name, cells, known, separator, decimal_comma, places, name in categories
        )
        if what == "numbers":
            numbers[name] = _tamed(name, values, known, cells, kept, notes)
            if _constant(numbers[name]):
                del numbers[name]
                left_out.setdefault("constant", []).append(name)
        elif what == "categories":
            kinds[name] = values
        else:
            left_out.setdefault(what, []).append(name)
    reasons = {
        "missing": say("hardly any cell is known"),
        "constant": say("all values are the same"),
        "id": say("they only number or name the rows"),
        "dates": say("they hold dates or times; make numbers of them, such as days"),
        "text": say("they hold text, or too many kinds"),
    }
    for what, reason in reasons.items():
        if what in left_out:
            notes.append(
                say(
                    "Columns left out: {names} ({reason}).",
                    names=_some(left_out[what]),
                    reason=reason,
                )
            )
    return _judged(path, names, kept, numbers, kinds, left_out, notes)


def _judged(path, names, kept, numbers, kinds, left_out, notes):
    """Return the table, or raise DataError if too little is left."""
    why = " ".join(notes)
    if not numbers:
        if set(left_out) == {"missing"} and not kinds:
            raise DataError(say("{path}: all cells are missing.", path=path))
        raise DataError(
            say("{path}: there is no column of numbers to work with. {why}", path=path, why=why)
        )
    if len(numbers) + len(kinds) < 2:
        raise DataError(
            say(
                "{path}: one column is left ({name}), and an autoencoder needs two or more: a cell "
                "is filled in from the others of its row. {why}",
                path=path,
                name=next(iter(numbers)),
                why=why,
            )
        )
    x = np.column_stack(list(numbers.values()))
    known = np.isfinite(x).any(axis=1)
    for values in kinds.values():
        known |= values != ""
    if not known.all():
        notes.append(say("Rows left out, because all cells are missing: {n:,}.", n=np.sum(~known)))
    if known.sum() < _LEAST_ROWS:
        raise DataError(
            say(
                "{path}: {n} rows can be used, and at least {least} are wanted. {why}",
                path=path,
                n=known.sum(),
                least=_LEAST_ROWS,
                why=why,
            )
        )
    x = np.ascontiguousarray(x[known])
    return Table(
        tuple(numbers),
        x,
        {name: values[known] for name, values in kinds.items()},
        np.array([line for line, *_ in kept])[known],
        tuple(notes),
        str(path),
        files.sha256_of(x),
    )


def _names(header, notes):
    """Return a name for each column, no two the same."""
    names, again = [], []
    for i, name in enumerate(header, 1):
        name = name or say("column {i}", i=i)
        if name in names:
            again.append(name)
            name = next(new for k in itertools.count(2) if (new := f"{name}.{k}") not in names)
        names.append(name)
    if again:
        notes.append(
            say(
                "Several columns are called {names}; the later ones are now {new}.",
                names=_some(dict.fromkeys(again)),
                new=_some([name for name in names if name not in header]),
            )
        )
    return names


def _column(name, cells, known, separator, decimal_comma, places, is_category):
    """Return what a column holds, and its values: NaN or empty where a cell is missing."""
    there = [cell for cell, is_known in zip(cells, known, strict=True) if is_known]
    if len(there) < _LEAST_KNOWN:
        return "missing", None
    kinds = Counter(there)
    if not is_category:
        values = _as_numbers(cells, known, separator, decimal_comma)
        parsed = np.sum(~np.isnan(values))
        if parsed >= 0.9 * len(there):
            return ("id" if _is_id(name, values, places) else "numbers"), values
        if sum(bool(_DATE.match(cell)) for cell in there) >= 0.9 * len(there):
            return "dates", None
    if len(kinds) == 1:
        return "constant", None
    if len(kinds) > _KINDS or (len(kinds) > len(there) / 2 and not is_category):
        return ("id" if len(kinds) == len(there) and _ID.match(name) else "text"), None
    return "categories", np.where(known, cells, "")


def _as_numbers(cells, known, separator, decimal_comma=False):
    """Return the cells as numbers, NaN where a cell is missing or no number."""
    plain = [
        _SIGNS.sub(r"\1", cell.replace("\N{MINUS SIGN}", "-")) if is_known else ""
        for cell, is_known in zip(cells, known, strict=True)
    ]
    with_comma = [cell for cell in plain if "," in cell]
    if with_comma:
        dots_too = any("." in cell for cell in plain if "," not in cell)
        thousands = all(_THOUSANDS.match(cell) for cell in with_comma)
        several = any(cell.count(",") > 1 for cell in with_comma)
        if separator == "," or (thousands and (dots_too or several or separator == "\t")):
            plain = [c.replace(",", "") if _THOUSANDS.match(c) else c for c in plain]
        else:  # a decimal comma, and dots for thousands
            plain = [cell.replace(".", "").replace(",", ".") for cell in plain]
    elif decimal_comma and all(_DOTTED.match(cell) for cell in plain if "." in cell):
        plain = [cell.replace(".", "") for cell in plain]
    return np.array([float(cell) if _NUMBER.match(cell) else np.nan for cell in plain])


def _is_id(name, values, places):
    """Whether numbers count the rows, or are different ones under the name of an ID."""
    if np.isnan(values).any() or not np.array_equal(values, np.rint(values)):
        return False
    if np.ptp(values - places) == 0:
        return True
    return bool(_ID.match(name) and len(np.unique(values)) == len(values))


def _tamed(name, values, known, cells, kept, notes):
    """Return finite numbers or NaN, and note what was made NaN."""
    words = known & np.isnan(values)
    huge = np.abs(values) > _LARGEST  # infinite ones, too; false for NaN
    for what, reason in [(words, say("no numbers")), (huge, say("infinite or too large"))]:
        if what.any():
            first = int(np.flatnonzero(what)[0])
            notes.append(
                say(
                    "{name}: cells that are {reason} count as missing: {n:,}, the first {cell!r} "
                    "on line {line}.",
                    name=name,
                    n=what.sum(),
                    reason=reason,
                    cell=textwrap.shorten(cells[first], 30, placeholder="..."),
                    line=kept[first][0],
                )
            )
    there = values[~np.isnan(values) & ~huge]
    for code in _CODES:
        often = int(np.sum(there == code))
        if often > 1 and np.min(there[there != code], initial=0) >= 0:
            notes.append(
                say(
                    "{name}: {code} stands in {n:,} cells, and no other number is negative. If it "
                    'means that the cell is missing, say so: missing=["{code}"].',
                    name=name,
                    code=code,
                    n=often,
                )
            )
    return np.where(huge, np.nan, values)


def _constant(values):
    known = values[~np.isnan(values)]
    return len(known) < _LEAST_KNOWN or np.ptp(known) <= 1e-12 * np.abs(known).max()


def _some(names):
    """Name a few."""
    names = list(names)
    shown = ", ".join(textwrap.shorten(str(name), 40, placeholder="...") for name in names[:5])
    more = len(names) - 5
    return shown if more < 1 else say("{shown} and {more:,} more", shown=shown, more=more)
