"""How long the rest of some work takes, by the pace of what is done: nothing is said until that is worth something."""

from itertools import pairwise
from typing import Final

__all__ = ["Pace"]

_ENOUGH: Final = 2.0  # seconds of measured work
_FEWEST: Final = 3  # reports that measure it
_PART: Final = 0.2  # of the work, which is enough in fewer reports
_ODD: Final = 0.6  # of all that was measured, in one piece
_MOST: Final = 64


class Pace:
    """Measures pieces of work from the first on that is told of, and says what is left.

    What comes before that first report is left out of the measure: beginning, compiling, and the pieces that were known
    from an earlier run. So are a piece that took longer than all others, in which something was compiled, and the first
    half of what was measured, as work often quickens or slows.

    The caller says what time it is, in seconds of any clock that never goes back.
    """

    __slots__ = ("_last", "_marks", "_stride", "_times")

    def __init__(self) -> None:
        self._marks: list[tuple[int, float]] = []
        self._last = (0, 0.0)
        self._times, self._stride = 0, 1

    def heard(self, done: int, at: float) -> None:
        """Take note of how many pieces are done; where there are fewer than before, other work has begun."""
        if done < self._last[0]:
            self.anew()
        if done <= self._last[0]:
            return
        self._last = (done, at)
        if not self._times % self._stride:
            self._marks.append(self._last)
        self._times += 1
        if len(self._marks) > _MOST:
            self._marks, self._stride = self._marks[::2], 2 * self._stride

    def anew(self) -> None:
        """Forget what was measured: other work begins."""
        self._marks, self._last, self._times, self._stride = [], (0, 0.0), 0, 1

    def a_second(self, total: int) -> float | None:
        """Give how many pieces of so many are done in a second; None while that is not known."""
        each = self._each(total) if self._marks else None
        return 1 / each if each else None

    def left(self, total: int, at: float) -> float | None:
        """Give the seconds that the rest of so many pieces takes; None while that is not known."""
        each = self._each(total) if self._marks else None
        if each is None:
            return None
        done, last = self._last
        waited = at - last
        # the piece at work is as long as it has taken at least
        return max((total - done) * each - waited, (total - done - 1) * each, 0.0)

    def _each(self, total: int) -> float | None:
        """Give the seconds of a piece; None while too little is measured."""
        marks = self._steady()
        (first, began), (done, last) = marks[0], marks[-1]
        if done == first or last - began < _ENOUGH:
            return None
        if min(self._times, len(marks)) <= _FEWEST and done - first < _PART * (total - first):
            return None
        half = began + (last - began) / 2
        before, since = max((mark for mark in marks if mark[1] <= half), key=lambda mark: mark[1])
        return (last - since) / (done - before)

    def _steady(self) -> list[tuple[int, float]]:
        """Give what was measured after a piece that took longer than all others: something was made for the rest."""
        marks = self._marks if self._marks[-1] == self._last else [*self._marks, self._last]
        spans = [after[1] - before[1] for before, after in pairwise(marks)]
        longest = max(range(len(spans)), key=spans.__getitem__, default=0)
        odd = len(spans) >= _FEWEST and spans[longest] > _ODD * (marks[-1][1] - marks[0][1])
        return marks[longest + 1 :] if odd else marks
