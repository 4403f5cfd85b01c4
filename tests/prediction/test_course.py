"""Many families in one training: every one there is, failures among them, and stops in the middle."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ara import plugins
from ara.desk import Desk
from ara.errors import ModelError, WorkerError
from ara.models.panel import Panel
from ara.models.registry import Registry
from ara.models.registry.stages import verdict_of
from ara.performance.trials import Trials
from ara.prediction.course import train_models
from ara.prediction.training import Lesson, _plan
from ara.settings import Settings
from ara.testing import FakeClock
from tests.prediction.test_triggers import NAMES, bars_of

DAYS = 420
NETWORK = {"epochs": 1, "window": 3}
TREES = {"trees": 4, "leaves": 4}
KINDS = ("ewma_t", "pooled_har", "fast", "ridge", "lightgbm", "gru")
SMALL = {
    "bilstm": NETWORK,
    "catboost": TREES,
    "cnn_lstm": NETWORK,
    "default": {"members": ("ewma_t", "drift")},
    "extra_trees": {"trees": 4},
    "fast": {"members": ("ewma_t", "drift")},
    "fused": {"learner": "ridge", **NETWORK},
    "full": {"members": ("ewma_t", "ridge")},
    "gru": NETWORK,
    "lightgbm": TREES,
    "networks": {"members": ("gru", "gru"), **NETWORK},
    "random_forest": {"trees": 4},
    "seq2seq": NETWORK,
    "transformer": NETWORK,
    "xgboost": TREES,
}


def world(days=DAYS):
    random = np.random.default_rng(4)
    return [bars_of(0.01 * random.standard_normal(days), name) for name in NAMES]


def lesson(family, **more):
    return Lesson(family=family, **{"params": SMALL.get(family, {}), "days": 2, "validate": False, **more})


def opened(home, workers=None, **more):
    settings = Settings.load({"home": str(home), "log.level": "error", **more}, environ={})
    clock = FakeClock(datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=DAYS))
    return Desk.open(settings, clock=clock, workers=workers)


def left(desk):
    folder = Registry(desk).shelf.folder
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(".part"))


@pytest.mark.parametrize(
    "families",
    [pytest.param(KINDS, id="kinds"), pytest.param(plugins.names("models"), marks=pytest.mark.slow, id="all")],
)
async def test_many_families_are_trained_in_one_go_and_each_model_is_whole(tmp_path, workers, families):
    told = []
    async with opened(tmp_path, workers) as desk:
        found = await train_models(desk, world(), [lesson(one) for one in families], watch=lambda p: not told.append(p))
        assert {one.lesson.family: one.error for one in found if one.error} == {}
        assert [one.outcome.kept.family for one in found] == list(families)
        assert all([(await Registry(desk).verified(one.outcome.kept)).ok for one in found])
        assert left(desk) == []
    count = len(families)
    for place, family in enumerate(families, start=1):
        begun = f"{place} of {count}: {family} on all bars: "
        assert any(one.words.startswith(begun) for one in told)
        assert next(one for one in told if one.words.startswith(begun)).total == 0


LEAVES = """raise AssertionError("asked without a folder")
    def trained(self, panel, train, valid, *, seed, start=None, watch, folder=None):
        (folder / "checkpoint").write_text("half")
        raise ModelError("it came to nothing")"""
LACKS = LEAVES.replace('"it came to nothing"', '"there is no such device", device="cuda"')


@pytest.fixture
def guests(tmp_path, monkeypatch):
    """Families of another package: one dies with its process, one fails, one eats memory, two leave half a training."""
    place = tmp_path / "site"
    (place / "guests-1.dist-info").mkdir(parents=True)
    (place / "guests-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: guests\nVersion: 1\n")
    names = ("a_dies", "b_fails", "c_eats", "d_leaves", "e_lacks")
    kinds = ("Dies", "Fails", "Eats", "Leaves", "Lacks")
    lines = [f"{name} = guest_families:{kind}" for name, kind in zip(names, kinds, strict=True)]
    (place / "guests-1.dist-info" / "entry_points.txt").write_text("[ara.models]\n" + "\n".join(lines) + "\n")
    deeds = ("os._exit(9)", "raise ValueError('no luck')", "raise MemoryError('none is left')", LEAVES, LACKS)
    (place / "guest_families.py").write_text(
        "import os\nfrom ara.errors import ModelError\nfrom dataclasses import dataclass\nfrom typing import ClassVar\n"
        + "".join(
            f"@dataclass(frozen=True)\nclass {kind}:\n    family: ClassVar[str] = '{name}'\n"
            f"    def fit(self, panel, train, valid, *, seed, start=None, watch):\n        {deed}\n"
            f"    @classmethod\n    def load(cls, folder):\n        raise NotADirectoryError\n"
            for name, kind, deed in zip(names, kinds, deeds, strict=True)
        )
    )
    monkeypatch.syspath_prepend(str(place))
    return names


async def test_one_that_fails_or_dies_costs_no_other_its_model(tmp_path, guests):
    asked = (guests[0], "ewma_t", guests[1], "drift", guests[2], guests[3])
    async with opened(tmp_path / "home") as desk:
        found = await train_models(desk, world(), [lesson(one) for one in asked])
        errors = {one.lesson.family: type(one.error) for one in found if one.error}
        assert found[5].error.message == "it came to nothing"
        assert errors == {**dict.fromkeys(guests[:3], WorkerError), guests[3]: ModelError}
        assert "no luck" in found[2].error.message
        assert "none is left" in found[4].error.message
        assert [one.outcome.kept.family for one in found if one.outcome] == ["ewma_t", "drift"]
        assert left(desk) == []


async def test_where_a_device_is_missing_the_checkpoint_stays(tmp_path, guests):
    async with opened(tmp_path / "home") as desk:
        (found,) = await train_models(desk, world(), [lesson(guests[4])])
        assert found.error.message == "there is no such device"
        (room,) = left(desk)
        (checkpoint,) = (Registry(desk).shelf.folder / room).rglob("checkpoint")
        assert checkpoint.read_text() == "half"


async def test_the_same_lesson_has_one_room_on_every_device(tmp_path):
    async with opened(tmp_path) as desk:
        panel, rooms = Panel.build(world(), (1, 2)), []
        for params in ({}, {"device": "cpu"}, {"device": "cuda"}, {"window": 4}):
            plan = await _plan(Registry(desk), panel, lesson("gru", params=params), cut=None)
            assert plan.params == params
            rooms.append(plan.room)
        assert rooms[0] == rooms[1] == rooms[2] != rooms[3]


async def stopped_at(desk, lessons, words):
    """Train until progress has these words, and stop it as Ctrl-C does."""
    task = None

    def hear(progress):
        if words in progress.words:
            task.cancel()
        return True

    task = asyncio.ensure_future(train_models(desk, world(), lessons, watch=hear))
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_was_stopped_goes_on_and_nothing_else_does(tmp_path, workers):
    lessons = [lesson("ewma_t"), lesson("gru", params={"epochs": 6, "window": 3, "every": 1})]
    async with opened(tmp_path, workers) as desk:
        await stopped_at(desk, lessons, "epoch 4 of 6")
        assert [one.family for one in await Registry(desk).all()] == ["ewma_t"]
        assert len(left(desk)) == 2
        other = [lesson("ewma_t"), lesson("gru", params={"epochs": 1, "window": 3})]
        assert [one.resumed for one in await train_models(desk, world(), other)] == [False, False]
        assert len(left(desk)) == 2
        steps = []
        await train_models(desk, world(DAYS - 1), lessons[1:], watch=lambda p: not steps.append(p.words))
        assert any("epoch 1 of 6" in one for one in steps)
        assert len(left(desk)) == 2
        steps.clear()
        again = await train_models(desk, world(), lessons, watch=lambda p: not steps.append(p.words))
        assert [one.resumed for one in again] == [True, False]
        assert not any("epoch 1 of 6" in one for one in steps)
        assert left(desk) == []
        third = await train_models(desk, world(), lessons)
        assert [(one.resumed, one.outcome.new) for one in third] == [(False, False)] * 2


async def looked(desk, kept):
    """Tell how often a model's hold-out was looked at: how many share chance, and how much of the limit is used."""
    found = await Trials(desk).looked(kept.card.symbols, kept.card.holdout.first, kept.card.holdout.last)
    return found.number, found.used


