"""What a portfolio may hold: each, together, how many, and how far from what is held now."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError

__all__ = ["RELAXED", "Limits", "Sum"]

_Array = NDArray[np.float64]

RELAXED: Final = ("turnover", "most", "exposures", "groups", "highest", "lowest")
"""The order in which limits give way where no weights meet all of them: what is cheapest to break comes first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sum:
    """Bounds of a weighed sum of weights: of a group, whose loads are 1, or of what is exposed to a factor.

    Parameters
    ----------
    name
        As people call it.
    loads
        How much each weight counts.
    least, most
        Bounds of the sum; infinite where there is none.
    kind
        `groups` or `exposures`: when it gives way.
    """

    name: str
    loads: _Array
    least: float = -math.inf
    most: float = math.inf
    kind: str = "groups"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """What weights have to meet.

    Parameters
    ----------
    lowest, highest
        Bounds of each weight, one for all or one for each. 0 and 1 is long only.
    invested
        The sum of the weights; what is missing to 1 is cash.
    group
        The group (sector, class) of each; empty where none is limited.
    groups
        Of a group: the least and the most that it may weigh.
    held
        What is held now: needed for `turnover`, and for costs.
    turnover
        The most that may change, as the sum of the sizes of all changes; None for no limit.
    most
        So many holdings at the most; None for no limit.
    sums
        Further sums of weights and their bounds, which may overlap: sectors beside classes, exposures to factors.
    """

    lowest: float | _Array = 0.0
    highest: float | _Array = 1.0
    invested: float = 1.0
    group: Sequence[str] = ()
    groups: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    held: _Array | None = None
    turnover: float | None = None
    most: int | None = None
    sums: tuple[Sum, ...] = ()

    def rows(self, kind: str = "") -> list[Sum]:
        """Give the bounds of sums, those of groups among them; all of them, or of one kind."""
        found = [
            Sum(name=name, loads=np.array([float(one == name) for one in self.group]), least=least, most=most)
            for name, (least, most) in self.groups.items()
        ]
        return [one for one in (*found, *self.sums) if kind in ("", one.kind)]

    def bounds(self, count: int) -> tuple[_Array, _Array]:
        """Give the lowest and the highest weight of each of so many."""
        low, high = (np.broadcast_to(np.asarray(one, np.float64), count) for one in (self.lowest, self.highest))
        return np.array(low), np.array(high)

    def check(self, count: int) -> None:
        """Refuse limits that contradict themselves, whatever the market.

        Raises
        ------
        ValidationError
            A lowest weight is above the highest, a group is unknown, a number is none.
        """
        try:
            low, high = self.bounds(count)
        except ValueError as error:
            raise ValidationError(f"The bounds are not of {count} instruments.") from error
        if not (np.isfinite(low).all() and np.isfinite(high).all() and math.isfinite(self.invested)):
            raise ValidationError("A bound is no number.")
        if (low > high).any():
            place = int(np.argmax(low > high))
            raise ValidationError(f"The lowest weight {low[place]:g} is above the highest {high[place]:g}.")
        if self.groups and len(self.group) != count:
            raise ValidationError(f"{len(self.group)} groups are named for {count} instruments.")
        for one in self.rows():
            if (
                one.kind not in ("groups", "exposures")
                or one.loads.shape != (count,)
                or not np.isfinite(one.loads).all()
            ):
                raise ValidationError(f"The loads of {one.name} are not of {count} instruments, or of no kind.")
            if not one.least <= one.most:
                raise ValidationError(f"The group {one.name} has the least {one.least:g} above the most {one.most:g}.")
        if (self.turnover is not None or self.held is not None) and (
            self.held is None or self.held.shape != (count,) or not np.isfinite(self.held).all()
        ):
            raise ValidationError("A limit of turnover needs what is held now, a weight for each.")
        if self.turnover is not None and not self.turnover >= 0:
            raise ValidationError(f"The turnover is {self.turnover}; it is at least 0.")
        if self.most is not None and self.most < 1:
            raise ValidationError(f"At most {self.most} holdings are allowed; it is at least 1.")

    def without(self, kind: str) -> "Limits":
        """Give them without one of `RELAXED`; bounds then reach as far as the whole that is invested, both ways."""
        wide = max(abs(self.invested), 1.0)
        if kind == "turnover":
            return replace(self, turnover=None)
        if kind == "most":
            return replace(self, most=None)
        if kind in ("groups", "exposures"):
            kept = tuple(one for one in self.sums if one.kind != kind)
            return replace(self, groups={} if kind == "groups" else self.groups, sums=kept)
        return replace(self, highest=wide) if kind == "highest" else replace(self, lowest=-wide)

    def loosened(self, kind: str, by: float, *, across: bool = False) -> "Limits":
        """Give them with one of `RELAXED`, but not `most`, wider by so much.

        Bounds of single weights that forbid to be short, or to hold at all, go on to do so, unless `across` is true.
        """
        if kind == "turnover" and self.turnover is not None:
            return replace(self, turnover=self.turnover + by)
        if kind in ("groups", "exposures"):
            sums = tuple(_wider(one, by) if one.kind == kind else one for one in self.sums)
            widened = {name: (least - by, most + by) for name, (least, most) in self.groups.items()}
            return replace(self, groups=widened if kind == "groups" else self.groups, sums=sums)
        bound = np.asarray(self.highest if kind == "highest" else -np.asarray(self.lowest), np.float64)
        wide = bound + by if across else np.where(bound > 0, bound + by, np.minimum(bound + by, 0.0))
        return replace(self, highest=wide) if kind == "highest" else replace(self, lowest=-wide)

    def only(self, kept: NDArray[np.bool_]) -> "Limits":
        """Give them with all but some held at 0, and no limit to their number."""
        low, high = self.bounds(len(kept))
        return replace(self, lowest=np.where(kept, low, 0.0), highest=np.where(kept, high, 0.0), most=None)

    def among(self, kept: NDArray[np.bool_]) -> "Limits":
        """Give those of some instruments, where nothing is held of the others, nor has to be."""
        low, high = self.bounds(len(kept))
        return replace(
            self,
            lowest=low[kept],
            highest=high[kept],
            group=[name for name, here in zip(self.group, kept, strict=True) if here] if self.groups else (),
            held=None if self.held is None else self.held[kept],
            sums=tuple(replace(one, loads=one.loads[kept]) for one in self.sums),
        )

    def binding(self, weights: _Array, names: Sequence[str] = ()) -> tuple[str, ...]:
        """Name the limits that weights reach, in words."""
        low, high = self.bounds(len(weights))
        called = list(names) or [f"#{place}" for place in range(len(weights))]
        near = 1e-5
        found = [f"{called[k]} at most {high[k]:.4g}" for k in np.flatnonzero(weights >= high - near) if high[k] > 0]
        # that nothing is sold short is no news
        found += [f"{called[k]} at least {low[k]:g}" for k in np.flatnonzero(weights <= low + near) if low[k]]
        for one in self.rows():
            whole = float(one.loads @ weights)
            found += [f"{one.name} at most {one.most:.4g}"] if whole >= one.most - near else []
            found += [f"{one.name} at least {one.least:g}"] if whole <= one.least + near and one.least != 0 else []
        if self.turnover is not None and self.held is not None:
            moved = float(np.abs(weights - self.held).sum())
            found += [f"turnover at most {self.turnover:.4g}"] if moved >= self.turnover - near else []
        if self.most is not None and int((np.abs(weights) > near).sum()) >= self.most:
            found.append(f"at most {self.most} holdings")
        return tuple(found)


def _wider(one: Sum, by: float) -> Sum:
    return replace(one, least=one.least - by, most=one.most + by)
