"""Bits that flip, disks that fill, clocks that go back, others who hold the lock: no champion is ever half a model."""

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from ara.errors import IntegrityError, StoreError
from ara.models.registry import Registry, Stage, stages
from ara.models.registry.training import Plan, train
from ara.performance.trials import Trials
from ara.store.sqlite import SqliteStore
from tests.models.registry.conftest import trained


async def test_one_flipped_bit_in_any_file_is_named(registry, panel):
    kept = await trained(registry, panel)
    place = registry.shelf.place(kept.id)
    files = sorted(path for path in place.rglob("*") if path.is_file())
    assert {path.name for path in files} == {"card.json", "signature.json", "head.json", "params.json"}
    for path in files:
        whole = path.read_bytes()
        for at in {0, len(whole) // 3, len(whole) - 2}:
            damaged = bytearray(whole)
            damaged[at] ^= 1 << (at % 8)
            path.write_bytes(damaged)
            found = await registry.verified(kept)
            assert not found.ok, (path.name, at)
            assert path.name in found.words or "card" in found.words or "signature" in found.words
        path.write_bytes(whole)
    assert (await registry.verified(kept)).ok


async def test_a_file_too_many_is_named(registry, panel):
    kept = await trained(registry, panel)
    (registry.shelf.place(kept.id) / "more.json").write_text("{}")
    assert (await registry.verified(kept)).wrong == ("more.json doesn't belong to it",)


async def test_two_trainings_of_one_model_at_once_are_one_model(opened, tmp_path, panel):
    desks = [await opened(tmp_path / "home") for _ in range(2)]
    made = await asyncio.gather(*(trained(Registry(desk), panel) for desk in desks for _ in range(2)))
    registry = Registry(desks[0])
    assert len({one.id for one in made}) == 1
    (kept,) = await registry.all()
    assert (await registry.verified(kept)).ok
    assert not list(registry.shelf.folder.glob(".part-*"))


async def test_two_trainings_at_once_get_two_versions(opened, tmp_path, panel):
    desks = [await opened(tmp_path / "home") for _ in range(2)]
    await asyncio.gather(*(trained(Registry(desk), panel, seed=seed) for seed, desk in enumerate(desks)))
    assert sorted(one.version for one in await Registry(desks[0]).all()) == [1, 2]


async def test_deployments_at_once_leave_one_champion(opened, tmp_path, panel):
    desks = [await opened(tmp_path / "home") for _ in range(2)]
    one, two = Registry(desks[0]), Registry(desks[1])
    made = [await trained(one, panel, seed=seed) for seed in range(4)]
    await asyncio.gather(*(stages.deploy((one, two)[place % 2], kept) for place, kept in enumerate(made)))
    found = await one.all()
    champion = await one.champion("har_t")
    assert [kept.id for kept in found if kept.stage is Stage.CHAMPION] == [champion.id]
    assert set((await one.seat("har_t")).before) == {kept.id for kept in made} - {champion.id}


async def test_a_registry_that_another_process_holds_changes_nothing(opened, tmp_path, panel, monkeypatch):
    desk = await opened(tmp_path / "home")
    registry = Registry(desk)
    kept = await trained(registry, panel)
    impatient = SqliteStore(tmp_path / "home" / "ara.db", signer=desk.vault, clock=desk.clock, patience=0.2)
    other = sqlite3.connect(tmp_path / "home" / "ara.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = Registry(replace(desk, store=impatient))
    with pytest.raises(StoreError):
        await stages.deploy(waiting, kept)
    other.execute("ROLLBACK")
    other.close()
    assert await registry.champion("har_t") is None
    await impatient.close()
    assert (await stages.deploy(registry, kept)).kept.stage is Stage.CHAMPION


async def test_nothing_is_taken_in_while_models_are_removed(registry, panel):
    registry.shelf.patience = 0
    with registry.shelf.using(alone=True) as mine:
        assert mine
        with pytest.raises(StoreError, match="being removed at this moment"):
            await trained(registry, panel)
    assert await registry.all() == []
    assert (await trained(registry, panel)).version == 2


async def test_who_brings_a_model_waits_for_who_removes_others(registry, panel):
    with registry.shelf.using(alone=True) as mine:
        assert mine
        bringing = asyncio.create_task(trained(registry, panel))
        assert not (await asyncio.wait({bringing}, timeout=1))[0]
    kept = await bringing
    assert [one.id for one in await registry.all()] == [kept.id]


@contextmanager
def full_disk():
    """Let this process write no file any longer than a few bytes, as on a disk that is full."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_full_disk_leaves_the_champion(registry, panel):
    kept = await trained(registry, panel)
    await stages.deploy(registry, kept)
    with full_disk():
        with pytest.raises(StoreError, match="no room left"):
            await trained(registry, panel, "drift")
        with pytest.raises(StoreError, match="no room left"):
            await registry.export(kept, registry.shelf.folder / "x.ara")
    assert [one.id for one in await registry.all()] == [kept.id]
    assert (await registry.verified(await registry.champion("har_t"))).ok
    assert registry.shelf.ids() == {kept.id}


def test_a_disk_that_fills_while_a_model_is_written_is_told_as_such(panel, tmp_path):
    plan = Plan(family="har_t", params={}, seed=0, cut=None)
    with full_disk(), pytest.raises(StoreError, match="no room left") as caught:
        train(panel, plan, str(tmp_path), watch=lambda _: True)
    assert "Make room" in caught.value.hint


async def stood(registry):
    """Give the champion, those before it, and the stage of each model."""
    seat = await registry.seat("har_t")
    return seat.champion, seat.before, {kept.id: kept.stage for kept in await registry.all()}


async def test_a_disk_that_is_full_lets_nobody_change_the_champion(opened, tmp_path, panel):
    desk = await opened(tmp_path / "home")
    registry = Registry(desk)
    one, two, three = [await trained(registry, panel, seed=seed) for seed in range(3)]
    await stages.deploy(registry, one)
    await stages.deploy(registry, two)
    before = await stood(registry)
    with full_disk():
        with pytest.raises(StoreError):
            await stages.deploy(registry, three)
        with pytest.raises(StoreError):
            await stages.rollback(registry, "har_t")
    assert await stood(registry) == before
    assert (await registry.verified(await registry.champion("har_t"))).ok
    assert (await stages.rollback(registry, "har_t")).kept.id == one.id


async def test_a_registry_that_is_held_takes_in_nothing_and_rolls_nothing_back(opened, tmp_path, panel):
    desk = await opened(tmp_path / "home")
    registry = Registry(desk)
    one, two = [await trained(registry, panel, seed=seed) for seed in range(2)]
    await stages.deploy(registry, one)
    await stages.deploy(registry, two)
    before = await stood(registry)
    impatient = SqliteStore(tmp_path / "home" / "ara.db", signer=desk.vault, clock=desk.clock, patience=0.2)
    waiting = Registry(replace(desk, store=impatient))
    other = sqlite3.connect(tmp_path / "home" / "ara.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError):
            await stages.rollback(waiting, "har_t")
        with pytest.raises(StoreError):
            await trained(waiting, panel, seed=7)
    finally:
        other.execute("ROLLBACK")
        other.close()
        await impatient.close()
    assert await stood(registry) == before
    assert (await stages.rollback(registry, "har_t")).kept.id == one.id
    assert (await trained(registry, panel, seed=7)).stage is Stage.CANDIDATE


async def test_a_clock_that_goes_back_is_no_bar_to_training_and_rolling_back(registry, panel, clock):
    one = await trained(registry, panel)
    await stages.deploy(registry, one)
    clock.instant -= timedelta(days=400)
    two = await trained(registry, panel, seed=1)
    assert two.card.made_at < one.card.made_at
    assert two.version > one.version
    await stages.deploy(registry, two)
    clock.instant -= timedelta(days=400)
    back = await stages.rollback(registry, "har_t")
    assert back.kept.id == one.id
    seat = await registry.seat("har_t")
    assert seat.champion == one.id
    assert seat.changed_at >= one.changed_at  # the order of changes is that in which they were made


async def test_a_clock_that_goes_back_confuses_no_order(registry, panel, clock):
    one, two = [await trained(registry, panel, seed=seed) for seed in range(2)]
    await stages.deploy(registry, one)
    clock.instant -= timedelta(days=400)
    await stages.deploy(registry, two)
    seat = await registry.seat("har_t")
    assert (seat.champion, seat.before) == (two.id, (one.id,))
    assert seat.changed_at == one.changed_at
    assert (await stages.rollback(registry, "har_t")).kept.id == one.id


async def test_a_clock_that_goes_back_counts_no_look(registry, panel, clock):
    trials, now = Trials(registry.desk), clock.instant
    await trials.look(("A",), now, now + timedelta(days=9), what="x")
    clock.instant -= timedelta(days=1)
    with pytest.raises(StoreError, match="The clock says"):
        await trials.look(("A",), now, now + timedelta(days=9), what="x")


async def test_what_a_killed_import_left_is_no_model_and_goes(registry, panel, tmp_path):
    kept = await trained(registry, panel)
    place = registry.shelf.place(kept.id)
    half = registry.shelf.folder / ".part-0011223344556677"
    shutil.copytree(place, half)
    (half / "signature.json").unlink()
    assert [one.id for one in await registry.all()] == [kept.id]
    assert (await stages.clean(registry)).leftovers == 1
    assert not half.exists()


async def test_a_folder_without_its_document_becomes_a_model_by_the_same_training(registry, panel):
    kept = await trained(registry, panel)
    await registry.desk.store.remove(type(kept), kept.id)
    again = await trained(registry, panel)
    assert (again.id, again.card) == (kept.id, kept.card)


async def test_a_shelf_that_can_not_be_made(opened, tmp_path, panel):
    (tmp_path / "file").write_text("")
    desk = await opened(tmp_path / "home", models__folder=str(tmp_path / "file" / "models"))
    registry = Registry(desk)
    with pytest.raises(StoreError, match="can't be written"):
        await trained(registry, panel)
    with pytest.raises(StoreError, match="can't be written"), registry.shelf.using():
        pass
    assert registry.shelf.ids() == set()
    assert registry.shelf.tidy() == 0


def frozen(folder, flag):
    return not subprocess.run(["chattr", flag, str(folder)], check=False, capture_output=True).returncode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that even it can't change")
async def test_a_folder_that_can_not_be_removed_is_told(registry, panel):
    kept = await trained(registry, panel)
    folder = registry.shelf.folder
    if not frozen(folder, "+i"):
        pytest.skip("this disk has no such folders")
    try:
        with pytest.raises(StoreError, match="can't be removed"):
            registry.shelf.drop(kept.id)
        with pytest.raises(StoreError), registry.shelf.part():
            pass
    finally:
        assert frozen(folder, "-i")
    assert (await registry.verified(kept)).ok


async def test_what_vanishes_meanwhile(registry, panel):
    registry.shelf.drop("0" * 64)
    with registry.shelf.part() as part:
        (part / "a.json").write_text("{}")
        (registry.shelf.folder / ("1" * 64)).mkdir()
        assert registry.shelf.settle(part, "1" * 64) is False
        shutil.rmtree(part)
        with pytest.raises(StoreError):
            registry.shelf.settle(part, "2" * 64)


async def test_a_damaged_document_of_a_key_is_not_trusted(registry, panel):
    kept = await trained(registry, panel)
    with pytest.raises(IntegrityError, match="not trusted here"):
        await registry.refuse_stranger("00" * 32, what=kept.name)
