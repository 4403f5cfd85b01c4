from dataclasses import replace

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models.learning.oddity import Oddity
from tests.models.learning.worlds import planted


@pytest.fixture(scope="module")
def panel():
    return planted(bars=400, share=0.05, linear=True)


@pytest.fixture(scope="module")
def fitted(panel):
    return Oddity.fit(panel, np.arange(len(panel)), seed=1)


def test_what_is_unlike_the_rest_is_odd_and_little_else(panel, fitted):
    rows = np.arange(len(panel))
    assert fitted.odd(panel, rows).mean() == pytest.approx(0.005, abs=0.003)
    assert np.median(fitted.rank(panel, rows)) == pytest.approx(0.5, abs=0.02)
    x = panel.x.copy()
    x[7] = 6.0
    strange = replace(panel, x=x)
    assert fitted.rank(strange, rows[:10]).argmax() == 7
    assert fitted.odd(strange, rows[:10])[7]


def test_its_score_is_that_of_scikit_learn(panel, fitted):
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=100, max_samples=256, random_state=1, n_jobs=1).fit(panel.x)
    np.testing.assert_allclose(fitted.score(panel, np.arange(50)), -forest.score_samples(panel.x[:50]), rtol=1e-5)


def test_a_row_without_features_is_not_judged(panel, fitted):
    x = panel.x.copy()
    x[3] = np.nan
    bare = replace(panel, x=x)
    assert np.isnan(fitted.rank(bare, np.array([3]))).all()
    assert not fitted.odd(bare, np.array([3])).any()


def test_it_is_kept(panel, fitted, tmp_path):
    fitted.save(tmp_path)
    rows = np.arange(20)
    again = Oddity.load(tmp_path)
    assert again.rank(panel, rows).tobytes() == fitted.rank(panel, rows).tobytes()
    again = Oddity.fit(panel, np.arange(len(panel)), seed=1)
    assert again.graph == fitted.graph


def test_what_is_damaged_or_missing_is_refused(fitted, tmp_path):
    with pytest.raises(ModelError, match="no model"):
        Oddity.load(tmp_path)
    fitted.save(tmp_path)
    body = bytearray((tmp_path / "graph.onnx").read_bytes())
    body[len(body) // 2] ^= 1
    (tmp_path / "graph.onnx").write_bytes(bytes(body))
    with pytest.raises(ModelError, match="not those that were saved"):
        Oddity.load(tmp_path)
    (tmp_path / "params.json").write_text("{")
    with pytest.raises(ModelError, match="damaged"):
        Oddity.load(tmp_path)
    (tmp_path / "params.json").unlink()
    with pytest.raises(ModelError, match="not whole"):
        Oddity.load(tmp_path)


def test_other_features_and_too_few_rows_are_refused(panel, fitted):
    with pytest.raises(ModelError, match="does not have the 6 features"):
        fitted.score(replace(panel, names=panel.names[::-1]), np.arange(3))
    with pytest.raises(ModelError, match="99 rows with features are too few"):
        Oddity.fit(panel, np.arange(99), seed=0)
