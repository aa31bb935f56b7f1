"""Fixtures for all tests."""

from __future__ import annotations

import importlib
import os
import re
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Callable

import pytest
from driver import Driver
from own_run import Folder

pytest.register_assert_rewrite("auto", "contracts", "phases")

REPOSITORY = Path(__file__).parents[3]

Drive = Callable[..., Driver]


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    """Starts scripts under a tuner, and leaves none behind."""
    drivers: list[Driver] = []

    def start(
        script: str,
        listener: socket.socket | None = None,
        launcher: Sequence[str] = (),
        folder: Path | None = None,
        **env: str,
    ) -> Driver:
        drivers.append(Driver(script, folder or tmp_path, listener, launcher, **env))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.kill()
        assert driver.output == []


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """For scripts that start their own run."""
    return Folder(tmp_path)


def require(name: str) -> Any:
    """Imports a framework; skips the file without it, or fails where CI says it should be here."""
    if os.environ.get("AUTOLRS_REQUIRE_FRAMEWORKS") == "1" and name in _required():
        return importlib.import_module(name)
    return pytest.importorskip(name)


def is_there(name: str) -> bool:
    """True if a framework is here; raises where CI says it should be."""
    try:
        require(name)
    except pytest.skip.Exception:
        return False
    return True


def need_sharding() -> None:
    """Skips a test of sharded models where PyTorch is too old for them."""
    from autolrs._state.requires import numbers_of
    from autolrs._torch_ranks.sharded import LEAST_TORCH

    version = str(require("torch").__version__)
    if numbers_of(version) < numbers_of(LEAST_TORCH):
        pytest.skip(f"PyTorch {version} is too old for sharded models")


def _required() -> set[str]:
    """What the requirements file of this Python names; AUTOLRS_REQUIREMENTS says which it is."""
    path = os.environ.get("AUTOLRS_REQUIREMENTS", REPOSITORY / "test" / "requirements.txt")
    names = re.findall(r"^[a-z-]+", Path(path).read_text(), re.MULTILINE)
    assert names
    return {name.removesuffix("-cpu").removesuffix("-skinny") for name in names}
