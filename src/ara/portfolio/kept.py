"""How often to trade back to the same weights: what each rule would have cost, and how far off it let them be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.performance.returns import Measures, measure
from ara.portfolio.lots import Entry, settle
from ara.portfolio.triggers import PERIODS, Triggers
from ara.risk.moves import Moves

__all__ = ["RULES", "Kept", "kept", "read_rule"]

_Array = NDArray[np.float64]

RULES: Final = ("never", "month", "quarter", "year", "5%", "1.5x")
"""Rules that are compared where none is named."""

_SEEN: Final = 273
_BEGAN: Final = 10_000.0
_INDEX: Final = 100.0
_GRAIN: Final = 9
_LOTS: Final = ("fifo", "hifo")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """What came of weights that were traded back by a rule.

    Parameters
    ----------
    rule
        As it was named; `never` holds what was bought.
    dates, returns
        Of each day, costs paid.
    measures
        Of these returns.
    trades
        How often it was traded, the first purchase not counted.
    turnover
        Sum of the sizes of all changes of weights in a year, the first purchase not counted.
    costs
        Of these trades, as a share of what there was, in a year.
    tracking
        Deviation of a year between its returns and those of weights that are put right each day without cost.
    farthest
        The most that a weight was off at any close.
    gains
        What sales gained by the lots they gave up, `fifo` and `hifo`, as a share of what it began with.
    """

    rule: str
    dates: tuple[date, ...]
    returns: _Array
    measures: Measures
    trades: int
    turnover: float
    costs: float
    tracking: float
    farthest: float
    gains: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "rule": self.rule,
            "trades": self.trades,
            "turnover": self.turnover,
            "costs": self.costs,
            "tracking_error": self.tracking,
            "farthest": self.farthest,
            "realised": dict(self.gains),
            "measures": self.measures.as_dict(),
        }


def read_rule(text: str) -> Triggers | None:
    """Read a rule: `never`; `month` and its like, or `30` days; `5%` off; volatility `1.5x` its usual; `month+5%` both.

    None is never. Where several are joined by `+`, any of them is enough.

    Raises
    ------
    ValidationError
        It is none of these.
    """
    if text == "never":
        return None
    found: dict[str, Any] = {}
    for part in (one.strip() for one in text.split("+")):
        name, value = _part(part)
        if name in found:
            raise ValidationError(f"The rule {text[:40]!r} says {name} twice.", hint="Such as month+5%.")
        found[name] = value
    return Triggers(**found)


def _part(part: str) -> tuple[str, Any]:
    try:
        if part.endswith("%"):
            return "threshold", float(part[:-1]) / 100
        if part.endswith("x"):
            return "volatility", float(part[:-1])
    except ValueError:
        part = ""
    if part in PERIODS or part.isdecimal():
        return "every", part
    raise ValidationError(
        f"{part[:40]!r} is no rule.", hint=f"never, {', '.join(PERIODS)}, 30 (days), 5%, 1.5x, or some joined by +"
    )


def kept(moves: Moves, weights: Sequence[float], rules: Sequence[str] = RULES, *, cost: float = 0.0) -> list[Kept]:
    """Give what would have come of weights, traded back to by each rule at the closes at which it was due.

    A rule knows the returns up to its close alone; one of volatility is due once for each stretch that is
    wild or calm. What is traded is paid at that close; between trades weights drift.
    Cash, what is missing to 1, earns nothing.

    Parameters
    ----------
    moves
        Returns of what is held.
    weights
        Of each, 0 or above.
    rules
        As `read_rule` reads them.
    cost
        Of what is traded, as a share.
    """
    target = np.asarray(weights, np.float64)
    if target.shape != (len(moves.symbols),) or not np.isfinite(target).all() or (target < 0).any() or not target.any():
        raise ValidationError("The weights are not 0 or above, or not one of each.", hint="Write AAPL=0.6,TLT=0.4")
    return [_kept(moves, target, rule, cost) for rule in dict.fromkeys(rules)]


def _kept(moves: Moves, target: _Array, rule: str, cost: float) -> Kept:
    account, due = _Account(moves.symbols, target, cost), _Due(read_rule(rule), moves.dates[0])
    days = len(moves)
    out, farthest = np.zeros(days), 0.0
    for day in range(days):
        before = account.worth()
        account.move(moves.returns[day])
        now = account.weights()
        off = float(np.abs(now - target).max())
        farthest = max(farthest, off)
        past = moves.returns[max(day + 1 - _SEEN, 0) : day + 1] @ now
        if day + 1 < days and due.judge(off, moves.dates[day], past):
            account.trade(moves.dates[day])
        out[day] = account.worth() / before - 1 if before > 0 else 0.0
    years, apart = days / moves.per_year, out - moves.returns @ target
    return Kept(
        rule=rule, dates=moves.dates, returns=out, measures=measure(np.maximum(out, -1.0), per_year=moves.per_year),
        trades=account.trades, turnover=account.changed / years, costs=account.changed * cost / years,
        tracking=float(apart.std(ddof=1)) * moves.per_year**0.5 if days > 1 else 0.0, farthest=farthest,
        gains={name: account.gained(name) for name in _LOTS},
    )  # fmt: skip


class _Due:
    """Whether a rule is due at a close; of volatility only at the first close of a stretch that is wild or calm."""

    def __init__(self, triggers: Triggers | None, began: date) -> None:
        self.last, self.wild = began, False
        self.plain = self.stirred = None
        if triggers is not None and (triggers.every or triggers.threshold is not None):
            self.plain = replace(triggers, volatility=None)
        if triggers is not None and triggers.volatility is not None:
            self.stirred = Triggers(volatility=triggers.volatility)

    def judge(self, off: float, today: date, past: _Array) -> bool:
        due = self.plain is not None and self.plain.judge(off=off, today=today, last=self.last).due
        if self.stirred is not None:
            wild = self.stirred.judge(off=off, today=today, returns=past).due
            due, self.wild = due or (wild and not self.wild), wild
        self.last = today if due else self.last
        return due


class _Account:
    """Units of each at prices that began at 100, cash, and each trade as an entry for the lots."""

    def __init__(self, symbols: Sequence[str], target: _Array, cost: float) -> None:
        self.symbols, self.target, self.cost = symbols, target, cost
        self.prices = np.full(len(symbols), _INDEX)
        self.units = [Decimal(0) for _ in symbols]
        self.cash, self.changed, self.trades = _BEGAN, 0.0, 0
        self.entries: list[Entry] = []
        self.trade(date.min)
        self.changed, self.trades = 0.0, 0

    def values(self) -> _Array:
        return np.asarray(np.array([float(one) for one in self.units]) * self.prices)

    def worth(self) -> float:
        return float(self.values().sum()) + self.cash

    def weights(self) -> _Array:
        worth = self.worth()
        return self.values() / worth if worth > 0 else np.zeros(len(self.units))

    def move(self, returns: _Array) -> None:
        self.prices = self.prices * (1 + returns)

    def trade(self, on: date) -> None:
        """Trade to the target; what that costs is taken from the whole first."""
        worth, before = self.worth(), self.values()
        if worth <= 0 or (self.prices <= 0).any():
            return
        changed = float(np.abs(self.target - before / worth).sum())
        paid = worth * changed * self.cost
        for place, symbol in enumerate(self.symbols):
            price = float(self.prices[place])
            wanted = Decimal(repr(round(float(self.target[place]) * (worth - paid) / price, _GRAIN)))
            if step := wanted - self.units[place]:
                amount = Decimal(repr(round(abs(float(step)) * price, _GRAIN)))
                self.entries.append(Entry(symbol=symbol, on=on, quantity=step, amount=amount))
                self.units[place] = wanted
        self.cash = worth - paid - float(self.values().sum())
        self.changed += changed
        self.trades += 1

    def gained(self, lots: str) -> float:
        """Give what all sales gained, as a share of what it began with."""
        entries = [one if one.quantity > 0 else replace(one, method=lots) for one in self.entries]
        return float(sum((one.gain for one in settle(entries).sold), Decimal(0))) / _BEGAN
