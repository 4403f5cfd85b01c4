"""Estimates drawn to what is expected, by how sure each of the two is."""

import math

__all__ = ["pooled"]


def pooled(expected: float, doubt: float, seen: float, error: float) -> tuple[float, float]:
    """Give the mean and the variance of what is believed after something was seen.

    Parameters
    ----------
    expected, doubt
        Mean and variance of what was believed before.
    seen, error
        What was seen, and its standard error; infinite where nothing was.

    References
    ----------
    D. V. Lindley and A. F. M. Smith (1972), Journal of the Royal Statistical Society B 34.
    """
    if not math.isfinite(error):
        return expected, doubt
    variance = 1 / (1 / doubt + 1 / (error * error))
    return variance * (expected / doubt + seen / (error * error)), variance
