"""`ara audit features`."""

import json
import sys
from pathlib import Path

import polars as pl
import pytest

import ara.data
from ara.features.audit.planted import PLANTED

SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
STRANGER = "tests.features.audit.stranger:features"


def document(outcome):
    assert outcome.out, outcome.err
    return json.loads(outcome.out)


def test_what_does_not_leak_passes(ara):
    outcome = ara("audit", "features", "ara-fast")
    assert outcome.code == 0
    assert outcome.plain.startswith("No leak was found in ara-fast: 17 features, each the same whatever came after.")
    assert "on AAPL, EURUSD, BTC-USD (7,346 rows)" in " ".join(outcome.plain.split())
    told = document(ara("audit", "features", "close / sma(close, 20)", "BTC-USD", "--cuts", "1", "--json"))
    assert (told["schema"], told["leaks"], told["findings"], told["exit_code"]) == (1, 0, [], 0)
    assert told["symbols"] == ["BTC-USD"]


def test_a_set_that_compares_is_given_the_market(ara):
    told = document(ara("audit", "features", "ara-default", "AAPL", "--cuts", "1", "--json"))
    assert told["unjudged"] == []
    assert told["leaks"] == 0
    other = document(ara("audit", "features", "beta:QQQ", "AAPL", "--cuts", "1", "--json"))
    assert (other["columns"], other["unjudged"]) == (1, [])


@pytest.mark.parametrize("columns", ["30", "60", "100"])
def test_a_stranger_s_leak_is_shown_with_what_to_do(ara, columns):
    outcome = ara("audit", "features", STRANGER, "AAPL", "--width", columns)
    words = " ".join(outcome.plain.split())
    assert outcome.code == 4
    assert "leaks: 1 of 2 features knew what nobody knew then." in words
    assert "Look for a shift by a negative number" in words
    assert "ahead (AAPL):" in words
    assert "behind (AAPL)" not in words


def test_a_stranger_s_leak_is_a_finding_of_the_document(ara):
    told = document(ara("audit", "features", STRANGER, "AAPL", "--json"))
    assert told["exit_code"] == 4
    assert {one["column"] for one in told["findings"]} == {"ahead"}
    assert all(one["leak"] and one["advice"] for one in told["findings"])


def test_many_findings_are_cut_short_and_what_had_no_value_is_named(ara, home, monkeypatch):
    (home / "mine.py").write_text(
        "import numpy as np\n"
        "def make(bars):\n"
        "    close = bars.frame['close'].to_numpy()\n"
        "    rows = {f'level_{n}': close * n for n in range(1, 15)}\n"
        "    return rows | {f'none_{n}': close * np.nan for n in range(13)} | {'noise': np.random.random(len(close))}\n"
        "def short(bars):\n"
        "    return bars.frame['close'].to_numpy() * 0 if len(bars) > 3080 else 1 / 0\n"
        "def begun(bars):\n"
        "    return np.cumsum(bars.frame['volume'].to_numpy())\n"
    )
    outcome = ara("audit", "features", "mine:make", "AAPL")
    assert "and 2 more; all with --json" in outcome.plain
    assert "none_11 and 1 more." in " ".join(outcome.plain.split())
    assert "same: the same bars give another value" in outcome.plain
    failing = ara("audit", "features", "mine:short", "AAPL")
    assert failing.code == 15, "it was hardly ever built"
    assert "is not proven to be free of leaks: it failed" in " ".join(failing.plain.split())
    assert "ZeroDivisionError" in failing.plain
    begun = ara("audit", "features", "mine:begun", "EURUSD")
    assert begun.code == 0
    assert "It isn't all that it says it is, though" in " ".join(begun.plain.split())
    assert "start: it depends on where the bars begin" in begun.plain


