"""Heartbeats: load an electrocardiogram, find its beats, cut them out, label them by a rule."""

import importlib.util
import os
import sys
import tempfile
import textwrap
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import signal

from helpers.data import files
from helpers.words import say

__all__ = ["RATE", "Record", "Rule", "band_pass", "cut", "find_beats", "judge", "record"]

#: Samples per second of the record.
RATE = 360

# Shape, and SHA-256 of the bytes of the samples as the amplifier gave them.
_SHAPE = (108_000,)
_SHA256 = "45cbec844577d9c7e2117b2011a5d524ab6dd49d93c29f5f5aea690772681b8f"
_ZERO, _GAIN = 1024, 200  # the amplifier's value at 0 mV, and its steps per mV

# SciPy's own loader fetches the file. As in `mnist`, a process of its own can be killed
# when the download hangs.
_DOWNLOAD = "import numpy, scipy.datasets, sys; numpy.save(sys.argv[1], "
_DOWNLOAD += "scipy.datasets.electrocardiogram())"


@dataclass(frozen=True, eq=False)
class Record:
    """An electrocardiogram: the heart's voltage over time.

    Attributes
    ----------
    ecg : ndarray of float32, shape (n,)
        Millivolts, `rate` samples a second.
    rate : int
        Samples a second, 360.
    source : {"BOOK_DATA", "scipy", "simulated"}
        Where it came from; see `record`.
    sha256 : str
        SHA-256 of the samples' bytes as uint16.
    """

    ecg: np.ndarray = field(repr=False)
    rate: int
    source: str
    sha256: str

    @property
    def real(self) -> bool:
        """Whether a heart was recorded, not simulated."""
        return self.source != "simulated"


def record() -> Record:
    """Load the electrocardiogram from the best source at hand and print which it was.

    The sources, in this order:

    1. ``BOOK_DATA``: the file ``ecg.dat`` in the folder that the environment variable
       ``BOOK_DATA`` names.
    2. ``scipy``: ``scipy.datasets.electrocardiogram`` with its cache. It needs the package
       pooch, and may take `helpers.data.files.DOWNLOAD_SECONDS`.
    3. ``simulated``: a record that `record` makes up, when neither is to be had.
       ``BOOK_DATA=embedded`` asks for it outright.

    Returns
    -------
    Record
        Five minutes, 108,000 samples at 360 Hz.

    Raises
    ------
    DataError
        If ``BOOK_DATA`` is no folder, or the ``ecg.dat`` there is cut, damaged, pickled or
        another record. Such a file is never used, and nothing else in its place.

    Notes
    -----
    The record holds the minutes 19:35 to 24:35 of number 208 (lead MLII) of the MIT-BIH
    Arrhythmia Database. Samples are whole numbers of 11 bits: 1,024 is 0 mV, 200 are 1 mV.

    The simulated record draws each beat as a sum of five bell curves (the waves P, Q, R, S
    and T), the time between beats varying, on a wandering baseline with noise. One beat in
    five is wide, early and followed by a pause, like a premature ventricular beat. It is
    the same at every call.

    References
    ----------
    G. B. Moody, R. G. Mark: The impact of the MIT-BIH Arrhythmia Database (2001),
    https://doi.org/10.1109/51.932724; data: https://doi.org/10.13026/C2F305 (Open Data
    Commons Attribution License).

    Sums of bell curves: P. E. McSharry, G. D. Clifford, L. Tarassenko, L. A. Smith: A
    dynamical model for generating synthetic electrocardiogram signals (2003),
    https://doi.org/10.1109/TBME.2003.808805.

    Examples
    --------
    >>> import os
    >>> os.environ["BOOK_DATA"] = "embedded"  # so that the example needs no internet
    >>> ecg = record()
    Heartbeats: a simulated electrocardiogram, 300 seconds at 360 Hz.
    No heart was recorded (BOOK_DATA=embedded): numbers will differ from the text.
    >>> ecg.ecg.shape, ecg.real
    ((108000,), False)
    """
    if os.environ.get("BOOK_DATA") == "embedded":
        return _simulated("BOOK_DATA=embedded")
    if path := files.book_data_file("ecg.dat", say("SciPy's copy")):
        return _record(_load(path), "BOOK_DATA", say("record 208 from the folder BOOK_DATA"))
    try:
        samples = _download()
    except (ImportError, OSError) as why:
        why = textwrap.shorten(str(why), 100, placeholder="...")
        return _simulated(say("SciPy's copy was not to be had: {why}", why=why))
    return _record(samples, "scipy", say("record 208 from SciPy"))


