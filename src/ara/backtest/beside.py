"""What stands beside a result: the same positions at random times, a mix, and what each decision brought."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.engine import Played, play
from ara.backtest.holdings import Holdings, holdings
from ara.errors import ValidationError
from ara.market.instrument import AssetClass
from ara.performance.attribution import by_decision
from ara.performance.benchmarks import RandomEntry, random_entry
from ara.performance.inputs import returns_of
from ara.performance.returns import Measures, measure
from ara.trading.costs import Costs
from ara.trading.strategy import Signal, View
from ara.trading.tape import Tape, instant

__all__ = ["DRAWS", "Beside", "Mix", "beside", "decisions", "mixed", "timing", "usual_mix"]

DRAWS: Final = 500
"""At how many other times the positions are tried, where the bars are few enough."""

_AT_ONCE: Final = 3_000_000
_FEWEST: Final = 50
_BOND: Final = re.compile(r"\b(bond|bonds|treasury|treasuries)\b", re.IGNORECASE)
_STOCKS: Final = 0.6

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Instruments held in given shares, brought back to them each month, with the same costs.

    Parameters
    ----------
    weights
        Of each symbol; they sum to 1.
    measures
        Of the mix over the same moments.
    """

    weights: Mapping[str, float]
    measures: Measures

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"weights": dict(self.weights), "measures": self.measures.as_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a strategy is held against, but buy and hold.

    Parameters
    ----------
    random
        The same positions at other times: same sizes, holding times, turnover and exposure, no timing.
    mix
        A mix such as 60/40; None where none applies.
    decisions
        What being in the market, timing, selection, sizing and costs brought: sums of simple returns of the bars, which
        add up to `total`, not compounded.
    active
        Return of each bar beyond being in the market as much as on average: all but the market's part.
    """

    random: RandomEntry
    mix: Mix | None
    decisions: Mapping[str, float]
    active: NDArray[np.float64] = field(repr=False, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "random_entry": asdict(self.random),
            "mix": None if self.mix is None else self.mix.as_dict(),
            "decisions": dict(self.decisions),
        }


def beside(run: Played, *, per_year: float, seed: int = 0, mix: Mix | None = None) -> Beside:
    """Hold a run against the same positions at other times, and divide what it brought by decisions.

    Parameters
    ----------
    run
        What was played.
    per_year
        Bars of a year.
    seed
        Of the other times.
    mix
        As `mixed` gives it.
    """
    held = holdings(run)
    told, active = decisions(held)
    return Beside(random=timing(held, per_year=per_year, seed=seed), mix=mix, decisions=told, active=active)


def decisions(held: Holdings) -> tuple[dict[str, float], _Array]:
    """Divide what was earned into market, timing, selection, sizing and cost; see `ara.performance.by_decision`.

    Gives the sums, and for each bar all but the market's part.
    """
    moments, parts, count = held.weights.shape
    rows = (moments * parts, count)
    found = by_decision(held.weights.reshape(rows), held.returns.reshape(rows))
    totals, cost = found.totals(), -float(held.costs.sum())
    active = held.earned - found.market.reshape(moments, parts).sum(axis=1)
    return {**totals, "cost": cost, "total": totals["total"] + cost}, active


def timing(held: Holdings, *, per_year: float, draws: int = DRAWS, seed: int = 0) -> RandomEntry:
    """Hold a run's positions against the same ones at other times.

    Overnight and session move together; where something was filled within a session, the mean of its parts counts.
    What trading cost goes along with what was traded.

    Parameters
    ----------
    held
        What was held.
    per_year
        Bars of a year.
    draws
        How many other times, fewer where there are very many bars.
    seed
        Of which they are.
    """
    weights = np.concatenate((held.weights[:, 0], held.weights[:, 1:].mean(axis=1)), axis=1)
    whole = np.prod(1 + held.returns[:, 1:], axis=1) - 1
    moved = np.concatenate((held.returns[:, 0], whole), axis=1)
    traded = float(np.abs(weights - np.roll(weights, 1, axis=0)).sum())
    paid = min(max(float(held.costs.sum()), 0.0) / traded, 0.99) if traded > 0 else 0.0
    count = min(draws, max(_FEWEST, _AT_ONCE // max(weights.size, 1)))
    return random_entry(weights, moved, per_year=per_year, cost=paid, draws=count, seed=seed)


class _Mixed:
    """Holds given shares, and trades back to them at the first bar of each month."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights, self._months = dict(weights), dict.fromkeys(weights, (0, 0))

    def decide(self, view: View) -> list[Signal]:
        month = (view.moment.year, view.moment.month)
        due = [one for one, last in self._months.items() if view.fresh(one) and last != month]
        self._months.update(dict.fromkeys(due, month))
        return [Signal(symbol=one, size=self._weights[one], again=True) for one in due]


def mixed(
    weights: Mapping[str, float],
    tapes: Mapping[str, Tape],
    moments: Sequence[int],
    *,
    cash: Decimal,
    costs: Costs,
    per_year: float,
) -> Mix:
    """Play a mix over a run's time and measure it at the run's moments.

    Parameters
    ----------
    weights
        Shares that sum to 1, by symbol.
    tapes
        Bars of each of them.
    moments
        The run's, microseconds since 1970 UTC.
    cash, costs, per_year
        As the run's.

    Raises
    ------
    ValidationError
        The shares are no mix, or an instrument of it has no bar in that time.
    """
    if lacking := [one for one in weights if one not in tapes]:
        raise ValidationError(f"the mix names {lacking[0][:40]}, of which there are no bars")
    if not weights or min(weights.values()) <= 0 or abs(sum(weights.values()) - 1) > 1e-9:
        raise ValidationError("the mix's shares are above 0 and sum to 1", hint="--mix SPY=60 --mix TLT=40")
    known = {one: part for one in weights if len(part := tapes[one].until(moments[-1]))}
    if short := [one for one in weights if one not in known or known[one].known[0] > moments[-1]]:
        raise ValidationError(f"there is no bar of {short[0]} for the mix in that time")
    done = play(_Mixed(weights), known, cash=cash, costs=costs, start=instant(moments[0]))
    unit = float(done.exchange.book.unit)
    place = np.searchsorted(np.array(done.moments), np.array(moments), side="right") - 1
    equity = np.where(place >= 0, np.array(done.equity, np.float64)[place] * unit, float(cash))
    returns = returns_of(np.maximum(np.concatenate(([float(cash)], equity)), 0.0))
    return Mix(weights=dict(weights), measures=measure(returns, per_year=per_year))


def usual_mix(tapes: Mapping[str, Tape]) -> dict[str, float]:
    """Give 60/40 where there are both: 60 % in what is no bond fund, 40 % in those that are; else nothing."""
    bonds = [one for one, tape in tapes.items() if _is_bond(tape)]
    others = [one for one in tapes if one not in bonds]
    if not bonds or not others:
        return {}
    shares = {one: _STOCKS / len(others) for one in others}
    return {**shares, **{one: (1 - _STOCKS) / len(bonds) for one in bonds}}


def _is_bond(tape: Tape) -> bool:
    made = tape.instrument
    return made.asset_class is AssetClass.ETF and _BOND.search(made.name) is not None
