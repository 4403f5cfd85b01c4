"""What models in the shadow would have said beside those that answered: nobody was told, and it is scored alike."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError
from ara.models.quantiles import LEVELS
from ara.models.registry import Kept as Trained
from ara.models.registry import Registry, Stage
from ara.models.registry.serving import context_of
from ara.performance import crps, inside
from ara.performance.inference import apart
from ara.prediction.compute import Recipe
from ara.prediction.ledger import Kept, Ledger
from ara.prediction.outlook import outlook
from ara.prediction.replay import recalled
from ara.prediction.standing import made
from ara.store import may_lag

__all__ = ["Challenger", "challengers"]

_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenger:
    """How a model in the shadow would have done where the ledger's forecasts were scored.

    Parameters
    ----------
    model
        Its name.
    outcomes, apart
        Of forecasts by its family that were asked after both it was made and its last bar was known; how many of them
        don't overlap.
    inside_80, served_inside_80
        Share inside its 80 % band, and inside that of the forecasts that were given.
    less
        How much less its mean error (CRPS) was than that of the forecasts that were given, as a share of that.
    """

    model: str
    outcomes: int
    apart: int
    inside_80: float
    served_inside_80: float
    less: float

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return asdict(self)


async def challengers(desk: Desk, *, replayed: bool = False) -> list[Challenger]:
    """Ask each model in the shadow for the origins of the scored forecasts of its family; those with none are left out.

    Only forecasts that were asked after it was made: what came before, whoever made it may have seen. Each is asked
    from the bars that the given one was made of. What can't be put together again is left out.

    Parameters
    ----------
    desk
        The desk of the process.
    replayed
        Whether forecasts of the past count too, made after their outcome was public.
    """
    from sqlalchemy import select

    from ara.store.scores import scores

    registry = Registry(desk)
    shadows = await registry.all(stage=Stage.SHADOW)
    if not shadows:
        return []
    families = sorted({one.family for one in shadows})
    asked = select(scores).where(scores.c.model.in_(families))
    with may_lag():
        rows: dict[str, list[_Row]] = {}
        for row in await desk.store.tables.execute(asked if replayed else asked.where(scores.c.live)):
            rows.setdefault(row["forecast_id"], []).append(dict(row))
        entries = [kept async for kept in Ledger(desk).all() if kept.id in rows]
    found = []
    async with MarketData(desk) as market:
        for one in shadows:
            pairs: list[tuple[_Row, bool, float]] = []
            for entry in entries:
                pairs += await _asked(registry, market, one, entry, rows[entry.id])
            if pairs:
                found.append(_told(one, pairs))
    return found


async def _asked(
    registry: Registry, market: MarketData, one: Trained, entry: Kept, rows: list[_Row]
) -> list[tuple[_Row, bool, float]]:
    """Give each scored day of a forecast beside what the challenger's band and error would have been."""
    forecast, card = entry.forecast, one.card
    timeframe = str(forecast.lineage.settings.get("timeframe", card.timeframe))
    symbol = forecast.instrument.symbol
    if forecast.model != one.family or symbol not in card.symbols or timeframe != card.timeframe:
        return []
    if entry.made_at < made(one) or forecast.as_of < card.trained_to or context_of(one, forecast.instrument):
        return []
    desk = registry.desk
    try:
        bars = (await recalled(desk, market, entry)).bars
        recipe = Recipe(model=one.family, seed=desk.seed, artefact=await registry.artefact(one))
        told = await desk.workers.run(outlook, bars, len(forecast.days), recipe, why=False)
    except AraError:  # what it was made of is not at hand any more
        return []
    days = {day.number: np.array([day.quantiles]) for day in told.days}
    pairs = []
    for row in rows:
        y = np.array([np.log(row["outcome"] / row["close"])])
        q = days[row["day"]]
        pairs.append((row, bool(inside(q, y, LEVELS, 0.8)[0]), float(crps(q, y, LEVELS)[0])))
    return pairs


def _told(one: Trained, pairs: list[tuple[_Row, bool, float]]) -> Challenger:
    served = float(np.mean([row["crps"] for row, _, _ in pairs]))
    own = float(np.mean([error for _, _, error in pairs]))
    return Challenger(
        model=one.name,
        outcomes=len(pairs),
        apart=apart([(row["as_of"], row["target_at"]) for row, _, _ in pairs]),
        inside_80=float(np.mean([held for _, held, _ in pairs])),
        served_inside_80=float(np.mean([bool(row["inside_80"]) for row, _, _ in pairs])),
        less=1 - own / served if served > 0 else 0.0,
    )
