"""The schedule of an earlier run, in a training without the tuner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import autolrs
from autolrs.errors import ScheduleFileError

CHANGES = [{"step": 0, "lr": 0.1}, {"step": 2, "lr": 0.4}, {"step": 5, "lr": 0}]
LRS = [0.1, 0.1, 0.4, 0.4, 0.4, 0, 0]


def write(tmp_path: Path, **changes: Any) -> Path:
    document = {"version": 1, "run": "r1", "schedule": CHANGES, **changes}
    path = tmp_path / "schedule.json"
    path.write_text(json.dumps(document))
    return path


def test_it_is_a_function_of_the_step(tmp_path: Path) -> None:
    path = write(tmp_path)
    lr_at = autolrs.schedule(path)
    assert [lr_at(step) for step in range(7)] == LRS
    assert autolrs.schedule(str(tmp_path))(3) == 0.4


def test_factors_are_a_function_too(tmp_path: Path) -> None:
    assert autolrs.schedule(write(tmp_path, keepSchedule=True))(3) == 0.4


def test_it_sets_the_lr_of_each_group_and_keeps_their_ratio(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    weights = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    groups = [{"params": weights[:1]}, {"params": weights[1:], "lr": 0.25}]
    optimizer = torch.optim.SGD(groups, lr=0.5)
    scheduler = autolrs.schedule(write(tmp_path), optimizer)
    seen = []
    for _ in LRS:
        seen.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    assert seen == [[pytest.approx(lr), pytest.approx(lr / 2)] for lr in LRS]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schedule": []}, "is empty"),
        ({"schedule": None}, "holds no schedule"),
        ({"version": 2}, "of version 2"),
        ({"schedule": [{"step": 0, "lr": float("nan")}]}, "has the LR nan"),
        ({"schedule": [{"step": 0, "lr": -1}]}, "has the LR -1"),
        ({"schedule": [*CHANGES, CHANGES[0]]}, "step 0, which is not next"),
        ({"schedule": ["x"]}, "step None"),
    ],
)
def test_what_is_no_schedule_is_told(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ScheduleFileError, match=sentence):
        autolrs.schedule(write(tmp_path, **changes))


def test_a_file_that_is_not_there_or_no_json_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScheduleFileError, match="cannot be read"):
        autolrs.schedule(tmp_path / "other.json")
    (tmp_path / "other.json").write_text("{")
    with pytest.raises(ScheduleFileError, match="is no JSON"):
        autolrs.schedule(tmp_path / "other.json")


def test_an_optimizer_that_cannot_follow_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScheduleFileError, match="dict is no PyTorch optimizer"):
        autolrs.schedule(write(tmp_path), {})
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.0)
    with pytest.raises(ScheduleFileError, match=r"LR is 0\.0"):
        autolrs.schedule(write(tmp_path), optimizer)
    optimizer.param_groups[0]["lr"] = 0.1
    with pytest.raises(ScheduleFileError, match="factors on"):
        autolrs.schedule(write(tmp_path, keepSchedule=True), optimizer)