def _load(path):
    """Read the samples of ecg.dat and verify them, or raise DataError."""
    advice = say(
        "delete it, or put a good copy of ecg.dat in its place (SciPy's, from "
        "https://github.com/scipy/dataset-ecg)."
    )
    return files.load_arrays(path, {"ecg": (np.uint16, _SHAPE, _SHA256)}, advice)["ecg"]


def _download():
    """Let SciPy load the record, from its cache or the internet, and verify it."""
    if importlib.util.find_spec("pooch") is None:
        raise ModuleNotFoundError(say("it needs the package pooch, which is not installed"))
    with tempfile.TemporaryDirectory(prefix="ecg-", ignore_cleanup_errors=True) as private:
        path = Path(private, "ecg.npy")
        files.run_download([sys.executable, "-c", _DOWNLOAD, str(path)])
        try:
            ecg = np.load(path, allow_pickle=False)
            samples = np.rint(np.nan_to_num(ecg) * _GAIN + _ZERO).astype(np.uint16)
        except Exception as why:  # cut short, say, on a full disk
            raise ConnectionError(say("what came is no array: {why}", why=why)) from None
    if samples.shape != _SHAPE or files.sha256_of(samples) != _SHA256:
        raise ConnectionError(say("what came is not that record, or not all of it"))
    return samples


def _simulated(why):
    """Return a record without a heart, and say why."""
    rng = np.random.default_rng(208)
    t = np.arange(_SHAPE[0]) / RATE
    ecg = rng.normal(0, 0.02, len(t))
    for period in (3.7, 11, 29):  # breathing and movement
        ecg += 0.15 * np.sin(2 * np.pi * t / period + rng.uniform(0, 6))

    # Waves: middle (s after the peak), width (s), height (mV). A wide beat has no P wave.
    usual = [(-0.14, 0.02, 0.15), (-0.03, 0.01, -0.15), (0, 0.011, 1.6), (0.03, 0.01, -0.3)]
    usual += [(0.2, 0.04, 0.3)]
    wide = [(-0.02, 0.03, 1.0), (0.02, 0.03, 1.0), (0.15, 0.07, -0.7)]
    middle_of_beat, was_wide = 0.5, True
    while middle_of_beat < t[-1] - 0.6:
        is_wide = not was_wide and rng.random() < 0.25  # one beat in five
        early = 0.12 if is_wide else 0
        near = np.abs(t - middle_of_beat) < 1
        size = rng.normal(1, 0.06)
        for middle, width, height in wide if is_wide else usual:
            width, height = np.array([width, size * height]) * rng.normal(1, 0.06, 2)
            far = t[near] - (middle_of_beat - early + middle)
            ecg[near] += height * np.exp(-((far / width) ** 2) / 2)
        breath = 0.03 * np.sin(2 * np.pi * middle_of_beat / 4)
        middle_of_beat += 0.6 + breath + rng.normal(0, 0.01)
        was_wide = is_wide
    samples = np.clip(np.rint(ecg * _GAIN + _ZERO), 0, 2047).astype(np.uint16)
    made = _record(samples, "simulated", say("a simulated electrocardiogram"))
    print(say("No heart was recorded ({why}): numbers will differ from the text.", why=why))
    return made


def _record(samples, source, what):
    """Turn samples into millivolts and print what they are."""
    ecg = ((samples.astype(np.float64) - _ZERO) / _GAIN).astype(np.float32)
    print(
        say(
            "Heartbeats: {what}, {seconds:g} seconds at {rate} Hz.",
            what=what,
            seconds=len(ecg) / RATE,
            rate=RATE,
        )
    )
    return Record(ecg, RATE, source, files.sha256_of(samples))


