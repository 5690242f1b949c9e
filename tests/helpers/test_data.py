"""Every source of digits, every broken file, every bad download, and the noise."""

import doctest
import hashlib
import io
import os
import pickle
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import tracemalloc
import zipfile
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import numpy as np
import pytest

from bookbuild.book import ROOT
from helpers import data
from helpers.data import files, mnist
from support import REAL, needs_real

# What Keras' loader does, without the ten seconds that starting TensorFlow takes.
FETCH = """
import os, urllib.request
folder = os.environ["KERAS_HOME"] + "/datasets"
os.mkdir(folder)
urllib.request.urlretrieve("https://storage.googleapis.com/mnist.npz", folder + "/mnist.npz")
"""
COPY = """
import os, shutil, sys
os.mkdir(os.environ["KERAS_HOME"] + "/datasets")
shutil.copy(sys.argv[1], os.environ["KERAS_HOME"] + "/datasets/mnist.npz")
"""


def python(code, *args):
    return [sys.executable, "-c", code, *map(str, args)]


@pytest.fixture(autouse=True)
def keras_cache(monkeypatch, tmp_path):
    """No BOOK_DATA, the full profile, and Keras' cache in a folder of the test's own."""
    for variable in ("BOOK_DATA", "BOOK_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "datasets" / "mnist.npz"


@pytest.fixture
def small(monkeypatch):
    """A data set of MNIST's layout, a little larger than the quick profile's part."""
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (2100, 28, 28), np.uint8),
        "y_train": rng.integers(0, 10, 2100, np.uint8),
        "x_test": rng.integers(0, 256, (510, 28, 28), np.uint8),
        "y_test": rng.integers(0, 10, 510, np.uint8),
    }
    table = {k: (a.shape, hashlib.sha256(a.tobytes()).hexdigest()) for k, a in arrays.items()}
    monkeypatch.setattr(mnist, "_ARRAYS", table)
    return arrays


@pytest.fixture
def good(small, tmp_path):
    """The file mnist.npz of the small data set, in a folder that is no source yet."""
    path = tmp_path / "good" / "mnist.npz"
    path.parent.mkdir()
    np.savez(path, **small)
    return path


# --- the three sources ---------------------------------------------------------------


def test_book_data(monkeypatch, capsys, small, good, keras_cache):
    monkeypatch.setenv("BOOK_DATA", str(good.parent))
    got = data.digits()
    assert (got.source, got.real) == ("BOOK_DATA", True)
    assert got.sha256 == hashlib.sha256(b"".join(a.tobytes() for a in small.values())).hexdigest()
    for x, y, part in [
        (got.x_train, got.y_train, "train"),
        (got.x_test, got.y_test, "test"),
    ]:
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        np.testing.assert_allclose(x[..., 0], small[f"x_{part}"] / 255, atol=1e-7)
        np.testing.assert_array_equal(y, small[f"y_{part}"])
        assert (x.min(), x.max()) == (0, 1)
    line = "Digits: MNIST from the folder BOOK_DATA, 2,100 training and 510 test images.\n"
    assert capsys.readouterr().out == line
    assert not keras_cache.parent.exists()


def test_folder_without_the_file_leads_to_keras_cache(
    monkeypatch, capsys, tmp_path, good, keras_cache
):
    keras_cache.parent.mkdir(parents=True)
    good.rename(keras_cache)
    monkeypatch.setenv("BOOK_DATA", str(tmp_path / "good"))  # empty now
    monkeypatch.setattr(mnist, "_DOWNLOAD", python("raise SystemExit('no download is due')"))
    assert data.digits().source == "keras"
    first, second = capsys.readouterr().out.splitlines()
    assert "holds no mnist.npz" in first and str(tmp_path / "good") in first
    assert second == "Digits: MNIST from Keras' cache, 2,100 training and 510 test images."


def test_missing_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOOK_DATA", "shared/data")
    with pytest.raises(data.DataError) as error:
        data.digits()
    # A relative folder is the common slip, so the full path is shown.
    for word in ("BOOK_DATA=shared/data", str(tmp_path / "shared/data"), "unset it"):
        assert word in str(error.value)


