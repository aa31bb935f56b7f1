"""What else sets the LR, or changes what trains, is named at the first update that meets it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from conftest import require
from inside import inside, restore, save, train

torch = require("torch")

from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs._torch.session import CountedSession, updates_of  # noqa: E402
from autolrs.errors import (  # noqa: E402
    ChangedError,
    NotHeldError,
    PermanentError,
    SchedulePlaceError,
    SchedulerOrderError,
    SecondSchedulerError,
)


def model_of() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))


def make(model: Any, optimizer: Any, **options: Any) -> Any:
    hooks = TorchHooks(model, optimizer, None, options.pop("extra", []))
    return lambda wire: CountedSession(updates_of(hooks), wire, hooks, **options)


def update(model: Any, optimizer: Any) -> Any:
    optimizer.zero_grad()
    loss = model(torch.ones(4, 2)).square().mean()
    loss.backward()
    optimizer.step()
    return loss


def groups_of(model: Any, lr: Any = 0.1) -> list[dict[str, Any]]:
    return [{"params": layer.parameters(), "lr": lr} for layer in model]


@pytest.mark.parametrize("lr", ["number", "tensor"])
def test_a_line_that_sets_the_lr_is_named_at_the_next_update(lr: str) -> None:
    model = model_of()
    first = 0.1 if lr == "number" else torch.tensor(0.1)
    optimizer = torch.optim.SGD(groups_of(model, first))
    with inside(make(model, optimizer), train(50, 0.25)) as (tuner, _):
        for step in range(9):
            assert not tuner.done
            if step == 5 and lr == "number":
                optimizer.param_groups[1]["lr"] = 0.5
            elif step == 5:
                optimizer.param_groups[1]["lr"].mul_(2)
            if step == 5:
                with pytest.raises(
                    SecondSchedulerError, match=r"^take the line .* to 0\.5 "
                ) as no:
                    update(model, optimizer)
                assert isinstance(no.value, PermanentError)
                break
            tuner.step(update(model, optimizer))


def test_an_lr_that_is_put_back_as_it_was_is_none_the_worse() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with inside(make(model, optimizer), train(3, 0.25), save(), restore(), train(3, 0.5)) as both:
        tuner, said = both
        while not tuner.done:
            own = optimizer.param_groups[0]["lr"]
            optimizer.param_groups[0]["lr"] = 7.0
            optimizer.param_groups[0]["lr"] = float(str(own))
            tuner.step(update(model, optimizer))
        assert [each["lr"] for each in said.results if "losses" in each] == [0.25, 0.5]


class CosineScheduler:
    """Stands for a scheduler that is none of torch.optim."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer

    def step(self) -> None:
        self.optimizer.param_groups[0]["lr"] *= 0.5


def test_a_scheduler_that_is_none_of_torch_is_refused_where_the_loop_begins() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = CosineScheduler(optimizer)
    with pytest.raises(SecondSchedulerError, match="a CosineScheduler sets"):
        TorchHooks(model, optimizer, None, []).check()
    del scheduler


@pytest.mark.parametrize("base", ["tuner", "user"])
@pytest.mark.parametrize("how", ["add", "append", "grow"])
def test_a_group_that_joins_later_is_refused_at_the_update(base: str, how: str) -> None:
    model = model_of()
    optimizer = torch.optim.Adam(model[0].parameters(), lr=0.1)
    group = {**optimizer.param_groups[0], "params": list(model[1].parameters())}
    with inside(make(model, optimizer), train(50), base=base) as (tuner, _):
        assert not tuner.done
        tuner.step(update(model, optimizer))
        if how == "add":
            optimizer.add_param_group({"params": model[1].parameters()})
        elif how == "append":
            optimizer.param_groups.append(group)
        else:
            optimizer.param_groups[0]["params"].extend(model[1].parameters())
        with pytest.raises(ChangedError, match=r"^create all parameter groups before the loop"):
            update(model, optimizer)


