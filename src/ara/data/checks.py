"""What every source of data must do; `ara plugins check` runs it on a stranger's, the tests on all."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl

from ara.data.adjust import quality
from ara.data.provider import BARS, Kind
from ara.errors import DataProviderError, UnknownSymbolError, words_of
from ara.market.calendar import calendar
from ara.market.instrument import Instrument
from ara.market.symbols import guess, normalise
from ara.market.timeframe import DAY
from ara.plugins import Check

__all__ = ["check_provider"]

_START: Final = datetime(1990, 1, 1, tzinfo=UTC)
_END: Final = datetime(2100, 1, 1, tzinfo=UTC)
_STRANGER: Final = guess("ZZ.NOBODY.HAS.THIS", "stock")

_Find = Callable[[], Awaitable[str]]
"""Gives what is wrong in words, or nothing."""


async def check_provider(provider: Any) -> list[Check]:
    """Ask a source what every source must answer; it is closed at the end.

    Parameters
    ----------
    provider
        The source, or its class, which is then called without arguments.

    Returns
    -------
    list[Check]
        One entry for each promise of `ara.data.provider.Provider`; where one can't be tried because an earlier one is
        broken, it says so and counts as broken.
    """
    shape = Check(name="has the parts of a provider", ok=True)
    try:
        source = provider() if isinstance(provider, type) else provider
        missing = [part for part in (*_PARTS, "name", "offers") if not hasattr(source, part)]
    except (Exception, SystemExit) as error:  # noqa: BLE001 a stranger's code may fail in any way
        return [Check(name=shape.name, ok=False, words=f"it can't be made: {words_of(error)}")]
    if missing:
        return [Check(name=shape.name, ok=False, words=f"it lacks {', '.join(missing)}")]
    trial = _Trial(source)
    found = [shape]
    for name, find in trial.promises():
        try:
            words = await find()
        except (Exception, SystemExit) as error:  # noqa: BLE001 a stranger's code may fail in any way
            words = words_of(error)
        found.append(Check(name=name, ok=not words, words=words))
    return found


_PARTS: Final = ("symbols", "history", "latest", "stream", "close")


class _Trial:
    """One pass over a source; what an earlier step learned, a later one uses."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._instrument: Instrument | None = None
        self._bars: pl.DataFrame | None = None

    def promises(self) -> list[tuple[str, _Find]]:
        found: list[tuple[str, _Find]] = [
            ("says its name and what it offers", self._offers),
            ("lists valid instruments", self._symbols),
        ]
        if Kind.BARS in self._source.offers:
            found += [
                ("gives bars with the columns BARS", self._schema),
                ("bars ascend, one for each moment", self._ascending),
                ("bars are known when they close, not before they open", self._known),
                ("prices are possible", self._possible),
                ("keeps to start and end", self._range),
                ("gives the same bars twice", self._repeat),
                ("gives the newest bar of each instrument", self._latest),
                ("refuses an unknown instrument with a typed error", self._unknown),
            ]
        return [*found, ("refuses what it does not offer", self._refusal), ("closes twice", self._close)]

    async def _offers(self) -> str:
        if not isinstance(self._source.name, str) or not self._source.name:
            return f"name is {self._source.name!r}; it is the text of its entry point"
        strange = [kind for kind in self._source.offers if not isinstance(kind, Kind)]
        if strange or not self._source.offers:
            return f"offers is {self._source.offers!r}; it is a set of one or more Kind"
        return ""

    async def _symbols(self) -> str:
        listed = await self._source.symbols()
        if not listed:
            return "symbols() is empty; name at least one instrument"
        for one in listed:
            if not isinstance(one, Instrument):
                return f"symbols() holds a {type(one).__name__}, not an Instrument"
            if normalise(one.symbol) != one.symbol:
                return f"{one.symbol!r} is spelled {normalise(one.symbol)!r} in Ara"
            calendar(one.calendar)
        self._instrument = listed[0]
        again = await self._source.symbols(listed[0].symbol)
        return "" if listed[0] in again else f"symbols({listed[0].symbol!r}) does not find {listed[0].symbol}"

    async def _history(self, start: datetime = _START, end: datetime = _END) -> pl.DataFrame:
        if self._instrument is None:
            raise LookupError("there is no instrument to ask for")
        bars: pl.DataFrame = await self._source.history(Kind.BARS, self._instrument, DAY, start=start, end=end)
        return bars

    async def _schema(self) -> str:
        bars = await self._history()
        if bars.schema != BARS:
            return f"the columns are {_columns(bars.schema)}; they are {_columns(BARS)}"
        if bars.is_empty():
            return f"there is no bar from {_START:%Y} to {_END:%Y}"
        self._bars = bars
        return ""

    def _have(self) -> pl.DataFrame:
        if self._bars is None:
            raise LookupError("there are no bars to look at")
        return self._bars

    async def _ascending(self) -> str:
        at = self._have()["at"]
        if at.has_nulls():
            return f"at is missing in {at.null_count()} bars"
        return "" if (at.diff().drop_nulls() > timedelta()).all() else "at does not ascend, or stands twice"

    async def _known(self) -> str:
        early = self._have().filter((pl.col("known_at") <= pl.col("at")).fill_null(value=True))
        if not early.is_empty():
            return f"the bar that opened at {early['at'][0]} has known_at {early['known_at'][0]}"
        late = self._have().filter((pl.col("learned_at") < pl.col("known_at")).fill_null(value=True))
        return f"the bar of {late['at'][0]} was learned before it was known" if len(late) else ""

    async def _possible(self) -> str:
        scored = self._have().with_columns(quality(self._have())).filter(pl.col("quality") < 1)
        if scored.is_empty():
            return ""
        share = len(scored) / len(self._have())
        words = f"{len(scored)} bars are impossible, first that of {scored['at'][0]}"
        return words if share > 0.01 or (scored["quality"] == 0).any() else ""

    async def _range(self) -> str:
        at = self._have()["at"]
        start, end = at[len(at) // 4], at[3 * len(at) // 4]
        got = (await self._history(start, end))["at"]
        want = at.filter((at >= start) & (at < end))
        return "" if got.equals(want) else f"from {start} to before {end} it gives {len(got)} bars, not {len(want)}"

    async def _repeat(self) -> str:
        last = self._have()["at"][-1]
        columns = [name for name in BARS if name != "learned_at"]
        first, second = [(await self._history(end=last)).select(columns) for _ in range(2)]
        return "" if first.equals(second) else "the same question has two answers"

    async def _latest(self) -> str:
        last = self._have()["at"][-1]
        rows = await self._source.latest(Kind.BARS, [self._instrument] if self._instrument else [])
        if rows.schema != pl.Schema({"symbol": pl.String(), **BARS}):
            return f"latest() has the columns {_columns(rows.schema)}; they are symbol, {_columns(BARS)}"
        if len(rows) != 1:
            return f"latest() of one instrument has {len(rows)} rows"
        return "" if rows["at"][0] >= last else f"latest() is of {rows['at'][0]}, before the bar of {last}"

    async def _unknown(self) -> str:
        try:
            bars = await self._source.history(Kind.BARS, _STRANGER, DAY, start=_START, end=_END)
        except (DataProviderError, UnknownSymbolError):
            return ""
        return f"it gives {len(bars)} bars of {_STRANGER.symbol}, which does not exist"

    async def _refusal(self) -> str:
        rest = sorted(set(Kind) - self._source.offers)
        if not rest:
            return ""
        try:
            await self._source.history(rest[0], self._instrument or _STRANGER, DAY, start=_START, end=_END)
        except DataProviderError:
            return ""
        return f"it answers when asked for {rest[0]}, which it does not offer"

    async def _close(self) -> str:
        await self._source.close()
        await self._source.close()
        return ""


def _columns(schema: pl.Schema) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in schema.items())
