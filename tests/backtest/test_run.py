"""A back-test from the strategy to the result, and the door that a strategy which saw the future doesn't pass."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ara.backtest import run
from ara.errors import BacktestError, CancelledError, ForesightError, StrategyError, ValidationError
from ara.trading import Costs, Planned, Signal, Tape
from ara.trading.tape import instant
from tests.trading.conftest import SHARE, bars_of


def walk(count=300, seed=1, symbol="ACME", currency="USD", volume=1e6):
    random = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(random.normal(0.0002, 0.02, count))), 2)
    opened = np.round(np.concatenate(([100.0], close[:-1])) * np.exp(random.normal(0, 0.002, count)), 2)
    high, low = np.maximum(opened, close) + 0.5, np.minimum(opened, close) - 0.5
    return Tape.of(
        bars_of(
            list(zip(opened, high, low, close, strict=True)),
            volume=volume,
            instrument=replace(SHARE, symbol=symbol, currency=currency),
        )
    )


@pytest.fixture(scope="module")
def tapes():
    return {"ACME": walk()}


class Cross(Planned):
    def plan(self, tape):
        slow = tape.mean(20)
        return np.where(np.isnan(slow), np.nan, (tape.mean(5) > slow).astype(float))


class Oracle(Planned):
    """Knows tomorrow's sign."""

    def plan(self, tape):
        return np.append((np.diff(tape.close) > 0).astype(float), 0.0)


class Scaled(Planned):
    """Scales by the smallest price of all, later ones too."""

    def plan(self, tape):
        return (tape.close > 1.2 * tape.close.min()).astype(float)


class Late:
    """Keeps what it was shown, and counts from the end."""

    def prepare(self, tapes):
        self.left = len(tapes["ACME"])

    def decide(self, view):
        return Signal(symbol="ACME", size=1.0 if self.left - view.index() < 50 else 0.0)


class Coin:
    def __init__(self):
        self.random = np.random.default_rng()

    def decide(self, view):
        return Signal(symbol="ACME", size=float(self.random.random()))


def test_an_honest_strategy_passes_and_stands_beside_buy_and_hold(tapes):
    found = run(Cross, tapes, parameters={"fast": 5})
    assert (found.strategy, found.symbols, found.currency, found.per_year) == ("Cross", ("ACME",), "USD", 365.0)
    assert (len(found.replay.cuts), found.replay.planned) == (48, True)
    assert len(run(Cross, tapes, cuts=1).replay.cuts) == 16
    assert sum(cut.decisions for cut in found.replay.cuts) > 3
    assert found.frame.columns == ["at", "equity", "exposure", "hold"]
    assert found.measures.beta is not None
    assert found.hold.beta is None
    assert found.equity == pytest.approx(10_000 * (1 + found.measures.total))
    rows = found.fill_frame()
    assert rows.height == len(found.fills) == json.loads(json.dumps(found.as_dict()))["fills"]
    assert float(rows["fee"].sum()) == pytest.approx(float(found.fees))


def test_an_oracle_wins_and_the_door_stops_it(tapes):
    found = run(Oracle, tapes, cuts=0, costs=Costs.none())
    assert found.measures.sharpe > 3
    assert any("not replayed" in note for note in found.notes)
    for leak in (Oracle, Scaled, Late):
        with pytest.raises(ForesightError, match=f"the strategy {leak.__name__} saw the future") as told:
            run(leak, tapes)
        assert set(told.value.context) == {"at", "cut", "with_later_bars", "without"}


def test_what_is_random_is_told_from_what_looks_ahead(tapes):
    with pytest.raises(StrategyError, match="Coin decides otherwise each time"):
        run(Coin, tapes)


def test_an_earlier_end_changes_nothing_before_it(tapes):
    whole = run(Cross, tapes, cuts=0)
    end = datetime(2020, 7, 1, tzinfo=UTC)
    part = run(Cross, tapes, cuts=0, end=end)
    assert part.fills == tuple(fill for fill in whole.fills if fill.at < end)
    assert part.frame.equals(whole.frame.filter(whole.frame["at"] <= end))
    assert part.lineage.id != whole.lineage.id
    assert run(Cross, tapes, cuts=0).lineage.id == whole.lineage.id


def test_history_before_the_start_is_known_but_not_traded(tapes):
    start = datetime(2020, 3, 1, tzinfo=UTC)
    found = run(Cross, tapes, start=start)
    assert found.frame["at"][0] == start
    assert found.fills[0].at >= start
    whole = run(Cross, tapes, cuts=0)
    assert len(found.fills) >= len([one for one in whole.fills if one.at > start + timedelta(days=20)])


