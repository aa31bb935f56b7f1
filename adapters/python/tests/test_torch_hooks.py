"""What the PyTorch hooks promise: groups, losses, validation, schedulers, batches."""

from __future__ import annotations

import dataclasses
import random
from typing import Any, Callable, NamedTuple

import numpy
import pytest
from conftest import require

torch = require("torch")

from autolrs._data.batch_replay import BatchReplay  # noqa: E402
from autolrs._data.epochs import Epochs  # noqa: E402
from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs.errors import PermanentError, SecondSchedulerError  # noqa: E402


def hooks_of(
    *lrs: Any, validate: Callable[[], Any] | None = None, model: Any = None
) -> tuple[Any, TorchHooks]:
    model = model or torch.nn.Sequential(*(torch.nn.Linear(2, 2) for _ in lrs))
    groups = [{"params": layer.parameters(), "lr": lr} for layer, lr in zip(model, lrs)]
    optimizer = torch.optim.SGD(groups, lr=lrs[0])
    return optimizer, TorchHooks(model, optimizer, validate, [])


def test_the_ratios_between_groups_are_kept() -> None:
    optimizer, hooks = hooks_of(0.1, 0.01, torch.tensor(0.2))
    assert hooks.groups == pytest.approx([1, 0.1, 2])
    tensor = optimizer.param_groups[2]["lr"]
    for lr in (0.0, 0.5):
        hooks.set_lr(lr)
        assert [float(group["lr"]) for group in optimizer.param_groups] == pytest.approx(
            [lr, 0.1 * lr, 2 * lr]
        )
        assert optimizer.param_groups[2]["lr"] is tensor
    assert hooks.get_lr() == 0.5


def test_a_first_group_without_lr_is_refused() -> None:
    with pytest.raises(ValueError, match="first parameter group is 0"):
        hooks_of(0.0, 0.1)[1].check()


def test_the_ratios_between_several_optimizers_are_kept_and_all_are_restored() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    first = torch.optim.Adam(model[0].parameters(), lr=0.1)
    second = torch.optim.SGD(model[1].parameters(), lr=0.01, momentum=0.9)
    hooks = TorchHooks(model, [first, second], None, [])
    assert hooks.groups == pytest.approx([1, 0.1])

    def update() -> list[Any]:
        model(torch.ones(1, 2)).sum().backward()
        for optimizer in (first, second):
            optimizer.step()
            optimizer.zero_grad()
        return [value.clone() for value in model.state_dict().values()]

    hooks.set_lr(0.5)
    assert second.param_groups[0]["lr"] == pytest.approx(0.05)
    update()
    state = hooks.capture()
    expected = update()
    update()
    hooks.apply(state)
    assert all(map(torch.equal, update(), expected))


def test_a_scheduler_of_the_second_optimizer_is_refused() -> None:
    model = torch.nn.Linear(1, 1)
    pair = [torch.optim.SGD([each], lr=0.1) for each in model.parameters()]
    scheduler = torch.optim.lr_scheduler.StepLR(pair[1], 3)
    with pytest.raises(SecondSchedulerError, match="a StepLR"):
        TorchHooks(model, pair, None, []).check()
    del scheduler


def test_an_optimizer_that_takes_a_closure_is_refused_in_a_sentence() -> None:
    model = torch.nn.Linear(1, 1)
    with pytest.raises(TypeError, match="LBFGS takes a closure"):
        TorchHooks(model, torch.optim.LBFGS(model.parameters()), None, [])


def test_an_extra_that_cannot_be_saved_is_refused() -> None:
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="a list, which has no state_dict"):
        TorchHooks(model, optimizer, None, [[]])


class Warmup(torch.optim.lr_scheduler.LambdaLR):  # type: ignore[name-defined,misc]
    """Not named as schedulers are."""


