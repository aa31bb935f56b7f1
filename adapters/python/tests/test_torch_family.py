"""Optimizers around optimizers, and states that are not as `load_state_dict` would have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import require

torch = require("torch")

from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs.errors import ChangedError, NotHeldError  # noqa: E402


def model_of() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))


class Sharp(torch.optim.Optimizer):  # type: ignore[name-defined,misc]
    """Two steps, as sharpness-aware minimisation makes them: shares its groups with the inner."""

    def __init__(self, params: Any, inner: Any, **defaults: Any) -> None:
        super().__init__(params, {"rho": 0.05, **defaults})
        self.inner = inner(self.param_groups, **defaults)  # type: ignore[has-type]
        self.param_groups = self.inner.param_groups

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for each in group["params"]:
                self.state[each]["old"] = each.clone()
        self.inner.step()

    def load_state_dict(self, state: Any) -> None:
        super().load_state_dict(state)
        self.inner.param_groups = self.param_groups


class Ahead(torch.optim.Optimizer):  # type: ignore[name-defined,misc]
    """A slow copy of the weights, whose base class is left uninitialised on purpose."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.param_groups = inner.param_groups
        self.slow = [each.detach().clone() for g in inner.param_groups for each in g["params"]]

    @property
    def state(self) -> Any:
        return self.inner.state

    def step(self, closure: Any = None) -> None:
        self.inner.step()
        for slow, each in zip(self.slow, (p for g in self.param_groups for p in g["params"])):
            slow.lerp_(each.detach(), 0.5)

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.inner.zero_grad(set_to_none)

    def state_dict(self) -> Any:
        return {"slow": self.slow, "inner": self.inner.state_dict()}

    def load_state_dict(self, state: Any) -> None:
        self.slow = state["slow"]
        self.inner.load_state_dict(state["inner"])


class Plain:
    """A wrapper that is no optimizer to PyTorch."""

    def __init__(self, inner: Any) -> None:
        self._optimizer = inner

    def step(self) -> None:
        self._optimizer.step()

    def zero_grad(self) -> None:
        self._optimizer.zero_grad()


def sgd(params: Any) -> Any:
    return torch.optim.SGD(params, lr=0.01, momentum=0.9)


KINDS: dict[str, Callable[[Any], Any]] = {
    "shares groups": lambda params: Sharp(params, torch.optim.SGD, lr=0.01, momentum=0.9),
    "left uninitialised": lambda params: Ahead(sgd(params)),
    "no optimizer": lambda params: Plain(sgd(params)),
    "twice": lambda params: Plain(Ahead(sgd(params))),
}


def train(model: Any, optimizer: Any, seen: list[float], steps: int = 4) -> list[Any]:
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(3, 2)).square().mean().backward()
        optimizer.step()
    return [each.clone() for each in model.parameters()] + [torch.tensor(seen[-1])]


def inner_of(optimizer: Any) -> Any:
    while True:
        inner = getattr(optimizer, "inner", getattr(optimizer, "_optimizer", None))
        if inner is None:
            return optimizer
        optimizer = inner


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("base", ["tuner", "user"])
def test_the_inner_optimizer_has_the_lr_and_its_state_comes_back(
    kind: str, base: str, tmp_path: Path
) -> None:
    ends = []
    path = str(tmp_path / "checkpoint")
    for is_new in (False, True):
        model = model_of()
        optimizer = KINDS[kind](model.parameters())
        hooks = TorchHooks(model, optimizer, None, [])
        seen: list[float] = []
        (hooks.check if base == "tuner" else hooks.begin_scaling)()
        # After the adapter's own hook, so that it sees what the update sees.
        inner_of(optimizer).register_step_pre_hook(
            lambda own, *_, seen=seen: seen.append(float(own.param_groups[0]["lr"]))
        )
        scale = 1 if base == "tuner" else 100
        if is_new:
            hooks.apply(hooks.read(path)[0])
        else:
            hooks.set_lr(0.02 * scale)
            train(model, optimizer, seen)
            state = hooks.capture()
            hooks.write(path, 4, None)
            for lr in (0.5, 0.02):
                hooks.set_lr(lr * scale)
                ends.append(train(model, optimizer, seen))
                assert seen[-1] == pytest.approx(lr)
                hooks.apply(state)
        hooks.set_lr(0.02 * scale)
        ends.append(train(model, optimizer, seen))
    assert not all(map(torch.equal, ends[0], ends[1]))
    for other in ends[2:]:
        assert all(map(torch.equal, ends[1], other))


