"""A limit to how long a strategy may think: one that never comes back is stopped, and what was done until then kept."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from ara.errors import StrategyError
from ara.trading.turn import gathered

__all__ = ["USUAL", "Patience", "waiting"]

USUAL: Final = 600.0
"""Seconds that a strategy has for one decision, one plan, or to prepare."""

_CALLS: Final = ("plan", "prepare", "decide")


class _LateError(BaseException):
    """Time is up; no Exception, so that a strategy that catches all of these doesn't catch it."""


class Patience:
    """Knows whether a strategy is at work, and for how many ticks on the same thing.

    Parameters
    ----------
    seconds
        How long it may take; it is stopped after this time and before twice of it.

    Attributes
    ----------
    struck
        Whether somebody was stopped.
    """

    __slots__ = ("inside", "seconds", "seen", "struck", "turns")

    def __init__(self, seconds: float) -> None:
        self.seconds, self.inside, self.turns, self.seen = seconds, False, 0, -1
        self.struck = False

    def tick(self, *_: object) -> None:
        """Stop the strategy if it was at the same thing a tick ago."""
        if self.inside and self.turns == self.seen:
            raise _LateError("time is up")
        self.seen = self.turns

    def late(self) -> StrategyError:
        """Give what is said of who was stopped."""
        self.struck = True
        return StrategyError(
            f"it gave no answer within {self.seconds:g} s and was stopped",
            hint="Look for a loop without an end, or give it longer: --time-limit 3600",
        )

    def watching(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """Give what makes the same strategies, with their calls watched."""

        def found(*given: Any, **named: Any) -> Any:
            strategy = self.called(make, *given, **named)
            calls = {name: each for name in _CALLS if callable(each := getattr(strategy, name, None))}
            try:
                for name, each in calls.items():
                    object.__setattr__(strategy, name, self._watched(each, name))  # past one that is frozen
            except (AttributeError, TypeError):  # it has slots for all that it has
                return _stand_in(strategy, {name: self._watched(each, name) for name, each in calls.items()})
            return strategy

        found.__name__ = getattr(make, "__name__", type(make).__name__)
        return found

    def called(self, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Call a stranger's function, and stop it where it takes too long."""
        outer, self.inside = self.inside, True
        self.turns += 1
        try:
            return function(*given, **named)
        except _LateError:
            raise self.late() from None
        finally:
            self.inside = outer

    def _watched(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        if name != "decide":
            return partial(self.called, method)
        return partial(self.called, lambda view: gathered(method(view)))


def _stand_in(strategy: Any, calls: Mapping[str, Callable[..., Any]]) -> Any:
    """Give what has the name and all else of a strategy, but other calls."""

    def found(_: Any, name: str) -> Any:
        return calls[name] if name in calls else getattr(strategy, name)

    return type(type(strategy).__name__, (), {"__slots__": (), "__getattr__": found})()


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
