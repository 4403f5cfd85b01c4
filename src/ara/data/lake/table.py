"""One Delta table: which files it holds now, how rows come in, how files are replaced.

delta-rs keeps the log: its commits are the only truth about which files count. Files are written first and counted
after, by a commit that fails where anybody else committed since the snapshot it was made from; so what was read,
checked and written is one step, and a process that dies leaves at most files that nobody counts.
"""

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import uuid4

import polars as pl

from ara.clock import Clock
from ara.data.lake.begun import Begun
from ara.data.lake.faults import TakenError, broken, committed, logged, lost, vanished, writing
from ara.data.lake.layout import Layout, Snapshot, Written, delta_schema
from ara.data.lake.noted import Noted, note
from ara.errors import AraError
from ara.whole import sync

if TYPE_CHECKING:
    from deltalake import DeltaTable

__all__ = ["Table", "told_hash"]

_T = TypeVar("_T")

_ROW_GROUP: Final = 8_192
_TRIES: Final = 50
_HANDS: Final = 8
_NAMED: Final = re.compile(r"[0-9a-f]{32}-([0-9a-f]{32})\.parquet")


def told_hash(path: str) -> str:
    """Give the beginning of the sha256 that a file's name promises of its content; empty where it promises none."""
    named = _NAMED.fullmatch(path.rpartition("/")[2])
    return named[1] if named else ""


