"""The lake's own: few files, versions, gold, upkeep."""

import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from ara.clock import FixedClock, SystemClock
from ara.data.bar_store import ROWS, open_bar_store
from ara.data.lake import Lake
from ara.data.lake.layout import Snapshot
from ara.data.lake.silver import BUCKETS
from ara.data.lake.turn import turn
from ara.data.lake.upkeep import SMALL_FILES
from ara.data.provider import Kind
from ara.errors import ConfigurationError, StoreError, ValidationError
from ara.market.symbols import resolve
from ara.settings import Settings
from tests.data.lake.conftest import FIRST, LEARNED, Answer, bars
from tests.data.test_bar_store import actions

DAY = timedelta(days=1)


def files(lake: Lake, name: str = "bars") -> pl.DataFrame:
    return lake.tables[name].snapshot().files


def grown(lake: Lake, days: int = 30, symbols: int = 3) -> pl.DataFrame:
    """Append day by day, and give what should be kept."""
    whole = pl.concat([bars(f"S{number}", days, close=10.0 * number + 10) for number in range(symbols)])
    for day in range(days):
        lake.append(whole.filter(pl.col("at") == FIRST + DAY * day))
    return whole


def test_nothing_is_touched_before_the_first_write(tmp_path: Path) -> None:
    lake = Lake.at(tmp_path / "lake", clock=SystemClock())
    assert not lake.there
    assert lake.bars("AAPL", "1d").is_empty()
    assert lake.versions("bars").is_empty()
    assert lake.scan("bars").collect().is_empty()
    assert lake.golds().is_empty()
    assert lake.verify().ok
    lake.close()
    assert list(tmp_path.iterdir()) == []


def test_daily_appends_leave_few_files_and_lose_nothing(lake: Lake) -> None:
    whole = grown(lake)
    assert lake.there
    by_bucket = files(lake).group_by("bucket").len()["len"]
    assert by_bucket.max() <= SMALL_FILES + 1  # type: ignore[operator]
    assert lake.scan("bars").select(ROWS.names()).collect().sort("symbol", "at").equals(whole)
    assert lake.catalogue()["bars"].to_list() == [30] * 3
    assert (lake.folder / "silver/bars/_delta_log/_last_checkpoint").exists()
    told = lake.versions("bars")
    assert told.filter(pl.col("what") == "append").height == 30
    assert told.filter(pl.col("what") == "merge").select((pl.col("files") < pl.col("dropped")).all()).item()


def test_others_read_the_tables_as_delta(lake: Lake) -> None:
    whole = grown(lake, 7)
    delta = DeltaTable(str(lake.folder / "silver" / "bars"))
    counted = [Path(path.removeprefix("file://")) for path in delta.file_uris()]
    assert pl.scan_parquet(counted, hive_partitioning=False).select(pl.len()).collect().item() == whole.height
    assert delta.metadata().partition_columns == ["timeframe", "asset_class", "bucket"]
    assert delta.count() == whole.height
    adds = pl.DataFrame(delta.get_add_actions(flatten=True))
    assert adds["min.at"].min() == FIRST
    assert adds["max.at"].max() == FIRST + 6 * DAY


def test_symbols_are_dealt_evenly_and_for_ever(lake: Lake) -> None:
    lake.append(pl.concat([bars(f"S{number:04d}", 1) for number in range(1_000)]))
    assert files(lake)["rows"].max() < 4 * 1_000 / BUCKETS  # type: ignore[operator]
    lake.append(bars("AAPL", 1))
    assert files(lake).filter(pl.col("min.symbol") == "AAPL")["bucket"].to_list() == [28]


def test_a_read_opens_only_the_files_of_its_symbol_and_time(lake: Lake) -> None:
    lake.append(pl.concat([bars("AAPL"), bars("MSFT")]))
    lake.append(bars("AAPL", first=FIRST + 100 * DAY))
    listed = files(lake)
    others = listed.filter((pl.col("min.symbol") != "AAPL") | (pl.col("min.at") > FIRST + 50 * DAY))
    for path in others["path"]:
        (lake.folder / "silver" / "bars" / path).write_bytes(b"no table")
    assert lake.bars("AAPL", "1d", end=FIRST + 50 * DAY).equals(bars("AAPL"))


def test_versions_tell_what_was_done_and_can_be_read(tmp_path: Path) -> None:
    lake = Lake.at(tmp_path / "lake", clock=FixedClock(LEARNED))
    lake.append(bars())
    lake.append(bars(count=7))
    lake.append(bars(count=1, close=50.0))
    told = lake.versions("bars")
    assert told.select("version", "what", "rows", "files").rows() == [
        (3, "append", 1, 1),
        (2, "append", 2, 1),
        (1, "append", 5, 1),
        (0, "create", 0, 0),
    ]
    assert lake.scan("bars", version=1).select(ROWS.names()).collect().sort("at").equals(bars())
    assert lake.scan("bars", version=2).collect().height == 7
    assert lake.scan("bars").collect().height == 8
    with pytest.raises(StoreError, match="can't be read at version 9"):
        lake.scan("bars", version=9)
    with pytest.raises(StoreError, match="no table 'bar'"):
        lake.scan("bar")


