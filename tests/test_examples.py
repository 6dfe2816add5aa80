import runpy
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_custom_loss(capsys):
    names = runpy.run_path(str(EXAMPLES / "custom_loss.py"), run_name="__main__")
    assert names["accuracy"] > 0.9
    assert "replayed" in capsys.readouterr().out


def test_choose_learning_rate(capsys, monkeypatch):
    path = str(EXAMPLES / "choose_learning_rate.py")
    monkeypatch.setattr(sys, "argv", [path, "digits", "6"])
    final = runpy.run_path(path, run_name="__main__")["final"]
    assert final["triangle"] > 0.94 and final["triangle"] > final["default"]
    assert final["suggestion"] > final["default"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("range test, ") and len(lines) == 7
