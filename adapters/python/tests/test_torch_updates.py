"""A step is an update of the optimizers, whatever calls `tuner.step`."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import require
from inside import inside, train

torch = require("torch")

from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs._torch.session import CountedSession, updates_of  # noqa: E402
from autolrs.errors import StepMissingError  # noqa: E402

X = torch.ones(4, 2)


def loop_of(model: Any, optimizer: Any, *requests: Any) -> Any:
    hooks = TorchHooks(model, optimizer, None, [])
    return inside(lambda wire: CountedSession(updates_of(hooks), wire, hooks), *requests)


def model_of() -> Any:
    torch.manual_seed(0)
    return torch.nn.Linear(2, 1)


def losses_in(said: Any) -> list[list[float]]:
    return [each["losses"] for each in said.results if "losses" in each]


@pytest.mark.parametrize("every", [1, 2, 4, 50])
def test_a_call_on_each_micro_batch_counts_once_an_update_with_their_mean(every: int) -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with loop_of(model, optimizer, train(1), train(4)) as (tuner, said):
        for call in range(1, 5 * every + 1):
            assert not tuner.done
            loss = model(X).square().mean()
            (loss / every).backward()
            if call % every == 0:
                optimizer.step()
                optimizer.zero_grad()
            tuner.step(torch.tensor(float(call)))
        assert tuner.done
        means = [1 + (every - 1) / 2 + every * update for update in range(5)]
        assert losses_in(said) == [means[:1], means[1:]]


def test_the_total_that_cycle_tells_is_said_to_be_in_batches_where_several_make_an_update() -> (
    None
):
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with loop_of(model, optimizer, train(4)) as (tuner, said):
        for call, x in enumerate(tuner.cycle([X] * 8, epochs=3)):
            model(x).square().mean().backward()
            if call in range(3, 24, 4):
                optimizer.step()
            tuner.step(1.0)
        assert said.results[0]["total"] == 24
        assert [each for each in said.warnings if "total=6" in each]


def test_several_optimizers_together_or_in_turn_count_once_a_call() -> None:
    pair = torch.nn.ModuleList([model_of(), model_of()])
    both = [torch.optim.SGD(each.parameters(), lr=0.1) for each in pair]
    with loop_of(pair, both, train(4), train(4)) as (tuner, said):
        for call in range(8):
            assert not tuner.done
            for at, optimizer in enumerate(both):
                if call < 4 or call % 2 == at:
                    for _ in range(3 if at == 0 and call < 4 else 1):  # a critic has more
                        pair[at](X).square().mean().backward()
                        optimizer.step()
            tuner.step(float(call))
        assert tuner.done
        assert losses_in(said) == [[0, 1, 2, 3], [4, 5, 6, 7]]
        assert said.warnings == []


def test_updates_without_a_call_of_their_own_are_told_of() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with loop_of(model, optimizer, train(3)) as (tuner, said):
        while not tuner.done:
            for _ in range(10):
                model(X).square().mean().backward()
                optimizer.step()
            tuner.step(1.0)
        assert [each[:42] for each in said.warnings] == [
            "call tuner.step(loss) after each optimizer.step"[:42]
        ]
        assert "10 updates" in said.warnings[0]


def shrink(model: Any) -> None:
    """An update that no hook tells of, as in a captured graph."""
    for each in model.parameters():
        each.data.mul_(0.9)


def test_updates_that_no_hook_tells_of_count_from_the_first_on() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with loop_of(model, optimizer, train(5)) as (tuner, said):
        calls = 0
        while not tuner.done:
            shrink(model)
            tuner.step(float(calls))
            calls += 1
        assert losses_in(said) == [[0, 1, 2, 3, 4]]


def test_updates_that_go_into_a_captured_graph_in_mid_training_are_still_counted() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with loop_of(model, optimizer, train(30)) as (tuner, said):
        calls = 0
        while not tuner.done:
            if calls < 3:
                model(X).square().mean().backward()
                optimizer.step()
            else:
                shrink(model)
            tuner.step(float(calls))
            calls += 1
        assert calls <= 32
        assert [each for each in said.warnings if "captured graph" in each]


def test_calls_without_any_update_are_told_of_and_do_not_wait_for_ever() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with loop_of(model, optimizer, train(5)) as (tuner, said):
        while not tuner.done:
            tuner.step(1.0)
        assert [each for each in said.warnings if "made no update" in each]


def test_updates_of_a_loop_that_never_calls_step_end_it_with_one_sentence() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with loop_of(model, optimizer, train(4)) as (tuner, _):
        assert not tuner.done
        for _ in range(1000):
            tuner.before_update()  # as the gate does
        with pytest.raises(StepMissingError, match=r"made 1000 updates and never called it"):
            tuner.before_update()
