"""The search: the place that is about the words comes first, and every reader can use it."""

import re
from urllib.parse import quote

import pytest

from bookbuild.search import INDEX, plain_math, read
from support import PHONE, SITE, TOO_WIDE, Watched, axe_findings, switch_theme

expect = pytest.importorskip("playwright.sync_api").expect

VARIATIONAL = "book/models/variational.html"
MATHEMATICS = f"{VARIATIONAL}#where-does-the-loss-come-from"
COLLAPSE = "book/studies/collapse.html"
WEIGHT = f"{COLLAPSE}#turning-the-weight-on-purpose"
GRADIENT = f"{VARIATIONAL}#how-can-a-gradient-pass-through-chance"
FIRST = {
    # Titles and headings, whatever the words' case, number or form.
    "vae": VARIATIONAL,
    "VAEs": VARIATIONAL,
    "variational autoencoder": VARIATIONAL,
    "denoising": "book/models/denoising.html",
    "Denoise": "book/models/denoising.html",
    "CNN": "book/models/convolutional.html",
    "glossary": "book/reference/glossary.html",
    "latent space": "book/studies/latent-space.html",
    "autoencoder": "book/models/introduction.html",
    "auto encoder": "book/models/introduction.html",
    "receptive field": "book/studies/shapes.html#the-receptive-field",
    "how many labels does pretraining save": (
        "book/studies/pretraining.html#how-many-labels-does-pretraining-save"
    ),
    "KL as a mean": "book/reference/history.html#kl-as-a-mean",
    "activity_l1": "book/reference/history.html#activity-l1",
    "np.float": "book/reference/history.html#np-float-and-np-int",
    # Where the glossary sends its reader.
    "KL": MATHEMATICS,
    "kl divergence": MATHEMATICS,
    "elbo": MATHEMATICS,
    "beta": WEIGHT,
    "posterior collapse": f"{COLLAPSE}#a-vae-with-a-weight",
    '"posterior collapse"': f"{COLLAPSE}#a-vae-with-a-weight",
    "posterior-collapse": f"{COLLAPSE}#a-vae-with-a-weight",
    "reparameterization trick": GRADIENT,  # the book writes British English
    "ReLU": "book/models/simple.html#build",
    "pca": "book/models/simple.html#how-small-can-the-code-be",
    "lstm": "book/models/sequences.html#build",
    "k-means": "book/studies/latent-space.html#finding-groups-without-labels",
    "kmeans": "book/studies/latent-space.html#finding-groups-without-labels",
    "T-SNE": "book/studies/latent-space.html#a-map-of-the-codes",
    "psnr": "book/models/denoising.html#build",
    "변분 오토인코더": f"{VARIATIONAL}#build",
    # What only text, formulas, numbers and code have.
    "β": WEIGHT,
    "sigma": f"{VARIATIONAL}#build",
    "σ": f"{VARIATIONAL}#build",
    "mu": MATHEMATICS,
    "μ": MATHEMATICS,
    "µ": MATHEMATICS,  # the micro sign, as keyboards have it
    "epsilon": GRADIENT,
    "ε": GRADIENT,
    "ϵ": GRADIENT,
    "gaussian": "book/models/denoising.html#does-it-beat-filters-that-learn-nothing",
    "Conv2DTranspose": "book/studies/shapes.html#transposed-convolution",
}
SAME = [
    ("upsampling", "up-sampling"),
    ("autoencoder", "auto-encoder"),
    ("autoencoder", "autoencodr"),
    ("autoencoder", "오토인코더"),
    ("loss nan", "Why is my loss NaN?"),
    ("loss move", "The loss doesn’t move!"),
    ("KL zero", "KL is 0"),
    ("color", "colour"),
    ("beta", "β"),
    ("1,000", "1000"),
]
NOTHING = ["xyzzyq", "theta", "<xyzzyq>", "?!", "xyzzyq " * 300]


@pytest.fixture(scope="module", params=["http", pytest.param("file", marks=pytest.mark.heavy)])
def start(request, site):
    """The site's address, by a server and as a folder."""
    return request.getfixturevalue("host") if request.param == "http" else site.as_uri()


@pytest.fixture(scope="module")
def watched(browser, start):
    with Watched(browser, start) as watched:
        watched.start = start
        yield watched


def found(watched, query):
    """Return the status and the found addresses, the best first."""
    page = watched.page
    page.goto(f"{watched.start}/search.html?q={quote(query)}")
    expect(page.locator("#search-status")).not_to_be_empty()
    links = page.locator("#search-results a")
    assert watched.errors == []
    assert watched.strangers == []
    status = page.locator("#search-status").inner_text()
    return status, links.evaluate_all("links => links.map(a => a.getAttribute('href'))")


@pytest.mark.heavy
@pytest.mark.parametrize(("query", "address"), FIRST.items())
def test_the_place_about_it_comes_first(watched, query, address):
    assert found(watched, query)[1][0] == address


@pytest.mark.heavy
@pytest.mark.parametrize(("one", "other"), SAME)
def test_other_spellings_find_the_same(watched, one, other):
    expected = found(watched, one)[1]
    assert expected
    assert sorted(found(watched, other)[1]) == sorted(expected)


