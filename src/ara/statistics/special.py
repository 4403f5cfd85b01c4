"""Functions of one number that the standard library lacks."""

import math

__all__ = ["digamma", "logistic", "logit"]


def digamma(x: float) -> float:
    """Give the slope of ln gamma: by recurrence to above 6, then Abramowitz and Stegun (1964), 6.3.18."""
    total = 0.0
    while x < 6:
        total -= 1 / x
        x += 1
    z = 1 / (x * x)
    series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132 - z * 691 / 32760)))))
    return total + math.log(x) - 0.5 / x - series


def logistic(x: float) -> float:
    """Give the share whose log odds are `x`."""
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(max(x, -700.0)) / (1 + math.exp(max(x, -700.0)))


def logit(share: float) -> float:
    """Give the log odds of a share between 0 and 1."""
    return math.log(share / (1 - share))
