"""The hooks for PyTorch where several processes train: one checkpoint on disk for all of them."""

from __future__ import annotations

from typing import Any

from autolrs._torch.hooks import TorchHooks
from autolrs._torch_ranks.discover_ranks import Ranks
from autolrs._torch_ranks.parts import read_parts, write_parts
from autolrs._torch_ranks.sharded import on_cpu, refuse_old_torch
from autolrs._torch_ranks.shards import (
    LocalOf,
    ShardCutter,
    joined_as,
    joined_as_parameters,
    refuse_other_shapes,
    refuse_whole,
)
from autolrs._torch_state.checkpoint_file import write_durably
from autolrs._torch_state.digest import digest_of
from autolrs._torch_state.rng import capture_rng
from autolrs._torch_state.state import model_state


class RankedTorchHooks(TorchHooks):
    """As `TorchHooks`. In memory each rank keeps its own state.

    On disk rank 0 writes for all what is the same on all. Of each rank there is what is its own:
    the random state, the place in its data, and buffers and extras that differ from rank 0's.
    Where tensors are sharded each rank writes its part, into a file beside.

    Args:
        ranks: All that train together.
        *args: As for `TorchHooks`.

    Raises:
        ImportError: The model is sharded, and PyTorch too old for that.
    """

    def __init__(self, ranks: Ranks, *args: Any) -> None:
        super().__init__(*args)
        refuse_old_torch(self._model.parameters())
        self._ranks = ranks

    def write(self, path: str, step: int, place: dict[str, Any] | None) -> int:
        refuse_other_shapes(self.optimizers)
        trained, frozen = self._frozen_in_file.split(model_state(self._model))
        extra = {name: item.state_dict() for name, item in self._extras.items()}
        cutter = ShardCutter(self._ranks.rank)
        state = cutter.cut(
            {
                "model": trained,
                "optimizer": self._optimizer_state(),
                "extra": extra,
                **self._loose_state(),
                **self.averages_state(),
            }
        )
        own = {"rng": capture_rng(), "data": place}
        own.update(self._own_state(state["model"], state["extra"]))
        own.update(on_cpu(self._schedule_state()))
        own.update(self._own_averages())
        state.update({"frozen": frozen} if frozen else {})
        common = {"step": step, "state": state}
        if cutter.count > 0:
            return write_parts(path, self._ranks, common, {"own": own, "shards": cutter.own})
        parts = self._ranks.gather(own)
        return write_durably(path, {**common, "ranks": parts}) if self._ranks.rank == 0 else 0

    def read(self, path: str) -> tuple[dict[str, Any], int, dict[str, Any] | None]:
        content, own, local = read_parts(path, self._ranks)
        whole = content["state"]
        refuse_whole(whole["model"], self._model.parameters())
        saved = whole["optimizer"] if type(whole["optimizer"]) is list else [whole["optimizer"]]
        live_extra = {name: item.state_dict() for name, item in self._extras.items()}
        held = {**whole["model"], **own["model"]}
        model = self._frozen_in_file.join(held, whole.get("frozen", {}))
        optimizers = zip(self.optimizers, saved)
        state: dict[str, Any] = {
            "model": joined_as(model_state(self._model), model, local),
            "optimizer": [joined_as_parameters(*each, local) for each in optimizers],
            "extra": joined_as(live_extra, {**whole["extra"], **own["extra"]}, local),
            "rng": own["rng"],
            **self._joined_averages(whole, own, local),
            **{key: own[key] for key in ("schedule", "own_lrs") if key in own},
        }
        if "loose" in whole:
            state["loose"] = joined_as(self._loose, whole["loose"], local)
        return state, content["step"], own["data"]

    def _joined_averages(
        self, whole: dict[str, Any], own: dict[str, Any], local: LocalOf
    ) -> dict[str, Any]:
        if "averages" not in whole:
            return {}
        averages = whole["averages"]
        if "values" not in averages:
            return {"averages": averages}
        live = self._averaged().tensors()
        values = [joined_as(live, each, local) for each in averages["values"]]
        count = len(self._averaged().trained)
        mine = [[*each[:count], *own_] for each, own_ in zip(values, own["averages"])]
        return {"averages": {**averages, "values": mine}}

    def _own_averages(self) -> dict[str, Any]:
        """Averages of statistics, which every rank has of its own."""
        averages = self.averages_state().get("averages", {})
        if "values" not in averages:
            return {}
        count = len(self._averaged().trained)
        return {"averages": on_cpu([each[count:] for each in averages["values"]])}

    def _own_state(self, model: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
        """Buffers and extras that are not as rank 0's. Parameters are the same on all ranks."""
        parameters = {name for name, _ in self._model.named_parameters(remove_duplicate=False)}
        buffers = {name: item for name, item in model.items() if name not in parameters}
        digests = [{k: digest_of(item) for k, item in part.items()} for part in (buffers, extra)]
        leaders = self._ranks.from_leader(digests)
        return {
            name: {k: on_cpu(part[k]) for k in part if mine[k] != theirs.get(k)}
            for name, part, mine, theirs in zip(
                ("model", "extra"), (buffers, extra), digests, leaders
            )
        }
