"""Portfolios of instruments by name: bars fetched, then weights chosen, judged or traded beside the event loop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.data.dollars import in_dollars, told_in
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import NotFoundError, ValidationError
from ara.market.bars import Bars
from ara.market.symbols import normalise
from ara.portfolio.allocation import Plan, allocate
from ara.portfolio.chosen import Chosen, frontier_of, named_again, to_buy, unused
from ara.portfolio.constraints import constrained
from ara.portfolio.forecasts import believed
from ara.portfolio.limits import Limits
from ara.portfolio.past import Past, past
from ara.portfolio.position import Portfolio
from ara.portfolio.rebalance import outlook, rebalance
from ara.portfolio.sectors import sectors_of
from ara.portfolio.traded import Traded
from ara.portfolio.trades import currency_of
from ara.portfolio.triggers import Triggers
from ara.prediction import PredictionEngine
from ara.risk import Moves, aligned
from ara.statistics import covariance, nearest_psd

__all__ = ["Portfolios", "Sought", "Turned"]

_Array = NDArray[np.float64]

_DAYS: Final = 1000
_NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is asked of weights.

    Parameters
    ----------
    plan
        How they are chosen.
    said
        Limits, as `constrained` reads them.
    expected
        Return of a year that is expected of symbols; of the others it is estimated.
    forecast
        Bars ahead of forecasts that move the expected returns; 0 for none.
    points
        Of the frontier; 0 for none.
    money
        To buy for; None for nothing.
    """

    plan: Plan = field(default_factory=Plan)
    said: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)
    forecast: int = 0
    points: int = 0
    money: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What is asked of trades: what is held, in units, and what they cost.

    Parameters
    ----------
    held
        Units of each symbol.
    cash, cost, least
        As for `trades`.
    triggers, last
        What makes trading due, and the day of the last trade.
    what_if
        Whether the risk of both portfolios is told.
    """

    held: Mapping[str, Decimal] = field(default_factory=dict)
    cash: Decimal = _NOTHING
    cost: Decimal = _NOTHING
    least: Decimal = _NOTHING
    triggers: Triggers = field(default_factory=Triggers)
    last: date | None = None
    what_if: bool = False


class Portfolios:
    """Portfolios.

    Parameters
    ----------
    desk
        The desk of the process.
    market, engine
        Where bars and forecasts come from; both stay the caller's to close.
    """

    def __init__(self, desk: Desk, market: MarketData, engine: PredictionEngine) -> None:
        self._desk, self._market, self._engine = desk, market, engine

    async def chosen(self, symbols: Sequence[str], sought: Sought, *, as_of: datetime) -> Chosen:
        """Choose weights by what was public at the moment; forecasts are kept in the ledger like every one."""
        bars = await self._bars(symbols, as_of)
        moves = aligned(list(bars.values())).last(_DAYS)
        sectors = sectors_of(self._market, list(bars.values()), as_of) if sought.said.get("sectors") else None
        limits = constrained(
            sought.said,
            list(bars),
            classes={name: str(one.instrument.asset_class) for name, one in bars.items()},
            sectors=sectors,
            spelled=normalise,
        )
        mean = await self._believed(moves, sought, as_of) if sought.forecast else None
        found = await self._desk.workers.run(_chosen, list(bars.values()), moves, sought, limits, mean)
        return replace(
            found, notes=[*named_again(symbols, list(bars)), *told_in(list(bars.values())), *unused(sought.plan)]
        )

    async def past(
        self, weights: Mapping[str, float], *, as_of: datetime, benchmark: str = "", free: float = 0.0, last: int = 0
    ) -> Past:
        """Look back at weights; `last` days alone, where it is not 0."""
        bars = await self._bars([*weights, *([benchmark] if benchmark else [])], as_of)
        name = (await self._market.instrument(benchmark)).symbol if benchmark else ""
        shares = _merged(weights, bars)
        moves = aligned(list(bars.values()))
        moves = moves.last(last) if last else moves
        found = await self._desk.workers.run(past, shares, moves, benchmark=name, free=free)
        return replace(found, notes=told_in(list(bars.values())))

    async def traded(self, weights: Mapping[str, float], turned: Turned, *, as_of: datetime) -> Traded:
        """Give the trades that lead from what is held to weights, at the last closes."""
        bars = await self._bars([*weights, *turned.held], as_of)
        wanted = dict.fromkeys(bars, 0.0) | _merged(weights, bars)
        return await self._desk.workers.run(_traded, list(bars.values()), wanted, turned)

    async def _bars(self, symbols: Sequence[str], as_of: datetime) -> dict[str, Bars]:
        """Give the bars of each instrument, by Ara's own spelling."""
        found: dict[str, Bars] = {}
        for symbol in symbols:
            instrument = await self._market.instrument(symbol)
            if instrument.symbol not in found:
                found[instrument.symbol] = await self._market.bars(instrument, as_of=as_of)
        return dict(zip(found, await in_dollars(self._market, list(found.values()), as_of=as_of), strict=True))

    async def _believed(self, moves: Moves, sought: Sought, as_of: datetime) -> _Array:
        days = [
            (await self._engine.predict(one, sought.forecast, as_of=as_of, why=False)).days[-1] for one in moves.symbols
        ]
        return believed(days, nearest_psd(covariance(moves.returns, sought.plan.covariance))).expected


