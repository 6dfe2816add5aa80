import runpy
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_custom_loss(capsys):
    names = runpy.run_path(str(EXAMPLES / "custom_loss.py"), run_name="__main__")
    assert names["accuracy"] > 0.9
    assert "replayed" in capsys.readouterr().out