@pytest.mark.parametrize(("days", "cleared"), [(None, [0, 9]), (3, [9, 0]), (10, [0, 0]), (40, [0, 0])])
def test_what_ceased_to_count_stays_for_as_long_as_the_setting_says(
    tmp_path: Path, days: int | None, cleared: list[int]
) -> None:
    """By the settings, and with the next append: 5 and 8 days after the files were merged."""
    flags = {"home": str(tmp_path)} | ({} if days is None else {"data.lake_days": str(days)})
    settings, start = Settings.load(flags, environ={}, folder=tmp_path), datetime.now(UTC)
    with closing(open_bar_store(settings, clock=FixedClock(start))) as lake:
        grown(lake, 3)
        lake.tidy()
    found = []
    for later in (5, 8):
        before = set((tmp_path / "lake" / "silver" / "bars").rglob("*.parquet"))
        with closing(open_bar_store(settings, clock=FixedClock(start + timedelta(days=later)))) as lake:
            lake.append(bars(f"LATE{later}", 1))
        after = set((tmp_path / "lake" / "silver" / "bars").rglob("*.parquet"))
        found.append(len(before - after))
    assert found == cleared


@pytest.mark.parametrize("days", ["0", "3651", "-1", "x"])
def test_no_other_number_of_days_is_allowed(days: str) -> None:
    with pytest.raises(ConfigurationError, match="lake_days"):
        Settings.load({"data.lake_days": days}, environ={})


def test_tidying_merges_and_clears_what_is_old_enough(tmp_path: Path) -> None:
    start = datetime.now(UTC)
    lake = Lake.at(tmp_path / "lake", clock=FixedClock(start))
    whole = grown(lake, 3)
    lake.append_facts(Kind.ACTIONS, "S0", "yahoo", actions((FIRST, "split", 4.0)))
    tidied = lake.tidy()
    assert (tidied.merged, tidied.cleared) == (6, 0)
    assert files(lake).height == 3
    assert lake.scan("bars", version=3).collect().height == 9
    later = Lake.at(tmp_path / "lake", clock=FixedClock(start + timedelta(days=8)))
    assert later.tidy().cleared == 9
    assert later.scan("bars").select(ROWS.names()).collect().sort("symbol", "at").equals(whole)
    assert later.tidy() == type(tidied)(merged=0, cleared=0)
    assert later.facts(Kind.ACTIONS).height == 1


def test_appends_clear_away_once_a_day_what_is_a_week_old(tmp_path: Path) -> None:
    start = datetime.now(UTC)
    lake = Lake.at(tmp_path / "lake", clock=FixedClock(start))
    grown(lake, 5, symbols=1)

    def on_disk() -> int:
        return len(list((lake.folder / "silver" / "bars").rglob("bucket=*/*.parquet")))

    assert on_disk() == 6
    for days, left in ((0.5, 7), (6, 9), (7.5, 6)):
        then = Lake.at(tmp_path / "lake", clock=FixedClock(start + timedelta(days=days)))
        then.append(bars("S0", 1, first=FIRST + DAY * (10 + days)))
        assert on_disk() == left, days


def test_a_file_that_was_dropped_just_now_stays_however_old_it_is(tmp_path: Path) -> None:
    start = datetime.now(UTC)
    grown(Lake.at(tmp_path / "lake", clock=FixedClock(start)), SMALL_FILES + 1, symbols=1)
    later = Lake.at(tmp_path / "lake", clock=FixedClock(start + timedelta(days=10)))
    version = later.tables["bars"].snapshot().version
    later.append(bars("S0", 1, first=FIRST + 50 * DAY))
    assert files(later).height == 1
    assert later.scan("bars", version=version).collect().height == SMALL_FILES + 1


def test_a_reader_goes_on_where_its_files_were_cleared_away(tmp_path: Path) -> None:
    lake, other = (Lake.at(tmp_path / "lake", clock=SystemClock()) for _ in range(2))
    whole = grown(lake, 3, symbols=1)
    table = lake.tables["bars"]
    reads: list[Snapshot] = []

    def read(snapshot: Snapshot) -> pl.DataFrame:
        if not reads:
            other.tidy(keep=timedelta(days=-1))
        reads.append(snapshot)
        return table.scan(snapshot.files).collect()

    assert table.reading(read).select(ROWS.names()).sort("at").equals(whole)
    assert len(reads) == 2


