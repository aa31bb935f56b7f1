"""Metrics of the committed path, in the real run of a tracker that the script has open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Drive, require
from driver import Driver

LOOP = """
import sys, toy
from autolrs._trackers import active
active.LEAST_SECONDS = 1e-9  # a script of milliseconds has room for all points
{begin}
model, tuner = toy.attach(lambda: 0.25)
for batch in tuner.cycle([0.0], epochs=400):
    tuner.step(model.update(batch))
{end}
"""

MLFLOW = {
    "begin": """
import mlflow
mlflow.set_tracking_uri(f"file://{sys.path[0]}/runs")
run = mlflow.start_run()
""",
    "end": """
import json
client = mlflow.MlflowClient()
history = {
    key: [[each.step, each.value] for each in client.get_metric_history(run.info.run_id, key)]
    for key in mlflow.get_run(run.info.run_id).data.metrics
}
mlflow.end_run()
print("history", json.dumps(history), file=sys.stderr)
""",
}


def play(driver: Driver) -> None:
    """Two commits, a trial that is rolled back, and evaluations."""
    driver.ask("initialize", protocol=1)
    driver.ask("validate")
    driver.ask("train", steps=20, lr=0.1, purpose="commit")
    driver.ask("save", id="a")
    driver.ask("train", steps=5, lr=0.7, purpose="search")
    driver.ask("validate")
    driver.ask("restore", id="a")
    driver.ask("train", steps=10, lr=0.2, purpose="commit")
    driver.ask("validate")
    assert driver.shutdown() == 0, driver.stderr


def history_of(driver: Driver) -> dict[str, list[list[float]]]:
    [line] = [line for line in driver.stderr.splitlines() if line.startswith("history ")]
    history: dict[str, list[list[float]]] = json.loads(line[len("history ") :])
    return history


def expect_committed_path(history: dict[str, list[list[float]]]) -> None:
    assert sorted(history) == ["autolrs/learning_rate", "autolrs/loss", "autolrs/validation_loss"]
    lrs = history["autolrs/learning_rate"]
    assert lrs == [
        *([step, 0.1] for step in range(2, 21, 2)),
        *([step, 0.2] for step in range(21, 31)),
    ]
    assert history["autolrs/validation_loss"] == [[0, 0.25], [30, 0.25]]
    losses = [loss for _, loss in history["autolrs/loss"]]
    assert losses == sorted(losses, reverse=True)


def script_of(parts: dict[str, str]) -> str:
    return LOOP.format(**parts)


def test_mlflow_has_the_committed_path(drive: Drive) -> None:
    require("mlflow")
    driver = drive(script_of(MLFLOW), MLFLOW_ALLOW_FILE_STORE="true")
    play(driver)
    expect_committed_path(history_of(driver))


def test_committed_steps_that_are_rolled_back_are_marked(drive: Drive) -> None:
    require("mlflow")
    driver = drive(script_of(MLFLOW), MLFLOW_ALLOW_FILE_STORE="true")
    driver.ask("initialize", protocol=1)
    driver.ask("train", steps=10, lr=0.1, purpose="commit")
    driver.ask("save", id="best")
    driver.ask("train", steps=5, lr=0.7, purpose="search")
    driver.ask("restore", id="best")
    driver.ask("train", steps=20, lr=0.1, purpose="commit")
    driver.ask("train", steps=5, lr=0.7, purpose="search")
    for _ in range(2):
        driver.ask("restore", id="best")
    driver.ask("train", steps=3, lr=0.05, purpose="commit")
    driver.ask("restore", id="best")
    assert driver.shutdown() == 0, driver.stderr
    history = history_of(driver)
    assert history["autolrs/rolled_back_from"] == [[10, 30], [10, 13]]


def test_trials_are_there_by_their_own_name_if_they_are_asked_for(drive: Drive) -> None:
    require("mlflow")
    driver = drive(script_of(MLFLOW), AUTOLRS_TRACKERS="all", MLFLOW_ALLOW_FILE_STORE="true")
    play(driver)
    history = history_of(driver)
    assert history["autolrs/trial/learning_rate"] == [[step, 0.7] for step in range(21, 26)]
    assert history["autolrs/trial/validation_loss"] == [[25, 0.25]]
    expect_committed_path({k: v for k, v in history.items() if "trial" not in k})


@pytest.mark.parametrize("env", [{"AUTOLRS_TRACKERS": "off"}, {"AUTOLRS_PHASE": "search"}])
def test_nothing_is_there_if_it_is_not_wanted(drive: Drive, env: dict[str, str]) -> None:
    require("mlflow")
    driver = drive(script_of(MLFLOW), MLFLOW_ALLOW_FILE_STORE="true", **env)
    play(driver)
    assert history_of(driver) == {}


def test_wandb_has_the_committed_path_beside_the_rows_of_the_script(drive: Drive) -> None:
    require("wandb")
    parts = {
        "begin": """
