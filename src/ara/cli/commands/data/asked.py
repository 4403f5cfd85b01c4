"""What the commands of `ara data` are asked for, read and checked, and the market that answers."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ara.cli.screen import Screen
from ara.cli.words import clean
from ara.errors import AraError, DataProviderError, UnknownSymbolError, ValidationError

if TYPE_CHECKING:
    from ara.data.bar_store import BarStore
    from ara.data.feed import MarketData
    from ara.data.lake import Lake
    from ara.desk import Desk
    from ara.market.instrument import Instrument
    from ara.market.timeframe import Timeframe

__all__ = [
    "Failure",
    "counted",
    "day",
    "ended",
    "failures_document",
    "found",
    "lake",
    "moment",
    "store",
    "symbol_file",
    "tell_withdrawn",
    "timeframe",
    "with_desk",
    "with_market",
    "writable",
]

_T = TypeVar("_T")
_LARGEST = 4 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One symbol that could not be served, and why."""

    symbol: str
    error: AraError


def with_desk(s: Screen, ask: "Callable[[Desk], Awaitable[_T]]") -> _T:
    """Open the desk, ask, and close it."""

    async def asked() -> _T:
        from ara.desk import Desk

        async with Desk.open(s.settings()) as desk:
            return await ask(desk)

    return s.run(asked())


def with_market(s: Screen, ask: "Callable[[MarketData], Awaitable[_T]]") -> _T:
    """Open the desk and its market, ask, and close both."""

    async def asked(desk: "Desk") -> _T:
        from ara.data.feed import MarketData

        async with MarketData(desk) as market:
            return await ask(market)

    return with_desk(s, asked)


def store(s: Screen) -> "BarStore":
    """Give the bar store that the settings name; the caller closes it."""
    from ara.clock import SystemClock
    from ara.data.bar_store import open_bar_store

    return open_bar_store(s.settings(), clock=SystemClock())


def lake(s: Screen, what: str) -> "Lake":
    """Give the lake; ValidationError for a database, which has its own means for that."""
    from ara.data.lake import Lake

    kept = store(s)
    if not isinstance(kept, Lake):
        kept.close()
        raise ValidationError(
            f"{what} works on the lake, and data.bars names a database.",
            hint="Use the database's own means, or leave data.bars empty.",
        )
    return kept


async def found(
    market: "MarketData", words: Sequence[str], *, new: bool = False
) -> "tuple[list[Instrument], list[Failure]]":
    """Give the instruments that the words mean, each once, and those that nobody knows.

    Parameters
    ----------
    market
        Knows instruments.
    words
        As they were typed.
    new
        Whether one that nobody here knows may be asked for at a source, which then judges it.
    """
    from ara.market.symbols import guess

    instruments: dict[str, Instrument] = {}
    failures: list[Failure] = []
    for word in dict.fromkeys(words):
        try:
            try:
                one = await market.instrument(word)
            except UnknownSymbolError:
                if not (new and _may_exist(word)):
                    raise
                one = guess(word)
            instruments.setdefault(one.symbol, one)
        except AraError as error:
            failures.append(Failure(symbol=clean(word)[:40], error=error))
    return list(instruments.values()), failures


async def tell_withdrawn(market: "MarketData", failures: Sequence[Failure]) -> None:
    """Add to what is said of instruments without bars that some of them were withdrawn."""
    from ara.data.withdraw import told
    from ara.market.symbols import normalise

    for one in failures:
        if isinstance(one.error, DataProviderError | UnknownSymbolError):
            with suppress(AraError):
                words = await asyncio.to_thread(told, market.store, normalise(one.symbol))
                one.error.hint = f"{words}\n{one.error.hint}" if words else one.error.hint


def _may_exist(word: str) -> bool:
    """Say whether a source may know an instrument that nobody here does: it is spelled like one of theirs."""
    return re.fullmatch(r"\^?[A-Za-z0-9]{1,8}([.:=/-][A-Za-z0-9]{1,8})?", word.strip()) is not None


