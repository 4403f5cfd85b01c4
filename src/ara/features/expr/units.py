"""How a figure moves when prices or volumes are counted in another unit."""

import math
from dataclasses import dataclass
from typing import Final

from ara.features.indicator import Scale

__all__ = ["FREE", "PRICE", "VOLUME", "Unit"]

_Pair = tuple[float, float]

_NONE: Final[_Pair] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Unit:
    """A figure's dependence on the units of price and volume.

    Parameters
    ----------
    power
        Counted in units k and m times smaller, the figure is k ** power[0] * m ** power[1] times as large; NaN where
        that isn't known.
    shift
        It grows by shift[0] * log(k) + shift[1] * log(m) besides, as a logarithm of a price does.
    mixed
        It is none of that, as the sum of a price and a number.
    """

    power: _Pair = _NONE
    shift: _Pair = _NONE
    mixed: tuple[bool, bool] = (False, False)

    @property
    def free(self) -> bool:
        """Whether it does not depend on units at all."""
        return self.power == _NONE and self.shift == _NONE and not any(self.mixed)

    @property
    def scale(self) -> Scale:
        """What a spec says of it: `price` and `volume` where it grows in step with one alone, `mixed` for all else."""
        if self.free:
            return Scale.FREE
        if any(self.mixed) or self.shift != _NONE:
            return Scale.MIXED
        return {PRICE.power: Scale.PRICE, VOLUME.power: Scale.VOLUME}.get(self.power, Scale.MIXED)

    def times(self, other: "Unit", sign: float = 1.0) -> "Unit":
        """Give the unit of the product; of the quotient, with sign -1."""
        if any(self.mixed) or any(other.mixed) or self.shift != _NONE or other.shift != _NONE:
            return self.lost(other)
        return Unit((self.power[0] + sign * other.power[0], self.power[1] + sign * other.power[1]))

    def to_power(self, exponent: float) -> "Unit":
        """Give the unit of a power."""
        if any(self.mixed) or self.shift != _NONE:
            return self.lost()
        return Unit((self.power[0] * exponent, self.power[1] * exponent))

    def by_number(self, factor: float) -> "Unit":
        """Give the unit of a multiple."""
        return Unit(self.power, (self.shift[0] * factor, self.shift[1] * factor), self.mixed)

    def plus(self, other: "Unit", sign: float = 1.0) -> "Unit":
        """Give the unit of the sum; of the difference, with sign -1."""
        if any(self.mixed) or any(other.mixed) or not self._as_strong(other):
            return self.lost(other)
        if self.shift == _NONE == other.shift:
            return self
        if self.power != _NONE:
            return self.lost(other)
        return Unit(_NONE, (self.shift[0] + sign * other.shift[0], self.shift[1] + sign * other.shift[1]))

    def beside(self, other: "Unit") -> "Unit":
        """Give the unit of what is one or the other, as the larger of two."""
        return self if self.same(other) else self.lost(other)

    def same(self, other: "Unit") -> bool:
        """Say whether both move alike, so that which is larger depends on no unit."""
        return self == other and not any(self.mixed) and not any(map(math.isnan, self.power))

    def log(self) -> "Unit":
        """Give the unit of the logarithm."""
        if any(self.mixed) or self.shift != _NONE or any(map(math.isnan, self.power)):
            return self.lost()
        return Unit(_NONE, self.power)

    def ranked(self) -> "Unit":
        """Give the unit of what compares a figure with itself at other times."""
        return FREE if self.same(self) else self.lost()

    def spread(self) -> "Unit":
        """Give the unit of a difference of two of its values."""
        return FREE if self.shift != _NONE and not any(self.mixed) else self

    def _as_strong(self, other: "Unit") -> bool:
        """Say whether the powers are the same, or neither is known."""
        known = (math.isnan(one) and math.isnan(two) for one, two in zip(self.power, other.power, strict=True))
        return all(one == two or both for one, two, both in zip(self.power, other.power, known, strict=True))

    def lost(self, other: "Unit | None" = None) -> "Unit":
        """Give the unit of what depends on units in no simple way; what depends on none stays free of them."""
        parts = [self] if other is None else [self, other]
        touched = [any(one.mixed[i] or one.power[i] != 0 or one.shift[i] != 0 for one in parts) for i in (0, 1)]
        return Unit(mixed=(touched[0], touched[1]))


FREE: Final = Unit()
"""A number without a unit."""

PRICE: Final = Unit((1.0, 0.0))
"""A price."""

VOLUME: Final = Unit((0.0, 1.0))
"""A volume."""
