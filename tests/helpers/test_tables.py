"""Tables: scikit-learn's own, and CSV files of readers, with what is said of the bad ones."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from bookbuild.book import ROOT
from helpers.data import DataError, tables

RNG = np.random.default_rng(0)
GOOD = [f"{a:.3f},{b:.3f},{c:.3f}" for a, b, c in RNG.normal(size=(40, 3))]


@pytest.fixture
def write(tmp_path):
    def write(content, name="my.csv", encoding="utf-8"):
        path = tmp_path / name
        content = "\n".join(content) + "\n" if isinstance(content, list) else content
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def table(header="a,b,c", rows=GOOD):
    return [header, *rows]


# --- scikit-learn's sets -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rows", "columns", "category", "kinds"),
    [
        ("breast cancer", 569, 30, "diagnosis", 2),
        ("wine", 178, 13, "cultivar", 3),
        ("diabetes", 442, 10, "sex", 2),
        ("iris", 150, 4, "species", 3),
    ],
)
def test_scikit_learns_sets(name, rows, columns, category, kinds, capsys):
    loaded = tables.load(name)
    assert loaded.numbers.shape == (rows, columns) == (len(loaded), len(loaded.columns))
    assert (len(set(loaded.categories[category])), loaded.source) == (kinds, "scikit-learn")
    assert loaded.real and len(loaded.sha256) == 64
    assert f"{rows} rows, {columns} columns of numbers" in capsys.readouterr().out
    x, names = loaded.matrix()
    assert x.shape == (rows, columns + kinds) == (rows, len(names))
    np.testing.assert_array_equal(x[:, columns:].sum(axis=1), 1)


def test_an_unknown_set():
    with pytest.raises(ValueError, match="no table 'titanic'; there are breast cancer, wine"):
        tables.load("titanic")


# --- a good file ---------------------------------------------------------------------------


def test_a_plain_file(write, capsys):
    read = tables.read(write(table()))
    assert (read.columns, read.numbers.shape, read.notes) == (("a", "b", "c"), (40, 3), ())
    np.testing.assert_array_equal(read.numbers[0], [float(x) for x in GOOD[0].split(",")])
    np.testing.assert_array_equal(read.lines, np.arange(2, 42))
    assert "40 rows, 3 columns of numbers, 0 of categories." in capsys.readouterr().out


@pytest.mark.parametrize("separator", [";", "\t", "|", " , "])
def test_separators(write, separator):
    rows = [line.replace(",", separator) for line in table()]
    assert tables.read(write(rows)).numbers.shape == (40, 3)


def test_a_decimal_comma(write):
    rows = [line.replace(",", ";").replace(".", ",") for line in GOOD]
    read = tables.read(write(table("a;b;c", rows)))
    np.testing.assert_array_equal(read.numbers[0], [float(x) for x in GOOD[0].split(",")])
    rows[0] = "1.234,5;0;0"
    assert tables.read(write(table("a;b;c", rows))).numbers[0, 0] == 1234.5


def test_thousands_and_signs(write):
    rows = [f'"{i + 1},{i:03},000.5",${i * 7 % 41},{i * i} %' for i in range(40)]
    read = tables.read(write(table("a,b,c", rows)))
    np.testing.assert_array_equal(read.numbers[3], [4003000.5, 21, 9])
    np.testing.assert_array_equal(
        tables.read(write(table("a,b", [f"−{i % 7},{i * i}" for i in range(40)]))).numbers[:3, 0],
        [0, -1, -2],
    )


def test_dots_for_thousands_where_another_column_has_decimal_commas(write):
    lines = ["a;b;c", *(f"{i + 1}.{i:03};999.{i * 7 % 41:03};{i},5" for i in range(40))]
    loaded = tables.read(write(lines))
    np.testing.assert_allclose(loaded.numbers[:2], [[1000, 999_000, 0.5], [2001, 999_007, 1.5]])


def test_dots_are_decimals_where_no_comma_is(write):
    loaded = tables.read(write(["a;b", *(f"{i + 1}.{i:03};{i * 7 % 41}" for i in range(40))]))
    np.testing.assert_allclose(loaded.numbers[:2], [[1, 0], [2.001, 7]])


def test_several_commas_are_thousands(write):
    lines = ["a;b", *(f"1,{i:03},000;{i * 7 % 41}" for i in range(40))]
    np.testing.assert_allclose(tables.read(write(lines)).numbers[1], [1_001_000, 7])


def test_a_first_line_for_excel_is_no_header(write):
    lines = ["sep=;", "a;b", *(f"{i}.5;{i % 7}" for i in range(40))]
    loaded = tables.read(write(lines))
    assert loaded.columns == ("a", "b") and loaded.lines[0] == 3


def test_a_code_for_missing_cells_is_told(write, capsys):
    rows = [f"{-999 if i % 9 == 0 else i % 5},{(-9) ** (i % 2)},{i}.5" for i in range(40)]
    path = write(table(rows=rows))
    tables.read(path)
    said = capsys.readouterr().out
    assert "a: -999 stands in 5 cells" in said and 'missing=["-999"]' in said
    assert np.isnan(tables.read(path, missing=["-999"]).numbers[:, 0]).sum() == 5
    assert "stands in 5 cells" not in capsys.readouterr().out


def test_too_many_kinds_make_no_matrix(write):
    names = [f"k{j}" for j in range(60)]
    rows = [",".join([f"{i}.5", *(f"v{(i + j) % 20}" for j in range(60))]) for i in range(60)]
    loaded = tables.read(write([",".join(["a", *names]), *rows]))
    with pytest.raises(DataError, match="1,201 columns, with one for each value of a category"):
        loaded.matrix()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(write, encoding):
    read = tables.read(write("\n".join(table("größe,나이,c")), encoding=encoding))
    assert read.columns == ("größe", "나이", "c")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_ends_of_lines(write, end):
    assert tables.read(write(end.join(table()))).numbers.shape == (40, 3)


def test_categories_and_missing_cells(write, capsys):
    rows = [f"{row},{'red blue green'.split()[i % 3]}" for i, row in enumerate(GOOD)]
    rows[0], rows[1], rows[2] = "NA,?,,red", "1,2,3,", "1,-999,3,red"
    read = tables.read(write(table("a,b,c,colour", rows)), missing=["-999"])
    np.testing.assert_array_equal(np.isnan(read.numbers[:3]).sum(axis=1), [3, 0, 1])
    assert set(read.categories["colour"]) == {"", "red", "blue", "green"}
    x, names = read.matrix()
    assert names[3:] == ("colour=blue", "colour=green", "colour=red")
    np.testing.assert_array_equal(x[0, 3:], [0, 0, 1])
    assert np.isnan(x[1, 3:]).all()
    assert "3.1% of the cells are missing" in capsys.readouterr().out


def test_numbers_that_are_names(write):
    rows = [f"{row},{[101, 202][i % 2]}" for i, row in enumerate(GOOD)]
    path = write(table("a,b,c,ward", rows))
    assert "ward" in tables.read(path).columns
    assert set(tables.read(path, categories=["ward"]).categories["ward"]) == {"101", "202"}
    with pytest.raises(DataError, match="categories names 'wards', and the columns are a, b, c"):
        tables.read(path, categories=["wards"])
    with pytest.raises(DataError, match="categories names 'ward'"):
        tables.read(path, categories="ward")


def test_the_example_has_the_faults_of_a_real_file(tmp_path):
    read = tables.read(tables.example(tmp_path))
    assert read.numbers.shape == (178, 13) and set(read.categories["cultivar"]) == set("ABC")
    assert read.notes == ("Columns left out: id (they only number or name the rows).",)
    assert 0.03 < np.isnan(read.numbers).mean() < 0.06
    wrong = read.lines.tolist().index(20)
    assert read.numbers[wrong, 0] > 100


# --- what is left out, with a note -------------------------------------------------------


def numbered(column, header="a,b,c,d"):
    return table(header, [f"{row},{cell}" for row, cell in zip(GOOD, column, strict=True)])


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (numbered(["5"] * 40), "left out: d (all values are the same)"),
        (numbered(["x"] * 40), "left out: d (all values are the same)"),
        (numbered([""] * 40), "left out: d (hardly any cell is known)"),
        (numbered(["1", "2"] + ["NA"] * 38), "left out: d (hardly any cell is known)"),
        (numbered(range(7, 47)), "left out: d (they only number or name the rows)"),
        (numbered(RNG.permutation(900)[:40], "a,b,c,id"), "left out: id (they only number"),
        (numbered([f"P{i:03}" for i in range(40)], "a,b,c,patientID"), "left out: patientID"),
        (numbered([f"2024-01-{i % 28 + 1:02}" for i in range(40)]), "d (they hold dates or times"),
        (numbered([f"{i % 12 + 1}/{i % 28 + 1}/24 12:30" for i in range(40)]), "dates or times"),
        (numbered([f"{i % 24}:{i:02}" for i in range(40)]), "dates or times"),
        (numbered([f"a note {i}" for i in range(40)]), "left out: d (they hold text"),
        (
            numbered(["inf", "-Infinity", "1e200"] + [*range(1, 72, 2)] + [5]),
            "d: cells that are infinite or too large count as missing: 3, the first 'inf' on line 2.",
        ),
        (
            numbered(["abc"] + [*range(0, 78, 2)]),
            "d: cells that are no numbers count as missing: 1, the first 'abc' on line 2.",
        ),
        (table("a,a,a"), "Several columns are called a; the later ones are now a.2, a.3."),
        (GOOD, "Line 1 holds numbers, so it counts as a row"),
        (
            table(rows=[*GOOD, "1,2", "1,2,3,4"]),
            "because they do not have 3 cells: 2. The first, on line 42, has 2.",
        ),
        (table(rows=[*GOOD, "NA,,NA"]), "Rows left out, because all cells are missing: 1."),
    ],
)
def test_what_is_left_out_is_told(write, content, note, capsys):
    read = tables.read(write(content))
    assert read.numbers.shape == (40, len(read.columns))
    assert len(read.columns) in (3, 4)
    (said,) = [n for n in read.notes if note in n]
    assert f"- {said}" in capsys.readouterr().out


def test_separators_at_the_ends_of_lines_are_no_cells(write):
    assert tables.read(write(table(rows=[f"{row}," for row in GOOD]))).numbers.shape == (40, 3)
    read = tables.read(write([f"{row}," for row in table()]))
    assert read.columns == ("a", "b", "c")


def test_blank_lines_and_quoted_cells(write):
    rows = ['"1,5\nand more",2,3', "", ",,", *GOOD]
    read = tables.read(write(table(rows=rows)))
    assert read.numbers.shape == (41, 3) and np.isnan(read.numbers[0, 0])
    assert read.lines[1] == 6  # the line of the file, not of the table


def test_many_columns_left_out_are_not_all_named(write):
    rows = [row + ",0" * 9 for row in GOOD]
    (note,) = tables.read(write(table("a,b,c," + ",".join("klmnopqrs"), rows))).notes
    assert "k, l, m, n, o and 4 more" in note


# --- bad files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        ("a,b,c", "there is a header and no row under it"),
        ("a,b,c\n\n\n", "there is a header and no row under it"),
        (table(rows=GOOD[:29]), "29 rows can be used, and at least 30 are wanted"),
        (["a", *"12345678"], "there is a single column ('a')"),
        ([row.replace(",", " ") for row in table()], "there is a single column ('a b c')"),
        (numbered(["x", "y"] * 20)[0:1] + ["x,y,z,w", "u,v,z,w"] * 20, "no column of numbers"),
        (table(rows=[f"word {i},text {i},x" for i in range(40)]), "no column of numbers to work"),
        (table(rows=[f"2024-01-01,NA,{i}" for i in range(40)]), "no column of numbers to work"),
        (table(rows=["NA,?,"] * 40), "all cells are missing"),
        (table(rows=[f"{i * i},x,NA" for i in range(40)]), "one column is left (a), and an autoen"),
        (
            table(rows=["1,2,3"] * 40),
            "no column of numbers to work with. Columns left out: a, b, c",
        ),
        (table(rows=[*GOOD, *["1,2"] * 20]), "20 of 60 rows do not have 3 cells"),
        (
            ["My results", "", *table()],
            "the number of cells on line 1 is 1, on most lines 3. The first",
        ),
        (table("a,b"), "40 of 40 rows do not have 2 cells as the header has; the first, on line 2"),
        (table(rows=['1,"2,3', *GOOD]), "from line 2 on, the cells cannot be told apart"),
        ("größe,b\n1,2\n".encode("latin-1"), "is not in UTF-8 (line 1 has the byte 0xf6)"),
        ("a,b\n1,2\n나,3\n".encode("cp949"), "is not in UTF-8 (line 3 has the byte 0xb3)"),
        (b"PK\x03\x04sheet", "this is an Excel workbook or a zip archive, not CSV. Save the"),
        (b"\xd0\xcf\x11\xe0", "this is an old Excel workbook"),
        (b"\x1f\x8b\x08", "this is a gzip archive"),
        (b"PAR1\0\0", "this is a Parquet file"),
        (b"a,b\n1,\x00\x01\x02", "this holds bytes that are no text"),
        ("a,b\n1,2\n".encode("utf-16-le"), "this holds bytes that are no text"),
        ("<!DOCTYPE html><html>", "this is a web page or XML"),
        ('[{"a": 1}]', "this is JSON"),
        ('{"a": [1, 2]}', "this is JSON"),
        (",".join(f"c{i}" for i in range(2000)) + "\n1,2\n", "2,000 columns; at most 1,000"),
        ("a,b\n" + "1," * 600_000, "line 2 is longer than a million characters"),
        ("a,b\n" + "1" * 200_000 + ",2\n", "from line 2 on, the cells cannot be told apart"),
    ],
)
def test_a_bad_file_gets_a_sentence(write, content, words):
    with pytest.raises(DataError) as said:
        tables.read(write(content))
    sentence = str(said.value)
    assert words in sentence.replace("text is not", "is not"), sentence
    assert sentence.startswith(str(write(content))) and sentence.rstrip().endswith((".", "?"))


def test_a_file_that_is_not_there(tmp_path, write):
    write(table(), "other.csv")
    with pytest.raises(DataError, match=r"no such file in .* CSV files there: other\.csv\."):
        tables.read(tmp_path / "my.csv")
    with pytest.raises(DataError, match=r"no such file in .* CSV files there: none\."):
        tables.read(tmp_path / "no" / "my.csv")
    with pytest.raises(DataError, match="that is no file"):
        tables.read(tmp_path)
    for path in (None, 3, "", [1, 2]):
        with pytest.raises(DataError, match="wanted is its name"):
            tables.read(path)
    with pytest.raises(DataError, match="this is an address. Download the file"):
        tables.read("https://example.org/my.csv")


def test_another_encoding(write):
    path = write(table("größe,b,c"), encoding="cp1252")
    assert tables.read(path, encoding="cp1252").columns[0] == "größe"
    path = write(table("나이,b,c"), encoding="cp949")
    assert tables.read(path, encoding="cp949").columns[0] == "나이"
    with pytest.raises(DataError, match="Python knows no encoding 'korean-windows'"):
        tables.read(path, encoding="korean-windows")


@pytest.mark.parametrize("rows", [0, 29, 1e4, True, "all"])
def test_a_number_of_rows(write, rows):
    with pytest.raises(ValueError, match="an int >= 30 is wanted"):
        tables.read(write(table()), rows=rows)


def test_of_a_long_file_some_rows_by_chance(write):
    path = write(table(rows=[f"{i},{i * i % 97},{i % 13}" for i in range(0, 5000, 2)]))
    read = tables.read(path, rows=100)
    assert len(read) == 100 and read.notes[0] == "100 of the 2,500 rows are used, chosen by chance."
    assert 1500 < read.numbers[:, 0].mean() < 3500 and (np.diff(read.lines) > 0).all()
    np.testing.assert_array_equal(read.numbers[:, 0], 2 * (read.lines - 2))
    np.testing.assert_array_equal(tables.read(path, rows=100).numbers, read.numbers)
    assert not np.array_equal(tables.read(path, rows=100, seed=1).numbers, read.numbers)


def test_a_million_rows_do_not_fill_the_memory(tmp_path):
    """In a process of its own, whose memory can be measured."""
    path = tmp_path / "long.csv"
    block = "\n".join(",".join(f"{v:.4f}" for v in row) for row in RNG.normal(size=(1000, 5)))
    with path.open("w") as file:
        file.write("a,b,c,d,e\n")
        for _ in range(1000):
            file.write(block + "\n")
    code = f"""
        from helpers import results
        from helpers.data import tables
        before = results.peak_memory_mb()
        table = tables.read({str(path)!r})
        print(len(table), table.notes[0], results.peak_memory_mb() - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("20000 20,000 of the 1,000,000 rows are used, chosen by chance.")
    assert float(last.split()[-1]) < 200