class Table:
    """One table of the lake; safe to use from many threads.

    Parameters
    ----------
    folder
        Where it lies; made by the first write.
    layout
        Columns, order, partitions.
    clock
        Times the files and commits.
    begun
        Notes of the lake that it was begun.
    """

    def __init__(self, folder: Path, layout: Layout, *, clock: Clock, begun: Begun) -> None:
        self.folder = folder
        self.layout = layout
        self.noted = Noted(folder, layout.noted)
        self._clock = clock
        self.begun = begun
        self._turn = threading.Lock()
        self._delta: DeltaTable | None = None
        self._mark: tuple[int, int] = (0, 0)
        self._life = 0
        self._snapshot = Snapshot(version=-1, files=self._listing(None))

    @property
    def there(self) -> bool:
        """Whether anything was ever committed; IntegrityError where it was, and the log or the whole table is gone."""
        # The note first: it is written after the log, so whoever sees it must find that.
        told = self.begun.told(self.folder)
        if committed(self.folder):
            return True
        if told:
            raise lost(self.folder, f"it is gone, though the lake has begun it ({told})")
        return False

    def snapshot(self) -> Snapshot:
        """Give the files that count now."""
        with self._turn, logged(self.folder):
            return self._refreshed()

    def at_version(self, version: int) -> Snapshot:
        """Give the files that counted at an earlier version."""
        from deltalake import DeltaTable

        with logged(self.folder, version=version):
            delta = DeltaTable(str(self.folder), version=version)
            return Snapshot(version=version, files=self._listing(delta))

    def history(self) -> list[dict[str, Any]]:
        """Give the commits that the log still has, newest first."""
        if not self.there:
            return []
        with self._turn, logged(self.folder):
            self._refreshed()
            return [] if self._delta is None else self._delta.history()

    def reading(self, read: Callable[[Snapshot], _T]) -> _T:
        """Read from the files that count now; again from the new ones where some were cleared away meanwhile."""
        seen = -2
        while True:
            snapshot = self.snapshot()
            try:
                return read(snapshot)
            except (OSError, pl.exceptions.PolarsError) as error:
                gone = vanished(self.folder, snapshot.files["path"])
                if snapshot.version == seen or (not gone and not isinstance(error, FileNotFoundError)):
                    raise broken(self.folder, error, gone=gone) from error
                seen = snapshot.version

    def scan(self, files: pl.DataFrame, where: pl.Expr | None = None) -> pl.LazyFrame:
        """Give the rows of some files of a snapshot, lazily, in the layout's columns."""
        parts = list(self.layout.partitions)
        stored = pl.Schema({name: kind for name, kind in self.layout.schema.items() if name not in parts})
        if files.is_empty():
            return pl.LazyFrame(schema=self.layout.schema)
        groups = files.group_by(parts, maintain_order=True) if parts else [((), files)]
        scans = []
        for values, group in groups:
            paths = [self.folder / path for path in group["path"]]
            scan = pl.scan_parquet(paths, schema=stored, glob=False, hive_partitioning=False)
            fixed = [
                pl.lit(value, self.layout.schema[name]).alias(name) for name, value in zip(parts, values, strict=True)
            ]
            scans.append(scan.with_columns(fixed))
        whole = scans[0] if len(scans) == 1 else pl.concat(scans)
        chosen = whole if where is None else whole.filter(where)
        return chosen.select(self.layout.schema.names())

    def write(self, rows: pl.DataFrame) -> list[Written]:
        """Write rows into new files, one for each set of partition values; none of them counts yet."""
        # A log from the first file on: files without one are a damage, not the rest of a process that died.
        with self._turn, writing(self.folder):
            if not self.there:
                self._create()
        parts = list(self.layout.partitions)
        rows = rows.select(self.layout.schema.names())
        groups = rows.partition_by(parts, as_dict=True, maintain_order=True) if parts else {(): rows}
        # Most of the time goes into waiting for the disk, which several may do at once.
        with ThreadPoolExecutor(min(_HANDS, len(groups)), thread_name_prefix="ara-lake") as hands:
            doing = [
                hands.submit(
                    self._write_one,
                    group.drop(parts),
                    {name: str(value) for name, value in zip(parts, values, strict=True)},
                )
                for values, group in groups.items()
            ]
        failed = [error for one in doing if (error := one.exception()) is not None]
        if failed:
            self.forget([one.result() for one in doing if one.exception() is None])
            raise failed[0]
        return [one.result() for one in doing]

    def commit(
        self, snapshot: Snapshot, add: Sequence[Written], remove: pl.DataFrame | None = None, *, news: bool = True
    ) -> Snapshot:
        """Count new files and drop others, in one step, on top of a snapshot.

        Parameters
        ----------
        snapshot
            What was read to decide; where the table has another version by now, nothing happens.
        add
            Files written by `write`.
        remove
            Rows of the snapshot's `files` that count no more; they stay on the disk until upkeep clears them away.
        news
            Whether rows were added; not where files were only rewritten.

        Raises
        ------
        TakenError
            Somebody else committed first. The caller reads again and tries again.
        """
        from deltalake import CommitProperties, PostCommitHookProperties
        from deltalake.transaction import RemoveAction

        with self._turn, writing(self.folder):
            if snapshot.version < 0:
                self._create()
                snapshot = Snapshot(version=0, files=snapshot.files, life=snapshot.life)
            if self._refreshed().version != snapshot.version:
                raise TakenError(self.folder)
            gone = [
                RemoveAction(
                    path=row["path"],
                    data_change=False,
                    deletion_timestamp=self._stamp(),
                    size=row["size"],
                    partition_values=self._values(row),
                )
                for row in (() if remove is None else remove.iter_rows(named=True))
            ]
            assert self._delta is not None  # noqa: S101 - a table that has a version is open
            self._delta.create_write_transaction(
                [*(self._addition(one, news=news) for one in add), *gone],
                "append",
                delta_schema(self.layout.schema),
                list(self.layout.partitions),
                commit_properties=CommitProperties(_notes(add, gone, news=news), max_commit_retries=0),
                post_commithook_properties=PostCommitHookProperties(
                    create_checkpoint=False, cleanup_expired_logs=False
                ),
            )
            sync(self._log_file(snapshot.version + 1))
            sync(self.folder / "_delta_log")
            return self._refreshed()

    def add(self, snapshot: Snapshot, rows: pl.DataFrame) -> Snapshot:
        """Write rows and count them, on top of a snapshot; where that fails, nothing of them is left."""
        written = self.write(rows)
        try:
            return self.commit(snapshot, written)
        except BaseException:
            self.forget(written)
            raise

    def update(self, decide: Callable[[Snapshot], tuple[pl.DataFrame, _T]]) -> tuple[Snapshot, Snapshot, _T]:
        """Read, decide which rows to add, and add them, as one step; again where somebody else came between.

        Gives the snapshot before, the one after, and what else was decided.
        """
        for _ in range(_TRIES):
            before, (rows, answer) = self.reading(lambda now: (now, decide(now)))
            if rows.is_empty():
                return before, before, answer
            try:
                return before, self.add(before, rows), answer
            except TakenError:
                continue
        raise TakenError(self.folder)

    def forget(self, written: Sequence[Written]) -> None:
        """Delete files that are not counted; a commit that failed late may have counted them."""
        try:
            counted = set(self.snapshot().files["path"])
        except AraError:
            return
        for one in written:
            if one.path not in counted:
                (self.folder / one.path).unlink(missing_ok=True)

    def close(self) -> None:
        """Forget the files that were read; they are read again when they are next asked for."""
        with self._turn:
            self._life += 1
            self._delta, self._mark = None, (0, 0)
            self._snapshot = Snapshot(version=-1, files=self._listing(None), life=self._life)

    def now(self) -> datetime:
        """Give the time by the lake's clock."""
        return self._clock.now()

    def shorten_log(self) -> None:
        """Delete the commits that are older than a month and not needed any more."""
        with self._turn, writing(self.folder):
            self._refreshed()
            if self._delta is not None:
                self._delta.cleanup_metadata()

    def log_files(self) -> list[Path]:
        """Give the files of the log."""
        return sorted(path for path in (self.folder / "_delta_log").iterdir() if path.is_file())

    def checkpoint(self) -> None:
        """Note the newest version in full, so that whoever opens the table need not read the commits before it."""
        with self._turn, writing(self.folder):
            self._refreshed()
            if self._delta is not None:
                self._delta.create_checkpoint()

    def _refreshed(self) -> Snapshot:
        known = self._snapshot.version
        if known >= 0 and self._mark == _mark(self._log_file(known)) and not self._log_file(known + 1).exists():
            return self._snapshot
        if known >= 0 and self._mark != _mark(self._log_file(known)):
            self._delta, self._life = None, self._life + 1
        if not self.there:
            self._delta, self._snapshot = None, Snapshot(version=-1, files=self._listing(None), life=self._life)
            return self._snapshot
        from deltalake import DeltaTable

        if self._delta is None:
            self._delta = DeltaTable(str(self.folder))
        else:
            self._delta.update_incremental()
        files = self._listing(self._delta)
        self._snapshot = Snapshot(version=self._delta.version(), files=files, life=self._life)
        self._mark = _mark(self._log_file(self._snapshot.version))
        return self._snapshot

    def _create(self) -> None:
        from deltalake import DeltaTable

        self.folder.mkdir(parents=True, exist_ok=True)
        schema = delta_schema(self.layout.schema)
        DeltaTable.create(str(self.folder), schema, mode="ignore", partition_by=list(self.layout.partitions))
        sync(self._log_file(0))
        self.begun.note(self.folder)

    def _write_one(self, rows: pl.DataFrame, values: Mapping[str, str]) -> Written:
        ordered = rows.sort(self.layout.order) if self.layout.order else rows
        buffer = BytesIO()
        told = note(rows, self.layout.noted)
        ordered.write_parquet(buffer, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP, metadata=told)
        # The name holds the content's hash, so that a change of the file shows.
        name = f"{uuid4().hex}-{hashlib.sha256(buffer.getbuffer()).hexdigest()[:32]}.parquet"
        place = "/".join([*(f"{name}={value}" for name, value in values.items()), name])
        path = self.folder / place
        with writing(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("xb") as file:
                    file.write(buffer.getbuffer())
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            sync(path.parent)
        stats = _stats(rows, self.layout.bounds)
        return Written(path=place, size=buffer.tell(), rows=rows.height, values=values, stats=stats)

    def _addition(self, one: Written, *, news: bool) -> Any:
        from deltalake.transaction import AddAction

        return AddAction(one.path, one.size, one.values, self._stamp(), news, one.stats)

    def _values(self, row: Mapping[str, Any]) -> dict[str, str | None]:
        return {name: str(row[name]) for name in self.layout.partitions}

    def _stamp(self) -> int:
        return round(self._clock.now().timestamp() * 1000)

    def _log_file(self, version: int) -> Path:
        return self.folder / "_delta_log" / f"{version:020d}.json"

    def _listing(self, delta: "DeltaTable | None") -> pl.DataFrame:
        wanted = {
            "path": ("path", pl.String()),
            "size_bytes": ("size", pl.Int64()),
            "num_records": ("rows", pl.Int64()),
        }
        for name in self.layout.partitions:
            wanted[f"partition.{name}"] = (name, self.layout.schema[name])
        for side in ("min", "max"):
            for name in self.layout.bounds:
                wanted[f"{side}.{name}"] = (f"{side}.{name}", self.layout.schema[name])
        if delta is None:
            return pl.DataFrame(schema=dict(wanted.values()))
        raw = pl.DataFrame(delta.get_add_actions(flatten=True))
        return raw.select(
            (pl.col(theirs) if theirs in raw.columns else pl.lit(None)).cast(kind).alias(ours)
            for theirs, (ours, kind) in wanted.items()
        )


def _notes(add: Sequence[Written], gone: Sequence[Any], *, news: bool) -> dict[str, str]:
    """Say in the log what a commit did."""
    rows = sum(one.rows for one in add)
    return {"what": "append" if news else "merge", "rows": str(rows), "files": str(len(add)), "dropped": str(len(gone))}


def _stats(rows: pl.DataFrame, bounds: Sequence[str]) -> str:
    least = {name: _plain(rows[name].min()) for name in bounds}
    most = {name: _plain(rows[name].max()) for name in bounds}
    nulls = {name: rows[name].null_count() for name in bounds}
    return json.dumps({"numRecords": rows.height, "minValues": least, "maxValues": most, "nullCount": nulls})


def _plain(value: Any) -> Any:
    return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}" if isinstance(value, datetime) else value


def _mark(path: Path) -> tuple[int, int]:
    try:
        known = path.stat()
    except OSError:
        return (0, 0)
    return (known.st_ino, known.st_mtime_ns)
