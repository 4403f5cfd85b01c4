"""The synchronous front, in a script and inside a running loop as in a notebook."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

import ara
from ara.cli.app import main
from ara.desk import Desk
from ara.errors import AraError, UnknownSymbolError, ValidationError
from ara.performance.trials import Trials


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_predict_in_a_script() -> None:
    forecast = ara.predict("AAPL", days=3, as_of=date(2020, 2, 20))
    assert forecast.close == pytest.approx(320.30)
    assert ara.score("AAPL").came_due == 3


def test_many_in_one_go_are_what_each_is_alone_and_one_that_fails_costs_none() -> None:
    found = ara.predict_many(["AAPL", "nope!", "btc-usd", "AAPL"], days=1, as_of="2020-03-02", why=False)
    assert [one.symbol if isinstance(one, ara.Missed) else one.instrument.symbol for one in found] == (
        ["AAPL", "nope!", "BTC-USD"]
    )
    assert isinstance(found[1].error, ara.UnknownSymbolError | ara.ValidationError)
    alone = ara.predict("AAPL", days=1, as_of="2020-03-02", why=False)
    assert found[0].id == alone.id
    assert {one.id for one in ara.predict_many("AAPL", 1, as_of="2020-03-02", why=False)} == {alone.id}
    assert ara.predict_many([]) == []


async def test_predict_where_a_loop_is_running() -> None:
    assert ara.predict("AAPL", days=3).id == ara.predict("aapl", days=3, model="fast").id


def test_history_is_as_known_then() -> None:
    frame = ara.history("AAPL", as_of="2020-08-28")
    assert frame["close"][-1] == pytest.approx(499.23)
    assert frame["known_at"].max() == frame["known_at"][-1]


async def test_errors_come_through_as_they_are() -> None:
    with pytest.raises(UnknownSymbolError):
        ara.predict("APPL")


def test_what_was_received_later_is_left_out() -> None:
    rows = "symbol,ts,close\n" + "".join(f"ACME,{date.fromordinal(737425 + n)},{10 + n % 7}\n" for n in range(300))
    Path("acme.csv").write_text(rows, "utf-8")
    assert main(["data", "import", "acme.csv"]) == 0
    assert ara.history("ACME", learned=datetime.now(UTC)).height == ara.history("ACME").height > 200
    assert ara.predict("ACME", learned=datetime.now(UTC)).id == ara.predict("ACME").id
    for ask in (ara.history, ara.predict):
        with pytest.raises(AraError):
            ask("ACME", learned="2020-01-01")
        with pytest.raises(ValidationError, match=r"^learned is"):
            ask("ACME", learned="nonsense")


def test_baskets_ranks_and_kept_forecasts_are_one_call_each() -> None:
    held = ara.basket(["AAPL", "SPY"], days=2, as_of="2020-02-20")
    assert [one.weight for one in held.members] == [0.5, 0.5]
    assert held.id == ara.basket({"AAPL": 0.5, "SPY": 0.5}, days=2, as_of="2020-02-20").id
    first = held.members[0].forecast
    assert ara.replay(first.id[:8]).ok
    later = ara.predict("AAPL", days=2, as_of="2020-02-21", model="ewma_t")
    earlier = ara.predict("AAPL", days=2, as_of="2020-02-20", model="ewma_t")
    told = ara.diff(earlier.id[:8], later.id[:8])
    assert (told.before.id, told.after.id) == (earlier.id, later.id)
    ranked = ara.rank(["AAPL", "KO", "MSFT", "SPY", "XOM"], as_of="2017-08-31")
    assert [one.symbol for one in ranked] == ["AAPL", "KO", "MSFT", "SPY", "XOM"]


def look_after(found) -> int:
    async def ask() -> int:
        async with Desk.open() as desk:
            return (await Trials(desk).look(found.names, found.first, found.last, what="another")).number

    return asyncio.run(ask())


def test_files_are_forecast_and_judged() -> None:
    days = pl.date_range(date(2018, 1, 1), date(2020, 12, 31), "1d", eager=True)
    days = days.filter(days.dt.weekday() < 6)
    frames = []
    for number in range(3):
        moves = pl.Series([((day * 7919 + number * 104729) % 1000) / 500 - 1 for day in range(len(days))])
        close = 100 * (moves * 0.01).cum_sum().exp()
        prices = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close}
        frames.append(pl.DataFrame({"symbol": f"S{number}", "ts": days, **prices, "asset_class": "stock"}))
    bars = pl.concat(frames)
    bars.write_parquet("judged_bars.parquet")
    asked = bars.filter(pl.col("ts") > date(2020, 9, 1)).filter(pl.col("ts") < date(2020, 12, 1))
    asked.select("symbol", origin="ts", horizon=pl.lit(1)).write_parquet("judged_origins.parquet")
    done = ara.forecast("judged_bars.parquet", "judged_origins.parquet", "told.parquet", model="hist", name="mine")
    assert (done.rows, done.symbols) == (asked.height, 3)
    found = ara.evaluate("judged_bars.parquet", ["told.parquet"])
    assert "mine" in found.verdicts
    assert look_after(found) == 2
    knows = ara.audit("hist", "judged_bars.parquet", moments=1)
    assert (knows.subject, knows.verdict) == ("hist", "clear")
    with pytest.raises(ValidationError, match="moments is 21"):
        ara.audit("hist", "judged_bars.parquet", moments=21)
    wild = ara.crash(
        "judged_bars.parquet", ["hist"], start=datetime(2020, 11, 2, tzinfo=UTC), end=datetime(2020, 11, 30, tzinfo=UTC)
    )
    assert next(row.name for row in wild.rows) == "hist"


def test_the_ledger_is_asked_one_call_at_a_time() -> None:
    told = ara.predict("AAPL", days=2, as_of="2020-02-20", timeframe="1d", why=False)
    assert told.days[0].factors == ()
    assert [one.id for one in ara.ledger.entries(symbol="aapl")] == [told.id]
    assert ara.ledger.entries(symbol="MSFT") == []
    assert ara.ledger.show(told.id[:8]).forecast == told
    assert ara.ledger.verify().ok
    assert ara.ledger.anchor().sequence == 1
    assert [one.day for one in ara.ledger.receipt(told.id[:8])] == [1, 2]
    ara.score()
    assert ara.ledger.report(replayed=True).rows
    assert ara.attention(told.id[:8]) == []
    with pytest.raises(ValidationError):
        ara.predict("AAPL", timeframe="7m")