@pytest.mark.parametrize(
    "make",
    [
        lambda optimizer: Warmup(optimizer, lambda step: 1.0),
        lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 3),
        lambda optimizer: torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer),
        lambda optimizer: torch.optim.lr_scheduler.SequentialLR(
            optimizer,
            [torch.optim.lr_scheduler.ConstantLR(optimizer) for _ in range(2)],
            milestones=[2],
        ),
    ],
)
def test_a_living_scheduler_is_refused_and_a_dead_one_is_not(make: Callable[[Any], Any]) -> None:
    optimizer, hooks = hooks_of(0.1)
    hooks_of(0.1)[1].check()
    scheduler = make(optimizer)
    with pytest.raises(SecondSchedulerError, match="is_driven"):
        hooks.check()
    hooks_of(0.1)[1].check()  # it sets another optimizer's LR
    del scheduler
    hooks.check()


def test_losses_are_read_at_once_from_the_cpu_and_kept_on_a_device() -> None:
    _, hooks = hooks_of(0.1)
    assert hooks.read_loss(0.5) == hooks.read_loss(torch.tensor([[0.5]])) == 0.5
    assert hooks.read_loss(torch.tensor(0.5, requires_grad=True)) == 0.5
    assert hooks.read_loss(torch.tensor(0.5, device="meta")) is None
    assert type(hooks.read_loss(torch.tensor(True))) is float  # the wire has no other loss
    loss = torch.tensor([0.5], requires_grad=True) * 2
    held = hooks.hold_loss(loss)
    loss.data.fill_(7)
    assert not held.requires_grad
    assert hooks.read_held([held, torch.tensor(2.0, dtype=torch.float64)]) == [1, 2]


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (None, "None"),
        ("high", "a str"),
        (torch.zeros(4), r"a Tensor of shape \[4\]"),
        (torch.zeros(0), r"a Tensor of shape \[0\]"),
        ([1.0, 2.0], r"a list of 2 \(float, float\)"),
        (lambda: 1.0, "a function: <function.*"),
        (torch.tensor(1j), r"a complex Tensor of shape \[\]"),
    ],
)
@pytest.mark.parametrize("is_held", [False, True])
def test_what_is_no_loss_of_a_step_is_named(loss: Any, said: str, is_held: bool) -> None:
    _, hooks = hooks_of(0.1)
    if is_held and not isinstance(loss, torch.Tensor):
        return
    with pytest.raises(TypeError, match=f"^give tuner.step the loss .* was given {said}$") as no:
        (hooks.hold_loss if is_held else hooks.read_loss)(loss)
    assert isinstance(no.value, PermanentError) == (loss is not None)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (0.5, (0.5, {})),
        (torch.tensor(0.5), (0.5, {})),
        ((torch.tensor(0.5), {"top1": torch.tensor(0.25)}), (0.5, {"top1": 0.25})),
        ({"loss": 0.5, "top1": 1}, (0.5, {"top1": 1.0})),
    ],
)
def test_validation_may_return_a_loss_in_several_forms(outcome: Any, expected: Any) -> None:
    assert hooks_of(0.1, validate=lambda: outcome)[1].validate() == expected


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (None, "; it returned None"),
        ({}, "; it returned an empty dict"),
        ({"top1": 1}, "; it returned a dict with the keys 'top1'"),
        ((0.5, 0.5), r"; it returned a tuple of 2 \(float, float\)"),
        ((torch.ones(()), 2.0, 3), r"; it returned a tuple of 3 \(Tensor, float, int\)"),
        (torch.zeros(4), r"; it returned a Tensor of shape \[4\]"),
        ((torch.zeros(2, 2), {}), r"; in a tuple of 2 \(Tensor, dict\) .* shape \[2, 2\]"),
        ({"loss": "low"}, "; in a dict with the keys 'loss' it returned a str"),
        ((0.5, {"top1": torch.ones(2)}), r"a Tensor of shape \[2\] for 'top1'"),
    ],
)
def test_validation_without_a_loss_is_refused_in_so_many_words(outcome: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"^validate must return a loss .a number.*{said}$") as no:
        hooks_of(0.1, validate=lambda: outcome)[1].validate()
    # A guard may return None at a loss that is not finite.
    assert isinstance(no.value, PermanentError) == (outcome is not None)


