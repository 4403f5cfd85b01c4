"""`ara jobs work`."""

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.jobs import Job

__all__ = ["names_of", "work", "working"]


def work(
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left that is due")] = False,
    queues: Annotated[
        str,
        typer.Option(
            "--queues", metavar="NAMES", help="Only predictions, backtests, training or upkeep; several by commas"
        ),
    ] = "",
) -> int:
    """Do the jobs of the line, as many at once as this machine's share allows.

    ::

        ara jobs work
        ara jobs work --once
        ara jobs work --once --json

    Stopped, by Ctrl-C or by the system, it puts what it was doing back into its place. The settings `jobs.cpus`,
    `jobs.memory` and `jobs.gpus` bound what all jobs of a machine may use together.
    """
    from ara.cli.render.jobs import ended_words
    from ara.jobs import State
    from ara.jobs.document import to_document

    s = screen()
    ended = s.run(working(s, once=once, queues=names_of(queues)))
    data = {"schema": 1, "jobs": [to_document(one) for one in ended]}
    s.result(data, lambda: ended_words(ended))
    return 1 if any(one.state is State.FAILED for one in ended) else 0


def names_of(text: str) -> tuple[str, ...]:
    """Read names of queues; all where none is named."""
    from ara.jobs.work import QUEUES

    names = tuple(one.strip().lower() for one in text.split(",") if one.strip())
    if strange := [one for one in names if one not in QUEUES]:
        raise ValidationError(
            f"--queues: there is no {clean(strange[0])[:40]!r}.", hint=f"There are: {', '.join(QUEUES)}"
        )
    return names or QUEUES


async def working(s: Screen, *, once: bool, queues: tuple[str, ...]) -> "list[Job]":
    """Do jobs until the process is stopped, or none is due, and give those that ended."""
    from ara.cli.render.jobs import told_words
    from ara.desk import Desk
    from ara.jobs import Worker

    ended: list[Job] = []

    def told(job: "Job") -> None:
        s.note(told_words(job))
        if job.ended:
            ended.append(job)

    async with Desk.open(s.settings()) as desk:
        worker = Worker(desk, told=told, queues=queues, leads=not once)
        with contextlib.suppress(RuntimeError, ValueError):  # there are no signals off the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run(once=once)
    return ended
