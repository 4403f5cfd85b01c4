"""The old fronts of market data and of the cache, answered by Ara's data room."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from typing import Any, TypeVar

import ara
from meridianalgo._warning import warn

__all__ = ["CacheManager", "MarketDataManager"]

_T = TypeVar("_T")
_DAYS = {"d": 1, "wk": 7, "mo": 30, "y": 365}
_NAMES = {"open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume"}


class MarketDataManager:
    """The old front of market data: daily bars of the data room, adjusted to the last of them.

    Parameters
    ----------
    verbose
        Has no effect; kept for old programs.
    """

    def __init__(self, verbose: bool = False) -> None:
        warn("MarketDataManager", "ara.history")
        self.verbose = verbose

    def get_stock_data(self, symbol: str, period: str = "1y") -> Any:
        """Give a pandas frame of Open, High, Low, Close and Volume by session (`Date`), as far back as `period` says.

        Parameters
        ----------
        symbol
            `AAPL`, `BTC-USD`, `EURUSD`.
        period
            `5d`, `3mo`, `1y`, `max` and so on.
        """
        length = None if period == "max" else _length(period)
        try:
            pd = import_module("pandas")
        except ImportError:
            raise ImportError(
                "MarketDataManager.get_stock_data gives a pandas frame; install pandas, or use ara.history"
            ) from None
        bars = ara.history(symbol)
        days = pd.DatetimeIndex(bars["known_at"].to_list(), name="Date").tz_convert("UTC").normalize().tz_localize(None)
        found = pd.DataFrame({new: bars[old].to_list() for old, new in _NAMES.items()}, index=days)
        return found if length is None else found[found.index > found.index[-1] - length]

    def get_current_price(self, symbol: str) -> float:
        """Give the last close that is known."""
        return float(ara.history(symbol)["close"][-1])


class CacheManager:
    """The old front of the cache: what is kept for a while, in memory and in Redis where one is set.

    Parameters
    ----------
    verbose
        Has no effect; kept for old programs.
    """

    def __init__(self, verbose: bool = False) -> None:
        warn("CacheManager", "ara data cache")
        self.verbose = verbose

    def clear_cache(self, symbol: str | None = None) -> int:
        """Drop what is cached of a symbol, or everything, and count it; nothing is lost by that."""
        from ara.market.symbols import normalise

        name = normalise(symbol) if symbol else None
        count: int = _run(_with_cache(lambda cache: cache.drop(name)))
        return count

    def get_cache_stats(self) -> dict[str, Any]:
        """Give hits, misses and sizes of each tier."""

        async def stats(cache: Any) -> dict[str, Any]:
            return {**cache.stats(), "shared": await cache.shared_stats()}

        found: dict[str, Any] = _run(_with_cache(stats))
        return found


async def _with_cache(ask: Any) -> Any:
    from ara.data.cache import Cache
    from ara.desk import Desk

    async with Desk.open() as desk:
        cache = Cache(desk.settings, clock=desk.clock, telemetry=desk.telemetry)
        try:
            return await ask(cache)
        finally:
            await cache.close()


def _run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Wait for an answer, in a thread of its own, since the caller may run an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def _length(period: str) -> timedelta:
    number = period.rstrip("dwkmoy")
    days = _DAYS.get(period[len(number) :])
    if days is None or not number.isdigit() or not 0 < int(number) < 10_000:
        raise ara.errors.ValidationError(
            f"period is {period[:20]!r}, which is no length of time.", hint="Write 5d, 3mo, 1y or max."
        )
    return timedelta(days=int(number) * days)
