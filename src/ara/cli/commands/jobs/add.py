"""`ara jobs add`."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ara.cli.commands.jobs.asked import facts, with_queue
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.jobs import Job, Queue, Work

__all__ = ["add", "works_of"]

_WHAT: Final = ("tune run", "models train", "models review")
_MOST: Final = 4096


def add(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND…", help=f"One of {', '.join(_WHAT)}, and its words")],
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
) -> None:
    """Put a training, a tuning or a review into the line.

    ::

        ara jobs add tune run AAPL --model drift --trials 50
        ara jobs add --priority 10 --memory 2G models train AAPL --model fast
        ara jobs add --every 1d --after 2026-01-05T06:30Z models review --act --tune
        ara jobs add --at "MON-FRI 06:00" --zone Europe/Berlin models review --act

    Options of the job stand before the command, those of the command behind it. `ara jobs work` does it.
    """
    from ara.cli.render.jobs import added_words
    from ara.jobs.schedule import Schedule

    s = screen()
    works = works_of(s, command)
    terms = _terms(priority, every, after, cpus, memory, gpus)
    terms["at"] = Schedule.read(at, zone.strip()) if at.strip() else None
    made = with_queue(s, lambda queue: _added(queue, works, terms))
    s.result({"schema": 1, "jobs": [facts(one) for one in made]}, lambda: added_words(made, s))


async def _added(queue: "Queue", works: "list[Work]", terms: dict[str, Any]) -> "list[Job]":
    return [await queue.add(work, **terms) for work in works]


def works_of(s: Screen, words: list[str]) -> "list[Work]":
    """Read the command that a job is to carry out: its words are checked as if it were called now."""
    from ara.cli.help import explained
    from ara.cli.invocation import built

    name = " ".join(words[:2])
    if name not in _WHAT:
        raise ValidationError(
            f"A job can't be {clean(name)[:60]!r}.", hint=f"It can be: {', '.join(_WHAT)}, and their options."
        )
    group, part = words[:2]
    try:
        asked = built(group).commands[part].make_context(f"ara {name}", list(words[2:])).params
    except typer.TyperException as error:
        raise explained(error, f"ara {name}") from None
    return _read(s, name, dict(asked))


def _read(s: Screen, name: str, asked: dict[str, Any]) -> "list[Work]":
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.models.learn import lessons_of
    from ara.cli.commands.tune.run import quest_of
    from ara.jobs import Review, Train, Tune

    if asked.pop("as_of", ""):
        raise ValidationError("A job learns from what is public when it is done.", hint="Leave out --as-of.")
    symbols = tuple(asked.pop("symbols", ()))
    if name == "tune run":
        return [Tune(symbols=symbols, quest=quest_of(**asked))]
    if name == "models train":
        return [Train(symbols=symbols, lesson=one) for one in lessons_of(s, **asked)]
    if not asked["act"]:
        raise ValidationError("A review that only tells has nobody to tell.", hint="Add --act.")
    days = counted(asked["older"], "--older-than", most=36_500)
    return [
        Review(families=tuple(one.strip().lower() for one in asked["families"] or ()), days=days, tune=asked["tune"])
    ]


def _terms(priority: str, every: str, after: str, cpus: str, memory: str, gpus: str) -> dict[str, Any]:
    from ara.jobs import Needs
    from ara.jobs.job import bytes_of, span_of

    span: timedelta | None = span_of(every, what="--every") if every else None
    needs = Needs(
        cpus=_whole(cpus, "--cpus"), memory=bytes_of(memory, what="--memory"), gpus=_whole(gpus, "--gpus"),
    )  # fmt: skip
    return {"needs": needs, "priority": _whole(priority, "--priority"), "every": span, "due": _moment(after)}


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
