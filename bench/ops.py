"""Speed of every op against the machine's measured peaks, with the results checked.

    python bench/ops.py --filter conv2d --threads 1

The shapes are those of tests/op_cases.py. An op with a count of floating point operations is
compared with the rate of the best matrix product, any other with the bandwidth of a pass over
memory larger than most caches: data that stays in a cache gives more than 100 %. Results are
compared with the NumPy reference before anything is timed. A gradient that is asked from a tape is
timed with the forward call.
"""

import argparse
import re
import sys
import time
from pathlib import Path

import numpy as np

from pyclr import _core as core

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from cases.case import tensors  # noqa: E402
from op_cases import CASES  # noqa: E402


def best_time(function, seconds):
    """The least time of a call, over about `seconds` and at least three calls."""
    times = []
    stop = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < stop:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_flops(dtype, seconds):
    """The best of a few matrix products: no closed formula knows this machine's clock."""
    rates = []
    for m, k, n in [(1024, 1024, 1024), (512, 256, 256), (4096, 64, 64)]:
        x, w = core.tensor(np.full((m, k), 0.5), dtype), core.tensor(np.full((k, n), 0.5), dtype)
        rates.append(2 * m * k * n / best_time(lambda x=x, w=w: core.ops.dense(x, w), seconds))
    return max(rates)


def peak_bandwidth(seconds):
    """Reading 32 MB and writing 32 MB."""
    x = core.tensor(np.ones(1 << 23), "float32")
    return 2 * 4 * 2**23 / best_time(lambda: core.ops.negative(x), seconds)


def worst_error(case, arrays, attrs, outputs):
    """The largest error, in units of what the case allows."""
    worst = 0.0
    for got, expected in zip(outputs, case.expected(arrays, attrs)):
        got = got.numpy()
        if got.dtype.kind != "f":
            worst = max(worst, float(np.any(got != expected)) * np.inf if got.size else 0.0)
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.abs(got - expected)
            same = (error == 0) | (got == expected) | (np.isnan(got) & np.isnan(expected))
            worst = max(
                worst,
                np.where(same, 0, error / case.allowed(arrays, expected, got.dtype)).max(initial=0),
            )
    return worst


def measure(case, dtype, seconds):
    """Seconds of a call, bytes read and written, and the error of the result."""
    arrays, attrs = case.make_bench(np.random.default_rng(0), dtype)
    inputs = tensors(arrays)
    outputs = case.outputs(inputs, attrs)
    error = worst_error(case, arrays, attrs, outputs)
    moved = sum(a.nbytes for a in arrays) + sum(t.numpy().nbytes for t in outputs)
    return best_time(lambda: case.run(case, inputs, attrs), seconds), moved, error


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--filter", default="", help="regular expression for the case's name")
    parser.add_argument("--threads", type=int, default=core.num_threads())
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--seconds", type=float, default=0.1, help="time for each case")
    options = parser.parse_args()
    core.set_num_threads(options.threads)
    flops, bandwidth = peak_flops(options.dtype, 0.5), peak_bandwidth(0.5)
    print(
        f"{core.isa()}, {options.threads} threads, {options.dtype}: matrix product "
        f"{flops / 1e9:.0f} GFLOP/s, memory {bandwidth / 1e9:.1f} GB/s"
    )
    wrong = 0
    for case in CASES:
        if not re.search(options.filter, str(case)):
            continue
        dtype = options.dtype if options.dtype in case.dtypes else case.dtypes[0]
        seconds, moved, error = measure(case, dtype, options.seconds)
        if case.bench.flops:
            rate, unit, peak = case.bench.flops / seconds, "GFLOP/s", flops
        else:
            rate, unit, peak = moved / seconds, "GB/s", bandwidth
        verdict = "" if error <= 1 else f"  WRONG: {error:.3g} times the error allowed"
        wrong += error > 1
        print(
            f"{case!s:48} {seconds * 1e6:10.1f} us {rate / 1e9:8.1f} {unit:8}"
            f"{100 * rate / peak:5.0f} %{verdict}"
        )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
