"""Models ranked by what each saved day by day: which of them can't be told from the best, and what to make of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ara.models.registry.card import BASELINE, Kept, Score

__all__ = ["LEVEL", "Ranked", "ranked"]

LEVEL: Final = 0.1
"""The set holds the best with a share of 1 less this."""

_FEWEST: Final = 60
_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Models and the baseline, the best first.

    Parameters
    ----------
    horizon, days
        Bars ahead, and days of origins by which they are ranked.
    names
        What people call them; `ewma_t` is the baseline as it comes.
    baseline
        What the baseline is called among them.
    p
        By name, the level at which it would leave the set of those that can't be told from the best; 1 for the best.

    References
    ----------
    Hansen, Lunde and Nason (2011), The Model Confidence Set, Econometrica 79.
    """

    horizon: int
    days: int
    names: tuple[str, ...]
    baseline: str
    p: Mapping[str, float]

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of those that can't be told from the best, the best first."""
        return tuple(name for name in self.names if self.p[name] > LEVEL)

    @property
    def recommended(self) -> str | None:
        """The name of the one to take; None where the figures single out none that is better than the baseline."""
        alone = self.kept[0] if len(self.kept) == 1 else None
        return None if alone is None or alone == self.baseline else alone

    @property
    def words(self) -> str:
        """What to make of it."""
        best, others = self.names[0], [name for name in self.kept if name != self.names[0]]
        if best == self.baseline and not others:
            return f"None is as good as {BASELINE}: stay with it."
        if self.baseline in self.kept:
            rivals = [name for name in others if name != self.baseline]
            more = f", nor from {_listed(rivals)}" if rivals and best != self.baseline else ""
            told = "did best itself" if best == self.baseline else f"can't be told from {best}, which did best"
            return f"{BASELINE} {told}{more}: none is worth taking by these days alone."
        if not others:
            return f"Take {best}: it is told from all others, and from {BASELINE}."
        told = f"{best} did best, but can't be told from {_listed(others)}; all of these are told from {BASELINE}"
        return f"{told}. Take the simplest or quickest of them."

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "horizon": self.horizon,
            "days": self.days,
            "level": LEVEL,
            "recommended": self.recommended,
            "words": self.words,
            "entries": [{"name": one, "p": self.p[one], "in_set": one in self.kept} for one in self.names],
        }


def ranked(models: Sequence[Kept]) -> "Ranked | str":
    """Rank models that were judged by the same bars, with the baseline among them; or say why they can't be."""
    first = [one.card.scores[0] for one in models if one.card.scores]
    if len(first) < len(models) or not first:
        return "not all of them were judged"
    if any(not one.saved for one in first):
        return "not all of them say what they saved on each day: those trained by an earlier version don't"
    if len({(one.horizon, one.forecasts, len(one.saved), one.baseline) for one in first}) > 1:
        return "they were not judged by the same forecasts"
    if first[0].days < _FEWEST:
        return f"{first[0].days} days are too few to tell them apart by; {_FEWEST} are needed"
    return _ranked([one.name for one in models], first)


def _ranked(names: list[str], scores: list[Score]) -> Ranked:
    import numpy as np

    from ara.performance.snooping import model_confidence_set

    table = [-np.array(one.saved) for one in scores]
    baseline = next((name for name, one in zip(names, table, strict=True) if not one.any()), BASELINE)
    if baseline not in names:
        names, table = [*names, baseline], [*table, np.zeros(len(table[0]))]
    found = model_confidence_set(np.stack(table, axis=1), level=LEVEL)
    order = sorted(range(len(names)), key=lambda one: (found.p[one] <= LEVEL, found.losses[one], names[one]))
    return Ranked(
        horizon=scores[0].horizon,
        days=scores[0].days,
        names=tuple(names[one] for one in order),
        baseline=baseline,
        p={names[one]: found.p[one] for one in order},
    )


def _listed(names: Sequence[str]) -> str:
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
