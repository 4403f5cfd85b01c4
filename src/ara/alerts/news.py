"""The events of what Ara does, as they are told: forecasts, models, jobs and faults.

What happened has happened, and was kept: where the telling fails, that is logged and nothing else is undone.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ara.alerts.publishing import publish
from ara.desk import Desk
from ara.errors import AraError
from ara.prediction import Forecast

__all__ = ["deployed", "failed", "predicted", "told"]

_DOUBTFUL: Final = 0.8
_log = logging.getLogger(__name__)


async def told(desk: Desk, type: str, data: Mapping[str, Any], *, user: str = "", key: str = "") -> None:
    """Publish an event; see `ara.alerts.publish`. What goes wrong is logged."""
    try:
        await publish(desk, type, data, user=user, key=key)
    except AraError as error:
        _log.warning("an event %s could not be told: %s", type, error.message)


async def predicted(desk: Desk, forecasts: Sequence[Forecast], *, user: str) -> None:
    """Tell a user of forecasts that were made for them, and everybody of bars that they are doubtful, once."""
    for one in forecasts:
        await told(desk, "prediction_complete", _facts(one), user=user)
        if one.quality < _DOUBTFUL:
            doubt = {
                "symbol": one.instrument.symbol, "last": one.last.isoformat(), "quality": one.quality,
                "source": one.source, "warnings": list(one.warnings),
            }  # fmt: skip
            await told(desk, "data_quality_issue", doubt, key=f"{one.instrument.symbol}:{one.last}")


async def deployed(desk: Desk, change: Mapping[str, Any]) -> None:
    """Tell of a model that answers from now on, as `ara models deploy --json` has it."""
    await told(desk, "model_deployed", change)


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
