"""The checks of "What is an autoencoder?"'s exercises: right answers pass, typical wrong ones hear why."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.decomposition import PCA

from helpers.exercises import NotAnswered, Wrong, introduction
from helpers.exercises.introduction import check_1, check_2, check_3


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


def move(x, by=3, axis=2):
    return np.roll(x.reshape(-1, 28, 28), by, axis=axis).reshape(-1, 784)


@pytest.mark.parametrize("letter", ["a", "(C)", " c "])
def test_a_prediction_is_answered_right_or_wrong(many, letter, capsys):
    ours = trained(many)[2]
    padded = np.pad(many.reshape(-1, 28, 28), ((0, 0), (0, 0), (3, 0)))[..., :28]
    for moved in (move(many), list(padded.reshape(-1, 784))):
        check_1(letter, moved, many, ours)
        said = capsys.readouterr().out
        assert "times as large: (c)" in said
        assert ("as you predicted" in said) == (letter != "a")


def test_a_prediction_is_one_of_three(many):
    with pytest.raises(Wrong, match="predicted is 'more'; wanted"):
        check_1("more", move(many), many, chain(layers.Dense(784)))


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda x: x, "the digits have not moved"),
        (lambda x: move(x, -3), "went to the left"),
        (lambda x: move(x, axis=1), "went down: axis 1 counts rows"),
        (lambda x: move(x, -3, axis=1), "went up"),
        (lambda x: move(x, axis=0), "axis 0 counts pictures"),
        (lambda x: move(x, 4), "does not hold the validation digits, 3 pixels"),
        (lambda x: move(x)[:100], "has 100 pictures; wanted: all"),
        (lambda x: move(x).reshape(-1, 28, 28), r"wanted: \(n, 784\)"),
        (lambda x: move(x) * np.nan, "not finite"),
        (lambda x: 0.5, r"has the shape \(\)"),
        (lambda x: "moved", "moved is a str"),
    ],
)
def test_typical_wrong_moves(many, change, words):
    with pytest.raises(Wrong, match=words):
        check_1("a", change(many), many, chain(layers.Dense(784)))


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
    check_2(threshold, alarms, learned, kinds, network)
    assert f"{alarms['letters']:.0%} of the letters" in capsys.readouterr().out
    # A little higher, and for the kinds alone that the text asks for:
    threshold *= 1.01
    asked = ("digits", "letters", "rotated")
    alarms = {kind: float(np.mean(errors(network, kinds[kind]) > threshold)) for kind in asked}
    check_2(float(threshold), alarms, learned, kinds, network)


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
            check_2(threshold, dict.fromkeys(kinds, 0.5), learned, kinds, network)


def test_a_threshold_set_on_validation_digits(many):
    """Half of the digits each, dealt out in turn, so that both have the same errors nearly."""
    learned, new = many[::2], many[1::2]
    network, kinds = trained(many)[2], {"digits": new, "letters": new, "rotated": new}
    with pytest.raises(Wrong, match="was set on the validation digits"):
        threshold = np.percentile(errors(network, new), 95)
        check_2(threshold, dict.fromkeys(kinds, 0.5), learned, kinds, network)


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
            check_2(threshold, alarms, learned, kinds, network)


@pytest.fixture(scope="module")
def of_both(many):
    return trained(np.concatenate([many, move(many)]), 32)


def test_one_network_for_two_kinds(many, of_both, capsys):
    check_3(of_both[2], many, trained(many, 32)[2])
    assert "on unmoved digits, 0.0" in capsys.readouterr().out


def test_typical_wrong_networks_for_two_kinds(many, of_both, monkeypatch):
    monkeypatch.setattr(introduction, "LIMIT", 0.002)
    ours = trained(many, 32)[2]
    for both, words in [
        (of_both, "both is 3 things; wanted: one network"),
        (ours, "the chapter's network itself"),
        (of_both[0], "Is it the encoder alone"),
        (trained(many, 33)[2], "wanted: one of the same size"),
        (trained(many, 31)[2], "Did it see moved digits"),
        (trained(move(many), 31)[2], "Did it see unmoved digits"),
        (chain(layers.Dense(8), layers.Dense(784)), "below 0.002 on both"),
        (0.01, "both is a float; wanted: a Keras model"),
    ]:
        with pytest.raises(Wrong, match=words):
            check_3(both, many, ours)


def test_the_quick_profile_judges_no_results(many, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_1("a", move(many), many, chain(layers.Dense(784)))
    check_3(chain(layers.Dense(784)), many, chain(layers.Dense(784), layers.Dense(784)))
    said = capsys.readouterr().out
    assert "the prediction is not judged" in said and "the error is not judged" in said


@pytest.mark.parametrize(
    "check, count, words",
    [
        (check_1, 4, "predicted and moved are still None"),
        (check_2, 5, "threshold and alarms are still None"),
        (check_3, 3, "both is still None"),
    ],
)
def test_open_answers(check, count, words):
    with pytest.raises(NotAnswered, match=words):
        check(*[None] * count)
