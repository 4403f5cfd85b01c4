"""Back-ups: complete, incremental, checked, put back."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from ara.clock import FixedClock, SystemClock
from ara.data.lake import Lake
from ara.data.lake.backup import check_backup, list_backups
from ara.data.provider import Kind
from ara.errors import CancelledError, IntegrityError, StoreError, ValidationError
from ara.market.symbols import resolve
from tests.data.lake.conftest import FIRST, LEARNED, Answer, bars
from tests.data.test_bar_store import actions

NOW = datetime.now(UTC)


def at(lake: Lake, minutes: int) -> Lake:
    return Lake.at(lake.folder, clock=FixedClock(NOW + timedelta(minutes=minutes)))


@pytest.fixture
def full(lake: Lake) -> Lake:
    """A lake with something in every table."""
    lake.append(pl.concat([bars(), bars("MSFT")]))
    for count in range(6, 12):
        lake.append(bars(count=count))
    lake.keep([Answer(body=b"payload")])
    lake.append_facts(Kind.ACTIONS, "AAPL", "yahoo", actions((FIRST, "split", 4.0)))
    lake.put_instruments([resolve("AAPL")], source="yahoo", learned_at=LEARNED)
    lake.put_gold("momentum", pl.DataFrame({"x": [1.5]}), version="v1", lineage={})
    return lake


def everything(lake: Lake) -> list[pl.DataFrame]:
    return [lake.scan(name).collect() for name in lake.tables] + [lake.catalogue(), lake.lasts("1d")]


def test_what_was_backed_up_comes_back_whole(full: Lake, tmp_path: Path) -> None:
    before = everything(full)
    told: list[tuple[int, int, str]] = []

    def note(done: int, total: int, what: str) -> bool:
        told.append((done, total, what))
        return True

    made = at(full, 0).back_up(tmp_path / "backups", progress=note)
    assert told[-1][0] == told[-1][1] == made.size
    assert [one.name for one in list_backups(tmp_path / "backups")] == [made.name]
    assert check_backup(tmp_path / "backups").files == made.files

    full.append(bars("LATER"))
    restored, old = at(full, 5).restore(tmp_path / "backups")
    assert restored.name == made.name
    for lake in (full, Lake.at(full.folder, clock=SystemClock())):
        assert all(one.equals(other) for one, other in zip(everything(lake), before, strict=True))
        assert lake.verify().ok
    assert old is not None
    assert Lake.at(old, clock=SystemClock()).bars("LATER", "1d").height == 5
    assert full.append(bars("LATER")).new == 5
    assert full.append(bars(count=11)).same == 11
    assert full.versions("bars").height > 5


def test_a_back_up_opens_elsewhere(full: Lake, tmp_path: Path) -> None:
    full.back_up(tmp_path / "backups")
    other = Lake.at(tmp_path / "elsewhere" / "lake", clock=SystemClock())
    (tmp_path / "elsewhere").mkdir()
    _, old = other.restore(tmp_path / "backups")
    assert old is None
    assert other.catalogue().equals(full.catalogue())
    assert other.gold("momentum").equals(full.gold("momentum"))


def test_a_further_back_up_copies_only_what_is_new(full: Lake, tmp_path: Path) -> None:
    target = tmp_path / "backups"
    first = at(full, 0).back_up(target)
    assert first.copied == sum(path.stat().st_size for path in (target / "objects").rglob("*") if path.is_file())
    assert at(full, 1).back_up(target).copied == 0
    full.append(bars("NEW", 1))
    third = at(full, 2).back_up(target)
    assert 0 < third.copied < first.copied / 2
    assert len(list_backups(target)) == 3
    at(full, 3).restore(target, name=first.name)
    assert full.bars("NEW", "1d").is_empty()
    at(full, 4).restore(target, name=third.name)
    assert full.bars("NEW", "1d").height == 1


def objects(target: Path) -> list[Path]:
    return sorted((target / "objects").rglob("*"), key=lambda path: path.stat().st_size)


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_damaged_back_up_is_found_and_never_put_in_place(full: Lake, tmp_path: Path, damage: str) -> None:
    target = tmp_path / "backups"
    full.back_up(target)
    before = everything(full)
    chosen = objects(target)[-1]
    content = chosen.read_bytes()
    chosen.unlink()
    if damage == "changed":
        chosen.write_bytes(content[:-1] + b"?")
    with pytest.raises(IntegrityError, match="missing or was changed") as caught:
        check_backup(target)
    assert len(caught.value.context["files"]) == 1
    with pytest.raises(IntegrityError, match="nothing was restored"):
        full.restore(target)
    assert [path.name for path in full.folder.parent.iterdir() if path.name.startswith("lake")] == ["lake"]
    assert all(one.equals(other) for one, other in zip(everything(full), before, strict=True))
    at(full, 1).back_up(target)
    assert check_backup(target).files


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_damaged_lake_is_never_backed_up(full: Lake, tmp_path: Path, damage: str) -> None:
    target = tmp_path / "backups"
    at(full, 0).back_up(target)
    full.append(bars("NEW", 1))
    chosen = max((full.folder / "silver" / "bars").rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    content = bytearray(chosen.read_bytes())
    chosen.unlink()
    if damage == "changed":
        content[len(content) // 2] ^= 1
        chosen.write_bytes(content)
    with pytest.raises(IntegrityError, match="is missing" if damage == "missing" else "was changed since") as caught:
        at(full, 1).back_up(target)
    assert caught.value.exit_code == 7
    assert chosen.name in caught.value.message
    assert len(list_backups(target)) == 1
    assert check_backup(target).files


def test_what_a_further_back_up_uses_again_is_read_first(full: Lake, tmp_path: Path) -> None:
    target = tmp_path / "backups"
    at(full, 0).back_up(target)
    kept = [path for path in objects(target) if path.is_file()]
    for path in kept:
        path.write_bytes(b"?" * path.stat().st_size)
    assert at(full, 1).back_up(target).copied == sum(path.stat().st_size for path in kept)
    assert check_backup(target).files


def test_a_list_that_was_edited_is_refused(full: Lake, tmp_path: Path) -> None:
    target = tmp_path / "backups"
    made = full.back_up(target)
    path = target / "snapshots" / f"{made.name}.json"
    listed = json.loads(path.read_text())
    for edited, words in (
        ({**listed, "files": listed["files"][:-1]}, "was changed since it was made"),
        ({**listed, "format": 9}, "made by a newer Ara"),
        ({**listed, "more": 1}, "can't be read"),
    ):
        path.write_text(json.dumps(edited))
        with pytest.raises((IntegrityError, StoreError), match=words):
            full.restore(target)
    path.write_text("{")
    with pytest.raises(IntegrityError, match="can't be read"):
        list_backups(target)
    assert at(full, 1).back_up(target).copied == 0


def test_a_list_cannot_name_places_outside(full: Lake, tmp_path: Path) -> None:
    from ara.data.lake import backup

    target = tmp_path / "backups"
    made = full.back_up(target)
    path = target / "snapshots" / f"{made.name}.json"
    listed = json.loads(path.read_text())
    listed["files"][0]["path"] = "../outside"
    listed["digest"] = backup._digest([backup._Kept(**kept) for kept in listed["files"]])
    path.write_text(json.dumps(listed))
    with pytest.raises(IntegrityError, match="outside of the lake"):
        full.restore(target)
    assert not (tmp_path / "outside").exists()


def test_what_can_not_be_asked(full: Lake, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="would lie inside the lake"):
        full.back_up(full.folder / "backups")
    with pytest.raises(StoreError, match="no back-up in"):
        full.restore(tmp_path / "none")
    full.back_up(tmp_path / "backups")
    for name in ("2020", "../snapshots/x", "x/../../y"):
        with pytest.raises(StoreError, match="There is no back-up"):
            full.restore(tmp_path / "backups", name=name)


def test_cancelling_leaves_everything_as_it_was(full: Lake, tmp_path: Path) -> None:
    target = tmp_path / "backups"
    calls: list[str] = []

    def stop(done: int, total: int, what: str) -> bool:
        calls.append(what)
        return len(calls) < 4

    with pytest.raises(CancelledError):
        full.back_up(target, progress=stop)
    assert list_backups(target) == []
    full.back_up(target)
    calls.clear()
    with pytest.raises(CancelledError):
        full.restore(target, progress=stop)
    assert sorted(path.name for path in full.folder.parent.iterdir()) == ["backups", "lake"]
    assert full.verify().ok


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_target_that_cannot_be_written_is_said(full: Lake, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="isn't allowed to"):
        full.back_up(tmp_path / "closed" / "backups")


def test_a_target_that_is_a_file_is_said(full: Lake, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="no folder stands in its place"):
        full.back_up(tmp_path / "file")
