"""Sets the published claims (1.22x to 1.5x fewer steps) against what `paper` takes here.

    python bench/training/claims.py --only letters,digits --seeds 3

`paper` commits as many steps as the tuned cosine has, and searches besides, as published. A
speed-up is the cosine's steps to a loss over those of `paper`, in committed and in all steps.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import workloads
from parts.files import REPOSITORY

RESULTS = Path(__file__).parent / "results.jsonl"
MARGINS = (0.05, 0.01, 0.0)
"""Targets, as shares above the cosine's final loss."""


def main() -> None:
    """A line a workload and target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="letters,digits,fashion-mlp")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    print("| workload | target above cosine's end | committed steps | all steps | reached by |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in args.only.split(","):
        seeds = range(1, args.seeds + 1)
        cosines = tuned_cosines(name)
        papers = {seed: run_paper(name, seed) for seed in seeds}
        for margin in MARGINS:
            ratios = [speed_ups(cosines[seed], papers[seed], margin) for seed in seeds]
            reached = [ratio for ratio in ratios if ratio is not None]
            told = "never | never"
            if len(reached) * 2 > len(ratios):
                told = " | ".join(f"{median(r[i] for r in reached):.2f}x" for i in range(2))
            print(
                f"| {name} | {margin:.0%} | {told} | {len(reached)} of {len(ratios)} |", flush=True
            )


def tuned_cosines(name: str) -> dict[int, list[list[float]]]:
    """The curve of each seed at the LR whose median is the lowest; points of step and loss."""
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    by_lr: dict[float, dict[int, Any]] = defaultdict(dict)
    for line in lines:
        if line["workload"] == name and line["method"] == "cosine":
            by_lr[line["settings"]["lr"]][line["seed"]] = line
    most = max(len(runs) for runs in by_lr.values())
    whole = [runs for runs in by_lr.values() if len(runs) == most]
    best = min(whole, key=lambda runs: median(_loss(line) for line in runs.values()))
    return {seed: line["curve"] for seed, line in best.items()}


def _loss(line: dict[str, Any]) -> float:
    loss = line["validation"]
    return float("inf") if loss is None else float(loss)


def run_paper(name: str, seed: int) -> list[list[float]]:
    """The curve of a run that commits a workload's steps; points of step, all steps and loss."""
    with tempfile.TemporaryDirectory() as folder:
        final = Path(folder, "final.json")
        command = [
            *("node", str(REPOSITORY / "bin/autolrs.js"), "run", "--quiet"),
            *("--strategy", "paper", "--steps", str(workloads.load(name).total)),
            *("--seed", str(seed), "--run-dir", str(Path(folder, "run")), "--", sys.executable),
            *(str(REPOSITORY / "bench/training/trainer.py"), "--workload", name),
            *("--seed", str(seed), "--final", str(final)),
        ]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        curve: list[list[float]] = json.loads(final.read_text())["curve"]
        return curve


def speed_ups(
    cosine: list[list[float]], paper: list[list[float]], margin: float
) -> tuple[float, float] | None:
    """In committed and in all steps; None if `paper` never gets there."""
    target = cosine[-1][1] * (1 + margin)
    there = next(step for step, loss in cosine if loss is not None and loss <= target)
    for step, spent, loss in paper:
        if loss is not None and loss <= target:
            return there / step, there / spent
    return None


if __name__ == "__main__":
    main()
