"""Keeps experiment trackers quiet in a search, whose steps belong to no experiment.

What the user has set stays. Writers of TensorBoard have no switch: theirs go to a scratch folder.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Any

SWITCHES = {
    "WANDB_MODE": "disabled",
    "COMET_MODE": "DISABLED",
    "NEPTUNE_MODE": "debug",
    "CLEARML_OFFLINE_MODE": "1",
    "SWANLAB_MODE": "disabled",
}
"""By the tracker's own variable."""


def silence(environ: MutableMapping[str, str]) -> None:
    """Sets what the user has not set."""
    for name, value in SWITCHES.items():
        environ.setdefault(name, value)
    scratch = environ.get("AUTOLRS_SCRATCH_DIR")
    if scratch:
        environ.setdefault("MLFLOW_TRACKING_URI", f"file://{os.path.join(scratch, 'mlflow')}")
        environ.setdefault("COMET_OFFLINE_DIRECTORY", os.path.join(scratch, "comet"))


def divert_writers(module: Any) -> None:
    """Has the `SummaryWriter` of a module write into the scratch folder of a search.

    Args:
        module: That of PyTorch or of tensorboardX.
    """
    scratch = os.environ.get("AUTOLRS_SCRATCH_DIR")
    kind = getattr(module, "SummaryWriter", None)
    if kind is None or not scratch or os.environ.get("AUTOLRS_PHASE") != "search":
        return
    make = kind.__init__

    def divert(self: Any, log_dir: Any = None, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("logdir", None)  # tensorboardX's word for it
        make(self, os.path.join(scratch, "tensorboard"), *args, **kwargs)

    kind.__init__ = divert
