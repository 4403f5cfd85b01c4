"""Every family of learners keeps the promises of a model and of an estimator; what can't apply is listed with why."""

import ara.models
from ara import plugins
from ara.models.learning.frame import LearnedModel

EVERY = (
    "lightgbm",
    "xgboost",
    "catboost",
    "random_forest",
    "extra_trees",
    "ridge",
    "lasso",
    "elastic_net",
    "quantile_regression",
    "isolation_forest",
)
NO_MODEL = {
    "isolation_forest": "it forecasts nothing: it says how odd an origin is (ara.models.learning.oddity)",
}
NO_ESTIMATOR = {
    "isolation_forest": "it has no target to be scored by; its score is held against that of scikit-learn's own forest",
}
OTHER_FORM = {"quantile_regression": "LinearQuantile"}


def learners():
    return {name: plugins.load("models", name) for name in EVERY if name not in NO_MODEL}


def test_every_learner_is_registered_and_so_checked_as_a_model():
    assert set(EVERY) - set(plugins.names("models")) == set(NO_MODEL)
    assert all(issubclass(family, LearnedModel) for family in learners().values())


def test_no_learner_is_left_out_of_the_list():
    found = set()
    for name in plugins.names("models"):
        family = plugins.load("models", name)
        if isinstance(family, type) and issubclass(family, LearnedModel):
            found.add(name)
    assert found == set(EVERY) - set(NO_MODEL)


def test_every_learner_is_checked_as_an_estimator():
    offered = ara.models.estimators()
    named = {getattr(one, "learner", type(one).__name__) for one in offered}
    assert named == {OTHER_FORM.get(name, name) for name in EVERY if name not in NO_ESTIMATOR}


def test_what_is_left_out_has_a_reason():
    assert all(len(words.split()) > 5 for words in (NO_MODEL | NO_ESTIMATOR).values())
    assert set(NO_MODEL) | set(NO_ESTIMATOR) <= set(EVERY)
