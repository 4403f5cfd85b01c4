"""`ara evaluate --exam crash`."""

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ara.cli.screen import Screen
from ara.errors import ModelError

if TYPE_CHECKING:
    from ara.evidence.crash import Crash
    from ara.performance.trials import Look
    from ara.workers import Progress

__all__ = ["examined"]


def examined(
    s: Screen, bars: Path, models: Sequence[str], days: tuple[datetime | None, datetime | None], *, gate: bool
) -> int:
    """Put families to the crash exam, count the look, print what came of it, and give the exit code."""
    from ara.cli.render.crash import told
    from ara.data.files import read_bars
    from ara.evidence.crash import FIRST, LAST, crash

    with s.progress("Evaluating") as step:

        def hear(name: str, state: "Progress") -> bool:
            step(state.done, total=state.total or None, words=f"asking {name}")
            return True

        found = crash(
            read_bars(bars),
            models,
            first=days[0] or FIRST,
            last=days[1] or LAST,
            seed=s.settings().prediction.seed,
            watch=hear,
        )
    look = _counted(s, found, models)
    code = 0 if found.passed or not gate else ModelError.exit_code
    data: dict[str, Any] = {
        "schema": 1,
        **found.as_dict(),
        "command": _again(bars, models, found),
        "look": {"number": look.number, "limit": look.limit, "burnt": look.burnt},
        "exit_code": code,
    }
    s.result(data, lambda: told(found, look, s))
    return code


def _counted(s: Screen, found: "Crash", models: Sequence[str]) -> "Look":
    async def ask() -> "Look":
        from ara.desk import Desk
        from ara.performance.trials import Trials

        async with Desk.open(s.settings()) as desk:
            what = f"crash exam of {', '.join(models)}"
            return await Trials(desk).look(found.symbols, found.begin, found.end, what=what, times=len(models))

    return s.run(ask())


def _again(bars: Path, models: Sequence[str], found: "Crash") -> str:
    days = ["--from", f"{found.first:%Y-%m-%d}", "--to", f"{found.last:%Y-%m-%d}"]
    return shlex.join(["ara", "evaluate", "--exam", "crash", "--bars", str(bars), "--models", ",".join(models), *days])
