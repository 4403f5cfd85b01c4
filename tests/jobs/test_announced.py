import json
from datetime import UTC, datetime

import pytest

from ara.alerts import events_after
from ara.jobs.announced import announced
from ara.jobs.job import Job, State
from ara.jobs.work import Backtest, Score, Train
from ara.prediction.training import Lesson

EARLY = datetime(2000, 1, 1, tzinfo=UTC)
TRAIN = Train(symbols=("AAPL",), lesson=Lesson(family="ridge", params={}, days=5))


def job(work, account="u_a"):
    now = datetime(2024, 1, 2, 12, tzinfo=UTC)
    return Job(id="7", number=7, work=work, account=account, due=now, made_at=now)


BACKTEST = Backtest(symbols=("AAPL",))


@pytest.mark.parametrize(
    ("work", "account", "state", "result", "told"),
    [
        (TRAIN, "u_a", State.DONE, {"model": "ridge@2", "id": "ab"}, "model_trained"),
        (TRAIN, "u_a", State.DONE, {"model": None}, None),
        (TRAIN, "u_a", State.FAILED, {}, None),
        (TRAIN, "", State.FAILED, {}, "system_error"),
        (Score(), "", State.FAILED, {}, "system_error"),
        (Score(), "", State.DONE, {"model": "x"}, None),
        (BACKTEST, "u_a", State.DONE, {"id": "ab", "curve": [1, 2]}, "backtest_complete"),
        (BACKTEST, "u_a", State.FAILED, {}, "backtest_complete"),
        (BACKTEST, "", State.DONE, {}, None),
    ],
)
async def test_how_a_job_ended_is_told_once_to_whom_it_concerns(opened, work, account, state, result, told):
    async with opened("memory:") as desk:
        for _ in range(2):  # a worker that died before it noted the end, and the next one
            await announced(desk, job(work, account), state, result, "the words")
        found = await events_after(desk, EARLY)
    assert [one.type for one in found] == ([] if told is None else [told])
    for one in found:
        data = json.loads(one.body)["data"]
        assert (one.user, data["job"]) == ("u_a" if told == "backtest_complete" else "", 7)
        assert "curve" not in data.get("result", {})
