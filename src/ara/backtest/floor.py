"""One instrument's past, laid out once: plan after plan is played on it by the loop that trades as the engine does."""

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.asking import made_anew, planned
from ara.backtest.engine import barless
from ara.backtest.kernel import HELPERS, measuring, playing
from ara.backtest.layout import ENOUGH, Account, account, costed, market
from ara.backtest.patience import waiting
from ara.backtest.result import per_year
from ara.backtest.skipping import Skipping, measured
from ara.errors import BacktestError, ValidationError
from ara.trading.book import Book
from ara.trading.costs import Costs
from ara.trading.funding import funded
from ara.trading.strategy import Planned
from ara.trading.tape import Tape

__all__ = ["PROTECTION", "Floor", "played"]

PROTECTION: Final = ("stop", "target", "trail")
"""Parameters that a plan doesn't depend on."""

_KEPT_PLANS: Final = 256
_SAME: Final = 1e-12
_MANY: Final = 250_000  # bars played one by one, which takes as long as to compile

_Parts = NDArray[np.float64]
_Loops = tuple[Callable[..., Any], Callable[..., None]]


class Floor:
    """One instrument's past for many plans.

    Parameters
    ----------
    tape
        Its bars.
    cash, costs
        What each play begins with, and what trading costs.
    start
        The first moment at which may be decided; all if None.
    machine
        Whether to run the loop as machine code from the beginning. As it stands it does the same, and needs no
        compiling; it is left for machine code where what is still to be played would take longer than to compile that.
    plays
        How many plays are to be expected.

    Attributes
    ----------
    equity
        What was owned at each bar of the last play, in units.
    first
        Number of the first bar at which may be decided.
    """

    def __init__(
        self, tape: Tape, cash: Decimal, costs: Costs, start: datetime | None, *, machine: bool = False, plays: int = 1
    ) -> None:
        if tape.rated is not None:
            raise ValidationError(
                f"the sweep keeps its book in the instrument's currency, and {tape.instrument.symbol} trades in "
                f"{tape.instrument.currency}, not in {tape.rated.currency}",
                hint="Leave --currency out, or test each of the parameters apart.",
            )
        if funded(tape, costs):
            raise ValidationError(
                f"the sweep knows nothing of funding, and {tape.instrument.symbol} has some",
                hint="Test each of the parameters apart, or leave funding out of --cost.",
            )
        moment = -(2**62) if start is None else int(start.timestamp() * 1_000_000)
        self.first = int(np.searchsorted(np.array(tape.known), moment))
        if self.first >= len(tape):
            raise barless({tape.instrument.symbol: tape})
        self._tape, self._costs = tape, costs
        self._machine = machine or (plays > 1 and _machine.cache_info().currsize > 0)
        self._lines = market(tape)
        self._play, self._measure = self._loops()
        self._plays, self._done, self._singles = plays, 0, 0
        self._book = Book({tape.instrument.symbol: tape}, cash, costs=costs)
        if self._book.start * self._book.leverage > ENOUGH:
            raise _too_large()
        self._root = math.sqrt(per_year({tape.instrument.symbol: tape}, tape.known[self.first :]))
        self._plans: dict[tuple[tuple[str, Any], ...], _Parts] = {}
        self.equity, self._gross = np.zeros(len(tape)), np.zeros(len(tape))

    @property
    def cash(self) -> float:
        """What each play begins with, in units."""
        return float(self._book.start)

    def tried(
        self,
        make: Callable[..., Planned],
        chosen: Mapping[str, Any],
        *,
        first: int | None = None,
        stop: int | None = None,
    ) -> dict[str, Any]:
        """Give the measures of one combination.

        Parameters
        ----------
        make
            Makes the strategy.
        chosen
            From which parameters.
        first, stop
            Numbers of the first bar, and of the first no more, of a part of the past.
        """
        strategy = made_anew(make, **chosen)
        if not isinstance(strategy, Planned):
            raise ValidationError(
                f"the strategy {type(strategy).__name__} decides by what is held; a sweep tries those that are Planned",
                hint="Test it with each of the parameters: ara backtest SYMBOL --param NAME=VALUE",
            )
        begin = self.first if first is None else first
        plan = self.planned(strategy, chosen)
        done = self.play(strategy, plan, np.zeros((0, 5), np.int64), first=begin, stop=stop)
        unit, found, equity = float(self._book.unit), np.zeros(4), self.equity[:stop]
        self._measure(equity, begin, self.cash, found)
        kept, mean, spread, deepest = found.tolist()
        return {
            "total": kept - 1.0,
            "sharpe": mean / spread * self._root if spread > _SAME else None,
            "drawdown": deepest,
            "fills": done.fills,
            "fees": done.paid * unit,
            "equity": float(equity[-1]) * unit,
        }

    def play(
        self,
        strategy: Planned,
        plan: _Parts,
        log: NDArray[np.int64],
        *,
        first: int | None = None,
        stop: int | None = None,
    ) -> Account:
        """Play one plan, or a part of it."""
        protection = {name: float(getattr(strategy, name)) for name in PROTECTION}
        begin = self.first if first is None else first
        settings, costs = costed(
            self._costs, self._book, self._tape, begin, len(self._tape) if stop is None else stop, **protection
        )
        state = account(self._book.start)
        singles = self._play(settings, costs, plan, state, log, self.equity, self._gross)
        if not self._machine:
            self._hurry(singles)
        done = Account.of(state)
        if done.failed:
            raise _too_large()
        return done

    def _hurry(self, singles: int) -> None:
        """Go on by machine code where the bars that are still to be played one by one are too many."""
        self._done, self._singles = self._done + 1, self._singles + singles
        if self._singles / self._done * (self._plays - self._done) > _MANY:
            self._machine = True
            self._play, self._measure = self._loops()

    def _loops(self) -> _Loops:
        """Give what plays settings, costs, a plan, a state, a log and the curves; and what measures."""
        if not self._machine:
            return Skipping(*self._lines), measured
        compiled, measures = _machine()
        return partial(compiled, *self._lines), measures

    def planned(self, strategy: Planned, chosen: Mapping[str, Any]) -> _Parts:
        """Give a plan, which stops and targets don't change."""
        key = tuple((name, value) for name, value in chosen.items() if name not in PROTECTION)
        if key not in self._plans:
            if len(self._plans) >= _KEPT_PLANS:
                self._plans.pop(next(iter(self._plans)))
            self._plans[key] = planned(strategy, self._tape)
        return self._plans[key]


@cache
def _machine() -> _Loops:
    """Give the loops that play and measure as machine code, compiled once per machine and kept beside their file."""
    from numba import njit
    from numba.extending import register_jitable

    for helper in HELPERS:
        register_jitable(helper)
    return njit(cache=True, nogil=True)(playing), njit(cache=True, nogil=True)(measuring)


def _too_large() -> BacktestError:
    return BacktestError(
        "the account is too large to be counted in steps as fine as these",
        hint="Begin with less cash, or trade in larger steps: --lot 0.001",
    )


def played(
    make: Callable[..., Planned],
    part: Sequence[Mapping[str, Any]],
    *,
    tape: Tape,
    cash: Decimal,
    costs: Costs,
    start: datetime | None,
    patience: float,
) -> Generator[tuple[Floor, dict[str, Any]]]:
    """Play combinations one after the other within the strategy's time; each floor tells of its last play alone."""
    floor = Floor(tape, cash, costs, start, plays=len(part))
    with waiting(patience) as patient:
        watched = make if patient is None else patient.watching(make)
        for chosen in part:
            yield floor, floor.tried(watched, chosen)
