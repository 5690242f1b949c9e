"""The page of old errors: its old lines fail with the messages quoted, its new lines run.

The page is the only source. An entry is a heading of the third level; below it, blocks come in
turns: the old code, what it says today (its error; in the last section what it prints), the
code of today, and perhaps what that prints.
"""

import contextlib
import inspect
import io
import re
import subprocess
import sys
import zipfile

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from myst_parser.mdit_to_docutils.base import default_slugify
from PIL import Image

from bookbuild import book
from support import BLOCK, agrees, message, sections

PAGE = book.text("history").read_text()
SILENT = "It runs, but is wrong"
KERAS = tuple(map(int, keras.__version__.split(".")[:2]))


def cases(entry, text):
    """Yield each (entry, old code, what it says, code of today, what that prints or None)."""
    blocks = BLOCK.findall(text)
    while blocks:
        assert [kind for kind, _ in blocks[:3]] == ["python", "text", "python"], entry
        old, said, new = (block for _, block in blocks[:3])
        blocks = blocks[3:]
        printed = blocks.pop(0)[1] if blocks and blocks[0][0] == "text" else None
        yield entry, old, said, new, printed


CHAPTERS = sections(PAGE, 2)
ENTRIES = {
    section: sections(text, 3)
    for section, text in CHAPTERS.items()
    if section.startswith("It ") and "###" in text
}
BEFORE = BLOCK.search(CHAPTERS["What broke when"])[2]
LOUD, QUIET = (
    [
        case
        for section, entries in ENTRIES.items()
        if (section == SILENT) is silent
        for entry, text in entries.items()
        for case in cases(entry, text)
    ]
    for silent in (False, True)
)


def names(found):
    return [re.sub(r"\W+", "-", f"{case[0]} {i}") for i, case in enumerate(found)]


def save_as_a_newer_keras_would(path):
    """Save a model with a setting that the installed Keras does not know."""
    inputs = keras.Input((784,))
    keras.Model(inputs, keras.layers.Dense(32)(inputs)).save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    known = b'"GlorotUniform", "config": {'
    assert known in parts["config.json"]
    parts["config.json"] = parts["config.json"].replace(known, known + b'"tomorrow": null, ')
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    """A folder with a page and a model to read, and digits that need no download."""
    monkeypatch.chdir(tmp_path)
    Image.new("L", (1080, 840)).save("page.png")
    save_as_a_newer_keras_would("trained-at-home.keras")
    images, labels = np.zeros((8, 28, 28), "uint8"), np.arange(8, dtype="uint8")
    digits = (images, labels), (images, labels)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: digits)
    yield
    plt.close("all")


def run(code):
    """Run code after the lines that the page takes for granted; return what it prints."""
    if "disable_v2_behavior" in code:  # it changes TensorFlow for good: a program of its own
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        return ""
    space = {"__name__": "reader"}
    exec(BEFORE, space)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "cell", "exec"), space)
    return said.getvalue()


@pytest.mark.parametrize("case", LOUD, ids=names(LOUD))
def test_the_old_line_fails_with_the_message_quoted(case):
    _, old, said, _, _ = case
    with pytest.raises(Exception) as error:
        run(old)
    assert agrees(said, message(error.value)), message(error.value)


def printed_by(version, text, said):
    """Return what a version of Keras prints: an entry's block, or its sentence on Keras 3.13."""
    older = re.search(r"with Keras 3\.13 the second line says `(.+?)`", " ".join(text.split()))
    if older is None or version >= (3, 14):
        return said
    return f"{said.splitlines()[0]}\n{older[1]}\n"


@pytest.mark.parametrize("case", QUIET, ids=names(QUIET))
def test_the_silent_fault_shows_as_the_page_says(case):
    entry, old, said, _, _ = case
    assert run(old) == printed_by(KERAS, ENTRIES[SILENT][entry], said)


def test_the_page_tells_what_keras_printed_before():
    """With these versions or with Colab's, the test above runs one of the two."""
    text = ENTRIES[SILENT]["the weight of an activity penalty"]
    said = "1 images: 0.04\n256 images: 0.04\n"
    assert printed_by((3, 14), text, said) == said
    assert printed_by((3, 13), text, said) == "1 images: 0.04\n256 images: 10.24\n"


@pytest.mark.parametrize("case", LOUD + QUIET, ids=names(LOUD + QUIET))
def test_the_line_of_today_runs(case):
    *_, new, printed = case
    assert printed in (None, run(new))


def test_a_quotation_may_have_gaps_and_no_other_liberty():
    assert agrees("A: one\n...\nthree", "A: one\ntwo\nthree")
    assert agrees("A: from 'keras' (...)", "A: from 'keras' (/a/b.py)")
    assert not agrees("A: one", "A: one and more")
    assert not agrees("A: one ... four", "A: one two three")


def test_the_tables_lead_to_every_entry_and_quote_how_its_messages_begin():
    rows = re.findall(
        r"^\| (.+) \| \[(.+)\]\(#(.+)\) \|$", CHAPTERS["Find your message"], flags=re.M
    )
    said, linked = {}, set()
    for section in ENTRIES.values():
        for entry, text in section.items():
            said[default_slugify(entry)] = [case[2] for case in cases(entry, text)]
    for begins, words, slug in rows:
        assert slug in said and default_slugify(words) == slug
        linked.add(slug)
        if begins.startswith("`"):
            lines = [line for quoted in said[slug] for line in quoted.splitlines()]
            assert any(line.startswith(begins.strip("`")) for line in lines), begins
    assert linked == set(said)
    loud = [begins.strip("`") for begins, _, _ in rows if begins.startswith("`")]
    for entry, _, quoted, *_ in LOUD:
        assert any(line.startswith(tuple(loud)) for line in quoted.splitlines()), entry


def test_links_on_the_page_have_a_heading():
    heads = re.findall(r"^#+ (.+)$", BLOCK.sub("", PAGE), flags=re.M)
    assert set(re.findall(r"\]\(#(.+?)\)", PAGE)) <= set(map(default_slugify, heads))


def test_decay_is_ignored_and_the_schedule_does_what_it_did():
    with pytest.warns(UserWarning, match="`decay` is no longer supported"):
        keras.optimizers.SGD(learning_rate=0.001, decay=1e-6)
    rate = keras.optimizers.schedules.InverseTimeDecay(0.001, 1, 1e-6)
    assert float(rate(500_000)) == pytest.approx(0.001 / (1 + 1e-6 * 500_000))


def test_a_fixed_seed_draws_the_same_noise_at_every_call():
    draws = [keras.random.normal((3, 2), seed=1) for _ in range(2)]
    assert np.array_equal(*draws)
    assert not np.array_equal(keras.random.normal((3, 2)), keras.random.normal((3, 2)))


def test_a_model_with_a_lambda_loads_for_those_who_trust_it():
    run(
        'Model(inputs, Lambda(lambda t: 2 * t)(code)).save("doubled.keras")\n'
        'keras.models.load_model("doubled.keras", safe_mode=False)'
    )


def test_a_convolution_that_is_half_mended_runs_with_a_stride():
    image = keras.Input((28, 28, 1))
    assert keras.layers.Convolution2D(16, 3, 3, padding="same")(image).shape == (None, 10, 10, 16)


def test_epsilon_of_rmsprop_in_tensorflow_1():
    old = inspect.signature(tf.compat.v1.train.RMSPropOptimizer)
    assert old.parameters["epsilon"].default == 1e-10
