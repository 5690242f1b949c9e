"""A Sphinx extension: a search that finds places in the book.

Sphinx's own index says which pages have a word, not how often or where. It leaves numbers out, and
its script fetches each page that it found, which browsers refuse for pages opened as files. So
`search-index.js` holds the text of every section, as the finished pages show it, and `search.js`
lets MiniSearch rank the sections. Stemmer and stop words are Sphinx's.

The glossary says which sections explain a term: there the term counts as another heading.
"""

import json
import re
from pathlib import Path
from urllib.parse import urldefrag, urljoin

from bs4 import BeautifulSoup

from bookbuild.words import language

SCRIPT = Path(__file__).with_name("search.js")
INDEX = "search-index.js"  # not in _static, where sheet.py looks for what may need a style

# What readers type beside the book's words for it; the glossary has further ones.
ALSO = [
    ["AE", "autoencoder"],
    ["CNN", "convolutional autoencoder"],
    ["ConvNet", "convolutional"],
    ["DAE", "denoising autoencoder"],
    ["RNN", "recurrent"],
    ["SAE", "sparse autoencoder"],
    ["grey", "gray"],
    ["zero", "0"],
]

# Words of questions, which ask for nothing; Sphinx's stop words are the others.
IDLE = (
    "am an can cant could did didnt do does doesnt dont get had has have how i isnt me my our should "
    "so what when where which who why wont would you your"
).split()

SIGNS = "αβγδεζηθικλμνξοπρστυφχψω"
NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "sigma tau upsilon phi chi psi omega"
).split()
GREEK = dict(zip(NAMES, SIGNS, strict=True))
WORD = re.compile(r"[^\W\d_][^\W_]{2,}")
FUNCTIONS = {"exp", "ln", "log", "max", "min"}


def plain_math(latex):
    r"""Return a formula as a line of text: ``\beta\,\mathrm{KL}`` becomes ``β KL``."""

    def sign(match):
        name = match[1].lower()
        if name in GREEK:
            return GREEK[name].upper() if match[1][0].isupper() else GREEK[name]
        return f"{name} " if name in FUNCTIONS else " "

    text = re.sub(r"\\(begin|end)\{\w+\*?\}", " ", latex)  # their names are no words of the book
    text = re.sub(r"\\(?:var)?([A-Za-z]+)\s*", sign, text)
    return re.sub(r"[{}$&\\]", "", re.sub(r"\\[\W\d]", " ", text))


def line(text):
    return " ".join(text.split())


def read(html):
    """Return what the search needs to know of a page.

    Parameters
    ----------
    html : str
        A finished page.

    Returns
    -------
    places : list of dict
        In the page's order. ``title`` and ``id`` of a heading; ``text``, the prose below it, up to
        the next heading; ``code``, the words of code and outputs that the prose does not have. An
        entry of the glossary is a place, too; it has its ``names``, and no code.
    terms : list of tuple
        The names of each term of the glossary, and the addresses of the sections that explain it.
    """
    article = BeautifulSoup(html, "html.parser").select_one("article")
    for element in article.select(".headerlink, script, style, .toctree-wrapper"):
        element.decompose()
    for formula in article.select(".math"):
        formula.string = plain_math(formula.get_text())

    places, terms = [], []

    def note(names, others, meaning):
        names = [line(name) for name in (*names, *re.split("[,;]", others)) if line(name)]
        terms.append((names, [link["href"] for link in meaning.select("a[href*='.html#']")]))
        return terms[-1]

    for term in article.select("dl.glossary > dt"):
        meaning = term.find_next_sibling("dd")
        title, text = line(term.get_text()), line(meaning.get_text())
        names = [name.get_text() for name in term("strong")]
        names, sections = note(names, title.partition("(")[2].rstrip(")"), meaning)
        if sections:  # an abbreviation's own entry leads to the entry in full
            places.append({"title": title, "id": term["id"], "text": text, "names": names})
        meaning.decompose()
        term.decompose()
    for row in article.select("#more-terms tbody tr"):
        name, others, meaning = row("td")
        note(name.get_text().split(", "), others.get_text(), meaning)

    # From the inside out, so that what a section still holds is its own.
    for section in reversed(article("section")):
        title = section.find(re.compile("^h[1-6]$")).extract()
        code = [block.extract().get_text() for block in section.select(".cell_output, .highlight")]
        text, title = line(section.get_text()), line(title.get_text())
        words = dict.fromkeys(WORD.findall("\n".join(code)))
        words = " ".join(word for word in words if word not in text)
        if len(title) > 1:  # not the glossary's letters
            places.insert(0, {"title": title, "id": section["id"], "text": text, "code": words})
        section.decompose()
    places[0]["id"] = ""  # the page itself
    return places, terms


def write_index(app, error):
    """Write the index of all pages, and the script that searches it, to the top of the site."""
    if error or app.builder.format != "html":
        return
    pages, places, also, explained = [], {}, list(ALSO), []
    for name in sorted(app.env.found_docs):
        address = app.builder.get_target_uri(name)
        html = Path(app.outdir, address).read_text(encoding="utf-8")
        found, terms = read(html)
        for place in found:
            places[address, place["id"]] = {"page": len(pages), **place}
        also += [names for names, _ in terms if len(names) > 1]
        for names, sections in terms:
            explained += [(names, urldefrag(urljoin(address, to))) for to in sections]
        pages.append({"address": address, "title": found[0]["title"]})
    for names, section in explained:
        if place := places.get(tuple(section)):
            place.setdefault("explains", []).extend(names)
    names = {sign: name for name, sign in GREEK.items()} | {"ς": "sigma"}  # as it ends a word
    index = {"pages": pages, "places": list(places.values()), "also": also}
    index |= {"greek": names, "idle": IDLE, "language": language()}
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    # A script, because a page that was opened as a file may read nothing else.
    Path(app.outdir, INDEX).write_text(f"bookIndex = {text};\n", encoding="utf-8")
    # Its names are its own: no module, because a page that was opened as a file may load none.
    script = f'"use strict";\n{{\n{SCRIPT.read_text(encoding="utf-8")}}}\n'
    Path(app.outdir, SCRIPT.name).write_text(script, encoding="utf-8")


def setup(app):
    app.connect("build-finished", write_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
