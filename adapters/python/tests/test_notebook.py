"""What a notebook shows of a run: the curves, the picture and the table; and a real notebook."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import REPOSITORY, require

from autolrs._notebook.curves import Curves
from autolrs._notebook.figure import MOST_POINTS, draw
from autolrs._notebook.table import table_of

SVG = "{http://www.w3.org/2000/svg}"


def steps(start: int, losses: list[float | None], purpose: str = "commit") -> dict[str, Any]:
    """What the tuner tells of two steps a loss."""
    count = 2 * len(losses)
    told = {"from": start, "steps": count, "losses": losses, "lrs": [0.1]}
    return {"kind": "steps", "purpose": purpose, **told}


def test_trials_are_kept_apart_from_what_stays() -> None:
    curves = Curves()
    curves.add(steps(0, [4.0, 3.0], "search"))
    curves.add(steps(4, [2.5], "search"))  # the same trial goes on
    curves.add(steps(0, [9.0], "search"))
    curves.add(steps(0, [4.0, None, 2.0]))
    assert curves.losses == [(2, 4.0), (6, 2.0)]
    assert curves.lrs == [(6, 0.1)]
    assert curves.tried == [[(2, 4.0), (4, 3.0), (6, 2.5)], [(2, 9.0)]]
    assert (curves.committed, curves.search) == (6, 8)


def test_a_commit_from_an_earlier_step_takes_back_what_came_after_it() -> None:
    curves = Curves()
    curves.add(steps(0, [4.0, 3.0, 5.0]))
    curves.add({"kind": "validated", "purpose": "commit", "step": 6, "loss": 5.5})
    curves.add(steps(4, [2.0]))
    assert curves.losses == [(2, 4.0), (4, 3.0), (6, 2.0)]
    assert curves.tried == [[(6, 5.0)]]
    assert curves.validation == []
    assert (curves.committed, curves.search) == (6, 2)
    curves.end_at(2, 10)
    assert curves.losses == [(2, 4.0)]
    assert (curves.committed, curves.search) == (2, 10)


def test_the_picture_is_bounded_and_draws_each_curve_in_its_colour() -> None:
    curves = Curves()
    curves.add(steps(0, [5.0, 6.0], "search"))
    curves.add(steps(0, [1e9], "search"))  # a divergence leaves the picture
    for start in range(0, 40_000, 2):
        curves.add(steps(start, [4.0 - start / 20_000]))
    curves.add({"kind": "validated", "purpose": "commit", "step": 4, "loss": 3.5})
    text = draw(curves, "run <1>")
    assert len(text) < 40_000
    root = ElementTree.fromstring(text)
    lines = {each.get("stroke"): each.get("points") or "" for each in root.iter(f"{SVG}polyline")}
    assert set(lines) == {"#b3b3b3", "#1f5fbf", "#2b7a3d"}
    points = lines["#1f5fbf"].split(" ")
    assert len(points) <= MOST_POINTS
    heights = [float(point.split(",")[1]) for point in points]
    assert heights == sorted(heights)  # a loss that falls
    assert max(heights) - min(heights) > 100  # and fills the picture, whatever diverged
    assert len([*root.iter(f"{SVG}circle")]) == 1
    assert [each.text for each in root.iter(f"{SVG}title")] == ["run <1>"]


def test_a_run_of_which_nothing_is_known_can_be_drawn() -> None:
    for curves in (Curves(), Curves(losses=[(1, 0.0)], lrs=[(1, 0.0)])):
        assert ElementTree.fromstring(draw(curves, "")).tag == f"{SVG}svg"


def test_the_account_is_a_table_in_the_words_of_the_tuner() -> None:
    summary = {
        "run": "r1",
        "end": "finished: <done>",
        "stages": [["stage", "LR"], ["0", "0.1"]],
        "details": [["steps", "4 committed"], ["", "(search 0 %)"]],
    }
    root = ElementTree.fromstring(f"<div>{table_of({'summary': summary})}</div>")
    assert [*root.itertext()] == [
        *("run r1: finished: <done>", "stage", "LR", "0", "0.1"),
        *("steps", "4 committed", "(search 0 %)"),
    ]
    assert table_of({"error": {"message": "a < b"}}) == "<p><b>a &lt; b</b></p>"


LOOP = """
def train(act=lambda tuner: None):
    for batch in tuner.cycle([0.001 * i for i in range(10)], epochs=20):
        tuner.step(toy.update(batch))
        act(tuner)
    print("end", toy.weight)
