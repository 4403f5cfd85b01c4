"""Tables: what is asked by column, with statements of SQLAlchemy Core, alike on SQLite and PostgreSQL.

Statements are compiled here and run by the store's own connections, so tables need no further driver. Defaults of
columns that Python would compute are not run: rows say all their values.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import sqlalchemy
from sqlalchemy import ClauseElement, Dialect, Executable, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from ara.errors import ValidationError
from ara.store.migrations import newest, steps
from ara.store.steps import Steps

__all__ = ["TableStorage", "Tables", "func", "select"]

select = sqlalchemy.select
"""SQLAlchemy's `select`, for what a table's own methods don't express."""
func = sqlalchemy.func
"""SQLAlchemy's functions: `func.count()`, `func.avg(scores.c.crps)`."""

_Row = Mapping[str, Any]


class TableStorage(Protocol):
    """Where a back-end runs the statements of its tables."""

    @property
    def dialect(self) -> Dialect:
        """How the database writes SQL."""
        ...

    async def read(self, statement: str, arguments: Sequence[Any]) -> list[Sequence[Any]]:
        """Run a statement that changes nothing."""
        ...

    async def write(self, many: Sequence[tuple[str, Sequence[Any]]]) -> list[Sequence[Any]]:
        """Run statements, each with its arguments, in one transaction, and give all rows they returned."""
        ...

    async def close(self) -> None:
        """Let go of connections that only the tables use."""
        ...


class Tables:
    """The tables of a store; they are brought up to date on first use.

    Parameters
    ----------
    storage
        Where the back-end runs statements.
    steps
        Where their migrations run.
    outside
        Called first; raises inside a transaction of the caller's.
    """

    def __init__(self, storage: TableStorage, *, steps: Steps, outside: Callable[[], None]) -> None:
        self._storage = storage
        self._steps = steps
        self._outside = outside
        self._ready = False
        self._turn = asyncio.Lock()

    async def migrate(self) -> None:
        """Bring the tables up to date; of processes that start together one does it, the others wait."""
        self._outside()
        async with self._turn:
            if not self._ready:
                current = await self._steps.current()
                if current != newest():
                    steps(self._steps.dialect, current)  # loads what writes them while nobody waits for the lock
                    await self._steps.move(lambda current: steps(self._steps.dialect, current))
                self._ready = True

    async def execute(self, statement: Executable, rows: Sequence[_Row] | None = None) -> list[_Row]:
        """Run a statement in a transaction of its own and give the rows it returns.

        Parameters
        ----------
        statement
            A statement of SQLAlchemy Core: `scores.select().where(...)`, `scores.insert()`, `select(...)`.
        rows
            Values, for each of which the statement is run; all have the same names. None: run it once as it is.
        """
        await self.migrate()
        if rows is not None and not rows:
            return []
        compiled, texts = self._compiled(statement, rows)
        if compiled.isinsert or compiled.isupdate or compiled.isdelete:
            found = await self._storage.write(texts)
        else:
            found = [row for text, arguments in texts for row in await self._storage.read(text, arguments)]
        return self._named(statement, found)

    async def insert(self, table: Table, rows: Sequence[_Row]) -> int:
        """Add rows, leave alone those whose primary key is there, and say how many are new."""
        make = postgresql.insert if self._storage.dialect.name == "postgresql" else sqlite.insert
        key = list(table.primary_key.columns)
        statement = make(table).on_conflict_do_nothing(index_elements=key).returning(key[0])
        return len(await self.execute(statement, rows))

    async def close(self) -> None:
        """Let go of connections that only the tables use."""
        await self._storage.close()

    def _compiled(
        self, statement: Executable, rows: Sequence[_Row] | None
    ) -> tuple[SQLCompiler, list[tuple[str, list[Any]]]]:
        if not isinstance(statement, ClauseElement) or not hasattr(statement, "exported_columns"):
            raise ValidationError(f"{type(statement).__name__} can't be run; allowed are selects and changes of rows.")
        names = None if rows is None else list(rows[0])
        if rows is not None:
            _check_names(statement, rows)
        try:
            compiled = statement.compile(dialect=self._storage.dialect, column_keys=names)
            assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what has columns compiles to SQL on rows
            return compiled, [self._bound(compiled, row) for row in rows or ({},)]
        except SQLAlchemyError as error:
            raise ValidationError(f"The statement doesn't fit the table: {error}.") from error

    def _bound(self, compiled: SQLCompiler, row: _Row) -> tuple[str, list[Any]]:
        state = compiled.construct_expanded_state(dict(row))
        lists = {each: name for name, many in state.parameter_expansion.items() for each in many}
        arguments = []
        for name in state.positiontup or ():
            convert = self._converter(compiled.binds[lists.get(name, name)].type, "bind")
            value = state.parameters[name]
            arguments.append(value if convert is None else convert(value))
        return state.statement, arguments

    def _named(self, statement: Any, found: Sequence[Sequence[Any]]) -> list[_Row]:
        names = list(statement.exported_columns.keys())
        converters = [self._converter(column.type, "result") for column in statement.exported_columns]
        return [
            {
                name: value if convert is None else convert(value)
                for name, convert, value in zip(names, converters, row, strict=True)
            }
            for row in found
        ]

    def _converter(self, type_: TypeEngine[Any], way: Literal["bind", "result"]) -> Callable[[Any], Any] | None:
        dialect = self._storage.dialect
        here = type_.dialect_impl(dialect)
        return here.bind_processor(dialect) if way == "bind" else here.result_processor(dialect, None)


def _check_names(statement: ClauseElement, rows: Sequence[_Row]) -> None:
    names = rows[0].keys()
    odd = next((row.keys() ^ names for row in rows if row.keys() != names), set())
    if not odd and isinstance(statement, Insert):
        odd = names - statement.table.columns.keys()
    if odd:
        words = ", ".join(sorted(odd))
        raise ValidationError(f"The rows don't fit the table: {words} is unknown to it or not in all of them.")
