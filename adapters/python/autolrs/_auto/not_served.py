"""A script that cannot be steered without a line of its own is told so, and so is the tuner."""

from __future__ import annotations

from autolrs._protocol.claim import claim_to_train
from autolrs._protocol.messages import RpcError, parse_request
from autolrs._protocol.wire import TunerGone, Wire
from autolrs._session.rpc import RpcChannel
from autolrs._state.requires import require
from autolrs.errors import PermanentError


class NotServedError(PermanentError, RuntimeError):
    """The script trains in a way that cannot be steered without a line of its own."""


def refuse(sentence: str, *, is_steered: bool = False) -> None:
    """Ends the script; the tuner is told.

    Args:
        sentence: Why, and what to do.
        is_steered: A session is there, which tells the tuner.

    Raises:
        NotServedError: Always.
    """
    error = NotServedError(sentence)
    if not is_steered:
        tell(claim_to_train(), error)
    raise error


def require_torch() -> None:
    """Ends the script where its PyTorch is too old; the tuner is told.

    Raises:
        NotServedError: It is.
    """
    try:
        require("torch", "PyTorch", "torch", "2.3")
    except ImportError as error:
        sentence = str(error)
    else:
        return
    refuse(sentence)


def tell(wire: Wire | None, error: Exception) -> None:
    """Answers the tuner's first question by an error."""
    if wire is None:  # rank 0 tells
        return
    channel = RpcChannel(wire)
    try:
        request = parse_request(wire.receive())
        channel.refuse_raised(request, error)
    except (TunerGone, RpcError):
        pass  # the script's own end is the one to show
