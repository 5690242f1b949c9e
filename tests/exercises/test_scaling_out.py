"""The checks of "Scaling out"'s exercises: right answers pass, typical wrong ones hear why."""

import random
import threading

import dask.sizeof
import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import layers

from helpers import data, sweep
from helpers.exercises import NotAnswered, Wrong
from helpers.exercises.scaling_out import check_1, check_2, check_3, check_4


@pytest.fixture(scope="module")
def client():
    """A worker in a process of its own, with the stand-in's digits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        patch.setenv("BOOK_PROFILE", "full")
        client = sweep.connect(workers=1)
        yield client
        client.shutdown()


def test_predictions_of_a_sweep(capsys):
    check_1(50, 7.2, 20, 50)
    check_1(50.0, 36 / 5, 20.1, np.int64(50))  # the last task is still to be done
    assert "Right, all four" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer, words",
    [
        ({"seconds_of_36": 45}, "45: so a task would be cut in two"),
        ({"seconds_of_36": 360}, "that is one worker"),
        ({"seconds_of_36": 40}, "4 are left"),
        ({"seconds_of_36": 60}, "In how many rounds"),
        ({"times_sooner": 8}, "the last round is not full"),
        ({"times_sooner": 50 / 360}, "turn it"),
        ({"seconds_of_10_000": 2}, "who hands out the tasks"),
        ({"seconds_of_10_000": 22}, "the slower one counts, not the sum"),
        ({"seconds_of_10_000": 1000}, "that is one worker; the question is about 500"),
        ({"enough_workers": 500}, "Would 400 take longer"),
        ({"enough_workers": 200}, "the scheduler is the limit long before"),
        ({"enough_workers": "50"}, "wanted: a number"),
    ],
)
def test_typical_wrong_predictions(answer, words):
    right = {
        "seconds_of_36": 50,
        "times_sooner": 7.2,
        "seconds_of_10_000": 20,
        "enough_workers": 50,
    }
    with pytest.raises(Wrong, match=words):
        check_1(**right | answer)


def training(which):
    """A task that trains "A simple autoencoder"'s network."""

    # Within a function, because so it is sent as a notebook's function is: by itself.
    def my_task(rate, seed):
        x_train, x_valid = sweep.pixels(which)
        keras.utils.set_random_seed(seed)
        model = keras.Sequential(
            [
                keras.Input((784,)),
                layers.Dense(32, activation="relu"),
                layers.Dense(784, activation="sigmoid"),
            ]
        )
        model.compile(optimizer=keras.optimizers.Adam(rate), loss="binary_crossentropy")
        model.fit(x_train, x_train, batch_size=256, epochs=1, verbose=0)
        return {"valid_bce": model.evaluate(x_valid, x_valid, verbose=0)}

    return my_task


@pytest.fixture(scope="module")
def which():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_DATA", "embedded")
        return data.digits().sha256


@pytest.mark.heavy
def test_a_task_that_trains(client, which, capsys):
    check_2(training(which), client)
    assert "kB travel" in capsys.readouterr().out


def test_a_task_with_other_digits(client):
    with pytest.raises(Wrong, match=r"my_task\(rate=0.001, seed=0\) stopped .* other digits"):
        check_2(training("of another data set"), client)


def task(make):
    """A task without a network: quick, and its loss is what the test wants."""

    def my_task(rate, seed):
        return make(0.4 - 20 * rate + 0.001 * seed, seed)  # 0.38, 0.38, 0.381 and 0.2

    return my_task


