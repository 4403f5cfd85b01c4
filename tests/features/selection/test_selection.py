"""Selection: what helps is kept, what doesn't is dropped with its reason, and the future has no say."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ara.errors import FeatureEngineeringError, ValidationError
from ara.features.selection import Fold, Limits, folds, select
from ara.features.selection.choice import Choice, _alone, choose
from ara.features.selection.filters import (
    clusters,
    inflation,
    mutual_information,
    rank_correlation,
    ranks,
    variation,
)
from ara.features.selection.importance import judged, score
from ara.features.selection.select import _judged
from ara.statistics import Ridge


def world(seed=1, rows=1200):
    """Two features that help, one that repeats the first, one sum, one constant, one with gaps, two of noise."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((rows, 8))
    x[:, 2] = x[:, 0] + 0.05 * random.standard_normal(rows)
    x[:, 3] = x[:, 6] + x[:, 7] + x[:, 1] + 0.05 * random.standard_normal(rows)
    x[:, 4] = 3.0
    x[: rows // 2, 5] = np.nan
    y = 0.4 * x[:, 0] - 0.4 * x[:, 1] + random.standard_normal(rows)
    return [f"f{n}" for n in range(8)], x, y


def test_what_helps_is_kept_and_each_other_is_dropped_with_its_reason():
    names, x, y = world()
    found = select(names, x, y, Ridge(), horizon=1)
    told = {one.name: one for one in found.features}
    assert {"f1"} < set(found.kept) <= {"f0", "f1", "f2"}
    assert len(found.kept) == 2
    repeated = ({"f0", "f2"} - set(found.kept)).pop()
    assert "it says what" in told[repeated].reason
    assert "variance inflation" in told["f3"].reason
    assert told["f4"].reason == "it stands still"
    assert told["f5"].reason == "50% of its values are missing"
    assert all(not told[name].kept for name in ("f6", "f7"))
    assert found.score > max(found.shuffled) + 0.1
    assert found.chance == pytest.approx(1 / 11)
    assert told["f1"].importance > 0.05
    assert told["f1"].folds == told["f1"].stability == 1.0
    assert json.loads(json.dumps([one.as_dict() for one in found.features]))


@pytest.mark.parametrize("seed", range(2))
def test_of_noise_nothing_is_kept(seed):
    random = np.random.default_rng(seed)
    x = np.cumsum(random.standard_normal((900, 12)), axis=0) if seed % 2 else random.standard_normal((900, 12))
    found = select([f"n{n}" for n in range(12)], x, random.standard_normal(900), Ridge(), horizon=5, seed=seed)
    assert found.kept == ()
    assert all(one.reason for one in found.features)
    assert any("alone it goes with the target no more" in one.reason for one in found.features)


def test_overlapping_returns_of_a_walk_are_no_skill():
    random = np.random.default_rng(7)
    walk = np.cumsum(random.standard_normal(1300))
    y = np.append(walk[20:] - walk[:-20], np.full(20, math.nan))
    trend = [np.append(np.full(n, math.nan), walk[n:] - walk[:-n]) for n in (5, 20, 60)]
    found = select(["a", "b", "c"], np.column_stack(trend), y, Ridge(), horizon=20)
    assert found.kept == ()


def test_a_choice_never_sees_what_comes_after_it():
    names, x, y = world(rows=500)
    parts = list(folds(len(y), count=4, horizon=3))
    whole = select(names, x, y, Ridge(), horizon=3)
    random = np.random.default_rng(9)
    for number, part in list(enumerate(parts))[1::2]:
        later_x, later_y = x.copy(), y.copy()
        begin = part.test[0]
        later_x[begin:] = random.standard_normal(later_x[begin:].shape) * 9
        later_y[begin:] = later_x[begin:, 6] * 5
        other = select(names, later_x, later_y, Ridge(), horizon=3)
        for place in range(number + 1):
            assert other.folds[place].names == whole.folds[place].names
        for place in range(number):
            assert other.folds[place].score == whole.folds[place].score
        assert other.folds[number].score != whole.folds[number].score
        later_x[part.train[-1] + 1 :] = 7.0
        later_y[part.train[-1] + 1 :] = 7.0
        assert select(names, later_x, later_y, Ridge(), horizon=3).folds[number].names == whole.folds[number].names


@given(st.integers(20, 400), st.integers(1, 6), st.integers(1, 10), st.integers(0, 5))
@settings(deadline=None, max_examples=60)
def test_folds_are_purged_and_go_forward(rows, count, horizon, embargo):
    if rows // (count + 1) <= horizon + embargo:
        with pytest.raises(ValidationError, match="too few"):
            list(folds(rows, count=count, horizon=horizon, embargo=embargo))
        return
    made = list(folds(rows, count=count, horizon=horizon, embargo=embargo))
    assert len(made) == count
    assert made[-1].test[-1] == rows - 1
    for before, after in zip([None, *made[:-1]], made, strict=True):
        assert after.train[0] == 0
        assert after.train[-1] + horizon + embargo < after.test[0]
        assert before is None or before.test[-1] + 1 == after.test[0]


@given(st.integers(0, 1000))
@settings(deadline=None, max_examples=20)
def test_rank_correlation_is_scipy_s(seed):
    random = np.random.default_rng(seed)
    x = np.round(random.standard_normal((60, 3)), 1)
    np.testing.assert_allclose(rank_correlation(x), stats.spearmanr(x).statistic, atol=1e-9)
    assert ranks(np.full((4, 1), math.nan)).tolist() == [[0.0]] * 4


def test_inflation_is_that_of_the_regression_on_the_others():
    random = np.random.default_rng(2)
    x = random.standard_normal((500, 4))
    x[:, 3] = x[:, 0] + 0.5 * random.standard_normal(500)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    found = inflation(np.corrcoef(z.T))
    for place in range(4):
        rest = np.delete(z, place, axis=1)
        error = z[:, place] - rest @ np.linalg.lstsq(rest, z[:, place], rcond=None)[0]
        assert found[place] == pytest.approx(1 / error.var(), rel=1e-5)


def test_information_is_none_for_noise_and_much_for_a_copy():
    random = np.random.default_rng(3)
    y = random.standard_normal(4000)
    x = np.column_stack([y, y**2, random.standard_normal(4000), np.full(4000, math.nan), np.ones(4000)])
    copy, square, noise, nothing, still = mutual_information(x, y).tolist()
    assert copy == pytest.approx(3.0, abs=0.02)
    assert square > 1.5
    assert noise < 0.004
    assert nothing == still == 0.0


def test_one_stands_for_those_that_say_the_same():
    correlation = np.array([[1, 0.95, 0.1], [0.95, 1, -0.2], [0.1, -0.2, 1]])
    assert clusters(correlation, 0.9, np.array([1, 0, 2])).tolist() == [1, 1, 2]
    assert clusters(correlation, 0.99, np.array([1, 0, 2])).tolist() == [0, 1, 2]
    assert clusters(-correlation, 0.9, np.array([0, 1, 2])).tolist() == [0, 0, 2]
    np.testing.assert_allclose(variation(np.array([[1.0, 0.0, 5.0], [3.0, 0.0, math.nan]])), [0.5, 0.0, 0.0])


def test_importance_is_what_is_lost():
    _, x, y = world()
    part = [Fold(train=np.arange(800), test=np.arange(801, 1200))]
    own, losses = judged(Ridge(), x[:, :2], y, part, np.random.default_rng(1))
    assert own == pytest.approx(0.24, abs=0.06)
    assert losses == pytest.approx([0.25, 0.25], abs=0.1)
    assert score(y, y, 0.0) == 1.0
    assert score(y, np.ones(len(y)), 1.0) == 0.0


def test_any_estimator_will_do():
    class Mean:
        def fit(self, x, y):
            level = y.mean()
            return type("Fitted", (), {"predict": lambda self, x: np.full(len(x), level)})()

    names, x, y = world(rows=600)
    found = select(names, x, y, Mean(), horizon=1)
    assert found.kept == ()
    assert "the estimator does as well without it" in {one.reason for one in found.features}


def test_limits_may_be_chosen():
    names, x, y = world()
    found = select(names, x, y, Ridge(), horizon=1, limits=Limits(missing=0.9, correlation=1.0, inflation=1e9))
    reasons = " ".join(one.reason for one in found.features)
    assert "are missing" not in reasons
    assert "it says what" not in reasons
    assert "variance inflation" not in reasons


def test_the_same_seed_chooses_the_same():
    names, x, y = world(rows=400)
    assert select(names, x, y, Ridge(), horizon=1) == select(names, x, y, Ridge(), horizon=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"names": ["a"]}, "don't fit"),
        ({"y": np.ones(3)}, "don't fit"),
        ({"x": np.ones(300)}, "don't fit"),
        ({"horizon": 0}, "horizon is 0"),
        ({"embargo": -1}, "embargo is -1"),
        ({"horizon": 50}, "too few"),
        ({"y": np.full(300, math.nan)}, "target of 0 of 300 rows is known, too few: 4 folds"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    asked = {"names": ["a", "b"], "x": np.ones((300, 2)), "y": np.ones(300), "horizon": 1, **change}
    with pytest.raises(ValidationError, match=words):
        select(asked.pop("names"), asked.pop("x"), asked.pop("y"), Ridge(), **asked)


def test_features_of_which_none_is_usable_are_no_error():
    found = select(
        ["a", "b"], np.full((300, 2), math.nan), np.random.default_rng(1).standard_normal(300), Ridge(), horizon=1
    )
    assert found.kept == ()
    assert found.score == 0.0


def choice(reasons=None):
    return Choice(kept=(0,), reasons=reasons or {}, correlation=np.array([0.5, np.nan]), information=np.array([0.2, 0]))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"final": choice({0: "it stands still"})}, "it stands still"),
        ({"skilled": False}, "all that were chosen together do no better"),
        ({"folds": [(1,), (1,), (0,)]}, "only 33% of the folds chose it"),
        ({"halves": [(0,), (1,), (1,), ()]}, "only 25% of the halves of the history chose it"),
        ({"noise": 0.4}, "displaced, it costs 0.3000 of the score, and by chance alone up to 0.4000"),
        ({"loss": -0.3}, "displaced, it costs -0.3000 of the score, and by chance alone up to 0.1000"),
    ],
)
def test_each_rule_alone_drops_a_feature_with_its_own_words(changed, words):
    def told(final=None, skilled=True, folds=((0,),) * 3, halves=((0,),) * 4, noise=0.1, loss=0.3):
        chosen = [replace(choice(), kept=one) for one in folds]
        return _judged(
            "a",
            0,
            final or choice(),
            chosen,
            list(halves),
            np.full(2, loss),
            np.zeros(2, bool),
            noise=noise,
            skilled=skilled,
        )

    kept, dropped = told(), told(**changed)
    assert kept.kept
    assert kept.reason == "displaced, it costs 0.3000 of the score, more than by chance (0.1000)"
    assert not dropped.kept
    assert dropped.reason.startswith(words)


