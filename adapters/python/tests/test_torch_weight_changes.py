"""A model that does not follow the LR is no training to tune, and is said to be none."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from conftest import require
from inside import inside, restore, save, train

torch = require("torch")

from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs._torch.session import CountedSession, updates_of  # noqa: E402
from autolrs.errors import PermanentError, StillError  # noqa: E402

X = torch.ones(4, 2)
TRIALS = (save(), train(4, 0.2), restore(), train(4, 0.05), restore(), train(4, 0.1))


def model_of() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))


def sgd(*models: Any, lr: float = 0.1) -> Any:
    return torch.optim.SGD([p for each in models for p in each.parameters()], lr=lr)


def loop_of(model: Any, optimizer: Any, *requests: Any, **options: Any) -> Any:
    hooks = TorchHooks(model, optimizer, None, options.pop("extra", []))
    return inside(
        lambda wire: CountedSession(updates_of(hooks), wire, hooks), *requests, **options
    )


def update(model: Any, optimizer: Any, scale: float = 1.0) -> Any:
    optimizer.zero_grad()
    loss = model(X).square().mean() * scale + (1 - scale)
    loss.backward()
    optimizer.step()
    return loss.detach()


@pytest.mark.parametrize("base", ["tuner", "user"])
def test_an_optimizer_of_frozen_parameters_alone_is_refused_where_the_loop_begins(
    base: str,
) -> None:
    model = model_of().requires_grad_(False)
    with (
        loop_of(model, sgd(model), base=base) as (tuner, _),
        pytest.raises(StillError, match=r"^let some of the parameters train.* all of them frozen"),
    ):
        assert not tuner.done


@pytest.mark.parametrize("base", ["tuner", "user"])
def test_an_optimizer_of_another_model_is_refused_where_the_loop_begins(base: str) -> None:
    model = model_of()
    with (
        loop_of(copy.deepcopy(model), sgd(model), base=base) as (tuner, _),
        pytest.raises(
            StillError, match=r"^hand over what the optimizer trains.* 4 parameters"
        ) as no,
    ):
        assert not tuner.done
    assert isinstance(no.value, PermanentError)


@pytest.mark.parametrize("kind", ["half", "frozen in part", "in an extra", "list"])
def test_a_model_that_trains_in_part_is_none_the_worse(kind: str) -> None:
    model, extra = model_of(), []
    if kind == "frozen in part":
        model[0].requires_grad_(False)
    if kind == "half":  # the optimizer has copies of its own
        master, model = model, model_of().bfloat16()
    optimizer = sgd(master if kind == "half" else model)
    if kind == "in an extra":
        extra, model = [model], torch.nn.Linear(2, 1)
    if kind == "list":  # tensors of no module
        loose = [torch.ones(2, requires_grad=True)]
        optimizer, model = torch.optim.SGD(loose, lr=0.1), torch.nn.ParameterList(loose)
    with loop_of(model, optimizer, extra=extra) as (tuner, _):
        assert tuner.done


@pytest.mark.parametrize("way", ["no backward", "a copy"])
def test_updates_that_change_no_weight_are_refused_once_they_are_many(way: str) -> None:
    model = model_of()
    optimizer, other = sgd(model), copy.deepcopy(model)
    with loop_of(model, optimizer, train(10), train(10), train(10)) as (tuner, _):
        made: list[Any] = []

        def train_on() -> None:
            while not tuner.done:
                loss = other(X).square().mean()
                if way == "a copy":
                    loss.backward()
                optimizer.step()
                made.append(loss)
                tuner.step(loss.detach())

        with pytest.raises(StillError, match=r"^let the updates change the model.* 20 updates"):
            train_on()
        assert len(made) == 20


LOSSES = {"far below": 1.0, "loss 0": 0.0, "not finite": float("nan"), "late": 1.0}


@pytest.mark.parametrize("why", LOSSES)
def test_weights_that_stand_still_for_a_reason_are_none_the_worse(why: str) -> None:
    model = model_of()
    optimizer = sgd(model)
    lr = 1e-4 if why == "far below" else 0.1
    asked = [train(1 if why == "not finite" else 15, lr)] * 30
    with loop_of(model, optimizer, *asked) as (tuner, said):
        updates = 0
        while not tuner.done:
            updates += 1
            if why == "late" and updates > 12:
                update(model, optimizer)
            else:
                optimizer.step()
            tuner.step(LOSSES[why])
        assert said.results[-1] == {"step": updates}


def test_one_number_that_moves_is_enough() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(1000, 3), torch.nn.Linear(3, 1))
    optimizer = sgd(model)
    with loop_of(model, optimizer, *[train(4)] * 9) as (tuner, said):
        while not tuner.done:
            model[0].weight.grad = torch.zeros(3, 1000)
            model[0].weight.grad[2, -1] = 1.0
            optimizer.step()
            tuner.step(1.0)
        assert said.results[-1] == {"step": 36}


def shrink(model: Any, lr: float) -> None:
    for each in model.parameters():
        each.data.mul_(1 - lr)


def train_by_hand(tuner: Any, model: Any, lr: Any) -> None:
    while not tuner.done:
        shrink(model, lr())
        tuner.step(1.0)


def test_updates_by_hand_that_take_no_notice_of_the_lr_are_refused() -> None:
    model = model_of()
    with (
        loop_of(model, sgd(model), *TRIALS, *TRIALS) as (tuner, _),
        pytest.raises(
            StillError, match=r'^update the weights by the LR .*\["lr"\].* at 0\.05 and'
        ),
    ):
        train_by_hand(tuner, model, lambda: 0.01)


def test_updates_by_hand_at_the_lr_of_the_optimizer_are_none_the_worse() -> None:
    model = model_of()
    optimizer = sgd(model)
    with loop_of(model, optimizer, *TRIALS, *TRIALS) as (tuner, said):
        train_by_hand(tuner, model, lambda: optimizer.param_groups[0]["lr"])
        assert len([each for each in said.results if "losses" in each]) == 6


def test_a_warm_up_from_0_is_none_the_worse() -> None:
    model = model_of()
    optimizer = sgd(model)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.0 * step)
    with loop_of(model, optimizer, train(40, 1), base="user") as (tuner, said):
        while not tuner.done:
            loss = update(model, optimizer)
            scheduler.step()
            tuner.step(loss)
        assert said.results[-1] == {"step": 40}
