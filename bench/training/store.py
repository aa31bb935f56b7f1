"""The results: one JSON line a run, only ever appended to."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from training import Outcome

Key = tuple[Any, ...]


class Store:
    """Runs by what was run. Of two lines for the same run the later one counts.

    Args:
        path: The file; None keeps everything in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lines: dict[Key, dict[str, Any]] = {}
        if path is not None and path.exists():
            for line in path.read_text().splitlines():
                self._keep(json.loads(line))

    def find(self, facts: dict[str, Any]) -> dict[str, Any] | None:
        """The line of a run, by workload, version, seed, method and settings."""
        return self._lines.get(_key(facts))

    def add(self, facts: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
        """Appends a line; returns it."""
        line = {
            **facts,
            "total": outcome.total,
            "search": outcome.search,
            "validation": _round(outcome.validation),
            "test": _round(outcome.test),
            "curve": [[steps, _round(loss)] for steps, loss in outcome.curve],
            "seconds": round(outcome.seconds, 2),
            **_averages(outcome),
            **outcome.facts,
        }
        self._keep(line)
        if self._path is not None:
            # One write: several processes may append.
            with self._path.open("a") as file:
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
        return line

    def _keep(self, line: dict[str, Any]) -> None:
        self._lines[_key(line)] = line


def _averages(outcome: Outcome) -> dict[str, Any]:
    """Nothing where the method keeps none."""
    if outcome.averages is None:
        return {}
    rounded = {
        power: {"validation": _round(losses["validation"]), "test": _round(losses["test"])}
        for power, losses in outcome.averages.items()
    }
    return {"averages": rounded}


def loss_of(line: dict[str, Any]) -> float:
    """The final validation loss, to be compared: a run that diverged is worse than any other."""
    return math.inf if line["validation"] is None else float(line["validation"])


def losses_of(line: dict[str, Any]) -> dict[str, float]:
    """The same at the weights themselves, "raw", and at each average that the run kept."""
    averages = line.get("averages", {})
    return {"raw": loss_of(line), **{power: loss_of(at) for power, at in averages.items()}}


def _key(facts: dict[str, Any]) -> Key:
    settings = json.dumps(facts["settings"], sort_keys=True)
    return facts["workload"], facts["version"], facts["seed"], facts["method"], settings


def _round(loss: float | None) -> float | None:
    """Six significant digits: more would be noise, and the file is under version control."""
    return None if loss is None else float(f"{loss:.6g}")
