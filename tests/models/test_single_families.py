"""What every family that looks at one series at a time must do: with strange bars, short ones, and on a disk."""

import warnings
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara import plugins
from ara.errors import ModelError
from ara.models import LEVELS
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.head import Head, write_head
from ara.models.series import Line, SeriesModel
from tests.models.panels import bent, fit, last_rows, ranged, with_bars

SINGLE = [part for name in plugins.names("models") if issubclass(part := plugins.load("models", name), SeriesModel)]
BENT = bent()
SHARES = st.sampled_from([1.0, 0.5, 0.02])

pytestmark = pytest.mark.parametrize("family", SINGLE, ids=[part.family for part in SINGLE])


@pytest.mark.parametrize("name", sorted(BENT))
def test_strange_bars_are_answered_with_finite_quantiles_or_not_at_all(family, name: str) -> None:
    panel = BENT[name]
    rows = last_rows(panel)
    values = fit(family(), panel).predict(panel, rows).values
    told = np.isfinite(values).all(axis=(1, 2))
    assert told[1:].all()
    assert told[0] == (name != "empty")
    assert (np.diff(values[told], axis=-1) >= 0).all()
    assert (values[told, :, -1] > values[told, :, 0]).all()


@pytest.mark.parametrize("bars", [1, 2, 10, 20, 21, 22, 40, 61, 100, 251, 300])
def test_few_bars_are_answered_as_ewma_t_would(family, bars: int) -> None:
    panel = ranged(toy_panel(bars=bars, horizons=(1,)))
    rows = last_rows(panel)
    values = fit(family(), panel).predict(panel, rows).values
    assert np.isfinite(values).all() == (bars >= 21)
    if 21 <= bars < 61:
        expected = fit(EwmaT(), panel).predict(panel, rows).values
        np.testing.assert_array_equal(values, expected)


def test_a_series_that_it_has_not_met_is_answered(family) -> None:
    panel = ranged(toy_panel())
    known = fit(family(), panel)
    stranger = replace(panel, symbols=("NEW", "OTHER", "UNHEARD"))
    assert np.isfinite(known.predict(stranger, last_rows(stranger)).values).all()


def test_series_do_not_touch_each_other(family) -> None:
    panel = ranged(toy_panel())
    moved = panel.bars.copy()
    moved[panel.series != 1] *= 3
    rows = last_rows(panel)[1:2]
    values = [fit(family(), one).predict(one, rows).values for one in (panel, with_bars(panel, moved))]
    np.testing.assert_array_equal(*values)


def test_thirty_horizons_are_answered_and_widen(family) -> None:
    panel = ranged(toy_panel(horizons=tuple(range(1, 31))))
    belief = fit(family(), panel).predict(panel, last_rows(panel))
    assert belief.values.shape == (3, 30, len(LEVELS))
    assert (belief.sigma[:, -1] > 2 * belief.sigma[:, 0]).all()


def test_an_answer_does_not_turn_on_which_other_horizons_are_asked(family) -> None:
    alone, among = (ranged(toy_panel(horizons=horizons)) for horizons in ((5,), (1, 5, 21)))
    rows = last_rows(alone)
    values = [fit(family(), one).predict(one, rows).values for one in (alone, among)]
    np.testing.assert_array_equal(values[0][:, 0], values[1][:, 1])


def test_prices_in_another_unit_change_nothing(family) -> None:
    # a panel holds logs of prices over the close before, so only the logs themselves could bring a unit in
    panel = ranged(toy_panel())
    small, large = (with_bars(panel, panel.bars * size) for size in (0.1, 1.0))
    rows = last_rows(panel)
    quiet, loud = (fit(family(), one).predict(one, rows).values for one in (small, large))
    np.testing.assert_allclose(10 * quiet, loud, rtol=1e-3, atol=1e-5)


def test_fitting_stops_when_told_to(family) -> None:
    panel = ranged(toy_panel())
    rows = np.arange(len(panel))
    told = []

    def once(progress: object) -> bool:
        told.append(progress)
        return False

    stopped = family().fit(panel, rows, rows[:0], seed=0, watch=once)
    assert len(told) == 1
    assert np.isfinite(stopped.predict(panel, last_rows(panel)).values).all()


def test_what_it_kept_gives_the_same_bytes_and_damage_is_named(family, tmp_path) -> None:
    panel = ranged(toy_panel())
    fitted = fit(family(), panel)
    fitted.save(tmp_path)
    again = family.load(tmp_path)
    assert again == fitted
    rows = last_rows(panel)
    assert again.predict(panel, rows).values.tobytes() == fitted.predict(panel, rows).values.tobytes()
    for wrong in (b"{", b"{}", msgspec.json.encode({"settings": {}, "learned": 3, "decay": 1, "shapes": {}})):
        (tmp_path / "params.json").write_bytes(wrong)
        with pytest.raises(ModelError, match="damaged"):
            family.load(tmp_path)
    (tmp_path / "params.json").unlink()
    with pytest.raises(ModelError, match=r"params\.json can't be read"):
        family.load(tmp_path)
    write_head(tmp_path, Head(family="other", levels=LEVELS))
    with pytest.raises(ModelError, match="family other"):
        family.load(tmp_path)


def test_a_line_leaves_out_bars_without_a_return(family) -> None:
    panel = BENT["holes"]
    line = Line.of(panel, 0)
    assert np.isfinite(line.returns).all()
    assert line.places(np.array([0, 1, 7, 8])).tolist() == [-1, 0, 5, 6]
    assert len(Line.of(BENT["empty"], 0)) == 0


def test_rows_that_were_not_for_training_teach_nothing(family) -> None:
    panel = ranged(toy_panel(bars=500, horizons=(1,)))
    mine = np.flatnonzero(panel.series == 0)
    train = mine[:470]
    other = panel.bars.copy()
    other[mine[472:]] *= 5
    rows = mine[300:460]
    values = [
        family().fit(one, train, train[:0], seed=0, watch=lambda _: True).predict(one, rows).values
        for one in (panel, with_bars(panel, other))
    ]
    np.testing.assert_array_equal(*values)


@settings(max_examples=8)
@given(data=st.data())
def test_whatever_the_bars_are_the_answer_is_whole_or_absent(family, data: st.DataObject) -> None:
    panel = toy_panel(bars=420, horizons=(1, 3))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    bars = panel.bars * 10.0 ** data.draw(st.floats(-12, 3))
    for _ in range(data.draw(st.integers(0, 4))):
        first = data.draw(st.integers(0, len(panel) - 1))
        length = data.draw(st.integers(1, 600))
        value = data.draw(st.sampled_from([0.0, np.nan, 1e-15, 0.01, -1.0, 30.0, -700.0]))
        bars[first : first + length] = value * (random.random((length, 1))[: len(bars) - first] < data.draw(SHARES))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        changed = with_bars(panel, bars)
        values = fit(family(), changed).predict(changed, np.arange(30, len(panel), 97)).values
    told = np.isfinite(values).all(axis=(1, 2))
    assert np.isnan(values[~told]).all()
    assert (np.diff(values[told], axis=-1) >= 0).all()
