"""Averages of a PyTorch model's weights, kept while it trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from autolrs._averages.sampling import Sampling
from autolrs._torch_ranks.sharded import is_sharded, local_of

STATISTICS = ("running_mean", "running_var")
"""Names of buffers that go with the weights, in BatchNorm and its kin. The mean of another buffer
may be of no use: a mask has infinite values, and a vector of length 1 a mean that is shorter."""


class Averaged(NamedTuple):
    """What is averaged."""

    trained: Sequence[Tensor]
    """Parameters, each storage once."""
    places: Sequence[tuple[nn.Module, str]]
    """Modules and the names of their statistics."""
    modules: Sequence[nn.Module]
    """All that a forward pass goes through."""

    def tensors(self) -> list[Tensor]:
        """The live ones, always in the same order: a module may replace a buffer."""
        buffers = [owner._buffers[name] for owner, name in self.places]
        return [*self.trained, *(each for each in buffers if each is not None)]

    def settle(self) -> None:
        """Has the next forward pass see what was written into the tensors."""
        for module in self.modules:
            for each in module.modules():
                # FSDP2 may have left whole copies of the shards from the last forward pass.
                reshard: Any = getattr(each, "reshard", None)
                if reshard is not None and hasattr(each, "unshard"):
                    reshard()


def averaged_of(groups: Sequence[dict[str, Any]], modules: Sequence[nn.Module]) -> Averaged:
    """What is averaged of a model: all that the optimizers train, and the statistics with it.

    Args:
        groups: The optimizers' parameter groups.
        modules: Those that train.
    """
    trained: dict[Any, Tensor] = {}
    for parameter in (each for group in groups for each in group["params"]):
        local = local_of(parameter)
        storage = (local.data_ptr(), local.shape) if local.numel() else id(parameter)
        trained.setdefault(storage, parameter)
    owners = {id(each): each for module in modules for each in module.modules()}
    places = [
        (owner, name)
        for owner in owners.values()
        for name in STATISTICS
        if isinstance(owner._buffers.get(name), Tensor)
    ]
    return Averaged([*trained.values()], places, modules)


class TorchAverages:
    """One average of all tensors for each power.

    They lie where the weights lie, in float32 at least. Of a sharded weight each rank averages its
    own part. No rank waits for another, and no device for the host.

    Args:
        live: The tensors that are averaged.
        sampling: When and how.
        values: For each power a tensor for each of `live`, of any device. Absent: no sample was
            taken.
    """

    def __init__(
        self, live: Averaged, sampling: Sampling, values: Sequence[Sequence[Tensor]] | None = None
    ) -> None:
        self.sampling = sampling
        self._live = live
        self._values = [
            [_beside(mine, value) for mine, value in zip(live.tensors(), each)]
            for each in values or []
        ]

    @torch.no_grad()
    def count_update(self) -> None:
        """An update was made."""
        shares = self.sampling.count_update()
        if shares is None:
            return
        live = self._live.tensors()
        if not self._values:
            self._values = [[_precise(each.detach()).clone() for each in live] for _ in shares]
            return
        parts = [local_of(each) for each in live]
        for share, values in zip(shares, self._values):
            _move(values, parts, share)

    def has(self, power: float) -> bool:
        """True if there is an average of this power."""
        return power in self.sampling.powers and bool(self._values)

    @contextmanager
    def weights_at(self, power: float) -> Iterator[None]:
        """While entered, the model has the average for its weights."""
        raw: list[Tensor | None] = []
        try:
            self._swap_in(power, raw)
            yield
        finally:
            self._swap_out(power, raw)

    @torch.no_grad()
    def adopt(self, power: float) -> None:
        """The average becomes the weights."""
        for mine, average in zip(self._live.tensors(), self._of(power)):
            mine.copy_(average)
        self._live.settle()

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds; its tensors are the live ones."""
        return {**self.sampling.state(), "values": [list(each) for each in self._values]}

    @torch.no_grad()
    def _swap_in(self, power: float, raw: list[Tensor | None]) -> None:
        # Where the types are the same, the raw weights lie in the average's place meanwhile: no
        # further copy of the model is needed.
        for mine, average in zip(self._live.tensors(), self._of(power)):
            before = mine.detach().clone()
            mine.copy_(average)
            if before.dtype == average.dtype:
                average.copy_(before)
                raw.append(None)
            else:
                raw.append(before)
        self._live.settle()

    @torch.no_grad()
    def _swap_out(self, power: float, raw: Sequence[Tensor | None]) -> None:
        for mine, average, before in zip(self._live.tensors(), self._of(power), raw):
            if before is not None:
                mine.copy_(before)
                continue
            at = mine.detach().clone()
            mine.copy_(average)
            average.copy_(at)
        self._live.settle()

    def _of(self, power: float) -> Sequence[Tensor]:
        return self._values[self.sampling.powers.index(power)]


def _move(values: Sequence[Tensor], parts: Sequence[Tensor], share: float) -> None:
    locals_ = [local_of(each) for each in values]
    alike = [i for i, part in enumerate(parts) if part.dtype == locals_[i].dtype]
    if alike:
        torch._foreach_lerp_([locals_[i] for i in alike], [parts[i] for i in alike], share)
    for mine, part in zip(locals_, parts):
        if part.dtype != mine.dtype:  # one at a time: no second copy of the model in float32
            mine.lerp_(part.to(mine.dtype), share)


def _precise(value: Tensor) -> Tensor:
    """The same values in a type in which a small share of a difference is not lost."""
    is_short = value.is_floating_point() and value.element_size() < 4
    return value.float() if is_short else value


def _beside(live: Tensor, value: Tensor) -> Tensor:
    """A copy where the live tensor is: one from a file, or from a snapshot on the host, is not."""
    if is_sharded(value):
        return value.detach().clone()
    return value.detach().to(live.device, copy=True)
