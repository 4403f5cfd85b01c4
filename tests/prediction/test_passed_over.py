"""An archive that was changed says nothing of the others; a manifest that was changed leaves none to be trusted."""

import shutil
from datetime import date

import pytest

from ara.desk import Desk
from ara.market.symbols import resolve
from ara.models import shipped
from ara.models.ensemble import Fast
from ara.models.registry import Registry
from ara.models.registry.serving import champion_for
from ara.prediction import PredictionEngine
from ara.prediction.replay import replay
from ara.settings import Settings

EARLY = {"as_of": date(2013, 9, 2)}


@pytest.fixture
async def desk(tmp_path, workers):
    settings = Settings.load({"home": str(tmp_path / "home"), "log.level": "error"}, environ={})
    async with Desk.open(settings, workers=workers) as desk:
        yield desk


@pytest.fixture
def damage(tmp_path, monkeypatch):
    """Change four bytes of each file of a copy of what is shipped that is so called."""
    copy = shutil.copytree(shipped.FOLDER, tmp_path / "shipped")

    def change(*patterns):
        monkeypatch.setattr(shipped, "FOLDER", copy)
        for file in (file for pattern in patterns for file in copy.glob(pattern)):
            data = bytearray(file.read_bytes())
            data[20:24] = bytes(byte ^ 255 for byte in data[20:24])
            file.write_bytes(data)

    return change


async def test_the_next_older_one_answers_less_sure_and_names_the_one_passed_over(desk, damage):
    engine, (newest, older, *_) = PredictionEngine(desk), Registry(desk).shipped(family="fast")
    own = await engine.predict("AAPL", 2, model=older.name)
    damage("fast-2020-12.xz")
    found = [await engine.predict("AAPL", 2, model=name) for name in ("auto", "fast")]
    assert newest.name == "fast@2020-12"
    assert found[0].id == found[1].id
    for one in found:
        assert one.lineage.models["fast"]["artefact"] == older.id
        assert one.lineage.settings["failed"] == 1
        (words,) = one.degraded
        said = "The shipped models were changed: fast-2020-12.xz is not as it was. fast@2019-12 answered, which came"
        assert words.startswith(said)
        assert all(now.confidence < plain.confidence for now, plain in zip(one.days, own.days, strict=True))
    assert (await replay(desk, found[0].id)).same


async def test_all_that_were_passed_over_are_named(desk, damage):
    instrument, registry = resolve("AAPL"), Registry(desk)
    origin = (await PredictionEngine(desk).predict("AAPL", 1, model="ewma_t")).as_of
    asked = {"timeframe": "1d", "days": 1, "origin": origin}
    damage("fast-2020-12.xz", "fast-2019-12.xz")
    found = await champion_for(registry, "fast", instrument, **asked, instead="ewma_t")
    told = "The shipped models were changed or can't be read: fast-2020-12.xz, fast-2019-12.xz. "
    assert found.words == f"{told}fast@2018-12 answered, which came with Ara."
    assert (found.broken, found.artefact.folder.name) == (True, "fast-2018-12.xz")
    damage("fast-201[678]-12.xz")
    found = await champion_for(registry, "fast", instrument, **asked, instead="ewma_t")
    assert (found.broken, found.artefact) == (True, None)
    assert "fast-2016-12.xz. fast was fitted anew instead." in found.words
    whole = await champion_for(registry, "default", instrument, **asked)
    assert (whole.broken, whole.artefact.folder.name) == (False, "default-2020-12.xz")


@pytest.mark.parametrize("file", ["manifest.json", "manifest.sig"])
async def test_where_nothing_that_is_shipped_is_trusted_the_order_goes_on(desk, damage, monkeypatch, file):
    def refused(*_, **__):
        raise ZeroDivisionError("no state")

    damage(file)
    monkeypatch.setattr("ara.prediction.fallback.where", lambda _: "thread")
    engine, first = PredictionEngine(desk), f"The shipped models were changed: {file} is not as it was. fast was fitted"
    if file == "manifest.sig":
        found = [await engine.predict("AMZN", 1, model=name, **EARLY) for name in ("auto", "fast")]
        assert found[0].id == found[1].id
        assert "artefact" not in found[0].lineage.models["fast"]
        assert found[0].degraded[0].startswith(first)
    monkeypatch.setattr("ara.models.fits._fits", {})
    monkeypatch.setattr(Fast, "fit", refused)
    found = [await engine.predict("AMZN", 1, model=name, **EARLY) for name in ("auto", "fast")]
    assert found[0].id == found[1].id
    for one in found:
        assert (one.model, one.lineage.settings["failed"]) == ("har_t", 2)
        assert one.degraded[0].startswith(first)
        assert one.degraded[1].startswith("fast failed (ZeroDivisionError: no state): har_t answered instead")


async def test_what_was_passed_over_counts_where_another_model_breaks(desk, damage, monkeypatch):
    def refused(*_, **__):
        raise ZeroDivisionError("no luck")

    damage("fast-2020-12.xz")
    monkeypatch.setattr("ara.models.fits._fits", {})
    monkeypatch.setattr("ara.models.families.har.HarT.fit", refused)
    found = await PredictionEngine(desk).predict("AAPL", 1, model="har_t")
    assert (found.model, found.lineage.settings["failed"]) == ("fast", 2)
    assert found.degraded[0].startswith("The shipped models were changed: fast-2020-12.xz is not as it was. fast@2019")
    assert found.degraded[1].startswith("har_t failed (ZeroDivisionError: no luck): fast answered instead")