def day(text: str | None, flag: str) -> datetime | None:
    """Give the instant, UTC, at which a date begins, or the instant that is given with its zone; None for none."""
    if text is None:
        return None
    said = _parsed(text, flag)
    return said if isinstance(said, datetime) else datetime.combine(said, time(), UTC)


def moment(text: str | None, flag: str) -> datetime | None:
    """Give the end of a date in UTC, by which all of it was public, or the instant that is given; None for none."""
    if text is None:
        return None
    said = _parsed(text, flag)
    return said if isinstance(said, datetime) else datetime.combine(said, time(), UTC) + timedelta(days=1)


def _parsed(text: str, flag: str) -> date | datetime:
    for kind in (date, datetime):
        try:
            said = kind.fromisoformat(text.strip())
        except ValueError:
            continue
        if isinstance(said, datetime) and said.tzinfo is None:
            raise ValidationError(
                f"{flag} is {clean(text)[:40]}, a time without a zone.", hint="Add it: 2020-08-28T20:00:00Z"
            )
        if not 1900 < said.year < 2099:
            raise ValidationError(
                f"{flag} is {clean(text)[:40]}; dates from 1901 to 2098 are understood.", hint="Look at the year."
            )
        return said.astimezone(UTC) if isinstance(said, datetime) else said
    raise ValidationError(
        f"{flag} is {clean(text)[:40]!r}, which is no date.", hint="Write 2020-08-28, or 2020-08-28T20:00:00Z."
    )


def timeframe(text: str) -> "Timeframe":
    """Read the length of a bar."""
    from ara.market.timeframe import Timeframe

    return Timeframe.parse(text)


def counted(text: str, flag: str, *, least: int = 1, most: int = 1_000_000) -> int:
    """Read a whole number between bounds, both included."""
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
        raise ValidationError(f"{flag} is {clean(text)[:40]}; it is a whole number from {least} to {most}.")
    return int(text)


def symbol_file(path: Path, flag: str = "--symbols") -> list[str]:
    """Read symbols from a text file: apart by spaces, commas or lines; what follows `#` is passed over."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValidationError(f"{flag}: {path} is larger than {_LARGEST // 2**20} MB; it lists symbols.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ValidationError(f"{flag}: {clean(str(path))} can't be read: {reason}.") from error
    words = [word for line in text.splitlines() for word in re.split(r"[\s,;]+", line.partition("#")[0]) if word]
    if not words:
        raise ValidationError(f"{flag}: {clean(str(path))} lists no symbol.", hint="Write one symbol a line.")
    return words


def writable(text: str, flag: str, kinds: Sequence[str]) -> Path:
    """Give the path of a file that can be written, so that nothing is read in vain."""
    path = Path(text)
    if path.suffix.lower() not in kinds:
        raise ValidationError(f"{flag} is {clean(path.name)!r}; it ends in {', '.join(kinds[:-1])} or {kinds[-1]}.")
    if path.is_dir():
        raise ValidationError(f"{flag}: {clean(text)!r} is a folder.", hint="Name a file in it.")
    if not path.parent.is_dir():
        raise ValidationError(f"{flag}: there is no folder {clean(str(path.parent))!r}.", hint="Make it first.")
    return path


def failures_document(failures: Sequence[Failure]) -> dict[str, Any]:
    """Give what failed as JSON values, with the exit code that follows."""
    return {
        "failed": [{"symbol": one.symbol, "error": one.error.problem()} for one in failures],
        "exit_code": DataProviderError.exit_code if failures else 0,
    }


def ended(s: Screen, failures: Sequence[Failure]) -> int:
    """Say what failed beside what was shown, and give the exit code: 3 where anything did."""
    for one in failures if not s.json else ():
        s.problem(one.error)
    return DataProviderError.exit_code if failures else 0
