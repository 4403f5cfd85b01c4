"""What is told of a job that ends, and of forecasts: to their user, to all who see models, or to administrators."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from ara.alerts.news import predicted, told
from ara.alerts.publishing import wanted
from ara.desk import Desk
from ara.errors import NotFoundError
from ara.jobs.job import Job, State
from ara.jobs.work import Backtest, Predict, Train, Tune, words
from ara.prediction import Forecast

__all__ = ["announced", "forecasts_made"]


async def announced(desk: Desk, job: Job, state: State, result: dict[str, Any], why: str) -> None:
    """Tell how a job ended, once, before that is noted: where a worker dies in between, the next one does both."""
    facts = {"job": job.number, "work": words(job.work), "state": state.value, "words": why}
    match job.work, state:
        case Backtest(), State.DONE | State.FAILED | State.CANCELLED:
            summary = {key: value for key, value in result.items() if isinstance(value, str | int | float | bool)}
            await told(desk, "backtest_complete", {**facts, "result": summary}, user=job.account, key=job.id)
        case Predict(), State.DONE:
            await forecasts_made(desk, await _kept(desk, result), account=job.account, key=job.id)
        case Train() | Tune(), State.DONE if result.get("model"):
            trained = {"model": result["model"], "id": result.get("id")}
            await told(desk, "model_trained", {**facts, **trained}, key=job.id)
        case _, State.FAILED if not job.account:
            await told(desk, "system_error", facts, key=f"job:{job.id}")


async def forecasts_made(desk: Desk, forecasts: Sequence[Forecast], *, account: str = "", key: str = "") -> None:
    """Tell of forecasts that were made and kept: their user, or administrators of those that are the installation's.

    Parameters
    ----------
    desk
        The desk of the process.
    forecasts
        As they were kept.
    account
        The user whose they are; empty for those of the command line and of the installation's own jobs.
    key
        Of the job that made them, so that each is told once; empty where none did.
    """
    users = [account] if account else []
    if not account and await wanted(desk, "prediction_complete"):
        from ara.accounts import Accounts, Role

        found = Accounts(desk).users.all(role=Role.ADMIN)
        users = [one.id async for one in found if one.disabled_at is None]
    await predicted(desk, forecasts, users=users, key=key)


async def _kept(desk: Desk, result: dict[str, Any]) -> list[Forecast]:
    """Give the forecasts that a job kept; those in a store of the process's own memory went with it."""
    from ara.prediction.ledger import Ledger

    ledger, found = Ledger(desk), list[Forecast]()
    for id in result.get("forecasts", {}).values():
        with suppress(NotFoundError):
            found.append((await ledger.show(id)).forecast)
    return found
