"""`ara backtest` of a perpetual coin: funding as a stated cost and from a file."""

import json

import polars as pl
import pytest

from ara.backtest.checks import made_up


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    """A file of bars of two made-up coins."""
    frames = []
    for symbol, tape in made_up(60).items():
        frame = tape.bars().frame.select(ts="at", open="open", high="high", low="low", close="close", volume="volume")
        frames.append(frame.with_columns(symbol=pl.lit(f"{symbol}-USD"), asset_class=pl.lit("crypto")))
    path = tmp_path_factory.mktemp("coins") / "bars.parquet"
    pl.concat(frames).write_parquet(path)
    return str(path)


def found(ara, bars, *more):
    words = ("backtest", "ONE-USD", "--bars", bars, "--strategy", "buy_and_hold", "--cost", "none", "--json")
    return json.loads(ara(*words, *more).out)


def test_a_stated_rate_and_what_was_charged_are_paid(ara, bars, tmp_path):
    free, stated = found(ara, bars), found(ara, bars, "--cost", "funding=0.0005")
    assert stated["costs"]["funding"] == 0.0005
    assert stated["equity"] < free["equity"] * (1 - 55 * 0.0015)
    file = tmp_path / "funding.csv"
    file.write_text("symbol,at,rate\nONE-USD,2018-01-20T08:00:00Z,0.01\nOTHER,2018-01-21T08:00:00Z,0.5\n")
    told = found(ara, bars, "--funding", str(file), "--cost", "funding=0.0005")
    assert free["equity"] * 0.985 < told["equity"] < free["equity"] * 0.995
    parquet = tmp_path / "funding.parquet"
    pl.read_csv(file, try_parse_dates=True).filter(pl.col("symbol") != "OTHER").drop("symbol").write_parquet(parquet)
    assert found(ara, bars, "--funding", str(parquet))["equity"] == told["equity"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no file"),
        ("at,price\n", "has no column rate"),
        ("at,rate\nyesterday,0.1\n", "row 1 has no at"),
        ("at,rate\n2018-01-20T08:00:00Z,much\n", "row 1 has no rate"),
        ("at,rate\n2018-01-20T08:00:00Z,7\n", "lies between -1 and 1"),
        ("at,rate,symbol\n2018-01-20T08:00:00Z,0.1,OTHER\n", "none of the coins"),
        ("", "is no CSV"),
    ],
)
def test_what_is_no_funding_is_said(ara, bars, tmp_path, text, said):
    file = tmp_path / "funding.csv"
    if text is not None:
        file.write_text(text)
    outcome = ara("backtest", "ONE-USD", "--bars", bars, "--funding", str(file))
    assert (outcome.code, outcome.out) == (2, "")
    assert said in " ".join(outcome.err.split())


def test_several_coins_need_a_name_and_a_sweep_refuses(ara, bars, tmp_path):
    file = tmp_path / "funding.csv"
    file.write_text("at,rate\n2018-01-20T08:00:00Z,0.01\n")
    both = ara("backtest", "--bars", bars, "--funding", str(file))
    assert "there are 2 coins" in " ".join(both.err.split())
    words = ("ONE-USD", "--bars", bars, "--funding", str(file), "--strategy", "momentum", "--grid", "window=5,10")
    swept = ara("backtest", "sweep", *words)
    assert "knows nothing of funding" in " ".join(swept.err.split())
    assert swept.code == 2
