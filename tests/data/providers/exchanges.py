"""What the tests of coin exchanges share."""

from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from ara.data.access import Access
from ara.data.provider import Kind
from ara.data.providers.exchange import MINUTE, instrument

BEGIN = datetime(2020, 1, 17, 12, tzinfo=UTC)
"""A minute at which streams begin."""


def coin(symbol):
    base, _, currency = symbol.partition("-")
    return instrument(base, currency)


def opened(kind, venue):
    """Open a provider on a venue of this machine."""
    return kind(Access(kind.venue, clock=venue.clock, url=venue.url, socket=venue.socket_url))


async def past(
    provider,
    symbol,
    *,
    kind=Kind.BARS,
    timeframe=MINUTE,
    start=BEGIN - timedelta(days=1),
    end=datetime(2030, 1, 1, tzinfo=UTC),
):
    return await provider.history(kind, coin(symbol), timeframe, start=start, end=end)


async def taken(stream, count):
    """Give the first rows of a stream of frames, and leave it."""
    rows = []
    async with aclosing(stream) as frames:
        async for frame in frames:
            rows += frame.rows(named=True)
            if len(rows) >= count:
                break
    return rows


def told(rows):
    """Give of each bar its minute, its close, and whether it is closed."""
    return [
        ((row["at"] - BEGIN).total_seconds() / 60, row["close"], row["learned_at"] >= row["known_at"]) for row in rows
    ]
