"""Nothing of the pooled models sees what was not known, and what was made before is made again to the last byte."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.models.families.pooled import PooledHar, features, seen
from ara.models.families.pooled.features import _built, standing, table
from ara.models.fits import fit_until, refits
from tests.models.panels import go_on
from tests.models.pooled.worlds import forget, later, small, start_of_month

PANEL = small()
MONTHS = [start_of_month(2019, month) for month in range(7, 13)] + [start_of_month(2020, 1)]


def same(one: object, two: object) -> list[str]:
    return [f.name for f in fields(one) if getattr(one, f.name).tobytes() != getattr(two, f.name).tobytes()]


@settings(deadline=None, max_examples=6)
@given(day=st.integers(40, 800), hour=st.integers(0, 23), factor=st.sampled_from([0.0, 1.0, 50.0]))
def test_what_is_known_at_a_row_is_the_same_whatever_comes_later(day: int, hour: int, factor: float) -> None:
    moment = start_of_month(2018, 1) + (day * 24 + hour) * 3_600_000_000
    past = PANEL.until(moment)
    cut = _built(past)
    whole = _built(later(PANEL, moment, factor) if factor else PANEL).until(moment)
    assert same(cut, whole) == []


def test_what_is_known_of_far_horizons_is_the_same_whatever_comes_later() -> None:
    far = small(horizons=(1, 66, 130))
    moment = MONTHS[2] + 12_345_678
    assert same(_built(far.until(moment)), _built(later(far, moment, 50.0)).until(moment)) == []


def test_a_table_from_memory_is_the_one_that_would_be_made() -> None:
    forget()
    table(PANEL)
    past = PANEL.until(MONTHS[2] + 12_345_678)
    assert same(table(past), _built(past)) == []


@settings(deadline=None, max_examples=8)
@given(data=st.data(), kept=st.sampled_from(["nothing", "signals", "the whole", "a past", "a later panel"]))
def test_some_rows_are_those_of_the_whole_whatever_was_kept(data: st.DataObject, kept: str) -> None:
    rows = np.array(data.draw(st.lists(st.integers(0, len(PANEL) - 1), max_size=12)), np.int64)
    panel = small(skip=data.draw(st.sampled_from([(), ("AAA", "CCC"), ("BBB", "CCC", "DDD", "EEE")])))
    if kept == "a later panel":
        panel = panel.until(MONTHS[3])
    rows = rows[rows < len(panel)]
    whole = _built(panel)
    forget()
    if kept != "nothing":
        table({"a past": panel.until(MONTHS[2]), "a later panel": small()}.get(kept, panel), None)
    if kept == "signals":
        features._kept.clear()
    assert same(table(panel, rows), whole.take(rows)) == []
    assert standing(panel, rows).tobytes() == whole.second[rows, 0].tobytes()


def test_one_row_is_made_without_the_others() -> None:
    forget()
    made = table(PANEL, np.array([len(PANEL) - 1]))
    assert len(made.known_at) == 1
    assert not features._kept
    assert len(seen._kept) == 1


def test_what_series_say_is_kept_for_other_horizons() -> None:
    forget()
    table(PANEL, np.arange(3))
    other = small(horizons=(2, 21))
    assert seen.seen(other) is seen.seen(PANEL)
    assert same(table(other), _built(other)) == []


def test_signals_are_kept_up_to_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    one = small(skip=("BBB", "CCC", "DDD", "EEE"))
    monkeypatch.setattr(seen, "_DEAREST", 3 * seen.seen(one).nbytes)
    forget()
    for place in range(8):
        seen.seen(later(one, MONTHS[0], 1 + place))
    assert len(seen._kept) == 2
    monkeypatch.setattr(seen, "_DEAREST", 10)
    forget()
    seen.seen(one)
    assert not seen._kept


def test_memory_is_not_mistaken_for_another_past() -> None:
    forget()
    table(PANEL)
    moved = small(seed=4).until(MONTHS[1])
    assert same(table(moved), _built(moved)) == []
    bars = PANEL.until(MONTHS[1])
    bars.bars[50, 3] += 1e-15
    assert same(table(bars), _built(bars)) == []


def test_a_refit_that_goes_on_from_an_earlier_one_is_the_one_made_from_nothing() -> None:
    rows = np.flatnonzero((PANEL.known_at > MONTHS[-1]) & (PANEL.known_at < MONTHS[-1] + 14 * 86_400_000_000))
    forget()
    cold = fit_until(PooledHar(), PANEL, MONTHS[-1], seed=0)
    alone = cold.predict(PANEL, rows).values
    forget()
    for moment in (*MONTHS[:2], *MONTHS[4:]):
        warm = fit_until(PooledHar(), PANEL, moment, seed=0)
    assert warm.states.keys() == cold.states.keys() >= {"crypto", "equity", "forex"}
    for kind, state in cold.states.items():
        assert [x.tobytes() for x in state] == [x.tobytes() for x in warm.states[kind]], kind
    assert [x.tobytes() for x in cold.memory] == [x.tobytes() for x in warm.memory]
    assert warm.predict(PANEL, rows).values.tobytes() == alone.tobytes()


def test_bands_of_more_than_four_years_ago_count_no_more_wherever_the_chain_began() -> None:
    panel = small(2300, horizons=(1,), skip=("AAA", "BBB", "DDD", "EEE"))
    months = [start_of_month(2020, 6), start_of_month(2022, 3), start_of_month(2024, 3)]
    forget()
    cold = fit_until(PooledHar(), panel, months[-1], seed=0)
    forget()
    warm = [fit_until(PooledHar(), panel, month, seed=0) for month in months][-1]
    assert [x.tobytes() for x in warm.memory] == [x.tobytes() for x in cold.memory]
    assert cold.memory.sums[0, 0, 1] > 200


@settings(deadline=None, max_examples=6)
@given(row=st.integers(500, 615), series=st.integers(0, 4), factor=st.sampled_from([-3.0, 0.2, 40.0]))
def test_a_forecast_is_the_same_whatever_comes_later(row: int, series: int, factor: float) -> None:
    place = np.array([series * 620 + row])
    moment = int(PANEL.known_at[place[0]])

    def answer(panel: object, rows: np.ndarray) -> bytes:
        forget()
        ((month, _),) = list(refits(panel.known_at[rows]))
        return fit_until(PooledHar(), panel, month, seed=0).predict(panel, rows).values.tobytes()

    past = PANEL.until(moment)
    own = np.flatnonzero((past.series == series) & (past.known_at == moment))
    whole = answer(PANEL, place)
    assert answer(past, own) == whole
    assert answer(later(PANEL, moment, factor), place) == whole


def test_a_month_of_forecasts_needs_no_other_row_to_be_asked() -> None:
    fitted = fit_until(PooledHar(), PANEL, MONTHS[-1], seed=0)
    rows = np.flatnonzero((PANEL.known_at > MONTHS[-1]) & (PANEL.known_at < MONTHS[-1] + 20 * 86_400_000_000))
    whole = fitted.predict(PANEL, rows).values
    single = np.concatenate([fitted.predict(PANEL, rows[i : i + 1]).values for i in range(len(rows))])
    assert single.tobytes() == whole.tobytes()


def test_a_horizon_is_answered_alike_whichever_others_are_asked() -> None:
    rows = np.flatnonzero(PANEL.known_at > MONTHS[-1])[:40]
    both = fit_until(PooledHar(), PANEL, MONTHS[-1], seed=0).predict(PANEL, rows).values
    for place, h in enumerate(PANEL.horizons):
        one = small(horizons=(h,))
        alone = fit_until(PooledHar(), one, MONTHS[-1], seed=0).predict(one, rows).values
        assert alone[:, 0].tobytes() == both[:, place].tobytes()


def test_rows_that_are_not_for_training_teach_nothing() -> None:
    past = PANEL.until(MONTHS[-1])
    early = np.flatnonzero(past.known_at < MONTHS[-2])
    forget()
    one = PooledHar().fit(past, early, early[:0], seed=0, watch=go_on)
    two = PooledHar().fit(past, np.arange(len(past)), early[:0], seed=0, watch=go_on)
    assert one.states["equity"].weights.tobytes() != two.states["equity"].weights.tobytes()
    wild = small()
    held = (wild.known_at > MONTHS[-2]) & (wild.known_at <= MONTHS[-1])
    wild.bars[held] *= 3.0
    other = PooledHar().fit(wild.until(MONTHS[-1]), early, early[:0], seed=0, watch=go_on)
    known = past.y_known[early].max(axis=1) <= MONTHS[-2]
    kept = early[known]
    a = PooledHar().fit(past, kept, kept[:0], seed=0, watch=go_on)
    b = PooledHar().fit(wild.until(MONTHS[-1]), kept, kept[:0], seed=0, watch=go_on)
    assert a.states["equity"].weights.tobytes() == b.states["equity"].weights.tobytes()
    assert other.states["equity"].weights.tobytes() != one.states["equity"].weights.tobytes()


@pytest.mark.parametrize("horizons", [(1,), (2, 30), tuple(range(1, 31))])
def test_every_horizon_is_answered(horizons: tuple[int, ...]) -> None:
    panel = small(horizons=horizons)
    rows = np.flatnonzero(panel.known_at > MONTHS[-1])[:15]
    values = fit_until(PooledHar(), panel, MONTHS[-1], seed=0).predict(panel, rows).values
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=2) >= 0).all()
    width = np.median(values[:, :, 20] - values[:, :, 4], axis=0)
    assert (np.diff(width) > -0.1 * width[:-1]).all()


def test_rows_that_are_asked_again_are_their_own_to_whoever_gets_them() -> None:
    forget()
    rows = np.array([30, 619, 1200])
    before = _built(PANEL).take(rows).design.tobytes()
    for _ in range(3):
        got = table(PANEL, rows).design
        assert got.tobytes() == before
        got[:] = 7.0
    assert same(table(PANEL, rows[1:]), _built(PANEL).take(rows[1:])) == []
    assert same(table(PANEL, rows[[2, 0]]), _built(PANEL).take(rows[[2, 0]])) == []
    assert len(features._few) == 1, "what is among the rows that were asked is found there"
    for more in (np.array([30, 31]), np.array([1201]), np.array([0])):
        assert same(table(PANEL, more), _built(PANEL).take(more)) == []
    assert same(table(PANEL, rows[::-1]), _built(PANEL).take(rows[::-1])) == []
    other = small(horizons=(1, 5, 21))
    assert same(table(other, rows), _built(other).take(rows)) == []
    moved = small(seed=4)
    assert same(table(moved, rows), _built(moved).take(rows)) == []
