"""`ara jobs add`."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.jobs.asked import with_queue
from ara.cli.commands.jobs.asks import WHAT, works_of
from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.jobs import Job, Needs, Queue, Work

__all__ = ["add"]

_MOST = 20


def add(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help=f"One of {', '.join(WHAT)}, and its words")],
    priority: Annotated[str, typer.Option("--priority", metavar="N", help="The highest goes first, -100 to 100")] = "0",
    every: Annotated[str, typer.Option("--every", metavar="SPAN", help="Do it again and again: 12h, 1d, 2w")] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="WHEN", help="Do it at times: 06:00, 'MON-FRI 18:30', '1,15 06:00'")
    ] = "",
    zone: Annotated[str, typer.Option("--zone", metavar="ZONE", help="Whose clocks --at means")] = "UTC",
    after: Annotated[
        str, typer.Option("--after", metavar="TIME", help="Not before this: 2026-01-05, or 2026-01-05T06:30Z")
    ] = "",
    cpus: Annotated[str, typer.Option("--cpus", metavar="N", help="Processors it may use")] = "1",
    memory: Annotated[
        str, typer.Option("--memory", metavar="SIZE", help="Stop it where it takes more: 800M, 2G; 0 for no bound")
    ] = "0",
    gpus: Annotated[str, typer.Option("--gpus", metavar="N", help="Graphics cards it may use")] = "0",
    seconds: Annotated[
        str, typer.Option("--time-limit", metavar="SECONDS", help="Stop it where it takes longer; 0 for no bound")
    ] = "0",
    retries: Annotated[
        str, typer.Option("--retries", metavar="N", help="Take it anew so often after an error that may pass")
    ] = "0",
) -> None:
    """Put work into the line: a training, a back-test, forecasts and so on.

    ::

        ara jobs add tune run AAPL --model drift --trials 50
        ara jobs add --priority 10 --memory 2G models train AAPL --model fast
        ara jobs add --time-limit 600 backtest AAPL MSFT --strategy momentum
        ara jobs add --every 1d --after 2026-01-05T06:30Z models review --act --tune
        ara jobs add --at "MON-FRI 06:00" --zone Europe/Berlin models review --act

    Options of the job stand before the command, those of the command behind it. `ara jobs work` does it.
    """
    from ara.cli.render.jobs import added_words
    from ara.jobs.document import to_document
    from ara.jobs.schedule import Schedule

    s = screen()
    works = works_of(s, command)
    terms = _terms(priority, every, after, retries)
    terms["needs"] = _needs(cpus, memory, gpus, seconds)
    terms["at"] = Schedule.read(at, zone.strip()) if at.strip() else None
    made = with_queue(s, lambda queue: _added(queue, works, terms))
    s.result({"schema": 1, "jobs": [to_document(one) for one in made]}, lambda: added_words(made, s))


async def _added(queue: "Queue", works: "list[Work]", terms: dict[str, Any]) -> "list[Job]":
    return [await queue.add(work, **terms) for work in works]


def _terms(priority: str, every: str, after: str, retries: str) -> dict[str, Any]:
    from ara.jobs.job import span_of

    span: timedelta | None = span_of(every, what="--every") if every else None
    again = _whole(retries, "--retries")
    if not 0 <= again <= _MOST:
        raise ValidationError(f"--retries is {again}; it is 0 to {_MOST}.")
    return {"priority": _whole(priority, "--priority"), "every": span, "due": _moment(after), "retries": again}


def _needs(cpus: str, memory: str, gpus: str, seconds: str) -> "Needs":
    from ara.jobs import Needs
    from ara.jobs.job import bytes_of

    return Needs(
        cpus=_whole(cpus, "--cpus"), memory=bytes_of(memory, what="--memory"), gpus=_whole(gpus, "--gpus"),
        seconds=_whole(seconds, "--time-limit"),
    )  # fmt: skip


def _whole(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValidationError(f"{what} is {clean(text)[:40]!r}; it is a whole number.") from None


def _moment(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValidationError(
            f"--after is {clean(text)[:40]!r}.",
            hint="Write 2026-01-05, or 2026-01-05T06:30Z; without a zone it is UTC.",
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