def test_embedded(monkeypatch, capsys):
    from sklearn.datasets import load_digits

    monkeypatch.setenv("BOOK_DATA", "embedded")
    got = data.digits()
    assert (got.source, got.real) == ("embedded", False)
    assert (len(got.x_train), len(got.x_test)) == (1500, 297)
    x, y = (
        np.concatenate([got.x_train, got.x_test]),
        np.concatenate([got.y_train, got.y_test]),
    )
    assert (x.shape, x.dtype, y.dtype) == ((1797, 28, 28, 1), np.float32, np.int64)
    assert (x.min(), x.max()) == (0, 1)
    small, labels = load_digits(return_X_y=True)
    np.testing.assert_array_equal(y, labels)
    box = x[:, 4:24, 4:24, 0]
    assert x.sum() == pytest.approx(box.sum())  # the margin is blank
    # Averaged over 5x5 pixels, the box is the original averaged over 2x2.
    coarse = box.reshape(-1, 4, 5, 4, 5).mean(axis=(2, 4))
    original = small.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)) / 16
    assert np.abs(coarse - original).max() < 0.15
    assert got.sha256 == "fb633ac07542cbb19167b11bde7a21c2e5858ef20c58a6fdcad26f08d6d9feb4"
    line, warning = capsys.readouterr().out.splitlines()
    assert "1,500 training and 297 test" in line
    assert "stand-in" in warning and "BOOK_DATA=embedded" in warning


@pytest.mark.parametrize(("source", "sizes"), [("small", (2000, 500)), ("embedded", (1500, 297))])
def test_quick_profile_sizes(monkeypatch, capsys, good, small, source, sizes):
    monkeypatch.setenv("BOOK_DATA", "embedded" if source == "embedded" else str(good.parent))
    whole = data.digits()
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    capsys.readouterr()
    part = data.digits()
    assert (len(part.x_train), len(part.x_test)) == sizes
    assert (len(part.y_train), len(part.y_test)) == sizes
    np.testing.assert_array_equal(part.x_train, whole.x_train[: sizes[0]])
    assert part.sha256 == whole.sha256
    assert f"{sizes[0]:,} training and {sizes[1]} test images (quick" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "profile", "sizes"),
    [
        ("small", "full", (1925, 175, 510)),
        ("small", "quick", (1925, 175, 500)),
        ("embedded", "full", (1375, 125, 297)),
        ("embedded", "quick", (1375, 125, 297)),
    ],
)
def test_validation_images_are_the_last_twelfth_of_the_training_images(
    monkeypatch, capsys, good, small, source, profile, sizes
):
    monkeypatch.setenv("BOOK_DATA", "embedded" if source == "embedded" else str(good.parent))
    whole = data.digits()
    assert whole.x_valid is None and whole.y_valid is None
    monkeypatch.setenv("BOOK_PROFILE", profile)
    capsys.readouterr()
    got = data.digits(validation=True)
    for x, y, n in zip(
        (got.x_train, got.x_valid, got.x_test), (got.y_train, got.y_valid, got.y_test), sizes,
        strict=True,
    ):  # fmt: skip
        assert (x.shape, x.dtype, y.shape, y.dtype) == ((n, 28, 28, 1), np.float32, (n,), np.int64)
    np.testing.assert_array_equal(np.concatenate([got.x_train, got.x_valid]), whole.x_train)
    np.testing.assert_array_equal(np.concatenate([got.y_train, got.y_valid]), whole.y_train)
    np.testing.assert_array_equal(got.x_test, whole.x_test[: sizes[2]])
    assert got.sha256 == whole.sha256
    train, valid, test = sizes
    words = f"{train:,} training, {valid} validation and {test} test images"
    assert words in capsys.readouterr().out


