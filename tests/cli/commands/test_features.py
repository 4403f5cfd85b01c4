"""`ara features`: sets listed and explained, features built, shown and written."""

import json
from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.exceptions import ComputeError

from ara.cli.words import width
from ara.clock import SystemClock
from ara.data.lake import Lake
from ara.features import sets
from ara.features.build import build
from tests.features.made import sample


@pytest.fixture
def mine(home):
    path = home / "mine.toml"
    path.write_text(
        'version = "3"\nwords = "What I look at."\nitems = ["rsi@1w", "close - ema(close, 9)", "macd", "mfi"]\n'
    )
    return path.name


def document(outcome):
    assert outcome.out, outcome.err
    return json.loads(outcome.out)


def test_the_shipped_sets_are_listed(ara):
    outcome = ara("features", "list")
    assert outcome.code == 0
    for name in sets.names():
        assert name in outcome.out
        assert sets.get(name).id[:12] in outcome.out
    told = document(ara("features", "list", "--json"))
    assert told["schema"] == 1
    assert [one["name"] for one in told["sets"]] == list(sets.names())
    assert told["sets"][1]["id"] == sets.get("ara-default").id


@pytest.mark.parametrize("columns", ["28", "50", "100", "200"])
def test_a_set_is_explained_on_any_screen(ara, columns):
    outcome = ara("features", "show", "ara-default", "--width", columns)
    assert outcome.code == 0
    assert max(map(width, outcome.plain.splitlines())) <= max(int(columns), 30)
    for name in ("rsi@1w", "ppo.histogram", "state of volatility"):
        assert name in outcome.plain
    whole = sets.get("ara-default").id
    assert f"Id {whole if int(columns) > 67 else whole[:12] + ','}" in outcome.plain


def test_a_file_s_set_is_explained(ara, mine):
    outcome = ara("features", "show", mine)
    assert "mine  version 3  6 columns" in outcome.plain
    assert "What I look at." in outcome.plain
    assert "It moves with the price." in " ".join(outcome.plain.split())
    told = document(ara("features", "show", mine, "--json"))
    assert told["items"][0]["timeframe"] == "1w"
    assert told["items"][1]["columns"] == [{"name": "close - ema(window=9)", "scale": "price", "bounds": [None, None]}]
    assert told["items"][1]["warmup"] == 8


def test_a_formula_of_no_plain_unit_is_no_price(ara, home):
    (home / "odd.toml").write_text('name = "odd"\nwords = "Odd."\nitems = ["close / volume"]\n')
    outcome = ara("features", "show", "odd.toml")
    assert "It moves with prices or volumes, but in step with neither." in " ".join(outcome.plain.split()), outcome.err
    shown = ara("indicators", "show", "close * close")
    assert "Moves with  prices or volumes, but in step with neither" in shown.plain
    assert document(ara("indicators", "show", "close * close", "--json"))["scale"] == "mixed"


def test_features_are_built_and_the_unusual_is_said(ara, home):
    outcome = ara("features", "build", "ara-fast", "AAPL", "EURUSD")
    assert outcome.code == 0, outcome.err
    assert "5,482 rows of 17 features for 2 instruments." in outcome.plain
    assert "17 of 17 have a value in the newest bar." in outcome.plain
    assert "of its bars" in outcome.plain
    many = ara("features", "build", "ara-fast", *["AAPL", "BAC", "IBM", "EEM", "IWM", "SPY", "QQQ"])
    assert "have a value" not in many.plain
    assert many.plain.count("bars of 1d") == 7


def test_what_is_missing_is_said(ara):
    outcome = ara("features", "build", "ara-default", "EURUSD")
    assert "Without a value: beta, correlation.correlation, relative_strength, residual_volatility" in outcome.plain
    assert "no instrument is given that stands for its market." in outcome.plain.replace("\n  ", " ")


