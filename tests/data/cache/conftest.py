from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ara.data import Kind
from ara.data.cache import Cache, Key
from ara.market import DAY
from ara.settings import Settings
from ara.testing import FakeClock

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return FakeClock(NOON)


def key(symbol="AAPL", *parts, **rest):
    return Key(kind=Kind.BARS, symbol=symbol, timeframe=DAY, parts=parts, **rest)


def frame(rows=3, close=100.0):
    at = [NOON + timedelta(days=number) for number in range(rows)]
    wiggle = [close * (1 + 0.01 * (-1) ** number) for number in range(rows)]
    return pl.DataFrame({"at": at, "close": wiggle})


class Source:
    """Counts how often it was asked; gives what it is told to."""

    def __init__(self, value=None, error=None):
        self.value = frame() if value is None else value
        self.error = error
        self.asked = 0

    async def __call__(self):
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.value


def settings(**values):
    return Settings.load({f"data.cache.{name}": str(value) for name, value in values.items()}, environ={})


@pytest.fixture
async def cache(clock):
    made = Cache(settings(), clock=clock)
    yield made
    await made.close()
