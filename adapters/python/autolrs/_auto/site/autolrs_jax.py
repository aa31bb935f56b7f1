"""Tells a script that trains by JAX what it has to write: there is no optimizer object to steer.

Nothing of autolrs is imported here: see `autolrs_door`.
"""

from __future__ import annotations

import functools
from typing import Any

from autolrs_door import close_torch_door, is_to_train, mark  # it lies beside this file

ATTACH = (
    "attach by `autolrs.jax.attach((params, opt_state), validate)`: in JAX updates are functions, "
    "so that there is no optimizer which autolrs could steer from outside"
)


def watch_updates(module: Any) -> None:
    """Has the first update by optax be refused where the script does not attach.

    Args:
        module: `optax._src.update`, just executed.
    """
    mark()
    apply_updates = module.apply_updates
    asked: list[bool] = []

    @functools.wraps(apply_updates)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if not asked:
            asked.append(True)
            if is_to_train():
                close_torch_door()
                from autolrs._auto.not_served import refuse

                refuse(ATTACH)
        return apply_updates(*args, **kwargs)

    module.apply_updates = watched
