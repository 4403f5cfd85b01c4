"""The look at a hold-out that models of one call share."""

from datetime import datetime

from ara.desk import Desk
from ara.performance.trials import Look, Trials

__all__ = ["Judging"]


class Judging:
    """One look at the hold-out for all models of a call: chance is shared among all of them, the limit is used once.

    The look is counted when the first of them is about to be judged. Where the limit is used up, none is judged and
    nothing is counted.

    Parameters
    ----------
    desk
        The desk of the process.
    models
        How many are to be judged, at most.
    """

    def __init__(self, desk: Desk, models: int = 1) -> None:
        self._trials = Trials(desk)
        self._models = models
        self._taken: dict[tuple[tuple[str, ...], datetime, datetime], tuple[Look, bool]] = {}

    async def look(self, symbols: tuple[str, ...], first: datetime, last: datetime, *, what: str) -> tuple[Look, bool]:
        """Give the look at these bars, and whether it may be taken.

        Parameters
        ----------
        symbols
            Instruments whose bars are looked at.
        first, last
            When the first and the last of the bars were public.
        what
            What is judged, where it is a single model.
        """
        key = (symbols, first, last)
        if key not in self._taken:
            said = what if self._models == 1 else f"train {self._models} families"
            found = await self._trials.looked(symbols, first, last)
            allowed = found.used < found.limit
            if allowed:
                found = await self._trials.look(symbols, first, last, what=said, judged=self._models)
            self._taken[key] = (found, allowed and not found.burnt)
        return self._taken[key]
