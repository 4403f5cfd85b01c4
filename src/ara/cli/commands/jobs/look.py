"""`ara jobs list` and `show`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.jobs.asked import facts, number_of, with_queue
from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.jobs import State

__all__ = ["listing", "show"]


def listing(
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="waiting, running, done, failed, cancelled or all")
    ] = "all",
) -> None:
    """List the jobs: those that run, the line, and those that ended.

    ::

        ara jobs list
        ara jobs list --state failed
        ara jobs list --json
    """
    from ara.cli.render.jobs import table_of

    s = screen()
    only = _state(state)
    found = with_queue(s, lambda queue: queue.all(state=only))
    s.result({"schema": 1, "jobs": [facts(one) for one in found]}, lambda: table_of(found, s))


def show(job: Annotated[str, typer.Argument(metavar="JOB", help="Its number")]) -> None:
    """Show one job: what it does, what it may use, how far it is and what came of it.

    ::

        ara jobs show 1
        ara jobs show 1 --json
    """
    from ara.cli.render.jobs import job_words

    s = screen()
    number = number_of(job)
    found = with_queue(s, lambda queue: queue.get(number))
    s.result({"schema": 1, **facts(found)}, lambda: job_words(found, s))


def _state(text: str) -> "State | None":
    from ara.jobs import State

    asked = text.strip().lower()
    if asked in {"", "all"}:
        return None
    try:
        return State(asked)
    except ValueError:
        raise ValidationError(
            f"--state is {clean(text)[:40]!r}.", hint=f"It is {', '.join(one.value for one in State)} or all."
        ) from None
