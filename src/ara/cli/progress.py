"""One line on stderr that says how far a long piece of work is."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Protocol, Self, TextIO

from ara.cli.words import clean, width
from ara.pace import Pace

__all__ = ["Meter", "Step"]

_PATIENCE: Final = 1.0
_TICK: Final = 0.1
_BAR: Final = 24


class Step(Protocol):
    """Says how much is done; may also correct the total and the words."""

    def __call__(self, done: int, *, total: int | None = None, words: str | None = None) -> None:
        """Take note of the state; cheap enough for an inner loop."""
        ...


class Meter:
    """Draws the line once a second has passed, ten times a second, and wipes it at the end.

    Parameters
    ----------
    words
        What is being done.
    total
        How much there is to do; None if nobody knows.
    stream
        Where to draw; None draws nothing.
    width
        Columns of the terminal.
    """

    def __init__(self, words: str, total: int | None = None, *, stream: TextIO | None, width: int) -> None:
        self._words, self._total, self._done = words, total, 0
        self._stream, self._width = stream, width
        self._began, self._pace = time.monotonic(), Pace()
        self._over = threading.Event()
        self._pen, self._measuring = threading.RLock(), threading.Lock()
        self._drawn = False
        self._thread: threading.Thread | None = None

    def step(self, done: int, *, total: int | None = None, words: str | None = None) -> None:
        """Take note of what is done; where less is done than before, another part of the work has begun."""
        if done < self._done:
            self._began = time.monotonic()
        self._done = done
        with self._measuring:
            if total is not None and total != self._total:
                self._total = total
                self._pace.anew()
            self._pace.heard(done, time.monotonic())
        if words is not None:
            self._words = words

    def __enter__(self) -> Self:
        if self._stream is not None:
            self._thread = threading.Thread(target=self._draw, name="ara-progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        with self.hidden():
            pass

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Wipe the line, so that something else can be written within; the next tick afterwards draws it again."""
        with self._pen:
            if self._drawn and self._stream is not None:
                self._stream.write("\r\x1b[2K")
                self._stream.flush()
                self._drawn = False
            yield

    def _draw(self) -> None:
        wait = _PATIENCE
        while not self._over.wait(wait):
            wait = _TICK
            with self._pen:
                if self._stream is not None:
                    self._stream.write(f"\r\x1b[2K{self.line()}")
                    self._stream.flush()
                    self._drawn = True

    def line(self) -> str:
        """Give the line as it stands: words, bar, share, rate and time left once they are known; all that fits."""
        seconds = max(time.monotonic() - self._began, 1e-9)
        parts = [clean(self._words[:1].upper() + self._words[1:])]
        if self._total:
            share = min(self._done / self._total, 1.0)
            full = round(share * _BAR)
            parts += [f"{share * 100:3.0f} %", f"{self._done:,} of {self._total:,}"]
            with self._measuring:
                rate, left = self._pace.a_second(self._total), self._pace.left(self._total, time.monotonic())
            if rate is not None and left is not None and self._done < self._total:
                parts += [_pace(rate), f"{_span(left)} left"]
            parts += ["━" * full + "╌" * (_BAR - full)]
        else:
            parts += [_span(seconds)]
        while len(parts) > 1 and width("  ".join(parts)) >= self._width:
            parts.pop()
        return "  ".join(parts)[: max(self._width - 1, 1)]


def _pace(rate: float) -> str:
    if rate >= 1:
        return f"{rate:,.0f} a second"
    return f"{rate * 60:,.0f} a minute"


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
