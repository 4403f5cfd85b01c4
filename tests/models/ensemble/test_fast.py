import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara import plugins
from ara.errors import ModelError
from ara.models import Panel, fits
from ara.models.checks import toy_panel
from ara.models.ensemble import (
    ALL,
    BASE,
    Default,
    Fast,
    FittedEnsemble,
    Full,
    State,
    fitting,
    learning,
    members,
    report,
)
from ara.models.families.ewma_t import EwmaT
from ara.models.fits import fit_until, refits
from tests.models.panels import bent, fit, go_on, last_rows, ranged
from tests.models.pooled.worlds import forget as forget_pooled
from tests.models.pooled.worlds import later, small, start_of_month

FEW = Fast(members=("ewma_t", "drift", "fhs", "har_fhs", "pooled_har"))
LIGHT = Fast(members=("ewma_t", "drift", "har_fhs"))
PANEL = small(700)
MOMENT = start_of_month(2019, 12)
BENT = bent()


def forget() -> None:
    forget_pooled()
    fitting._stages.clear()


@pytest.fixture(scope="module")
def fitted() -> FittedEnsemble:
    return fit_until(FEW, PANEL, MOMENT, seed=0)


def asked(panel: Panel, moment: int = MOMENT) -> np.ndarray:
    return np.flatnonzero((panel.known_at > moment) & (panel.known_at <= moment + 20 * 86_400_000_000))


def test_all_its_members_are_registered_models() -> None:
    assert set(Fast().members) <= set(plugins.names("models"))


def test_it_is_one_of_the_registered_models() -> None:
    assert plugins.load("models", "fast") is Fast


def test_weights_are_shares_and_what_is_no_better_gets_none(fitted: FittedEnsemble) -> None:
    assert set(fitted.state.classes) == {ALL, "crypto", "equity", "forex"}
    for line in report(fitted.state):
        assert line.low <= line.skill <= line.high
        assert line.weight >= 0
        if line.member == BASE:
            assert line.skill == 0
        assert line.weight == 0 or not line.beaten or line.member == BASE
        assert not line.beaten or line.judged < line.horizon or line.skill <= 0
    for own in fitted.state.classes.values():
        for weights in own.weights:
            assert sum(weights) == pytest.approx(1)


def test_quiet_horizons_are_always_among_its_own() -> None:
    panel = small(420, horizons=(3, 7))
    told = fit(LIGHT, panel)
    assert told.state.horizons == (1, 3, 7)
    wide = small(420, horizons=(1, 3, 7))
    rows = last_rows(panel)
    answer, other = told.predict(panel, rows), fit(LIGHT, wide).predict(wide, rows)
    assert answer.horizons == (3, 7)
    np.testing.assert_allclose(answer.values, other.values[:, 1:], rtol=0, atol=1e-12)


def test_a_bar_known_as_the_month_begins_belongs_to_the_new_month(fitted: FittedEnsemble) -> None:
    coin = np.flatnonzero((PANEL.series == 2) & (PANEL.known_at == MOMENT))
    assert len(coin) == 1
    y = PANEL.y.copy()
    y[coin, 0] = 9.0
    after = coin + 1
    calm, wild = (fitted.predict(panel, after).values[0, 0] for panel in (PANEL, replace(PANEL, y=y)))
    assert wild[-5] - wild[4] > calm[-5] - calm[4]


def test_a_horizon_that_was_not_fitted_is_refused(fitted: FittedEnsemble) -> None:
    other = small(700, horizons=(1, 9))
    with pytest.raises(ModelError, match="fitted for the horizons 1, 5, not for 9"):
        fitted.predict(other, last_rows(other))


def test_a_baseline_has_to_be_among_the_members() -> None:
    with pytest.raises(ModelError, match="without ewma_t"):
        fit(Fast(members=("drift",)), PANEL)


@settings(deadline=None, max_examples=6)
@given(day=st.integers(1, 18), factor=st.sampled_from([0.0, 1.0, 40.0]))
def test_what_comes_later_changes_nothing(day: int, factor: float) -> None:
    fitted = fit_until(FEW, PANEL, MOMENT, seed=0)
    when = MOMENT + day * 86_400_000_000
    rows = asked(PANEL)
    rows = rows[PANEL.known_at[rows] <= when]
    whole = fitted.predict(PANEL, rows).values
    other = later(PANEL, when, factor) if factor else PANEL.until(when)
    where = rows if factor else np.flatnonzero(np.isin(PANEL.known_at, PANEL.known_at[rows]) & (PANEL.known_at <= when))
    if factor:
        np.testing.assert_allclose(fitted.predict(other, rows).values, whole, rtol=0, atol=1e-12)
    else:
        found = np.flatnonzero(other.known_at > MOMENT)
        assert len(found) == len(where)
        np.testing.assert_allclose(fitted.predict(other, found).values, whole, rtol=0, atol=1e-12)


