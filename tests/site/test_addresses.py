"""Links to the first edition's pages lead to the same heading of the page that has come for them."""

import pytest

from support import CONFIG, Watched, every_page, soup

MOVED = CONFIG["sphinx"]["config"]["redirects"]
FIRST_EDITION = """
    01-introduction 02-layers 03-simple 04-sparse 05-deep 06-pretraining 07-convolutional
    08-denoising 09-documents 10-sequences 11-variational 12-latent-space 13-scaling-out
    14-scoreboard benchmarks cluster glossary history index references teaching troubleshooting
""".split()


@pytest.mark.parametrize("name", FIRST_EDITION)
def test_no_page_of_the_first_edition_is_lost(site, name):
    assert f"book/{name}" in MOVED or soup(site / "book" / f"{name}.html").find("article")


@pytest.mark.parametrize("old", every_page(MOVED, light=["book/03-simple"]))
@pytest.mark.parametrize("how", ["http", "file"])
def test_an_old_address_leads_to_the_new_one_with_its_heading(site, host, browser, how, old):
    start = host if how == "http" else site.as_uri()
    new = f"book/{MOVED[old]}"
    heading = soup(site / new).article.find_all("section", id=True)[-1]["id"]
    with Watched(browser, start) as watched:
        watched.page.goto(f"{start}/{old}.html#{heading}", wait_until="commit")
        watched.page.wait_for_url(f"{start}/{new}#{heading}", wait_until="load")
        assert watched.errors == []
