"""Volatility, distributions, a linear model: the arithmetic that features, risk and models share."""

from ara.statistics.distributions import (
    binomial_tail,
    fit_student_t,
    student_t_cdf,
    student_t_quantiles,
    summed_degrees,
)
from ara.statistics.ridge import Ridge, RidgeFit
from ara.statistics.volatility import ewma_variance

__all__ = [
    "Ridge",
    "RidgeFit",
    "binomial_tail",
    "ewma_variance",
    "fit_student_t",
    "student_t_cdf",
    "student_t_quantiles",
    "summed_degrees",
]
