"""How much memory a process and all that it started take."""

import os
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

__all__ = ["family", "taken", "whole"]

_PROC: Final = Path("/proc")


def taken(pid: int) -> int:
    """Give the bytes in memory of a process and its offspring together; 0 where it is gone.

    Pages that several of them share count for each, so that this is never too little.
    """
    found = _processes()
    return sum(found[one][1] for one in family(pid, found))


def family(pid: int, found: "dict[int, tuple[int, int]] | None" = None) -> list[int]:
    """Give the numbers of a process and all that it started, itself first; none where it is gone."""
    found = _processes() if found is None else found
    offspring = defaultdict(list)
    for one, (parent, _) in found.items():
        offspring[parent].append(one)
    line = [pid] if pid in found else []
    for one in line:
        line += offspring[one]
    return line


def whole() -> int:
    """Give the bytes of memory that this machine, or the container around this process, has."""
    bound = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            bound = min(bound, int(Path("/sys/fs/cgroup", name).read_text()))
        except (OSError, ValueError):
            continue
    return bound


def _processes() -> dict[int, tuple[int, int]]:
    """Give, by process, its parent and the bytes it has in memory."""
    return _from_proc() if (_PROC / "self/stat").exists() else _from_ps()


def _from_proc() -> dict[int, tuple[int, int]]:
    page = os.sysconf("SC_PAGE_SIZE")
    found = {}
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue
            found[int(folder.name)] = (int(fields[1]), page * int(fields[21]))
    return found


def _from_ps() -> dict[int, tuple[int, int]]:
    told = subprocess.run(["ps", "-axo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True)  # noqa: S607
    rows = [list(map(int, line.split())) for line in told.stdout.splitlines()]
    return {pid: (parent, 1024 * size) for pid, parent, size in rows}
