"""The data sets that Keras has too, on small made-up files: the same arrays as Keras makes."""

import gzip
import hashlib
import importlib
import io
import json
import pickle
import tarfile

import numpy as np
import pytest

from pyclr.datasets import _cifar, _files

RNG = np.random.default_rng(5)


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def texts(count):
    rows = np.empty(count, object)
    for i in range(count):
        rows[i] = RNG.integers(1, 40, RNG.integers(2, 12)).tolist()
    return rows


def numbers(*shape):
    return RNG.normal(size=shape).astype("float32")


def pixels(*shape):
    return RNG.integers(0, 256, shape).astype("uint8")


def tar(folder, batches):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, batch in batches.items():
            content = pickle.dumps(batch)
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def batch(rows, *keys):
    data = np.resize(pixels(7, 3072), (rows, 3072))
    return {b"data": data, **{k: RNG.integers(0, 20, rows).tolist() for k in keys}}


def cifar10():
    train = {f"data_batch_{i}": batch(10_000, b"labels") for i in range(1, 6)}
    return tar("cifar-10-batches-py", {**train, "test_batch": batch(6, b"labels")})


CIFAR100 = {name: batch(7, b"fine_labels", b"coarse_labels") for name in ("train", "test")}
CONTENTS = {
    "mnist": npz(
        x_train=pixels(5, 28, 28), y_train=pixels(5), x_test=pixels(2, 28, 28), y_test=pixels(2)
    ),
    "boston_housing": npz(x=numbers(23, 13), y=numbers(23)),
    "california_housing": npz(x=numbers(700, 8), y=numbers(700)),
    "imdb": npz(
        x_train=texts(30), y_train=RNG.integers(0, 2, 30),
        x_test=texts(20), y_test=RNG.integers(0, 2, 20),
    ),
    "reuters": npz(x=texts(50), y=RNG.integers(0, 46, 50)),
    "cifar10": cifar10,  # as large as the real one, which Keras' loader wants: made when needed
    "cifar100": tar("cifar-100-python", CIFAR100),
}  # fmt: skip
INDEX = json.dumps({"the": 1, "naïve": 2}).encode()


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("PYCLR_DATASETS", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path


def put(monkeypatch, home, module, content, attribute="_FILE"):
    """Puts content in place of a data set's file; returns its path."""
    file = getattr(module, attribute)
    content = content() if callable(content) else content
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(module, attribute, _files.DataFile(file.name, digest, file.other_names))
    path = home / "data" / file.name
    path.write_bytes(content)
    return path


def same(ours, theirs):
    if isinstance(theirs, tuple):
        assert isinstance(ours, tuple) and len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)
    else:
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize(
    "name, kwargs",
    [
        ("mnist", {}),
        ("boston_housing", {}),
        ("boston_housing", {"test_split": 0.5, "seed": 3}),
        ("california_housing", {}),
        ("california_housing", {"version": "small", "test_split": 0}),
        ("imdb", {}),
        ("imdb", {"num_words": 20, "skip_top": 4, "maxlen": 8}),
        ("imdb", {"num_words": 20, "start_char": None, "index_from": 0, "oov_char": None}),
        ("imdb", {"start_char": None, "seed": 4}),
        ("reuters", {}),
        ("reuters", {"num_words": 20, "maxlen": 9, "test_split": 0.4, "seed": 0}),
        ("reuters", {"start_char": None, "oov_char": None, "skip_top": 5}),
        ("cifar10", {}),
        ("cifar100", {}),
        ("cifar100", {"label_mode": "coarse"}),
    ],
)
def test_as_keras_loads_it(monkeypatch, home, name, kwargs):
    module = importlib.import_module(f"pyclr.datasets.{name}")
    path = put(monkeypatch, home, module, CONTENTS[name])
    theirs = pytest.importorskip(f"keras.src.datasets.{name}")
    if "cifar" in name:
        path = home / "extracted"
        with tarfile.open(home / "data" / module._FILE.name) as archive:
            archive.extractall(path, filter="data")
    monkeypatch.setattr(theirs, "get_file", lambda *args, **options: str(path))
    ours, expected = module.load_data(**kwargs), theirs.load_data(**kwargs)
    if name == "cifar100":
        expected = [(x, np.asarray(y, "uint8")) for x, y in expected]  # theirs are int64
    same(ours, tuple(expected))
    assert ours[0][0].flags.c_contiguous and ours[0][0].flags.writeable


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_word_index(monkeypatch, home, name):
    module = importlib.import_module(f"pyclr.datasets.{name}")
    digest = hashlib.md5(INDEX, usedforsecurity=False).hexdigest()
    file = module._INDEX
    monkeypatch.setattr(module, "_INDEX", _files.DataFile(file.name, digest))
    (home / "data" / file.name).write_bytes(INDEX)
    assert module.get_word_index() == {"the": 1, "naïve": 2}
    (home / "data" / file.name).write_bytes(INDEX + b" ")
    with pytest.raises(ValueError, match=f"{file.name} is damaged .* Expected: MD5 {digest}"):
        module.get_word_index()


