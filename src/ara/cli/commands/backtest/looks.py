"""Every back-test is a look at its bars, and is counted."""

from typing import TYPE_CHECKING

from ara.cli.screen import Screen

if TYPE_CHECKING:
    from ara.backtest import Result
    from ara.performance.trials import Look

__all__ = ["counted"]


def counted(s: Screen, found: "Result", *, times: int = 1) -> "Look":
    """Count the look at these bars, before anything is shown."""

    async def ask() -> "Look":
        from ara.desk import Desk
        from ara.performance.trials import Trials

        at = found.frame["at"]
        async with Desk.open(s.settings()) as desk:
            what = f"backtest {found.strategy}"
            return await Trials(desk).look(found.symbols, at[0], at[-1], what=what, times=times)

    return s.run(ask())