@pytest.mark.parametrize("base", ["tuner", "user"])
@pytest.mark.parametrize("lr", [None, "auto"])
def test_an_optimizer_that_goes_by_an_lr_of_its_own_is_refused_in_a_sentence(
    base: str, lr: Any
) -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.param_groups[0]["lr"] = lr
    with (
        inside(make(model, optimizer), base=base) as (tuner, _),
        pytest.raises(NotHeldError, match=r"^give the optimizer a learning rate: .*Adafactor"),
    ):
        assert not tuner.done


def counting(schedule: Any, optimizer: Any, tuner: Any, model: Any, count: Any) -> None:
    """A loop with a schedule in code of its own."""
    updates = 0
    while not tuner.done:
        for group in optimizer.param_groups:
            group["lr"] = schedule(count() if count else updates)
        tuner.step(update(model, optimizer))
        updates += 1


ROLLBACKS = (train(4, 1), save(), train(3, 0.5), restore(), train(3, 2), restore(), train(9, 1))


@pytest.mark.parametrize("schedule", ["every update", "now and then"])
def test_a_schedule_that_counts_what_was_rolled_back_is_named(schedule: str) -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    falls = {
        "every update": lambda n: 0.1 * 0.9**n,
        "now and then": lambda n: 0.1 * 0.5 ** (n // 6),
    }
    with (
        inside(make(model, optimizer), *ROLLBACKS, base="user") as (tuner, _),
        pytest.raises(SchedulePlaceError, match=r"^count by tuner\.step_count"),
    ):
        counting(falls[schedule], optimizer, tuner, model, None)


def test_a_schedule_that_counts_what_is_rolled_back_is_none_the_worse() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with inside(make(model, optimizer), *ROLLBACKS, base="user") as (tuner, said):
        count: Any = lambda: tuner._handler.step  # noqa: E731
        counting(lambda n: 0.1 * 0.9**n, optimizer, tuner, model, count)
        assert said.results[-1] == {"step": 13}


@pytest.mark.parametrize("is_right", [True, False])
def test_a_schedule_that_begins_anew_in_a_new_process_is_named(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, is_right: bool
) -> None:
    monkeypatch.setenv("AUTOLRS_RUN_DIR", str(tmp_path))
    path = str(tmp_path / "checkpoint")
    fall = lambda n: 0.1 * 0.9**n  # noqa: E731
    for requests in ([train(5, 1), save(path=path)], [restore(path=path), train(5, 1)]):
        model = model_of()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with inside(make(model, optimizer), *requests, base="user") as (tuner, said):
            count: Any = lambda: tuner._handler.step  # noqa: E731
            if requests[0][0] == "train" or is_right:
                counting(fall, optimizer, tuner, model, count if is_right else None)
                assert "error" not in str(said.results)
            else:
                with pytest.raises(SchedulePlaceError, match="when the checkpoint was made"):
                    counting(fall, optimizer, tuner, model, None)


def test_a_scheduler_that_goes_by_the_losses_may_differ_between_candidates() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.5)
    requests = (save(), train(3, 1), restore(), train(3, 0.0))
    with inside(make(model, optimizer), *requests, base="user") as (tuner, said):
        while not tuner.done:
            loss = update(model, optimizer)
            scheduler.step(loss.detach())
            tuner.step(loss)
        assert len(said.results) == 6


@pytest.fixture
def epochs() -> Any:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return model, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.7)


def test_a_scheduler_stepped_once_an_epoch_is_refused_at_the_first_update_of_the_second(
    epochs: Any,
) -> None:
    model, optimizer, scheduler = epochs
    with inside(make(model, optimizer), train(1000, 1), base="user") as (tuner, _):
        for _ in range(100):  # fast updates: the clock is looked at now and then
            tuner.step(update(model, optimizer))
        scheduler.step()
        with pytest.raises(SchedulerOrderError, match=r"^step the StepLR between.* by epochs"):
            update(model, optimizer)