@pytest.mark.heavy
@pytest.mark.parametrize(
    "make, words",
    [
        (lambda loss, seed: loss, "the task returned a float; wanted: a dict of numbers"),
        (lambda loss, seed: keras.callbacks.History(), "returned a History; wanted: a dict"),
        (lambda loss, seed: None, "the task returned nothing; wanted: a dict"),
        (lambda loss, seed: {"loss": loss}, 'no "valid_bce"'),
        (lambda loss, seed: {"valid_bce": [loss]}, "gives a list .* wanted: a plain number"),
        (lambda loss, seed: {"valid_bce": str(loss)}, "gives a str .* wanted: a plain number"),
        (lambda loss, seed: {"valid_bce": tf.constant(loss)}, "Tensor .* wanted: a plain number"),
        (lambda loss, seed: {"valid_bce": None}, "gives a NoneType .* wanted: a plain number"),
        (lambda loss, seed: {"valid_bce": threading.Lock()}, "type lock. Return plain numbers"),
        (lambda loss, seed: {"valid_bce": loss / np.float64(seed)}, "gives inf .* a finite number"),
        (lambda loss, seed: {"valid_bce": loss * np.nan}, "gives nan .* a finite number"),
        (
            lambda loss, seed: {"valid_bce": loss + np.random.default_rng().random()},
            r"seed 0 gave \d\.\d+, and once more \d\.\d+; wanted: the same",
        ),
        (lambda loss, seed: {"valid_bce": 0.3 + 0.1 * seed}, "both give 0.3. Is the rate used"),
        (lambda loss, seed: {"valid_bce": loss - 0.001 * seed}, "Does the seed set anything"),
        (lambda loss, seed: {"valid_bce": loss + 0.5}, "an untrained network has 0.69"),
        (lambda loss, seed: {"valid_bce": loss / 10}, "Is the loss binary_crossentropy"),
        (lambda loss, seed: {"valid_bce": 1 / seed}, "ZeroDivisionError: division by zero"),
    ],
)
def test_typical_wrong_results_of_a_task(client, make, words):
    with pytest.raises(Wrong, match=words):
        check_2(task(make), client)


def test_what_is_no_task(client):
    with pytest.raises(Wrong, match="my_task is a dict; wanted: the function itself"):
        check_2({"valid_bce": 0.2}, client)
    with pytest.raises(Wrong, match=r"seed=0\) stopped .* unexpected keyword argument 'rate'"):
        check_2(lambda seed: {"valid_bce": 0.2}, client)
    x_train, lock = np.ones((1000, 784), np.float32), threading.Lock()
    with pytest.raises(Wrong, match=r"takes 3 MB along .* sweep.pixels\(which\)"):
        check_2(task(lambda loss, seed: {"valid_bce": loss * x_train.max()}), client)
    with pytest.raises(Wrong, match="cannot be sent to a worker: cannot pickle '_thread.lock'"):
        check_2(task(lambda loss, seed: {"valid_bce": loss, "lock": lock}), client)


def test_dask_does_not_take_from_the_random_numbers_of_a_task(client):
    def thrown(loss, seed):
        random.seed(seed)
        dask.sizeof.sizeof(dict.fromkeys(range(100)))  # as a worker's heartbeat does, at any time
        assert random.random() == random.Random(seed).random()
        return {"valid_bce": loss}

    check_2(task(thrown), client)


