"""SQL over the lake: what it answers, and that nothing gets out of the room."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ara.clock import SystemClock
from ara.data.lake import Lake
from ara.data.provider import Kind
from ara.errors import IntegrityError, PluginError, ValidationError
from ara.market.symbols import resolve
from tests.data.lake.conftest import FIRST, LEARNED, Answer, bars
from tests.data.test_bar_store import actions


def filled(lake: Lake) -> Lake:
    """Put something into every table."""
    lake.append(pl.concat([bars(), bars("O'Neil=x", 3), bars("BTC-USD", 2, asset_class="crypto")]))
    lake.append(bars(count=1, close=50.0))
    lake.keep([Answer(body=b"a body that no query shows")])
    lake.append_facts(Kind.ACTIONS, "AAPL", "yahoo", actions((FIRST, "split", 4.0)))
    lake.put_instruments([resolve("AAPL")], source="yahoo", learned_at=LEARNED)
    lake.put_gold("momentum", pl.DataFrame({"x": [1.5]}), version="v1", lineage={})
    lake.put_gold("momentum", pl.DataFrame({"x": [2.5, 3.5]}), version="v2", lineage={})
    return lake


@pytest.fixture
def asked(lake: Lake) -> Lake:
    """A lake of the test's own, which it may change."""
    return filled(lake)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """One that is only asked."""
    return filled(Lake.at(tmp_path_factory.mktemp("kept") / "lake", clock=SystemClock()))


def test_the_tables_are_there(asked: Lake) -> None:
    counts = {
        "bars": 10,
        "revisions": 11,
        "actions": 1,
        "facts": 0,
        "rates": 0,
        "instruments": 1,
        "bronze": 1,
        "gold.momentum": 2,
    }
    for name, count in counts.items():
        assert asked.query(f"select count(*) from {name}").item() == count, name
    asked.append_facts(Kind.ACTIONS, "AAPL", "yahoo", actions((FIRST, "asked", 1.0)))
    assert asked.query("select action from actions")["action"].to_list() == ["split"]
    found = asked.query("select close from bars where symbol = 'AAPL' order by \"at\"")
    assert found["close"].to_list() == [50.0, 101.0, 102.0, 103.0, 104.0]
    assert asked.query("select sum(x) from gold.momentum").item() == 6.0


def test_times_and_classes_come_back_as_they_are_kept(kept: Lake) -> None:
    row = kept.query("select * from bars where symbol = 'BTC-USD' order by \"at\" limit 1")
    expected = kept.bars("BTC-USD", "1d").head(1)
    assert row.select(expected.columns).equals(expected)


def test_an_empty_lake_answers(lake: Lake) -> None:
    assert lake.query("select count(*) from bars").item() == 0
    assert lake.query("select symbol, close from bars").schema == pl.Schema({"symbol": pl.String, "close": pl.Float64})


def test_bodies_are_not_shown(kept: Lake) -> None:
    assert "body" not in kept.query("select * from bronze").columns
    with pytest.raises(ValidationError, match="can't be answered"):
        kept.query("select body from bronze")


