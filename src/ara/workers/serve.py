"""The child's side: call what the parent asks for, one thing at a time, until the parent goes away."""

import contextlib
import logging
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

import msgspec

from ara.errors import AraError, WorkerError
from ara.logs import correlation
from ara.workers.call import find, takes_watch, unpack_arguments
from ara.workers.freight import Freight, room_hint
from ara.workers.progress import Progress
from ara.workers.wire import MARK, Call, Done, Failed, FromChild, FromParent, Reply, Said, Told, receive, send

__all__ = ["Service"]


class Service:
    """Serves the calls that arrive on one pipe and answers on another.

    Parameters
    ----------
    source, sink
        The pipes from and to the parent.
    """

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source, self._sink = source, sink
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._replies: SimpleQueue[bool] = SimpleQueue()
        self._sending, self._watching = threading.Lock(), threading.Lock()
        self._current: Call | None = None
        self._folder = ""

    def run(self) -> None:
        """Serve until the parent closes its end."""
        logging.getLogger().addHandler(_Forward(self._send))
        self._sink.write(MARK)
        self._sink.flush()
        threading.Thread(target=self._listen, name="ara-parent", daemon=True).start()
        with contextlib.suppress(BrokenPipeError):
            while (call := self._calls.get()) is not None:
                answer = self._answer(call)
                sys.stdout.flush()
                sys.stderr.flush()
                with self._watching:
                    self._current = None
                self._send(answer)

    def _listen(self) -> None:
        decoder = msgspec.msgpack.Decoder(FromParent)
        while (data := receive(self._source)) is not None:
            message = decoder.decode(data)
            if isinstance(message, Call):
                self._current, self._folder = message, message.folder
                self._calls.put(message)
            elif isinstance(message, Reply):
                self._replies.put(message.go_on)
            else:
                self._send(message)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._current is not None:
            _abandon()
        self._calls.put(None)

    def _answer(self, call: Call) -> Done | Failed:
        sys.path[:] = call.path
        logging.getLogger().setLevel(call.level)
        correlation.set(call.correlation)
        try:
            if call.place:
                os.chdir(call.place)
            function = find(call.function)
            freight = Freight(Path(call.folder), side="result")
            bound = unpack_arguments(function, call.arguments, freight=freight)
            if takes_watch(function):
                bound.arguments["watch"] = lambda progress: self._watch(call, progress)
            return Done(value=_pack(call.function, function(*bound.args, **bound.kwargs), freight=freight))
        except BaseException as error:  # noqa: BLE001 - whatever ends the call is told to the parent
            return _failed(error)

    def _watch(self, call: Call, progress: Progress) -> bool:
        with self._watching:
            if self._current is not call:
                return False
            self._send(Told(progress=replace(progress, words=_legible(progress.words))))
            return self._replies.get()

    def _send(self, message: FromChild) -> None:
        with self._sending:
            send(self._sink, message)


class _Forward(logging.Handler):
    def __init__(self, sink: Callable[[FromChild], None]) -> None:
        super().__init__()
        self._tell = sink

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._tell(Said(logger=record.name, level=record.levelno, text=_legible(self.format(record))))
        except Exception:  # noqa: BLE001 - a record that can't be formatted or sent must not end the work
            self.handleError(record)


def _abandon() -> None:
    """End this process at once, and all that it started where it leads its group, as it does under `Workers`."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _pack(name: str, result: Any, *, freight: Freight) -> bytes:
    try:
        return freight.pack(result)
    except (TypeError, ValueError) as error:
        raise WorkerError(f"The result of {name} can't leave the worker process: {error}.", function=name) from error


def _failed(error: BaseException) -> Failed:
    trace = _legible("".join(traceback.format_exception(error)))
    if not isinstance(error, AraError):
        words = _legible(f"{type(error).__name__}: {error}")
        return Failed(classes=[], message=words, hint=room_hint(error), context={}, trace=trace)
    classes = [f"{kind.__module__}:{kind.__qualname__}" for kind in type(error).__mro__ if issubclass(kind, AraError)]
    message, hint = _legible(error.message), _legible(error.hint)
    return Failed(classes=classes, message=message, hint=hint, context=_sendable(error.context), trace=trace)


def _sendable(context: dict[str, Any]) -> dict[str, Any]:
    try:
        plain: dict[str, Any] = msgspec.to_builtins(context, str_keys=True, enc_hook=str)
        msgspec.msgpack.encode(plain)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return {_legible(key): _legible(str(value)) for key, value in context.items()}
    return plain


def _legible(text: str) -> str:
    """Replace what UTF-8 can't say: half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()
