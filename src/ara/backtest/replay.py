"""Prefix replay: a strategy runs again on bars that end earlier, and must plan and decide as it did before."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.engine import Decision, Played, play, prepared
from ara.backtest.moments import drawn, size
from ara.errors import ForesightError, StrategyError
from ara.trading.costs import Costs
from ara.trading.strategy import Planned, Strategy
from ara.trading.tape import Tape, instant

__all__ = ["PLANS", "Cut", "Replay", "replayed"]

PLANS: Final = 16
"""How many plans are compared for each replay that is asked for, where plans are all that a strategy decides by."""

_SHORT: Final = 3

_Plans = Mapping[str, list[float]]
_Whole = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One replay: the moment at which its bars ended, and how many decisions before it agree; all planned bars do."""

    at: datetime
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the replays of a back-test showed, and what they cost.

    Parameters
    ----------
    cuts
        Each replay; in all of them the strategy decided as it did with all bars.
    moments
        How many moments were played or planned again.
    seconds
        Processor time that it took.
    planned
        Whether plans were compared, bar by bar, rather than what was decided.
    """

    cuts: tuple[Cut, ...]
    moments: int
    seconds: float
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """What it takes to run a strategy again."""

    make: Callable[[], Strategy]
    tapes: Mapping[str, Tape]
    name: str
    cash: Decimal
    costs: Costs
    start: datetime | None

    def until(self, moment: int) -> dict[str, Tape]:
        return {symbol: part for symbol, tape in self.tapes.items() if len(part := tape.until(moment))}

    def decided(self, tapes: Mapping[str, Tape]) -> Played:
        done = play(self.make(), tapes, cash=self.cash, costs=self.costs, start=self.start)
        if done.failure is not None:
            raise done.failure
        return done

    def planned(self, tapes: Mapping[str, Tape]) -> tuple[_Plans, tuple[float, ...]]:
        """Give the plans, and what protects positions."""
        strategy = self.make()
        failure = prepared(strategy, tapes)
        if failure is not None:
            raise failure
        inner = _plan_of(strategy)
        return ({}, ()) if inner is None else (inner.plans, (inner.stop, inner.target, inner.trail))


def replayed(
    make: Callable[[], Strategy],
    tapes: Mapping[str, Tape],
    run: Played,
    *,
    name: str,
    cash: Decimal,
    costs: Costs,
    start: datetime | None,
    cuts: int,
    seed: int,
) -> Replay:
    """Run again on bars that end at moments drawn from those at which the strategy acted, held most, and from all.

    Where all that it decides follows from plans, plans are compared at every bar, and 16 times as many of them (not of
    those that say they are costly). Else it is played again: `cuts` times up to any such moment, and three times as
    often up to early ones, which costs little.

    Parameters
    ----------
    make
        Makes the strategy anew.
    tapes
        The instruments by symbol.
    run
        What it did with all bars.
    name
        What the strategy is called.
    cash, costs, start
        As they were for `run`.
    cuts
        How often.
    seed
        Of the moments.

    Raises
    ------
    ForesightError
        The strategy planned or decided otherwise: it looked at bars that came later. `context` tells when, and what it
        said.
    StrategyError
        It decides otherwise on the same bars too, or fails on fewer.
    """
    begin = time.process_time()
    again = _Again(make=make, tapes=tapes, name=name, cash=cash, costs=costs, start=start)
    first = max((tape.known[0] for tape in tapes.values()), default=0)
    kind = _plan_of(make())
    if kind is not None:
        found, total = _replanned(again, run, drawn(run, cuts * (1 if kind.costly else PLANS), seed, since=first))
        return Replay(cuts=found, moments=total, seconds=time.process_time() - begin, planned=True)
    moments = drawn(run, cuts, seed, since=first)
    moments += drawn(run, cuts * _SHORT, seed, early=True, since=first, but=moments)
    found, total = _played_again(again, run, sorted(moments))
    return Replay(cuts=found, moments=total, seconds=time.process_time() - begin)


def _played_again(again: _Again, run: Played, moments: list[int]) -> tuple[tuple[Cut, ...], int]:
    done, total = [], 0
    for until in moments:
        shorter = again.decided(again.until(until))
        total += len(shorter.moments)
        before = [one for one in run.decisions if one[0] <= until]
        differs = _differs(before, shorter.decisions)
        if differs is not None:
            if _differs(run.decisions, again.decided(again.tapes).decisions) is not None:
                raise _fickle(again.name)
            told, other = (one[differs] if differs < len(one) else None for one in (before, shorter.decisions))
            at = min(one[0] for one in (told, other) if one is not None)
            raise _evidence(again.name, at, until, f"wanted {_words(told)}", _words(other))
        done.append(Cut(at=instant(until), decisions=len(before)))
    return tuple(done), total


def _replanned(again: _Again, run: Played, moments: list[int]) -> tuple[tuple[Cut, ...], int]:
    """Plan anew on shorter bars, and compare every bar of them."""
    plans, protection = again.planned(again.tapes)
    whole = {symbol: np.array(plan) for symbol, plan in plans.items()}
    done, total = [], 0
    at = np.array([one[0] for one in run.decisions], np.int64)
    for until in moments:
        shorter, guarded = again.planned(again.until(until))
        total += sum(map(len, shorter.values()))
        differs = _plans_differ(whole, shorter)
        if differs is not None or guarded != protection:
            anew, kept = again.planned(again.tapes)
            if _plans_differ(whole, anew) is not None or kept != protection:
                raise _fickle(again.name)
            raise _planned_otherwise(again, until, whole, shorter, differs, (protection, guarded))
        done.append(Cut(at=instant(until), decisions=int(np.searchsorted(at, until, side="right"))))
    return tuple(done), total


def _plans_differ(whole: _Whole, shorter: _Plans) -> tuple[str, int] | None:
    """Give the instrument and the bar of the first plan that is not alike; None where all are."""
    for symbol, plan in shorter.items():
        same = np.isclose(whole[symbol][: len(plan)], np.array(plan), rtol=1e-9, atol=1e-12, equal_nan=True)
        if not same.all():
            return symbol, int(same.argmin())
    return None


def _planned_otherwise(
    again: _Again,
    until: int,
    whole: _Whole,
    shorter: _Plans,
    differs: tuple[str, int] | None,
    protections: tuple[tuple[float, ...], tuple[float, ...]],
) -> ForesightError:
    if differs is None:
        told, other = (", ".join(f"{value:.4g}" for value in one) for one in protections)
        return _evidence(again.name, until, until, f"had the stop, target and trail {told}", other)
    symbol, bar = differs
    first, second = (_share(float(one[bar]), symbol) for one in (whole[symbol], shorter[symbol]))
    return _evidence(again.name, again.tapes[symbol].known[bar], until, f"planned {first}", second)


def _plan_of(strategy: Strategy) -> Planned | None:
    """Give the strategy where all that it decides follows from plans."""
    return strategy if isinstance(strategy, Planned) and strategy.alone else None


def _differs(before: list[Decision], again: list[Decision]) -> int | None:
    """Give the place of the first decision that is not alike; None where all are."""
    for place, (one, other) in enumerate(zip(before, again, strict=False)):
        if one[:2] != other[:2] or not all(map(_alike, one[2], other[2])):
            return place
    return None if len(before) == len(again) else min(len(before), len(again))


def _alike(one: object, other: object) -> bool:
    """Compare two parts of a wish; sums in another order may differ in the last digits."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return one == other


def _fickle(name: str) -> StrategyError:
    return StrategyError(f"the strategy {name} decides otherwise each time", hint="Seed what is random in it.")


def _evidence(name: str, when: int, until: int, told: str, other: str) -> ForesightError:
    at, end = instant(when), instant(until)
    return ForesightError(
        f"the strategy {name} saw the future: at {at:%Y-%m-%d %H:%M} UTC it {told}, and without the bars after "
        f"{end:%Y-%m-%d %H:%M} {other}",
        at=at.isoformat(),
        cut=end.isoformat(),
        with_later_bars=told.split(" ", 1)[1],
        without=other,
    )


def _words(decision: Decision | None) -> str:
    return "nothing new" if decision is None else _share(size(decision), decision[1])


def _share(value: float, symbol: str) -> str:
    return "nothing new" if math.isnan(value) else f"{value:.4g} of the equity in {symbol}"
