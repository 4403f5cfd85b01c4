"""What is read where it lies is prepared once, and never seen again where something of it has changed."""

from datetime import UTC, datetime, timedelta

import polars as pl

from ara.data.direct import Direct, Views
from ara.data.provider import Kind
from ara.data.providers.sample import Sample
from ara.data.view import Kept, view
from ara.market import symbols
from ara.market.timeframe import DAY
from ara.testing import FakeProvider

NOW = datetime(2022, 1, 1, tzinfo=UTC)
APPLE = symbols.resolve("AAPL")


async def read(direct, source, moment=NOW, learned=None):
    return await direct.kept("a", source, APPLE, DAY, moment=moment, learned=learned, now=NOW)


async def test_the_same_bars_are_prepared_once_and_seen_once() -> None:
    direct, views, source = Direct(), Views(), Sample()
    first, again = await read(direct, source), await read(direct, source, NOW + timedelta(days=9))
    assert again is first
    one, two = (views.of(kept, APPLE, DAY, moment=NOW) for kept in (first, again))
    assert one is two
    assert one is not None
    assert one.bars.frame.equals(view(first, APPLE, DAY, moment=NOW).bars.frame)
    assert views.of(first, APPLE, DAY, moment=NOW, order=("b",)) is not one


async def test_an_earlier_moment_or_knowledge_is_looked_at_anew() -> None:
    direct, views, source = Direct(), Views(), Sample()
    whole = await read(direct, source)
    early = datetime(2020, 2, 20, 12, tzinfo=UTC)
    cut = await read(direct, source, early)
    assert cut.rows["known_at"].max() <= early < whole.rows["known_at"].max()
    late, before = (views.of(whole, APPLE, DAY, moment=moment) for moment in (NOW, early))
    assert late.bars.frame.height == whole.rows.height
    assert before.bars.frame.height == cut.rows.height
    again = views.of(whole, APPLE, DAY, moment=NOW)
    assert again is late


async def test_what_is_still_to_come_is_not_taken_for_what_was_seen() -> None:
    """A view of a moment in the midst of the rows must not answer for a later one."""
    direct, views = Direct(), Views()
    whole = await read(direct, Sample())
    middle = whole.rows["known_at"][1000]
    assert views.of(whole, APPLE, DAY, moment=middle).bars.frame.height == 1001
    assert views.of(whole, APPLE, DAY, moment=NOW).bars.frame.height == whole.rows.height


class Stranger(FakeProvider):
    """Gives the same frame each time, and changes it in between."""

    async def history(self, kind, instrument, timeframe, *, start, end):
        return self._frames[instrument.symbol]


async def test_a_strangers_frame_may_change_under_our_hands() -> None:
    frame = await Sample().history(Kind.BARS, APPLE, DAY, start=datetime(2020, 1, 1, tzinfo=UTC), end=NOW)
    frame = frame.clone()
    direct, source = Direct(), Stranger({"AAPL": frame})
    first = await read(direct, source)
    frame[-1, "close"] = 2 * frame["close"][-1]
    again = await read(direct, source)
    assert again.rows["close"][-1] == frame["close"][-1] == 2 * first.rows["close"][-1]


async def test_other_rows_are_other_bars() -> None:
    views, whole = Views(), await read(Direct(), Sample())
    other = Kept(rows=whole.rows.with_columns(pl.col("close") * 2, pl.col("high") * 2), actions=whole.actions)
    seen = [views.of(kept, APPLE, DAY, moment=NOW) for kept in (whole, other)]
    assert seen[1].bars.frame["close"][-1] == 2 * seen[0].bars.frame["close"][-1]