def test_one_row_is_answered_as_all_are_and_in_any_order(fitted: FittedEnsemble) -> None:
    rows = asked(PANEL)
    whole = fitted.predict(PANEL, rows).values
    some = np.array([40, 3, 17, 0, len(rows) - 1])
    np.testing.assert_allclose(fitted.predict(PANEL, rows[some]).values, whole[some], rtol=0, atol=1e-12)
    for place in some:
        one = fitted.predict(PANEL, rows[place : place + 1]).values[0]
        np.testing.assert_allclose(one, whole[place], rtol=0, atol=1e-12)


@pytest.mark.parametrize("skip", [0, pytest.param(1, marks=pytest.mark.slow), 4])
def test_a_refit_that_goes_on_is_the_one_that_begins_anew(skip: int) -> None:
    forget()
    months = [start_of_month(2019, 12 - skip), MOMENT, start_of_month(2020, 1)]
    states = [fit_until(FEW, PANEL, month, seed=0).state for month in months]
    forget()
    assert fit_until(FEW, PANEL, months[-1], seed=0).state == states[-1]
    forget()
    assert fit_until(FEW, PANEL, MOMENT, seed=0).state.id == states[1].id


def test_stages_of_other_members_other_seeds_and_other_pasts_are_not_taken() -> None:
    forget()
    fit_until(LIGHT, PANEL, MOMENT, seed=0)
    fresh = fit_until(FEW, PANEL, MOMENT, seed=0).state
    forget()
    assert fit_until(FEW, PANEL, MOMENT, seed=0).state == fresh
    bars = PANEL.bars.copy()
    bars[150, 1:] += 0.02
    other = replace(PANEL, bars=bars)
    changed = fit_until(FEW, other, MOMENT, seed=0).state
    forget()
    assert fit_until(FEW, other, MOMENT, seed=0).state == changed


def test_caches_stay_small() -> None:
    forget()
    for month in range(6, 13):
        fit_until(LIGHT, PANEL, start_of_month(2019, month), seed=0)
    assert len(fitting._stages) <= 4
    assert len(fits._fits) <= 256


def test_rows_that_may_not_be_learned_from_do_not_count() -> None:
    rows = np.arange(len(PANEL))
    hidden = np.flatnonzero((PANEL.known_at > start_of_month(2019, 3)) & (PANEL.known_at < start_of_month(2019, 6)))
    y = PANEL.y.copy()
    y[hidden] = 40.0
    train = np.setdiff1d(rows, hidden)
    one, two = (LIGHT.fit(panel, train, rows[:0], seed=0, watch=go_on).state for panel in (PANEL, replace(PANEL, y=y)))
    assert one == two
    assert one != LIGHT.fit(PANEL, rows, rows[:0], seed=0, watch=go_on).state


def test_a_series_that_it_has_not_met_is_answered_by_a_fit_to_it_alone(fitted: FittedEnsemble) -> None:
    names = ("AAA", "BBB", "CCC", "DDD", "NEW")
    stranger = replace(PANEL, symbols=names)
    rows = asked(PANEL)
    mine = PANEL.series[rows] == 4
    values = fitted.predict(stranger, rows).values
    assert np.isfinite(values).all()
    known = fitted.predict(PANEL, rows).values
    width = (values[:, 0, -5] - values[:, 0, 4]) / (known[:, 0, -5] - known[:, 0, 4])
    np.testing.assert_allclose(width[~mine], 1.0, atol=0.2)
    assert 0.6 < np.median(width[mine]) < 1.6
    single = fitted.predict(stranger, rows[mine][-1:]).values[0]
    np.testing.assert_allclose(values[mine][-1], single, rtol=0, atol=1e-12)


def test_a_storm_in_the_class_widens_the_bands_of_all_within_days(fitted: FittedEnsemble) -> None:
    bars = PANEL.bars.copy()
    stocks = np.isin(PANEL.series, [0, 1, 4])
    storm = stocks & (PANEL.known_at > MOMENT) & (PANEL.known_at < MOMENT + 6 * 86_400_000_000)
    y = PANEL.y.copy()
    before = np.flatnonzero(storm) - 1
    y[before, 0] = 8.0
    stormy = replace(PANEL, bars=bars, y=y)
    rows = asked(PANEL)
    rows = rows[PANEL.known_at[rows] > MOMENT + 6 * 86_400_000_000]
    calm, wild = (fitted.predict(panel, rows).values for panel in (PANEL, stormy))
    ratio = (wild[:, 0, -5] - wild[:, 0, 4]) / (calm[:, 0, -5] - calm[:, 0, 4])
    own = np.isin(PANEL.series[rows], [0, 1, 4])
    assert ratio[own][:6].min() > 1.2
    np.testing.assert_allclose(ratio[~own], 1.0, atol=1e-12)
    far = (wild[:, 1, -5] - wild[:, 1, 4]) / (calm[:, 1, -5] - calm[:, 1, 4])
    assert (far[own][:6] < ratio[own][:6]).all()


