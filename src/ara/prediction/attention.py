"""Where the networks behind a forecast looked: the attention map of each, bar by bar."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.market.calendar import calendar
from ara.models.ensemble.model import FittedEnsemble
from ara.models.inputs import attached
from ara.models.model import Fitted
from ara.models.panel import Panel
from ara.models.registry.loading import load_artefact
from ara.prediction.compute import family
from ara.prediction.ledger import Kept, Ledger
from ara.prediction.replay import Made, recalled

if TYPE_CHECKING:
    from ara.models.served import Served

__all__ = ["Attention", "attention", "attention_of", "looked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Where one network looked when it answered.

    Parameters
    ----------
    network
        Its family, with that of the ensemble before it where it is a member: `full/cnn_lstm`.
    names
        Of who looked: heads counted from 1, horizons (`5 ahead`), or `all`.
    dates
        Labels of the bars of its window, oldest first, on the venue's calendar.
    weights
        `[who][bar]`: how much each looked at each bar; each row sums to 1.
    """

    network: str
    names: tuple[str, ...]
    dates: tuple[date, ...]
    weights: tuple[tuple[float, ...], ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """Give how much all of them together looked at each bar, oldest first; it sums to 1."""
        whole = np.array(self.weights).mean(axis=0)
        return tuple((whole / whole.sum()).tolist())

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "network": self.network,
            "names": list(self.names),
            "dates": [one.isoformat() for one in self.dates],
            "weights": [list(row) for row in self.weights],
        }


async def attention(desk: Desk, prefix: str) -> list[Attention]:
    """Give where the networks looked that a kept forecast comes from; empty where none of them says so.

    It is computed again from what the forecast was made of, offline. Attention says where a network looked; what moved
    it, the reasons say.

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
    AraError
        The model or the bars are not there any more as they were.
    """
    return await attention_of(desk, await Ledger(desk).show(prefix))


async def attention_of(desk: Desk, kept: Kept) -> list[Attention]:
    """Give what `attention` gives of a forecast with its place in the ledger.

    A network that was fitted for this forecast alone is not fitted again: only trained models are asked.
    """
    if "artefact" not in kept.forecast.lineage.models.get(kept.forecast.model, {}):
        return []
    async with MarketData(desk) as market:
        made = await recalled(desk, market, kept)
    return await desk.workers.run(looked, made)


def looked(made: Made) -> list[Attention]:
    """Give where the trained networks looked that answer for the last bar of what a forecast was made of."""
    if made.recipe.artefact is None:
        return []
    from ara.models.reasons.paths import looks  # graphs take long to import, and most models have none

    fitted, found = load_artefact(made.recipe.artefact), []
    panel = attached(Panel.build([made.bars, *made.context], range(1, made.days + 1)), family(made.recipe))
    _, end = panel.span(panel.symbols.index(made.bars.instrument.symbol))
    sessions = calendar(made.bars.instrument.calendar)
    for name, served in _networks(made.recipe.model, fitted):
        look = looks(served, panel, end - 1)
        if look is None:
            continue
        labels = [sessions.dated(at) for at in made.bars.frame["at"].tail(look.weights.shape[1])]
        rows = tuple(tuple(row.tolist()) for row in look.weights[:, -len(labels) :])
        found.append(Attention(network=name, names=look.names, dates=tuple(labels), weights=rows))
    return found


def _networks(name: str, fitted: Fitted) -> "Iterator[tuple[str, Served]]":
    """Give the graphs with a window among what answers, each with its name."""
    from ara.models.served import Served

    if isinstance(fitted, FittedEnsemble):
        for member, one in fitted.fitted.items():
            yield from _networks(f"{name}/{member}", one)
    elif isinstance(fitted, Served) and fitted.head.window:
        yield name, fitted
