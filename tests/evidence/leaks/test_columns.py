"""Columns that a file has beside its prices: one that knows the next move is found, what is known by then is not."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import ara.data
from ara.evidence.leaks.source import Source
from ara.evidence.leaks.source_trial import audit_source

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
LOG = pl.col("close").log()
NEXT = (LOG.shift(-1) - LOG).over("symbol")
LEAKS = {
    "signal": NEXT,
    "rises": NEXT > 0,
    "next_close": pl.col("close").shift(-1).over("symbol"),
    "summed": NEXT.cum_sum().over("symbol"),
    "noisy": NEXT + NEXT.shift(7).over("symbol"),
}
HONEST = {
    "move": (LOG - LOG.shift(1)).over("symbol"),
    "trend": (LOG - LOG.shift(20)).over("symbol"),
    "wild": (LOG - LOG.shift(1)).rolling_std(20).over("symbol"),
    "last_close": pl.col("close").shift(1).over("symbol"),
    "number": pl.int_range(pl.len()),
    "rose": (LOG - LOG.shift(1) > 0).over("symbol"),
    "wrong": NEXT.shift(2).over("symbol"),
}
UNSEEN = {
    "words": pl.lit("x"),
    "constant": pl.lit(1.0),
    "seldom": pl.when(pl.int_range(pl.len()).over("symbol") < 50).then(NEXT),
    "absent": pl.lit(None, pl.Float64),
}


@pytest.fixture(scope="module")
def bars():
    whole = pl.read_parquet(SAMPLE).filter(pl.col("symbol").is_in(["AAPL", "EURUSD"]))
    return (
        whole.filter(pl.col("ts") > datetime(2017, 1, 1, tzinfo=UTC)).sort("symbol", "ts").drop("adj_close", "source")
    )


def audited(bars, path):
    if path.suffix == ".csv":
        bars.write_csv(path)
    else:
        bars.write_parquet(path)
    return audit_source(Source.of_file(path), now=NOW)


@pytest.mark.parametrize("kind", [".parquet", ".csv"])
def test_each_column_that_knows_the_next_move_is_found_and_no_other(bars, tmp_path, kind):
    shuffled = bars.with_columns(**LEAKS, **HONEST, **UNSEEN).sample(fraction=1, shuffle=True, seed=1)
    found = audited(shuffled, tmp_path / f"bars{kind}")
    assert found.verdict == "leaks"
    assert {(one.column, one.symbol) for one in found.findings if one.rule == "column"} == {
        (name, symbol) for name in LEAKS for symbol in ("AAPL", "EURUSD")
    }
    assert {one.rule for one in found.findings if one.leak} == {"column"}
    assert set(found.columns) == {*LEAKS, *HONEST}
    assert set(found.unseen) == set(UNSEEN)
    assert (found.as_dict()["columns"], found.as_dict()["unseen"]) == (list(found.columns), list(found.unseen))


def test_what_is_known_by_then_is_no_leak(bars, tmp_path):
    found = audited(bars.with_columns(**HONEST), tmp_path / "bars.parquet")
    assert (found.verdict, found.columns, found.unseen) == ("clear", tuple(HONEST), ())
    assert "column" in found.tried


def test_where_there_are_prices_alone_no_other_column_is_told_of(bars, tmp_path):
    found = audited(bars, tmp_path / "bars.parquet")
    assert (found.verdict, found.columns, found.unseen) == ("clear", (), ())
    assert "column" not in found.tried


def test_a_column_is_not_looked_at_where_its_days_are_words(bars, tmp_path):
    worded = bars.with_columns(signal=NEXT, ts=pl.col("ts").dt.strftime("%Y-%m-%d"))
    found = audited(worded, tmp_path / "bars.parquet")
    assert (found.verdict, found.columns, found.unseen) == ("clear", (), ("signal",))
