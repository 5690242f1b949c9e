"""Sentences that compare, found in a page, and the list of what each of them rests on.

A page's list is `tests/comparisons/<page>.yml`: a list of entries in the order of the text.

- says: some 4 to 15 words of the sentence as the page has them, that stand there only once; a
    number with a marker may have changed since
  basis: one of `BASES`
  holds: expressions over published numbers, such as
    "seeds:deep.bce.most < seeds:simple_05.bce.least"; white space around each operator
  words: for `worded`, the words in the same paragraph that tell the uncertainty
  why: for `general`, a short clause on why nothing measured is claimed
"""

import ast
import dataclasses
import operator
import re
import textwrap

BASES = {
    "seeds": "the ledger of five seeds shows it: the worst of the one beats the best of the other",
    "range": "the chapter's ledger holds several seeds or draws, and they show it",
    "margin": "one run each, but more than 5 times the larger sd over five seeds of its relatives",
    "exact": "no chance in it: arithmetic, counts, sizes, algorithms that know no chance",
    "worded": "the text itself says how uncertain it is (`words`)",
    "cited": "somebody else's claim, with a link in the same paragraph",
    "general": "a definition, question, instruction or reasoning; nothing measured (`why`)",
}
FIELDS = {"says", "basis", "holds", "words", "why"}
# What of the ledger of five seeds an entry with this basis has to name.
OF_SEEDS = {"seeds": r"seeds:\S+\.(least|most)\b", "margin": r"seeds:\S+\.sd\b"}

_NET = (
    r"\b(than|{beats}|beaten|outperforms?|outdo(?:es)?|wins?|won"
    r"|(?:the|its|their|our|is|are|was|were)"
    r" (?:best|worst|lowest|highest|smallest|largest|fastest|slowest|least|most)"
    r"(?! of the time))\b"
)
COMPARES = re.compile(_NET.format(beats="beats?"), re.I)
# Where hearts beat, the verb alone.
OF_HEARTS = re.compile(
    _NET.format(beats=r"(?<!\ba )(?<!wide )beats?(?= (?:an?|the|our|them|both|all|PCA)\b)"), re.I
)
# Within a paragraph: code, mathematics, addresses and tags are no prose.
_NO_PROSE = re.compile(
    r"`[^`]*`|\$\$.*?\$\$|\$[^$]+\$|(?<=\])\([^)]*\)|</?[a-z][^>]*>|https?://\S+", re.I
)
_SENTENCE = re.compile(r"\S.*?(?:[.!?:][*_)\"”]*(?=\s|$)|$)")
# Stands after a number that has a marker, in place of the marker.
_MEASURED = "\N{WORD JOINER}"
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?(?: ?%)?"
_ITEM = re.compile(r"\s*(?:(?:[-*+]|\d+[.)])\s|\|)")
_LINK = re.compile(r"\]\([^)\s]+\)|https?://|\b(?:arXiv|doi):", re.I)

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
class Piece:
    """A paragraph's text, or that of one of its list items or table rows."""

    text: str  # white space single; no comments, but `_MEASURED` for the marker of a number
    line: int  # where it begins in the file
    paragraph: int  # whose number its neighbours share up to the next empty line


def pieces(text):
    """Cut a page's prose into paragraphs, list items and table rows.

    Parameters
    ----------
    text : str
        Markdown with MyST's fences.

    Returns
    -------
    list of Piece
    """
    lines = _without_fences(text).split("\n")
    found, paragraph, open_ = [], 0, False
    for number, line in enumerate(lines, 1):
        words = " ".join(line.split())
        if not words or words == "+++":
            paragraph, open_ = paragraph + 1, False
        elif words.startswith("#"):
            found.append(Piece(words, number, paragraph := paragraph + 1))
            open_ = False
        elif open_ and not _ITEM.match(line):
            found[-1].text += " " + words
        else:
            found.append(Piece(words, number, paragraph))
            open_ = True
    return found


