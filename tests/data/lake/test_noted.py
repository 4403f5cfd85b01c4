"""What files note of themselves: fewer are opened, and none that is needed is left out."""

from pathlib import Path

import polars as pl
import pytest

from ara.clock import SystemClock
from ara.data.lake import Lake, noted, silver
from ara.errors import IntegrityError
from tests.data.lake.conftest import bars


def neighbours() -> list[str]:
    """Give three symbols of one bucket, in their order."""
    first = silver._bucket("AAPL")
    return [f"S{number}" for number in range(2_000) if silver._bucket(f"S{number}") == first][:3]


@pytest.fixture
def three(lake: Lake) -> tuple[Lake, list[str]]:
    """A lake whose bucket has three files: of one symbol, of all and of the outer two."""
    names = neighbours()
    lake.append(bars(names[1], 400))
    lake.append(pl.concat([bars(name, 3, source="other") for name in names]))
    lake.append(pl.concat([bars(name, 40) for name in (names[0], names[2])]))
    return Lake.at(lake.folder, clock=SystemClock()), names


def files(lake: Lake, symbol: str) -> int:
    table = lake.tables["bars"]
    return table.noted.holding(table.snapshot().files, symbol).height


def test_only_files_with_a_symbol_are_opened(three: tuple[Lake, list[str]]) -> None:
    lake, names = three
    assert [files(lake, name) for name in (*names, "NONE")] == [2, 2, 2, 0]
    assert [lake.bars(name, "1d").height for name in names] == [43, 403, 43]
    assert lake.tidy().merged >= 1
    assert [lake.bars(name, "1d").height for name in names] == [43, 403, 43]
    assert files(lake, "NONE") == 0


def test_files_that_note_nothing_are_read(three: tuple[Lake, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    lake, names = three
    monkeypatch.setattr(noted, "_MOST", 0)
    for name in names:
        lake.append(bars(name, 1, source="late"))
    monkeypatch.undo()
    again = Lake.at(lake.folder, clock=SystemClock())
    assert [again.bars(name, "1d").height for name in names] == [44, 404, 44]
    assert again.verify().ok


def test_a_file_that_is_gone_is_said(three: tuple[Lake, list[str]]) -> None:
    lake, names = three
    for path in Path(lake.folder, "silver/bars").rglob("bucket=*/*.parquet"):
        path.unlink()
    with pytest.raises(IntegrityError, match="is missing"):
        lake.bars(names[0], "1d")


def test_what_is_known_of_files_is_bounded(three: tuple[Lake, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    lake, names = three
    monkeypatch.setattr(noted, "_KNOWN", 1)
    for _ in range(2):
        assert [lake.bars(name, "1d").height for name in names] == [43, 403, 43]
