"""Where a checkpoint on disk may stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Drive
from driver import RefusedError

from autolrs._protocol.messages import INVALID_PARAMS, RpcError
from autolrs._session.run_dir import RunDir

SCRIPT = """
import toy
model, tuner = toy.attach()
for batch in tuner.cycle([0.0]):
    tuner.step(model.update(batch))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run directory; beside it lies `runs`, and in it a link that leads out."""
    run = tmp_path / "run"
    for made in (run / "inner", tmp_path / "runs"):
        made.mkdir(parents=True)
    (run / "out").symlink_to(tmp_path / "runs")
    monkeypatch.setenv("AUTOLRS_RUN_DIR", str(run))
    monkeypatch.chdir(tmp_path)
    return run


@pytest.mark.parametrize("path", ["a", "inner/a", "inner/../a", "new/a"])
def test_a_path_inside_is_taken(folder: Path, path: str) -> None:
    resolved = RunDir().path_of({"path": str(folder / path)})
    assert resolved == str((folder / path).resolve())
    assert RunDir().path_of({"path": f"run/{path}"}) == resolved


@pytest.mark.parametrize("path", ["../a", "out/a", "inner/../../a", "../runs/a", "out/../a", "/a"])
def test_a_path_that_leads_out_is_refused_by_name(folder: Path, path: str) -> None:
    with pytest.raises(RpcError, match="not in the run directory") as caught:
        RunDir().path_of({"path": str(folder / path)})
    assert caught.value.code == INVALID_PARAMS
    assert path in str(caught.value)


def test_a_run_directory_that_is_a_link_is_the_folder_behind_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    monkeypatch.setenv("AUTOLRS_RUN_DIR", str(link))
    assert RunDir().path_of({"path": str(link / "a")}) == str(folder / "a")
    assert RunDir().path_of({"path": str(folder / "a")}) == str(folder / "a")


def test_no_path_is_no_path(folder: Path) -> None:
    assert RunDir().path_of({}) is RunDir().path_of({"path": None}) is None


def test_without_a_run_directory_every_path_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOLRS_RUN_DIR", raising=False)
    assert RunDir().path_of({"path": "/anywhere/../a"}) == "/anywhere/../a"


@pytest.mark.parametrize("method", ["save", "restore", "discard"])
def test_every_request_with_a_path_is_held_to_it(drive: Drive, folder: Path, method: str) -> None:
    outside = folder.parent / "a"
    outside.write_text("untouched")
    driver = drive(SCRIPT, AUTOLRS_RUN_DIR=str(folder))
    with pytest.raises(RefusedError, match="not in the run directory") as caught:
        driver.ask(method, id="a", path=str(outside))
    assert caught.value.code == INVALID_PARAMS
    assert outside.read_text() == "untouched"
    driver.ask("save", id="a", path=str(folder / "a"))
    driver.ask("restore", id="a", path=str(folder / "a"))
    driver.ask("discard", id="a", path=str(folder / "a"))
