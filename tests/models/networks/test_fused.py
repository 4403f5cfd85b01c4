"""The vector of a `cnn_lstm` beside other features: only of rows whose end the network has not seen."""

from dataclasses import replace

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models import LEVELS
from ara.models.families.linear import Ridge
from ara.models.networks import CnnLstm, Gru
from ara.models.networks.fused import Fused, fused_vectors, with_fused
from ara.models.reasons import of_model
from ara.models.registry import load_folder
from tests.models.networks.worlds import featured
from tests.models.panels import fit, last_rows

SMALL = {"learner": "ridge", "epochs": 1, "window": 4}


@pytest.fixture(scope="module")
def panel():
    return featured(bars=460)


@pytest.fixture(scope="module")
def made(panel):
    return fit(Fused(**SMALL), panel, seed=3)


def test_the_network_ends_before_the_first_row_that_the_learner_sees(panel, made):
    until = made.network.head.trained_to
    assert panel.known_at.min() < until < panel.known_at.max()
    assert made.learner.head.names == (*panel.names, *(f"fused_{place}" for place in range(256)))
    late = panel.known_at > until
    noise = np.random.default_rng(2).standard_normal(panel.y.shape)
    other = replace(
        panel,
        x=np.where(late[:, None], panel.x + 1, panel.x).astype(np.float32),
        y=np.where(late[:, None] | (panel.y_known > until), noise, panel.y),
    )
    again = fit(Fused(**SMALL), other, seed=3)
    assert again.network.sha256 == made.network.sha256, "what came later is not in the vector"
    assert again.learner.sha256 != made.learner.sha256


def test_the_learner_answers_by_the_vector_and_not_of_rows_that_the_network_has_seen_the_end_of(panel, made):
    until = made.network.head.trained_to
    rows = last_rows(panel)
    wide = with_fused(made.network, panel)
    seen = wide.x[:, len(panel.names) :]
    early = np.flatnonzero(panel.known_at < until)
    assert np.isnan(seen[early]).all()
    assert np.array_equal(seen[rows], fused_vectors(made.network, panel, rows))
    told = made.predict(panel, rows).values
    assert np.array_equal(told, made.learner.predict(wide, rows).values)
    moved = replace(wide, x=np.where(np.arange(wide.x.shape[1]) >= len(panel.names), 1 - wide.x, wide.x))
    assert not np.array_equal(told, made.learner.predict(moved, rows).values)
    assert np.array_equal(made.predict(panel, early[-3:]).values, made.learner.predict(wide, early[-3:]).values)
    with pytest.raises(ModelError, match=r"has seen what became of 2 of 3 rows") as refused:
        fused_vectors(made.network, panel, np.array([early[0], early[-1], rows[0]]))
    assert "an earlier t" in refused.value.hint


def test_it_is_kept_and_loaded_as_it_was(panel, made, tmp_path):
    made.save(tmp_path)
    again = load_folder(tmp_path)
    rows = last_rows(panel)
    assert np.array_equal(again.predict(panel, rows).values, made.predict(panel, rows).values)
    assert again.notes == ()


def test_with_too_few_days_for_a_network_the_learner_answers_alone():
    few = featured(bars=130)
    made = fit(Fused(**SMALL), few, seed=3)
    assert made.network is None
    assert made.learner.head.names == few.names
    assert np.isfinite(made.predict(few, last_rows(few)).values).all()


def test_what_has_no_vector_and_what_learns_from_no_features_is_refused(panel, made):
    plain = fit(Gru(epochs=1, window=4), panel.until(int(np.quantile(panel.known_at, 0.5))))
    with pytest.raises(ModelError, match="a gru has no fused vector"):
        fused_vectors(plain, panel, last_rows(panel))
    with pytest.raises(ModelError, match="ewma_t does not learn from features"):
        fit(Fused(learner="ewma_t"), panel)
    with pytest.raises(ModelError, match=r"share = 0\.95"):
        Fused(share=0.95)
    with pytest.raises(ModelError, match="no size 'huge'"):
        Fused(size="huge")
    assert CnnLstm.inputs == Fused.inputs


def test_its_answer_is_taken_apart_by_what_network_and_learner_both_see(panel, made):
    row = int(last_rows(panel)[0])
    told = of_model("fused", made, panel, row)
    (values,) = made.predict(panel, np.array([row])).values
    low, high = (values[:, LEVELS.index(level)] for level in (0.1, 0.9))
    np.testing.assert_allclose(told.width, np.log(high - low), rtol=1e-6)
    np.testing.assert_allclose(
        told.usual + sum(told.parts.values(), np.zeros(len(panel.horizons))), told.width, atol=1e-6
    )
    assert set(panel.names) & set(told.parts), "a feature of no group is told by its name"
    alone = replace(made, network=None, learner=fit(Ridge(), panel, seed=3))
    assert set(of_model("fused", alone, panel, row).parts) >= set(panel.names) & set(told.parts)
