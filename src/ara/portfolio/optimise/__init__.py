"""Ways to choose weights: by means and variances, by tails, by growth, by risk alone, by views."""

from ara.portfolio.optimise.mean_variance import frontier, maximum_sharpe, mean_variance, minimum_volatility
from ara.portfolio.optimise.shares import hrp, inverse_volatility, risk_parity
from ara.portfolio.optimise.solution import Solution, within
from ara.portfolio.optimise.tails import kelly, mean_cvar
from ara.portfolio.optimise.views import Posterior, black_litterman, equilibrium, idzorek, market_aversion

__all__ = [
    "Posterior",
    "Solution",
    "black_litterman",
    "equilibrium",
    "frontier",
    "hrp",
    "idzorek",
    "inverse_volatility",
    "kelly",
    "market_aversion",
    "maximum_sharpe",
    "mean_cvar",
    "mean_variance",
    "minimum_volatility",
    "risk_parity",
    "within",
]
