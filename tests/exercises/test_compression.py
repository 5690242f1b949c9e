"""The checks of "Compression"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.decomposition import PCA

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.compression import check_1, check_2, check_3


def chain(*parts, of=784):
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((of,)), *parts])


def trained(x, k=16):
    """Encoder, decoder and autoencoder that are at their best at once: PCA's matrices."""
    pca = PCA(k, random_state=0).fit(x)
    encoder, decoder = chain(layers.Dense(k)), chain(layers.Dense(784), of=k)
    encoder.set_weights([pca.components_.T, -pca.mean_ @ pca.components_.T])
    decoder.set_weights([pca.components_, pca.mean_])
    return encoder, decoder, keras.Sequential([encoder, decoder])


def test_a_rate():
    check_1(24, 192 / 784, 784 / 24)
    check_1(24.0, 0.245, np.float32(32.7))  # as the chapter would print them


@pytest.mark.parametrize(
    "answer, words",
    [
        ({"bytes_a_picture": 192}, "these are bits; eight"),
        ({"bytes_a_picture": 64}, "a byte for each number"),
        ({"bytes_a_picture": 256}, "4 bytes for each number"),
        ({"bytes_a_picture": 12}, "the question is about 64"),
        ({"bytes_a_picture": "24"}, "wanted: a number"),
        ({"bits_per_pixel": 3}, "bits of one number of the code"),
        ({"bits_per_pixel": 24 / 784}, "these are bytes per pixel"),
        ({"bits_per_pixel": 4.08}, "turn it"),
        ({"bits_per_pixel": float("nan")}, "wanted: a finite number"),
        ({"factor": 12.25}, "this counts numbers, as the tutorial does"),
        ({"factor": 784 / 192}, "that is bytes by bits"),
        ({"factor": 24 / 784}, "turn it"),
        ({"factor": 39.2}, "Divide the bytes of the raw picture"),
    ],
)
def test_typical_wrong_rates(answer, words):
    right = {"bytes_a_picture": 24, "bits_per_pixel": 192 / 784, "factor": 784 / 24}
    with pytest.raises(Wrong, match=words):
        check_1(**right | answer)


def rounded(decoder):
    small = keras.models.clone_model(decoder)
    small.set_weights([w.astype("float16").astype("float32") for w in decoder.get_weights()])
    return small


def test_half_the_bill(many, capsys):
    decoder = trained(many)[1]
    check_2(rounded(decoder), 2 * decoder.count_params() / 15, decoder, 35.0, 20.0)
    assert "Right: paid for after 1," in capsys.readouterr().out


def test_typical_wrong_bills(many):
    decoder = trained(many)[1]
    small, count = rounded(decoder), decoder.count_params()
    other = chain(layers.Dense(784), of=16)
    for answer, words in [
        ((decoder, 1), "the chapter's decoder itself"),
        ((keras.models.clone_model(decoder), 1), "do not fit into 16 bits"),
        ((rounded(other), 1), "other weights than decoder"),
        ((chain(layers.Dense(10), of=16), 1), r"makes \(10,\) of a code"),
        ((small, 4 * count / 15), "weights of 32 bits"),
        ((small, count / 15), "this counts weights"),
        ((small, 16 * count / 15), "16 bits are 2 bytes"),
        ((small, 2 * count / 35), "what a digit \\*saves\\*"),
        ((small, 7), "Divide the bytes of the decoder"),
        ((16, 7), "small_decoder is a int|small_decoder is an int"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(*answer, decoder, 35.0, 20.0)


@pytest.fixture(scope="module")
def packed():
    """Stands in for the study's `packed`: so many bits for each number."""

    def packed(encode, decode, x):
        z, points = encode(x), []
        for bits in (1, 2, 4, 6):
            step = np.ptp(z) / 2**bits
            error = np.mean((x - decode(np.rint(z / step) * step)) ** 2)
            points.append((bits * z.shape[1] / 784, -10 * np.log10(error)))
        return points

    return packed


def test_beating_pca(many, packed, capsys):
    encoder, decoder, _ = trained(many, 16)
    check_3(encoder, decoder, many, many, packed, 12.0)
    assert "and the best so far had 12.00 dB" in capsys.readouterr().out


def test_typical_wrong_ways_to_beat_pca(many, packed):
    encoder, decoder, whole = trained(many, 16)
    learned, few = many[::2], many[1::2]
    by_heart = trained(few, 24)
    for pair, target, words in [
        ((encoder, decoder), 40.0, "the best so far has 40.00 dB. Add a layer"),
        (trained(many, 200)[:2], 12.0, "takes 0.26 bits per pixel even with the coarsest"),
        (by_heart[:2], 12.0, "was it trained on the validation digits"),
        ((whole, decoder), 12.0, "puts out 784 numbers"),
        ((decoder, encoder), 12.0, "your_encoder does not take an input"),
        ((encoder, chain(layers.Dense(784), of=8)), 12.0, "your_decoder does not take an input"),
        ((encoder, chain(layers.Dense(10), of=16)), 12.0, r"makes \(10,\) of a code"),
        ((chain(layers.Reshape((28, 28))), decoder), 12.0, "wanted: a row of numbers"),
        ((chain(layers.Dense(16, kernel_initializer="zeros")), decoder), 12.0, "the same code"),
        ((20.2, decoder), 12.0, "your_encoder is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(*pair, learned, few, packed, target)


def test_the_quick_profile_judges_no_results(many, packed, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    encoder, decoder, _ = trained(many)
    check_3(encoder, decoder, many, many, packed, 40.0)
    assert "the PSNR is not judged" in capsys.readouterr().out


@pytest.mark.parametrize(
    "check, count, words",
    [
        (check_1, 3, "bytes_a_picture, bits_per_pixel and factor are still None"),
        (check_2, 5, "small_decoder and digits_needed are still None"),
        (check_3, 6, "your_encoder and your_decoder are still None"),
    ],
)
def test_open_answers(check, count, words):
    with pytest.raises(NotAnswered, match=words):
        check(*[None] * count)