def test_the_quick_profile_takes_its_validation_images_from_those_set_apart(
    monkeypatch, capsys, tmp_path
):
    x = np.zeros((9000, 28, 28), np.uint8)
    x[:, 0, 0], x[:, 0, 1] = np.divmod(np.arange(9000), 256)  # each image is another one
    arrays = {"x_train": x, "y_train": x[:, 0, 0], "x_test": x[:600], "y_test": x[:600, 0, 0]}
    table = {k: (a.shape, hashlib.sha256(a.tobytes()).hexdigest()) for k, a in arrays.items()}
    monkeypatch.setattr(mnist, "_ARRAYS", table)
    np.savez(tmp_path / "mnist.npz", **arrays)
    monkeypatch.setenv("BOOK_DATA", str(tmp_path))
    monkeypatch.setenv("BOOK_PROFILE", "quick")
    got = data.digits(validation=True)
    for part, first, n in [(got.x_train, 0, 2000), (got.x_valid, 8250, 500), (got.x_test, 0, 500)]:
        np.testing.assert_allclose(255 * part[..., 0], x[first : first + n], atol=1e-4)
    line = "2,000 training, 500 validation and 500 test images (quick profile)."
    assert line in capsys.readouterr().out


@needs_real("mnist.npz")
@pytest.mark.parametrize("source", ["BOOK_DATA", "keras"])
def test_real_mnist(monkeypatch, keras_cache, source):
    if source == "BOOK_DATA":
        monkeypatch.setenv("BOOK_DATA", str(REAL))
    else:
        keras_cache.parent.mkdir(parents=True)
        keras_cache.symlink_to(REAL / "mnist.npz")
    got = data.digits()
    assert (got.source, got.real) == (source, True)
    assert got.x_train.shape == (60000, 28, 28, 1)
    assert got.x_test.shape == (10000, 28, 28, 1)
    assert got.y_train[:5].tolist() == [5, 0, 4, 1, 9]  # the famous first five
    split = data.digits(validation=True)
    assert [len(x) for x in (split.x_train, split.x_valid, split.x_test)] == [55000, 5000, 10000]
    np.testing.assert_array_equal(split.x_valid, got.x_train[-5000:])
    np.testing.assert_array_equal(split.y_valid, got.y_train[-5000:])
    assert split.sha256 == got.sha256
    assert got.sha256 == "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"


# --- broken files: never used, and the message says what to do ------------------------


class Spy:
    """Unpickling it makes a folder: proof that a pickle was opened."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def damaged(arrays, path):
    """Change a byte among the pixels; the archive's table of contents stays whole."""
    np.savez(path, **arrays)
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)


def cut(arrays, path):
    np.savez(path, **arrays)
    path.write_bytes(path.read_bytes()[:100_000])


def one_pixel_off(arrays, path):
    x = arrays["x_test"].copy()
    x[3, 14, 14] ^= 1
    np.savez(path, **arrays | {"x_test": x})


def missing(arrays, path):
    np.savez(path, **{name: a for name, a in arrays.items() if name != "y_test"})


def pickled(arrays, path):
    spy = np.array([Spy(path.parent / "unpickled")], dtype=object)
    np.savez(path, **arrays | {"y_train": spy})


def zipped(path, arrays, packing=zipfile.ZIP_DEFLATED, **members):
    """Write an archive of arrays, and of members in bytes."""
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array)
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


def encrypted(arrays, path):
    """As far as a reader can see: the flag is set in both places of each member."""
    zipped(path, arrays)
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + place] |= 1
            at = content.find(mark, at + 4)
    path.write_bytes(content)


BOMB = 200_000_000  # bytes, of zeros: a thousandth of it on the disk


def bomb(arrays, path, shape=(2100, 28, 28), size=BOMB, denied=False):
    """Hide `size` zeros in x_train, behind a header that claims `shape`."""
    header = io.BytesIO()
    about = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, about)
    zipped(path, {}, x_train=header.getvalue() + bytes(size))
    if denied:
        honest = struct.pack("<I", len(header.getvalue()) + size)
        harmless = struct.pack("<I", len(header.getvalue()) + arrays["x_train"].nbytes)
        path.write_bytes(path.read_bytes().replace(honest, harmless))


