"""Checkpoints on disk stay in the folder of the run."""

from __future__ import annotations

import os
from typing import Any

from autolrs._protocol.messages import INVALID_PARAMS, RpcError, optional_text_of


class RunDir:
    """The folder that AUTOLRS_RUN_DIR names; without it, every path will do.

    Looked up once, since a script may go to another working directory.
    """

    def __init__(self) -> None:
        folder = os.environ.get("AUTOLRS_RUN_DIR")
        self._folder = os.path.realpath(folder) if folder else None

    def path_of(self, params: dict[str, Any]) -> str | None:
        """The `path` of a request, without links in its folder; None if there is none.

        Raises:
            RpcError: It leads out of the run directory.
        """
        path = optional_text_of(params, "path")
        if path is None or self._folder is None:
            return path
        folder, name = os.path.split(path)
        folder = os.path.realpath(folder)
        # `join` with nothing ends in one separator, also where the folder is the root.
        if not os.path.join(folder, "").startswith(os.path.join(self._folder, "")):
            raise RpcError(
                INVALID_PARAMS,
                f'"path" is {path!r}, which is not in the run directory {self._folder}',
            )
        return os.path.join(folder, name)
