"""A file leaves out what does not train, where that is large, and counts on the script for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import require

torch = require("torch")

from autolrs._torch.hooks import TorchHooks  # noqa: E402
from autolrs._torch_state import frozen_file  # noqa: E402
from autolrs.errors import ChangedError  # noqa: E402

WIDTH = 256


@pytest.fixture(autouse=True)
def _all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen_file, "LEAST_BYTES", 4 * WIDTH * WIDTH)


class LowRank(torch.nn.Module):  # type: ignore[misc,name-defined]
    """A base that is frozen, and two small matrices that train."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.base = torch.nn.Linear(WIDTH, WIDTH).requires_grad_(False)
        torch.manual_seed(1)
        self.down = torch.nn.Linear(WIDTH, 2, bias=False)
        self.up = torch.nn.Linear(2, WIDTH, bias=False)

    def forward(self, x: Any) -> Any:
        return self.base(x) + self.up(self.down(x))


def training(seed: int = 0) -> tuple[Any, TorchHooks]:
    model = LowRank(seed)
    trained = [each for each in model.parameters() if each.requires_grad]
    return model, TorchHooks(model, torch.optim.AdamW(trained, lr=0.01), None, [])


def train(model: Any, hooks: TorchHooks) -> list[float]:
    losses = []
    for _ in range(3):
        loss = (model(torch.randn(8, WIDTH)) - 1).square().mean()
        hooks.optimizers[0].zero_grad()
        loss.backward()
        hooks.optimizers[0].step()
        losses.append(loss.item())
    return losses


def test_a_file_holds_what_trains_and_a_new_process_goes_on_bit_by_bit(tmp_path: Path) -> None:
    path = str(tmp_path / "checkpoint")
    model, hooks = training()
    state = hooks.capture()
    train(model, hooks)
    hooks.apply(state)  # a rollback is no change
    train(model, hooks)
    size = hooks.write(path, 3, None)
    assert size < 4 * WIDTH * WIDTH / 2
    expected = train(model, hooks)
    other, new = training()
    new.apply(new.read(path)[0])
    assert train(other, new) == expected
    assert all(map(torch.equal, model.parameters(), other.parameters()))
    assert new.write(path, 6, None) < size + 1024  # it leaves out the same


def test_a_script_with_other_weights_is_told_which(tmp_path: Path) -> None:
    path = str(tmp_path / "checkpoint")
    _, hooks = training()
    hooks.write(path, 0, None)
    with pytest.raises(ChangedError, match=r"'base\.weight' .* another one now"):
        training(seed=7)[1].read(path)


def test_a_weight_that_changes_all_the_same_is_written(tmp_path: Path) -> None:
    path = str(tmp_path / "checkpoint")
    for change_first in (True, False):  # before the first file, or between two
        model, hooks = training()
        if not change_first:
            hooks.write(path, 0, None)
        model.base.weight.data[WIDTH // 2] += 1  # which counts as no change of the tensor
        model.base.weight.data[0] += 1
        hooks.write(path, 0, None)
        other, new = training()
        new.apply(new.read(path)[0])
        assert torch.equal(other.base.weight, model.base.weight)


def test_what_is_small_or_trains_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "checkpoint")
    monkeypatch.setattr(frozen_file, "LEAST_BYTES", 10**9)
    assert training()[1].write(path, 0, None) > 4 * WIDTH * WIDTH
    monkeypatch.setattr(frozen_file, "LEAST_BYTES", 1)
    model = LowRank()
    # In an optimizer it may train later, whatever its flag says now.
    hooks = TorchHooks(model, torch.optim.SGD(model.parameters(), lr=0.1), None, [])
    assert hooks.write(path, 0, None) > 4 * WIDTH * WIDTH
