"""Every built page is valid HTML, by the checker of those who write the standard."""

import json
import os
import shutil
import subprocess

import pytest

from bookbuild.book import ROOT

CHECKER = ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


@pytest.mark.heavy
def test_every_page_is_valid_html(site):
    java = shutil.which("java")
    if not java:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Java")
    # In _static lie the theme's templates, which are no pages.
    pages = [p for p in site.rglob("*.html") if "_static" not in p.relative_to(site).parts]
    checker = [java, "-jar", CHECKER, "--errors-only", "--exit-zero-always", "--format", "json"]
    done = subprocess.run([*checker, *pages], capture_output=True, check=True)
    found = json.loads(done.stderr)["messages"]
    assert len(pages) > 40
    assert [f"{m['url']}, line {m.get('lastLine')}: {m['message']}" for m in found] == []
