"""Jobs as JSON says them, on the command line and over HTTP alike."""

import math
from datetime import UTC, datetime
from typing import Any

import msgspec

from ara.jobs.job import Job
from ara.jobs.journal import Log
from ara.jobs.work import words

__all__ = ["log_document", "to_document"]


def to_document(job: Job) -> dict[str, Any]:
    """Give what JSON says of a job; moments are UTC, RFC 3339."""
    return {
        "job": job.number,
        "state": job.state.value,
        "queue": job.queue,
        "what": words(job.work),
        "work": _plain(msgspec.to_builtins(job.work)),
        "account": job.account or None,
        "name": job.name or None,
        "priority": job.priority,
        "cpus": job.needs.cpus,
        "memory": job.needs.memory,
        "gpus": job.needs.gpus,
        "seconds": job.needs.seconds,
        "due": _instant(job.due),
        "rests": _instant(job.rests),
        "every_seconds": job.every,
        "at": job.at or None,
        "zone": job.zone or None,
        "made_at": _instant(job.made_at),
        "taken_at": _instant(job.taken_at),
        "ended_at": _instant(job.ended_at),
        "tries": job.tries,
        "retries": job.retries,
        "host": job.host or None,
        "devices": list(job.devices),
        "done": job.done,
        "total": job.total,
        "progress": job.said,
        "ending": job.stop,
        "words": job.words,
        "result": _plain(dict(job.result)),
    }


def log_document(number: int, log: Log) -> dict[str, Any]:
    """Give what JSON says of a job's log."""
    lines = [{"at": _instant(one.at), "level": one.level, "words": one.words} for one in log.lines]
    return {"job": number, "lines": lines, "left_out": log.left}


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return value
