"""Made-up features of known kind: without drift, and with some that is planted."""

import numpy as np

KINDS = {
    "white noise": {"phi": 0.0},
    "AR(1), 0.5": {"phi": 0.5},
    "AR(1), 0.8": {"phi": 0.8},
    "GARCH(1,1), 0.05 and 0.90": {"garch": (0.05, 0.90)},
    "GARCH(1,1), 0.08 and 0.90": {"garch": (0.08, 0.90)},
}
"""What the features are like where nothing drifts."""

PLANTED = {
    "none": lambda x: x,
    "mean, half a deviation": lambda x: x + 0.5,
    "mean, one deviation": lambda x: x + 1.0,
    "scale, times 1.5": lambda x: x * 1.5,
    "scale, times 2": lambda x: x * 2.0,
    "shape, two humps": lambda x: np.where(x > 0, 1.0, -1.0) * (0.6 + np.abs(x)) / 1.4,
}
"""What happens to them in the current window; they have a deviation of 1 before."""


def made(kind, bars, features, random, *, start=300):
    """`[bar, feature]`, each of deviation 1."""
    noise = random.standard_normal((bars + start, features))
    told = KINDS[kind]
    out = np.empty_like(noise)
    if "garch" in told:
        shock, kept = told["garch"]
        variance = np.ones(features)
        for bar, row in enumerate(noise):
            out[bar] = np.sqrt(variance) * row
            variance = (1 - shock - kept) + shock * out[bar] ** 2 + kept * variance
        return out[start:]
    phi = told["phi"]
    last = noise[0]
    for bar, row in enumerate(noise):
        last = out[bar] = phi * last + np.sqrt(1 - phi**2) * row
    return out[start:]
