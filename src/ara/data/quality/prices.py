"""Rules about bars' own numbers: impossible, nonpositive, and of partial that there are closes alone."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.data.quality.report import Severity
from ara.data.quality.series import Finding, Series

__all__ = ["crossed", "filled", "impossible", "nonpositive", "unpriced"]

_ROUNDED: Final = 1 + 1e-9
"""Prices that were multiplied by a factor may differ in their last digits."""

_SEVERAL: Final = 5


def impossible(series: Series) -> Iterator[Finding]:
    """Find bars whose high is below, or whose low is above, another of their prices; and rows without a time."""
    if series.unknown:
        words = "1 row has no time" if series.unknown == 1 else f"{series.unknown:,} rows have no time"
        yield Finding(
            rule="impossible",
            severity=Severity.ERROR,
            at=np.empty(0, np.int64),
            words=words,
            count=series.unknown,
            single="it has no time",
        )
    wrong = crossed(series)
    if wrong.any():
        at = series.at[wrong]
        singular, plural = "bar has a high or low that can't be", "bars have a high or low that can't be"
        yield Finding(
            rule="impossible",
            severity=Severity.WARNING,
            at=at,
            words=series.since(at, singular, plural),
            single="its high is below, or its low above, another of its prices",
        )


def nonpositive(series: Series) -> Iterator[Finding]:
    """Find prices that are missing, not finite, zero or below, and volumes below zero or not finite.

    Of a future or an index a finite price may be zero or below; it is told of, and no defect.
    """
    with np.errstate(invalid="ignore"):
        unsound = unpriced(series).any(axis=0)
        volume = (series.volume < 0) | np.isinf(series.volume)
        finite = np.isfinite(series.prices).all(axis=0)
    wrong = unsound & ~finite if series.instrument.below_zero else unsound
    low = unsound & ~wrong & ~volume
    if wrong.any():
        at = series.at[wrong]
        singular, plural = "bar has a price that is no positive number", "bars have prices that are no positive numbers"
        single = "a price is no positive number"
        yield _positive(at, words=series.since(at, singular, plural), single=single)
    if (volume & ~wrong).any():
        at = series.at[volume & ~wrong]
        singular, plural = "bar has a volume below zero or not finite", "bars have volumes below zero or not finite"
        single = "the volume is below zero or not finite"
        yield _positive(at, words=series.since(at, singular, plural), single=single)
    if low.any():
        at = series.at[low]
        singular, plural = "bar has a price of zero or less", "bars have prices of zero or less"
        words = f"{series.since(at, singular, plural)}; futures and indices may have such"
        single = "a price is zero or less, as it may be of a future or an index"
        yield _positive(at, words=words, single=single, severity=Severity.INFO)


def _positive(at: NDArray[np.int64], *, words: str, single: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(rule="nonpositive", severity=severity, at=at, words=words, single=single)


def filled(series: Series) -> Iterator[Finding]:
    """Find a series of closes alone: in no bar differs an open, a high or a low from the close, which itself moves."""
    prices = series.prices[:, series.bar]
    count = prices.shape[1]
    if count < _SEVERAL or (prices[:3] != prices[3]).any() or np.ptp(prices[3]) == 0:
        return
    yield Finding(
        rule="partial",
        severity=Severity.INFO,
        at=series.at[series.bar][:1],
        words=f"closes only: open, high and low are the close in each of the {count:,} bars",
        whole=True,
    )


def crossed(series: Series) -> NDArray[np.bool_]:
    """Say of each row whether its high or low contradicts another price; prices that are none can't."""
    opened, high, low, close = np.where(unpriced(series), np.nan, series.prices)
    with np.errstate(invalid="ignore"):
        wrong: NDArray[np.bool_] = (high * _ROUNDED < np.fmax(np.fmax(opened, close), low)) | (
            low > np.fmin(opened, close) * _ROUNDED
        )
    return wrong


def unpriced(series: Series) -> NDArray[np.bool_]:
    """Say of each price of each row whether it is no positive number."""
    with np.errstate(invalid="ignore"):
        wrong: NDArray[np.bool_] = ~(np.isfinite(series.prices) & (series.prices > 0))
    return wrong
