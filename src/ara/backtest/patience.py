"""A limit to how long a strategy may think: one that never comes back is stopped, and what was done until then kept."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from ara.errors import StrategyError
from ara.trading.strategy import Strategy, View
from ara.trading.tape import Tape

__all__ = ["USUAL", "Patience", "waiting"]

USUAL: Final = 600.0
"""Seconds that a strategy has for one decision, or to prepare."""


class _LateError(BaseException):
    """Time is up; no Exception, so that a strategy that catches all of these doesn't catch it."""


class Patience:
    """Knows whether a strategy is at work, and for how many ticks on the same thing.

    Parameters
    ----------
    seconds
        How long it may take; it is stopped after this time and before twice of it.
    """

    __slots__ = ("inside", "seconds", "seen", "turns")

    def __init__(self, seconds: float) -> None:
        self.seconds, self.inside, self.turns, self.seen = seconds, False, 0, -1

    def tick(self, *_: object) -> None:
        """Stop the strategy if it was at the same thing a tick ago."""
        if self.inside and self.turns == self.seen:
            raise _LateError("time is up")
        self.seen = self.turns

    def late(self) -> StrategyError:
        """Give what is said of who was stopped."""
        return StrategyError(
            f"it gave no answer within {self.seconds:g} s and was stopped",
            hint="Look for a loop without an end, or give it longer: --time-limit 3600",
        )

    def watching(self, strategy: Strategy) -> Strategy:
        """Give the strategy with its calls watched, under its own name."""
        kind = type(type(strategy).__name__, (_Watched,), {"__slots__": ()})
        found: Strategy = kind(strategy, self)
        return found


class _Watched:
    """A strategy whose calls are known to a patience."""

    __slots__ = ("_decide", "_inner", "_patience")

    def __init__(self, inner: Strategy, patience: Patience) -> None:
        self._inner, self._decide, self._patience = inner, inner.decide, patience

    @property
    def inner(self) -> Strategy:
        return self._inner

    def prepare(self, tapes: Mapping[str, Tape]) -> None:
        prepare: Any = getattr(self._inner, "prepare", None)
        if prepare is not None:
            self._called(prepare, tapes)

    def decide(self, view: View) -> Any:
        return self._called(self._decide, view)

    def _called(self, function: Any, given: object) -> Any:
        patience = self._patience
        patience.turns += 1
        try:
            patience.inside = True
            return function(given)
        except _LateError:
            raise patience.late() from None
        finally:
            patience.inside = False


@contextmanager
def waiting(seconds: float) -> Iterator[Patience | None]:
    """Watch over strategies for the length of a block; gives None where that can't be.

    Only the main thread can be called back, not on Windows, and not where somebody else has set an alarm.

    Parameters
    ----------
    seconds
        For one decision, or to prepare; 0 for as long as it takes.
    """
    alarm: Any = getattr(signal, "SIGALRM", None)
    if not seconds or alarm is None or signal.getsignal(alarm) is not signal.SIG_DFL:
        yield None
        return
    patience = Patience(seconds)
    try:
        signal.signal(alarm, patience.tick)
    except ValueError:  # not the main thread
        yield None
        return
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield patience
    except _LateError:  # it struck on the way out
        raise patience.late() from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(alarm, signal.SIG_DFL)
