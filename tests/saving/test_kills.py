"""A process that is killed while it saves leaves what was saved before, whole."""

import builtins
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from . import kills

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are made by fork")


@pytest.mark.parametrize("kind, count", [("state", 800), ("model", 100), ("weights", 100)])
def test_killed_at_1000_random_moments(kind, count, tmp_path):
    """Killing the process at 1 000 random points during saving always leaves a loadable previous
    checkpoint."""
    root = Path(kills.__file__).parents[2]
    found = subprocess.run(
        [sys.executable, "-W", "error", kills.__file__, str(tmp_path), kind, str(count)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    result = json.loads(found.stdout)
    assert len(result["versions"]) == count + 1
    # Files were in fact cut off, and others completed.
    assert result["cut_off"] > count / 50 and len(set(result["versions"])) > count / 50


class Watched:
    """An open file that tells of its calls, and writes in two parts."""

    def __init__(self, file, point):
        self._file, self._point = file, point

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data):
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            self._file.write(part)
            self._file.flush()  # what was written is in the file when the process dies
            self._point("write")
        return len(data)

    def writelines(self, parts):
        for part in parts:
            self.write(part)

    def flush(self):
        self._file.flush()
        self._point("flush")


def watch(monkeypatch, point):
    """Makes saving call `point(name)` after each of its calls to the system."""
    calls = {name: getattr(os, name) for name in ("fsync", "replace", "unlink", "chmod")}
    for name, call in calls.items():

        def told(*arguments, name=name, call=call):
            result = call(*arguments)
            kind = "fsync of the folder" if is_folder(name, arguments) else name
            point(kind)
            return result

        monkeypatch.setattr(os, name, told)

    def opened(path, mode="r", *arguments, original=builtins.open, **options):
        file = original(path, mode, *arguments, **options)
        if "x" not in mode:
            return file
        point("open")
        return Watched(file, point)

    monkeypatch.setattr("pyclr.saving.archive.open", opened, raising=False)


def is_folder(name, arguments):
    return name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)


@pytest.mark.parametrize("kind", kills.KINDS)
def test_killed_after_every_call_to_the_system(kind, tmp_path, monkeypatch):
    saved = kills.KINDS[kind](str(tmp_path / "there"))
    for version in (1, 2):
        saved.save(version)
    calls = []
    with monkeypatch.context() as patch:
        watch(patch, calls.append)
        saved.save(3)
    # The bytes are on the disk before they get the name, and the name before the end.
    writes = [i for i, call in enumerate(calls) if call == "write"]
    order = [calls.index("open"), *writes, calls.index("flush"), calls.index("fsync")]
    assert order == sorted(order) and len(writes) >= 4
    assert calls.index("fsync") < calls.index("replace") < calls.index("fsync of the folder")
    replaced = calls.index("replace")
    if "unlink" in calls:  # of a state that is not needed any more
        assert calls.index("unlink") > calls.index("fsync of the folder")

    for last in range(len(calls)):
        before = saved.load()
        child = os.fork()
        if child == 0:
            left = [last]

            def die(call, left=left):
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1

            with pytest.MonkeyPatch.context() as patch:
                watch(patch, die)
                saved.save(before + 1)
            os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        assert saved.load() == before + (last >= replaced), calls[last]


def test_a_run_removes_what_a_killed_one_left(tmp_path):
    saved = kills.State(str(tmp_path))
    saved.save(1)
    (tmp_path / ".pyclr-0123456789abcdef.tmp").write_bytes(b"half a state")
    (tmp_path / "notes.txt").write_text("of the user's")
    assert saved.state.load().place.epoch == 1
    assert sorted(os.listdir(tmp_path)) == ["notes.txt", "state-00000000.run"]