def test_the_document_holds_the_newest_values(ara, mine):
    told = document(ara("features", "build", mine, "EURUSD", "--as-of", "2020-02-20", "--json"))
    block = told["blocks"][0]
    assert told["schema"] == 1
    assert told["set"] == "mine"
    assert told["failed"] == []
    assert block["last"] == "2020-02-20T22:00:00Z"
    bars = sample("EURUSD")
    row = bars.frame["known_at"].dt.date().to_list().index(date(2020, 2, 20))
    expected = build(sets.read(mine), bars).x[row]
    assert np.allclose([block["newest"][name] for name in told["columns"]], expected, rtol=1e-5)
    early = document(ara("features", "build", mine, "AAPL", "--as-of", "2009-01-05", "--json"))["blocks"][0]
    assert early["newest"]["rsi@1w"] is None


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_all_rows_are_written(ara, home, suffix):
    outcome = ara("features", "build", "ara-fast", "AAPL", "BTC-USD", "--out", f"all.{suffix}", "--fresh")
    assert outcome.code == 0
    assert f"written to all.{suffix}" in outcome.plain
    path = home / f"all.{suffix}"
    frame = pl.read_parquet(path) if suffix == "parquet" else pl.read_csv(path, try_parse_dates=True)
    assert frame.columns == ["symbol", "at", "known_at", *sets.get("ara-fast").names]
    assert frame["symbol"].unique(maintain_order=True).to_list() == ["AAPL", "BTC-USD"]
    expected = build(sets.get("ara-fast"), sample("BTC-USD")).x[:1800]
    found = frame.filter(pl.col("symbol") == "BTC-USD")[:1800].select(sets.get("ara-fast").names).cast(pl.Float32)
    assert np.allclose(found.fill_null(float("nan")).to_numpy(), expected, rtol=1e-5, equal_nan=True)
    assert not [one for one in home.iterdir() if one.name.endswith(".part")]


def test_a_file_that_is_there_is_replaced_and_that_is_said(ara, home, mine):
    words = ("features", "build", mine, "AAPL", "--out", "x.csv")
    first = ara(*words)
    assert "in place of" not in first.plain
    (home / "x.csv").write_text("older")
    assert "written to x.csv in place of the file that was there." in " ".join(ara(*words).plain.split())
    assert (home / "x.csv").read_text().startswith("symbol,at,known_at")


@pytest.mark.parametrize(("answer", "kept"), [("n", True), ("", True), ("y", False)])
def test_at_a_terminal_it_is_asked_first(terminal, home, mine, answer, kept):
    (home / "x.csv").write_text("older")
    running = terminal("features", "build", mine, "AAPL", "--out", "x.csv")
    running.read("Replace x.csv? [y/N]")
    running.type(f"{answer}\n")
    outcome = running.end()
    assert ((home / "x.csv").read_text() == "older") is kept
    assert (outcome.code == 0) is not kept
    if not kept:
        assert terminal("features", "build", mine, "AAPL", "--out", "x.csv", "--yes").end().code == 0


def test_the_hint_names_what_was_given(ara, home, mine):
    text = " ".join(ara("features", "build", mine, "AAPL").plain.split())
    assert text.endswith(f"What its columns say: ara features show {mine}")
    assert ara("features", "show", mine).code == 0
    (home / "one set.toml").write_text('items = ["rsi"]\n')
    text = " ".join(ara("features", "build", "one set.toml", "AAPL").plain.split())
    assert text.endswith("ara features show 'one set.toml'")
    assert "3,082 rows of 1 feature for 1 instrument." in text


def test_columns_without_a_value_say_why(ara, home):
    (home / "odd.toml").write_text('items = ["close/0 + rsi", "rsi(window=5000)", "rsi"]\n')
    text = " ".join(ara("features", "build", "odd.toml", "AAPL").plain.split())
    assert "Without a value: rsi(window=5000); it needs 5,001 bars, and there are 3,082." in text
    assert "; what it counts is no finite number in any of these bars, such as a division by zero." in text
    (home / "lost.toml").write_text('items = ["beta:NOPE", "rsi"]\n')
    lost = ara("features", "build", "lost.toml", "AAPL")
    assert lost.code == 2
    assert "There is no instrument NOPE here." in lost.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("features", "build", "arafast", "AAPL"), 4, "Did you mean ara-fast"),
        (("features", "build", "none.toml", "AAPL"), 4, "none.toml: can't be read: No such file"),
        (("features", "build", "ara-fast", "APPL"), 2, "There is no instrument APPL here."),
        (
            ("features", "build", "ara-fast", "AAPL", "--out", "x.txt"),
            2,
            "--out is 'x.txt'; it ends in .parquet or .csv",
        ),
        (("features", "build", "ara-fast", "AAPL", "--timeframe", "3d"), 2, "there is no timeframe '3d'"),
        (("features", "build", "ara-fast", "AAPL", "--as-of", "yesterday"), 2, "yesterday"),
        (("features", "show", "nope"), 4, "There is no feature set 'nope'"),
    ],
)
def test_what_can_t_be_is_said_in_a_sentence(ara, words, code, said):
    outcome = ara(*words)
    assert outcome.code == code
    assert said in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err