import wandb
run = wandb.init(dir=sys.path[0], mode="offline", project="p")
run.log({"own": 1})
""",
        "end": """
run.log({"own": 2})
import json
print("summary", json.dumps([run.step, dict(run.summary)]), file=sys.stderr)
run.finish()
""",
    }
    driver = drive(script_of(parts), WANDB_SILENT="true")
    play(driver)
    [line] = [line for line in driver.stderr.splitlines() if line.startswith("summary ")]
    rows, summary = json.loads(line[len("summary ") :])
    assert rows == 2  # no row but the script's own
    assert summary["autolrs/step"] == 30
    assert summary["autolrs/learning_rate"] == 0.2
    assert summary["own"] == 2


def test_trackio_has_the_committed_path(drive: Drive, tmp_path: Path) -> None:
    require("trackio")
    parts = {
        "begin": 'import trackio\ntrackio.init(project="p", name="r", embed=False)',
        "end": "trackio.finish()",
    }
    driver = drive(script_of(parts), TRACKIO_DIR=str(tmp_path / "trackio"))
    play(driver)
    rows = _rows_of_trackio(tmp_path / "trackio")
    lrs = [
        [row["step"], row["autolrs/learning_rate"]]
        for row in rows
        if "autolrs/learning_rate" in row
    ]
    assert lrs[0] == [2, 0.1]
    assert lrs[-1] == [30, 0.2]
    assert not any(row.get("autolrs/learning_rate") == 0.7 for row in rows)


def _rows_of_trackio(folder: Path) -> list[dict[str, Any]]:
    """All that its database has, as it lies on the disk."""
    import sqlite3

    [path] = folder.glob("*.db")
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT step, metrics FROM metrics ORDER BY id").fetchall()
    return [{**json.loads(metrics), "step": step} for step, metrics in found]


BROKEN = {
    "begin": """
import types
calls = []
def log_metrics(values, step):
    calls.append(step)
    raise OSError("the server is gone")
fake = types.ModuleType("mlflow")
fake.active_run = lambda: 1
fake.log_metrics = log_metrics
sys.modules["mlflow"] = fake
""",
    "end": "assert len(calls) == 1, calls",
}


def test_a_tracker_that_fails_is_told_once_and_ends_no_run(drive: Drive) -> None:
    driver = drive(script_of(BROKEN))
    play(driver)
    warned = [
        note["params"]["message"]
        for note in driver.notifications
        if note["method"] == "log" and "mlflow" in note["params"]["message"]
    ]
    assert warned == [
        "mlflow takes no metrics of autolrs, and gets no more: the server is gone",
    ]


def test_no_tracker_is_imported(drive: Drive) -> None:
    parts = {
        "begin": "",
        "end": "assert not {'mlflow', 'wandb', 'trackio'} & set(sys.modules)",
    }
    play(drive(script_of(parts)))
