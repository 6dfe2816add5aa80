import dataclasses
import sys

import numpy as np
import pytest

from pyclr import demo
from pyclr.optimizers.schedules import TriangularCyclicalLearningRate


def test_prints_a_table_and_draws_a_picture(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "picture.png"
    demo.main(["--epochs", "1", "--out", str(picture)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[2:5]] == ["constant", "triangular2", "one cycle"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_prints_the_table_without_matplotlib(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)  # importing it fails
    demo.main(["--epochs", "1", "--out", str(tmp_path / "picture.png")])
    printed = capsys.readouterr()
    assert "one cycle" in printed.out
    assert "pip install pyclr[plot]" in printed.err
    assert not list(tmp_path.iterdir())


def test_runs_differ_in_the_rate_alone():
    rate = 0.125  # the same in float32 and float64
    same_rate = dataclasses.replace(
        demo.COMPARISONS["digits"], constant=rate, triangular2=(rate, rate), one_cycle=(rate, rate)
    )
    runs = list(demo.compare(same_rate, epochs=2, seed=5))
    assert len(runs) == 3
    for run in runs:
        assert set(run.rates) == {rate}
        assert run.history == runs[0].history


def test_rates_are_those_that_training_used():
    (*_, run) = demo.compare(demo.COMPARISONS["digits"], epochs=1)
    low, high = demo.COMPARISONS["digits"].one_cycle
    steps = len(run.rates)
    assert steps == -(-1437 // 32)
    np.testing.assert_allclose(
        run.rates, TriangularCyclicalLearningRate(low, high, steps / 2)(np.arange(steps))
    )
    assert run.rates.max() > 0.9 * high


def test_best_rate_is_that_of_the_epoch_with_the_lowest_test_loss():
    rates = np.arange(6.0)
    for losses, expected in (([3, 1, 2], 3.0), ([np.nan, 5, 4], 5.0), ([np.nan] * 3, 1.0)):
        assert demo.Run("", 0.0, rates, {"val_loss": losses}).best_rate == expected


@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--threads", "x"], ["--data", "mnist"]])
def test_refuses_wrong_options(arguments, capsys):
    with pytest.raises(SystemExit) as error:
        demo.main(arguments)
    assert error.value.code == 2
    assert arguments[0] in capsys.readouterr().err
