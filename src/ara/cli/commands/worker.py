"""`ara worker`."""

from typing import Annotated

import typer

from ara.cli.commands.jobs.work import names_of, working
from ara.cli.screen import screen

__all__ = ["command"]


def command(
    queues: Annotated[
        str,
        typer.Option(
            "--queues", metavar="NAMES", help="Only predictions, backtests, training or upkeep; several by commas"
        ),
    ] = "",
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left that is due")] = False,
) -> int:
    """Do the jobs of a service until it is stopped; one of all workers sees to what is done by itself.

    ::

        ara worker
        ara worker --queues predictions,backtests
        ara worker --queues training --set jobs.broker=redis://127.0.0.1:6379/1

    Where the setting `jobs.broker` names a Redis server, Celery tells the worker of jobs; else it looks into the line
    by itself, ten times a second. Stopped, it puts what it was doing back into its place; killed, another does it.
    """
    from ara.cli.render.jobs import ended_words, told_words
    from ara.jobs import State
    from ara.jobs.document import to_document

    s = screen()
    named = names_of(queues)
    if s.settings().jobs.broker and not once:
        from ara.jobs.broker import serve

        s.note(f"Waiting for jobs of: {', '.join(named)}   Ctrl-C ends it")
        serve(s.settings(), queues=named, told=lambda job: s.note(told_words(job)))
        return 0
    ended = s.run(working(s, once=once, queues=named))
    s.result({"schema": 1, "jobs": [to_document(one) for one in ended]}, lambda: ended_words(ended))
    return 1 if any(one.state is State.FAILED for one in ended) else 0
