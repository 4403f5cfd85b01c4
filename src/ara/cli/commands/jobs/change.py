"""`ara jobs cancel` and `clear`."""

from typing import Annotated

import typer

from ara.cli.commands.jobs.asked import number_of, with_queue
from ara.cli.screen import screen

__all__ = ["cancel", "clear"]


def cancel(job: Annotated[str, typer.Argument(metavar="JOB", help="Its number")]) -> None:
    """Take a job out of the line, with its repetitions; one that runs is asked to end.

    ::

        ara jobs cancel 3
        ara jobs cancel 3 --json

    A tuning that is ended keeps its trials and goes on where it was when it is asked for again.
    """
    from ara.jobs.document import to_document

    s = screen()
    number = number_of(job)
    found = with_queue(s, lambda queue: queue.cancel(number))
    words = f"Job {number} is {'asked to end' if found.state.value == 'running' else 'cancelled'}."
    s.result({"schema": 1, **to_document(found)}, lambda: words)


def clear() -> None:
    """Forget the jobs that ended; models and studies stay.

    ::

        ara jobs clear
        ara jobs clear --json
    """
    s = screen()
    count = with_queue(s, lambda queue: queue.clear())
    s.result({"schema": 1, "cleared": count}, lambda: f"{count} {'job is' if count == 1 else 'jobs are'} forgotten.")
