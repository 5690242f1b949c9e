"""What checks and helpers say: in English by default, in Korean where a notebook asks for it."""

import ast
import string

import pytest
from babel.messages.pofile import read_po

from bookbuild.book import ROOT
from helpers import words
from helpers.exercises import NotAnswered, Wrong, check_answered, simple
from helpers.words import language, say

CALLS = {
    path: [
        call
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "say"
    ]
    for path in sorted((ROOT / "helpers").rglob("*.py"))
}
of_every_file = pytest.mark.parametrize(
    "path", CALLS, ids=lambda path: str(path.relative_to(ROOT / "helpers"))
)
KOREAN = {
    message.id: message.string
    for message in read_po((ROOT / "book/locale/ko/helpers.po").open("rb"))
    if message.id
}


@pytest.fixture
def korean(monkeypatch):
    monkeypatch.setenv("BOOK_LANG", "ko")
    monkeypatch.setenv("BOOK_PROFILE", "full")


def placeholders(message):
    """Return name, conversion and format of each placeholder, in no order."""
    parts = string.Formatter().parse(message)
    return sorted((name, how or "", spec) for _, name, spec, how in parts if name is not None)


@pytest.mark.parametrize("value", [None, "", "en"])
def test_the_language_is_english_unless_another_is_asked_for(monkeypatch, value):
    monkeypatch.delenv("BOOK_LANG", raising=False)
    if value is not None:
        monkeypatch.setenv("BOOK_LANG", value)
    assert language() == "en"
    assert say("turn it.") == "turn it."


def test_a_language_that_the_book_does_not_have_is_an_error_that_lists_those_it_has(monkeypatch):
    monkeypatch.setenv("BOOK_LANG", "xx")
    with pytest.raises(ValueError, match="BOOK_LANG is 'xx'; there are: en, ko"):
        say("turn it.")


def test_what_is_not_translated_is_said_in_english(korean):
    assert say("{n} words that nobody has translated", n=3) == "3 words that nobody has translated"


def test_braces_stay_where_there_are_no_values():
    assert say("a dict such as {'a': 1}") == "a dict such as {'a': 1}"
    assert say("{{n}} of {message}", message=7) == "{n} of 7"


def test_a_check_speaks_korean(korean, capsys):
    with pytest.raises(NotAnswered, match=r"^floor이\(가\) 아직 None입니다\."):
        check_answered(floor=None)
    with pytest.raises(Wrong, match=r"^encoder_parameters의 값은 12,544입니다\. 가중치만 센 값"):
        simple.check_1(784 * 16, 13328, 49, 0)
    with pytest.raises(Wrong, match=r"^floor의 값은 0\.5입니다\. 정답이 아닙니다\. 흰색과 검은색"):
        simple.check_1(12560, 13328, 49, 0.5)
    simple.check_1(12560, 13328, 49, 0)
    assert capsys.readouterr().out == (
        "맞습니다, 넷 다. 그리고 바닥은 0입니다. 회색 픽셀만 손실을 냅니다.\n"
    )


def test_the_language_is_read_when_a_check_speaks_not_when_it_is_imported(monkeypatch):
    for asked, said in [("ko", "아직 None입니다"), ("en", "is still None")]:
        monkeypatch.setenv("BOOK_LANG", asked)
        with pytest.raises(NotAnswered, match=said):
            check_answered(floor=None)


@of_every_file
def test_a_message_is_one_literal_with_a_value_for_each_placeholder(path):
    for call in CALLS[path]:
        where = f"{path.name}:{call.lineno}"
        (message,) = call.args
        assert isinstance(message, ast.Constant) and isinstance(message.value, str), where
        values = {keyword.arg for keyword in call.keywords}
        assert None not in values, f"{where}: values are named one by one"
        if values:  # else braces are braces
            assert {name for name, _, _ in placeholders(message.value)} == values, where


@of_every_file
def test_every_message_is_in_korean_with_the_same_placeholders(path):
    for call in CALLS[path]:
        message, where = call.args[0].value, f"{path.name}:{call.lineno}"
        assert KOREAN.get(message), f"{where} is not translated: {message}"
        if call.keywords:
            assert placeholders(KOREAN[message]) == placeholders(message), where


@pytest.mark.parametrize(
    "path", [path for path in CALLS if path.parent.name == "exercises"], ids=lambda path: path.stem
)
def test_no_check_says_what_cannot_be_translated(path):
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if getattr(getattr(call, "func", None), "id", "") not in ("Wrong", "NotAnswered", "print"):
            continue
        for part in call.args:
            texts = part.values if isinstance(part, ast.JoinedStr) else [part]
            bare = "".join(str(text.value) for text in texts if isinstance(text, ast.Constant))
            assert not any(map(str.isalpha, bare)), f"{path.name}:{call.lineno} says {bare!r}"


def test_the_compiled_catalogue_is_that_of_the_translators():
    compiled = words._catalogue("ko")
    differ = [message for message, korean in KOREAN.items() if compiled.gettext(message) != korean]
    assert not differ, "`make translate` compiles it anew"
