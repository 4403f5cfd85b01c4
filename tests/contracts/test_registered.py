import inspect

import pytest

from ara import plugins
from ara.backtest.checks import check_strategy
from ara.data.checks import check_provider
from ara.features import catalogue
from ara.features.checks import check_indicator
from ara.models.checks import check_model
from tests.venues.every import VENUES, stood_in

ROOMS = {
    "providers": check_provider,
    "indicators": check_indicator,
    "models": check_model,
    "strategies": check_strategy,
}
OFFERED = [(group, name) for group in plugins.GROUPS for name in plugins.names(group)]
SINGLE = [(group, name) for group, name in OFFERED if group != "indicators"]
SINGLE += [("indicators", name) for name in catalogue.names()]
SMALL = {
    **{name: {"epochs": 2} for name in ("bilstm", "cnn_lstm", "gru", "seq2seq", "transformer")},
    **{name: {"trees": 12} for name in ("catboost", "lightgbm", "xgboost")},
    **{name: {"trees": 4} for name in ("extra_trees", "random_forest")},
    "full": {"members": ("ewma_t", "drift", "garch_t", "har_fhs", "pooled_har", "lasso", "lightgbm", "gru")},
    "networks": {"members": ("gru", "cnn_lstm"), "epochs": 2},
}
"""Families that take long, as small as shows the same; `make slow` checks them as they come."""


def test_every_room_with_parts_has_checks():
    assert {group for group, _ in OFFERED} == set(ROOMS)


@pytest.mark.parametrize(("group", "name"), SINGLE, ids=[f"{group}-{name}" for group, name in SINGLE])
async def test_every_registered_part_keeps_the_promises_of_its_room(group, name):
    part = catalogue.get(name) if group == "indicators" else plugins.load(group, name)
    if hasattr(part, "venue"):
        checks = await _over_its_venue(name, part)
    else:
        small = SMALL.get(name, {}) if group == "models" else {}
        found = ROOMS[group](part(**small) if inspect.isclass(part) and group != "strategies" else part)
        checks = await found if inspect.isawaitable(found) else found
    assert checks
    assert [(check.name, check.words) for check in checks if not check.ok] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SMALL))
def test_every_family_that_takes_long_keeps_them_as_it_comes(name):
    assert [(check.name, check.words) for check in check_model(plugins.load("models", name)()) if not check.ok] == []


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
    }
    assert [said[group](plugins.load(group, name)) for group, name in OFFERED] == [name for _, name in OFFERED]
