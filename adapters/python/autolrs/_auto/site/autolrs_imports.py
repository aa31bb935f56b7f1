"""Has functions called once certain modules have been imported. Imports nothing by itself."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable


def _open_door(module: Any) -> None:
    from autolrs_door import open_door

    open_door(module)


def _watch_scaler(module: Any) -> None:
    from autolrs_door import watch_scaler

    watch_scaler(module)


def _watch_models(module: Any) -> None:
    from autolrs_keras_door import watch_models

    watch_models(module)


def _watch_optimizers(module: Any) -> None:
    from autolrs_keras_door import watch_optimizers

    watch_optimizers(module)


def _watch_loaders(module: Any) -> None:
    if os.environ.get("AUTOLRS_PHASE") == "search":
        from autolrs_loaders import watch_loaders

        watch_loaders(module)


def _show_optimizers(module: Any) -> None:
    from autolrs_fastai import show_optimizers

    show_optimizers(module)


def _watch_fits(module: Any) -> None:
    from autolrs_fastai import watch_fits

    watch_fits(module)


def _watch_optax(module: Any) -> None:
    from autolrs_jax import watch_updates

    watch_updates(module)


def _divert_writers(module: Any) -> None:
    from autolrs_trackers import divert_writers

    divert_writers(module)


def _watch_torch_files(module: Any) -> None:
    from autolrs_written_files import watch_functions

    # Reading goes by `open`, which is seen.
    watch_functions(module, {"save": (1, True)})


def _watch_safetensors(module: Any) -> None:
    from autolrs_written_files import watch_functions

    watch_functions(module, {"save_file": (1, True), "load_file": (0, False)})


def _leave_out(module: Any) -> None:
    """Has the compiler call what is ours as it is: no talk with a tuner can be compiled."""
    if hasattr(module, "add"):
        module.add("autolrs")


_AFTER: dict[str, Callable[[Any], None]] = {
    "torch.optim.optimizer": _open_door,
    "torch.amp.grad_scaler": _watch_scaler,
    "torch.utils.data.dataloader": _watch_loaders,
    "fastai.data.load": _watch_loaders,
    "fastai.optimizer": _show_optimizers,
    "fastai.learner": _watch_fits,
    "optax._src.update": _watch_optax,
    "keras.src.models.model": _watch_models,
    "keras.src.optimizers.base_optimizer": _watch_optimizers,
    "torch.serialization": _watch_torch_files,
    "safetensors.torch": _watch_safetensors,
    "torch._dynamo.trace_rules": _leave_out,
    "torch.utils.tensorboard.writer": _divert_writers,
    "tensorboardX.writer": _divert_writers,
}


class Watch:
    """A finder that finds nothing itself, and wraps what the others find."""

    def __init__(self) -> None:
        self._waiting = dict(_AFTER)

    @classmethod
    def install(cls) -> None:
        """From here on imports are watched."""
        sys.meta_path.insert(0, cls())

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Python's question where a module is; None has it ask the next finder."""
        if name not in self._waiting:
            return None
        after = self._waiting.pop(name)
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    _call_after(spec.loader, after)
                return spec
        return None


def _call_after(loader: Any, after: Callable[[Any], None]) -> None:
    """Has a loader call a function once it has executed its module, and be as it was then."""
    execute = loader.exec_module

    def exec_module(module: Any) -> None:
        del loader.exec_module
        execute(module)
        after(module)

    loader.exec_module = exec_module
