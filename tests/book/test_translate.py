"""The Korean edition: what it is made of, and that nothing of it lags behind the English."""

import copy
import io
import re

import nbformat
import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from bookbuild import blocks, book, catalogues, chapters, derive, translate
from bookbuild.catalogues import Found
from bookbuild.setup_cell import in_language

PAGES = book.pages()
CHAPTERS = [page for page in PAGES if page.suffix == ".ipynb"]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def texts(page):
    """The Markdown of a page."""
    if page.suffix == ".md":
        return [page.read_text(encoding="utf-8")]
    cells = nbformat.read(page, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def plain(text):
    """Markdown without what a translation may leave out: line ends, and why a number has no ledger."""
    return " ".join(re.sub("<!-- (?:given|published) -->", "", text).split())


@every_page
def test_a_page_that_is_translated_by_itself_is_the_same(page):
    for text in texts(page):
        pieces = blocks.pieces(text)
        assert blocks.joined(pieces) == text
        again = [
            blocks.rendered(piece, blocks.message(piece).text)
            if isinstance(piece, blocks.Block)
            else piece
            for piece in pieces
        ]
        assert plain(blocks.joined(again)) == plain(text)


@every_page
def test_the_translation_is_whole_and_right(page):
    assert translate.problems(page) == []


@pytest.mark.parametrize("name", [*translate.CODE, "theme"])
def test_what_code_says_is_translated(name):
    assert translate.problems_of_code(name) == []


def test_the_catalogues_follow_the_english():
    elsewhere = catalogues.known(translate.LANGUAGE)
    for path, found in translate.sources().items():
        catalog, _ = catalogues.updated(catalogues.read(path), found, elsewhere)
        stored = path.read_text(encoding="utf-8")
        assert catalogues.as_text(catalog, translate.LANGUAGE) == stored, (
            f"{path.relative_to(book.ROOT)} is not of today: run `make translate`"
        )


def test_the_compiled_catalogue_is_the_written_one():
    path = catalogues.LOCALE / translate.LANGUAGE / "helpers.po"
    compiled = catalogues.messages_in(translate.COMPILED.read_bytes())
    assert compiled == catalogues.translations(path)


def test_a_changed_sentence_is_named(monkeypatch):
    page = book.notebook("simple")
    messages = translate.of_page(page)
    text = next(text for text in messages if text.startswith("A **neural network** is"))
    changed = {text.replace("many", "quite many"): value for text, value in messages.items()}
    monkeypatch.setattr(translate, "of_page", lambda _: changed)
    path = catalogues.path_of(page, translate.LANGUAGE)
    before = catalogues.read(path)
    # As CI sees it, with the catalogue of yesterday ...
    assert any(
        "A **neural network** is a function with quite" in p for p in translate.problems(page)
    )
    # ... and after `make translate`: the translation is kept, and waits for a translator.
    found = [Found(text, ("book/models/simple.md",), kind) for text, (_, kind) in changed.items()]
    after, counts = catalogues.updated(before, found, {})
    entry = after.get(text.replace("many", "quite many"))
    assert entry.fuzzy and entry.string == before.get(text).string
    assert counts.fuzzy > 0 and counts.untranslated == 0


def message(text):
    return blocks.message(blocks.Block("paragraph", text))


@pytest.mark.parametrize(
    ("english", "korean", "lost"),
    [
        ("It is 0.1<!-- simple:bce -->.", "값은 {simple:bce}입니다.", None),
        ("It is 0.1<!-- simple:bce -->.", "값입니다.", "the placeholder {simple:bce}"),
        ("See [it](a.ipynb#b).", "[그것](a.ipynb#b)을 봅니다.", None),
        ("See [it](a.ipynb#b).", "[그것](a.ipynb)을 봅니다.", "the link a.ipynb#b"),
        ("Take $x^2$.", "$x^2$을 씁니다.", None),
        ("Take $x^2$.", "$x^3$을 씁니다.", "the formula $x^2$"),
        (r"$$\text{loss} = x$$", r"$$\text{손실} = x$$", None),
        ("Call `fit`.", "fit을 부릅니다.", "the code `fit`"),
        ("It has 32 numbers.", "수가 32개입니다.", None),
        ("It has 32 numbers.", "수가 23개입니다.", "the number 32"),
        ("It takes five minutes.", "5분 걸립니다.", None),
        ("It has 16 million units.", "유닛이 1,600만 개입니다.", None),
    ],
)
def test_what_a_translation_loses_is_named(english, korean, lost):
    found = blocks.lost(message(english), korean)
    assert lost in found if lost else found == []


@pytest.mark.parametrize(
    ("english", "korean", "wrong"),
    [
        ("An encoder.", "인코더.", 0),
        ("An encoder.", "부호기.", 1),
        ("As in *Sparse coding*.", "*Sparse coding*에서처럼.", 0),  # a title
        ("The `encoder`.", "`encoder`.", 0),
    ],
)
def test_a_term_is_the_one_of_the_glossary(english, korean, wrong):
    assert len(translate.wrong_terms(english, korean)) == wrong


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_a_korean_notebook_has_the_code_and_outputs_of_the_english_one(page):
    english = nbformat.read(page, as_version=4)
    korean = derive.in_korean(page, copy.deepcopy(english))
    setup = chapters.setup(korean)
    assert setup.source == in_language(chapters.setup(english).source, "ko")
    assert 'os.environ["BOOK_LANG"] = "ko"' in setup.source
    for one, other in zip(english.cells, korean.cells, strict=True):
        if one.cell_type == "code":
            assert other is setup or other.source == one.source
            pictures = [
                [output.get("data", {}).get("image/png") for output in cell.outputs]
                for cell in (one, other)
            ]
            assert pictures[0] == pictures[1]
    prose = "\n".join(cell.source for cell in korean.cells if cell.cell_type == "markdown")
    assert len(re.findall("[가-힣]", prose)) > len(re.findall("[A-Za-z]", prose)) / 2
    # Links from other chapters lead to the English names of its headings.
    headings = [
        blocks.exercise(piece) or piece.text
        for text in texts(page)
        for piece in blocks.pieces(text)
        if isinstance(piece, blocks.Block) and (piece.kind == "heading" or blocks.exercise(piece))
    ]
    anchors = blocks.Anchors()
    slugs = [anchors.of(words)[0] for words in headings][1:]
    assert [slug for slug in slugs if f'<a id="{slug}"' not in prose] == []


def test_a_note_on_what_the_english_was_goes_whole_with_its_translation():
    old_text = "A sentence that is long enough for its note to be wrapped, which takes 76 letters."
    new_text = old_text.replace("long", "quite long")
    found = [Found(new_text, ("book/index.md",))]
    before, _ = catalogues.updated(Catalog(), [Found(old_text, ("book/index.md",))], {})
    before[old_text].string = "낱말"
    stored = catalogues.as_text(catalogues.updated(before, found, {})[0], "ko")
    assert "#, fuzzy" in stored
    assert stored.count("\n# ") > 1  # Babel wraps the note
    done = read_po(io.BytesIO(stored.replace("#, fuzzy\n", "").encode()))
    stored = catalogues.as_text(catalogues.updated(done, found, {})[0], "ko")
    assert "낱말" in stored
    assert "\n# " not in stored
