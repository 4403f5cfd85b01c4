"""Every back-test is a look at its bars, and is counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ara.cli.screen import Screen

if TYPE_CHECKING:
    from ara.backtest import Result
    from ara.performance.trials import Look

__all__ = ["counted", "looked"]


def counted(s: Screen, found: "Result", *, times: int = 1, what: str = "") -> "Look":
    """Count the look at these bars, before anything is shown."""
    at = found.frame["at"]
    told, id = what or f"backtest {found.strategy}", found.lineage.id if times == 1 else ""
    return looked(s, found.symbols, at[0], at[-1], what=told, times=times, id=id)


def looked(
    s: Screen, symbols: Sequence[str], first: datetime, last: datetime, *, what: str, times: int = 1, id: str = ""
) -> "Look":
    """Count a look at the bars between two moments; that of a result which was seen before is no other."""

    async def ask() -> "Look":
        from ara.desk import Desk
        from ara.performance.trials import Trials

        async with Desk.open(s.settings()) as desk:
            return await Trials(desk).look(symbols, first, last, what=what, times=times, id=id)

    return s.run(ask())
