"""Jobs on a terminal: the list, one of them, and what workers say."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column, stamp, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.jobs import Job
    from ara.jobs.journal import Log
    from ara.jobs.standing import Standing

__all__ = [
    "added_words",
    "ended_words",
    "job_words",
    "log_words",
    "result_words",
    "schedule_words",
    "table_of",
    "told_words",
]

_BEGIN = "Begin one: ara jobs add tune run AAPL --model drift"


def added_words(made: "Sequence[Job]", s: Screen) -> str:
    """Say which jobs stand in the line now."""
    lines = [line for one in made for line in wrapped(f"Job {one.number}: {_what(one)}, {_when(one, s)}.", s.width)]
    return "\n".join([*lines, *wrapped("Have it done: ara jobs work", s.width)])


def table_of(found: "Sequence[Job]", s: Screen) -> str:
    """Give the list of jobs."""
    if not found:
        return "\n".join(wrapped(f"There is no job. {_BEGIN}", s.width))
    columns = [
        Column(head="job", cells=[str(one.number) for one in found], right=True),
        Column(head="state", cells=[one.state.value for one in found]),
        Column(head="priority", cells=[str(one.priority) for one in found], right=True, leave=2),
        Column(head="when", cells=[stamp(one.ended_at or one.taken_at or one.due, s) for one in found], leave=1),
        Column(head="what", cells=[_what(one) for one in found]),
        Column(head="", cells=[_told(one) for one in found], leave=3),
    ]
    return "\n".join(table(columns, s))


def job_words(job: "Job", s: Screen) -> str:
    """Give all that is to be said of a job."""
    paint = s.palette()
    needs = job.needs
    size = f", {needs.memory / 2**30:.3g} GB of memory at most" if needs.memory else ""
    cards = f", {needs.gpus} graphics cards" if needs.gpus else ""
    time = f", {needs.seconds:,} s at most" if needs.seconds else ""
    lines = [
        f"It may use {needs.cpus} {'processor' if needs.cpus == 1 else 'processors'}{size}{cards}{time}.",
        f"Priority {job.priority}, {_when(job, s)}.",
    ]
    if job.taken_at is not None:
        where = f" on {clean(job.host)}" if job.host else ""
        lines.append(f"Taken{where} {stamp(job.taken_at, s, zoned=True)}, try {job.tries}.")
    if job.ended_at is not None:
        lines.append(f"Ended {stamp(job.ended_at, s, zoned=True)}.")
    lines.append(f"It is {job.state.value}{': ' if _told(job) else ''}{_told(job)}.")
    if job.rests is not None and not job.ended:
        left = f"{job.retries} {'retry is' if job.retries == 1 else 'retries are'} left"
        lines.append(f"It rests until {stamp(job.rests, s, zoned=True)}; {left}.")
    if job.ended:
        lines.append(f"ara jobs result {job.number}" if job.result else f"ara jobs logs {job.number}")
    if job.result.get("model"):
        lines.append(f"ara models show {clean(str(job.result['model']))}")
    if job.result.get("study"):
        lines.append(f"ara tune history {clean(str(job.result['study']))}")
    head = wrapped(f"Job {job.number}: {_what(job)}", s.width)
    return "\n".join([*(paint(line, "strong") for line in head), *(x for one in lines for x in wrapped(one, s.width))])


def result_words(job: "Job", s: Screen) -> str:
    """Give what came of a job, a line for each part that is a figure or a word."""
    from ara.jobs.document import to_document

    found = to_document(job)["result"]
    plain = {name: value for name, value in found.items() if isinstance(value, str | int | float | bool)}
    wide = max((len(name) for name in plain), default=0)
    lines = [s.palette()(line, "strong") for line in wrapped(f"Job {job.number}: {_what(job)}", s.width)]
    lines += [f"  {name:<{wide}}  {clean(str(value))}" for name, value in plain.items()]
    rest = [name for name in found if name not in plain]
    if rest:
        lines += wrapped(f"With --json also: {', '.join(rest)}.", s.width)
    return "\n".join(lines)


def log_words(number: int, log: "Log", s: Screen) -> str:
    """Give a job's log, a line for each."""
    if not log.lines:
        return f"Nothing was said of job {number}."
    left = [f"{log.left} lines in the middle are left out."] if log.left else []
    lines = []
    for one in log.lines:
        head = f"{one.at.astimezone(s.zone):%m-%d %H:%M:%S} {one.level:<8} "
        first, *rest = wrapped(clean(one.words) or "-", max(s.width - len(head), 20))
        lines += [head + first, *(" " * len(head) + more for more in rest)]
    return "\n".join(lines + left)


def schedule_words(found: "Standing", s: Screen) -> str:
    """Say what is done by itself."""
    if not found.orders:
        words = 'Nothing is done by itself. For example: ara config set jobs.schedule.score "06:00"'
        return "\n".join(wrapped(words, s.width))
    leader = f"{clean(found.leader)} sees to it" if found.leader else "Nobody sees to it: start a worker, ara worker"
    columns = [
        Column(head="what", cells=[one.order.name for one in found.orders]),
        Column(head="when", cells=[f"{one.order.when} {one.order.zone}" for one in found.orders]),
        Column(head="next", cells=[stamp(one.due, s) or "-" for one in found.orders]),
        Column(head="last", cells=[_last(one.last, s) for one in found.orders], leave=1),
        Column(head="", cells=[clean(one.order.words) for one in found.orders], leave=2),
    ]
    return "\n".join([*wrapped(f"{leader}.", s.width), *table(columns, s)])


def _last(job: "Job | None", s: Screen) -> str:
    return "" if job is None else f"{stamp(job.ended_at, s)} {job.state.value}, job {job.number}"


def told_words(job: "Job") -> str:
    """Say that a job begins, or what became of it."""
    if not job.ended:
        return f"Job {job.number} begins: {_what(job)}"
    return f"Job {job.number} is {job.state.value}{': ' if _told(job) else ''}{_told(job)}"


def ended_words(ended: "Sequence[Job]") -> str:
    """Say what a worker did before it ended."""
    counts = {state: sum(one.state.value == state for one in ended) for state in ("done", "failed", "cancelled")}
    words = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"Jobs: {words}." if words else "No job was due."


def _what(job: "Job") -> str:
    from ara.jobs.work import words

    return clean(words(job.work))


def _when(job: "Job", s: Screen) -> str:
    again = f", then every {_span(job.every)}" if job.every else ""
    if job.at:
        again = f", then {clean(job.at)} by the clocks of {clean(job.zone)}"
    return f"due {stamp(job.due, s, zoned=True)}{again}"


def _span(seconds: float) -> str:
    whole = timedelta(seconds=seconds)
    hours, minutes = divmod(whole.seconds // 60, 60)
    parts = [(whole.days, "d"), (hours, "h"), (minutes, "m")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def _told(job: "Job") -> str:
    if job.words:
        return clean(job.words)
    if job.ended:
        model = job.result.get("model")
        return clean(str(model)) if model else ""
    return clean(job.said)
