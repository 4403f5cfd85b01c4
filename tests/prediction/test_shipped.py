"""Models that come with the package: they answer on a fresh machine, never before what they know, and only whole."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ara.desk import Desk
from ara.errors import IntegrityError, ModelError, StoreError, ValidationError
from ara.models import shipped
from ara.models.panel import Panel, instant
from ara.models.quantiles import LEVELS
from ara.models.registry import Registry, Stage, load_artefact, load_folder, stages
from ara.models.registry import shipped as reading
from ara.models.registry.card import content_id
from ara.models.registry.files import sha256_of
from ara.models.registry.shipped import PURPOSE, check_archive, from_archive, read_manifest, refuse_shipped
from ara.performance import crps
from ara.prediction import PredictionEngine
from ara.prediction.compute import Recipe, compute
from ara.prediction.training import Lesson, bars_for, train_model
from ara.settings import Settings
from ara.vault import Vault
from tools import shipped as tool

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def desk(tmp_path, monkeypatch, workers):
    def refused(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    settings = Settings.load({"home": str(tmp_path / "home"), "log.level": "error"}, environ={})
    async with Desk.open(settings, workers=workers) as desk:
        yield desk


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of what is shipped, which a test may damage."""
    copy = shutil.copytree(shipped.FOLDER, tmp_path / "shipped")
    monkeypatch.setattr(shipped, "FOLDER", copy)
    return copy


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def signed(folder, manifest, monkeypatch):
    """Sign other content by another key, and pin it, as only who changes the code can."""
    key = Ed25519PrivateKey.generate()
    data = msgspec.json.encode(manifest)
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.sig").write_bytes(key.sign(PURPOSE + data))
    monkeypatch.setattr(shipped, "PUBLIC_KEY", key.public_key().public_bytes_raw().hex())
    monkeypatch.setattr(shipped, "SHA256", sha256_of(data))


async def test_a_fresh_machine_is_answered_by_the_newest_that_knows_nothing_later(desk):
    registry = Registry(desk)
    newest = registry.shipped(family="fast")[0]
    forecast = await PredictionEngine(desk).predict("AAPL", days=5, model="fast")
    assert forecast.lineage.models["fast"]["artefact"] == newest.id
    assert newest.card.trained_to <= forecast.as_of
    assert not [words for words in (*forecast.warnings, *forecast.degraded) if "fast" in words]
    assert (await registry.artefact(newest)).described == {"family": "fast", "artefact": newest.id}
    again = await PredictionEngine(desk).predict("AAPL", days=5, model="fast")
    assert again.id == forecast.id
    named = await PredictionEngine(desk).predict("AAPL", days=5, model=newest.name)
    assert (named.lineage.data, named.days) == (forecast.lineage.data, forecast.days)


