"""Changes of regime, told by a job: each once, to who may hear of alerts, wherever the work was stopped."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from ara.accounts import Accounts
from ara.alerts import events_after
from ara.errors import DataProviderError
from ara.jobs import Queue, Regimes
from ara.jobs import regimes as room
from ara.jobs.leader import Leader, orders
from ara.jobs.upkeep import forecast_lately
from ara.jobs.work import do, queue_of, words

CALM, BARS = 380, 420
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def hear(_):
    return True


@pytest.fixture(scope="module")
def days():
    found, day = [], date(2021, 1, 4)
    while len(found) < BARS:
        if day.weekday() < 5:
            found.append(day)
        day += timedelta(days=1)
    return found


@pytest.fixture
def files(tmp_path, days):
    """A market that is calm for long, and then falls wildly."""
    moves = np.random.default_rng(3).standard_normal(BARS)
    returns = np.where(np.arange(BARS) < CALM, 0.0005 + 0.004 * moves, -0.01 + 0.06 * moves)
    close = 100 * np.exp(np.cumsum(returns))
    lines = [f"{day},{one},{one * 1.001},{one * 0.999},{one},1000" for day, one in zip(days, close, strict=True)]
    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / "WILD.csv").write_text("date,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
    return {"data_providers": "files", "data_providers.files.url": str(tmp_path / "bars")}


def after(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, hours=2)


async def test_a_change_is_told_once_to_who_may_hear_of_it(opened, clock, days, files, monkeypatch, tmp_path):
    url, work = f"sqlite:///{tmp_path / 'ara.db'}", Regimes(symbols=("WILD",))
    clock.instant = after(days[CALM - 1])
    async with opened(url, **files) as desk:
        users = Accounts(desk).users
        ada = await users.add("ada@x.org", role="viewer")
        gone = await users.add("gone@x.org", role="viewer")
        await users.disable(gone.id)
        first = await do(desk, work, watch=hear)
        assert (first["changed"], first["failed"]) == ([], {})
        assert await events_after(desk, LONG_AGO) == []
    clock.instant = after(days[-1])
    put = room.revision
    async with opened(url, **files) as desk:  # stopped after it was told, before that was noted
        monkeypatch.setattr(room, "revision", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await do(desk, work, watch=hear)
        monkeypatch.setattr(room, "revision", put)
    async with opened(url, **files) as desk:
        second = await do(desk, work, watch=hear)
        (change, *_) = second["changed"]
        assert (change["kind"], change["symbol"], change["from"]) == ("regime_change", "WILD", first["states"]["WILD"])
        assert change["to"] == "high volatility"
        assert change["probability"] >= 0.8
        assert days[CALM - 1] < date.fromisoformat(change["date"]) <= days[-1]
        told = await events_after(desk, LONG_AGO)
        assert [(one.type, one.user) for one in told] == [("alert_triggered", ada.id)] * len(second["changed"])
        assert (await do(desk, work, watch=hear))["changed"] == []
        assert len(await events_after(desk, LONG_AGO)) == len(told)


async def test_one_that_can_not_be_looked_at_costs_no_other(opened, clock, days, files):
    clock.instant = after(days[CALM - 1])
    async with opened("memory:", **files) as desk:
        found = await do(desk, Regimes(symbols=("NOSUCH", "WILD")), watch=hear)
        assert (set(found["states"]), set(found["failed"])) == ({"WILD"}, {"NOSUCH"})
        with pytest.raises(DataProviderError, match="No market could be looked at"):
            await do(desk, Regimes(symbols=("NOSUCH",)), watch=hear)
        assert await do(desk, Regimes(), watch=hear) == {"states": {}, "changed": [], "failed": {}}
        assert await forecast_lately(desk) == []


async def test_the_settings_say_when_and_whose(opened):
    more = {"jobs_schedule.regimes": "MON-FRI 22:30", "jobs_schedule.watched": "AAPL, SPY"}
    async with opened("memory:", **more) as desk:
        (order,) = orders(desk.settings)
        assert order.work == Regimes(symbols=("AAPL", "SPY"))
        assert (queue_of(order.work), words(order.work)) == ("upkeep", "look for changes of regime in AAPL SPY")
        assert words(Regimes()) == "look for changes of regime in all that is forecast"
        await Leader(desk, owner="one", host="here").see()
        assert [(job.name, job.work) for job in await Queue(desk).all()] == [("regimes", order.work)]