@pytest.mark.parametrize("raises", [False, True])
def test_validation_leaves_no_trace(raises: bool) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    model[0].eval()  # frozen by the user, and to stay so
    seen = []

    def validate() -> float:
        seen.append((model.training, torch.is_grad_enabled()))
        model.train()
        model.eval()
        model(torch.randn(4, 2))
        random.random()
        assert not raises
        return 0.5

    _, hooks = hooks_of(0.1, 0.1, validate=validate, model=model)
    before = (random.getstate(), torch.get_rng_state(), [m.training for m in model.modules()])
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    if raises:
        with pytest.raises(AssertionError):
            hooks.validate()
    else:
        hooks.validate()
    assert seen == [(False, False)]
    assert torch.is_grad_enabled()
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert [module.training for module in model.modules()] == before[2] == [True, False, True]
    assert all(torch.equal(weights[key], value) for key, value in model.state_dict().items())


def test_random_numbers_for_the_data_leave_those_for_training_alone() -> None:
    _, hooks = hooks_of(0.1)
    torch.manual_seed(0)
    with hooks.data_rng():
        first = torch.rand(3)
    training = torch.rand(3)
    with hooks.data_rng():
        second = torch.rand(3)
    torch.manual_seed(0)
    assert torch.equal(training, torch.rand(3))
    torch.manual_seed(0)
    assert torch.equal(torch.cat([first, second]), torch.rand(6))


class Fields(NamedTuple):
    x: Any


@dataclasses.dataclass(frozen=True)
class Record:
    x: Any


class Graph:
    """Stands for what copies itself as tensors do."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def clone(self) -> Graph:
        return Graph(self.x.clone())


@pytest.mark.parametrize("array", [torch.ones, numpy.ones])
@pytest.mark.parametrize(
    ("wrap", "unwrap"),
    [
        (lambda x: x, lambda batch: batch),
        (lambda x: {"a": [x, 1]}, lambda batch: batch["a"][0]),
        (Fields, lambda batch: batch.x),
        (Record, lambda batch: batch.x),
        (lambda x: Graph(torch.as_tensor(x)), lambda batch: batch.x),
    ],
)
def test_a_batch_that_a_script_changes_in_place_comes_again_as_it_was(
    array: Any, wrap: Any, unwrap: Any
) -> None:
    _, hooks = hooks_of(0.1)
    cache = BatchReplay(10**6, hooks.keep)
    cache.attach(Epochs(iter([wrap(array(2)) for _ in range(3)]), hooks))
    cache.pin("a")
    for _ in range(3):
        for _ in range(3):
            own = unwrap(cache.next())
            assert own.tolist() == [1, 1]
            own -= 5
        assert cache.rewind("a")


def test_what_is_kept_of_a_batch_is_in_memory_of_its_own() -> None:
    _, hooks = hooks_of(0.1)
    kept = hooks.keep(torch.ones(2).share_memory_())
    assert not kept.is_shared()
    assert kept.tolist() == [1, 1]
    assert hooks.keep("text") == "text"


def test_sparse_batches_come_again_and_leave_shared_memory() -> None:
    _, hooks = hooks_of(0.1)
    rows = [torch.eye(2).to_sparse() for _ in range(3)]
    for row in rows:
        row._values().share_memory_()
    cache = BatchReplay(10**6, hooks.keep)
    cache.attach(Epochs(iter(rows), hooks))
    cache.pin("a")
    first = [cache.next() for _ in range(3)]
    assert cache.rewind("a")
    again = [cache.next() for _ in range(3)]
    assert all(a.to_dense().equal(b.to_dense()) for a, b in zip(first, again))
    assert not any(row._values().is_shared() for row in again)
