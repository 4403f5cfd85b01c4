"""How a table lies on the disk, and what it may hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from ara.errors import ValidationError

__all__ = ["Layout", "Snapshot", "Written", "delta_schema", "storable"]

_PRIMITIVE: Final[Mapping[Any, str]] = {
    pl.String: "string",
    pl.Float64: "double",
    pl.Float32: "float",
    pl.Int64: "long",
    pl.Int32: "integer",
    pl.Int16: "short",
    pl.Int8: "byte",
    pl.Boolean: "boolean",
    pl.Binary: "binary",
    pl.Date: "date",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a table lies on the disk.

    Parameters
    ----------
    schema
        All columns, those of partitions too.
    order
        Columns by which rows are sorted in a file.
    partitions
        Columns whose values are folders, not columns of files.
    bounds
        Columns whose least and greatest value are noted for each file.
    noted
        A column of text whose values each file notes, unless they are very many; empty for none.
    """

    schema: pl.Schema
    order: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()
    noted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The files of a table at one version; -1 where there is none yet.

    Parameters
    ----------
    version
        Of the Delta log.
    files
        `path`, `size`, `rows`, the partitions' values, and `min.` and `max.` of the layout's bounds.
    life
        Grows when another table was put in the place of this one, as a restored back-up is.
    """

    version: int
    files: pl.DataFrame
    life: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that lies in a table's folder and is not counted yet."""

    path: str
    size: int
    rows: int
    values: Mapping[str, str]
    stats: str


def storable(frame: pl.DataFrame) -> None:
    """Refuse columns of a type that a table can't have."""
    for name, kind in frame.schema.items():
        zone = getattr(kind, "time_zone", None)
        if type(kind) not in _PRIMITIVE and not (zone == "UTC" and kind == pl.Datetime("us", "UTC")):
            allowed = ", ".join(sorted(str(one()) for one in _PRIMITIVE))
            raise ValidationError(
                f"The column {name[:40]!r} has the type {kind}, which a table can't hold.",
                hint=f"Cast it to one of {allowed}, or to times in UTC by the microsecond.",
            )


def delta_schema(schema: pl.Schema) -> Any:
    """Give the columns as delta-rs names them."""
    from deltalake.schema import Field, PrimitiveType, Schema

    def kind(dtype: pl.DataType) -> str:
        return "timestamp" if isinstance(dtype, pl.Datetime) else _PRIMITIVE[type(dtype)]

    return Schema([Field(name, PrimitiveType(kind(dtype))) for name, dtype in schema.items()])
