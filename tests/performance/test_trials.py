from datetime import UTC, datetime, timedelta

import pytest

from ara.desk import Desk
from ara.errors import IntegrityError
from ara.performance.trials import Trials
from ara.settings import Settings

FIRST = datetime(2020, 4, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture
async def desk(tmp_path):
    settings = Settings.load({"home": str(tmp_path), "models.looks": "3", "log.level": "error"}, environ={})
    async with Desk.open(settings) as desk:
        yield desk


async def test_every_look_counts_and_after_enough_the_bars_are_burnt(desk):
    trials = Trials(desk)
    assert (await trials.looked(("AAPL",), FIRST, FIRST + YEAR)).number == 0
    looks = [await trials.look(("AAPL",), FIRST, FIRST + YEAR, what="same") for _ in range(4)]
    assert [one.number for one in looks] == [1, 2, 3, 4]
    assert [one.burnt for one in looks] == [False, False, False, True]
    assert (await Trials(desk).looked(("AAPL",), FIRST, FIRST + YEAR)).number == 4


async def test_a_result_that_is_seen_again_is_the_same_look_and_others_count(desk):
    trials = Trials(desk)
    seen = ["one", "one", "two", "one", "two"]
    looks = [await trials.look(("AAPL",), FIRST, FIRST + YEAR, what="backtest", id=id) for id in seen]
    assert [one.number for one in looks] == [1, 1, 2, 2, 2]
    assert (await trials.look(("AAPL",), FIRST, FIRST + YEAR, what="backtest")).number == 3


async def test_a_joint_look_shares_chance_among_many_and_is_one_of_the_limit(desk):
    trials = Trials(desk)
    looks = [await trials.look(("AAPL",), FIRST, FIRST + YEAR, what="all", judged=many) for many in (32, 1, 4, 2)]
    assert [(one.number, one.used, one.burnt) for one in looks] == [
        (32, 1, False),
        (33, 2, False),
        (37, 3, False),
        (39, 4, True),
    ]


@pytest.mark.parametrize(
    ("symbols", "first", "last", "counted"),
    [
        (("MSFT",), 0, 365, False),
        (("MSFT", "AAPL"), 0, 365, True),
        (("AAPL",), 1, 366, True),
        (("AAPL",), 182, 547, True),
        (("AAPL",), 184, 549, False),
        (("AAPL",), 100, 110, True),
        (("AAPL",), -365, 0, False),
        (("AAPL",), 365, 365, True),
        (("AAPL",), 366, 366, False),
    ],
)
async def test_what_overlaps_by_half_is_the_same_look(desk, symbols, first, last, counted):
    trials = Trials(desk)
    await trials.look(("AAPL", "SPY"), FIRST, FIRST + YEAR, what="x")
    found = await trials.looked(symbols, FIRST + timedelta(days=first), FIRST + timedelta(days=last))
    assert bool(found.number) is counted


async def test_looks_at_once_are_all_counted(desk):
    import asyncio

    trials = Trials(desk)
    looks = await asyncio.gather(*(trials.look(("A",), FIRST, FIRST + YEAR, what=str(n)) for n in range(5)))
    assert sorted(one.number for one in looks) == [1, 2, 3, 4, 5]


async def test_an_entry_of_another_make_stops_the_count(desk):
    await desk.store.log("trials").append([b"{}"])
    with pytest.raises(IntegrityError, match="entry 1 of the log of trials"):
        await Trials(desk).looked(("A",), FIRST, FIRST + YEAR)


async def test_a_look_that_was_taken_out_is_told(desk, tmp_path):
    import sqlite3

    trials = Trials(desk)
    for _ in range(3):
        await trials.look(("A",), FIRST, FIRST + YEAR, what="x")
    assert (await trials.verify()).ok
    with sqlite3.connect(tmp_path / "ara.db") as other:
        other.execute("UPDATE entries SET body = replace(body, 'x', 'y') WHERE stream = 'trials' AND sequence = 2")
    other.close()
    with pytest.raises(IntegrityError) as caught:
        await trials.looked(("A",), FIRST, FIRST + YEAR)
    assert caught.value.hint == "See what else was changed: ara models verify"
    assert not (await trials.verify()).ok