class Steps:
    """Learns the mean of the target in each tenth of each feature, so that a relation may bend."""

    def fit(self, x, y):
        edges = [np.quantile(column, np.arange(1, 10) / 10) for column in x.T]
        held = [np.searchsorted(edge, column) for edge, column in zip(edges, x.T, strict=True)]
        means = [np.array([y[one == number].mean() - y.mean() for number in range(10)]) for one in held]
        return Stepped(float(y.mean()), list(zip(edges, means, strict=True)))


class Stepped:
    def __init__(self, level, tables):
        self.level, self.tables = level, tables

    def predict(self, x):
        told = [mean[np.searchsorted(edge, column)] for (edge, mean), column in zip(self.tables, x.T, strict=True)]
        return self.level + sum(told)


@pytest.mark.parametrize("bend", [lambda one: 2 * np.abs(one), lambda one: -np.cos(2 * one)])
def test_a_feature_whose_relation_turns_back_is_kept(bend):
    random = np.random.default_rng(0)
    x = random.standard_normal((1500, 4))
    y = bend(x[:, 0]) + 0.3 * random.standard_normal(1500)
    found = select(list("abcd"), x, y, Steps(), horizon=1)
    assert found.kept == ("a",)
    assert abs(found.features[0].correlation) < 0.1
    assert found.features[0].information > 0.3
    assert any("by rank correlation and by information" in one.reason for one in found.features[1:])
    straight = select(list("abcd"), x, x[:, 0] + 0.3 * random.standard_normal(1500), Steps(), horizon=1)
    assert straight.kept == ("a",)


