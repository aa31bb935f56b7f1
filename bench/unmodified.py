"""Scripts that do not know autolrs: bare, and under `autolrs run` with nothing else.

    npm run build && python bench/unmodified.py [--seeds N] [NAME...]

Each is a script of the tests (`adapters/python/tests/unmodified`), with real data and about a
thousand updates. It runs bare with its LRs times 1/4, 1 and 4, and once under the tuner. Two
tables come at the end, and a line on each run at once, on stderr. Frameworks have the Pythons of
CONTRIBUTING.md; `FASHION_MNIST` names the folder of that data set.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "bench" / "unmodified"))

from scripts import SCRIPTS, Script  # noqa: E402

FACTORS = (1 / 4, 1.0, 4.0)
HEADING = "the run: the script from its beginning ===\n"
"""Ends the line before what the process that trains has written."""
MOST_FACTORS = 4
"""A run with more has a whole schedule."""
OWN = ("autolrs-runs", "__pycache__")
"""Folders that are not the script's."""


@dataclass(frozen=True)
class End:
    """What a run left: its lines, files, epochs and final loss, and the seconds that it took."""

    lines: list[str]
    files: list[str]
    epochs: list[str]
    loss: float
    wall: float
    processor: float

    @property
    def line_count(self) -> int:
        return len(self.lines)


def bare(script: Script, folder: Path, seed: int, factor: float) -> End:
    """Runs a script alone."""
    script.write(folder, seed, factor)
    wall, processor, output = _run(script, folder, ())
    return _end(script, folder, output, wall, processor)


def tuned(script: Script, folder: Path, seed: int) -> tuple[End, dict]:
    """Runs a script under the tuner; also the tuner's result."""
    script.write(folder, seed, 1.0)
    command = ("node", str(ROOT / "bin" / "autolrs.js"), "run", "--")
    wall, processor, _ = _run(script, folder, command)
    (run,) = (folder / "autolrs-runs").iterdir()
    _, _, output = (run / "trainer.log").read_text().rpartition(HEADING)
    return _end(script, folder, output, wall, processor), json.loads(
        (run / "result.json").read_text()
    )