def test_what_holds_no_optimizer_is_refused_in_a_sentence() -> None:
    with pytest.raises(TypeError, match="a dict for its optimizer, which is no torch"):
        TorchHooks(model_of(), {"optimizer": None}, None, [])


class InFloat32(torch.optim.Optimizer):  # type: ignore[name-defined,misc]
    """Moments in float32 for weights in bfloat16."""

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for each in group["params"]:
                held = self.state[each].setdefault("m", torch.zeros(each.shape))
                assert held.dtype == torch.float32
                held.lerp_(each.grad.float(), 0.1)
                each.sub_((group["lr"] * held).to(each.dtype))


def test_a_new_process_has_the_types_that_were_saved(tmp_path: Path) -> None:
    path, ends = str(tmp_path / "checkpoint"), []
    for is_new in (False, True):
        model = model_of().bfloat16()
        optimizer = InFloat32(model.parameters(), {"lr": 0.1})
        hooks = TorchHooks(model, optimizer, None, [])
        hooks.check()
        for _ in range(3 if not is_new else 0):
            update(model, optimizer)
        if is_new:
            hooks.apply(hooks.read(path)[0])
        else:
            hooks.write(path, 3, None)
        update(model, optimizer)
        ends.append([each.clone() for each in model.parameters()])
    assert all(map(torch.equal, *ends))


def update(model: Any, optimizer: Any) -> None:
    optimizer.zero_grad()
    like = next(model.parameters())
    model(torch.ones(3, 2, dtype=like.dtype)).square().mean().backward()
    optimizer.step()


def test_parameters_and_buffers_that_no_state_dict_has_come_back(tmp_path: Path) -> None:
    path = str(tmp_path / "checkpoint")
    model, loose = model_of(), torch.nn.Parameter(torch.zeros(2))
    model.register_buffer("count", torch.zeros(1), persistent=False)
    optimizer = torch.optim.SGD([*model.parameters(), loose], lr=0.1)
    hooks = TorchHooks(model, optimizer, None, [])
    assert "parameters" in hooks.holds
    hooks.check()
    state = hooks.capture()
    hooks.write(path, 0, None)
    for saved in (state, hooks.read(path)[0]):
        model.count.add_(1)
        loose.grad = torch.ones(2)
        optimizer.step()
        hooks.apply(saved)
        assert model.count.item() == 0
        assert loose.tolist() == [0, 0]


def test_a_model_that_is_no_longer_the_one_that_was_saved_is_named() -> None:
    model = model_of()
    hooks = TorchHooks(model, sgd(model.parameters()), None, [])
    hooks.check()
    state = hooks.capture()
    model.bfloat16()
    with pytest.raises(ChangedError, match=r"'0.weight' of the model was float32 of shape"):
        hooks.apply(state)
    model.float()
    model.append(torch.nn.Linear(1, 1))
    with pytest.raises(ChangedError, match=r"^make all layers .*'3.bias' .* is there now"):
        hooks.apply(state)


def test_layers_without_a_shape_are_refused_in_a_sentence() -> None:
    model = torch.nn.Sequential(torch.nn.LazyLinear(2))
    hooks = TorchHooks(model, torch.optim.Adam(model.parameters()), None, [])
    with pytest.raises(NotHeldError, match=r"^run one batch through the model before attach"):
        hooks.check()
