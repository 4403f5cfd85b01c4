"""`ara data backup` and `restore`: copies of the lake that are checked before they are believed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.data.asked import lake
from ara.cli.render.data_table import instant
from ara.cli.screen import Screen, screen
from ara.cli.words import clean, wrapped
from ara.errors import CancelledError, IntegrityError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ara.cli.progress import Step
    from ara.data.lake import Lake

__all__ = ["backup", "restore"]


def backup(
    target: Annotated[str, typer.Argument(metavar="FILE", help="Folder of the back-ups; made if need be")],
) -> None:
    """Copy the lake into a folder of back-ups; what is there already is not copied again.

    ::

        ara data backup ~/disk/ara
        ara data backup ~/backups --json
        ara data backup ~/backups --quiet
    """
    s = screen()
    s.settings()
    if not target.strip():
        raise ValidationError("No folder is named for the back-up.", hint="For example: ara data backup ~/backups")
    kept = lake(s, "ara data backup")
    try:
        if kept.empty:
            raise ValidationError("The lake is empty; there is nothing to back up.", hint="See: ara data list")
        with s.progress("Copying") as progress:
            done = kept.back_up(Path(target).expanduser(), progress=_bytes(progress))
    finally:
        kept.close()
    data = {**_facts(done, target), "copied": done.copied}
    said = f"Back-up {done.name}: {done.files:,} files, {_size(done.size)}, {_size(done.copied)} copied now."
    s.result(data, lambda: "\n".join(wrapped(said, s.width)))


def restore(
    source: Annotated[str, typer.Argument(metavar="FILE", help="Folder of the back-ups")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Which; the newest, if left out")] = "",
    listing: Annotated[bool, typer.Option("--list", help="List the back-ups and change nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
) -> None:
    """Put a back-up in the place of the lake, after every file was compared with its hash.

    ::

        ara data restore ~/backups --list
        ara data restore ~/backups
        ara data restore ~/backups --name NAME --yes

    The lake that was there is kept beside it, and its place is told.
    """
    s = screen()
    s.settings()
    if not source.strip():
        raise ValidationError("No folder of back-ups is named.", hint="For example: ara data restore ~/backups")
    place = Path(source).expanduser()
    if not (place / "snapshots").is_dir():
        raise ValidationError(
            f"There is no back-up in {clean(str(place))}.", hint=f"Make one: ara data backup {clean(str(place))}"
        )
    if listing:
        _list(s, place)
        return
    kept = lake(s, "ara data restore")
    try:
        held = _held(kept)
        if held and not s.confirm(f"{held} Put the back-up in their place?", yes=yes):
            raise CancelledError("Nothing was restored.", hint="Without a terminal, say --yes.")
        with s.progress("Restoring") as progress:
            done, old = kept.restore(place, name=name, progress=_bytes(progress))
    finally:
        kept.close()
    data = {**_facts(done, source), "before": None if old is None else str(old)}
    said = (
        f"The lake is back-up {done.name} now: {done.files:,} files, {_size(done.size)}, each compared with its hash."
    )
    if old is not None:
        said += f" The lake that was there is in {old}"
    s.result(data, lambda: "\n".join(wrapped(said, s.width)))


def _held(kept: "Lake") -> str:
    """Say what is in the lake that a back-up would replace; empty where nothing is."""
    try:
        if kept.empty:
            return ""
        rows = kept.catalogue()
        begun = [name for name, table in kept.tables.items() if table.there]
    except IntegrityError as error:
        return f"{error.message} What is left of the lake is kept beside the new one."
    if rows.is_empty():
        return f"The lake holds no bars, but {', '.join(begun)}."
    return f"The lake holds {rows['bars'].sum():,} bars in {rows.height:,} series."


def _list(s: Screen, place: Path) -> None:
    from ara.cli.render.data_table import Column, stamp, table
    from ara.data.lake.backup import list_backups

    found = list_backups(place)
    data = {"schema": 1, "backups": [_one(one) for one in found]}
    columns = [
        Column(head="name", cells=[one.name for one in found]),
        Column(head="made", cells=[stamp(one.at, s, zoned=True) for one in found], leave=1),
        Column(head="files", cells=[f"{one.files:,}" for one in found], right=True, leave=2),
        Column(head="size", cells=[_size(one.size) for one in found], right=True),
    ]
    s.result(data, lambda: "\n".join(table(columns, s)))


def _facts(done: Any, place: str) -> dict[str, Any]:
    return {"schema": 1, "folder": place, **_one(done)}


def _one(done: Any) -> dict[str, Any]:
    return {"name": done.name, "at": instant(done.at), "files": done.files, "bytes": done.size}


def _bytes(progress: "Step") -> "Callable[[int, int, str], bool]":
    def step(done: int, total: int, words: str) -> bool:
        progress(done // 1024, total=max(total // 1024, 1))
        return True

    return step


def _size(count: int) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1_000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1_000  # type: ignore[assignment]
    return ""
