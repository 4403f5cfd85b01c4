import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ara.data.checks import check_provider
from ara.data.provider import Kind
from ara.data.providers.sample import Sample
from ara.market.calendar import calendar
from ara.market.instrument import Instrument
from ara.market.symbols import guess


def broken(found):
    return {check.name: check.words for check in found if not check.ok}


async def test_the_sample_keeps_every_promise():
    found = await check_provider(Sample)
    assert broken(found) == {}
    assert len(found) == 13


async def test_an_ordinary_stranger_keeps_them_too(stranger):
    source = stranger["Stranger"]()
    assert broken(await check_provider(source)) == {}
    assert source.closed == 2


async def test_what_can_not_be_made_is_told(stranger):
    class Dear(stranger["Stranger"]):
        def __init__(self, key):
            super().__init__()

    (only,) = await check_provider(Dear)
    assert not only.ok
    assert "it can't be made: TypeError" in only.words


async def test_missing_parts_are_named():
    class Half:
        name = "half"

        async def symbols(self, query=""):
            return []

    (only,) = await check_provider(Half)
    assert only.words == "it lacks history, latest, stream, close, offers"


def bend(stranger, **parts):
    return type("Bent", (stranger["Stranger"],), parts)


def giving(frame):
    def make(self):
        self.closed = 0
        self.listed = [guess("NEW-USD", "crypto")]
        self.frame = frame

    return make


@pytest.mark.parametrize("name", ["", None])
async def test_a_name_is_text(stranger, name):
    assert "name is" in broken(await check_provider(bend(stranger, name=name)))["says its name and what it offers"]


@pytest.mark.parametrize("offers", [frozenset(), {"candles"}])
async def test_kinds_are_kinds(stranger, offers):
    found = broken(await check_provider(bend(stranger, offers=offers)))
    assert "it is a set of one or more Kind" in found["says its name and what it offers"]


async def test_a_source_without_bars_is_not_asked_for_them(stranger):
    found = await check_provider(bend(stranger, offers=frozenset({Kind.TEXT})))
    assert not any("bars" in check.name for check in found)


async def test_a_source_that_offers_all_has_nothing_to_refuse(stranger):
    assert broken(await check_provider(bend(stranger, offers=frozenset(Kind)))) == {}


def listed(*instruments):
    async def symbols(self, query=""):
        return list(instruments)

    return symbols


def instrument(**changes):
    one = guess("NEW-USD", "crypto")
    fields = {name: getattr(one, name) for name in Instrument.__slots__}
    return Instrument(**fields | changes)


@pytest.mark.parametrize(
    ("instruments", "words"),
    [
        ((), "is empty"),
        (("NEW-USD",), "holds a str, not an Instrument"),
        ((instrument(symbol="new/usd"),), "'new/usd' is spelled 'NEW-USD' in Ara"),
        ((instrument(symbol="NEW USD"),), "is no symbol"),
        ((instrument(calendar="MOON"),), "there is no calendar 'MOON'"),
    ],
)
async def test_instruments_are_valid(stranger, instruments, words):
    found = broken(await check_provider(bend(stranger, symbols=listed(*instruments))))
    assert words in found["lists valid instruments"]
    assert "there is no instrument to ask for" in found["gives bars with the columns BARS"]


async def test_a_search_finds_what_is_listed(stranger):
    async def symbols(self, query=""):
        return [] if query else self.listed

    found = broken(await check_provider(bend(stranger, symbols=symbols)))
    assert found == {"lists valid instruments": "symbols('NEW-USD') does not find NEW-USD"}


DAY = timedelta(days=1)
START = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "promise", "words"),
    [
        (lambda frame: frame.drop("volume"), "gives bars with the columns BARS", "they are at Datetime"),
        (lambda frame: frame.clear(), "gives bars with the columns BARS", "there is no bar"),
        (lambda frame: frame.reverse(), "bars ascend, one for each moment", "does not ascend"),
        (
            lambda frame: pl.concat([frame, frame.tail(1)]),
            "bars ascend, one for each moment",
            "does not ascend, or stands twice",
        ),
        (
            lambda frame: frame.with_columns(known_at=pl.col("at")),
            "bars are known when they close, not before they open",
            "has known_at 2020-01-01",
        ),
        (
            lambda frame: frame.with_columns(learned_at=pl.col("at")),
            "bars are known when they close, not before they open",
            "was learned before it was known",
        ),
        (
            lambda frame: frame.with_columns(high=pl.col("close") - 1),
            "prices are possible",
            "8 bars are impossible, first that of 2020-01-01",
        ),
        (
            lambda frame: frame.with_columns(
                close=pl.when(pl.col("at") == START + DAY).then(math.nan).otherwise("close")
            ),
            "prices are possible",
            "1 bars are impossible, first that of 2020-01-02",
        ),
    ],
)
async def test_bars_are_looked_at(stranger, change, promise, words):
    frame = change(stranger["bars"]())
    found = broken(await check_provider(bend(stranger, __init__=giving(frame))))
    assert words in found[promise]


