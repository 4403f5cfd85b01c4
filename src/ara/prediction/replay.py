"""A kept forecast computed again, offline, from what was known when it was made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, DataProviderError, ModelError, ValidationError
from ara.lineage import canonical
from ara.market.bars import Bars
from ara.models.form import Form
from ara.models.registry.registry import Registry
from ara.models.registry.serving import context_of
from ara.prediction.chosen import beside
from ara.prediction.compute import ENGINE, Recipe, platform_facts
from ara.prediction.document import to_document
from ara.prediction.forecast import Forecast
from ara.prediction.ledger import Kept, Ledger
from ara.prediction.outlook import data_digest, outlook

__all__ = ["NEAR", "Difference", "Made", "Replay", "recalled", "replay"]

NEAR: Final = 1e-6
"""How far log returns may lie apart on another platform: other wheels, or a processor with other instructions."""

_BACK: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was.

    Parameters
    ----------
    part
        `data`, `model`, `settings`, `engine`, `platform` or `figures`.
    words
        What differs, in a sentence.
    """

    part: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a kept forecast was made of, put together again.

    Parameters
    ----------
    bars, context
        The instrument's bars as they were known, and those of others that its model looks at.
    recipe
        Which model answers.
    days
        Bars ahead.
    failed
        How many links of the chain had failed before this model answered.
    why
        Whether it was explained.
    without
        Of `calibration`, `reasons` and `regime` those that had failed too, beside `failed`.
    held
        Whether its bands were held at least as wide as those of the baseline.
    """

    bars: Bars
    context: tuple[Bars, ...]
    recipe: Recipe
    days: int
    failed: int = 0
    why: bool = True
    without: frozenset[str] = frozenset()
    held: bool = False

    def forecast(self) -> Forecast:
        """Compute the forecast: by the one function that every forecast comes from."""
        return outlook(
            self.bars,
            self.days,
            self.recipe,
            context=self.context,
            failed=self.failed,
            why=self.why,
            without=self.without,
            stand_in=self.held,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A kept forecast beside the same one computed anew.

    Parameters
    ----------
    kept
        As the ledger has it.
    forecast
        As it comes out now; None where it can't be computed again.
    same
        Whether all bytes are the same.
    gap
        The largest distance of two log returns; None where there is nothing to compare.
    differences
        What is not as it was; empty where all bytes are the same.
    """

    kept: Kept
    forecast: Forecast | None
    same: bool
    gap: float | None
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """Whether it is the same forecast: every byte, or on another platform every figure to `NEAR`."""
        near = self.gap is not None and self.gap <= NEAR and {one.part for one in self.differences} == {"platform"}
        return self.same or near

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "id": self.kept.id,
            "again": None if self.forecast is None else self.forecast.id,
            "same": self.same,
            "ok": self.ok,
            "gap": self.gap,
            "differences": [{"part": one.part, "words": one.words} for one in self.differences],
            "forecast": None if self.forecast is None else to_document(self.forecast),
        }


async def replay(desk: Desk, prefix: str) -> Replay:
    """Compute a kept forecast again from what was known and learned when it was made; nothing is fetched.

    What the reader was told about the moment of asking (`warnings`, `degraded`) follows from no figure and stands
    outside the id, so it is taken from the ledger.

    Parameters
    ----------
    desk
        The desk of the process.
    prefix
        The first characters of the forecast's id.

    Raises
    ------
    ValidationError
        No forecast's id, or more than one, begins so.
    """
    kept = await Ledger(desk).show(prefix)
    try:
        async with MarketData(desk) as market:
            made = await recalled(desk, market, kept)
        told = await desk.workers.run(made.forecast)
    except AraError as error:
        gone = Difference(part=str(error.context.get("part", "model")), words=error.message)
        return Replay(kept=kept, forecast=None, same=False, gap=None, differences=(gone, *_elsewhere(kept)))
    again = replace(told, warnings=kept.forecast.warnings, degraded=kept.forecast.degraded)
    same = canonical(to_document(again)) == canonical(to_document(kept.forecast))
    found = () if same else _differences(kept, again)
    return Replay(kept=kept, forecast=again, same=same, gap=_gap(kept.forecast, again), differences=found)


async def recalled(desk: Desk, market: MarketData, kept: Kept) -> Made:
    """Put together again what a kept forecast was made of: the model by its id, the bars by their digest.

    Raises
    ------
    AraError
        The model or the bars are not there any more as they were; `part` of its context says which.
    """
    recipe, names = await _recipe(desk, kept.forecast)
    bars, context = await _bars(market, kept, names)
    settings = kept.forecast.lineage.settings
    lost = _without(settings)
    return Made(
        bars=bars,
        context=context,
        recipe=recipe,
        days=len(kept.forecast.days),
        failed=int(settings.get("failed", 0)) - ("calibration" in lost) - ("reasons" in lost),
        why=bool(settings.get("reasons", True)),
        without=lost,
        held=bool(settings.get("held")),
    )


