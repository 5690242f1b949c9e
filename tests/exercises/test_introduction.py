"""The checks of "What is an autoencoder?"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.decomposition import PCA

from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.introduction import check_1, check_2, check_3, check_4


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


def move(x, by=3, axis=2):
    return np.roll(x.reshape(-1, 28, 28), by, axis=axis).reshape(-1, 784)


def test_moved_digits(many, capsys):
    ours, mover = trained(many)[2], trained(move(many))[2]
    check_2(move(many), mover, many, ours)
    padded = np.pad(many.reshape(-1, 28, 28), ((0, 0), (0, 0), (3, 0)))[..., :28]
    check_2(list(padded.reshape(-1, 784)), mover, many, ours)
    assert "Right: on moved digits 0." in capsys.readouterr().out


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda x: x, "the digits have not moved"),
        (lambda x: move(x, -3), "went to the left"),
        (lambda x: move(x, axis=1), "went down: axis 1 counts rows"),
        (lambda x: move(x, -3, axis=1), "went up"),
        (lambda x: move(x, axis=0), "axis 0 counts pictures"),
        (lambda x: move(x, 4), "does not hold the test digits, 3 pixels"),
        (lambda x: move(x)[:100], "has 100 pictures; wanted: all"),
        (lambda x: move(x).reshape(-1, 28, 28), r"wanted: \(n, 784\)"),
        (lambda x: move(x) * np.nan, "not finite"),
        (lambda x: 0.5, r"has the shape \(\)"),
        (lambda x: "moved", "moved_test is a str"),
    ],
)
def test_typical_wrong_moves(many, change, words):
    ours = chain(layers.Dense(784))
    with pytest.raises(Wrong, match=words):
        check_2(change(many), chain(layers.Dense(784)), many, ours)


def test_typical_wrong_movers(many):
    ours, half = trained(many)[2], trained(many, 8)
    for mover, words in [
        (half, "mover is 3 things. .* take the last"),
        (ours, "the chapter's network itself"),
        (half[0], "Is it the encoder alone"),
        (half[2], "it looks as if it was trained on those"),
        (chain(layers.Dense(784)), "Is it trained, with as many steps"),
        (0.01, "mover is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_2(move(many), mover, many, ours)


@pytest.fixture(scope="module")
def guarded(many):
    """What an alarm has to do with: digits to learn from, kinds to tell apart, a network."""
    learned, new = many[:200], many[200:]
    rotated = np.rot90(new.reshape(-1, 28, 28), axes=(1, 2)).reshape(-1, 784)
    kinds = {"digits": new, "letters": move(new, 1), "rotated": rotated, "inverted": 1 - new}
    return learned, kinds, trained(learned)[2]


def errors(network, x):
    return np.mean((x - np.asarray(network(x))) ** 2, axis=1)


def test_an_alarm(guarded, capsys):
    learned, kinds, network = guarded
    threshold = np.percentile(errors(network, learned), 95)
    alarms = {kind: np.mean(errors(network, x) > threshold) for kind, x in kinds.items()}
    check_3(threshold, alarms, learned, kinds, network)
    assert f"{alarms['letters']:.0%} of the letters" in capsys.readouterr().out
    # A little higher, and for the kinds alone that the text asks for:
    threshold *= 1.01
    asked = ("digits", "letters", "rotated")
    alarms = {kind: float(np.mean(errors(network, kinds[kind]) > threshold)) for kind in asked}
    check_3(float(threshold), alarms, learned, kinds, network)


def test_typical_wrong_thresholds(guarded):
    learned, kinds, network = guarded
    error = errors(network, learned)
    right = np.percentile(error, 95)
    for threshold, words in [
        (784 * right, "a sum over the pixels"),
        (np.sqrt(right), "it is a root"),
        (np.percentile(error, 5), "the other end"),
        (np.percentile(error, 0.95), "counts in percent, from 0 to 100"),
        (error.mean(), "the aim was 5 %"),
        (error, "threshold is array"),
        ("high", "wanted: a number"),
        (np.nan, "wanted: a finite number"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(threshold, dict.fromkeys(kinds, 0.5), learned, kinds, network)


def test_a_threshold_set_on_test_digits(many):
    """Half of the digits each, dealt out in turn, so that both have the same errors nearly."""
    learned, new = many[::2], many[1::2]
    network, kinds = trained(many)[2], {"digits": new, "letters": new, "rotated": new}
    with pytest.raises(Wrong, match="was set on the test digits"):
        threshold = np.percentile(errors(network, new), 95)
        check_3(threshold, dict.fromkeys(kinds, 0.5), learned, kinds, network)


def test_typical_wrong_alarms(guarded):
    learned, kinds, network = guarded
    threshold = np.percentile(errors(network, learned), 95)
    above = {kind: errors(network, x) > threshold for kind, x in kinds.items()}
    right = {kind: float(found.mean()) for kind, found in above.items()}
    for alarms, words in [
        ({k: 1 - v for k, v in right.items()}, "the share that passes"),
        ({k: 100 * v for k, v in right.items()}, "in percent"),
        ({k: int(v.sum()) for k, v in above.items()}, "how many pictures"),
        ({k: v for k, v in right.items() if k != "letters"}, "says nothing of letters"),
        (right | {"rotated": right["digits"]}, r"alarms\['rotated'\] is .* which is not it"),
        (above, r"alarms\['digits'\] is array"),
        (list(right.values()), "alarms is a list; wanted: a dict"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(threshold, alarms, learned, kinds, network)


@pytest.fixture(scope="module")
def packed(many):
    """Stands in for the chapter's `packed_rate_and_psnr`: so many bits for each number."""

    def rate_and_psnr(encode, decode):
        z, points = encode(many), {}
        for bits in (1, 2, 4, 6):
            step = np.ptp(z) / 2**bits
            error = np.mean((many - decode(np.rint(z / step) * step)) ** 2)
            points[bits] = {"bpp": bits * z.shape[1] / 784, "psnr": -10 * np.log10(error)}
        return points

    return rate_and_psnr


