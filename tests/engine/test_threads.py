"""Threads: bits at any count, several Python threads, fork."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from steps import Net, assert_same_bits, batches, f, make_program, record, tensor

import pyclr
from bench.crowd import busy_core
from pyclr import _core as core
from pyclr._feed import Feeder


def train(seed=0, steps=4):
    """A net whose work is cut into many pieces, two eager steps and the others replayed."""
    x, y = batches(steps, rows=256, features=300)
    net = Net(seed, features=300, units=400)
    recordings = [
        record(net.step, tensor(x[i : i + 256]), tensor(y[i : i + 256], "int32")) for i in (0, 256)
    ]
    program = core.Program(recordings.pop())
    feeder = Feeder([x, y])
    program.replay(feeder.source_at(512, 256, steps - 2), [], steps - 2, 1e9)
    return net.state()


def test_training_has_the_same_bits_for_any_number_of_threads(threads):
    results = []
    for count in (1, 2, 3, 7):
        threads(count)
        assert core.num_threads() == count
        results.append(train())
    for other in results[1:]:
        assert_same_bits(other, results[0])


@pytest.mark.parametrize("count", [0, -1, -(2**31)])
def test_number_of_threads_must_be_positive(count):
    before = core.num_threads()
    with pytest.raises(ValueError, match=f"at least 1. Received: num_threads={count}"):
        core.set_num_threads(count)
    assert core.num_threads() == before


@pytest.mark.parametrize("count", [1.5, "2", None])
def test_number_of_threads_must_be_an_integer(count):
    with pytest.raises(TypeError):
        core.set_num_threads(count)


@pytest.mark.parametrize("variable", ["PYCLR_NUM_THREADS", "OMP_NUM_THREADS"])
def test_environment_sets_the_number_of_threads(variable):
    code = "import pyclr._core as core; print(core.num_threads())"
    names = ("PYCLR_NUM_THREADS", "OMP_NUM_THREADS")
    clean = {k: v for k, v in os.environ.items() if k not in names}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=clean | {variable: "3"},
        cwd=Path(__file__).parent,
        capture_output=True,
        check=True,
    )
    assert int(run.stdout) == 3


def test_several_python_threads_launch_at_once(threads):
    """Each has its own tapes and recording; the pool serves one and the others run alone."""
    threads(2)
    expected = train()
    results, errors = {}, []

    def work(i):
        try:
            results[i] = train()
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    for state in results.values():
        assert_same_bits(state, expected)


def test_one_program_from_several_threads():
    program = make_program(lambda x: f.sum(f.exp(x)), tensor(np.zeros(5000)))
    wrong = []

    def work(value):
        expected = f.sum(f.exp(tensor(np.full(5000, value)))).numpy()
        for _ in range(50):
            if program.run([tensor(np.full(5000, value))])[0].numpy() != expected:
                wrong.append(value)

    workers = [threading.Thread(target=work, args=(v,)) for v in (0.1, 0.2, 0.3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_recording_belongs_to_its_thread():
    seen = []
    recording = core.Recording([])
    recording.begin()
    worker = threading.Thread(target=lambda: (f.full(shape=[2]), seen.append(core.is_recording())))
    worker.start()
    worker.join()
    recording.end()
    assert seen == [False] and len(recording) == 0


def bound_threads(cores):
    """The threads of this process that may not run on just these cores."""
    bound = []
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):  # it has ended
            if os.sched_getaffinity(int(thread)) != cores:
                bound.append(thread)
    return bound


needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="no affinity on this system"
)


@needs_affinity
@pytest.mark.parametrize("everywhere", [False, True], ids=["one core", "every core"])
def test_a_foreign_busy_core_changes_neither_bits_nor_where_threads_may_run(threads, everywhere):
    """Threads that other programs delay are moved meanwhile; that must not show."""
    steps = 300
    threads(1)
    expected = train(steps=steps)
    threads(2)
    cores = os.sched_getaffinity(0)
    assert not bound_threads(cores)
    with contextlib.ExitStack() as loops:
        for busy in cores if everywhere else {max(cores)}:
            loops.enter_context(busy_core(busy))
        for _ in range(3):
            assert_same_bits(train(steps=steps), expected)
            assert os.sched_getaffinity(0) == cores
    deadline = time.monotonic() + 10  # a worker may still be on its way
    while bound_threads(cores) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not bound_threads(cores)


# Counts the moves of threads; with COARSE set, processor time is told in ticks of 10 ms.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static int moves;
int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t* cores) {
  __atomic_fetch_add(&moves, 1, __ATOMIC_RELAXED);
  int (*real)(pthread_t, size_t, const cpu_set_t*) = dlsym(RTLD_NEXT, "pthread_setaffinity_np");
  return real(thread, size, cores);
}
int clock_gettime(clockid_t clock, struct timespec* time) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int error = real(clock, time);
  if (getenv("COARSE") && (clock < 0 || clock == CLOCK_THREAD_CPUTIME_ID))
    time->tv_nsec -= time->tv_nsec % 10000000;
  return error;
}
__attribute__((destructor)) static void tell(void) { printf("%d moves\n", moves); }
"""