async def test_a_missing_moment_is_counted(stranger):
    frame = stranger["bars"]()
    gap = frame.with_columns(at=pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise("at"))

    async def history(self, *_, **__):
        return gap

    found = broken(await check_provider(bend(stranger, history=history)))
    assert found["bars ascend, one for each moment"] == "at is missing in 1 bars"


async def test_one_odd_bar_in_many_is_the_markets(stranger):
    frame = stranger["bars"](1000).with_columns(
        high=pl.when(pl.col("at") == START).then(pl.col("close") - 1).otherwise("high")
    )
    assert broken(await check_provider(bend(stranger, __init__=giving(frame)))) == {}


async def test_start_and_end_are_kept(stranger):
    async def history(self, kind, instrument, timeframe, *, start, end):
        await super(bent, self).history(kind, instrument, timeframe, start=start, end=end)
        return self.frame.filter(pl.col("at") >= start, pl.col("at") <= end)

    bent = bend(stranger, history=history)
    found = broken(await check_provider(bent))
    assert list(found) == ["keeps to start and end"]
    assert "it gives 5 bars, not 4" in found["keeps to start and end"]


async def test_an_answer_does_not_change(stranger):
    async def history(self, kind, instrument, timeframe, *, start, end):
        frame = await super(bent, self).history(kind, instrument, timeframe, start=start, end=end)
        self.asked = getattr(self, "asked", 0) + 1
        return frame.with_columns(volume=pl.lit(float(self.asked)))

    bent = bend(stranger, history=history)
    assert broken(await check_provider(bent)) == {"gives the same bars twice": "the same question has two answers"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop("symbol"), "they are symbol, at Datetime"),
        (lambda frame: pl.concat([frame, frame]), "latest() of one instrument has 2 rows"),
        (lambda frame: frame.with_columns(at=pl.col("at") - DAY), "before the bar of 2020-01-08"),
    ],
)
async def test_the_latest_is_the_newest(stranger, change, words):
    async def latest(self, kind, instruments):
        return change(await super(bent, self).latest(kind, instruments))

    bent = bend(stranger, latest=latest)
    assert words in broken(await check_provider(bent))["gives the newest bar of each instrument"]


async def test_what_is_unknown_is_refused_by_its_type(stranger):
    def history(error):
        async def answer(self, kind, instrument, timeframe, *, start, end):
            if kind is Kind.BARS and instrument in self.listed:
                return (
                    await super(stranger["Stranger"], self).history(kind, instrument) if error is None else self.frame
                )
            if error is None:
                return self.frame
            raise error

        return answer

    found = broken(await check_provider(bend(stranger, history=history(KeyError("ZZ")))))
    assert found["refuses an unknown instrument with a typed error"] == "KeyError: 'ZZ'"
    assert found["refuses what it does not offer"] == "KeyError: 'ZZ'"


async def test_inventing_bars_is_told(stranger):
    async def history(self, kind, instrument, timeframe, *, start, end):
        return self.frame.filter(pl.col("at") >= start, pl.col("at") < end)

    found = broken(await check_provider(bend(stranger, history=history)))
    assert "it gives 8 bars of ZZ.NOBODY.HAS.THIS" in found["refuses an unknown instrument with a typed error"]
    assert "it answers when asked for actions" in found["refuses what it does not offer"]


async def test_closing_twice_is_no_fault(stranger):
    async def close(self):
        if self.closed:
            raise RuntimeError("closed already")
        self.closed += 1

    assert broken(await check_provider(bend(stranger, close=close))) == {"closes twice": "RuntimeError: closed already"}


def test_calendars_of_guesses_exist():
    assert calendar(guess("ZZ.NOBODY.HAS.THIS", "stock").calendar).name == "XNYS"
