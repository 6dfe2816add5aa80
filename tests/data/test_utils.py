"""Utilities that make, split and read data."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

import pyclr
from pyclr import utils
from pyclr.data import Dataset
from pyclr.data.dataset_source import BatchedRows, dataset_source

SEQUENCES = [[1], [2, 3, 4], [], [5, 6]]


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [None, 2, 5])
def test_pad_sequences(padding, truncating, maxlen):
    got = utils.pad_sequences(SEQUENCES, maxlen, padding=padding, truncating=truncating, value=9)
    length = 3 if maxlen is None else maxlen
    expected = []
    for sequence in SEQUENCES:
        while len(sequence) > length:
            sequence = sequence[1:] if truncating == "pre" else sequence[:-1]
        fill = [9] * (length - len(sequence))
        expected.append(fill + sequence if padding == "pre" else sequence + fill)
    np.testing.assert_array_equal(got, np.array(expected, "int32"))
    assert got.dtype == "int32"


def test_pad_sequences_of_vectors_and_text():
    got = utils.pad_sequences([np.ones((1, 2)), np.ones((3, 2))], dtype="float32", padding="post")
    np.testing.assert_array_equal(got[0], [[1, 1], [0, 0], [0, 0]])
    got = utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="-")
    assert got.tolist() == [["-", "a"], ["b", "c"]]
    with pytest.raises(ValueError, match="`dtype` must be object"):
        utils.pad_sequences([["a"]], value="-")
    with pytest.raises(ValueError, match="`padding`"):
        utils.pad_sequences([[1]], padding="left")
    with pytest.raises(ValueError, match="list of sequences"):
        utils.pad_sequences([1, 2])
    with pytest.raises(ValueError, match="one shape.*sequence 1"):
        utils.pad_sequences([np.ones((1, 2)), np.ones((1, 3))])


@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_normalize(order):
    x = np.array([[3.0, 4.0], [0.0, 0.0], [-1.0, 1.0]])
    for axis in (0, 1, -1):
        got = utils.normalize(x, axis, order)
        norms = np.linalg.norm(got, order, axis)
        assert np.allclose(norms[np.linalg.norm(x, order, axis) > 0], 1)
        assert np.all(np.isfinite(got))


def test_packing_is_undone():
    for data in [(1, 2, 3), (1, 2)]:
        assert utils.pack_x_y_sample_weight(*data) == data
        assert utils.unpack_x_y_sample_weight(data) == data + (None,) * (3 - len(data))
    assert utils.pack_x_y_sample_weight(1) == 1
    assert utils.pack_x_y_sample_weight([1, 2]) == ([1, 2],)
    assert utils.unpack_x_y_sample_weight({"a": 1}) == ({"a": 1}, None, None)
    with pytest.raises(ValueError, match="4 elements"):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))


@pytest.mark.parametrize(
    "sizes, expected",
    [((3, None), (3, 7)), ((None, 4), (6, 4)), ((0.25, None), (2, 8)), ((None, 0.25), (7, 3)),
     ((2, 3), (2, 3)), ((0.5, 0.5), (5, 5))],
)  # fmt: skip
def test_split_dataset(sizes, expected):
    x = np.arange(10)
    for given in (x, Dataset.from_tensor_slices(x), list(x), Dataset.range(10).filter(lambda i: 1)):
        left, right = (list(d.as_numpy_iterator()) for d in utils.split_dataset(given, *sizes))
        assert left == list(range(expected[0]))
        assert right == list(range(expected[0], sum(expected)))
    left, right = utils.split_dataset((x, x), *sizes, shuffle=True, seed=1)
    both = [int(a) for a, _ in [*left, *right, *left]]
    assert len(set(both)) == sum(expected) and both[0] == both[sum(expected)]


@pytest.mark.parametrize("sizes", [(None, None), (0, None), (10, None), (1.0, None), (6, 6)])
def test_split_dataset_errors(sizes):
    with pytest.raises(ValueError):
        utils.split_dataset(np.arange(10), *sizes)


# --- Windows of a series --------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1, 3])
@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("part", [(None, None), (5, 40)])
@pytest.mark.parametrize("features", [(), (2,)])
def test_timeseries(rate, stride, part, features):
    data = np.random.default_rng(0).normal(size=(50, *features)).astype("float32")
    targets = np.arange(50)
    dataset = utils.timeseries_dataset_from_array(
        data, targets, 6, stride, rate, 7, start_index=part[0], end_index=part[1]
    )
    start, end = part[0] or 0, part[1] or 50
    expected, labels = [], []
    for begin in range(start, end, stride):
        steps = [begin + k * rate for k in range(6)]
        if steps[-1] < end:
            expected.append([data[s] for s in steps])
            labels.append(targets[begin])
    windows, got = zip(*dataset.as_numpy_iterator())
    assert {len(w) for w in windows[:-1]} <= {7}
    np.testing.assert_array_equal(np.concatenate(windows), expected)
    np.testing.assert_array_equal(np.concatenate(got), labels)
    alone = utils.timeseries_dataset_from_array(
        data, None, 6, stride, rate, None, start_index=part[0], end_index=part[1]
    )
    np.testing.assert_array_equal(list(alone.as_numpy_iterator()), expected)


def test_timeseries_shuffled_and_without_copies():
    data = np.arange(100.0, dtype="float32")[:, None]
    dataset = utils.timeseries_dataset_from_array(data, data, 10, shuffle=True, seed=1)
    source = dataset_source(dataset)
    assert isinstance(source, BatchedRows) and np.shares_memory(source.x, data)
    windows = np.concatenate([x for x, _ in dataset.as_numpy_iterator()])[:, 0, 0]
    assert sorted(windows) == list(range(91)) and windows.tolist() != sorted(windows)
    for arguments in (dict(sequence_length=101), dict(sequence_length=5, sampling_rate=0)):
        with pytest.raises(ValueError, match=f"`{list(arguments)[-1]}`"):
            utils.timeseries_dataset_from_array(data, None, **arguments)
    with pytest.raises(ValueError, match="spans 91 steps"):
        utils.timeseries_dataset_from_array(data, None, 10, sampling_rate=10, end_index=60)


# --- Directories ----------------------------------------------------------------------------------


@pytest.fixture
def texts(tmp_path):
    for name, count in (("cat", 3), ("dog", 7)):
        (tmp_path / name).mkdir()
        for i in range(count):
            (tmp_path / name / f"{i}.txt").write_text(f"{name} {i} éé", encoding="utf-8")
    (tmp_path / "cat" / "notes.md").write_text("no")
    return tmp_path


def elements(dataset):
    return [tuple(map(np.ndarray.tolist, e)) for e in dataset.as_numpy_iterator()]


def test_texts(texts):
    data = utils.text_dataset_from_directory(texts, shuffle=False, batch_size=4, verbose=False)
    assert data.class_names == ["cat", "dog"] and len(data.file_paths) == 10
    batches = elements(data)
    assert batches[0] == (["cat 0 éé", "cat 1 éé", "cat 2 éé", "dog 0 éé"], [0, 0, 0, 1])
    assert len(batches) == 3
    short = utils.text_dataset_from_directory(
        texts, None, max_length=5, shuffle=False, batch_size=None, verbose=False
    )
    assert [str(t) for t in short][3] == "dog 0"
    with_names = utils.text_dataset_from_directory(
        texts, class_names=["dog", "cat"], label_mode="categorical", shuffle=False, verbose=False
    )
    assert elements(with_names)[0][1][0] == [1.0, 0.0]
    binary = utils.text_dataset_from_directory(texts, label_mode="binary", verbose=False)
    assert sorted(elements(binary)[0][1]) == [[0.0]] * 3 + [[1.0]] * 7


def test_splits_of_directories(texts, capsys):
    def names(dataset):
        return sorted(t for x, _ in elements(dataset) for t in x)

    arguments = dict(validation_split=0.3, seed=5)
    train = utils.text_dataset_from_directory(texts, subset="training", **arguments)
    rest = utils.text_dataset_from_directory(texts, subset="validation", **arguments)
    both = utils.text_dataset_from_directory(texts, subset="both", **arguments)
    assert (len(names(train)), len(names(rest))) == (7, 3)
    assert not set(names(train)) & set(names(rest))
    assert [names(d) for d in both] == [names(train), names(rest)]
    assert capsys.readouterr().out.count("Found 10 files of 2 classes.") == 3
    # Keras draws the files by this generator, so that splits made there and here agree.
    order = np.random.RandomState(5).permutation(10)
    paths = sorted(str(p) for p in texts.glob("*/*.txt"))
    assert train.file_paths == [paths[i] for i in order[:7]]


@pytest.mark.parametrize(
    "arguments, words",
    [(dict(validation_split=0.2), "need each other"), (dict(label_mode="class"), "`label_mode`"),
     (dict(validation_split=2, subset="both"), r"\(0, 1\)"), (dict(labels=[1]), "10 files"),
     (dict(validation_split=0.2, subset="training"), "needs `seed`"),
     (dict(class_names=["cow"]), "`class_names`"), (dict(labels="given"), "`labels`"),
     (dict(validation_split=0.2, subset="test"), "`subset`")],
)  # fmt: skip
def test_directory_errors(texts, arguments, words):
    with pytest.raises(ValueError, match=words):
        utils.text_dataset_from_directory(texts, **arguments)


def test_no_file(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        utils.text_dataset_from_directory(tmp_path)


def test_images(tmp_path):
    pytest.importorskip("PIL")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 8, 10, 3)).astype("float32")
    for i, image in enumerate(images):
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        utils.save_img(folder / f"{i}.png", image, scale=False)
    data = utils.image_dataset_from_directory(
        tmp_path, image_size=(8, 10), batch_size=4, shuffle=False, verbose=False
    )
    (x, y), (rest, _) = data.as_numpy_iterator()
    np.testing.assert_array_equal(np.concatenate([x, rest]), images[[0, 2, 4, 1, 3, 5]])
    assert x.dtype == "float32" and y.tolist() == [0, 0, 0, 1]
    gray = utils.image_dataset_from_directory(
        tmp_path, color_mode="grayscale", image_size=5, verbose=False
    )
    assert next(iter(gray))[0].shape == (6, 5, 5, 1)
    for option in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
        square = utils.image_dataset_from_directory(
            tmp_path, None, image_size=(4, 4), verbose=False, **{option: True}
        )
        assert next(iter(square)).shape == (6, 4, 4, 3)
    model = pyclr.Sequential([pyclr.layers.Flatten(), pyclr.layers.Dense(2)])
    model.compile("sgd", pyclr.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(data, epochs=2, verbose=0)


def test_image_arrays(tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for channels, mode in ((1, "L"), (3, "RGB"), (4, "RGBA")):
        array = rng.integers(0, 256, (5, 7, channels)).astype("float32")
        image = utils.array_to_img(array, scale=False)
        assert image.mode == mode and image.size == (7, 5)
        np.testing.assert_array_equal(utils.img_to_array(image), array)
        first = array.transpose(2, 0, 1)
        image = utils.array_to_img(first, data_format="channels_first", scale=False)
        np.testing.assert_array_equal(utils.img_to_array(image, "channels_first"), first)
    scaled = utils.img_to_array(utils.array_to_img([[[-1.0], [0.0], [1.0]]]))
    assert scaled[0, :, 0].tolist() == [0, 127, 255]
    assert utils.img_to_array(utils.array_to_img(np.ones((1, 1, 1)))).max() == 0
    path = tmp_path / "a.png"
    utils.save_img(path, np.arange(40.0).reshape(4, 10, 1), scale=False)
    assert utils.load_img(path).mode == "RGB"
    kept = utils.load_img(path, "grayscale", (2, 2), "nearest", keep_aspect_ratio=True)
    whole = pillow.open(path).resize((2, 2), pillow.Resampling.NEAREST, (3, 0, 7, 4))
    np.testing.assert_array_equal(np.asarray(kept), np.asarray(whole))
    with pytest.warns(UserWarning, match="no transparency"):
        utils.save_img(tmp_path / "a.jpg", np.ones((2, 2, 4)))
    for call, words in (
        (lambda: utils.array_to_img(np.ones((2, 2))), "channels"),
        (lambda: utils.load_img(path, "cmyk"), "`color_mode`"),
        (lambda: utils.load_img(path, interpolation="best"), "`interpolation`"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


# --- get_file -------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path):
    """A folder, and a function that gives the URL of a file in it."""
    folder = tmp_path / "served"
    folder.mkdir()
    return folder, lambda name: (folder / name).as_uri()


def test_get_file_downloads_once(served, tmp_path):
    folder, url = served
    (folder / "a.bin").write_bytes(b"one")
    arguments = dict(origin=url("a.bin"), cache_dir=tmp_path / "cache")
    path = utils.get_file(**arguments)
    assert path == str(tmp_path / "cache" / "datasets" / "a.bin")
    assert Path(path).read_bytes() == b"one"
    (folder / "a.bin").write_bytes(b"two")
    assert Path(utils.get_file(**arguments)).read_bytes() == b"one"
    assert Path(utils.get_file(**arguments, force_download=True)).read_bytes() == b"two"
    # Another content than the expected one is downloaded again, and refused if it stays so.
    (folder / "a.bin").write_bytes(b"three")
    for name in ("sha256", "md5"):
        digest = hashlib.new(name, b"three").hexdigest()
        assert Path(utils.get_file(**arguments, file_hash=digest)).read_bytes() == b"three"
        with pytest.raises(ValueError, match="damaged"):
            utils.get_file(**arguments, file_hash=digest[::-1])
    assert Path(path).read_bytes() == b"three"  # what was there stays
    assert [p.name for p in (tmp_path / "cache" / "datasets").iterdir()] == ["a.bin"]
    with pytest.raises(OSError):
        utils.get_file(origin=url("none"), cache_dir=tmp_path / "cache")
    for bad in (dict(), dict(origin=url("a.bin"), fname="../a"), dict(origin="http://host/")):
        with pytest.raises(ValueError):
            utils.get_file(**bad)


def test_get_file_extracts(served, tmp_path):
    folder, url = served
    with tarfile.open(folder / "t.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo("inner/a.txt")
        member.size = 2
        tar.addfile(member, io.BytesIO(b"hi"))
    with zipfile.ZipFile(folder / "z.zip", "w") as zipped:
        zipped.writestr("inner/a.txt", "hi")
    for name, content in (("t.tar.gz", "t.tar.gz"), ("z.zip", "z.zip")):
        path = utils.get_file(origin=url(name), extract=True, cache_dir=tmp_path / "cache")
        assert path == str(tmp_path / "cache" / "datasets" / content)
        assert Path(path, "inner/a.txt").read_text() == "hi"
    with zipfile.ZipFile(folder / "z.zip", "w") as zipped:
        zipped.writestr("inner/b.txt", "ho")
    path = utils.get_file(
        origin=url("z.zip"), extract=True, cache_dir=tmp_path / "cache", force_download=True
    )
    assert [p.name for p in Path(path, "inner").iterdir()] == ["b.txt"]
    path = utils.get_file(
        "pets.zip", url("z.zip"), extract=True, cache_dir=tmp_path / "c", cache_subdir="x"
    )
    assert path == str(tmp_path / "c" / "x" / "pets_extracted")
    (folder / "plain.txt").write_text("no archive")
    with pytest.raises(ValueError, match="tar or zip"):
        utils.get_file(origin=url("plain.txt"), extract=True, cache_dir=tmp_path / "cache")


def test_get_file_refuses_members_outside(served, tmp_path):
    folder, url = served
    with tarfile.open(folder / "up.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("../../evil.txt"))
    with tarfile.open(folder / "link.tar", "w") as tar:
        # A link to a folder outside, by way of a link inside, and a file behind it.
        for name, target in (("x/y", ".."), ("x/y/l", "../..")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        tar.addfile(tarfile.TarInfo("x/y/l/evil.txt"))
    with zipfile.ZipFile(folder / "up.zip", "w") as zipped:
        zipped.writestr("../../evil.txt", "hi")
    for name in ("up.tar", "link.tar", "up.zip"):
        with pytest.raises((ValueError, tarfile.TarError)):
            utils.get_file(origin=url(name), extract=True, cache_dir=tmp_path / "c" / "d")
        assert not (tmp_path / "c" / "d" / "datasets" / name).exists()
    assert not list(tmp_path.rglob("evil.txt"))
