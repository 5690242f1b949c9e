"""A Sphinx extension: no code in the pages themselves, whoever wrote it there.

A host may then tell browsers, by a Content-Security-Policy, to run what the site has as files and nothing
else (README.md, "Publish"): what somebody smuggles into a page does not run.

- scripts in a page become files: one that comes before the page is drawn, one that waits;
- what a button of the theme does is a name, which book/_static/page.js knows.
"""

import hashlib
import os
import re
from pathlib import Path

from bookbuild.languages import own_pages

#: Where a page's own scripts go, and which they are.
FILES = {
    "first": re.compile(r'<script(?: data-cfasync="false")?>(.*?)</script>\s*', re.S),
    "later": re.compile(r"<script defer>(.*?)</script>\s*", re.S),
}
CLICK = re.compile(r"(<button\b[^>]*) onclick=")


def without_code(html, write):
    """Return a page without code.

    Parameters
    ----------
    html : str
    write : callable
        Given ``"first"`` or ``"later"`` and a script, it keeps the script and returns its address.

    Returns
    -------
    str
    """
    html = CLICK.sub(r"\1 data-click=", html)
    for kind, script in FILES.items():
        if first := script.search(html):
            address = write(kind, "\n".join(script.findall(html)))
            tag = f'<script{" defer" if kind == "later" else ""} src="{address}"></script>\n'
            at, html = first.start(), script.sub("", html)
            html = html[:at] + tag + html[at:]
    return html


def clear_pages(app, error):
    """Take the code out of all pages that this build wrote."""
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for page in own_pages(site):

        def write(kind, text, page=page):
            digest = hashlib.sha256(text.encode()).hexdigest()[:8]
            file = site / "_static" / f"{kind}-{digest}.js"
            file.write_text(text, encoding="utf-8")
            return Path(os.path.relpath(file, page.parent)).as_posix()

        html = page.read_text(encoding="utf-8")
        if (new := without_code(html, write)) != html:
            page.write_text(new, encoding="utf-8")


def setup(app):
    app.connect("build-finished", clear_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