def test_several_instruments_share_the_equity():
    other = {"ACME": walk(), "BOND": walk(seed=2, symbol="BOND")}
    found = run(Cross, other)
    assert set(found.fill_frame()["symbol"]) == {"ACME", "BOND"}
    assert max(found.frame["exposure"]) < 1.05
    with pytest.raises(ValidationError, match="EUR and USD"):
        run(Cross, {"ACME": walk(), "EURO": walk(symbol="EURO", currency="EUR")})
    with pytest.raises(ValidationError, match="named BOND is that of ACME"):
        run(Cross, {"BOND": walk()})


def test_what_ends_in_the_middle_is_sold_once_nothing_came_for_a_month():
    class Hold(Planned):
        def plan(self, tape):
            return np.ones(len(tape))

    short = {"ACME": walk(100), "BOND": walk(30, seed=2, symbol="BOND")}
    found = run(Hold, short)
    (gone,) = [fill for fill in found.fills if fill.why == "delisted"]
    assert gone.symbol == "BOND"
    assert [one.symbol for one in found.positions] == ["ACME"]
    last = short["BOND"].known[-1]
    sold = next(known for known in short["ACME"].known if known - last > 30 * 86_400_000_000)
    assert gone.at == instant(sold)  # when it was sold, for nobody knew it before; the price is that of its last close
    assert gone.price + gone.slipped / gone.quantity == short["BOND"].closes[-1] * short["BOND"].tick
    assert [fill.at for fill in found.fills] == sorted(fill.at for fill in found.fills)
    (trip,) = found.trips
    assert trip.closed == short["ACME"].known.index(sold) + 1
    exposure, place = found.frame["exposure"], short["ACME"].known.index(sold)
    assert exposure[place - 1] > 0.9
    assert exposure[place] < 0.6
    early = run(Hold, short, end=instant(sold) - timedelta(microseconds=1))
    assert [fill for fill in early.fills if fill.why == "delisted"] == []  # what a shorter range trades is a part of it
    until = run(Hold, short, end=instant(sold))
    assert until.trips[0].instrument == "BOND"


def test_what_fails_says_where_and_what_was_owned(tapes):
    class Breaks:
        def decide(self, view):
            if view.index() == 5:
                raise KeyError("gone")
            return Signal(symbol="ACME", size=1.0)

    with pytest.raises(StrategyError, match="the strategy Breaks failed at 2020-01-07 00:00 UTC: KeyError") as told:
        run(Breaks, tapes)
    assert (told.value.context["bars"], told.value.context["fills"]) == (6, 1)

    class Unprepared(Cross):
        def prepare(self, tapes):
            raise ValueError("no file")

    with pytest.raises(StrategyError, match="failed to prepare: ValueError: no file"):
        run(Unprepared, tapes)

    class Leaves(Cross):
        def prepare(self, tapes):
            raise SystemExit(0)

    with pytest.raises(StrategyError, match="failed to prepare: SystemExit: 0"):
        run(Leaves, tapes)

    class Short(Cross):
        def plan(self, tape):
            return np.zeros(3)

    with pytest.raises(StrategyError, match=r"its plan of ACME is an array of shape \(3,\); there are 300 bars"):
        run(Short, tapes)
    with pytest.raises(CancelledError):
        run(Cross, {"ACME": walk(5000, volume=1e9)}, watch=lambda done, total: False)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"end": datetime(1999, 1, 1, tzinfo=UTC)}, "no bar by 1999-01-01"),
        ({"start": datetime(2040, 1, 1, tzinfo=UTC)}, "no bar in that range"),
        ({"start": datetime(2020, 1, 1)}, "no time zone"),  # noqa: DTZ001 - what is tested
        ({"cash": 0}, "begins with 0"),
    ],
)
def test_ranges_without_bars_are_refused(tapes, more, words):
    with pytest.raises((BacktestError, ValidationError), match=words):
        run(Cross, tapes, **more)
    with pytest.raises(ValidationError, match="needs an instrument"):
        run(Cross, {})


def test_one_bar_is_enough_and_measures_nothing():
    found = run(Cross, {"ACME": Tape.of(bars_of([(10, 10, 10, 10)]))})
    assert (found.frame.height, found.measures.sharpe, found.measures.total) == (1, None, 0.0)
    assert found.turnover == 0


def test_who_lost_all_trades_no_more():
    class Short(Planned):
        def plan(self, tape):
            return np.full(len(tape), -1.0)

    rows = [(10, 10, 10, 10)] * 3 + [(50, 50, 50, 50)] * 3
    found = run(Short, {"ACME": Tape.of(bars_of(rows))}, costs=Costs.none())
    assert found.measures.total == pytest.approx(-1.0)
    assert found.equity < 0
    assert len(found.calls) == 1
    assert found.positions == ()
