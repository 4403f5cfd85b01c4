"""The parent's side of one worker process."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import BinaryIO, Final, cast

import msgspec

from ara.errors import WorkerError
from ara.workers.progress import Progress
from ara.workers.wire import MARK, Call, Done, Failed, FromChild, FromParent, Ping, Reply, Said, Told, receive, send

__all__ = ["GRACE", "KILL", "Child"]

GRACE: Final = 2.0
"""Seconds that a child is given to end by itself before it is killed."""

KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
"""The signal that nothing survives."""

_LOG = logging.getLogger("ara.workers")

_ONE_THREAD: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


class Child:
    """One process that runs `python -m ara.workers`, in a process group of its own.

    Its methods block; one thread at a time calls them, but for `signal`, which any thread may call. What the child
    prints lies in a file without a name: a crash quotes its end, and the log has the rest at level debug.

    Parameters
    ----------
    environ
        The environment to start from; the child's linear algebra keeps to one thread whatever it says.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self._guard = threading.Lock()
        self._decoder = msgspec.msgpack.Decoder(FromChild)
        self._started = False
        self._printed = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - `end` closes it, with the process
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-P", "-X", "faulthandler", "-m", "ara.workers"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._printed,
                env={**environ, **dict.fromkeys(_ONE_THREAD, "1")},
                process_group=0 if os.name == "posix" else None,
            )
        except OSError as error:
            self._printed.close()
            raise WorkerError(f"A worker process can't be started: {error}.") from error
        self._input = cast("BinaryIO", self._process.stdin)
        self._output = cast("BinaryIO", self._process.stdout)

    def answers(self) -> bool:
        """Ask an idle child whether it is still there: it may have been killed while nobody looked."""
        self._say(Ping())
        while (data := receive(self._output)) is not None:
            if isinstance(self._decoder.decode(data), Ping):
                return True
        return False

    def call(self, call: Call, *, hear: Callable[[Progress], bool]) -> Done | Failed:
        """Have one function called and give its end; WorkerError where the process dies over it.

        Parameters
        ----------
        call
            What to call.
        hear
            Is told of progress and says whether to go on.
        """
        self._await_start()
        self._say(call)
        while (data := receive(self._output)) is not None:
            match self._decoder.decode(data):
                case Told(progress=progress):
                    self._say(Reply(go_on=hear(progress)))
                case Said(logger=name, level=level, text=text):
                    logging.getLogger(name).log(level, "%s", text)
                case Done() | Failed() as end:
                    self._log_printed(call.function.replace(":", "."))
                    return end
        raise self._crashed(call.function.replace(":", "."))

    def signal(self, number: int) -> None:
        """Send a signal to the child and all that it started, unless it is gone."""
        with self._guard, contextlib.suppress(ProcessLookupError, PermissionError):
            if self._process.returncode is not None:
                return
            if os.name == "posix":
                os.killpg(self._process.pid, number)
            else:
                self._process.kill()

    def end(self, *, patience: float = 0.0) -> int:
        """Let the child end by itself within so many seconds, kill what is left of its group, give its exit code."""
        with contextlib.suppress(OSError):
            self._input.close()
        if patience and not self._output.closed:
            timer = threading.Timer(patience, self.signal, [KILL])
            timer.start()
            while self._output.read(65536):
                pass
            timer.cancel()
        self.signal(KILL)
        with self._guard:
            code = self._process.wait()
        self._output.close()
        self._printed.close()
        return code

    def _say(self, message: FromParent) -> None:
        with contextlib.suppress(BrokenPipeError):  # a child that is gone is noticed by reading
            send(self._input, message)

    def _await_start(self) -> None:
        """Skip what is printed while Python starts."""
        seen = bytearray()
        while not self._started and (byte := self._output.read(1)):
            seen += byte
            self._started = seen.endswith(MARK)

    def _crashed(self, function: str) -> WorkerError:
        printed = self._take_printed()
        code = self.end()
        error = WorkerError(
            f"{function} crashed: its worker process ended {_how(code)}.",
            function=function,
            exit_code=code,
        )
        if printed:
            error.add_note(f"The worker process printed:\n{printed}")
        return error

    def _log_printed(self, function: str) -> None:
        for line in self._take_printed().splitlines():
            _LOG.debug("%s printed: %s", function, line)

    def _take_printed(self) -> str:
        """Take the end of what the child printed and forget the rest; the two share one place in the file."""
        size = self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(0, size - 65536))
        text = self._printed.read().decode(errors="replace")
        self._printed.seek(0)
        self._printed.truncate()
        return text.strip()


def _how(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    try:
        name = f"signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        name = f"signal {-code}"
    return f"by {name}" + (", as it does where memory runs out" if -code == KILL else "")