def test_beating_pca(many, packed, capsys):
    encoder, decoder, _ = trained(many, 16)
    check_4(encoder, decoder, many, many, packed, 12.0)
    assert "and packed PCA has 12.00 dB" in capsys.readouterr().out


def test_typical_wrong_ways_to_beat_pca(many, packed):
    encoder, decoder, whole = trained(many, 16)
    learned, few = many[::2], many[1::2]
    by_heart = trained(few, 24)
    for pair, pca, words in [
        ((encoder, decoder), 40.0, "packed PCA 40.00 dB. One layer each way"),
        (trained(many, 200)[:2], 12.0, "takes 0.26 bits per pixel even with the coarsest"),
        (by_heart[:2], 12.0, "was it trained on the test digits"),
        ((whole, decoder), 12.0, "puts out 784 numbers"),
        ((decoder, encoder), 12.0, "your_encoder does not take an input"),
        ((encoder, chain(layers.Dense(784), of=8)), 12.0, "your_decoder does not take an input"),
        ((encoder, chain(layers.Dense(10), of=16)), 12.0, r"makes \(10,\) of a code"),
        ((chain(layers.Reshape((28, 28))), decoder), 12.0, "wanted: a row of numbers"),
        ((chain(layers.Dense(16, kernel_initializer="zeros")), decoder), 12.0, "the same code"),
        ((20.2, decoder), 12.0, "your_encoder is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_4(*pair, learned, few, packed, pca)


def test_the_quick_profile_judges_no_results(many, packed, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    encoder, decoder, whole = trained(many)
    check_2(move(many), chain(layers.Dense(784)), many, whole)
    check_4(encoder, decoder, many, many, packed, 40.0)
    said = capsys.readouterr().out
    assert "the error is not judged" in said and "the PSNR is not judged" in said


@pytest.mark.parametrize(
    "check, count, words",
    [
        (check_1, 3, "bytes_a_picture, bits_per_pixel and factor are still None"),
        (check_2, 4, "moved_test and mover are still None"),
        (check_3, 5, "threshold and alarms are still None"),
        (check_4, 6, "your_encoder and your_decoder are still None"),
    ],
)
def test_open_answers(check, count, words):
    with pytest.raises(NotAnswered, match=words):
        check(*[None] * count)
