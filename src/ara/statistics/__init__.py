"""Volatility, covariance, distributions, a linear model: the arithmetic that features, risk and models share."""

from ara.statistics.betting import bounded, wealth
from ara.statistics.covariance import correlation, covariance, nearest_psd
from ara.statistics.distributions import (
    binomial_tail,
    fit_student_t,
    student_t_cdf,
    student_t_quantiles,
    summed_degrees,
)
from ara.statistics.garch import Garch, fit_garch
from ara.statistics.linear import least_squares, products, solve_positive
from ara.statistics.minimum import minimise
from ara.statistics.ranges import floored, range_variance
from ara.statistics.ridge import Ridge, RidgeFit
from ara.statistics.sums import summed_quantiles
from ara.statistics.volatility import ewma_variance

__all__ = [
    "Garch",
    "Ridge",
    "RidgeFit",
    "binomial_tail",
    "bounded",
    "correlation",
    "covariance",
    "ewma_variance",
    "fit_garch",
    "fit_student_t",
    "floored",
    "least_squares",
    "minimise",
    "nearest_psd",
    "products",
    "range_variance",
    "solve_positive",
    "student_t_cdf",
    "student_t_quantiles",
    "summed_degrees",
    "summed_quantiles",
    "wealth",
]
