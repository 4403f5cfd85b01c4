"""Champions that are reviewed by a job: an old one is trained anew, or tuned by a job, and that is told."""

from datetime import UTC, datetime

import pytest

from ara.alerts import events_after
from ara.errors import ModelError
from ara.jobs import Queue, Review, Train, Tune
from ara.jobs.work import do
from ara.models.registry import Registry
from ara.models.registry.stages import deploy as crown
from ara.prediction.training import Lesson

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def hear(_):
    return True


async def champion(desk, family):
    lesson = Lesson(family=family, params={}, days=2, share=0.2, period="2y")
    told = await do(desk, Train(symbols=("AAPL",), lesson=lesson), watch=hear)
    registry = Registry(desk)
    await crown(registry, await registry.find(told["model"]), force=True)


@pytest.fixture
def sample(opened, clock, tmp_path):
    clock.instant = datetime(2020, 2, 1, tzinfo=UTC)
    return lambda: opened(f"sqlite:///{tmp_path / 'ara.db'}", data_providers="sample")


async def test_an_old_champion_is_trained_anew_and_that_is_told_beside_one_that_is_not_there(sample, clock):
    async with sample() as desk:
        with pytest.raises(ModelError, match="no champion"):
            await do(desk, Review(), watch=hear)
        await champion(desk, "ewma_t")
        clock.instant = datetime(2021, 3, 31, 22, tzinfo=UTC)
        told = (await do(desk, Review(families=("ewma_t", "drift", "ewma_t")), watch=hear))["reviews"]
        assert [(one["family"], one.get("deed"), one.get("done")) for one in told] == [
            ("ewma_t", "train", True),
            ("drift", None, None),
        ]
        assert "champion" in told[1]["error"]
        types = [one.type for one in await events_after(desk, LONG_AGO)]
        assert types.count("model_trained") == 1
        with pytest.raises(ModelError):
            await do(desk, Review(families=("drift",)), watch=hear)


async def test_an_old_champion_is_tuned_by_a_job_once_where_that_is_wanted(sample, clock):
    async with sample() as desk:
        await champion(desk, "ewma_t")
        young = (await do(desk, Review(tune=True), watch=hear))["reviews"]
        assert {one["deed"] for one in young} <= {"none", "wait"}
        clock.instant = datetime(2021, 3, 31, 22, tzinfo=UTC)
        (told,) = (await do(desk, Review(tune=True), watch=hear))["reviews"]
        assert (told["deed"], told["done"]) == ("tune", True)
        (job,) = await Queue(desk).all()
        assert isinstance(job.work, Tune)
        assert (job.work.symbols, job.work.shadow, job.work.quest.lesson.family) == (("AAPL",), True, "ewma_t")
        (again,) = (await do(desk, Review(tune=True), watch=hear))["reviews"]
        assert again["deed"] == "tune"
        assert len(await Queue(desk).all()) == 1