def test_forecasts_that_were_open_at_the_fit_count_when_their_bar_comes(fitted: FittedEnsemble) -> None:
    assert set(fitted.state.open) == {"AAA", "BBB", "DDD", "EEE"}, "coins' last bar was known as the month began"
    first = np.array([np.flatnonzero((PANEL.series == code) & (PANEL.known_at > MOMENT))[0] for code in (0, 1, 4)])
    y = PANEL.y.copy()
    y[first - 1, 0] = 9.0
    rows = first[:1]
    calm, wild = (fitted.predict(panel, rows).values[0, 0] for panel in (PANEL, replace(PANEL, y=y)))
    assert wild[-5] - wild[4] > calm[-5] - calm[4]


@pytest.mark.parametrize("name", sorted(BENT))
def test_strange_bars_are_answered_with_finite_quantiles_or_not_at_all(name: str) -> None:
    panel = BENT[name]
    rows = last_rows(panel)
    values = fit(LIGHT, panel).predict(panel, rows).values
    told = np.isfinite(values).all(axis=(1, 2))
    assert told[1:].all()
    assert told[0] == (name != "empty")
    assert (np.diff(values[told], axis=-1) >= 0).all()


@pytest.mark.parametrize("bars", [1, 2, 10, 20, 21, 22, 40, 61])
def test_few_bars_are_answered_as_wide_as_ewma_t_would(bars: int) -> None:
    panel = ranged(toy_panel(bars=bars, horizons=(1, 5) if bars > 5 else (1,)))
    rows = last_rows(panel)
    values = fit(LIGHT, panel).predict(panel, rows).values
    assert np.isfinite(values).all() == (bars >= 21)
    if bars >= 21:
        expected = fit(EwmaT(), panel).predict(panel, rows).values
        np.testing.assert_allclose(values, expected, rtol=1e-9)


def test_no_rows_and_rows_of_the_past_are_answered(fitted: FittedEnsemble) -> None:
    assert fitted.predict(PANEL, np.empty(0, np.int64)).values.shape == (0, 2, 25)
    old = np.flatnonzero(PANEL.known_at < MOMENT)[-3:]
    assert np.isfinite(fitted.predict(PANEL, old).values).all()


def test_saved_it_answers_the_same_and_its_state_is_named_by_its_content(
    fitted: FittedEnsemble, tmp_path: Path
) -> None:
    fitted.save(tmp_path)
    again = Fast.load(tmp_path)
    assert again.state == fitted.state
    assert again.state.id == fitted.state.id
    rows = asked(PANEL)
    assert again.predict(PANEL, rows).values.tobytes() == fitted.predict(PANEL, rows).values.tobytes()
    moved = msgspec.structs.replace(fitted.state, at=fitted.state.at + 1)
    assert moved.id != fitted.state.id
    assert json.loads((tmp_path / "head.json").read_text())["trained_to"] == fitted.state.seen
    with pytest.raises(AttributeError):
        fitted.state.at = 0


@pytest.mark.parametrize("name", ["state.json", "params.json"])
def test_damage_is_told(fitted: FittedEnsemble, tmp_path: Path, name: str) -> None:
    fitted.save(tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[:-5])
    with pytest.raises(ModelError, match="is damaged"):
        Fast.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ModelError, match="not whole"):
        Fast.load(tmp_path)


