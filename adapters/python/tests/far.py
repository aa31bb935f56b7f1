"""A tensor that lies on a device that is not there, so that whoever waits for one is counted."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._pytree import tree_map_only

to_host: list[str] = []
"""The operators that brought a value to the host, each of which makes a device wait."""


class Far(torch.Tensor):
    """Takes part in any computation, on the CPU in truth; says that it does not lie there."""

    near: torch.Tensor

    @staticmethod
    def __new__(cls, near: torch.Tensor) -> Far:
        far: Far = torch.Tensor._make_wrapper_subclass(
            cls, near.shape, dtype=near.dtype, device=torch.device("meta")
        )
        far.near = near
        return far

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        is_read = operator is torch.ops.aten._local_scalar_dense.default
        target = str((kwargs or {}).get("device", ""))
        is_copy = target.startswith("cpu") or (
            operator is torch.ops.aten.copy_.default and not isinstance(args[0], Far)
        )
        if is_read or is_copy:
            to_host.append(str(operator))
        near_args, near_kwargs = tree_map_only(Far, lambda far: far.near, (args, kwargs or {}))
        result = operator(*near_args, **near_kwargs)
        return result if is_read or is_copy else tree_map_only(torch.Tensor, Far, result)