async def test_families_of_one_call_share_a_look_and_one_that_is_refused_is_not_counted(tmp_path, workers):
    async with opened(tmp_path, workers, **{"models.looks": "1"}) as desk:
        lessons = [lesson(one, validate=True) for one in ("ewma_t", "drift", "hist")]
        kept = [one.outcome.kept for one in await train_models(desk, world(), lessons)]
        assert [one.card.holdout.look for one in kept] == [2, 2, 2]
        assert all(one.card.scores for one in kept)
        assert await looked(desk, kept[0]) == (2, 1)
        assert "after 2 looks at its hold-out" in (await verdict_of(Registry(desk), kept[1].card)).words
        later = [lesson(one, validate=True, params={"bars": 300}) for one in ("drift", "hist")]
        refused = await train_models(desk, world(), later)
        assert [(one.outcome.kept.card.scores, one.outcome.kept.card.holdout) for one in refused] == [((), None)] * 2
        assert all("as often as the setting models.looks allows, which is 1" in one.outcome.words for one in refused)
        assert await looked(desk, kept[0]) == (2, 1)


async def test_what_can_not_be_made_takes_no_look_and_what_goes_on_shares_a_new_one(tmp_path, workers):
    async with opened(tmp_path, workers) as desk:
        wrong = [lesson(one, validate=True, params={"speed": 1}) for one in ("drift", "hist")]
        assert all(one.error for one in await train_models(desk, world(), wrong))
        assert (await Trials(desk).verify()).entries == 0
        lessons = [lesson(one, validate=True) for one in ("drift", "hist", "har_t")]
        await stopped_at(desk, lessons, "2 of 3")
        again = await train_models(desk, world(), lessons)
        assert [one.resumed for one in again] == [True, False, False]
        assert [one.outcome.kept.card.holdout.look for one in again] == [3, 5, 5]
        assert await looked(desk, again[0].outcome.kept) == (5, 2)


