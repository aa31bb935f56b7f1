"""A strategy of `autolrs run`, through the real command line with its defaults: no LR is given."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from methods import MethodError, Plan, Run, Runs
from parts.files import REPOSITORY
from parts.workload import Workload
from training import Outcome

DIVERGED = 6
"""The exit code of a run in which no LR survived."""


def tuned(strategy: str, workload: Workload, plan: Plan) -> Runs:
    """One run a seed, its budget the steps of every other method, search included."""
    for seed in range(1, plan.seeds + 1):
        yield Run(strategy, {}, seed, partial(_run, strategy, workload, seed))


def _run(strategy: str, workload: Workload, seed: int) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        run_dir, final = Path(folder, "run"), Path(folder, "final.json")
        trainer = REPOSITORY / "bench/training/trainer.py"
        command = [
            *("node", str(REPOSITORY / "bin/autolrs.js"), "run", "--quiet", "--json"),
            *("--strategy", strategy, "--budget", str(workload.total), "--seed", str(seed)),
            *("--run-dir", str(run_dir), "--", sys.executable, str(trainer)),
            *("--workload", workload.name, "--seed", str(seed), "--final", str(final)),
        ]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        if done.returncode == DIVERGED:
            return Outcome(None, None, [], workload.total, workload.total, seconds)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise MethodError(f"autolrs run ended with exit code {done.returncode}: {last}")
        end = json.loads(final.read_text())
        result = json.loads(done.stdout)
        # A search apart is in a process of its own, whose steps this one has not counted.
        elsewhere = result["steps"]["total"] - end["spent"]
        journal = _read_lines(run_dir / "journal.jsonl")
        trainer_seconds = end["seconds_around"] + _seconds_answering(journal)
    return Outcome(
        validation=end["validation"],
        test=end["test"],
        curve=[(elsewhere + spent, loss) for _, spent, loss in end["curve"]],
        total=result["steps"]["total"],
        search=result["steps"]["search"],
        seconds=seconds,
        facts={
            "outside_seconds": round(seconds - trainer_seconds, 2),
            "forecasts": _forecasts(result, journal),
            "lrs": _lrs(result, journal),
        },
    )


def _forecasts(
    result: dict[str, Any], journal: list[dict[str, Any]]
) -> list[tuple[float, float, bool]]:
    """Of each forecast of the end: when in the run, it over what came, was that in its band."""
    # Of a run that goes back less is left in the end than it was planned for.
    begins = (record["decision"] for record in journal if record["kind"] == "decision")
    steps = next((one["steps"] for one in begins if one["kind"] == "commit-started"), 0)
    return [
        (
            round(said["step"] / steps, 2),
            float(f"{said['loss'] / came:.4g}"),
            said["low"] <= came <= said["high"],
        )
        for said in result["forecasts"]
        if said["of"] == "run" and (came := said["actual"])
    ]


def _lrs(result: dict[str, Any], journal: list[dict[str, Any]]) -> tuple[float, float]:
    """The peak LR that the search has found, and the LR at a fifth of the steps that remain."""
    begins = (record["decision"] for record in journal if record["kind"] == "decision")
    searched = next(one["lr"] for one in begins if one["kind"] == "commit-started")
    fifth = result["steps"]["committed"] / 5
    until_then = [span["lr"] for span in result["schedule"] if span["step"] <= fifth]
    return float(f"{searched:.4g}"), float(f"{until_then[-1]:.4g}")


def _seconds_answering(journal: list[dict[str, Any]]) -> float:
    """Seconds in which the trainer trained, validated, saved or restored, by its own clock."""
    return sum(
        record["reply"].get("seconds", 0) for record in journal if record["kind"] == "reply"
    )


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return list(map(json.loads, path.read_text().splitlines()))
