"""Which model a forecast is asked of, and what its reader should know of the choice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from ara import plugins
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, ValidationError
from ara.market.bars import Bars
from ara.market.timeframe import DAY
from ara.models.registry.card import BASELINE, Kept
from ara.models.registry.loading import Artefact
from ara.models.registry.registry import Registry
from ara.models.registry.serving import Choice, champion_for, named
from ara.prediction.compute import Recipe
from ara.prediction.forecast import Forecast
from ara.prediction.widening import HELD, is_held

__all__ = ["AUTO", "BEST", "Asked", "beside", "choose", "meant", "trained"]

AUTO: Final = "auto"
"""The name that leaves the choice to Ara."""

BEST: Final = "fast"
"""The family that is asked then: its champion, or what came with the package, but no fit, which takes a while.

Where none of those may, the baseline answers; where one is damaged or not trusted, and no other may, it is fitted."""

_FEW = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is asked.

    Parameters
    ----------
    recipe
        Which model answers.
    choice
        Why.
    """

    recipe: Recipe
    choice: Choice

    def told(self, forecast: Forecast, context: Sequence[Bars]) -> Forecast:
        """Give the forecast with what its reader should know of the choice."""
        warnings, degraded = dict.fromkeys(forecast.warnings), dict.fromkeys(forecast.degraded)
        if self.choice.broken and is_held(forecast):
            degraded[f"{self.choice.words.rstrip('.')}; its bands are {HELD}."] = None
        elif self.choice.words:
            (degraded if self.choice.broken else warnings)[self.choice.words] = None
        if len(context) < _FEW * len(self.choice.context):
            known = len(self.choice.context)
            words = f"the model looks at {known} other instruments, and {len(context)} of them are known here"
            warnings[words] = None
        return replace(forecast, warnings=tuple(warnings), degraded=tuple(degraded))


async def choose(desk: Desk, name: str, bars: Bars, *, days: int) -> Asked:
    """Choose by a name: of a family, whose champion answers where it may, or of a trained model, which must.

    `auto` asks the family `fast`, and `ewma_t` where `fast` would have to be fitted first, unless that is because
    something is damaged: then the order is that of `fast` by its name.
    """
    if not len(bars):
        return Asked(recipe=Recipe(model=BASELINE if name == AUTO else name, seed=desk.seed), choice=Choice())
    origin: datetime = bars.frame["known_at"][-1]
    step = str(bars.timeframe)
    if name == AUTO:
        choice = await champion_for(
            Registry(desk), BEST, bars.instrument, timeframe=step, days=days, origin=origin, instead=BASELINE
        )
        family = BEST if choice.artefact or choice.broken else BASELINE
        choice = _with_way(choice, bars, origin) if family == BASELINE else choice
        return Asked(recipe=Recipe(model=family, seed=desk.seed, artefact=choice.artefact), choice=choice)
    if name in plugins.names("models"):
        choice = await champion_for(Registry(desk), name, bars.instrument, timeframe=step, days=days, origin=origin)
        return Asked(recipe=Recipe(model=name, seed=desk.seed, artefact=choice.artefact), choice=choice)
    kept = await _kept(desk, name)
    choice = await named(Registry(desk), kept, bars.instrument, timeframe=step, days=days, origin=origin)
    return Asked(recipe=Recipe(model=kept.family, seed=desk.seed, artefact=choice.artefact), choice=choice)


def _with_way(choice: Choice, bars: Bars, origin: datetime) -> Choice:
    """Add how to have bars answered by more than the baseline, where they are no days, which all else learned from.

    A fit needs bars that were known as the month began.
    """
    month = origin.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if not choice.words or bars.timeframe == DAY or bars.frame["known_at"][0] >= month:
        return choice
    way = f'--model {BEST} (over HTTP "model": "{BEST}") is fitted on bars of {bars.timeframe}, in some seconds'
    return replace(choice, words=f"{choice.words}; {way}")


async def trained(desk: Desk, name: str) -> Artefact | None:
    """Give the trained model that a name means, after it was checked; None where the name is a family's."""
    if name in plugins.names("models"):
        return None
    return await Registry(desk).artefact(await _kept(desk, name))


async def meant(desk: Desk, name: str | None = None) -> tuple[str, Artefact | None]:
    """Give the name that many forecasts from files are asked of, and the trained model that it means, if it means one.

    Without a name it is that of the settings; `auto` is the family `fast`, fitted on what the files held at each
    month: a model that came with Ara would refuse all origins of before its last bar.
    """
    chosen = name or desk.settings.prediction.model
    chosen = BEST if chosen == AUTO else chosen
    return chosen, await trained(desk, chosen)


async def _kept(desk: Desk, name: str) -> Kept:
    try:
        return await Registry(desk).find(name)
    except ValidationError:
        if "@" not in name:
            plugins.load("models", name)  # says which families there are
        raise


async def beside(market: MarketData, symbols: Sequence[str], bars: Bars, *, learned: datetime | None) -> list[Bars]:
    """Give the bars of other instruments that were known at the last of these; those that nobody has are left out."""
    found = []
    for symbol in symbols:
        try:
            instrument = await market.instrument(symbol)
            others = await market.bars(instrument, bars.timeframe, as_of=bars.frame["known_at"][-1], learned=learned)
        except AraError:
            continue
        if len(others):
            found.append(others)
    return found
