"""What the children of these tests do; light, for each child imports it."""

import atexit
import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ara.errors import ModelError, UnknownSymbolError
from ara.logs import current, get_logger
from ara.settings import Settings
from ara.workers import Progress

Watch = Callable[[Progress], bool]


class UnluckyError(ModelError):
    code = "unlucky"

    def __init__(self, rows: int) -> None:
        super().__init__(f"{rows} rows are unlucky", hint="take more", rows=rows, at=datetime(2020, 1, 1, tzinfo=UTC))


def fills_the_disk() -> None:
    Path("/dev/full").write_bytes(b"more than nothing")


class Kept:
    watch: Watch

    def method(self) -> None: ...


def echo(value: Any) -> Any:
    return value


def home(settings: Settings) -> str:
    return settings.home + settings.telemetry.sentry_dsn.reveal()


def collect(first: int, *rest: date, **named: Decimal) -> list[str]:
    return [repr(first), *map(repr, rest), *(f"{name}={value!r}" for name, value in named.items())]


def whereabouts() -> dict[str, Any]:
    threads = [name for name in os.environ if name.endswith("_THREADS") and os.environ[name] == "1"]
    return {"pid": os.getpid(), "group": os.getpgrp(), "threads": sorted(threads), "place": str(Path.cwd())}


def noise() -> str:
    print("printed")
    os.write(1, b"\x00ara worker\x00 written\n")
    subprocess.run(["echo", "from a child"], check=True)
    return sys.stdin.read()


def logged() -> str:
    get_logger("ara.somewhere").warning("half of %s \ud800", "it")
    logging.getLogger("ara.somewhere").debug("unwanted")
    logging.getLogger("ara.somewhere").warning("%d is no number", "it")
    return current()


def leave(code: int) -> None:
    print("last words", file=sys.stderr)
    os._exit(code)


def kill_self(number: int) -> None:
    os.kill(os.getpid(), number)


def crash() -> None:
    ctypes.string_at(0)


def unlucky() -> None:
    raise UnluckyError(3)


def unknown() -> None:
    raise UnknownSymbolError("no such symbol \ud800", nearest=["AAPL"], odd=2**100)


def stranger() -> None:
    raise LookupError("nothing there")


def quits() -> None:
    sys.exit("enough")


def gives_an_object() -> object:
    return object()


def lies() -> int:
    return "one"  # type: ignore[return-value]


def wants_path(path: Path) -> None: ...


def begin_and_hang(mark: Path, deaf: bool = False, begets: bool = False) -> None:
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pids = [os.getpid()]
    if begets:
        pids.append(subprocess.Popen(["sleep", "600"]).pid)
    part = mark.with_suffix(".part")
    part.write_text(" ".join(map(str, pids)))
    part.rename(mark)
    time.sleep(600)


def count(total: int, watch: Watch) -> int:
    for done in range(total):
        if not watch(Progress(done, total, "half \ud800")):
            return done
    return total


def wind_up(mark: Path, watch: Watch) -> None:
    mark.touch()
    while watch(Progress(0)):
        time.sleep(0.01)
    mark.with_suffix(".wound").touch()


def keep_watch(watch: Watch) -> None:
    Kept.watch = watch


def watch_late() -> bool:
    return Kept.watch(Progress(1))


def at_exit(mark: Path) -> None:
    atexit.register(mark.touch)


def linger() -> int:
    threading.Thread(target=time.sleep, args=[600]).start()
    return os.getpid()


def meet(place: Path) -> int:
    (place / str(os.getpid())).touch()
    while len(list(place.iterdir())) < 2:
        time.sleep(0.01)
    return os.getpid()
