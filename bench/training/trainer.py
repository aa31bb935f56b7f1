"""Trains one workload, with or without the tuner.

    python bench/training/trainer.py --workload letters
    autolrs run --budget 12000 -- python bench/training/trainer.py --workload letters --seed 1

Alone it trains at one LR, the framework's default if none is given.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

started = time.perf_counter()

# Where `autolrs run` has not put it on the path, it is here.
sys.path.append(str(Path(__file__).resolve().parents[2] / "adapters" / "python"))

import workloads  # noqa: E402
from autolrs._protocol.claim import claim  # noqa: E402  before anything is printed
from autolrs.session import Session  # noqa: E402
from autolrs.tuner import InertTuner  # noqa: E402
from model_hooks import ModelHooks  # noqa: E402
from recorded import Recorded, finite_or_none  # noqa: E402


def main() -> None:
    """Trains, and writes down how it ended."""
    args = parse_args()
    workload = workloads.load(args.workload)
    model = Recorded(workload, workload.make(args.seed))
    hooks = ModelHooks(model, workload.default_lr if args.lr is None else args.lr)
    wire = claim()
    tuner = InertTuner() if wire is None else Session(wire, hooks)
    seconds_around = time.perf_counter() - started

    # A batch depends on the model's own count of steps; `cycle` brings it back after a restart.
    for _ in tuner.cycle(range(workload.total)):
        tuner.step(model.step(hooks.lr))

    ended = time.perf_counter()
    validation, test = model.validate(), model.test()
    seconds_around += time.perf_counter() - ended
    print(f"{workload.name}: {model.steps} steps, validation {validation:.5f}, test {test:.5f}")
    if args.final is not None:
        outcome = {
            "steps": model.steps,
            "spent": model.spent,
            "validation": finite_or_none(validation),
            "test": finite_or_none(test),
            "curve": model.curve,
            "seconds_around": seconds_around,
        }
        args.final.write_text(json.dumps(outcome) + "\n")


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workload", required=True, choices=workloads.names(), metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lr", type=float, help="the LR of all steps, where no tuner sets it")
    parser.add_argument("--final", type=Path, metavar="FILE", help="write losses and curve there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
