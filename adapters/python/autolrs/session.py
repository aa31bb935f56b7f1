"""The conversation with the tuner, from a training loop. Knows no framework.

The tuner asks and waits; the script trains, and answers where its loop touches the session: at the
start, and in `step`. Whatever happens, each request gets an answer, or the process ends.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import (
    Any,
    NamedTuple,
    TypeVar,
)

from autolrs._messages import (
    CHECKPOINT_UNKNOWN,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    NOT_SUPPORTED,
    PROTOCOL_VERSION,
    SCRIPT_RAISED,
    STORAGE_FAILED,
    Fault,
    Request,
    count_of,
    finite_or_none,
    optional_text_of,
    parse_request,
    text_of,
)
from autolrs._rewind import DEFAULT_BYTES, Tape
from autolrs._training import Training
from autolrs._version import __version__
from autolrs._wire import TunerGone, Wire
from autolrs.hooks import Hooks

Batch = TypeVar("Batch")

PROGRESS_SECONDS = 0.25
"""Progress is for people, who read no faster."""

MAX_STRIDE = 64
"""At most so many steps between two looks at the clock: enough to make the look cost nothing, few
enough to notice soon when steps become slow."""

_NO_BATCH: Any = object()


class Checkpoint(NamedTuple):
    """What is saved under an id."""

    step: int
    state: Any


class Session:
    """A tuner that is there. Has the methods of `autolrs.tuner.Tuner`, and the loop calls them.

    Args:
        wire: The way to the tuner.
        hooks: The model in training.
        total: How many steps the script means to do; None if it does not say.
        rewind_bytes: What `cycle` keeps of past batches, so that they can come again.
    """

    is_driven = True

    def __init__(
        self,
        wire: Wire,
        hooks: Hooks,
        total: int | None = None,
        rewind_bytes: int = DEFAULT_BYTES,
    ) -> None:
        hooks.check()
        wire.take()
        self._wire = wire
        self._hooks = hooks
        self._total = total
        self._tape = Tape(rewind_bytes, hooks.keep_batch)
        self._has_cycle = False
        self._checkpoints: dict[str, Checkpoint] = {}
        self._waiting: deque[Request] = deque()
        self._training: Training | None = None
        self._step = 0
        self._stride = 1
        self._looked_at = self._told_at = time.monotonic()
        self._has_begun = False
        self._has_left_loop = False
        self._is_over = False
        self._has_raised = False
        self._excepthook = sys.excepthook
        sys.excepthook = self._on_exception
        atexit.register(self._on_exit)

    @property
    def done(self) -> bool:
        """True once the tuner has had its steps. Answers what has been asked before training."""
        if self._training is None and not self._is_over:
            self._serve()
        return self._is_over

    def step(self, loss: Any) -> None:
        """Counts one optimizer update, and answers if it was the last that was asked for."""
        training = self._training
        if training is None:
            self._step_unasked()
            return
        self._step += 1
        training.add(loss)
        if training.count >= training.attend_at or self._wire.has_news:
            self._attend(training)

    def cycle(self, loader: Iterable[Batch], epochs: int = 1) -> Iterator[Batch]:
        """Yields batches, epoch after epoch, until the tuner has had its steps."""
        if not self._has_begun:
            self._has_cycle = True
            if self._total is None and isinstance(loader, Sized):
                self._total = epochs * len(loader)
        self._tape.play(self._epochs(loader))
        while not self.done:
            try:
                batch = self._tape.next()
            except StopIteration:
                return
            yield batch

    def _epochs(self, loader: Iterable[Batch]) -> Iterator[Batch]:
        while True:
            # The seed of a shuffle is drawn at the beginning, or when the first batch is asked for.
            with self._hooks.data_rng():
                batches = iter(loader)
                first = next(batches, _NO_BATCH)
            if first is _NO_BATCH:
                return
            yield first
            yield from batches

    def _step_unasked(self) -> None:
        # Only a loop that never asked `done` nor `cycle` comes here: its first update was untuned.
        if not self._is_over:
            self._step += 1
            self._serve()

    def _attend(self, training: Training) -> None:
        if self._wire.has_news:
            self._read_news(training)
        training.judge_held()
        if training.is_done:
            self._finish(training)
            self._serve()
            return
        training.set_next_lr()
        self._look_at_clock(training)

    def _read_news(self, training: Training) -> None:
        """Takes what came while training: `cancel`, or a request that has to wait."""
        while True:
            line = self._wire.receive_if_any()
            if line is None:
                return
            request = self._parse(line)
            if request is None:
                continue
            if request.id is not None:
                self._waiting.append(request)
            elif request.method == "cancel":
                training.stop("cancel")

    def _look_at_clock(self, training: Training) -> None:
        now = time.monotonic()
        # Several looks between two notices, each time at most twice as far away.
        seconds = max(now - self._looked_at, 1e-6)
        wanted = int(self._stride * (PROGRESS_SECONDS / 8) / seconds)
        self._stride = max(1, min(wanted, 2 * self._stride, MAX_STRIDE))
        self._looked_at = now
        if now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            self._notify("progress", {"step": self._step, "losses": training.news()})
        training.attend_next(self._stride)

    def _finish(self, training: Training) -> None:
        result = training.result(self._step)
        self._training = None
        self._answer(training.request, result)

    def _serve(self) -> None:
        """Answers requests until one lets the script train on, or ends the tuning."""
        if not self._has_begun:
            self._hooks.check()
            self._has_begun = True
        while self._training is None and not self._is_over:
            request = self._waiting.popleft() if self._waiting else self._receive()
            # A notification that comes here is a `cancel` that was too late, or unknown.
            if request is not None and request.id is not None:
                self._handle(request)

    def _receive(self) -> Request | None:
        return self._parse(self._wire.receive())

    def _parse(self, line: bytes) -> Request | None:
        try:
            return parse_request(line)
        except Fault as fault:
            self._refuse(fault.id, fault)
            return None

    def _handle(self, request: Request) -> None:
        try:
            result = self._result(request)
        except Fault as fault:
            self._refuse(request.id, fault)
        except TunerGone:
            raise
        except BaseException as error:
            self._refuse_raised(request, error)
            # Ctrl-C and sys.exit in a hook still end the script.
            if not isinstance(error, Exception):
                raise
        else:
            if result is not None:
                self._answer(request, result)

    def _result(self, request: Request) -> dict[str, Any] | None:
        """The result of a request; None for `train`, which is answered when its steps are done."""
        params = request.params
        if request.method == "initialize":
            return self._hello()
        if request.method == "train":
            return self._begin(request)
        if request.method == "validate":
            return self._validate(params)
        if request.method == "save":
            return self._save(text_of(params, "id"), optional_text_of(params, "path"))
        if request.method == "restore":
            return self._restore(text_of(params, "id"), optional_text_of(params, "path"))
        if request.method == "discard":
            return self._discard(text_of(params, "id"), optional_text_of(params, "path"))
        if request.method == "shutdown":
            self._is_over = True
            return {"step": self._step}
        raise Fault(METHOD_NOT_FOUND, f'this adapter knows no "{request.method}"')

    def _hello(self) -> dict[str, Any]:
        hooks = self._hooks
        total = {} if self._total is None else {"total": self._total}
        token = os.environ.get("AUTOLRS_TOKEN")
        return {
            "protocol": PROTOCOL_VERSION,
            "trainer": {
                "name": os.path.basename(sys.argv[0]) or "python",
                "version": __version__,
                "framework": hooks.framework,
            },
            "step": self._step,
            **total,
            "lr": hooks.get_lr(),
            "groups": list(hooks.groups),
            "world": 1,
            "can": {
                "validate": hooks.can_validate,
                "disk": True,
                "rewind": self._has_cycle,
                "cancel": True,
            },
            "holds": [*hooks.holds, *(["data"] if self._has_cycle else [])],
            **({"token": token} if token else {}),
        }

    def _begin(self, request: Request) -> dict[str, Any] | None:
        training = Training(request, self._hooks)
        if self._has_left_loop:
            training.stop("data")
        if training.is_done:
            return training.result(self._step)
        training.set_next_lr()
        training.attend_next(self._stride)
        self._looked_at = self._told_at = time.monotonic()
        self._training = training
        return None

    def _validate(self, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("batches") is not None and count_of(params, "batches") == 0:
            raise Fault(INVALID_PARAMS, '"batches" is 0, and there is no loss over no batch')
        if not self._hooks.can_validate:
            raise Fault(NOT_SUPPORTED, "the script gave attach no validate function")
        started = time.perf_counter()
        loss, metrics = self._hooks.validate()
        return {
            "loss": finite_or_none(loss),
            **({"metrics": {k: finite_or_none(v) for k, v in metrics.items()}} if metrics else {}),
            "seconds": time.perf_counter() - started,
        }

    def _save(self, id: str, path: str | None) -> dict[str, Any]:
        started = time.perf_counter()
        if path is None:
            state = self._hooks.capture()
            size = self._hooks.size(state)
            self._checkpoints[id] = Checkpoint(self._step, state)
        else:
            try:
                size = self._hooks.write(path, self._step)
            except OSError as error:
                raise Fault(STORAGE_FAILED, f'cannot write "{id}": {error}') from error
        self._tape.mark(id)
        return {
            "id": id,
            "step": self._step,
            "bytes": size,
            "seconds": time.perf_counter() - started,
        }

    def _restore(self, id: str, path: str | None) -> dict[str, Any]:
        started = time.perf_counter()
        checkpoint = self._checkpoints.get(id) if path is None else self._read(id, path)
        if checkpoint is None:
            where = "in memory" if path is None else f"at {path}"
            raise Fault(CHECKPOINT_UNKNOWN, f'there is no checkpoint "{id}" {where}')
        self._hooks.apply(checkpoint.state)
        self._step = checkpoint.step
        if not self._tape.rewind(id):
            self._log(
                "warning", f'the batches since "{id}" are gone: training goes on with new ones'
            )
        return {
            "id": id,
            "step": self._step,
            "lr": self._hooks.get_lr(),
            "seconds": time.perf_counter() - started,
        }

    def _read(self, id: str, path: str) -> Checkpoint | None:
        try:
            state, step = self._hooks.read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Fault(STORAGE_FAILED, f'cannot read "{id}": {error}') from error
        return Checkpoint(step, state)

    def _discard(self, id: str, path: str | None) -> dict[str, Any]:
        if path is None:
            if self._checkpoints.pop(id, None) is None:
                raise Fault(CHECKPOINT_UNKNOWN, f'there is no checkpoint "{id}" in memory')
        else:
            try:
                os.remove(path)
            except FileNotFoundError:
                pass  # discarded is discarded
            except OSError as error:
                raise Fault(STORAGE_FAILED, f'cannot remove "{id}": {error}') from error
        self._tape.unmark(id)
        return {"id": id}

    def _answer(self, request: Request, result: dict[str, Any]) -> None:
        self._wire.send({"id": request.id, "result": result})

    def _refuse(self, id: Any, fault: Fault) -> None:
        self._wire.send({"id": id, "error": {"code": fault.code, "message": str(fault)}})

    def _refuse_raised(self, request: Request, error: BaseException) -> None:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        summary = traceback.format_exception_only(type(error), error)[-1].strip()
        data = {"traceback": "".join(lines)}
        fault = {"code": SCRIPT_RAISED, "message": summary, "data": data}
        self._wire.send({"id": request.id, "error": fault})

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        self._wire.send({"method": method, "params": params})

    def _log(self, level: str, message: str) -> None:
        self._notify("log", {"level": level, "message": message})

    def _on_exception(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        """An exception that ends the script is the answer to the `train` in flight."""
        training, self._training = self._training, None
        self._has_raised = True
        if training is not None and not self._wire.is_gone:
            try:
                self._refuse_raised(training.request, error.with_traceback(trace))
            except TunerGone:
                pass  # the exception was there first, and is what people want to see
        self._excepthook(kind, error, trace)

    def _on_exit(self) -> None:
        """The loop ended by itself: answers on, so that the tuner can come to its end."""
        if not self._has_begun or self._is_over or self._has_raised or self._wire.is_gone:
            return
        self._has_left_loop = True
        try:
            training = self._training
            if training is not None:
                training.stop("data")
                training.judge_held()
                self._finish(training)
            self._serve()
        except TunerGone as gone:
            # An exception would be printed and forgotten here, and the exit status be 0.
            sys.stderr.write(f"{gone}\n")
            sys.stderr.flush()
            os._exit(1)
