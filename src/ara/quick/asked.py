"""What is asked of the markets: forecasts, baskets, ranks, bars, and the score of what came due."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import polars as pl

from ara.data.batch import every
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.market.timeframe import DAY, Timeframe
from ara.prediction.engine import PredictionEngine
from ara.prediction.forecast import Forecast
from ara.prediction.many import Missed
from ara.prediction.origin import as_instant
from ara.prediction.scoring import ScoreReport
from ara.prediction.scoring import score as score_ledger
from ara.quick.running import bound, run

if TYPE_CHECKING:
    from ara.prediction.basket import Basket
    from ara.prediction.rank import Ranked

__all__ = ["basket", "history", "predict", "predict_many", "rank", "score"]


def predict(
    symbol: str,
    days: int = 5,
    *,
    as_of: datetime | date | str | None = None,
    learned: datetime | date | str | None = None,
    model: str | None = None,
    timeframe: Timeframe | str = DAY,
    why: bool = True,
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
    timeframe
        Length of a bar, `1m` to `1w`.
    why
        Whether it is explained, which takes time.

    Examples
    --------
    >>> import ara
    >>> forecast = ara.predict("AAPL", days=5, as_of="2020-02-20")
    >>> [str(day.date) for day in forecast.days]
    ['2020-02-21', '2020-02-24', '2020-02-25', '2020-02-26', '2020-02-27']
    """
    step = Timeframe.parse(str(timeframe))

    async def ask() -> Forecast:
        async with Desk.open() as desk, PredictionEngine(desk) as engine:
            return await engine.predict(
                symbol, days, as_of=as_of, learned=bound(desk, learned), model=model, timeframe=step, why=why
            )

    return run(ask())


def predict_many(
    symbols: Sequence[str],
    days: int = 5,
    *,
    as_of: datetime | date | str | None = None,
    learned: datetime | date | str | None = None,
    model: str | None = None,
    timeframe: Timeframe | str = DAY,
    why: bool = True,
) -> list[Forecast | Missed]:
    """Forecast many instruments in one go, and keep the forecasts in the ledger.

    One that can't be answered costs no other anything: it comes as `Missed`, with its symbol and the error.

    Parameters
    ----------
    symbols
        In any usual spelling; several of one instrument are one, in the place of the first.
    days, as_of, learned, model, timeframe, why
        As for `predict`; the same moment for all.

    Examples
    --------
    >>> import ara
    >>> for one in ara.predict_many(["AAPL", "BTC-USD", "NOPE"], days=1, as_of="2019-06-03"):
    ...     print(one.error.code if isinstance(one, ara.Missed) else (one.instrument.symbol, str(one.days[0].date)))
    ('AAPL', '2019-06-04')
    ('BTC-USD', '2019-06-04')
    unknown_symbol
    """
    if isinstance(symbols, str):
        symbols = [symbols]
    step = Timeframe.parse(str(timeframe))

    async def ask() -> list[Forecast | Missed]:
        async with Desk.open() as desk, PredictionEngine(desk) as engine:
            asked = engine.keep_many(
                symbols, days, as_of=as_of, learned=bound(desk, learned), timeframe=step, model=model, why=why
            )
            return [one if isinstance(one, Missed) else one.forecast async for one in asked]

    return run(ask())


def basket(
    weights: Mapping[str, float] | Sequence[str],
    days: int = 5,
    *,
    as_of: datetime | date | str | None = None,
    learned: datetime | date | str | None = None,
    model: str | None = None,
) -> "Basket":
    """Forecast instruments held together; the forecast of each is kept in the ledger.

    Parameters
    ----------
    weights
        Share of the whole of each symbol; what is missing to 1 is cash. Symbols alone are held in equal parts.
    days
        Bars ahead of the market that opens least often, 1 to 30.
    as_of, learned, model
        As for `predict`; the same moment for all.

    Examples
    --------
    >>> import ara
    >>> held = ara.basket({"AAPL": 0.5, "SPY": 0.5}, days=2, as_of="2020-02-20")
    >>> held.days[1].shortfall < held.days[1].apart
    True
    """
    held = weights if isinstance(weights, Mapping) else dict.fromkeys(weights, 1 / max(len(set(weights)), 1))

    async def ask() -> "Basket":
        async with Desk.open() as desk, PredictionEngine(desk) as engine:
            return await engine.basket(held, days, as_of=as_of, learned=bound(desk, learned), model=model)

    return run(ask())


def rank(
    symbols: Sequence[str], horizon: int = 20, *, as_of: datetime | date | str | None = None, model: str = ""
) -> "list[Ranked]":
    """Give each instrument's chances of ending in each fifth of these by its return, from what was known then.

    Parameters
    ----------
    symbols
        Five instruments at the least.
    horizon
        Bars ahead, 1 to 30.
    as_of
        As for `predict`.
    model
        Family whose forecasts the returns are drawn from; the one that ranks best if none is given.
    """
    from ara.prediction.rank import MODEL
    from ara.prediction.rank import rank as ranked

    async def ask() -> "list[Ranked]":
        async with Desk.open() as desk, MarketData(desk) as market:
            moment = as_instant(as_of, now=desk.clock.now())
            named = [await market.instrument(one) for one in symbols]
            each = await every(market, named, as_of=moment, said=str(as_of or "now"))
            return await desk.workers.run(ranked, each, horizon, as_of=moment, model=model or MODEL, seed=desk.seed)

    return run(ask())


def history(
    symbol: str,
    *,
    as_of: datetime | date | str | None = None,
    learned: datetime | date | str | None = None,
    timeframe: Timeframe | str = DAY,
) -> pl.DataFrame:
    """Give bars as known at `as_of`, of what Ara had received by `learned`, adjusted to the last of them.

    They are daily, if no other length is asked for; where nobody has them as long, they are made of shorter ones.

    Columns: `at`, `known_at`, `learned_at` (UTC), `open`, `high`, `low`, `close`, `volume`, `source`, `quality`,
    `imputed`, `votes`.
    """
    step = Timeframe.parse(str(timeframe))

    async def ask() -> pl.DataFrame:
        async with Desk.open() as desk, MarketData(desk) as market:
            moment = as_instant(as_of, now=desk.clock.now())
            instrument = await market.instrument(symbol)
            return (await market.bars(instrument, step, as_of=moment, learned=bound(desk, learned))).frame

    return run(ask())


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

    return run(ask())
