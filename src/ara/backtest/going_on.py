"""Work in numbered pieces that goes on from where it was stopped, by what was remembered of it."""

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ara.backtest.engine import Watch, rules
from ara.backtest.kept import follows
from ara.errors import CancelledError
from ara.lineage import digest
from ara.pace import Pace
from ara.trading.tape import Tape

__all__ = ["Answers", "Glance", "KeptColumns", "Outlook", "Told", "file_of", "scene_of"]

Told = Callable[[int, float], None]
"""Told how many pieces are left, and how many seconds they will take."""

_FILES: Final = 16
_LOOK: Final = 0.2  # seconds
_HEAD: Final = 2  # numbers before a column's values: its own, and what they sum to in CRC-32

_Array = NDArray[np.float64]


_T = TypeVar("_T")


class _Memory(Protocol[_T]):
    def get(self, key: str) -> _T | None: ...
    def put(self, key: str, answer: _T) -> None: ...


class Glance:
    """Looks whether work goes on, but not again until a fifth of a second after it looked last.

    Parameters
    ----------
    look
        What looks; what it raises ends the work.
    """

    __slots__ = ("_last", "_look")

    def __init__(self, look: Callable[[], None]) -> None:
        self._look, self._last = look, time.monotonic()

    def __call__(self, *_: object) -> bool:
        """Look if it is time; True, so that it can stand where a `watch` does."""
        if time.monotonic() - self._last >= _LOOK:
            self.now()
        return True

    def now(self) -> None:
        """Look at once."""
        self._look()
        self._last = time.monotonic()


class Outlook:
    """Says once how long the rest of some work takes, when that is known.

    Parameters
    ----------
    told
        Told how many pieces are left, and how many seconds they will take.
    total
        How many pieces there are.
    """

    __slots__ = ("_pace", "_told", "_total")

    def __init__(self, told: Told | None, total: int) -> None:
        self._told, self._total, self._pace = told, total, Pace()

    def heard(self, done: int) -> None:
        """Take note of how many pieces are done."""
        if self._told is None or done >= self._total:
            return
        now = time.monotonic()
        self._pace.heard(done, now)
        if (left := self._pace.left(self._total, now)) is not None:
            self._told(self._total - done, left)
            self._told = None


class Answers(Generic[_T]):
    """The answers to pieces 0, 1, 2, … of some work, those that are remembered among them.

    Parameters
    ----------
    memory
        Where they are remembered, under their numbers.
    count
        How many pieces there are.
    what
        What they are called where the work is cancelled: `"the worlds were cancelled after {done} of {total}"`.
    watch
        Told how many of how many are done; False stops the work.

    Attributes
    ----------
    todo
        The pieces that are not answered yet.
    glance
        Asks `watch` while a piece is still at work.
    """

    def __init__(self, memory: _Memory[_T], count: int, *, what: str, watch: Watch | None) -> None:
        self._memory, self._count, self._what, self._watch = memory, count, what, watch
        known = ((number, memory.get(str(number))) for number in range(count))
        self._found = {number: one for number, one in known if one is not None}
        self.todo = [number for number in range(count) if number not in self._found]
        self.glance = Glance(self._go_on)

    def heard(self, numbers: Sequence[int], answers: Sequence[_T]) -> None:
        """Take in some answers and remember them; stop if that is wished."""
        for number, answer in zip(numbers, answers, strict=True):
            self._found[number] = answer
            self._memory.put(str(number), answer)
        self.glance.now()

    def _go_on(self) -> None:
        done = len(self._found)
        if self._watch is not None and not self._watch(done, self._count):
            raise CancelledError(self._what.format(done=done, total=self._count), hint="Ask again to go on from there.")

    def whole(self) -> list[_T]:
        """Give all answers in their order."""
        return [self._found[number] for number in range(self._count)]


class KeptColumns:
    """Columns of numbers by name in a file that only grows: what was torn off at its end is asked anew.

    Parameters
    ----------
    path
        The file; None to remember nothing.
    length
        Of each column.
    """

    def __init__(self, path: Path | None, length: int) -> None:
        self._path, self._length = path, length
        self._found = self._read()

    def get(self, key: str) -> _Array | None:
        """Give a column that was found before."""
        return self._found.get(key)

    def put(self, key: str, answer: _Array) -> None:
        """Remember a column."""
        if self._path is None:
            return
        values = np.ascontiguousarray(answer, "<f8")
        head = np.array([float(key), float(zlib.crc32(values.tobytes()))], "<f8")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(head.tobytes() + values.tobytes())
        except OSError:
            self._path = None  # the work goes on; whoever stops it begins anew

    def _read(self) -> dict[str, _Array]:
        if self._path is None or not self._path.is_file():
            return {}
        wide, found, whole = 8 * (_HEAD + self._length), dict[str, _Array](), 0
        try:
            content = self._path.read_bytes()
            for at in range(0, len(content) - wide + 1, wide):
                number, check, *_ = row = np.frombuffer(content[at : at + wide], "<f8")
                if check != zlib.crc32(row[_HEAD:].tobytes()) or not number.is_integer():
                    break
                found[str(int(number))] = row[_HEAD:]
                whole = at + wide
            if whole < len(content):
                with self._path.open("r+b") as file:
                    file.truncate(whole)
        except OSError:
            return {}
        return found


def file_of(
    folder: Path | None, make: Callable[..., Any], task: Mapping[str, Any], *, most: int = _FILES, ending: str = "json"
) -> Path | None:
    """Give the file of some work, named by all that it follows from, and leave the newest ones beside it.

    None where nothing is to be remembered, or where the strategy's code stands in no file.
    """
    if folder is None or (code := follows(make)) is None:
        return None
    file = folder / f"{digest({'strategy': code, **task})}.{ending}"
    with suppress(OSError):  # another process may have taken one away
        kept = (one for one in folder.glob(f"*.{ending}") if one != file)
        others = sorted(kept, key=lambda one: one.stat().st_mtime_ns)
        for one in others[: len(others) - most + 1]:
            one.unlink(missing_ok=True)
    return file


def scene_of(tapes: Mapping[str, Tape], scene: Mapping[str, Any]) -> dict[str, Any]:
    """Give what an answer follows from besides its strategy: bars, cash, costs, start, and the engine's rules."""
    start = scene["start"]
    return {
        "bars": {symbol: tape.digest() for symbol, tape in tapes.items()},
        "cash": str(scene["cash"]),
        "costs": scene["costs"].as_dict(),
        "engine": rules(tapes),
        "start": None if start is None else start.isoformat(),
    }
