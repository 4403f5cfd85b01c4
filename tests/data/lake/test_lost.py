"""What the lake says when a part of it is gone: never that it is empty."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from ara.clock import SystemClock
from ara.data.bar_store import WITHDRAWN
from ara.data.lake import Lake
from ara.data.lake.backup import list_backups
from ara.data.lake.faults import committed
from ara.data.provider import SCHEMAS, Kind
from ara.errors import IntegrityError
from ara.market.symbols import guess
from ara.testing import FakeClock
from tests.data.lake.conftest import LEARNED, Answer, bars
from tests.data.lake.test_faults import run

READ = """
try:
    print(lake.there, lake.bars("AAPL", "1d").height)
except AraError as error:
    print(type(error).__name__, error.message, error.hint)
"""

BACKED_UP = """
print(lake.back_up(Path(sys.argv[2])).files)
"""


def reopened(lake: Lake) -> Lake:
    return Lake.at(lake.folder, clock=SystemClock())


def told(lake: Lake) -> list[IntegrityError]:
    """Give what each way to ask and to write says."""
    said = []
    for ask in (
        lambda: lake.there,
        lambda: lake.bars("AAPL", "1d"),
        lake.catalogue,
        lambda: lake.append(bars("MSFT")),
        lambda: lake.lasts("1d"),
    ):
        with pytest.raises(IntegrityError) as caught:
            ask()
        said.append(caught.value)
    return said


@pytest.mark.parametrize("emptied", [False, True])
def test_files_without_their_log_are_a_damage(lake: Lake, emptied: bool) -> None:
    lake.append(bars())
    log = lake.folder / "silver/bars/_delta_log"
    shutil.rmtree(log)
    if emptied:
        log.mkdir()
    for error in told(reopened(lake)):
        assert "_delta_log is missing" in error.message
        assert str(lake.folder / "silver/bars") in error.message
        assert "ara data restore FOLDER" in error.hint
    assert "_delta_log is missing" in reopened(lake).verify().words
    assert not log.exists() or not list(log.iterdir())


def test_bars_that_are_gone_with_their_folder_are_a_damage(lake: Lake) -> None:
    lake.append(bars())
    shutil.rmtree(lake.folder / "silver/bars")
    for ask in (lambda one: one.there, lambda one: one.catalogue(), lambda one: one.append(bars("MSFT"))):
        with pytest.raises(IntegrityError, match="silver/bars is damaged: it is gone"):
            ask(reopened(lake))
    assert "it is gone" in reopened(lake).verify().words


def test_facts_without_their_log_are_a_damage(lake: Lake) -> None:
    lake.append(bars())
    row = {"at": LEARNED, "known_at": LEARNED, "learned_at": LEARNED, "action": "split", "value": 4.0}
    lake.append_facts(Kind.ACTIONS, "AAPL", "yahoo", pl.DataFrame([row], schema=SCHEMAS[Kind.ACTIONS]))
    shutil.rmtree(lake.folder / "silver/actions/_delta_log")
    again = reopened(lake)
    assert again.bars("AAPL", "1d").height == 5
    with pytest.raises(IntegrityError, match="silver/actions"):
        again.facts(Kind.ACTIONS, "AAPL")
    assert "silver/actions" in again.verify().words
    with pytest.raises(IntegrityError, match="silver/actions"):
        again.back_up(lake.folder.parent / "backups")


def test_a_file_in_the_place_of_the_lake_is_no_empty_lake(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("nothing")
    lake = Lake.at(tmp_path / "lake", clock=SystemClock())
    with pytest.raises(IntegrityError, match="something that is no folder"):
        _ = lake.there
    with pytest.raises(IntegrityError, match="can't be read"):
        lake.bars("AAPL", "1d")


def test_what_is_lost_comes_back_from_a_back_up(lake: Lake, tmp_path: Path) -> None:
    lake.append(bars())
    lake.back_up(tmp_path / "backups")
    shutil.rmtree(lake.folder / "silver/bars/_delta_log")
    _, old = lake.restore(tmp_path / "backups")
    assert lake.bars("AAPL", "1d").equals(bars())
    assert old is not None
    shutil.rmtree(lake.folder)
    lake.folder.write_text("nothing")
    lake.restore(tmp_path / "backups")
    assert lake.bars("AAPL", "1d").equals(bars())


def test_a_first_write_that_died_is_no_damage(lake: Lake) -> None:
    table = lake.tables["bars"]
    rows = bars().with_columns(bucket=pl.lit(7, pl.Int32))
    table.write(rows)
    again = reopened(lake)
    assert again.bars("AAPL", "1d").is_empty()
    assert again.verify().ok
    assert again.append(bars()).new == 5


def filled(lake: Lake) -> None:
    """Put something into every table."""
    fetch = lake.keep([Answer(body=b"{}")])
    lake.append(bars(fetch=fetch))
    told = {"symbol": "AAPL", "source": "yahoo", "fetch": fetch, "learned_at": LEARNED}
    lake.withdraw(pl.DataFrame([told], schema=WITHDRAWN))
    row = {"at": LEARNED, "known_at": LEARNED, "learned_at": LEARNED}
    action = pl.DataFrame([{**row, "action": "split", "value": 4.0}], schema=SCHEMAS[Kind.ACTIONS])
    lake.append_facts(Kind.ACTIONS, "AAPL", "yahoo", action)
    rate = pl.DataFrame([{**row, "base": "EUR", "quote": "USD", "rate": 1.1}], schema=SCHEMAS[Kind.RATES])
    lake.append_facts(Kind.RATES, "EUR", "ecb", rate)
    lake.put_instruments([guess("AAPL")], source="yahoo", learned_at=LEARNED)
    lake.put_gold("momentum", pl.DataFrame({"x": [1.5]}), version="v1", lineage={})


_ASKS = {
    "silver/bars": lambda lake: lake.bars("AAPL", "1d"),
    "silver/withdrawals": lambda lake: lake.catalogue(),
    "silver/actions": lambda lake: lake.facts(Kind.ACTIONS, "AAPL"),
    "silver/rates": lambda lake: lake.facts(Kind.RATES),
    "silver/instruments": lambda lake: lake.instruments(),
    "bronze": lambda lake: lake.fetched("none"),
    "gold/versions": lambda lake: lake.golds(),
    "gold/momentum/v1": lambda lake: lake.gold("momentum"),
}


@pytest.mark.parametrize("table", _ASKS)
def test_a_table_that_is_gone_is_never_an_empty_one(lake: Lake, table: str) -> None:
    filled(lake)
    shutil.rmtree(lake.folder / table)
    for one in (lake, reopened(lake)):
        with pytest.raises(IntegrityError, match=f"{table} is damaged: it is gone") as caught:
            _ASKS[table](one)
        assert "begun/" in caught.value.message
        found = one.verify(whole=False)
        assert f"{table} is damaged: it is gone" in found.words
        with pytest.raises(IntegrityError, match="it is gone"):
            one.back_up(lake.folder.parent / "backups")
    assert not (lake.folder.parent / "backups/snapshots").exists()


def test_all_of_silver_is_gone(lake: Lake) -> None:
    filled(lake)
    shutil.rmtree(lake.folder / "silver")
    for error in told(reopened(lake)):
        assert "it is gone" in error.message
    with pytest.raises(IntegrityError, match="it is gone"):
        _ = reopened(lake).empty
    with pytest.raises(IntegrityError, match="silver/actions is damaged"):
        reopened(lake).append_facts(Kind.ACTIONS, "KO", "yahoo", pl.DataFrame(schema=SCHEMAS[Kind.ACTIONS]))
    assert len(reopened(lake).verify().problems) == 5


def test_a_lake_without_notes_goes_on_and_gets_them_with_a_day_s_upkeep(lake: Lake) -> None:
    filled(lake)
    noted = {path.name for path in (lake.folder / "begun").iterdir()}
    assert noted == {name.replace("/", ".") for name in _ASKS}
    shutil.rmtree(lake.folder / "begun")
    shutil.rmtree(lake.folder / "silver/rates")
    assert reopened(lake).facts(Kind.RATES).is_empty()
    assert reopened(lake).verify().ok
    later = Lake.at(lake.folder, clock=FakeClock(SystemClock().now() + timedelta(days=2)))
    assert later.append(bars("MSFT")).new == 5
    assert {path.name for path in (lake.folder / "begun").iterdir()} == noted - {"silver.rates"}


def test_a_table_that_is_begun_meanwhile_is_not_lost(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def seen(folder: Path) -> bool:
        found = committed(folder)
        calls.append(folder)
        if len(calls) == 1:
            reopened(lake).append(bars())
        return found

    monkeypatch.setattr("ara.data.lake.table.committed", seen)
    assert not lake.there
    assert lake.there


def test_a_restored_lake_knows_what_was_begun(lake: Lake, tmp_path: Path) -> None:
    filled(lake)
    shutil.rmtree(lake.folder / "begun")
    lake.back_up(tmp_path / "backups")
    lake.restore(tmp_path / "backups")
    shutil.rmtree(lake.folder / "silver/withdrawals")
    with pytest.raises(IntegrityError, match="silver/withdrawals is damaged"):
        reopened(lake).bars("AAPL", "1d")


def test_notes_that_cannot_be_written_spoil_nothing(lake: Lake) -> None:
    lake.folder.mkdir(parents=True)
    (lake.folder / "begun").write_text("")
    assert lake.append(bars()).new == 5
    assert reopened(lake).bars("AAPL", "1d").height == 5


@pytest.fixture
def strangers() -> Iterator[Path]:
    """A folder that somebody who is not root may look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_lake_that_may_not_be_read_is_no_empty_lake(strangers: Path) -> None:
    lake = Lake.at(strangers / "lake", clock=SystemClock())
    lake.append(bars())
    lake.folder.chmod(0)
    try:
        done = run(READ, lake.folder, user=True)
    finally:
        lake.folder.chmod(0o700)
    assert done.stdout.startswith("IntegrityError The table "), done.stderr
    assert "this user may not read it" in done.stdout


@pytest.mark.parametrize("locked", [True, False])
def test_a_lake_that_can_only_be_read_is_backed_up(strangers: Path, locked: bool) -> None:
    lake = Lake.at(strangers / "lake", clock=SystemClock())
    lake.append(bars())
    (strangers / "backups").mkdir()
    (strangers / "backups").chmod(0o777)
    for path in (lake.folder, *lake.folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    if not locked:
        lake.folder.chmod(0o755)
        (lake.folder / "turn.lock").unlink()
        lake.folder.chmod(0o555)
    try:
        done = run(BACKED_UP, lake.folder, strangers / "backups", user=True)
    finally:
        for path in (lake.folder, *lake.folder.rglob("*")):
            path.chmod(0o700)
    assert done.stdout.strip() == "4", done.stderr
    (made,) = list_backups(strangers / "backups")
    other = Lake.at(strangers / "other", clock=SystemClock())
    other.restore(strangers / "backups", name=made.name)
    assert other.bars("AAPL", "1d").equals(bars())
