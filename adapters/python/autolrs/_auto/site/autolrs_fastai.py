"""Shows the optimizers of fastai, which are none of `torch.optim`, to the door as such.

Nothing of autolrs is imported here: see `autolrs_door`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, MutableMapping
from typing import Any, Callable
from weakref import WeakKeyDictionary, ref

from autolrs_door import door_of_process  # it lies beside this file

AGAIN = (
    "autolrs: the script fits again after the steps of the fit that autolrs has steered: this one "
    "trains as the script sets it\n"
)

_shown: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""What stands for each optimizer of fastai."""

_state = {"is_off": False}


class _Group(dict[str, Any]):
    """A parameter group whose numbers are those of fastai, wherever it keeps them now."""

    def __init__(self, hyper: Callable[[], MutableMapping[str, Any]], params: Any) -> None:
        super().__init__(params=[*params])
        self._hyper = hyper

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(key) if key == "params" else self._hyper()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "params":
            super().__setitem__(key, value)
        else:
            self._hyper()[key] = value

    def __contains__(self, key: object) -> bool:
        return key == "params" or key in self._hyper()

    def __iter__(self) -> Iterator[str]:
        return iter(["params", *self._hyper()])

    def __len__(self) -> int:
        return 1 + len(self._hyper())

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def keys(self) -> Any:
        return dict.fromkeys(self).keys()

    def items(self) -> Any:
        return {key: self[key] for key in self}.items()

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, value in dict(*args, **kwargs).items():
            self[key] = value


def watch_fits(module: Any) -> None:
    """Has a fit that comes after the end of the training be the script's own.

    Args:
        module: `fastai.learner`, just executed.
    """
    fit = module.Learner.fit

    @functools.wraps(fit)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        door = door_of_process()
        if door.has_begun and not door.is_open and not _state["is_off"]:
            _state["is_off"] = True
            sys.stderr.write(AGAIN)
        return fit(self, *args, **kwargs)

    module.Learner.fit = watched


def show_optimizers(module: Any) -> None:
    """Has each step of fastai's optimizers be one of an optimizer of PyTorch's.

    Args:
        module: `fastai.optimizer`, just executed.
    """
    import torch

    step = module.Optimizer.step

    class FastaiOptimizer(torch.optim.Optimizer):
        """Stands for one of fastai: has its groups, its state and its step."""

        def __init__(self, inner: Any) -> None:
            self._inner = ref(inner)
            groups = [{"params": [*each]} for each in inner.param_lists]
            super().__init__(groups, {"lr": inner.hypers[0]["lr"]})
            self.param_groups = [
                _Group(functools.partial(_hyper, self._inner, at), each)
                for at, each in enumerate(inner.param_lists)
            ]

        @property
        def state(self) -> Any:
            inner = self._inner()
            return {} if inner is None else inner.state

        @state.setter
        def state(self, value: Any) -> None:
            """It stays where fastai has it."""

        def step(self, closure: Any = None) -> Any:
            return step(self._inner(), closure)

        def state_dict(self) -> dict[str, Any]:
            inner: Any = self._inner()
            state = [dict(inner.state[each]) for each in _parameters(inner)]
            return {"state": dict(enumerate(state)), "hypers": [dict(h) for h in inner.hypers]}

        def load_state_dict(self, state_dict: dict[str, Any]) -> None:
            inner: Any = self._inner()
            for at, each in enumerate(_parameters(inner)):
                inner.state[each] = state_dict["state"][at]
            for own, saved in zip(inner.hypers, state_dict["hypers"]):
                own.update(saved)

    @functools.wraps(step)
    def watched(self: Any, closure: Any = None) -> Any:
        door = door_of_process()
        if _state["is_off"] or not (door.is_open or door.has_begun):
            return step(self, closure)
        if _is_looking_for_lr(self):
            door.on_attempt()  # its updates are taken back, and are no training
            return step(self, closure)
        if self not in _shown:
            _shown[self] = FastaiOptimizer(self)
        return _shown[self].step(closure)

    module.Optimizer.step = watched


def _hyper(inner: Any, at: int) -> MutableMapping[str, Any]:
    found: MutableMapping[str, Any] = inner().hypers[at]
    return found


def _parameters(inner: Any) -> list[Any]:
    return [each for group in inner.param_lists for each in group]


def _is_looking_for_lr(optimizer: Any) -> bool:
    """Whether `lr_find` steps: it trains at each LR, and loads what it has saved before."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        own = frame.f_locals
        found = getattr(own.get("self"), "opt", None) if frame.f_code.co_name == "fit" else None
        # One that wraps another, as Lookahead, steps the other.
        if optimizer is found or optimizer is getattr(found, "opt", None):
            return any(type(each).__name__ == "LRFinder" for each in own["self"].cbs)
        frame = frame.f_back
    return False
