"""What long work has found so far, in a file: who was stopped goes on from there."""

import hashlib
import inspect
import json
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from ara import __version__
from ara.trading.strategies.making import Made
from ara.whole import write

__all__ = ["Kept", "follows"]

_log = logging.getLogger(__name__)

_PACE: Final = 20
"""Times that writing took, that pass before it is written anew: so it takes a twentieth of the time at most."""


class Kept:
    """Answers by name in a file, the newest of them; a context, at whose end all of them are on the disk.

    The first answer is on the disk when `put` returns, later ones soon. A file that can't be read holds nothing, and
    where it can't be written the work goes on without.

    Parameters
    ----------
    path
        The file; None to remember nothing.
    name
        What the answers are called in it.
    most
        How many stay.
    """

    def __init__(self, path: Path | None, name: str, *, most: int) -> None:
        self._path, self._name, self._most = path, name, most
        self._owed, self._at, self._took = False, -math.inf, 0.0
        self._found = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._owed:
                self._write()
        except KeyboardInterrupt:
            self._write()  # what was said to be kept is
            raise

    def get(self, key: str) -> list[Any] | None:
        """Give an answer that was found before."""
        return self._found.get(key)

    def put(self, key: str, answer: list[Any]) -> None:
        """Remember an answer: JSON values."""
        if self._path is None:
            return
        self._found[key] = answer
        while len(self._found) > self._most:
            self._found.pop(next(iter(self._found)))
        self._owed = True
        if time.perf_counter() - self._at >= _PACE * self._took:
            self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        begin = time.perf_counter()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write(self._path, json.dumps({"schema": 1, self._name: self._found}))
        except OSError as error:
            _log.warning("what was found can't be kept in %s: %s; whoever stops it begins anew", self._path, error)
            self._path = None
        self._owed, self._at = False, time.perf_counter()
        self._took = self._at - begin

    def _read(self) -> dict[str, list[Any]]:
        try:
            found = json.loads(self._path.read_text()) if self._path is not None and self._path.is_file() else {}
            kept = found.get(self._name, {}) if found.get("schema") == 1 else {}
        except (ValueError, AttributeError, OSError):
            return {}  # what can't be read is found anew
        return kept if isinstance(kept, dict) and all(isinstance(one, list) for one in kept.values()) else {}


def follows(make: Callable[..., Any]) -> dict[str, Any] | None:
    """Give what an answer about a strategy follows from: its code, its parameters and this version of Ara.

    The code is the file that it stands in; what that imports and what a function has caught from around it are not
    looked at. None where it stands in no file, as in a notebook: then nothing can be remembered.
    """
    kind, given = (make.kind, make.parameters) if isinstance(make, Made) else (make, {})
    try:
        code = hashlib.sha256(Path(inspect.getfile(kind)).read_bytes()).hexdigest()
    except (TypeError, OSError):
        return None
    return {
        "code": code, "kind": getattr(kind, "__qualname__", ""), "ara": __version__,
        "parameters": {name: repr(value) for name, value in sorted(given.items())},
    }  # fmt: skip