def test_the_quick_profile_does_not_judge_the_loss_of_a_task(client, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_2(task(lambda loss, seed: {"valid_bce": np.float32(loss + 0.5)}), client)
    assert "the loss is not judged" in capsys.readouterr().out


def bend(images):
    """Shift each image by up to 2 pixels, and fade it a little: like the chapter's, but short."""
    n = tf.shape(images)[0]
    y, x = (tf.random.uniform((n, 1), -2, 3, tf.int32) for _ in range(2))
    place = (tf.range(784) + 28 * y + x) % 784
    return tf.gather(as_float(images), place, batch_dims=1) * tf.random.uniform((n, 1), 0.8, 1)


def as_float(images):
    return tf.cast(images, tf.float32) / 255


def pair(images):
    return images, images


@pytest.fixture(scope="module")
def source(many):
    return (255 * many).round().astype("uint8")


@pytest.fixture(scope="module")
def rows(source):
    return tf.data.Dataset.from_tensor_slices(source)


@pytest.mark.parametrize(
    "make",
    [
        lambda rows: rows.shuffle(300).repeat().batch(128).map(bend).map(pair).prefetch(2),
        lambda rows: rows.repeat().shuffle(300).batch(128).map(lambda i: pair(bend(i))),
        lambda rows: rows.cache().shuffle(300).batch(128).repeat().map(bend).map(pair),
        lambda rows: rows.shuffle(300).batch(128, drop_remainder=True).map(bend).map(pair).repeat(),
        lambda rows: rows.batch(1).map(bend).unbatch().shuffle(300).repeat().batch(128).map(pair),
        lambda rows: (
            rows.shuffle(300).repeat().filter(lambda i: True).batch(128).map(bend).map(pair)
        ),
    ],
)
def test_an_endless_stream(rows, source, make, capsys):
    check_3(make(rows), source)
    assert "different images of 297 digits" in capsys.readouterr().out


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda rows: rows.shuffle(300).batch(128).map(bend).map(pair), "ends after 3 batches"),
        (
            lambda rows: rows.shuffle(300).filter(lambda i: True).batch(128).map(bend).map(pair),
            "ends after 297 images; wanted: without end",
        ),
        (lambda rows: rows.shuffle(300).repeat().batch(128).map(bend), "gives single images"),
        (
            lambda rows: rows.shuffle(300).repeat().batch(128).map(bend).map(lambda i: (i, i, i)),
            "wanted: pairs",
        ),
        (
            lambda rows: rows.shuffle(300).repeat().batch(128).map(pair),
            "gives uint8; wanted: float32 twice",
        ),
        (
            lambda rows: rows.shuffle(300).repeat().batch(128).map(lambda i: (bend(i), i)),
            "gives uint8; wanted: float32 twice",
        ),
        (
            lambda rows: rows.shuffle(300).repeat().batch(128).map(lambda i: (bend(i), bend(i))),
            "the targets are not the images",
        ),
        (
            lambda rows: (
                rows.shuffle(300).repeat().batch(128).map(lambda i: (bend(i), as_float(i)))
            ),
            "the targets are not the images",
        ),
        (
            lambda rows: rows.shuffle(300).repeat().batch(64).map(bend).map(pair),
            "a batch has 64 images; wanted: 128",
        ),
        (
            lambda rows: rows.shuffle(300).repeat().map(as_float).map(pair),
            r"has the shape \(784,\); wanted: \(128, 784\). Is it batched",
        ),
        (
            lambda rows: (
                rows.shuffle(300)
                .repeat()
                .batch(128)
                .map(lambda i: pair(tf.reshape(bend(i), (-1, 28, 28))))
            ),
            r"has the shape \(128, 28, 28\); wanted: \(128, 784\)\.$",
        ),
        (
            lambda rows: rows.shuffle(300).repeat().batch(128).map(as_float).map(pair),
            "are those of source, not bent",
        ),
        (
            lambda rows: (
                rows.shuffle(300).repeat().batch(128).map(lambda i: pair(tf.cast(i, tf.float32)))
            ),
            "the pixels go from 0 to 255; wanted: from 0 to 1",
        ),
        (
            lambda rows: rows.shuffle(300).repeat().batch(128).map(as_float).map(bend).map(pair),
            "divided by 255 twice",
        ),
        (
            lambda rows: (
                rows.batch(297)
                .map(bend)
                .cache()
                .unbatch()
                .shuffle(300)
                .repeat()
                .batch(128)
                .map(pair)
            ),
            "only 297 are different: each was bent once",
        ),
        (
            lambda rows: rows.shuffle(300).batch(128).map(bend).cache().repeat().map(pair),
            "only 297 are different: each was bent once",
        ),
        (
            lambda rows: rows.repeat().batch(128).map(bend).map(pair),
            "the first digits of source in their order",
        ),
        (
            lambda rows: rows.batch(128).shuffle(3, seed=1).repeat().map(bend).map(pair),
            "the batches are mixed, the images are not. Put shuffle before batch",
        ),
        (
            lambda rows: rows.repeat().batch(128).shuffle(9, seed=1).map(bend).map(pair),
            "the batches are mixed, the images are not",
        ),
        (
            lambda rows: (
                rows.shuffle(300)
                .repeat()
                .batch(128)
                .map(lambda i: pair(tf.ensure_shape(bend(i), (7, 784))))
            ),
            "endless stops with an error: Shape of tensor .* is not compatible",
        ),
        (lambda rows: np.zeros((128, 784)), "is a ndarray; wanted: a tf.data.Dataset"),
    ],
)
def test_typical_wrong_streams(rows, source, make, words):
    with pytest.raises(Wrong, match=words):
        check_3(make(rows), source)


BY_BATCH = pd.DataFrame(  # three seeds of one setting: mean 0.125, standard error 0.0012
    {
        "batch": [128, 128, 128, 512],
        "rate": [0.002, 0.002, 0.002, 0.004],
        "valid_bce": [0.123, 0.125, 0.127, float("nan")],
    }
)


def sham():
    """A training without a network: the smaller the batch, the better, and seed 7 has luck."""

    def train_one(code, seed, batch=256, rate=0.003):
        assert code == 8 and seed in (7, 8, 9) and isinstance(batch, int)  # as Keras wants it
        if batch == 13:
            raise MemoryError("no such luck")
        luck = 0.002 * (seed - 8)
        if rate >= 0.1:
            luck = float("nan")
        return {"valid_bce": 0.1 + batch / 10_000 + luck}

    return train_one


