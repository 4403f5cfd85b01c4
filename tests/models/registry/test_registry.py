import json
import shutil

import numpy as np
import pytest

from ara.errors import IntegrityError, ValidationError
from ara.models.registry import Registry, Stage, load_artefact, load_folder
from tests.models.panels import last_rows
from tests.models.registry.conftest import score, trained


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def registry(request, opened, tmp_path):
    urls = {
        "memory": lambda: "memory:",
        "sqlite": lambda: "",
        "postgres": lambda: request.getfixturevalue("postgres_url"),
    }
    return Registry(await opened(tmp_path / "home", store__url=urls[request.param]()))


async def test_what_was_trained_answers_as_it_did(registry, panel):
    kept = await trained(registry, panel)
    artefact = await registry.artefact(kept)
    assert (kept.name, kept.stage, kept.version) == ("har_t@1", Stage.CANDIDATE, 1)
    rows = last_rows(panel)
    whole = load_folder(registry.shelf.place(kept.id)).predict(panel, rows).values
    again = load_artefact(artefact).predict(panel, rows).values
    assert whole.tobytes() == again.tobytes()
    assert np.isfinite(again).all()
    assert load_artefact(artefact) is load_artefact(artefact)


async def test_the_same_training_is_the_same_model(registry, panel, clock):
    first = await trained(registry, panel)
    clock.instant = clock.instant.replace(year=2025)
    second = await trained(registry, panel, scores=(score(1, skill=0.5),))
    assert (second.id, second.card) == (first.id, first.card)
    assert [one.id for one in await registry.all()] == [first.id]
    other = await trained(registry, panel, seed=7)
    assert (other.version, other.id != first.id) == (2, True)
    assert [one.version for one in await registry.all(family="har_t")] == [2, 1]


async def test_training_again_repairs_a_damaged_model(registry, panel):
    kept = await trained(registry, panel)
    place = registry.shelf.place(kept.id)
    (place / "params.json").write_text("{}")
    assert (await registry.verified(kept)).wrong == ("params.json was changed",)
    again = await trained(registry, panel)
    assert (again.id, again.version) == (kept.id, kept.version)
    assert (await registry.verified(again)).ok
    shutil.rmtree(place)
    assert "card.json can't be read" in (await registry.verified(again)).words
    assert (await registry.verified(await trained(registry, panel))).ok


async def test_a_model_is_found_by_id_version_and_family(registry, panel):
    kept = await trained(registry, panel)
    assert (await registry.find(kept.id[:6])).id == kept.id
    assert (await registry.find(" HAR_T@1 ")).id == kept.id
    for name in ("har_t", "har_t@2", "0000", "zz", "", "@1"):
        with pytest.raises(ValidationError, match="no model is called"):
            await registry.find(name)
    assert await registry.seat("drift") is None


async def test_the_card_in_the_store_and_on_the_disk_are_one(registry, panel):
    kept = await trained(registry, panel)
    other = await trained(registry, panel, seed=7)
    place = registry.shelf.place(kept.id)
    shutil.rmtree(place)
    shutil.copytree(registry.shelf.place(other.id), place)
    with pytest.raises(IntegrityError, match="not the one that the store holds"):
        await registry.artefact(kept)


async def test_a_card_is_its_own_id(registry, panel):
    kept = await trained(registry, panel)
    path = registry.shelf.place(kept.id) / "card.json"
    card = json.loads(path.read_bytes())
    for change in ({"seed": 9}, {"id": "0" * 64}, {"id": "no"}, {"made_at": "2024-01-02T12:00:00"}, {"more": 1}):
        path.write_text(json.dumps(card | change))
        found = await registry.verified(kept)
        assert (found.ok, found.wrong) == (False, ("card.json",))
    path.write_text(json.dumps(card | {"made_at": "2025-01-02T12:00:00Z"}))
    assert "its signature doesn't fit" in (await registry.verified(kept)).words


async def test_an_unfit_signature_is_told(registry, panel):
    kept = await trained(registry, panel)
    (registry.shelf.place(kept.id) / "signature.json").write_text('{"public_key": "zz", "signature": ""}')
    assert "The signature of har_t@1 is damaged" in (await registry.verified(kept)).words


async def test_parameters_that_are_lists_come_back_as_they_are_kept(registry, panel):
    kept = await trained(registry, panel, "fast", members=("ewma_t", "drift"))
    assert kept.card.params["members"] == ["ewma_t", "drift"]
    assert (await registry.verified(kept)).ok
    assert (await registry.find("fast@1")).card == kept.card
