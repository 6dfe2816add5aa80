import gzip
import hashlib
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from pyclr.datasets import _files, fashion_mnist

REAL_FOLDER = os.environ.get("PYCLR_DATASETS")
CONTENTS = {
    "_TRAIN_IMAGES": bytes(16) + bytes(range(256)) * 49,  # 16 images
    "_TRAIN_LABELS": bytes(8) + bytes(range(16)),
    "_TEST_IMAGES": bytes(16) + bytes(28 * 28 * 3),
    "_TEST_LABELS": bytes(8) + bytes([1, 2, 3]),
}


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A small stand-in for the data set; returns {file name: gzip content}. Home is empty."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("PYCLR_DATASETS", raising=False)
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(fashion_mnist, "_MIRRORS", ())
    served = {}
    for attribute, content in CONTENTS.items():
        file = _files.DataFile(
            getattr(fashion_mnist, attribute).name, hashlib.sha256(content).hexdigest()
        )
        monkeypatch.setattr(fashion_mnist, attribute, file)
        served[file.name] = gzip.compress(content)
    return served


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def check(data):
    (x_train, y_train), (x_test, y_test) = data
    assert x_train.shape == (16, 28, 28)
    assert x_train.dtype == y_train.dtype == np.uint8
    assert x_train[0].ravel()[:3].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(y_train, np.arange(16))
    assert x_test.shape == (3, 28, 28)
    np.testing.assert_array_equal(y_test, [1, 2, 3])
    x_train[0] = 5  # the arrays can be written to


@pytest.mark.parametrize("subfolder", ["", "fashion-mnist", "fashion_mnist"])
@pytest.mark.parametrize("compressed", [True, False])
def test_local_folder(small, tmp_path, monkeypatch, subfolder, compressed):
    if not compressed:
        small = {name[:-3]: gzip.decompress(content) for name, content in small.items()}
    write(tmp_path / "data" / subfolder, small)
    monkeypatch.setenv("PYCLR_DATASETS", str(tmp_path / "data"))
    check(fashion_mnist.load_data())


@pytest.mark.parametrize("cache", [".pyclr", ".keras"])
def test_home_folder(small, tmp_path, cache):
    write(tmp_path / "home" / cache / "datasets" / "fashion-mnist", small)
    check(fashion_mnist.load_data())


def damaged_contents(content):
    flipped = bytearray(gzip.decompress(content))
    flipped[-1] ^= 1
    return [content[:-9], content[:2] + b"\0" + content[3:], bytes(flipped), b"", b"<html>"]


@pytest.mark.parametrize("kind", range(5))
def test_damaged_file_is_named(small, tmp_path, monkeypatch, kind):
    name = "t10k-labels-idx1-ubyte.gz"
    small[name] = damaged_contents(small[name])[kind]
    write(tmp_path, small)
    monkeypatch.setenv("PYCLR_DATASETS", str(tmp_path))
    with pytest.raises(ValueError, match="damaged") as error:
        fashion_mnist.load_data()
    expected = fashion_mnist._TEST_LABELS.digest
    assert str(tmp_path / name) in str(error.value)
    assert f"Expected: SHA-256 {expected}" in str(error.value)
    assert "Received: " in str(error.value)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder)) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()
        thread.join()


def test_download_is_kept(small, server, tmp_path, monkeypatch, capsys):
    folder, url = server
    write(folder, small)
    monkeypatch.setattr(fashion_mnist, "_MIRRORS", (f"{url}/missing/", url))
    check(fashion_mnist.load_data())
    assert "train-images-idx3-ubyte.gz: 100%" in capsys.readouterr().err
    kept = tmp_path / "home" / ".pyclr" / "datasets" / "fashion-mnist"
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == small
    monkeypatch.setattr(fashion_mnist, "_MIRRORS", ())
    check(fashion_mnist.load_data())


def test_damaged_download_is_not_kept(small, server, tmp_path, monkeypatch):
    folder, url = server
    write(folder, {name: b"<html>" for name in small})
    monkeypatch.setattr(fashion_mnist, "_MIRRORS", (url,))
    with pytest.raises(ValueError, match=f"{url}/train-images-idx3-ubyte.gz is damaged"):
        fashion_mnist.load_data()
    assert not (tmp_path / "home").exists()


def test_failed_write_leaves_nothing(small, server, tmp_path, monkeypatch):
    folder, url = server
    write(folder, small)
    monkeypatch.setattr(fashion_mnist, "_MIRRORS", (url,))

    def fail(source, target):
        raise PermissionError("read-only")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(PermissionError):
        fashion_mnist.load_data()
    assert not list((tmp_path / "home" / ".pyclr" / "datasets" / "fashion-mnist").iterdir())


def test_no_network_says_where_to_put_the_files(small, tmp_path, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "_MIRRORS", ("http://127.0.0.1:1",))
    with pytest.raises(ConnectionError) as error:
        fashion_mnist.load_data()
    message = str(error.value)
    assert "train-images-idx3-ubyte.gz" in message
    assert str(tmp_path / "home" / ".pyclr" / "datasets" / "fashion-mnist") in message
    assert "PYCLR_DATASETS" in message
    assert "http://127.0.0.1:1/train-images-idx3-ubyte.gz: " in message


@pytest.mark.skipif(not REAL_FOLDER, reason="PYCLR_DATASETS is not set")
def test_real_data():
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert x_train.shape == (60000, 28, 28)
    assert x_test.shape == (10000, 28, 28)
    np.testing.assert_array_equal(np.bincount(y_train), [6000] * 10)
    np.testing.assert_array_equal(np.bincount(y_test), [1000] * 10)
    assert x_train.mean() == pytest.approx(72.94, abs=0.01)  # 0.2860 * 255, as widely quoted