def test_a_lake_in_an_odd_folder_answers(tmp_path: Path, asked: Lake) -> None:
    odd = tmp_path / "it's a=b [x] *?"
    asked.folder.rename(odd)
    lake = Lake.at(odd, clock=asked._clock)
    assert lake.query("select count(*) from revisions").item() == 11
    assert lake.bars("AAPL", "1d").height == 5
    assert lake.append(bars(count=6, close=100.0, learned=LEARNED)).new == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from read_text('/etc/passwd')",
        "select * from read_blob('/etc/hostname')",
        "select * from read_json('/etc/passwd')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from parquet_metadata('{elsewhere}')",
        "select * from read_parquet('{elsewhere}')",
        "select * from '{elsewhere}'",
        "select * from read_parquet('{folder}/**/*.parquet')",
        "select * from read_text('{folder}/turn.lock')",
        "select * from glob('/*')",
        "select * from glob('{folder}/*')",
        "select * from read_parquet('http://127.0.0.1:1/x.parquet')",
        "select * from read_csv('s3://bucket/x.csv')",
        "select * from sqlite_scan('{elsewhere}', 'x')",
        "select * from delta_scan('{folder}/silver/bars')",
        "select * from duckdb_secrets()",
        "select * from query('copy bars to ''{folder}/out.csv''')",
        "select getenv('HOME')",
        "copy bars to '{folder}/out.csv'",
        "copy (select 1) to '/dev/stdout'",
        "export database '{folder}/out'",
        "attach '{folder}/out.db'",
        "create table x (a int)",
        "create view x as select 1",
        "insert into revisions select * from revisions",
        "delete from bars",
        "drop view bars",
        "update bars set close = 0",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset enable_external_access",
        "set variable x = 1",
        "pragma enable_profiling",
        "call pragma_version()",
        "checkpoint",
        "vacuum",
        "prepare p as select 1",
        "explain analyze select 1",
        "begin transaction",
        "select 1; select 2",
        "select 1; drop view bars",
        "with x as (delete from bars returning *) select * from x",
        "",
        ";",
        "-- nothing",
        "select (",
        "select * from nothing",
        "select * from hidden",
        "select '\x00'",
    ],
)
def test_nothing_but_one_select_over_the_tables_is_answered(kept: Lake, tmp_path: Path, sql: str) -> None:
    hidden = pl.DataFrame({"secret": [1]})
    elsewhere = tmp_path / "elsewhere.parquet"
    hidden.write_parquet(elsewhere)
    before = sorted(kept.folder.rglob("*"))
    with pytest.raises(ValidationError) as caught:
        kept.query(sql.format(folder=kept.folder, elsewhere=elsewhere))
    assert caught.value.hint
    assert "Traceback" not in caught.value.message
    assert sorted(kept.folder.rglob("*")) == before
    assert not (kept.folder / "out.csv").exists()


def test_settings_cannot_be_loosened_from_within(kept: Lake) -> None:
    assert kept.query("select current_setting('enable_external_access')").item() is False
    assert kept.query("select current_setting('lock_configuration')").item() is True
    assert kept.query("select current_setting('python_enable_replacements')").item() is False
    assert kept.query("select current_setting('autoload_known_extensions')").item() is False


def test_rows_and_time_are_limited(kept: Lake) -> None:
    assert kept.query("select range from range(100)", limit=7).height == 7
    assert kept.query("select 1", limit=0).height == 0
    with pytest.raises(ValidationError, match=r"longer than 0\.3 s"):
        kept.query("select count(*) from range(1000000000) a, range(1000000) b", seconds=0.3)
    with pytest.raises(ValidationError, match="characters"):
        kept.query("select 1 " + " " * 100_001)
    with pytest.raises(ValidationError, match="allowed are"):
        kept.query("select 1", seconds=0)


def test_spans_of_time_are_given_as_text(kept: Lake) -> None:
    found = kept.query("select known_at - \"at\" as open_for, [interval 1 day], time '01:00' from bars limit 1")
    assert found.row(0)[:2] == ("06:30:00", "[1 day]")
    assert found.schema["open_for"] == pl.String
    assert found.dtypes[2] == pl.Time


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select count(*), count(*) from bars", ["count_star()", "count_star()_2"]),
        ("select 1 as a, 2 as A, 3 as a_2, 4 as a", ["a", "A_3", "a_2", "a_4"]),
        ("select x.close, y.close from bars x join bars y using (symbol)", ["close", "close_2"]),
    ],
)
def test_doubled_names_are_numbered(kept: Lake, sql: str, names: list[str]) -> None:
    assert kept.query(sql).columns == names


def test_order_is_kept_where_names_are_doubled(kept: Lake) -> None:
    found = kept.query("select range, range from range(5000) order by 1 desc -- the last", limit=2)
    assert found.rows() == [(4_999, 4_999), (4_998, 4_998)]