def _without_fences(text):
    """Blank front matter, code blocks, directives' lines and comments; lines keep their number."""
    text = re.sub(r"\A---\n.*?\n---\n", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    lines, fence = [], None
    for line in text.split("\n"):
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if fence is None and mark:
            fence = mark[1]
            line = ""
        elif fence is not None:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = None
            line = ""
        elif re.match(r"\s*:::|:[\w-]+:", line):
            line = ""
        lines.append(line)
    text = re.sub(rf"({_NUMBER})<!-- [\w.:-]+ -->", rf"\1{_MEASURED}", "\n".join(lines))
    return re.sub(r"<!--.*?-->", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)


def _pattern(words):
    """Return what finds some words in a piece: with any number where the text has a marker."""
    parts = re.split(f"({_NUMBER})", " ".join(words.split()))
    return re.compile(
        "".join(
            f"(?:{re.escape(part)}|{_NUMBER}{_MEASURED})" if i % 2 else re.escape(part)
            for i, part in enumerate(parts)
        )
    )


def comparing(text, net=COMPARES):
    """List the sentences of a text that compare.

    Parameters
    ----------
    text : str
        The text of a `Piece`.
    net : re.Pattern
        What catches them.

    Returns
    -------
    list of (int, int)
        Where each of them begins and ends.
    """
    prose = _NO_PROSE.sub(lambda m: "·" * len(m[0]), text)
    return [m.span() for m in _SENTENCE.finditer(prose) if net.search(m[0].replace("*", ""))]


def ill_formed(entry):
    """Say what is wrong with an entry, whatever page it belongs to.

    Parameters
    ----------
    entry : dict

    Returns
    -------
    list of str
        A sentence for each fault: what it is and what to do.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("says"), str):
        return [f"{entry!r}: no entry; write `- says: ...` and below it `basis: ...`"]
    name, basis = f"{entry['says']!r}", entry.get("basis")
    faults = []
    if unknown := sorted(set(entry) - FIELDS):
        faults.append(f"{name}: unknown field {', '.join(unknown)}; known are {sorted(FIELDS)}")
    if basis not in BASES:
        return [*faults, f"{name}: unknown basis {basis!r}; take one of {', '.join(BASES)}"]
    if len(entry["says"].split()) > 15:
        faults.append(f"{name}: more than 15 words; quote those that compare")
    for field in ("words", "why"):
        if not isinstance(entry.get(field, ""), str) or not entry.get(field, "-").strip():
            faults.append(f"{name}: {field} must be text; put it in quotes or leave it out")
    holds = entry.get("holds", [])
    if not isinstance(holds, list) or not all(isinstance(h, str) for h in holds):
        return [*faults, f'{name}: holds must be a list: ["a:b < c:d"], each in quotes']
    if basis in ("seeds", "range", "margin") and not holds:
        faults.append(f"{name}: basis {basis} needs holds, or else another basis")
    if basis in OF_SEEDS and holds and not re.search(OF_SEEDS[basis], " ".join(holds)):
        faults.append(
            f"{name}: basis {basis} means that {BASES[basis]}; name such a key "
            f"({'seeds:<model>.<measure>.' + ('least or .most' if basis == 'seeds' else 'sd')})"
        )
    for kind, field in (("worded", "words"), ("general", "why")):
        if basis == kind and field not in entry:
            faults.append(f"{name}: basis {basis} needs `{field}`: {BASES[basis]}")
    return faults


def misplaced(entries, text):
    """Say which entries do not stand in a page as they should.

    Parameters
    ----------
    entries : list of dict
    text : str
        The page's Markdown.

    Returns
    -------
    list of str
    """
    found = pieces(text)
    faults = []
    for entry in entries:
        says, name = _pattern(entry["says"]), repr(entry["says"])
        times = sum(len(says.findall(piece.text)) for piece in found)
        if times != 1:
            faults.append(
                f"{name}: stands {times} times in the text, must be once: "
                + ("quote more words" if times else "quote the page's own words, in one sentence")
            )
            continue
        (paragraph,) = (piece.paragraph for piece in found if says.search(piece.text))
        around = "\n".join(piece.text for piece in found if piece.paragraph == paragraph)
        if entry["basis"] == "worded" and not _pattern(entry["words"]).search(around):
            faults.append(f"{name}: its paragraph does not say {entry['words']!r}")
        if entry["basis"] == "cited" and not _LINK.search(around):
            faults.append(f"{name}: no link in its paragraph; give the source or another basis")
    return faults


def unlisted(entries, text, net=COMPARES):
    """List the sentences of a page that compare and contain what no entry says.

    Parameters
    ----------
    entries : list of dict
    text : str
        The page's Markdown.
    net : re.Pattern
        What catches the sentences.

    Returns
    -------
    list of str
        Line and sentence.
    """
    said = [_pattern(entry["says"]) for entry in entries]
    missing = []
    for piece in pieces(text):
        places = [m.span() for says in said for m in says.finditer(piece.text)]
        for start, end in comparing(piece.text, net):
            if not any(a < end and b > start for a, b in places):
                missing.append(f"line {piece.line}: {piece.text[start:end].replace(_MEASURED, '')}")
    return missing


def unsupported(entries, quote):
    """Say which entries the published numbers do not bear out.

    Parameters
    ----------
    entries : list of dict
    quote : callable
        Gives the number for a key, as `helpers.results.quote` does.

    Returns
    -------
    list of str
    """
    faults = []
    for entry in entries:
        for expression in entry.get("holds", []):
            try:
                true, shown = evaluate(expression, quote)
            except (KeyError, FileNotFoundError, ValueError) as error:
                reason = error.args[0] if isinstance(error, KeyError) else error
                reason = textwrap.shorten(str(reason), 200, placeholder=" ...")
                faults.append(f"{entry['says']!r}: {expression}: {reason}")
                continue
            if not true:
                faults.append(
                    f"{entry['says']!r}: {expression} is false: {shown}; "
                    "change the sentence to what was measured, or say how uncertain it is"
                )
    return faults


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
    keys = []

    def name(match):
        keys.append(match[0])
        return f"key_{len(keys) - 1}_"

    named = _KEY.sub(name, expression)
    numbers = {f"key_{i}_": quote(key) for i, key in enumerate(keys)}
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
