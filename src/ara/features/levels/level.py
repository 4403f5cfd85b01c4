"""One price that matters, as a person reads it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Kind", "Level"]

Kind = Literal["cluster", "fibonacci", "pivot", "volume"]
"""Where a level comes from: turns of the price, ratios of a swing, the period before, the volume traded there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A price at which something may happen, and why.

    Parameters
    ----------
    kind
        Where it comes from.
    name
        What it is called: `R1`, `38.2 %`, `turns`, `point of control`.
    price
        The level.
    low, high
        The band it stands for; both the price where it is a line.
    strength
        0 to 1: how much the turns near it weigh. Each turn of the last bars within reach counts by how far the price
        went from it in the 10 bars after, in mean true ranges, 4 and more counting fully, and half as much for every
        half window of age; the sum s gives 1 - exp(-s / 2). Not a chance.
    touches
        Turns of the last bars within reach of it.
    known_at
        The bar at whose close it could be told.
    since
        The first bar that it comes from.
    words
        What it is, in a sentence.
    """

    kind: Kind
    name: str
    price: float
    low: float
    high: float
    strength: float
    touches: int
    known_at: int
    since: int
    words: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)
