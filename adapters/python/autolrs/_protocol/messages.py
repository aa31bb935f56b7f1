"""The shapes of the wire: requests, error codes, and checks of what a request brings."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from autolrs._averages.sampling import Averaging

PROTOCOL_VERSION = 1

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
CHECKPOINT_UNKNOWN = -32001
NOT_SUPPORTED = -32002
SCRIPT_RAISED = -32003
STORAGE_FAILED = -32004


class RpcError(Exception):
    """A request that gets an error for its answer.

    Args:
        code: One of the codes above.
        message: What happened, to what value.
        id: Whose answer it is, where only the sender of the fault knows.
        is_permanent: A new process would only meet it again.
    """

    def __init__(
        self,
        code: int,
        message: str,
        id: int | str | None = None,
        is_permanent: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.id = id
        self.is_permanent = is_permanent


class Request(NamedTuple):
    """One line from the tuner; `id` is None for a notification."""

    id: int | str | None
    method: str
    params: dict[str, Any]


def parse_request(line: bytes) -> Request:
    """Reads one line.

    Raises:
        RpcError: It is no JSON, or no JSON-RPC request.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, f"the line is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise RpcError(INVALID_REQUEST, "the line is not a request: it is no object")
    id = message.get("id")
    if isinstance(id, bool) or not (id is None or isinstance(id, (int, str))):
        raise RpcError(INVALID_REQUEST, f'"id" is {id!r}, neither a whole number nor a string')
    if not isinstance(message.get("method"), str):
        raise RpcError(INVALID_REQUEST, 'the line is not a request: it has no "method"', id)
    params = message.get("params", {})
    if not isinstance(params, dict):
        raise RpcError(INVALID_PARAMS, '"params" is not an object', id)
    return Request(id, message["method"], params)


def base_of(params: dict[str, Any]) -> str:
    """Whose LR stands between two updates, and what is set for each; "tuner" if nothing is said.

    "user": the script's own, and a factor on it. "override": the script's own, and another LR.
    """
    base = params.get("base")
    return base if base in ("user", "override") else "tuner"


def is_search(params: dict[str, Any]) -> bool:
    """True if the steps of a `train` are to be rolled back. A tuner of old does not say."""
    return params.get("purpose") == "search"


def finite_or_none(value: float) -> float | None:
    """A number as the wire writes it: null where it is not finite."""
    return value if math.isfinite(value) else None


def finite_or_none_each(values: Sequence[float]) -> list[float | None]:
    """The same for a list."""
    return [finite_or_none(value) for value in values]


def text_of(params: dict[str, Any], name: str) -> str:
    """A string that must be there and not empty."""
    value = params.get(name)
    if not isinstance(value, str) or value == "":
        raise RpcError(INVALID_PARAMS, f'"{name}" is {value!r}, not a string with something in it')
    return value


def optional_text_of(params: dict[str, Any], name: str) -> str | None:
    """A string that may be absent or null."""
    return None if params.get(name) is None else text_of(params, name)


def count_of(params: dict[str, Any], name: str) -> int:
    """A whole number, zero or more."""
    value = params.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RpcError(
            INVALID_PARAMS, f'"{name}" is {value!r}, not a whole number of zero or more'
        )
    return value


def number_of(params: dict[str, Any], name: str) -> float:
    """A finite number."""
    number = finite_number(params.get(name))
    if number is None:
        raise RpcError(INVALID_PARAMS, f'"{name}" is {params.get(name)!r}, not a finite number')
    return number


def averaging_of(params: dict[str, Any]) -> Averaging | None:
    """The averages to keep; None for none.

    Raises:
        RpcError: It is something else.
    """
    average = params.get("average")
    if average is None:
        return None
    powers = average.get("powers") if isinstance(average, dict) else None
    if not isinstance(powers, list) or not all(finite_number(each) is not None for each in powers):
        raise RpcError(INVALID_PARAMS, '"average" has no "powers", a list of numbers')
    if any(each < 0 for each in powers):
        raise RpcError(INVALID_PARAMS, f'"powers" of "average" is {powers}, with one below 0')
    every = count_of(average, "every")
    if every == 0:
        raise RpcError(INVALID_PARAMS, '"every" of "average" is 0')
    return Averaging(powers, every, count_of(average, "since"))


def lrs_of(params: dict[str, Any], name: str, steps: int) -> float | list[float]:
    """One LR for all steps, or a list with one a step."""
    value = params.get(name)
    if not isinstance(value, list):
        return _lr(value, name)
    if len(value) != steps:
        raise RpcError(INVALID_PARAMS, f'"{name}" has {len(value)} numbers for {steps} steps')
    return [_lr(item, name) for item in value]


def finite_number(value: object) -> float | None:
    """A JSON number as a float; None for all else, `true` and `false` among it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _lr(value: object, name: str) -> float:
    lr = finite_number(value)
    if lr is None or lr < 0:
        raise RpcError(
            INVALID_PARAMS, f'"{name}" is {value!r}, not a finite number of zero or more'
        )
    return lr
