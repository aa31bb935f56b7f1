"""Runs what is not in the store yet: workloads times methods times seeds.

    npm run bench:training -- --quick      # minutes; prints a table, keeps nothing
    npm run bench:training                 # hours; appends to results.jsonl, and goes on there
    npm run bench:training -- --only letters,digits --methods paper --seeds 3

`python bench/training/run.py` does the same without building the CLI first.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import workloads
from methods import Method, MethodError, Plan, Runs
from methods.ademamix import ademamix
from methods.greedy import greedy
from methods.grid import cosine_at_default_lr, grid
from methods.learning_rate_free import prodigy, schedule_free
from methods.optimal import optimal
from methods.optuna_cosine import optuna_cosine
from methods.ramp import ramp
from methods.tuned import tuned
from parts.files import REPOSITORY
from store import Store, loss_of

RESULTS = Path(__file__).parent / "results.jsonl"

METHODS: dict[str, Method] = {
    "grid": grid,
    "default-cosine": cosine_at_default_lr,
    "ramp-cosine": ramp,
    "optimal": optimal,
    "paper": partial(tuned, "paper"),
    "horizon": partial(tuned, "horizon"),
    "schedule-free": schedule_free,
    "prodigy": prodigy,
    "greedy": greedy,
    "ademamix": ademamix,
    "optuna": optuna_cosine,
}

QUICK_WORKLOADS = ["quadratic-power", "quadratic-wide", "digits", "letters", "regression"]
QUICK = Plan(seeds=1, grid_seeds=1, grid_lrs=5, grid_ratio=4.0, finalists=0)

CHEAPEST_FIRST = [
    *QUICK_WORKLOADS,
    *("friedman", "fashion-softmax", "fashion-autoencoder"),
    *("fashion-few", "fashion-cnn-short", "fashion-mlp"),
    *("lstm-series", "finetune-full", "finetune-lora", "gpt-addresses", "fashion-resnet"),
    *("gru-lm", "char-lm", "fashion-cnn-sgd", "fashion-cnn-adamw"),
]


def main() -> None:
    """Runs, a line a run on stderr."""
    args = parse_args()
    plan = QUICK if args.quick else Plan(seeds=args.seeds, grid_seeds=args.grid_seeds)
    names = args.only or (QUICK_WORKLOADS if args.quick else CHEAPEST_FIRST)
    work = partial(run_workload, methods=args.methods, plan=plan, args=args)
    if args.jobs == 1:
        outcomes = [work(name) for name in names]
    else:
        with ProcessPoolExecutor(args.jobs) as pool:
            outcomes = list(pool.map(work, names))
    if args.quick:
        print_table(dict(zip(names, outcomes)))


def run_workload(
    name: str, methods: list[str], plan: Plan, args: argparse.Namespace
) -> list[dict[str, Any]]:
    """All runs of a workload; returns their lines, those of the store too.

    A method that cannot run says so on stderr, and the others go on.
    """
    store = Store(None if args.quick else args.store)
    lines: list[dict[str, Any]] = []
    for method in methods:
        try:
            run_method(METHODS[method](workloads.load(name), plan), name, store, args, lines)
        except MethodError as error:
            sys.stderr.write(f"{name} {method} is left out: {error}\n")
        except ModuleNotFoundError as error:
            advice = "pip install -r bench/training/requirements.txt"
            sys.stderr.write(f"{name} {method} is left out: {error}; {advice}\n")
    return lines


def run_method(
    runs: Runs, name: str, store: Store, args: argparse.Namespace, lines: list[dict[str, Any]]
) -> None:
    """The runs of one method; appends their lines to `lines`."""
    run = next(runs, None)
    while run is not None:
        facts = {
            "workload": name,
            "version": workloads.version(name),
            "seed": run.seed,
            "method": run.method,
            "settings": run.settings,
        }
        line = store.find(facts)
        is_short = args.averages and run.has_averages and line and "averages" not in line
        if line is None or is_short or args.again:
            line = store.add({**facts, **provenance()}, run.do())
            tell(line)
        lines.append(line)
        try:
            run = runs.send(line)
        except StopIteration:
            run = None


def provenance() -> dict[str, str]:
    """By what and when a line was made."""
    manifest = json.loads((REPOSITORY / "package.json").read_text())
    packages = {}
    for package in ("numpy", "torch"):
        try:
            packages[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    return {"autolrs": manifest["version"], **packages, "date": today}


def tell(line: dict[str, Any]) -> None:
    """A line for people."""
    settings = " ".join(f"{key} {value:.4g}" for key, value in line["settings"].items())
    what = f"{line['workload']} {line['method']} {settings} seed {line['seed']}"
    sys.stderr.write(f"{what}: {loss_of(line):.5g} in {line['seconds']:.1f} s\n")


def print_table(outcomes: dict[str, list[dict[str, Any]]]) -> None:
    """Final validation losses, each method at its best settings."""
    for name, lines in outcomes.items():
        print(f"\n{name}\n{'method':16} {'validation loss':>16}  settings")
        losses: dict[tuple[str, str], list[float]] = {}
        for line in lines:
            key = line["method"], json.dumps(line["settings"])
            losses.setdefault(key, []).append(loss_of(line))
        best: dict[str, tuple[float, str]] = {}
        for (method, settings), seen in losses.items():
            score = median(seen), settings
            best[method] = min(best.get(method, score), score)
        for method, (loss, settings) in sorted(best.items(), key=lambda item: item[1]):
            print(f"{method:16} {loss:16.5g}  {settings}")


def parse_args(words: list[str] | None = None) -> argparse.Namespace:
    """The command line, or other words."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ", ".join(workloads.names())
    parser.add_argument("--only", type=_among(workloads.names()), help=f"workloads, of {names}")
    parser.add_argument(
        "--methods",
        type=_among(list(METHODS)),
        default=list(METHODS),
        help=f"of {', '.join(METHODS)}",
    )
    parser.add_argument("--seeds", type=int, default=5, help="seeds 1 to this (default: 5)")
    parser.add_argument(
        "--grid-seeds", type=int, default=2, help="seeds that choose the grid's six (default: 2)"
    )
    parser.add_argument("--jobs", type=int, default=1, help="workloads at once (default: 1)")
    parser.add_argument("--again", action="store_true", help="run what is in the store too")
    parser.add_argument(
        "--averages", action="store_true", help="run what is in the store without averages again"
    )
    parser.add_argument("--quick", action="store_true", help="a few minutes, nothing is kept")
    parser.add_argument("--store", type=Path, default=RESULTS, help="where results are kept")
    return parser.parse_args(words)


def _among(known: list[str]) -> Any:
    def parse(text: str) -> list[str]:
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f'"{name}" is none of {", ".join(known)}')
        return chosen

    return parse


if __name__ == "__main__":
    main()
