"""Models of volatility under the references' names: which of Ara's functions answers to which kind."""

from ara.statistics import fit_garch


def garch(returns, distribution):
    found = fit_garch(returns, mean="constant", steps=distribution)
    told = {"mu": found.mu, "omega": found.omega, "alpha": found.alpha, "beta": found.beta}
    return told | ({"nu": found.degrees} if distribution == "t" else {})
