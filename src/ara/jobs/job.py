"""A job: work that waits, what it may use of a machine, and what became of it."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, ClassVar, Final

import msgspec

from ara.errors import ValidationError
from ara.jobs.schedule import Schedule
from ara.jobs.work import Work
from ara.store import Record

__all__ = ["Job", "Needs", "State", "bytes_of", "span_of"]

_SPAN: Final = re.compile(r"([1-9][0-9]{0,3})\s*(m|h|d|w)")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SIZE: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([mgt])i?b?", re.IGNORECASE)
_SIZES: Final = {"m": 20, "g": 30, "t": 40}
_LONGEST: Final = 30 * 86_400
_REST: Final = timedelta(hours=1)


class State(Enum):
    """What became of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a job may use of a machine.

    Parameters
    ----------
    cpus
        Processes that compute at once.
    memory
        Bytes, of all its processes together; 0 for no bound of its own.
    gpus
        Graphics cards.
    seconds
        Time, from when it is taken; 0 for no bound.
    """

    cpus: int = 1
    memory: int = 0
    gpus: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.seconds <= _LONGEST:
            raise ValidationError(f"A job can't have {self.seconds} seconds.", hint=f"Give it 0 to {_LONGEST}.")
        if not (1 <= self.cpus <= 4096 and 0 <= self.gpus <= 4096 and 0 <= self.memory <= 1 << 50):
            raise ValidationError(
                f"A job can't have {self.cpus} processors, {self.memory} bytes of memory and {self.gpus} cards.",
                hint="Give it 1 processor or more, and no less than nothing of the rest.",
            )


class Job(Record, frozen=True, kw_only=True):
    """Work that is kept in the store until it is done.

    Parameters
    ----------
    id, number
        From 1, in the order of coming.
    work, queue
        What to do, and by whose workers.
    account
        The user whose it is; empty for those of the installation itself.
    name
        Of the standing order that it carries out; empty for others. Two of a name are never alive.
    key
        By which who asked for it twice is given the same job; empty for none.
    needs
        What it may use.
    retries, rests
        How often it is taken anew after an error that may pass, and the moment before which it is not.
    priority
        The highest goes first, -100 to 100; among equals who came first.
    due
        Not before this moment.
    every
        Seconds from one due moment to the next; 0 where that is not the rule.
    at, zone
        Days and times at which it is done again and again, by the clocks of a zone; empty where that is not the rule.
    last
        When the one before it was due; None for the first.
    state
        What became of it.
    made_at, taken_at, ended_at
        When it came, was last taken by a worker, and ended.
    tries
        How often a worker took it.
    host, owner, hold
        The machine and the worker that have it, and the file that this worker keeps locked as long as it lives.
    devices
        Numbers of the graphics cards that it has.
    beats
        Grows while its worker lives.
    stop
        Whether somebody wants it ended.
    done, total, said
        How far it has come.
    result
        What came of it.
    words
        Why it failed or was ended.
    """

    kind: ClassVar[str] = "job"
    number: int
    work: Work
    queue: str = "training"
    account: str = ""
    name: str = ""
    key: str = ""
    needs: Needs = msgspec.field(default_factory=Needs)
    retries: int = 0
    rests: datetime | None = None
    priority: int = 0
    due: datetime
    every: float = 0.0
    at: str = ""
    zone: str = ""
    last: datetime | None = None
    state: State = State.WAITING
    made_at: datetime
    taken_at: datetime | None = None
    ended_at: datetime | None = None
    tries: int = 0
    host: str = ""
    owner: str = ""
    hold: str = ""
    devices: tuple[int, ...] = ()
    beats: int = 0
    stop: bool = False
    done: int = 0
    total: int = 0
    said: str = ""
    result: Mapping[str, Any] = msgspec.field(default_factory=dict)
    words: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state not in {State.WAITING, State.RUNNING}

    @property
    def again(self) -> bool:
        """Whether it is done again and again."""
        return bool(self.every or self.at)

    def due_now(self, now: datetime) -> bool:
        """Tell whether it may begin; what was to be done at once may, wherever the clock stood when it came.

        A rest that a clock which was put back made longer than any is over.
        """
        rested = self.rests is None or self.rests <= now or self.rests - now > _REST
        return rested and self.due <= max(now, self.made_at)

    def rested(self, now: datetime) -> datetime:
        """Give the moment until which it rests after a failure: half a minute, then twice as long each time."""
        return now + min(_REST, timedelta(seconds=30 * 2 ** min(self.tries, 10)))

    def next(self, now: datetime) -> "Job":
        """Give its repetition: due at its next moment; those that were missed are left out."""
        after = max(now, self.due)
        if self.at:
            due = Schedule.read(self.at, self.zone).next(after)
        else:
            due = self.due + timedelta(seconds=self.every * (int((after - self.due).total_seconds() // self.every) + 1))
        return Job(
            id="1", number=1, work=self.work, needs=self.needs, priority=self.priority, every=self.every, at=self.at,
            zone=self.zone, due=due, last=self.due, made_at=now, queue=self.queue, account=self.account, name=self.name,
            retries=self.retries,
        )  # fmt: skip

    def moved(self, now: datetime) -> "Job | None":
        """Give it with its moment set anew where the clock was put back by more than its period; else None.

        Put back by less, it waits: what was done by the later clock is not done twice.
        """
        if self.last is None or not self.again:
            return None
        schedule = Schedule.read(self.at, self.zone) if self.at else None
        period = schedule.period if schedule else timedelta(seconds=self.every)
        if self.made_at - now <= period:
            return None
        due = schedule.next(now) if schedule else now + period
        return msgspec.structs.replace(self, due=due, made_at=now)

    @property
    def place(self) -> tuple[int, datetime, int]:
        """Where it stands in the line, the smallest first."""
        return (-self.priority, self.due, self.number)


def span_of(text: str, *, what: str) -> timedelta:
    """Read a span of time: `30m`, `12h`, `7d` or `2w`."""
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None:
        raise ValidationError(f"{what} is {text!r:.40}.", hint="Write 30m, 12h, 7d or 2w.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def bytes_of(text: str, *, what: str) -> int:
    """Read an amount of memory: `800M`, `2G`; 0 for an empty text or `0`."""
    if text.strip() in {"", "0"}:
        return 0
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValidationError(f"{what} is {text!r:.40}.", hint="Write 800M or 2G; 0 for no bound.")
    return int(float(match[1]) * 2 ** _SIZES[match[2].lower()])