def test_the_planted_leaks_are_all_found(ara):
    outcome = ara("audit", "features", "planted")
    assert outcome.code == 0
    assert outcome.plain.startswith("10 of 10 planted leaks were found; 2 of 2 honest twins passed.")
    told = document(ara("audit", "features", "planted", "--json", "--seed", "3"))
    assert (told["planted"], told["caught"], told["ok"]) == (10, 10, True)
    assert [trap["name"] for trap in told["traps"] if trap["leaks"]] == list(PLANTED)
    assert all(trap["rule"] in trap["found_by"] for trap in told["traps"] if trap["leaks"])
    missed = ara("audit", "features", "planted", "EURUSD")
    assert missed.code == 4, "currencies are never split, so that a level of prices tells nothing"
    assert "missed" in missed.plain


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["rsy"], "Did you mean", 15),
        (["nothing.at:all"], "can't be imported", 15),
        (["rsi", "--cuts", "0"], "--cuts is 0", 2),
        (["rsi", "--seed", "x"], "--seed is x", 2),
        (["rsi", "--limit", "0"], "--limit is 0", 2),
        (["rsi", "--timeframe", "7q"], "7q", 2),
        (["rsi", "XXXX9"], "XXXX9", 2),
    ],
)
def test_bad_requests_are_refused(ara, words, said, code):
    outcome = ara("audit", "features", *words)
    assert outcome.code == code
    assert said in outcome.err
    assert not outcome.out


STRANGE = """
import ctypes, functools, os, sys, time
import numpy as np
from ara.features import Scale, indicator
def returns(bars):
    close = bars.frame["close"].to_numpy()
    return np.append(np.nan, close[1:] / close[:-1] - 1)
def leaves(bars): sys.exit(0)
def ends(bars): os._exit(0)
def falls(bars): ctypes.string_at(0)
def imaginary(bars): return bars.frame["close"].to_numpy() * 1j
def texts(bars): return {"x": ["1.0"] * len(bars)}
def objects(bars): return {"x": np.array(["1.0"] * len(bars), object)}
def masked(bars): return {"x": np.ma.masked_greater(returns(bars), 0.0)}
LIMIT = 3
@indicator(inputs=["close"], warmup=1, memory=2, scale=Scale.FREE, bounds=(-1.0, np.inf), formula="C", reference="me",
           words="w")
def clean(close): return np.append(np.nan, close[1:] / close[:-1] - 1)
@indicator(inputs=["close", "other"], outputs=["a", "b"], warmup=0, memory=1, scale=Scale.MIXED,
           bounds=(-np.inf, np.inf), formula="C", reference="me", words="w")
def peeks(close, other): return np.append(close[1:], np.nan) / other, close / other
def raises(bars): raise ValueError("boom")
def sleeps(bars): time.sleep(3600)
def prints(bars):
    print("hello")
    return {"x": returns(bars)}
def endless(bars): return {"x": returns(bars) / 0}
def nothing(bars): return {"x": np.full(len(bars), np.nan)}
def random(bars): return {"x": np.random.random(len(bars))}
def noisy(bars): return {"x": np.append(returns(bars)[1:], 0.0) * (1 + 1e-4 * np.random.normal(size=len(bars)))}
@functools.lru_cache
def fitted(symbol): return {}
def remembers(bars):
    values, kept = returns(bars), fitted(bars.instrument.symbol)
    if not kept:
        kept["mean"] = np.nanmean(values)
    return {"x": values - kept["mean"]}
"""


@pytest.fixture
def strange(ara, home):
    (home / "strange.py").write_text(STRANGE)
    yield lambda name, *more: ara("audit", "features", f"strange:{name}", "AAPL", *more)
    sys.modules.pop("strange", None)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("leaves", "strange:leaves failed: SystemExit: 0."),
        ("raises", "strange:raises failed: ValueError: boom."),
        ("ends", "strange:ends ended its process, so nothing is proven: its worker process ended with exit code 0."),
        ("falls", "strange:falls ended its process, so nothing is proven: its worker process ended by signal"),
        ("imaginary", "strange:imaginary gave 'imaginary' as complex128; give real numbers."),
        ("texts", "strange:texts gave 'x' as <U3; give real numbers."),
        ("objects", "strange:objects gave 'x' as object; give real numbers."),
        ("gone", "The module strange has no function and no indicator gone."),
        ("LIMIT", "LIMIT of the module strange is int, neither a function nor an indicator."),
        ("sleeps", "strange:sleeps took longer than 1 second and was stopped."),
    ],
)
def test_what_can_t_be_built_is_no_success_and_no_leak(strange, name, said):
    outcome = strange(name, "--limit", "1")
    assert (outcome.code, outcome.out) == (15, "")
    assert said in " ".join(outcome.err.split())


