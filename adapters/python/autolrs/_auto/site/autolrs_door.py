"""Stands by PyTorch's optimizers and `backward`, until the first update says what this process is.

Nothing of autolrs is imported before: to import it takes the wire, and a launcher that imports
PyTorch too leaves that to those that it starts.
"""

from __future__ import annotations

import atexit
import functools
import os
import sys
from typing import Any, Callable
from weakref import WeakKeyDictionary

from autolrs_old_torch import meet_in_old_torch  # it lies beside this file
from autolrs_stepless import SteplessBackwards
from autolrs_written_files import note_first_update

ADAPTERS = ("torch", "lightning", "transformers", "keras", "jax", "tensorflow", "session")
"""Modules of autolrs: a script that has imported one attaches, by hooks of its own maybe."""

MANY_ROOTS = 64
"""Losses of micro-batches that are kept apart: more are added up."""


def _nothing(*_: Any) -> None:
    """What a closed door does."""


class Door:
    """What comes through it: the roots of `backward`, and optimizers before and after a step."""

    def __init__(self) -> None:
        self.roots: list[Any] = []
        """Losses since the last update, on their devices and without graph."""
        self.before: Callable[[Any], None] = self._meet
        self.after: Callable[[Any], None] = _nothing
        self.on_backward: Callable[[], None] | None = None
        """Called where a `backward` begins."""
        self.on_attempt: Callable[[], None] = self._forget_attempt
        """Called where a scaler has come to the end of an update, made or skipped."""
        self.places: dict[tuple[tuple[Any, int], ...], int] = {}
        """How often `backward` was called before the first update, by where the script stood:
        code and instruction of each frame, innermost first."""
        self.made: WeakKeyDictionary[Any, list[tuple[dict[str, Any], Any, Any]]] = (
            WeakKeyDictionary()
        )
        """Each optimizer's groups as it was made: the group, its LR, and a tensor's version."""
        self.is_open = True
        self.has_begun = False
        """This process is the one that trains."""
        self.stepless = SteplessBackwards()
        """Since the last update."""
        self._is_within = False

    def close(self) -> None:
        """Nothing is watched from here on."""
        self.is_open = False
        self.before = self.after = _nothing
        self.on_backward = None
        self.on_attempt = _nothing
        self.roots.clear()
        self.made.clear()

    def note_made(self, optimizer: Any) -> None:
        """An optimizer has been made: its LRs are none yet that the script has set later."""
        if not self.is_open or self.has_begun:
            return
        groups = [(group, group.get("lr")) for group in optimizer.param_groups]
        self.made[optimizer] = [(group, lr, getattr(lr, "_version", None)) for group, lr in groups]

    def watch(self, backward: Callable[..., None]) -> Callable[..., None]:
        """A `backward` that notes its roots. One inside another, as of a checkpoint, does not."""

        @functools.wraps(backward)
        def wrapper(tensors: Any, grad_tensors: Any = None, *args: Any, **kwargs: Any) -> None:
            if self._is_within or not self.is_open:
                backward(tensors, grad_tensors, *args, **kwargs)
                return
            self._is_within = True
            try:
                if self.on_backward is not None:
                    self.on_backward()
                backward(tensors, grad_tensors, *args, **kwargs)
            finally:
                self._is_within = False
            try:
                self._note(tensors, grad_tensors)
            except Exception:  # what cannot be noted is no fault of the script's
                self.roots.clear()
            sentence = self.stepless.note(self.has_begun)
            if sentence is not None:
                self._refuse(sentence)

        return wrapper

    def _forget_attempt(self) -> None:
        """Before the first update: the scaler has skipped one, and nothing of it counts."""
        self.roots.clear()
        self.places.clear()
        self.stepless.reset()

    def _note(self, tensors: Any, grad_tensors: Any) -> None:
        if not self.has_begun:
            place = _place_in_script()
            self.places[place] = self.places.get(place, 0) + 1
        if type(tensors) not in (list, tuple):
            tensors = (tensors,)
        if type(grad_tensors) not in (list, tuple):
            grad_tensors = (grad_tensors,)
        for at, root in enumerate(tensors):
            weight = grad_tensors[at] if at < len(grad_tensors) else None
            if not hasattr(root, "detach"):  # an edge of the graph has no value
                continue
            if weight is None or type(weight) is bool:
                # A copy: a script may change it in place, for its log.
                self.roots.append(root.detach().clone())
            elif root.numel() == 1:
                self.roots.append((root.detach() * weight.detach()).reshape(()))
            elif not self.roots:
                # What this differentiates is the sum. Beside a loss it is a part of another graph.
                self.roots.append((root.detach() * weight.detach()).sum())
        if len(self.roots) > MANY_ROOTS:
            self.roots[:] = [sum(self.roots)]

    def _meet(self, optimizer: Any) -> None:
        """The first update of this process."""
        note_first_update()
        if not is_to_train():
            self.close()
            return
        self.has_begun = True
        try:
            from autolrs._auto.not_served import require_torch

            require_torch()
        except Exception:  # of an old Python, too
            self.close()
            raise
        from autolrs._auto.begin import begin  # which imports what an old PyTorch lacks

        begin(self, optimizer)
        self.before(optimizer)

    def _refuse(self, sentence: str) -> None:
        self.stepless.reset()
        # A run that is under way is not ended for what its search did not meet.
        if self.has_begun and os.environ.get("AUTOLRS_PHASE") == "commit":
            return
        is_refused = self.has_begun or is_to_train()
        self.close()
        if is_refused:
            from autolrs._auto.not_served import refuse

            refuse(sentence, is_steered=self.has_begun)