def test_an_optimizer_made_anew_is_refused_and_one_beside_the_model_is_told_of() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with inside(make(model, optimizer), train(50)) as (tuner, said):
        assert not tuner.done
        other = torch.nn.Linear(2, 1)
        update(other, torch.optim.SGD(other.parameters(), lr=0.1))
        tuner.step(update(model, optimizer))
        with pytest.raises(ChangedError, match=r"^make all optimizers before attach.* an? Adam"):
            update(model, torch.optim.Adam(model.parameters(), lr=0.1))
        assert [each for each in said.warnings if "not in the model" in each]


def test_an_optimizer_or_a_copy_of_the_model_that_the_script_gives_up_is_not_kept() -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    copied = model_of()
    with inside(make(model, optimizer), train(50)) as (tuner, _):
        assert not tuner.done
        other = torch.nn.Linear(2, 1)
        inner = torch.optim.SGD(other.parameters(), lr=0.1)
        update(other, inner)
        tuner.step(update(model, optimizer))
        given_up = [weakref.ref(other), weakref.ref(inner), weakref.ref(copied)]
        del other, inner, copied
        gc.collect()
        assert [each() for each in given_up] == [None] * 3


@pytest.mark.parametrize("is_held", [True, False])
@pytest.mark.parametrize("kind", ["average", "copy"])
def test_an_average_of_the_weights_that_is_not_held_is_told_of(kind: str, is_held: bool) -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    average = torch.optim.swa_utils.AveragedModel(model) if kind == "average" else model_of()
    extra = [average] if is_held else []
    others = [model_of(), torch.compile(model), torch.nn.DataParallel(model)]  # none of harm
    requests = (save(), train(3), restore(), train(3))
    with inside(make(model, optimizer, extra=extra), *requests) as (tuner, said):
        while not tuner.done:
            loss = update(model, optimizer)
            if kind == "average":
                average.update_parameters(model)
            else:
                for mine, own in zip(average.parameters(), model.parameters()):
                    mine.data.lerp_(own.data, 0.1)
            tuner.step(loss)
        told = [each for each in said.warnings if "follows the model's weights" in each]
        assert len(told) == (0 if is_held else 1)
    del others


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("kind", ["average", "best"])
def test_a_copy_of_the_best_weights_so_far_is_no_average(kind: str, every: int) -> None:
    model, copied = model_of(), model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trials = (save(), train(8), restore(), train(8), restore(), train(8))
    with inside(make(model, optimizer), *trials) as (tuner, said):
        updates = 0
        while not tuner.done:
            loss = update(model, optimizer)
            updates += 1
            if updates % every == 0 and kind == "best":
                copied.load_state_dict(model.state_dict())
            elif updates % every == 0:
                for mine, own in zip(copied.parameters(), model.parameters()):
                    mine.data.lerp_(own.data, 0.1)
            tuner.step(loss)
        told = [each for each in said.warnings if "follows the model's weights" in each]
        assert len(told) == (1 if kind == "average" else 0)


def test_parameters_that_begin_to_train_later_are_told_of() -> None:
    model = model_of()
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with inside(make(model, optimizer), save(), train(3), restore(), train(3)) as (tuner, said):
        while not tuner.done:
            tuner.step(update(model, optimizer))
            model[0].requires_grad_(True)
        assert [each for each in said.warnings if "requires_grad" in each]


class Lasting(list):  # type: ignore[type-arg]
    """A loader, as far as it is looked at, whose workers outlive an epoch."""

    persistent_workers, num_workers = True, 1


@pytest.mark.parametrize("way", ["cycle", "batches"])
def test_workers_that_outlive_an_epoch_are_told_of_in_either_loop(way: str) -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with inside(make(model, optimizer, total=2), train(2)) as (tuner, said):
        for _ in getattr(tuner, way)(Lasting([0, 1, 2])):
            tuner.step(update(model, optimizer))
        assert "data" not in said.results[0]["holds"]
        assert [each for each in said.warnings if "persistent_workers=False" in each]
