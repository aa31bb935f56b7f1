"""Lets the autolrs tuner steer the learning rate of a PyTorch training loop.

Example:
    import autolrs.torch

    tuner = autolrs.torch.attach(model, optimizer, validate=validate)
    for x, y in tuner.cycle(loader, epochs=10):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tuner.step(loss)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from autolrs._data.batch_replay import DEFAULT_BYTES
from autolrs._inside.run import Run
from autolrs._protocol.claim import claim_to_train, is_driven
from autolrs._state.requires import require
from autolrs.tuner import InertTuner, Tuner

require("torch", "PyTorch", "torch", "2.3")

from torch import nn

from autolrs._torch.arguments import check_arguments
from autolrs._torch.hooks import TorchHooks
from autolrs._torch.session import CountedSession, updates_of
from autolrs._torch.update_gate import install_update_gate
from autolrs._torch_ranks.discover_ranks import find_ranks, tell_untuned
from autolrs._torch_ranks.ranked_hooks import RankedTorchHooks
from autolrs._torch_ranks.ranked_session import ranked_session

__all__ = ["Tuner", "attach"]


def attach(
    model: nn.Module,
    optimizer: Any,
    validate: Callable[[], Any] | None = None,
    *,
    extra: Sequence[Any] = (),
    total: int | None = None,
    rewind_bytes: int = DEFAULT_BYTES,
    run: Run | None = None,
) -> Tuner:
    """Hands the learning rate over to the tuner, if one drives this script.

    Does not wait for it: the tuner's first question is answered where the loop begins. Without a
    tuner the result does nothing, and the script trains as if it were absent. Under
    `autolrs run --keep-schedule` the script's own schedulers stay, and the tuner sets a factor on
    their LR: step them between `optimizer.step` and `tuner.step`.

    Where torch.distributed is in use, every rank calls it, after init_process_group and with the
    model as DDP or FSDP2 have wrapped it. Losses and validation are means over the ranks.

    Args:
        model: What is trained.
        optimizer: Its optimizer, or a list of several, or a wrapper that has optimizers among its
            attributes. The ratios between the LRs of all parameter groups are kept; the LR of the
            tuner is that of the first group of the first optimizer. Its groups are all there
            before the loop begins.
        validate: Returns the validation loss as a float or a tensor with one element, or the loss
            and a dict of metrics, or a dict with the key "loss". It is called in eval mode without
            gradients; modes and random state are put back after it.
        extra: Objects with `state_dict` and `load_state_dict` that change as training goes on, as
            a GradScaler or an average of the weights. They are saved and restored too. With a
            GradScaler, a `step` after an update that it skipped does not count.
        total: How many steps the script means to do. `cycle` knows it by itself.
        rewind_bytes: How many bytes of past batches `cycle` keeps, so that every candidate can be
            tried on the same ones.
        run: Starts a tuner where none drives the script, as in a notebook, and says how it is to
            run.

    Where the loop begins, a scheduler of torch.optim that sets the LR of this optimizer too raises
    `SecondSchedulerError`, and an LR of 0 in the first parameter group `ValueError`; not so under
    `--keep-schedule`. At an update, another LR than the one that was set raises
    `SecondSchedulerError` too, and a parameter group or an optimizer that was not there
    `ChangedError`.

    Raises:
        ValueError: attach was called before.
        TypeError: An argument is of another kind than it must be, an extra has no `state_dict` and
            `load_state_dict`, or an optimizer evaluates the loss by itself, as LBFGS does.
        RanksError: Several processes train, and have not met or cannot reach each other.
        ImportError: The model is sharded (FSDP2), and PyTorch is older than 2.7.
    """
    wire = claim_to_train(run)
    if not is_driven():
        tell_untuned()
        return InertTuner(total)
    check_arguments(model, optimizer, validate, extra, total, rewind_bytes)
    total = None if total is None else int(total)
    extra = [*extra]
    ranks = find_ranks(model.parameters())
    if ranks is not None:
        ranked = RankedTorchHooks(ranks, model, optimizer, validate, extra)
        ranked_updates = updates_of(ranked, True)
        session = ranked_session(ranks, wire, ranked, ranked_updates, total, rewind_bytes)
        install_update_gate(session, ranked.optimizer_set.leaves)
        return session
    hooks = TorchHooks(model, optimizer, validate, extra)
    assert wire is not None  # a process without one is a rank of several
    session = CountedSession(updates_of(hooks), wire, hooks, total, rewind_bytes)
    install_update_gate(session, hooks.optimizer_set.leaves)
    return session
