"""Configurations: one for each way to train, cited by cards, found again, gone back to."""

import msgspec
import pytest

from ara.errors import IntegrityError, StoreError, ValidationError
from ara.models.registry import Registry
from ara.models.registry.configs import (
    Config,
    ConfigSeat,
    config_id,
    configs_of,
    differences,
    find_config,
    keep_config,
    roll_back,
    used_config,
)
from ara.store import ConflictError
from tests.models.registry.conftest import trained

EWMA = "ewma_t"


async def test_what_is_trained_alike_has_one_configuration_and_cards_cite_it(registry, panel):
    first = await trained(registry, panel, EWMA, decay=0.9)
    other = await trained(registry, panel, EWMA, decay=0.95)
    again = await trained(registry, panel.until(int(panel.known_at[450])), EWMA, decay=0.9)
    newest, oldest = await configs_of(registry, family=EWMA)
    assert (oldest.name, newest.name) == ("ewma_t@c1", "ewma_t@c2")
    assert (oldest.params, newest.params) == ({"decay": 0.9}, {"decay": 0.95})
    assert first.card.lineage["config"] == again.card.lineage["config"] == oldest.id
    assert other.card.lineage["config"] == newest.id
    assert first.id != again.id
    assert await configs_of(registry, family="har_t") == []


async def test_an_id_follows_from_all_that_was_said_and_from_no_count_of_bars(registry, panel):
    card = msgspec.to_builtins((await trained(registry, panel, EWMA)).card)
    for name, value in {"period": "5y", "days": 5, "hold_out": 0.3, "tested": True}.items():
        assert config_id({**card, "settings": {**card["settings"], name: value}}) != config_id(card)
    assert config_id({**card, "params": {"decay": 0.5}}) != config_id(card)
    assert config_id({**card, "family": "har_t"}) != config_id(card)
    assert config_id({**card, "settings": {**card["settings"], "bars": 7}}) == config_id(card)
    assert config_id({**card, "seed": 7, "data": "other"}) == config_id(card)


async def test_one_is_found_by_its_name_its_id_or_a_model(registry, panel):
    kept = await trained(registry, panel, EWMA, decay=0.9)
    await trained(registry, panel, EWMA)
    config = await find_config(registry, "ewma_t@c1")
    assert config.params == {"decay": 0.9}
    for name in (config.id, config.id[:8], " EWMA_T@C1 ", kept.name):
        assert await find_config(registry, name) == config
    for name in ("ewma_t@c9", "nothing", "", "ewma_t"):
        with pytest.raises(ValidationError, match="no configuration is called"):
            await find_config(registry, name)
    with pytest.raises(ValidationError, match="no model is called"):
        await find_config(registry, "ewma_t@9")


async def test_differences_are_named_with_what_each_says(registry, panel):
    await trained(registry, panel, EWMA, decay=0.9)
    await trained(registry, panel, EWMA, decay=0.95)
    one, other = [await find_config(registry, f"ewma_t@c{version}") for version in (1, 2)]
    assert differences(one, other) == [("decay", 0.9, 0.95)]
    assert differences(one, one) == []
    longer = msgspec.structs.replace(other, settings={"period": "5y"})
    assert differences(one, longer) == [("decay", 0.9, 0.95), ("period", None, "5y")]


async def test_a_family_goes_back_step_by_step_to_its_own_parameters(registry, panel):
    store = registry.desk.store
    for decay in (0.9, 0.95):
        await trained(registry, panel, EWMA, decay=decay)
    one, other = [await find_config(registry, f"ewma_t@c{version}") for version in (1, 2)]
    assert await used_config(store, EWMA) is None
    with pytest.raises(ValidationError, match="never was by others"):
        await roll_back(registry, EWMA)
    assert await roll_back(registry, "ewma_t@c1") == (EWMA, one, None)
    assert await roll_back(registry, "ewma_t@c1") == (EWMA, one, one)
    assert await roll_back(registry, other.id[:10]) == (EWMA, other, one)
    assert await used_config(store, EWMA) == other
    assert await roll_back(registry, "EWMA_T") == (EWMA, one, other)
    assert await roll_back(registry, EWMA) == (EWMA, None, one)
    assert await used_config(store, EWMA) is None
    with pytest.raises(ValidationError, match="no configuration is called"):
        await roll_back(registry, "har_t")


async def test_models_from_before_there_were_configurations_and_from_elsewhere_have_theirs(
    registry, panel, opened, tmp_path
):
    kept = await trained(registry, panel, EWMA, decay=0.9)
    await registry.export(kept, tmp_path / "model.ara")
    (own,) = await configs_of(registry)
    await registry.desk.store.remove(Config, own.id)
    (again,) = await configs_of(registry)
    assert (again.id, again.params) == (own.id, own.params)
    other = Registry(await opened(tmp_path / "other"))
    with pytest.raises(IntegrityError):
        await other.take_in(tmp_path / "model.ara")
    await other.take_in(tmp_path / "model.ara", trust=await registry.own_fingerprint())
    assert [one.id for one in await configs_of(other)] == [own.id]
    assert (await find_config(other, own.id)).name == "ewma_t@c1"


async def test_nobodys_change_is_lost_and_endless_ones_are_told(registry, panel, monkeypatch):
    kept = await trained(registry, panel, EWMA)
    store, put, beaten = registry.desk.store, registry.desk.store.put, []

    async def late(record, *, replaces):
        if isinstance(record, ConfigSeat) and len(beaten) < 2:
            beaten.append(record)
            raise ConflictError.of(record, there=True)
        await put(record, replaces=replaces)

    monkeypatch.setattr(store, "put", late)
    fresh = msgspec.structs.replace(kept.card, params={"decay": 0.5})
    assert (await keep_config(store, fresh)).version == 2
    assert len(beaten) == 2
    monkeypatch.setattr("ara.models.registry.configs._TRIES", 0)
    with pytest.raises(StoreError, match="without end"):
        await keep_config(store, msgspec.structs.replace(kept.card, params={"decay": 0.6}))
