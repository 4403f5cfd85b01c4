import inspect

import pytest

from ara import plugins
from ara.alerts.checks import check_notifier
from ara.backtest.checks import check_strategy
from ara.data.checks import check_provider
from ara.features import catalogue
from ara.features.checks import check_indicator
from ara.models.checks import check_model
from ara.models.model import Twofold
from tests.venues.every import VENUES, stood_in

ROOMS = {
    "providers": check_provider,
    "indicators": check_indicator,
    "models": check_model,
    "strategies": check_strategy,
    "notifiers": check_notifier,
}
OFFERED = [(group, name) for group in plugins.GROUPS for name in plugins.names(group)]
SINGLE = [(group, name) for group, name in OFFERED if group != "indicators"]
SINGLE += [("indicators", name) for name in catalogue.names()]
SMALL = {
    **{name: {"epochs": 2} for name in ("bilstm", "cnn_lstm", "gru", "seq2seq", "transformer")},
    **{name: {"trees": 12} for name in ("catboost", "lightgbm", "xgboost")},
    **{name: {"trees": 4} for name in ("extra_trees", "random_forest")},
    "full": {"members": ("ewma_t", "drift", "garch_t", "har_fhs", "pooled_har", "lasso", "lightgbm", "gru")},
    "fused": {"learner": "ridge", "epochs": 1, "window": 4},
    "networks": {"members": ("gru", "cnn_lstm"), "epochs": 2},
}
"""Families that take long, as small as shows the same; `make slow` checks them as they come."""
BASELINES = (
    "ewma_t", "hist", "fhs", "garch_t", "gjr_t", "har_t", "har_fhs", "pooled_har", "drift", "weekday", "auto_ets",
    "auto_theta",
)  # fmt: skip
LEARNERS = (
    "lightgbm", "xgboost", "catboost", "random_forest", "extra_trees", "ridge", "lasso", "elastic_net",
    "quantile_regression",
)  # fmt: skip
NETWORKS = ("transformer", "cnn_lstm", "seq2seq", "bilstm", "gru")
SETS = ("fast", "default", "full", "stacked", "blended", "networks", "fused")
NO_MODEL = {"isolation_forest": "it forecasts nothing: it says how odd an origin is; tests hold it to scikit-learn's"}
"""Of the families that were promised: those that can't be checked as a model, with the reason."""
ONE_FORM = {
    **dict.fromkeys(BASELINES, "it is served as it was learned: numbers that the same lines of numpy read both times"),
    **dict.fromkeys(SETS, "it is made of its members, and each of those is compared under its own name"),
}
"""Families whose served form has no other beside it to be compared with, with the reason."""


def test_every_room_with_parts_has_checks():
    assert {group for group, _ in OFFERED} == set(ROOMS)


@pytest.mark.parametrize(("group", "name"), SINGLE, ids=[f"{group}-{name}" for group, name in SINGLE])
async def test_every_registered_part_keeps_the_promises_of_its_room(group, name, elsewhere):
    part = catalogue.get(name) if group == "indicators" else plugins.load(group, name)
    if hasattr(part, "venue"):
        checks = await _over_its_venue(name, part)
    else:
        small, more = (SMALL.get(name, {}), {"elsewhere": elsewhere}) if group == "models" else ({}, {})
        found = ROOMS[group](part(**small) if inspect.isclass(part) and group != "strategies" else part, **more)
        checks = await found if inspect.isawaitable(found) else found
    assert checks
    assert [(check.name, check.words) for check in checks if not check.ok] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SMALL))
def test_every_family_that_takes_long_keeps_them_as_it_comes(name, elsewhere):
    found = check_model(plugins.load("models", name)(), elsewhere=elsewhere)
    assert [(check.name, check.words) for check in found if not check.ok] == []


def test_no_family_that_was_promised_is_left_out_nor_one_that_is_registered():
    promised = [*BASELINES, *LEARNERS, *NETWORKS, *SETS]
    assert sorted(promised) == sorted(name for group, name in SINGLE if group == "models")
    assert not set(NO_MODEL) & set(promised)


def test_every_family_with_a_library_of_its_own_is_compared_with_it():
    two = {name for name in plugins.names("models") if issubclass(plugins.load("models", name), Twofold)}
    assert two == {*LEARNERS, *NETWORKS}
    assert set(ONE_FORM) == set(plugins.names("models")) - two
    assert all(len(words.split()) > 8 for words in (NO_MODEL | ONE_FORM).values())


async def _over_its_venue(name, part):
    assert name in VENUES, f"{name} asks a venue: put one that stands in for it into tests/venues/every.py"
    with VENUES[name]() as venue:
        return await check_provider(stood_in(part, venue))


def test_no_venue_stands_in_for_nobody():
    asking = {name for name in plugins.names("providers") if hasattr(plugins.load("providers", name), "venue")}
    assert set(VENUES) == asking


def test_a_part_is_called_what_its_entry_point_says():
    said = {
        "providers": lambda part: part.name,
        "indicators": lambda part: part.name,
        "models": lambda part: part.family,
        "strategies": lambda part: part.name,
        "notifiers": lambda part: part.name,
    }
    assert [said[group](plugins.load(group, name)) for group, name in OFFERED] == [name for _, name in OFFERED]
