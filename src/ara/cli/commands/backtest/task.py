"""What every kind of back-test is asked for: the strategy, the instruments, the span, costs, and where files go."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ara.cli.screen import Screen
from ara.cli.stopping import Stopping
from ara.cli.words import clean
from ara.errors import StoreError

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from ara.backtest import Result
    from ara.trading import Tape
    from ara.trading.strategies import Made

__all__ = ["Task", "estimating", "hearing", "priced", "stoppable"]

_SHORT = 3.0
_LONG = 20.0
_DEAR = 10.0
_MINUTES = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be done.

    Parameters
    ----------
    screen
        Of this invocation.
    maker
        The strategy.
    symbols, bars, lot, funding, currency
        As they were typed.
    folder
        Where files go; None for nowhere.
    report
        Where a report goes; None for nowhere.
    span
        Cash, costs, start, end and cuts, as `ara.backtest.run` takes them.
    length
        How much of the past up to the end is played; None for what `span` says.
    """

    screen: Screen
    maker: "Made"
    symbols: Sequence[str]
    bars: str
    lot: str
    folder: "Path | None"
    span: dict[str, Any]
    report: "Path | None" = None
    funding: str = ""
    currency: str = ""
    length: "timedelta | None" = None

    def spanned(self, tapes: "dict[str, Tape]") -> dict[str, Any]:
        """Give the span on these tapes, which begins where its length says if there is one."""
        if self.length is None:
            return self.span
        newest = datetime.fromtimestamp(max(tape.at[-1] for tape in tapes.values()) / 1_000_000, UTC)
        return {**self.span, "start": min(self.span["end"] or newest, newest) - self.length}

    def tapes(self, symbols: Sequence[str] | None = None, *, book: str = "") -> "dict[str, Tape]":
        """Give the past of the instruments, or of others from the same place for a book in a currency."""
        from ara.cli.commands.backtest import asked
        from ara.cli.commands.backtest.abroad import abroad
        from ara.cli.commands.backtest.funded import funded

        found = asked.tapes(self.screen, self.symbols if symbols is None else symbols, self.bars, self.lot)
        if symbols is None:
            found = funded(found, self.funding)
        return abroad(self.screen, found, book or self.currency)

    def written(self, files: dict[str, str]) -> None:
        """Write files by name into the folder, where one is named."""
        from ara.whole import write

        if self.folder is None:
            return
        for name, text in files.items():
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                write(self.folder / name, text.encode())
            except OSError as error:
                raise StoreError(
                    f"--out: {clean(str(self.folder / name))!r} can't be written: {error.strerror or error}.",
                    hint="Choose a folder that is writable and has room.",
                ) from None
            self.screen.note(f"Written to {self.folder / name}")


def hearing(step: Callable[..., object]) -> Callable[[int, int], bool]:
    """Give what passes progress on to a meter, and never stops the work."""

    def hear(done: int, total: int) -> bool:
        step(done, total=total)
        return True

    return hear


@contextmanager
def stoppable(screen: Screen, words: str, what: str) -> Iterator[Callable[[int, int], bool]]:
    """Show how far work is whose parts are kept, and say so where Ctrl-C stops it; gives what to tell of each part.

    Parameters
    ----------
    screen
        Of this invocation.
    words
        What is being done.
    what
        What its parts are called, many of them.
    """
    with Stopping(screen, what) as kept, screen.progress(words) as step:
        yield kept.hearing(step)


def estimating(screen: Screen, what: str, workers: int) -> Callable[[int, float], None]:
    """Give what says how much is left of long work and how many seconds it will take; nothing of very few."""

    def told(left: int, seconds: float) -> None:
        if seconds >= _SHORT:
            more = "; --workers 2 and more share it among processes" if seconds > _LONG and workers < 2 else ""
            time = f"{seconds:.0f} s" if seconds < _MINUTES else f"{seconds / 60:.0f} minutes"
            screen.note(f"{left:,} more {what}, about {time}{more}")

    return told


def priced(screen: Screen, found: "Result") -> None:
    """Say what the replays on shorter bars cost, apart from the back-test itself, where it is much."""
    if found.replay is not None and found.replay.seconds >= _DEAR:
        count, seconds = len(found.replay.cuts), found.replay.seconds
        screen.note(f"{count} replays on shorter bars took {seconds:.0f} s of processor; --cuts 1 asks for a third")