async def test_a_damaged_checkpoint_or_a_damaged_model_is_begun_anew(tmp_path, workers):
    lessons = [lesson("ewma_t"), lesson("gru", params={"epochs": 6, "window": 3, "every": 1})]
    async with opened(tmp_path, workers) as desk:
        await stopped_at(desk, lessons, "epoch 4 of 6")
        registry = Registry(desk)
        for path in registry.shelf.folder.glob(".part-*/*/state-*"):
            path.write_bytes(path.read_bytes()[:-1])
        (kept,) = await registry.all()
        path = registry.shelf.place(kept.id) / "params.json"
        path.chmod(0o600)
        path.write_bytes(path.read_bytes() + b" ")
        steps = []
        again = await train_models(desk, world(), lessons, watch=lambda p: not steps.append(p.words))
        assert [(one.resumed, one.error) for one in again] == [(False, None)] * 2
        assert any("epoch 1 of 6" in one for one in steps)
        assert all([(await registry.verified(one)).ok for one in await registry.all()])


GUEST = """
from dataclasses import dataclass
from typing import Any, ClassVar
from ara.models.families.ewma_t import EwmaT
from ara.models.head import Head, write_head
from ara.models.quantiles import LEVELS
{more}
@dataclass(frozen=True)
class Fit:
    inner: Any
    def predict(self, panel, rows):
        return self.inner.predict(panel, rows)
    def save(self, folder):
        write_head(folder, Head(family="mine", levels=LEVELS))

@dataclass(frozen=True)
class Mine:
    family: ClassVar[str] = "mine"
    decay: float = 0.94
    def fit(self, panel, train, valid, *, seed, start=None, watch):
        return Fit(EwmaT().fit(panel, train, valid, seed=seed, watch=watch))
    @classmethod
    def load(cls, folder):
        raise NotADirectoryError
"""

TOLD = """
import asyncio, json, sys
from tests.prediction.test_course import lesson, opened, world
from ara import plugins
from ara.models.model import described
from ara.prediction.compute import Recipe
from ara.prediction.course import train_models

async def main():
    async with opened(sys.argv[1]) as desk:
        (one,) = await train_models(desk, world(), [lesson("mine")])
        if one.error:
            raise one.error
        told = Recipe(model="mine").described()["mine"]
        own = "code" in described(plugins.load("models", "drift")())
        print(json.dumps([told["code"], one.outcome.kept.card.lineage["code"], own]))

asyncio.run(main())
"""


async def test_a_card_and_a_lineage_tell_the_code_of_another_packages_family(tmp_path):
    found = []
    for number, more in enumerate(("", "# a remark", "")):
        place = tmp_path / str(number)
        (place / "mine-1.dist-info").mkdir(parents=True)
        (place / "mine-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
        (place / "mine-1.dist-info" / "entry_points.txt").write_text("[ara.models]\nmine = mine_family:Mine\n")
        (place / "mine_family.py").write_text(GUEST.format(more=more))
        told = await script(TOLD, tmp_path / f"home{number}", place)
        assert told.returncode == 0, told.stderr.decode()
        found.append(json.loads(told.stdout))
    assert all(lineage == card and not own for lineage, card, own in found)
    codes = [one for one, _, _ in found]
    assert codes[0] == codes[2]
    assert len(set(codes)) == 2


async def script(text, home, *more):
    """Run a script in a process of its own, which finds these tests."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), *map(str, more)])
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", text, str(home)],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        capture_output=True,
    )


KILLED = """
import asyncio, os, sys
from tests.prediction.test_course import lesson, opened, world
from ara.prediction.course import train_models

def hear(progress):
    if "epoch 4 of 6" in progress.words:
        os.kill(os.getpid(), 9)
    return True

async def main():
    async with opened(sys.argv[1]) as desk:
        lessons = [lesson("ewma_t"), lesson("gru", params={"epochs": 6, "window": 3, "every": 1})]
        await train_models(desk, world(), lessons, watch=hear)

asyncio.run(main())
"""


async def test_a_killed_training_goes_on_and_gives_the_same_models(tmp_path, workers):
    lessons = [lesson("ewma_t"), lesson("gru", params={"epochs": 6, "window": 3, "every": 1})]
    killed = await script(KILLED, tmp_path / "home")
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    async with opened(tmp_path / "straight", workers) as desk:
        straight = [one.outcome.kept.id for one in await train_models(desk, world(), lessons)]
    async with opened(tmp_path / "home", workers) as desk:
        assert [one.family for one in await Registry(desk).all()] == ["ewma_t"]
        steps = []
        again = await train_models(desk, world(), lessons, watch=lambda p: not steps.append(p.words))
        assert [one.error for one in again] == [None, None]
        assert [one.outcome.kept.id for one in again] == straight
        assert [one.resumed for one in again] == [True, False]
        assert not any("epoch 1 of 6" in one for one in steps)