def _chosen(bars: Sequence[Bars], moves: Moves, sought: Sought, limits: Limits, mean: _Array | None) -> Chosen:
    plan, forecast = sought.plan, mean is not None
    if sought.expected:
        mean = _expected(moves, sought, mean)
    found = allocate(moves, plan, limits=limits, expected=mean)
    return Chosen(
        moves=moves,
        found=found,
        trades=to_buy(bars, found, sought.money, plan.cost) if sought.money else None,
        frontier=frontier_of(moves, plan, limits, sought.points, expected=mean) if sought.points else (),
        forecast=forecast,
        free=plan.free,
    )


def _expected(moves: Moves, sought: Sought, mean: _Array | None) -> _Array:
    """Give a bar's mean return of each: as it is told, estimated for the others."""
    from ara.portfolio.expected import shrunk_mean

    if mean is None:
        mean = shrunk_mean(moves.returns, nearest_psd(covariance(moves.returns, sought.plan.covariance)))[0]
    told = np.array(mean, np.float64)
    for name, value in sought.expected.items():
        symbol = normalise(name)
        if symbol not in moves.symbols:
            raise NotFoundError(f"{symbol[:40]} has an expected return and is not among the instruments.")
        told[moves.symbols.index(symbol)] = value / moves.per_year
    return told


def _traded(bars: Sequence[Bars], wanted: Mapping[str, float], turned: Turned) -> Traded:
    closes = {one.instrument.symbol: one.dates()[-1] for one in bars}
    instruments = [one.instrument for one in bars]
    prices = {one.instrument.symbol: Decimal(repr(float(one.frame["close"][-1]))) for one in bars}
    owned: dict[str, Decimal] = {}
    for name, units in turned.held.items():
        owned[normalise(name)] = owned.get(normalise(name), _NOTHING) + units
    currency, today = currency_of(instruments), max(closes.values())
    moves = aligned(bars).last(_DAYS) if turned.what_if or turned.triggers.volatility else None
    returns = None
    if moves is not None:
        held = Portfolio.marked(instruments, prices, held=owned, cash={currency: turned.cash}).weights(currency)
        returns = moves.returns @ [held.get(one, 0.0) for one in moves.symbols]
    found = rebalance(
        wanted, instruments, prices, on=today, held=owned, cash=turned.cash, cost=turned.cost, least=turned.least,
        triggers=turned.triggers, last=turned.last, returns=returns,
    )  # fmt: skip
    now = found.before.weights(currency)
    return Traded(
        found=found,
        now={name: now.get(name, 0.0) for name in wanted},
        wanted=wanted,
        currency=currency,
        triggers=turned.triggers,
        today=today,
        closes=closes,
        outlooks=(outlook(now, moves), outlook(found.trades.weights, moves)) if turned.what_if and moves else None,
        notes=told_in(bars),
    )


def _merged(weights: Mapping[str, float], bars: Mapping[str, Bars]) -> dict[str, float]:
    """Give weights by Ara's own spelling."""
    found: dict[str, float] = {}
    for name, weight in weights.items():
        symbol = normalise(name)
        if symbol not in bars:
            raise ValidationError(f"{name[:40]!r} is no instrument of these.")
        if symbol in found:
            raise ValidationError(f"{symbol} is named twice.", hint="Give each instrument one weight.")
        found[symbol] = weight
    return found