@pytest.mark.parametrize("damage", [None, b"PAR1 is no table PAR1"])
def test_a_damaged_file_is_no_fault_of_the_query(asked: Lake, damage: bytes | None) -> None:
    for path in (asked.folder / "silver" / "bars").rglob("*.parquet"):
        path.unlink()
        if damage is not None:
            path.write_bytes(damage)
    with pytest.raises(IntegrityError, match="is missing" if damage is None else "can't be read") as caught:
        asked.query("select count(*) from bars")
    assert "ara data restore" in caught.value.hint


def test_order_is_kept_within_the_limit(kept: Lake) -> None:
    found = kept.query("select range from range(5000) order by range desc", limit=3)
    assert found["range"].to_list() == [4_999, 4_998, 4_997]


def test_what_does_not_fit_into_memory_is_refused_in_words(kept: Lake) -> None:
    with pytest.raises(ValidationError, match="needs more than 30 MB of memory") as caught:
        kept.query("select list(range) over () from range(2000000)", memory_mb=30)
    assert "data.query_mb" in caught.value.hint


@pytest.mark.parametrize(
    "sql", ["select range(1000000000)", "select repeat('x', 2000000000)", "select list(range) from range(200000000)"]
)
def test_one_value_larger_than_memory_takes_nobody_with_it(kept: Lake, sql: str) -> None:
    # A process of its own asks: what a child has had counts from what its parent had when it was begun.
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from ara.clock import SystemClock; from ara.data.lake import Lake\n"
        "from ara.errors import ValidationError\n"
        "lake = Lake.at(Path(sys.argv[1]), clock=SystemClock())\n"
        "try: lake.query(sys.argv[2], memory_mb=64)\n"
        "except ValidationError as error: print(error.message)\n"
        "print(lake.query('select 1').item(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    asker = [sys.executable, "-c", script, str(kept.folder), sql]
    said = subprocess.run(asker, capture_output=True, text=True, check=True).stdout
    refused, rest = said.splitlines()
    answer, peak = rest.split()
    assert "needs more than 64 MB of memory" in refused
    assert answer == "1"
    assert int(peak) <= 700 << 10


def test_a_process_that_is_killed_is_said(asked: Lake) -> None:
    ended: list[int] = []

    def end() -> None:
        while not ended:
            for child in children():
                os.kill(child, signal.SIGKILL)
                ended.append(child)
            time.sleep(0.02)

    killer = threading.Thread(target=end)
    killer.start()
    with pytest.raises(ValidationError, match="needs more than 1,024 MB of memory"):
        asked.query("select count(*) from range(1000000000) a, range(1000000) b")
    killer.join()


def test_no_process_outlives_the_question(asked: Lake, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ara.clock import SystemClock; from ara.data.lake import Lake\n"
        "lake = Lake.at(Path(sys.argv[1]), clock=SystemClock())\n"
        "lake.query('select count(*) from range(1000000000) a, range(1000000) b', seconds=60)"
    )
    asker = subprocess.Popen([sys.executable, "-c", script, str(asked.folder)])
    while not (found := children(asker.pid)):
        time.sleep(0.02)
    asker.kill()
    asker.wait()
    until = time.monotonic() + 20
    while any(alive(one) for one in found) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(alive(one) for one in found)


def children(of: int | None = None) -> list[int]:
    """Give the processes that answer questions for a process."""
    tasks = Path(f"/proc/{of or os.getpid()}/task")
    with contextlib.suppress(OSError):
        pids = [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
        return [pid for pid in pids if alive(pid)]
    return []


def alive(pid: int) -> bool:
    """Tell whether a process answers questions still."""
    with contextlib.suppress(OSError):
        return b"ara.data.lake.asking" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def test_what_does_not_fit_into_memory_is_sorted_on_disk(kept: Lake) -> None:
    sql = "select hash(range) % 1000003 as key, range from range(4000000) order by key, range limit 1 offset 3999990"
    assert kept.query(sql, memory_mb=30).height == 1


def test_without_duckdb_the_line_to_install_it_is_given(asked: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(PluginError, match="DuckDB") as caught:
        asked.query("select 1")
    assert caught.value.hint == "Install it: pip install 'ara-ai[sql]'"
    assert duckdb.__version__
