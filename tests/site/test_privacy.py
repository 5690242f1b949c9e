"""Nothing of the maker and nothing of the reader: no secret, person, machine or tracker in it.

That a page asks no other host for anything is in test_pages.py.
"""

import functools
import re
import subprocess

import pytest

from bookbuild.book import ROOT
from support import SITE, Watched, documents

# Not inside a longer word: pictures and weights are long words of random letters.
SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY"
    r"|(?<![\w+/=-])(?:"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}"  # Amazon
    r"|AIza[\w-]{35}"  # Google
    r"|ya29\.[\w-]{20,}"
    r"|gh[opsur]_[A-Za-z0-9]{36,}|github_pat_\w{22,}"
    r"|glpat-[\w-]{20,}"  # GitLab
    r"|hf_[A-Za-z0-9]{30,}"  # Hugging Face
    r"|npm_[A-Za-z0-9]{36}|pypi-AgEI[\w-]{20,}"
    r"|sk-[A-Za-z0-9_-]{20,}"  # language models, payments
    r"|xox[abeprs]-[\w-]{10,}"  # Slack
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"  # a signed session
    r")(?![\w+/=])"
    r"|[a-z]+://[^\s/:@\"'<>{}$]+:[^\s/:@\"'<>{}$]+@"  # a password in an address
    r"|\"key\": ?\"[0-9a-f]{32}\""  # Kaggle's kaggle.json
)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b", re.IGNORECASE)
NOBODY = re.compile(r"@(?:[\w-]+\.)*example(?:\.(?:org|com|net))?$")  # reserved for examples
# Homes, what Jupyter and pip write into warnings and tracebacks, and where this copy lies.
MACHINE = re.compile(
    r"(?<![\w.~-])/(?:home/\w+|Users/\w+|root|var/folders|tmp/ipykernel_\d+)/"
    r"|\b[A-Z]:\\+Users\\+\w+"
    r"|(?<![\w.~-])/[\w./-]+/(?:site|dist)-packages/"
    rf"|(?<![\w.~-]){re.escape(str(ROOT))}(?![\w-])"
)
TRACKERS = re.compile(
    r"google-analytics|googletagmanager|\bgtag\(|doubleclick\.net|connect\.facebook|plausible\.io"
    r"|matomo\.|_paq\b|hotjar\.com|clarity\.ms|cdn\.segment|mixpanel|umami\.is|goatcounter"
    r"|cloudflareinsights|navigator\.sendBeacon|document\.cookie\s*="
)


def found(pattern, text):
    """Return what a reader could learn of somebody, shortened, so that no report repeats it."""
    hits = [match[0] for match in pattern.finditer(text)]
    return {hit[:60] for hit in hits if not (pattern is EMAIL and NOBODY.search(hit.lower()))}


@functools.cache
def tracked():
    """Return {name: text} of what the repository holds, pictures apart."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = listed.stdout.decode().split("\0")[:-1]
    if not names:
        pytest.skip("not a git repository")
    return texts({name: ROOT / name for name in names})


@functools.cache
def built():
    """Return {name: text} of the built site, what earlier builds left in it apart."""
    pages = {f"{name}.html" for name in [*documents(), "index", "404", "search", "genindex"]}
    files = {file.relative_to(SITE).as_posix(): file for file in SITE.rglob("*") if file.is_file()}
    return texts({n: f for n, f in files.items() if not n.endswith(".html") or n in pages})


def texts(files):
    contents = {name: file.read_bytes() for name, file in files.items() if file.is_file()}
    return {name: c.decode(errors="replace") for name, c in contents.items() if b"\0" not in c}


@pytest.mark.parametrize("pattern", [SECRETS, EMAIL, MACHINE], ids=["secret", "e-mail", "machine"])
@pytest.mark.parametrize("where", [tracked, pytest.param(built, marks=pytest.mark.heavy)])
def test_names_no_secret_person_or_machine(site, where, pattern):
    files = dict(where())
    assert len(files) > 100
    if pattern is EMAIL:  # a licence names whoever wrote it, and has to stay as it is
        files = {name: text for name, text in files.items() if "licenses.txt" not in name}
    hits = {name: hit for name, text in files.items() if (hit := found(pattern, text))}
    assert hits == {}


def test_no_tracker(site):
    pages = {n: text for n, text in built().items() if n.endswith((".html", ".js"))}
    assert {n: hit for n, text in pages.items() if (hit := found(TRACKERS, text))} == {}


def test_a_visit_leaves_no_cookie(host, browser):
    with Watched(browser, host) as watched:
        page, sent = watched.page, []
        page.on("request", lambda request: sent.append((request.method, request.post_data)))
        page.goto(f"{host}/book/models/simple.html", wait_until="networkidle")
        page.locator(".reactive").first.scroll_into_view_if_needed()
        page.locator(".reactive [data-alive]").first.wait_for()
        assert page.context.cookies() == []
        # The reader's own choice of light or dark, which stays with the reader.
        assert set(page.evaluate("Object.keys(localStorage)")) <= {"mode", "theme"}
        assert page.evaluate("Object.keys(sessionStorage)") == []
        assert set(sent) == {("GET", None)}


# Put together here, so that this file does not contain what it looks for.
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (SECRETS, "-----BEGIN OPENSSH PRIVATE " + "KEY-----"),
        (SECRETS, "key = 'AKIA" + 4 * "ABC1" + "'"),
        (SECRETS, "token: ghp" + "_" + 36 * "a"),
        (SECRETS, "hf" + "_" + 34 * "a"),
        (SECRETS, '{"username":"me","key":"' + 32 * "0" + '"}'),
        (SECRETS, "git clone https://me:secret" + "@github.com/me/mine"),
        (EMAIL, "write to Jane.Doe" + "@university.edu."),
        (MACHINE, "File /home" + "/jane/book/models/simple.ipynb"),
        (MACHINE, "file:///home" + "/jane/book.html"),
        (MACHINE, "/usr/lib/python3" + "/dist-packages/keras/layer.py:93: UserWarning"),
        (MACHINE, "/tmp/ipykernel" + "_4711/123.py:1: UserWarning"),
        (MACHINE, r"C:\\Users" + r"\\jane\\book"),
        (MACHINE, f'"{ROOT}/book"'),
        (TRACKERS, '<script async src="https://www.googletag' + 'manager.com/gtag/js?id=G-1">'),
    ],
)
def test_would_be_found(pattern, text):
    assert found(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (EMAIL, "test@example.org, axe-core@4.14.1, @pytest.mark.skip"),
        (MACHINE, "https://example.org/home/page/index.html, BOOK_DATA=/full/path/to/folder"),
        (SECRETS, "task-" + 30 * "a" + " aAIza" + 35 * "b" + " http://localhost:8000 @"),
    ],
)
def test_would_not_be_found(pattern, text):
    assert not found(pattern, text)