def test_heads_are_derived_again_from_whatever_is_left(lake: Lake, tmp_path: Path) -> None:
    grown(lake, 6)
    lake.append(bars("S0", 1, close=99.0, first=FIRST + 5 * DAY))
    expected, lasts = lake.catalogue(), lake.lasts("1d")
    heads = lake.folder / "silver" / "heads"

    def fresh() -> Lake:
        return Lake.at(lake.folder, clock=SystemClock())

    (kept,) = heads.glob("*.parquet")
    content = kept.read_bytes()
    for damage in (b"", content[: len(content) // 2], b"PAR1" + b"x" * 99):
        kept.write_bytes(damage)
        assert fresh().catalogue().equals(expected)
        assert fresh().lasts("1d").equals(lasts)
    pl.read_parquet(kept).with_columns(bars=pl.col("bars") + 1).write_parquet(kept)
    assert fresh().catalogue().equals(expected)
    pl.DataFrame({"x": [1]}).write_parquet(kept)
    assert fresh().catalogue().equals(expected)
    kept.unlink()
    assert fresh().catalogue().equals(expected)


def test_heads_that_are_behind_catch_up(lake: Lake) -> None:
    grown(lake, 2)
    heads = lake.folder / "silver" / "heads"
    (old,) = heads.glob("*.parquet")
    content = old.read_bytes()
    for day in range(2, 4):
        lake.append(bars("S1", 1, first=FIRST + DAY * day, close=20.0 + day))
    lake.append(bars("NEW"))
    expected = lake.catalogue()
    for path in heads.glob("*.parquet"):
        path.unlink()
    old.write_bytes(content)
    assert Lake.at(lake.folder, clock=SystemClock()).catalogue().equals(expected)
    lake.append(bars("NEW", 1, close=7.0))
    for path in heads.glob("*.parquet"):
        path.unlink()
    old.write_bytes(content)
    log = lake.folder / "silver/bars/_delta_log"
    (log / f"{lake.tables['bars'].snapshot().version:020d}.json").write_bytes(b"{")
    assert not Lake.at(lake.folder, clock=SystemClock()).verify().ok


def test_heads_are_counted_in_full_where_the_log_no_longer_tells(lake: Lake) -> None:
    grown(lake, 2)
    heads = lake.folder / "silver" / "heads"
    (old,) = heads.glob("*.parquet")
    content = old.read_bytes()
    grown(lake, 9)
    expected = lake.catalogue()
    for path in heads.glob("*.parquet"):
        path.unlink()
    old.write_bytes(content)
    (heads / "heads-none.parquet").write_bytes(content)
    log = lake.folder / "silver/bars/_delta_log"
    (log / f"{3:020d}.json").unlink()
    assert Lake.at(lake.folder, clock=SystemClock()).catalogue().equals(expected)


def test_who_was_overtaken_reads_again_and_gives_up_at_last(lake: Lake) -> None:
    rival = Lake.at(lake.folder, clock=SystemClock())
    lake.append(bars())
    table = lake.tables["bars"]
    rows = lake.scan("bars").collect()
    seen: list[int] = []

    def decide(snapshot: Snapshot, *, often: int) -> tuple[pl.DataFrame, None]:
        seen.append(snapshot.version)
        if len(seen) <= often:
            rival.append(bars(f"R{often}-{len(seen)}", 1))
        return rows.with_columns(symbol=pl.lit("MINE")), None

    before, after, _ = table.update(lambda now: decide(now, often=2))
    assert len(seen) == 3
    assert after.version == before.version + 1
    assert lake.bars("R2-2", "1d").height == 1
    seen.clear()
    with pytest.raises(StoreError, match="changed by another process at the same moment"):
        table.update(lambda now: decide(now, often=1_000))
    assert lake.scan("bars").filter(pl.col("symbol") == "MINE").collect().height == 5
    assert lake.verify().ok


def test_a_commit_on_an_older_version_is_refused_by_the_log_itself(lake: Lake) -> None:
    lake.append(bars())
    table = lake.tables["bars"]
    before = table.snapshot()
    written = table.write(lake.scan("bars").collect())
    # The table still believes in its version, so that only the log can tell.
    log = table.folder / "_delta_log"
    content = (log / f"{1:020d}.json").read_bytes()
    table._refreshed = lambda: before  # type: ignore[method-assign]
    (log / f"{2:020d}.json").write_bytes(content)
    with pytest.raises(StoreError, match="changed by another process"):
        table.commit(before, written)
    del table._refreshed
    assert (log / f"{2:020d}.json").read_bytes() == content


def test_gold_keeps_versions_with_their_lineage(lake: Lake) -> None:
    frame = pl.DataFrame(
        {"at": [FIRST], "x": [1.5], "n": [3], "ok": [True], "small": pl.Series([2.5], dtype=pl.Float32)}
    )
    lake.put_gold("momentum", frame, version="v1", lineage={"bars": "ab" * 32})
    lake.put_gold("momentum", frame, version="v1", lineage={"bars": "ab" * 32})
    assert lake.gold("momentum").equals(frame)
    second = frame.with_columns(x=pl.lit(2.5))
    lake.put_gold("momentum", second, version="v2", lineage={})
    assert lake.gold("momentum").equals(second)
    assert lake.gold("momentum", version="v1").equals(frame)
    assert lake.golds().select("name", "version", "rows").rows() == [("momentum", "v1", 1), ("momentum", "v2", 1)]
    assert lake.golds()["lineage"][0] == '{"bars":"' + "ab" * 32 + '"}'
    assert "gold/momentum/v2" in lake.tables
    with pytest.raises(ValidationError, match="with other values"):
        lake.put_gold("momentum", second, version="v1", lineage={})
    with pytest.raises(StoreError, match="no version v3"):
        lake.gold("momentum", version="v3")
    with pytest.raises(StoreError, match="no gold other"):
        lake.gold("other")
    for name, version in (("../x", "v1"), ("Versions", "v1"), ("versions", "v1"), ("x", "../v1"), ("x", ".v")):
        with pytest.raises(ValidationError, match="is no"):
            lake.put_gold(name, frame, version=version, lineage={})
    with pytest.raises(ValidationError, match="the type List"):
        lake.put_gold("x", pl.DataFrame({"a": [[1]]}), version="v1", lineage={})
    with pytest.raises(ValidationError, match="which a table can't hold"):
        lake.put_gold("x", pl.DataFrame({"a": [datetime(2020, 1, 1)]}), version="v1", lineage={})  # noqa: DTZ001


def test_gold_that_was_written_but_not_listed_is_written_again(lake: Lake) -> None:
    frame = pl.DataFrame({"x": [1.5]})
    lake.put_gold("momentum", frame, version="v1", lineage={})
    for path in (lake.folder / "gold" / "versions").rglob("*"):
        if path.is_file():
            path.unlink()
    (lake.folder / "gold/versions/_delta_log").rmdir()
    (lake.folder / "begun/gold.versions").unlink()
    again = Lake.at(lake.folder, clock=SystemClock())
    again.put_gold("momentum", frame * 2, version="v1", lineage={})
    assert again.gold("momentum").equals(frame * 2)


def test_only_one_writes_at_a_time_and_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    entered = threading.Event()
    leave = threading.Event()

    def hold() -> None:
        with turn(tmp_path / "lake"):
            entered.set()
            leave.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait()
    with (
        pytest.raises(StoreError, match=r"being written by another process for 0\.05 s"),
        turn(tmp_path / "lake", patience=0.05),
    ):
        pass
    leave.set()
    holder.join()
    with turn(tmp_path / "lake", patience=5):
        pass


def test_bronze_stays_few_files_and_each_body_is_there_once(lake: Lake) -> None:
    fetches = [lake.keep([Answer(body=bytes([turn]) * 50), Answer(body=b"same")]) for turn in range(12)]
    assert files(lake, "bronze").height <= SMALL_FILES + 1
    rows = lake.scan("bronze").collect()
    assert rows.height == 24
    assert rows["body"].drop_nulls().len() == 13
    for turn_, fetch in enumerate(fetches):
        assert lake.fetched(fetch)["body"].to_list() == [bytes([turn_]) * 50, b"same"]


def test_facts_stay_few_files(lake: Lake) -> None:
    for number in range(9):
        lake.append_facts(Kind.ACTIONS, f"S{number}", "yahoo", actions((FIRST, "split", 2.0)))
        lake.put_instruments([resolve("AAPL")], source=f"s{number}", learned_at=LEARNED + DAY * number)
    assert files(lake, "actions").height <= SMALL_FILES + 1
    assert files(lake, "instruments").height <= SMALL_FILES + 1
    assert lake.facts(Kind.ACTIONS).height == 9
    assert lake.instruments() == [resolve("AAPL")]


def test_a_closed_lake_opens_again(lake: Lake) -> None:
    lake.append(bars())
    lake.close()
    assert lake.bars("AAPL", "1d").equals(bars())
    assert lake.append(bars(count=6)).new == 1
    assert lake.catalogue()["bars"].to_list() == [6]


def test_readers_are_never_kept_waiting(lake: Lake) -> None:
    lake.append(bars())
    begin = time.monotonic()
    with turn(lake.folder):
        assert lake.bars("AAPL", "1d").height == 5
        assert lake.lasts("1d").height == 1
    assert time.monotonic() - begin < 60
