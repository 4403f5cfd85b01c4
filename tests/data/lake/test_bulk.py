"""Many whole histories at once: little is written twice, and nothing is lost or doubled."""

import shutil
import zlib
from datetime import timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ara.clock import SystemClock
from ara.data.bar_store import ROWS
from ara.data.lake import Lake
from ara.data.lake.revision import distinct
from ara.data.lake.silver import BUCKETS
from ara.data.lake.upkeep import DAYS, HISTORIES, SMALL_FILES, Pace, settle
from tests.data.lake.conftest import FIRST, LEARNED, bars

DAY = timedelta(days=1)


def neighbours(count: int, *, bucket: int = 7) -> list[str]:
    """Give symbols that are dealt into one bucket."""
    names = (f"S{number}" for number in range(100_000))
    found = (name for name in names if zlib.crc32(name.encode()) % BUCKETS == bucket)
    return [next(found) for _ in range(count)]


def heights(lake: Lake) -> list[int]:
    return lake.tables["bars"].snapshot().files["rows"].sort().to_list()


def test_new_histories_are_left_in_the_files_that_they_came_in(lake: Lake) -> None:
    for name in neighbours(HISTORIES.most + 1):
        lake.append(bars(name, 20))
    assert heights(lake) == [20] * (HISTORIES.most + 1)
    assert "merge" not in lake.versions("bars")["what"].to_list()


def test_of_very_many_new_histories_equal_files_are_merged(lake: Lake) -> None:
    names = neighbours(40)
    for place, name in enumerate(names):
        lake.append(bars(name, 20, close=10.0 * place))
    assert len(heights(lake)) <= HISTORIES.most + 1
    assert lake.catalogue()["bars"].to_list() == [20] * 40
    assert [lake.bars(name, "1d")["close"][0] for name in names] == [10.0 * place for place in range(40)]


def test_the_days_after_bring_the_files_of_new_histories_together(lake: Lake) -> None:
    names = neighbours(6)
    for name in names:
        lake.append(bars(name, 20))
    for day in range(20, 26):
        lake.append(pl.concat([bars(name, 1, first=FIRST + DAY * day, close=120.0) for name in names]))
    assert len(heights(lake)) <= SMALL_FILES + 1
    assert lake.catalogue()["bars"].to_list() == [26] * 6


def test_a_second_source_of_a_symbol_is_no_new_history(lake: Lake) -> None:
    (name,) = neighbours(1)
    for place in range(HISTORIES.most):
        lake.append(bars(name, 20, source=f"source{place}"))
    assert len(heights(lake)) <= DAYS.most + 1


def test_what_is_merged_at_one_time_is_bounded_and_the_rest_comes_next(lake: Lake) -> None:
    for bucket in (7, 8, 9):
        for name in neighbours(4, bucket=bucket):
            lake.append(bars(name, 20))
    table = lake.tables["bars"]
    bounded = Pace(most=1, rows=100)
    counts = []
    for _ in range(4):
        settle(table, table.snapshot(), pace=bounded)
        counts.append(table.snapshot().files.height)
    assert counts == [9, 6, 3, 3]
    assert lake.catalogue()["bars"].sum() == 240


def test_tidying_knows_no_bound(lake: Lake) -> None:
    for bucket in (7, 8):
        for name in neighbours(4, bucket=bucket):
            lake.append(bars(name, 20))
    assert lake.tidy().merged == 6
    assert heights(lake) == [80, 80]


def test_a_file_that_is_large_enough_is_not_written_again(lake: Lake) -> None:
    for name in neighbours(5):
        lake.append(bars(name, 20))
    table = lake.tables["bars"]
    size = int(table.snapshot().files["size"].min())  # type: ignore[arg-type]
    assert settle(table, table.snapshot(), pace=Pace(most=1, size=2 * size)).files.height == 5
    merged = settle(table, table.snapshot(), pace=Pace(most=1, size=size * 5 // 2)).files
    assert sorted(merged["rows"]) == [20, 20, 20, 40]


def test_heads_that_grew_with_the_appends_are_those_counted_from_the_bars(lake: Lake) -> None:
    lake.append(pl.concat([bars("A", 5), bars("B", 3, source="polygon")]))
    later = LEARNED + DAY
    lake.append(pl.concat([bars("C", 2), bars("A", 7, close=101.0, learned=later), bars("B", 4, learned=later)]))
    grown, lasts = lake.catalogue(), lake.lasts("1d")
    assert grown["learned_at"].to_list() == [later, LEARNED, later, LEARNED]
    shutil.rmtree(lake.folder / "silver" / "heads")
    again = Lake.at(lake.folder, clock=SystemClock())
    assert again.catalogue().equals(grown)
    assert again.lasts("1d").equals(lasts)


SERIES = st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["x", "y"]), st.integers(0, 3), st.sampled_from([1, 2]))


@given(st.lists(SERIES, max_size=12))
def test_rows_that_repeat_others_are_left_out_in_any_order(chosen: list[tuple[str, str, int, int]]) -> None:
    frames = [
        bars(symbol, 1, source=source, first=FIRST + DAY * day, close=float(close))
        for symbol, source, day, close in chosen
    ]
    rows = pl.concat([pl.DataFrame(schema=ROWS), *frames])
    assert distinct(rows).equals(rows.unique(maintain_order=True))


def test_rows_in_ascending_runs_are_not_even_copied() -> None:
    rows = pl.concat([bars("B", 50), bars("A", 50), bars("A", 50, source="polygon")])
    assert distinct(rows) is rows
    assert distinct(pl.concat([rows, bars("B", 1)])).height == rows.height