BROKEN = {
    "empty": (lambda arrays, path: path.write_bytes(b""), "0 bytes"),
    "a web page": (
        lambda arrays, path: path.write_text("<html>404</html>"),
        "no archive",
    ),
    "one array": (
        lambda arrays, path: np.save(path.open("wb"), arrays["x_test"]),
        "no archive",
    ),
    "cut": (cut, "100,000 bytes that are cut short"),
    "damaged": (damaged, "Bad CRC-32"),
    "no labels": (missing, "none called y_test"),
    "one pixel off": (one_pixel_off, "x_test with SHA-256"),
    "flat": (
        lambda arrays, path: np.savez(
            path, **arrays | {"x_train": arrays["x_train"].reshape(-1, 784)}
        ),
        "x_train as uint8 (2100, 28, 28), got uint8 (2100, 784)",
    ),
    "floats": (
        lambda arrays, path: np.savez(path, **arrays | {"x_test": arrays["x_test"] / 255}),
        "x_test as uint8 (510, 28, 28), got float64 (510, 28, 28)",
    ),
    "a pickled array": (pickled, "y_train as uint8 (2100,), got object (1,)"),
    "encrypted": (encrypted, "is encrypted"),
    "packed otherwise": (
        lambda arrays, path: zipped(path, arrays, zipfile.ZIP_LZMA),
        "in a way that NumPy does not use",
    ),
    "a bomb that says so": (
        lambda arrays, path: bomb(arrays, path, shape=(BOMB,)),
        f"x_train as uint8 (2100, 28, 28), got uint8 ({BOMB},)",
    ),
    "a bomb behind a good header": (bomb, f"got {BOMB + 128:,} bytes"),
    "a bomb that the table of contents denies": (
        lambda arrays, path: bomb(arrays, path, denied=True),
        "Bad CRC-32",
    ),
    "an empty promise": (
        lambda arrays, path: bomb(arrays, path, shape=(6_000_000_000,), size=0),
        "got uint8 (6000000000,)",
    ),
    "a header of gigabytes": (
        lambda arrays, path: zipped(path, {}, x_train=b"\x93NUMPY\x02\x00\xff\xff\xff\xff"),
        "EOF: reading array header",
    ),
    "a large file": (
        lambda arrays, path: os.truncate(path.touch() or path, 10**10),
        "10,000,000,000 bytes that are cut short or no archive",
    ),
    "a pickle": (
        lambda arrays, path: path.write_bytes(pickle.dumps(Spy(path.parent / "unpickled"))),
        "no archive",
    ),
}


@pytest.mark.parametrize("place", ["BOOK_DATA", "keras"])
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_and_never_used(
    monkeypatch, capsys, tmp_path, small, keras_cache, place, kind
):
    path = keras_cache if place == "keras" else tmp_path / "folder" / "mnist.npz"
    path.parent.mkdir(parents=True)
    if place == "BOOK_DATA":
        monkeypatch.setenv("BOOK_DATA", str(path.parent))
    monkeypatch.setattr(mnist, "_DOWNLOAD", python("raise SystemExit('no download is due')"))
    write, actual = BROKEN[kind]
    write(small, path)
    before = sha256(path)

    tracemalloc.start()
    with pytest.raises(data.DataError) as error:
        data.digits()
    assert tracemalloc.get_traced_memory()[1] < 20_000_000  # the arrays have 2 million bytes
    tracemalloc.stop()
    assert isinstance(error.value, ValueError)
    for word in (f"{path}: expected ", "got ", actual, "delete it", "good copy"):
        assert word in str(error.value)
    assert capsys.readouterr().out == ""  # no other source is announced
    assert sha256(path) == before
    assert os.listdir(path.parent) == ["mnist.npz"]  # and no pickle was opened


def sha256(path):
    if path.stat().st_size > 10**9:
        return path.stat().st_size
    return hashlib.sha256(path.read_bytes()).hexdigest()


