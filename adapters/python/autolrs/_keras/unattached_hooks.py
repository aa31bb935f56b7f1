"""The hooks of a `fit` in a script that does not know autolrs."""

from __future__ import annotations

from typing import Any, Callable

from autolrs._keras.hooks import KerasHooks
from autolrs._keras.update_lr import UpdateLr


class UnattachedHooks(KerasHooks):
    """As `KerasHooks`, in memory alone, and with the script's schedule left where it is.

    Args:
        model_now: As there.
        lr: Of each update.
    """

    def __init__(self, model_now: Callable[[], Any], lr: UpdateLr) -> None:
        self._lr = lr
        self._own: float | None = None
        super().__init__(model_now, None)

    def _require_state(self) -> None:
        """None is asked for in a clean run, where nothing is restored."""
        if self._model_now().built:
            super()._require_state()

    def check(self) -> None:
        self.begin_override()

    def begin_override(self) -> None:
        self._lr.is_factor = False
        self._lr.number = self._read_own()

    def begin_scaling(self) -> None:
        self._lr.is_factor = True

    def allow_script_step(self) -> None:
        """Nothing is asked of the script's schedule."""

    def take_own_lr(self) -> float | None:
        before, self._own = self._own, self._read_own()
        return self._own if before is None else max(before, self._own)

    def _read_own(self) -> float:
        self._model_now()  # on JAX its variables are elsewhere before
        return self._lr.own()

    def get_lr(self) -> float:
        return self._lr.number

    def set_lr(self, lr: float) -> None:
        self._lr.number = lr
