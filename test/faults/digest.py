"""Prints a digest of the content of each checkpoint: equal ones have the same, however packed."""

import hashlib
import sys
from typing import Any

import torch


def feed(digest: Any, value: Any) -> None:
    if isinstance(value, torch.Tensor):
        digest.update(f"{value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    elif isinstance(value, dict):
        for key, item in value.items():
            digest.update(repr(key).encode())
            feed(digest, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            feed(digest, item)
    else:
        digest.update(repr(value).encode())


for path in sys.argv[1:]:
    digest = hashlib.sha256()
    feed(digest, torch.load(path, weights_only=True))
    print(digest.hexdigest())
