"""The hooks for a loop on PyTorch that belongs to a framework."""

from __future__ import annotations

from autolrs._session.phase import phase
from autolrs._torch.hooks import TorchHooks


class OwnedLoopHooks(TorchHooks):
    """As `TorchHooks`, where a framework counts, logs and saves by itself."""

    can_rollback = False

    def allow_script_step(self) -> None:
        """In a committed run its schedule may step whenever it likes: nothing is taken back."""
        if phase() != "commit":
            super().allow_script_step()
