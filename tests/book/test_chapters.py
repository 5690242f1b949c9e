"""What stands in the repository: text and notebook agree, and every number was measured."""

import base64
import datetime
import json
import re

import nbformat
import pytest

from bookbuild import book, chapters, markers, reading
from bookbuild.book import stored_figures
from bookbuild.setup_cell import setup_cell

CHAPTERS = book.chapters()
HINTS = ("Hint", "Second hint")  # a first step, and what gives more away
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


def stored(chapter):
    return nbformat.read(book.notebook(chapter), as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(chapter):
    return [cell.source for cell in stored(chapter).cells if cell.cell_type == "markdown"]


def test_there_are_chapters_and_each_is_in_the_table_of_contents():
    files = {path.stem for path in book.BOOK.rglob("*.ipynb")}
    assert CHAPTERS and sorted(CHAPTERS) == sorted(files)
    assert len({page.stem for page in book.pages()}) == len(book.pages())  # ledgers go by them


@every_chapter
def test_text_and_notebook_agree(chapter):
    def content(notebook):
        return notebook.metadata.question, [
            (cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells
        ]

    assert content(stored(chapter)) == content(chapters.read_text(chapter)), (
        f"book/{chapter}.md and .ipynb differ: run make sync (prose) or make execute (code)"
    )


@every_chapter
def test_a_chapter_says_what_it_answers(chapter):
    title, question = book.about(book.notebook(chapter))
    assert question.endswith("?") and len(question) < 90
    assert title and ":" not in title


def test_the_readme_lists_the_chapters_and_what_they_answer():
    text = book.README.read_text()
    assert book.with_contents(text) == text, "run make sync"
    for chapter in CHAPTERS:
        assert f"| {book.about(book.notebook(chapter)).question} |" in text


@every_chapter
def test_every_cell_ran_in_order_and_none_failed(chapter):
    cells = code_cells(stored(chapter))
    counts = [cell.execution_count for cell in cells]
    assert counts == list(range(1, len(cells) + 1)), f"run make execute CHAPTER={chapter}"
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output.ename for output in outputs if output.output_type == "error"]
    streams = [output for output in outputs if output.output_type == "stream"]
    assert not [o.text for o in streams if o.name == "stderr" or "WARNING" in o.text]


@every_chapter
def test_the_numbers_come_from_a_full_run_on_real_data(chapter):
    entry = json.loads((book.RESULTS / f"{chapter}.json").read_text())
    assert (entry["chapter"], entry["profile"], entry["data"]["real"]) == (chapter, "full", True)
    assert entry["metrics"] and re.fullmatch(r"[0-9a-f]{64}", entry["data"]["sha256"])
    assert datetime.date.fromisoformat(entry["date"]) <= datetime.date.today()


@every_chapter
def test_a_chapter_runs_where_readers_are(chapter):
    """Minutes on two cores, and a small machine's memory."""
    entry = json.loads((book.RESULTS / f"{chapter}.json").read_text())
    slow = {"convolutional", "convolutions", "denoising", "documents", "sequences"}
    slow |= {"variational", "collapse", "latent-space", "scaling-out"}
    slow |= {"pretraining", "inventing", "diffusion", "letters", "colour", "contrastive"}
    assert entry["seconds"] <= 60 * (15 if chapter in slow else 8)
    assert entry["peak_memory_mb"] <= 3000


@every_chapter
def test_setup_cell_is_the_one_of_all_chapters(chapter):
    first = code_cells(stored(chapter))[0]
    assert first.source == setup_cell()
    assert first.metadata.tags == ["remove-cell"]


@every_chapter
def test_prose_is_plain_markdown(chapter):
    """Colab shows MyST's roles and directives raw."""
    for text in prose(chapter):
        assert not re.findall(r"\{[a-z:-]+\}`|^:::|^```\{|^\([\w-]+\)=$", text, re.M), text


@every_chapter
def test_pictures_have_alt_text_and_little_weight(chapter):
    path = book.notebook(chapter)
    assert path.stat().st_size < 2_000_000
    pictures = [
        output
        for cell in code_cells(stored(chapter))
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert pictures
    for output in pictures:
        assert len(output.metadata["image/png"]["alt"].split()) >= 8
        assert len(base64.b64decode(output.data["image/png"])) < 150_000


@every_chapter
def test_reactive_figures_bring_their_state(chapter):
    """Without it a page shows nothing, or the still picture alone."""
    notebook = stored(chapter)
    states = notebook.metadata.get("widgets", {}).values()
    models = {key for state in states for key in state["state"]}
    for cell in code_cells(notebook):
        for output in cell.outputs:
            view = output.get("data", {}).get("application/vnd.jupyter.widget-view+json")
            assert view is None or view["model_id"] in models
    before = json.dumps(notebook.metadata)
    chapters.renew_scripts(notebook.metadata.get("widgets", {}))
    assert json.dumps(notebook.metadata) == before, "old scripts: run make sync"


@every_chapter
def test_exercises_come_with_hint_and_hidden_solution(chapter):
    tags = [set(cell.metadata.get("tags", [])) for cell in code_cells(stored(chapter))]
    exercises = sum("exercise" in t for t in tags)
    assert 3 <= exercises <= 5
    assert sum({"solution", "hide-cell"} <= t for t in tags) >= exercises
    hints = [
        sum(text.count(f"<summary>{hint}</summary>") for text in prose(chapter)) for hint in HINTS
    ]
    assert hints[0] == exercises >= hints[1]


@every_chapter
def test_each_exercise_has_a_check_after_its_solution(chapter):
    order = [
        tag
        for cell in code_cells(stored(chapter))
        for tag in ("exercise", "solution", "check")
        if tag in cell.metadata.get("tags", [])
    ]
    pattern = r"(exercise (solution )+check )+"
    assert re.fullmatch(pattern, " ".join(order) + " "), order


@every_chapter
def test_the_quiz_has_one_right_answer_to_each_question(chapter):
    (quiz,) = [text for text in prose(chapter) if "## Three quick questions" in text]
    quiz = quiz.partition("## Three quick questions")[2].partition("\n## ")[0]
    questions = re.split(r"^\*\*\d\.\*\* ", quiz, flags=re.M)[1:]
    assert len(questions) == 3
    right = []
    for question in questions:
        offered = re.findall(r"^- \(([abc])\) ", question, re.M)
        opened = re.findall(
            r"<details><summary>\(([abc])\)</summary>\n\n(Right|Not quite)\.", question
        )
        assert offered == [letter for letter, _ in opened] == ["a", "b", "c"]
        (letter,) = [letter for letter, verdict in opened if verdict == "Right"]
        right.append(letter)
    assert len(set(right)) > 1  # not always the same letter


@every_chapter
def test_a_chapter_that_opens_with_a_figure_is_one_sitting(chapter):
    text = book.text(chapter).read_text()
    if "## Play first" in text:
        core, whole = reading.length(text), reading.length(text, practice=True)
        assert "<!-- reading_minutes -->" in text
        assert core.minutes <= 25 and whole.words <= 2500 and whole.lines <= 150, (core, whole)


@every_chapter
def test_a_study_keeps_to_its_length(chapter):
    path = book.text(chapter)
    if path.parent.name == "studies":
        words = sum(len(re.sub(r"<!--.*?-->", "", cell).split()) for cell in prose(chapter))
        lines = reading.length(path.read_text(), practice=True).lines
        assert words <= 3500 and lines <= 250, (words, lines)


def test_reading_time_counts_what_a_page_shows():
    cells = ["x = 1\n\ny = 2", ":tags: [hide-input]\n\nhidden()", ":tags: [exercise]\n\nz = None"]
    first, second, third = (f"```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells)
    text = (
        "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
        "kernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n"
        f"# Four words of title\n\n{first}\nIt is 0.1<!-- loss --> [here](there.md).\n\n{second}\n"
        f"## Exercises\n\nOne more.\n\n{third}"
    )
    assert reading.length(text) == (4 + 4, 2)
    assert reading.length(text, practice=True) == (4 + 4 + 3, 3)


@pytest.mark.parametrize("path", book.texts(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_quoted_number_is_the_measured_one(path):
    text = path.read_text()
    assert markers.fill(text, path.stem) == text, "run make sync"


@pytest.mark.parametrize("path", book.texts(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_measured_number_was_typed_by_hand(path):
    assert not markers.unmarked(path.read_text())


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_code_fits_a_page_of_1280_pixels(chapter):
    seen = [
        line
        for cell in stored(chapter).cells
        if cell.cell_type == "code" and "remove-cell" not in book.tags(cell)
        for line in cell.source.splitlines()
        if len(line) > 86  # what fits there; strings are not broken by ruff
    ]
    assert seen == []


#: What serves the machine that runs a chapter, and not who reads it.
HARNESS = "jit_compile steps_per_execution run_eagerly gc. BOOK_PROFILE".split()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_visible_cell_serves_the_machine(chapter):
    seen = [
        word
        for cell in stored(chapter).cells
        if cell.cell_type == "code" and not reading.HIDDEN & set(book.tags(cell))
        for word in HARNESS
        if re.search(rf"\b{re.escape(word)}", cell.source)
    ]
    assert not seen


def test_outputs_stay_with_their_code_when_cells_are_split():
    code, v4 = nbformat.v4.new_code_cell, nbformat.v4
    stored = v4.new_notebook(cells=[code("a()\nb()"), code("c()"), code("c()")])
    for i, cell in enumerate(stored.cells):
        cell.execution_count, cell.outputs = i + 1, [v4.new_output("stream", text=str(i))]
    new = v4.new_notebook(cells=[code("a()"), code("b()"), code("c()"), code("c()")])
    chapters.keep_outputs(new, stored)
    assert [cell.execution_count for cell in new.cells] == [None, None, 2, 3]
    assert [[o.text for o in cell.outputs] for cell in new.cells] == [[], [], ["1"], ["2"]]


def test_outputs_stay_with_a_program_that_is_only_written_otherwise():
    code, v4 = nbformat.v4.new_code_cell, nbformat.v4
    stored = v4.new_notebook(cells=[code('def f():\n  "Old."\n  draw("a b")'), code("%time go()")])
    for cell in stored.cells:
        cell.outputs = [v4.new_output("stream", text="drawn")]
    new = v4.new_notebook(cells=[code('# New.\ndef f():\n  draw("a "\n  "b",)'), code("go()")])
    chapters.keep_outputs(new, stored)
    assert [len(cell.outputs) for cell in new.cells] == [1, 0]


def test_the_cover_is_what_the_notebook_drew():
    pictures = [png for png, _ in stored_figures(stored("simple"), tag="cover")]
    assert book.COVER.read_bytes() in pictures, "run make sync"


def test_numbers_are_written_as_the_text_has_them(monkeypatch):
    ledger = {"a:bce": 0.091327, "a:share": 0.3849, "a:elbo": -141.96, "a:bytes": 12345.6}
    monkeypatch.setattr(markers, "quote", lambda key, fresh: ledger[key])
    text = "0.1000<!-- bce -->, 9 %<!-- share -->, −1.0<!-- elbo -->, 1<!-- a:bytes -->"
    text += ", 0.11<!-- published -->, `0.5<!-- bce -->`"
    assert markers.fill(text, "a") == (
        "0.0913<!-- bce -->, 38 %<!-- share -->, −142.0<!-- elbo -->, 12,346<!-- a:bytes -->"
        ", 0.11<!-- published -->, `0.5<!-- bce -->`"
    )


def test_a_dash_stands_until_somebody_has_measured():
    text = "–<!-- simple:of_tomorrow -->, –<!-- simple:seed -->"
    assert markers.fill(text, "a") == "–<!-- simple:of_tomorrow -->, 42<!-- simple:seed -->"
    with pytest.raises(KeyError, match="of_tomorrow"):
        markers.fill("1.0<!-- simple:of_tomorrow -->", "a")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The loss is 0.0913.", 1),
        ("It is 21 times sooner and uses 38 % of 300 MB.", 3),
        ("The loss is 0.0913<!-- test_bce -->, 38 %<!-- share -->, 0.11<!-- published -->.", 0),
        ("A code of 32 units, 20 epochs, in 2016, `rate=0.001`, $x = 0.5$, TensorFlow 2.", 0),
        ("```\n0.0913\n```\n[arXiv:1412.6980](https://arxiv.org/abs/1412.6980), Keras 3.13", 0),
    ],
)
def test_a_number_without_a_source_is_noticed(text, found):
    assert len(markers.unmarked(text)) == found
