"""What a page says of measured numbers is what was measured.

    python -m bookbuild.claims [simple ...]

prints the sentences of each page that compare and are not in the page's list: advice, no more.
The list is `book/claims/<page>.yml`; what two chapters measure alike stands in `across.yml`, which
belongs to no page. A test evaluates each entry, in the order of the text:

- says: some 4 to 15 words of the sentence as the page has them, that stand there only once; a
    number with a marker may have changed since
  basis: one of `BASES`
  holds: expressions over published numbers of any chapter, such as
    "seeds:deep.bce.most < seeds:simple_05.bce.least"; white space around each operator
  words: for `worded`, the words in the same paragraph that tell the uncertainty
"""

import argparse
import ast
import dataclasses
import operator
import re

import yaml

from bookbuild import book

LISTS = book.BOOK / "claims"
BASES = {  # and what of the ledger of five seeds an entry with this basis has to name
    "seeds": r"seeds:\S+\.(least|most)\b",  # the worst of the one beats the best of the other
    "range": "",  # the chapter's ledger holds several seeds or draws, and they show it
    "margin": r"seeds:\S+\.sd\b",  # one run each, but more than 5 times the larger sd of the seeds
    "exact": "",  # no chance in it: arithmetic, counts, sizes, algorithms that know no chance
    "worded": "",  # the text itself says how uncertain it is (`words`)
}
COMPARES = re.compile(
    r"\b(than|beaten|outperforms?|outdo(?:es)?|wins?|won"
    r"|(?<!\ba )(?<!wide )beats?(?= (?:an?|the|our|them|both|all|PCA)\b)"  # hearts beat, too
    r"|(?:the|its|their|our|is|are|was|were)"
    r" (?:best|worst|lowest|highest|smallest|largest|fastest|slowest|least|most)"
    r"(?! of the time))\b",
    re.I,
)
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?(?: ?%)?"
# Stands after a number that has a marker, in place of the marker.
_MEASURED = "\N{WORD JOINER}"
_NO_TEXT = re.compile(
    r"\A---\n.*?\n---\n|^[ ]*(`{3,}|~{3,})[^\n]*\n.*?^[ ]*\1[ ]*$|^[ ]*:::[^\n]*|^:[\w-]+:[^\n]*"
    r"|^\+\+\+$|<!--.*?-->",
    re.S | re.M,
)
# Up to an empty line or the next list item, table row or heading.
_PIECE = re.compile(
    r"\S.*?(?=\n[ ]*\n|\n[ ]*(?:[-*+] |\d+[.)] |\||#)|(?<=\n)#[^\n]*(?=\n)|\Z)", re.S
)
# Within it: code, mathematics, addresses and tags.
_NO_PROSE = re.compile(
    r"`[^`]*`|\$\$.*?\$\$|\$[^$]+\$|(?<=\])\([^)]*\)|</?[a-z][^>]*>|https?://\S+", re.I
)
_SENTENCE = re.compile(r"\S.*?(?:[.!?:][*_)\"”]*(?=\s|$)|$)")

_KEY = re.compile(r"\w[\w-]*:\w[\w.-]*")
_SIGNS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}


@dataclasses.dataclass
class Claim:
    """An entry of a page's list; its fields are explained above."""

    says: str
    basis: str
    holds: list[str]
    words: str = ""

    def __post_init__(self):
        if self.basis not in BASES:
            raise ValueError(f"basis {self.basis!r}; take one of {', '.join(BASES)}")
        if not self.holds or not isinstance(self.holds, list):
            raise ValueError(f'holds {self.holds!r}; wanted a list: ["a:b < c:d"]')
        if not re.search(BASES[self.basis], " ".join(self.holds)):
            raise ValueError(f"basis {self.basis} and no such key in holds: {BASES[self.basis]}")
        if (self.basis == "worded") != bool(self.words):
            raise ValueError("`words` belong to basis worded, and to that alone")

    def misplaced(self, text):
        """Say why the claim does not stand in a page as it should.

        Parameters
        ----------
        text : str
            The page's Markdown.

        Returns
        -------
        str
            Empty if it does.
        """
        paragraphs = [_joined(part) for part in re.split(r"\n\s*\n", _without_code(text))]
        says = _pattern(self.says)
        around = [part for part in paragraphs if says.search(part)]
        times = sum(len(says.findall(part)) for part in around)
        if times != 1:
            return f"stands {times} times in the text, must be once: " + (
                "quote more words" if times else "quote the page's own words, in one sentence"
            )
        if not _pattern(self.words).search(around[0]):
            return f"its paragraph does not say {self.words!r}"
        return ""

    def unsupported(self, quote):
        """Say which expressions the published numbers do not bear out.

        Parameters
        ----------
        quote : callable
            Gives the number for a key, as `helpers.results.quote` does.

        Returns
        -------
        list of str
        """
        faults = []
        for expression in self.holds:
            try:
                true, shown = evaluate(expression, quote)
            except (KeyError, FileNotFoundError, ValueError) as error:
                faults.append(f"{expression}: {error.args[0]}")
                continue
            if not true:
                faults.append(
                    f"{expression} is false: {shown}; "
                    "change the sentence to what was measured, or say how uncertain it is"
                )
        return faults


