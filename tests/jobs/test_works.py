"""What jobs do, done by themselves: the same figures as by their commands."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ara.accounts import Accounts
from ara.accounts.sent import Sent
from ara.data.feed import MarketData
from ara.data.rates import bring_rates
from ara.errors import BacktestError, DataProviderError, NotFoundError, ValidationError
from ara.jobs import Backtest, Backup, Clean, Drift, Predict, Queue, Score, Update
from ara.jobs.tested import asked
from ara.jobs.work import QUEUES, Work, check, do, queue_of, words
from ara.prediction.ledger import Ledger
from tests.venues.ecb import EcbVenue

SHORT = Backtest(symbols=("AAPL",), strategy="momentum", start="2017-01-03", end="2017-12-29", cuts=0)


def heard(into):
    def hear(progress):
        into.append(progress)
        return True

    return hear


async def test_a_back_test_counts_its_look_once_however_often_it_is_done(opened):
    async with opened("memory:", data_providers="sample") as desk:
        one = await do(desk, SHORT, watch=heard([]))
        two = await do(desk, SHORT, watch=heard([]))
        assert one == two
        assert one["look"]["number"] == 1
        dearer = await do(desk, msgspec.structs.replace(SHORT, costs={"commission": 0.01}), watch=heard([]))
        assert dearer["equity"] < one["equity"]
        assert dearer["look"]["number"] == 2


async def test_a_walk_chooses_its_parameters_from_the_grid(opened):
    walk = msgspec.structs.replace(SHORT, start="2014-01-02", walk=252, retrain=126, grid={"window": (20, 60)})
    async with opened("memory:", data_providers="sample") as desk:
        told = []
        found = await do(desk, walk, watch=heard(told))
        assert found["combinations"] == 2
        assert told[-1].done == told[-1].total > 1
        assert {one["chosen"]["window"] for one in found["folds"]} <= {20, 60}
        assert asked(msgspec.structs.replace(walk, grid={})).grid["window"][0] == 20


async def test_forecasts_are_kept_and_one_that_fails_costs_no_other(opened):
    async with opened("memory:", data_providers="sample") as desk:
        work = Predict(symbols=("AAPL", "NOSUCH", "MSFT"), days=1, as_of="2020-02-20", model="ewma_t")
        found = await do(desk, work, watch=heard([]))
        assert list(found["forecasts"]) == ["AAPL", "MSFT"]
        assert "NOSUCH" in found["failed"]["NOSUCH"]
        kept = {one.forecast.instrument.symbol: one.id for one in await Ledger(desk).list()}
        assert kept == found["forecasts"]
        with pytest.raises(DataProviderError, match="No instrument"):
            await do(desk, Predict(symbols=("NOSUCH",)), watch=heard([]))
        scored = await do(desk, Score(), watch=heard([]))
        assert (scored["came_due"], scored["live"]) == (2, 0)


async def test_upkeep_of_an_empty_house_does_nothing_and_says_so(opened, tmp_path):
    async with opened("memory:", data_providers="sample") as desk:
        folder = str(tmp_path / "copies")
        assert await do(desk, Update(), watch=heard([])) == {"instruments": 0, "bars": 0, "rates": 0, "failed": {}}
        assert (await do(desk, Backup(folder=folder), watch=heard([])))["files"] == 0
        assert await do(desk, Drift(), watch=heard([])) == {
            "set": "ara-fast",
            "window": 250,
            "drifted": {},
            "failed": {},
        }
        drifted = await do(desk, Drift(symbols=("AAPL", "NOSUCH"), window=10**6), watch=heard([]))
        assert set(drifted["failed"]) == {"AAPL", "NOSUCH"}


async def test_an_update_brings_the_rates_of_the_euro_that_are_missing(opened):
    with EcbVenue(until=date(2023, 12, 28)) as venue:
        asked = {"data.online": "ecb", "data.providers.ecb.url": venue.url, "data.retries": "0"}
        async with opened("memory:", data_providers="sample", **asked) as desk:
            assert (await do(desk, Update(), watch=heard([])))["rates"] == 0  # none are kept: nobody wants them
            async with MarketData(desk) as market:
                await bring_rates(market.sources, market.store, clock=desk.clock, names=["ecb"])
            venue.publish(date(2023, 12, 29))
            done = {"instruments": 0, "bars": 0, "failed": {}}
            assert await do(desk, Update(), watch=heard([])) == {**done, "rates": 15}
            assert await do(desk, Update(), watch=heard([])) == {**done, "rates": 0}
            venue.down = True
            with pytest.raises(DataProviderError, match="Nothing could be brought up to date"):
                await do(desk, Update(), watch=heard([]))


async def test_what_was_imported_is_backed_up(opened, tmp_path):
    from ara.data.imports import import_path

    lines = [f"{day:%Y-%m-%d},10,11,9,{10 + number % 3},100" for number, day in enumerate(days(60))]
    bars = tmp_path / "XYZ.csv"
    bars.write_text("date,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
    async with opened("memory:", data_providers="sample") as desk:
        async with MarketData(desk) as market:
            import_path(market.store, Path(bars), clock=desk.clock, settings=desk.settings, symbol="XYZ")
        found = await do(desk, Backup(folder=str(tmp_path / "copies")), watch=heard([]))
        assert found["files"] > 0
        assert (tmp_path / "copies" / "snapshots").is_dir()


def days(count):
    return [datetime(2023, 1, 2, tzinfo=UTC) + timedelta(days=number) for number in range(count)]


async def test_old_jobs_and_what_is_over_of_accounts_are_forgotten_by_a_job(opened, clock):
    async with opened("memory:") as desk:
        queue, accounts = Queue(desk), Accounts(desk)
        await queue.add(Score())
        await queue.cancel(1)
        await desk.store.add(Sent(id="0" * 64, asked="a", at=clock.now()))
        await accounts.guard.begin("ada@example.org", "127.0.0.1")
        await accounts.tokens.end_session("over")
        nothing = {"forgotten": 0, "requests": 0, "credentials": 0, "days": 0}
        assert await do(desk, Clean(days=30), watch=heard([])) == nothing
        clock.on(days=31)
        assert await do(desk, Clean(days=30), watch=heard([])) == {
            "forgotten": 1,
            "requests": 1,
            "credentials": 4,
            "days": 0,
        }
        assert await do(desk, Clean(days=30), watch=heard([])) == nothing


@pytest.mark.parametrize(
    "work", [SHORT, Predict(symbols=("AAPL",)), Update(), Score(), Drift(), Backup(folder="x"), Clean()]
)
def test_every_work_has_words_a_queue_and_comes_back_as_it_was_kept(work):
    assert words(work) != "?"
    assert queue_of(work) in QUEUES
    assert msgspec.json.decode(msgspec.json.encode(work), type=Work) == work
    check(work)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"strategy": "nothing"}, NotFoundError, "no strategy"),
        ({"strategy": "os:system"}, ValidationError, "not loaded by name"),
        ({"cash": "-1"}, ValidationError, "above 0"),
        ({"cash": "NaN"}, ValidationError, "above 0"),
        ({"cash": "much"}, ValidationError, "is 'much'; it is an amount above 0"),
        ({"cuts": 101}, ValidationError, "0 to 100"),
        ({"start": "2018-01-01"}, ValidationError, "after its end"),
        ({"end": "soon"}, ValidationError, "no date"),
        ({"costs": {"odd": 1.0}}, ValidationError, "have no 'odd'"),
        ({"costs": {"spread": "wide"}}, ValidationError, "no number"),
        ({"costs": {"spread": True}}, ValidationError, "no number"),
        ({"params": {"window": "long"}}, ValidationError, "whole number"),
        ({"grid": {"window": (1, 2)}}, ValidationError, "by a walk only"),
        (
            {"walk": 100, "grid": {"window": (5,)}, "params": {"window": 5}},
            ValidationError,
            "Leave one out|in the grid",
        ),
        ({"walk": 100, "retrain": 0}, ValidationError, "step of a walk"),
        ({"walk": 100, "grid": {"window": tuple(range(100_001))}}, ValidationError, "100001 combinations"),
        ({"walk": 100, "grid": {"window": ()}}, ValidationError, "no value of 'window'"),
        ({"symbols": ()}, ValidationError, "1 to 1000"),
    ],
)
def test_a_back_test_that_could_only_fail_is_refused(changes, error, said):
    with pytest.raises(error, match=said):
        check(msgspec.structs.replace(SHORT, **changes))


def test_works_that_could_only_fail_are_refused():
    for work in (Predict(symbols=("AAPL",), days=31), Predict(symbols=()), Backup(folder=" ")):
        with pytest.raises(ValidationError):
            check(work)


async def test_a_back_test_without_a_bar_fails_in_words(opened):
    async with opened("memory:", data_providers="sample") as desk:
        with pytest.raises((BacktestError, ValidationError), match="no bar"):
            await do(desk, msgspec.structs.replace(SHORT, start="", end="1980-01-01"), watch=heard([]))