def test_by_two_measures_chance_is_no_likelier_than_its_limit():
    random = np.random.default_rng(5)
    walks = np.cumsum(random.standard_normal((400, 120)), axis=0)
    for x in (walks, random.standard_normal((400, 120))):
        unlikely = _alone(x, np.cumsum(random.standard_normal(400)), 1, random)[2]
        assert (unlikely <= 0.1).mean() < 0.17
        assert (unlikely <= 0.1).any()


def test_of_two_that_say_the_same_the_one_that_tells_more_in_any_shape_stays():
    random = np.random.default_rng(2)
    x = random.standard_normal((900, 2))
    x[:, 1] = x[:, 0] + 0.3 * random.standard_normal(900)
    for order in ([0, 1], [1, 0]):
        told = choose(
            x[:, order], np.abs(x[:, 0]), ["a", "b"], Steps(), horizon=1, limits=Limits(correlation=0.5), seed=1
        )
        assert told.kept == (order.index(0),)


class Broken:
    def __init__(self, answer):
        self.answer = answer

    def fit(self, x, y):
        if self.answer is None:
            raise ValueError("Input x contains NaN.")
        return self

    def predict(self, x):
        return self.answer(x)


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (object(), "The estimator failed: AttributeError"),
        (Broken(None), r"The estimator failed: ValueError: Input x contains NaN\."),
        (Broken(lambda x: np.zeros(3)), r"forecasts of shape \(3,\) for 60 rows"),
        (Broken(lambda x: np.zeros((len(x), 1))), r"forecasts of shape \(60, 1\)"),
        (Broken(lambda x: np.full(len(x), np.nan)), "The estimator forecast nan"),
        (Broken(lambda x: ["1"] * len(x)), "The estimator failed: TypeError: it forecasts <U1"),
    ],
)
def test_an_estimator_that_fails_is_named(estimator, words):
    x = np.random.default_rng(1).standard_normal((120, 2))
    with pytest.raises(FeatureEngineeringError, match=words) as caught:
        judged(estimator, x, x[:, 0], [Fold(train=np.arange(60), test=np.arange(60, 120))], np.random.default_rng(1))
    assert "NaN where a value is missing" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"horizon": "a"}, "horizon is 'a'; give a whole number, 1 at least"),
        ({"horizon": 1.5}, r"horizon is 1\.5"),
        ({"horizon": True}, "horizon is True"),
        ({"count": 1.5}, r"count is 1\.5"),
        ({"count": 0}, "count is 0"),
        ({"seed": -1}, "seed is -1; give a whole number, 0 at least"),
        ({"embargo": None}, "embargo is None"),
        ({"x": "x"}, "x is no array of real numbers, but str"),
        ({"x": np.ones((300, 2)) * 1j}, "x is no array of real numbers, but ndarray"),
        ({"y": [[1], [2, 3]]}, "y is no array of real numbers, but list"),
        ({"names": ["a", "a"]}, "Two features are called 'a'"),
    ],
)
def test_what_can_t_be_selected_from_is_refused(change, words):
    given = {"names": ["a", "b"], "x": np.ones((300, 2)), "y": np.ones(300), "estimator": Ridge(), "horizon": 1}
    with pytest.raises(ValidationError, match=words):
        select(**(given | change))
