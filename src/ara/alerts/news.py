"""The events of what Ara does, as they are told: forecasts, models, jobs and faults.

What happened has happened, and was kept: where the telling fails, that is logged and nothing else is undone.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ara.alerts.publishing import publish, wanted
from ara.desk import Desk
from ara.errors import AraError
from ara.models.registry.card import Kept
from ara.prediction import Forecast
from ara.prediction.review import Review

__all__ = ["deployed", "failed", "predicted", "reviewed", "told", "trained", "worth_telling"]

_DOUBTFUL: Final = 0.8
_log = logging.getLogger(__name__)


async def told(desk: Desk, type: str, data: Mapping[str, Any], *, user: str = "", key: str = "") -> None:
    """Publish an event; see `ara.alerts.publish`. What goes wrong is logged."""
    try:
        await publish(desk, type, data, user=user, key=key)
    except AraError as error:
        _log.warning("an event %s could not be told: %s", type, error.message)


async def predicted(desk: Desk, forecasts: Sequence[Forecast], *, users: Sequence[str], key: str = "") -> None:
    """Tell users of forecasts that were made for them, and everybody of bars that they are doubtful, once.

    Parameters
    ----------
    desk
        The desk of the process.
    forecasts
        As they were kept.
    users
        Whose they are.
    key
        Of what made them, such as a job: what is done again is told once; empty tells each time.
    """
    for one in forecasts:
        for user in users:
            await told(desk, "prediction_complete", _facts(one), user=user, key=f"{key}:{one.id}" if key else "")
        if one.quality < _DOUBTFUL:
            doubt = {
                "symbol": one.instrument.symbol, "last": one.last.isoformat(), "quality": one.quality,
                "source": one.source, "warnings": list(one.warnings),
            }  # fmt: skip
            await told(desk, "data_quality_issue", doubt, key=f"{one.instrument.symbol}:{one.last}")


async def worth_telling(desk: Desk, forecasts: Sequence[Forecast]) -> bool:
    """Say whether anybody is to be told of forecasts that are nobody's but the installation's."""
    if any(one.quality < _DOUBTFUL for one in forecasts):
        return True
    return bool(forecasts) and await wanted(desk, "prediction_complete")


async def deployed(desk: Desk, change: Mapping[str, Any]) -> None:
    """Tell of a model that answers from now on, as `ara models deploy --json` has it."""
    await told(desk, "model_deployed", change)


async def reviewed(desk: Desk, found: Review) -> None:
    """Tell what a review did: a model that answers from now on, or one that was trained."""
    if not found.done or found.other is None:
        return
    now, before = found.other, found.standing.kept
    if found.deed in {"replace", "roll back"}:
        facts = {"schema": 1, "model": now.as_dict(), "before": before.as_dict(), "verdict": found.words}
        await deployed(desk, {**facts, "deed": found.deed})
    elif found.deed == "train":
        await trained(desk, now)


async def trained(desk: Desk, kept: Kept) -> None:
    """Tell of a model that was trained and is in the registry."""
    await told(desk, "model_trained", {"model": kept.name, "id": kept.id})


async def failed(desk: Desk, where: str, *, request: str, now: datetime) -> None:
    """Tell administrators that something failed inside: once a minute for each place."""
    await told(desk, "system_error", {"where": where, "request_id": request}, key=f"{where}:{now:%Y-%m-%dT%H:%M}")


def _facts(forecast: Forecast) -> dict[str, Any]:
    """Give what a receiver wants at once; the whole is at /predictions/{prediction_id}."""
    return {
        "prediction_id": forecast.id,
        "symbol": forecast.instrument.symbol,
        "as_of": forecast.as_of.isoformat(),
        "model": forecast.model,
        "close": forecast.close,
        "days": [
            {
                "day": day.number,
                "date": day.date.isoformat(),
                "price": day.price,
                "band_80": list(day.band_80),
                "p_up": day.p_up,
                "confidence": day.confidence,
            }
            for day in forecast.days
        ],
        "warnings": list(forecast.warnings),
    }