def test_default_answers_without_what_its_members_were_fitted_by(tmp_path):
    environ = {**os.environ, "ARA_HOME": str(tmp_path / "home")}
    asked = ["predict", "AAPL", "--days", "2", "--model", "default", "--json"]
    done = subprocess.run([sys.executable, "-c", _BARE, *asked], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    newest = next(one.card for one in read_manifest(Vault.verify).vintages if one.card.family == "default")
    assert newest.id in done.stdout
    assert {"gru", "lightgbm"} <= set(newest.params["members"])
    assert "is not installed" not in done.stdout + done.stderr


async def test_each_origin_has_one_that_knows_only_what_came_before(desk):
    for kept in Registry(desk).shipped(family="fast"):
        later = kept.card.trained_to + timedelta(days=20)
        at = await PredictionEngine(desk).predict("SPY", days=1, model="fast", as_of=later)
        assert at.lineage.models["fast"]["artefact"] == kept.id


async def test_an_origin_before_all_of_them_is_fitted_and_it_is_said(desk):
    first = Registry(desk).shipped(family="fast")[-1]
    coin = await PredictionEngine(desk).predict("LTC-USD", days=1, model="fast", as_of=date(2017, 12, 1))
    assert "artefact" not in coin.lineage.models["fast"]
    words = (
        f"{first.name} was not trained on LTC-USD nor on 5 of its class: fast was fitted anew on what was known then"
    )
    assert words in coin.warnings
    early = await PredictionEngine(desk).predict("AMZN", days=1, model="fast", as_of=date(2013, 9, 2))
    assert "artefact" not in early.lineage.models["fast"]
    (words,) = [one for one in early.warnings if first.name in one]
    assert words.endswith("after the moment of the forecast: fast was fitted anew on what was known then")
    with pytest.raises(ModelError, match="after the moment of the forecast"):
        await PredictionEngine(desk).predict("AMZN", days=1, model=first.name, as_of=date(2013, 9, 2))


async def test_an_old_one_says_how_old_it_is(desk):
    forecast = await PredictionEngine(desk).predict("EURUSD", days=1, model="fast")
    assert forecast.as_of.year == 2022
    (words,) = [one for one in forecast.warnings if "came with Ara" in one]
    assert words.endswith("knows bars up to 2020-12-31; newer: ara models train EURUSD --model fast")


async def test_other_families_are_fitted_and_need_nothing_that_is_shipped(desk, folder):
    registry = Registry(desk)
    flip(folder / "manifest.json", 30)
    assert registry.shipped(family="har_t") == []
    plain = await PredictionEngine(desk).predict("AAPL", days=1, model="har_t")
    assert "artefact" not in plain.lineage.models["har_t"]
    assert not [one for one in (*plain.warnings, *plain.degraded) if "fitted anew" in one]


async def test_the_champion_of_the_registry_goes_first(desk):
    bars = await bars_for(PredictionEngine(desk)._market(desk), ["AAPL"], period="3y")
    lesson = Lesson(family="fast", params={"members": ("ewma_t", "drift")}, days=2, validate=False)
    kept = (await train_model(desk, bars, lesson)).kept
    await stages.deploy(Registry(desk), kept, force=True)
    engine = PredictionEngine(desk)
    forecast = await engine.predict("AAPL", days=2, model="fast")
    assert forecast.lineage.models["fast"]["artefact"] == kept.id
    assert (await Registry(desk).find("fast")).id == kept.id
    newest = Registry(desk).shipped()[0]
    beyond = await engine.predict("AAPL", days=3, model="fast")
    assert beyond.lineage.models["fast"]["artefact"] == newest.id
    words = f"fast@1 was not trained to look 3 bars ahead: {newest.name} answered, which came with Ara"
    assert words in beyond.warnings
    flip(desk.settings.home and Registry(desk).shelf.place(kept.id) / "state.json", 40)
    broken = await engine.predict("AAPL", days=1, model="fast")
    assert broken.lineage.models["fast"]["artefact"] == newest.id
    assert any(f"{newest.name} answered, which came with Ara" in one for one in broken.degraded)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "newest"])
async def test_a_flipped_byte_is_refused_and_said(desk, folder, name):
    registry = Registry(desk)
    newest = registry.shipped()[0]
    file = registry.place(newest).name if name == "newest" else name
    flip(folder / file, 30)
    forecast = await PredictionEngine(desk).predict("BTC-USD", days=1, model="fast", as_of=date(2020, 1, 31))
    if name != "newest":
        words = f"The shipped models were changed: {file} is not as it was. fast was fitted anew instead"
        assert any(one.startswith(words) for one in forecast.degraded)
        assert "artefact" not in forecast.lineage.models["fast"]
        with pytest.raises(IntegrityError, match="shipped models were changed"):
            registry.shipped()
        return
    found = await registry.verified(newest)
    assert (found.ok, found.wrong) == (False, (file,))
    with pytest.raises(IntegrityError, match=f"{file} is not as it was"):
        await PredictionEngine(desk).predict("SPY", days=1, model=newest.name)


def test_what_was_compared_is_read_again_only_where_it_is_another(folder, monkeypatch):
    one = read_manifest(Vault.verify).vintages[0]
    check_archive(folder / one.file, one.sha256)
    with monkeypatch.context() as patched:
        patched.setattr(reading, "_read", lambda path: pytest.fail(f"{path.name} was read again"))
        check_archive(folder / one.file, one.sha256)
        assert read_manifest(Vault.verify).vintages[0] == one
    flip(folder / one.file, 30)
    with pytest.raises(IntegrityError, match=f"{one.file} is not as it was"):
        check_archive(folder / one.file, one.sha256)
    flip(folder / "manifest.sig", 3)
    with pytest.raises(IntegrityError, match=r"manifest\.sig is not as it was"):
        read_manifest(Vault.verify)


