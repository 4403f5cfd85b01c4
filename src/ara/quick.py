"""The synchronous front: one call, one answer, in scripts, at the prompt and in notebooks."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.prediction.engine import PredictionEngine
from ara.prediction.forecast import Forecast
from ara.prediction.origin import as_instant
from ara.prediction.scoring import ScoreReport
from ara.prediction.scoring import score as score_ledger

if TYPE_CHECKING:
    from ara.evidence import Evaluation
    from ara.prediction.basket import Basket
    from ara.prediction.bulk import Summary
    from ara.prediction.difference import Change
    from ara.prediction.rank import Ranked
    from ara.prediction.replay import Replay

__all__ = ["basket", "diff", "evaluate", "forecast", "history", "predict", "rank", "replay", "score"]

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
            return await engine.basket(held, days, as_of=as_of, learned=_bound(desk, learned), model=model)

    return _run(ask())


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
            each = {one.symbol: await market.bars(one, as_of=moment) for one in named}
            return await desk.workers.run(
                ranked, list(each.values()), horizon, as_of=moment, model=model or MODEL, seed=desk.seed
            )

    return _run(ask())


def replay(prefix: str) -> "Replay":
    """Compute a kept forecast again, offline, and say whether every byte is as it was.

    Parameters
    ----------
    prefix
        The first characters of its id.
    """
    from ara.prediction.replay import replay as replayed

    async def ask() -> "Replay":
        async with Desk.open() as desk:
            return await replayed(desk, prefix)

    return _run(ask())


def diff(one: str, two: str) -> "Change":
    """Say what moved a kept forecast to another, data, features, model or settings, and by how much.

    Parameters
    ----------
    one, two
        The first characters of their ids.
    """
    from ara.prediction.difference import change

    async def ask() -> "Change":
        async with Desk.open() as desk:
            return await change(desk, one, two)

    return _run(ask())


def forecast(
    bars: str | Path,
    origins: str | Path,
    out: str | Path,
    *,
    model: str | None = None,
    name: str = "",
    refit: str = "month",
) -> "Summary":
    """Forecast many instruments at many moments from files, each from what was known then, as `ara forecast` does.

    Parameters
    ----------
    bars, origins, out
        Paths: bars of many instruments; symbol, origin and horizon of each forecast; where the quantiles go.
    model
        A family, fitted on what was known at each month, or a trained model; that of the setting
        `prediction.model` if none is given, and `fast` for `auto`.
    name
        What the output calls it; the model's name if empty.
    refit
        How often a family is fitted: at each `month`, `quarter` or `year`.
    """
    from ara.prediction.bulk import forecast_file
    from ara.prediction.chosen import meant

    async def ask() -> "Summary":
        async with Desk.open() as desk:
            chosen, artefact = await meant(desk, model)
            return forecast_file(
                Path(bars),
                Path(origins),
                Path(out),
                model=artefact.family if artefact else chosen,
                name=name or chosen,
                settings=desk.settings,
                artefact=artefact,
                refit=refit,
            )

    return _run(ask())


def evaluate(
    bars: str | Path,
    forecasts: Sequence[str | Path] = (),
    *,
    models: Sequence[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
) -> "Evaluation":
    """Judge forecasts by every figure of the protocol, beside the baselines, as `ara evaluate` does.

    The look at these days is counted before it is given.

    Parameters
    ----------
    bars, forecasts
        Paths: bars of many instruments, and files of forecasts of them.
    models
        Families to ask for the same origins.
    start, end
        First and last origin; the last three years if None.
    """
    from ara.data.files import read_bars
    from ara.evidence import evaluate as judged
    from ara.evidence.forecasts import read_forecasts
    from ara.evidence.looks import counted

    async def ask() -> "Evaluation":
        async with Desk.open() as desk:
            given = read_forecasts([Path(one) for one in forecasts]) if forecasts else None
            found = judged(
                read_bars(Path(bars)),
                given,
                models=list(models),
                start=start,
                end=end,
                seed=desk.settings.prediction.seed,
            )
            await counted(desk, found)
            return found

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
