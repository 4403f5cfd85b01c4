"""How long the rest of some work takes, by the pace of what is done: nothing is said until that is worth something."""

from typing import Final

__all__ = ["Pace"]

_ENOUGH: Final = 2.0  # seconds of measured work
_FEWEST: Final = 3  # reports that measure it
_PART: Final = 0.2  # of the work, which is enough in fewer reports
_MOST: Final = 64


class Pace:
    """Measures pieces of work from the first on that is told of, and says what is left.

    What comes before that first report is left out of the measure: beginning, compiling, and the pieces that were known
    from an earlier run. So is the first half of what was measured, as work often quickens or slows.

    The caller says what time it is, in seconds of any clock that never goes back.
    """

    __slots__ = ("_marks", "_times")

    def __init__(self) -> None:
        self._marks: list[tuple[int, float]] = []
        self._times = 0

    def heard(self, done: int, at: float) -> None:
        """Take note of how many pieces are done; where there are fewer than before, other work has begun."""
        if self._marks and done < self._marks[-1][0]:
            self.anew()
        if done <= 0 or (self._marks and done == self._marks[-1][0]):
            return
        self._marks.append((done, at))
        self._times += 1
        if len(self._marks) > _MOST:  # every other one, the first and the newest kept
            self._marks = [*self._marks[:-1:2], self._marks[-1]]

    def anew(self) -> None:
        """Forget what was measured: other work begins."""
        self._marks, self._times = [], 0

    def a_second(self, total: int) -> float | None:
        """Give how many pieces of so many are done in a second; None while that is not known."""
        each = self._each(total) if self._marks else None
        return 1 / each if each else None

    def left(self, total: int, at: float) -> float | None:
        """Give the seconds that the rest of so many pieces takes; None while that is not known."""
        each = self._each(total) if self._marks else None
        if each is None:
            return None
        done, last = self._marks[-1]
        waited = at - last
        # the piece at work is as long as it has taken at least
        return max((total - done) * each - waited, (total - done - 1) * each, 0.0)

    def _each(self, total: int) -> float | None:
        """Give the seconds of a piece; None while too little is measured."""
        (first, began), (done, last) = self._marks[0], self._marks[-1]
        if done == first or last - began < _ENOUGH:
            return None
        if self._times <= _FEWEST and done - first < _PART * (total - first):
            return None
        half = began + (last - began) / 2
        before, since = max((mark for mark in self._marks if mark[1] <= half), key=lambda mark: mark[1])
        return (last - since) / (done - before)
