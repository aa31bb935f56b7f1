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
from autolrs._torch.weight_changes import WeightChanges  # noqa: E402
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


def go_on(tuner: Any, model: Any, optimizer: Any) -> int:
    """Trains to the end."""
    made = 0
    while not tuner.done:
        made += 1
        tuner.step(update(model, optimizer))
    return made


def idle_on(tuner: Any, optimizer: Any, before: Any = lambda: None) -> None:
    """Makes updates without a backward pass of its own."""
    while not tuner.done:
        before()
        optimizer.step()
        tuner.step(1.0)


@pytest.mark.parametrize("base", ["tuner", "user"])
def test_an_optimizer_of_frozen_parameters_alone_is_refused_after_its_first_updates(
    base: str,
) -> None:
    model = model_of().requires_grad_(False)
    optimizer = sgd(model)
    with (
        loop_of(model, optimizer, train(1, 1), base=base) as (tuner, _),
        pytest.raises(StillError, match=r"^let some of the parameters train.* all of them frozen"),
    ):
        idle_on(tuner, optimizer)


def test_parameters_that_are_frozen_until_the_first_update_are_none_the_worse() -> None:
    model = model_of().requires_grad_(False)
    optimizer = sgd(model)
    with loop_of(model, optimizer, train(4), train(4)) as (tuner, said):
        assert not tuner.done
        model.requires_grad_(True)
        assert go_on(tuner, model, optimizer) == 8
        assert not said.warnings


@pytest.mark.parametrize("way", ["gradients by hand", "no gradients"])
def test_frozen_parameters_that_the_optimizer_moves_are_none_the_worse(way: str) -> None:
    model = model_of().requires_grad_(False)
    optimizer = sgd(model)
    if way == "no gradients":  # as an evolution strategy
        optimizer.register_step_post_hook(lambda *_: shrink(model, 0.01))
    with loop_of(model, optimizer, *[train(4)] * 8) as (tuner, said):
        while not tuner.done:
            if way == "gradients by hand":
                for each in model.parameters():
                    each.grad = torch.zeros_like(each)
            optimizer.step()
            tuner.step(1.0)
        assert said.results[-1] == {"step": 32}


def test_parameters_that_are_frozen_after_attach_are_watched_too() -> None:
    model = model_of()
    model[0].requires_grad_(False)
    optimizer = sgd(model)
    with loop_of(model, optimizer, *[train(10)] * 4) as (tuner, said):
        assert not tuner.done
        model[0].requires_grad_(True)
        model[1].requires_grad_(False)
        assert go_on(tuner, model, optimizer) == 40
        assert not said.warnings


def test_an_optimizer_of_another_model_is_refused_if_neither_moves() -> None:
    model = model_of()
    other = copy.deepcopy(model)
    optimizer = sgd(model)
    with (
        loop_of(other, optimizer, *[train(10)] * 3) as (tuner, _),
        pytest.raises(
            StillError, match=r"^hand over what the optimizer trains.* 4 parameters"
        ) as no,
    ):
        idle_on(tuner, optimizer, lambda: other(X).square().mean().backward())
    assert isinstance(no.value, PermanentError)


def test_an_optimizer_of_another_model_that_trains_is_named_once() -> None:
    model = model_of()
    optimizer = sgd(model)
    with loop_of(copy.deepcopy(model), optimizer, *[train(10)] * 3) as (tuner, said):
        assert go_on(tuner, model, optimizer) == 30
        (warning,) = said.warnings
        assert "4 parameters of the same shapes as those of the Sequential" in warning


@pytest.mark.parametrize(
    "kind", ["image", "token of a frozen model", "functional_call", "and frozen ones"]
)
def test_parameters_of_no_module_are_none_the_worse(kind: str) -> None:
    model = model_of()
    copies = {name: each.detach().clone() for name, each in model.named_parameters()}
    loose = [*copies.values()] if kind == "functional_call" else [torch.ones(4, 2)]
    for each in loose:
        each.requires_grad_()
    if kind in ("token of a frozen model", "and frozen ones"):
        model.requires_grad_(False)
    mine = [*model.parameters()] if kind == "and frozen ones" else []
    optimizer = torch.optim.SGD([*mine, *loose], lr=0.1)
    with loop_of(model, optimizer, *[train(10)] * 4) as (tuner, said):
        while not tuner.done:
            optimizer.zero_grad()
            if kind == "functional_call":
                out = torch.func.functional_call(model, copies, (X,))
            else:
                out = model(loose[0])
            loss = out.square().mean()
            loss.backward()
            optimizer.step()
            tuner.step(loss.detach())
        assert said.results[-1] == {"step": 40}
        assert not said.warnings


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
        assert len(made) == 30  # of the first 10 a part was looked at


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


def test_a_warm_up_that_ends_with_the_request_is_none_the_worse() -> None:
    model = model_of()
    optimizer = sgd(model)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: float(step >= 30))
    with loop_of(model, optimizer, train(10, 1), train(20, 1), base="user") as (tuner, said):
        while not tuner.done:
            optimizer.step()
            scheduler.step()
            tuner.step(1.0)
        assert said.results[-1] == {"step": 30}
        assert not said.warnings


def test_rows_of_an_embedding_that_lie_behind_are_seen_to_move() -> None:
    torch.manual_seed(0)
    model = torch.nn.Embedding(50000, 128, padding_idx=0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    with loop_of(model, optimizer, train(16), train(16), train(16)) as (tuner, said):
        while not tuner.done:
            optimizer.zero_grad()
            loss = model(torch.tensor([40000, 0, 123])).square().mean()
            loss.backward()
            optimizer.step()
            tuner.step(loss.detach())
        assert said.results[-1] == {"step": 48}
        assert not said.warnings


@pytest.mark.parametrize("why", ["zero", "rounding"])
def test_gradients_that_move_no_weight_are_named_once_and_training_goes_on(why: str) -> None:
    model = torch.nn.Linear(2, 1, bias=False).bfloat16()
    torch.nn.init.ones_(model.weight)
    optimizer = sgd(model, lr=1e-4)
    with loop_of(model, optimizer, *[train(16, 1e-4)] * 5) as (tuner, said):
        while not tuner.done:
            model.weight.grad = torch.full_like(model.weight, 0.0 if why == "zero" else 1.0)
            optimizer.step()
            optimizer.zero_grad()
            tuner.step(1.0)
        assert said.results[-1] == {"step": 80}
        (warning,) = said.warnings
        assert ("gradients are zero" if why == "zero" else "of torch.bfloat16") in warning


def test_numbers_that_move_against_each_other_are_seen_to_move() -> None:
    model = torch.nn.Linear(2, 2, bias=False)
    torch.nn.init.constant_(model.weight, 0.75)  # in the middle of a binade
    optimizer = sgd(model, lr=0.125)
    up = torch.tensor([[-1.0, 1.0], [1.0, -1.0]])
    with loop_of(model, optimizer, *[train(1, 0.125)] * 32) as (tuner, said):
        while not tuner.done:
            model.weight.grad = up = -up
            optimizer.step()
            tuner.step(1.0)
        assert not said.warnings


def test_what_other_lrs_led_to_is_kept_of_the_present_weights_alone() -> None:
    model = model_of()
    changes = WeightChanges(
        model, [], (optimizer := sgd(model)).param_groups, [optimizer], False, print
    )
    for _ in range(20):
        changes.begin()
        shrink(model, 0.01)
        changes.end([(0.1, 1.0)], True)
    assert len(changes._led_to) == 1