@needs_affinity
@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
@pytest.mark.parametrize("environment", [{}, {"COARSE": "1"}], ids=["fine", "coarse"])
def test_threads_are_moved_only_where_the_clock_tells_who_stands_still(tmp_path, environment):
    """Beside a foreign loop on one core, with a thread for every core."""
    (tmp_path / "shim.c").write_text(SHIM)
    build = ["cc", "-shared", "-fPIC", "-o", "shim.so", "shim.c", "-ldl", "-lpthread"]
    subprocess.run(build, cwd=tmp_path, check=True)
    code = """
import os, subprocess, sys, time
import pyclr
loop = subprocess.Popen([sys.executable, "-c", "while True: pass"], env={})
os.sched_setaffinity(loop.pid, {max(os.sched_getaffinity(0))})
pyclr.config.set_num_threads(len(os.sched_getaffinity(0)))
x = pyclr.ops.full((256, 256), 0.5)
try:
    stop = time.monotonic() + 1.5
    while time.monotonic() < stop:
        y = pyclr.ops.matmul(x, x)
finally:
    loop.kill()
assert (y.numpy() == 64).all()
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment | {"LD_PRELOAD": str(tmp_path / "shim.so")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    moves = int(run.stdout.split()[0])
    assert moves == 0 if environment or len(os.sched_getaffinity(0)) == 1 else moves > 0


@needs_affinity
def test_more_threads_than_the_cores_that_a_process_may_use():
    code = """
import os
core = min(os.sched_getaffinity(0))
os.sched_setaffinity(0, {core})
import numpy as np, pyclr
pyclr.config.set_num_threads(3)
x = np.random.default_rng(0).normal(size=(400, 400)).astype("float32")
for _ in range(50):
    y = pyclr.ops.matmul(x, x)
masks = [os.sched_getaffinity(int(thread)) for thread in os.listdir("/proc/self/task")]
assert len(masks) >= 3 and all(mask == {core} for mask in masks), masks
np.testing.assert_allclose(y.numpy(), x.astype("float64") @ x, atol=1e-3)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_changing_the_number_of_threads_between_steps(threads):
    expected = train()
    for count in (2, 1, 3):
        threads(count)
        assert_same_bits(train(), expected)


FORK = """
import os, sys, warnings
import numpy as np
from pyclr import _core as core
warnings.simplefilter("ignore")  # Python warns of forks beside threads
core.set_num_threads(3)
x = core.tensor(np.ones((512, 512)), "float32")
expected = core.ops.sum(core.ops.matmul(x, x)).numpy()
pid = os.fork()
result = core.ops.sum(core.ops.matmul(x, x)).numpy()
assert result == expected and core.num_threads() == 3
if pid == 0:
    os._exit(0)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""

MULTIPROCESSING = """
import multiprocessing, warnings
import numpy as np
from pyclr import _core as core
warnings.simplefilter("ignore")

def work(value):
    x = core.tensor(np.full((300, 300), value), "float32")
    return float(core.ops.sum(core.ops.matmul(x, x)).numpy())

if __name__ == "__main__":
    core.set_num_threads(2)
    expected = [work(v) for v in (1, 2, 3)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(work, (1, 2, 3)) == expected
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("script", [FORK, MULTIPROCESSING], ids=["os.fork", "multiprocessing"])
def test_fork_after_use(script):
    subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parent, check=True, timeout=60
    )


def test_interpreter_ends_while_workers_wait():
    code = "import pyclr._core as c, numpy as np; c.set_num_threads(4); c.ops.exp(np.ones(10**6))"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=True, timeout=60)


def test_threadpoolctl_knows_the_threads(threads):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    pyclr.config.register_with_threadpoolctl()
    threads(3)

    def listed():
        return [i for i in threadpoolctl.threadpool_info() if i["user_api"] == "pyclr"]

    (found,) = listed()
    assert found["num_threads"] == 3
    assert found["version"] == pyclr.__version__
    assert found["filepath"] == core.__file__
    with threadpoolctl.threadpool_limits(1):
        assert core.num_threads() == 1 and listed()[0]["num_threads"] == 1
    assert core.num_threads() == 3
    with threadpoolctl.threadpool_limits(2, user_api="pyclr"):
        assert core.num_threads() == 2
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        assert core.num_threads() == 3


def test_threadpoolctl_must_check_symbols(monkeypatch):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    monkeypatch.setattr(threadpoolctl, "__version__", "3.3.1")
    with pytest.raises(ImportError, match="3.4 or newer. Received: threadpoolctl 3.3.1"):
        pyclr.config.register_with_threadpoolctl()


def test_threadpoolctl_imported_before_is_told():
    pytest.importorskip("threadpoolctl")
    code = "import threadpoolctl as t, pyclr; print([i['user_api'] for i in t.threadpool_info()])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'pyclr'" in run.stdout