@pytest.mark.parametrize("query", NOTHING)
def test_nothing_found_says_so(watched, query):
    status, addresses = found(watched, query)
    assert addresses == []
    assert "Nothing found" in status
    assert query.strip() in status or len(query) > 1000


@pytest.mark.heavy
@pytest.mark.parametrize("number", ["0.693", "28", "784", "60,000"])
def test_numbers_are_found(watched, number):
    assert found(watched, number)[1]
    assert number in watched.page.locator("#search-results mark").all_inner_texts()


def test_a_typing_error_is_named(watched):
    assert found(watched, "autoencodr")[0].startswith("No page has “autoencodr”.")


def test_without_a_question_there_is_no_answer(watched):
    watched.page.goto(f"{watched.start}/search.html?q=")
    expect(watched.page.locator("main input[name=q]")).to_be_focused()
    assert watched.page.locator("#search-results li").count() == 0
    assert watched.errors == []


@pytest.mark.parametrize("query", ["autoencoder", "KL", "denoising", "seed", "28"])
def test_no_place_twice_and_each_is_there(watched, query):
    status, addresses = found(watched, query)
    assert status.startswith(f"{len(addresses)} results")
    assert len(set(addresses)) == len(addresses)
    for address in addresses:
        page, _, anchor = address.partition("#")
        text = (SITE / page).read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in text


def test_a_result_says_where_it_is_and_shows_the_words(watched):
    found(watched, "receptive field")
    first = watched.page.locator("#search-results li").first
    expect(first.locator("a")).to_have_text("Following shapes through layers > The receptive field")
    marked = first.locator("mark").all_inner_texts()
    assert {"receptive", "field"} <= {word.lower() for word in marked}


def test_keyboard_alone_leads_from_a_page_to_the_place(watched):
    page = watched.page
    page.goto(f"{watched.start}/book/index.html", wait_until="networkidle")
    page.keyboard.press("Control+k")
    page.keyboard.type("posterior collapse")
    page.keyboard.press("Enter")
    link = page.locator("#search-results a").first
    expect(link).to_be_visible()
    expect(page.locator("[role=status]")).to_contain_text("for “posterior collapse”")
    expect(page).to_have_title(re.compile("^posterior collapse - "))
    for _ in range(5):
        page.keyboard.press("Tab")
        if link.evaluate("a => a === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{watched.start}/{COLLAPSE}#a-vae-with-a-weight")
    assert watched.errors == []


def test_who_comes_back_to_a_page_finds_no_words_marked(watched):
    page = watched.page
    found(watched, "receptive field")
    page.locator("#search-results a").first.click()
    expect(page.locator("article .highlighted")).not_to_have_count(0)
    # What a browser says that keeps the page, as it is, for the way back.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    expect(page.locator(".highlighted")).to_have_count(0)
    page.reload()
    expect(page.locator("article h1")).to_be_visible()
    assert page.locator(".highlighted").count() == 0
    assert watched.errors == []


@pytest.mark.parametrize("query", ["autoencoder", "MSE", "x" * 3000])
def test_results_are_readable_by_everyone_on_a_phone(host, browser, query):
    with Watched(browser, host) as watched:
        watched.start = host
        watched.page.set_viewport_size(PHONE)
        found(watched, query)
        assert watched.page.evaluate(TOO_WIDE) == []
        for theme in ("light", "dark"):
            switch_theme(watched.page, theme)
            assert axe_findings(watched.page) == []


def test_the_index_is_no_larger_than_the_prose_asks_for(site):
    # Less than a chapter's page with its pictures, and with the search page alone.
    assert (site / INDEX).stat().st_size < 700_000


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\(\beta\,\mathrm{KL}(q \| p)\)", "β KL(q p)"),
        (r"\(\log \sigma^2\)", "log σ^2"),
        (r"\[\varepsilon \sim N(0, 1)\]", "ε N(0, 1)"),
        (r"\(\Sigma_{i} \theta_i\)", "Σ_i θ_i"),
        (r"\[\begin{split}\begin{aligned} z &= x \end{aligned}\end{split}\]", "z = x"),
    ],
)
def test_formulas_are_read_as_signs(latex, text):
    assert " ".join(plain_math(latex).split()) == text


def test_the_glossary_names_the_sections_that_explain_a_term():
    page = """<article><section id="glossary"><h1>Glossary<a class="headerlink">#</a></h1><p>Terms.</p>
      <dl class="glossary"><dt id="term-KL"><strong>KL divergence</strong>, <strong>KL</strong> (발산)</dt>
      <dd><p>A price. See <a href="11.html#idea">11</a>.</p></dd></dl></section></article>"""
    places, terms = read(page)
    assert places == [
        {"title": "Glossary", "id": "", "text": "Terms.", "code": ""},
        {"title": "KL divergence, KL (발산)", "id": "term-KL", "text": "A price. See 11.",
         "names": ["KL divergence", "KL", "발산"]},
    ]  # fmt: skip
    assert terms == [(["KL divergence", "KL", "발산"], ["11.html#idea"])]
