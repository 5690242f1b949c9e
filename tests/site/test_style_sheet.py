"""The site's one style sheet keeps what a page may need, and drops the rest."""

import os
from types import SimpleNamespace

import pytest

from bookbuild import style_sheet

WORDS = {"cell", "note", "open", "top"}


@pytest.mark.parametrize(
    "css",
    [
        "pre{color:red}",
        ".cell{color:red}",
        "div.cell.open > p::before{color:red}",
        "#top{color:red}",
        'a[class*="absent"]{color:red}',
        ".cell:not(.absent){color:red}",  # true of every cell
        ":is(.absent,.cell) p{color:red}",
        ".bs-tooltip-auto{color:red}",  # a script puts the name together
        "@font-face{font-family:F;src:url(f.woff)}",
        "@media print{.cell{color:red}}",
        "@media (width>1px){@supports (gap:1px){.note{gap:1px}}}",
        "/*! MIT license */",
        ":root{--absent:.5rem;--b:{x}}",
    ],
)
def test_a_rule_that_a_page_may_need_stays(css):
    kept = style_sheet.only_used(css, WORDS)
    assert "".join(kept.split()) == "".join(css.split())


@pytest.mark.parametrize(
    "css",
    [
        ".absent{color:red}",
        ".cell.absent{color:red}",
        ".cell #absent p{color:red}",
        ".absent:not(.cell){color:red}",
        "@media print{.absent{color:red}}",
        "@media print{@supports (gap:1px){.absent{gap:1px}}}",
        "/* a comment */",
    ],
)
def test_a_rule_for_what_no_page_has_goes(css):
    assert style_sheet.only_used(css, WORDS) == ""


def test_of_a_list_only_what_can_be_is_left():
    css = ".absent, .cell, p.absent ,.note { color: red }"
    assert style_sheet.only_used(css, WORDS) == ".cell,.note{color: red}"


def test_an_icon_is_the_same_sign_however_it_is_written():
    kept = style_sheet.only_used('.cell::before{content:"\\f067"}', WORDS)
    assert "\uf067" in kept or "\\f067" in kept


def test_addresses_lead_to_the_same_files(tmp_path):
    (tmp_path / "theme" / "fonts").mkdir(parents=True)
    (tmp_path / "theme" / "fonts" / "f.woff").touch()
    (tmp_path / "theme" / "inner.css").write_text("@font-face{src:url(fonts/f.woff)}")
    outer = tmp_path / "theme" / "outer.css"
    outer.write_text('@import "inner.css";.cell{background:url(data:image/png;base64,AA)}')
    found = style_sheet.joined(outer, tmp_path)
    assert found == (
        "@font-face{src:url(theme/fonts/f.woff)}.cell{background:url(data:image/png;base64,AA)}"
    )


def test_a_changed_style_reaches_the_site_although_no_page_changed(tmp_path):
    ours, written = tmp_path / "ours" / "a.css", tmp_path / "out" / "_static" / "book.css"
    for file in (ours, written):
        file.parent.mkdir(parents=True)
        file.touch()
    config = SimpleNamespace(html_static_path=["ours"], root_doc="index")
    app = SimpleNamespace(srcdir=tmp_path, outdir=tmp_path / "out", config=config)
    os.utime(written, (1000, 1000))
    assert style_sheet.changed_style(app, None, [], [], []) == ["index"]
    os.utime(ours, (900, 900))
    assert style_sheet.changed_style(app, None, [], [], []) == []
