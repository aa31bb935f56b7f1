"""Says in one sentence that a framework is missing or too old."""

from __future__ import annotations

import importlib
import re
from types import ModuleType


def require(module: str, name: str, package: str, least: str) -> ModuleType:
    """Imports a framework.

    Args:
        module: What to import.
        name: How people call it.
        package: How pip calls it.
        least: The oldest version that will do, as in `2.3`.

    Raises:
        ImportError: It is not there or too old.
    """
    adapter = f"autolrs.{module}"
    try:
        framework = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ImportError(
            f"{adapter} needs {name}, and this Python has none; install it with "
            f"`pip install {package}`, or run the script with the Python that has it"
        ) from error
    version = str(framework.__version__)
    if numbers_of(version) < numbers_of(least):
        raise ImportError(
            f"{adapter} needs {name} {least} or newer, and this Python has {version}; "
            f"update it with `pip install --upgrade {package}`"
        )
    return framework


def numbers_of(version: str) -> list[int]:
    """The numbers that a version begins with, to compare by."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return [int(part) for part in found[0].split(".")] if found else []
