"""The profile is one word in the environment, and a wrong word is refused."""

import doctest

import pytest

from helpers import profile


@pytest.mark.parametrize(("value", "expected"), [(None, "full"), ("", "full"), ("quick", "quick")])
def test_name(monkeypatch, value, expected):
    monkeypatch.delenv("BOOK_PROFILE", raising=False)
    if value is not None:
        monkeypatch.setenv("BOOK_PROFILE", value)
    assert profile.name() == expected


def test_counts_follow_the_environment_at_call_time(monkeypatch):
    monkeypatch.setenv("BOOK_PROFILE", "full")
    assert [profile.scaled(n) for n in (1, 20, 1000)] == [1, 20, 1000]
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    assert [profile.scaled(n) for n in (1, 20, 1000)] == [1, 2, 20]


@pytest.mark.parametrize("value", ["fast", "Quick", "quick "])
def test_an_unknown_profile_is_named(monkeypatch, value):
    monkeypatch.setenv("BOOK_PROFILE", value)
    for call in (profile.name, lambda: profile.scaled(3)):
        with pytest.raises(ValueError) as error:
            call()
        for word in ("BOOK_PROFILE", repr(value), "'full'", "'quick'"):
            assert word in str(error.value)


@pytest.mark.parametrize("profile_name", ["full", "quick"])
@pytest.mark.parametrize("n", [0, -1, 2.0, "3", True, None])
def test_a_count_is_a_positive_int(monkeypatch, profile_name, n):
    monkeypatch.setenv("BOOK_PROFILE", profile_name)
    with pytest.raises(ValueError, match=f"n is {n!r}; expected a positive int"):
        profile.scaled(n)


def test_the_examples_in_the_docstrings_run(monkeypatch):
    monkeypatch.setenv("BOOK_PROFILE", "full")  # an example sets it; this puts it back
    result = doctest.testmod(profile)
    assert result.attempted and not result.failed
