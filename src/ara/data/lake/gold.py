"""Feature sets and targets, in gold: each version is written once, with what it was made from."""

import re
import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from ara.clock import Clock
from ara.data.lake.begun import Begun
from ara.data.lake.layout import Layout, storable
from ara.data.lake.table import Table
from ara.errors import StoreError, ValidationError

__all__ = ["VERSIONS", "Gold"]

VERSIONS: Final = pl.Schema(
    {
        "name": pl.String(),
        "version": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "rows": pl.Int64(),
        "lineage": pl.String(),
    }
)
"""Columns of the list of gold: `at` when a version was written, `lineage` what it was made from, as JSON."""

_USED: Final = "used"
_DAY: Final = timedelta(days=1)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class Gold:
    """The gold of a lake.

    Parameters
    ----------
    folder
        Where its tables lie.
    clock
        Times the versions.
    begun
        Notes of the lake which tables were begun.
    """

    def __init__(self, folder: Path, *, clock: Clock, begun: Begun) -> None:
        self.listed = Table(
            folder / "versions", Layout(schema=VERSIONS, order=("name", "at")), clock=clock, begun=begun
        )
        self._folder = folder
        self._clock = clock
        self._begun = begun

    def put(self, name: str, frame: pl.DataFrame, *, version: str, lineage: Mapping[str, Any]) -> None:
        """Write a version; the same one again is no fault, another of the same name is; the caller has the turn."""
        _check(name, version)
        storable(frame)
        if self._versions(name, version).height:
            if not self.read(name, version=version).equals(frame):
                raise ValidationError(
                    f"Version {version} of the gold {name} is there with other values.",
                    hint="A version never changes: give the new values a version of their own.",
                )
            return
        table = self._table(name, version, frame.schema)
        before = table.snapshot()
        # Files of an attempt that ended before it was listed give way to these.
        table.commit(before, table.write(frame), before.files)
        row = {
            "name": name,
            "version": version,
            "at": self._clock.now(),
            "rows": frame.height,
            "lineage": msgspec.json.encode(lineage, order="sorted").decode(),
        }
        self.listed.update(lambda _: (pl.DataFrame([row], schema=VERSIONS), None))

    def read(self, name: str, *, version: str | None = None) -> pl.DataFrame:
        """Give a version, or the one that was written last."""
        table, order = self._found(name, version)
        rows = table.reading(lambda now: table.scan(now.files).collect())
        return rows.select(order)

    def versions(self) -> pl.DataFrame:
        """Give what is kept, in `VERSIONS`, by name, the version written last at the end."""
        return self._versions(None, None)

    def use(self, name: str, version: str) -> None:
        """Note that a version was of use, once a day; a note that can't be written spoils nothing."""
        place, now = self._folder / name / version / _USED, self._clock.now()
        with suppress(OSError, ValueError):
            if not place.exists() or now - datetime.fromisoformat(place.read_text()) >= _DAY:
                place.write_text(now.isoformat())

    def used(self) -> pl.DataFrame:
        """Give what is kept as `versions` does, with `used`: when each was written or last of use."""
        known = self.versions()
        used = [self._last(name, version, at) for name, version, at in known.select("name", "version", "at").rows()]
        return known.with_columns(used=pl.Series(used, dtype=VERSIONS["at"]))

    def drop(self, gone: Collection[tuple[str, str]]) -> None:
        """Forget versions and delete their files; the caller has the turn."""
        for name, version in gone:
            _check(name, version)
        now = self.listed.snapshot()
        rows = self.listed.scan(now.files).collect()
        kept = rows.filter([pair not in gone for pair in rows.select("name", "version").rows()])
        self.listed.commit(now, self.listed.write(kept) if kept.height else [], now.files)
        for name, version in gone:
            folder = self._folder / name / version
            self._begun.forget(folder)
            shutil.rmtree(folder, ignore_errors=True)

    def _last(self, name: str, version: str, at: datetime) -> datetime:
        with suppress(OSError, ValueError):
            return max(at, datetime.fromisoformat((self._folder / name / version / _USED).read_text()))
        return at

    def _found(self, name: str, version: str | None) -> tuple[Table, list[str]]:
        if version is not None:
            _check(name, version)
        known = self._versions(name, version)
        if known.is_empty():
            there = self.versions()["name"].unique().sort().to_list()
            which = f"{name} has no version {version}" if name in there else f"there is no gold {name}"
            raise StoreError(
                f"In the lake {which}.", hint=f"There is {', '.join(there) or 'none yet'}; it is made by its owner."
            )
        found = known["version"][-1]
        bare = self._table(name, found, pl.Schema())
        schema = bare.reading(lambda now: _schema(bare.folder / str(now.files["path"][0])))
        return self._table(name, found, schema), schema.names()

    def table(self, name: str, version: str) -> Table:
        """Give the table of a version that is listed."""
        return self._found(name, version)[0]

    def _table(self, name: str, version: str, schema: pl.Schema) -> Table:
        return Table(self._folder / name / version, Layout(schema=schema), clock=self._clock, begun=self._begun)

    def _versions(self, name: str | None, version: str | None) -> pl.DataFrame:
        where = pl.lit(value=True)
        if name is not None:
            where &= pl.col("name") == name
        if version is not None:
            where &= pl.col("version") == version
        return self.listed.reading(lambda now: self.listed.scan(now.files, where).collect()).sort("name", "at")


def _schema(path: Path) -> pl.Schema:
    return pl.scan_parquet(path, glob=False, hive_partitioning=False).collect_schema()


def _check(name: str, version: str) -> None:
    if not _NAME.fullmatch(name) or name == "versions":
        raise ValidationError(f"{name[:40]!r} is no name of gold: give small letters, digits and _, but not versions.")
    if not _VERSION.fullmatch(version):
        raise ValidationError(f"{version[:40]!r} is no version of gold: give letters, digits, '.', '_' and '-'.")
