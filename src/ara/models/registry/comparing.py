"""Models beside each other: those that were judged by the same bars can be set against each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ara import plugins
from ara.errors import NotFoundError, ValidationError
from ara.market import symbols
from ara.models.registry.card import Kept
from ara.models.registry.ranked import Ranked, ranked
from ara.models.registry.registry import Registry

__all__ = ["METRICS", "Comparison", "compared", "listed"]

METRICS: Final = ("skill", "coverage", "speed")
"""By what models are sorted: the baseline's error that was saved, how true the bands were, seconds of training."""

_OLD: Final = {"accuracy": "skill"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Models, the best first.

    Parameters
    ----------
    metric
        By what they are sorted, one of `METRICS`.
    models
        Which; those without scores come last.
    ranked
        What the model confidence set says of them; in words why it can't say anything where it can't.
    """

    metric: str
    models: Sequence[Kept]
    ranked: Ranked | str

    @property
    def same(self) -> bool:
        """Whether all were judged by the same bars."""
        return len({_held(one) for one in self.models}) <= 1

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        told = [one.as_dict() for one in self.models]
        ranks = None if isinstance(self.ranked, str) else self.ranked.as_dict()
        return {"schema": 1, "metric": self.metric, "same_hold_out": self.same, "models": told, "ranking": ranks}


def listed(own: Sequence[Kept], shipped: Sequence[Kept]) -> dict[str, Any]:
    """Give models that were trained here, and those that came with the package, as JSON has them."""
    return {"schema": 1, "models": [one.as_dict() for one in own], "shipped": [one.as_dict() for one in shipped]}


async def compared(
    registry: Registry, names: Sequence[str], *, metric: str = "skill", what: str = "metric"
) -> Comparison:
    """Compare models by how they did beside the baseline on bars that they did not know.

    Parameters
    ----------
    registry
        Where they are.
    names
        Models, or instruments, which mean all that learned from them; nothing means all there are.
    metric
        One of `METRICS`.
    what
        What errors call the metric.
    """
    by = _OLD.get(metric.strip().lower(), metric.strip().lower())
    if by == "sharpe":
        raise ValidationError("A forecast has no Sharpe ratio; a strategy has.", hint="Sort by skill or coverage.")
    if by not in METRICS:
        raise ValidationError(f"{what} is {metric!r:.40}.", hint=f"It is {', '.join(METRICS)}.")
    found = sorted(await _chosen(registry, names), key=lambda one: _rank(one, by))
    ranks = ranked(found) if len({_held(one) for one in found}) == 1 else "they were not judged by the same bars"
    if by == "skill" and isinstance(ranks, Ranked):
        found.sort(key=lambda one: ranks.names.index(one.name))
    return Comparison(metric=by, models=found, ranked=ranks)


async def _chosen(registry: Registry, names: Sequence[str]) -> list[Kept]:
    everything = await registry.all()
    found: dict[str, Kept] = {}
    for name in names:
        about = _symbol(name)
        mine = [one for one in everything if about in one.card.symbols] or [await _named(registry, name, about)]
        found.update({one.id: one for one in mine})
    chosen = list(found.values()) if names else everything
    if not chosen:
        raise NotFoundError("There is no model to compare.", hint="Train one: ara models train AAPL --model har_t")
    return chosen


async def _named(registry: Registry, name: str, about: str) -> Kept:
    """Give the model of that name; where it is none, it may be an instrument that nothing learned from yet."""
    try:
        return await registry.find(name)
    except ValidationError as error:
        meant = name.strip().lower()
        if not about or "@" in name or error.context.get("found") or meant in plugins.names("models"):
            raise
        raise NotFoundError(
            f"No model is called {name!r:.40}, and none was trained on an instrument {about} yet.",
            hint=f"Train one: ara models train {about} --model har_t. Those there are: ara models list",
        ) from error


def _symbol(name: str) -> str:
    """Give the symbol that a word may be; empty for one that can be none."""
    try:
        return symbols.normalise(name)
    except ValidationError:
        return ""


def _rank(kept: Kept, metric: str) -> tuple[bool, float]:
    """Give what sorts the best first; models without scores come last."""
    scores = kept.card.scores
    if metric == "speed":
        return False, kept.card.seconds
    if not scores:
        return True, 0.0
    if metric == "coverage":
        return False, max(abs(one.inside_80 - 0.8) for one in scores)
    return False, -sum(one.skill for one in scores) / len(scores)


def _held(kept: Kept) -> tuple[Any, ...]:
    held = kept.card.holdout
    return (kept.card.symbols, kept.card.timeframe, None if held is None else (held.cut, held.last))
