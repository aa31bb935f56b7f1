"""What a trainer asks and tells, and what is refused, over pipes in this process."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from inside import Inside, restore, save, train

import autolrs
from autolrs._ask_tell.replies import REPLIES
from autolrs._averages.sampling import Averaging
from autolrs._inside.options import RunOptions
from autolrs._inside.run import Run
from autolrs.errors import ArgumentError, AskTellError, RunEndedError

HELLO: dict[str, Any] = {"protocol": 1, "can": {}}


@contextmanager
def asking(*requests: tuple[str, dict[str, Any]]) -> Iterator[tuple[autolrs.AskTell, Inside]]:
    tuner = Inside(*requests)
    try:
        yield autolrs.AskTell(tuner.wire, Run(), 0.5, HELLO), tuner
    finally:
        tuner.close()


def test_each_request_is_typed_and_its_answer_counted() -> None:
    requests = [
        save(),
        train(2, [0.1, 0.2]),
        ("validate", {}),
        restore(),
        train(3, 0.3),
        ("discard", {"id": "a"}),
    ]
    with asking(*requests) as (tuner, inside):
        told: list[tuple[Any, Any]] = [
            (autolrs.Save("a", 0), autolrs.Saved(bytes=8)),
            (autolrs.Train(2, [0.1, 0.2], "commit"), autolrs.Trained([3, 2.5])),
            (autolrs.Validate(), autolrs.Validated(2, {"accuracy": 0.5, "f1": math.nan})),
            (autolrs.Restore("a"), autolrs.Restored()),
            (autolrs.Train(3, 0.3, "commit"), autolrs.Trained(iter([3, 2, 1]))),
            (autolrs.Discard("a"), autolrs.Discarded()),
        ]
        for asked, reply in told:
            assert tuner.ask() == asked
            tuner.tell(reply)
        assert (tuner.ask(), tuner.ask(), tuner.step) == (None, None, 3)
        results = [{k: v for k, v in each.items() if k != "seconds"} for each in inside.results]
        assert all(each["seconds"] >= 0 for each in inside.results[1:-1])
    assert results == [
        {**HELLO, "lr": 0.5},
        {"id": "a", "step": 0, "bytes": 8},
        {"steps": 2, "losses": [3, 2.5], "lr": 0.2, "step": 2},
        {"loss": 2, "metrics": {"accuracy": 0.5, "f1": None}},
        {"id": "a", "step": 0, "lr": 0.2},
        {"steps": 3, "losses": [3, 2, 1], "lr": 0.3, "step": 3},
        {"id": "a"},
        {"step": 3},
    ]


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (autolrs.Trained([1, math.inf]), {"steps": 2, "losses": [1, None], "end": "diverged"}),
        (autolrs.Trained([math.nan, 2, 1]), {"losses": [None, 2, 1], "end": "diverged"}),
        (autolrs.Trained([1, 2], end="halt"), {"steps": 2, "end": "halt", "lr": 0.2}),
        (autolrs.Trained([], end="data"), {"steps": 0, "end": "data", "lr": 0.5}),
    ],
)
def test_a_training_may_end_early(reply: autolrs.Trained, answer: dict[str, Any]) -> None:
    with asking(train(3, [0.1, 0.2, 0.3])) as (tuner, inside):
        tuner.ask()
        tuner.tell(reply)
        assert inside.results[1].items() >= answer.items()
        assert inside.results[1]["step"] == tuner.step == len(inside.results[1]["losses"])


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (autolrs.Saved(), r"a Train was answered by a Saved; tell Trained\(…\)"),
        ({"losses": [1]}, r"a Train was answered by {'losses': \[1\]}; tell Trained"),
        (None, "a Train was answered by None; tell Trained"),
        (
            autolrs.Trained([1, 2]),
            "a Train of 3 steps was answered by 2 losses; tell one for each",
        ),
        (autolrs.Trained([1] * 4), "a Train of 3 steps was answered by 4 losses"),
        (autolrs.Trained(1.5), "Trained.losses is 1.5; tell a list"),  # type: ignore[arg-type]
        (autolrs.Trained([1, "x", 2]), "loss 1 is 'x', not a number"),  # type: ignore[list-item]
        (autolrs.Trained([1], end="over"), "Trained.end is 'over'"),  # type: ignore[arg-type]
        (autolrs.Trained([1], end=[1]), r"Trained.end is \[1\]"),  # type: ignore[arg-type]
        (autolrs.Trained([1, 10**400, 2]), "loss 1 is 1000*, not a number"),
    ],
)
def test_a_wrong_answer_is_one_sentence_and_changes_nothing(reply: Any, sentence: str) -> None:
    with asking(train(3)) as (tuner, inside):
        assert isinstance(tuner.ask(), autolrs.Train)
        with pytest.raises(AskTellError, match=sentence):
            tuner.tell(reply)
        assert tuner.step == 0
        tuner.tell(autolrs.Trained([3, 2, 1]))
        assert inside.results[1]["losses"] == [3, 2, 1]


def test_what_comes_out_of_turn_is_one_sentence() -> None:
    with asking(train(1), ("validate", {})) as (tuner, _):
        with pytest.raises(AskTellError, match="a Saved was told, and nothing was asked; ask fi"):
            tuner.tell(autolrs.Saved())
        tuner.ask()
        with pytest.raises(AskTellError, match=r"a Train was asked, and .* call tell\(Trained\("):
            tuner.ask()
        tuner.tell(autolrs.Trained([1]))
        with pytest.raises(AskTellError, match="a Trained was told, and nothing was asked"):
            tuner.tell(autolrs.Trained([1]))
        tuner.ask()
        with pytest.raises(AskTellError, match=r"Validated.loss is 'low', not a number"):
            tuner.tell(autolrs.Validated("low"))  # type: ignore[arg-type]


def test_averages_are_asked_for_as_the_wire_has_them() -> None:
    average = {"powers": [1, 3], "every": 4, "since": 100}
    requests: list[tuple[str, dict[str, Any]]] = [
        ("train", {"steps": 1, "lr": 0.1, "purpose": "search", "halt": 9, "average": average}),
        ("validate", {"at": 3}),
        ("adopt", {"at": 3}),
    ]
    with asking(*requests) as (tuner, inside):
        averaging = Averaging([1, 3], 4, 100)
        assert tuner.ask() == autolrs.Train(1, 0.1, "search", 9, averaging)
        tuner.tell(autolrs.Trained([1]))
        assert tuner.ask() == autolrs.Validate(at=3)
        tuner.tell(autolrs.Validated(1))
        assert tuner.ask() == autolrs.Adopt(at=3)
        tuner.tell(autolrs.Adopted())
        assert tuner.ask() is None
        assert list(inside.results[3]) == ["seconds"]


@pytest.mark.parametrize("metrics", [None, 0.9])
def test_metrics_without_names_are_one_sentence(metrics: Any) -> None:
    with asking(("validate", {"purpose": "commit"})) as (tuner, _):
        tuner.ask()
        with pytest.raises(
            AskTellError, match=r"Validated.metrics is .*; tell them by their names"
        ):
            tuner.tell(autolrs.Validated(1.0, metrics))
        tuner.tell(autolrs.Validated(1.0))
        assert tuner.ask() is None


class WholeNumber:
    """Of another library, as `numpy.int64`."""

    def __init__(self, value: int) -> None:
        self._value = value

    def __index__(self) -> int:
        return self._value


def test_a_file_of_another_process_brings_its_step(tmp_path: Path) -> None:
    path = tmp_path / "run-0"
    path.touch()
    with asking(restore(path=str(path)), restore(path=str(tmp_path / "none"))) as (tuner, inside):
        tuner.ask()
        with pytest.raises(AskTellError, match=r"run-0 was written by another process; tell Rest"):
            tuner.tell(autolrs.Restored())
        with pytest.raises(AskTellError, match=r"Restored.step is -1, not a whole number"):
            tuner.tell(autolrs.Restored(-1))
        tuner.tell(autolrs.Restored(WholeNumber(40)))  # type: ignore[arg-type]
        assert tuner.step == 40
        assert tuner.ask() is None
        inside.hear()
        [error] = [each["error"] for each in inside.said if "error" in each]
        assert error["code"] == -32001


def test_a_checkpoint_that_was_never_saved_is_not_asked_of_the_trainer() -> None:
    with asking(restore("b")) as (tuner, inside):
        assert tuner.ask() is None
        inside.hear()
        assert 'there is no checkpoint "b" in memory' in str(inside.said)


def test_a_tuner_that_is_gone_is_an_exception_of_ours() -> None:
    with asking(train(1)) as (tuner, inside):
        tuner.ask()
        inside.wire.is_gone = True
        tuner.tell(autolrs.Trained([1]))
        with pytest.raises(RunEndedError, match="the tuner went away while it steered"):
            tuner.ask()
        with pytest.raises(AskTellError, match="the run is left already"):
            tuner.ask()


def raise_within(tuner: autolrs.AskTell, pending: bool) -> None:
    with tuner:
        if pending:
            tuner.ask()
        raise ZeroDivisionError("by zero")


def test_what_the_block_raises_is_the_answer() -> None:
    for pending in (True, False):
        with asking(train(1)) as (tuner, inside):
            with pytest.raises(ZeroDivisionError):
                raise_within(tuner, pending)
            inside.hear()
            fault = inside.said[-1]["error"]
            assert fault["message"] == "ZeroDivisionError: by zero"
            assert "test_ask_tell.py" in fault["data"]["traceback"]


def test_a_block_that_is_left_early_says_so() -> None:
    with asking(train(1)) as (tuner, inside):
        with tuner:
            tuner.ask()
        inside.hear()
        assert inside.said[-1]["error"] == {
            "code": -32003,
            "message": "the script left its ask/tell loop before the run was over",
            "data": {"permanent": True},
        }
        tuner.close()


@pytest.mark.parametrize("lr", [0, -1, math.nan, "0.1", True])
def test_an_lr_that_is_none_is_refused(lr: Any) -> None:
    with pytest.raises(ArgumentError, match=r"lr is .*, not a finite number above 0"):
        autolrs.ask_tell(lr=lr, steps=10)


def test_the_options_are_those_of_a_run() -> None:
    options = {each.name: each.type for each in fields(Run) if each.init}
    del options["keep_schedule"]
    hints = {name: hint.__forward_arg__ for name, hint in RunOptions.__annotations__.items()}
    assert hints == options


def test_each_request_has_its_own_answer() -> None:
    assert len(set(REPLIES.values())) == len(REPLIES) == 6
    assert all(each.kind == each.__name__.lower() for each in REPLIES)  # type: ignore[attr-defined]
