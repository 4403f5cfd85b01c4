"""What is told of a job that ends: to its user, to all who see models, or to administrators."""

from typing import Any

from ara.alerts.news import told
from ara.desk import Desk
from ara.jobs.job import Job, State
from ara.jobs.work import Backtest, Train, Tune, words

__all__ = ["announced"]


async def announced(desk: Desk, job: Job, state: State, result: dict[str, Any], why: str) -> None:
    """Tell how a job ended, once, before that is noted: where a worker dies in between, the next one does both."""
    facts = {"job": job.number, "work": words(job.work), "state": state.value, "words": why}
    match job.work, state:
        case Backtest(), State.DONE | State.FAILED | State.CANCELLED:
            summary = {key: value for key, value in result.items() if isinstance(value, str | int | float | bool)}
            await told(desk, "backtest_complete", {**facts, "result": summary}, user=job.account, key=job.id)
        case Train() | Tune(), State.DONE if result.get("model"):
            trained = {"model": result["model"], "id": result.get("id")}
            await told(desk, "model_trained", {**facts, **trained}, key=job.id)
        case _, State.FAILED if not job.account:
            await told(desk, "system_error", facts, key=f"job:{job.id}")
