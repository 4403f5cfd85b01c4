"""`ara jobs work`."""

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.jobs.asked import facts
from ara.cli.screen import Screen, screen

if TYPE_CHECKING:
    from ara.jobs import Job

__all__ = ["work"]


def work(
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left that is due")] = False,
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

    s = screen()
    ended = s.run(_work(s, once=once))
    data = {"schema": 1, "jobs": [facts(one) for one in ended]}
    s.result(data, lambda: ended_words(ended))
    return 1 if any(one.state is State.FAILED for one in ended) else 0


async def _work(s: Screen, *, once: bool) -> "list[Job]":
    from ara.cli.render.jobs import told_words
    from ara.desk import Desk
    from ara.jobs import Worker

    ended: list[Job] = []

    def told(job: "Job") -> None:
        s.note(told_words(job))
        if job.ended:
            ended.append(job)

    async with Desk.open(s.settings()) as desk:
        worker = Worker(desk, told=told)
        with contextlib.suppress(RuntimeError, ValueError):  # there are no signals off the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run(once=once)
    return ended
