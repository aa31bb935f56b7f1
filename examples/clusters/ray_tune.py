"""Ray Tune over runs of autolrs: each trial is a run of its own, and reports its result.

python ray_tune.py python train.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import ray
from ray import tune

COMMAND = sys.argv[1:] or ["python", "train.py"]
FOLDER = os.getcwd()


def trial(config: dict[str, Any]) -> dict[str, Any]:
    """One run. Tune has told Ray what it holds, so that trials with a GPU each see one each."""
    run_dir = f"{FOLDER}/runs/seed-{config['seed']}"
    flags = ["--json", "--quiet", "--or-resume", "--run-dir", run_dir]
    done = subprocess.run(
        ["autolrs", "run", *flags, "--seed", str(config["seed"]), "--", *COMMAND],
        cwd=FOLDER,
        stdout=subprocess.PIPE,
        check=True,
    )
    result = json.loads(done.stdout)
    return {"loss": result["loss"]["validation"], "steps": result["steps"]["total"]}


if __name__ == "__main__":
    ray.init(address="auto")
    tuner = tune.Tuner(
        tune.with_resources(trial, {"cpu": 1, "gpu": float(os.environ.get("GPUS", "0"))}),
        param_space={"seed": tune.grid_search([0, 1])},
    )
    for each in tuner.fit():
        print(f"seed {each.config['seed']}: loss {each.metrics['loss']:.6f}")
