"""Long work whose parts are kept: where Ctrl-C stops it, how much that is and how to go on is said."""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from ara.cli.screen import Screen

__all__ = ["Stopping"]


class Stopping:
    """Says where Ctrl-C stops the work within what is kept of it, and that the same command goes on from there.

    Parameters
    ----------
    screen
        Of this invocation.
    what
        What the parts of the work are called, many of them.
    """

    def __init__(self, screen: "Screen", what: str) -> None:
        self._screen, self._what = screen, what
        self._done, self._total = 0, 0

    def hearing(self, step: Callable[..., object]) -> Callable[[int, int], bool]:
        """Give what is told of each part, passes that on to a meter, and never stops the work."""

        def hear(done: int, total: int) -> bool:
            self.heard(done, total)
            step(done, total=total)
            return True

        return hear

    def heard(self, done: int, total: int) -> None:
        """Take note of how many parts of how many are done."""
        self._done, self._total = done, total

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._screen.note(f"Stopped; {self._kept()}")

    def _kept(self) -> str:
        on = "The same command goes on from there."
        if not self._total:
            return f"what was done of the {self._what} is kept. {on}"
        if not self._done:
            return f"none of the {self._total:,} {self._what} was done yet."
        if self._done >= self._total:
            return f"all {self._total:,} {self._what} are kept. {on}"
        return f"{self._done:,} of {self._total:,} {self._what} are kept. {on}"
