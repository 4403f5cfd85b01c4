"""What a model's bands rest on in each state of a market: reasons of many bars, averaged state by state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import ModelError
from ara.market.bars import Bars
from ara.models.fits import fit_until
from ara.models.inputs import attached
from ara.models.months import month_of
from ara.models.panel import Panel
from ara.models.reasons import Told, of_model
from ara.models.reasons.by_state import Importance, importance
from ara.models.regimes import STATES, Standing
from ara.prediction.chosen import beside, choose
from ara.prediction.compute import Recipe, family, served

__all__ = ["HORIZONS", "Resting", "rests_on", "weighed"]

HORIZONS: Final = (1, 5, 21)
"""Bars ahead of which is told."""

_APART: Final = 21
_MOST: Final = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """What the bands of one model rest on.

    Parameters
    ----------
    model
        That was asked: of a trained one, with the first characters of its id.
    found
        How much each part moves them.
    notes
        What is to be said of the choice of the model.
    """

    model: str
    found: Importance
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it: by how much each input moves the band, either way, as a share of its width."""
        shares = [np.expm1(one) for one in (*self.found.apart, self.found.pooled)]
        return {
            "model": self.model,
            "bars": self.found.count,
            "effective": dict(zip(STATES, self.found.effective.tolist(), strict=True)),
            "inputs": [
                {
                    "name": name,
                    "horizon": horizon,
                    **{where: float(one[part, place]) for where, one in zip((*STATES, "all"), shares, strict=True)},
                }
                for part, name in enumerate(self.found.names)
                for place, horizon in enumerate(HORIZONS)
            ],
            "notes": list(self.notes),
        }


async def rests_on(desk: Desk, market: MarketData, seen: Standing, name: str) -> Resting:
    """Tell what a model's bands rest on in each state that a market was in; see `weighed`.

    Parameters
    ----------
    desk, market
        Of the process, and where the bars of others come from that the model looks at.
    seen
        How the market stands, with its states bar by bar.
    name
        Of a family, or of a trained model.
    """
    asked = await choose(desk, name, seen.bars, days=HORIZONS[-1])
    others = await beside(market, asked.choice.context, seen.bars, learned=None)
    states = np.where((seen.history.states >= 0)[:, None], seen.history.probabilities, np.nan)
    found = await desk.workers.run(weighed, seen.bars, list(others), asked.recipe, states, seen.history.inputs.known_at)
    artefact = asked.recipe.artefact
    told = f"{asked.recipe.model} ({artefact.id[:8]})" if artefact else asked.recipe.model
    return Resting(model=told, found=found, notes=(asked.choice.words,) if asked.choice.words else ())


def weighed(
    bars: Bars, context: Sequence[Bars], recipe: Recipe, states: NDArray[np.float64], known_at: NDArray[np.int64]
) -> Importance:
    """Take the model's answers for bars a month apart to pieces, and average the pieces state by state.

    The model is the one that answers for the last bar, so earlier bars are told of as it sees them now.

    Parameters
    ----------
    bars
        Of the instrument, daily.
    context
        Of others, for a model that looks at them.
    recipe
        Which model.
    states, known_at
        `[bar, state]`: how likely each state was by what was known then, NaN where none can be told; and when that was.

    Raises
    ------
    ModelError
        The model has no answer of its own for any of those bars.
    """
    model = family(recipe)
    recipe = recipe if recipe.artefact else replace(recipe, made=model)
    panel = attached(Panel.build([bars, *context], HORIZONS), model)
    first, end = panel.span(panel.symbols.index(bars.instrument.symbol))
    last = int(panel.known_at[end - 1])
    fitted = served(panel, np.array([end - 1]), recipe.artefact) or fit_until(
        model, panel, month_of(last), seed=recipe.seed
    )
    told, belongs = list[Told](), list[NDArray[np.float64]]()
    for row in range(end - 1, first, -_APART):
        place = int(np.searchsorted(known_at, panel.known_at[row]))
        if len(told) == _MOST or place == len(known_at) or not np.isfinite(states[place]).all():
            continue
        one = of_model(recipe.model, fitted, panel, row)
        if np.isfinite(one.width).all() and all(np.isfinite(part).all() for part in one.parts.values()):
            told.append(one)
            belongs.append(states[place])
    if not told:
        raise ModelError(f"{recipe.model} has no answer of its own for any bar of {bars.instrument.symbol}")
    return importance(told, np.stack(belongs))
