"""What a script is told where its Python or its PyTorch is too old. No framework is needed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from auto import Place, auto_env
from conftest import Drive
from driver import RefusedError

OPTIMIZER = """
class Optimizer:
    def __init__(self):
        self.param_groups = [{"lr": 0.1}]
"""
HOOKS = """
before = []

def register_optimizer_step_pre_hook(hook):
    before.append(hook)

register_optimizer_step_post_hook = before.count
"""
SGD = """
from torch.optim import optimizer

class SGD(optimizer.Optimizer):
    def step(self):
        for hook in getattr(optimizer, "before", []):
            hook(self, (), {})
        print("updated", flush=True)
"""
TRAIN = """
from torch.optim.sgd import SGD

SGD().step()
"""
OLD_PYTHON = "import sys; sys.version_info = (3, 8, 10, 'final', 0)"


def put_torch(folder: Path, version: str, optimizer: str) -> None:
    """A package that has of PyTorch what is looked at."""
    (folder / "torch" / "optim").mkdir(parents=True)
    (folder / "torch" / "__init__.py").write_text(f"__version__ = {version!r}")
    (folder / "torch" / "autograd.py").write_text("def backward(tensors): pass")
    (folder / "torch" / "optim" / "__init__.py").write_text("")
    (folder / "torch" / "optim" / "optimizer.py").write_text(optimizer)
    (folder / "torch" / "optim" / "sgd.py").write_text(SGD)


@pytest.mark.parametrize(
    ("version", "optimizer"),
    [("2.2.1+cpu", OPTIMIZER + HOOKS), ("1.13.1", OPTIMIZER)],
    ids=["with hooks", "without hooks"],
)
def test_an_old_torch_is_told_before_the_first_update(
    drive: Drive, tmp_path: Path, version: str, optimizer: str
) -> None:
    put_torch(tmp_path, version, optimizer)
    driver = Place(drive, tmp_path).start(TRAIN)
    sentence = f"autolrs.torch needs PyTorch 2.3 or newer, and this Python has {version}; "
    with pytest.raises(RefusedError, match=re.escape(sentence)):
        driver.ask("initialize", protocol=1)
    assert driver.end_of_input() == 1
    assert driver.printed() == ""
    assert sentence in driver.stderr.splitlines()[-1]


@pytest.mark.parametrize("script", ["", "import autolrs", "import autolrs.torch"])
def test_an_old_python_is_told_where_autolrs_comes_in(
    drive: Drive, tmp_path: Path, script: str
) -> None:
    put_torch(tmp_path, "2.3.0", OPTIMIZER + HOOKS)
    driver = drive("\n".join([OLD_PYTHON, script, TRAIN]), **auto_env())
    assert driver.wait() == 1
    last = driver.stderr.splitlines()[-1]
    assert last.startswith("ImportError: autolrs needs Python 3.9 or newer, and ")
    assert last.endswith(" is Python 3.8; run the script with a newer one")
