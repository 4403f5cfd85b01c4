"""Bands and medians taken apart: the parts are checked against the model's own answer for a usual bar."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.models import LEVELS
from ara.models.checks import toy_panel
from ara.models.ensemble import Fast, FittedEnsemble
from ara.models.ensemble.by_regime import belonging
from ara.models.families.bootstrap import Fhs, Hist
from ara.models.families.drift import Drift
from ara.models.families.ewma_t import EwmaT
from ara.models.families.garch import GarchT, GjrT
from ara.models.families.har import HarFhs, HarT, seen
from ara.models.families.pooled import PooledHar, features
from ara.models.families.pooled.chain import forecast
from ara.models.families.pooled.features import COLUMNS, SECOND, table
from ara.models.families.pooled.model import FittedPooledHar
from ara.models.families.pooled.seen import KINDS
from ara.models.families.weekday import Weekday
from ara.models.model import Fitted, Model
from ara.models.panel import Panel
from ara.models.quantiles import Quantiles
from ara.models.reasons import USUAL, Told, of_model, single
from ara.models.reasons.pooled import GROUPS
from ara.models.reasons.single import moved
from ara.models.reasons.told import added, log_mean
from ara.models.series import Line
from ara.statistics.volatility import ewma_variance
from tests.models.panels import bent, fit, last_rows, ranged

LOW, MIDDLE, TOP = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))
SINGLE = (EwmaT(), Drift(), Weekday(), Hist(), Fhs(), GarchT(), GjrT(), HarT(), HarFhs())


@pytest.fixture(scope="module")
def panel() -> Panel:
    return ranged(toy_panel(bars=700))


@pytest.fixture(scope="module")
def pooled(panel: Panel) -> FittedPooledHar:
    return fit(PooledHar(), panel)


@pytest.fixture(scope="module")
def fast(panel: Panel) -> FittedEnsemble:
    return fit(Fast(), panel)


def width(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(values[..., TOP] - values[..., LOW])


def last(panel: Panel) -> int:
    return int(last_rows(panel)[0])


def of(model: Model, panel: Panel) -> tuple[Told, Fitted]:
    fitted = fit(model, panel)
    return of_model(model.family, fitted, panel, last(panel)), fitted


@pytest.mark.parametrize("model", SINGLE, ids=lambda one: one.family)
def test_width_and_centre_are_those_of_the_answer(panel: Panel, model: Model) -> None:
    told, fitted = of(model, panel)
    (values,) = fitted.predict(panel, np.array([last(panel)])).values
    np.testing.assert_array_equal(told.width, width(values))
    np.testing.assert_allclose(
        sum(told.centre.values(), np.zeros(len(panel.horizons))), values[:, MIDDLE], rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("model", [EwmaT(), Drift(), Fhs()], ids=lambda one: one.family)
def test_a_usual_bar_of_a_weighted_variance_is_the_geometric_mean_of_its_last_year(panel: Panel, model: Model) -> None:
    told, _ = of(model, panel)
    first, end = panel.span(0)
    logs = np.log(ewma_variance(panel.bars[first:end, 3]))
    np.testing.assert_allclose(told.width - told.usual, (logs[-1] - logs[-USUAL:].mean()) / 2, rtol=1e-9)
    assert set(told.parts) == {"last", "week", "month", "half_year"}


def test_the_last_bars_move_alone_is_what_the_last_bar_adds(panel: Panel) -> None:
    told, _ = of(EwmaT(), panel)
    bars = panel.bars.copy()
    bars[last(panel), 3] = 0.0
    still, _ = of(EwmaT(), replace(panel, bars=bars))
    assert told.parts["last"][0] > still.parts["last"][0]
    first, _ = panel.span(0)
    v = ewma_variance(bars[first : last(panel) + 1, 3])
    usual = np.exp(np.log(v[-USUAL:]).mean())
    assert still.parts["last"][0] == pytest.approx(-0.06 * usual / log_mean(v[-1], usual) / 2)


@pytest.mark.parametrize("model", [EwmaT(), Drift(), GarchT()], ids=lambda one: one.family)
def test_what_sees_returns_alone_is_told_by_returns(panel: Panel, model: Model) -> None:
    row = last(panel)
    bars = panel.bars.copy()
    bars[row] = [0.0, 0.2, -0.2, 0.0]  # a bar of a wide range that ends where it began
    told, _ = of(model, replace(panel, bars=bars))
    assert told.parts["last"][0] < 0
    np.testing.assert_array_equal(told.values["last"], 0.0)
    returns = bars[row + 1 - USUAL : row + 1, 3]
    assert told.values["week"][-1] == pytest.approx(np.sqrt((returns[-5:] ** 2).mean() / (returns**2).mean()))


@pytest.mark.parametrize("model", [EwmaT(), Fhs()], ids=lambda one: one.family)
@pytest.mark.parametrize(("times", "wider"), [(0.3, False), (3.0, True)])
def test_the_figure_of_the_last_bar_and_its_share_agree(
    panel: Panel, model: Model, times: float, *, wider: bool
) -> None:
    row = last(panel)
    bars = panel.bars.copy()
    bars[row, 3] = times * np.sqrt((bars[row - USUAL : row, 3] ** 2).mean())
    told, _ = of(model, replace(panel, bars=bars))
    assert (told.values["last"][0] > 1) == (told.parts["last"][0] > 0) == wider


def test_what_is_kept_of_a_row_is_that_of_its_row_its_panel_and_its_fit(panel: Panel) -> None:
    plain, rows = fit(EwmaT(), panel), (last(panel), last(panel) - 7)
    quicker = replace(plain, decay=0.8)
    for known in (panel, replace(panel, bars=panel.bars**3)):
        for row in (*rows, rows[0]):
            expected = single._sizes(known, row)
            assert {name: part.tolist() for name, part in moved(known, row).items()} == {
                name: part.tolist() for name, part in expected.items()
            }
            for fitted in (plain, quicker, plain):
                values = fitted.predict(known, np.array([row])).values[0]
                assert single._simple(fitted, known, row).tolist() == values.tolist()


def test_a_series_that_never_moved_has_no_figure_of_its_moves(panel: Panel) -> None:
    bars = panel.bars.copy()
    bars[:, 3] = 0.0
    assert moved(replace(panel, bars=bars), last(panel)) == {}


@pytest.mark.parametrize("model", [GarchT(), GjrT()], ids=lambda one: one.family)
def test_a_usual_bar_of_garch_is_the_geometric_mean_of_its_variances(panel: Panel, model: Model) -> None:
    told, fitted = of(model, panel)
    learned = fitted.learned[panel.symbols[0]]
    variance = learned.variances(Line.of(panel, 0).returns)[-USUAL:]
    ends = np.array([variance[-1], np.exp(np.log(variance).mean())])
    for place, horizon in enumerate(panel.horizons):
        now, usual = learned.summed(ends, [horizon])[:, 0]
        assert (told.width - told.usual)[place] == pytest.approx(np.log(now / usual) / 2)


@pytest.mark.parametrize("model", [HarT(), HarFhs()], ids=lambda one: one.family)
def test_a_usual_bar_of_har_has_the_means_of_what_it_sees(panel: Panel, model: Model) -> None:
    told, fitted = of(model, panel)
    line = Line.of(panel, 0)
    known = seen(line)[-USUAL:]
    for place, reach in enumerate(r for r in fitted.learned[panel.symbols[0]].reaches if r.horizon in panel.horizons):
        away = np.array(reach.weights) * (known[-1] - known.mean(axis=0)) / 2
        assert (told.width - told.usual)[place] == pytest.approx(away.sum())
        assert told.parts["falls"][place] == pytest.approx(away[4])


def test_a_bootstrap_of_raw_returns_is_as_wide_on_any_day(panel: Panel) -> None:
    told, _ = of(Hist(), panel)
    assert told.parts == {}
    assert told.centre["drift"].any()


def test_the_weekday_is_what_volatility_leaves_unexplained(panel: Panel) -> None:
    told, fitted = of(Weekday(), panel)
    rows = np.arange(last(panel) + 1 - USUAL, last(panel) + 1)
    mean = width(fitted.predict(panel, rows).values).mean(axis=0)
    np.testing.assert_allclose(told.usual, mean, rtol=1e-9)


def test_every_column_of_the_pooled_models_belongs_to_one_group() -> None:
    grouped = [column for columns in GROUPS.values() for column in columns]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) == (set(COLUMNS) | set(SECOND))


def test_the_second_stage_looks_at_what_its_names_say(panel: Panel) -> None:
    seen_ = table(panel)
    for place, name in enumerate(SECOND):
        if name in COLUMNS:
            np.testing.assert_array_equal(seen_.second[:, place], seen_.design[:, COLUMNS.index(name)])
    assert len(SECOND) == seen_.second.shape[1]
    assert np.abs(seen_.second[:, SECOND.index("rank")]).max() <= 0.5


def test_a_series_that_is_alone_is_not_told_of_its_market(panel: Panel, pooled: FittedPooledHar) -> None:
    row = last(panel)
    mine = np.flatnonzero(panel.series == 0)
    cut = {name: getattr(panel, name)[mine] for name in ("at", "known_at", "series", "group", "bars", "volume", "x")}
    cut |= {name: getattr(panel, name)[mine] for name in ("scale", "y", "y_known")}
    told = of_model("pooled_har", pooled, replace(panel, symbols=panel.symbols[:1], **cut), row)
    assert "market" in of_model("pooled_har", pooled, panel, row).parts
    assert "market" not in told.parts


def test_a_usual_bar_of_the_pooled_models_has_the_means_of_their_columns(panel: Panel, pooled: FittedPooledHar) -> None:
    row = last(panel)
    told = of_model("pooled_har", pooled, panel, row)
    whole = table(panel)
    mean = whole.take(np.array([row]))
    rows = np.arange(row + 1 - USUAL, row + 1)
    for name in ("design", "ahead", "slow", "ewma", "second", "timing"):
        getattr(mean, name)[0] = getattr(whole, name)[rows].mean(axis=0)
    state = pooled.states[KINDS[whole.kind[row]]]
    own = np.array([pooled.symbols.index(panel.symbols[0])])
    np.testing.assert_allclose(told.usual, width(forecast(state, mean, own, panel.horizons).quantiles[0]), rtol=1e-9)


def test_the_table_that_an_answer_needs_serves_its_reasons_too(
    panel: Panel, pooled: FittedPooledHar, monkeypatch: pytest.MonkeyPatch
) -> None:
    features.let_go()
    monkeypatch.setattr(features, "_few", [])
    made, make, row = list[int](), features._made, last(panel)
    monkeypatch.setattr(features, "_made", lambda *asked: made.append(1) or make(*asked))
    values = pooled.predict(panel, np.array([row])).values[0]
    of_model("pooled_har", pooled, panel, row, values=values)
    assert len(made) == 1


def test_each_part_of_the_pooled_models_is_what_its_columns_change(panel: Panel, pooled: FittedPooledHar) -> None:
    """A column that enters the two plain models and the widest alone, without the second stage, moves by its weight."""
    state = {kind: one._replace(slopes=np.zeros_like(one.slopes)) for kind, one in pooled.states.items()}
    plain = replace(pooled, states=state)
    row = last(panel)
    told = of_model("pooled_har", plain, panel, row)
    seen_ = table(panel)
    own = state[KINDS[seen_.kind[row]]]
    rows = np.arange(row + 1 - USUAL, row + 1)
    column = COLUMNS.index("x125")
    away = seen_.design[row, column] - seen_.design[rows, column].mean()
    away += seen_.slow[row] - seen_.slow[rows].mean()  # the column is relative to that level; the reader's is not
    weight = 2 * own.weights[0, 2, column] + own.weights[0, 1, column] + own.weights[0, 0, column]
    assert told.parts["half_year"][0] == pytest.approx(_mixed_in(away * weight / 4.3 / 2, told, panel, row))


def _mixed_in(part: float, told: Told, panel: Panel, row: int) -> float:
    """Add what the EWMA variance, a small part of the model, says of the same stretch of bars."""
    simple = of_model("ewma_t", fit(EwmaT(), panel), panel, row)
    return part + simple.parts["half_year"][0] * 0.3 / 4.3


def test_a_column_without_a_weight_is_no_reason(panel: Panel, pooled: FittedPooledHar) -> None:
    row = last(panel)
    assert "weekday" in of_model("pooled_har", pooled, panel, row).parts
    states = {kind: one._replace(weights=one.weights.copy()) for kind, one in pooled.states.items()}
    for one in states.values():
        one.weights[:, :, [COLUMNS.index(name) for name in GROUPS["weekday"]]] = 0.0
    assert "weekday" not in of_model("pooled_har", replace(pooled, states=states), panel, row).parts


def test_an_ensemble_measures_stretches_by_ranges(panel: Panel, fast: FittedEnsemble) -> None:
    told = of_model("fast", fast, panel, last(panel))
    alone = of_model("pooled_har", fast.fitted["pooled_har"], panel, last(panel))
    assert "last" not in told.values
    np.testing.assert_array_equal(told.values["week"], alone.values["week"])


def test_an_ensembles_usual_bar_is_that_of_its_members_stretched_as_usual(panel: Panel, fast: FittedEnsemble) -> None:
    row = last(panel)
    told = of_model("fast", fast, panel, row)
    (values,) = fast.predict(panel, np.array([row])).values
    np.testing.assert_array_equal(told.width, width(values))
    np.testing.assert_allclose(
        sum(told.centre.values(), np.zeros(len(panel.horizons))), values[:, MIDDLE], rtol=1e-9, atol=1e-15
    )
    state = fast.state.of(KINDS[table(panel).kind[row]])
    usual = np.zeros(len(panel.horizons))
    rank = table(panel).second[row + 1 - USUAL : row + 1, 0]
    parts = belonging(rank)
    for name, weight in zip(
        fast.state.members, np.einsum("r,rhm->mh", parts[-1], np.array(state.regimes)), strict=True
    ):
        if weight.any():
            usual += weight * np.exp(of_model(name, fast.fitted[name], panel, row).usual)
    stretch = (np.array(state.stretches) @ parts.T).mean(axis=1)
    np.testing.assert_allclose(told.usual, np.log(usual) + stretch, rtol=1e-9)


def test_an_ensemble_tells_of_a_series_that_it_has_not_met(panel: Panel, fast: FittedEnsemble) -> None:
    strange = replace(fast, symbols=("ANOTHER", *fast.symbols[1:]))
    row = last(panel)
    told = of_model("fast", strange, panel, row)
    (values,) = strange.predict(panel, np.array([row])).values
    np.testing.assert_array_equal(told.width, width(values))
    assert np.isfinite(told.usual).all()
    assert told.parts


class _Inside(Fitted):
    """A stranger's model: its band is as wide as the row's number says."""

    def predict(self, panel: Panel, rows: np.ndarray) -> Quantiles:
        unit = np.array(LEVELS) - 0.5
        values = (rows[:, None, None] + 1.0) * unit + np.zeros((1, len(panel.horizons), 1))
        return Quantiles(horizons=panel.horizons, values=values)


def test_a_model_that_is_not_known_inside_is_held_against_its_own_last_year(panel: Panel) -> None:
    row = last(panel)
    told = of_model("theirs", _Inside(), panel, row)
    asked = np.arange(row, row - USUAL, -10)
    assert set(told.parts) == {"theirs"}
    assert told.parts["theirs"][0] == pytest.approx(np.log(row + 1) - np.log(asked + 1).mean())


@pytest.mark.parametrize("name", sorted(bent()))
def test_markets_as_they_should_not_be_break_nothing(name: str) -> None:
    odd = bent()[name]
    for model in (EwmaT(), GarchT(), HarT(), Fhs(), PooledHar()):
        fitted = fit(model, odd)
        row = last(odd)
        if np.isfinite(width(fitted.predict(odd, np.array([row])).values[0])).all():
            told = of_model(model.family, fitted, odd, row)
            np.testing.assert_array_equal(told.width, width(fitted.predict(odd, np.array([row])).values[0]))


@given(st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)), min_size=1, max_size=8))
def test_shares_by_the_logarithmic_mean_leave_no_rest(terms: list[tuple[float, float]]) -> None:
    now, usual = np.array(terms).T
    parts = log_mean(now, usual) * np.log(now / usual) / log_mean(now.sum(), usual.sum())
    assert parts.sum() == pytest.approx(np.log(now.sum() / usual.sum()), rel=1e-6, abs=1e-7)


def test_parts_of_one_name_are_added_and_those_that_are_nothing_left_out() -> None:
    told = added([("a", np.array([1.0])), ("b", np.zeros(1)), ("a", np.array([2.0]))])
    assert told == {"a": np.array([3.0])}
