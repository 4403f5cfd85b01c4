"""The isolation forest tells what was not seen before, as scikit-learn's does."""

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models.learning.oddity import ODD, Oddity, lonely
from tests.models.learning.worlds import planted


@pytest.fixture(scope="module")
def panel():
    return planted(bars=400, share=0.05, linear=True)


@pytest.fixture(scope="module")
def oddity(panel):
    return Oddity.of(panel, np.arange(len(panel)), seed=1)


def test_what_is_unlike_the_rest_is_odd_and_little_else(panel, oddity):
    rows = oddity.known[::20]
    scores = oddity.scores(rows)
    assert np.median(scores) < 0.55
    assert (scores > ODD).mean() < 0.02
    strange = np.full(len(panel.names), 6.0)
    assert oddity.score(strange) > max(scores.max(), ODD)
    assert oddity.beyond(strange) == panel.names
    assert oddity.beyond(-strange) == panel.names
    assert oddity.beyond(np.median(oddity.known, axis=0)) == ()
    assert oddity.rare(strange)
    assert not oddity.rare(np.median(oddity.known, axis=0))


def test_its_score_is_that_of_scikit_learn_but_for_what_is_drawn(oddity):
    from sklearn.ensemble import IsolationForest

    dice = np.random.default_rng(3)
    rows = oddity.known[:60] * dice.uniform(0.2, 3.0, (60, 1))
    forest = IsolationForest(n_estimators=300, max_samples=256, random_state=1, n_jobs=1).fit(oddity.known)
    mine, theirs = oddity.scores(rows), -forest.score_samples(rows)
    assert np.corrcoef(mine, theirs)[0, 1] > 0.95
    assert np.abs(mine - theirs).mean() < 0.03


def test_the_same_seed_gives_the_same_and_a_gap_gives_none(oddity):
    row = oddity.known[7]
    assert oddity.score(row) == oddity.score(row) == lonely(oddity.known, row, seed=1)
    gap = np.where(np.arange(len(row)) == 0, np.nan, row)
    assert np.isnan(oddity.score(gap))
    assert oddity.beyond(gap) == ()


def test_too_few_rows_are_refused(panel):
    with pytest.raises(ModelError, match="99 rows with all features are too few"):
        Oddity.of(panel, np.arange(99))


def test_serving_it_imports_no_library():
    import subprocess
    import sys

    code = "import ara.prediction.oddity, sys; assert not {'sklearn', 'onnx', 'lightgbm'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
