"""A checkpoint of PyTorch on disk."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from enum import Enum
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from autolrs._durable import replace_durably
from autolrs.errors import NotHeldError

FORMAT = 1
"""Version of what stands in the file."""


def write_durably(path: str, content: dict[str, Any]) -> int:
    """Writes `content` to `path`, all or nothing and for its owner alone; returns its bytes.

    Raises:
        OSError: It cannot be written; what was at `path` is still there.
        NotHeldError: It holds what `read_durable` would not read back.
    """
    plain = readable(content)
    return replace_durably(path, lambda file: _dump({"autolrs": FORMAT, **plain}, file))


def read_durable(path: str, world: int = 1) -> dict[str, Any]:
    """Reads what `write_durably` wrote. Runs no code that the file might hold.

    Args:
        path: The file.
        world: How many processes read it; "ranks" has a part for each of several that wrote it.

    Raises:
        OSError: It is not there, it is no checkpoint, or another number of processes wrote it.
    """
    try:
        # Of a large file that several processes read, each loads only what it looks at.
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=world > 1)
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError, EOFError, LookupError, ValueError, UnpicklingError) as error:
        raise OSError(f"{path} cannot be read as a checkpoint: {error}") from error
    if not isinstance(content, dict) or content.get("autolrs") != FORMAT:
        raise OSError(f"{path} is no checkpoint that this version of autolrs wrote")
    wrote = len(content.get("ranks", [None]))
    if wrote != world:
        raise OSError(
            f"{path} holds a training by {wrote} process{'' if wrote == 1 else 'es'}, and "
            f"{world} train{'s' if world == 1 else ''} here; start as many as there were"
        )
    return content


_READABLE = (Tensor, nn.Parameter, str, int, float, bool, type(None), torch.Size, torch.dtype)


def readable(value: Any, where: str = "checkpoint", any_tensor: bool = False) -> Any:
    """The same in types that `read_durable` reads back: a config library has its own of lists.

    Args:
        value: A state, or a part of it.
        where: What that part is called.
        any_tensor: Tensors of any kind will do: sharded ones are put together before a write.

    Raises:
        NotHeldError: There is something else in it. It is found out now, and not when somebody
            needs the checkpoint.
    """

    def part(item: Any, key: Any) -> Any:
        return readable(item, f"{where}[{key!r}]", any_tensor)

    if isinstance(value, dict):
        items = {key: part(item, key) for key, item in value.items()}
        return OrderedDict(items) if type(value) is OrderedDict else items
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        if type(value) is torch.Size:
            return value
        items_in = [part(item, index) for index, item in enumerate(value)]
        return tuple(items_in) if isinstance(value, tuple) else items_in
    if type(value) in _READABLE or (any_tensor and isinstance(value, Tensor)):
        return value
    # Bytes would come back as a list of numbers, which nobody's `load_state_dict` expects.
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, tuple)):
        return [part(item, index) for index, item in enumerate(value)]
    is_number = hasattr(value, "item") and getattr(value, "shape", None) == ()
    if is_number and not isinstance(value, Tensor):
        return readable(value.item(), where)  # a number of NumPy
    for kind in (str, bool, int, float):
        if isinstance(value, kind) and not isinstance(value, Enum):
            return kind(value)
    raise NotHeldError(
        f"let state_dict return numbers, strings, tensors, and lists and dicts of them: {where} "
        f"is a {type(value).__name__}, which a checkpoint on disk cannot hold"
    )


class _Witness:
    """A file that remembers why it could not be written: torch's zip writer tells only that."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: Any) -> Any:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise

    def flush(self) -> None:
        self._file.flush()


def _dump(content: dict[str, Any], file: Any) -> None:
    witness: Any = _Witness(file)
    try:
        torch.save(content, witness)
    except RuntimeError as error:
        raise (witness.error or OSError(str(error))) from error
