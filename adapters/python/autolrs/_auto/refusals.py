"""What cannot be steered from outside: one sentence each, with the way that is left."""

from __future__ import annotations

import sys
from typing import Any

import torch

from autolrs._auto.not_served import NotServedError
from autolrs._state.articles import with_article

ATTACH = "autolrs.torch.attach(model, optimizer) in the script steers it"


def refuse_workers() -> None:
    """Says what to do where a process that multiprocessing has started trains.

    Raises:
        NotServedError: This is one.
    """
    process = sys.modules.get("multiprocessing.process")
    parent = None if process is None else process.parent_process()
    if parent is not None:
        raise NotServedError(
            "start the ranks by `torchrun --nproc-per-node N train.py`: this process trains, and "
            "multiprocessing has started it, which a tuner cannot reach"
        )


def refuse_double_steps(optimizers: list[Any]) -> None:
    """Says what to do where an update takes two steps, as that of SAM.

    Raises:
        NotServedError: An optimizer is of that kind.
    """
    for item in optimizers:
        if hasattr(item, "first_step") and hasattr(item, "second_step"):
            raise NotServedError(
                f"attach by hand: an update of {type(item).__name__} takes two steps with a loss "
                f"each, and from outside they cannot be told apart; {ATTACH}"
            )


def refuse_capture() -> None:
    """Says what to do where a step on a CUDA device is captured in a graph.

    Raises:
        NotServedError: One is being captured.
    """
    if torch.cuda.is_current_stream_capturing():
        raise NotServedError(
            "attach by hand: this optimizer steps in a CUDA graph, whose replays nothing outside "
            f"sees; {ATTACH}, with a learning rate that is a tensor"
        )


def in_turn(first: Any, second: Any) -> NotServedError:
    """Two optimizers that step one after the other, each by a `backward` of its own."""
    return NotServedError(
        "attach by hand, to the optimizer whose learning rate is to be tuned: "
        f"{_of(first)} and {_of(second)} step in turn, as in a GAN, so that there is no one loss "
        f"and no one learning rate; {ATTACH}"
    )


def no_loss() -> NotServedError:
    """An update for which no `backward` was seen."""
    return NotServedError(
        "attach by hand: the optimizer made an update, and no `backward` was seen before it, as "
        f"where torch.autograd.grad or a compiled step makes the gradients; {ATTACH}"
    )


def _of(optimizer: Any) -> str:
    count = sum(len(group["params"]) for group in optimizer.param_groups)
    return f"{with_article(type(optimizer).__name__)} of {count} parameters"
