"""`ara jobs list`, `show`, `result`, `logs` and `schedule`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.jobs.asked import number_of, with_queue
from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.jobs import Queue, State

__all__ = ["listing", "logs", "result", "schedule", "show"]


def listing(
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="waiting, running, done, failed, cancelled or all")
    ] = "all",
    queues: Annotated[
        str,
        typer.Option(
            "--queues", metavar="NAMES", help="Only predictions, backtests, training or upkeep; several by commas"
        ),
    ] = "",
) -> None:
    """List the jobs: those that run, the line, and those that ended.

    ::

        ara jobs list
        ara jobs list --state failed
        ara jobs list --queues backtests --json
    """
    from ara.cli.commands.jobs.work import names_of
    from ara.cli.render.jobs import table_of
    from ara.jobs.document import to_document

    s = screen()
    only, named = _state(state), names_of(queues)
    found = [one for one in with_queue(s, lambda queue: queue.all(state=only)) if one.queue in named]
    s.result({"schema": 1, "jobs": [to_document(one) for one in found]}, lambda: table_of(found, s))


def show(job: Annotated[str, typer.Argument(metavar="JOB", help="Its number")]) -> None:
    """Show one job: what it does, what it may use, how far it is and what came of it.

    ::

        ara jobs show 1
        ara jobs show 12 --quiet
        ara jobs show 1 --json
    """
    from ara.cli.render.jobs import job_words
    from ara.jobs.document import to_document

    s = screen()
    number = number_of(job)
    found = with_queue(s, lambda queue: queue.get(number))
    s.result({"schema": 1, **to_document(found)}, lambda: job_words(found, s))


def result(job: Annotated[str, typer.Argument(metavar="JOB", help="Its number")]) -> None:
    """Give what came of a job: the document that its command prints with --json.

    ::

        ara jobs result 1
        ara jobs result 1 --json
        ara jobs result 12 --json > result.json
    """
    from ara.cli.render.jobs import result_words
    from ara.jobs import State
    from ara.jobs.document import to_document

    s = screen()
    number = number_of(job)
    found = with_queue(s, lambda queue: queue.get(number))
    if found.state is not State.DONE:
        words = f": {found.words}" if found.words else ""
        raise ValidationError(
            f"Job {number} is {found.state.value}{words}; nothing came of it.", hint=f"See: ara jobs show {number}"
        )
    s.result({"schema": 1, **to_document(found)["result"]}, lambda: result_words(found, s))


def logs(job: Annotated[str, typer.Argument(metavar="JOB", help="Its number")]) -> None:
    """Show what a job and its workers said.

    ::

        ara jobs logs 1
        ara jobs logs 12 --width 160
        ara jobs logs 1 --json
    """
    from ara.cli.render.jobs import log_words
    from ara.jobs.document import log_document
    from ara.jobs.journal import Log, lines_of

    s = screen()
    number = number_of(job)

    async def ask(queue: "Queue") -> Log:
        await queue.get(number)
        return await lines_of(queue.desk.store, number)

    found = with_queue(s, ask)
    s.result({"schema": 1, **log_document(number, found)}, lambda: log_words(number, found, s))


def schedule() -> None:
    """Show what is done by itself, when it is due next and how it went, and who sees to it.

    ::

        ara jobs schedule
        ara jobs schedule --set jobs.schedule.score=06:00
        ara jobs schedule --json

    The settings `jobs.schedule` say what and when: ara config set jobs.schedule.update "MON-FRI 22:30"
    """
    from ara.cli.render.jobs import schedule_words
    from ara.jobs.standing import standing

    s = screen()
    found = with_queue(s, lambda queue: standing(queue.desk))
    s.result({"schema": 1, **found.as_dict()}, lambda: schedule_words(found, s))


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