def test_the_published_hashes_and_topics_are_kerass():
    for name in CONTENTS:
        theirs = pytest.importorskip(f"keras.src.datasets.{name}")
        module = importlib.import_module(f"pyclr.datasets.{name}")
        with open(theirs.__file__, encoding="utf-8") as file:
            source = file.read()
        files = [module._FILE] + ([module._INDEX] if hasattr(module, "_INDEX") else [])
        assert all(file.digest in source and file.name in source for file in files)
        if name == "reuters":
            assert module.get_label_names() == theirs.get_label_names()


def test_a_path_of_ones_own(monkeypatch, home):
    from pyclr.datasets import mnist

    path = put(monkeypatch, home, mnist, CONTENTS["mnist"])
    other = path.rename(home / "other.npz")
    (x_train, _), _ = mnist.load_data(path=str(other))
    assert x_train.shape == (5, 28, 28)
    monkeypatch.setenv("KERAS_HOME", str(home / "keras"))
    (home / "keras" / "datasets").mkdir(parents=True)
    other.rename(home / "keras" / "datasets" / "mnist.npz")
    assert mnist.load_data()[0][0].shape == (5, 28, 28)


def test_an_archive_is_known_by_its_name_in_keras_cache(monkeypatch, home):
    from pyclr.datasets import cifar100

    path = put(monkeypatch, home, cifar100, CONTENTS["cifar100"])
    cache = home / "home" / ".keras" / "datasets"
    cache.mkdir(parents=True)
    path.rename(cache / "cifar-100-python-target_archive")
    monkeypatch.setattr(_cifar, "_MIRRORS", ())
    (_, y_train), _ = cifar100.load_data()
    assert y_train[:, 0].tolist() == CIFAR100["train"][b"fine_labels"]


def test_only_the_content_of_gz_files_is_unpacked(monkeypatch, home):
    content = gzip.compress(b"abc")
    (home / "data" / "a.tar.gz").write_bytes(content)
    (home / "data" / "b.gz").write_bytes(content)
    archive = _files.DataFile("a.tar.gz", hashlib.sha256(content).hexdigest())
    assert _files.read("a", archive) == content
    plain = _files.DataFile("b.gz", hashlib.sha256(b"abc").hexdigest())
    assert _files.read("b", plain) == b"abc"


@pytest.mark.parametrize(
    "name, kwargs, message",
    [
        ("cifar100", {"label_mode": "x"}, "`label_mode` must be 'fine' or 'coarse'. Received: "),
        ("california_housing", {"version": "x"}, "`version` must be 'small' or 'large'. Received"),
        ("boston_housing", {"test_split": 1}, r"`test_split` must be in \[0, 1\). Received: "),
        ("imdb", {"maxlen": 1}, "`maxlen` must be larger.* Received: maxlen=1"),
    ],
)
def test_errors(monkeypatch, home, name, kwargs, message):
    module = importlib.import_module(f"pyclr.datasets.{name}")
    put(monkeypatch, home, module, CONTENTS[name])
    with pytest.raises(ValueError, match=message):
        module.load_data(**kwargs)
