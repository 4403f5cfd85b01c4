"""The steps that bring the tables up to date, written for Alembic and turned into SQL for the database at hand.

Each step stands in `versions/`, named by its number, and repeats what it makes: a step that has run somewhere never
changes. Steps go forward, and back again as far as nothing that is kept would be lost; they may not look at the
database, since their SQL is written before it runs. Alembic is loaded only where there is something to do.
"""

import io
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ara.errors import StoreError, ValidationError

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

__all__ = ["first", "known", "newest", "steps"]

_VERSIONS = Path(__file__).parent / "versions"
_ALONE = threading.Lock()
"""Alembic's context is one for all threads of a process."""


class _Collected(io.StringIO):
    """Takes Alembic's output, one statement at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.statements: list[str] = []

    def write(self, text: str) -> int:
        if not text.startswith("--"):
            self.statements.append(text.strip().removesuffix(";"))
        return len(text)


@lru_cache(maxsize=1)
def known() -> tuple[str, ...]:
    """Name all steps, the first one first."""
    return tuple(sorted(path.stem[1:].partition("_")[0] for path in _VERSIONS.glob("s[0-9]*_*.py")))


def first() -> str:
    """Name the step behind which nobody goes back: tables with rows would be gone."""
    return known()[0]


def newest() -> str:
    """Name the step that the tables have after all of them."""
    return known()[-1]


def steps(dialect: str, current: str | None, goal: str | None = None) -> list[str]:
    """Give the statements that lead from a step, or from nothing, to another, forward or back.

    Parameters
    ----------
    dialect
        `sqlite` or `postgresql`.
    current
        The step of the database; None where it has none.
    goal
        Where to; None: the newest.
    """
    goal = newest() if goal is None else goal
    if goal not in known():
        raise ValidationError(f"There is no step {goal!r:.40}.", hint=f"There are {', '.join(known())}.")
    if current is not None and current not in known():
        raise StoreError(
            f"The tables were made by a newer Ara: their step is {current}, this one knows up to {newest()}.",
            hint="Update Ara, or use another store; nothing was changed.",
        )
    return [] if current == goal else _written(dialect, current, goal)


@lru_cache(maxsize=1)
def _script() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(__file__).parent))


def _written(dialect: str, current: str | None, goal: str) -> list[str]:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    script, output = _script(), _Collected()
    back = current is not None and goal < current

    def revisions(revision: Any, _: Any) -> Any:
        make = script._downgrade_revs if back else script._upgrade_revs  # noqa: SLF001 - Alembic's own recipe
        return make(goal, revision)

    context = EnvironmentContext(Config(), script, fn=revisions, as_sql=True, starting_rev=current)
    with _ALONE, context:
        context.configure(dialect_name=dialect, output_buffer=output, transactional_ddl=False)
        context.run_migrations()
    return output.statements
