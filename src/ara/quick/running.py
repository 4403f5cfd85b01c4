"""Running a question to its end, whether or not a loop runs here already."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any, TypeVar

from ara.desk import Desk
from ara.prediction.origin import as_instant

__all__ = ["bound", "run"]

_T = TypeVar("_T")


def bound(desk: Desk, learned: datetime | date | str | None) -> datetime | None:
    """Give the instant up to which Ara's knowledge counts; None where all of it does."""
    return None if learned is None else as_instant(learned, now=desk.clock.now(), what="learned")


def run(question: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end; where a loop is running already (a notebook), in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(question)
    with ThreadPoolExecutor(1, thread_name_prefix="ara-quick") as thread:
        return thread.submit(asyncio.run, question).result()
