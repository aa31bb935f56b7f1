"""Averages of a PyTorch model's weights: what is averaged, how exactly, and what a file holds."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from conftest import require

torch = require("torch")

from autolrs._averages.sampling import Averaging, Sampling  # noqa: E402
from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs._torch_state.averages import Averaged, TorchAverages  # noqa: E402


def make(dtype: Any = None, validate: Any = None) -> tuple[Any, Any, TorchHooks]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Linear(8, 2)
    )
    model = model.to(dtype) if dtype else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    hooks = TorchHooks(model, optimizer, validate or (lambda: 1.0), [])
    return model, optimizer, hooks


def update(model: Any, optimizer: Any, hooks: TorchHooks) -> None:
    x = torch.randn(16, 4, dtype=next(model.parameters()).dtype)
    model(x).square().mean().backward()
    optimizer.step()
    optimizer.zero_grad()
    hooks.average_update()


def floats(model: Any) -> list[Any]:
    return [each.clone() for each in model.state_dict().values() if each.is_floating_point()]


def test_the_average_of_power_0_is_the_mean_of_weights_and_batch_norm_statistics() -> None:
    model, optimizer, hooks = make(torch.float64)
    hooks.begin_averages(Averaging([0, 20], 1, 0))
    seen = []
    for _ in range(5):
        update(model, optimizer, hooks)
        seen.append(floats(model))
    expected = [torch.stack(each).mean(0) for each in zip(*seen)]
    counted = model[1].num_batches_tracked.item()
    with hooks.weights_at(0):
        assert all(map(torch.allclose, floats(model), expected))
        assert model[1].num_batches_tracked.item() == counted
    assert all(map(torch.equal, floats(model), seen[-1]))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_look_leaves_weights_and_average_bit_for_bit(dtype: str) -> None:
    model, optimizer, hooks = make(getattr(torch, dtype))
    hooks.begin_averages(Averaging([20, 1], 1, 0))
    for _ in range(4):
        update(model, optimizer, hooks)
    before, averages = floats(model), copy.deepcopy(hooks.averages_state())
    for power in (20, 1):
        with hooks.weights_at(power):
            assert not all(map(torch.equal, floats(model), before))
    assert all(map(torch.equal, floats(model), before))
    for was, now in zip(
        averages["averages"]["values"], hooks.averages_state()["averages"]["values"]
    ):
        assert all(map(torch.equal, was, now))


def test_a_small_share_of_a_bfloat16_weight_is_not_lost() -> None:
    model, _, hooks = make(torch.bfloat16)
    hooks.begin_averages(Averaging([0], 1, 0))
    weight = model[0].weight
    with torch.no_grad():
        weight.fill_(1.0)
        hooks.average_update()
        weight.fill_(1.0078125)  # the next one that bfloat16 has
        for _ in range(3):
            hooks.average_update()
    state = hooks.averages_state()["averages"]
    assert state["values"][0][0].flatten()[0].item() == pytest.approx(1 + 0.75 * 0.0078125)


def test_training_goes_on_the_same_from_memory_and_from_a_file(tmp_path: Path) -> None:
    ends = []
    path = str(tmp_path / "checkpoint")
    for kind in ("undisturbed", "memory", "file"):
        model, optimizer, hooks = make()
        hooks.begin_averages(Averaging([20, 3], 2, 0))
        for _ in range(5):
            update(model, optimizer, hooks)
        state = hooks.capture()
        if kind == "undisturbed":
            hooks.write(path, 5, None)
        else:
            for _ in range(3):
                update(model, optimizer, hooks)
            hooks.end_averages()
            hooks.apply(state if kind == "memory" else hooks.read(path)[0])
        for _ in range(4):
            update(model, optimizer, hooks)
        hooks.adopt_average(3)
        ends.append(floats(model))
    for other in ends[1:]:
        assert all(map(torch.equal, ends[0], other))


def test_frozen_weights_tied_weights_and_caches_are_each_what_they_were() -> None:
    model = torch.nn.ModuleDict(
        {"a": torch.nn.Linear(3, 3), "frozen": torch.nn.Linear(3, 3), "b": torch.nn.Linear(3, 3)}
    )
    model["b"].weight = model["a"].weight
    model["a"].register_buffer("cache", torch.zeros(1))
    model["b"].register_buffer("mask", torch.full((2,), -torch.inf))
    model["twin"] = torch.nn.Linear(3, 3)
    model["twin"].weight.data = model["a"].weight.data  # the same memory, another parameter
    for each in model["frozen"].parameters():
        each.requires_grad_(False)
    trained = {id(p): p for p in model.parameters() if p.requires_grad}
    optimizer = torch.optim.SGD(list(trained.values()), lr=0.1)
    hooks = TorchHooks(model, optimizer, lambda: 1.0, [])
    hooks.begin_averages(Averaging([20], 1, 0))
    for _ in range(3):
        with torch.no_grad():
            for name, each in trained.items():
                if name != id(model["twin"].weight):
                    each.add_(1.0)
        model["a"].cache = torch.zeros(model["a"].cache.numel() + 1)  # one that grows
        hooks.average_update()
    assert len(hooks.averages_state()["averages"]["values"][0]) == len(trained) - 1
    before = model["a"].weight.clone()
    with hooks.weights_at(20):
        assert torch.equal(model["twin"].weight, model["a"].weight)
        assert torch.isfinite(model["a"].weight).all()
    assert torch.equal(model["a"].weight, before)
    hooks.adopt_average(20)
    assert torch.equal(model["b"].mask, torch.full((2,), -torch.inf))
    assert model["b"].weight is model["a"].weight
    assert model["a"].cache.numel() == 4


def test_parameters_outside_of_the_model_leave_nothing_to_average() -> None:
    model = torch.nn.Linear(2, 2)
    master = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([*model.parameters(), master], lr=0.1)
    assert not TorchHooks(model, optimizer, lambda: 1.0, []).can_average


def test_averages_from_a_file_lie_where_the_weights_do() -> None:
    # The meta device stands for one that a file is not read to.
    weight = torch.nn.Parameter(torch.zeros(2, device="meta"))
    saved: Any = {"powers": [1], "every": 1, "since": 0, "updates": 3}
    saved["values"] = [[torch.ones(2)]]
    live = Averaged([weight], [], [])
    averages = TorchAverages(live, Sampling.of(saved), saved["values"])
    [[value]] = averages.state()["values"]
    assert value.device == weight.device