@pytest.mark.parametrize("name", ["endless", "nothing", "random"])
def test_what_can_t_be_judged_is_no_success(strange, name):
    outcome = strange(name)
    assert outcome.code == 15
    assert "is not proven to be free of leaks: 0 of 1 features could be judged" in " ".join(outcome.plain.split())
    assert ("infinite: some of its values are infinite" in outcome.plain) == (name == "endless")
    assert "Warning" not in outcome.err
    told = document(strange(name, "--json"))
    assert (told["verdict"], told["exit_code"]) == ("unknown", 15)


@pytest.mark.parametrize("name", ["noisy", "remembers"])
def test_neither_noise_nor_memory_hides_a_leak(strange, name):
    outcome = strange(name)
    assert outcome.code == 4
    assert "strange:" + name + " leaks: 1 of 1 feature" in outcome.plain


def test_what_a_stranger_prints_is_no_part_of_the_document(strange):
    outcome = strange("prints", "--json", "--debug")
    assert json.loads(outcome.out)["verdict"] == "clear"
    assert "hello" in outcome.err


def test_how_much_was_looked_at_is_said(strange):
    words = " ".join(strange("prints").plain.split())
    assert "ends of weeks, months, quarters and years. A leak that shows at no such moment is not seen" in words
    told = document(strange("prints", "--json"))
    assert told["moments"]["year"] == 2
    more = document(strange("prints", "--json", "--cuts", "6"))
    assert more["moments"]["year"] == 4
    assert sum(more["moments"].values()) > sum(told["moments"].values())


def test_what_compares_many_says_that_it_takes_long(ara):
    seven = ["AAPL", "AMZN", "BAC", "MSFT", "QQQ", "SPY", "XOM"]
    outcome = ara("audit", "features", "advance_decline", *seven, "EURUSD", "--cuts", "1")
    assert outcome.code == 0, outcome.err
    assert "All 8 are built together each time, which takes minutes" in " ".join(outcome.err.split())
    assert "minutes" not in ara("audit", "features", "advance_decline", *seven, "--cuts", "1").err


def test_an_indicator_that_is_nowhere_registered_is_audited(strange):
    told = document(strange("clean", "--json", "--cuts", "1"))
    assert (told["exit_code"], told["columns"], told["leaks"]) == (0, 1, 0)
    told = document(strange("peeks", "--json", "--cuts", "1"))
    assert (told["exit_code"], told["columns"]) == (4, 2)
    assert {one["column"] for one in told["findings"] if one["leak"]} == {"peeks.a"}
    assert document(strange("masked", "--json", "--cuts", "1"))["exit_code"] == 0


def test_columns_beside_the_prices_are_named_whether_looked_at_or_not(ara, home):
    whole = pl.read_parquet(SAMPLE).filter(pl.col("symbol") == "AAPL").tail(400).sort("ts")
    told = whole.with_columns(
        signal=pl.col("close").shift(-1) / pl.col("close") - 1, trend=pl.col("close") / pl.col("close").shift(5)
    )
    told.write_parquet(home / "bars.parquet")
    outcome = ara("audit", "data", "bars.parquet")
    words = " ".join(outcome.plain.split())
    assert outcome.code == 4
    assert "Held against the next bar's move as well: adj_close, signal, trend. Not looked at, for want" in words
    assert "column: a column beside its prices tells the move of the next bar AAPL at " in words
    assert "; its correlation with the next close to close move" in words
    assert (words.count(": signal "), words.count(": trend ")) == (1, 0)
    told.drop("signal").write_parquet(home / "bars.parquet")
    clean = ara("audit", "data", "bars.parquet", "--json")
    assert (clean.code, document(clean)["columns"]) == (0, ["adj_close", "trend"])
