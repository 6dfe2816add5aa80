"""Mutated files give an error or a model: never a crash, a hang, code that runs, or much memory."""

import copy
import io
import json
import os
import random
import signal
import sys
import traceback
import warnings
import zipfile

import numpy as np
import pytest

import pyclr
from pyclr import layers, ops
from pyclr.models import load_model

resource = pytest.importorskip("resource")

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="each kind has a process made by fork"
)

FILES = 60  # of each kind and model
SECONDS, MEGABYTES = 10, 200  # that one of them may take; the files have some ten kB

# --- The models ----------------------------------------------------------------------------------


def stack():
    model = pyclr.Sequential(
        [
            pyclr.Input((6, 6, 2)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
        ]
    )
    cycle = pyclr.schedules.Triangular2CyclicalLearningRate(1e-3, 1e-2, 5)
    model.compile(
        pyclr.optimizers.Adam(cycle), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    x = np.random.default_rng(0).random((4, 6, 6, 2))
    model.train_on_batch(x, np.arange(4) % 3)
    return model, x


def graph():
    inputs = {"a": pyclr.Input((4,), name="a"), "b": pyclr.Input((4,), name="b")}
    inside = pyclr.Input((4,))
    inner = pyclr.Model(inside, layers.Dense(4, activation="tanh")(inside), name="inner")
    shared = layers.Dense(4, name="shared")
    y = ops.concatenate([inner(shared(tensor)) for tensor in inputs.values()], axis=-1)
    y = ops.expand_dims(y * 2.0 + ops.mean(y, axis=-1, keepdims=True), 1)
    z = layers.LSTM(3)(y)
    model = pyclr.Model(inputs, [layers.Dense(1)(z), layers.Add()([z, z])])
    model.compile("rmsprop", ["mse", None])
    x = {name: np.random.default_rng(1).random((2, 4)) for name in inputs}
    model.train_on_batch(x, [np.ones((2, 1)), np.ones((2, 3))])
    return model, x


class Original:
    """A model, its files, and what it predicts."""

    def __init__(self, make, folder):
        self.model, self.x = make()
        path = folder / f"{make.__name__}.keras"
        self.model.save(path)
        self.file = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}
        self.config = json.loads(self.members["config.json"])
        self.model.save_weights(folder / "model.weights.h5")
        self.weights_file = (folder / "model.weights.h5").read_bytes()
        self.weights = self.model.get_weights()
        self.prediction = self.predict(self.model)

    def predict(self, model):
        return pyclr.tree.flatten(model.predict(self.x, verbose=0))

    def packed(self, **members):
        """The archive with other members; dots in their names are underscores here."""
        changed = {name: members.get(name.replace(".", "_"), self.members[name])
                   for name in self.members}  # fmt: skip
        return pack(list(changed.items()))


def pack(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", compression) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return file.getvalue()


# --- Mutations -----------------------------------------------------------------------------------


def other_bytes(rng, data):
    data = bytearray(data)
    place, size = rng.randrange(len(data)), rng.choice([1, 2, 4, 8, 50, 300])
    run = slice(place, place + size)
    change = rng.randrange(7)
    if change == 0:
        data[place] ^= 1 << rng.randrange(8)
    elif change == 1:
        del data[place:]
    elif change == 2:
        del data[run]
    elif change == 3:
        data[run] = rng.randbytes(len(data[run]))
    elif change == 4:
        data[run] = bytes([rng.choice([0, 255])]) * len(data[run])
    elif change == 5:
        data[place:place] = rng.randbytes(size)
    else:
        other = rng.randrange(len(data))
        data[run] = data[other : other + size]
    return bytes(data)


def call_of(module, name, argument):
    return {"module": module, "class_name": name, "config": argument, "registered_name": None}


VALUES = [
    None, True, False, 0, 1, -1, 2, 3, 7, 50_000, 2**31, 2**40, 10**30, -1.5, 0.3, 1e308,
    float("nan"), float("inf"), "", "x", "relu", "Dense", "mse", "float64", "os.system", [], {},
    [None], [None, 4], [1, 2, 3], [2**40], [None, 2**20, 2**20], {"class_name": "Dense"},
    call_of("os", "system", "exit 1"), call_of("builtins", "eval", {"source": "1 / 0"}),
    call_of("builtins", "function", "eval"), call_of(None, "__lambda__", {"value": ["4wE="]}),
    call_of("keras.layers", "Lambda", {"function": call_of(None, "__lambda__", {})}),
    call_of("keras.layers", "Dense", {"units": 10**9}),
    call_of("keras.src.ops.numpy", "Zeros", {"shape": [2**30]}),
]  # fmt: skip


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def places(value, place=()):
    """The places of everything in nested lists and dictionaries."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items if isinstance(value, (dict, list)) else ():
        yield (*place, key)
        if isinstance(item, (dict, list)):
            yield from places(item, (*place, key))


def at(value, place):
    for key in place:
        value = value[key]
    return value


def other_values(rng, config):
    config = copy.deepcopy(config)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        known = list(places(config))
        place = rng.choice(known)
        parent, key = at(config, place[:-1]), place[-1]
        value = parent[key]
        change = rng.randrange(8)
        if change < 3:
            parent[key] = copy.deepcopy(rng.choice(VALUES))
        elif change == 3:  # a part of the config in another's place: cycles, twice the same name
            parent[key] = copy.deepcopy(at(config, rng.choice(known)))
        elif change == 4:
            del parent[key]
        elif change == 5:
            parent[key] = nested(rng.choice([10, 400]))
        elif change == 6 and isinstance(parent, list):
            parent.insert(key, copy.deepcopy(value))
        elif change == 6:
            parent[rng.choice(["name", "units", "axis", "shared_object_id", "unknown"])] = value
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            parent[key] = rng.choice([-value, value + 1, value * 2**34, value * 1000, value + 0.5])
        elif isinstance(value, str):
            texts = [text for p in known if isinstance(text := at(config, p), str)]
            parent[key] = rng.choice(texts)
        elif isinstance(value, list):
            rng.shuffle(value)
    return config


def other_graph(rng, config):
    """Changes the nodes of a functional model: who gives what to whom."""
    config = copy.deepcopy(config)
    inner = config["config"]
    if "input_layers" not in inner:
        return other_values(rng, config)
    names = [layer["name"] for layer in inner["layers"]]
    for _ in range(rng.choice([1, 1, 2])):
        tensors = [p for p in places(config) if p[-1] == "keras_history"]
        change = rng.randrange(4) if tensors else 3
        if change == 0:  # also to later layers: a cycle
            at(config, rng.choice(tensors))[0] = rng.choice([*names, "unknown"])
        elif change == 1:
            at(config, rng.choice(tensors))[rng.choice([1, 2])] = rng.choice([-1, 1, 7, 2**40])
        elif change == 2:
            rng.shuffle(rng.choice(inner["layers"])["inbound_nodes"])
            rng.choice(inner["layers"])["inbound_nodes"] = []
        else:
            inner["output_layers"] = [[rng.choice(names), rng.choice([0, 1, 9]), 0]]
    return config


def other_members(rng, original, other):
    """An archive with members of another model, twice, renamed, compressed or left out."""
    members = list(original.members.items())
    place = rng.randrange(len(members))
    name, data = members[place]
    change = rng.randrange(6)
    if change == 0:
        members[place] = name, other.members[name]
    elif change == 1:
        members.append((name, other.members[name]))
    elif change == 2:
        members[place] = rng.choice(["../x", "/x", "CONFIG.JSON", "a/config.json", ""]), data
    elif change == 3:
        del members[place]
    elif change == 4:
        members[place] = name, rng.choice(members)[1]
    else:
        members[place] = name, rng.choice([b"", bytes(1 << 24), original.file])
    return pack(members, rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]))


def archives(change):
    return lambda rng, original, _: original.packed(config_json=change(rng, original))


KINDS = {
    "archive": lambda rng, original, _: other_bytes(rng, original.file),
    "members": other_members,
    "bytes of the config": archives(lambda rng, o: other_bytes(rng, o.members["config.json"])),
    "values of the config": archives(lambda rng, o: json.dumps(other_values(rng, o.config))),
    "graph": archives(lambda rng, o: json.dumps(other_graph(rng, o.config))),
    "arrays": lambda rng, original, _: original.packed(
        model_weights_h5=other_bytes(rng, original.members["model.weights.h5"])
    ),
    "weights": lambda rng, original, _: other_bytes(rng, original.weights_file),
}

# --- Loading what comes out ----------------------------------------------------------------------


def load(kind, path, original):
    """Loads a file; returns whether it was refused."""
    if kind == "weights":
        return load_weights(path, original)
    try:
        model = load_model(path)
    except (ValueError, TypeError, OSError):
        return True
    try:
        found = original.predict(model)
    except (ValueError, TypeError):
        assert kind != "archive"
        return False  # the model that is described wants other data
    if kind == "archive":  # what was damaged, says nothing: dates
        assert all(map(np.array_equal, found, original.prediction))
    return False


def load_weights(path, original):
    """The checksum at the end of the file finds what HDF5 does not: changed numbers."""
    try:
        original.model.load_weights(path)
        return False
    except (ValueError, OSError):
        return True
    finally:
        assert all(map(np.array_equal, original.model.get_weights(), original.weights))


FORBIDDEN = {
    "import", "exec", "compile", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen",
    "socket.connect", "ctypes.dlopen", "os.remove", "os.rename",
}  # fmt: skip


class Watch:
    """While on, notes what runs or imports code, and refuses it."""

    def __init__(self):
        self.on, self.seen = False, []

    def __call__(self, event, arguments):
        if self.on and event in FORBIDDEN:
            self.seen.append((event, arguments[0]))
            raise RuntimeError(event)


def run(kind, originals, path, report):
    """What the process does: loads the files of a kind and reports the number of each, then the
    number of those that were refused."""
    with open("/proc/self/statm") as file:
        room = int(file.read().split()[0]) * resource.getpagesize() + (4 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (room, room))  # that a mistake here takes no more
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # kills, also inside of HDF5
    warnings.simplefilter("ignore")
    import difflib  # noqa: F401, which messages use
    import encodings.ascii  # noqa: F401, which h5py uses

    path.write_bytes(originals[0].file)
    load_model(path)  # imports what loading needs
    watch = Watch()
    sys.addaudithook(watch)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = 0
    for number in range(FILES * len(originals)):
        report.write(f"{number}\n")
        report.flush()
        rng = random.Random(f"{kind} {number}")
        original, other = rng.sample(originals, 2)
        path.write_bytes(KINDS[kind](rng, original, other))
        signal.alarm(SECONDS)
        watch.on = True
        refused += load(kind, path, original)
        watch.on = False
        assert not watch.seen
        signal.alarm(0)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    assert grown < MEGABYTES
    report.write(f"refused {refused}\n")


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    return [Original(make, folder) for make in (stack, graph)]


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the memory in use is not known")
@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files(kind, originals, tmp_path):
    """Files are data: loading one imports and runs nothing that it names, and takes memory and time
    in proportion to it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        os.close(reading)
        with os.fdopen(writing, "w") as report:
            try:
                run(kind, originals, tmp_path / "case", report)
                code = 0
            except BaseException:
                report.write(traceback.format_exc())
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as report:
        lines = report.read().splitlines()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"status {status} at file {lines[-30:]}"
    word, refused = lines[-1].split()
    assert word == "refused" and int(refused) > FILES // 4  # the mutations matter