UNREADABLE = {
    "a folder": (lambda path: path.mkdir(), "it is a folder and no file"),
    "a pipe": (os.mkfifo, "it is a pipe and no file"),  # which nobody fills
    "a device": (lambda path: path.symlink_to("/dev/zero"), "it is a device and no file"),
    "a link to nothing": (
        lambda path: path.symlink_to("gone.npz"),
        "it is a link to gone.npz, where nothing is, and no file",
    ),
    "a link to itself": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    # The system's own file that answers every reading so.
    "a bad disk": (lambda path: path.symlink_to("/proc/self/mem"), "Input/output error"),
    "forbidden": (lambda path: (path.touch(), path.chmod(0)), "Permission denied"),
    "in a forbidden folder": (
        lambda path: (path.touch(), path.parent.chmod(0)),
        "Permission denied",
    ),
}


@pytest.fixture
def open_folder():
    """An empty folder in which every user may look: pytest's own are closed."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)
        os.chmod(folder, 0o755)  # or it could not be removed


@contextmanager
def nobody():
    """Root may read everything, so be somebody else meanwhile."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("place", ["BOOK_DATA", "keras"])
@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_not_called_cut_short_and_not_replaced(
    monkeypatch, capsys, open_folder, small, place, kind
):
    path = open_folder / "datasets" / "mnist.npz"
    path.parent.mkdir()
    monkeypatch.setenv("KERAS_HOME", str(open_folder))
    if place == "BOOK_DATA":
        monkeypatch.setenv("BOOK_DATA", str(path.parent))
    monkeypatch.setattr(mnist, "_DOWNLOAD", python("raise SystemExit('no download is due')"))
    make, why = UNREADABLE[kind]
    make(path)
    try:
        with nobody() if "forbidden" in kind else nullcontext():
            with pytest.raises(data.DataError) as error:
                data.digits()
    finally:
        path.parent.chmod(0o755)
    for word in (f"{path}: it cannot be read ({why}", "Nothing is used in its place: let this"):
        assert word in str(error.value)
    assert capsys.readouterr().out == ""


def test_book_data_is_a_folder_that_may_be_looked_into(monkeypatch, open_folder):
    file, link, inner = (open_folder / name for name in ("file", "link", "closed"))
    file.touch()
    link.symlink_to("gone")
    (inner / "data").mkdir(parents=True)
    for path, words in ((file, "found a file at"), (link, "found a link to gone, where nothing")):
        monkeypatch.setenv("BOOK_DATA", str(path))
        with pytest.raises(data.DataError, match=f"expected a folder, {words}"):
            data.digits()
    monkeypatch.setenv("BOOK_DATA", str(inner / "data"))
    inner.chmod(0)
    try:
        with nobody(), pytest.raises(data.DataError, match=r"cannot be read \(Permission denied\)"):
            data.digits()
    finally:
        inner.chmod(0o755)


@pytest.mark.parametrize(
    "write",
    [
        lambda path, arrays: zipped(path, arrays, zipfile.ZIP_STORED),
        lambda path, arrays: np.savez_compressed(path, **arrays, more=np.zeros(9)),
        lambda path, arrays: np.savez(path, **{k: np.asfortranarray(a) for k, a in arrays.items()}),
    ],
    ids=["stored", "compressed", "Fortran"],
)
def test_the_same_arrays_in_another_archive_are_the_same(monkeypatch, good, small, write):
    monkeypatch.setenv("BOOK_DATA", str(good.parent))
    whole = data.digits()
    write(good, small)
    again = data.digits()
    np.testing.assert_array_equal(again.x_train, whole.x_train)
    assert again.sha256 == whole.sha256


# --- the download ---------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate with which this machine may pose as Keras' host, and its key."""
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout {0} "
    command += "-addext subjectAltName=DNS:storage.googleapis.com -addext keyUsage=digitalSignature,keyCertSign"
    made = subprocess.run(command.format(path).split(), check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + made.stdout)
    return path


