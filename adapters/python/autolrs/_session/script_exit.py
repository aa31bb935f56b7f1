"""How a script ends: by an exception, by an exit whose status means failure, or well.

A function that is called at exit is not told, so it is noted where it begins.
"""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Any, Callable, NoReturn

from autolrs._notebook.shell import find_shell


class ScriptEnd:
    """Watches from when it is made on.

    Args:
        on_exception: Takes the exception that ends the script, before it is printed.
        place: How many steps the script has done.
    """

    def __init__(
        self, on_exception: Callable[[BaseException], None], place: Callable[[], int]
    ) -> None:
        self.has_raised = False
        """An exception has ended the script."""
        self._on_exception = on_exception
        self._place = place
        self._exit_noted: SystemExit | None = None
        self._exit_place = 0
        self._excepthook, self._exit = sys.excepthook, sys.exit
        self._own = self._except, self._leave
        sys.excepthook, sys.exit = self._own
        self._shell = find_shell()
        self._cell_place = 0
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._after_cell)

    @property
    def failure(self) -> SystemExit | None:
        """The exit that ended the script, if it means failure."""
        # Steps since mean that it was caught, and the script went on.
        return self._exit_noted if self._exit_place == self._place() else None

    def stop(self) -> None:
        """Watches no longer."""
        if (sys.excepthook, sys.exit) == self._own:
            sys.excepthook, sys.exit = self._excepthook, self._exit
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._after_cell)
            self._shell = None
        # A thread keeps the hook that it was made under, and with it all that is trained.
        self._on_exception = lambda _: None
        self._place = lambda: 0

    def _after_cell(self, result: Any) -> None:
        """A notebook catches what its cells raise, and goes on."""
        error, before = result.error_in_exec, self._cell_place
        self._cell_place = self._place()
        # Of a cell that has not trained no error says that training is over.
        has_trained = self._cell_place != before
        if error is not None and (has_trained or isinstance(error, KeyboardInterrupt)):
            self._on_exception(error)

    def _except(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.has_raised = True
        self._on_exception(error.with_traceback(trace))
        self._excepthook(kind, error, trace)

    def _leave(self, status: Any = None, /) -> NoReturn:
        is_good = status is None or (isinstance(status, int) and status == 0)
        if not is_good and threading.current_thread() is threading.main_thread():
            self._exit_noted, self._exit_place = SystemExit(status), self._place()
        self._exit(status)
