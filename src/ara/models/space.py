"""What may be tuned of a family: it says so itself, as `tunable`."""

from collections.abc import Mapping
from dataclasses import dataclass

from ara import plugins
from ara.errors import ValidationError
from ara.models.model import Model, described

__all__ = ["Range", "space"]


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


def space(model: Model) -> Mapping[str, Range]:
    """Give the parameters of a family that may be tuned; ValidationError where it has none."""
    found: Mapping[str, Range] = getattr(model, "tunable", {})
    known = described(model)["params"]
    unknown = [name for name in found if name not in known]
    if unknown:
        raise ValidationError(f"{model.family} says that {unknown[0]} may be tuned, which is no parameter of it")
    if not found:
        raise ValidationError(
            f"{model.family} has nothing to tune",
            hint=f"These have: {', '.join(_tunable()) or 'none'}.",
        )
    return found


def _tunable() -> list[str]:
    return [name for name in plugins.names("models") if getattr(plugins.load("models", name), "tunable", None)]
