"""Audits that let bars change places, ask under other symbols, and doubt what is not made of the bars."""

import numpy as np
import polars as pl
import pytest

from ara.features.audit import Subject, audit, subject
from ara.features.audit.scene import Scene
from ara.features.audit.swaps import EVERY, swapped
from tests.features.made import cut, sample

PRICES = ["open", "high", "low", "close"]


def moves(bars):
    return np.append(np.nan, np.diff(np.log(bars.frame["close"].to_numpy())))


def rolled(bars, way):
    values = pl.Series(np.nan_to_num(moves(bars)))
    return {
        "one bar": values,
        "sum": values.rolling_sum(20),
        "deviation": values.rolling_std(20),
        "mean": values.ewm_mean(alpha=0.06),
        "largest": values.rolling_max(20),
    }[way].to_numpy()


def sometimes(way, every, seed):
    """Gives a feature that knows the next move's sign at one bar in so many, and its twin that never does."""
    chosen = np.random.default_rng(seed).choice(sample("AAPL").frame["at"].to_numpy(), 3000 // every, replace=False)

    def leaky(bars):
        values, later = rolled(bars, way).copy(), np.sign(np.nan_to_num(np.append(moves(bars)[1:], np.nan)))
        known = np.isin(bars.frame["at"].to_numpy(), chosen)
        return values + 0.02 * np.where(known, later, 0.0)

    return leaky, lambda bars: rolled(bars, way)


@pytest.mark.parametrize("way", ["one bar", "sum", "deviation", "mean", "largest"])
def test_a_look_ahead_at_one_bar_in_500_is_found_whatever_else_the_feature_remembers(way):
    leaky, honest = sometimes(way, 500, seed=len(way))
    found = audit(Subject.of_function(leaky), sample("AAPL"))
    assert found.verdict == "leaks"
    assert found.moments["swap"] >= 1
    assert audit(Subject.of_function(honest), sample("AAPL")).findings == ()


def test_bars_that_change_places_are_the_same_moves_and_end_where_they_did():
    frame = sample("AAPL").frame
    places = np.arange(3, frame.height, EVERY)
    told = swapped(frame, places)
    rest = np.setdiff1d(np.arange(frame.height), np.concatenate((places, places + 1)))
    assert told[rest.tolist()].equals(frame[rest.tolist()])
    assert told["close"][4::EVERY].equals(frame["close"][4::EVERY])
    before, after = (np.diff(np.log(one["close"].to_numpy())) for one in (frame, told))
    inside = places[places + 1 < frame.height]
    assert after[inside - 1] == pytest.approx(before[inside], abs=1e-9)
    assert after[inside] == pytest.approx(before[inside - 1], abs=1e-9)
    assert told["volume"][inside.tolist()].to_list() == frame["volume"][(inside + 1).tolist()].to_list()
    assert (told["high"] >= told.select(pl.max_horizontal(PRICES)).to_series()).all()
    assert (told["low"] <= told.select(pl.min_horizontal(PRICES)).to_series()).all()
    assert not told["close"].equals(frame["close"])


def test_bars_at_the_edges_and_prices_that_are_missing_stay_where_they_are():
    frame = (
        sample("AAPL")
        .frame[:6]
        .with_columns(
            close=pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise("close"), volume=pl.lit(None, pl.Float64)
        )
    )
    assert swapped(frame, np.array([0, 2, 3, 5])).equals(frame)
    assert not swapped(frame, np.array([1])).select(PRICES).equals(frame.select(PRICES))


def test_what_is_kept_in_a_file_by_symbol_is_found_under_another_symbol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bars = sample("EURUSD")
    found = audit(subject("tests.features.audit.keeping:scaled"), bars)
    assert {(one.rule, "had not heard" in one.detail) for one in found.findings} == {("prefix", True)}
    assert audit(subject("tests.features.audit.keeping:honest"), bars).findings == ()


def test_what_depends_on_the_symbol_or_knows_one_by_heart_is_no_leak():
    for name in ("by_name", "dear"):
        assert audit(subject(f"tests.features.audit.keeping:{name}"), sample("AAPL")).findings == ()


def test_outcomes_that_were_brought_along_are_found_and_calendars_are_not():
    bars = sample("BTC-USD")
    later = dict(zip(bars.frame["at"].to_list(), np.append(moves(bars)[1:], np.nan).tolist(), strict=True))
    random = np.random.default_rng(2)
    noise = {at: random.normal(0, 0.05) for at in later}

    def told(bars):
        return np.array([later.get(at, np.nan) + noise[at] for at in bars.frame["at"].to_list()])

    found = audit(Subject.of_function(told), bars)
    assert [one.rule for one in found.findings] == ["brought"]
    assert found.verdict == "leaks"
    assert "correlation of 0." in found.findings[0].words

    for honest in (
        lambda bars: bars.frame["at"].dt.weekday().to_numpy().astype(float),
        lambda bars: np.array([noise[at] for at in bars.frame["at"].to_list()]),
        lambda bars: np.ones(len(bars.frame)),
        lambda bars: np.append(np.full(50, np.nan), moves(bars)[50:]),
    ):
        assert audit(Subject.of_function(honest), bars).leaks == ()


def test_few_bars_have_no_say():
    leaky = Scene(bars=cut(sample("AAPL"), 70))
    assert len(leaky.swapped(1).bars.frame) == 70
    assert audit(Subject.of_function(moves), cut(sample("AAPL"), 70)).findings == ()
