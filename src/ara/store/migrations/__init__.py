"""The steps that bring the tables up to date, written for Alembic and turned into SQL for the database at hand.

Each step stands in `versions/` and repeats what it makes: a step that has run somewhere never changes. Steps go forward
only, and may not look at the database, since their SQL is written before it runs.
"""

import io
from functools import lru_cache
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Dialect

from ara.errors import StoreError

__all__ = ["newest", "steps"]


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
def _script() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def newest() -> str:
    """Name the step that the tables have after all of them."""
    return _script().get_current_head() or ""


def steps(dialect: Dialect, current: str | None) -> list[str]:
    """Give the statements that lead from a step, or from nothing, to the newest."""
    script, output = _script(), _Collected()
    known = {one.revision for one in script.walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            f"The tables were made by a newer Ara: their step is {current}, this one knows up to {newest()}.",
            hint="Update Ara, or use another store; nothing was changed.",
        )
    context = EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _: script._upgrade_revs("head", revision),  # noqa: SLF001 - Alembic's own recipe
        as_sql=True,
        starting_rev=current,
    )
    with context:
        context.configure(dialect_name=dialect.name, output_buffer=output, transactional_ddl=False)
        context.run_migrations()
    return output.statements