def test_one_that_fails_stops_no_other(ara):
    outcome = ara("features", "build", "ara-fast", "AAPL", "APPL")
    assert outcome.code == 3
    assert "rows of 17 features for 1 instrument." in outcome.plain
    assert "There is no instrument APPL here." in outcome.err
    told = document(ara("features", "build", "ara-fast", "AAPL", "APPL", "--json"))
    assert told["failed"][0]["symbol"] == "APPL"
    none = ara("features", "build", "ara-fast", "APPL", "MSFTT")
    assert none.code == 3


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), ComputeError("No space left on device\nmore")]
)
def test_a_folder_that_can_t_be_written_is_said(ara, home, monkeypatch, error):
    def full(*_, **__):
        raise error

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    outcome = ara("features", "build", "ara-fast", "AAPL", "--out", "x.parquet", "--fresh")
    assert outcome.code != 0
    assert "x.parquet can't be written: No space left on device." in outcome.err
    assert not (home / "x.parquet").exists()


def test_a_formula_is_computed_where_an_indicator_is(ara):
    told = document(ara("indicators", "compute", "ema(close,12) - ema(close,26)", "AAPL", "--json"))
    assert len(told["at"]) == len(told["value"]) == 3082
    assert told["value"][:25] == [None] * 25
    wrong = ara("indicators", "compute", "close + emaa(close,12)", "AAPL")
    lines = wrong.err.splitlines()
    place = next(row for row, line in enumerate(lines) if line.strip() == "^")
    assert lines[place - 1].index("emaa") == lines[place].index("^")


def test_an_instrument_without_bars_or_news_is_said_so(home):
    from ara.cli.render.features import built
    from ara.cli.screen import Flags, Screen
    from tests.features.made import cut

    s = Screen(Flags(width=80), runner=lambda one: one)
    chosen = sets.FeatureSet(name="mine", items=(sets.Item("rsi"), sets.Item("obv")))
    empty, few = build(chosen, cut(sample("AAPL"), 0)), build(chosen, cut(sample("AAPL"), 2))
    text = built(chosen, [empty, few], s, called="mine")
    assert "AAPL  no bars" in text
    assert "1 of 2 have a value in the newest bar." in text
    calm = sets.FeatureSet(name="calm", items=(sets.Item("close * 0 + 1"),))
    assert "None of them is unusual for it." in built(calm, [build(calm, cut(sample("AAPL"), 50))], s, called="calm")
    long = sets.FeatureSet(name="long", items=tuple(sets.Item(f"mfi({n})") for n in range(2, 12)))
    from ara.cli.render.features import shown

    assert "mfi(window=11)" in shown(long, s)


def test_features_that_nobody_needs_leave_the_lake(ara, home):
    assert "Nothing to delete" in ara("features", "clear").plain
    assert ara("features", "build", "ara-fast", "AAPL").code == 0
    lake = Lake.at(home / "ara" / "lake", clock=SystemClock())
    kept = lake.gold("features_ara_fast")
    lake.put_gold("features_ara_fast", kept, version="old", lineage={"features": "another", "missing": {}})
    lake.put_gold("features_mine", kept.head(3), version="1", lineage={"features": "mine"})
    lake.put_gold("targets", kept.head(3), version="1", lineage={})
    asked = ara("features", "clear")
    assert asked.code != 0
    assert "say --yes" in asked.err
    assert lake.golds().height == 4
    outcome = ara("features", "clear", "--yes")
    assert f"Deleted 1 block of features with {kept.height:,} rows (1 of a set that has changed)." in outcome.plain
    assert lake.golds().filter(pl.col("version") == "old").is_empty()
    assert not (home / "ara" / "lake" / "gold" / "features_ara_fast" / "old").exists()
    assert lake.gold("features_ara_fast").equals(kept)
    assert document(ara("features", "clear", "--yes", "--json"))["dropped"] == []
    lake.put_gold("features_ara_fast", kept, version="old", lineage={"features": "another", "missing": {}})
    assert lake.verify().ok