def band_pass(ecg, low=0.7, high=40.0, rate=RATE):
    """Take wandering (slow) and noise (fast) out of an electrocardiogram.

    Parameters
    ----------
    ecg : ndarray of float, shape (n,)
        At least one second.
    low, high : float
        Hertz: slower and faster changes than these are damped. 0 < low < high < rate / 2.
    rate : int
        Samples a second.

    Returns
    -------
    ndarray of float32, shape (n,)
        In the unit of `ecg`, centred near 0. Nothing is moved in time: the filter (a
        Butterworth of order 2) goes over the record forwards and backwards.

    Raises
    ------
    ValueError
        If `ecg` is no such array, is shorter than a second or holds NaN or infinity; if
        the frequencies are not in that order.
    """
    _check_ecg(ecg, rate)
    for name, value in [("low", low), ("high", high)]:
        if not isinstance(value, Real) or isinstance(value, bool):
            raise ValueError(
                say("{name} is {value!r}; a frequency in hertz is wanted", name=name, value=value)
            )
    if not 0 < low < high < rate / 2:
        raise ValueError(
            say(
                "the band is {low:g} to {high:g} Hz; 0 < low < high < {most:g} is wanted",
                low=low,
                high=high,
                most=rate / 2,
            )
        )
    sos = signal.butter(2, [low, high], "bandpass", fs=rate, output="sos")
    return signal.sosfiltfilt(sos, ecg.astype(np.float64)).astype(np.float32)


