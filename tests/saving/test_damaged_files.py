"""A file is whole or refused, and a save that fails leaves the old file."""

import copy
import json
import sys
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest

import pyclr
from pyclr import layers
from pyclr.models import load_model

MEMBERS = ["config.json", "metadata.json", "model.weights.h5"]


def make_model():
    model = pyclr.Sequential([pyclr.Input((3,)), layers.Dense(4, name="d"), layers.Dense(2)])
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
    return model


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture
def path(model, tmp_path):
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def peak_of_refusal(path, match):
    """Memory that loading takes up to its refusal."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=match):
            load_model(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class TestArchive:
    def test_truncated(self, path):
        data = path.read_bytes()
        for size in [*range(0, len(data), len(data) // 40), len(data) - 1]:
            path.write_bytes(data[:size])
            with pytest.raises(ValueError, match="damaged|not a `.keras` file"):
                load_model(path)

    def test_flipped_bits(self, path, model):
        data, weights = path.read_bytes(), model.get_weights()
        rng = np.random.default_rng(4)
        for _ in range(60):
            damaged = bytearray(data)
            damaged[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
            path.write_bytes(damaged)
            try:
                loaded = load_model(path)
            except ValueError:
                continue
            # Dates and the like.
            assert all(map(np.array_equal, loaded.get_weights(), weights))

    def test_something_else(self, path):
        path.write_bytes(b"once upon a time")
        with pytest.raises(ValueError, match="not a `.keras` file"):
            load_model(path)
        with pytest.raises(ValueError, match=r"no `.weights.h5` and no `.keras` file"):
            make_model().load_weights(path)

    def test_no_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="There is no file"):
            load_model(tmp_path / "model.keras")
        with pytest.raises(ValueError, match="a folder"):
            load_model(tmp_path)

    @pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
    def test_missing_member(self, path, member):
        members = members_of(path)
        del members[member]
        rewrite(path, members)
        with pytest.raises(ValueError, match=f"lacks '{member}'"):
            load_model(path)

    def test_compressed_archives_are_read(self, path, model):
        rewrite(path, members_of(path), zipfile.ZIP_DEFLATED)
        assert all(map(np.array_equal, load_model(path).get_weights(), model.get_weights()))

    @pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", "C:/x", "..\\x"])
    def test_names_that_point_out(self, path, name):
        rewrite(path, {**members_of(path), name: b""})
        with pytest.raises(ValueError, match="points out of it"):
            load_model(path)

    @pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
    def test_bombs(self, path, member):
        rewrite(path, {**members_of(path), member: bytes(1 << 27)}, zipfile.ZIP_DEFLATED)
        assert peak_of_refusal(path, "can not hold") < 1 << 23

    def test_sizes_that_lie(self, path):
        data = bytearray(path.read_bytes())
        entry = data.rindex(b"model.weights.h5") - 46  # in the directory at the end
        data[entry + 20 : entry + 28] = (0xFFFFFFF0).to_bytes(4, "little") * 2
        path.write_bytes(data)
        assert peak_of_refusal(path, "can not hold") < 1 << 23


class TestConfig:
    def damage(self, path, change):
        members = members_of(path)
        config = json.loads(members["config.json"])
        members["config.json"] = json.dumps(change(config)).encode()
        rewrite(path, members)

    @pytest.mark.parametrize(
        "text", [b"", b"{", b"[]", b"null", b"{}", b"\xff", b"[" * 100000, b'{"a": 1}']
    )
    def test_no_config(self, path, text):
        rewrite(path, {**members_of(path), "config.json": text})
        with pytest.raises(ValueError, match="is damaged"):
            load_model(path)

    @pytest.mark.parametrize(
        ("module", "name", "known_as"),
        [
            ("os", "system", "system"),
            ("builtins", "eval", None),
            ("subprocess", "Popen", None),
            ("pyclr.saving.archive", "os", None),
            ("keras.layers", "JaxLayer", None),
        ],
    )
    def test_nothing_is_imported_or_run(self, path, module, name, known_as):
        def change(config):
            layer = config["config"]["layers"][1]
            layer.update(module=module, class_name=name, registered_name=known_as)
            return config

        self.damage(path, change)
        modules = set(sys.modules)
        with pytest.raises(TypeError, match="Could not locate"):
            load_model(path, safe_mode=False)
        assert set(sys.modules) == modules

    @pytest.mark.parametrize("key", ["layers", "class_name", "config"])
    def test_missing_keys(self, path, key):
        def change(config):
            (config if key in config else config["config"]).pop(key)
            return config

        self.damage(path, change)
        with pytest.raises((ValueError, TypeError)):
            load_model(path)

    def test_no_model(self, path):
        self.damage(path, lambda config: config["config"]["layers"][1])
        with pytest.raises(ValueError, match="it is a Dense and no model"):
            load_model(path)

    @pytest.mark.parametrize("units", [10**7, 10**15])
    def test_weights_of_an_absurd_size(self, path, units):
        """A file can not make more weights than it brings."""

        def change(config):
            config["config"]["layers"][1]["config"]["units"] = units
            return config

        self.damage(path, change)
        assert peak_of_refusal(path, "can not be made: .*kernel.* are far larger") < 1 << 23

    def test_a_file_that_is_trusted_may_make_large_variables(self, tmp_path):
        class Filled(layers.Layer):  # which makes its values again, in place of saving them
            def build(self, input_shape):
                self.table = self.add_weight(shape=(3000, 6000), initializer="ones")

            def call(self, x):
                return x * self.table[0, 0]

            def save_own_variables(self, store):
                pass

            def load_own_variables(self, store):
                pass

        model = pyclr.Sequential([pyclr.Input((2,)), Filled()])
        model.save(tmp_path / "model.keras")
        with pytest.raises(ValueError, match="`safe_mode=False` loads it"):
            load_model(tmp_path / "model.keras", {"Filled": Filled})
        load_model(tmp_path / "model.keras", {"Filled": Filled}, safe_mode=False)
        copy.deepcopy(model)

    @pytest.mark.parametrize("name", ["Resizing", "CenterCrop", "AdaptiveAveragePooling2D"])
    def test_outputs_of_an_absurd_size(self, tmp_path, name):
        """Loading computes no outputs, so it takes no memory for them."""
        arguments = {"output_size": 2} if "Pooling" in name else {"height": 2, "width": 2}
        model = pyclr.Sequential([pyclr.Input((4, 4, 1)), getattr(layers, name)(**arguments)])
        model.save(tmp_path / "model.keras")

        def change(config):
            inner = config["config"]["layers"][1]["config"]
            inner.update({"output_size": [2, 10**9]} if "Pooling" in name else {"width": 10**9})
            return config

        self.damage(tmp_path / "model.keras", change)
        tracemalloc.start()
        loaded = load_model(tmp_path / "model.keras")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert loaded.output_shape[2] == 10**9 and peak < 1 << 23

    def test_sizes_that_wrap_around(self, path):
        """The bytes of a tensor are counted without overflow, so that they are never too few."""
        with pytest.raises(ValueError, match="too large"):
            pyclr.ops.zeros((2, 2**62))

        def change(config):
            config["config"]["layers"][0]["config"]["batch_shape"] = [2**40, 2**40]
            return config

        self.damage(path, change)
        with pytest.raises(ValueError, match="can not be made"):
            load_model(path)


class TestArrays:
    """`load_weights` and `load_model` read arrays alike; the first shows that the model is left."""

    def refused(self, path, change, match):
        model = make_model()
        model.save_weights(path)
        before = model.get_weights()
        with h5py.File(path, "a") as file:
            change(file)
        with pytest.raises(ValueError, match=match):
            model.load_weights(path)
        assert all(map(np.array_equal, model.get_weights(), before))

        members = members_of(path.with_name("model.keras"))
        members["model.weights.h5"] = path.read_bytes()
        rewrite(path.with_name("model.keras"), members)
        return peak_of_refusal(path.with_name("model.keras"), match)

    @pytest.fixture
    def weights(self, path):
        return path.with_name("model.weights.h5")

    def replace(self, **arguments):
        def change(file):
            del file["layers/dense_1/vars/0"]
            file.create_dataset("layers/dense_1/vars/0", **arguments)

        return change

    def test_another_shape(self, weights):
        change = self.replace(data=np.zeros((2, 4)))
        self.refused(weights, change, r"layers/dense_1: .*\(4, 2\).*\(2, 4\)")

    def test_an_absurd_shape(self, weights):
        change = self.replace(shape=(10**6, 10**6), dtype="f4", chunks=(10, 10), compression="gzip")
        assert self.refused(weights, change, "can not hold") < 1 << 23

    def test_compressed_zeros(self, weights):
        change = self.replace(data=np.zeros((2000, 2000)), compression="gzip")
        assert self.refused(weights, change, "can not hold") < 1 << 23

    def test_no_numbers(self, weights):
        change = self.replace(data=["a", "b"])
        self.refused(weights, change, "must be an array of numbers")

    def test_missing_array(self, weights):
        def change(file):
            del file["layers/dense_1/vars/0"]

        self.refused(weights, change, "has 2 variables, and the file has 1")

    def test_misnamed_array(self, weights):
        def change(file):
            file.move("layers/dense_1/vars/0", "layers/dense_1/vars/zero")

        self.refused(weights, change, "layers/dense_1: '0'")

    @pytest.mark.parametrize("link", [h5py.ExternalLink("/etc/passwd", "/"), h5py.SoftLink("/x")])
    def test_links(self, weights, link):
        def change(file):
            del file["layers/dense_1"]
            file["layers/dense_1"] = link

        self.refused(weights, change, "is a link")

    def test_external_array(self, weights):
        outside = [("/etc/passwd", 0, 32)]
        change = self.replace(shape=(4, 2), dtype="f4", external=outside)
        self.refused(weights, change, "must be in the file itself")

    def test_virtual_array(self, weights):
        def change(file):
            del file["layers/dense_1/vars/0"]
            layout = h5py.VirtualLayout((4, 2), "f4")
            layout[:] = h5py.VirtualSource("other.h5", "x", (4, 2))
            file.create_virtual_dataset("layers/dense_1/vars/0", layout)

        self.refused(weights, change, "must be in the file itself")

    def test_no_hdf5(self, path):
        rewrite(path, {**members_of(path), "model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(99)})
        with pytest.raises(ValueError, match="are damaged"):
            load_model(path)


class TestChecksum:
    """A `.weights.h5` file ends with a checksum, as HDF5 has none of its own."""

    @pytest.fixture
    def weights(self, model, tmp_path):
        model.save_weights(tmp_path / "model.weights.h5")
        return tmp_path / "model.weights.h5"

    def test_one_changed_bit_is_found(self, weights, model):
        data, values = weights.read_bytes(), model.get_weights()[0]
        place = data.index(values.tobytes()) + 5
        weights.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        before = model.get_weights()
        with pytest.raises(ValueError, match="is damaged: its checksum is wrong"):
            model.load_weights(weights)
        assert all(map(np.array_equal, model.get_weights(), before))

    def test_whoever_changes_the_file_takes_it_off(self, weights):
        model = make_model()
        with h5py.File(weights, "a") as file:
            file["layers/dense/vars/1"][...] = 7
        model.load_weights(weights)
        assert (model.get_weights()[1] == 7).all()

    def test_files_without_one(self, weights):
        with h5py.File(weights, "a"):
            pass
        assert b"sha256" not in weights.read_bytes()
        make_model().load_weights(weights)


class Unsavable(layers.Layer):
    def call(self, x):
        return x

    def save_own_variables(self, store):
        raise OSError("no")


class TestAtomicity:
    @pytest.mark.parametrize("where", ["os.fsync", "os.replace", "zipfile.ZipFile.writestr"])
    def test_an_error_leaves_the_old_file(self, where, path, monkeypatch):
        before = path.read_bytes()

        def fail(*arguments):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(where, fail)
            with pytest.raises(KeyboardInterrupt):
                make_model().save(path)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]

    def test_a_model_that_can_not_be_saved(self, path):
        before = path.read_bytes()
        model = pyclr.Sequential([pyclr.Input((2,)), layers.Dense(1), Unsavable()])
        with pytest.raises(OSError, match="no"):
            model.save(path)
        with pytest.raises(OSError, match="no"):
            model.save_weights(path.with_name("new.weights.h5"))
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]
