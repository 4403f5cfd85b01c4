"""What may be tuned of a family: it says so itself, as `tunable`; or why there is nothing, as `untuned`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ara import plugins
from ara.errors import ValidationError
from ara.models.model import Model, parameters

__all__ = ["Choice", "Range", "Space", "space"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Where a parameter may lie; whole numbers where both bounds are.

    Parameters
    ----------
    low, high
        Both may be chosen.
    log
        Whether its size matters rather than its difference: 0.001 to 0.1, say.
    """

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is a whole number."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def moved(self, value: float, share: float) -> float:
        """Give a value moved by a share of the range, within its bounds."""
        there: float
        if self.log:
            there = min(max(value * float(self.high / self.low) ** share, self.low), self.high)
        else:
            there = min(max(value + share * (self.high - self.low), self.low), self.high)
        return round(there) if self.whole else there


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a parameter may be that is no number.

    Parameters
    ----------
    among
        Its values.
    """

    among: tuple[str, ...]


Space: TypeAlias = Mapping[str, Range | Choice]
"""What may be tuned of a family, by parameter."""


def space(model: Model) -> Space:
    """Give the parameters of a family that may be tuned; ValidationError says why where it has none."""
    found: Space = getattr(model, "tunable", {})
    known = parameters(model)
    unknown = [name for name in found if name not in known]
    if unknown:
        raise ValidationError(f"{model.family} says that {unknown[0]} may be tuned, which is no parameter of it")
    if not found:
        why = getattr(model, "untuned", "")
        raise ValidationError(
            f"{model.family} has nothing to tune{f': {why}' if why else ''}",
            hint=f"These have: {', '.join(_tunable()) or 'none'}.",
        )
    return found


def _tunable() -> list[str]:
    return [name for name in plugins.names("models") if getattr(plugins.load("models", name), "tunable", None)]
