"""The synchronous front: one call, one answer, in scripts, at the prompt and in notebooks."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any, TypeVar

import polars as pl

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.prediction.engine import PredictionEngine
from ara.prediction.forecast import Forecast
from ara.prediction.origin import as_instant
from ara.prediction.scoring import ScoreReport
from ara.prediction.scoring import score as score_ledger

__all__ = ["history", "predict", "score"]

_T = TypeVar("_T")


def predict(
    symbol: str,
    days: int = 5,
    *,
    as_of: datetime | date | str | None = None,
    learned: datetime | date | str | None = None,
    model: str | None = None,
) -> Forecast:
    """Forecast an instrument's next `days` bars and keep the forecast in the ledger.

    Parameters
    ----------
    symbol
        `AAPL`, `BTC-USD`, `EURUSD`, `^GSPC`, in any usual spelling.
    days
        Bars ahead, 1 to 30.
    as_of
        Use only what was public at this moment; a date means its end in UTC. Now, if None.
    learned
        Use only what Ara had received by this moment, a date as for `as_of`. All that it has, if None.
    model
        Name of the model; the setting `prediction.model` if none is given.

    Examples
    --------
    >>> import ara
    >>> forecast = ara.predict("AAPL", days=5, as_of="2020-02-20")
    >>> [str(day.date) for day in forecast.days]
    ['2020-02-21', '2020-02-24', '2020-02-25', '2020-02-26', '2020-02-27']
    """

    async def ask() -> Forecast:
        async with Desk.open() as desk, PredictionEngine(desk) as engine:
            return await engine.predict(symbol, days, as_of=as_of, learned=_bound(desk, learned), model=model)

    return _run(ask())


def history(
    symbol: str, *, as_of: datetime | date | str | None = None, learned: datetime | date | str | None = None
) -> pl.DataFrame:
    """Give daily bars as known at `as_of`, of what Ara had received by `learned`, adjusted to the last of them.

    Columns: `at`, `known_at`, `learned_at` (UTC), `open`, `high`, `low`, `close`, `volume`, `source`, `quality`,
    `imputed`, `votes`.
    """

    async def ask() -> pl.DataFrame:
        async with Desk.open() as desk, MarketData(desk) as market:
            moment = as_instant(as_of, now=desk.clock.now())
            instrument = await market.instrument(symbol)
            return (await market.bars(instrument, as_of=moment, learned=_bound(desk, learned))).frame

    return _run(ask())


def score(*wanted: str) -> ScoreReport:
    """Score the kept forecasts that have come due: of the symbols named, or of all.

    Examples
    --------
    >>> import ara
    >>> report = ara.score("AAPL")
    >>> report.inside_80 <= report.came_due
    True
    """

    async def ask() -> ScoreReport:
        async with Desk.open() as desk:
            return await score_ledger(desk, wanted)

    return _run(ask())


def _bound(desk: Desk, learned: datetime | date | str | None) -> datetime | None:
    return None if learned is None else as_instant(learned, now=desk.clock.now(), what="learned")


def _run(question: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end; where a loop is running already (a notebook), in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(question)
    with ThreadPoolExecutor(1, thread_name_prefix="ara-quick") as thread:
        return thread.submit(asyncio.run, question).result()