def read(page):
    """Return the claims of a page.

    Parameters
    ----------
    page : str
        ``"simple"``, ``"teaching/simple"`` for the teaching note, ``"across"``.

    Returns
    -------
    list of Claim

    Raises
    ------
    ValueError, TypeError
        If an entry is not complete.
    """
    path, claims = LISTS / f"{page}.yml", []
    for entry in yaml.safe_load(path.read_text()) if path.exists() else []:
        try:
            claims.append(Claim(**entry))
        except (TypeError, ValueError) as error:
            raise type(error)(f"book/claims/{page}.yml, {entry}: {error}") from None
    return claims


def pages():
    """Return the files of all pages that may have a list, by its name."""
    return {
        f"teaching/{path.stem}" if path.parent == book.TEACHING else path.stem: path
        for path in book.texts()
    }


def unlisted(claims, text):
    """List the sentences of a page that compare and contain what no claim says.

    Parameters
    ----------
    claims : list of Claim
    text : str
        The page's Markdown.

    Returns
    -------
    list of str
        Line and sentence.
    """
    said = [_pattern(claim.says) for claim in claims]
    text, missing = _without_code(text), []
    for match in _PIECE.finditer(text):
        piece = _joined(match[0])
        listed = [m.span() for says in said for m in says.finditer(piece)]
        prose = _NO_PROSE.sub(lambda m: "·" * len(m[0]), piece)
        for sentence in _SENTENCE.finditer(prose):
            start, end = sentence.span()
            if COMPARES.search(sentence[0].replace("*", "")) and not any(
                a < end and b > start for a, b in listed
            ):
                line = text.count("\n", 0, match.start()) + 1
                missing.append(f"line {line}: {piece[start:end].replace(_MEASURED, '')}")
    return missing


def _without_code(text):
    """Blank front matter, code blocks, directives' lines and comments; lines keep their number."""
    text = re.sub(rf"({_NUMBER})<!-- [\w.:-]+ -->", rf"\1{_MEASURED}", text)
    return _NO_TEXT.sub(lambda m: "\n" * m[0].count("\n"), text)


def _joined(text):
    """Return a text with all white space single."""
    return " ".join(text.split())


def _pattern(words):
    """Return what finds some words in a text: with any number where the text has a marker."""
    parts = re.split(f"({_NUMBER})", _joined(words))
    return re.compile(
        "".join(
            f"(?:{re.escape(part)}|{_NUMBER}{_MEASURED})" if i % 2 else re.escape(part)
            for i, part in enumerate(parts)
        )
    )


def evaluate(expression, quote):
    """Decide a comparison of published numbers.

    Parameters
    ----------
    expression : str
        Keys of the ledgers, decimal numbers, + - * / ( ), and < <= > >= ==.
    quote : callable
        Gives the number for a key.

    Returns
    -------
    bool
        Whether it is true.
    str
        The expression with numbers for the keys.

    Raises
    ------
    ValueError
        If the expression is something else.
    """
    numbers = {}

    def name(match):
        key = f"key_{len(numbers)}_"
        numbers[key] = quote(match[0])
        return key

    named = _KEY.sub(name, expression)
    shown = re.sub(r"key_\d+_", lambda m: f"{numbers[m[0]]:.6g}", named)

    def value(node):
        match node:
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.Name(id=key) if key in numbers:
                return numbers[key]
            case ast.Name(id=key):
                raise ValueError(f"{key!r} is no key; write it with its ledger, deep:{key}")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
                return _SIGNS[type(op)](value(left), value(right))
        raise ValueError("only keys, decimal numbers, + - * / ( ) and < <= > >= == can be used")

    try:
        tree = ast.parse(named.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(
            "cannot be read; write it as a:b < c:d, with white space around each operator"
        ) from error
    if not isinstance(tree, ast.Compare) or not all(type(op) in _COMPARISONS for op in tree.ops):
        raise ValueError("compares nothing; write < <= > >= or == between two values")
    values = [value(node) for node in (tree.left, *tree.comparators)]
    pairs = zip(values[:-1], tree.ops, values[1:], strict=True)
    return all(_COMPARISONS[type(op)](a, b) for a, op, b in pairs), shown


def main():
    parser = argparse.ArgumentParser(description="list the sentences that compare, for advice")
    parser.add_argument("pages", nargs="*", metavar="page", help="simple ..., default: all")
    args, known = parser.parse_args(), pages()
    if unknown := set(args.pages) - set(known):
        parser.error(f"no page {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    for page in args.pages or known:
        for sentence in unlisted(read(page), known[page].read_text()):
            print(f"{known[page].relative_to(book.ROOT)}, {sentence}")


if __name__ == "__main__":
    main()
