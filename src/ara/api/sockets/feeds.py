"""What the streams tell: forecasts, bars and alerts, each as it comes about."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

from ara.errors import AraError, DataProviderError

if TYPE_CHECKING:
    import polars as pl

    from ara.api.service import Service
    from ara.data.provider import Provider
    from ara.market.instrument import Instrument
    from ara.market.timeframe import Timeframe

__all__ = ["Feed", "Told", "alerts", "bars", "forecasts"]

Told: TypeAlias = tuple[str, Mapping[str, Any]]
"""The type of a message, and what it says."""


class Feed(Protocol):
    """Begins a stream anew each time it is called."""

    def __call__(self) -> AsyncGenerator[Told, None]:
        """Give messages until it is closed."""
        ...


_ROUNDS: Final = 20
_LATE: Final = timedelta(seconds=10)
_TICK: Final = 1.0
_log = logging.getLogger(__name__)


def forecasts(service: "Service", symbol: str, days: int, model: str | None, timeframe: "Timeframe") -> Feed:
    """Give the stream of an instrument's forecasts: the present one, and another at each closed bar.

    Where no source is live it is forecast anew every `sockets.poll` seconds, and told where that changed anything.
    """

    async def run() -> AsyncGenerator[Told, None]:
        from ara.prediction.document import to_document

        forecast = await service.engine.predict(symbol, days, model=model, timeframe=timeframe)
        seen = forecast.id
        yield "forecast", to_document(forecast)
        while True:
            async with aclosing(_watched(service, symbol, days, model, timeframe)) as heard:
                async for kind, data in heard:
                    if kind == "status" or data["id"] != seen:
                        seen = data.get("id", seen)
                        yield kind, data
            for _ in range(_ROUNDS):
                await asyncio.sleep(service.desk.settings.sockets.poll)
                try:
                    forecast = await service.engine.predict(symbol, days, model=model, timeframe=timeframe)
                except AraError as error:
                    yield "status", _trouble(error, live=False)
                    continue
                if forecast.id != seen:
                    seen = forecast.id
                    yield "forecast", to_document(forecast)

    return run


async def _watched(
    service: "Service", symbol: str, days: int, model: str | None, timeframe: "Timeframe"
) -> AsyncGenerator[Told, None]:
    """Give the forecasts of a watch, and what stands in its way; ends where nothing can be watched."""
    from ara.prediction.document import to_document
    from ara.prediction.many import Missed
    from ara.prediction.watch import Trouble

    watch = service.engine.watch([symbol], days, model=model, timeframe=timeframe)
    async with aclosing(watch) as heard:
        async for one in heard:
            if isinstance(one, Missed):
                yield "status", _trouble(one.error, live=False)
                return
            if isinstance(one, Trouble):
                yield "status", _trouble(one.error, live=True, again=one.seconds)
            else:
                yield "forecast", to_document(one.forecast)


def bars(service: "Service", instrument: "Instrument", timeframe: "Timeframe") -> Feed:
    """Give the stream of an instrument's bars: the last closed one, then each as it runs and once it has closed.

    A source that fails is said to, and asked again, ever more seldom. Where none is live, what is kept is looked at
    every `sockets.poll` seconds.
    """

    async def run() -> AsyncGenerator[Told, None]:
        last: datetime | None = None
        pause = 1.0
        while True:
            live = True
            try:
                async with aclosing(_kept(service, instrument, timeframe, last)) as found:
                    async for data in found:
                        last = data.pop("_until")
                        yield "bar", data
                async with aclosing(_followed(service, instrument, timeframe, last)) as told:
                    async for data in told:
                        last, pause = data.pop("_until", last), 1.0
                        yield "bar", data
            except AraError as error:
                live = not (isinstance(error, DataProviderError) and error.context.get("live") is False)
                wait = pause if live else float(service.desk.settings.sockets.poll)
                if live or pause == 1.0:
                    yield "status", _trouble(error, live=live, again=wait)
                pause = min(pause * 2, 60.0)
                await asyncio.sleep(wait)

    return run


async def _kept(
    service: "Service", instrument: "Instrument", timeframe: "Timeframe", last: datetime | None
) -> AsyncGenerator[dict[str, Any], None]:
    """Give the newest closed bar that is kept, or those behind the last that was told."""
    try:
        found = await service.market.bars(instrument, timeframe)
    except AraError:
        if last is not None:
            raise
        return
    rows = found.frame.tail(1) if last is None else found.frame.filter(found.frame["known_at"] > last).tail(500)
    for row in rows.iter_rows(named=True):
        yield {**_bar(instrument.symbol, row), "closed": True, "source": row["source"], "_until": row["known_at"]}


async def _followed(
    service: "Service", instrument: "Instrument", timeframe: "Timeframe", last: datetime | None
) -> AsyncGenerator[dict[str, Any], None]:
    """Give what a live source tells: a bar as it runs, and each bar once it has closed, exactly once."""
    from ara.api.sockets.overheard import Overheard, live_source
    from ara.data.live import closed

    provider = live_source(service.market, instrument, timeframe)
    if provider is None:
        raise DataProviderError(
            f"No live source has bars of {instrument.symbol}.",
            hint="Whoever runs the service can name one: data.providers, or data.online.", live=False,
        )  # fmt: skip
    heard: asyncio.Queue[dict[str, Any] | Exception] = asyncio.Queue(1_000)
    clock = service.desk.clock
    since = last if last is not None and clock.now() - last < 2 * timeframe.span + _LATE else None
    tapped = Overheard(provider, lambda frame: _running(heard, instrument.symbol, provider.name, frame))

    async def follow() -> None:
        try:
            async with aclosing(
                closed(cast("Provider", tapped), [instrument], timeframe, clock=clock, since=since)
            ) as frames:
                async for frame in frames:
                    for row in frame.iter_rows(named=True):
                        facts = {**_bar(instrument.symbol, row), "closed": True, "source": provider.name}
                        await heard.put({**facts, "_until": row["known_at"]})
            raise DataProviderError(f"The live bars of {instrument.symbol} have ended.")
        except Exception as error:  # noqa: BLE001 - raised again where the caller is
            await heard.put(error)

    task = asyncio.create_task(follow())
    try:
        while True:
            one = await heard.get()
            if isinstance(one, Exception):
                raise one
            yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _running(heard: "asyncio.Queue[Any]", symbol: str, source: str, frame: "pl.DataFrame") -> None:
    """Hand on bars that have not closed; where too many wait, they are left out: the next one says more."""
    for row in frame.iter_rows(named=True):
        if row["symbol"] == symbol and row["learned_at"] < row["known_at"] and not heard.full():
            heard.put_nowait({**_bar(symbol, row), "closed": False, "source": source})


def alerts(service: "Service", user: str) -> Feed:
    """Give the stream of what concerns a user: their own events, and those of all that they may see."""

    async def run() -> AsyncGenerator[Told, None]:
        from ara.alerts import EVENTS, events_after

        desk = service.desk
        since, seen = desk.clock.now() - _LATE, set[str]()
        while True:
            found = [one for one in await events_after(desk, since) if one.id not in seen]
            who = await service.accounts.users.find(user)
            may = frozenset[str]() if who is None else _granted(who)
            for one in found:
                reach = EVENTS.get(one.type)
                allowed = reach is None or reach.permission in may
                if one.user == user or (not one.user and allowed):
                    yield one.type, {"id": one.id, **json.loads(one.body)["data"]}
            seen |= {one.id for one in found}
            since = max(since, desk.clock.now() - _LATE)
            await asyncio.sleep(_TICK)
            if len(seen) > 10_000:
                seen = {one.id for one in await events_after(desk, since)}

    return run


def _granted(user: Any) -> frozenset[str]:
    from ara.accounts.roles import granted

    return granted(user.role, None)


def _bar(symbol: str, row: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: row[name] for name in ("open", "high", "low", "close", "volume")}
    return {"symbol": symbol, "at": row["at"].isoformat(), "until": row["known_at"].isoformat(), **facts}


def _trouble(error: AraError, *, live: bool, again: float = 0.0) -> dict[str, Any]:
    return {"live": live, "detail": error.message, "hint": error.hint, "code": error.code, "again": again}
