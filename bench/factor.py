"""What `--keep-schedule` makes of a schedule whose peak is wrong: validation loss over the bare.

    npm run build && python bench/factor.py

Two small networks with a warm-up and a cosine of their own: the peak an eighth of a good one,
good, and eight times as high; three seeds. The bare script does as many steps as the tuned run
commits; what is done besides is in the last column. About ten minutes on an idle machine.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
STEPS = 2000
BATCH = 32
SEEDS = range(3)
PEAKS = {"digits": 0.2, "teacher": 0.006}
"""Good ones, from a grid of powers of two by the bare script: `bench/factor.py NAME PEAK SEED`."""
OFF = {"8x too low": 1 / 8, "good": 1.0, "8x too high": 8.0}


def train(name: str, peak: float, seed: int) -> None:
    """Trains with a schedule of the script's own, and prints the validation loss at its end."""
    sys.path.insert(0, str(ROOT / "adapters" / "python"))
    import torch
    from torch.optim import lr_scheduler

    import autolrs.torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    make = {"digits": _digits, "teacher": _teacher}[name]
    model, optimizer, batch_at, loss_of, held_out = make(torch, peak)

    def validate() -> Any:
        return loss_of(model(held_out[0]), held_out[1])

    tuner = autolrs.torch.attach(model, optimizer, validate, total=STEPS)
    warm_up = lr_scheduler.LinearLR(optimizer, 0.01, total_iters=STEPS // 20)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, STEPS - STEPS // 20)
    schedule = lr_scheduler.SequentialLR(optimizer, [warm_up, cosine], [STEPS // 20])
    while not tuner.done:
        x, y = batch_at()
        loss = loss_of(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        tuner.step(loss.detach())
    model.eval()
    with torch.no_grad():
        print(f"validation {validate().item()}", file=sys.stderr)


def _digits(torch: Any, peak: float) -> Any:
    text = gzip.decompress((ROOT / "examples/demo/digits.csv.gz").read_bytes()).decode()
    rows = torch.tensor([[float(cell) for cell in line.split(",")] for line in text.split()])
    rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))]
    x, y = rows[:, :-1] / 16, rows[:, -1].long()
    nn = torch.nn
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=peak, momentum=0.9, weight_decay=1e-3)

    def batch_at() -> Any:
        at = torch.randint(1200, (BATCH,))
        return x[at], y[at]

    return model, optimizer, batch_at, nn.functional.cross_entropy, (x[1200:], y[1200:])


def _teacher(torch: Any, peak: float) -> Any:
    nn = torch.nn
    with torch.random.fork_rng():
        torch.manual_seed(0)
        teacher = nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 1)).requires_grad_(
            False
        )
        teacher[0].weight.mul_(4)
        x = torch.randn(2000, 16)
        held_out = x, teacher(x)
    model = nn.Sequential(
        nn.Linear(16, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 1)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak)

    def batch_at() -> Any:
        x = torch.randn(BATCH, 16)
        y = teacher(x)
        return x, y + 0.1 * torch.randn_like(y)

    return model, optimizer, batch_at, nn.functional.mse_loss, held_out


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Runs one of the two scripts, or a tuner over it; what it says is kept for the error."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AUTOLRS_")}
    end = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if end.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{end.stderr}")
    return end


def bare(*script: str) -> float:
    """The validation loss that the script ends with alone."""
    return float(run(*script).stderr.split()[-1])


def tuned(*script: str) -> tuple[float, float, dict[str, int]]:
    """The validation loss under `--keep-schedule`, the factor at the end, and the steps."""
    with tempfile.TemporaryDirectory() as folder:
        tuner = ["node", str(ROOT / "bin" / "autolrs.js"), "run", "--keep-schedule", "--json"]
        end = run(*tuner, "--quiet", "--run-dir", f"{folder}/run", "--", *script)
    result = json.loads(end.stdout)
    return result["loss"]["validation"], result["schedule"][-1]["lr"], result["steps"]


def compare(names: list[str]) -> None:
    """The table."""
    print("| workload | peak | bare | tuned | tuned / bare | factors | search |")
    print("| --- | --- | ---: | ---: | ---: | --- | ---: |")
    for name in names:
        good = PEAKS[name]
        for words, off in OFF.items():
            scripts = [[sys.executable, __file__, name, str(off * good), str(s)] for s in SEEDS]
            alone = [bare(*script) for script in scripts]
            steered = [tuned(*script) for script in scripts]
            ratio = statistics.median(t[0] / b for t, b in zip(steered, alone))
            factors = ", ".join(f"{factor:.2g}" for _, factor, _ in steered)
            search = statistics.median(steps["search"] / steps["total"] for _, _, steps in steered)
            print(
                f"| {name} | {words} | {statistics.median(alone):.4f} "
                f"| {statistics.median(t[0] for t in steered):.4f} | {ratio:.2f} "
                f"| {factors} | {100 * search:.0f} % |",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) > 3:
        train(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
    else:
        compare(sys.argv[1:] or [*PEAKS])