@pytest.fixture
def internet(monkeypatch, certificate):
    """Let a local proxy play the internet; return a function that sets its behaviour.

    `serve(content, length)` sends `content` under a header that promises `length`
    bytes, over TLS. `hang` keeps the line open after that. The function returns the
    list of requests that came.
    """
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    server = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.getsockname()[1]}")
    over = threading.Event()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)

    def answer(requests, connect, content, length, hang):
        with suppress(OSError):  # the client may be killed, the server closed
            line = server.accept()[0]
            requests.append(line.recv(10_000))  # CONNECT
            if connect:
                line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            if content:
                line = tls.wrap_socket(line, server_side=True)
                requests.append(line.recv(10_000))  # GET
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + content)
            if hang:
                over.wait()
            line.close()

    def serve(content=b"", length=0, connect=True, hang=False):
        requests = []
        args = (requests, connect, content, length, hang)
        threading.Thread(target=answer, args=args, daemon=True).start()
        return requests

    yield serve
    over.set()
    server.close()


def assert_stand_in(capsys, cache, reason):
    """`digits` falls back in two short lines that give the reason; no file is left."""
    got = data.digits()
    assert got.source == "embedded"
    line, warning = capsys.readouterr().out.splitlines()
    assert "1,500 training and 297 test" in line
    assert re.search(f"stand-in for MNIST .*not downloaded: .*{reason}", warning)
    assert len(warning) < 180
    assert os.listdir(cache.parent) == []


def assert_hangs(monkeypatch, capsys, cache, reached):
    """The loader is stopped where it hangs: in as many seconds as this machine needs to get there."""
    for seconds in (1, 5, 25, 125):
        monkeypatch.setattr(files, "DOWNLOAD_SECONDS", seconds)
        assert_stand_in(capsys, cache, f"not done after {seconds} s")
        if reached():
            return
    raise AssertionError("the loader was stopped before it could hang")


@pytest.mark.heavy
def test_keras_own_loader_fills_the_cache(
    monkeypatch, capsys, tmp_path, internet, good, keras_cache
):
    # Keras checks the file's hash, which the small data set cannot have.
    patch = "from keras.src.utils import file_utils; file_utils.validate_file = lambda *a, **k: 1;"
    monkeypatch.setattr(mnist, "_DOWNLOAD", python(patch + mnist._DOWNLOAD[-1]))
    monkeypatch.setattr(files, "DOWNLOAD_SECONDS", 300)  # a busy machine starts Keras slowly
    content = good.read_bytes()
    requests = internet(content, len(content))
    assert data.digits().source == "keras"
    assert b"/mnist.npz " in requests[1]
    assert "MNIST downloaded by Keras, 2,100 training" in capsys.readouterr().out
    assert os.listdir(keras_cache.parent) == ["mnist.npz"]
    assert data.digits().source == "keras"  # this time without internet
    assert "MNIST from Keras' cache" in capsys.readouterr().out


@pytest.mark.heavy
def test_keras_own_loader_breaks_half_way(monkeypatch, capsys, internet, keras_cache):
    monkeypatch.setattr(files, "DOWNLOAD_SECONDS", 300)
    requests = internet(b"PK" + bytes(100_000), length=11_490_434)
    assert_stand_in(capsys, keras_cache, r"got only 1\d+ out of 11490434 bytes")
    assert b"/mnist.npz " in requests[1]


@pytest.mark.parametrize("content", [b"", b"PK" + bytes(100_000)], ids=["at once", "half-way"])
def test_a_download_that_hangs(monkeypatch, capsys, internet, keras_cache, content):
    monkeypatch.setattr(mnist, "_DOWNLOAD", python(FETCH))
    requests = internet(content, length=11_490_434, connect=bool(content), hang=True)
    assert_hangs(monkeypatch, capsys, keras_cache, lambda: requests)


def test_a_line_that_closes(monkeypatch, capsys, internet, keras_cache):
    monkeypatch.setattr(mnist, "_DOWNLOAD", python(FETCH))
    requests = internet()
    assert_stand_in(capsys, keras_cache, "(EOF|reset)")
    assert requests


