"""Risk and portfolios under the references' names: which of Ara's functions answers to which case."""

import numpy as np

from ara.performance.downside import sortino
from ara.performance.tails import conditional_value_at_risk
from ara.portfolio import optimise
from ara.portfolio.limits import Limits
from ara.risk import tail
from ara.statistics.covariance import sample_covariance

METHODS = {"historical": "historical", "gaussian": "gaussian", "modified": "cornish_fisher"}
YEAR = 252


def portfolio(case, params, prices):
    if case == "idzorek_identity":
        raise NotImplementedError(case)
    if case == "market_risk_aversion":
        returns = prices.pct_change().dropna().to_numpy()
        return optimise.market_aversion(returns, per_year=YEAR, free=0.02)
    stocks = prices["stocks"] if isinstance(prices, dict) else prices
    stocks = stocks.dropna() if case == "min_cvar" else stocks
    returns = stocks.pct_change().dropna(how="all")
    covariance = sample_covariance(returns.to_numpy()) * YEAR
    if case == "market_implied_prior":
        aversion = portfolio("market_risk_aversion", {}, prices["spy"])
        worth = np.array([params["market_caps"][name] for name in stocks.columns], float)
        prior = optimise.equilibrium(covariance, worth / worth.sum(), aversion=aversion, free=0.02)
        return dict(zip(stocks.columns, prior, strict=True))
    mean = ((1 + returns).prod() ** (YEAR / returns.count()) - 1).to_numpy()
    if case == "mean_historical_return":
        return dict(zip(stocks.columns, mean, strict=True))
    if case == "hrp":
        return dict(zip(stocks.columns, optimise.hrp(covariance, tied=returns.corr().to_numpy()).weights, strict=True))
    if case == "min_cvar":
        days = returns.to_numpy()
        found = optimise.mean_cvar(days, level=params["beta"])
        return found.weights @ mean, -conditional_value_at_risk(days @ found.weights, quantile="order")
    weights = solved(case, params, mean, covariance)
    deviation = (weights @ covariance @ weights) ** 0.5
    return weights @ mean, deviation, (weights @ mean - 0.02) / deviation


def solved(case, params, mean, covariance):
    limits = Limits(lowest=params["bounds"][0], highest=params["bounds"][1])
    if case == "min_volatility":
        return optimise.minimum_volatility(covariance, limits=limits).weights
    if case in ("max_sharpe", "max_sharpe_L2"):
        even = params.get("gamma", 0.0)
        return optimise.maximum_sharpe(mean, covariance, free=0.02, even=even, limits=limits).weights
    if case == "efficient_risk":
        target = params["target_volatility"]
        return optimise.mean_variance(mean, covariance, target_volatility=target, limits=limits).weights
    if case == "efficient_return":
        target = params["target_return"]
        return optimise.mean_variance(mean, covariance, target_return=target, limits=limits).weights
    raise NotImplementedError(case)


def black_litterman(problem):
    prior = optimise.equilibrium(problem["cov"], problem["market_weights"], aversion=problem["delta"])
    views = problem["P"], problem["Q"], problem["omega"]
    found = optimise.black_litterman(problem["cov"], prior, *views, tau=problem["tau"])
    if problem["weights_cov"] == "prior":
        found = optimise.Posterior(expected=found.expected, covariance=problem["cov"])
    return {"equilibrium": prior, "posterior": found.expected, "weights": found.weights(problem["delta"])}


def risk_parity(cov):
    return optimise.risk_parity(cov).weights


def var(metric, params, returns):
    if metric == "sortino":
        return sortino(returns, target=params["mar"], per_year=1)
    found = tail(returns, method=METHODS[params["method"]], level=params["p"])
    return -(found.var if metric == "var" else found.cvar)  # there a loss is below 0
