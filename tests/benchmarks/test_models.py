"""The networks of the benchmarks are those of the chapters, and their five seeds agree with them."""

import dataclasses
import json

import numpy as np
import pytest

from benchmarks import models, seeds
from bookbuild import book
from helpers import data, results

#: What the chapter's own run, from one seed, reports of a network; and by which measure.
IN_ITS_CHAPTER = {
    "simple_2": ("mse", "bottleneck_mse.2"),
    "simple_4": ("mse", "bottleneck_mse.4"),
    "simple_8": ("mse", "bottleneck_mse.8"),
    "simple_16": ("mse", "bottleneck_mse.16"),
    "simple": ("bce", "test_bce"),
    "sparse": ("bce", "test_bce"),
    "dense_04": ("bce", "test_bce_dense"),
    "topk": ("mse", "topk_test_mse"),
    "simple_05": ("bce", "simple_test_bce"),
    "wide": ("bce", "wide_test_bce"),
    "deep": ("bce", "deep_test_bce"),
    "stack": ("mse", "stacked_test_mse"),
    "pretrain": ("bce", "pretrain_test_bce"),
    "conv": ("bce", "test_bce"),
    "upsampling": ("bce", "upsampling_test_bce"),
    "transposed": ("bce", "transpose_test_bce"),
    "strided": ("bce", "strided_test_bce"),
    "dense_denoiser": ("psnr", "fresh.psnr"),
    "denoiser": ("psnr", "psnr"),
    "unet": ("psnr", "better_psnr"),
    "vae_2d": ("elbo", "elbo_2d"),
    "vae_conv": ("elbo", "conv_2d.elbo"),
    "vae_20d": ("elbo", "elbo_20d"),
}
#: Those whose size the chapter says.
SIZES = ["simple", "wide", "deep", "conv", "upsampling", "transposed", "denoiser", "unet"]
SIZES += ["vae_2d", "vae_conv"]


@pytest.mark.parametrize("name", IN_ITS_CHAPTER)
def test_the_chapter_is_one_more_seed(name):
    """What the chapter reached lies about where five other seeds lie."""
    measure, key = IN_ITS_CHAPTER[name]
    reached = results.quote(f"{models.NETWORKS[name].chapter}:{key}")
    five = results.read("seeds")["metrics"][name][measure]
    apart = five["most"] - five["least"]
    assert five["least"] - apart <= reached <= five["most"] + apart


@pytest.mark.parametrize("name", SIZES)
def test_a_network_is_as_large_as_the_chapters(name):
    chapter = models.NETWORKS[name].chapter
    if name in ("simple", "wide"):  # "Deep autoencoders" counts them side by side
        chapter = "deep"
    model = models.NETWORKS[name].build()
    halves = (model.encoder, model.decoder) if name.startswith("vae") else (model,)
    count = sum(half.count_params() for half in halves)
    assert f"{count:,} parameters" in (book.notebook(chapter)).read_text()


@pytest.mark.parametrize("name, key", [("dense_128", "dense_128"), ("bottleneck", "bottleneck_32")])
def test_a_network_of_the_comparison_is_as_large_as_the_chapters(name, key):
    count = models.NETWORKS[name].build().count_params()
    assert count == results.quote(f"convolutional:parameters.{key}")


def test_every_network_that_was_trained_is_there_and_no_other():
    ledger = results.read("seeds")
    assert set(ledger["metrics"]) == set(seeds.NAMES)
    assert ledger["data"]["real"] and ledger["profile"] == "full"
    for name, reached in ledger["metrics"].items():
        assert reached["code"] == models.NETWORKS[name].code
        values = [reached["bce"][str(seed)] for seed in range(seeds.SEEDS)]
        assert reached["bce"]["mean"] == pytest.approx(np.mean(values), rel=1e-5)
        assert len(set(values)) == seeds.SEEDS  # another seed, another result


@pytest.fixture
def few(monkeypatch):
    """A few of the stand-in's digits."""
    monkeypatch.setenv("BOOK_DATA", "embedded")
    digits = data.digits()
    return dataclasses.replace(
        digits,
        x_train=digits.x_train[:300],
        y_train=digits.y_train[:300],
        x_test=digits.x_test[:50],
        y_test=digits.y_test[:50],
    )


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["simple", "transposed", "denoiser", "rows", "vae_2d", "vae_blog"])
@pytest.mark.parametrize("which", ["book", "source"])
def test_a_recipe_trains_and_is_repeatable(few, name, which):
    network = models.NETWORKS[name]
    recipe = getattr(network, which)
    if recipe is None:
        return
    runs = []
    for _ in range(2):
        model, seconds, tested = models.train(
            network,
            recipe,
            few,
            seed=1,
            epochs=1,
            evaluate=lambda m: models.test_error(network, m, few),
        )
        runs.append(models.reconstruct(network, model, few))
        assert len(seconds) == len(tested) == 1 and seconds[0] > 0
    assert runs[0].shape == (50, 28, 28) and 0 <= runs[0].min() <= runs[0].max() <= 1
    np.testing.assert_allclose(runs[0], runs[1], atol=1e-6)


def test_seconds_add_up_and_evaluating_does_not_count(few):
    network = models.NETWORKS["simple_2"]
    time, seen = iter(range(100)), []
    _, seconds, tested = models.train(
        network, network.book, few, 0, evaluate=seen.append, epochs=3, now=lambda: next(time)
    )
    assert seconds == [1, 2, 3] and len(seen) == 3
    assert tested == [None] * 3


def test_the_measures_of_a_known_error():
    x = np.zeros((2, 28, 28))
    x[:, 5:20, 10:18] = 1
    half = models.scores(x, np.full_like(x, 0.5))
    assert half["bce"] == pytest.approx(np.log(2))
    assert half["mse"] == pytest.approx(0.25)
    assert half["psnr"] == pytest.approx(10 * np.log10(4))
    assert models.scores(x, np.where(x, 0.9, 0.1))["ssim"] > half["ssim"]


def test_a_vae_of_which_all_is_known(few):
    """Encoder 0: the cloud is the prior, the KL is 0; decoder 0: every pixel costs log 2."""
    vae = models.NETWORKS["vae_2d"].build()
    for weights in [vae.encoder.weights, vae.decoder.weights]:
        for weight in weights:
            weight.assign(np.zeros(weight.shape))
    reached = models.nats(vae, few, draws=2)
    assert reached["kl"] == pytest.approx(0, abs=1e-6)
    assert reached["elbo"] == pytest.approx(-784 * np.log(2), rel=1e-5)


def test_the_spread_of_seeds():
    assert seeds.spread({0: 1.0, 1: 3.0}) == {
        0: 1.0, 1: 3.0, "mean": 2.0, "least": 1.0, "most": 3.0, "sd": pytest.approx(2**0.5)
    }  # fmt: skip


def test_a_network_that_is_not_there_is_told(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["seeds", "deeper"])
    with pytest.raises(SystemExit):
        seeds.main()
    assert "no network deeper; there are: ['simple_2'" in capsys.readouterr().err


def test_the_ledger_is_json_that_the_scoreboard_reads():
    text = (results.ROOT / "book" / "results" / "seeds.json").read_text()
    assert json.loads(text)["chapter"] == "seeds"
