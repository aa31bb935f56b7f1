"""The hooks for PyTorch where several processes train: one file on disk for all of them."""

from __future__ import annotations

from typing import Any

from autolrs._torch.hooks import TorchHooks
from autolrs._torch_ranks.discover_ranks import Ranks
from autolrs._torch_ranks.sharded import (
    on_cpu,
    refuse_old_torch,
    refuse_other_shapes,
    sharded_as,
    sharded_as_parameters,
    whole_of,
)
from autolrs._torch_state.checkpoint_file import read_durable, write_durably
from autolrs._torch_state.digest import digest_of
from autolrs._torch_state.rng import capture_rng
from autolrs._torch_state.state import model_state


class RankedTorchHooks(TorchHooks):
    """As `TorchHooks`. In memory each rank keeps its own state; on disk rank 0 writes for all.

    The file holds rank 0's state, with sharded tensors whole, and of each rank what is its own:
    the random state, the place in its data, and buffers and extras that differ from rank 0's.

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
        is_leader = self._ranks.rank == 0
        trained, frozen = self._frozen_in_file.split(model_state(self._model))
        model = whole_of(trained, is_leader)
        optimizer = whole_of(self._optimizer_state(), is_leader)
        loose = whole_of(self._loose_state(), is_leader)
        averages = whole_of(self.averages_state(), is_leader)
        extra = {k: whole_of(item.state_dict(), True) for k, item in self._extras.items()}
        own = {"rng": capture_rng(), "data": place, **self._own_state(model, extra)}
        own.update(on_cpu(self._schedule_state()))
        own.update(self._own_averages())
        parts = self._ranks.gather(own)
        if not is_leader:
            return 0
        state = {"model": model, "optimizer": optimizer, "extra": extra, **loose, **averages}
        state.update({"frozen": frozen} if frozen else {})
        return write_durably(path, {"step": step, "state": state, "ranks": parts})

    def read(self, path: str) -> tuple[dict[str, Any], int, dict[str, Any] | None]:
        content = read_durable(path, self._ranks.world)
        whole, own = content["state"], content["ranks"][self._ranks.rank]
        saved = whole["optimizer"] if type(whole["optimizer"]) is list else [whole["optimizer"]]
        live_extra = {name: item.state_dict() for name, item in self._extras.items()}
        held = {**whole["model"], **own["model"]}
        model = self._frozen_in_file.join(held, whole.get("frozen", {}))
        state = {
            "model": sharded_as(model_state(self._model), model),
            "optimizer": list(map(sharded_as_parameters, self.optimizers, saved)),
            "extra": sharded_as(live_extra, {**whole["extra"], **own["extra"]}),
            "rng": own["rng"],
            **({"loose": sharded_as(self._loose, whole["loose"])} if "loose" in whole else {}),
            **self._sharded_averages(whole, own),
            **{key: own[key] for key in ("schedule", "own_lrs") if key in own},
        }
        return state, content["step"], own["data"]

    def _sharded_averages(self, whole: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
        if "averages" not in whole:
            return {}
        averages = whole["averages"]
        if "values" not in averages:
            return {"averages": averages}
        live = self._averaged().tensors()
        values = [sharded_as(live, each) for each in averages["values"]]
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