"""
CELLS = {
    "imports": f"import os, signal\nimport autolrs\nfrom toy import attach\n{LOOP}",
    "attach": "run = autolrs.Run(budget=1500, run_dir='run', seed=3, checkpoint_steps=50)\n"
    "toy, tuner = attach(lambda: toy.weight**2, run=run)",
    "fails without training": "1 / 0",
    "interrupted": "train(lambda tuner: os.kill(os.getpid(), signal.SIGINT)\n"
    "      if tuner.step_count == 100 and not tuner.is_search else None)",
    "status": "print(run.result['status'])",
    "attach again": "toy, tuner = attach(lambda: toy.weight**2, run=run)",
    "raises": "train(lambda tuner: 1 / (tuner.step_count - 150 or tuner.is_search))",
    "status again": "print(run.result['status'])",
    "attach at last": "toy, tuner = attach(lambda: toy.weight**2, run=run)",
    "trains": "train()",
    "another": "toy, tuner = attach(lambda: toy.weight**2, run=autolrs.Run(\n"
    "    budget=1500, run_dir='other', seed=3, checkpoint_steps=50))\ntrain()",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the cells of a real notebook have put out."""
    nbclient, nbformat = require("nbclient"), require("nbformat")
    require("ipykernel")
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell(text) for text in CELLS.values()]
    folder = tmp_path_factory.mktemp("notebook")
    tests = Path(__file__).parent
    own = {name: os.environ[name] for name in os.environ if not name.startswith("AUTOLRS")}
    env = {
        **own,
        "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)]),
        "AUTOLRS_COMMAND": shlex.join(["node", str(REPOSITORY / "bin" / "autolrs.js")]),
        "IPYTHONDIR": str(folder),
    }
    client = nbclient.NotebookClient(book, timeout=120, allow_errors=True, kernel_name="python3")
    client.execute(cwd=str(folder), env=env)
    assert json.loads((folder / "run" / "result.json").read_text())["status"] == "finished"
    return dict(zip(CELLS, (cell.outputs for cell in book.cells)))


def shown(outputs: list[dict[str, Any]]) -> str:
    """The one figure among them, with what stands below it."""
    [html] = [each["data"]["text/html"] for each in outputs if "text/html" in each.get("data", {})]
    return str(html)


def test_the_cell_with_the_loop_shows_a_figure_and_the_account(
    outputs: dict[str, list[dict[str, Any]]],
) -> None:
    assert outputs["attach"] == []
    html = shown(outputs["trains"])
    root = ElementTree.fromstring(f"<div>{html}</div>")
    assert len([*root.iter(f"{SVG}polyline")]) > 3
    cells = [each.text or "" for each in root.iter("td")]
    assert any("committed + " in text and "search" in text for text in cells)
    assert "lines of the tuner" in html


def test_an_interrupt_of_a_cell_ends_the_run_which_goes_on_by_the_same_call(
    outputs: dict[str, list[dict[str, Any]]],
) -> None:
    [error] = [each for each in outputs["interrupted"] if each["output_type"] == "error"]
    assert error["ename"] == "KeyboardInterrupt"
    assert "interrupted" in shown(outputs["interrupted"])
    assert outputs["status"][0]["text"] == "interrupted\n"


def test_a_cell_that_raises_amid_training_ends_the_run_and_no_other_does(
    outputs: dict[str, list[dict[str, Any]]],
) -> None:
    assert outputs["fails without training"][0]["ename"] == "ZeroDivisionError"
    assert outputs["raises"][-1]["ename"] == "ZeroDivisionError"
    assert outputs["status again"][0]["text"] == "failed\n"


def test_a_run_that_was_disturbed_comes_to_the_end_of_one_that_was_not(
    outputs: dict[str, list[dict[str, Any]]],
) -> None:
    [disturbed], [other] = (
        [each["text"] for each in outputs[cell] if each["output_type"] == "stream"]
        for cell in ("trains", "another")
    )
    assert disturbed == other
    assert disturbed.startswith("end ")
