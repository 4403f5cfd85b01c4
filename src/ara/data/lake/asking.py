"""The process in which a question in SQL is answered: DuckDB in a room without doors, with so much memory, no more.

It is started as `python -m ara.data.lake.asking FOLDER`, reads one question from its input, and leaves the answer in
the folder: `answer.json` says how it went, `answer.arrow` holds the rows. Before the question is read, the database is
closed off: of all files only those of the asked tables may be opened, nothing is installed or loaded, no setting can be
changed again, and Python's variables are out of sight. When its input ends, because who asked is gone, so does it.
"""

import os
import re
import resource
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import polars as pl

__all__ = ["ANSWER", "OUTCOME", "Outcome", "Question", "main"]

ANSWER: Final = "answer.arrow"
"""The file with the rows of the answer."""

OUTCOME: Final = "answer.json"
"""The file that says how it went."""

_SPILL: Final = "8GB"
_THREADS: Final = 2
_ASIDE: Final = 256
_WORDED: Final = re.compile(r"\bINTERVAL\b|\bTIME WITH TIME ZONE\b")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked.

    Parameters
    ----------
    sql
        One SELECT.
    limit
        The most rows to give.
    seconds
        The most time it may take, start apart.
    memory_mb
        What the database may use; the whole process gets half as much again and a little more for the answer.
    views
        Statements that name the only files that may be opened, and make the tables.
    """

    sql: str
    limit: int
    seconds: float
    memory_mb: int
    views: tuple[str, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How it went: `done`, or what was wrong, and the words of the database for it."""

    kind: str
    words: str = ""


def main(folder: Path, asked: BinaryIO) -> Outcome:
    """Answer one question, and leave the answer in a folder."""
    import duckdb

    question = msgspec.json.decode(asked.readline(), type=Question)
    threading.Thread(target=_leave_with, args=(asked,), daemon=True).start()
    try:
        with duckdb.connect() as connection:
            _confine(question.memory_mb)
            _set(connection, folder, question.memory_mb)
            for view in question.views:
                connection.execute(view)
            connection.execute("SET lock_configuration = true")
            statements = connection.extract_statements(question.sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                return Outcome(kind="many")
            with _limited(connection, question.seconds):
                _answer(connection, statements[0].query, question.limit).write_ipc(folder / ANSWER)
    except duckdb.InterruptException:
        return Outcome(kind="late")
    except (duckdb.PermissionException, duckdb.Error, pl.exceptions.PolarsError, MemoryError) as error:
        return Outcome(kind=_kind(duckdb, error), words=str(error))
    return Outcome(kind="done")


def _kind(duckdb: Any, error: Exception) -> str:
    if isinstance(error, duckdb.PermissionException):
        return "denied"
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return "memory"
    return "shape" if isinstance(error, pl.exceptions.PolarsError) else "wrong"


def _confine(memory_mb: int) -> None:
    """Let the process have no more memory than it has now and what the question may use."""
    have = 0
    with suppress(OSError):
        have = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = (have or 1 << 30) + ((memory_mb * 3 // 2 + _ASIDE) << 20)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (wanted if most < 0 else min(wanted, most), most))


def _set(connection: Any, folder: Path, memory_mb: int) -> None:
    settings = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
        "python_scan_all_frames": "false",
        "memory_limit": f"'{memory_mb}MB'",
        "threads": str(_THREADS),
        "temp_directory": "'" + str(folder).replace("'", "''") + "'",
        "max_temp_directory_size": f"'{_SPILL}'",
        "TimeZone": "'UTC'",
        "enable_progress_bar": "false",
    }
    for name, value in settings.items():
        connection.execute(f"SET {name} = {value}")


def _answer(connection: Any, sql: str, limit: int) -> pl.DataFrame:
    asked = connection.sql(sql)
    names = _distinct(asked.columns)
    # Polars has no type for these.
    worded = [_WORDED.search(str(kind)) is not None for kind in asked.types]
    if names != asked.columns or any(worded):
        shown = ", ".join(
            f"CAST({name} AS VARCHAR) AS {name}" if text else name
            for name, text in zip(map(_name, names), worded, strict=True)
        )
        asked = asked.query("answer", f"SELECT {shown} FROM answer AS answer({', '.join(map(_name, names))})")  # noqa: S608 - names quoted
    try:
        return pl.DataFrame(asked.limit(limit))
    except pl.exceptions.PanicException as error:
        raise pl.exceptions.ComputeError(str(error)) from error


def _distinct(names: Sequence[str]) -> list[str]:
    """Number the names that several columns have; SQL knows no capitals."""
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    given = []
    for name in names:
        new, number = name, 1
        while new.casefold() in (seen if number == 1 else seen | taken):
            number += 1
            new = f"{name}_{number}"
        seen.add(new.casefold())
        given.append(new)
    return given


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


@contextmanager
def _limited(connection: Any, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _leave_with(asked: BinaryIO) -> None:
    while asked.read(4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    outcome = main(place, sys.stdin.buffer)
    (place / OUTCOME).write_bytes(msgspec.json.encode(outcome))
    # Threads of the database and of the input are not waited for.
    os._exit(0)
