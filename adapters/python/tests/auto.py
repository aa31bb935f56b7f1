"""What holds for a script that does not know autolrs; test files bring scripts of their kinds."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conftest import Drive
from driver import PATIENCE_SECONDS, TESTS, Driver, python_env, without_gloo

GLOO_ABORTS = "terminate called without an active exception"
SITE = TESTS.parent / "autolrs" / "_auto" / "site"


def text_of(name: str) -> str:
    """A script of `unmodified`."""
    return (TESTS / "unmodified" / f"{name}.py").read_text()


def auto_env(**env: str) -> dict[str, str]:
    """The environment that a tuner gives, with the door on the path."""
    return {"PYTHONPATH": os.pathsep.join([str(SITE), python_env()["PYTHONPATH"]]), **env}


class Place:
    """Where scripts are driven over a socket, so that their stdout is their own.

    Args:
        drive: Starts them.
        folder: Where they run.
    """

    def __init__(self, drive: Drive, folder: Path) -> None:
        self._drive = drive
        self._folder = folder
        self._count = 0

    def start(self, script: str, launcher: Sequence[str] = (), **env: str) -> Driver:
        """Starts a script under a tuner. The listener lives as long as it must."""
        self._count += 1
        address = self._folder / f"wire-{self._count}"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            listener.listen()
            more = {"AUTOLRS_ADDRESS": f"unix:{address}", "AUTOLRS_TOKEN": "secret", **env}
            return self._drive(script, listener, launcher, **auto_env(**more))


def run_bare(
    script: str, folder: Path, launcher: Sequence[str] = (), **env: str
) -> subprocess.CompletedProcess[str]:
    """Runs a script without a tuner, in a folder of its own."""
    folder.mkdir()
    path = folder / "train.py"
    path.write_text(script)
    command = [sys.executable, *launcher, str(path)]
    end = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**python_env(), **env},
        cwd=folder,
        timeout=4 * PATIENCE_SECONDS,
        check=False,
    )
    assert _ended_well(end.returncode, end.stderr, launcher), end.stderr
    return end


def _ended_well(status: int, stderr: str, launcher: Sequence[str]) -> bool:
    """Whether a script came to its end.

    Some processes of PyTorch 2.13 with gloo abort once all is done, under a tuner or not
    (docs/internals/reliability.md).
    """
    return status == 0 or (len(launcher) > 0 and GLOO_ABORTS in stderr)


def is_as_bare(
    place: Place, folder: Path, script: str, steps: int, launcher: Sequence[str] = (), **env: str
) -> dict[str, Any]:
    """At factor 1 the output and the final weights are those of the bare script, to the bit.

    Args:
        place: Where it is driven.
        folder: Where it saves `model.pt`, or `model.npy`.
        script: It prints its losses.
        steps: Its updates.
        launcher: What starts it.
        **env: More of its environment.

    Returns:
        What it said of itself.
    """
    bare = run_bare(script, folder / "bare", launcher, **env)
    driver = place.start(script, launcher, AUTOLRS_PHASE="commit", **env)
    hello = driver.ask("initialize", protocol=1, base="user")
    assert hello["attached"] is False
    abilities = {"validate": False, "disk": False, "rewind": False, "rollback": False}
    assert {**hello["can"], **abilities, "base": True} == hello["can"]
    first = driver.ask("train", steps=steps - 3, lr=1.0)
    assert first["steps"] == steps - 3
    last = driver.ask("train", steps=3, lr=1.0)
    assert (last["steps"], last["step"]) == (3, steps)
    assert _ended_well(driver.shutdown(), driver.stderr, launcher), driver.stderr
    assert _lines(driver.printed()) == _lines(without_gloo(bare.stdout))
    assert "trains on after" not in driver.stderr
    _are_equal(*(folder / part for part in ("", "bare")))
    return {**hello, "losses": [*first["losses"], *last["losses"]], "own": first["own"]}


def repeats_itself(driver: Driver, steps: int, lr: float) -> list[float]:
    """After a restore the same losses come again, where the batches come from the RNG."""
    driver.ask("initialize", protocol=1)
    driver.ask("save", id="a")
    first = driver.train(steps, lr)
    driver.ask("restore", id="a")
    other = driver.train(steps, 3 * lr)
    assert other[0] == first[0]
    assert other != first
    driver.ask("restore", id="a")
    assert driver.train(steps, lr) == first
    return first


def _lines(printed: str) -> list[str]:
    """What was printed, in any order, without how long it took."""
    return sorted(re.sub(r"\b\d+(ms|s)\b|\d\d:\d\d", "#s", printed).splitlines())


def _are_equal(driven: Path, bare: Path) -> None:
    if (bare / "model.npy").exists():
        import numpy

        weights, own = (numpy.load(folder / "model.npy") for folder in (driven, bare))
        assert numpy.array_equal(weights, own)
        return
    import torch

    saved = [torch.load(each / "model.pt", weights_only=True) for each in (driven, bare)]
    tensors, theirs = (dict(each.get("model", each)) for each in saved)
    assert tensors.keys() == theirs.keys()
    assert all(torch.equal(tensors[name], theirs[name]) for name in theirs)
