"""The two starts of a script whose search is apart from its run, beside the script alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from driver import Driver, python_env


class Folders:
    """Where a script runs alone, and where it runs under a tuner: each is empty before."""

    def __init__(self, root: Path) -> None:
        self.alone, self.driven = root / "alone", root / "driven"
        for folder in (self.alone, self.driven):
            folder.mkdir()


def alone(script: str, folder: Path, **env: str) -> list[str]:
    """Runs a script without a tuner, in its folder; returns what it printed."""
    path = folder / "train.py"
    path.write_text(script)
    end = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        env={**python_env(), **env},
        cwd=folder,
        timeout=240,
        check=False,
    )
    assert end.returncode == 0, end.stderr
    return end.stdout.splitlines()


def train_committed(driver: Driver, *, lr: float, parts: Sequence[int]) -> str | None:
    """Plays the tuner of a clean run, which judges the model between its parts, to its end.

    Returns:
        Why the last part ended early, if it did.
    """
    hello = driver.ask("initialize", protocol=1)
    assert hello["can"]["rollback"] is False
    end: str | None = None
    for steps in parts:
        assert end is None
        end = driver.ask("train", steps=steps, lr=lr, purpose="commit").get("end")
        if hello["can"]["validate"]:
            driver.ask("validate")
    assert driver.shutdown() == 0
    return end


def search_far(driver: Driver, total: int, least: float) -> None:
    """Plays the tuner of a scout, past the number of updates that the script means to do.

    Args:
        driver: A script that has just begun.
        total: What it is to say of its own number.
        least: A learning rate at which losses are finite.
    """
    hello = driver.ask("initialize", protocol=1)
    assert (hello["total"], hello["can"]["rollback"]) == (total, False)
    driver.ask("save", id="a")
    first = []
    for lr in (least, 1e12, least):  # the second is what an early stop or a NaN guard would end
        result = driver.ask("train", steps=total + 5, lr=lr, purpose="search")
        assert result.get("end") in (None, "diverged")
        first.append(result["losses"][0])
        driver.ask("restore", id="a")
        assert driver.ask("validate")["loss"] is not None
    assert first[0] == first[1]
    driver.kill()


def said(lines: Sequence[str], prefix: str) -> list[str]:
    """Those lines that have it, from there on: a progress bar may stand before it."""
    return [prefix + line.partition(prefix)[2] for line in lines if prefix in line]


def files_in(folder: Path) -> dict[str, int]:
    """What a script has left beside itself, by name, with the number of lines of a text."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in ("train.py", "stderr.txt") and "pycache" not in name:
            is_text = path.suffix in (".csv", ".json", ".yaml", ".txt")
            found[name] = len(path.read_text().splitlines()) if is_text else 0
    return found
