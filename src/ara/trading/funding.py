"""Funding of perpetual coins: what one side of the market pays the other to keep their price at that of the coin.

It is due at 00, 08 and 16 hours UTC, as on the large venues, or when facts say. It is charged by the bar: what falls
due between two bars on what was held then, what falls due within one by its close. Whether a position was still held at
the moment when it fell due nobody knows of a bar in which it changed, so the worse of both counts.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ara.errors import ValidationError
from ara.market.instrument import AssetClass
from ara.trading.costs import Costs
from ara.trading.tape import Tape

__all__ = ["Dues", "due", "dues", "facts", "funded"]

_EIGHT_HOURS: Final = 8 * 3_600_000_000
_MOST: Final = 1.0
_EXACT: Final = 15  # digits, so that sums of rates are those that are written down

Dues = tuple[list[float], list[float]]
"""For each bar the sum of the rates that fall due before it opens, after the last one was over, and within it."""


def funded(tape: Tape, costs: Costs) -> bool:
    """Say whether holding an instrument is paid for or brings anything: it is a coin with facts or a stated rate."""
    return tape.funding is not None or (costs.funding != 0 and tape.instrument.asset_class is AssetClass.CRYPTO)


def dues(tape: Tape, costs: Costs) -> Dues | None:
    """Give what falls due at each bar of a tape, as shares of a position's value; None where nothing ever does."""
    if not funded(tape, costs):
        return None
    opened, known = np.array(tape.at, np.int64), np.array(tape.known, np.int64)
    before = np.concatenate((opened[:1], known[:-1]))
    edges = (before, np.maximum(opened, before), known)
    if tape.funding is None:
        first, middle, last = (costs.funding * (one // _EIGHT_HOURS) for one in edges)
    else:
        moments, rates = tape.funding
        whole = np.concatenate(([0.0], np.cumsum(rates)))
        first, middle, last = (whole[np.searchsorted(moments, one, side="right")] for one in edges)
    return np.round(middle - first, _EXACT).tolist(), np.round(last - middle, _EXACT).tolist()


def due(lots: int, price: int, worth: int, rate: float, step: int) -> int:
    """Give what a position pays in units, below 0 what it gets, rounded against the trader to `step` units.

    Parameters
    ----------
    lots
        Held; below 0 they are owed.
    price, worth
        In ticks; units for a tick of a lot.
    rate
        Share of the value that who is long pays.
    step
        Smallest coin in units.
    """
    return math.ceil(round(float(lots) * price * worth * rate / step, 6)) * step


def facts(at: ArrayLike, rate: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Read what a venue charged, as `Tape.of` takes it.

    Parameters
    ----------
    at
        When it fell due, ascending, microseconds since 1970 UTC.
    rate
        Share of the value that who was long paid; below 0 who was short did.

    Raises
    ------
    ValidationError
        The moments do not ascend, or a rate is no share.
    """
    moments: NDArray[Any] = np.asarray(at, np.int64)
    rates = np.asarray(rate, np.float64)
    if moments.ndim != 1 or moments.shape != rates.shape or (np.diff(moments) <= 0).any():
        raise ValidationError("funding has one rate for each of its moments, and they ascend")
    wrong = np.flatnonzero(~(np.abs(rates) <= _MOST))
    if len(wrong):
        raise ValidationError(f"a rate of funding is {rates[int(wrong[0])]}; it lies between -1 and 1")
    return moments, rates
