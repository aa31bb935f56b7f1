"""Fixtures for all tests."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
from driver import Driver

Drive = Callable[..., Driver]


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    """Starts scripts under a tuner, and leaves none behind."""
    drivers: list[Driver] = []

    def start(script: str, listener: socket.socket | None = None, **env: str) -> Driver:
        drivers.append(Driver(script, tmp_path, listener, **env))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.kill()
        assert driver.output == []


def require(name: str) -> Any:
    """Imports a framework; skips the file without it, or fails where CI asks for all of them."""
    if os.environ.get("AUTOLRS_REQUIRE_FRAMEWORKS") == "1":
        return __import__(name)
    return pytest.importorskip(name)
