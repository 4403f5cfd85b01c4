"""What the commands of `ara jobs` share: the line, numbers of jobs, and what they say of one as JSON."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ara.cli.screen import Screen

if TYPE_CHECKING:
    from ara.jobs import Job, Queue

__all__ = ["facts", "number_of", "with_queue"]

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


def facts(job: "Job") -> dict[str, Any]:
    """Give what JSON says of a job."""
    import msgspec

    from ara.cli.render.data_table import instant, plain_value
    from ara.jobs.work import words

    return {
        "job": job.number,
        "state": job.state.value,
        "what": words(job.work),
        "work": plain_value(msgspec.to_builtins(job.work)),
        "priority": job.priority,
        "cpus": job.needs.cpus,
        "memory": job.needs.memory,
        "gpus": job.needs.gpus,
        "due": instant(job.due),
        "every_seconds": job.every,
        "at": job.at or None,
        "zone": job.zone or None,
        "made_at": instant(job.made_at),
        "taken_at": instant(job.taken_at),
        "ended_at": instant(job.ended_at),
        "tries": job.tries,
        "host": job.host or None,
        "devices": list(job.devices),
        "done": job.done,
        "total": job.total,
        "progress": job.said,
        "ending": job.stop,
        "words": job.words,
        "result": plain_value(dict(job.result)),
    }
