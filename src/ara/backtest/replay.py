"""Prefix replay: a strategy runs again on bars that end at random moments, and must decide as it did before."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from ara.backtest.engine import Decision, Played, play
from ara.errors import ForesightError, StrategyError
from ara.trading.costs import Costs
from ara.trading.strategy import Strategy
from ara.trading.tape import Tape, instant

__all__ = ["Cut", "Replay", "replayed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One replay: the moment at which its bars ended, and how many decisions agree."""

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
        How many moments were played again.
    seconds
        Processor time that it took.
    """

    cuts: tuple[Cut, ...]
    moments: int
    seconds: float


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
    """Play again on bars cut at random moments.

    Parameters
    ----------
    make
        Makes the strategy anew.
    tapes, run, cash, costs, start
        What was played, and how it went.
    name
        What the strategy is called.
    cuts
        How many replays.
    seed
        Of the moments.

    Raises
    ------
    ForesightError
        The strategy decided otherwise: it looked at bars that came later. `context` tells when, and what it said.
    StrategyError
        It decides otherwise on the same bars too.
    """
    begin = time.process_time()
    done, total = [], 0
    for until in _moments(run, cuts, seed):
        cut = {symbol: part for symbol, tape in tapes.items() if len(part := tape.until(until))}
        again = play(make(), cut, cash=cash, costs=costs, start=start)
        total += len(again.moments)
        before = [one for one in run.decisions if one[0] <= until]
        differs = _differs(before, again.decisions)
        if differs is not None:
            if _differs(run.decisions, play(make(), tapes, cash=cash, costs=costs, start=start).decisions) is not None:
                raise StrategyError(
                    f"the strategy {name} decides otherwise each time", hint="Seed what is random in it."
                )
            told, other = (one[differs] if differs < len(one) else None for one in (before, again.decisions))
            raise _evidence(name, until, told, other)
        done.append(Cut(at=instant(until), decisions=len(before)))
    return Replay(cuts=tuple(done), moments=total, seconds=time.process_time() - begin)


def _moments(run: Played, cuts: int, seed: int) -> list[int]:
    """Give where to cut: by turns at a decision for the most, at one for the least, and at any moment but the last.

    Who looks one bar ahead errs at the very end of shorter bars alone, and mostly where he is about to change his mind.
    """
    random = np.random.default_rng(seed)
    any_of = run.moments[:-1]
    found: set[int] = set()
    sizes = {one[2][0] for one in run.decisions}
    for number in range(cuts):
        turn = number % 3
        extreme = (max if turn == 0 else min)(sizes, default=0.0, key=_size)
        told = [one[0] for one in run.decisions if one[2][0] == extreme and one[0] != run.moments[-1]]
        pool = [one for one in (told if turn < 2 else any_of) if one not in found] or [
            one for one in any_of if one not in found
        ]
        if pool:
            found.add(pool[int(random.integers(len(pool)))])
    return sorted(found)


def _size(value: object) -> float:
    return value if isinstance(value, float) else float(str(value))


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


def _evidence(name: str, until: int, told: Decision | None, other: Decision | None) -> ForesightError:
    at = instant(min(one[0] for one in (told, other) if one is not None))
    end = instant(until)
    first, second = _words(told), _words(other)
    return ForesightError(
        f"the strategy {name} saw the future: at {at:%Y-%m-%d %H:%M} UTC it wanted {first}, and without the bars after "
        f"{end:%Y-%m-%d %H:%M} {second}",
        at=at.isoformat(),
        cut=end.isoformat(),
        with_later_bars=first,
        without=second,
    )


def _words(decision: Decision | None) -> str:
    return "nothing new" if decision is None else f"{_size(decision[2][0]):.4g} of the equity in {decision[1]}"