def test_the_hanging_loader_is_killed(monkeypatch, capsys, tmp_path, good, keras_cache):
    hang = "open(sys.argv[2], 'w').write(str(os.getpid())); import time; time.sleep(600)"
    pid = tmp_path / "pid"
    monkeypatch.setattr(mnist, "_DOWNLOAD", python(COPY + hang, good, pid))
    assert_hangs(monkeypatch, capsys, keras_cache, lambda: pid.exists() and pid.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (COPY, "what came is not MNIST"),
        ("", "Keras left no file"),
        ("import sys; sys.exit(7)", "the loader stopped with 7"),
        ("raise RuntimeError('x' * 500)", ""),
    ],
    ids=["a cut file", "no file", "a silent failure", "a long message"],
)
def test_a_loader_that_fails(monkeypatch, capsys, tmp_path, small, keras_cache, code, reason):
    cut(small, tmp_path / "cut.npz")
    monkeypatch.setattr(mnist, "_DOWNLOAD", python(code, tmp_path / "cut.npz"))
    assert_stand_in(capsys, keras_cache, reason)


@pytest.mark.parametrize("works", [True, False])
def test_an_unwritable_cache(monkeypatch, capsys, tmp_path, good, works):
    # Tests may run as root, who may write anywhere, but not below a file.
    home, system_temp = tmp_path / "file", tmp_path / "temp"
    home.write_text("not a folder")
    system_temp.mkdir()
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.setattr(tempfile, "tempdir", str(system_temp))
    monkeypatch.setattr(mnist, "_DOWNLOAD", python(COPY if works else "raise OSError('no')", good))
    got = data.digits()
    out = capsys.readouterr().out
    if works:
        assert (got.source, len(got.x_train)) == ("keras", 2100)
        assert f"not kept: {home}/datasets cannot be written" in out
    else:
        assert got.source == "embedded" and "not downloaded: OSError: no" in out
    assert os.listdir(system_temp) == []
    assert home.read_text() == "not a folder"


def test_two_processes_at_once(tmp_path, good, keras_cache):
    # Each download writes half its file, waits until the other has too and somebody has looked.
    slow = """
import os, pathlib, sys, time
good, meeting = map(pathlib.Path, sys.argv[1:3])
folder = pathlib.Path(os.environ["KERAS_HOME"], "datasets")
folder.mkdir()
content = good.read_bytes()
with open(folder / "mnist.npz", "wb") as file:
    file.write(content[:100_000])
    file.flush()
    (meeting / str(os.getpid())).touch()
    while len(list(meeting.iterdir())) < 3:
        time.sleep(0.05)
    file.write(content[100_000:])
"""
    reader = """
import sys
from helpers import data
from helpers.data import mnist
mnist._ARRAYS, mnist._DOWNLOAD = eval(sys.argv[1])
print(data.digits())
"""
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    command = python(reader, (mnist._ARRAYS, python(slow, good, meeting)))
    readers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    content = good.read_bytes()
    while any(reader.poll() is None for reader in readers):
        both_wait = len(list(meeting.iterdir())) == 2
        if keras_cache.exists():
            assert keras_cache.read_bytes() == content  # never half a file
        if both_wait:
            (meeting / "somebody has looked").touch()
    for reader in readers:
        out = reader.communicate()[0].decode()
        assert "MNIST downloaded by Keras, 2,100" in out and "source='keras'" in out
    assert os.listdir(keras_cache.parent) == ["mnist.npz"]
    assert keras_cache.read_bytes() == content


# --- the rest -------------------------------------------------------------------------