async def test_a_missing_archive_and_one_of_another_content_are_refused(desk, folder, monkeypatch):
    registry = Registry(desk)
    newest = registry.shipped()[0]
    file = registry.place(newest)
    file.unlink()
    with pytest.raises(IntegrityError, match="can't be read"):
        await registry.artefact(newest)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for data in (b"short", b"long enough to be an archive, and none"):
        file.write_bytes(data)
        manifest["vintages"][-1]["sha256"] = sha256_of(data)
        signed(folder, manifest, monkeypatch)
        with pytest.raises(IntegrityError, match="is not as it was"):
            load_artefact(await registry.artefact(newest))
    manifest["vintages"][-1]["card"]["trained_to"] = "2010-01-01T00:00:00Z"
    signed(folder, manifest, monkeypatch)
    with pytest.raises(IntegrityError, match=r"manifest\.json is not as it was"):
        registry.shipped()


async def test_no_room_to_unpack_is_said(desk, tmp_path, monkeypatch):
    registry = Registry(desk)
    artefact = await registry.artefact(registry.shipped()[0])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(StoreError, match="can't be written"):
        from_archive(artefact.folder, artefact.sha256, load_folder)


async def test_a_signature_of_another_key_is_refused(desk, folder):
    data = (folder / "manifest.json").read_bytes()
    (folder / "manifest.sig").write_bytes(Ed25519PrivateKey.generate().sign(PURPOSE + data))
    with pytest.raises(IntegrityError, match=r"manifest\.sig is not as it was"):
        Registry(desk).shipped()


async def test_they_stay_as_they_are(desk, tmp_path):
    registry = Registry(desk)
    kept = await registry.find("fast")
    assert (kept.stage, (await registry.find(kept.id[:8])).id) == (Stage.SHIPPED, kept.id)
    assert (await registry.find(kept.name)).card == kept.card
    assert await registry.all() == []
    with pytest.raises(ModelError, match="can't be exported"):
        await registry.export(kept, tmp_path / "x.ara")
    for change in (stages.deploy, stages.shadow, stages.archive, stages.delete):
        with pytest.raises(ModelError, match="came with the package"):
            await change(registry, kept)
    refuse_shipped(msgspec.structs.replace(kept, stage=Stage.CANDIDATE), "removed")
    with pytest.raises(ValidationError, match="no model is called 'fast@2031-12'"):
        await registry.find("fast@2031-12")
    with pytest.raises(IntegrityError, match="is shipped with this version"):
        registry.place(msgspec.structs.replace(kept, id="0" * 64))


def test_the_files_fit_the_code_and_are_small():
    assert list(tool.check(ROOT)) == []
    found = read_manifest(Vault.verify).vintages
    assert {content_id(msgspec.to_builtins(one.card)) for one in found} == {one.card.id for one in found}
    assert sum((shipped.FOLDER / one.file).stat().st_size for one in found) <= 5_000_000


def test_the_check_finds_what_does_not_fit(tmp_path):
    place = tmp_path / "src/ara/models/shipped"
    shutil.copytree(shipped.FOLDER, place, ignore=shutil.ignore_patterns("__pycache__"))
    assert list(tool.check(tmp_path)) == []
    (place / "more.xz").write_bytes(b"more")
    flip(next(place.glob("fast-*.xz")), 100)
    assert next(iter(tool.check(tmp_path))).words == "is in no manifest"
    assert any("is not as it was" in one.words for one in tool.check(tmp_path))
    flip(place / "manifest.json", 10)
    assert [one.path.name for one in tool.check(tmp_path)] == ["manifest.json"]


def test_writing_what_is_the_same_changes_nothing_and_else_is_signed_anew(tmp_path):
    place = tmp_path / "src/ara/models/shipped"
    shutil.copytree(shipped.FOLDER, place, ignore=shutil.ignore_patterns("__pycache__"))
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    vintages = read_manifest(Vault.verify).vintages
    tool.write(tmp_path, vintages)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before
    seed = tmp_path / "key"
    seed.write_text("07" * 32)
    tool.write(tmp_path, vintages, key=seed)
    assert (place / "manifest.json").read_bytes() == before["manifest.json"]
    key = Ed25519PrivateKey.from_private_bytes(b"\7" * 32).public_key()
    assert f'PUBLIC_KEY: Final = "{key.public_bytes_raw().hex()}"' in (place / "__init__.py").read_text()
    key.verify((place / "manifest.sig").read_bytes(), PURPOSE + before["manifest.json"])


@pytest.fixture(scope="module")
def judged():
    """A vintage's card with its scores."""
    one = next(one for one in read_manifest(Vault.verify).vintages if one.file == "fast-2016-12.xz")
    return one, tool._judged_again(shipped.FOLDER, one)


