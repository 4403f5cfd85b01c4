"""The room in which a question is answered, entered without its process: what it gives and what it refuses."""

import os
import threading
from decimal import Decimal

import msgspec
import polars as pl
import pytest

from ara.data.lake import asking
from ara.data.lake.asking import ANSWER, Question, main


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Ask as a process would be asked; its memory isn't limited, for it is that of the tests."""
    monkeypatch.setattr(asking, "_confine", lambda memory_mb: None)
    rows, room = tmp_path / "rows.parquet", tmp_path / "room"
    room.mkdir()
    pl.DataFrame({"x": [3, 1, 2], "y": ["a", "b", None]}).write_parquet(rows)
    secret = tmp_path / "secret.parquet"
    pl.DataFrame({"z": [1]}).write_parquet(secret)
    views = (
        f"SET allowed_paths = ['{rows}']",
        "SET enable_external_access = false",
        f"CREATE VIEW rows AS SELECT * FROM read_parquet('{rows}')",
    )

    def answered(sql, *, limit=100, seconds=30.0, memory_mb=256):
        question = Question(sql=sql, limit=limit, seconds=seconds, memory_mb=memory_mb, views=views)
        begin, end = os.pipe()
        with os.fdopen(begin, "rb") as asked, os.fdopen(end, "wb") as asking_end:
            asking_end.write(msgspec.json.encode(question) + b"\n")
            asking_end.flush()
            known = set(threading.enumerate())
            monkeypatch.setattr(asking, "_leave_with", lambda _: None)
            outcome = main(room, asked)
            for one in set(threading.enumerate()) - known:
                one.join()
        frame = pl.read_ipc((room / ANSWER).read_bytes()) if (room / ANSWER).exists() else None
        (room / ANSWER).unlink(missing_ok=True)
        return outcome.kind, outcome.words, frame

    answered.secret = secret
    return answered


def test_rows_are_answered_up_to_the_limit(ask):
    kind, words, frame = ask("SELECT x FROM rows ORDER BY x", limit=2)
    assert (kind, words) == ("done", "")
    assert frame.to_dict(as_series=False) == {"x": [1, 2]}


def test_columns_of_one_name_are_numbered_and_strange_types_are_words(ask):
    _, _, frame = ask("SELECT 1 AS a, 2 AS A, 3 AS a_2, INTERVAL 2 DAY AS b, TIME WITH TIME ZONE '10:00:00+01' AS c")
    assert frame.columns == ["a", "A_3", "a_2", "b", "c"]
    assert frame["b"].to_list() == ["2 days"]
    assert frame["c"].to_list() == ["10:00:00+01"]
    assert ask("SELECT CAST(1.5 AS DECIMAL(9, 2)) AS d")[2]["d"].to_list() == [Decimal("1.50")]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1; SELECT 2", "many"),
        ("CREATE TABLE t (x INTEGER)", "many"),
        ("SELECT * FROM nowhere", "wrong"),
        ("SELECT * FROM (SELECT", "wrong"),
        ("SELECT * FROM read_parquet('/etc/passwd')", "denied"),
        ("SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range % 7 = b.range", "late"),
    ],
)
def test_what_is_refused_says_why(ask, sql, kind):
    found, words, frame = ask(sql, seconds=0.3 if kind == "late" else 30.0)
    assert found == kind
    assert frame is None
    assert bool(words) == (kind not in {"many", "late"})


def test_no_other_file_is_opened(ask):
    assert ask(f"SELECT * FROM read_parquet('{ask.secret}')")[0] == "denied"


def test_memory_runs_out_in_words(ask):
    sql = "SELECT list(range) AS held FROM range(40000000)"
    kind, words, _ = ask(sql, memory_mb=64)
    assert kind == "memory"
    assert words


def test_an_error_of_each_kind_has_its_name():
    import duckdb

    assert asking._kind(duckdb, MemoryError()) == "memory"
    assert asking._kind(duckdb, pl.exceptions.ComputeError("no")) == "shape"
    assert asking._kind(duckdb, duckdb.PermissionException("no")) == "denied"
    assert asking._kind(duckdb, duckdb.ParserException("no")) == "wrong"


def test_memory_is_limited_by_what_is_there(monkeypatch):
    wanted = []
    monkeypatch.setattr(asking.resource, "getrlimit", lambda _: (-1, 1 << 40))
    monkeypatch.setattr(asking.resource, "setrlimit", lambda _, limits: wanted.append(limits))
    asking._confine(256)
    monkeypatch.setattr(asking.resource, "getrlimit", lambda _: (-1, 1 << 20))
    asking._confine(256)
    monkeypatch.setattr(asking.resource, "getrlimit", lambda _: (-1, -1))
    asking._confine(256)
    (soft, hard), smallest, free = wanted
    assert hard == 1 << 40
    assert smallest == (1 << 20, 1 << 20)
    assert soft > (256 * 3 // 2 + 256) << 20
    assert free[1] == -1


def test_it_ends_with_its_input(monkeypatch, tmp_path):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    with (tmp_path / "input").open("wb") as file:
        file.write(b"x" * 9000)
    with (tmp_path / "input").open("rb") as file:
        asking._leave_with(file)
    assert ended == [1]