def test_importing_loads_no_large_library():
    code = "import sys, helpers.data; print(*{name.split('.')[0] for name in sys.modules})"
    out = subprocess.run(python(code), cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "numpy" in out.split()
    assert not {"tensorflow", "keras", "scipy", "sklearn", "matplotlib"} & set(out.split())


def test_the_examples_in_the_docstrings_run(monkeypatch):
    monkeypatch.setenv("BOOK_DATA", "")  # an example sets it; this puts it back
    for module in (files, mnist):
        result = doctest.testmod(module)
        assert result.attempted and not result.failed


@pytest.mark.parametrize("shape", [(5, 28, 28, 1), (5, 28, 28), (0, 28, 28, 1)])
def test_flat_is_a_view(shape):
    x = np.zeros(shape, np.float32)
    rows = data.flat(x)
    assert rows.shape == (shape[0], 784)
    if x.size:
        rows[2, 28] = 1
        assert x.reshape(shape[0], 28, 28)[2, 1, 0] == 1


@pytest.mark.parametrize(
    ("x", "actual"),
    [
        (np.zeros((28, 28)), "x has shape (28, 28)"),
        (np.zeros((5, 784)), "x has shape (5, 784)"),
        (np.zeros((5, 28, 28, 3)), "x has shape (5, 28, 28, 3)"),
        (np.zeros(()), "x has shape ()"),
        ([[0.0]], "x is a list"),
    ],
)
def test_flat_refuses_other_shapes(x, actual):
    with pytest.raises(ValueError) as error:
        data.flat(x)
    for word in (actual, "(n, 28, 28, 1) or (n, 28, 28) is wanted"):
        assert word in str(error.value)


def test_noise_statistics():
    x = np.full((100, 28, 28, 1), 0.5)
    noisy = data.add_noise(x, sigma=0.1, seed=0)
    assert (noisy.shape, noisy.dtype) == (x.shape, np.float32)
    assert (x == 0.5).all()
    noise = noisy - x  # 78,400 pixels; clipping is five sigma away
    assert noise.mean() == pytest.approx(0, abs=0.002)
    assert noise.std() == pytest.approx(0.1, rel=0.01)
    assert (np.abs(noise) < 0.1).mean() == pytest.approx(0.683, abs=0.01)  # Gaussian


def test_noise_is_clipped():
    noisy = data.add_noise(np.zeros((100, 28, 28, 1), np.float32), sigma=1, seed=0)
    assert (noisy.min(), noisy.max()) == (0, 1)
    assert (noisy == 0).mean() == pytest.approx(0.5, abs=0.01)
    assert (noisy == 1).mean() == pytest.approx(0.159, abs=0.01)


def test_noise_is_repeatable():
    x = np.linspace(0, 1, 1000, dtype=np.float32)
    first = data.add_noise(x, 0.3, seed=1)
    np.testing.assert_array_equal(first, data.add_noise(x, np.float32(0.3), seed=np.int64(1)))
    assert (first != data.add_noise(x, 0.3, seed=2)).mean() > 0.5
    np.testing.assert_array_equal(data.add_noise(x, 0, seed=1), x)


PIXELS = np.full((2, 28, 28, 1), 0.5, np.float32)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((PIXELS.tolist(), 0.1, 0), "x is a list; a float ndarray is wanted"),
        (
            (np.zeros((2, 2), np.uint8), 0.1, 0),
            "x has dtype uint8; .* divide .* by 255",
        ),
        ((np.zeros((2, 2), bool), 0.1, 0), "x has dtype bool; floats"),
        ((np.zeros((0, 28, 28, 1)), 0.1, 0), "x is empty"),
        ((PIXELS * 510, 0.1, 0), r"x runs from 255 to 255; \[0, 1\] is wanted: divide"),
        ((PIXELS - 1, 0.1, 0), "x runs from -0.5 to -0.5"),
        ((np.array([0.5, np.inf]), 0.1, 0), "x runs from 0.5 to inf"),
        ((np.array([0.5, np.nan]), 0.1, 0), "x holds NaN"),
        ((PIXELS, -0.1, 0), "sigma is -0.1; a finite number >= 0 is wanted"),
        ((PIXELS, np.nan, 0), "sigma is nan"),
        ((PIXELS, np.inf, 0), "sigma is inf"),
        ((PIXELS, "0.1", 0), "sigma is '0.1'"),
        ((PIXELS, None, 0), "sigma is None"),
        ((PIXELS, True, 0), "sigma is True"),
        ((PIXELS, np.array([0.1]), 0), r"sigma is array\(\[0.1\]\)"),
        ((PIXELS, 0.1, -1), "seed is -1; an int >= 0 is wanted"),
        ((PIXELS, 0.1, 1.0), "seed is 1.0"),
        ((PIXELS, 0.1, None), "seed is None"),
        ((PIXELS, 0.1, True), "seed is True"),
    ],
)
def test_noise_names_the_bad_argument(args, message):
    with pytest.raises(ValueError, match=message):
        data.add_noise(*args)