def test_parts_that_do_not_belong_together_are_told(fitted: FittedEnsemble, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    other = msgspec.structs.replace(fitted.state, members=("ewma_t",))
    (tmp_path / "state.json").write_bytes(msgspec.json.encode(other))
    with pytest.raises(ModelError, match="don't belong together"):
        Fast.load(tmp_path)


def test_a_class_that_a_state_has_not_met_is_answered_as_all_are(fitted: FittedEnsemble) -> None:
    state: State = fitted.state
    assert state.of("other") == state.classes[ALL]
    unknown = replace(PANEL, groups=("crypto", "etf", "forex", "unheard"))
    rows = asked(unknown)
    assert np.isfinite(fitted.predict(unknown, rows).values).all()


def test_a_walk_forward_answers_as_single_forecasts_do() -> None:
    forget()
    rows = np.flatnonzero(PANEL.known_at > start_of_month(2020, 2))[::9]
    walked = np.full((len(rows), 2, 25), np.nan)
    for moment, places in refits(PANEL.known_at[rows]):
        walked[places] = fit_until(LIGHT, PANEL, moment, seed=0).predict(PANEL, rows[places]).values
    forget()
    place = len(rows) // 2
    moment = next(moment for moment, places in refits(PANEL.known_at[rows]) if place in places)
    past = PANEL.until(int(PANEL.known_at[rows[place]]))
    row = np.flatnonzero((past.series == PANEL.series[rows[place]]) & (past.known_at == PANEL.known_at[rows[place]]))
    single = fit_until(LIGHT, past, moment, seed=0).predict(past, row).values[0]
    np.testing.assert_allclose(single, walked[place], rtol=0, atol=1e-12)


def test_what_is_not_installed_is_left_out_and_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(members, "find_spec", lambda name: None if name in {"lightgbm", "torch"} else object())
    poor = Default(members=("ewma_t", "drift", "lightgbm", "gru"))
    fitted = fit(poor, small(420))
    assert fitted.state.members == ("ewma_t", "drift")
    assert fitted.state.absent == ("lightgbm", "gru")
    assert fitted.notes == (
        "default answers without lightgbm: lightgbm is not installed; pip install 'ara-ai[train]'",
        "default answers without gru: torch is not installed; pip install 'ara-ai[deep]'",
    )
    assert [line.member for line in report(fitted.state) if line.absent] == ["lightgbm", "gru"]
    fitted.save(tmp_path)
    assert Default.load(tmp_path).notes == fitted.notes


def test_larger_sets_hold_the_smaller_ones() -> None:
    assert set(Fast().members) < set(Default().members) < set(Full().members)
    assert len(Full().members) >= 12
    assert Default().inputs == Full().inputs == "pooled"
    assert fit(LIGHT, small(300)).notes == ()


def test_where_only_a_member_counts_that_is_asked_seldom_the_baseline_stands_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(learning, "shares", lambda *_: np.array([0.0, 1.0]))
    panel = small(420)
    state = fit(Fast(members=("ewma_t", "fhs")), panel).state
    assert len(state.id) == 64
    assert set(state.open) == {"AAA", "BBB", "CCC", "DDD", "EEE"}
    assert all(half > 0 for _, _, half in state.open.values())


def test_what_takes_too_long_to_become_known_never_counts() -> None:
    begin, end = start_of_month(2019, 3), start_of_month(2019, 9)
    gap = (PANEL.series == 0) & (PANEL.known_at > begin + 10 * 86_400_000_000) & (PANEL.known_at < end)
    last = int(np.flatnonzero(gap)[0]) - 1
    y_known, y = PANEL.y_known.copy(), PANEL.y.copy()
    y_known[last - 4 : last + 1] = PANEL.known_at[np.flatnonzero(gap)[-1] + 1]
    y[last - 4 : last + 1] = 30.0
    names = ("at", "known_at", "series", "group", "bars", "volume", "x", "scale")
    holed = replace(PANEL, y=y[~gap], y_known=y_known[~gap], **{name: getattr(PANEL, name)[~gap] for name in names})
    forget()
    fit_until(LIGHT, holed, start_of_month(2019, 8), seed=0)
    going_on = fit_until(LIGHT, holed, start_of_month(2019, 11), seed=0).state
    forget()
    assert fit_until(LIGHT, holed, start_of_month(2019, 11), seed=0).state == going_on


def test_the_next_bar_of_coins_and_currencies_alone_is_drawn_to_what_their_bands_were_of_late(
    fitted: FittedEnsemble,
) -> None:
    rows = asked(PANEL)
    assert set(fitted.state.usual) == set(PANEL.symbols)
    free = replace(fitted, state=msgspec.structs.replace(fitted.state, usual={}))
    with_, without = (one.predict(PANEL, rows).values for one in (fitted, free))
    groups = np.array(PANEL.groups)[PANEL.group[rows]]
    swings = np.isin(groups, ["crypto", "forex"])
    widths = np.log(with_[:, 0, -1] - with_[:, 0, 0]) - np.log(without[:, 0, -1] - without[:, 0, 0])
    assert (widths[swings] != 0).all()
    assert np.abs(widths[swings]).max() <= 0.1 + 1e-9
    assert (with_[~swings] == without[~swings]).all()
    assert (with_[:, 1] == without[:, 1]).all()


def test_a_state_without_usual_bands_answers_as_it_did(fitted: FittedEnsemble) -> None:
    plain = msgspec.to_builtins(fitted.state)
    del plain["usual"]
    assert msgspec.convert(plain, type(fitted.state)).usual == {}
