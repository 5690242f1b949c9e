"""What a chapter says of its playground is so: with the settings and digits stored in its notebook."""

import base64

import nbformat
import numpy as np
import pytest

from bookbuild import book
from support import in_node, script_address

pytestmark = pytest.mark.heavy  # whole trainings

ADDRESS = script_address("training.js")
SETTINGS = ["code", "hidden", "rate", "kind", "l1", "beta", "noise", "seed"]
TRAIN = """async ([_, { address, train, validation, cases, steps }]) => {
  const { trainingRun } = await import(address);
  const [a, b] = [train, validation].map((v) => Float32Array.from(v, (shade) => shade / 15));
  return cases.map((settings) => {
    const run = trainingRun({ settings, train: a, validation: b, steps });
    while (!run.pieces.next().done);
    const codes = run.network.encode(run.noisy.subarray(0, 8 * 196), 8);
    return { ...run.history.at(-1), first: run.history[0].validation,
      highest: Math.max(...run.history.map(({ training }) => training)),
      images: [...run.network.decode(codes, 8)].slice(0, 8 * 196) };
  });
}"""


def preset(chapter):
    """Return the settings, the steps and the shades of a chapter's playground."""
    notebook = nbformat.read(book.notebook(chapter), as_version=4)
    (widgets,) = notebook.metadata["widgets"].values()
    (model,) = (
        model
        for model in widgets["state"].values()
        if model["state"].get("_anywidget_id", "").endswith(".Playground")
    )
    images = {}
    for buffer in model["buffers"]:
        pairs = np.frombuffer(base64.b64decode(buffer["data"]), np.uint8)
        images[buffer["path"][0]] = np.stack([pairs >> 4, pairs & 15], axis=1).ravel().tolist()
    state = model["state"]
    return {name: state[name] for name in SETTINGS}, state["steps"], images


def trained(chapter, *changes):
    """Train the chapter's network, and the same with other settings."""
    settings, steps, images = preset(chapter)
    return in_node(
        {
            "address": ADDRESS,
            "train": images["_train"],
            "validation": images["_validation"],
            "steps": steps,
            "cases": [settings | {"pixels": 196} | change for change in ({}, *changes)],
        },
        TRAIN,
    )


def differences(run):
    """How much the eight reconstructions differ, at the pixel where they differ most."""
    return np.std(np.reshape(run["images"], (8, -1)), axis=0).max()


def test_introduction_learns_digits_from_two_numbers():
    (run,) = trained("introduction")
    assert run["validation"] < 0.22 < 0.6 < run["first"]
    assert differences(run) > 0.3


def test_simple_is_better_with_16_numbers_and_lost_at_a_rate_of_1():
    two, sixteen, lost = trained("simple", {"code": 16}, {"rate": 1})
    assert preset("simple")[0]["code"] == 2
    assert sixteen["validation"] < 0.8 * two["validation"]
    assert lost["highest"] > 10 and lost["validation"] > two["validation"]


def test_ten_times_the_penalty_leaves_fewer_active_numbers_and_a_higher_error():
    settings, _, _ = preset("sparse")
    weak, strong = trained("sparse", {"l1": 10 * settings["l1"]})
    assert settings["kind"] == "sparse"
    assert strong["active"] < 0.5 * weak["active"]
    assert strong["validation"] > 1.2 * weak["validation"]


def test_without_noise_the_error_is_lower():
    noisy, clean = trained("denoising", {"noise": 0})
    assert preset("denoising")[0]["noise"] == 0.5
    assert clean["validation"] < 0.9 * noisy["validation"]


def test_with_thirty_times_the_kl_all_digits_come_out_alike():
    settings, _, _ = preset("variational")
    alive, collapsed = trained("variational", {"beta": 30 * settings["beta"]})
    assert settings["kind"] == "variational"
    assert alive["kl"] > 1 and differences(alive) > 0.2
    assert collapsed["kl"] < 0.05 and differences(collapsed) < 0.02
