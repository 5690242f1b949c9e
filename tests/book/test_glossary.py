"""The glossary and the references say what the chapters say, and lead to it."""

import re
from typing import NamedTuple

import pytest

from bookbuild import book

CHAPTERS = {name: book.text(name).read_text() for name in book.chapters()}
GLOSSARY = book.text("glossary").read_text()
REFERENCES = book.text("references").read_text()

HANGUL = re.compile("[가-힣]")
WITHIN = re.compile(r"\[([^\]]*)\]\((?:[\w./-]*/)?([\w-]+)\.ipynb(?:#([\w-]+))?\)")
# A DOI may hold a pair of brackets.
WEB = re.compile(r"\[([^\]]*)\]\((https?://(?:[^()\s]|\([^()\s]*\))+)\)")
_CODE = re.compile(r"\A---\n.*?\n---\n|^```.*?^```|<!--.*?-->", re.S | re.M)
_NO_WORDS = re.compile(
    r"`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$|(?<=\])\([^()\s]*(?:\([^()]*\)[^()\s]*)*\)", re.S
)


class Term(NamedTuple):
    """An entry of the glossary; ``names`` are the words that mean the same."""

    names: list
    korean: str
    definition: str
    letter: str


class Reference(NamedTuple):
    """An entry of the references; ``cited_in`` holds pairs of a link's words and its chapter."""

    authors: str
    title: str
    text: str
    addresses: dict
    cited_in: list
    section: str

    @property
    def name(self):
        """What a chapter calls it: the first author's family name, or who stands behind it."""
        return self.authors.partition(",")[0]


# What a link to a chapter says: its title, without the question that may follow.
TITLES = {
    name: re.sub(r": .*", "", re.search(r"^# (.+)$", text, re.M)[1])
    for name, text in CHAPTERS.items()
}
PROSE = {name: _CODE.sub("", text) for name, text in CHAPTERS.items()}
WORDS = {name: _NO_WORDS.sub("", text) for name, text in PROSE.items()}
ANCHORS = {
    name: {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#{1,3} (.+)$", text, re.M)
    }
    for name, text in PROSE.items()
}


def occurs(term, text):
    """Say whether a term stands in a text as words of its own, perhaps in the plural."""
    words = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", term))
    return bool(re.search(rf"(?<!\w){words}(?:s|es)?(?!\w)", text, re.I))


def order(term):
    return re.sub(r"[^a-z0-9]+", " ", term.lower()).strip()


def read_terms():
    terms = []
    for section in re.split(r"^## ", GLOSSARY, flags=re.M)[1:]:
        letter, _, body = section.partition("\n")
        for block in re.findall(r"^:::\{glossary\}\n(.*?)^:::$", body, re.M | re.S):
            for entry in re.split(r"\n\n+", block.strip()):
                head, _, definition = entry.partition("\n")
                match = re.fullmatch(r"(\*\*[^*]+\*\*(?:, \*\*[^*]+\*\*)*) \((.+)\)", head)
                assert match, f"not a term with its Korean term: {head}"
                names = re.findall(r"\*\*([^*]+)\*\*", match[1])
                terms.append(Term(names, match[2], " ".join(definition.split()), letter))
    return terms


def read_references():
    references = []
    for part in re.split(r"^## ", REFERENCES, flags=re.M)[1:]:
        section, _, body = part.partition("\n")
        for entry in re.split(r"^- ", "\n" + body, flags=re.M)[1:]:
            text, _, cited = " ".join(entry.split()).rpartition(" Cited in ")
            match = re.match(r"([^*]+)[.,] \*([^*]+)\*", text)
            assert match, f"no authors and title: {entry}"
            addresses = {address: words for words, address in WEB.findall(text)}
            cited_in = [(words, chapter) for words, chapter, _ in WITHIN.findall(cited)]
            references.append(Reference(match[1], match[2], text, addresses, cited_in, section))
    return references


TERMS = read_terms()
POINTERS = [term for term in TERMS if term.definition.startswith("Short for ")]
EXPLAINED = [term for term in TERMS if term not in POINTERS]
MORE_TERMS = re.findall(r"^\| (?!term )([^|]+) \| ([^|]+) \| (\[.+\)) \|$", GLOSSARY, re.M)
CITED = read_references()

each_term = pytest.mark.parametrize("term", EXPLAINED, ids=lambda term: term.names[0])
each_reference = pytest.mark.parametrize(
    "reference", CITED, ids=lambda reference: f"{reference.name}-{reference.title[:20]}"
)


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("dead unit", "Two units: DEAD\nunits.", True),
        ("fine-tuned", "we fine tuned it", True),
        ("batch", "in batches of two", True),
        ("nat", "The nature of a signal", False),
        ("code", "to encode, to decode, codebook", False),
    ],
)
def test_a_term_is_looked_for_as_a_word(term, text, found):
    assert occurs(term, text) == found


