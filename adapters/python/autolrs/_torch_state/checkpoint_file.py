"""A checkpoint of PyTorch on disk."""

from __future__ import annotations

from pickle import UnpicklingError
from typing import Any

import torch

from autolrs._state.atomic_write import replace_durably
from autolrs._torch_state.plain_types import plain_of, value_of

FORMAT = 1
"""Version of what stands in the file."""


def write_durably(path: str, content: dict[str, Any], digest: Any = None) -> int:
    """Writes `content` to `path`, all or nothing and for its owner alone; returns its bytes.

    Args:
        path: The file.
        content: A state.
        digest: A hash of `hashlib`, which is given all bytes on their way.

    Raises:
        OSError: It cannot be written; what was at `path` is still there.
        NotHeldError: It holds what `read_durable` would not read back.
    """
    plain = plain_of(content)
    return replace_durably(path, lambda file: _dump({"autolrs": FORMAT, **plain}, file, digest))


def read_durable(path: str, world: int = 1) -> dict[str, Any]:
    """Reads what `write_durably` wrote. Runs no code that the file might hold.

    Args:
        path: The file.
        world: How many processes read it; "ranks" has a part for each of several that wrote it.

    Raises:
        OSError: It is not there, it is no checkpoint, or another number of processes wrote it.
    """
    content = read_part(path, is_shared=world > 1)
    refuse_other_world(path, len(content.get("ranks", [None])), world)
    return content


def read_part(path: str, is_shared: bool = True) -> dict[str, Any]:
    """Reads what one call of `write_durably` wrote.

    Args:
        path: The file.
        is_shared: Of a large file that several processes read, each loads only what it uses.

    Raises:
        OSError: It is not there, or it is no checkpoint.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=is_shared)
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError, EOFError, LookupError, ValueError, UnpicklingError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(content, dict) or content.get("autolrs") != FORMAT:
        raise OSError(f"{path} is no checkpoint that this version of autolrs wrote")
    try:
        own: dict[str, Any] = value_of(content)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from error
    return own


def refuse_other_world(path: str, wrote: int, world: int) -> None:
    """Says how many processes a checkpoint is for.

    Raises:
        OSError: Another number wrote it than reads it.
    """
    if wrote != world:
        raise OSError(
            f"{path} holds a training by {wrote} process{'' if wrote == 1 else 'es'}, and "
            f"{world} train{'s' if world == 1 else ''} here; start as many as there were"
        )


def _unreadable(path: str, error: Exception) -> OSError:
    return OSError(f"{path} cannot be read as a checkpoint: {error or type(error).__name__}")


class _ErrorCapturingFile:
    """A file that remembers why it could not be written: torch's zip writer tells only that."""

    def __init__(self, file: Any, digest: Any) -> None:
        self._file = file
        self._digest = digest
        self.error: OSError | None = None

    def write(self, data: Any) -> Any:
        if self._digest is not None:
            self._digest.update(data)
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise

    def flush(self) -> None:
        self._file.flush()


def _dump(content: dict[str, Any], file: Any, digest: Any) -> None:
    witness: Any = _ErrorCapturingFile(file, digest)
    try:
        torch.save(content, witness)
    except RuntimeError as error:
        raise (witness.error or OSError(str(error))) from error
