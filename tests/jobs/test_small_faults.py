"""What work meets in the middle: a process that does it already, who has seen enough, a store that is away."""

import threading
from datetime import UTC, datetime

import pytest

from ara.errors import DataProviderError, StoreError, ValidationError, WorkerError
from ara.jobs import Regimes, Worker, queued
from ara.jobs.broker import Broker, _addressed, _Shore
from ara.jobs.hold import Hold
from ara.jobs.work import do
from ara.settings import Settings


def test_work_that_another_process_does_is_waited_for_and_then_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(queued, "_PATIENCE", 0.05)
    monkeypatch.setattr(queued, "_PAUSE", 0.01)
    other = Hold.take(tmp_path / "work.lock")
    assert other is not None
    with pytest.raises(WorkerError, match="still does this work"):
        queued._alone(tmp_path / "work.lock")
    monkeypatch.setattr(queued, "_PATIENCE", 60)
    threading.Timer(0.05, other.free).start()
    mine = queued._alone(tmp_path / "work.lock")
    mine.free()


async def test_who_has_seen_enough_ends_a_look_for_changes(opened, clock):
    clock.instant = datetime(2021, 3, 31, 22, tzinfo=UTC)
    seen = []

    def enough(progress):
        seen.append(progress.done)
        return False

    async with opened("memory:", data_providers="sample") as desk:
        with pytest.raises(DataProviderError, match="NOSUCH"):
            await do(desk, Regimes(symbols=("NOSUCH", "NORSUCH")), watch=enough)
    assert seen == [1]


async def test_a_worker_of_no_queue_that_there_is_is_refused(opened):
    async with opened("memory:") as desk:
        with pytest.raises(ValidationError, match="no queue 'luck'"):
            Worker(desk, queues=("luck",))


def test_sentinels_are_asked_for_the_master_by_its_name():
    told, more = _addressed("redis+sentinel://:secret@one:26379,two:26380/main/3")
    assert told == "sentinel://:secret@one:26379/3;sentinel://:secret@two:26380/3"
    assert more == {"master_name": "main"}
    assert _addressed("redis+sentinel://one:26379/main") == ("sentinel://one:26379/0", {"master_name": "main"})
    assert _addressed("redis://one:6379/1") == ("redis://one:6379/1", {})


async def test_a_broker_that_could_not_be_told_is_left_alone_for_a_while(monkeypatch, caplog):
    broker, tried = Broker("redis://127.0.0.1:1/0"), []

    def away(queue):
        tried.append(queue)
        raise OSError("nobody listens")

    monkeypatch.setattr(broker, "_send", away)
    await broker.ring("backtests")
    await broker.ring("backtests")
    assert tried == ["backtests"]
    assert "the broker of jobs can't be told: OSError" in caplog.text


def test_a_store_that_is_away_keeps_no_worker_from_going_on(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("ara.jobs.broker._SWEEP", 0.01)
    away, looked = threading.Event(), threading.Event()
    real = Worker.begin

    async def begin(self):
        if away.is_set():
            looked.set()
            raise StoreError("The store is away.")
        return await real(self)

    monkeypatch.setattr(Worker, "begin", begin)
    monkeypatch.setattr(Worker, "one", begin)
    settings = Settings.load({"home": str(tmp_path), "store.url": "memory:", "jobs.cpus": "1"})
    with _Shore(settings, ("backtests",), lambda job: None) as shore:
        away.set()
        shore.one()
        looked.clear()
        assert looked.wait(60)
        away.clear()
        shore.one()
    assert caplog.text.count("the line of jobs can't be reached: The store is away.") >= 2
