"""What the commands of `ara jobs` share: the line, and numbers of jobs."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from ara.cli.screen import Screen

if TYPE_CHECKING:
    from ara.jobs import Queue

__all__ = ["number_of", "with_queue"]

_T = TypeVar("_T")


def with_queue(s: Screen, ask: "Callable[[Queue], Awaitable[_T]]") -> _T:
    """Open the desk, ask its line of jobs, and close it."""

    async def asked() -> _T:
        from ara.desk import Desk
        from ara.jobs import Queue

        async with Desk.open(s.settings()) as desk:
            return await ask(Queue(desk))

    return s.run(asked())


def number_of(text: str) -> int:
    """Read the number of a job."""
    from ara.cli.commands.data.asked import counted

    return counted(text, "The job", most=10**9)