def _place_in_script() -> tuple[tuple[Any, int], ...]:
    """Code and instruction of each frame that is being executed, innermost first."""
    places = []
    frame: Any = sys._getframe(3)
    while frame is not None:
        places.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return tuple(places)


_MARK = "pytorch-imported"
"""A file in the run directory, from the import of PyTorch or Keras to the first update: so long a
script may prepare its data, and a tuner waits."""


def mark() -> None:
    """Tells the tuner that a script imports a framework, and will be heard of."""
    folder = os.environ.get("AUTOLRS_RUN_DIR")
    if not folder:
        return
    try:
        os.close(os.open(os.path.join(folder, _MARK), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:  # another process has made it, or nothing can be written there
        return
    own = os.getpid()
    # Who ends without an update may be no script that trains, but one that comes before it.
    atexit.register(lambda: unmark() if os.getpid() == own else None)


def unmark() -> None:
    """The time that the script has to be heard of counts from here on."""
    folder = os.environ.get("AUTOLRS_RUN_DIR")
    if folder:
        try:
            os.remove(os.path.join(folder, _MARK))
        except OSError:  # it is not there
            pass


def attaches() -> bool:
    """Whether the script has imported what a script attaches by."""
    return any(f"autolrs.{name}" in sys.modules for name in ADAPTERS)


def is_to_train() -> bool:
    """Whether this process is the one that is steered, and does not attach by itself.

    To be asked where it has come to train.
    """
    unmark()
    if attaches():
        return False
    is_holder = os.environ.get("AUTOLRS_HOLDER") == str(os.getpid())
    # Else a process above this one has the tuner.
    return os.environ.get("AUTOLRS") == "1" or is_holder


_doors: dict[str, Door] = {}
"""The one of this process, once PyTorch's optimizers are there."""


def door_of_process() -> Door:
    """PyTorch's, of this process."""
    return _doors.setdefault("door", Door())


def close_torch_door() -> None:
    """Another framework trains here, on PyTorch perhaps."""
    door_of_process().close()


def watch_scaler(module: Any) -> None:
    """Has the door know of updates that a scaler has tried.

    Args:
        module: `torch.amp.grad_scaler`, just executed.
    """
    update = module.GradScaler.update

    @functools.wraps(update)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = update(self, *args, **kwargs)
        if "door" in _doors:
            _doors["door"].on_attempt()
        return result

    module.GradScaler.update = watched


def open_door(module: Any) -> None:
    """Watches the optimizers and `backward` of this process.

    Args:
        module: `torch.optim.optimizer`, just executed.
    """
    if os.environ.get("AUTOLRS") == "1":
        mark()
    door = door_of_process()
    if not hasattr(module, "register_optimizer_step_pre_hook"):
        meet_in_old_torch(module, door)
        return
    import torch.autograd

    torch.autograd.backward = door.watch(torch.autograd.backward)

    make = module.Optimizer.__init__

    @functools.wraps(make)
    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        try:
            door.note_made(self)
        except Exception:  # a stranger's optimizer may be of any make; then less is known of it
            pass

    module.Optimizer.__init__ = noted

    def before(optimizer: Any, args: Any, kwargs: Any) -> None:
        door.before(optimizer)

    def after(optimizer: Any, args: Any, kwargs: Any) -> None:
        door.after(optimizer)

    module.register_optimizer_step_pre_hook(before)
    module.register_optimizer_step_post_hook(after)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: door.close() if door.has_begun else None)
