"""A strategy on placebo markets: real bars in another order, in which it must not work."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import polars as pl

from ara.backtest.beside import timing
from ara.backtest.engine import Watch, play
from ara.backtest.holdings import holdings
from ara.backtest.result import per_year
from ara.errors import CancelledError, ValidationError
from ara.evidence.placebo import KINDS, placebo
from ara.market.bars import Bars, Basis
from ara.performance.growth import sharpe
from ara.performance.inputs import returns_of
from ara.trading.costs import Costs
from ara.trading.strategy import Strategy
from ara.trading.tape import Tape

__all__ = ["LEVEL", "MOST", "Sham", "on_placebos", "placebo_tapes"]

LEVEL: Final = 0.05
"""From which chance on a strategy's timing counts as working."""

MOST: Final = 10_000
"""The most placebo markets."""

_DRAWS: Final = 199


@dataclass(frozen=True, slots=True, kw_only=True)
class Sham:
    """What a strategy did on markets without anything to know.

    Parameters
    ----------
    markets
        How many.
    sharpe
        Its own ratio of a year, on the market that was; None where nothing moved.
    low, median, high
        On placebo markets: the bounds that hold nine in ten, and the middle.
    p
        Share of the markets, its own among them, on which it did as well as on its own: the chance of that without
        anything to know.
    worked
        On how many of them its timing was better than 95 % of random entries.
    flagged
        Whether these are more than chance explains: then it works where nothing can work, and something is wrong with
        it or with the test.
    """

    markets: int
    sharpe: float | None
    low: float | None
    median: float | None
    high: float | None
    p: float | None
    worked: int
    flagged: bool

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


def on_placebos(
    make: Callable[[], Strategy],
    tapes: Mapping[str, Tape],
    *,
    markets: int = 100,
    cash: Decimal | int = 10_000,
    costs: Costs | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    seed: int = 0,
    watch: Watch | None = None,
) -> Sham:
    """Play a strategy on placebo markets that keep each instrument's mean return, and on its own.

    By turns the markets have random phases and are drawn by regimes; see `ara.evidence.placebo`. Where bars rise on
    average they do so there too, so that being invested is no skill.

    Parameters
    ----------
    make, tapes, cash, costs, start, end
        As in `ara.backtest.run`.
    markets
        How many.
    seed
        Of them.
    watch
        Told how many are done; False stops the work.
    """
    if not 2 <= markets <= MOST:
        raise ValidationError(f"{markets} placebo markets can't be made; there are 2 to {MOST:,}")
    paid, money = costs or Costs(), Decimal(cash)
    stop = None if end is None else int(end.timestamp() * 1_000_000)
    real = {symbol: tape if stop is None else tape.until(stop) for symbol, tape in tapes.items()}
    own, _ = _played(make, real, money, paid, start)
    ratios, worked = [], 0
    for number in range(markets):
        ratio, chance = _played(make, placebo_tapes(real, number, seed=seed), money, paid, start)
        ratios.append(0.0 if ratio is None else ratio)
        worked += chance is not None and chance <= LEVEL
        if watch is not None and not watch(number + 1, markets):
            raise CancelledError(f"the placebos were cancelled after {number + 1} of {markets}")
    low, median, high = np.quantile(ratios, (0.05, 0.5, 0.95)).tolist()
    as_well = None if own is None else sum(one >= own for one in ratios)
    return Sham(
        markets=markets, sharpe=own, low=low, median=median, high=high,
        p=None if as_well is None else (1 + as_well) / (1 + markets), worked=worked, flagged=_beyond(worked, markets),
    )  # fmt: skip


def placebo_tapes(tapes: Mapping[str, Tape], number: int, *, seed: int = 0) -> dict[str, Tape]:
    """Give a placebo market of instruments' bars, with splits and dividends taken up in the prices."""
    frames = {symbol: tape.bars().frame for symbol, tape in tapes.items()}
    columns = ("open", "high", "low", "close", "volume")
    facts = {symbol: tape.instrument.asset_class.value for symbol, tape in tapes.items()}
    bars = pl.concat(
        [
            frame.select(
                pl.lit(symbol).alias("symbol"), pl.col("at").alias("ts"), *columns, asset_class=pl.lit(facts[symbol])
            )
            for symbol, frame in frames.items()
        ]
    )
    made = placebo(bars, KINDS[number % len(KINDS)], seed=seed + number, drift=True)
    found = {}
    for symbol, frame in frames.items():
        own = made.filter(pl.col("symbol") == symbol).sort("ts")
        whole = frame.with_columns(own[name] for name in columns)
        tape = tapes[symbol]
        kept = Bars(instrument=tape.instrument, timeframe=tape.timeframe, basis=Basis.TOTAL, frame=whole)
        found[symbol] = replace(Tape.of(kept, lot=tape.lot), rated=tape.rated)
    return found


def _played(
    make: Callable[[], Strategy], tapes: Mapping[str, Tape], cash: Decimal, costs: Costs, start: datetime | None
) -> tuple[float | None, float | None]:
    """Give the Sharpe ratio, and the chance of its timing by random entry."""
    done = play(make(), tapes, cash=cash, costs=costs, start=start)
    if done.failure is not None:
        raise done.failure
    equity = np.maximum(np.array([done.exchange.book.start, *done.equity], np.float64), 0.0)
    yearly = per_year(tapes, done.moments)
    return sharpe(returns_of(equity), per_year=yearly), timing(holdings(done), per_year=yearly, draws=_DRAWS).p


def _beyond(worked: int, markets: int) -> bool:
    """Tell whether so many are more than chance explains, at one in a thousand."""
    spread = math.sqrt(markets * LEVEL * (1 - LEVEL))
    return worked > markets * LEVEL + NormalDist().inv_cdf(0.999) * spread
