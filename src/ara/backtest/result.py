"""What a back-test found: equity, trades, measures beside buy and hold, and where it all comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.backtest.abroad import worth_at_close
from ara.backtest.beside import Beside
from ara.backtest.engine import Played
from ara.backtest.replay import Replay
from ara.lineage import Lineage
from ara.market.calendar import calendar
from ara.market.hours import sessions
from ara.market.timeframe import DAY, WEEK, Timeframe
from ara.performance.returns import Measures, measure
from ara.performance.trades import Deal, RoundTrip, TradeMeasures, round_trips
from ara.trading.book import Entry, Flow, Position
from ara.trading.costs import Costs
from ara.trading.order import Fill, Side
from ara.trading.purses import financed
from ara.trading.tape import Tape, instant

__all__ = ["Result", "curve", "measured", "per_year", "trips"]

_INSTANT: Final = pl.Datetime("us", "UTC")

_YEARS: Final = (2000, 2019)

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One back-test.

    Parameters
    ----------
    strategy, parameters
        Which, with what.
    symbols, currency
        What was traded, and the currency of the book.
    cash
        What the account began with.
    costs
        What trading cost.
    frame
        Each moment at which a bar closed: `at`, `equity`, `exposure` (value of all positions for 1 of equity), `hold`
        (buy and hold of the same instruments, alike, with the same costs).
    fills, entries
        All trades, and all money that came or went without one.
    positions
        What was held at the end, at the last closes.
    fees
        Commissions in all, in the book's currency.
    brought, gains
        What each other currency's moves brought, and each instrument that trades in another, in the book's.
    per_year
        Bars of a year by the venue's calendar, by which measures are annualised; as `per_year` gives them.
    measures, hold
        Of the strategy, beside buy and hold as its benchmark; and of buy and hold.
    trades, trips
        Of the round trips, first bought first sold; and each of them, times by rows of `frame`, quantities and prices
        in the shares of the end.
    beside
        What else stands beside it: random entry, a mix, and what each decision brought.
    replay
        What was replayed on shorter bars; None where that was switched off.
    cut, calls
        Orders that could not be afforded whole; moments at which margin was called.
    lineage
        Where it comes from; its id is the back-test's.
    sources
        Where the bars of each instrument come from.
    notes
        What a reader should know.
    """

    strategy: str
    parameters: Mapping[str, Any]
    symbols: tuple[str, ...]
    currency: str
    cash: Decimal
    costs: Costs
    frame: pl.DataFrame
    fills: tuple[Fill, ...]
    entries: tuple[Entry, ...]
    positions: tuple[Position, ...]
    fees: Decimal
    brought: Mapping[str, float]
    gains: Mapping[str, Decimal]
    per_year: float
    measures: Measures
    hold: Measures
    trades: TradeMeasures
    trips: tuple[RoundTrip, ...]
    beside: Beside
    replay: Replay | None
    cut: int
    calls: tuple[datetime, ...]
    lineage: Lineage
    sources: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def equity(self) -> float:
        """What was owned at the end."""
        return float(self.frame["equity"][-1])

    @property
    def turnover(self) -> float | None:
        """Value traded by the mean equity, a year; None where nothing was owned."""
        value = float(sum(fill.price * fill.quantity * fill.rate for fill in self.fills))
        mean = float(np.mean(self.frame["equity"].to_numpy()))
        return value / mean * self.per_year / self.frame.height if mean > 0 else None

    def as_dict(self) -> dict[str, Any]:
        """Give it as in the JSON of `ara backtest`, without the curve and the fills."""
        frame = self.frame
        return {
            "id": self.lineage.id,
            "strategy": self.strategy,
            "parameters": dict(self.parameters),
            "symbols": list(self.symbols),
            "currency": self.currency,
            "from": frame["at"][0].isoformat(),
            "to": frame["at"][-1].isoformat(),
            "bars": frame.height,
            "cash": float(self.cash),
            "equity": self.equity,
            "fees": float(self.fees),
            "currencies": dict(self.brought),
            "per_year": self.per_year,
            "fills": len(self.fills),
            "turnover": self.turnover,
            "exposure": float(frame["exposure"].to_numpy().mean()),
            "cut": self.cut,
            "margin_calls": [one.isoformat() for one in self.calls],
            "measures": self.measures.as_dict(),
            "buy_and_hold": self.hold.as_dict(),
            "trades": self.trades.as_dict(),
            **self.beside.as_dict(),
            "costs": self.costs.as_dict(),
            "replay": None if self.replay is None else {
                "cuts": [{"at": one.at.isoformat(), "decisions": one.decisions} for one in self.replay.cuts],
                "moments": self.replay.moments,
                "plans": self.replay.planned,
            },
            "notes": list(self.notes),
        }  # fmt: skip

    def fill_frame(self) -> pl.DataFrame:
        """Give the fills as a table: at, symbol, side, quantity, price, fee, why, order, slipped, rate."""
        schema: dict[str, Any] = {
            "at": _INSTANT, "symbol": pl.String, "side": pl.String, "quantity": pl.Float64, "price": pl.Float64,
            "fee": pl.Float64, "why": pl.String, "order": pl.String, "slipped": pl.Float64,
            "rate": pl.Float64,
        }  # fmt: skip
        rows = [
            (one.at, one.symbol, one.side.value, float(one.quantity), float(one.price), float(one.fee), one.why,
             one.order_id, float(one.slipped), float(one.rate)) for one in self.fills
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")


def curve(run: Played, hold: Played) -> pl.DataFrame:
    """Give the equity of a run at each moment, beside that of buy and hold."""
    unit = float(run.exchange.book.unit)
    equity = np.array(run.equity, np.float64) * unit
    held = np.array(hold.equity[: len(equity)], np.float64) * float(hold.exchange.book.unit)
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure = np.nan_to_num(np.array(run.exposure, np.float64) * unit / equity, posinf=0.0, neginf=0.0)
    at = [instant(one) for one in run.moments]
    return pl.DataFrame(
        {"at": pl.Series(at, dtype=_INSTANT), "equity": equity, "exposure": exposure, "hold": held}
    )  # fmt: skip


def measured(frame: pl.DataFrame, cash: Decimal, yearly: float) -> tuple[Measures, Measures]:
    """Measure the curve with buy and hold as its benchmark, and buy and hold."""
    own, hold = (_returns(frame[name].to_numpy(), float(cash)) for name in ("equity", "hold"))
    return measure(own, per_year=yearly, benchmark=hold), measure(hold, per_year=yearly)


def trips(run: Played) -> tuple[RoundTrip, ...]:
    """Give the round trips of a run, times in moments, quantities and prices in the shares of the end."""
    moments, pits = np.array(run.moments), run.exchange.pits
    deals, rates = [], dict[tuple[str, float], float]()
    for fill in run.exchange.fills:
        later = _later(pits[fill.symbol].tape, fill.at)
        signed = float(fill.quantity) * (1 if fill.side is Side.BUY else -1)
        price, fee, rate = float(fill.price) / later, float(fill.fee), float(fill.rate)
        now = 1.0 if financed(pits[fill.symbol].tape) else rate
        deals.append(_deal(moments, fill.symbol, fill.at, signed * later, price * now, fee * now))
        rates[fill.symbol, deals[-1].at] = rate
    for entry in run.exchange.book.entries:
        if entry.flow is Flow.SPLIT:
            tape = pits[entry.symbol].tape
            later = _later(tape, entry.at)
            price = tape.opens[tape.at.index(_micros(entry.at))] * float(tape.tick)
            rest = -float(entry.amount) / price * later
            deals.append(_deal(moments, entry.symbol, entry.at, rest, price / later * float(entry.rate), 0.0))
    found = round_trips(sorted(deals, key=lambda deal: deal.at))
    return tuple(worth_at_close(one, pits[one.instrument], rates) for one in found)


def _deal(moments: NDArray[np.int64], symbol: str, at: datetime, quantity: float, price: float, fee: float) -> Deal:
    number = min(int(np.searchsorted(moments, _micros(at), side="right")), len(moments) - 1)
    return Deal(instrument=symbol, at=number, quantity=quantity, price=price, fee=fee)


def _later(tape: Tape, at: datetime) -> float:
    """Give how many shares one share has become since."""
    return float(np.prod(tape.split[int(np.searchsorted(np.array(tape.at), _micros(at), side="right")) :]))


def _micros(at: datetime) -> int:
    return round((at - instant(0)).total_seconds() * 1_000_000)


def per_year(tapes: Mapping[str, Tape], moments: Sequence[int] = ()) -> float:
    """Give how many bars a year has by the calendars: sessions of 2000 to 2019, times the bars of a session.

    Where calendars or lengths are mixed, or bars lie outside the hours, there are more moments: a share's close and a
    coin's are two in one day. Then it is how many there were in as many sessions as a year has, by the calendar that
    trades most often.

    Parameters
    ----------
    tapes
        What is played.
    moments
        When bars closed, ascending, microseconds since 1970 UTC; none if they don't matter.
    """
    kinds = {(tape.instrument.calendar, tape.timeframe) for tape in tapes.values()}
    usual = max(_yearly(*one) for one in kinds)
    if not len(moments) or (len(kinds) == 1 and not any(_outside(tape) for tape in tapes.values())):
        return usual
    often = max((name for name, _ in kinds), key=lambda name: (_yearly(name, DAY), name))
    venue = calendar(often)
    first, last = (venue.dated(instant(moments[place] - 1)) for place in (0, -1))
    days = len(venue.sessions(first, last))
    return float(round(len(moments) * _yearly(often, DAY) / days)) if days else usual


def _outside(tape: Tape) -> bool:
    """Say whether bars within a day lie outside the venue's hours."""
    if tape.timeframe.span >= DAY.span:
        return False
    at = pl.Series(tape.at, dtype=pl.Int64).cast(_INSTANT)
    return bool(sessions(at, calendar(tape.instrument.calendar), tape.timeframe).is_null().any())


def _yearly(name: str, timeframe: Timeframe) -> float:
    first, last = _YEARS
    if timeframe == WEEK:
        return 52.0
    venue = calendar(name)
    sessions = len(venue.sessions(date(first, 1, 1), date(last, 12, 31))) / (last - first + 1)
    if timeframe == DAY:
        return float(round(sessions))
    hours = (venue.closing - venue.opening) / timeframe.span
    return float(round(sessions * max(1.0, hours)))


def _returns(equity: _Array, cash: float) -> _Array:
    """Give the return of each bar; once all is lost nothing moves any more."""
    whole = np.concatenate(([cash], equity))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = whole[1:] / whole[:-1] - 1
    lost = np.minimum.accumulate(whole[:-1]) <= 0
    return np.where(lost | ~np.isfinite(found), 0.0, np.maximum(found, -1.0))