@pytest.mark.parametrize(
    "settings",
    [
        {"batch": 64, "rate": 0.001},
        {"batch": 64.0, "rate": 0.002},  # as a row of a table has it
        {"rate": np.float32(0.002), "batch": np.int64(32)},
        {"batch": 210, "rate": 0.001},  # more than three standard errors below the mean
    ],
)
def test_a_good_place(client, settings, capsys):
    check_4(settings, client, sham(), BY_BATCH)
    reached = 0.1 + settings["batch"] / 10_000
    assert f"Right: {reached:.4f} from three other seeds" in capsys.readouterr().out


@pytest.mark.parametrize(
    "settings, words",
    [
        ((64, 0.001), "my_settings is a tuple; wanted: a dict"),
        ({"batch": 64}, "my_settings has no 'rate'"),
        ({"batch": 64, "rate": 0.001, "code": 32}, "has 'code', which is the same for all"),
        ({"batch": 64, "rate": 0.001, "n": 9}, "has 'n', which is the same for all"),
        ({"batch": 64, "rate": 0.001, "seed": 1}, "has 'seed', which is the same for all"),
        ({"batch": 64, "rate": 0.001, "penalty": 0}, "has 'penalty'; wanted"),
        ({"batch": "64", "rate": 0.001}, "the batch is '64', a str; wanted: a number"),
        ({"batch": 64, "rate": [0.001]}, "the rate is .0.001., a list; wanted: a number"),
        ({"batch": True, "rate": 0.001}, "the batch is True, a bool"),
        ({"batch": 64.5, "rate": 0.001}, "the batch is 64.5; wanted: a whole number"),
        ({"batch": 0, "rate": 0.001}, "the batch is 0; wanted: a whole number from 1"),
        ({"batch": 55_001, "rate": 0.001}, "from 1 to 55,000"),
        ({"batch": float("nan"), "rate": 0.001}, "the batch is nan; wanted: a whole number"),
        ({"batch": 64, "rate": 0}, "the rate is 0; wanted: more than 0"),
        ({"batch": 64, "rate": float("inf")}, "the rate is inf"),
        ({"batch": 64, "rate": 0.5}, "the loss is nan: the rate 0.5 is too high"),
        ({"batch": 13, "rate": 0.001}, "train_one.*batch=13.* MemoryError: no such luck"),
        (
            {"batch": 256, "rate": 0.001},
            r"a mean of 0.1256. The best mean of the study is 0.1250 \(batch 128, rate 0.002\)",
        ),
        ({"batch": 250, "rate": 0.001}, "Search on"),  # as good is not better
        ({"batch": 220, "rate": 0.001}, "Was yours a lucky run"),  # lower, by less than three
        ({"batch": 250, "rate": 0.002}, "a standard error of 0.0012"),
    ],
)
def test_typical_wrong_places(client, settings, words):
    with pytest.raises(Wrong, match=words):
        check_4(settings, client, sham(), BY_BATCH)


def test_the_quick_profile_judges_only_that_the_place_trains(client, monkeypatch, capsys):
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    check_4({"batch": 512, "rate": 0.001}, client, sham(), BY_BATCH)
    assert "they reach 0.1512" in capsys.readouterr().out
    with pytest.raises(Wrong, match="the rate 0.5 is too high"):
        check_4({"batch": 512, "rate": 0.5}, client, sham(), BY_BATCH)


class Ended:
    """What is left of a client after its shutdown()."""

    status = "closed"


def test_workers_that_have_been_ended():
    with pytest.raises(Wrong, match="the workers have been ended"):
        check_2(task(lambda loss, seed: {"valid_bce": loss}), Ended())
    with pytest.raises(Wrong, match="the workers have been ended"):
        check_4({"batch": 64, "rate": 0.001}, Ended(), sham(), BY_BATCH)


@pytest.mark.parametrize(
    "check, answers, rest",
    [
        (check_1, [50, 7.2, 20, None], []),
        (check_2, [None], [None]),
        (check_3, [None], [None]),
        (check_4, [None], [None] * 3),
        (check_4, [{"batch": 64, "rate": None}], [None] * 3),
    ],
)
def test_open_stubs(check, answers, rest):
    with pytest.raises(NotAnswered, match="still None"):
        check(*answers, *rest)
