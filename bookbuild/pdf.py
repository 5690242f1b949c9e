"""Print the book: the built pages, in reading order, as one PDF.

    make book && python -m bookbuild.pdf

The system's Chromium prints each page with the style of book/_static/print.css; pypdf puts the
prints behind a title page, and turns links between pages into links within the file.
"""

import base64
import io
import sys
from html import escape

import yaml
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject

from bookbuild import book
from bookbuild.book import COVER, ROOT, SITE
from helpers import files

PDF = ROOT / "_build" / "autoencoders.pdf"

READY = """async () => {
  if (document.querySelector(".math")) {
    document.querySelector(".math").scrollIntoView();
    while (!window.MathJax?.startup?.promise) await new Promise((done) => setTimeout(done, 50));
    await MathJax.startup.promise;
  }
  await document.fonts.ready;
  dispatchEvent(new Event("beforeprint")); // which only a person's print sends
  await Promise.all([...document.images].map((image) => image.decode()));
  return document.querySelector("article h1").firstChild.textContent.trim();
}"""

FOOTER = """<div style="font: 8px sans-serif; color: #555; width: 100%; text-align: center">
{} &middot; <span class="pageNumber"></span></div>"""

TITLE = """<!doctype html><html lang="en"><title>{title}</title>
<body style="font-family: sans-serif; text-align: center; margin: 2cm 1cm">
<h1 style="font-size: 30pt">{title}</h1><p>{author}</p>
<img alt="" style="width: 12cm; margin: 1cm" src="data:image/png;base64,{cover}">
<p style="font-size: 9pt; text-align: left; line-height: 1.5">{chapters}</p></body></html>"""


def reading_order():
    """Return the documents of the book, as Sphinx names them."""
    return [page.relative_to(ROOT).with_suffix("").as_posix() for page in book.pages()]


def prints(documents):
    """Return a list of (document, title, PDF) with the title page first."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    chromium = book.find_browser()
    if chromium is None:
        sys.exit(f"No browser to print with: none of {', '.join(book.BROWSERS)} is installed.")
    options = {"prefer_css_page_size": True, "print_background": True}
    options |= {"display_header_footer": True, "header_template": "<span></span>"}
    options |= {"outline": True, "tagged": True}
    made = []
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        for document in documents:
            page.goto((SITE / f"{document}.html").as_uri(), wait_until="load")
            title = page.evaluate(READY)
            footer = FOOTER.format(escape(title))
            made.append((document, title, page.pdf(**options, footer_template=footer)))
        page.set_content(
            TITLE.format(
                title=escape(config["title"]),
                author=escape(config["author"]),
                cover=base64.b64encode(COVER.read_bytes()).decode(),
                chapters=" &middot; ".join(escape(title) for _, title, _ in made),
            )
        )
        made.insert(0, ("", config["title"], page.pdf(format="A4")))
        browser.close()
    return made


def places(pdf, address, start):
    """Return {address: (page, top) in the whole file} of a chapter and its named places."""
    found = {address: (start, None)}
    for name, place in pdf.named_destinations.items():
        page = start + pdf.get_destination_page_number(place)
        found[f"{address}#{name.removeprefix('/')}"] = page, place.get("/Top")
    return found


def turn_inward(writer, addresses, known):
    """Let links to the site's pages lead to places in the file, and drop other local links.

    `addresses` names each page's document: places of one name are in many documents.
    """
    for page, address in zip(writer.pages, addresses, strict=True):
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            action = link.pop("/A", {})
            name = link.pop("/Dest", action.get("/D"))
            goal = f"{address}#{name.removeprefix('/')}" if name else action.get("/URI", "")
            if not goal.startswith("file:"):
                link[NameObject("/A")] = action
                continue
            number, top = known.get(goal) or known.get(goal.partition("#")[0], (None, None))
            if number is None:
                continue
            target = [writer.pages[number].indirect_reference, NameObject("/XYZ"), NullObject()]
            target += [NullObject() if top is None else FloatObject(top), NullObject()]
            link[NameObject("/Dest")] = ArrayObject(target)


def make(path=PDF, documents=None):
    """Write the book, or some documents of it; return its path and its number of pages."""
    if not (SITE / "index.html").is_file():
        sys.exit("The pages are not built: run `make book` first.")
    writer, addresses, known = PdfWriter(), [], {}
    for document, title, content in prints(documents or reading_order()):
        pdf = PdfReader(io.BytesIO(content))
        address = (SITE / f"{document}.html").as_uri()
        known |= places(pdf, address, len(addresses))
        addresses += [address] * len(pdf.pages)
        writer.append(pdf, outline_item=title)
        if not document:
            writer.add_metadata({"/Title": title})
    turn_inward(writer, addresses, known)
    with files.draft(path) as draft:
        writer.write(draft)
    return path, len(addresses)


if __name__ == "__main__":
    made, pages = make()
    print(f"{made}: {pages} pages, {made.stat().st_size / 1e6:.0f} MB")