def _without(settings: Mapping[str, Any]) -> frozenset[str]:
    """Give the links that a lineage says were done without: `outlook` counts them among the failed itself."""
    untold = int(settings.get("untold", 0))
    failed = {"calibration": settings.get("uncalibrated"), "reasons": untold, "regime": untold > 1}
    return frozenset(name for name, lost in failed.items() if lost)


async def _recipe(desk: Desk, forecast: Forecast) -> tuple[Recipe, tuple[str, ...]]:
    """Give the recipe that a lineage tells of, and the other instruments that its model looks at."""
    lineage = forecast.lineage
    told = lineage.models.get(forecast.model, {})
    recipe = Recipe(model=forecast.model, seed=lineage.seed)
    if "artefact" not in told:
        return recipe, ()
    registry = Registry(desk)
    try:
        kept = await registry.find(told["artefact"])
    except ValidationError:
        name = f"{forecast.model} {told['artefact'][:8]}"
        raise ModelError(f"the trained model {name} is not here any more", part="model") from None
    form = Form(**{name: told[name] for name in ("precision", "device") if name in told})
    artefact = replace(await registry.artefact(kept), form=form)
    return replace(recipe, artefact=artefact), context_of(kept, forecast.instrument)


async def _bars(market: MarketData, kept: Kept, names: Sequence[str]) -> tuple[Bars, tuple[Bars, ...]]:
    """Give the bars whose digest the lineage cites: as learned when it was made, or at the last moment before.

    A forecast may have been asked for with an earlier knowledge (`learned`); so the view is taken back, one thing that
    was learned after the other, until the digest is the one that was cited.
    """
    forecast, bound = kept.forecast, kept.made_at
    step = forecast.timeframe
    for _ in range(_BACK):
        try:
            bars = await market.bars(forecast.instrument, step, as_of=forecast.as_of, learned=bound)
        except DataProviderError:
            break
        if bars.frame["known_at"][-1] != forecast.as_of:
            break
        context = tuple(await beside(market, names, bars, learned=bound))
        if data_digest(bars, context) == forecast.lineage.data:
            return bars, context
        bound = _latest(bars, *context) - timedelta.resolution
    raise DataProviderError(
        f"the bars that it was made of, up to {forecast.as_of:%Y-%m-%d %H:%M} UTC, are not here as they were",
        hint="They are kept in the lake, or come with the source that gave them: ara data list",
        part="data",
    )


def _latest(*series: Bars) -> datetime:
    found: datetime = max(one.frame["learned_at"].max() for one in series)  # type: ignore[type-var,assignment]
    return found


def _differences(kept: Kept, again: Forecast) -> tuple[Difference, ...]:
    """Say what differs between a kept forecast and its replay, the causes before the figures.

    Of the data nothing can: bars whose digest is another one are not taken.
    """
    was, now = kept.forecast.lineage, again.lineage
    found = []
    if was.models != now.models:
        found.append(Difference(part="model", words=_told_model(was.models, now.models)))
    if was.settings != now.settings:
        found.append(Difference(part="settings", words=f"settings were {dict(was.settings)}"))
    found += _elsewhere(kept)
    gap = _gap(kept.forecast, again)
    if gap:
        found.append(Difference(part="figures", words=f"log returns lie up to {gap:.3g} apart"))
    if not found:
        found.append(Difference(part="figures", words="what is told beside the bands is not the same"))
    if gap is not None and gap <= NEAR and any(one.part == "platform" for one in found):
        found = [one for one in found if one.part != "figures"]
    return tuple(found)


def _told_model(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    for name, old in was.items():
        new = now.get(name, {})
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        if keys:
            return f"{name} is not the same in {' and '.join(sorted(keys))}"
    return "another model answers"


def _elsewhere(kept: Kept) -> list[Difference]:
    """Say whether the arithmetic or the machine is another one."""
    lineage, here = kept.forecast.lineage, platform_facts()
    found = []
    if lineage.engine != ENGINE:
        words = f"made by version {lineage.engine} of the arithmetic, here is {ENGINE}"
        found.append(Difference(part="engine", words=words))
    if others := [
        f"{name} {old}, here {here.get(name, 'none')}"
        for name, old in lineage.platform.items()
        if here.get(name) != old
    ]:
        found.append(Difference(part="platform", words=f"made on {'; '.join(others)}"))
    return found


def _gap(one: Forecast, two: Forecast) -> float | None:
    pairs = zip(one.days, two.days, strict=False)
    gaps = [abs(a - b) for day, other in pairs for a, b in zip(day.quantiles, other.quantiles, strict=True)]
    return max(gaps, default=None)