def test_every_entry_of_the_glossary_is_read_and_stands_once():
    assert len(TERMS) == len(re.findall(r"^\*\*", GLOSSARY, re.M)) >= 70
    heads = [order(term.names[0]) for term in TERMS]
    assert heads == sorted(heads)
    heads += [order(name) for name, _, _ in MORE_TERMS]
    assert len(set(heads)) == len(heads), sorted(h for h in heads if heads.count(h) > 1)
    assert [t.names for t in TERMS if t.letter != t.names[0][0].upper()] == []


def test_every_term_stands_beside_its_korean_term():
    assert [term.names[0] for term in TERMS if not HANGUL.search(term.korean)] == []
    assert [name for name, korean, _ in MORE_TERMS if not HANGUL.search(korean)] == []


@each_term
def test_a_term_is_common_to_chapters_and_leads_to_one_that_uses_it(term):
    used = {name for name, text in WORDS.items() if any(occurs(n, text) for n in term.names)}
    assert len(used) >= 2, f"only in {used}: list it under the terms of one chapter"
    links = WITHIN.findall(term.definition)
    assert links, "no link to a chapter"
    for words, chapter, anchor in links:
        assert chapter in used
        assert words == TITLES[chapter]
        assert anchor in ANCHORS[chapter]


@each_term
def test_each_name_of_a_term_is_in_use_and_the_definition_is_a_sentence(term):
    assert [n for n in term.names if not any(occurs(n, text) for text in WORDS.values())] == []
    sentence = term.definition.partition(" See [")[0]
    assert sentence[0].isupper() and sentence[-1] in ".!?" and len(sentence.split()) >= 5


@pytest.mark.parametrize("term", POINTERS, ids=lambda term: term.names[0])
def test_an_abbreviation_points_to_the_entry_that_explains_it(term):
    match = re.fullmatch(r"Short for \[([^\]]+)\]\(#([a-z])\)\.", term.definition)
    (target,) = [other for other in EXPLAINED if other.names[0] == match[1]]
    assert match[2] == target.letter.lower()
    assert term.names[0] in target.names and term.korean in target.korean


def test_every_abbreviation_has_an_entry_where_one_would_look_for_it():
    heads = {term.names[0] for term in TERMS}
    short = {n for t in EXPLAINED for n in t.names if n.isupper() and t.names[0] not in n}
    assert short and short <= heads


def test_the_terms_without_an_entry_stand_in_the_chapter_named():
    rows = GLOSSARY.partition("## More terms")[2].count("\n| ") - 1
    assert len(MORE_TERMS) == rows > 0
    names = [order(name) for name, _, _ in MORE_TERMS]
    assert names == sorted(names)
    for name, _, link in MORE_TERMS:
        ((words, chapter, anchor),) = WITHIN.findall(link)
        assert words == TITLES[chapter]
        assert anchor in ANCHORS[chapter], name
        assert occurs(name, WORDS[chapter]), name


@each_reference
def test_a_reference_has_authors_a_title_and_a_well_formed_address(reference):
    assert reference.name and reference.title and reference.addresses
    for address, words in reference.addresses.items():
        doi = address.removeprefix("https://doi.org/")
        arxiv = address.removeprefix("https://arxiv.org/abs/")
        if doi != address:
            assert re.fullmatch(r"10\.\d{4,9}/\S+", doi) and words == f"doi:{doi}"
        elif arxiv != address:
            assert re.fullmatch(r"\d{4}\.\d{4,5}", arxiv) and words == f"arXiv:{arxiv}"
        else:
            assert re.fullmatch(r"https://[\w-]+(\.[\w-]+)+(/[\w./?=-]*)?", address)


@each_reference
def test_a_reference_is_cited_where_it_says(reference):
    assert reference.cited_in
    for words, chapter in reference.cited_in:
        assert words == TITLES[chapter]
        assert occurs(reference.name, WORDS[chapter]), f"{chapter} does not name it"
        cited = {address for _, address in WEB.findall(PROSE[chapter])}
        assert cited & reference.addresses.keys(), f"{chapter} does not link to it"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_work_that_a_chapter_cites_is_in_the_references(chapter):
    cited = {address for _, address in WEB.findall(PROSE[chapter])}
    known = {address for reference in CITED for address in reference.addresses}
    literature = ("https://doi.org/", "https://arxiv.org/")
    works = {a for a in cited if a in known or a.startswith(literature)}
    here = [r for r in CITED if chapter in {name for _, name in r.cited_in}]
    listed = {address for reference in here for address in reference.addresses}
    assert works - listed == set(), f"add to book/reference/references.md, cited in {chapter}"


def test_references_are_sorted_and_no_work_stands_twice():
    sections = re.findall(r"^## (.+)$", REFERENCES, re.M)
    places = [(sections.index(r.section), r.name.lower()) for r in CITED]
    assert places == sorted(places)
    addresses = [address for reference in CITED for address in reference.addresses]
    assert len(set(addresses)) == len(addresses)
