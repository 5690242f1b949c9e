"""Whatever ships in the site has its licence in it."""

import re

import pytest

from support import SITE, soup


@pytest.mark.parametrize(
    "words",
    [
        "The autoencoder book team",
        r"the Sphinx team",
        r"ExecutableBook",  # its theme, buttons and notebooks
        r"pydata",
        r"Pygments",
        r"Bootstrap v\d",
        r"Font Awesome Free \d",
        r"SIL OPEN FONT LICENSE Version 1\.1",
        r"Apache License\s+Version 2\.0",  # MathJax
        r"Luca Ongaro",  # MiniSearch
    ],
)
def test_the_site_has_the_licences_of_its_parts(site, words):
    assert re.search(words, (site / "licenses.txt").read_text(encoding="utf-8"), re.IGNORECASE)


def test_every_vendored_part_is_named(site):
    text = (site / "licenses.txt").read_text(encoding="utf-8")
    for folder in (site / "vendor").iterdir():
        if folder.is_dir():
            assert f"vendor/{folder.name}/LICENSE" in text


def test_a_reader_finds_them(site):
    links = soup(SITE / "book" / "reference" / "run.html").find_all("a", href=True)
    assert "../../licenses.txt" in {link["href"] for link in links}
