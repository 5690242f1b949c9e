"""What a chapter's page folds, and how its questions and exercises look."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_output

from bookbuild import book, folds
from support import Watched, axe_findings, documents, soup

QUESTION = """\
**1.** Which is *it*?

- (a) A number, $x^2$, of 0.5<!-- given --> `y: z`,
  on two lines.
- (b) No: none.

<details><summary>(a)</summary>

Right. See $x$.

</details>

<details><summary>(b)</summary>

Not quite.

</details>

"""


def test_an_answer_is_folded_under_its_own_words():
    text = folds.with_cards(f"Choose an answer, then open its letter.\n\n{QUESTION}## Next\n")
    assert text.startswith("Choose an answer, then open it.\n\n::::{container} question\n\n**1.**")
    assert ":::{fold} (a) A number, $x^2$, of 0.5<!-- given --> `y: z`, on two lines.\n\n" in text
    assert ":::{fold} (b) No: none.\n\nNot quite.\n:::" in text
    assert "details" not in text and "- (a)" not in text
    assert text.endswith("::::\n\n## Next\n")


@pytest.mark.parametrize(
    "change",
    [
        ("(b) No", "(c) No"),
        ("<summary>(b)</summary>", "<summary>(c)</summary>"),
        ("- (b) No: none.\n", ""),
        ("- (a)", "* (a)"),
    ],
)
def test_a_question_of_another_form_stays_as_it_is(change):
    text = f"Choose an answer, then open its letter.\n\n{QUESTION.replace(*change)}"
    assert "{container}" not in folds.with_cards(text)
    assert "</details>" in folds.with_cards(text)


def test_each_exercise_gets_a_heading_and_nothing_else_does():
    before = ["**1. Not here.** Text.", "# A\n\n## Exercises\n\nAll.\n\n**1. Run.** *Aim:* one."]
    after = ["**2. Which is it?** Look.", "**3. Last.** Go.\n\n## Measured\n\n**4. Not here.** No."]
    assert folds.with_headings(before + after) == [
        before[0],
        "# A\n\n## Exercises\n\nAll.\n\n### 1. Run\n\n*Aim:* one.",
        "### 2. Which is it?\n\nLook.",
        "### 3. Last\n\nGo.\n\n## Measured\n\n**4. Not here.** No.",
    ]


def test_a_fold_says_whether_its_code_draws():
    drawn = new_output("display_data", {"image/png": "", "text/plain": ""})
    printed = new_output("stream", text="0.5")
    cells = [new_code_cell(outputs=outputs) for outputs in ([], [printed], [printed, drawn])]
    assert [folds.words(cell) for cell in cells] == ["Code", "Code", "How this was drawn"]
    cells[2].metadata["tags"] = ["solution", "hide-cell"]
    assert folds.words(cells[2]) == "Solution"


CHAPTERS = [name for name in documents() if (book.ROOT / f"{name}.ipynb").is_file()]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_has_its_cards_headings_and_folds(site, name):
    page = soup(site / f"{name}.html").article
    questions = page.select("#three-quick-questions > .question")
    assert len(questions) == 3
    for question in questions:
        answers = question.find_all("summary")
        letters = [answer.get_text().split()[0] for answer in answers]
        assert letters == ["(a)", "(b)", "(c)"]
        assert all(len(answer.get_text().split()) > 1 for answer in answers)
        assert not question.find("li")
    exercises = page.select("#exercises > section > h3")
    assert len(exercises) == len(page.select(".tag_exercise"))
    contents = soup(site / f"{name}.html").select_one("nav.page-toc").get_text()
    for exercise in exercises:
        title = exercise.get_text().removesuffix("#")
        assert re.match(r"\d\. .*[^.]$", title) and title in contents
    assert not page.select("summary p")
    assert "code cell" not in page.get_text()
    for folded in page.select(".tag_hide-input > details"):
        assert folded.find_next_sibling() is None  # below what it draws
        assert bool(folded.parent.select("img, table")) == ("drawn" in folded.summary.string)


def test_an_answer_opens_under_its_card(host, browser):
    with Watched(browser, host) as watched:
        page = watched.page
        page.goto(f"{host}/book/models/simple.html", wait_until="load")
        card = page.locator(".question").first
        card.get_by_text("(b) The code has become narrower").click()
        assert card.get_by_text("Right. A dead unit gets no gradient").is_visible()
        assert card.locator("details[open]").count() == 1
        assert axe_findings(page, "'.question'") == []
