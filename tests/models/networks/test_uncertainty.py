"""Disagreement widens: between passes of dropout, and between networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ara.errors import ModelError
from ara.models import LEVELS
from ara.models.families.ewma_t import EwmaT
from ara.models.head import Head, write_head
from ara.models.networks import BiLstm, Gru, NetworkEnsemble, Transformer, dropout_quantiles, widened
from ara.models.networks.layers import AdaptiveDropout, VariationalDropout
from ara.models.served import Served
from ara.statistics.distributions import student_t_quantiles
from tests.models.networks.worlds import featured
from tests.models.panels import fit, go_on, last_rows

NORMAL = student_t_quantiles(LEVELS, 1e6) / student_t_quantiles(LEVELS, 1e6)[LEVELS.index(0.85)] * 1.0364
LOW, MIDDLE, HIGH = (LEVELS.index(one) for one in (0.15, 0.5, 0.85))


def test_members_that_agree_are_left_as_they_are() -> None:
    members = np.tile(NORMAL, (5, 2, 1, 1))
    np.testing.assert_allclose(widened(members), members[0])


def test_the_variance_of_a_mixture_is_within_and_between() -> None:
    members = np.stack([NORMAL[None, None] * 2 + shift for shift in (-3.0, 0.0, 3.0)])
    told = widened(members)[0, 0]
    assert told[MIDDLE] == 0.0
    assert (told[HIGH] - told[LOW]) / (2 * 1.0364) == pytest.approx(np.sqrt(2.0**2 + 6.0), rel=1e-6)
    assert (np.diff(told) > 0).all()


def test_members_without_width_get_none() -> None:
    members = np.stack([np.full((1, 1, len(LEVELS)), shift) for shift in (0.0, 1.0)])
    np.testing.assert_array_equal(widened(members), np.full((1, 1, len(LEVELS)), 0.5))


@pytest.mark.parametrize("family", [Gru, Transformer], ids=["variational", "adaptive"])
def test_dropout_widens_and_repeats(family) -> None:
    panel = featured()
    model = family(epochs=3, window=12, drop=0.4)
    served, rows = fit(model, panel, seed=2), last_rows(panel)
    plain = served.predict(panel, rows)
    told = dropout_quantiles(model, served, panel, rows, seed=1, passes=20)
    assert told.values.tobytes() == dropout_quantiles(model, served, panel, rows, seed=1, passes=20).values.tobytes()
    assert told.values.tobytes() != dropout_quantiles(model, served, panel, rows, seed=2, passes=20).values.tobytes()
    assert (np.diff(told.values, axis=-1) >= 0).all()
    np.testing.assert_allclose(told.values, plain.values, atol=0.5 * panel.scale[rows].max())


def test_without_dropout_nothing_is_widened_and_what_is_unknown_stays_the_baseline() -> None:
    panel = featured()
    rows = last_rows(panel)
    model = Gru(epochs=1, window=12, drop=0.0)
    served = fit(model, panel)
    np.testing.assert_allclose(
        dropout_quantiles(model, served, panel, rows, seed=1, passes=3).values,
        served.predict(panel, rows).values,
        atol=1e-7,
    )
    x = panel.x.copy()
    x[rows[0]] = np.nan
    blind = replace(panel, x=x)
    told = dropout_quantiles(model, served, blind, rows, seed=1, passes=3).values
    assert told[0].tobytes() == fit(EwmaT(), panel).predict(panel, rows[:1]).values[0].tobytes()


def test_some_of_the_horizons_are_answered_as_all_are() -> None:
    panel = featured()
    model = Gru(epochs=2, window=12, drop=0.3)
    served, rows = fit(model, panel), last_rows(panel)
    far = replace(
        panel, horizons=panel.horizons[1:], scale=panel.scale[:, 1:], y=panel.y[:, 1:], y_known=panel.y_known[:, 1:]
    )
    both, one = (dropout_quantiles(model, served, other, rows, seed=1, passes=4).values for other in (panel, far))
    np.testing.assert_array_equal(both[:, 1:], one)


@pytest.mark.parametrize("passes", [1, 1001])
def test_a_number_of_passes_that_tells_nothing_is_refused(passes: int) -> None:
    with pytest.raises(ModelError, match=f"asked {passes} times"):
        dropout_quantiles(Gru(), None, None, None, seed=1, passes=passes)


def test_an_ensemble_is_the_widened_mean_of_its_members(tmp_path) -> None:
    panel = featured()
    rows = last_rows(panel)
    told = []
    ensemble = NetworkEnsemble(members=("gru", "bilstm"), epochs=1, window=12)
    found = ensemble.fit(panel, np.arange(len(panel)), rows[:0], seed=3, watch=lambda one: told.append(one) or True)
    members = np.stack([one.predict(panel, rows).values for one in found.members])
    np.testing.assert_array_equal(found.predict(panel, rows).values, widened(members))
    assert [one.head.family for one in found.members] == ["gru", "bilstm"]
    assert found.members[0].head.seed != found.members[1].head.seed
    assert told[0].words.startswith("gru, 1 of 2: epoch 1")
    found.save(tmp_path)
    for again in (NetworkEnsemble.load(tmp_path), Served.load(tmp_path)):
        assert again.predict(panel, rows).values.tobytes() == found.predict(panel, rows).values.tobytes()


def test_seeds_alone_make_members_differ() -> None:
    panel = featured(bars=260)
    found = fit(NetworkEnsemble(epochs=1, members=("gru", "gru"), window=12), panel, seed=1)
    assert found.members[0].graph != found.members[1].graph


def test_an_ensemble_is_trained_further_member_by_member() -> None:
    panel = featured(bars=260)
    rows = np.arange(len(panel))
    ensemble = NetworkEnsemble(members=("gru", "gru"), epochs=1, window=12)
    begun = fit(ensemble, panel, seed=1)
    further = ensemble.fit(panel, rows, rows[:0], seed=2, start=begun, watch=go_on)
    assert [one.graph for one in further.members] != [one.graph for one in begun.members]
    three = NetworkEnsemble(epochs=1, window=12)
    for start in (begun, fit(EwmaT(), panel)):
        with pytest.raises(ModelError, match="as many members"):
            three.fit(panel, rows, rows[:0], seed=2, start=start, watch=go_on)


@pytest.mark.parametrize(("members", "words"), [(("gru",), "1 members"), (("gru", "lightgbm"), "'lightgbm' is no")])
def test_what_makes_no_ensemble_is_refused(members: tuple[str, ...], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        NetworkEnsemble(members=members)


def test_a_folder_that_lost_its_count_is_refused(tmp_path) -> None:
    write_head(tmp_path, Head(family="networks", levels=LEVELS, horizons=(1,)))
    with pytest.raises(ModelError, match="networks with 0 members"):
        NetworkEnsemble.load(tmp_path)


def test_adaptive_dropout_follows_the_gap_within_bounds() -> None:
    drop = AdaptiveDropout(0.2)
    drop.adapt(0.05)
    assert float(drop.rate) == pytest.approx(0.2 * 1.25)
    for _ in range(20):
        drop.adapt(1.0)
    assert float(drop.rate) == pytest.approx(0.6)
    for _ in range(20):
        drop.adapt(-1.0)
    assert float(drop.rate) == pytest.approx(0.02)
    x = torch.ones(4, 10_000)
    assert drop.eval()(x) is x
    drop.rate.fill_(0.5)
    assert float((drop.train()(x) == 0).float().mean()) == pytest.approx(0.5, abs=0.02)


def test_variational_dropout_drops_the_same_features_at_each_bar() -> None:
    drop = VariationalDropout(0.5)
    x = torch.ones(50, 7, 40)
    out = drop(x)
    assert torch.equal(out[:, :1].expand_as(out), out)
    assert not torch.equal(out[0], out[1])
    assert float(out.mean()) == pytest.approx(1.0, abs=0.1)
    assert drop.eval()(x) is x
    assert VariationalDropout(0.0)(x) is x


def test_an_ensemble_of_several_kinds_has_these(monkeypatch) -> None:
    assert NetworkEnsemble(members=("bilstm", "transformer")).members == (BiLstm.family, Transformer.family)