def _run(script: Script, folder: Path, before: Sequence[str]) -> tuple[float, float, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("AUTOLRS_")}
    env["DIGITS"] = str(ROOT / "examples" / "demo" / "digits.csv.gz")
    command = [
        *before,
        os.environ.get(script.python, sys.executable),
        *script.launcher,
        "train.py",
    ]
    cpu, start = _children(), time.monotonic()
    end = subprocess.run(
        command,
        cwd=folder,
        env=env,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    wall, processor = time.monotonic() - start, _children() - cpu
    if end.returncode != 0:
        sys.exit(
            f"{' '.join(command)} in {script.name} ended with {end.returncode}:\n{end.stdout}"
        )
    return wall, processor, end.stdout


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _end(script: Script, folder: Path, output: str, wall: float, processor: float) -> End:
    places = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return End(
        output.splitlines(),
        sorted(str(path) for path in places if not {*OWN} & {*path.parts}),
        sorted(re.findall(script.epochs, output)),
        float(re.findall(script.loss, output)[-1]),
        wall,
        processor,
    )


@dataclass
class Pair:
    """One seed of one script: the bare ends by factor, and the tuned one with its result."""

    alone: dict[float, End]
    steered: End
    result: dict


def measure(script: Script, seed: int, folder: Path) -> Pair:
    """Runs a script bare, and under the tuner right after."""
    alone = bare(script, folder / "bare", seed, 1.0)
    pair = Pair({1.0: alone}, *tuned(script, folder / "tuned", seed))
    tell(script, seed, pair)
    return pair


def tell(script: Script, seed: int, pair: Pair) -> None:
    """A line on each run, at once, and what differs."""
    one, two = pair.alone[1.0], pair.steered
    steps = pair.result["steps"]
    print(
        f"{script.name} seed {seed}: bare {one.loss:.4f}; tuned {two.loss:.4f},"
        f" factors {_lrs(pair)}, {steps['committed']} + {steps['search']} steps;"
        f" wall {one.wall:.1f}, {two.wall:.1f} s;"
        f" processor {one.processor:.1f}, {two.processor:.1f} s; load {os.getloadavg()[0]:.1f};"
        f" lines {len(one.lines)}, {len(two.lines)}; epochs {len(one.epochs)}, {len(two.epochs)}",
        file=sys.stderr,
        flush=True,
    )
    for more, less, whose in ((one, two, "bare"), (two, one, "tuned")):
        files = sorted(set(more.files) - set(less.files))
        if files:
            print(f"  only {whose}: {', '.join(files)}", file=sys.stderr)
    if len(one.lines) != len(two.lines):
        masked = [{re.sub(r"[\d.e+-]+", "#", line) for line in end.lines} for end in (one, two)]
        for line in sorted(masked[0] ^ masked[1]):
            print(f"  a line of one: {line}", file=sys.stderr)


def _lrs(pair: Pair) -> str:
    lrs = [step["lr"] for step in pair.result["schedule"]]
    if len(lrs) > MOST_FACTORS:
        return f"a schedule up to LR {max(lrs):.3g}"
    return ", ".join(f"{lr:.3g}" for lr in lrs)


SAME = """
| script | lines | files | epochs | steps | search | s, bare | s added | processor s added |
| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |
"""


def same_row(script: Script, pairs: list[Pair]) -> str:
    """Whether lines, files and epochs are the bare script's; medians of the rest."""
    ends = [(pair.alone[1.0], pair.steered) for pair in pairs]
    steps = [pair.result["steps"] for pair in pairs]
    return _cells(
        script.words,
        *(_as_one(ends, what) for what in ("line_count", "files", "epochs")),
        " ".join(sorted({f"{each['committed']:,}" for each in steps})),
        f"{_median(each['search'] for each in steps):.0f}",
        f"{_median(one.wall for one, _ in ends):.0f}",
        f"{_median(two.wall - one.wall for one, two in ends):.0f}",
        f"{_median(two.processor - one.processor for one, two in ends):.1f}",
    )


LOSSES = """
| script | LR x 1/4 | bare | LR x 4 | autolrs | over bare | over the best of three | its factor |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
"""


def loss_row(script: Script, pairs: list[Pair]) -> str:
    """The final losses that the script prints: medians over seeds."""
    losses = [[p.alone[factor].loss for p in pairs if factor in p.alone] for factor in FACTORS]
    is_whole = all(len(each) == len(pairs) for each in losses)
    best = [p.steered.loss / min(end.loss for end in p.alone.values()) for p in pairs]
    return _cells(
        script.words,
        *(f"{_median(each):.4f}" if each else "not run" for each in losses),
        f"{_median(p.steered.loss for p in pairs):.4f}",
        f"{_median(p.steered.loss / p.alone[1.0].loss for p in pairs):.3f}",
        f"{_median(best):.3f}" if is_whole else "not run",
        "; ".join(_lrs(p) for p in pairs),
    )


def _as_one(ends: list[tuple[End, End]], what: str) -> str:
    return "yes" if all(getattr(one, what) == getattr(two, what) for one, two in ends) else "no"


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


_median = statistics.median


def main() -> None:
    """Measures, and prints the tables; after Ctrl-C those of what there is."""
    parser = argparse.ArgumentParser(description="Unmodified scripts, bare and under autolrs run.")
    parser.add_argument("names", nargs="*", help="scripts (default: all)")
    parser.add_argument("--seeds", type=int, default=2, help="seeds of each script (default: 2)")
    args = parser.parse_args()
    scripts = [each for each in SCRIPTS if not args.names or each.name in args.names]
    pairs: dict[tuple[str, int], Pair] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for seed in range(args.seeds):
                for script in scripts:
                    place = Path(folder) / script.name / str(seed)
                    pairs[script.name, seed] = measure(script, seed, place)
                for script in scripts:
                    for factor in (1 / 4, 4.0):
                        place = Path(folder) / script.name / str(seed) / f"times-{factor}"
                        end = bare(script, place, seed, factor)
                        pairs[script.name, seed].alone[factor] = end
                        print(f"{script.name} x{factor:g} {end.loss:.4f}", file=sys.stderr)
        except KeyboardInterrupt:
            pass
    for head, row in ((SAME, same_row), (LOSSES, loss_row)):
        print(head.rstrip())
        for script in scripts:
            its = [pair for (name, _), pair in pairs.items() if name == script.name]
            if its:
                print(row(script, its))


if __name__ == "__main__":
    main()