def find_beats(ecg, rate=RATE):
    """Find the R peaks, the highest point of each heartbeat.

    Parameters
    ----------
    ecg : ndarray of float, shape (n,)
        At least one second of an electrocardiogram whose R peaks point upwards.
    rate : int
        Samples a second.

    Returns
    -------
    ndarray of int64, shape (beats,)
        Index of each peak, rising; two are at least 0.2 s apart.

    Raises
    ------
    ValueError
        If `ecg` is no such array, or there is no peak in it.

    Notes
    -----
    A beat's main wave is the fastest part of it: what lies between 5 and 20 Hz, averaged as
    power over 0.1 s, has one hill for each beat. `scipy.signal.find_peaks` keeps the hills
    that rise to 0.4 of the usual height; the R peak is the highest point of the filtered
    electrocardiogram within 0.07 s of the hill. (Pan and Tompkins' detector of 1985,
    https://doi.org/10.1109/TBME.1985.325532, is the classic of this family.)

    Examples
    --------
    >>> ecg = np.zeros(1800)
    >>> ecg[200::360] = 1.0  # a beat each second
    >>> find_beats(ecg)
    array([ 200,  560,  920, 1280, 1640])
    """
    _check_ecg(ecg, rate)
    fast = band_pass(ecg, 5, 20, rate).astype(np.float64)
    width = max(1, round(0.1 * rate))
    hills = np.sqrt(np.convolve(fast**2, np.full(width, 1 / width), "same"))
    parts = np.array_split(hills, max(1, len(hills) // (2 * rate)))
    usual = float(np.median([part.max() for part in parts]))
    if usual > 1e-6:
        hills, _ = signal.find_peaks(
            hills, distance=rate // 4, height=0.4 * usual, prominence=0.3 * usual
        )
    if usual <= 1e-6 or not len(hills):
        raise ValueError(say("ecg has no peak; an electrocardiogram with heartbeats is wanted"))
    smooth, reach = band_pass(ecg, rate=rate), round(0.07 * rate)
    starts = np.maximum(hills - reach, 0)
    peaks = np.array([s + np.argmax(smooth[s : s + 2 * reach + 1]) for s in starts])
    far_enough = np.diff(peaks, prepend=-rate) >= rate // 5
    return peaks[far_enough].astype(np.int64)


def cut(ecg, peaks, values=64, before=0.2, after=0.36, rate=RATE):
    """Cut out the beats, all of one length, with the R peak always at the same place.

    Parameters
    ----------
    ecg : ndarray of float, shape (n,)
        Usually filtered: see `band_pass`.
    peaks : ndarray of int, shape (beats,)
        Rising indices of R peaks; see `find_beats`.
    values : int
        How many values describe a beat, at least 2. They are read off the record by
        linear interpolation, at equal distances from `before` to `after` the peak.
    before, after : float
        Seconds, > 0.
    rate : int
        Samples a second.

    Returns
    -------
    beats : ndarray of float32, shape (kept, values)
        In the unit of `ecg`.
    kept : ndarray of bool, shape (beats,)
        False for peaks too near to an end of the record to be cut.

    Raises
    ------
    ValueError
        If an argument is not as described, or no beat is left.

    Examples
    --------
    >>> beats, kept = cut(np.arange(1000.0), np.array([10, 500]), values=5)
    >>> beats
    array([[428. , 478.4, 528.8, 579.2, 629.6]], dtype=float32)
    >>> kept
    array([False,  True])
    """
    _check_ecg(ecg, rate)
    _check_peaks(peaks, len(ecg))
    if not isinstance(values, Integral) or isinstance(values, bool) or values < 2:
        raise ValueError(say("values is {values!r}; an int >= 2 is wanted", values=values))
    for name, value in [("before", before), ("after", after)]:
        if not isinstance(value, Real) or isinstance(value, bool) or not 0 < value < np.inf:
            raise ValueError(
                say("{name} is {value!r}; seconds > 0 are wanted", name=name, value=value)
            )
    kept = (peaks >= before * rate) & (peaks + after * rate <= len(ecg) - 1)
    if not kept.any():
        raise ValueError(
            say(
                "no beat lies {before:g} s after the start and {after:g} s before the end of the "
                "record of {seconds:g} s; a longer record is wanted",
                before=before,
                after=after,
                seconds=len(ecg) / rate,
            )
        )
    at = peaks[kept, np.newaxis] + rate * np.linspace(-before, after, values)
    return np.interp(at, np.arange(len(ecg)), ecg).astype(np.float32), kept


class Rule(NamedTuple):
    """What a rule without a network says of each beat; see `judge`.

    Attributes
    ----------
    early : ndarray of float64, shape (beats,)
        Time since the beat before, divided by the time to the beat after; NaN for the
        first and the last.
    likeness : ndarray of float64, shape (beats,)
        Correlation with the template, -1 to 1.
    kind : ndarray of str, shape (beats,)
        ``"premature"``, ``"odd"`` or ``"normal"``.
    """

    early: np.ndarray
    likeness: np.ndarray
    kind: np.ndarray


def judge(beats, peaks, template, early=0.95, unlike=0.7):
    """Label beats by when they come and by their shape, with no network in it.

    Parameters
    ----------
    beats : ndarray of float, shape (n, values)
        All beats of a record in their order; see `cut`.
    peaks : ndarray of int, shape (n,)
        Where their R peaks are, rising.
    template : ndarray of float, shape (values,)
        A typical beat.
    early : float
        A beat is early if the interval before it is shorter than this times the
        interval after it.
    unlike : float
        A beat is unlike the others if its correlation with `template` is below this.

    Returns
    -------
    Rule
        A beat that is both early and unlike is ``"premature"``; one that is unlike only,
        ``"odd"``; any other, ``"normal"``.

    Raises
    ------
    ValueError
        If an array has another shape or type, is empty or holds NaN, or a beat or the
        template is constant (then no correlation is defined).

    Notes
    -----
    A premature ventricular beat starts in the wrong place, too soon, and spoils the next
    regular one: a short interval, then a long one (the compensatory pause). Dividing one by
    the other cancels the heart rate, which a fixed limit in seconds would not.

    Examples
    --------
    >>> beats = np.array([[0, 1, 0], [0, 1, 0], [1, 0, 1], [0, 1, 0]], float)
    >>> judge(beats, np.array([0, 300, 500, 900]), template=beats[0]).kind
    array(['normal', 'normal', 'premature', 'normal'], dtype='<U9')
    """
    _check_beats("beats", beats, 2)
    _check_beats("template", template, 1)
    _check_peaks(peaks, np.inf)
    if beats.shape != (len(peaks), len(template)):
        raise ValueError(
            say(
                "beats are {beats}, peaks {peaks}, template {template}; (n, values), (n,) and "
                "(values,) are wanted",
                beats=beats.shape,
                peaks=peaks.shape,
                template=template.shape,
            )
        )
    for name, value in [("early", early), ("unlike", unlike)]:
        if not isinstance(value, Real) or isinstance(value, bool) or not np.isfinite(value):
            raise ValueError(say("{name} is {value!r}; a number is wanted", name=name, value=value))
    gaps = np.full(len(peaks) + 1, np.nan)
    gaps[1:-1] = np.diff(peaks)
    ratio = gaps[:-1] / gaps[1:]
    x = beats.astype(np.float64) - beats.mean(axis=1, keepdims=True)
    y = template.astype(np.float64) - template.mean()
    likeness = x @ y / (np.linalg.norm(x, axis=1) * np.linalg.norm(y))
    kind = np.where(likeness < unlike, "odd", "normal").astype("<U9")
    kind[(likeness < unlike) & (ratio < early)] = "premature"
    return Rule(ratio, likeness, kind)


def _check_ecg(ecg, rate):
    """Refuse what is no electrocardiogram, by name."""
    if not isinstance(rate, Integral) or isinstance(rate, bool) or rate < 100:
        raise ValueError(
            say("rate is {rate!r}; an int >= 100, samples a second, is wanted", rate=rate)
        )
    if not isinstance(ecg, np.ndarray):
        raise ValueError(say("ecg is a {kind}; a float ndarray is wanted", kind=type(ecg).__name__))
    if ecg.dtype.kind != "f":
        raise ValueError(
            say("ecg has dtype {dtype}; floats, millivolts, are wanted", dtype=ecg.dtype)
        )
    if ecg.ndim != 1:
        raise ValueError(say("ecg has shape {shape}; (n,), one lead, is wanted", shape=ecg.shape))
    if len(ecg) < rate:
        raise ValueError(
            say(
                "ecg has {n} samples, {seconds:.2g} s; at least 1 s is wanted",
                n=len(ecg),
                seconds=len(ecg) / rate,
            )
        )
    if not np.isfinite(ecg).all():
        raise ValueError(say("ecg holds NaN or infinity; finite values are wanted"))


def _check_peaks(peaks, n):
    if not isinstance(peaks, np.ndarray) or peaks.dtype.kind not in "iu" or peaks.ndim != 1:
        actual = getattr(peaks, "dtype", type(peaks).__name__), getattr(peaks, "shape", "")
        raise ValueError(
            say(
                "peaks are {kind} {shape}; an int ndarray (beats,) is wanted",
                kind=actual[0],
                shape=actual[1],
            )
        )
    if not len(peaks):
        raise ValueError(say("peaks are empty; at least one is wanted"))
    if peaks.min() < 0 or peaks.max() >= n or (np.diff(peaks.astype(np.int64)) <= 0).any():
        raise ValueError(say("peaks are not rising indices of ecg; those of find_beats are wanted"))


def _check_beats(name, x, ndim):
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or x.ndim != ndim or not x.size:
        actual = getattr(x, "dtype", type(x).__name__), getattr(x, "shape", "")
        expected = "(n, values)" if ndim == 2 else "(values,)"
        raise ValueError(
            say(
                "{name} are {kind} {shape}; a float ndarray {expected} is wanted",
                name=name,
                kind=actual[0],
                shape=actual[1],
                expected=expected,
            )
        )
    if not np.isfinite(x).all():
        raise ValueError(say("{name} hold NaN or infinity; finite values are wanted", name=name))
    if (np.ptp(x, axis=-1) == 0).any():
        raise ValueError(
            say("{name} hold a constant one; its correlation is not defined", name=name)
        )
