"""Calls of a strategy's own code: what it raises there becomes an error that names it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import AraError, StrategyError, ValidationError
from ara.plugins import told
from ara.trading.strategy import Planned, planned_sizes
from ara.trading.tape import Tape

__all__ = ["made_anew", "planned"]


def made_anew(make: Callable[..., Any], **chosen: Any) -> Any:
    """Make a strategy.

    Raises
    ------
    StrategyError
        It raised something of its own, or there is nothing that makes it.
    AraError
        It said what is wrong with its parameters.
    """
    if not callable(make):
        raise ValidationError(
            f"a strategy is made by its class or a function, not by {type(make).__name__}",
            hint="Give the class itself: run(MyStrategy, tapes).",
        )
    try:
        return make(**chosen)
    except AraError:
        raise
    except (Exception, SystemExit) as error:
        name = getattr(make, "__name__", type(make).__name__)
        words = ", ".join(f"{one} {value}" for one, value in chosen.items())
        said = f"the strategy {name} can't be made{f' with {words}' if words else ''}: {told(error)}"
        raise StrategyError(said, hint="Make it alone in Python to see where it raises.") from error


def planned(strategy: Planned, tape: Tape) -> NDArray[np.float64]:
    """Give the plan of a tape, one finite size or NaN for each bar.

    Raises
    ------
    StrategyError
        It raised, or gave no plan.
    """
    name = type(strategy).__name__
    try:
        return planned_sizes(strategy.plan(tape), tape.instrument.symbol, tape)
    except StrategyError:
        raise
    except AraError as error:
        raise StrategyError(f"the strategy {name} failed to plan: {error.message}", hint=error.hint) from error
    except (Exception, SystemExit) as error:
        raise StrategyError(f"the strategy {name} failed to plan: {told(error)}") from error
