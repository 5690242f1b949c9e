"""What figures say in another language: every word of it, and in English what the scripts have."""

import re

import nbformat
import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from bookbuild import book
from bookbuild.widgets import names, reactive_figures
from helpers.widgets.figure import messages_of
from helpers.widgets.plan import Plan
from helpers.widgets.scoreboard import Scoreboard
from support import FIGURE, in_node, script_address, show, show_stored

SCRIPTS = sorted((book.ROOT / "helpers" / "widgets").glob("*.js"))
PLACEHOLDER = re.compile(r"\{(\w+)\}")
CATALOGUE = book.BOOK / "locale" / "ko" / "helpers.po"
# Names of things, units, and Keras' own words in menus.
LATIN = {
    *("PCA", "VAE", "LSTM", "TopK", "Net", "Keras", "BCE", "MSE", "RMSE", "PSNR", "SSIM", "ELBO"),
    *("KL", "dB", "mV", "ms", "nats", "Ctrl", "Delete", "valid", "same"),
}


@pytest.fixture(scope="module")
def korean():
    """The Korean by the English."""
    with CATALOGUE.open("rb") as file:
        return {m.id: m.string for m in read_po(file, locale="ko") if m.id and not m.fuzzy}


SAY = """async ([_, { address, words, cases }]) => {
  const { learn, named, say } = await import(address);
  learn();
  learn(words);
  return [...cases.map((one) => say(...one)), named("wide"), named("constructor")];
}"""


def test_say_puts_values_into_the_placeholders_of_the_translation():
    words = {"{a} of {b}": "{b}개 중 {a}개", "wide": "넓음"}
    cases = [
        ["{a} of {b}", {"a": 0, "b": "{a}"}],
        ["{a} and {c}", {"a": 1}],
        ["wide"],
        ["nothing known"],
    ]
    said = in_node({"address": script_address("words.js"), "words": words, "cases": cases}, SAY)
    assert said == ["{a}개 중 0개", "1 and {c}", "넓음", "nothing known", "넓음", "constructor"]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_python_finds_the_messages_that_the_catalogue_gets(path):
    found = extract_from_file("javascript", path, keywords={"say": None})
    assert messages_of(path.read_text(encoding="utf-8")) == list(
        dict.fromkeys(message for _, message, *_ in found)
    )


def test_every_message_and_name_has_its_korean_with_the_same_placeholders(korean):
    messages = {m for path in SCRIPTS for m in messages_of(path.read_text(encoding="utf-8"))}
    assert [text for text in sorted(messages | set(names())) if not korean.get(text)] == []
    for english, translation in korean.items():
        assert set(PLACEHOLDER.findall(english)) == set(PLACEHOLDER.findall(translation)), english


def test_a_figure_takes_along_its_own_words_and_in_english_none():
    figure = Plan(startup=1.0, overhead=0.001, seconds=1.0)
    assert figure._words == {}
    words = Plan.words_for({}, str.upper)
    assert (words["Tasks"], words["Try it"]) == ("TASKS", "TRY IT")
    assert "Page" not in words
    state = {"_columns": [{"key": "bce", "words": "loss"}], "_rows": [{"name": "small"}]}
    words = Scoreboard.words_for(state, str.upper)
    assert (words["loss"], words["small"]) == ("LOSS", "SMALL")
    assert "bce" not in words


def stored():
    """Return the first figure of each kind that a chapter stores: its class and its model."""
    found = {}
    for path in book.pages():
        if path.suffix == ".ipynb":
            widgets = nbformat.read(path, as_version=4).metadata.get("widgets", {})
            for model, figure in reactive_figures(widgets):
                found.setdefault(figure.__name__, (figure, model))
    return found


STORED = stored()

# What is seen and heard, but for the Keras code to copy.
WORDS = """root => {
  const found = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest("pre")) found.push(walker.currentNode.data);
  }
  for (const element of [root, ...root.querySelectorAll("*")]) {
    for (const name of ["aria-label", "aria-valuetext", "title"]) {
      if (element.hasAttribute(name)) found.push(element.getAttribute(name));
    }
  }
  return found.filter(words => words.trim());
}"""
# Each once, from the page's script: the figure answers before the next line.
USE = """root => {
  const told = [...root.querySelectorAll(".field.pick, canvas[tabindex]")];
  const keys = ["ArrowLeft", "ArrowUp"];
  return [
    ...[...root.querySelectorAll("button, input[type=checkbox], input[type=radio]")]
      .map((one) => () => one.click()),
    ...[...root.querySelectorAll("input[type=range]")].flatMap((one) => [one.max, one.min]
      .map((value) => () => {
        one.value = value;
        one.dispatchEvent(new Event("input"));
      })),
    ...told.flatMap((one) => keys.map((key) => () => {
      one.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      one.dispatchEvent(new KeyboardEvent("keyup", { key, bubbles: true }));
    })),
  ].flatMap((act) => {
    act();
    return (WORDS)(root);
  });
}""".replace("WORDS", WORDS)


def everything_said(page):
    figure = page.locator(FIGURE)
    figure.wait_for()
    return set(figure.evaluate(WORDS)) | set(figure.evaluate(USE))


@pytest.mark.parametrize("name", STORED)
def test_a_korean_figure_says_nothing_in_english(page, korean, name):
    figure, model = STORED[name]
    words = figure.words_for(model["state"], lambda message: korean.get(message, message))
    show_stored(page, figure, model, _words=words)
    said = everything_said(page)
    english = {word for words in said for word in re.findall(r"[A-Za-z]{2,}", words)}
    assert english - LATIN == set()
    assert any(re.search("[가-힣]", words) for words in said)
    assert [words for words in said if PLACEHOLDER.search(words)] == []


@pytest.mark.parametrize("name", STORED)
def test_an_english_figure_says_what_its_script_has(page, korean, name):
    show_stored(page, *STORED[name])
    said = everything_said(page)
    assert [words for words in said if re.search("[가-힣]|" + PLACEHOLDER.pattern, words)] == []


def test_a_figure_that_fails_says_so_in_its_language(page, korean):
    figure, model = STORED["Bottleneck"]
    words = figure.words_for(model["state"], lambda message: korean.get(message, message))
    show_stored(page, figure, model, _words=words, _networks=None)
    said = page.get_by_role("alert").inner_text()
    assert said.startswith("이 그림을 시작하지 못했습니다(그림에 필요한 신경망이 없습니다)")


def test_a_figure_of_this_kernel_opens_as_one_that_is_stored(page, korean):
    figure = Plan(startup=1.0, overhead=0.001, seconds=1.0)
    show(page, figure, _words=Plan.words_for({}, lambda message: korean.get(message, message)))
    assert page.locator(FIGURE).get_attribute("aria-label") == korean["How long a sweep takes"]