def test_a_vintage_is_judged_by_the_year_after_it_and_stays_the_same_model(judged):
    before, after = judged
    card, held = after.card, after.card.holdout
    assert [one.horizon for one in card.scores] == [1, 5, 10, 21]
    assert held.cut == card.trained_to < held.first
    assert (held.first.year, held.last.year, held.look) == (2017, 2017, 1)
    assert all(one.days > 300 and one.forecasts > 4000 and one.low < one.skill < one.high for one in card.scores)
    assert content_id(msgspec.to_builtins(card)) == card.id == before.card.id
    assert msgspec.structs.replace(card, scores=(), holdout=None) == msgspec.structs.replace(
        before.card, scores=(), holdout=None
    )
    assert (after.file, after.sha256) == (before.file, before.sha256)


def test_its_scores_are_those_of_its_own_forecasts(judged):
    _, after = judged
    card = after.card
    bars = [one for one in asyncio.run(tool.bars_until(date(2017, 12, 31))) if one.instrument.symbol in card.symbols]
    panel = Panel.build(bars, (1,))
    rows = np.flatnonzero((panel.known_at > instant(card.trained_to)) & np.isfinite(panel.y[:, 0]))
    fitted = from_archive(shipped.FOLDER / after.file, after.sha256, load_folder)
    values = fitted.predict(panel, rows).values[:, 0] / panel.scale[rows, :1]
    still = card.scores[0].still
    assert card.scores[0].forecasts == len(rows) - still
    assert not still
    assert card.scores[0].crps == pytest.approx(crps(values, panel.y[rows, 0], LEVELS).mean(), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["fast", "default"])
def test_the_first_vintage_comes_out_again_byte_for_byte(tmp_path, family):
    card = next(one.card for one in read_manifest(Vault.verify).vintages if one.card.family == family)
    end = next(one for one in tool.ENDS[family] if f"{one:%Y-%m}" == card.settings["vintage"])
    command = [sys.executable, "-c", _REMADE, str(tmp_path), family, end.isoformat()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    remade = json.loads(done.stdout)
    if remade["platform"] != card.lineage["platform"]:
        pytest.skip(f"made on {card.lineage['platform']}, where the last bits differ from {remade['platform']}")
    assert remade["files"] == card.files
    assert remade["id"] == card.id


@pytest.mark.slow
def test_the_year_after_one_is_foretold_better_than_by_fits_of_each_series_alone():
    bars = asyncio.run(tool.bars_until(date(2020, 2, 28)))
    one = next(one for one in read_manifest(Vault.verify).vintages if one.file == "fast-2018-12.xz")
    fitted = from_archive(shipped.FOLDER / one.file, one.sha256, load_folder)
    lost = {"shipped": [], "fast": [], "ewma_t": []}
    for own in bars:
        panel = Panel.build([own], (1, 5))
        year = panel.known_at.astype("datetime64[us]").astype("datetime64[Y]") == np.datetime64("2019")
        rows = np.flatnonzero(year & np.isfinite(panel.y).all(axis=1))[::6]
        if len(own) < 900 or len(rows) < 40:
            continue
        told = {name: compute(panel, rows, Recipe(model=name)).quantiles.values for name in ("fast", "ewma_t")}
        for name, values in (told | {"shipped": fitted.predict(panel, rows).values}).items():
            parts = [crps(values[:, h] / panel.scale[rows, h, None], panel.y[rows, h], LEVELS) for h in (0, 1)]
            lost[name].append(np.stack(parts))
    shipped_, fast, plain = (np.concatenate(lost[name], axis=1).mean(axis=1) for name in ("shipped", "fast", "ewma_t"))
    assert (shipped_ < plain).all()
    assert (shipped_ < fast * 1.001).all()


_BARE = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        missing = {"torch", "lightgbm", "sklearn", "onnx", "skl2onnx", "onnxscript", "scipy"}
        return None if name.partition(".")[0] in missing else self.finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
from ara.cli.app import main
sys.argv[0] = "ara"
main()
"""

_REMADE = """
import json, sys
from datetime import date
from pathlib import Path
from tools.shipped import made
card = made(sys.argv[2], date.fromisoformat(sys.argv[3]), Path(sys.argv[1]))
print(json.dumps({"id": card.id, "files": card.files, "platform": card.lineage["platform"]}))
"""
