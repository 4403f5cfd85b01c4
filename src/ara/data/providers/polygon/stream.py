"""Polygon's stream of closed minutes, whole and in order over every break of the line."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final

import msgspec
import polars as pl

from ara.data.access import Access
from ara.data.access.wire import decode, quote
from ara.data.providers.polygon.frames import minutes
from ara.data.providers.polygon.messages import Message, Status
from ara.data.providers.polygon.spelling import channel, of_ticker
from ara.data.providers.rows import named
from ara.errors import DataProviderError, MissingKeyError
from ara.market.instrument import Instrument

__all__ = ["follow"]

_log = logging.getLogger(__name__)

_SOURCE: Final = "polygon"
_SILENCE: Final = 180.0  # a minute in which nothing trades is not sent
_REFUSED: Final = frozenset({"auth_failed", "auth_timeout"})

_Fill = Callable[[Instrument, datetime], Awaitable[pl.DataFrame]]
"""Gives the closed minutes of an instrument after an instant."""


async def follow(
    access: Access, instruments: Sequence[Instrument], fill: _Fill, *, silence: float = _SILENCE
) -> AsyncGenerator[pl.DataFrame, None]:
    """Give closed minutes of instruments as they come, each once and none before an earlier one of its instrument."""
    lines: dict[str, list[Instrument]] = {}
    for one in instruments:
        lines.setdefault(channel(one)[0], []).append(one)
    queue: asyncio.Queue[pl.DataFrame | Exception] = asyncio.Queue(maxsize=1000)

    async def pump(path: str, carried: list[Instrument]) -> None:
        try:
            async with aclosing(_line(access, path, carried, fill, silence)) as frames:
                async for frame in frames:
                    await queue.put(frame)
        except Exception as error:  # noqa: BLE001 it is raised again by the one who reads
            await queue.put(error)

    tasks = [asyncio.create_task(pump(path, carried)) for path, carried in lines.items()]
    try:
        while tasks:
            found = await queue.get()
            if isinstance(found, Exception):
                raise found
            yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _line(
    access: Access, path: str, instruments: list[Instrument], fill: _Fill, silence: float
) -> AsyncGenerator[pl.DataFrame, None]:
    channels = ",".join(channel(one)[1] for one in instruments)
    opening = [
        msgspec.json.encode({"action": "auth", "params": access.key.reveal()}),
        msgspec.json.encode({"action": "subscribe", "params": channels}),
    ]
    wanted = {one.symbol: one for one in instruments}
    newest: dict[str, datetime] = {}
    async with aclosing(access.messages(opening, path=path, silence=silence)) as messages:
        async for raw in messages:
            frames = [_read(raw, wanted, access.clock.now())] if raw else await _missed(wanted, newest, fill)
            for frame in frames:
                fresh = _fresh(frame, newest)
                if not fresh.is_empty():
                    yield fresh


def _read(raw: bytes, wanted: Mapping[str, Instrument], now: datetime) -> pl.DataFrame:
    found = []
    for message in decode(raw, list[Message], source=_SOURCE):
        if isinstance(message, Status):
            _heed(message)
            continue
        symbol = of_ticker(getattr(message, "sym", "") or getattr(message, "pair", ""))
        if symbol in wanted:
            found.append((symbol, message))
        else:
            _log.warning("polygon sends minutes of %s, which nobody asked for", quote(symbol))
    return minutes(found, now)


def _heed(status: Status) -> None:
    if status.status in _REFUSED:
        raise MissingKeyError(
            f"Polygon refuses the key: {quote(status.message)}.", hint="Set the key in data.providers.polygon.key."
        )
    if status.status in {"error", "max_connections"}:
        raise DataProviderError(f"Polygon ends the stream: {quote(status.message)}.", status=status.status)


async def _missed(wanted: Mapping[str, Instrument], newest: Mapping[str, datetime], fill: _Fill) -> list[pl.DataFrame]:
    """Ask for what came while the line was down."""
    frames = []
    for symbol, since in dict(newest).items():
        try:
            frames.append(named(await fill(wanted[symbol], since), symbol))
        except DataProviderError as error:
            _log.warning("polygon: minutes of %s after %s are missing: %s", symbol, since, error)
    return frames


def _fresh(frame: pl.DataFrame, newest: dict[str, datetime]) -> pl.DataFrame:
    """Keep the rows that are newer than all that was given of their instrument."""
    kept: list[dict[str, Any]] = []
    for row in frame.sort("at", maintain_order=True).iter_rows(named=True):
        if row["symbol"] not in newest or row["at"] > newest[row["symbol"]]:
            newest[row["symbol"]] = row["at"]
            kept.append(row)
    return pl.DataFrame(kept, schema=frame.schema)
